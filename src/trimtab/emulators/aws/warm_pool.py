"""The warm pool of a group: instances kept ready, used first when it scales out."""

import json
from typing import Any

from trimtab.emulators.aws.activities import begin, finish, record, stamp
from trimtab.emulators.aws.calls import Answer, Call, find_group
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.launching import LaunchPlace, launch
from trimtab.emulators.aws.world import Phase
from trimtab.emulators.shared.errors import ServiceError

READY = ("Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated")


def put_warm_pool(call: Call) -> Answer:
    """A group with a warm pool, new or changed."""
    group, given = find_group(call), call.params
    pool = {"MinSize": 0, "PoolState": "Stopped", **(group.pool or {})}
    for name in ("MaxGroupPreparedCapacity", "MinSize", "PoolState", "InstanceReusePolicy"):
        if given.get(name) is not None:
            pool[name] = given[name]
    # the value that means "no limit of its own" (PutWarmPool, Auto Scaling API Reference)
    if pool.get("MaxGroupPreparedCapacity") == -1:
        del pool["MaxGroupPreparedCapacity"]
    group.pool = pool
    refill(group)
    return {}


def delete_warm_pool(call: Call) -> Answer:
    """The pool gone."""
    group = find_group(call)
    if group.pool is None:
        raise invalid(f"No warm pool found for the group {group.name}")
    if group.warmed and not call.params.get("ForceDelete"):
        raise ServiceError("ResourceInUse", "You cannot delete a warm pool while there are instances in it.")
    empty(group)
    return {}


def wanted(group: GroupView) -> int:
    """How many instances the pool should have."""
    if group.pool is None or group.is_deleting:
        return 0
    prepared = group.pool.get("MaxGroupPreparedCapacity", group.max_size)
    return max(int(group.pool["MinSize"]), int(prepared) - group.desired_capacity)


def refill(group: GroupView) -> None:
    """Launch into the pool, or take out of it, until it has its size."""
    if group.pool is None:
        return
    while len(group.warmed) > wanted(group) and "Terminate" not in group._suspended_processes:
        end(group, group.warmed[0])
    avoided: set[LaunchPlace] = set()
    while len(group.warmed) < wanted(group) and "Launch" not in group._suspended_processes:
        if not _launch(group, avoided):
            return


def take(group: GroupView) -> Any:
    """An instance of the pool that is ready, taken out of it; `None` when there is none."""
    able = [state for state in group.warmed if state.lifecycle_state in READY]
    if group.shown_source is not None:
        # on the way to a desired configuration every launch is of that
        able = [state for state in able if state.launched_from == group.launched_from()]
    ready = next(iter(able), None)
    if ready is not None:
        group.warmed.remove(ready)
        _power(group, ready, on=True)
    return ready


def takes_back(group: GroupView) -> bool:
    """Whether instances go back into the pool on scale in."""
    return group.pool is not None and bool(group.pool.get("InstanceReusePolicy", {}).get("ReuseOnScaleIn"))


def put_back(group: GroupView, state: Any) -> None:
    """Take an instance that left the group into the pool."""
    group.warmed.append(state)
    _ready(group, state)


def empty(group: GroupView) -> None:
    """Take the pool and its instances away."""
    group.pool = None
    for state in list(group.warmed):
        end(group, state)


def _launch(group: GroupView, avoided: set[LaunchPlace]) -> bool:
    now = stamp(group.home.world.now())
    cause = f"At {now} an instance was launched into the warm pool in response to a difference in its size."

    def tell(place: LaunchPlace, why: str) -> None:
        record(group, "Launching a new EC2 instance into warm pool", cause, details=place.details, failed=why)

    launched = launch(group, avoided, tell)
    if launched is None:
        return False
    state, _ = launched
    state.lifecycle_state = "Warmed:Pending"
    title = f"Launching a new EC2 instance into warm pool: {state.instance.id}"
    state.activity = begin(group, title, cause, json.dumps({"Availability Zone": state.availability_zone}))
    group.warmed.append(state)
    boot = group.home.world.settings["boot_seconds"]
    order = (Phase.INSTANCES, group.name)
    group.home.world.later(boot, order, lambda: _booted(group, state), lambda: state in group.warmed)
    return True


def _booted(group: GroupView, state: Any) -> None:
    finish(state.activity, group.home.world.now())
    if state in group.warmed:
        _ready(group, state)


def _ready(group: GroupView, state: Any) -> None:
    kind = (group.pool or {}).get("PoolState", "Stopped")
    state.lifecycle_state = f"Warmed:{kind}"
    _power(group, state, on=kind == "Running")


def _power(group: GroupView, state: Any, *, on: bool) -> None:
    if on and state.instance.state == "stopped":
        group.ec2_backend.start_instances([state.instance.id])
    elif not on and state.instance.state == "running":
        group.ec2_backend.stop_instances([state.instance.id])


def end(group: GroupView, state: Any) -> None:
    """Terminate an instance of the pool."""
    number = state.instance.id
    group.warmed.remove(state)
    state.lifecycle_state = "Warmed:Terminated"
    group.ec2_backend.terminate_instances([number])
    now = stamp(group.home.world.now())
    cause = f"At {now} instance {number} was taken out of the warm pool in response to a difference in its size."
    record(group, f"Terminating EC2 instance from warm pool: {number}", cause)
