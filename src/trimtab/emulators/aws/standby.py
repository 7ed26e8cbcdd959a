"""Instances that scaling in spares, and those that stand by: in the group, without requests, beside its size."""

import json
from typing import Any

from trimtab.emulators.aws import hooks
from trimtab.emulators.aws.activities import begin, finish, stamp
from trimtab.emulators.aws.calls import Answer, Call, find_group
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.membership import numbers_of, sizes_do_not_fit

_MOST_PROTECTED, _MOST_IN_STANDBY = 50, 20
_PROTECTED_IN = ("InService", "EnteringStandby", "Standby")


def set_instance_protection(call: Call) -> Answer:
    """Instances that scaling in spares from now on, or not any more."""
    group = find_group(call)
    # https://github.com/guardian/riff-raff/pull/510
    states = [_in_state(group, number, _PROTECTED_IN) for number in numbers_of(call, _MOST_PROTECTED)]
    for state in states:
        state.protected_from_scale_in = bool(call.params["ProtectedFromScaleIn"])
    return {}


def enter_standby(call: Call) -> Answer:
    """Instances out of service; the group smaller, or with others in their place."""
    group, shrink = find_group(call), call.params["ShouldDecrementDesiredCapacity"]
    # https://github.com/keikoproj/upgrade-manager/issues/324
    states = [_in_state(group, number, ("InService",)) for number in numbers_of(call, _MOST_IN_STANDBY)]
    wanted = group.desired_capacity - (group.units(states) if shrink else 0)
    if wanted < group.min_size:
        raise sizes_do_not_fit(group, "place into standby", len(states))
    activities = []
    for state in states:
        left = group.desired_capacity
        number, at = state.instance.id, stamp(call.world.now())
        group.cause = f"At {at} instance {number} was moved to standby in response to a user request"
        if shrink:
            group.desired_capacity = left - group.units([state])
            group.cause += f", shrinking the capacity from {left} to {group.desired_capacity}"
        group.cause += "."
        activities.append(_set_aside(group, state))
    group.set_desired_capacity(wanted)
    # as https://docs.aws.amazon.com/cli/latest/reference/autoscaling/enter-standby.html shows them
    return {"Activities": [{**each, "StatusCode": "InProgress", "Progress": 50} for each in activities]}


def exit_standby(call: Call) -> Answer:
    """Instances back in service, and the group larger by them."""
    group = find_group(call)
    states = [_in_state(group, number, ("Standby",)) for number in numbers_of(call, _MOST_IN_STANDBY)]
    wanted = group.desired_capacity + group.units(states)
    if wanted > group.max_size:
        raise sizes_do_not_fit(group, "exit standby", len(states))
    activities = []
    for state in states:
        number, at = state.instance.id, stamp(call.world.now())
        cause = f"At {at} instance {number} was moved out of standby in response to a user request."
        activity = begin(group, f"Moving EC2 instance out of Standby: {number}", cause, _details(state))
        state.lifecycle_state, state.in_service_at = "InService", call.world.now()
        finish(activity, call.world.now())
        activities.append(activity)
    group.set_desired_capacity(wanted)
    group.refresh_targets()
    # as https://docs.aws.amazon.com/cli/latest/reference/autoscaling/exit-standby.html shows them
    return {"Activities": [{**each, "StatusCode": "PreInService", "Progress": 30} for each in activities]}


def _in_state(group: GroupView, number: str, wanted: tuple[str, ...]) -> Any:
    state = group.find(number)
    if state is None:
        raise invalid(f"The instance {number} is not part of Auto Scaling group {group.name}.")
    if state.lifecycle_state not in wanted:
        raise invalid(f"The instance {number} is not in {' or '.join(wanted)}.")
    return state


def _set_aside(group: GroupView, state: Any) -> dict[str, Any]:
    activity = begin(group, f"Moving EC2 instance to Standby: {state.instance.id}", group.cause, _details(state))
    group.deregister(state.instance.id)
    hooks.drop_waits(state)
    state.lifecycle_state = "Standby"
    finish(activity, group.home.world.now())
    return activity


def _details(state: Any) -> str:
    return json.dumps({"Availability Zone": state.availability_zone})
