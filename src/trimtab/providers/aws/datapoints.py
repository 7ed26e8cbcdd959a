"""Datapoints of many groups and metrics at once by GetMetricData, and values published by PutMetricData."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from trimtab.errors import Unsupported
from trimtab.models import Metric, MetricSource, Unit
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.existing import find_target_groups
from trimtab.providers.aws.facts import TargetGroup
from trimtab.providers.aws.metrics import (
    INSTANCE,
    MINUTE,
    PER_INSTANCE,
    Scale,
    Scope,
    find_metric,
    instance_metric,
    metric_for,
    quotient,
    scale_of,
    unscaled,
)
from trimtab.providers.aws.policies import STATISTICS
from trimtab.providers.aws.reads import list_groups
from trimtab.providers.aws.resources import launched_from
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.metrics import natural_statistic
from trimtab.providers.retry import in_batches

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html and API_PutMetricData.html
QUERIES = 500
DATAPOINTS = 100_800
VALUES = 1000
UNITS = {
    Unit.PERCENT: "Percent",
    Unit.COUNT: "Count",
    Unit.BYTES_PER_SECOND: "Bytes/Second",
    Unit.BYTES: "Bytes",
    Unit.SECONDS: "Seconds",
}
"""Units that CloudWatch has a word for."""

Values = dict[datetime, float]


class QueryPart(NamedTuple):
    """One metric that CloudWatch is asked for: which query it is for, and what is asked."""

    query: int
    stat: Mapping[str, Any]


@dataclass(frozen=True)
class MetricReader:
    """Reads many metrics of many groups, 500 of them a call."""

    calls: Calls

    def read(self, queries: Sequence[MetricQuery]) -> list[Datapoints]:
        """
        An answer to each query, in order.

        Raises:
            Unsupported: CloudWatch has no such metric, or the group lacks what it takes.
        """
        scopes = Scopes(self.calls).of(queries)
        parts = [
            QueryPart(number, stat)
            for number, query in enumerate(queries)
            for stat in stats_of(query, scopes[query.location, query.group])
        ]
        batches = list(_batches(queries, parts))
        answers = self.calls.gather_or_raise([partial(self._ask, queries[batch[0].query], batch) for batch in batches])
        series: dict[int, list[Values]] = {}
        for batch, answer in zip(batches, answers, strict=True):
            for part, values in zip(batch, answer, strict=True):
                series.setdefault(part.query, []).append(values)
        return [
            query.answered(values_of(query, scopes[query.location, query.group], series[number]))
            for number, query in enumerate(queries)
        ]

    def _ask(self, query: MetricQuery, batch: Sequence[QueryPart]) -> list[Values]:
        """The values of parts that are about the same time."""
        series: list[Values] = [{} for _ in batch]
        times = query.times
        if not times:
            return series
        params = {
            "MetricDataQueries": [{"Id": f"q{at}", "MetricStat": part.stat} for at, part in enumerate(batch)],
            "StartTime": times[0],
            "EndTime": times[-1] + query.period,
            "ScanBy": "TimestampAscending",
        }
        for page in self.calls.pages("cloudwatch", "get_metric_data", query.location, **params):
            for result in page["MetricDataResults"]:
                moments = (moment.astimezone(UTC) for moment in result["Timestamps"])
                series[int(result["Id"][1:])].update(zip(moments, result["Values"], strict=True))
        return series


def _batches(queries: Sequence[MetricQuery], parts: Sequence[QueryPart]) -> Iterator[list[QueryPart]]:
    """Parts that one call can answer: about the same time and place, no more of them than a call takes."""
    alike: dict[tuple[Any, ...], list[QueryPart]] = {}
    for part in parts:
        query = queries[part.query]
        alike.setdefault((query.location, query.since, query.until, query.period), []).append(part)
    for some in alike.values():
        size = max(1, min(QUERIES, DATAPOINTS // max(1, len(queries[some[0].query].times))))
        yield from in_batches(some, size)


def stats_of(query: MetricQuery, scope: Scope) -> list[dict[str, Any]]:
    """What CloudWatch is asked for; two metrics where ours is a quotient, which GetMetricData need not work out."""
    metric, period = query.metric, int(query.period.total_seconds())
    if metric.source is MetricSource.PROMQL:
        raise Unsupported("CloudWatch answers PromQL in alarms only; ask Prometheus itself for its datapoints")
    if metric.source is MetricSource.MATH:
        raise Unsupported("metric math is worked out in alarms and policies only; read its parts as custom metrics")
    if _is_quotient(metric):
        pair = [part["MetricStat"] for part in quotient(metric, scope, period) if "MetricStat" in part]
        return [{**stat, "Stat": "Average"} for stat in pair]
    name, namespace, dimensions = metric_for(metric, scope)
    statistic = natural_statistic(metric, query.statistic)
    native = {"Namespace": namespace, "MetricName": name, "Dimensions": _dimensions(dimensions)}
    return [{"Metric": native, "Stat": STATISTICS.get(statistic, statistic), "Period": period}]


def values_of(query: MetricQuery, scope: Scope, series: Sequence[Values]) -> Values:
    """Values in our unit."""
    if _is_quotient(query.metric):
        messages, instances = series
        return {at: value / instances[at] for at, value in messages.items() if instances.get(at)}
    statistic = natural_statistic(query.metric, query.statistic)
    if statistic == "count":
        return series[0]
    factor = scale_of(query.metric, statistic, query.period, detailed=scope.detailed)
    return {at: unscaled(value, factor) for at, value in series[0].items()}


def _is_quotient(metric: Metric) -> bool:
    return metric.name == PER_INSTANCE and metric.source is MetricSource.QUEUE


def _dimensions(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in sorted(given.items())]


@dataclass(frozen=True)
class Scopes:
    """Where the metrics of groups are found, read off the groups where a metric takes more than the name."""

    calls: Calls

    def of(self, queries: Sequence[MetricQuery]) -> dict[tuple[str, str], Scope]:
        """The scope of each group, by region and name; groups in a fleet cost one call each for network metrics."""
        scopes = {(query.location, query.group): Scope(query.group) for query in queries}
        balanced = [query for query in queries if query.metric.source is MetricSource.BALANCER]
        reported = [query for query in queries if _is_reported(query)]
        places = {(query.location, query.group) for query in (*balanced, *reported)}
        groups = self._groups(places)
        targets = self._targets({(query.location, query.group) for query in balanced}, groups)
        for query in balanced:
            place = query.location, query.group
            label = _label_of(query.metric, targets.get(place, ()))
            scopes[place] = scopes[place]._replace(label=label)
        for place in {(query.location, query.group) for query in reported}:
            scopes[place] = scopes[place]._replace(detailed=self._is_detailed(place[0], groups.get(place, {})))
        return scopes

    def _groups(self, places: set[tuple[str, str]]) -> dict[tuple[str, str], Mapping[str, Any]]:
        groups: dict[tuple[str, str], Mapping[str, Any]] = {}
        for region in sorted({place[0] for place in places}):
            names = sorted(name for at, name in places if at == region)
            for item in list_groups(self.calls, region, names):
                groups[region, item["AutoScalingGroupName"]] = item
        return groups

    def _targets(
        self, places: set[tuple[str, str]], groups: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> dict[tuple[str, str], list[TargetGroup]]:
        """The target groups of each group, asked for by region."""
        arns = {place: list(groups.get(place, {}).get("TargetGroupARNs", ())) for place in places}
        known: dict[str, TargetGroup] = {}
        for region in sorted({place[0] for place in places}):
            some = sorted({arn for place, own in arns.items() if place[0] == region for arn in own})
            targets = find_target_groups(self.calls, region, some, by="TargetGroupArns") if some else []
            known |= {target.arn: target for target in targets}
        return {place: [known[arn] for arn in own if arn in known] for place, own in arns.items()}

    def _is_detailed(self, region: str, group: Mapping[str, Any]) -> bool:
        """Whether the group's instances report each minute."""
        template = launched_from(group)
        if not template:
            return False
        params = {"LaunchTemplateName": template["LaunchTemplateName"], "Versions": [template["Version"]]}
        reply = self.calls.call("ec2", "describe_launch_template_versions", region, **params)
        data = reply["LaunchTemplateVersions"][0]["LaunchTemplateData"] if reply["LaunchTemplateVersions"] else {}
        return bool(data.get("Monitoring", {}).get("Enabled"))


def instance_values(
    calls: Calls, region: str, group: str, metric: Metric, instances: Sequence[str], since: datetime
) -> list[float]:
    """
    Every value of these instances since a moment, in our unit: of each minute with detailed monitoring, else of five.

    Raises:
        Unsupported: CloudWatch has the metric of no single instance.
    """
    name, namespace, others = instance_metric(metric, Scope(group))
    now, reader = calls.clock.now(), MetricReader(calls)
    query = MetricQuery(group=group, metric=metric, since=since, until=now, period=MINUTE, location=region)
    statistic = natural_statistic(metric, query.statistic)
    is_detailed = False
    if _is_reported(query):
        is_detailed = bool(instances) and _reports_each_minute(calls, region, group, instances[0])
    factor = scale_of(metric, statistic, query.period, detailed=is_detailed)
    stats = [
        {
            "Metric": {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": _dimensions({**others, INSTANCE: each}),
            },
            "Stat": STATISTICS.get(statistic, statistic),
            "Period": 60,
        }
        for each in instances
    ]
    parts = [QueryPart(0, stat) for stat in stats]
    batches = list(_batches([query], parts))
    answers = calls.gather_or_raise([partial(reader._ask, query, batch) for batch in batches])
    return [unscaled(value, factor) for answer in answers for values in answer for value in values.values()]


def _reports_each_minute(calls: Calls, region: str, group: str, instance: str) -> bool:
    """Whether an instance reports each minute, by the version that it was launched from."""
    for item in list_groups(calls, region, [group]):
        own: Mapping[str, Any] = next(
            (each for each in item.get("Instances") or () if each["InstanceId"] == instance), {}
        )
        return Scopes(calls)._is_detailed(region, {"LaunchTemplate": own.get("LaunchTemplate")})
    return False


def _label_of(metric: Metric, targets: Sequence[TargetGroup]) -> str:
    """The label of the target group that a metric names, or of the only one."""
    fitting = [target for target in targets if metric.of is None or metric.of in (target.name, target.arn)]
    return fitting[0].label if len(fitting) == 1 else ""


def _is_reported(query: MetricQuery) -> bool:
    native = find_metric(query.metric)
    return native is not None and native.scale is Scale.PER_REPORT and query.statistic not in ("sum", "count")


@dataclass(frozen=True)
class MetricWriter:
    """Publishes values, a thousand a call."""

    calls: Calls

    def write(self, values: Sequence[MetricValue]) -> None:
        """Send them all; a call that was repeated after a lost reply counts its values twice."""
        alike: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for value in values:
            alike.setdefault((value.location, value.metric.namespace or ""), []).append(datum_of(value))
        for (region, namespace), data in alike.items():
            for some in in_batches(data, VALUES):
                self.calls.call("cloudwatch", "put_metric_data", region, Namespace=namespace, MetricData=some)


def datum_of(value: MetricValue) -> dict[str, Any]:
    """
    One value as PutMetricData takes it.

    Raises:
        Unsupported: A dimension has nothing to be filled with.
    """
    metric = value.metric
    merged = metric.model_copy(update={"dimensions": {**metric.dimensions, **value.dimensions}})
    name, _, dimensions = metric_for(merged, Scope(value.group))
    return {
        "MetricName": name,
        "Dimensions": _dimensions(dimensions),
        "Timestamp": value.at,
        "Value": value.value,
        "Unit": UNITS.get(metric.unit, "None"),
    }
