"""
The least that trimtab needs on Google Cloud, as the definition of a custom role; pure.

Regional health checks and backend services have families of their own beside those of the global ones:
https://cloud.google.com/iam/docs/roles-permissions/compute
"""

from collections.abc import Iterable
from typing import Any

from trimtab.models import Fleet, Metric, MetricSource, ScalingGroup
from trimtab.providers.alarms import is_alert, notification_targets
from trimtab.providers.gcp.alarms import is_channel
from trimtab.providers.gcp.metrics import type_of
from trimtab.providers.gcp.resolve import RESERVATION, RULE, scarce_of
from trimtab.providers.gcp.template import DEFAULT_ACCOUNT
from trimtab.providers.health import asks_balancer, has_probe
from trimtab.providers.metrics import watched
from trimtab.providers.run import BLUE_GREEN

READ = (
    "compute.autoscalers.get",
    "compute.autoscalers.list",
    "compute.backendServices.list",
    "compute.globalOperations.list",
    "compute.healthChecks.list",
    "compute.instanceGroupManagers.get",
    "compute.instanceGroupManagers.list",
    "compute.instanceTemplates.list",
    "compute.instances.list",
    "compute.regionBackendServices.list",
    "compute.regionHealthChecks.list",
    "compute.regionOperations.list",
    "compute.regions.get",
    "compute.zoneOperations.list",
    "monitoring.alertPolicies.list",
    "monitoring.alerts.list",
    "monitoring.notificationChannels.list",
    "monitoring.timeSeries.list",
)
"""What plan, status and watch ask for."""
CONTROLLED_READ = (
    "compute.autoscalers.get",
    "compute.autoscalers.list",
    "compute.globalOperations.list",
    "compute.instanceGroupManagers.get",
    "compute.instanceGroupManagers.list",
    "compute.regionOperations.list",
    "compute.zoneOperations.list",
    "monitoring.timeSeries.list",
)
"""What the controller asks for."""
CONTROLLED_WRITE = (
    "compute.instanceGroupManagers.update",
    "compute.regionOperations.get",
    "compute.zoneOperations.get",
)
"""The size, and whether it was taken."""
WRITE = (
    "compute.autoscalers.create",
    "compute.autoscalers.delete",
    "compute.autoscalers.update",
    "compute.instanceGroupManagers.create",
    "compute.instanceGroupManagers.delete",
    "compute.instanceGroupManagers.update",
    "compute.instanceGroupManagers.use",
    "compute.instanceGroups.create",
    "compute.instanceGroups.delete",
    "compute.instanceTemplates.create",
    "compute.instanceTemplates.delete",
    "compute.instanceTemplates.get",
    "compute.instanceTemplates.useReadOnly",
    "compute.instances.create",
    "compute.globalOperations.get",
    "compute.regionOperations.get",
    "compute.zoneOperations.get",
    "compute.disks.create",
    "compute.subnetworks.use",
    "compute.networks.use",
    "monitoring.timeSeries.create",
)
BALANCED = (
    "compute.backendServices.get",
    "compute.backendServices.update",
    "compute.instanceGroups.use",
    "compute.regionBackendServices.get",
    "compute.regionBackendServices.update",
)
"""A fleet names a load balancer; whether its backend service is global or regional is seen when it is read."""
SHARED = (
    "compute.regionUrlMaps.get",
    "compute.regionUrlMaps.list",
    "compute.regionUrlMaps.update",
    "compute.urlMaps.get",
    "compute.urlMaps.list",
    "compute.urlMaps.update",
)
"""Two backend services share requests by the weights of a URL map, which may be global or regional."""
PORTS = ("compute.instanceGroups.get", "compute.instanceGroups.update")
PROBED = (
    "compute.regionHealthChecks.create",
    "compute.regionHealthChecks.delete",
    "compute.regionHealthChecks.get",
    "compute.regionHealthChecks.update",
    "compute.regionHealthChecks.useReadOnly",
)
"""The checks that trimtab makes are regional."""
ALARMED = (
    "monitoring.alertPolicies.create",
    "monitoring.alertPolicies.delete",
    "monitoring.alertPolicies.update",
    "monitoring.notificationChannels.create",
    "monitoring.notificationChannels.delete",
    "monitoring.notificationChannels.update",
)


SCARCE = {RESERVATION: "compute.reservations.list", RULE: "compute.resourcePolicies.list"}
"""What lists reservations and resource policies."""
PUBLISH = (
    "monitoring.metricDescriptors.create",
    "monitoring.metricDescriptors.get",
    "monitoring.metricDescriptors.list",
    "monitoring.monitoredResourceDescriptors.get",
    "monitoring.monitoredResourceDescriptors.list",
    "monitoring.timeSeries.create",
)
"""What writing metrics takes."""
LOGGED = ("logging.logEntries.create",)
"""What writing logs takes."""
WRITTEN = ("custom.googleapis.com/", "external.googleapis.com/", "workload.googleapis.com/")
"""Where metrics are that a project writes itself: https://cloud.google.com/monitoring/custom-metrics."""


def controller_definition(fleet: Fleet, *, read_only: bool) -> dict[str, Any]:
    """A custom role for the controller of exactly this fleet, without the write for shadow mode."""
    named = f"trimtab {fleet.name} {'shadow ' if read_only else ''}controller"
    wanted = {*CONTROLLED_READ, *(() if read_only else CONTROLLED_WRITE)}
    return _definition(named, f"What the controller of the fleet {fleet.name} needs", wanted)


def role_definition(fleet: Fleet, *, read_only: bool) -> dict[str, Any]:
    """
    A custom role for exactly this fleet.

    https://cloud.google.com/iam/docs/creating-custom-roles
    """
    wanted = {*READ, *(() if read_only else WRITE)}
    for group in fleet.groups:
        wanted |= _needed(group, read_only=read_only)
    named = f"trimtab {fleet.name}{' read only' if read_only else ''}"
    return _definition(
        named, f"What trimtab needs to {'read' if read_only else 'handle'} the fleet {fleet.name}", wanted
    )


def instance_definition(fleet: Fleet) -> dict[str, Any]:
    """
    A custom role for the service account of the fleet's instances: the permissions of Monitoring Metric Writer.

    With the Ops Agent, which sends the system's log as well, also that of Logs Writer.
    https://cloud.google.com/iam/docs/roles-permissions/monitoring#monitoring.metricWriter
    https://docs.cloud.google.com/logging/docs/agent/ops-agent/installation
    """
    from trimtab.providers.agents import installs  # plans do without

    has_agent = any(installs(fleet, "gcp", "ops-agent"))
    published = has_agent or any(is_published(metric) for group in fleet.groups for metric in watched(group))
    wanted = {*(PUBLISH if published else ()), *(LOGGED if has_agent else ())}
    text = f"What the instances of the fleet {fleet.name} need"
    return _definition(f"trimtab {fleet.name} instances", text, wanted)


def is_published(metric: Metric) -> bool:
    """Whether an instance writes a metric: its agent does, or it is one of the project's own."""
    if metric.source is MetricSource.AGENT:
        return True
    return metric.source is MetricSource.CUSTOM and type_of(metric).startswith(WRITTEN)


def _definition(title: str, text: str, wanted: Iterable[str]) -> dict[str, Any]:
    return {"title": title, "description": text, "stage": "GA", "includedPermissions": sorted(wanted)}


def _needed(group: ScalingGroup, *, read_only: bool) -> set[str]:
    """What a group's own fields take."""
    place = group.placement
    looked_up = {"networks": place.network, "subnetworks": place.subnets, "zones": place.zones}
    permissions = {"compute.images.list", "compute.machineTypes.list"}
    permissions |= {f"compute.{what}.list" for what, names in looked_up.items() if names}
    if any(is_alert(alarm) and alarm.metric.source is MetricSource.CUSTOM for alarm in group.alarms):
        permissions.add("monitoring.metricDescriptors.list")
    if any(is_channel(target) for alarm in filter(is_alert, group.alarms) for target in notification_targets(alarm)):
        permissions.add("monitoring.notificationChannels.get")
    if any(balancer.name for balancer in group.load_balancers):
        permissions.add("compute.targetPools.list")
    if group.rollout and group.rollout.strategy == BLUE_GREEN and any(one.alternate for one in group.load_balancers):
        permissions |= {right for right in SHARED if not read_only or right.endswith(".list")}
    if group.template.role and group.template.role != DEFAULT_ACCOUNT:
        permissions.add("iam.serviceAccounts.get")
    named = {what for _, what, _ in scarce_of(group)}
    permissions |= {right for what, right in SCARCE.items() if what in named}
    if any(disk.key for disk in group.template.disks):
        permissions.add("cloudkms.cryptoKeys.get")
    if read_only:
        return permissions
    permissions.add("compute.images.useReadOnly")
    permissions |= {*BALANCED} if group.cloud_balancers else set()
    if group.gcp.named_ports or any(balancer.port is not None for balancer in group.load_balancers):
        permissions |= {*PORTS}
    if has_probe(group):
        permissions |= {*PROBED}
    elif asks_balancer(group):
        permissions |= {"compute.healthChecks.useReadOnly", "compute.regionHealthChecks.useReadOnly"}
    if any(map(is_alert, group.alarms)):
        permissions |= {*ALARMED}
    if group.template.public_address:
        permissions.add("compute.subnetworks.useExternalIp")
    if group.template.role:
        permissions.add("iam.serviceAccounts.actAs")
    return permissions
