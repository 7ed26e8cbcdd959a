"""What was measured: points of time series, by metric, resource and labels."""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from trimtab.emulators.gcp.filter_nodes import Filter

KEPT = timedelta(days=42)
"""How long points are kept: six weeks, as metrics of Google Cloud are (Cloud Monitoring, Quotas and limits)."""
Value = float | int | bool | str | tuple[float, ...]
"""A value; of a distribution the samples it was made of."""
Labels = Mapping[str, str]
Describe = Callable[[str, Labels], Labels]
"""Answers the system labels of a resource, by its type and labels, such as the group of an instance."""


class Point(NamedTuple):
    """One value; `serial` tells those of one moment apart, `start` is where a delta or a count began."""

    at: datetime
    serial: int
    value: Value
    start: datetime


@dataclass(slots=True)
class Series:
    """The points of one metric with one set of labels, oldest first."""

    metric: str
    metric_labels: Labels
    resource: str
    resource_labels: Labels
    kind: str
    value_type: str
    system_labels: Labels = field(default_factory=dict)
    user_labels: Labels = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)

    def read(self, selector: str) -> str | None:
        """The value behind a selector of a filter."""
        if selector == "metric.type":
            return self.metric
        if selector == "resource.type":
            return self.resource
        if selector == "project":
            return self.resource_labels.get("project_id")
        family, _, name = selector.rpartition(".")
        # the keys of labels have no dots
        return self._family(family).get(name)

    def _family(self, name: str) -> Labels:
        return {
            "metric.labels": self.metric_labels,
            "resource.labels": self.resource_labels,
            "metadata.system_labels": self.system_labels,
            "metadata.user_labels": self.user_labels,
        }.get(name, {})

    def between(self, start: datetime, end: datetime) -> list[Point]:
        """The points after `start` and up to `end`; those of `end` where both are the same (TimeInterval)."""
        last = bisect_right(self.points, end, key=_moment)
        if start == end:
            return [point for point in self.points[:last] if point.at == end]
        return self.points[bisect_right(self.points, start, key=_moment) : last]

    def extend(self, values: Iterable[tuple[datetime, Value, datetime]]) -> None:
        """Append values in order: each with its moment and where it began."""
        self.points += [Point(at, number, value, start) for number, (at, value, start) in enumerate(values)]

    def upto(self, end: datetime, window: timedelta) -> Iterator[Point]:
        """The points up to `end` and not older than a window before it, newest first."""
        for index in range(bisect_right(self.points, end, key=_moment) - 1, -1, -1):
            if self.points[index].at <= end - window:
                return
            yield self.points[index]


class DatapointStore:
    """
    The time series of a project.

    Args:
        describe: Knows the system labels of a resource when its first point comes in.
    """

    def __init__(self, describe: Describe | None = None) -> None:
        self.describe = describe
        self._series: dict[str, dict[tuple[object, ...], Series]] = {}
        self._serial = 0

    def add(
        self,
        metric_type: str,
        metric_labels: Labels,
        resource_type: str,
        resource_labels: Labels,
        at: datetime,
        value: Value,
        kind: str = "GAUGE",
        value_type: str = "DOUBLE",
        *,
        start: datetime | None = None,
        system_labels: Labels | None = None,
    ) -> Series:
        """Keep a point, and drop what is too old beside it; answers the series that it went into."""
        series = self.find(metric_type, metric_labels, resource_type, resource_labels)
        if series is None:
            known = system_labels if system_labels is not None else self._described(resource_type, resource_labels)
            series = Series(
                metric_type, dict(metric_labels), resource_type, dict(resource_labels), kind, value_type, dict(known)
            )
            self._series.setdefault(metric_type, {})[_key(series)] = series
        self._serial += 1
        insort(series.points, Point(at, self._serial, value, start or at), key=_order)
        del series.points[: bisect_right(series.points, series.points[-1].at - KEPT, key=_moment)]
        return series

    def find(
        self, metric_type: str, metric_labels: Labels, resource_type: str, resource_labels: Labels
    ) -> Series | None:
        """The series with exactly these labels; `None` when it has no points yet."""
        probe = Series(metric_type, metric_labels, resource_type, resource_labels, "", "")
        return self._series.get(metric_type, {}).get(_key(probe))

    def series(self, wanted: Filter) -> list[Series]:
        """The series that pass a filter, in the order in which they came to be."""
        metric = wanted.exact("metric.type")
        held = self._series.values() if metric is None else [self._series.get(metric, {})]
        return [series for family in held for series in family.values() if wanted.matches(series.read)]

    def of_metric(self, metric: str) -> list[Series]:
        """All series of a metric."""
        return list(self._series.get(metric, {}).values())

    def drop_metric(self, metric: str) -> None:
        """Forget a metric."""
        self._series.pop(metric, None)

    def newest(self, metric: str) -> datetime | None:
        """When the last point of a metric was measured."""
        return max((series.points[-1].at for series in self.of_metric(metric)), default=None)

    def wipe(self) -> None:
        """Forget everything."""
        self._series.clear()

    def _described(self, resource_type: str, labels: Labels) -> Labels:
        return self.describe(resource_type, labels) if self.describe is not None else {}


def _key(series: Series) -> tuple[object, ...]:
    return (tuple(sorted(series.metric_labels.items())), series.resource, tuple(sorted(series.resource_labels.items())))


def _order(point: Point) -> tuple[datetime, int]:
    return point.at, point.serial


def _moment(point: Point) -> datetime:
    return point.at
