"""Lifecycle hooks: put, describe, delete, and the waits of instances because of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, at_most, find_group
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.notices import check_target, send_test, tell
from trimtab.emulators.aws.world import Phase, Region, new_id
from trimtab.emulators.shared.errors import ServiceError

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
_DEFAULTS = {"HeartbeatTimeout": 3600, "DefaultResult": "ABANDON"}
_OPTIONAL = ("NotificationMetadata", "NotificationTargetARN", "RoleARN")
_LONGEST, _HEARTBEATS, _PER_GROUP = 172_800, 100, 50


@dataclass
class Wait:
    """One instance waiting because of one hook."""

    hook: dict[str, Any]
    token: str
    until: datetime
    last: datetime


def put_lifecycle_hook(call: Call) -> Answer:
    """A hook, new or with what is given changed."""
    params = call.params
    group = find_group(call)
    earlier = call.region.hooks.get((group.name, params["LifecycleHookName"]))
    if earlier is None and not params.get("LifecycleTransition"):
        raise invalid("LifecycleTransition is required when a lifecycle hook is created")
    put(call.region, group.name, {**(earlier or {}), **params})
    return None


def put(region: Region, group: str, given: dict[str, Any]) -> None:
    """Keep a hook; a target that is new is sent a test message."""
    check(region, given)
    before = region.hooks.get((group, given["LifecycleHookName"]), {})
    if (group, given["LifecycleHookName"]) not in region.hooks and len(hooks_of(region, group)) >= _PER_GROUP:
        raise ServiceError("LimitExceeded", f"The group {group} has {_PER_GROUP} lifecycle hooks already")
    hook = {**_DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    hook["AutoScalingGroupName"] = group
    hook["GlobalTimeout"] = min(_LONGEST, _HEARTBEATS * hook["HeartbeatTimeout"])
    region.hooks[group, given["LifecycleHookName"]] = {
        name: hook[name]
        for name in (
            "LifecycleHookName",
            "AutoScalingGroupName",
            "LifecycleTransition",
            *(name for name in _OPTIONAL if hook.get(name)),
            "HeartbeatTimeout",
            "GlobalTimeout",
            "DefaultResult",
        )
    }
    target = hook.get("NotificationTargetARN")
    if target and target != before.get("NotificationTargetARN"):
        send_test(region, group, hook)


def check(region: Region, given: dict[str, Any]) -> None:
    """Refuse a hook that the service refuses."""
    if given["LifecycleTransition"] not in (LAUNCHING, TERMINATING):
        raise invalid(f"Lifecycle transition must be one of {LAUNCHING}, {TERMINATING}")
    if given.get("DefaultResult") not in (None, "CONTINUE", "ABANDON"):
        raise invalid("DefaultResult must be CONTINUE or ABANDON")
    check_target(region, given)


def describe_lifecycle_hooks(call: Call) -> Answer:
    """The hooks of a group, by name."""
    at_most(call, "LifecycleHookNames", 50)
    names = set(call.params.get("LifecycleHookNames") or ())
    hooks = hooks_of(call.region, find_group(call).name)
    return {"LifecycleHooks": [hook for hook in hooks if not names or hook["LifecycleHookName"] in names]}


def delete_lifecycle_hook(call: Call) -> Answer:
    """A hook gone; who waits because of it goes on as if it had run out."""
    group, name = find_group(call), call.params["LifecycleHookName"]
    if call.region.hooks.pop((group.name, name), None) is None:
        raise invalid(f"No Lifecycle Hook found with name: {name} for Auto Scaling group: {group.name}")
    for state in list(group.instance_states):
        wait = waits_of(state).get(name)
        if wait is not None:
            resolve(state, name, wait.hook["DefaultResult"])
    return None


def complete_lifecycle_action(call: Call) -> Answer:
    """An instance that goes on, or is given up."""
    result = call.params["LifecycleActionResult"]
    if result not in ("CONTINUE", "ABANDON"):
        raise invalid("LifecycleActionResult must be CONTINUE or ABANDON")
    state, _ = _waiting(call)
    resolve(state, call.params["LifecycleHookName"], result)
    return {}


def record_lifecycle_action_heartbeat(call: Call) -> Answer:
    """An instance that may wait longer."""
    state, wait = _waiting(call)
    until = call.world.now() + timedelta(seconds=wait.hook["HeartbeatTimeout"])
    wait.until = min(until, wait.last)
    _arm(call.region, state, wait)
    return {}


def hooks_of(region: Region, group: str) -> list[dict[str, Any]]:
    """The hooks of a group, by name."""
    return [hook for (owner, _), hook in sorted(region.hooks.items()) if owner == group]


def pause(group: GroupView, state: Any, transition: str, go_on: Callable[[str], None]) -> bool:
    """Have an instance wait because of the hooks on a transition; whether there are any."""
    hooks = [hook for hook in hooks_of(group.home, group.name) if hook["LifecycleTransition"] == transition]
    now = group.home.world.now()
    state.go_on = go_on
    state.waits = {
        hook["LifecycleHookName"]: Wait(
            hook,
            new_id(),
            now + timedelta(seconds=hook["HeartbeatTimeout"]),
            now + timedelta(seconds=hook["GlobalTimeout"]),
        )
        for hook in hooks
    }
    origin, destination = _way(state, transition)
    for wait in tuple(state.waits.values()):
        _arm(group.home, state, wait)
        tell(group.home, wait.hook, wait.token, state.instance.id, origin=origin, destination=destination)
    return bool(hooks)


def _way(state: Any, transition: str) -> tuple[str, str]:
    """Where an instance comes from and goes to: https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pools-eventbridge-events.html."""
    if transition == LAUNCHING:
        return "WarmPool" if getattr(state, "from_pool", False) else "EC2", "AutoScalingGroup"
    return "AutoScalingGroup", "WarmPool" if getattr(state, "goes_to_pool", False) else "EC2"


def resolve(state: Any, name: str, result: str) -> None:
    """End one wait; the instance goes on when it was the last, or at once when it is given up."""
    waits = waits_of(state)
    del waits[name]
    if result == "ABANDON":
        waits.clear()
    if not waits:
        state.go_on(result)


def drop_waits(state: Any) -> None:
    """Forget what an instance waits for."""
    waits_of(state).clear()


def waits_of(state: Any) -> dict[str, Wait]:
    """What an instance waits for, by the hook's name."""
    waits: dict[str, Wait] = getattr(state, "waits", {})
    return waits


def _arm(region: Region, state: Any, wait: Wait) -> None:
    due, name = wait.until, wait.hook["LifecycleHookName"]
    region.world.at(
        due,
        (Phase.INSTANCES, wait.hook["AutoScalingGroupName"], name),
        lambda: resolve(state, name, wait.hook["DefaultResult"]),
        lambda: waits_of(state).get(name) is wait and wait.until == due,
    )


def _waiting(call: Call) -> tuple[Any, Wait]:
    params, group = call.params, find_group(call)
    name, number, token = params["LifecycleHookName"], params.get("InstanceId"), params.get("LifecycleActionToken")
    if not (number or token):
        raise invalid("Either InstanceId or LifecycleActionToken must be given")
    for state in group.instance_states:
        wait = waits_of(state).get(name)
        if wait is not None and (state.instance.id == number or wait.token == token):
            return state, wait
    raise invalid(f"No active Lifecycle Action found with instance ID {number or token}")
