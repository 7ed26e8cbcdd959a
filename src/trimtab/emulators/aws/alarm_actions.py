"""The state of an alarm, and whom a change of it is told to: the queues that are subscribed to its topics."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader
from moto.core.exceptions import ServiceException
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.world import Region, new_id

ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
"""The fields of an alarm that say what is done in each state."""


def actions_of(alarm: Mapping[str, Any]) -> list[str]:
    """What is done in the state that an alarm is in."""
    return list(alarm[ACTIONS[alarm["StateValue"]]]) if alarm["ActionsEnabled"] else []


def record_state(region: Region, alarm: dict[str, Any], state: str, reason: str, data: str | None) -> bool:
    """Put an alarm in a state, and tell its topics of another one; whether it is another one."""
    now, before = region.world.now(), alarm["StateValue"]
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=now)
    if data is not None:
        alarm["StateReasonData"] = data
    if state == before:
        return False
    alarm["StateTransitionedTimestamp"] = now
    region.alarm_history.append(_changed(region, alarm, before, now))
    if "ActionsSuppressedBy" not in alarm:
        _notify(region, alarm, before)
    return True


def _changed(region: Region, alarm: Mapping[str, Any], before: str, now: datetime) -> dict[str, Any]:
    """An item of the history: its data has the old and the new state, as JSON."""
    after = {"stateValue": alarm["StateValue"], "stateReason": alarm["StateReason"]}
    data = {"version": "1.0", "oldState": {"stateValue": before}, "newState": after}
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmType": "CompositeAlarm" if alarm["AlarmName"] in region.composites else "MetricAlarm",
        "Timestamp": now,
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {before} to {alarm['StateValue']}",
        "HistoryData": json.dumps(data),
    }


def check_topics(region: str, params: Mapping[str, Any]) -> None:
    """
    Refuse topics of other regions.

    https://github.com/cds-snc/notification-terraform/pull/128
    """
    for arn in (arn for field in ACTIONS.values() for arn in params.get(field) or ()):
        service, where = [*arn.split(":"), "", "", "", ""][2:4]
        if service == "sns" and where != region:
            raise invalid(f"Invalid region {where} specified. Only {region} is supported.")


def stamp(moment: datetime) -> str:
    """A time as CloudWatch writes it in its messages."""
    milliseconds = moment.microsecond // 1000
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03}+0000"


def _notify(region: Region, alarm: Mapping[str, Any], before: str) -> None:
    """Send what CloudWatch sends; to queues alone, so that nothing leaves the machine."""
    topics = [arn for arn in actions_of(alarm) if arn in region.sns.topics]
    if not topics:
        return
    title = f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {_title_of(region.name)}'
    message = json.dumps(_message(region, alarm, before))
    for arn in topics:
        for subscription in region.sns.list_subscriptions_by_topic(topic_arn=arn)[0]:
            if subscription.protocol == "sqs":
                with suppress(ServiceException, HTTPException):
                    subscription.publish(message, new_id(), subject=title)


def _message(region: Region, alarm: Mapping[str, Any], before: str) -> dict[str, Any]:
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": region.account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": stamp(alarm["StateUpdatedTimestamp"]),
        "Region": _title_of(region.name),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": before,
        **{field: alarm[field] for field in ACTIONS.values()},
        **({"AlarmRule": alarm["AlarmRule"]} if "AlarmRule" in alarm else {"Trigger": _trigger(alarm)}),
    }


def _trigger(alarm: Mapping[str, Any]) -> dict[str, Any]:
    same = ("MetricName", "Namespace", "Unit", "Period", "EvaluationPeriods", "ComparisonOperator", "Threshold")
    names = [{"value": each["Value"], "name": each["Name"]} for each in alarm["Dimensions"]]
    return {**{name: alarm.get(name) for name in same}, "Dimensions": names}


@cache
def _title_of(region: str) -> str:
    """A region's name for people."""
    for partition in Loader().load_data("endpoints")["partitions"]:
        if partition["partition"] == get_partition(region) and region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region
