"""Managed instance groups, zonal and regional: what the collection does of its own."""

from collections.abc import Iterable, Mapping
from typing import Any

from trimtab.emulators.gcp.group import Group
from trimtab.emulators.gcp.member import Member
from trimtab.emulators.gcp.operations import note_operation
from trimtab.emulators.gcp.resources import Call, Collection, check_fingerprint, listed, must_exist, users_of
from trimtab.emulators.gcp.resources import full_links as linked
from trimtab.emulators.gcp.wire import in_use, invalid
from trimtab.emulators.gcp.world import World

MANAGERS = "instanceGroupManagers"
DISRUPTION = ("NONE", "REFRESH", "RESTART", "REPLACE")
"""What an update does to an instance, from nothing to most."""


def _check(world: World, key: str, body: dict[str, Any]) -> None:
    versions = body.get("versions") or [{"instanceTemplate": body.get("instanceTemplate", "")}]
    if sum(not version.get("targetSize") for version in versions) != 1:
        raise invalid("Invalid value for field 'resource.versions': there must be one version without a target size.")
    for version in versions:
        must_exist(world, str(version.get("instanceTemplate", "")))
    for healing in body.get("autoHealingPolicies") or ():
        must_exist(world, str(healing.get("healthCheck", "")))
    for pool in body.get("targetPools") or ():
        must_exist(world, str(pool))


def _complete(world: World, key: str, body: dict[str, Any]) -> None:
    scope, place, _, name = key.split("/")
    body["versions"] = body.get("versions") or [{"instanceTemplate": body["instanceTemplate"]}]
    body["instanceTemplate"] = body["versions"][0]["instanceTemplate"]
    body.setdefault("baseInstanceName", name[:58])
    body["instanceGroup"] = world.link(f"{scope}/{place}/instanceGroups/{name}")
    body.setdefault("listManagedInstancesResults", "PAGELESS")
    policy = body.setdefault("updatePolicy", {})
    policy.setdefault("type", "OPPORTUNISTIC")
    policy.setdefault("minimalAction", "REPLACE")
    policy.setdefault("replacementMethod", "SUBSTITUTE")
    if scope == "regions":
        policy.setdefault("instanceRedistributionType", "PROACTIVE")
        zones = [{"zone": world.link(f"zones/{zone}")} for zone in Group(world, key).zones]
        body["distributionPolicy"] = {"targetShape": "EVEN", "zones": zones, **(body.get("distributionPolicy") or {})}
    most = {"fixed": len(Group(world, key).zones) if scope == "regions" else 1}
    for name_ in ("maxSurge", "maxUnavailable"):
        policy.setdefault(name_, {**most, "calculated": most["fixed"]})


def _written(world: World, key: str) -> None:
    group = world.groups.get(key)
    if group is None:
        group = world.groups[key] = Group(world, key)
    body = group.body
    link_key = world.key(str(body["instanceGroup"]))
    ports = body.pop("namedPorts", None)
    there = world.resources.get(link_key)
    if there is None:
        scope = key.split("/")[0].removesuffix("s")
        world.resources[link_key] = {
            "kind": "compute#instanceGroup",
            "id": world.number(),
            "name": group.name,
            "selfLink": body["instanceGroup"],
            scope: body[scope],
            "fingerprint": world.fingerprint(),
            "namedPorts": ports or [],
        }
    for name in sorted(world.failing):
        group.fell_ill(name)
    group.converge()
    world.look_again(key)


def _shown(world: World, key: str) -> dict[str, Any]:
    group = world.groups[key]
    ports = world.resources[world.key(str(group.body["instanceGroup"]))].get("namedPorts") or []
    return {**group.shown(), **({"namedPorts": ports} if ports else {})}


def _leave(world: World, key: str) -> None:
    path = f"projects/{world.project}"
    for watch_key, watch in world.watches.items():
        if watch.target == key:
            raise in_use("instance_group_manager", f"{path}/{key}", f"{path}/{watch_key}")
    link = str(world.resources[key]["instanceGroup"])
    for user in users_of(world, link, ("backendServices",)):
        raise in_use("instance_group", f"{path}/{world.key(link)}", f"{path}/{user}")
    group = world.groups.pop(key)
    for member in group.members:
        world.resources.pop(member.key, None)
    world.resources.pop(world.key(link), None)


# what is asked of a group


def _group_of(call: Call) -> Group:
    call.there()
    return call.world.groups[call.key]


def _done(call: Call, verb: str) -> dict[str, Any]:
    call.world.resources[call.key]["fingerprint"] = call.world.fingerprint()
    return note_operation(call.world, f"compute.{MANAGERS}.{verb}", call.key)


def _resize(call: Call) -> dict[str, Any]:
    group = _group_of(call)
    scaler = next((one for one in call.world.watches.values() if one.target == call.key), None)
    mode = str(((scaler.body if scaler else {}).get("autoscalingPolicy") or {}).get("mode", "OFF"))
    if mode != "OFF" and call.scope.startswith("regions/"):
        text = (
            "Resizing of autoscaled regional managed instance groups is not allowed. Please remove the autoscaler or "
            "set its mode to OFF."
        )
        raise invalid(text)
    group.resize(int(call.request.query["size"]))
    call.world.look_again(call.key)
    return _done(call, "resize")


def _set_template(call: Call) -> dict[str, Any]:
    group = _group_of(call)
    link = str(linked(call.world, call.request.body["instanceTemplate"]))
    must_exist(call.world, link)
    group.body.update(versions=[{"instanceTemplate": link}], instanceTemplate=link)
    group.converge()
    return _done(call, "setInstanceTemplate")


def _set_pools(call: Call) -> dict[str, Any]:
    there = call.there()
    check_fingerprint(there, call.request.body)
    pools = linked(call.world, list(call.request.body.get("targetPools") or ()))
    for pool in pools:
        must_exist(call.world, pool)
    there["targetPools"] = pools
    return _done(call, "setTargetPools")


def _managed(call: Call) -> dict[str, Any]:
    return listed(call, list(_group_of(call).listed()), "managedInstances")


def _errors(call: Call) -> dict[str, Any]:
    return listed(call, list(reversed(_group_of(call).errors)), "items")


def _configs(call: Call) -> dict[str, Any]:
    call.there()
    return {"items": []}


# what is asked of single instances


def _members(call: Call, links: Iterable[str]) -> list[Member]:
    names = [str(link).rsplit("/", 1)[-1] for link in links]
    group = _group_of(call)
    found = group.named(names)
    for name in names:
        if name not in {one.name for one in found}:
            text = f"Invalid value for field 'resource.instances': '{name}'. It is no member of '{group.name}'."
            raise invalid(text)
    return found


def _delete_instances(call: Call) -> dict[str, Any]:
    _group_of(call).delete(one.name for one in _members(call, call.request.body.get("instances") or ()))
    return _done(call, "deleteInstances")


def _abandon_instances(call: Call) -> dict[str, Any]:
    _group_of(call).abandon(one.name for one in _members(call, call.request.body.get("instances") or ()))
    return _done(call, "abandonInstances")


def _recreate_instances(call: Call) -> dict[str, Any]:
    group = _group_of(call)
    for member in _members(call, call.request.body.get("instances") or ()):
        group.recreate(member, template=str(group.body["instanceTemplate"]))
    return _done(call, "recreateInstances")


def _apply_updates(call: Call) -> dict[str, Any]:
    """Update instances now, no more disruptively than allowed (applyUpdatesToInstances, Compute Engine API)."""
    group, body = _group_of(call), call.request.body
    members = group.staying() if body.get("allInstances") else _members(call, body.get("instances") or ())
    least = DISRUPTION.index(body.get("minimalAction", "NONE"))
    most = DISRUPTION.index(body.get("mostDisruptiveAllowedAction", "REPLACE"))
    if least > most:
        raise invalid("Invalid value for field 'resource.minimalAction': it is more than what is allowed at most.")
    for member in members:
        needed = DISRUPTION.index("REPLACE") if member in group.outdated() else least
        if needed > most:
            text = f"Instance '{member.name}' cannot be updated without a more disruptive action than is allowed."
            raise invalid(text)
        if needed == DISRUPTION.index("REPLACE"):
            group.bring_up_to_date(member)
        elif needed == DISRUPTION.index("RESTART"):
            group.restart(member)
    return _done(call, "applyUpdatesToInstances")


# instance groups


def _set_ports(call: Call) -> dict[str, Any]:
    there = call.there()
    check_fingerprint(there, call.request.body)
    there["namedPorts"] = list(call.request.body.get("namedPorts") or ())
    there["fingerprint"] = call.world.fingerprint()
    return note_operation(call.world, "setNamedPorts", call.key)


def _behind(world: World, link: str) -> Group | None:
    """The group whose instances an instance group has."""
    return next((one for one in world.groups.values() if one.body.get("instanceGroup") == link), None)


def _instances_in(call: Call) -> dict[str, Any]:
    there = call.there()
    group = _behind(call.world, str(there["selfLink"]))
    ports = there.get("namedPorts") or []
    state = str(call.request.body.get("instanceState", "ALL"))
    found = [
        {
            "instance": call.world.link(one.key),
            "status": "RUNNING" if one.running_since else "STAGING",
            **({"namedPorts": ports} if ports else {}),
        }
        for one in (group.members if group else ())
        if state == "ALL" or one.running_since is not None
    ]
    return listed(call, found)


def health_of(call: Call) -> dict[str, Any]:
    """How the instances of one backend are, as the balancer's own health check has it."""
    service = call.there()
    link = str(linked(call.world, call.request.body.get("group", "")))
    if link not in [str(one.get("group")) for one in service.get("backends") or ()]:
        raise invalid(f"Invalid value for field 'resource.group': '{link}'. It is no backend of this service.")
    group = _behind(call.world, link)
    running = [one for one in (group.members if group else ()) if one.running_since is not None]
    ports = call.world.resources.get(call.world.key(link), {}).get("namedPorts") or []
    port = next((int(one["port"]) for one in ports if one["name"] == service.get("portName")), 80)
    return {
        "kind": "compute#backendServiceGroupHealth",
        "healthStatus": [_health(call.world, one, port) for one in running],
    }


def _health(world: World, member: Member, port: int) -> dict[str, Any]:
    body = world.resources.get(member.key, {})
    cards = body.get("networkInterfaces") or [{}]
    return {
        "instance": world.link(member.key),
        "ipAddress": str(cards[0].get("networkIP", "")),
        "port": port,
        "healthState": "UNHEALTHY" if member.name in world.failing else "HEALTHY",
    }


# instances


def _delete_instance(call: Call) -> dict[str, Any]:
    """Somebody deletes an instance by hand: its group makes it anew (Repairing and autohealing, Compute Engine)."""
    call.there()
    name = call.key.rsplit("/", 1)[-1]
    for group in call.world.groups.values():
        for member in group.named([name]):
            group.recreate(member)
            return note_operation(call.world, "delete", call.key)
    call.world.resources.pop(call.key)
    return note_operation(call.world, "delete", call.key)


COLLECTIONS: Mapping[str, Collection] = {
    MANAGERS: Collection(
        check=_check,
        complete=_complete,
        written=_written,
        leave=_leave,
        shown=_shown,
        others={
            "resize": _resize,
            "setInstanceTemplate": _set_template,
            "setTargetPools": _set_pools,
            "listManagedInstances": _managed,
            "listErrors": _errors,
            "listPerInstanceConfigs": _configs,
            "deleteInstances": _delete_instances,
            "abandonInstances": _abandon_instances,
            "recreateInstances": _recreate_instances,
            "applyUpdatesToInstances": _apply_updates,
        },
    ),
    "instanceGroups": Collection(others={"setNamedPorts": _set_ports, "listInstances": _instances_in}),
    "instances": Collection(others={"delete": _delete_instance}),
}
