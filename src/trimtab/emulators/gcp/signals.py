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

from trimtab.emulators.gcp.datapoints import Point, Series
from trimtab.emulators.gcp.facts import Backend, Balancing, GroupFacts, InstanceFacts
from trimtab.emulators.gcp.filter_nodes import Filter
from trimtab.emulators.gcp.filters import parse_filter
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.rounding import exact
from trimtab.engine.signals import Signal, SignalType

WINDOW = timedelta(minutes=2)
"""How far back a value is averaged: a couple of minutes."""
_MINUTE = timedelta(minutes=1)
Body = Mapping[str, Any]
Measure = Callable[[Series, Sequence[Point]], Fraction]
"""Makes one value of the points of a series, newest first."""


# values


def measure_of(given: Body) -> Measure:
    """How the points of a series become a value, as a signal says it."""
    match given.get("utilizationTargetType", "GAUGE"):
        case "DELTA_PER_SECOND":
            return per_second
        case "DELTA_PER_MINUTE":
            return lambda series, points: 60 * per_second(series, points)
        case _:
            return average


def by_instance(series: Sequence[Series], now: datetime, measure: Measure) -> dict[str, Fraction]:
    """The value of each instance that has one; several series of one are added up."""
    values: dict[str, Fraction] = {}
    for source in series:
        points = list(source.upto(now, WINDOW))
        if points:
            instance = source.resource_labels["instance_id"]
            values[instance] = values.get(instance, Fraction(0)) + measure(source, points)
    return values


def total(series: Sequence[Series], now: datetime, measure: Measure) -> Fraction | None:
    """The values of all series together; `None` without data."""
    measured = ((source, list(source.upto(now, WINDOW))) for source in series)
    values = [measure(source, points) for source, points in measured if points]
    return sum(values, Fraction(0)) if values else None


def average(_: Series, points: Sequence[Point]) -> Fraction:
    """The average of the points."""
    return sum((_number(point) for point in points), Fraction(0)) / len(points)


def per_second(series: Series, points: Sequence[Point]) -> Fraction:
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


def mean_of(values: Sequence[Fraction]) -> Fraction | None:
    """The average of some values; `None` of none."""
    return sum(values, Fraction(0)) / len(values) if values else None


CPU = "compute.googleapis.com/instance/cpu/utilization"
REQUESTS = "loadbalancing.googleapis.com/https/backend_request_count"
INSTANCE, BALANCER = "gce_instance", "https_lb_rule"
DEFAULT_CPU, DEFAULT_BALANCING = 0.6, 0.8
ReadMetric = Callable[[str], Sequence[Series]]
"""Answers all series of a metric."""


# signals


@dataclass(frozen=True, slots=True)
class SignalReading:
    """
    One signal as it is read.

    Attributes:
        name: The field of the policy, and of a metric its type.
        type: What it measures.
        grown: The size by what instances say that are past their initialization.
        whole: The size by what all say that run, by which a group shrinks; `None` without data.
        trouble: The word of `AutoscalerStatusDetails` for what is wrong with it.
    """

    name: str
    type: SignalType
    grown: int = 0
    whole: int | None = None
    trouble: str = ""

    def size(self, current: int) -> int | None:
        """What it asks for: instances that are still initializing make a group shrink less, and never grow."""
        if self.whole is None:
            return None
        return self.grown if self.grown >= current else max(self.grown, min(current, self.whole))


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """What readings are made of: a group at a moment, and what was measured of it."""

    facts: GroupFacts
    now: datetime
    initialization: timedelta
    read: ReadMetric

    def serving(self, at: datetime) -> list[InstanceFacts]:
        """The instances that were past their initialization at a moment: their values make a group grow."""
        return [instance for instance in self.facts.instances if instance.is_serving(at, self.initialization)]

    def running(self, at: datetime) -> list[InstanceFacts]:
        """The instances that ran at a moment."""
        return [instance for instance in self.facts.instances if instance.is_serving(at, timedelta(0))]

    def members(self, series: Sequence[Series]) -> list[Series]:
        """The series of the group's own instances."""
        own = {instance.id for instance in self.facts.instances}
        return [source for source in series if source.resource_labels.get("instance_id") in own]

    def newest(self, series: Sequence[Series]) -> datetime | None:
        """When the newest value of some series was measured."""
        points = (next(source.upto(self.now, WINDOW), None) for source in series)
        return max((point.at for point in points if point is not None), default=None)


def read_signals(policy: Body, look: GroupSnapshot) -> list[SignalReading]:
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
    custom = [("customMetricUtilizations", metric) for metric in policy.get("customMetricUtilizations") or ()]
    named = [
        (name, policy[name]) for name in ("cpuUtilization", "loadBalancingUtilization") if policy.get(name) is not None
    ]
    yield from [*named, *custom] or [("cpuUtilization", {})]


def _readings(policy: Body, look: GroupSnapshot) -> Iterator[SignalReading]:
    for name, given in _signals(policy):
        match name:
            case "cpuUtilization":
                yield _cpu(given, look)
            case "loadBalancingUtilization":
                yield _balancing(given, look)
            case _:
                yield _custom(given, look)


def _cpu(given: Body, look: GroupSnapshot) -> SignalReading:
    target = exact(given.get("utilizationTarget", DEFAULT_CPU))
    return _utilization("cpuUtilization", SignalType.CPU, _of_instances(look), target, look)


def _of_instances(look: GroupSnapshot) -> list[Series]:
    return [series for series in look.read(CPU) if series.resource == INSTANCE]


def _utilization(
    name: str,
    sort: SignalType,
    series: Sequence[Series],
    target: Fraction,
    look: GroupSnapshot,
    *,
    measure: Measure | None = None,
    trouble: str = "",
) -> SignalReading:
    own = look.members(series)
    values, as_of = by_instance(own, look.now, measure or average), look.newest(own)
    if as_of is None:
        return SignalReading(name, sort, trouble=trouble)
    # instances that came after the newest value are not in it, and it says nothing of them
    grown, whole = (_size(sort, values, members, target) for members in (look.serving(as_of), look.running(as_of)))
    return SignalReading(name, sort, grown or 0, whole, "" if whole is not None else trouble)


def _size(
    sort: SignalType, values: Mapping[str, Fraction], members: Sequence[InstanceFacts], target: Fraction
) -> int | None:
    value = mean_of([values[member.id] for member in members if member.id in values])
    return None if value is None else Signal(type=sort, value=value, target=target).needed(len(members))


# backends


def _balancing(given: Body, look: GroupSnapshot) -> SignalReading:
    name, sort = "loadBalancingUtilization", SignalType.LOAD_BALANCING
    target = exact(given.get("utilizationTarget", DEFAULT_BALANCING))
    services = {entry.service for entry in look.facts.backends}
    if not services:
        return SignalReading(name, sort, trouble="BACKEND_SERVICE_DOES_NOT_EXIST")
    if len(services) > 1:
        return SignalReading(name, sort, trouble="MORE_THAN_ONE_BACKEND_SERVICE")
    backend = look.facts.backends[0]
    if backend.capacity is None:
        return SignalReading(name, sort, trouble="UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION")
    return _backend(backend, exact(backend.capacity) * target, look)


def _backend(backend: Backend, share: Fraction, look: GroupSnapshot) -> SignalReading:
    name, sort, missing = "loadBalancingUtilization", SignalType.LOAD_BALANCING, "MISSING_LOAD_BALANCING_DATA_POINTS"
    match backend.balancing:
        case Balancing.UTILIZATION:
            return _utilization(name, sort, _of_instances(look), share, look, trouble=missing)
        case Balancing.RATE:
            rate = total(
                [series for series in look.read(REQUESTS) if _is_of(series, look.facts.name)], look.now, per_second
            )
            if rate is None:
                return SignalReading(name, sort, trouble=missing)
            size = Signal(type=sort, value=rate, assignment=share).needed(0)
            return SignalReading(name, sort, size, size)
        case Balancing.CONNECTION:
            return SignalReading(name, sort, trouble=missing)
        case _:
            assert_never(backend.balancing)


def _is_of(series: Series, group: str) -> bool:
    return series.resource == BALANCER and series.resource_labels.get("backend_name") == group


# metrics of Cloud Monitoring


def _custom(given: Body, look: GroupSnapshot) -> SignalReading:
    name, sort = f"customMetricUtilizations {given.get('metric', '')}", _sort(given)
    try:
        wanted = signal_filter(given)
    except ServiceError:
        return SignalReading(name, sort, trouble="CUSTOM_METRIC_INVALID")
    candidates = [source for source in look.read(str(given["metric"])) if source.resource == resource_of(wanted)]
    series = [source for source in candidates if wanted is None or wanted.matches(source.read)]
    if any(source.value_type not in ("DOUBLE", "INT64") for source in series):
        return SignalReading(name, sort, trouble="CUSTOM_METRIC_INVALID")
    return _of_series(name, given, series, look, per_group=resource_of(wanted) != INSTANCE)


def _sort(given: Body) -> SignalType:
    assigned = given.get("singleInstanceAssignment") is not None
    return SignalType.PER_GROUP if assigned else SignalType.METRIC


def _of_series(
    name: str, given: Body, series: Sequence[Series], look: GroupSnapshot, *, per_group: bool
) -> SignalReading:
    sort, measure, missing = _sort(given), measure_of(given), "MISSING_CUSTOM_METRIC_DATA_POINTS"
    if sort is SignalType.METRIC and not per_group:
        target = exact(given["utilizationTarget"])
        return _utilization(name, sort, series, target, look, measure=measure, trouble=missing)
    own = series if per_group else look.members(series)
    value, as_of = total(own, look.now, measure), look.newest(own)
    if value is None or as_of is None:
        return SignalReading(name, sort, trouble=missing)
    if sort is SignalType.PER_GROUP:
        size = Signal(type=sort, value=value, assignment=exact(given["singleInstanceAssignment"])).needed(0)
        return SignalReading(name, sort, size, size)
    signal = Signal(type=sort, value=value, target=exact(given["utilizationTarget"]))
    return SignalReading(name, sort, signal.needed(len(look.serving(as_of))), signal.needed(len(look.running(as_of))))


def signal_filter(given: Body) -> Filter | None:
    """
    The filter of a metric signal; `None` for one without.

    Raises:
        ServiceError: It is none, joins other than by AND, compares other than by `=`, names another metric, or picks
            resources where every instance of the group is meant.
    """
    if not given.get("filter"):
        return None
    parsed = parse_filter(str(given["filter"]))
    named, labelled = (
        parsed.exact("metric.type"),
        any(comparison.selector.startswith("resource.labels") for comparison in parsed.comparisons),
    )
    if not parsed.is_plain or named not in (None, given.get("metric")):
        raise ServiceError(
            "invalid", f"The filter {parsed.text!r} joins equalities by AND, of the metric that is named."
        )
    if labelled and resource_of(parsed) == INSTANCE:
        raise ServiceError("invalid", f"The filter {parsed.text!r} is of instances and names resource labels.")
    return parsed


def resource_of(wanted: Filter | None) -> str:
    """The type of the resource that a signal's filter names: instances unless it says otherwise."""
    return (wanted.exact("resource.type") if wanted is not None else None) or INSTANCE
