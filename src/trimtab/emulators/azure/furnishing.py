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
    """Make a network with subnets, balancers with a probe, a security group and an identity; says what there is."""
    make_group(world, GROUP, LOCATION)
    for kind, name, properties in _furniture(world):
        versions = NETWORK if kind.startswith("Microsoft.Network/") else IDENTITIES
        path = f"{world.id_of(GROUP, kind, name)}?api-version={versions[-1]}"
        send(endpoint, "PUT", path, {"location": LOCATION, "properties": properties})
    return {
        "resource group": f"{GROUP} in {LOCATION}",
        "network": f"{NAME}, with the subnets {' and '.join(SUBNETS)}",
        "load balancers": ", ".join(BALANCED),
        "security group": NAME,
        "managed identity": NAME,
    }


def _furniture(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    networks, balancers = "Microsoft.Network/virtualNetworks", "Microsoft.Network/loadBalancers"
    subnets = [{"name": name, "properties": {"addressPrefix": block}} for name, block in SUBNETS.items()]
    subnet = f"{world.id_of(GROUP, networks, NAME)}/subnets/private"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    return [
        (networks, NAME, {**space, "subnets": subnets}),
        *((balancers, name, _balancer(world.id_of(GROUP, balancers, name), name, subnet)) for name in BALANCED),
        ("Microsoft.Network/networkSecurityGroups", NAME, {"securityRules": []}),
        ("Microsoft.ManagedIdentity/userAssignedIdentities", NAME, {}),
    ]


def _balancer(base: str, name: str, subnet: str) -> dict[str, Any]:
    rule = {
        "frontendIPConfiguration": {"id": f"{base}/frontendIPConfigurations/front"},
        "backendAddressPool": {"id": f"{base}/backendAddressPools/{name}"},
        "probe": {"id": f"{base}/probes/http"},
        "protocol": "Tcp",
        "frontendPort": 80,
        "backendPort": 80,
    }
    return {
        "frontendIPConfigurations": [{"name": "front", "properties": {"subnet": {"id": subnet}}}],
        "backendAddressPools": [{"name": name}],
        "probes": [{"name": "http", "properties": {"protocol": "Http", "port": 80, "requestPath": "/"}}],
        "loadBalancingRules": [{"name": "http", "properties": rule}],
    }
