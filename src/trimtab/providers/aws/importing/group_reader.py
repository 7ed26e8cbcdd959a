"""A whole group: every reply read, and all of it put together as a group of ours; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from trimtab.engine.first_seen import FirstSeen
from trimtab.errors import InvalidModel, Unsupported
from trimtab.models import Alarm, Capacity, Fleet, Policy, SimplePolicy, StepPolicy
from trimtab.plan import Key, Live, Mark, Note, Resource, read_tags
from trimtab.providers.aws.alarms import alarm_body
from trimtab.providers.aws.facts import AwsFacts, ImageFacts, is_looked_up, target_group
from trimtab.providers.aws.first_seen import WORD, UnfiredSchedules, standing_of
from trimtab.providers.aws.importing.alarms import belongs, read_alarm
from trimtab.providers.aws.importing.group import read_fields, read_group_tags, read_purchase, read_settings
from trimtab.providers.aws.importing.metrics import MetricContext
from trimtab.providers.aws.importing.policies import read_policy
from trimtab.providers.aws.importing.replies import Replies, Reply
from trimtab.providers.aws.importing.resources import READ_KINDS, GroupResources
from trimtab.providers.aws.importing.schedules import ImportedTimetable, read_schedules
from trimtab.providers.aws.importing.template import UNKNOWN, as_data, instance_tags, read_template
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, LAUNCH_TEMPLATE, METRIC_ALARM, SCALING_POLICY
from trimtab.providers.aws.kinds import SCHEDULED_ACTION as ACTION
from trimtab.providers.aws.policies import policy_body
from trimtab.providers.aws.resources import topics_by_group, with_own_result
from trimtab.providers.aws.translate import translate
from trimtab.providers.aws.unsaid import unsaid
from trimtab.providers.importing import Draft, Imported, Importer, fleet_for, group_names
from trimtab.providers.importing.building import given_fields
from trimtab.providers.importing.names import short_names
from trimtab.providers.translation import Translation

GUARDED = (
    *("template.*", "placement.*", "load_balancers*", "health_check.*", "purchase.*", "aws.*"),
    *("alarms.*.metric", "alarms.*.statistic", "alarms.*.description"),
)
"""What is left to others where a plan would write it otherwise: what the model cannot say is not written over."""
LOOKED_UP = "(what the plan looks up)"
RENAMED_TEMPLATE = "trimtab names a launch template after its group; instances stay"
NEW_VERSION = "adopting writes the mark as a new version of the template; instances stay"
TAGS_OF_INSTANCES = "new instances get their tags from it, and the group's name as `Name`"
TAGS_OF_TEMPLATE = "instances take their tags from the template instead"
BASIC_METRICS = frozenset(
    f"Group{name}"
    for name in (
        *("MinSize", "MaxSize", "DesiredCapacity", "InServiceInstances", "PendingInstances"),
        *("StandbyInstances", "TerminatingInstances", "TotalInstances"),
    )
)
"""Those that every group can publish: "Amazon CloudWatch metrics for Auto Scaling", EC2 Auto Scaling User Guide."""


def import_group(
    replies: Replies, *, location: str, now: datetime, fleet: str | None = None, home: str | None = None
) -> Imported:
    """
    The group that these replies tell of, and what the next plan changes; pure.

    Args:
        replies: All that was answered about the group.
        location: Where it is.
        now: When it was answered.
        fleet: The fleet that it is to join; the one whose mark it bears, or one of its own, when left out.
        home: Where groups live that do not say otherwise; there where it is when left out.

    Raises:
        Unsupported: It is no group of ours, whatever is left out.
    """
    reader = GroupReader(replies=replies.plain(), location=location, now=now, fleet=fleet, home=home or location)
    importer = Importer(
        provider="aws",
        kinds=READ_KINDS,
        translate=reader.translated,
        guarded=GUARDED,
        versioned={LAUNCH_TEMPLATE.name},
        now=now,
    )
    return importer.run(reader.draft, reader.live, fleet=reader.fleet_name)


@dataclass(frozen=True, kw_only=True)
class GroupReader:
    """
    What the replies of one group say.

    Attributes:
        replies: As they were answered, moments as text.
        location: Where the group is.
        now: When the replies were answered.
        fleet: The fleet that the group is to join.
        home: Where groups live that do not say otherwise.
        refused: Why there is no model of an item.
    """

    replies: Replies
    location: str
    now: datetime
    fleet: str | None = None
    home: str
    refused: dict[Key, str] = field(default_factory=dict)

    # names

    @cached_property
    def mark(self) -> Mark | None:
        """The group's mark."""
        return read_tags({tag["Key"]: tag.get("Value", "") for tag in self.replies.group.get("Tags") or ()})[1]

    @cached_property
    def fleet_name(self) -> str:
        """The fleet that the group is imported for."""
        return self.fleet or fleet_for([self.replies.name], self.location, self.mark)

    @cached_property
    def names(self) -> dict[str, str]:
        """The group's name, and its native name where that does not say itself."""
        return group_names(self.replies.name, self.fleet_name, self.mark)

    @cached_property
    def policy_names(self) -> dict[str, str]:
        """Names within the group by native name."""
        return short_names(
            [policy["PolicyName"] for policy in self.replies.policies], "policy", f"{self.replies.name}-"
        )

    @cached_property
    def action_names(self) -> dict[str, str]:
        """Names within the group by native name."""
        natives = [action["ScheduledActionName"] for action in self.replies.actions]
        return short_names(natives, "schedule", f"{self.replies.name}-")

    @cached_property
    def alarm_names(self) -> dict[str, str]:
        """Names within the group by native name; none that makes the name of somebody else's alarm."""
        prefix, own = f"{self.fleet_name}-{self.names['name']}-", {alarm["AlarmName"] for alarm in self.own_alarms}
        others = {
            alarm["AlarmName"].removeprefix(prefix) for alarm in self.replies.alarms if alarm["AlarmName"] not in own
        }
        return short_names(own, "alarm", prefix, f"{self.replies.name}-", taken=others)

    # what is there

    @cached_property
    def found(self) -> GroupResources:
        """The replies as a plan reads them."""
        return GroupResources(replies=self.replies, location=self.location, now=self.now, fleet=self.fleet_name)

    @cached_property
    def live(self) -> list[Resource]:
        """Everything of the group."""
        resources, replies = self.found, self.replies
        return [
            *resources.templates(),
            resources.group([part for part, name in _PARTS.items() if self._settings.get(name)]),
            *map(resources.policy, replies.policies),
            *map(resources.action, replies.actions),
            *map(resources.alarm, self.own_alarms),
            *(resources.composite(alarm) for alarm in replies.composites if self._is_about(alarm)),
        ]

    def _is_about(self, composite: Reply) -> bool:
        acts = any(arn in self.replies.policy_names for arn in composite.get("AlarmActions") or ())
        return acts or any(f'"{name}"' in composite.get("AlarmRule", "") for name in self.alarm_names)

    def key(self, kind: str, name: str, parent: str = "") -> Key:
        """The key of something of the group."""
        return Key(self.location, kind, name, parent)

    # parts

    @cached_property
    def data(self) -> Reply:
        """What instances are launched with, as the data of a launch template."""
        configuration = self.replies.configuration
        return self.replies.data if configuration is None else as_data(configuration)

    @cached_property
    def around(self) -> MetricContext:
        """What metrics are read against."""
        targets = [target_group(item) for item in self.replies.target_groups]
        detailed = bool((self.data.get("Monitoring") or {}).get("Enabled"))
        return MetricContext.of(self.replies.name, self.replies.group, targets, detailed=detailed)

    @cached_property
    def own_alarms(self) -> list[Reply]:
        """The alarms that are the group's."""
        arns = self.replies.policy_names
        return [alarm for alarm in self.replies.alarms if belongs(alarm, self.replies.name, arns, self.mark)]

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """Policies by native name, in the order of their own names."""
        policies: dict[str, Policy] = {}
        for item in sorted(self.replies.policies, key=lambda reply: self.policy_names[reply["PolicyName"]]):
            try:
                policies[item["PolicyName"]] = self._policy(item)
            except (Unsupported, InvalidModel) as error:
                self.refused[self.found.policy(item).key] = _reason(error)
        return policies

    def _policy(self, item: Reply) -> Policy:
        policy = read_policy(item, self.policy_names[item["PolicyName"]], self.around)
        body = policy_body(policy, self.around.scope(getattr(policy, "metric", None)))
        tracked = body.get("TargetTrackingConfiguration") or {}
        existing = item.get("TargetTrackingConfiguration") or {}
        for name in ("PredefinedMetricSpecification", "CustomizedMetricSpecification"):
            if name in tracked and not _says(existing.get(name), tracked[name]):
                raise Unsupported("metric not supported")
        return policy

    @cached_property
    def alarms(self) -> dict[str, Alarm]:
        """Alarms by native name, in the order of their own names."""
        alarms: dict[str, Alarm] = {}
        for item in sorted(self.own_alarms, key=lambda reply: self.alarm_names[reply["AlarmName"]]):
            try:
                alarms[item["AlarmName"]] = self._alarm(item)
            except (Unsupported, InvalidModel) as error:
                self.refused[self.key(METRIC_ALARM.name, item["AlarmName"])] = _reason(error)
        return alarms

    def _alarm(self, item: Reply) -> Alarm:
        stepped = {policy.name for policy in self.policies.values() if isinstance(policy, StepPolicy)}
        gone = {arn for arn, native in self.replies.policy_names.items() if native not in self.policies}
        name = self.alarm_names[item["AlarmName"]]
        alarm = read_alarm(item, name, self.around, self._triggers, stepped=stepped, gone=gone)
        body = alarm_body(alarm, self.around.scope(alarm.metric))
        for name in _MEASURED:
            if body.get(name) not in (None, []) and not _says(item.get(name), body[name]):
                raise Unsupported("metric not supported")
        return alarm

    @cached_property
    def _triggers(self) -> dict[str, str]:
        """What alarms can trigger: names within the group by ARN."""
        return {
            arn: self.policies[native].name
            for arn, native in self.replies.policy_names.items()
            if isinstance(self.policies.get(native), (SimplePolicy, StepPolicy))
        }

    def _doubled(self) -> Iterator[tuple[str, str]]:
        """What alarms act on beside which the plan makes others, by native name."""
        for alarm in self.own_alarms:
            native, policies = alarm["AlarmName"], self.replies.policy_names
            if native == f"{self.fleet_name}-{self.names['name']}-{self.alarm_names[native]}":
                continue
            actions = alarm.get("AlarmActions") or ()
            acted = [policies[arn] for arn in actions if arn in policies]
            does_more = any(":scalingPolicy:" in arn and arn not in policies for arn in actions)
            kept = [name for name in acted if name == f"{self.replies.name}-{self.policy_names[name]}"]
            end = "delete it once the plan is applied"
            if does_more and acted:
                end = f"take {' and '.join(acted)} out of it once the plan is applied: it acts on another group too"
            if kept:
                yield native, f"then both act on {' and '.join(kept)}, so {end}"
            elif acted:
                yield native, f"then what it acts on is gone, so {end}"

    @cached_property
    def timetable(self) -> ImportedTimetable:
        """Schedules, and the sizes that hold without them."""
        item = self.replies.group
        live = Capacity(min=item["MinSize"], max=item["MaxSize"])
        actions = {self.action_names[action["ScheduledActionName"]]: action for action in self.replies.actions}
        timetable = read_schedules(actions, live, self.now)
        for name, why in timetable.refused.items():
            self.refused[self.found.action(actions[name]).key] = why
        return timetable

    @cached_property
    def _settings(self) -> dict[str, Any]:
        item = self.replies.group
        topics = topics_by_group(self.replies.topics).get(self.replies.name, [])
        return read_settings(item, self.replies.hooks, topics, item.get("WarmPoolConfiguration"), self._tags[1])

    @cached_property
    def _tags(self) -> tuple[dict[str, str], dict[str, str]]:
        """The tags that instances get too, and those that the group alone has."""
        return read_group_tags(self.replies.group, instance_tags(self.data))

    # the group

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The fields of the group."""
        item, tags = self.replies.group, self._tags[0]
        purchase = read_purchase(item, self.data)
        sizes = [entry["size"] for entry in purchase.get("sizes", ())]
        fields = {
            **self.names,
            "location": None if self.location == self.home else self.location,
            "capacity": self._capacity(),
            "template": read_template(self.data, self.replies.name, tags, sizes),
            **read_fields(item, tags),
            "purchase": purchase,
            "policies": {policy.name: _given(policy) for policy in self.policies.values()},
            "alarms": {alarm.name: _given(alarm) for alarm in self.alarms.values()},
            "schedules": {schedule.name: _given(schedule) for schedule in self.timetable.schedules},
            "aws": self._settings,
        }
        return {name: value for name, value in fields.items() if value not in (None, {}, ())}

    @property
    def is_sized(self) -> bool:
        """Whether policies or schedules decide how many instances there are."""
        return bool(self.policies or self.timetable.schedules)

    def _capacity(self) -> dict[str, Any]:
        own = self.timetable.capacity
        desired = own.desired if self.is_sized else self.replies.group.get("DesiredCapacity")
        inside = desired is not None and own.min <= desired <= own.max
        return {"min": own.min, "max": own.max, **({"desired": desired} if inside else {})}

    # what it was read from

    @cached_property
    def draft(self) -> Draft:
        """The fields, with where they come from and why some are missing."""
        fields = self.fields
        launched, named = self.found.launched_from, self.found.template_key
        return Draft(
            fields=fields,
            reasons={**dict(self._reasons()), **{(key, ""): why for key, why in self.refused.items()}},
            origins=dict(self._origins()),
            remarks=tuple(self._remarks()),
            successors={launched: named} if self.replies.own_version is None else {},
        )

    def _origins(self) -> Iterator[tuple[str, tuple[Key, str]]]:
        native, replies = self.replies.name, self.replies
        for policy in replies.policies:
            key = self.key(SCALING_POLICY.name, policy["PolicyName"], native)
            yield f"policies.{self.policy_names[policy['PolicyName']]}", (key, "")
        for action in replies.actions:
            key = self.key(ACTION.name, action["ScheduledActionName"], native)
            yield f"schedules.{self.action_names[action['ScheduledActionName']]}", (key, "")
        for alarm in self.own_alarms:
            yield (
                f"alarms.{self.alarm_names[alarm['AlarmName']]}",
                (self.key(METRIC_ALARM.name, alarm["AlarmName"]), ""),
            )

    def _reasons(self) -> Iterator[tuple[tuple[Key, str], str]]:
        group, launched = self.key(AUTO_SCALING_GROUP.name, self.replies.name), self.found.launched_from
        for start in ("", "MixedInstancesPolicy.LaunchTemplate."):
            spec = f"{start}LaunchTemplate{'Specification' if start else ''}"
            yield (group, f"{spec}.LaunchTemplateName"), RENAMED_TEMPLATE
            if launched == self.found.template_key:
                yield (group, f"{spec}.Version"), NEW_VERSION
        for tag in self.replies.group.get("Tags") or ():
            yield (group, f"Tags[{tag['Key']}].PropagateAtLaunch"), TAGS_OF_TEMPLATE
        if not {"Name", *self._tags[0]} <= set(instance_tags(self.data)):
            yield (self.found.template_key, ""), TAGS_OF_INSTANCES
            yield (self.found.template_key, "LaunchTemplateData.TagSpecifications"), TAGS_OF_INSTANCES
        yield from self._unsaid()
        yield from (((self.key(METRIC_ALARM.name, native), ""), why) for native, why in self._doubled())
        if not self.data.get("InstanceType") and not self.data.get("InstanceRequirements"):
            text = f"it names no instance type; {self.fields['template']['size']!r} stands for it"
            yield (launched, "LaunchTemplateData.InstanceType"), text
        text = "spot needs a mixed instances policy: `purchase.spot` and `purchase.max_price`"
        yield (launched, "LaunchTemplateData.SpotPrice"), text

    def _unsaid(self) -> Iterator[tuple[tuple[Key, str], str]]:
        """What a fleet file cannot write, and how to keep it."""
        launched, named = self.found.launched_from, self.found.template_key
        for item in self.live:
            for each in unsaid(item):
                is_copied = item.key == launched != named and self.replies.own_version is None
                yield (item.key, each.leaf), each.is_lost(named.name) if is_copied else each.stays()

    def _remarks(self) -> Iterator[tuple[Key, str, str]]:
        group, item = self.key(AUTO_SCALING_GROUP.name, self.replies.name), self.replies.group
        if self.replies.hooks and not self._settings.get("lifecycle_hooks"):
            names = ", ".join(hook["LifecycleHookName"] for hook in self.replies.hooks)
            yield group, "aws.lifecycle_hooks", f"not managed by trimtab, stays: the lifecycle hooks {names}"
        metrics = {metric.get("Metric") for metric in item.get("EnabledMetrics") or ()}
        if metrics and not metrics >= BASIC_METRICS:
            some = ", ".join(sorted(map(str, metrics)))
            yield group, "aws.group_metrics", f"only some metrics are collected, which stays: {some}"

    # translated again

    def translated(self, fleet: Fleet) -> Translation:
        """The fleet of the group in native terms, by what was read."""
        group = fleet.groups[0]
        image = group.template.image
        facts = AwsFacts(
            images={group.name: ImageFacts(LOOKED_UP if is_looked_up(image) else image.id)},
            zones={self.location: self.replies.group.get("AvailabilityZones") or ()},
            labels={self.location: self.around.labels},
            standing={group.name: standing} if (standing := self._standing(fleet)) else {},
        )
        translation = translate(fleet, facts, self.now, self.home)
        if image.id != UNKNOWN:
            return translation
        text = f"template.image: {self._without_image}; name the image for new instances"
        return Translation.of([translation, Translation(problems=(Note(text, group.name),))])

    def _standing(self, fleet: Fleet) -> UnfiredSchedules | None:
        """What has not fired since it was first seen, once the group is adopted."""
        group = fleet.groups[0]
        resources = {item.key: item for item in self.live}
        key = self.key(AUTO_SCALING_GROUP.name, self.replies.name)
        if resources[key].mark is None:
            seen = {WORD: FirstSeen(self.now).word()}
            resources[key] = resources[key].signed(Mark(fleet.name, group.name, kept=seen))
        return standing_of(fleet, group, Live(resources=resources), self.location, self.now)

    @property
    def _without_image(self) -> str:
        key = self.found.launched_from
        label = f"{READ_KINDS[key.kind].label} {key.name}"
        return f"{label} names no image" if self.data else f"{label} not found"


_PARTS = {"hooks": "lifecycle_hooks", "topics": "notify_scaling"}
"""What a plan reads of a group only where its fleet has any, by the word in the mark: its field."""
_MEASURED = (
    *("Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Metrics"),
    *("EvaluationCriteria", "EvaluationInterval"),
)
"""What of an alarm must be as it was, or it is another alarm."""


def _given(model: BaseModel) -> dict[str, Any]:
    """The fields of an item, less its name."""
    kind = {"type": model.type} if hasattr(model, "type") else {}
    return {**kind, **{name: value for name, value in given_fields(model) if name not in ("name", "type")}}


def _says(live: Any, expected: Any) -> bool:
    """Whether all that was made is there, lists as long and in any order."""
    if isinstance(expected, Mapping):
        return isinstance(live, Mapping) and all(_says(live.get(name), value) for name, value in expected.items())
    if isinstance(expected, (list, tuple)):
        live = with_own_result(live) if _is_math(live) else live
        if not isinstance(live, (list, tuple)) or len(live) != len(expected):
            return False
        return all(any(_says(item, value) for item in live) for value in expected)
    return bool(live == expected) or (expected is True and live is None)


def _is_math(live: Any) -> bool:
    return isinstance(live, list) and any(isinstance(item, Mapping) and "Expression" in item for item in live)


def _reason(error: Exception) -> str:
    return error.problems[0].message if isinstance(error, InvalidModel) else str(error)
