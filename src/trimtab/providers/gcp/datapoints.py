"""Datapoints of many groups at once by time series of Cloud Monitoring, and custom metrics written in bulk."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from trimtab.errors import InvalidRequest, Unsupported
from trimtab.models import MetricSource
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.gcp.alerts import aggregation
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.metrics import (
    GLOBAL,
    INSTANCE,
    Measured,
    Scope,
    from_native,
    metric_for,
    natural_statistic,
    to_native,
    type_of,
)

MOST_SERIES = 200
"""Time series that one call writes (timeSeries.create, Cloud Monitoring API)."""
MINUTE, INSTANT = timedelta(minutes=1), timedelta(milliseconds=1)


@dataclass(frozen=True)
class MetricReader:
    """Reads many metrics of many groups, a call for each, at the same time."""

    calls: Calls

    def read(self, queries: Sequence[MetricQuery]) -> list[Datapoints]:
        """
        An answer to each query, in order.

        Raises:
            Unsupported: Cloud Monitoring has no such metric, or none of that period or statistic.
        """
        asked = [metric_for(query.metric, Scope(query.group)) for query in queries]
        for query in queries:
            if query.period % MINUTE or query.period < MINUTE:
                raise Unsupported(f"Cloud Monitoring aligns whole minutes, not {query.period}")
        answers = self.calls.all_of(
            [partial(self._ask, query, measured) for query, measured in zip(queries, asked, strict=True)]
        )
        return [query.answered(answer) for query, answer in zip(queries, answers, strict=True)]

    def _ask(self, query: MetricQuery, measured: Measured) -> dict[datetime, float]:
        times = query.times
        if not times:
            return {}
        statistic = natural_statistic(query.metric, query.statistic)
        series = self.calls.monitor(
            "metrics.list_time_series",
            name=f"projects/{self.calls.project}",
            filter=measured.full_filter,
            # periods are counted back from the end, which is inside the last: ours begin with their first moment
            interval={"startTime": _zulu(times[0] - INSTANT), "endTime": _zulu(times[-1] + query.period - INSTANT)},
            aggregation=aggregation(measured, statistic, query.period),
            view="FULL",
        )
        wanted = set(times)
        values = ((end + INSTANT - query.period, value) for one in series for end, value in _points(one))
        return {at: _ours(value, query, measured) for at, value in values if at in wanted}


def _ours(value: float, query: MetricQuery, measured: Measured) -> float:
    if query.statistic == "count":
        return value
    per_minute = query.period / MINUTE if query.metric.name == "requests-per-instance" else 1
    return from_native(value, measured.native) / per_minute


def _points(series: Mapping[str, Any]) -> Iterator[tuple[datetime, float]]:
    for point in series.get("points") or ():
        value = point.get("value") or {}
        number = value.get("doubleValue", value.get("int64Value"))
        if number is None:
            number = (value.get("distributionValue") or {}).get("mean", 0.0)
        yield datetime.fromisoformat(point["interval"]["endTime"]).astimezone(UTC), float(number)


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class MetricWriter:
    """Writes custom metrics, two hundred series a call."""

    calls: Calls

    def write(self, values: Sequence[MetricValue]) -> None:
        """
        Send them.

        Raises:
            InvalidRequest: A metric is not one's own.
        """
        for turn in _turns([self._series(value) for value in values]):
            batches = [turn[place : place + MOST_SERIES] for place in range(0, len(turn), MOST_SERIES)]
            self.calls.all_of([partial(self._send, batch) for batch in batches])

    def _send(self, batch: Sequence[Mapping[str, Any]]) -> None:
        name = f"projects/{self.calls.project}"
        self.calls.monitor("metrics.create_time_series", name=name, time_series=batch)

    def _series(self, value: MetricValue) -> dict[str, Any]:
        metric = value.metric
        if metric.source is not MetricSource.CUSTOM:
            raise InvalidRequest(f"{metric.name!r} is measured by Google Cloud itself", operation="publish")
        measured = metric_for(metric, Scope(value.group))
        labels = {
            name: text.replace("{group}", value.group)
            for name, text in {**metric.dimensions, **value.dimensions}.items()
        }
        at = _zulu(value.at or self.calls.clock.now())
        return {
            "metric": {"type": type_of(metric), "labels": labels},
            "resource": self._resource(measured, value),
            "points": [
                {
                    "interval": {"endTime": at},
                    "value": {"doubleValue": to_native(value.value, measured.native)},
                }
            ],
        }

    def _resource(self, measured: Measured, value: MetricValue) -> dict[str, Any]:
        """The group as a whole, or the instance that its dimensions name."""
        own = {name: text for name, text in value.dimensions.items() if name in ("instance_id", "zone")}
        project = {"project_id": self.calls.project}
        if measured.native.resource == INSTANCE and len(own) == 2:
            return {"type": INSTANCE, "labels": {**project, **own}}
        return {"type": GLOBAL, "labels": project}


def _turns(series: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """
    Series in sets in which none is twice, each later in time: a call takes one point of each.

    Of several values of one series for one moment the last is kept; Cloud Monitoring has one.
    """
    by_series: dict[str, dict[str, dict[str, Any]]] = {}
    for one in series:
        key = json.dumps([one["metric"], one["resource"]], sort_keys=True)
        by_series.setdefault(key, {})[one["points"][0]["interval"]["endTime"]] = one
    left = [[points[at] for at in sorted(points)] for points in by_series.values()]
    while left := [points for points in left if points]:
        yield [points.pop(0) for points in left]
