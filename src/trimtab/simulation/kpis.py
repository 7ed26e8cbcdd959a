"""The KPIs of a simulation, and which series they are worked out from."""

from typing import TYPE_CHECKING

import numpy as np

from trimtab.errors import InvalidArgument
from trimtab.kpis.card import KpiOptions, Kpis
from trimtab.kpis.latency import Responses, responses
from trimtab.kpis.scoring import Baseline, Observed, Static, baseline_of, score, static_baseline
from trimtab.kpis.series import demand_of
from trimtab.simulation.run import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MINUTE = 60.0


def kpis_of(run: Run, baseline: Static | Run = "static-p95", options: KpiOptions | None = None) -> Kpis:
    """
    The KPIs of a simulation.

    Args:
        run: The simulation.
        baseline: What it is measured against: a fixed size, or another simulation of the same load.
        options: Prices, targets and Apdex's T.

    Raises:
        InvalidArgument: The baseline is unknown, or a simulation of another load.
    """
    observed = observed_of(run)
    return score(observed, _baseline(run, observed, baseline), options)


def _baseline(run: Run, observed: Observed, baseline: Static | Run) -> Baseline:
    if isinstance(baseline, str):
        return static_baseline(observed, baseline)
    check_same_load(run, baseline)
    return baseline_of(observed_of(baseline), f"{baseline.group} on {baseline.preset}, seed {baseline.seed}")


def check_same_load(run: Run, other: Run) -> None:
    """
    Hold two simulations to the same load.

    Raises:
        InvalidArgument: They begin at another time, or another load arrives.
    """
    if run.start != other.start or not np.array_equal(run.load, other.load):
        mine, its = (f"{each.group!r} from {each.start.isoformat()}, {each.minutes} minutes" for each in (run, other))
        raise InvalidArgument(f"the loads differ: {mine}, and {its}; simulate both with the same load")


def observed_of(run: Run) -> Observed:
    """The series of a simulation: the demand is the load by the capacity of one unit, rounded up, at least 1."""
    capacity = run.model.capacity
    if capacity is None:
        raise InvalidArgument(f"the model of {run.group!r} has no capacity; give FleetModel(capacity=...)")
    boot = run.model.boot.total_seconds()
    return Observed(
        group=run.group,
        since=run.start,
        demand=demand_of(run.load, capacity),
        supply=run.in_service.astype(float),
        paid=run.running.astype(float),
        wanted=run.wanted.astype(float),
        spot=run.spot.astype(float),
        load=run.load,
        served=run.served,
        lost=run.lost,
        responses=responses_of(run),
        smooth=round(boot / _MINUTE),
        notes=tuple(run.notes),
    )


def responses_of(run: Run) -> Responses:
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
