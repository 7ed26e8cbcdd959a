"""The metrics of a cloud in memory: values as they were measured, put together by period."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import ceil
from statistics import fmean

from trimtab.models import Metric, MetricSource
from trimtab.providers.datapoints import Datapoints, MetricQuery

Series = tuple[str, ...]
"""What tells one metric from another: where, and which."""

COMBINED: Mapping[str, Callable[[Sequence[float]], float]] = {
    "average": fmean,
    "minimum": min,
    "maximum": max,
    "sum": sum,
    "count": len,
}


class Measures:
    """Values by metric; what is measured by itself in a real cloud is given to it by whoever tests."""

    def __init__(self) -> None:
        self._values: dict[Series, list[tuple[datetime, float]]] = {}

    def add(
        self,
        location: str,
        group: str,
        metric: Metric,
        value: float,
        at: datetime,
        dimensions: Mapping[str, str] | None = None,
    ) -> None:
        """One value of a metric of a group."""
        series = series_of(location, group, metric, dimensions or {})
        self._values.setdefault(series, []).append((at, value))

    def answer(self, query: MetricQuery) -> Datapoints:
        """The datapoints of a query."""
        values = self._values.get(series_of(query.location, query.group, query.metric, {}), ())
        points: dict[datetime, float] = {}
        for begin in query.times:
            inside = [value for at, value in values if begin <= at < begin + query.period]
            if inside:
                points[begin] = combined(inside, query.statistic)
        return query.answered(points)


def series_of(location: str, group: str, metric: Metric, dimensions: Mapping[str, str]) -> Series:
    """Which metric is meant: a neutral one of a group, or a custom one with its dimensions."""
    if metric.source is not MetricSource.CUSTOM:
        return location, group, metric.name, metric.query or ""
    labels = {name: value.replace("{group}", group) for name, value in {**metric.dimensions, **dimensions}.items()}
    return (
        location,
        metric.namespace or "",
        metric.name,
        *(f"{name}={value}" for name, value in sorted(labels.items())),
    )


def combined(values: Sequence[float], statistic: str) -> float:
    """Values of a period as one; a percentile is the value that so many per cent do not exceed."""
    if statistic in COMBINED:
        return float(COMBINED[statistic](values))
    rank = ceil(len(values) * float(statistic[1:]) / 100)
    return sorted(values)[max(0, rank - 1)]
