"""Datapoints of many groups at once by the metrics of a region, and custom metrics written to its data plane."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from trimtab.errors import Unsupported
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.ids import normal_location
from trimtab.providers.azure.metrics import Measured, Scope, from_native, metric_for
from trimtab.providers.azure.names import INVERTED_STATISTIC, OVER_TIME, iso
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.metrics import natural_statistic
from trimtab.providers.moments import zulu

GRAINS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 360, 720, 1440))
"""The intervals that Azure Monitor answers in: https://learn.microsoft.com/rest/api/monitor/metrics/list."""


class MetricRequest(NamedTuple):
    """One resource's metric over time, as Azure is asked for it."""

    measured: Measured
    statistic: str
    grain: timedelta


@dataclass(frozen=True)
class MetricReader:
    """Reads many metrics of many groups, a call for each metric of a resource, at the same time."""

    calls: Calls

    def read(self, queries: Sequence[MetricQuery]) -> list[Datapoints]:
        """
        An answer to each query, in order.

        Raises:
            Unsupported: Azure Monitor has no such metric, or none of that period or statistic.
        """
        questions = [self._question(query) for query in queries]
        answers = self.calls.gather_or_raise(
            [partial(self._ask, query, question) for query, question in zip(queries, questions, strict=True)]
        )
        return [query.answered(answer) for query, answer in zip(queries, answers, strict=True)]

    def _question(self, query: MetricQuery) -> MetricRequest:
        scope = Scope(self.calls.home.scale_set(query.group), "", query.group)
        measured = metric_for(query.metric, scope)
        if measured.is_storage_queue:
            text = "autoscale alone knows the length of one storage queue; read it by a function of your own"
            raise Unsupported(f"Azure Monitor answers nothing for {query.metric.name!r} of it: {text}")
        statistic = natural_statistic(query.metric, query.statistic)
        if measured.native.inverted:
            statistic = INVERTED_STATISTIC.get(statistic, statistic)
            if statistic == "sum":
                text = f"Azure Monitor measures what {query.metric.name} leaves, whose sum says nothing of what is used"
                raise Unsupported(f"{text}; use average, minimum, maximum or count")
        if statistic not in OVER_TIME:
            raise Unsupported(
                f"Azure Monitor does not support {statistic}; use average, minimum, maximum, sum or count"
            )
        if query.period not in GRAINS:
            raise Unsupported(
                f"Azure Monitor does not support a period of {query.period}; use 1m, 5m, 15m, 30m, 1h, 6h, 12h or 1d"
            )
        return MetricRequest(measured, OVER_TIME[statistic], query.period)

    def _ask(self, query: MetricQuery, question: MetricRequest) -> dict[datetime, float]:
        times = query.times
        if not times:
            return {}
        measured = question.measured
        where = " and ".join(f"{name} eq '{value}'" for name, value in sorted(measured.dimensions.items()))
        reply = self.calls.call(
            "monitor.metrics.list",
            measured.resource.lstrip("/"),
            timespan=f"{zulu(times[0])}/{zulu(times[-1] + query.period)}",
            interval=iso(question.grain),
            metricnames=measured.name,
            aggregation=question.statistic,
            metricnamespace=measured.namespace or None,
            filter=where or None,
        )
        word = question.statistic.lower()
        return dict(_values(reply, word, measured, query))


def _values(
    reply: Mapping[str, Any], word: str, measured: Measured, query: MetricQuery
) -> list[tuple[datetime, float]]:
    points: list[tuple[datetime, float]] = []
    for metric in reply.get("value") or ():
        for series in metric.get("timeseries") or ():
            for point in series.get("data") or ():
                if point.get(word) is not None:
                    at = datetime.fromisoformat(point["timeStamp"]).astimezone(UTC)
                    value = float(point[word])
                    points.append((at, value if word == "count" else _ours(value, word, measured, query)))
    return points


def _ours(value: float, word: str, measured: Measured, query: MetricQuery) -> float:
    per_minute = query.metric.name == "requests-per-instance" and word == "total"
    return from_native(value, measured.native) / (query.period / timedelta(minutes=1) if per_minute else 1)


@dataclass(frozen=True)
class MetricWriter:
    """Writes custom metrics of scale sets, a call for each value, at the same time."""

    calls: Calls

    def write(self, values: Sequence[MetricValue]) -> None:
        """Send them to the data plane of their regions."""
        self.calls.gather_or_raise([partial(self._send, value) for value in values])

    def _send(self, value: MetricValue) -> None:
        dimensions = {
            name: text.replace("{group}", value.group)
            for name, text in {**value.metric.dimensions, **value.dimensions}.items()
        }
        series: dict[str, Any] = {"min": value.value, "max": value.value, "sum": value.value, "count": 1}
        if dimensions:
            series["dimValues"] = list(dimensions.values())
        data: dict[str, Any] = {"metric": value.metric.name, "namespace": value.metric.namespace, "series": [series]}
        if dimensions:
            data["dimNames"] = list(dimensions)
        at = value.at or self.calls.clock.now()
        body = {"time": at.astimezone(UTC).isoformat(), "data": {"baseData": data}}
        region = normal_location(value.location or self.calls.location)
        path = f"{self.calls.home.scale_set(value.group)}/metrics"
        self.calls.publish(region, path, body)
