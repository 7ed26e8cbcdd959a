"""The least that trimtab needs on Azure, as the definition of a custom role; pure."""

from collections.abc import Mapping
from typing import Any

from trimtab.models import Fleet
from trimtab.providers.azure.ids import Home
from trimtab.providers.azure.resolve import BALANCERS, GATEWAYS, refers_to
from trimtab.providers.azure.translate import home_of
from trimtab.providers.health import asks_balancer

SETS = "Microsoft.Compute/virtualMachineScaleSets"
INSIGHTS = "Microsoft.Insights"
READ = (
    f"{SETS}/read",
    f"{SETS}/virtualMachines/read",
    f"{SETS}/networkInterfaces/read",
    f"{INSIGHTS}/autoscaleSettings/read",
    f"{INSIGHTS}/metricAlerts/read",
    f"{INSIGHTS}/metricAlerts/Status/read",
    f"{INSIGHTS}/actionGroups/read",
    f"{INSIGHTS}/Metrics/Read",
    f"{INSIGHTS}/eventtypes/values/Read",
)
WRITE = (
    f"{SETS}/write",
    f"{SETS}/delete",
    f"{INSIGHTS}/autoscaleSettings/write",
    f"{INSIGHTS}/autoscaleSettings/delete",
    f"{INSIGHTS}/metricAlerts/write",
    f"{INSIGHTS}/metricAlerts/delete",
    f"{INSIGHTS}/actionGroups/write",
    f"{INSIGHTS}/actionGroups/delete",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
)
JOINS: Mapping[str, str] = {
    BALANCERS: f"{BALANCERS}/backendAddressPools/join/action",
    GATEWAYS: f"{GATEWAYS}/backendAddressPools/join/action",
}


def role_definition(fleet: Fleet, home: Home, *, read_only: bool) -> dict[str, Any]:
    """
    A custom role for exactly this fleet, assignable in the resource groups where it lives.

    https://learn.microsoft.com/azure/role-based-access-control/custom-roles
    """
    homes = sorted({home_of(group, home).path for group in fleet.groups} or {home.path})
    actions = {*READ, *(() if read_only else WRITE)}
    for kind in (BALANCERS, GATEWAYS):
        if any(refers_to(group, kind) for group in fleet.groups):
            actions |= {f"{kind}/read"} if read_only else {f"{kind}/read", JOINS[kind]}
    if not read_only and any(asks_balancer(group) for group in fleet.groups):
        actions.add(f"{BALANCERS}/probes/join/action")
    if any(group.template.image.newest for group in fleet.groups):
        actions.add("Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read")
    if not read_only and any(group.template.security_groups for group in fleet.groups):
        actions.add("Microsoft.Network/networkSecurityGroups/join/action")
    if not read_only and any(group.template.role for group in fleet.groups):
        actions.add("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action")
    return {
        "Name": f"trimtab {fleet.name}{' read only' if read_only else ''}",
        "IsCustom": True,
        "Description": f"What trimtab needs to {'read' if read_only else 'handle'} the fleet {fleet.name}",
        "Actions": sorted(actions, key=str.lower),
        "NotActions": [],
        "DataActions": [] if read_only else [f"{INSIGHTS}/Metrics/Write"],
        "NotDataActions": [],
        "AssignableScopes": homes,
    }
