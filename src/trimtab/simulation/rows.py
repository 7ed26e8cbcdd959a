"""The rows of a simulation from the changes that a replay leaves; needs numpy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trimtab.engine.alarms import AlarmStatus
from trimtab.engine.ruleset import rules_for
from trimtab.simulation.load import Load
from trimtab.simulation.pool import Counts
from trimtab.simulation.queueing import serve
from trimtab.simulation.replaying import FULL_MINUTE, ReplaySetup, Trace
from trimtab.simulation.results import SimulatedDecision, Simulation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
STATES = {AlarmStatus.OK.value: 0, AlarmStatus.ALARM.value: 1, AlarmStatus.INSUFFICIENT_DATA.value: 2}


def make_simulation(scenario: ReplaySetup, trace: Trace, load: Load) -> Simulation:
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
    if isinstance(counts, list):
        changes: Ints = np.array(counts[:minutes], dtype=np.int64)
    else:
        changes = np.zeros(minutes, dtype=np.int64)
        for minute, change in counts.items():
            if minute < minutes:
                changes[minute] = change
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


def _alarms(scenario: ReplaySetup, trace: Trace, minutes: int) -> dict[str, Ints]:
    names = [rule.name for rule in rules_for(scenario.group, scenario.preset).alarms]
    return {
        name: _held([(minute, STATES[states[place]]) for minute, states in trace.states], minutes)
        for place, name in enumerate(names)
    }
