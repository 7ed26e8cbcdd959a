"""What each collection does of its own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trimtab.emulators.errors import ServiceError
from trimtab.emulators.gcp.autoscaler_watch import AutoscalerWatch
from trimtab.emulators.gcp.group import Group
from trimtab.emulators.gcp.operations import note_operation
from trimtab.emulators.gcp.resources import (
    Call,
    Collection,
    check_fingerprint,
    listed,
    must_exist,
    refuse_in_use,
    users_of,
)
from trimtab.emulators.gcp.wire import in_use, invalid, not_found
from trimtab.emulators.gcp.world import World
from trimtab.engine.signals import MOST_SCHEDULES, window_problem

MOST_CUSTOM = 5
MANAGERS = "instanceGroupManagers"


# instance templates and health checks


def _complete_template(world: World, key: str, body: dict[str, Any]) -> None:
    properties = body["properties"]
    for index, disk in enumerate(properties.get("disks") or ()):
        disk.setdefault("mode", "READ_WRITE")
        disk.setdefault("type", "PERSISTENT")
        disk.setdefault("index", index)
        disk.setdefault("kind", "compute#attachedDisk")
    for index, card in enumerate(properties.get("networkInterfaces") or ()):
        card.setdefault("name", f"nic{index}")
        card.setdefault("kind", "compute#networkInterface")
    scheduling = properties.setdefault("scheduling", {})
    scheduling.setdefault("automaticRestart", True)
    scheduling.setdefault("onHostMaintenance", "MIGRATE")
    scheduling.setdefault("preemptible", False)
    scheduling.setdefault("provisioningModel", "STANDARD")


def _complete_check(world: World, key: str, body: dict[str, Any]) -> None:
    for name, value in (
        ("checkIntervalSec", 5),
        ("timeoutSec", 5),
        ("healthyThreshold", 2),
        ("unhealthyThreshold", 2),
    ):
        body.setdefault(name, value)


# managers


def _check_manager(world: World, key: str, body: dict[str, Any]) -> None:
    versions = body.get("versions") or [{"instanceTemplate": body.get("instanceTemplate", "")}]
    for version in versions:
        must_exist(world, str(version.get("instanceTemplate", "")))
    for healing in body.get("autoHealingPolicies") or ():
        must_exist(world, str(healing.get("healthCheck", "")))
    for pool in body.get("targetPools") or ():
        must_exist(world, str(pool))


def _complete_manager(world: World, key: str, body: dict[str, Any]) -> None:
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


def _manager_written(world: World, key: str) -> None:
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
    group.converge()
    world.look_again(key)


def _manager_shown(world: World, key: str) -> dict[str, Any]:
    group = world.groups[key]
    ports = world.resources[world.key(str(group.body["instanceGroup"]))].get("namedPorts") or []
    return {**group.shown(), **({"namedPorts": ports} if ports else {})}


def _leave_manager(world: World, key: str) -> None:
    path = f"projects/{world.project}"
    for watch_key, watch in world.watches.items():
        if watch.target == key:
            raise in_use("instance_group_manager", f"{path}/{key}", f"{path}/{watch_key}")
    link = str(world.resources[key]["instanceGroup"])
    for user in users_of(world, link, ("backendServices",)):
        raise in_use("instance_group", f"{path}/{world.key(link)}", f"{path}/{user}")
    group = world.groups.pop(key)
    for member in group.members:
        world.resources.pop(f"zones/{member.zone}/instances/{member.name}", None)
    world.resources.pop(world.key(link), None)


def _resize(call: Call) -> dict[str, Any]:
    call.there()
    scaler = next((one for one in call.world.watches.values() if one.target == call.key), None)
    mode = str(((scaler.body if scaler else {}).get("autoscalingPolicy") or {}).get("mode", "OFF"))
    if mode != "OFF" and call.scope.startswith("regions/"):
        text = (
            "Resizing of autoscaled regional managed instance groups is not allowed. Please remove the autoscaler or "
            "set its mode to OFF."
        )
        raise invalid(text)
    call.world.groups[call.key].resize(int(call.request.query["size"]))
    call.world.look_again(call.key)
    return note_operation(call.world, "compute.instanceGroupManagers.resize", call.key)


def _managed(call: Call) -> dict[str, Any]:
    call.there()
    return {"managedInstances": list(call.world.groups[call.key].listed())}


def _errors(call: Call) -> dict[str, Any]:
    call.there()
    return {"items": list(reversed(call.world.groups[call.key].errors))}


def _named(call: Call) -> list[str]:
    return [str(link).rsplit("/", 1)[-1] for link in call.request.body.get("instances") or ()]


def _delete_instances(call: Call) -> dict[str, Any]:
    call.there()
    call.world.groups[call.key].take(_named(call), shrink=True)
    return note_operation(call.world, "compute.instanceGroupManagers.deleteInstances", call.key)


def _recreate_instances(call: Call) -> dict[str, Any]:
    call.there()
    call.world.groups[call.key].take(_named(call), shrink=False)
    return note_operation(call.world, "compute.instanceGroupManagers.recreateInstances", call.key)


def _set_ports(call: Call) -> dict[str, Any]:
    there = call.there()
    check_fingerprint(there, call.request.body)
    there["namedPorts"] = list(call.request.body.get("namedPorts") or ())
    there["fingerprint"] = call.world.fingerprint()
    return note_operation(call.world, "setNamedPorts", call.key)


# autoscalers


def _check_autoscaler(world: World, key: str, body: dict[str, Any]) -> None:
    target, policy = str(body.get("target", "")), body.get("autoscalingPolicy") or {}
    must_exist(world, target)
    for other, watch in world.watches.items():
        if other != key and watch.target == world.key(target):
            text = f"The resource '{world.key(target)}' is already the target of another autoscaler."
            raise ServiceError("conflict", text, 409)
    low, high = int(policy.get("minNumReplicas") or 0), int(policy.get("maxNumReplicas") or 0)
    field = "resource.autoscalingPolicy"
    if "maxNumReplicas" not in policy or low > high:
        raise invalid(f"Invalid value for field '{field}.maxNumReplicas': '{high}'. It must not be below the minimum.")
    cpu = (policy.get("cpuUtilization") or {}).get("utilizationTarget", 0.6)
    if not 0 < float(cpu) <= 1:
        raise invalid(f"Invalid value for field '{field}.cpuUtilization.utilizationTarget': '{cpu}'.")
    schedules = policy.get("scalingSchedules") or {}
    if len(schedules) > MOST_SCHEDULES or len(policy.get("customMetricUtilizations") or ()) > MOST_CUSTOM:
        raise invalid(f"Invalid value for field '{field}': there are too many signals.")
    for name, one in schedules.items():
        duration = timedelta(seconds=int(one.get("durationSec") or 0))
        if problem := window_problem(str(one.get("schedule", "")), one.get("timeZone") or "UTC", duration):
            raise invalid(f"Invalid value for field '{field}.scalingSchedules[{name}]': {problem}.")


def _complete_autoscaler(world: World, key: str, body: dict[str, Any]) -> None:
    policy = body["autoscalingPolicy"]
    policy.setdefault("mode", "ON")
    policy.setdefault("coolDownPeriodSec", 60)
    policy.setdefault("minNumReplicas", 0)
    signals = ("cpuUtilization", "loadBalancingUtilization", "customMetricUtilizations")
    if not any(policy.get(name) for name in signals):
        policy["cpuUtilization"] = {"utilizationTarget": 0.6}
    if policy.get("cpuUtilization"):
        policy["cpuUtilization"].setdefault("utilizationTarget", 0.6)
        policy["cpuUtilization"].setdefault("predictiveMethod", "NONE")


def _autoscaler_written(world: World, key: str) -> None:
    world.watches[key] = AutoscalerWatch(world, key, world.watches.get(key))
    world.watches[key].look()


def _autoscaler_shown(world: World, key: str) -> dict[str, Any]:
    return world.watches[key].shown()


def _leave_autoscaler(world: World, key: str) -> None:
    world.watches.pop(key)


# backend services


def _check_service(world: World, key: str, body: dict[str, Any]) -> None:
    for backend in body.get("backends") or ():
        must_exist(world, str(backend.get("group", "")))


def _complete_service(world: World, key: str, body: dict[str, Any]) -> None:
    body.setdefault("protocol", "HTTP")
    body.setdefault("portName", "http")
    body.setdefault("port", 80)
    body.setdefault("timeoutSec", 30)
    body.setdefault("connectionDraining", {"drainingTimeoutSec": 0})
    for backend in body.get("backends") or ():
        mode = backend.setdefault("balancingMode", "UTILIZATION")
        backend.setdefault("capacityScaler", 1.0)
        if mode == "UTILIZATION":
            backend.setdefault("maxUtilization", 0.8)


def _get_image(call: Call) -> dict[str, Any]:
    project = call.request.names["project"]
    for key, body in call.world.resources.items():
        if key.startswith(f"projects/{project}/") and key.endswith(f"/{call.request.names['image']}"):
            return body
    raise not_found(f"projects/{project}/global/images/{call.request.names['image']}")


def _list_images(call: Call) -> dict[str, Any]:
    start = f"projects/{call.request.names['project']}/global/images/"
    return listed(call, [body for key, body in call.world.resources.items() if key.startswith(start)])


COLLECTIONS: Mapping[str, Collection] = {
    "instanceTemplates": Collection(
        complete=_complete_template,
        leave=lambda world, key: refuse_in_use(world, key, "instance_template", (MANAGERS, "templateUsers")),
    ),
    "healthChecks": Collection(
        complete=_complete_check,
        leave=lambda world, key: refuse_in_use(world, key, "health_check", (MANAGERS, "backendServices")),
    ),
    MANAGERS: Collection(
        check=_check_manager,
        complete=_complete_manager,
        written=_manager_written,
        leave=_leave_manager,
        shown=_manager_shown,
        others={
            "resize": _resize,
            "listManagedInstances": _managed,
            "listErrors": _errors,
            "deleteInstances": _delete_instances,
            "recreateInstances": _recreate_instances,
        },
    ),
    "instanceGroups": Collection(others={"setNamedPorts": _set_ports}),
    "autoscalers": Collection(
        check=_check_autoscaler,
        complete=_complete_autoscaler,
        written=_autoscaler_written,
        leave=_leave_autoscaler,
        shown=_autoscaler_shown,
    ),
    "backendServices": Collection(check=_check_service, complete=_complete_service),
    "images": Collection(others={"get": _get_image, "list": _list_images}),
    "targetPools": Collection(),
    "networks": Collection(),
    "subnetworks": Collection(),
    "instances": Collection(),
    "operations": Collection(),
}
