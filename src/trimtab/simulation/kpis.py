"""The KPIs of a simulation, and which series they are worked out from."""

import math
from typing import TYPE_CHECKING

import numpy as np

from trimtab.errors import InvalidArgument
from trimtab.kpis.card import KpiOptions, Kpis
from trimtab.kpis.latency import Responses, responses
from trimtab.kpis.scoring import Baseline, Observed, Static, baseline_of, score, static_baseline
from trimtab.kpis.series import demand_of
from trimtab.simulation.latency import response_percentiles
from trimtab.simulation.run import SimulatedRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MINUTE = 60.0
_PERCENT = 95


def kpis_of(
    run: SimulatedRun, baseline: Static | SimulatedRun = "static-p95", options: KpiOptions | None = None
) -> Kpis:
    """
    The KPIs of a simulation.

    Args:
        run: The simulation.
        baseline: What it is measured against: a fixed size, or another simulation of the same load.
        options: Prices, targets, Apdex's T and the response time that is to be kept to.

    Raises:
        InvalidArgument: The baseline is unknown, or a simulation of another load, or nothing keeps to that time.
    """
    slo = options.slo_seconds if options else None
    observed = observed_of(run, slo)
    return score(observed, _baseline(run, observed, baseline, slo), options)


def _baseline(run: SimulatedRun, observed: Observed, baseline: Static | SimulatedRun, slo: float | None) -> Baseline:
    if isinstance(baseline, str):
        return static_baseline(observed, baseline)
    check_same_load(run, baseline)
    return baseline_of(observed_of(baseline, slo), f"{baseline.group} on {baseline.preset}, seed {baseline.seed}")


def check_same_load(run: SimulatedRun, other: SimulatedRun) -> None:
    """
    Hold two simulations to the same load.

    Raises:
        InvalidArgument: They begin at another time, or another load arrives.
    """
    if run.start != other.start or not np.array_equal(run.load, other.load):
        mine, its = (f"{each.group!r} from {each.start.isoformat()}, {each.minutes} minutes" for each in (run, other))
        raise InvalidArgument(f"the loads differ: {mine}, and {its}; simulate both with the same load")


def observed_of(run: SimulatedRun, slo: float | None = None) -> Observed:
    """
    The series of a simulation.

    The demand is the load by the capacity of one unit, rounded up, at least 1; with a response time to keep to, in
    seconds, the fewest units with which 95 % of the requests of a minute do so.
    """
    capacity = run.model.capacity
    if capacity is None:
        raise InvalidArgument(f"the model of {run.group!r} has no capacity; give FleetModel(capacity=...)")
    boot, service = run.model.boot.total_seconds(), run.model.service_time.total_seconds()
    return Observed(
        group=run.group,
        since=run.start,
        demand=demand_of(run.load, capacity) if slo is None else demand_within(slo, run.load, capacity, service),
        supply=run.in_service.astype(float),
        paid=run.running.astype(float),
        wanted=run.wanted.astype(float),
        spot=run.spot.astype(float),
        load=run.load,
        served=run.served,
        lost=run.lost,
        responses=responses_of(run),
        smooth=round(boot / _MINUTE),
        notes=(
            *run.notes,
            *([f"demand: the fewest units with which p95 is {slo:g} s or less, by M/M/c"] if slo else []),
        ),
    )


def demand_within(slo: float, load: "Floats", capacity: float, service: float) -> "Floats":
    """
    The fewest units with which 95 % of the requests of each minute take no longer than a time, at least 1.

    By M/M/c as everywhere: a unit has as many servers as it serves requests at a time, at least one, and the response
    time falls with each server.

    Args:
        slo: In seconds.
        load: Requests a second of each minute.
        capacity: Requests a second that one unit can serve.
        service: The service time, in seconds.

    Raises:
        InvalidArgument: A request that never waits takes longer already.
    """
    alone = -math.log(1 - _PERCENT / 100) * service
    if not slo > alone:
        text = f"no number of instances keeps p95 at {slo:g} s: requests that never wait take {alone:.3g} s"
        raise InvalidArgument(f"{text} with a service time of {service:g} s; allow more")
    rates, places = np.unique(load, return_inverse=True)
    few = demand_of(rates, capacity) - 1  # too few, or too few by a hair
    many = few + 1

    def holds(units: "Floats") -> "NDArray[np.bool_]":
        servers = np.maximum(1, np.rint(units * capacity * service)).astype(np.int64)
        can = rates < 0.999 * servers / service
        found = np.full(len(rates), np.inf)
        found[can] = response_percentiles(rates[can], servers[can], 1 / service, _PERCENT)
        return found <= slo

    while not (enough := holds(many)).all():
        few = np.where(enough, few, many)
        many = np.where(enough, many, 2 * many)
    while (open_ := many - few > 1).any():
        middle = np.where(open_, (few + many) // 2, many)
        enough = holds(middle)
        few, many = np.where(enough, few, middle), np.where(enough, middle, many)
    result: Floats = np.maximum(many, 1.0)[places]
    return result


def responses_of(run: SimulatedRun) -> Responses:
    """
    How long the requests of a simulation took: M/M/c of each minute, behind the backlog of that minute.

    The backlog is taken half way between its beginning and its end; without capacity it holds requests up for the
    whole of their patience.
    """
    service, patience = run.model.service_time.total_seconds(), run.model.patience.total_seconds()
    capacity = run.capacity
    servers = np.where(capacity > 0, np.maximum(np.round(capacity * service), 1), 0)
    before = np.concatenate([[0.0], run.backlog[:-1]])
    waiting = (before + run.backlog) / 2
    delay = np.divide(waiting, capacity, out=np.where(waiting > 0, patience, 0.0), where=capacity > 0)
    return responses(run.served, servers, service, seconds=_MINUTE, delay=np.minimum(delay, patience))
