"""The metrics that Azure itself has of some types of resources; an alert on others is refused unless it says so."""

from collections.abc import Mapping

from trimtab.emulators.azure.datapoints import DatapointStore, platform_namespace
from trimtab.emulators.shared.errors import ServiceError

_DISKS = (
    "Bandwidth Consumed Percentage",
    "IOPS Consumed Percentage",
    "Max Burst Bandwidth",
    "Max Burst IOPS",
    "Queue Depth",
    "Read Bytes/sec",
    "Read Operations/Sec",
    "Target Bandwidth",
    "Target IOPS",
    "Used Burst BPS Credits Percentage",
    "Used Burst IO Credits Percentage",
    "Write Bytes/sec",
    "Write Operations/Sec",
)
_MACHINE = (
    "Available Memory Bytes",
    "Available Memory Percentage",
    "CPU Credits Consumed",
    "CPU Credits Remaining",
    *(f"{disk} {name}" for disk in ("Data Disk", "OS Disk") for name in _DISKS),
    "Disk Read Bytes",
    "Disk Read Operations/Sec",
    "Disk Write Bytes",
    "Disk Write Operations/Sec",
    "Inbound Flows",
    "Inbound Flows Maximum Creation Rate",
    "Network In",
    "Network In Total",
    "Network Out",
    "Network Out Total",
    "Outbound Flows",
    "Outbound Flows Maximum Creation Rate",
    "Percentage CPU",
    "Premium Data Disk Cache Read Hit",
    "Premium Data Disk Cache Read Miss",
    "Premium OS Disk Cache Read Hit",
    "Premium OS Disk Cache Read Miss",
    "VM Cached Bandwidth Consumed Percentage",
    "VM Cached IOPS Consumed Percentage",
    "VM Local Used Burst BPS Credits Percentage",
    "VM Local Used Burst IO Credits Percentage",
    "VM Remote Used Burst BPS Credits Percentage",
    "VM Remote Used Burst IO Credits Percentage",
    "VM Uncached Bandwidth Consumed Percentage",
    "VM Uncached IOPS Consumed Percentage",
    "VmAvailabilityMetric",
)
# https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/metrics-index
_NAMES: Mapping[str, tuple[str, ...]] = {
    "microsoft.compute/virtualmachinescalesets": _MACHINE,
    "microsoft.compute/virtualmachines": _MACHINE,
    # a single queue is known to autoscale alone
    "microsoft.storage/storageaccounts/services/queues": (),
    "microsoft.storage/storageaccounts/queueservices": (
        *("Availability", "Egress", "Ingress", "QueueCapacity", "QueueCount", "QueueMessageCount"),
        *("SuccessE2ELatency", "SuccessServerLatency", "Transactions"),
    ),
}
"""The names by the type of resource, in small letters; what is of another type is not told apart here."""


def check_known(datapoints: DatapointStore, resource: str, namespace: str | None, name: str) -> None:
    """
    Refuse a metric that is neither Azure's own of that type of resource nor has been written.

    Raises:
        ServiceError: `BadRequest`, as Monitor refuses it.
    """
    own = platform_namespace(resource).lower()
    asked = (namespace or own).lower()
    names = _NAMES.get(asked) if asked == own else ()
    if names is None or name.lower() in (each.lower() for each in names):
        return
    written = {(space.lower(), metric.lower()) for space, metric, _ in datapoints.metrics(resource)}
    if (asked, name.lower()) not in written:
        text = (
            f"Couldn't find a metric named {name}. Make sure the name is correct, or skip the validation of a custom "
            "metric that is not emitted yet (skipMetricValidation)."
        )
        raise ServiceError("BadRequest", text)
