"""What scale sets refer to: networks, balancers, firewalls and others, as far as references need."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, Handler, check_etag, page
from trimtab.emulators.azure.errors import missing
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.operations import begin, headers
from trimtab.emulators.azure.regions import check_location, check_zones, normal_location
from trimtab.emulators.azure.routing import GROUP, SUBSCRIPTION
from trimtab.emulators.azure.versions import COMPUTE, ENCRYPTION_SETS, GALLERIES, IDENTITIES, NETWORK
from trimtab.emulators.azure.world import CloudWorld, new_id
from trimtab.emulators.shared.errors import ServiceError

_PARTS: Mapping[str, tuple[str, ...]] = {
    "Microsoft.Network/virtualNetworks": ("subnets", "virtualNetworkPeerings"),
    "Microsoft.Network/loadBalancers": (
        "frontendIPConfigurations",
        "backendAddressPools",
        "loadBalancingRules",
        "probes",
        "inboundNatRules",
        "outboundRules",
        "inboundNatPools",
    ),
    "Microsoft.Network/applicationGateways": (
        "gatewayIPConfigurations",
        "frontendIPConfigurations",
        "frontendPorts",
        "backendAddressPools",
        "backendHttpSettingsCollection",
        "httpListeners",
        "requestRoutingRules",
        "probes",
    ),
    "Microsoft.Network/networkSecurityGroups": ("securityRules",),
    "Microsoft.Network/publicIPAddresses": (),
    "Microsoft.Network/applicationSecurityGroups": (),
    "Microsoft.Network/natGateways": (),
    "Microsoft.Compute/proximityPlacementGroups": (),
    "Microsoft.Compute/capacityReservationGroups": (),
    "Microsoft.Compute/hostGroups": (),
    "Microsoft.Compute/diskEncryptionSets": (),
    "Microsoft.Compute/images": (),
    "Microsoft.Compute/sshPublicKeys": (),
    "Microsoft.Compute/galleries": ("images",),
    "Microsoft.ManagedIdentity/userAssignedIdentities": (),
}
"""The kinds that can be made, and the lists of named parts in their `properties`."""
_VERSIONS: Mapping[str, tuple[str, ...]] = {
    "Microsoft.Network": NETWORK,
    "Microsoft.Compute": COMPUTE,
    "Microsoft.Compute/diskEncryptionSets": ENCRYPTION_SETS,
    "Microsoft.Compute/galleries": GALLERIES,
    "Microsoft.ManagedIdentity": IDENTITIES,
}
"""Of the kind, else of its namespace."""
_ALONE = {
    "subnets": "virtualNetworks",
    "backendAddressPools": "loadBalancers",
    "securityRules": "networkSecurityGroups",
    "images": "galleries",
}
"""Parts that have addresses of their own to write to."""
_RULE = {
    "idleTimeoutInMinutes": 4,
    "enableFloatingIP": False,
    "enableDestinationServiceEndpoint": False,
    "enableTcpReset": False,
    "allowBackendPortConflict": False,
}
_PART_DEFAULTS: Mapping[str, dict[str, Any]] = {
    "probes": {"intervalInSeconds": 15, "numberOfProbes": 2, "probeThreshold": 1},
    "frontendIPConfigurations": {"privateIPAllocationMethod": "Dynamic"},
    "loadBalancingRules": {**_RULE, "loadDistribution": "Default"},
    "inboundNatPools": _RULE,
    "subnets": {"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled"},
}
_DEFAULTS: Mapping[str, dict[str, Any]] = {
    "Microsoft.Network/virtualNetworks": {"properties": {"enableDdosProtection": False}},
    "Microsoft.Network/loadBalancers": {"sku": {"name": "Standard", "tier": "Regional"}},
    "Microsoft.Network/publicIPAddresses": {"sku": {"name": "Standard", "tier": "Regional"}},
}
_IN_USE = {
    "subnets": "InUseSubnetCannotBeDeleted",
    "virtualNetworks": "InUseSubnetCannotBeDeleted",
    "networkSecurityGroups": "InUseNetworkSecurityGroupCannotBeDeleted",
    "loadBalancers": "LoadBalancerInUseByVirtualMachineScaleSet",
    "backendAddressPools": "LoadBalancerInUseByVirtualMachineScaleSet",
}


def _put(kind: str) -> Handler:
    def put(call: Call) -> Answer:
        world, key = call.world, folded(call.world.id_of(call.group, kind, call.name))
        earlier = world.resources.get(key)
        check_etag(call, None if earlier is None else earlier["etag"])
        given = call.body or {}
        check_location(kind, given.get("location"))
        check_zones(kind, call.name, given)
        body = _make(world, call.group, kind, call.name, given, earlier)
        _forget(world, key)
        _index(world, kind, body)
        return Answer(200 if earlier else 201, body, _began(call, body["location"]))

    return put


def _get(kind: str) -> Handler:
    return lambda call: Answer(200, _find(call, kind))


def _list(kind: str) -> Handler:
    def listing(call: Call) -> Answer:
        return page(call, _held(call.world, kind, call.names.get("group")))

    return listing


def _delete(kind: str) -> Handler:
    def delete(call: Call) -> Answer:
        world, key = call.world, folded(call.world.id_of(call.group, kind, call.name))
        resource = world.resources.get(key)
        if resource is None:
            return Answer(204)
        _check_unused(world, resource)
        where = resource["location"]

        def finish() -> None:
            _forget(world, key)

        operation = begin(world, where, finish, provider=kind.partition("/")[0])
        return Answer(202, None, headers(call, operation))

    return delete


def _put_part(kind: str, part: str) -> Handler:
    def put(call: Call) -> Answer:
        parent, name = _find(call, kind, "parent"), call.name
        given = {**(call.body or {}), "name": name}
        parts = parent["properties"].setdefault(part, [])
        kept = [each for each in parts if each["name"].lower() != name.lower()]
        parent["properties"][part] = [*kept, given]
        _index(call.world, kind, parent)
        status = 201 if len(kept) == len(parts) else 200
        return Answer(status, _part(call, kind, part), _began(call, parent["location"]))

    return put


def _get_part(kind: str, part: str) -> Handler:
    return lambda call: Answer(200, _part(call, kind, part))


def _list_parts(kind: str, part: str) -> Handler:
    return lambda call: page(call, _find(call, kind, "parent")["properties"].get(part, []))


def _delete_part(kind: str, part: str) -> Handler:
    def delete(call: Call) -> Answer:
        parent = _find(call, kind, "parent")
        entry = next((each for each in parent["properties"].get(part, []) if _is(each, call.name)), None)
        if entry is None:
            return Answer(204)
        _check_unused(call.world, entry)
        parent["properties"][part].remove(entry)
        call.world.resources.pop(folded(entry["id"]))
        return Answer(200, None, _began(call, parent["location"]))

    return delete


def _find(call: Call, kind: str, which: str = "name") -> dict[str, Any]:
    resource = call.world.resources.get(folded(call.world.id_of(call.group, kind, call.names[which])))
    if resource is None:
        raise missing(kind, call.names[which], call.group)
    return resource


def _part(call: Call, kind: str, part: str) -> dict[str, Any]:
    parent = _find(call, kind, "parent")
    for each in parent["properties"].get(part, []):
        if _is(each, call.name):
            entry: dict[str, Any] = each
            return entry
    text = f"Resource {parent['id']}/{part}/{call.name} not found."
    raise ServiceError("NotFound", text, 404, more={"details": []})


def _is(part: Mapping[str, Any], name: str) -> bool:
    return str(part["name"]).lower() == name.lower()


def _held(world: CloudWorld, kind: str, group: str | None) -> Iterator[dict[str, Any]]:
    for body in world.resources.values():
        is_kind = str(body["type"]).lower() == kind.lower()
        if is_kind and (group is None or f"/resourcegroups/{group.lower()}/" in body["id"].lower()):
            yield body


def _make(
    world: CloudWorld, group: str, kind: str, name: str, given: Mapping[str, Any], earlier: Mapping[str, Any] | None
) -> dict[str, Any]:
    number = earlier["properties"]["resourceGuid"] if earlier else new_id()
    body: dict[str, Any] = {
        "name": name,
        "id": earlier["id"] if earlier else world.id_of(group, kind, name),
        "type": kind,
        **copy.deepcopy({key: value for key, value in _DEFAULTS.get(kind, {}).items() if key != "properties"}),
        **copy.deepcopy({key: value for key, value in given.items() if key not in ("id", "name", "type", "etag")}),
    }
    body["location"] = normal_location(str(given.get("location", "")))
    body["properties"] = {
        **_DEFAULTS.get(kind, {}).get("properties", {}),
        **body.get("properties", {}),
        "provisioningState": "Succeeded",
        "resourceGuid": number,
    }
    return body


def _index(world: CloudWorld, kind: str, body: dict[str, Any]) -> None:
    etag = f'W/"{new_id()}"'
    body["etag"] = etag
    world.resources[folded(body["id"])] = body
    for part in _PARTS[kind]:
        always = kind == "Microsoft.Network/loadBalancers" and part != "outboundRules"
        if not always and part not in body["properties"]:
            continue
        parts = body["properties"].setdefault(part, [])
        for each in parts:
            _index_part(world, kind, part, each, parent=body["id"], etag=etag)


def _index_part(world: CloudWorld, kind: str, part: str, each: dict[str, Any], *, parent: str, etag: str) -> None:
    given = each.get("properties", {})
    each.update(id=f"{parent}/{part}/{each['name']}", etag=etag, type=f"{kind}/{part}")
    each["properties"] = {**_PART_DEFAULTS.get(part, {}), **given, "provisioningState": "Succeeded"}
    world.resources[folded(each["id"])] = each


def _forget(world: CloudWorld, key: str) -> None:
    for each in [each for each in world.resources if each == key or each.startswith(f"{key}/")]:
        del world.resources[each]


def _began(call: Call, location: str) -> dict[str, str]:
    operation = begin(call.world, location, provider="Microsoft.Network")
    return headers(call, operation, location=False)


def _check_unused(world: CloudWorld, resource: Mapping[str, Any]) -> None:
    """Refuse to delete what a scale set refers to."""
    kind, own = str(resource["type"]).rpartition("/")[2], folded(resource["id"])
    for scale_set in world.scale_sets.values():
        for each in scale_set.references():
            if kind in _IN_USE and (folded(each) == own or folded(each).startswith(f"{own}/")):
                text = f"{resource['id']} is in use by {scale_set.id} and cannot be deleted."
                raise ServiceError(_IN_USE[kind], text, 400, more={"details": []})


def _routes() -> Iterator[ArmRoute]:
    for kind, parts in _PARTS.items():
        provider, _, word = kind.partition("/")
        service, versions = provider.partition(".")[2].lower(), _VERSIONS.get(kind) or _VERSIONS[provider]
        title = word[0].upper() + word[1:]
        all_in, item_path = f"{GROUP}/providers/{kind}", f"{GROUP}/providers/{kind}/{{name}}"
        yield ArmRoute("GET", f"{SUBSCRIPTION}/providers/{kind}", service, f"{title}_ListAll", versions, _list(kind))
        yield ArmRoute("GET", all_in, service, f"{title}_List", versions, _list(kind))
        yield ArmRoute("PUT", item_path, service, f"{title}_CreateOrUpdate", versions, _put(kind))
        yield ArmRoute("GET", item_path, service, f"{title}_Get", versions, _get(kind))
        yield ArmRoute("DELETE", item_path, service, f"{title}_Delete", versions, _delete(kind))
        for part in parts:
            if _ALONE.get(part) == word:
                yield from _part_routes(kind, part, service, versions)


def _part_routes(kind: str, part: str, service: str, versions: tuple[str, ...]) -> Iterator[ArmRoute]:
    every = f"{GROUP}/providers/{kind}/{{parent}}/{part}"
    item_path, title = f"{every}/{{name}}", "GalleryImages" if part == "images" else part[0].upper() + part[1:]
    yield ArmRoute("GET", every, service, f"{title}_List", versions, _list_parts(kind, part))
    yield ArmRoute("PUT", item_path, service, f"{title}_CreateOrUpdate", versions, _put_part(kind, part))
    yield ArmRoute("GET", item_path, service, f"{title}_Get", versions, _get_part(kind, part))
    yield ArmRoute("DELETE", item_path, service, f"{title}_Delete", versions, _delete_part(kind, part))


ROUTES = tuple(_routes())
