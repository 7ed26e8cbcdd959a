"""Neutral metrics as Cloud Monitoring has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from trimtab.engine.rounding import exact
from trimtab.errors import Unsupported
from trimtab.models import Metric, MetricSource
from trimtab.providers.gcp.ids import name_of
from trimtab.providers.metrics import refuse_external

OWN = "custom.googleapis.com"
"""Where metrics of one's own live whose namespace names no service."""
INSTANCE, BALANCER, SUBSCRIPTION, GLOBAL = "gce_instance", "https_lb_rule", "pubsub_subscription", "global"
GROUP = "instance_group"


OWNERS: Mapping[str, str] = {
    INSTANCE: "metadata.system_labels.instance_group",
    BALANCER: "resource.labels.backend_name",
    GROUP: "resource.labels.instance_group_name",
}
"""The label that says which group a series is of, by the resource that is measured."""


class PointShape(StrEnum):
    """What the points of a metric are."""

    GAUGE = "gauge"
    COUNTER = "counter"
    """How much was counted since the point before."""
    DISTRIBUTION = "distribution"


@dataclass(frozen=True, slots=True)
class NativeMetric:
    """
    One row: what a neutral metric is called in Cloud Monitoring.

    Attributes:
        type: Its type in the API.
        resource: The type of the resource that has it.
        labels: Which of its series are meant.
        factor: What a value in our unit is multiplied by.
        shape: What its points are.
        per_second: Whether our unit is a rate of it in a second.
        shared: Whether it is of the whole group, and ours is what one instance has of it.
        added: Whether two native groups have the sum of it together, whatever is asked of one over time.
    """

    type: str
    resource: str = INSTANCE
    labels: Mapping[str, str] = field(default_factory=dict)
    factor: float = 1
    shape: PointShape = PointShape.GAUGE
    per_second: bool = False
    shared: bool = False
    added: bool = False


_REQUESTS = "loadbalancing.googleapis.com/https/backend_request_count"
_SUBSCRIPTION = "pubsub.googleapis.com/subscription"
_QUEUED = f"{_SUBSCRIPTION}/num_undelivered_messages"

# https://cloud.google.com/monitoring/api/metrics_gcp and https://cloud.google.com/monitoring/api/metrics_opsagent
NATIVE: Mapping[str, NativeMetric] = {
    # a fraction
    "cpu": NativeMetric("compute.googleapis.com/instance/cpu/utilization", factor=0.01),
    "network-in": NativeMetric(
        "compute.googleapis.com/instance/network/received_bytes_count", shape=PointShape.COUNTER, per_second=True
    ),
    "network-out": NativeMetric(
        "compute.googleapis.com/instance/network/sent_bytes_count", shape=PointShape.COUNTER, per_second=True
    ),
    "memory": NativeMetric("agent.googleapis.com/memory/percent_used", labels={"state": "used"}),
    "disk": NativeMetric("agent.googleapis.com/disk/percent_used", labels={"state": "used"}),
    "requests": NativeMetric(_REQUESTS, BALANCER, shape=PointShape.COUNTER),
    "requests-per-instance": NativeMetric(_REQUESTS, BALANCER, shape=PointShape.COUNTER, shared=True),
    "errors-5xx": NativeMetric(_REQUESTS, BALANCER, labels={"response_code_class": "500"}, shape=PointShape.COUNTER),
    # milliseconds
    "latency": NativeMetric(
        "loadbalancing.googleapis.com/https/backend_latencies", BALANCER, factor=1000, shape=PointShape.DISTRIBUTION
    ),
    "queue-depth": NativeMetric(_QUEUED, SUBSCRIPTION),
    # of push subscriptions; what a pulling client holds is in the messages that are not acknowledged
    "queue-in-flight": NativeMetric(f"{_SUBSCRIPTION}/num_outstanding_messages", SUBSCRIPTION),
    "queue-per-instance": NativeMetric(_QUEUED, SUBSCRIPTION, shared=True),
    "instances": NativeMetric("compute.googleapis.com/instance_group/size", GROUP, added=True),
}


class Scope(NamedTuple):
    """Where a group's metrics are found."""

    group: str
    """Its native name."""
    second: str = ""
    """The name of its other native group, where it has two."""

    @property
    def words(self) -> str:
        """What a filter says after the label that names the group."""
        return f'= one_of("{self.group}","{self.second}")' if self.second else f'= "{self.group}"'


class Measured(NamedTuple):
    """A metric with everything that a signal, a condition or a query says of it."""

    native: NativeMetric
    resource_labels: Mapping[str, str]
    metric_labels: Mapping[str, str]
    scope: Scope | None = None
    """The group whose instances or backends are meant; `None` where the series is of neither."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of the resource that a series of the group has, where the resource names it."""
        family, _, name = OWNERS.get(self.native.resource, "").rpartition(".")
        owner = {name: self.scope.group} if family == "resource.labels" and self.scope and self.scope.group else {}
        return {**self.resource_labels, **owner}

    @property
    def filter(self) -> str:
        """Its series, in the filter language of Cloud Monitoring, less the type of the metric."""
        return " AND ".join(self._terms())

    @property
    def signal_filter(self) -> str:
        """Its series as an autoscaler is told them, which looks at the instances of its own group only."""
        if self.native.resource != INSTANCE:
            return self.filter
        return " AND ".join(f'metric.labels.{name} = "{value}"' for name, value in sorted(self.metric_labels.items()))

    @property
    def full_filter(self) -> str:
        """Its series with the type of the metric."""
        return " AND ".join((f'metric.type = "{self.native.type}"', *self._terms()))

    def _terms(self) -> tuple[str, ...]:
        resource = (f'resource.labels.{name} = "{value}"' for name, value in sorted(self.resource_labels.items()))
        metric = (f'metric.labels.{name} = "{value}"' for name, value in sorted(self.metric_labels.items()))
        owner = OWNERS.get(self.native.resource)
        members = (f"{owner} {self.scope.words}",) if owner and self.scope and self.scope.group else ()
        return (f'resource.type = "{self.native.resource}"', *resource, *members, *metric)


def find_metric(metric: Metric) -> NativeMetric | None:
    """The metric that is meant; `None` for one that Cloud Monitoring does not have."""
    if metric.source is MetricSource.CUSTOM:
        resource = GLOBAL if metric.dimensions else INSTANCE
        return NativeMetric(type_of(metric), resource, labels=metric.dimensions)
    return NATIVE.get(metric.name) if metric.is_neutral else None


def type_of(metric: Metric) -> str:
    """The type of a metric of one's own: under a service that its namespace names, else under `custom`."""
    namespace = metric.namespace or ""
    service = namespace.split("/")[0]
    return f"{namespace}/{metric.name}" if "." in service else f"{OWN}/{namespace}/{metric.name}"


def metric_for(metric: Metric, scope: Scope) -> Measured:
    """
    Type and labels of a metric for a group.

    Raises:
        Unsupported: Cloud Monitoring has no such metric, or the fleet does not say which queue.
    """
    refuse_external(metric)
    row = find_metric(metric)
    if row is None:
        way = "; name its `source`, which a running controller asks" if metric.source is MetricSource.PROMQL else ""
        raise Unsupported(f"Cloud Monitoring has no metric for {metric.name!r}{way}")
    labels = {name: value.replace("{group}", scope.group) for name, value in row.labels.items()}
    match row.resource:
        case "https_lb_rule" | "instance_group":
            return Measured(row, {}, labels, scope)
        case "pubsub_subscription":
            if not metric.of:
                raise Unsupported(f"the metric {metric.name!r} needs a subscription: `of: projects/P/subscriptions/S`")
            return Measured(row, {"subscription_id": name_of(metric.of)}, labels)
        case "gce_instance":
            return Measured(row, {}, labels, scope)
        case _:
            return Measured(row, {}, labels)


def to_native(value: float, native: NativeMetric) -> float:
    """A value in our unit as Cloud Monitoring counts it, decimals as written: here and nowhere else."""
    return float(exact(value) * exact(native.factor))


def from_native(value: float, native: NativeMetric) -> float:
    """A value as Cloud Monitoring counts it in our unit, without the noise of binary fractions."""
    return round(float(exact(value) / exact(native.factor)), 9)
