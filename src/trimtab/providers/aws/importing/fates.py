"""What became of every leaf of a group's replies, and the notes that a person is given."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from trimtab.models import Schedule
from trimtab.plan import read_description
from trimtab.providers.aws.importing.compare import Comparison, all_as
from trimtab.providers.aws.importing.group import subnets_of
from trimtab.providers.aws.importing.names import short_names
from trimtab.providers.aws.importing.replies import Reply
from trimtab.providers.aws.importing.rows import (
    ACTION,
    ALARM,
    COMPOSITE,
    CONFIGURATION,
    GROUP,
    HOOK,
    POLICY,
    TEMPLATE,
)
from trimtab.providers.aws.importing.template import as_configuration
from trimtab.providers.aws.importing.whole import Reading
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
)
from trimtab.providers.aws.reads import PAUSE_TAG, PAUSED, own_role
from trimtab.providers.aws.schedules import END
from trimtab.providers.importing.notes import ImportNote, shown_at
from trimtab.providers.imports import Fate, Leaf, loss

ALL_METRICS = {
    f"Group{word}"
    for word in (
        *("MinSize", "MaxSize", "DesiredCapacity", "InServiceInstances", "PendingInstances", "StandbyInstances"),
        *("TerminatingInstances", "TotalInstances"),
    )
}
"""What a group publishes of itself when nobody chooses."""
MARK = "trimtab's own mark"


def group_leaves(reading: Reading) -> list[Leaf]:
    """Those of the group's own reply."""
    item = reading.replies.group
    made = _as_reply(reading, reading.body(AUTO_SCALING_GROUP.name, reading.replies.name) or {})
    return list(Comparison(GROUP, read_only=dict(_own_of_group(reading, item))).leaves(item, made))


def _as_reply(reading: Reading, body: Mapping[str, Any]) -> dict[str, Any]:
    """A group's body as it would be answered."""
    item = reading.replies.group
    found = {name: value for name, value in body.items() if name != "LifecycleHookSpecificationList"}
    found["AutoScalingGroupName"] = reading.replies.name
    if "VPCZoneIdentifier" in found:
        same = subnets_of(item) == tuple(found["VPCZoneIdentifier"])
        found["VPCZoneIdentifier"] = item["VPCZoneIdentifier"] if same else ",".join(found["VPCZoneIdentifier"])
    found["SuspendedProcesses"] = [{"ProcessName": name} for name in found.get("SuspendedProcesses", ())]
    if "EnabledMetrics" in found:
        found["EnabledMetrics"] = _metrics(item.get("EnabledMetrics") or (), found["EnabledMetrics"])
    return found


def _metrics(there: Sequence[Reply], granularity: str) -> list[Reply]:
    all_of_them = {one.get("Metric") for one in there} >= ALL_METRICS
    return [{**(one if all_of_them else {}), "Granularity": granularity} for one in there]


def _own_of_group(reading: Reading, item: Reply) -> Iterator[tuple[str, str]]:
    """Leaves of this very group that the cloud writes."""
    if item.get("VPCZoneIdentifier"):
        yield "AvailabilityZones", "the zones of its subnets"
    if reading.is_sized:
        yield "DesiredCapacity", "policies and schedules decide it"
    if own_role(item.get("ServiceLinkedRoleARN")) is None:
        yield "ServiceLinkedRoleARN", "the account's own role for all groups"
    if item.get("LaunchTemplate", {}).get("LaunchTemplateName") not in (None, reading.replies.name):
        yield "LaunchTemplate.Version", "a version of the template that the name tells"
    mixed = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification"
    if reading.replies.launched_from.get("LaunchTemplateName") != reading.replies.name:
        yield f"{mixed}.Version", "a version of the template that the name tells"
    yield from _marks(item)
    known = {*(item.get("TargetGroupARNs") or ()), *(item.get("LoadBalancerNames") or ())}
    for index, one in enumerate(item.get("TrafficSources") or ()):
        if one.get("Identifier") in known:
            yield f"TrafficSources[{index}]", "another name of its target groups and load balancers"


def _marks(item: Reply) -> Iterator[tuple[str, str]]:
    tags = item.get("Tags") or ()
    for index, tag in enumerate(tags):
        if tag["Key"].startswith("trimtab-"):
            yield f"Tags[{index}]", MARK
    if any(tag["Key"] == PAUSE_TAG for tag in tags):
        for index, one in enumerate(item.get("SuspendedProcesses") or ()):
            if one["ProcessName"] in PAUSED:
                yield f"SuspendedProcesses[{index}]", "a pause stands, which is no part of the model"


def template_leaves(reading: Reading) -> list[Leaf]:
    """Those of the launch template's version."""
    made = reading.body(LAUNCH_TEMPLATE.name, reading.replies.name)
    return list(Comparison(TEMPLATE).leaves(reading.replies.version, made))


def configuration_leaves(reading: Reading) -> list[Leaf]:
    """Those of the launch configuration."""
    made = reading.body(LAUNCH_TEMPLATE.name, reading.replies.name) or {}
    data = as_configuration(made.get("LaunchTemplateData", {}))
    return list(Comparison(CONFIGURATION).leaves(reading.replies.configuration, data))


def policy_leaves(reading: Reading, item: Reply) -> list[Leaf]:
    """Those of one policy."""
    native, group = item["PolicyName"], reading.replies.name
    refused = reading.refused.get(("policy", native), "") if native not in reading.policies else ""
    name = reading.policy_names[native]
    body = reading.body(SCALING_POLICY.name, f"{group}-{name}", group)
    made = None if body is None else {"PolicyName": f"{group}-{name}", **body}
    return list(Comparison(POLICY, item=f"policies.{name}", refused=refused).leaves(item, made))


def action_leaves(reading: Reading, item: Reply) -> list[Leaf]:
    """Those of one scheduled action."""
    native, group = item["ScheduledActionName"], reading.replies.name
    name = reading.action_names[native]
    schedule = _schedule_of(reading, name)
    refused = reading.refused.get(("schedule", native), "")
    body = reading.body(SCHEDULED_ACTION.name, f"{group}-{name}", group)
    made = None if body is None else {"ScheduledActionName": f"{group}-{name}", **body}
    own = {} if body is None or "StartTime" in body else {"StartTime": "when it is next due"}
    if body is not None and "TimeZone" not in body:
        own["TimeZone"] = "what does not recur has none of its own"
    where = f"schedules.{schedule.name}" if schedule else f"schedules.{name}"
    return list(Comparison(ACTION, item=where, refused=refused, read_only=own).leaves(item, made))


def _schedule_of(reading: Reading, name: str) -> Schedule | None:
    """The schedule that an action stands for: by its name, or a window that it ends."""
    schedules = {one.name: one for one in reading.timetable.schedules}
    return schedules.get(name) or schedules.get(name.removesuffix(END))


def alarm_leaves(reading: Reading, item: Reply) -> list[Leaf]:
    """Those of one metric alarm of the group."""
    native = item["AlarmName"]
    refused = reading.refused.get(("alarm", native), "") if native not in reading.alarms else ""
    name = reading.alarm_names[native]
    prefix = f"{reading.fleet or 'imported'}-{reading.name[0]}-"
    body = reading.body(METRIC_ALARM.name, f"{prefix}{name}")
    made = None if body is None else {**body, **_described(item, body)}
    if made is not None:
        made["AlarmName"] = f"{prefix if reading.fleet else reading.replies.name + '-'}{name}"
    text, mark = read_description(item.get("AlarmDescription"))
    own = {"AlarmDescription": MARK} if mark is not None and text is None else {}
    return list(Comparison(ALARM, item=f"alarms.{name}", refused=refused, read_only=own).leaves(item, made))


def _described(item: Reply, body: Reply) -> Reply:
    """The description as it is, where all that it says more is a mark."""
    text, _ = read_description(item.get("AlarmDescription"))
    return {"AlarmDescription": item["AlarmDescription"]} if text and text == body.get("AlarmDescription") else {}


def composite_leaves(item: Reply) -> list[Leaf]:
    """Those of one composite alarm: how it stands is the cloud's own, all else is lost."""
    return [
        Leaf(leaf.path, leaf.value, Fate.READ_ONLY, reason)
        if (reason := ALARM.reason(ALARM.read_only, leaf.path.split("[")[0]))
        else leaf
        for leaf in all_as(item, Fate.LOST, COMPOSITE)
    ]


def hook_leaves(reading: Reading, item: Reply) -> list[Leaf]:
    """Those of one lifecycle hook."""
    names = short_names([one["LifecycleHookName"] for one in reading.replies.hooks], "", "hook")
    body = reading.body(AUTO_SCALING_GROUP.name, reading.replies.name) or {}
    hooks = body.get("LifecycleHookSpecificationList", ())
    made = next((one for one in hooks if one["LifecycleHookName"] == names[item["LifecycleHookName"]]), None)
    refused = "" if made else "the model has no such hook; a plan deletes it"
    return list(Comparison(HOOK, refused=refused).leaves(item, made))


def pool_leaves(reading: Reading, item: Reply) -> list[Leaf]:
    """Those of a reply about the warm pool."""
    body = reading.body(AUTO_SCALING_GROUP.name, reading.replies.name) or {}
    return list(Comparison(GROUP).leaves(item, body))


# notes


def losses(label: str, leaves: Sequence[Leaf], *, whole: str = "") -> Iterator[ImportNote]:
    """
    A note for each field of an item that is lost; one for all where the item itself is.

    Args:
        label: What the item is called.
        leaves: What became of its leaves.
        whole: What follows when the model has no such item at all.
    """
    lost = [leaf for leaf in leaves if leaf.fate is Fate.LOST and leaf.value not in (None, "", [], {})]
    if whole and lost:
        yield loss(path=label, reason=f"{lost[0].text}; {whole}")
        return
    for (field, reason), some in groupby(lost, key=lambda leaf: (_field(leaf.path), leaf.text)):
        found = list(some)
        path = found[0].path if len(found) == 1 else _common(found, field)
        value = shown_at(path, found[0].value) if len(found) == 1 else ""
        yield loss(path=f"{label}: {path}", value=value, reason=reason)


def _field(path: str) -> str:
    """The field of an item that a leaf is in: `LaunchTemplateData.Placement`, `Tags[*]`."""
    head, *rest = re.sub(r"\[\d+\]", "[*]", path).split(".")
    return f"{head}.{rest[0]}" if rest and head in ("LaunchTemplateData", "MixedInstancesPolicy") else head


def _common(leaves: Sequence[Leaf], field: str) -> str:
    """What several leaves of a field are called together."""
    patterns = {re.sub(r"\[\d+\]", "[*]", leaf.path) for leaf in leaves}
    return patterns.pop() if len(patterns) == 1 else field
