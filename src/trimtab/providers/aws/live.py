"""What AWS answers as resources: the shape that translate gives them, so that one diff can compare the two."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from trimtab.models import Fleet, ScalingGroup
from trimtab.plan import Key, Mark, Resource, Secret, read_description, read_tags
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
)
from trimtab.providers.aws.schedules import END, has_start, moment

Payload = Mapping[str, Any]

_DEFAULT_ROLE = "/AWSServiceRoleForAutoScaling"
_GROUP_FIELDS = (
    *("MinSize", "MaxSize", "DesiredCapacity", "HealthCheckType", "HealthCheckGracePeriod", "DefaultCooldown"),
    *("DefaultInstanceWarmup", "NewInstancesProtectedFromScaleIn", "TerminationPolicies", "PlacementGroup"),
    *("TargetGroupARNs", "MixedInstancesPolicy", "LaunchConfigurationName"),
)
_POLICY_NAMES = {"AutoScalingGroupName", "PolicyName", "PolicyARN", "Alarms"}
_ACTION_FIELDS = ("MinSize", "MaxSize", "DesiredCapacity", "Recurrence", "TimeZone")
_ALARM_STATE = {
    *("AlarmName", "AlarmArn", "AlarmConfigurationUpdatedTimestamp", "AlarmDescription", "EvaluationState"),
    *("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp"),
}


class Names:
    """What the fleet calls things in one region, to tell what a live resource stands for."""

    def __init__(self, fleet: Fleet, location: str, default: str) -> None:
        self.fleet = fleet
        self.location = location
        self.groups: dict[str, ScalingGroup] = {
            fleet.native_name(group): group for group in fleet.groups if (group.location or default) == location
        }
        self.alarms = {
            f"{fleet.name}-{group.name}-{alarm.name}": (group.name, alarm.name)
            for group in self.groups.values()
            for alarm in group.alarms
        }

    def owns(self, mark: Mark | None) -> bool:
        """Whether a mark is this fleet's."""
        return mark is not None and mark.fleet == self.fleet.name

    def group_of(self, native: str, mark: Mark | None = None) -> str:
        """The name within the fleet of the group with this native name; empty for a foreign one."""
        if mark is not None:
            return mark.group
        return self.groups[native].name if native in self.groups else ""

    def schedule_of(self, native: str, action: str) -> str:
        """The schedule that an action of a group stands for, by its name."""
        name = action.removeprefix(f"{native}-")
        group = self.groups.get(native)
        known = {schedule.name for schedule in group.schedules} if group else set()
        return name.removesuffix(END) if name not in known else name

    def has_start(self, native: str, action: str, now: datetime) -> bool:
        """Whether the action's first moment is the fleet's own; AWS gives back the next one of any."""
        name = action.removeprefix(f"{native}-")
        group = self.groups.get(native)
        return any(
            schedule.name == name and has_start(schedule, now) for schedule in (group.schedules if group else ())
        )


def template_mark(version: Payload) -> Mark | None:
    """The mark of one version of a launch template."""
    return read_description(version.get("VersionDescription"))[1]


def template_resource(version: Payload, mark: Mark | None, names: Names) -> Resource:
    """A launch template by its latest version."""
    name = version["LaunchTemplateName"]
    return Resource(
        key=Key(names.location, LAUNCH_TEMPLATE.name, name),
        body={"LaunchTemplateData": template_data(version.get("LaunchTemplateData", {}))},
        group=names.group_of(name, mark),
        mark=mark,
        attributes={"id": version["LaunchTemplateId"], "version": str(version["VersionNumber"]), "name": name},
    )


def template_data(data: Payload) -> dict[str, Any]:
    """The data of a launch template as translate gives it."""
    body = dict(data)
    options = {name: value for name, value in body.get("MetadataOptions", {}).items() if name != "State"}
    body["MetadataOptions"] = options
    for name, key in (("BlockDeviceMappings", "DeviceName"), ("TagSpecifications", "ResourceType")):
        body[name] = [{key: "", **item} for item in body.get(name, ())]
    if body.get("UserData") is not None:
        body["UserData"] = Secret(body["UserData"])
    return {name: value for name, value in body.items() if _is_given(value)}


def group_mark(group: Payload) -> Mark | None:
    """The mark of an Auto Scaling group."""
    return read_tags({tag["Key"]: tag.get("Value") or "" for tag in group.get("Tags", ())})[1]


def group_resource(group: Payload, names: Names) -> Resource:
    """An Auto Scaling group."""
    name, mark = group["AutoScalingGroupName"], group_mark(group)
    return Resource(
        key=Key(names.location, AUTO_SCALING_GROUP.name, name),
        body=group_body(group),
        group=names.group_of(name, mark),
        mark=mark,
        attributes={
            "arn": group.get("AutoScalingGroupARN", ""),
            "instances": len(group.get("Instances", ())),
            "outdated": sum(is_outdated(one, group) for one in group.get("Instances", ())),
        },
        deleting=is_deleting(group),
    )


def group_body(group: Payload) -> dict[str, Any]:
    """The fields of an Auto Scaling group as translate gives them."""
    body = {name: group[name] for name in _GROUP_FIELDS if _is_given(group.get(name))}
    if template := group.get("LaunchTemplate"):
        body["LaunchTemplate"] = {name: template.get(name) for name in ("LaunchTemplateName", "Version")}
    body.update(_places(group))
    if group.get("MaxInstanceLifetime"):
        body["MaxInstanceLifetime"] = group["MaxInstanceLifetime"]
    role = group.get("ServiceLinkedRoleARN") or ""
    if role and not role.endswith(_DEFAULT_ROLE):
        body["ServiceLinkedRoleARN"] = role
    body["Tags"] = [
        {"Key": tag["Key"], "Value": tag.get("Value") or "", "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch"))}
        for tag in group.get("Tags", ())
        if not tag["Key"].startswith("trimtab-")
    ]
    return {name: value for name, value in body.items() if _is_given(value)}


def _places(group: Payload) -> dict[str, list[str]]:
    subnets = [one.strip() for one in (group.get("VPCZoneIdentifier") or "").split(",") if one.strip()]
    # with subnets the zones are theirs
    return {"VPCZoneIdentifier": subnets} if subnets else {"AvailabilityZones": group.get("AvailabilityZones", [])}


def is_deleting(group: Payload) -> bool:
    """Whether AWS is removing the group."""
    return "delete in progress" in (group.get("Status") or "").lower()


def is_outdated(instance: Payload, group: Payload) -> bool:
    """Whether an instance was started from another template, or version of it, than the group's."""
    wanted = group.get("LaunchTemplate")
    if not wanted or str(wanted.get("Version", "")).startswith("$"):
        return False
    used = instance.get("LaunchTemplate") or {}
    return any(used.get(name) != wanted.get(name) for name in ("LaunchTemplateName", "Version"))


def policy_resource(policy: Payload, names: Names) -> Resource:
    """A scaling policy, of whatever type."""
    native, name = policy["AutoScalingGroupName"], policy["PolicyName"]
    body = {field: value for field, value in policy.items() if field not in _POLICY_NAMES and _is_given(value)}
    return Resource(
        key=Key(names.location, SCALING_POLICY.name, f"{native}/{name}"),
        body=body,
        group=names.group_of(native),
        item=f"policies.{name.removeprefix(f'{native}-')}",
        attributes={"arn": policy["PolicyARN"]},
    )


def action_resource(action: Payload, names: Names, now: datetime) -> Resource:
    """A scheduled action."""
    native, name = action["AutoScalingGroupName"], action["ScheduledActionName"]
    body = {field: action[field] for field in _ACTION_FIELDS if _is_given(action.get(field))}
    if action.get("EndTime"):
        body["EndTime"] = moment(action["EndTime"])
    if action.get("StartTime") and ("Recurrence" not in body or names.has_start(native, name, now)):
        body["StartTime"] = moment(action["StartTime"])
    return Resource(
        key=Key(names.location, SCHEDULED_ACTION.name, f"{native}/{name}"),
        body=body,
        group=names.group_of(native),
        item=f"schedules.{names.schedule_of(native, name)}",
    )


def alarm_mark(alarm: Payload) -> Mark | None:
    """The mark of an alarm."""
    return read_description(alarm.get("AlarmDescription"))[1]


def alarm_resource(alarm: Payload, names: Names) -> Resource:
    """A CloudWatch alarm on a metric or on metric math."""
    name = alarm["AlarmName"]
    description, mark = read_description(alarm.get("AlarmDescription"))
    body = {field: value for field, value in alarm.items() if field not in _ALARM_STATE and _is_given(value)}
    if "EvaluationPeriods" in body:
        body.setdefault("DatapointsToAlarm", body["EvaluationPeriods"])
    if description:
        body["AlarmDescription"] = description
    group, own = names.alarms.get(name, (mark.group if mark else "", ""))
    own = own or name.removeprefix(f"{names.fleet.name}-{group}-")
    return Resource(
        key=Key(names.location, METRIC_ALARM.name, name),
        body=body,
        group=mark.group if mark else group,
        item=f"alarms.{own}",
        mark=mark,
        attributes={"arn": alarm.get("AlarmArn", "")},
    )


def by_key(resources: Iterable[Resource]) -> dict[Key, Resource]:
    """Resources by their keys."""
    return {item.key: item for item in resources}


def _is_given(value: object) -> bool:
    return value is not None and value not in ({}, [], "")
