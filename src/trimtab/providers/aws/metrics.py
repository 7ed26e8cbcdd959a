"""Neutral metrics as CloudWatch has them."""

from collections.abc import Mapping
from dataclasses import dataclass

from trimtab.errors import Unsupported
from trimtab.models import Metric, MetricSource


@dataclass(frozen=True, slots=True)
class NativeMetric:
    """
    One row: what a neutral metric is called in CloudWatch.

    `factor` turns a value in our unit into CloudWatch's; `{group}` in a dimension is the group's native name.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    factor: float = 1.0


_GROUP = {"AutoScalingGroupName": "{group}"}

NATIVE: Mapping[str, NativeMetric] = {
    "cpu": NativeMetric("AWS/EC2", "CPUUtilization", _GROUP),
    # what the CloudWatch agent publishes with the aggregation dimension AutoScalingGroupName
    "memory": NativeMetric("CWAgent", "mem_used_percent", _GROUP),
    "disk": NativeMetric("CWAgent", "disk_used_percent", _GROUP),
}


def find_metric(metric: Metric) -> NativeMetric | None:
    """The CloudWatch metric that is meant; `None` for one that AWS does not carry yet."""
    if metric.source is MetricSource.CUSTOM:
        return NativeMetric(metric.namespace or "", metric.name, metric.dimensions)
    return NATIVE.get(metric.name) if metric.of is None else None


def metric_for(metric: Metric, group: str) -> tuple[str, str, dict[str, str]]:
    """
    Name, namespace and dimensions of a metric for the group with this native name.

    Raises:
        Unsupported: CloudWatch has no such metric, or it comes with a later version.
    """
    found = find_metric(metric)
    if found is None:
        raise Unsupported(f"AWS has no translation for the metric {metric.name!r}; use a custom metric")
    dimensions = {name: value.replace("{group}", group) for name, value in found.dimensions.items()}
    return found.name, found.namespace, dimensions
