"""Managed instance groups, zonal and regional: what the collection does of its own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trimtab.emulators.gcp.group import Group
from trimtab.emulators.gcp.lists import ListFilter
from trimtab.emulators.gcp.member import Member
from trimtab.emulators.gcp.operations import note_operation
from trimtab.emulators.gcp.placement import zones_of
from trimtab.emulators.gcp.regions import EVERY_ZONE, region_of
from trimtab.emulators.gcp.resources import Collection, WorldCall, check_fingerprint, listed, must_exist, users_of
from trimtab.emulators.gcp.resources import full_links as linked
from trimtab.emulators.gcp.wire import in_use, invalid
from trimtab.emulators.gcp.world import CloudWorld
from trimtab.emulators.shared.errors import ServiceError

MANAGERS = "instanceGroupManagers"
DISRUPTION = ("NONE", "REFRESH", "RESTART", "REPLACE")
"""What an update does to an instance, from nothing to most."""
REPLACE = DISRUPTION.index("REPLACE")
MOST_VERSIONS = 2
"""https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups"""
LEAST_FOR_SHARES = 10
"""From which size on an update policy may speak of shares (`updatePolicy.maxSurge`, Compute Engine API)."""
MOST_IN = {"zones": 1000, "regions": 2000}
"""How many instances a group of each scope can have."""


def _check(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    check_size(body, key, int(body.get("targetSize") or 0), "resource.targetSize")
    _check_zones(key, body)
    versions = body.get("versions") or [{"instanceTemplate": body.get("instanceTemplate", "")}]
    if len(versions) > MOST_VERSIONS:
        text = f"Invalid value for field 'resource.versions': at most {MOST_VERSIONS} versions can be specified."
        raise invalid(text)
    if sum(not version.get("targetSize") for version in versions) != 1:
        raise invalid("Invalid value for field 'resource.versions': there must be one version without a target size.")
    for version in versions:
        if not version.get("instanceTemplate"):
            raise invalid("Required field 'resource.instanceTemplate' not specified")
        must_exist(world, str(version["instanceTemplate"]))
    for healing in body.get("autoHealingPolicies") or ():
        must_exist(world, str(healing.get("healthCheck", "")))
    for pool in body.get("targetPools") or ():
        must_exist(world, str(pool))
    _check_update_policy(zones_of(key, body), body.get("updatePolicy") or {})
    _check_shares(world.resources.get(key) or {}, body)
    _check_state(world, key, body)


def _check_state(world: CloudWorld, key: str, body: Mapping[str, Any]) -> None:
    """
    Refuse what a group that keeps the state of its instances cannot have.

    https://cloud.google.com/compute/docs/instance-groups/configuring-stateful-migs#limitations; the first sentence is
    that of https://cloud.google.com/knowledge/kb/automated-replacement-of-stateful-igm-updatepolicy-type-throws-error-000004627.
    """
    state, policy = (body.get("statefulPolicy") or {}).get("preservedState") or {}, body.get("updatePolicy") or {}
    if not any(state.values()):
        return
    field = "Invalid value for field 'resource.updatePolicy"
    if policy.get("type") == "PROACTIVE":
        text = "UpdatePolicy with type set to PROACTIVE is not allowed when Stateful is used"
        raise invalid(f"{field}.type': 'PROACTIVE'. {text} (instanceGroupManager has statefulPolicy).")
    if key.startswith("regions/") and policy.get("instanceRedistributionType", "PROACTIVE") != "NONE":
        raise invalid(f"{field}.instanceRedistributionType': 'PROACTIVE'. It must be NONE when Stateful is used.")
    if policy.get("replacementMethod", "SUBSTITUTE") != "RECREATE":
        raise invalid(f"{field}.replacementMethod': 'SUBSTITUTE'. It must be RECREATE when Stateful is used.")
    versions = body.get("versions") or [{"instanceTemplate": body.get("instanceTemplate", "")}]
    template = world.resources[world.key(str(versions[0]["instanceTemplate"]))]
    disks = (template.get("properties") or {}).get("disks") or ()
    named = {str(disk.get("deviceName") or f"persistent-disk-{place}") for place, disk in enumerate(disks)}
    for name in state.get("disks") or {}:
        if name not in named:
            raise invalid(f"Invalid value for field 'resource.statefulPolicy': the template has no disk '{name}'.")


def check_size(manager: Mapping[str, Any], scope: str, size: int, field: str) -> None:
    """
    Refuse a size that a group cannot have; one that lists its instances in pages can have twice as many.

    https://cloud.google.com/compute/docs/instance-groups/add-remove-vms-in-mig
    """
    most = MOST_IN[scope.partition("/")[0]] * (2 if manager.get("listManagedInstancesResults") == "PAGINATED" else 1)
    if size < 0:
        raise invalid(f"Invalid value for field '{field}': '{size}'. Must be greater than or equal to 0.")
    if size > most:
        raise invalid(f"Invalid value for field '{field}': '{size}'. Must be less than or equal to {most}.")


def _check_zones(key: str, body: Mapping[str, Any]) -> None:
    """Refuse zones that are not of the group's region."""
    for number, entry in enumerate((body.get("distributionPolicy") or {}).get("zones") or ()):
        zone, region = str(entry.get("zone", "")).rsplit("/", 1)[-1], key.split("/")[1]
        where = f"Invalid value for field 'resource.distributionPolicy.zones[{number}].zone': '{zone}'."
        if zone not in EVERY_ZONE:
            raise invalid(f"{where} Unknown zone.")
        if region_of(zone) != region:
            raise invalid(f"{where} The zone is not in region '{region}'.")


def _check_update_policy(zones: Sequence[str], policy: Mapping[str, Any]) -> None:
    numbers = {name: policy.get(name) for name in ("maxSurge", "maxUnavailable")}
    for name, value in numbers.items():
        fixed = int((value or {}).get("fixed") or 0)
        if 0 < fixed < len(zones):
            text = (
                f"Invalid value for field 'resource.updatePolicy.{name}.fixed': '{fixed}'. Fixed updatePolicy.{name} "
                "for regional managed instance group has to be either 0 or at least equal to the number of zones."
            )
            raise invalid(text)
    if all(value is not None and not _is_some(value) for value in numbers.values()):
        raise invalid("Invalid value for field 'resource.updatePolicy': maxSurge or maxUnavailable must be above 0.")
    if policy.get("replacementMethod") == "RECREATE" and _is_some(numbers["maxSurge"] or {}):
        text = "Invalid value for field 'resource.updatePolicy.maxSurge': it must be 0 where instances are recreated."
        raise invalid(text)


def _check_shares(earlier: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Refuse new shares of a group that is too small for them; one that has shrunk keeps those that it has."""
    size, policy, before = int(body.get("targetSize") or 0), body.get("updatePolicy") or {}, earlier.get("updatePolicy")
    for name in ("maxSurge", "maxUnavailable"):
        share = (policy.get(name) or {}).get("percent")
        kept = ((before or {}).get(name) or {}).get("percent")
        if share and share != kept and 0 < size < LEAST_FOR_SHARES:
            text = (
                f"Invalid value for field 'resource.updatePolicy.{name}.percent': '{share}'. A percentage can be used "
                f"if the group has {LEAST_FOR_SHARES} or more instances."
            )
            raise invalid(text)


def _is_some(value: Mapping[str, Any]) -> bool:
    return bool(value.get("fixed") or value.get("percent"))


def _complete(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
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
        zones = [{"zone": world.link(f"zones/{zone}")} for zone in zones_of(key, body)]
        body["distributionPolicy"] = {"targetShape": "EVEN", "zones": zones, **(body.get("distributionPolicy") or {})}
    several = {"fixed": len(zones_of(key, body))}
    policy.setdefault("maxSurge", {"fixed": 0} if policy["replacementMethod"] == "RECREATE" else dict(several))
    policy.setdefault("maxUnavailable", dict(several))


def _written(world: CloudWorld, key: str) -> None:
    group = world.groups.get(key)
    if group is None:
        group = world.groups[key] = Group(world, key)
    body = group.body
    link_key = world.key(str(body["instanceGroup"]))
    ports = body.pop("namedPorts", None)
    existing = world.resources.get(link_key)
    if existing is None:
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
        group.health_changed(name)
    group.converge()
    world.look_again(key)


def _shown(world: CloudWorld, key: str) -> dict[str, Any]:
    group = world.groups[key]
    ports = world.resources[world.key(str(group.body["instanceGroup"]))].get("namedPorts") or []
    return {**group.shown(), **({"namedPorts": ports} if ports else {})}


def _refuse_held(world: CloudWorld, key: str) -> None:
    path = f"projects/{world.project}"
    for watch_key, watch in world.watches.items():
        if watch.target == key:
            raise in_use("instance_group_manager", f"{path}/{key}", f"{path}/{watch_key}")
    link = str(world.resources[key]["instanceGroup"])
    for user in users_of(world, link, ("backendServices",)):
        raise in_use("instance_group", f"{path}/{world.key(link)}", f"{path}/{user}")


def _delete(call: WorldCall) -> dict[str, Any]:
    """Take a group away with its instances: it is there until the last of them has gone."""
    group, world = _group_of(call), call.world
    _refuse_held(world, call.key)
    seconds = world.seconds("delete_seconds") if group.members else 0
    operation = note_operation(world, "delete", call.key, seconds=seconds)
    group.close()
    return operation


# what is asked of a group


def _group_of(call: WorldCall) -> Group:
    call.there()
    group: Group = call.world.groups[call.key]
    if group.is_closing and call.request.is_write:
        text = f"The resource 'projects/{call.world.project}/{call.key}' is not ready"
        raise ServiceError("resourceNotReady", text, 400)
    return group


def _done(call: WorldCall, verb: str) -> dict[str, Any]:
    call.world.resources[call.key]["fingerprint"] = call.world.fingerprint()
    return note_operation(call.world, f"compute.{MANAGERS}.{verb}", call.key)


def _resize(call: WorldCall) -> dict[str, Any]:
    group = _group_of(call)
    scaler = next((watch for watch in call.world.watches.values() if watch.target == call.key), None)
    mode = str(((scaler.body if scaler else {}).get("autoscalingPolicy") or {}).get("mode", "OFF"))
    if mode != "OFF" and call.scope.startswith("regions/"):
        text = (
            "Resizing of autoscaled regional managed instance groups is not allowed. If you want to manually adjust "
            "target size remove the autoscaler or set autoscaling policy mode to OFF."
        )
        raise ServiceError("conditionNotMet", text, 412)
    size = int(call.request.query["size"])
    check_size(group.body, call.scope, size, "size")
    group.resize(size)
    call.world.look_again(call.key)
    return _done(call, "resize")


def _set_template(call: WorldCall) -> dict[str, Any]:
    group = _group_of(call)
    link = str(linked(call.world, call.request.body["instanceTemplate"]))
    must_exist(call.world, link)
    group.body.update(versions=[{"instanceTemplate": link}], instanceTemplate=link)
    group.converge()
    return _done(call, "setInstanceTemplate")


def _set_pools(call: WorldCall) -> dict[str, Any]:
    manager = call.there()
    check_fingerprint(manager, call.request.body)
    pools = linked(call.world, list(call.request.body.get("targetPools") or ()))
    for pool in pools:
        must_exist(call.world, pool)
    manager["targetPools"] = pools
    return _done(call, "setTargetPools")


def _managed(call: WorldCall) -> dict[str, Any]:
    """The instances of a group; all at once, unless it was made to give them in pages."""
    group = _group_of(call)
    if group.body["listManagedInstancesResults"] == "PAGINATED":
        return listed(call, list(group.listed()), "managedInstances")
    wanted = ListFilter(call.request.query.get("filter", ""))
    return {"managedInstances": [instance for instance in group.listed() if wanted.fits(instance)]}


def _errors(call: WorldCall) -> dict[str, Any]:
    return listed(call, list(reversed(_group_of(call).errors)), "items")


def _configs(call: WorldCall) -> dict[str, Any]:
    call.there()
    return {"items": []}


# what is asked of single instances


def _members(call: WorldCall, links: Iterable[str]) -> list[Member]:
    names = [str(link).rsplit("/", 1)[-1] for link in links]
    group = _group_of(call)
    members = group.named(names)
    for name in names:
        if name not in {member.name for member in members}:
            text = f"Invalid value for field 'resource.instances': '{name}'. It is not a member of '{group.name}'."
            raise invalid(text)
    return members


def _delete_instances(call: WorldCall) -> dict[str, Any]:
    body, group = call.request.body, _group_of(call)
    links = list(body.get("instances") or ())
    if body.get("skipInstancesOnValidationError"):
        there = {member.name for member in group.staying()}
        links = [link for link in links if str(link).rsplit("/", 1)[-1] in there]
    group.delete(member.name for member in _members(call, links))
    return _done(call, "deleteInstances")


def _abandon_instances(call: WorldCall) -> dict[str, Any]:
    _group_of(call).abandon(member.name for member in _members(call, call.request.body.get("instances") or ()))
    return _done(call, "abandonInstances")


def _recreate_instances(call: WorldCall) -> dict[str, Any]:
    group = _group_of(call)
    for member in _members(call, call.request.body.get("instances") or ()):
        group.recreate(member, template=str(group.body["instanceTemplate"]))
    return _done(call, "recreateInstances")


def _apply_updates(call: WorldCall) -> dict[str, Any]:
    """Update instances now, no more disruptively than allowed (applyUpdatesToInstances, Compute Engine API)."""
    group, body = _group_of(call), call.request.body
    if body.get("allInstances") and body.get("instances"):
        raise invalid("Invalid value for field 'resource.instances': no instances may be named with allInstances.")
    least = DISRUPTION.index(body.get("minimalAction", "NONE"))
    most = DISRUPTION.index(body.get("mostDisruptiveAllowedAction", "REPLACE"))
    if least > most:
        raise invalid("Invalid value for field 'resource.minimalAction': it is more than what is allowed at most.")
    members = group.staying() if body.get("allInstances") else _members(call, body.get("instances") or ())
    _refuse_disruption(group, members, most)
    for member in members:
        if least == REPLACE or group.is_outdated(member):
            group.bring_up_to_date(member)
        elif least == DISRUPTION.index("RESTART"):
            group.restart(member)
    return _done(call, "applyUpdatesToInstances")


def _refuse_disruption(group: Group, members: Iterable[Member], most: int) -> None:
    for member in members:
        if most < REPLACE and group.is_outdated(member):
            text = f"Instance '{member.name}' cannot be updated without a more disruptive action than is allowed."
            raise invalid(text)


COLLECTIONS: Mapping[str, Collection] = {
    MANAGERS: Collection(
        check=_check,
        complete=_complete,
        written=_written,
        shown=_shown,
        others={
            "delete": _delete,
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
}
