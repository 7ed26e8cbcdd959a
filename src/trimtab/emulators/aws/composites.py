"""Composite alarms: put, and kept in the state that their rules make of other alarms."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trimtab.emulators.aws.alarm_actions import ACTIONS, check_topics, record_state, stamp
from trimtab.emulators.aws.alarm_rules import CompositeRule, read_rule
from trimtab.emulators.aws.calls import Answer, Call, reordered
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.world import Region
from trimtab.emulators.shared.errors import ServiceError

Alarm = dict[str, Any]
FAMILY = ("ChildrenOfAlarmName", "ParentsOfAlarmName")
"""The parameters of DescribeAlarms that ask for relatives."""
_SUPPRESSOR = "ActionsSuppressor"
_PERIODS = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
_SERVICES = ("sns", "lambda", "ssm", "ssm-incidents", "aiops")
_MOST_PARENTS = 150
_UPDATED = "StateUpdatedTimestamp"


def put_composite_alarm(call: Call) -> Answer:
    """A composite alarm, new or replaced as a whole; its state follows from its rule at once."""
    params, region, now = dict(call.params), call.region, call.world.now()
    name, rule = params["AlarmName"], read_rule(params["AlarmRule"])
    _check(region, params, rule)
    tags = params.pop("Tags", None) or []
    earlier = region.composites.get(name)
    arn = region.arn("cloudwatch", f"alarm:{name}")
    if earlier is None:
        # on an alarm that exists the tags are ignored (PutCompositeAlarm, CloudWatch API Reference)
        region.alarm_tags[arn] = {tag["Key"]: tag["Value"] for tag in tags}
        state = {"StateValue": "INSUFFICIENT_DATA", "StateUpdatedTimestamp": now, "StateTransitionedTimestamp": now}
    else:
        state = {field: value for field, value in earlier.items() if field.startswith("State")}
    alarm = region.composites[name] = {
        "ActionsEnabled": True,
        **params,
        **{field: reordered(params.get(field) or []) for field in ACTIONS.values()},
        **state,
        "AlarmArn": arn,
        "AlarmConfigurationUpdatedTimestamp": now,
    }
    what = "created" if earlier is None else "updated"
    reason = f"{arn} was {what} and its alarm rule evaluates to {_verdict(region, rule)}"
    _change(region, alarm, _verdict(region, rule), reason, _children(region, rule), ())
    return None


def review_parents(region: Region, child: Alarm, path: tuple[str, ...] = ()) -> None:
    """
    Evaluate the composite alarms whose rules name an alarm that has changed its state.

    Evaluation stops where it comes round to an alarm again (PutCompositeAlarm, CloudWatch API Reference).
    """
    for parent in _parents(region, child):
        if parent["AlarmName"] not in path:
            when = f"{child[_UPDATED]:%A %d %B, %Y %H:%M:%S UTC}"
            reason = f"{child['AlarmArn']} transitioned to {child['StateValue']} at {when}"
            verdict = _verdict(region, read_rule(parent["AlarmRule"]))
            _change(region, parent, verdict, reason, [child], path)


def find_alarm(region: Region, reference: str) -> Alarm | None:
    """The alarm of a name or an ARN, of either kind."""
    name = reference.partition(":alarm:")[2] if reference.startswith("arn:") else reference
    alarm = region.alarms.get(name) or region.composites.get(name)
    return alarm if alarm is not None and reference in (alarm["AlarmName"], alarm["AlarmArn"]) else None


def family(call: Call) -> list[Alarm]:
    """The alarms that a composite alarm names, or the composite alarms that name an alarm; a few fields of each."""
    others = set(call.params) - {"MaxRecords", "NextToken"}
    if len(others) > 1:
        raise invalid(f"{' or '.join(FAMILY)} cannot be specified with other parameters")
    which = others.pop()
    alarm = find_alarm(call.region, call.params[which])
    if alarm is None:
        return []
    if which == "ParentsOfAlarmName":
        return [_only(parent, "AlarmName", "AlarmArn") for parent in _parents(call.region, alarm)]
    children = _children(call.region, read_rule(alarm["AlarmRule"])) if "AlarmRule" in alarm else []
    return [_only(child, "AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp") for child in children]


def refuse_deletion(region: Region, names: Iterable[str]) -> None:
    """
    Refuse to delete alarms that composite alarms stand on, and more than one composite alarm at a time.

    https://github.com/cloud-custodian/cloud-custodian/issues/7763
    """
    doomed = set(names)
    if len(doomed & set(region.composites)) > 1:
        raise invalid("You can delete at most one composite alarm with one operation")
    needed = [
        name
        for name in sorted(doomed)
        if (alarm := find_alarm(region, name)) is not None
        and any(parent["AlarmName"] not in doomed - {name} for parent in _parents(region, alarm, suppressed=True))
    ]
    if needed:
        them = "them" if len(needed) > 1 else "it"
        raise invalid(f"Cannot delete {','.join(needed)} as there are composite alarm(s) depending on {them}.")


def refuse_name(name: str, others: Mapping[str, Any]) -> None:
    """Refuse an alarm that is named as one of the other kind is: names are unique in a region."""
    if name in others:
        raise invalid(f"An alarm of another type with the name {name} already exists")


def _check(region: Region, params: Alarm, rule: CompositeRule) -> None:
    refuse_name(params["AlarmName"], region.alarms)
    missing = [child for child in rule.children if find_alarm(region, child) is None]
    if missing:
        # https://github.com/awsdocs/aws-cloudformation-user-guide/issues/911
        text = f"alarms [{', '.join(missing)}] in the alarm rule do not exist"
        raise invalid(f"Could not save the composite alarm as {text}")
    for child in _children(region, rule):
        others = [each for each in _parents(region, child) if each["AlarmName"] != params["AlarmName"]]
        if len(others) >= _MOST_PARENTS:
            text = f"The alarm {child['AlarmName']} is in the rules of {_MOST_PARENTS} composite alarms already"
            raise ServiceError("LimitExceeded", text)
    check_topics(region.name, params)
    for arn in (arn for field in ACTIONS.values() for arn in params.get(field) or ()):
        if [*arn.split(":"), "", ""][2] not in _SERVICES:
            raise invalid(f"Invalid action {arn}: a composite alarm notifies, and does not scale or act on instances")
    _check_suppressor(region, params)


def _check_suppressor(region: Region, params: Alarm) -> None:
    suppressor = params.get(_SUPPRESSOR)
    if suppressor is None:
        return
    if find_alarm(region, suppressor) is None:
        raise invalid(f"The {_SUPPRESSOR} {suppressor} does not exist")
    for name in _PERIODS:
        if params.get(name) is None:
            raise invalid(f"The parameter {name} is required when {_SUPPRESSOR} is specified")


def _change(
    region: Region, alarm: Alarm, state: str, reason: str, triggers: list[Alarm], path: tuple[str, ...]
) -> None:
    if alarm["StateValue"] == state:
        return
    _suppress(region, alarm)
    if record_state(region, alarm, state, reason, _data(triggers)):
        review_parents(region, alarm, (*path, alarm["AlarmName"]))


def _suppress(region: Region, alarm: Alarm) -> None:
    """Have an alarm keep quiet while its suppressor is in alarm; waits and extensions of that are not held."""
    suppressor = find_alarm(region, alarm.get(_SUPPRESSOR) or "")
    for name in ("ActionsSuppressedBy", "ActionsSuppressedReason"):
        alarm.pop(name, None)
    if suppressor is not None and suppressor["StateValue"] == "ALARM":
        alarm.update(ActionsSuppressedBy="Alarm", ActionsSuppressedReason="Actions suppressed by Alarm")


def _verdict(region: Region, rule: CompositeRule) -> str:
    children = {child: find_alarm(region, child) for child in rule.children}
    states = {child: alarm["StateValue"] for child, alarm in children.items() if alarm is not None}
    return "ALARM" if rule.condition(states) else "OK"


def _children(region: Region, rule: CompositeRule) -> list[Alarm]:
    children = (find_alarm(region, child) for child in rule.children)
    by_name = {alarm["AlarmName"]: alarm for alarm in children if alarm is not None}
    return [alarm for _, alarm in sorted(by_name.items())]


def _parents(region: Region, alarm: Alarm, *, suppressed: bool = False) -> list[Alarm]:
    """The composite alarms that name an alarm in their rules, or whose actions it suppresses."""
    names = {alarm["AlarmName"], alarm["AlarmArn"]}
    return [
        parent
        for _, parent in sorted(region.composites.items())
        if names & set(read_rule(parent["AlarmRule"]).children) or (suppressed and parent.get(_SUPPRESSOR) in names)
    ]


def _only(alarm: Alarm, *fields: str) -> Alarm:
    return {field: alarm[field] for field in fields}


def _data(triggers: list[Alarm]) -> str:
    alarms = [
        {"arn": alarm["AlarmArn"], "state": {"value": alarm["StateValue"], "timestamp": stamp(alarm[_UPDATED])}}
        for alarm in triggers
    ]
    return json.dumps({"triggeringAlarms": alarms}, separators=(",", ":"))
