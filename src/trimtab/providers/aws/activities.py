"""What AWS did to the sizes of groups, out of their scaling activities; and what their alarms did."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.reads import PAGE
from trimtab.providers.aws.states import ALARM_STATES
from trimtab.providers.base import Activity, AlarmChange, Failure, Short, failure_of, patterns_of

_SIZES = re.compile(r"changing the desired capacity from (\d+) to (\d+)")
"""How a cause says it: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-activity-history.html"""
_LAUNCHED = re.compile(r"Launching a new EC2 instance(?! into)")
_ENDED = re.compile(r"Terminating EC2 instance")
"""
How the descriptions of activities begin that bring an instance into service, and that end one. They last until it is in
service, hooks and all, and until it is gone, its connections drained; one that goes into a warm pool serves nobody.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
"""
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-capacity.html and ts-as-ami.html
FAILURES = patterns_of(
    shortage=r"sufficient [\w. -]+ capacity|InsufficientInstanceCapacity|no Spot capacity|UnfulfillableCapacity|"
    r"not supported in your",
    quota=r"LimitExceeded|[Mm]ax spot instance count exceeded|more (vCPU|instances) (capacity )?than your|quota",
    image=r"\bAMI\b|InvalidAMIID|image id",
    addresses=r"free addresses|InsufficientFreeAddresses",
    permission=r"not authorized|UnauthorizedOperation|Client\.InternalError|AccessDenied",
)
FAILED = frozenset({"failed", "cancelled"})
HISTORY = re.compile(r"Alarm updated from \S+ to (\S+)")


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
    status, cause = str(item.get("StatusCode", "")).lower(), str(item.get("Cause", ""))
    sizes = _SIZES.search(cause)
    failure = _failure(item) if status in FAILED else None
    return Activity(
        id=item["ActivityId"],
        at=item["StartTime"].astimezone(UTC),
        status=status,
        description=item.get("Description", ""),
        cause=cause,
        sizes=(int(sizes[1]), int(sizes[2])) if sizes else None,
        failure=failure,
        short=_short(item) if failure is Failure.SHORTAGE else None,
        booted=_lasted(item, _LAUNCHED),
        drained=_lasted(item, _ENDED),
    )


def _lasted(item: Mapping[str, Any], begins: re.Pattern[str]) -> timedelta | None:
    """How long an activity of a kind lasted that came to a good end."""
    if item.get("StatusCode") != "Successful" or "EndTime" not in item or not begins.match(item.get("Description", "")):
        return None
    lasted: timedelta = item["EndTime"] - item["StartTime"]
    return max(lasted, timedelta(0))


def _failure(item: Mapping[str, Any]) -> Failure:
    return failure_of(f"{item.get('StatusMessage', '')} {item.get('Description', '')}", FAILURES)


_SIZE = re.compile(r"sufficient ([\w.-]+) capacity|instance type \(([\w.-]+)\)")
_ZONE = re.compile(r"Zone(?: you requested)? \(([\w-]+)\)")


def _short(item: Mapping[str, Any]) -> Short:
    """
    What there was none of: type and zone as far as the text says, spot or not as a mixed group's activity does.

    "Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available that matches
    your request.", which names no type: https://github.com/cortexlabs/cortex/issues/1258
    """
    text = f"{item.get('StatusMessage', '')} {item.get('Description', '')}"
    size, zone = _SIZE.search(text), _ZONE.search(text)
    spot = True if "Spot" in text else False if "On-Demand" in text else None
    place = zone[1] if zone else _details(item).get("Availability Zone", "")
    return Short(size=(size[1] or size[2]) if size else "", zone=str(place), spot=spot)


def _details(item: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        details = json.loads(item.get("Details") or "{}")
    except ValueError:
        return {}
    return details if isinstance(details, dict) else {}


def read_alarm_history(
    calls: Calls, region: str, names: Sequence[str], since: datetime, until: datetime
) -> list[AlarmChange]:
    """
    The changes of state of alarms, oldest first: a call for each alarm.

    CloudWatch keeps them for 30 days:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    """
    changes = [
        change
        for name in names
        for item in calls.items(
            "cloudwatch",
            "describe_alarm_history",
            region,
            AlarmName=name,
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            HistoryItemType="StateUpdate",
            StartDate=since,
            EndDate=until,
        )
        if (change := _alarm_change(item)) is not None
    ]
    return sorted(changes, key=lambda change: change.at)


def _alarm_change(item: Mapping[str, Any]) -> AlarmChange | None:
    """A change of state as `DescribeAlarmHistory` answers it; its data has the reason."""
    match = HISTORY.search(str(item.get("HistorySummary", "")))
    if match is None:
        return None
    state = ALARM_STATES.get(match[1], "no-data")
    at = item["Timestamp"].astimezone(UTC)
    return AlarmChange(name=item["AlarmName"], at=at, state=state, reason=_reason(str(item.get("HistoryData", ""))))


def _reason(data: str) -> str:
    try:
        details = json.loads(data)
        return str(details["newState"]["stateReason"])
    except (ValueError, KeyError, TypeError):
        return ""
