"""Scheduled actions: put, describe, delete, and what they do when they are due."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from trimtab.emulators.aws.activities import record, stamp
from trimtab.emulators.aws.calls import Answer, Call, at_most, find_group, page
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.sizes import apply, changed
from trimtab.emulators.aws.world import Phase, Region, new_id
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.schedules import next_fire
from trimtab.providers.aws.constraints import ACTION, PER_GROUP

_FIELDS = ("StartTime", "EndTime", "Recurrence", "MinSize", "MaxSize", "DesiredCapacity", "TimeZone")
_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
_PER_GROUP = PER_GROUP[ACTION][0]


def put_scheduled_update_group_action(call: Call) -> Answer:
    """One action, new or replaced."""
    _put(call, find_group(call), call.params)
    return None


def batch_put_scheduled_update_group_action(call: Call) -> Answer:
    """Several actions; those that cannot be are listed."""
    at_most(call, "ScheduledUpdateGroupActions", 50)
    group = find_group(call)
    failed = []
    for action in call.params["ScheduledUpdateGroupActions"]:
        try:
            _put(call, group, action)
        except ServiceError as error:
            failed.append(_failure(action["ScheduledActionName"], error))
    return {"FailedScheduledUpdateGroupActions": failed}


def describe_scheduled_actions(call: Call) -> Answer:
    """The actions that have not run, or run again, by group and name."""
    at_most(call, "ScheduledActionNames", 50)
    names = set(call.params.get("ScheduledActionNames") or ())
    group = call.params.get("AutoScalingGroupName")
    actions = [
        _described(action)
        for (owner, name), action in sorted(call.region.actions.items())
        if group in (None, owner) and (name in names if names else _starts_within(action, call.params))
    ]
    return page(call, actions, "ScheduledUpdateGroupActions")


def delete_scheduled_action(call: Call) -> Answer:
    """One action gone."""
    _delete(call, call.params["ScheduledActionName"])
    return None


def batch_delete_scheduled_action(call: Call) -> Answer:
    """Several actions gone; those that were not there are listed."""
    at_most(call, "ScheduledActionNames", 50)
    failed = []
    for name in call.params["ScheduledActionNames"]:
        try:
            _delete(call, name)
        except ServiceError as error:
            failed.append(_failure(name, error))
    return {"FailedScheduledActions": failed}


def arm(region: Region, action: dict[str, Any]) -> None:
    """Have an action fire when it is next due; one that never is again goes."""
    key = (action["AutoScalingGroupName"], action["ScheduledActionName"])
    due = _next_due(action, region.world.now())
    action["next"] = due
    if due is None:
        if region.actions.get(key) is action:
            del region.actions[key]
        return
    region.world.at(
        due,
        (Phase.SCHEDULES, *key),
        lambda: _fire(region, action),
        lambda: region.actions.get(key) is action and action["next"] == due,
    )


def rearm(region: Region) -> None:
    """Have every action of a region fire when it is next due, by a clock that was set back."""
    for action in list(region.actions.values()):
        arm(region, action)


def _put(call: Call, group: GroupView, given: dict[str, Any]) -> None:
    region, name = call.region, given["ScheduledActionName"]
    _check(given, call.world.now())
    key = (group.name, name)
    if key not in region.actions and sum(owner == group.name for owner, _ in region.actions) >= _PER_GROUP:
        raise ServiceError("LimitExceeded", f"The group {group.name} has {_PER_GROUP} scheduled actions already")
    earlier = region.actions.get(key)
    action = {
        "AutoScalingGroupName": group.name,
        "ScheduledActionName": name,
        "ScheduledActionARN": earlier["ScheduledActionARN"] if earlier else _new_arn(region, *key),
        "given": {field: given[field] for field in _FIELDS if given.get(field) is not None},
    }
    region.actions[key] = action
    arm(region, action)


def _check(given: dict[str, Any], now: datetime) -> None:
    if all(given.get(size) is None for size in _SIZES):
        raise invalid("At least one of MinSize, MaxSize or DesiredCapacity must be specified")
    low, high, desired = (given.get(size) for size in _SIZES)
    if low is not None and high is not None and low > high:
        raise invalid("Given min size is greater than the given max size")
    if desired is not None and ((low is not None and desired < low) or (high is not None and desired > high)):
        raise invalid("Given desired capacity is not between the given min size and max size")
    if min(size for size in (low, high, desired) if size is not None) < 0:
        raise invalid("Sizes must not be negative")
    _check_times(given, now)
    if given.get("Recurrence") is not None:
        _check_cron(given["Recurrence"])
    if given.get("TimeZone") is not None:
        _check_zone(given["TimeZone"])


def _check_times(given: dict[str, Any], now: datetime) -> None:
    start, end = given.get("StartTime"), given.get("EndTime")
    if start is None and given.get("Recurrence") is None:
        raise invalid("Either StartTime or Recurrence must be specified")
    if start is not None and start <= now:
        raise invalid("Given start time is in the past")
    if end is not None and end <= (start or now):
        raise invalid("Given end time is in the past or not after the start time")


def _check_cron(text: str) -> None:
    try:
        if len(text.split()) != 5:
            raise CronSimError("five fields are needed")
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        raise invalid(f"Given recurrence string:{text} is invalid") from None


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise invalid(f"Given time zone {name} is not a valid time zone") from None


def _next_due(action: dict[str, Any], after: datetime) -> datetime | None:
    given = action["given"]
    start, end, cron = (given.get(field) for field in ("StartTime", "EndTime", "Recurrence"))
    if start is not None and start > after:
        due: datetime | None = start
    elif cron is None:
        return None
    else:
        due = next_fire(cron, given.get("TimeZone", "UTC"), after)
    return None if due is None or (end is not None and due > end) else due


def _fire(region: Region, action: dict[str, Any]) -> None:
    arm(region, action)
    group = region.groups.get(action["AutoScalingGroupName"])
    # while the process rests, what is due is dropped (suspending processes, user guide)
    if group is None or "ScheduledActions" in group._suspended_processes:
        return
    name, given = action["ScheduledActionName"], action["given"]
    title = f"Executing scheduled action {name}"
    begun = f"At {stamp(region.world.now())} the scheduled action {name} executed."
    try:
        sizes = changed(group, *(given.get(size) for size in _SIZES))
    except ServiceError as error:
        record(group, title, begun, failed=error.message)
        return
    before = (group.min_size, group.max_size, group.desired_capacity)
    after = (sizes.min, sizes.max, sizes.desired)
    words = zip(("min size", "max size", "desired capacity"), before, after, strict=True)
    cause = " ".join([begun, *(f"Setting {what} from {old} to {new}." for what, old, new in words if old != new)])
    record(group, title, cause)
    apply(group, sizes, cause)


def _described(action: dict[str, Any]) -> dict[str, Any]:
    # the service answers the next time as StartTime, whether or not one was given
    answer = {name: value for name, value in action.items() if name not in ("given", "next")}
    return {**answer, **action["given"], "StartTime": action["next"], "Time": action["next"]}


def _starts_within(action: dict[str, Any], params: dict[str, Any]) -> bool:
    earliest, latest = params.get("StartTime"), params.get("EndTime")
    return (earliest is None or action["next"] >= earliest) and (latest is None or action["next"] <= latest)


def _delete(call: Call, name: str) -> None:
    if call.region.actions.pop((call.params["AutoScalingGroupName"], name), None) is None:
        raise invalid("Scheduled action name not found")


def _failure(name: str, error: ServiceError) -> dict[str, str]:
    return {"ScheduledActionName": name, "ErrorCode": error.code, "ErrorMessage": error.message}


def _new_arn(region: Region, group: str, name: str) -> str:
    return region.arn(
        "autoscaling",
        f"scheduledUpdateGroupAction:{new_id()}:autoScalingGroupName/{group}:scheduledActionName/{name}",
    )
