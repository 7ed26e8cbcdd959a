"""Neutral metrics as CloudWatch has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from trimtab.engine.rounding import exact
from trimtab.errors import Unsupported
from trimtab.models import Alarm, Metric, MetricSource
from trimtab.models.metric import RESULT
from trimtab.providers.metrics import is_counted, natural_statistic, refuse_external

MINUTE = timedelta(minutes=1)
SAME_UNIT = timedelta(seconds=1)
"""The factor of a metric that CloudWatch has in our unit."""
DETAILED, BASIC = timedelta(minutes=1), timedelta(minutes=5)
"""
How often an instance reports its host metrics.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-detailed-monitoring.html
"""


class Scale(StrEnum):
    """What turns a value in our unit into CloudWatch's."""

    NONE = "none"
    PER_REPORT = "per-report"
    """Ours is for a second; CloudWatch counts bytes in a report, or in a period where they are summed up."""
    PER_MINUTE = "per-minute"
    """Ours is for a minute; CloudWatch counts in a period."""


@dataclass(frozen=True, slots=True)
class NativeMetric:
    """
    One row: what a neutral metric is called in CloudWatch.

    In a dimension `{group}` is the group's native name, `{balancer}` and `{targets}` come from what it is attached to,
    `{of}` is what the metric names.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    scale: Scale = Scale.NONE


class Scope(NamedTuple):
    """Where a group's metrics are found."""

    group: str
    """Its native name."""
    label: str = ""
    """Balancer and target group as ResourceLabel has them: `app/web/0123/targetgroup/web/4567`."""
    detailed: bool = False
    """Whether instances report each minute."""


_GROUP = {"AutoScalingGroupName": "{group}"}
_BALANCER = {"LoadBalancer": "{balancer}", "TargetGroup": "{targets}"}
_ELB = "AWS/ApplicationELB"

NATIVE: Mapping[str, NativeMetric] = {
    "cpu": NativeMetric("AWS/EC2", "CPUUtilization", _GROUP),
    "network-in": NativeMetric("AWS/EC2", "NetworkIn", _GROUP, Scale.PER_REPORT),
    "network-out": NativeMetric("AWS/EC2", "NetworkOut", _GROUP, Scale.PER_REPORT),
    # what the CloudWatch agent publishes with the aggregation dimension AutoScalingGroupName
    "memory": NativeMetric("CWAgent", "mem_used_percent", _GROUP),
    "disk": NativeMetric("CWAgent", "disk_used_percent", _GROUP),
    "requests": NativeMetric(_ELB, "RequestCount", _BALANCER),
    "requests-per-instance": NativeMetric(_ELB, "RequestCountPerTarget", _BALANCER, Scale.PER_MINUTE),
    "errors-5xx": NativeMetric(_ELB, "HTTPCode_Target_5XX_Count", _BALANCER),
    "latency": NativeMetric(_ELB, "TargetResponseTime", _BALANCER),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "queue-depth": NativeMetric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "{of}"}),
    "queue-in-flight": NativeMetric("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", {"QueueName": "{of}"}),
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
    "instances": NativeMetric("AWS/AutoScaling", "GroupInServiceInstances", _GROUP),
}
ON_NETWORK_BALANCER: Mapping[str, NativeMetric] = {
    "requests": NativeMetric("AWS/NetworkELB", "NewFlowCount", {"LoadBalancer": "{balancer}"}),
}
"""What a Network Load Balancer has of them: connections instead of requests."""
NATIVE_STATISTICS = {
    "average": "Average",
    "minimum": "Minimum",
    "maximum": "Maximum",
    "sum": "Sum",
    "count": "SampleCount",
}
PER_INSTANCE = "queue-per-instance"
"""The one metric that CloudWatch only has as a quotient of two."""


def find_metric(metric: Metric) -> NativeMetric | None:
    """The CloudWatch metric that is meant; `None` for one that is no single metric there."""
    if metric.source is MetricSource.CUSTOM:
        return NativeMetric(metric.namespace or "", metric.name, metric.dimensions)
    return NATIVE.get(metric.name) if metric.is_neutral else None


INSTANCE = "InstanceId"
"""The dimension of what a single instance reports."""


def instance_metric(metric: Metric, scope: Scope) -> tuple[str, str, dict[str, str]]:
    """
    Name, namespace and dimensions of a metric of single instances, less the one that tells which.

    Raises:
        Unsupported: CloudWatch has it of no single instance.
    """
    refuse_external(metric)
    native = find_metric(metric)
    if native is None or not metric.name:
        raise Unsupported(f"CloudWatch has no metric {metric.name!r} of single instances; use cpu or a custom metric")
    if metric.source is MetricSource.CUSTOM:
        if INSTANCE not in metric.dimensions:
            text = f"the metric {metric.name!r} has no dimension {INSTANCE}, which tells new instances from old ones"
            raise Unsupported(f"{text}; publish it with one, and name it here with any value")
        others = {name: value for name, value in metric.dimensions.items() if name != INSTANCE}
        return native.name, native.namespace, _filled(others, metric, scope)
    if native.dimensions is not _GROUP:
        owner = "queue" if metric.source is MetricSource.QUEUE else "load balancer"
        text = f"CloudWatch counts {metric.name!r} of a {owner} and not of single instances"
        raise Unsupported(f"{text}; watch it by an alarm in an `alarm` gate")
    return native.name, native.namespace, {}


def metric_for(metric: Metric, scope: Scope) -> tuple[str, str, dict[str, str]]:
    """
    Name, namespace and dimensions of a metric for a group.

    Raises:
        Unsupported: CloudWatch has no such metric, or it takes what the group does not have.
    """
    refuse_external(metric)
    native = find_metric(metric)
    if metric.source is MetricSource.BALANCER and scope.label.startswith("net/"):
        native = ON_NETWORK_BALANCER.get(metric.name)
        if native is None:
            raise Unsupported(f"a Network Load Balancer has no metric {metric.name!r}")
    if native is None:
        raise Unsupported(f"CloudWatch has no single metric for {metric.name!r}; use a custom metric")
    return native.name, native.namespace, _filled(native.dimensions, metric, scope)


def _filled(dimensions: Mapping[str, str], metric: Metric, scope: Scope) -> dict[str, str]:
    balancer, _, targets = scope.label.partition("/targetgroup/")
    words = {"{group}": scope.group, "{of}": metric.of or ""}
    words |= {"{balancer}": balancer, "{targets}": f"targetgroup/{targets}" if targets else ""}
    filled: dict[str, str] = {}
    for name, value in dimensions.items():
        for word, text in words.items():
            value = value.replace(word, text)
        filled[name] = value
    if "" in filled.values():
        raise Unsupported(f"the metric {metric.name!r} needs {needs_of(metric)}")
    return filled


def needs_of(metric: Metric) -> str:
    """What a metric takes that a group may not have, in words."""
    if metric.source is MetricSource.QUEUE:
        return "the name of its queue: `of: NAME`"
    return "a target group of the group that is attached to an Application Load Balancer"


def scale_of(metric: Metric, statistic: str, period: timedelta, *, detailed: bool) -> timedelta:
    """What a value in our unit is multiplied by, in seconds; one second leaves it as it is."""
    native = find_metric(metric)
    match native.scale if native else Scale.NONE:
        case Scale.PER_REPORT:
            return period if statistic == "sum" else DETAILED if detailed else BASIC
        case Scale.PER_MINUTE:
            return period / 60
        case _:
            return SAME_UNIT


def scaled(value: float, factor: timedelta) -> float:
    """A value in our unit as CloudWatch's, decimals as written."""
    return float(exact(value) * exact(factor.total_seconds()))


def statistic_of(alarm: Alarm) -> str:
    """The statistic of an alarm."""
    return natural_statistic(alarm.metric, alarm.statistic)


def unscaled(value: float, factor: timedelta) -> float:
    """A value of CloudWatch's in our unit."""
    return value / factor.total_seconds()


def counted_once(metric: Metric, statistic: str) -> bool:
    """
    Whether a statistic of a count says nothing: each request is reported as 1, so that only their number is more.

    CloudWatch metrics for your Application Load Balancer, RequestCount: "The most useful statistic is Sum. Note that
    Minimum, Maximum, and Average all return 1."
    """
    return is_counted(metric) and statistic not in ("average", "sum", "count")


def quotient(metric: Metric, scope: Scope, period: int, statistic: str = "Average") -> list[dict[str, Any]]:
    """Messages, by any statistic, for each instance in service, as metric math; it takes the group's own metrics."""
    queue = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}
    group = {"Namespace": "AWS/AutoScaling", "MetricName": "GroupInServiceInstances"}
    return [
        _part(
            "messages", {**queue, "Dimensions": [{"Name": "QueueName", "Value": metric.of or ""}]}, statistic, period
        ),
        _part(
            "instances",
            {**group, "Dimensions": [{"Name": "AutoScalingGroupName", "Value": scope.group}]},
            "Average",
            period,
        ),
        {"Id": "quotient", "Expression": "messages / instances", "Label": PER_INSTANCE, "ReturnData": True},
    ]


def math_queries(metric: Metric, scope: Scope, period: int) -> list[dict[str, Any]]:
    """Metric math as CloudWatch takes it: the parts, and the expression that gives the value."""
    parts = [
        _part(
            name,
            {
                "Namespace": part.namespace,
                "MetricName": part.name,
                "Dimensions": _pairs(_filled(part.dimensions, metric, scope)),
            },
            NATIVE_STATISTICS.get(part.statistic, part.statistic),
            period,
        )
        for name, part in metric.parts.items()
    ]
    label = {} if metric.name == MetricSource.MATH else {"Label": metric.name}
    return [*parts, {"Id": RESULT, "Expression": metric.query, **label, "ReturnData": True}]


def _pairs(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())]


def _part(name: str, metric: Mapping[str, Any], statistic: str, period: int) -> dict[str, Any]:
    return {"Id": name, "MetricStat": {"Metric": metric, "Stat": statistic, "Period": period}, "ReturnData": False}
