"""The least that trimtab needs on Azure, as the definition of a custom role; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trimtab.models import Fleet, MetricSource, ScalingGroup
from trimtab.providers.azure.ids import Home, is_id
from trimtab.providers.azure.resolve import (
    BALANCERS,
    GATEWAYS,
    HOSTS,
    NEARNESS,
    NETWORKS,
    definition_of,
    is_among_networks,
    native_references,
    refers_to,
)
from trimtab.providers.azure.template import is_flexible, is_public_key
from trimtab.providers.azure.translate import home_of
from trimtab.providers.health import asks_balancer
from trimtab.providers.metrics import watched

SETS = "Microsoft.Compute/virtualMachineScaleSets"
INSIGHTS = "Microsoft.Insights"
READ = (
    f"{SETS}/read",
    f"{SETS}/virtualMachines/read",
    "Microsoft.Compute/locations/usages/read",
    "Microsoft.Compute/skus/read",
    f"{INSIGHTS}/autoscaleSettings/read",
    f"{INSIGHTS}/metricAlerts/read",
    f"{INSIGHTS}/metricAlerts/Status/read",
    f"{INSIGHTS}/actionGroups/read",
    f"{INSIGHTS}/Metrics/Read",
    f"{INSIGHTS}/eventtypes/values/Read",
)
CONTROLLED_READ = (
    f"{SETS}/read",
    f"{SETS}/virtualMachines/read",
    f"{INSIGHTS}/autoscaleSettings/read",
    f"{INSIGHTS}/Metrics/Read",
)
"""What the controller reads; of what a scale set refers to it writes nothing, so that it joins nothing."""
WRITE = (
    f"{SETS}/write",
    f"{SETS}/delete",
    f"{SETS}/delete/action",
    f"{SETS}/virtualMachines/write",
    f"{INSIGHTS}/autoscaleSettings/write",
    f"{INSIGHTS}/autoscaleSettings/delete",
    f"{INSIGHTS}/metricAlerts/write",
    f"{INSIGHTS}/metricAlerts/delete",
    f"{INSIGHTS}/actionGroups/write",
    f"{INSIGHTS}/actionGroups/delete",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
)
KEEP = f"{SETS}/manualupgrade/action"
"""How a rollout that went back has instances of the old model count as such; it deletes others as anybody does."""
MACHINES = frozenset({"Microsoft.Compute/virtualMachines/read", "Microsoft.Network/networkInterfaces/read"})
"""What the instances of flexible sets are read by: they and their cards are plain ones."""
JOINS: Mapping[str, str] = {
    BALANCERS: f"{BALANCERS}/backendAddressPools/join/action",
    GATEWAYS: f"{GATEWAYS}/backendAddressPools/join/action",
}


def named_kinds(group: ScalingGroup) -> Iterator[str]:
    """The kinds of what a group names, which a plan looks up before the group is made."""
    key = group.template.ssh_key
    named = {
        "Microsoft.Network/virtualNetworks/subnets": group.placement.subnets,
        "Microsoft.Network/networkSecurityGroups": group.template.security_groups,
        "Microsoft.ManagedIdentity/userAssignedIdentities": group.template.role,
        "Microsoft.Compute/diskEncryptionSets": [disk.key for disk in group.template.disks if disk.key],
        "Microsoft.Compute/capacityReservationGroups": group.purchase.reservation,
        **{
            kind: any(found == what for _, found, _ in native_references(group))
            for kind, what in (
                ("Microsoft.Compute/proximityPlacementGroups", NEARNESS),
                ("Microsoft.Compute/hostGroups", HOSTS),
            )
        },
        NETWORKS: is_among_networks(group),
        "Microsoft.Compute/sshPublicKeys": key and not is_public_key(key),
    }
    yield from (kind for kind, names in named.items() if names)


def is_of_catalogue(group: ScalingGroup) -> bool:
    """Whether a group's image is one that publishers offer, and not one of somebody's own."""
    return not is_id(group.template.image.id or "")


def controller_definition(fleet: Fleet, home: Home, *, read_only: bool) -> dict[str, Any]:
    """A custom role for the controller of exactly this fleet, without the write for shadow mode."""
    actions = {*CONTROLLED_READ, *(() if read_only else (f"{SETS}/write",))}
    if any(map(is_flexible, fleet.groups)):
        actions.add("Microsoft.Compute/virtualMachines/read")
    if any(group.purchase.fallback for group in fleet.groups):
        actions |= {f"{INSIGHTS}/eventtypes/values/Read", *(() if read_only else (f"{SETS}/delete/action",))}
    named = f"trimtab {fleet.name} {'shadow ' if read_only else ''}controller"
    return _definition(named, f"What the controller of the fleet {fleet.name} needs", fleet, home, actions, ())


def role_definition(fleet: Fleet, home: Home, *, read_only: bool) -> dict[str, Any]:
    """
    A custom role for exactly this fleet, assignable in the resource groups where it lives.

    https://learn.microsoft.com/azure/role-based-access-control/custom-roles
    """
    actions = {*READ, *(() if read_only else WRITE)}
    if not read_only and any(group.rollout is not None for group in fleet.groups):
        actions.add(KEEP)
    for flexible in {is_flexible(group) for group in fleet.groups}:
        actions |= MACHINES if flexible else {f"{SETS}/networkInterfaces/read"}
    for kind in (BALANCERS, GATEWAYS):
        if any(refers_to(group, kind) for group in fleet.groups):
            actions |= {f"{kind}/read"} if read_only else {f"{kind}/read", JOINS[kind]}
    if not read_only and any(asks_balancer(group) for group in fleet.groups):
        actions.add(f"{BALANCERS}/probes/join/action")
    actions |= {f"{kind}/read" for group in fleet.groups for kind in named_kinds(group)}
    if any(is_of_catalogue(group) for group in fleet.groups):
        actions.add("Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read")
    definitions = (definition_of(group.template.image.id or "") for group in fleet.groups)
    actions |= {f"{definition.kind}/read" for definition in definitions if definition}
    if not read_only and any(group.template.security_groups for group in fleet.groups):
        actions.add("Microsoft.Network/networkSecurityGroups/join/action")
    if not read_only and any(group.template.role for group in fleet.groups):
        actions.add("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action")
    named = f"trimtab {fleet.name}{' read only' if read_only else ''}"
    text = f"What trimtab needs to {'read' if read_only else 'handle'} the fleet {fleet.name}"
    return _definition(named, text, fleet, home, actions, () if read_only else (f"{INSIGHTS}/Metrics/Write",))


def instance_definition(fleet: Fleet, home: Home) -> dict[str, Any]:
    """
    A custom role for the managed identity of the fleet's instances: the right of Monitoring Metrics Publisher.

    Azure's hosts measure memory, the Azure Monitor agent the disks, and no lifecycle hook waits for an instance.
    https://learn.microsoft.com/azure/azure-monitor/essentials/metrics-store-custom-rest-api
    """
    from trimtab.providers.agents import installs  # plans do without

    published = any(installs(fleet, "azure", "azure-monitor-agent")) or any(
        metric.source is MetricSource.CUSTOM for group in fleet.groups for metric in watched(group)
    )
    text = f"What the instances of the fleet {fleet.name} need"
    return _definition(
        f"trimtab {fleet.name} instances", text, fleet, home, (), (f"{INSIGHTS}/Metrics/Write",) if published else ()
    )


def _definition(
    name: str, text: str, fleet: Fleet, home: Home, actions: Iterable[str], data_actions: Sequence[str]
) -> dict[str, Any]:
    homes = sorted({home_of(group, home).path for group in fleet.groups} or {home.path})
    return {
        "Name": name,
        "IsCustom": True,
        "Description": text,
        "Actions": sorted(actions, key=str.lower),
        "NotActions": [],
        "DataActions": [*data_actions],
        "NotDataActions": [],
        "AssignableScopes": homes,
    }
