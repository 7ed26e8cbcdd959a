"""Metrics over time: what is asked, what comes back, and what is published."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from trimtab.errors import InvalidRequest
from trimtab.models import Metric
from trimtab.models.alarm import PERCENTILE

MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """
    One metric of one group over time: a value for each whole period between two moments.

    Attributes:
        group: The group's name in the cloud.
        metric: What is measured; values come in its unit.
        since: Periods that begin before this are left out.
        until: Periods that end after this are left out; now when left out.
        period: The length of one datapoint.
        statistic: `average`, `minimum`, `maximum`, `sum`, `count`, or a percentile such as `p95`.
        location: Its region; the connection's when left out.
    """

    group: str
    metric: Metric
    since: datetime
    until: datetime | None = None
    period: timedelta = MINUTE
    statistic: str = "average"
    location: str = ""

    @property
    def times(self) -> tuple[datetime, ...]:
        """When each whole period begins, oldest first; periods are counted from midnight, UTC."""
        if self.until is None:
            raise ValueError("the query says no end")
        first = -((_EPOCH - self.since) // self.period)
        return tuple(_EPOCH + number * self.period for number in range(first, (self.until - _EPOCH) // self.period))

    def answered(self, values: Mapping[datetime, float]) -> "Datapoints":
        """The datapoints, from the values that there are by the beginning of their period."""
        times = self.times
        return Datapoints(
            group=self.group,
            metric=self.metric,
            statistic=self.statistic,
            period=self.period,
            times=times,
            values=tuple(values.get(moment) for moment in times),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Datapoints:
    """
    A metric of a group over time, in the metric's unit.

    Attributes:
        group: The group's name in the cloud.
        times: When each period begins, oldest first.
        values: One for each period, the newest last; `None` where none was measured.
    """

    group: str
    metric: Metric
    statistic: str
    period: timedelta
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]

    @property
    def latest(self) -> float | None:
        """The newest value that there is."""
        return next((value for value in reversed(self.values) if value is not None), None)

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.group,
            "metric": self.metric.name,
            "unit": self.metric.unit.value,
            "statistic": self.statistic,
            "period_seconds": self.period.total_seconds(),
            "points": [[at.isoformat(), value] for at, value in zip(self.times, self.values, strict=True)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """
    One value of a custom metric, to be published.

    Attributes:
        metric: A custom metric; `{group}` in its dimensions is the group's name in the cloud.
        value: In the metric's unit.
        at: When it was measured; now when left out.
        group: The group that it is about, by its name in the cloud.
        dimensions: Further dimensions, or others than the metric's own.
        location: The region to publish it in; the connection's when left out.
    """

    metric: Metric
    value: float
    at: datetime | None = None
    group: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    location: str = ""


def complete_query(query: MetricQuery, location: str, now: datetime) -> MetricQuery:
    """
    The query with its location and its end, where it left them out.

    Raises:
        InvalidRequest: The query is invalid.
    """
    check_aware(query.since, "since")
    check_aware(query.until, "until")
    if query.period < timedelta(seconds=1):
        raise InvalidRequest("the period of datapoints is at least a second", operation="datapoints")
    if not re.match(PERCENTILE, query.statistic):
        text = f"unknown statistic {query.statistic!r}; use average, minimum, maximum, sum, count or such as p95"
        raise InvalidRequest(text, operation="datapoints")
    return replace(query, location=query.location or location, until=query.until or now)


def check_aware(moment: datetime | None, name: str) -> None:
    """Refuse a moment without a time zone."""
    if moment is not None and moment.tzinfo is None:
        raise InvalidRequest(f"{name}={moment} has no time zone; give one, such as UTC", operation="datapoints")
