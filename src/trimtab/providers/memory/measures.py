"""The metrics of a cloud in memory: values as they were measured, put together by period."""

from collections.abc import Mapping
from datetime import datetime

from trimtab.engine.trimmed import combined
from trimtab.models import Metric, MetricSource
from trimtab.providers.datapoints import Datapoints, MetricQuery

Series = tuple[str, ...]
"""What tells one metric from another: where, and which."""


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
