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
from trimtab.providers.gcp.alarms import aggregation
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.metrics import (
    GLOBAL,
    INSTANCE,
    OWNERS,
    Measured,
    Scope,
    from_native,
    metric_for,
    to_native,
    type_of,
)
from trimtab.providers.metrics import natural_statistic
from trimtab.providers.retry import in_batches

MOST_SERIES = 200
"""Time series that one call writes: https://cloud.google.com/monitoring/quotas#custom_metrics_quotas."""
MOST_LETTERS = 2000
"""How long a filter gets; 2,048 characters at most: https://cloud.google.com/monitoring/api/v3/filters."""
MINUTE, INSTANT = timedelta(minutes=1), timedelta(milliseconds=1)


@dataclass(frozen=True)
class MetricReader:
    """Reads many metrics of many groups: a call for each metric, at the same time."""

    calls: Calls

    def read(self, queries: Sequence[MetricQuery]) -> list[Datapoints]:
        """
        An answer to each query, in order.

        Raises:
            Unsupported: Cloud Monitoring has no such metric, or none of that period or statistic.
        """
        for query in queries:
            if query.period % MINUTE or query.period < MINUTE:
                raise Unsupported(f"Cloud Monitoring aligns whole minutes, not {query.period}")
        requests = [SeriesQuery(query, metric_for(query.metric, self._scope(query))) for query in queries]
        batches = [batch for batch in _batches(requests) if batch[0].query.times]
        answers = self.calls.gather_or_raise([partial(self._ask, batch) for batch in batches])
        by_request = {
            request: series
            for batch, some in zip(batches, answers, strict=True)
            for request, series in _dealt(batch, some)
        }
        return [request.query.answered(_values(request, by_request.get(request, ()))) for request in requests]

    def _scope(self, query: MetricQuery) -> Scope:
        region = query.location or self.calls.location
        return Scope(query.group, self.calls.seconds.get((region, query.group), ""))

    def _ask(self, batch: Sequence["SeriesQuery"]) -> list[dict[str, Any]]:
        """The series of one metric of one group, or of several groups told apart by a label."""
        first = batch[0]
        times, owner = first.query.times, first.owner
        how = aggregation(first.measured, first.statistic, first.query.period)
        series: list[dict[str, Any]] = self.calls.monitor(
            "metrics.list_time_series",
            name=f"projects/{self.calls.project}",
            filter=_filter_of(batch),
            interval=interval_of(times[0], times[-1] + first.query.period),
            aggregation={**how, "groupByFields": [owner]} if len(batch) > 1 else how,
            view="FULL",
        )
        return series


@dataclass(frozen=True, eq=False)
class SeriesQuery:
    """A query with what Cloud Monitoring calls it; two that ask the same are two."""

    query: MetricQuery
    measured: Measured

    @property
    def statistic(self) -> str:
        """What is taken of the values: a count that is asked for its average means its sum."""
        return natural_statistic(self.query.metric, self.query.statistic)

    @property
    def owner(self) -> str:
        """The label by which the series of several groups are told apart; empty where there is none."""
        return OWNERS.get(self.measured.native.resource, "")

    @property
    def term(self) -> str:
        """What its filter says of the group."""
        return f'{self.owner} = "{self.query.group}"'

    @property
    def question(self) -> tuple[object, ...]:
        """The same for queries that differ only in their group."""
        is_shared = self.owner and not (self.measured.scope and self.measured.scope.second)
        text = self.measured.full_filter.replace(self.term, "") if is_shared else id(self)
        return text, self.statistic, self.query.period, self.query.times


def _batches(requests: Sequence[SeriesQuery]) -> Iterator[list[SeriesQuery]]:
    """The queries that one call answers: of one metric, of so many groups as a filter has room for."""
    alike: dict[tuple[object, ...], list[SeriesQuery]] = {}
    for request in requests:
        alike.setdefault(request.question, []).append(request)
    for some in alike.values():
        batch: list[SeriesQuery] = []
        for request in some:
            if batch and len(_filter_of([*batch, request])) > MOST_LETTERS:
                yield batch
                batch = []
            batch.append(request)
        yield batch


def _filter_of(batch: Sequence[SeriesQuery]) -> str:
    first, names = batch[0], sorted({request.query.group for request in batch})
    if len(batch) == 1:
        return first.measured.full_filter
    several = ",".join(f'"{name}"' for name in names)
    return first.measured.full_filter.replace(first.term, f"{first.owner} = one_of({several})")


def _dealt(
    batch: Sequence[SeriesQuery], series: Sequence[dict[str, Any]]
) -> Iterator[tuple[SeriesQuery, list[dict[str, Any]]]]:
    """Each query with the series that are of its group."""
    for request in batch:
        mine = (
            series
            if len(batch) == 1
            else [each for each in series if _owner_of(each, request.owner) == request.query.group]
        )
        yield request, list(mine)


def _owner_of(series: Mapping[str, Any], owner: str) -> str:
    family, _, name = owner.rpartition(".")
    labels: Mapping[str, Any] = (
        (series.get("metadata") or {}).get("systemLabels") or {}
        if family == "metadata.system_labels"
        else (series.get("resource") or {}).get("labels") or {}
    )
    return str(labels.get(name, ""))


def _values(request: SeriesQuery, series: Sequence[Mapping[str, Any]]) -> dict[datetime, float]:
    query, wanted = request.query, set(request.query.times)
    values = ((end + INSTANT - query.period, value) for item in series for end, value in points_of(item))
    return {at: _ours(value, query, request.measured) for at, value in values if at in wanted}


def _ours(value: float, query: MetricQuery, measured: Measured) -> float:
    if query.statistic == "count":
        return value
    per_minute = query.period / MINUTE if query.metric.name == "requests-per-instance" else 1
    return from_native(value, measured.native) / per_minute


def points_of(series: Mapping[str, Any]) -> Iterator[tuple[datetime, float]]:
    """The points of a series: the end of each, and its value as Cloud Monitoring counts it."""
    for point in series.get("points") or ():
        value = point.get("value") or {}
        number = value.get("doubleValue", value.get("int64Value"))
        if number is None:
            number = (value.get("distributionValue") or {}).get("mean", 0.0)
        yield datetime.fromisoformat(point["interval"]["endTime"]).astimezone(UTC), float(number)


def interval_of(begin: datetime, end: datetime) -> dict[str, str]:
    """
    The interval of whole periods from one moment up to another.

    Periods are counted back from the end, which is inside the last: ours begin with their first moment.
    """
    return {"startTime": _zulu(begin - INSTANT), "endTime": _zulu(end - INSTANT)}


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
            batches = list(in_batches(turn, MOST_SERIES))
            self.calls.gather_or_raise([partial(self._send, batch) for batch in batches])

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
    for item in series:
        key = json.dumps([item["metric"], item["resource"]], sort_keys=True)
        by_series.setdefault(key, {})[item["points"][0]["interval"]["endTime"]] = item
    left = [[points[at] for at in sorted(points)] for points in by_series.values()]
    while left := [points for points in left if points]:
        yield [points.pop(0) for points in left]
