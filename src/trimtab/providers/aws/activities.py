"""What AWS did to the sizes of groups, out of their scaling activities."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from itertools import islice
from typing import Any

from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.reads import PAGE
from trimtab.providers.base import Activity


def read_activities(calls: Calls, region: str, name: str, limit: int) -> list[Activity]:
    """The scaling activities of a group, newest first."""
    params = {"AutoScalingGroupName": name, "MaxRecords": min(limit, PAGE)}
    items = calls.items("autoscaling", "describe_scaling_activities", region, **params)
    return [activity_of(item) for item in islice(items, limit)]


def read_last_activities(calls: Calls, region: str, names: Sequence[str]) -> dict[str, Activity]:
    """The newest activity of each group; of several groups those among the account's last hundred."""
    params = {"AutoScalingGroupName": names[0]} if len(names) == 1 else {}
    number = 1 if params else PAGE
    reply = calls.call("autoscaling", "describe_scaling_activities", region, MaxRecords=number, **params)
    activities: dict[str, Activity] = {}
    for item in reply["Activities"]:
        if item["AutoScalingGroupName"] in names:
            activities.setdefault(item["AutoScalingGroupName"], activity_of(item))
    return activities


def activity_of(item: Mapping[str, Any]) -> Activity:
    """A scaling activity as `DescribeScalingActivities` answers it."""
    return Activity(
        id=item["ActivityId"],
        at=item["StartTime"].astimezone(UTC),
        status=str(item.get("StatusCode", "")).lower(),
        description=item.get("Description", ""),
        cause=item.get("Cause", ""),
    )
