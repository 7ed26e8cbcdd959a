"""From the points of a series to one value for each period: the aligners of Cloud Monitoring."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trimtab.emulators.gcp.datapoints import Labels, Point, Series, Value
from trimtab.emulators.gcp.distributions import deviation, mean, percentile, samples_of
from trimtab.emulators.gcp.filters import invalid

NUMERIC = frozenset({"DOUBLE", "INT64"})
_ANY_NUMBER = (frozenset({"GAUGE", "DELTA"}), NUMERIC)
_BOOLEAN = (frozenset({"GAUGE"}), frozenset({"BOOL"}))
_SPREAD = (frozenset({"GAUGE", "DELTA"}), frozenset({"DISTRIBUTION"}))
_GROWING = frozenset({"CUMULATIVE", "DELTA"})
VALID = {
    "ALIGN_DELTA": (_GROWING, NUMERIC | {"DISTRIBUTION"}),
    "ALIGN_RATE": (_GROWING, NUMERIC),
    "ALIGN_INTERPOLATE": (frozenset({"GAUGE"}), NUMERIC),
    "ALIGN_NEXT_OLDER": (frozenset({"GAUGE"}), NUMERIC | {"BOOL", "STRING", "DISTRIBUTION"}),
    "ALIGN_MIN": _ANY_NUMBER,
    "ALIGN_MAX": _ANY_NUMBER,
    "ALIGN_MEAN": _ANY_NUMBER,
    "ALIGN_STDDEV": _ANY_NUMBER,
    "ALIGN_PERCENT_CHANGE": _ANY_NUMBER,
    "ALIGN_COUNT": (frozenset({"GAUGE", "DELTA"}), NUMERIC | {"BOOL"}),
    "ALIGN_SUM": (frozenset({"GAUGE", "DELTA"}), NUMERIC | {"DISTRIBUTION"}),
    "ALIGN_COUNT_TRUE": _BOOLEAN,
    "ALIGN_COUNT_FALSE": _BOOLEAN,
    "ALIGN_FRACTION_TRUE": _BOOLEAN,
    "ALIGN_PERCENTILE_99": _SPREAD,
    "ALIGN_PERCENTILE_95": _SPREAD,
    "ALIGN_PERCENTILE_50": _SPREAD,
    "ALIGN_PERCENTILE_05": _SPREAD,
}
"""The kinds and value types that each aligner takes (Aggregation.Aligner, Cloud Monitoring API v3)."""
_DOUBLES = frozenset({"ALIGN_RATE", "ALIGN_MEAN", "ALIGN_STDDEV", "ALIGN_FRACTION_TRUE", "ALIGN_PERCENT_CHANGE"})
_COUNTS = frozenset({"ALIGN_COUNT", "ALIGN_COUNT_TRUE", "ALIGN_COUNT_FALSE"})
_SMOOTHED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class AlignedValue:
    """A value at the end of an interval."""

    at: datetime
    start: datetime
    value: Value


@dataclass(frozen=True, slots=True)
class AlignedSeries:
    """A series on its way out: its labels, its shape, and its values, newest first."""

    metric: str
    metric_labels: Labels
    resource: str
    resource_labels: Labels
    kind: str
    value_type: str
    samples: Sequence[AlignedValue]
    system_labels: Labels = field(default_factory=dict)
    user_labels: Labels = field(default_factory=dict)


def raw(series: Series, start: datetime, end: datetime) -> AlignedSeries:
    """A series as it was measured."""
    return _line(
        series, [AlignedValue(point.at, point.start, point.value) for point in reversed(series.between(start, end))]
    )


def check_aligner(aligner: str, kind: str, value_type: str) -> None:
    """
    Refuse an aligner that a metric does not take.

    Raises:
        ServiceError: It does not fit the kind or the value type.
    """
    kinds, types = VALID.get(aligner, (frozenset(), frozenset()))
    if aligner != "ALIGN_NONE" and (kind not in kinds or value_type not in types):
        text = f"The aligner cannot be applied to metrics with kind {kind} and value type {value_type}."
        raise invalid("aggregation.perSeriesAligner", aligner, text)


def align(series: Series, aligner: str, period: timedelta, start: datetime, end: datetime) -> AlignedSeries:
    """
    A series with one value for each period that ends at `end`, or a number of periods before it.

    A period without points has no value; nothing is interpolated into it.
    """
    check_aligner(aligner, series.kind, series.value_type)
    instant = shape_after(aligner, series.kind, series.value_type)[0] != "DELTA"
    samples = []
    for begun, over in periods(period, start, end):
        value = _value(series, aligner, begun, over)
        if value is not None:
            samples.append(AlignedValue(over, over if instant else begun, value))
    return _line(series, samples, *shape_after(aligner, series.kind, series.value_type))


def periods(period: timedelta, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The periods between two moments, newest first."""
    over = end
    while over > start or (over == end and start == end):
        yield over - period, over
        over -= period


def shape_after(aligner: str, kind: str, value_type: str) -> tuple[str, str]:
    """The kind and the value type that come out of an aligner."""
    if aligner == "ALIGN_DELTA":
        return "DELTA", value_type
    if aligner in _DOUBLES or aligner.startswith("ALIGN_PERCENTILE"):
        return "GAUGE", "DOUBLE"
    if aligner in _COUNTS:
        return "GAUGE", "INT64"
    return ("GAUGE" if kind == "GAUGE" else "DELTA"), value_type


def _line(series: Series, samples: Sequence[AlignedValue], kind: str = "", value_type: str = "") -> AlignedSeries:
    return AlignedSeries(
        series.metric,
        series.metric_labels,
        series.resource,
        series.resource_labels,
        kind or series.kind,
        value_type or series.value_type,
        samples,
        series.system_labels,
        series.user_labels,
    )


# one period


def _value(series: Series, aligner: str, begun: datetime, over: datetime) -> Value | None:
    match aligner:
        case "ALIGN_NEXT_OLDER":
            return next((point.value for point in series.upto(over, timedelta(hours=25))), None)
        case "ALIGN_INTERPOLATE":
            return _interpolated(series, over)
        case "ALIGN_PERCENT_CHANGE":
            return _changed(series, over, over - begun)
        case "ALIGN_DELTA" | "ALIGN_RATE":
            return _grown(series, aligner, begun, over)
        case _:
            points = series.between(begun, over)
            return _of_points(aligner, points) if points else None


def _grown(series: Series, aligner: str, begun: datetime, over: datetime) -> Value | None:
    grown = _counted(series, begun, over) if series.kind == "CUMULATIVE" else _summed(series.between(begun, over))
    if grown is None or aligner == "ALIGN_DELTA":
        return grown
    return float(sum(samples_of(grown))) / (over - begun).total_seconds()


def _counted(series: Series, begun: datetime, over: datetime) -> Value | None:
    """How far a count has come; after a reset, which begins anew, all of it."""
    last = next(series.upto(over, over - begun), None)
    if last is None or not isinstance(last.value, int | float):
        return None
    first = next(series.upto(begun, timedelta(hours=25)), None)
    if first is None or first.start != last.start or not isinstance(first.value, int | float):
        return last.value if last.start >= begun else None
    return last.value - first.value


def _summed(points: Sequence[Point]) -> Value | None:
    if not points:
        return None
    if isinstance(points[0].value, tuple):
        return tuple(sample for point in points for sample in samples_of(point.value))
    numbers = [point.value for point in points if isinstance(point.value, int | float)]
    return sum(numbers)


def _interpolated(series: Series, at: datetime) -> Value | None:
    before = next(series.upto(at, timedelta(hours=25)), None)
    after = next(iter(series.between(at, at + timedelta(hours=25))), None)
    if before is None or before.at == at or after is None:
        return before.value if before is not None and before.at == at else None
    (low,), (high,) = samples_of(before.value), samples_of(after.value)
    return low + (high - low) * ((at - before.at) / (after.at - before.at))


def _changed(series: Series, over: datetime, period: timedelta) -> Value | None:
    now, before = (_smooth(series, moment) for moment in (over, over - period))
    if now is None or before is None:
        return None
    if before == 0:
        return 0.0 if now == 0 else float("inf")
    return (now - before) / before * 100


def _smooth(series: Series, at: datetime) -> float | None:
    values = [value for point in series.upto(at, _SMOOTHED) for value in samples_of(point.value) if value >= 0]
    return mean(values) if values else None


def _of_points(aligner: str, points: Sequence[Point]) -> Value | None:
    if aligner == "ALIGN_SUM":
        return _summed(points)
    if aligner in ("ALIGN_MIN", "ALIGN_MAX"):
        numbers = [point.value for point in points if isinstance(point.value, int | float)]
        return min(numbers) if aligner == "ALIGN_MIN" else max(numbers)
    if aligner == "ALIGN_COUNT":
        return len(points)
    values = [value for point in points for value in samples_of(point.value)]
    return of_values(aligner.removeprefix("ALIGN_"), values)


def of_values(name: str, values: Sequence[float]) -> Value:
    """The statistic that aligners and reducers have in common, by the end of its name."""
    return _STATISTICS[name](values)


_STATISTICS: dict[str, Callable[[Sequence[float]], Value]] = {
    "MEAN": mean,
    "STDDEV": deviation,
    "COUNT_TRUE": lambda values: sum(value != 0 for value in values),
    "COUNT_FALSE": lambda values: sum(value == 0 for value in values),
    "FRACTION_TRUE": lambda values: sum(value != 0 for value in values) / len(values),
    "PERCENTILE_99": lambda values: percentile(values, 99),
    "PERCENTILE_95": lambda values: percentile(values, 95),
    "PERCENTILE_50": lambda values: percentile(values, 50),
    "PERCENTILE_05": lambda values: percentile(values, 5),
}
