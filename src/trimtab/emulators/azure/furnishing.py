"""What a resource group has before anybody uses it."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.azure.groups import make_group
from trimtab.emulators.azure.ids import make_id, parse_id
from trimtab.emulators.azure.versions import COMPUTE, IDENTITIES, NETWORK
from trimtab.emulators.azure.world import SUBSCRIPTION, CloudWorld
from trimtab.emulators.shared.furnishing import BALANCED, NAME, AccountNames, send

GROUP, LOCATION = "trimtab", "westeurope"
"""The resource group that is furnished, and where it is."""
_OWN_SUBNET = "of-the-gateway"
_NETWORKS, _GATEWAYS = "Microsoft.Network/virtualNetworks", "Microsoft.Network/applicationGateways"
_BALANCERS, _FIREWALLS = "Microsoft.Network/loadBalancers", "Microsoft.Network/networkSecurityGroups"
_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_RESERVED = "Microsoft.Compute/capacityReservationGroups"
_PLAIN = ("Microsoft.Compute/proximityPlacementGroups", "Microsoft.Compute/hostGroups")
_VERSIONS = {"Microsoft.Network": NETWORK, "Microsoft.Compute": COMPUTE, "Microsoft.ManagedIdentity": IDENTITIES}
SUBNETS = {"private": "10.0.0.0/24", "public": "10.0.1.0/24"}


def furnish(world: CloudWorld, endpoint: str) -> Mapping[str, str]:
    """Make a network with subnets, gateways with a pool, a security group and an identity; says what there is."""
    make_group(world, GROUP, LOCATION)
    for kind, name, properties in _furniture(world):
        version = _VERSIONS[kind.partition("/")[0]][-1]
        path = f"{world.id_of(GROUP, kind, name)}?api-version={version}"
        send(endpoint, "PUT", path, {"location": LOCATION, "properties": properties})
    return {
        "resource group": f"{GROUP} in {LOCATION}",
        "network": f"{NAME}, with the subnets {' and '.join(SUBNETS)}",
        "application gateways": f"{', '.join(BALANCED)}, each with a backend pool of its name",
        "security group": NAME,
        "managed identity": NAME,
    }


def make_named(endpoint: str, names: AccountNames, group: str, location: str) -> None:
    """Make what a fleet names: by name in a resource group, by id in that of the id, which has to be there."""
    parts: dict[tuple[str, str, str], list[str]] = {}
    for network, subnets in names.networks.items():
        parts.setdefault((group, _NETWORKS, network or NAME), []).extend(subnets)
    for balancer in names.balancers:
        owner, _, pool = balancer.partition("/")
        parts.setdefault((group, _GATEWAYS, owner), []).append(pool or owner)
    named = ((_FIREWALLS, names.firewalls), (_IDENTITIES, names.identities), (_RESERVED, names.reservations))
    for kind, some in named:
        parts.update({(group, kind, name): [] for name in some if not name.startswith("/")})
    for text in names.ids:
        if (parsed := parse_id(text)) is not None:
            kind = f"{parsed.provider}/{parsed.types[0]}"
            parts.setdefault((parsed.group, kind, parsed.names[0]), []).extend(parsed.names[1:])
    for (where, kind, name), inner in parts.items():
        own = make_id(SUBSCRIPTION, where, *kind.split("/"), name)
        # a gateway is in a subnet of its own, which its network has beside those of the fleet
        network = make_id(SUBSCRIPTION, where, *_NETWORKS.split("/"), next(iter(names.networks)) or NAME)
        body = _named_body(kind, own, list(dict.fromkeys(inner)), f"{network}/subnets/{_OWN_SUBNET}")
        version = _VERSIONS[kind.partition("/")[0]][-1]
        if body is not None:
            send(endpoint, "PUT", f"{own}?api-version={version}", {"location": location, "properties": body})


def _named_body(kind: str, own: str, inner: list[str], subnet: str) -> dict[str, Any] | None:
    """The properties of something that a fleet names; `None` for a kind that it is not made of here."""
    match kind:
        case _ if kind == _NETWORKS:
            blocks = [
                {"name": name, "properties": {"addressPrefix": f"10.0.{number}.0/24"}}
                for number, name in enumerate(dict.fromkeys([*inner, _OWN_SUBNET]))
            ]
            return {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": blocks}
        case _ if kind == _GATEWAYS:
            return _gateway(own, inner, subnet)
        case _ if kind == _BALANCERS:
            return {"backendAddressPools": [{"name": name} for name in inner]}
        case _ if kind == _FIREWALLS:
            return {"securityRules": []}
        case _ if kind in (_IDENTITIES, _RESERVED, *_PLAIN):
            return {}
        case _:
            return None


def _furniture(world: CloudWorld) -> list[tuple[str, str, dict[str, Any]]]:
    networks, gateways = "Microsoft.Network/virtualNetworks", "Microsoft.Network/applicationGateways"
    subnets = [{"name": name, "properties": {"addressPrefix": block}} for name, block in SUBNETS.items()]
    subnet = f"{world.id_of(GROUP, networks, NAME)}/subnets/public"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    return [
        (networks, NAME, {**space, "subnets": subnets}),
        *((gateways, name, _gateway(world.id_of(GROUP, gateways, name), [name], subnet)) for name in BALANCED),
        ("Microsoft.Network/networkSecurityGroups", NAME, {"securityRules": []}),
        ("Microsoft.ManagedIdentity/userAssignedIdentities", NAME, {}),
    ]


def _gateway(base: str, pools: list[str], subnet: str) -> dict[str, Any]:
    """An application gateway, which passes requests to its first pool: a load balancer counts no requests."""
    front, port = f"{base}/frontendIPConfigurations/front", f"{base}/frontendPorts/http"
    listener = {"frontendIPConfiguration": {"id": front}, "frontendPort": {"id": port}, "protocol": "Http"}
    rule = {
        "ruleType": "Basic",
        "priority": 10,
        "httpListener": {"id": f"{base}/httpListeners/http"},
        "backendAddressPool": {"id": f"{base}/backendAddressPools/{pools[0]}"},
        "backendHttpSettings": {"id": f"{base}/backendHttpSettingsCollection/http"},
    }
    return {
        "sku": {"name": "Standard_v2", "tier": "Standard_v2", "capacity": 1},
        "gatewayIPConfigurations": [{"name": "gateway", "properties": {"subnet": {"id": subnet}}}],
        "frontendIPConfigurations": [{"name": "front", "properties": {"subnet": {"id": subnet}}}],
        "frontendPorts": [{"name": "http", "properties": {"port": 80}}],
        "backendAddressPools": [{"name": pool} for pool in pools],
        "backendHttpSettingsCollection": [{"name": "http", "properties": {"port": 80, "protocol": "Http"}}],
        "httpListeners": [{"name": "http", "properties": listener}],
        "requestRoutingRules": [{"name": "http", "properties": rule}],
    }
