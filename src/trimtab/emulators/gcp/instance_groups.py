"""Instance groups and their instances, and how a backend service finds them: what the collections do of their own."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.gcp.group import Group
from trimtab.emulators.gcp.health import health_state
from trimtab.emulators.gcp.member import Member
from trimtab.emulators.gcp.operations import note_operation
from trimtab.emulators.gcp.resources import Collection, WorldCall, check_fingerprint, listed
from trimtab.emulators.gcp.resources import full_links as linked
from trimtab.emulators.gcp.wire import invalid
from trimtab.emulators.gcp.world import CloudWorld


def _set_ports(call: WorldCall) -> dict[str, Any]:
    resource = call.there()
    check_fingerprint(resource, call.request.body)
    resource["namedPorts"] = list(call.request.body.get("namedPorts") or ())
    resource["fingerprint"] = call.world.fingerprint()
    return note_operation(call.world, "setNamedPorts", call.key)


def _behind(world: CloudWorld, link: str) -> Group | None:
    """The group whose instances an instance group has."""
    return next((group for group in world.groups.values() if group.body.get("instanceGroup") == link), None)


def _instances_in(call: WorldCall) -> dict[str, Any]:
    resource = call.there()
    group = _behind(call.world, str(resource["selfLink"]))
    ports = resource.get("namedPorts") or []
    state, port = str(call.request.body.get("instanceState", "ALL")), call.request.body.get("portName")
    ports = [entry for entry in ports if port in (None, entry["name"])]
    instances = [
        {
            "instance": call.world.link(member.key),
            "status": member.status,
            **({"namedPorts": ports} if ports else {}),
        }
        for member in (group.members if group else ())
        if member.key in call.world.resources and state in ("ALL", member.status)
    ]
    return listed(call, instances)


def health_of(call: WorldCall) -> dict[str, Any]:
    """How the instances of one backend are, as the balancer's own health check has it."""
    service = call.there()
    link = str(linked(call.world, call.request.body.get("group", "")))
    if link not in [str(backend.get("group")) for backend in service.get("backends") or ()]:
        raise invalid(f"Invalid value for field 'resource.group': '{link}'. It is not a backend of this service.")
    group = _behind(call.world, link)
    running = [member for member in (group.members if group else ()) if member.running_since is not None]
    check = str((service.get("healthChecks") or [""])[0])
    ports = call.world.resources.get(call.world.key(link), {}).get("namedPorts") or []
    port = next((int(entry["port"]) for entry in ports if entry["name"] == service.get("portName")), 80)
    return {
        "kind": "compute#backendServiceGroupHealth",
        "healthStatus": [_health(call.world, member, port, check) for member in running],
    }


def _health(world: CloudWorld, member: Member, port: int, check: str) -> dict[str, Any]:
    body = world.resources.get(member.key, {})
    cards = body.get("networkInterfaces") or [{}]
    return {
        "instance": world.link(member.key),
        "ipAddress": str(cards[0].get("networkIP", "")),
        "port": port,
        "healthState": "HEALTHY" if health_state(world, member, check) == "HEALTHY" else "UNHEALTHY",
    }


# instances


def _delete_instance(call: WorldCall) -> dict[str, Any]:
    """Somebody deletes an instance by hand: its group makes it anew (Repairing and autohealing, Compute Engine)."""
    call.there()
    operation = note_operation(call.world, "delete", call.key)
    for group in call.world.groups.values():
        for member in group.staying():
            if member.key == call.key:
                group.was_deleted(member)
                return operation
    call.world.resources.pop(call.key)
    return operation


COLLECTIONS: Mapping[str, Collection] = {
    "instanceGroups": Collection(others={"setNamedPorts": _set_ports, "listInstances": _instances_in}),
    "instances": Collection(others={"delete": _delete_instance}),
}
