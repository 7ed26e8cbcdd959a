"""What a resource group has before anybody uses it."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.azure.groups import make_group
from trimtab.emulators.azure.versions import IDENTITIES, NETWORK
from trimtab.emulators.azure.world import World
from trimtab.emulators.shared.furnishing import BALANCED, NAME, send

GROUP, LOCATION = "trimtab", "westeurope"
"""The resource group that is furnished, and where it is."""
SUBNETS = {"private": "10.0.0.0/24", "public": "10.0.1.0/24"}


def furnish(world: World, endpoint: str) -> Mapping[str, str]:
    """Make a network with subnets, gateways with a pool, a security group and an identity; says what there is."""
    make_group(world, GROUP, LOCATION)
    for kind, name, properties in _furniture(world):
        versions = NETWORK if kind.startswith("Microsoft.Network/") else IDENTITIES
        path = f"{world.id_of(GROUP, kind, name)}?api-version={versions[-1]}"
        send(endpoint, "PUT", path, {"location": LOCATION, "properties": properties})
    return {
        "resource group": f"{GROUP} in {LOCATION}",
        "network": f"{NAME}, with the subnets {' and '.join(SUBNETS)}",
        "application gateways": f"{', '.join(BALANCED)}, each with a backend pool of its name",
        "security group": NAME,
        "managed identity": NAME,
    }


def _furniture(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    networks, gateways = "Microsoft.Network/virtualNetworks", "Microsoft.Network/applicationGateways"
    subnets = [{"name": name, "properties": {"addressPrefix": block}} for name, block in SUBNETS.items()]
    subnet = f"{world.id_of(GROUP, networks, NAME)}/subnets/public"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    return [
        (networks, NAME, {**space, "subnets": subnets}),
        *((gateways, name, _gateway(world.id_of(GROUP, gateways, name), name, subnet)) for name in BALANCED),
        ("Microsoft.Network/networkSecurityGroups", NAME, {"securityRules": []}),
        ("Microsoft.ManagedIdentity/userAssignedIdentities", NAME, {}),
    ]


def _gateway(base: str, name: str, subnet: str) -> dict[str, Any]:
    """An application gateway with one pool: a load balancer counts no requests."""
    front, port = f"{base}/frontendIPConfigurations/front", f"{base}/frontendPorts/http"
    listener = {"frontendIPConfiguration": {"id": front}, "frontendPort": {"id": port}, "protocol": "Http"}
    rule = {
        "ruleType": "Basic",
        "priority": 10,
        "httpListener": {"id": f"{base}/httpListeners/http"},
        "backendAddressPool": {"id": f"{base}/backendAddressPools/{name}"},
        "backendHttpSettings": {"id": f"{base}/backendHttpSettingsCollection/http"},
    }
    return {
        "sku": {"name": "Standard_v2", "tier": "Standard_v2", "capacity": 1},
        "gatewayIPConfigurations": [{"name": "gateway", "properties": {"subnet": {"id": subnet}}}],
        "frontendIPConfigurations": [{"name": "front", "properties": {"subnet": {"id": subnet}}}],
        "frontendPorts": [{"name": "http", "properties": {"port": 80}}],
        "backendAddressPools": [{"name": name}],
        "backendHttpSettingsCollection": [{"name": "http", "properties": {"port": 80, "protocol": "Http"}}],
        "httpListeners": [{"name": "http", "properties": listener}],
        "requestRoutingRules": [{"name": "http", "properties": rule}],
    }
