"""One value for each instance, or for a group: what was measured in the last couple of minutes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from trimtab.emulators.gcp.datapoints import Point, Series
from trimtab.engine.rounding import exact

WINDOW = timedelta(minutes=2)
"""How far back a value is averaged: a couple of minutes."""
_MINUTE = timedelta(minutes=1)
Body = Mapping[str, Any]
Measure = Callable[[Series, Sequence[Point]], Fraction]
"""Makes one value of the points of a series, newest first."""


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
