"""
The signals of an autoscaler, read from what was measured.

A value is the average over the last couple of minutes (AutoscalingPolicyCustomMetricUtilization.utilizationTargetType,
Compute Engine v1). How full a backend is, is worked out from what it takes: the requests that its balancer counted, or
the CPU of its instances.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, assert_never

from trimtab.emulators.errors import ServiceError
from trimtab.emulators.gcp.datapoints import Point, Series
from trimtab.emulators.gcp.facts import Backend, Balancing, GroupFacts, Instance
from trimtab.emulators.gcp.filter_nodes import Filter
from trimtab.emulators.gcp.filters import parse_filter
from trimtab.engine.rounding import exact
from trimtab.engine.signals import Signal, SignalType

CPU = "compute.googleapis.com/instance/cpu/utilization"
REQUESTS = "loadbalancing.googleapis.com/https/backend_request_count"
INSTANCE, BALANCER = "gce_instance", "https_lb_rule"
WINDOW = timedelta(minutes=2)
"""How far back a value is averaged: a couple of minutes."""
DEFAULT_CPU, DEFAULT_BALANCING = 0.6, 0.8
_MINUTE = timedelta(minutes=1)
Body = Mapping[str, Any]
ReadMetric = Callable[[str], Sequence[Series]]
"""Answers all series of a metric."""


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One signal as it is read.

    Attributes:
        name: The field of the policy, and of a metric its type.
        type: What it measures.
        serving: What instances say that are past their initialization; `None` without data.
        whole: What all that run say, by which a group shrinks.
        trouble: The word of `AutoscalerStatusDetails` for what is wrong with it.
    """

    name: str
    type: SignalType
    serving: Signal | None = None
    whole: Signal | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What readings are made of: a group at a moment, and what was measured of it."""

    facts: GroupFacts
    now: datetime
    initialization: timedelta
    read: ReadMetric

    def serving(self) -> list[Instance]:
        """The instances whose values count when a group grows."""
        return [one for one in self.facts.instances if one.is_serving(self.now, self.initialization)]


def read_signals(policy: Body, look: Look) -> list[Reading]:
    """Every signal of a policy; CPU at 60 per cent where it names none (Autoscaler.autoscalingPolicy)."""
    return list(_readings(policy, look))


def metrics_of(policy: Body) -> Iterator[str]:
    """The metrics that a policy looks at."""
    for name, given in _signals(policy):
        if name == "loadBalancingUtilization":
            yield REQUESTS
            yield CPU
        else:
            yield CPU if name == "cpuUtilization" else str(given.get("metric") or "")


def is_predictive(policy: Body) -> bool:
    """Whether a policy scales out by a forecast of its CPU."""
    return (policy.get("cpuUtilization") or {}).get("predictiveMethod") == "OPTIMIZE_AVAILABILITY"


def _signals(policy: Body) -> Iterator[tuple[str, Body]]:
    custom = [("customMetricUtilizations", one) for one in policy.get("customMetricUtilizations") or ()]
    named = [
        (name, policy[name]) for name in ("cpuUtilization", "loadBalancingUtilization") if policy.get(name) is not None
    ]
    yield from [*named, *custom] or [("cpuUtilization", {})]


def _readings(policy: Body, look: Look) -> Iterator[Reading]:
    for name, given in _signals(policy):
        match name:
            case "cpuUtilization":
                yield _cpu(given, look)
            case "loadBalancingUtilization":
                yield _balancing(given, look)
            case _:
                yield _custom(given, look)


def _cpu(given: Body, look: Look) -> Reading:
    target = exact(given.get("utilizationTarget", DEFAULT_CPU))
    values = _by_instance([one for one in look.read(CPU) if one.resource == INSTANCE], look, _average)
    return _utilization("cpuUtilization", SignalType.CPU, values, target, look)


def _utilization(
    name: str, sort: SignalType, values: Mapping[str, Fraction], target: Fraction, look: Look, trouble: str = ""
) -> Reading:
    serving = _mean([values[one.id] for one in look.serving() if one.id in values])
    whole = _mean([values[one.id] for one in look.facts.running() if one.id in values])
    if whole is None:
        return Reading(name, sort, trouble=trouble)
    out = None if serving is None else Signal(type=sort, value=serving, target=target)
    return Reading(name, sort, out, Signal(type=sort, value=whole, target=target))


# backends


def _balancing(given: Body, look: Look) -> Reading:
    name, sort = "loadBalancingUtilization", SignalType.LOAD_BALANCING
    target = exact(given.get("utilizationTarget", DEFAULT_BALANCING))
    services = {one.service for one in look.facts.backends}
    if not services:
        return Reading(name, sort, trouble="BACKEND_SERVICE_DOES_NOT_EXIST")
    if len(services) > 1:
        return Reading(name, sort, trouble="MORE_THAN_ONE_BACKEND_SERVICE")
    backend = look.facts.backends[0]
    if backend.capacity is None:
        return Reading(name, sort, trouble="UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION")
    return _backend(backend, exact(backend.capacity) * target, look)


def _backend(backend: Backend, share: Fraction, look: Look) -> Reading:
    name, sort, missing = "loadBalancingUtilization", SignalType.LOAD_BALANCING, "MISSING_LOAD_BALANCING_DATA_POINTS"
    match backend.balancing:
        case Balancing.UTILIZATION:
            values = _by_instance([one for one in look.read(CPU) if one.resource == INSTANCE], look, _average)
            return _utilization(name, sort, values, share, look, missing)
        case Balancing.RATE:
            rate = _total([one for one in look.read(REQUESTS) if _is_of(one, look.facts.name)], look, _per_second)
            if rate is None:
                return Reading(name, sort, trouble=missing)
            found = Signal(type=sort, value=rate, assignment=share)
            return Reading(name, sort, found, found)
        case Balancing.CONNECTION:
            return Reading(name, sort, trouble=missing)
        case _:
            assert_never(backend.balancing)


def _is_of(series: Series, group: str) -> bool:
    return series.resource == BALANCER and series.resource_labels.get("backend_name") == group


# metrics of Cloud Monitoring


def _custom(given: Body, look: Look) -> Reading:
    name, sort = f"customMetricUtilizations {given.get('metric', '')}", _sort(given)
    try:
        wanted = signal_filter(given)
    except ServiceError:
        return Reading(name, sort, trouble="CUSTOM_METRIC_INVALID")
    found = [one for one in look.read(str(given["metric"])) if one.resource == resource_of(wanted)]
    series = [one for one in found if wanted is None or wanted.matches(one.read)]
    if any(one.value_type not in ("DOUBLE", "INT64") for one in series):
        return Reading(name, sort, trouble="CUSTOM_METRIC_INVALID")
    return _of_series(name, given, series, look, per_group=resource_of(wanted) != INSTANCE)


def _sort(given: Body) -> SignalType:
    assigned = given.get("singleInstanceAssignment") is not None
    return SignalType.PER_GROUP if assigned else SignalType.METRIC


def _of_series(name: str, given: Body, series: Sequence[Series], look: Look, *, per_group: bool) -> Reading:
    sort, measure, missing = _sort(given), _measure(given), "MISSING_CUSTOM_METRIC_DATA_POINTS"
    if sort is SignalType.METRIC and not per_group:
        values = _by_instance(series, look, measure)
        return _utilization(name, sort, values, exact(given["utilizationTarget"]), look, missing)
    value = _total(series, look, measure) if per_group else _sum(_by_instance(series, look, measure).values())
    if value is None:
        return Reading(name, sort, trouble=missing)
    if sort is SignalType.PER_GROUP:
        found = Signal(type=sort, value=value, assignment=exact(given["singleInstanceAssignment"]))
    else:
        found = Signal(type=sort, value=value, target=exact(given["utilizationTarget"]))
    return Reading(name, sort, found, found)


def signal_filter(given: Body) -> Filter | None:
    """
    The filter of a metric signal; `None` for one without.

    Raises:
        ServiceError: It is none, joins other than by AND, compares other than by `=`, names another metric, or picks
            resources where every instance of the group is meant.
    """
    if not given.get("filter"):
        return None
    found = parse_filter(str(given["filter"]))
    named, labelled = (
        found.exact("metric.type"),
        any(one.selector.startswith("resource.labels") for one in found.comparisons),
    )
    if not found.is_plain or named not in (None, given.get("metric")):
        raise ServiceError(
            "invalid", f"The filter {found.text!r} joins equalities by AND, of the metric that is named."
        )
    if labelled and resource_of(found) == INSTANCE:
        raise ServiceError("invalid", f"The filter {found.text!r} is of instances and names resource labels.")
    return found


def resource_of(wanted: Filter | None) -> str:
    """The type of the resource that a signal's filter names: instances unless it says otherwise."""
    return (wanted.exact("resource.type") if wanted is not None else None) or INSTANCE


# values


Measure = Callable[[Series, Sequence[Point]], Fraction]


def _measure(given: Body) -> Measure:
    match given.get("utilizationTargetType", "GAUGE"):
        case "DELTA_PER_SECOND":
            return _per_second
        case "DELTA_PER_MINUTE":
            return lambda series, points: 60 * _per_second(series, points)
        case _:
            return _average


def _by_instance(series: Sequence[Series], look: Look, measure: Measure) -> dict[str, Fraction]:
    """The value of each instance that has one; several series of one are added up."""
    members = {one.id for one in look.facts.instances}
    values: dict[str, Fraction] = {}
    for one in series:
        instance = one.resource_labels.get("instance_id", "")
        points = list(one.upto(look.now, WINDOW)) if instance in members else []
        if points:
            values[instance] = values.get(instance, Fraction(0)) + measure(one, points)
    return values


def _total(series: Sequence[Series], look: Look, measure: Measure) -> Fraction | None:
    measured = ((one, list(one.upto(look.now, WINDOW))) for one in series)
    return _sum(measure(one, points) for one, points in measured if points)


def _average(_: Series, points: Sequence[Point]) -> Fraction:
    return sum((_number(point) for point in points), Fraction(0)) / len(points)


def _per_second(series: Series, points: Sequence[Point]) -> Fraction:
    """The growth in a second; a count without a beginning is that of a minute."""
    if series.kind == "CUMULATIVE":
        return _growth(points)
    spans = [(point.at - point.start) or _MINUTE for point in points]
    seconds = sum((Fraction(span / timedelta(microseconds=1)) for span in spans), Fraction(0)) / 1_000_000
    return sum((_number(point) for point in points), Fraction(0)) / seconds


def _growth(points: Sequence[Point]) -> Fraction:
    last, first = points[0], points[-1]
    passed = Fraction((last.at - first.at) / timedelta(microseconds=1)) / 1_000_000
    return max(Fraction(0), _number(last) - _number(first)) / passed if passed else Fraction(0)


def _number(point: Point) -> Fraction:
    return exact(point.value) if isinstance(point.value, int | float) else Fraction(0)


def _mean(values: Sequence[Fraction]) -> Fraction | None:
    return sum(values, Fraction(0)) / len(values) if values else None


def _sum(values: Any) -> Fraction | None:
    found = list(values)
    return sum(found, Fraction(0)) if found else None
