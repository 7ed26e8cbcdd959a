"""The rows of a simulation from the changes that a replay leaves; needs numpy."""

from collections.abc import MutableMapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.engine.alarms import AlarmState
from trimtab.engine.ruleset import rules_for
from trimtab.simulation.load import Load
from trimtab.simulation.pool import Counts
from trimtab.simulation.queueing import serve
from trimtab.simulation.replaying import FULL_MINUTE, Scenario, Trace
from trimtab.simulation.results import SimulatedDecision, Simulation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
STATES = {AlarmState.OK.value: 0, AlarmState.ALARM.value: 1, AlarmState.INSUFFICIENT_DATA.value: 2}


def make_simulation(scenario: Scenario, trace: Trace, load: Load) -> Simulation:
    """A simulation from a scenario and what its replay left."""
    minutes, pool = len(scenario.load), trace.pool
    arriving: Floats = np.array(scenario.load, dtype=np.float64)
    of_one = (scenario.model.capacity or 0.0) * pool.weight / FULL_MINUTE
    capacity = _level(pool.ahead.seconds, minutes).astype(np.float64) * of_one
    served, lost, backlog = _served(arriving, capacity, scenario.model.patience.total_seconds())
    with np.errstate(divide="ignore", invalid="ignore"):
        utilization: Floats = np.where(capacity > 0, 100 * served / capacity, np.nan)
    interrupted: Ints = np.zeros(minutes, dtype=np.int64)
    for minute, count in trace.interrupted:
        interrupted[minute] += count
    return Simulation(
        group=scenario.group.name,
        preset=scenario.preset.name,
        model=scenario.model,
        seed=scenario.seed,
        start=scenario.start,
        load=arriving,
        wanted=_held(trace.sizes, minutes),
        running=_level(pool.ahead.leaving, minutes) * pool.weight,
        in_service=_level(pool.ahead.joining, minutes) * pool.weight,
        capacity=capacity,
        served=served,
        lost=lost,
        backlog=backlog,
        utilization=utilization,
        spot=_held(trace.spots, minutes) * pool.weight,
        interrupted=interrupted,
        alarms=_alarms(scenario, trace, minutes),
        decisions=tuple(
            SimulatedDecision(minute, decision.history.at or scenario.start, decision)
            for minute, decision in trace.decisions
        ),
        notes=scenario.notes,
        source=(scenario, load),
    )


def _level(counts: Counts, minutes: int) -> Ints:
    """A number in each minute from its changes."""
    if isinstance(counts, MutableMapping):
        changes: Ints = np.zeros(minutes, dtype=np.int64)
        for minute, change in counts.items():
            if minute < minutes:
                changes[minute] = change
    else:
        changes = np.array(counts[:minutes], dtype=np.int64)
    level: Ints = np.cumsum(changes)
    return level


def _served(arriving: Floats, capacity: Floats, patience: float) -> tuple[Floats, Floats, Floats]:
    """What is served, lost and left waiting: looked at one by one where something waits, and nowhere else."""
    minutes = len(arriving)
    served, lost, backlog = arriving.copy(), np.zeros(minutes), np.zeros(minutes)
    waiting, after = 0.0, 0
    for minute in np.flatnonzero(arriving > capacity).tolist():
        minute = max(minute, after)
        while minute < minutes and (waiting or arriving[minute] > capacity[minute]):
            now = serve(waiting, float(arriving[minute]), float(capacity[minute]), seconds=60, patience=patience)
            served[minute], lost[minute], backlog[minute] = now
            waiting = now.backlog
            minute += 1
        after = minute
    return served, lost, backlog


def _held(changes: Sequence[tuple[int, int]], minutes: int) -> Ints:
    """A value a minute from the values at which it changed."""
    at = np.array([minute for minute, _ in changes] + [minutes], dtype=np.int64)
    held: Ints = np.repeat(np.array([value for _, value in changes], dtype=np.int64), np.diff(at))
    return held


def _alarms(scenario: Scenario, trace: Trace, minutes: int) -> dict[str, Ints]:
    names = [rule.name for rule in rules_for(scenario.group, scenario.preset).alarms]
    return {
        name: _held([(minute, STATES[states[place]]) for minute, states in trace.states], minutes)
        for place, name in enumerate(names)
    }


# latency


def latency_of(simulation: Simulation, percent: float) -> Floats:
    """
    The response time that so many per cent of the requests of each minute do not exceed, in seconds; NaN without any.

    M/M/c by what is in service where all is served at once; where a backlog waits, the wait for it and a service.
    """
    model = simulation.model
    service = model.service_time.total_seconds()
    servers: Ints = np.maximum(1, np.rint(simulation.capacity * service)).astype(np.int64)
    rate = np.minimum(simulation.served, 0.999 * servers / service)
    found = response_percentiles(rate, servers, 1 / service, percent)
    before = np.concatenate(([0.0], simulation.backlog[:-1]))
    waiting = np.maximum(before, simulation.backlog)
    serves = simulation.capacity > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        wait = np.where(serves, waiting / simulation.capacity, model.patience.total_seconds())
    alone = -np.log(1 - percent / 100) * service
    found = np.where((waiting > 0) | ~serves, np.minimum(wait, model.patience.total_seconds()) + alone, found)
    found = np.minimum(found, model.patience.total_seconds() + alone)
    nothing = (simulation.load == 0) & (waiting == 0)
    result: Floats = np.where(nothing, np.nan, found)
    return result


def response_percentiles(rate: Floats, servers: Ints, service_rate: float, percent: float) -> Floats:
    """The twin of `queueing.response_percentile` for many at once; every rate is below what the servers can serve."""
    waits = _waiting_shares(rate / service_rate, servers)
    spare = servers * service_rate - rate
    share = 1 - percent / 100
    low = np.zeros(len(rate))
    high = -np.log(share) * (1 / service_rate + 1 / spare) + 1 / service_rate
    equal = np.abs(spare - service_rate) <= 1e-9 * service_rate
    apart = np.where(equal, 1.0, spare - service_rate)
    for _ in range(60):
        middle = (low + high) / 2
        served = np.exp(-service_rate * middle)
        both = (spare * served - service_rate * np.exp(-spare * middle)) / apart
        both = np.where(equal, served * (1 + service_rate * middle), both)
        longer = (1 - waits) * served + waits * both > share
        low, high = np.where(longer, middle, low), np.where(longer, high, middle)
        if (high - low <= 1e-9 * high).all():
            break
    result: Floats = (low + high) / 2
    return result


def _waiting_shares(load: Floats, servers: Ints) -> Floats:
    """Erlang C of many, each number of servers at once."""
    blocked: Floats = np.ones(len(load))
    order = np.argsort(servers, kind="stable")
    sorted_load, sorted_servers = load[order], servers[order]
    result: Floats = np.empty(len(load))
    most = int(sorted_servers[-1]) if len(servers) else 0
    first = 0
    current = blocked
    for number in range(1, most + 1):
        product = sorted_load[first:] * current
        current = product / (number + product)
        past = int(np.searchsorted(sorted_servers, number, side="right"))
        if past > first:
            done = current[: past - first]
            usage = sorted_load[first:past] / number
            result[order[first:past]] = done / (1 - usage + usage * done)
            current, first = current[past - first :], past
    return result


def json_numbers(values: Any, digits: int = 6) -> list[float | int | None]:
    """An array as JSON data; NaN is `None`, other numbers have so many significant digits."""
    if values.dtype.kind in "iu":
        return [int(value) for value in values]
    return [None if value != value else float(f"{value:.{digits}g}") for value in values.tolist()]
