"""Scaling activities: what a group did, when and why."""

from datetime import UTC, datetime
from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, page
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.world import new_id


def begin(group: GroupView, description: str, cause: str, details: str = "{}") -> dict[str, Any]:
    """An activity that began now and goes on."""
    activity = {
        "ActivityId": new_id(),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Description": description,
        "Cause": cause,
        "StartTime": group.home.world.now(),
        "StatusCode": "InProgress",
        "Progress": 50,
        "Details": details,
    }
    group.home.activities.setdefault(group.name, []).append(activity)
    return activity


def finish(activity: dict[str, Any], now: datetime, status: str = "Successful", message: str | None = None) -> None:
    """End an activity now."""
    activity.update(StatusCode=status, EndTime=now, Progress=100)
    if message is not None:
        activity["StatusMessage"] = message


def record(group: GroupView, description: str, cause: str, *, details: str = "{}", failed: str | None = None) -> None:
    """Add an activity that began and ended now."""
    title = description if failed is None else f"{description}.  Status Reason: {failed}"
    activity = begin(group, title, cause, details)
    finish(activity, group.home.world.now(), "Successful" if failed is None else "Failed", failed)


def newest(group: GroupView) -> dict[str, Any]:
    """The last activity of a group."""
    return group.home.activities[group.name][-1]


def describe_scaling_activities(call: Call) -> Answer:
    """The activities, newest first."""
    name = call.params.get("AutoScalingGroupName")
    if name and name not in call.region.groups and not call.params.get("IncludeDeletedGroups"):
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    wanted = call.params.get("ActivityIds")
    matches = [
        activity
        for group, activities in call.region.activities.items()
        if _is_wanted(call, group)
        for activity in reversed(activities)
        if not wanted or activity["ActivityId"] in wanted
    ]
    matches.sort(key=_started, reverse=True)
    return page(call, matches, "Activities", default=100)


def started(group: GroupView, before: int, after: int) -> str:
    """The cause of a launch."""
    return (
        f"{group.cause}  At {stamp(group.home.world.now())} an instance was started in response to a difference "
        f"between desired and actual capacity, increasing the capacity from {before} to {after}."
    )


def stopped(group: GroupView, before: int, after: int, instance_id: str) -> str:
    """The cause of a termination."""
    now = stamp(group.home.world.now())
    return (
        f"{group.cause}  At {now} an instance was taken out of service in response to a difference between "
        f"desired and actual capacity, shrinking the capacity from {before} to {after}.  "
        f"At {now} instance {instance_id} was selected for termination."
    )


def stamp(moment: datetime) -> str:
    """A time as activities write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_wanted(call: Call, group: str) -> bool:
    name = call.params.get("AutoScalingGroupName")
    is_there = group in call.region.groups or bool(call.params.get("IncludeDeletedGroups"))
    return is_there and name in (None, group)


def _started(activity: dict[str, Any]) -> datetime:
    start_time: datetime = activity["StartTime"]
    return start_time
