"""Neutral metrics as Azure Monitor has them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from trimtab.engine.rounding import exact
from trimtab.errors import Unsupported
from trimtab.models import Metric, MetricSource
from trimtab.providers.azure.ids import Home, is_id, parse_id
from trimtab.providers.metrics import refuse_external

MINUTE = timedelta(minutes=1)
WHOLE = 100
"""All of something measured in per cent; what is turned round is what is left of it."""


class Where(StrEnum):
    """Which resource a metric is measured at."""

    SCALE_SET = "scale set"
    GATEWAY = "application gateway"
    QUEUE = "queue"
    SETTING = "autoscale setting"


@dataclass(frozen=True, slots=True)
class NativeMetric:
    """
    One row: what a neutral metric is called in Azure Monitor.

    Attributes:
        namespace: Only where it is not that of the resource itself.
        name: Its name in the REST API.
        where: The resource that has it.
        factor: What a value in our unit is multiplied by.
        inverted: Whether Azure counts what is left of 100 %, so that comparisons turn round.
        shared: Whether a rule divides it by the number of instances.
        dimensions: Which of its series are meant.
        statistics: Those that Azure Monitor has of it, where not all.
    """

    name: str
    where: Where = Where.SCALE_SET
    namespace: str = ""
    factor: int = 1
    inverted: bool = False
    shared: bool = False
    dimensions: Mapping[str, str] = field(default_factory=dict)
    statistics: Collection[str] = ()


SUM = ("sum",)
# https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-network-applicationgateways-metrics
# https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-servicebus-namespaces-metrics
# https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-compute-virtualmachinescalesets-metrics
# https://learn.microsoft.com/azure/application-gateway/monitor-application-gateway-reference
# https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-insights-autoscalesettings-metrics
NATIVE: Mapping[str, NativeMetric] = {
    "cpu": NativeMetric("Percentage CPU"),
    # bytes of a minute; ours are of a second
    "network-in": NativeMetric("Network In Total", factor=60),
    "network-out": NativeMetric("Network Out Total", factor=60),
    # no agent: the host knows how much is free
    "memory": NativeMetric("Available Memory Percentage", inverted=True),
    # what the Azure Monitor agent sends with its counters of the guest
    "disk": NativeMetric("disk/used_percent", namespace="azure.vm.linux.guestmetrics"),
    "requests": NativeMetric("TotalRequests", Where.GATEWAY, statistics=SUM),
    "requests-per-instance": NativeMetric("TotalRequests", Where.GATEWAY, shared=True, statistics=SUM),
    "errors-5xx": NativeMetric(
        "BackendResponseStatus", Where.GATEWAY, dimensions={"HttpStatusGroup": "5xx"}, statistics=SUM
    ),
    # milliseconds
    "latency": NativeMetric(
        "BackendFirstByteResponseTime", Where.GATEWAY, factor=1000, statistics=("average", "maximum")
    ),
    "queue-depth": NativeMetric("ActiveMessages", Where.QUEUE, statistics=("average", "minimum", "maximum")),
    "queue-per-instance": NativeMetric(
        "ActiveMessages", Where.QUEUE, shared=True, statistics=("average", "minimum", "maximum")
    ),
    # "The capacity reported to autoscale when it executed"
    "instances": NativeMetric("ObservedCapacity", Where.SETTING, statistics=("average",)),
}
NOT_MEASURED: Mapping[str, str] = {
    "queue-in-flight": "a storage queue has the messages in flight in its queue-depth, and Service Bus counts none",
}
"""Neutral metrics that Azure Monitor does not have, and what it has instead."""
SERVICE_BUS = "microsoft.servicebus/namespaces/queues"
STORAGE_QUEUE = "microsoft.storage/storageaccounts/services/queues"
"""How autoscale writes the id of a storage queue."""
QUEUE_SERVICE = "microsoft.storage/storageaccounts/queueservices/queues"
"""How everybody else does."""
STORAGE_NAME = "ApproximateMessageCount"


class Scope(NamedTuple):
    """Where a group's metrics are found."""

    scale_set: str
    """The id of its scale set."""
    gateway: str = ""
    """The id of the application gateway that it is attached to."""
    group: str = ""
    """Its native name."""

    @property
    def setting(self) -> str:
        """The id of its autoscale setting, which has its name."""
        parts = parse_id(self.scale_set)
        home = Home(parts.subscription, parts.resource_group) if parts else Home("", "")
        return home.id_of("Microsoft.Insights/autoscaleSettings", self.group)


class Measured(NamedTuple):
    """A metric with everything that a rule, an alert or a query says of it."""

    native: NativeMetric
    resource: str
    name: str
    namespace: str
    dimensions: Mapping[str, str]

    @property
    def own_namespace(self) -> str:
        """The namespace, also where it is that of the resource."""
        parts = parse_id(self.resource)
        return self.namespace or (parts.kind if parts else "")

    @property
    def is_storage_queue(self) -> bool:
        """Whether it is measured at a storage queue, which autoscale alone knows."""
        parts = parse_id(self.resource)
        return parts is not None and parts.kind.lower() == STORAGE_QUEUE


def find_metric(metric: Metric) -> NativeMetric | None:
    """The metric that is meant; `None` for one that Azure Monitor does not have."""
    if metric.source is MetricSource.CUSTOM:
        return NativeMetric(metric.name, namespace=metric.namespace or "", dimensions=metric.dimensions)
    return NATIVE.get(metric.name) if metric.is_neutral else None


def metric_for(metric: Metric, scope: Scope) -> Measured:
    """
    Resource, name, namespace and dimensions of a metric for a group.

    Raises:
        Unsupported: Azure Monitor has no such metric, or it takes what the group does not have.
    """
    refuse_external(metric)
    native = find_metric(metric)
    if native is None:
        why = f": {NOT_MEASURED[metric.name]}" if metric.name in NOT_MEASURED else ""
        raise Unsupported(f"Azure Monitor has no metric for {metric.name!r}{why}")
    match native.where:
        case Where.QUEUE:
            return _of_queue(metric, native)
        case Where.SETTING:
            return Measured(native, scope.setting, native.name, native.namespace, native.dimensions)
        case Where.GATEWAY:
            gateway = metric.of or scope.gateway
            if "/applicationgateways/" not in gateway.lower() or not is_id(gateway):
                text = (
                    "an application gateway; set `azure.application_gateway_pools`, or give its id as the metric's `of`"
                )
                raise Unsupported(f"the metric {metric.name!r} needs {text}")
            return Measured(native, gateway, native.name, native.namespace, native.dimensions)
        case _:
            dimensions = {name: value.replace("{group}", scope.group) for name, value in native.dimensions.items()}
            return Measured(native, scope.scale_set, native.name, native.namespace, dimensions)


def _of_queue(metric: Metric, native: NativeMetric) -> Measured:
    identity = metric.of or ""
    parts = parse_id(identity)
    kind = parts.kind.lower() if parts else ""
    if parts is not None and kind == SERVICE_BUS:
        return Measured(native, _holder(identity), native.name, "", {"EntityName": parts.name})
    if parts is not None and kind == QUEUE_SERVICE:
        identity = f"{_holder(_holder(identity))}/services/queue/queues/{parts.name}"
    if kind in (STORAGE_QUEUE, QUEUE_SERVICE):
        return Measured(native, identity, STORAGE_NAME, "", {})
    text = "the id of a Service Bus or storage queue; give it as `of: /subscriptions/...`"
    raise Unsupported(f"the metric {metric.name!r} needs {text}")


def _holder(identity: str) -> str:
    """The id of what a thing is in."""
    return identity.rstrip("/").rsplit("/", 2)[0]


def metric_problem(metric: Metric, scope: Scope) -> str | None:
    """What keeps Azure Monitor from measuring a metric of a group; `None` when nothing does."""
    try:
        metric_for(metric, scope)
    except Unsupported as error:
        return str(error)
    return None


def to_native(value: float, native: NativeMetric) -> float:
    """A value in our unit as Azure counts it, decimals as written."""
    scaled = exact(value) * native.factor
    return float(WHOLE - scaled if native.inverted else scaled)


def from_native(value: float, native: NativeMetric) -> float:
    """A value as Azure counts it in our unit."""
    return WHOLE - value if native.inverted else value / native.factor
