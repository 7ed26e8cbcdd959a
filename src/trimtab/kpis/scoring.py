"""All KPIs of a series of minutes, from arrays: what a simulation gives, or what was measured."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

import numpy as np

from trimtab.errors import InvalidArgument
from trimtab.kpis.card import Kpi, KpiOptions, Kpis, KpiTarget, kpi
from trimtab.kpis.elasticity import Elasticity, elastic_speedup, elasticity
from trimtab.kpis.latency import MeasuredResponses, Responses
from trimtab.kpis.prices import Prices, amortization, cost_per_request, return_on_investment, savings
from trimtab.kpis.series import Floats
from trimtab.kpis.service import (
    apdex,
    availability,
    efficiency,
    error_rate,
    longest_shortage,
    precision,
    scaling_steps,
    shortages,
    time_to_scale,
)

Static = Literal["static-peak", "static-p95", "static-mean"]
"""A baseline of a fixed size: the largest demand, its 95th percentile, its mean; rounded up."""
_HOUR = 3600.0
_NO_WAITS = "the time that requests wait before they are served is not measured"


@dataclass(frozen=True, kw_only=True)
class Observed:
    """
    What is known of a group in each step of a time; NaN where it is not, and `None` for a series that is not at all.

    Attributes:
        group: The group's name.
        since: When the first step begins.
        seconds: The length of a step.
        demand: Units that are needed.
        supply: Units that serve.
        paid: Units that are paid for, also those that boot or drain.
        wanted: Units that were decided.
        spot: Units on spot capacity.
        load: Requests a second that arrive.
        served: Requests a second that are served.
        lost: Requests a second that are not.
        responses: How long requests took.
        smooth: How many steps an instance takes to boot: the instability takes the largest demand of so many.
        notes: How the series came about.
    """

    group: str
    since: datetime
    demand: Floats
    supply: Floats
    seconds: float = 60.0
    paid: Floats | None = None
    wanted: Floats | None = None
    spot: Floats | None = None
    load: Floats | None = None
    served: Floats | None = None
    lost: Floats | None = None
    responses: Responses | MeasuredResponses | None = None
    smooth: int = 0
    notes: tuple[str, ...] = ()

    @property
    def until(self) -> datetime:
        """When the last step ends."""
        return self.since + timedelta(seconds=self.seconds * len(self.demand))

    @property
    def hours(self) -> float:
        """How long it is."""
        return self.seconds * len(self.demand) / _HOUR

    @property
    def known_hours(self) -> float:
        """How long it is known what was paid for."""
        return self.seconds * float((~np.isnan(self._units)).sum()) / _HOUR

    @property
    def unit_hours(self) -> float:
        """Hours of units that are paid for, as far as they are known."""
        return float(np.nansum(self._units)) * self.seconds / _HOUR

    @property
    def spot_hours(self) -> float:
        """How many of them on spot capacity."""
        return 0.0 if self.spot is None else float(np.nansum(self.spot)) * self.seconds / _HOUR

    @property
    def _units(self) -> Floats:
        return self.supply if self.paid is None else self.paid


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """
    What a group is measured against.

    Attributes:
        name: As reports name it: `static-peak`, or the name of a policy.
        unit_hours: Hours of units over the same time.
        spot_hours: How many of them on spot capacity.
        elasticity: How well its supply followed the same demand.
    """

    name: str
    unit_hours: float
    elasticity: Elasticity
    spot_hours: float = 0.0


def static_baseline(observed: Observed, name: Static) -> Baseline:
    """
    A fixed size for the same demand.

    Raises:
        InvalidArgument: The baseline is unknown.
    """
    if name not in get_args(Static):
        raise InvalidArgument(f"baseline={name!r} is unknown; use {', '.join(get_args(Static))}")
    known = observed.demand[~np.isnan(observed.demand)]
    if not len(known):
        nothing = elasticity([], [])
        return Baseline(name=name, unit_hours=math.nan, elasticity=nothing)
    sizes = {"static-peak": known.max(), "static-p95": np.percentile(known, 95), "static-mean": known.mean()}
    size = float(np.ceil(sizes[name] - 1e-9))
    fixed = np.full(len(observed.demand), size)
    hours = size * observed.known_hours
    return Baseline(
        name=f"{name} ({size:g})",
        unit_hours=hours,
        elasticity=elasticity(observed.demand, fixed, observed.seconds, smooth=observed.smooth),
    )


def baseline_of(observed: Observed, name: str) -> Baseline:
    """Another run over the same time as the baseline."""
    return Baseline(
        name=name,
        unit_hours=observed.unit_hours,
        spot_hours=observed.spot_hours,
        elasticity=elasticity(observed.demand, observed.supply, observed.seconds, smooth=observed.smooth),
    )


def score(observed: Observed, baseline: Baseline, options: KpiOptions | None = None) -> Kpis:
    """All KPIs of what was observed; one that cannot be known says why."""
    how = options or KpiOptions()
    items = (
        *_scaling(observed, how.targets),
        *_money(observed, baseline, how),
        *_experience(observed, how),
        *_elasticity(observed, baseline),
    )
    return Kpis(
        group=observed.group,
        since=observed.since,
        until=observed.until,
        items=items,
        baseline=baseline.name,
        notes=observed.notes,
    )


def _scaling(observed: Observed, targets: Mapping[str, KpiTarget]) -> Iterator[Kpi]:
    demand, supply, seconds = observed.demand, observed.supply, observed.seconds
    known = bool((~np.isnan(demand) & ~np.isnan(supply)).any())
    unknown = "" if known else "neither demand nor supply is known in any step"
    spans = shortages(demand, supply, seconds)
    open_ones = sum(not each.is_over for each in spans)
    still = f"{open_ones} of {len(spans)} not over, or not known to be" if open_ones else ""
    yield kpi(
        "time-to-scale",
        time_to_scale(spans),
        "s",
        target=targets.get("time-to-scale"),
        note=still,
        absent=unknown or "no shortage",
    )
    yield kpi("longest-shortage", longest_shortage(spans) if known else math.nan, "s", note=still, absent=unknown)
    yield kpi("shortages", float(len(spans)) if known else math.nan, absent=unknown)
    yield from _availability(observed, targets)
    for name, measure in (("precision", precision), ("efficiency", efficiency)):
        value = measure(demand, supply, seconds)
        yield kpi(name, value, "%", target=targets.get(name), absent=unknown or "no unit is needed or serves")


def _availability(observed: Observed, targets: Mapping[str, KpiTarget]) -> Iterator[Kpi]:
    name = "availability-while-scaling"
    if observed.load is None or observed.served is None:
        reason = "what arrived and what was served is not known"
        yield kpi("availability", math.nan, "%", absent=reason)
        yield kpi(name, math.nan, "%", target=targets.get(name), absent=reason)
        return
    whole = availability(observed.load, observed.served, observed.seconds)
    yield kpi("availability", whole, "%", absent="nothing arrived")
    wanted = observed.supply if observed.wanted is None else observed.wanted
    scaling = scaling_steps(wanted, observed.supply, observed.demand)
    note = "shortages only: what was decided is not known" if observed.wanted is None else ""
    value = availability(observed.load, observed.served, observed.seconds, scaling)
    yield kpi(name, value, "%", target=targets.get(name), note=note, absent="nothing arrived while it scaled")


def _money(observed: Observed, baseline: Baseline, how: KpiOptions) -> Iterator[Kpi]:
    hours, spot = observed.unit_hours, observed.spot_hours
    unknown = "" if observed.known_hours else "how many instances were paid for is not known"
    yield kpi("instance-hours", hours if not unknown else math.nan, "h", absent=unknown)
    prices, targets = how.prices, how.targets
    cost, before = hours, baseline.unit_hours
    if prices is not None:
        cost, before = prices.cost(hours, spot), prices.cost(baseline.unit_hours, baseline.spot_hours)
    against = f"against {baseline.name}, in {'money' if prices else 'instance-hours'}"
    saved = math.nan if unknown else savings(cost, before)
    yield kpi("savings", saved, "%", target=targets.get("savings"), note=against, absent=unknown or "no cost")
    if prices is None:
        unknown = "give prices"
    yield kpi("cost", math.nan if unknown else cost, prices.currency if prices else "", absent=unknown)
    yield from _return(observed, prices, math.nan if unknown else cost, before, targets, unknown)


def _return(
    observed: Observed,
    prices: Prices | None,
    cost: float,
    before: float,
    targets: Mapping[str, KpiTarget],
    unknown: str,
) -> Iterator[Kpi]:
    known = observed.known_hours
    requests = math.nan if observed.served is None else float(np.nansum(observed.served)) * observed.seconds
    unit = prices.currency if prices else ""
    yield kpi(
        "cost-per-request",
        cost_per_request(cost, requests),
        unit,
        target=targets.get("cost-per-request"),
        absent=unknown or "no request is known to be served",
    )
    spent = prices.scaler(known) if prices else math.nan
    yield kpi(
        "return-on-investment",
        return_on_investment(before - cost, spent),
        "%",
        target=targets.get("return-on-investment"),
        absent=unknown or "the prices say no cost of scaling itself (scaler_month)",
    )
    setup = prices.setup if prices else math.nan
    missing = prices is not None and not prices.setup
    yield kpi(
        "amortization",
        math.nan if missing else amortization(setup, before - cost, spent, known),
        "months",
        target=targets.get("amortization"),
        absent=unknown or "the prices say no cost of setting up (setup)",
    )


def _experience(observed: Observed, how: KpiOptions) -> Iterator[Kpi]:
    found, targets = observed.responses, how.targets
    reason = "how long requests took is not known" if found is None else "no request was served"
    for name, waiting in (("latency-p95", True), ("response-p95", False)):
        value = math.nan if found is None else found.percentile(waiting=waiting)
        absent = _NO_WAITS if waiting and isinstance(found, MeasuredResponses) else reason
        yield kpi(name, value, "s", target=targets.get(name), absent=absent)
    load, lost = observed.load, observed.lost
    errors = math.nan if load is None or lost is None else error_rate(load, lost)
    nothing = "requests that failed are not known" if lost is None else "no requests"
    yield kpi("error-rate", errors, "%", target=targets.get("error-rate"), absent=nothing)
    yield kpi(
        "apdex",
        _apdex(observed, how.apdex_seconds),
        target=targets.get("apdex"),
        note=f"T = {how.apdex_seconds:g} s",
        absent=reason,
    )


def _apdex(observed: Observed, limit: float) -> float:
    found = observed.responses
    if found is None:
        return math.nan
    served = float(found.requests.sum())
    failed = 0.0 if observed.lost is None else float(np.nansum(observed.lost)) * observed.seconds
    if not served:
        return apdex(0, 0, failed)
    slow, slower = found.slower(limit), found.slower(4 * limit)
    return apdex(served * (1 - slow), served * (slow - slower), served + failed)


def _elasticity(observed: Observed, baseline: Baseline) -> Iterator[Kpi]:
    found = elasticity(observed.demand, observed.supply, observed.seconds, smooth=observed.smooth)
    unknown = "neither demand nor supply is known in any step" if math.isnan(found.exact_time) else ""
    smooth = f"demand is the largest of {observed.smooth} steps before" if observed.smooth else ""
    rows = (
        ("under-provisioning", found.under_accuracy, "%", "by demand"),
        ("over-provisioning", found.over_accuracy, "%", "by demand"),
        ("under-time", found.under_time, "%", ""),
        ("over-time", found.over_time, "%", ""),
        ("exact-time", found.exact_time, "%", ""),
        ("jitter", found.jitter, "1/min", ""),
        ("instability", found.instability, "%", smooth),
        ("missing-units", found.missing, "", "on average"),
        ("idle-units", found.idle, "", "on average"),
    )
    for name, value, unit, note in rows:
        yield kpi(name, value, unit, note=note, absent=unknown or "one step alone")
    speedup = math.nan if unknown else elastic_speedup(baseline.elasticity, found)
    yield kpi("elastic-speedup", speedup, note=f"against {baseline.name}", absent=unknown)
