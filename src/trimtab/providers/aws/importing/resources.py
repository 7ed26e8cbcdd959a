"""Replies as a plan reads them, and beside that what is known of things that no plan looks at."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from trimtab.plan import Key, Kind, Resource
from trimtab.providers.aws.importing.replies import Replies, Reply
from trimtab.providers.aws.importing.template import as_data
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, KINDS, LAUNCH_TEMPLATE, METRIC_ALARM, SCHEDULED_ACTION
from trimtab.providers.aws.resources import (
    action_resource,
    alarm_resource,
    group_resource,
    policy_resource,
    template_resource,
    topics_by_group,
)

LAUNCH_CONFIGURATION = replace(LAUNCH_TEMPLATE, name="launch-configuration", label="launch configuration")
COMPOSITE_ALARM = Kind(name="composite-alarm", label="composite alarm", rank=METRIC_ALARM.rank, mark=METRIC_ALARM.mark)
READ_KINDS: Mapping[str, Kind] = {**KINDS, **{kind.name: kind for kind in (LAUNCH_CONFIGURATION, COMPOSITE_ALARM)}}
"""The kinds of all that importing reads: those of plans, and what plans never touch."""
_NAMES_AND_STATES = {
    AUTO_SCALING_GROUP.name: {
        *("AutoScalingGroupName", "AutoScalingGroupARN", "CreatedTime", "Status", "Operator", "Instances"),
        *("PredictedCapacity", "AvailabilityZoneIds", "WarmPoolSize"),
    },
    SCHEDULED_ACTION.name: {"AutoScalingGroupName", "ScheduledActionName", "ScheduledActionARN", "Time"},
}
"""What a reply says of a thing that is neither a setting nor compared by a plan."""
_AS_ANSWERED: Mapping[str, Any] = {
    "DesiredCapacityType": "units",
    "DeletionProtection": "none",
    "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-best-effort"},
    "AvailabilityZoneImpairmentPolicy": {
        "ZonalShiftEnabled": False,
        "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy",
    },
    "CapacityReservationSpecification": {"CapacityReservationPreference": "default"},
}
"""What every group has and nobody gave: CreateAutoScalingGroup, Amazon EC2 Auto Scaling API Reference."""


@dataclass(frozen=True, kw_only=True)
class GroupResources:
    """
    The resources of one group.

    Attributes:
        replies: What was answered.
        location: Where the group is.
        now: When that was.
        fleet: The fleet whose plan would read it.
    """

    replies: Replies
    location: str
    now: datetime
    fleet: str

    def group(self, parts: Collection[str]) -> Resource:
        """The group; its hooks and topics are read only where the fleet has any, or had: `parts`, and its mark."""
        item = self.replies.group
        resource = group_resource(self.location, item)
        kept = resource.mark.kept if resource.mark is not None and resource.mark.fleet == self.fleet else ()
        topics = topics_by_group(self.replies.topics).get(self.replies.name, [])
        listed = {
            "LifecycleHookSpecificationList": ("hooks", [_hook(hook) for hook in self.replies.hooks]),
            "NotificationConfigurations": ("topics", topics),
        }
        more = {name: items for name, (part, items) in listed.items() if items and part in {*parts, *kept}}
        return replace(resource, body={**resource.body, **more, **_more(AUTO_SCALING_GROUP, item)})

    def templates(self) -> Iterator[Resource]:
        """The template that is called as the group, and what the group launches from if that is something else."""
        replies = self.replies
        if replies.own_version is not None:
            yield template_resource(self.location, {"LaunchTemplateName": replies.name, **replies.own_version})
        if replies.version is not None and self.launched_from != self.template_key:
            yield template_resource(self.location, {**replies.launched_from, **replies.version})
        if replies.configuration is not None:
            key = self.launched_from
            version = {"LaunchTemplateName": key.name, "VersionNumber": 0}
            data = as_data(replies.configuration)
            yield replace(template_resource(self.location, {**version, "LaunchTemplateData": data}), key=key)

    @property
    def template_key(self) -> Key:
        """The launch template of a group that a fleet has."""
        return Key(self.location, LAUNCH_TEMPLATE.name, self.replies.name)

    @property
    def launched_from(self) -> Key:
        """The launch template or configuration that the group names."""
        replies = self.replies
        if configured := replies.group.get("LaunchConfigurationName"):
            return Key(self.location, LAUNCH_CONFIGURATION.name, configured)
        named = (replies.version or {}).get("LaunchTemplateName") or replies.launched_from.get("LaunchTemplateName")
        return Key(self.location, LAUNCH_TEMPLATE.name, named or replies.name)

    def policy(self, item: Reply) -> Resource:
        """A policy."""
        return policy_resource(self.location, item)

    def action(self, item: Reply) -> Resource:
        """A scheduled action."""
        resource = action_resource(self.location, item, self.now)
        return replace(resource, body={**resource.body, **_more(SCHEDULED_ACTION, item)})

    def alarm(self, item: Reply) -> Resource:
        """A metric alarm; a mark counts only where the fleet's plan comes across it, which is by its name."""
        resource = alarm_resource(self.location, item)
        return resource if resource.key.name.startswith(f"{self.fleet}-") else replace(resource.signed(None), group="")

    def composite(self, item: Reply) -> Resource:
        """A composite alarm."""
        return Resource(key=Key(self.location, COMPOSITE_ALARM.name, item["AlarmName"]), body={})


def _hook(item: Reply) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("AutoScalingGroupName", "GlobalTimeout")}


def _more(kind: Kind, item: Reply) -> dict[str, Any]:
    """The settings in a reply that no row of its kind is about."""
    known = {row.path.split(".")[0].split("[")[0] for row in kind.fields} | _NAMES_AND_STATES[kind.name]
    usual: tuple[Any, ...] = ("", [], {})
    settings = {
        name: value
        for name, value in item.items()
        if name not in known and value not in usual and value != _AS_ANSWERED.get(name)
    }
    attached = set(item.get("TargetGroupARNs") or ())
    sources = [source for source in settings.pop("TrafficSources", ()) if source.get("Identifier") not in attached]
    return {**settings, **({"TrafficSources": sources} if sources else {})}
