"""One instance's way through a group: pending, in service, terminating, with the waits of lifecycle hooks."""

import json
from typing import Any

from trimtab.emulators.aws import hooks, warm_pool
from trimtab.emulators.aws.activities import begin, finish, stamp, started, stopped
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.launching import LaunchPlace
from trimtab.emulators.aws.world import Phase


def start(group: GroupView, state: Any, place: LaunchPlace, before: int) -> None:
    """Take in a new instance: pending until it has booted and the hooks let it go on."""
    title = f"Launching a new EC2 instance: {state.instance.id}"
    cause = started(group, before, before + group.units([state]))
    state.activity = begin(group, title, cause, place.details)
    group.instance_states.append(state)
    pend(group, state, group.home.world.settings["boot_seconds"])


def join(group: GroupView, state: Any) -> None:
    """Take in an instance of the warm pool."""
    before = group.units(group.members())
    title = f"Launching a new EC2 instance from warm pool: {state.instance.id}"
    details = json.dumps({"Availability Zone": state.availability_zone})
    state.activity = begin(group, title, started(group, before, before + group.units([state])), details)
    state.from_pool = True
    group.instance_states.append(state)
    pend(group, state, group.home.world.settings["warm_boot_seconds"])


def pend(group: GroupView, state: Any, boot: float) -> None:
    """Have an instance boot, and come into service then."""
    state.lifecycle_state = "Pending"
    group.home.world.later(
        boot,
        (Phase.INSTANCES, group.name),
        lambda: _booted(group, state),
        lambda: state in group.instance_states and state.lifecycle_state == "Pending",
    )


def stop(group: GroupView, state: Any, *, pooled: bool = False, hooked: bool = True, cause: str | None = None) -> None:
    """Take an instance out: back into the warm pool where that is wanted, else terminated, after the hooks."""
    before, number = group.units(group.members()), state.instance.id
    text = cause or stopped(group, before, before - group.units([state]), number)
    group.deregister(number)
    hooks.drop_waits(state)
    state.activity = begin(group, f"Terminating EC2 instance: {number}", text)
    state.lifecycle_state = "Terminating"
    state.goes_to_pool = pooled and warm_pool.takes_back(group)
    if hooked and hooks.pause(group, state, hooks.TERMINATING, lambda _: leave(group, state)):
        state.lifecycle_state = "Terminating:Wait"
        state.activity["StatusCode"] = "MidLifecycleAction"
        return
    leave(group, state)


def leave(group: GroupView, state: Any) -> None:
    """Remove an instance that is terminating."""
    now = group.home.world.now()
    if state in group.instance_states:
        group.instance_states.remove(state)
    group.settled = now
    finish(state.activity, now)
    if state.goes_to_pool:
        warm_pool.put_back(group, state)
        return
    state.lifecycle_state = "Terminated"
    group.ec2_backend.terminate_instances([state.instance.id])


def _booted(group: GroupView, state: Any) -> None:
    if hooks.pause(group, state, hooks.LAUNCHING, lambda result: _launched(group, state, result)):
        state.lifecycle_state = "Pending:Wait"
        state.activity["StatusCode"] = "MidLifecycleAction"
        return
    _enter_service(group, state)


def _launched(group: GroupView, state: Any, result: str) -> None:
    if result == "CONTINUE":
        _enter_service(group, state)
        return
    finish(state.activity, group.home.world.now(), "Failed", "Instance failed to complete user's Lifecycle Action")
    now = stamp(group.home.world.now())
    text = f"At {now} an instance was taken out of service in response to a failed lifecycle action."
    stop(group, state, hooked=False, cause=text)
    group.balance()


def _enter_service(group: GroupView, state: Any) -> None:
    now = group.home.world.now()
    state.lifecycle_state, state.in_service_at = "InService", now
    group.settled = now
    finish(state.activity, now)
    group.entered(state)
    if group.name in group.home.groups:
        group.refresh_targets()
