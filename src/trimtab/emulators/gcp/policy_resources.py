"""Alert policies as resources: listed, read, made, changed, deleted."""

from typing import Any

from trimtab.emulators.gcp.filters import invalid
from trimtab.emulators.gcp.monitoring_bodies import listed, masked
from trimtab.emulators.gcp.monitoring_world import MonitoringWorld
from trimtab.emulators.gcp.policy_checks import check_policy
from trimtab.emulators.gcp.refusals import refuse
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.moments import zulu

Body = dict[str, Any]
_OUTPUT = ("name", "creationRecord", "mutationRecord", "validity")
_FIELDS = frozenset(
    {
        "displayName",
        "documentation",
        "userLabels",
        "conditions",
        "combiner",
        "enabled",
        "notificationChannels",
        "alertStrategy",
        "severity",
    }
)


def list_policies(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `ListAlertPolicies`."""
    items, more = listed(list(world.policies.values()), request)
    return {"alertPolicies": items, **more, "totalSize": len(world.policies)}


def get_policy(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `GetAlertPolicy`."""
    return _find(world, request["name"])


def create_policy(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `CreateAlertPolicy`."""
    given = _input(request.get("alertPolicy", {}))
    _check(world, given)
    for number, condition in enumerate(given["conditions"]):
        if condition.get("name"):
            text = "The name of a condition is given by the service."
            raise invalid(f"alert_policy.conditions[{number}].name", condition["name"], text)
    name = f"projects/{world.project}/alertPolicies/{world.next_number()}"
    record = _record(world)
    policy = {"name": name, **_whole(world, given, name), "creationRecord": record, "mutationRecord": record}
    world.watch(policy)
    return policy


def update_policy(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `UpdateAlertPolicy`."""
    given = request.get("alertPolicy", {})
    live = _find(world, given.get("name", ""))
    wanted = _input(masked(live, _input(given), request.get("updateMask", ""), known=_FIELDS))
    _check(world, wanted)
    known = {condition["name"] for condition in live["conditions"]}
    for number, condition in enumerate(wanted["conditions"]):
        if condition.get("name") and condition["name"] not in known:
            text = "The policy has no such condition."
            raise invalid(f"alert_policy.conditions[{number}].name", condition["name"], text)
    policy = {
        "name": live["name"],
        **_whole(world, wanted, live["name"]),
        "creationRecord": live["creationRecord"],
        "mutationRecord": _record(world),
    }
    world.watch(policy)
    return policy


def delete_policy(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `DeleteAlertPolicy`."""
    name = _find(world, request["name"])["name"]
    world.unwatch(name)
    del world.policies[name]
    return {}


def _find(world: MonitoringWorld, name: str) -> Body:
    policy = world.policies.get(name)
    if policy is None:
        raise ServiceError("NOT_FOUND", f"The alert policy {name} does not exist.", 404)
    return policy


def _input(given: Body) -> Body:
    return {key: value for key, value in given.items() if key not in _OUTPUT}


def _check(world: MonitoringWorld, policy: Body) -> None:
    refuse("alertPolicies", policy)
    check_policy(policy, descriptors=world.descriptors, has_channel=world.channels.__contains__)


def _record(world: MonitoringWorld) -> Body:
    return {"mutateTime": zulu(world.now()), "mutatedBy": world.user}


def _whole(world: MonitoringWorld, policy: Body, name: str) -> Body:
    """A policy with what the service adds to it."""
    conditions = [
        {**condition, "name": condition.get("name") or f"{name}/conditions/{world.next_number()}"}
        for condition in policy["conditions"]
    ]
    completed = {"enabled": True, **policy, "conditions": conditions}
    if "documentation" in policy:
        completed["documentation"] = {"mimeType": "text/markdown", **policy["documentation"]}
    return completed
