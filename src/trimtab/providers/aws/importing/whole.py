"""A whole group: every reply read, put together, translated again and compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from trimtab.engine.first_seen import FirstSeen
from trimtab.errors import Unsupported
from trimtab.models import (
    Alarm,
    AwsSettings,
    Capacity,
    Fleet,
    InstanceTemplate,
    Policy,
    Purchase,
    ScalingGroup,
    SimplePolicy,
    StepPolicy,
)
from trimtab.plan import Key, Ref, Resource, read_description, resolved, revealed
from trimtab.providers.aws.alarms import alarm_body
from trimtab.providers.aws.facts import AwsFacts, ImageFacts
from trimtab.providers.aws.first_seen import Standing
from trimtab.providers.aws.importing.alarms import belongs, read_alarm
from trimtab.providers.aws.importing.group import read_fields, read_group_tags, read_purchase, read_settings
from trimtab.providers.aws.importing.metrics import Surroundings
from trimtab.providers.aws.importing.names import short_names
from trimtab.providers.aws.importing.policies import read_policy
from trimtab.providers.aws.importing.replies import Replies, Reply
from trimtab.providers.aws.importing.schedules import Timetable, read_schedules
from trimtab.providers.aws.importing.template import UNKNOWN, as_data, read_template
from trimtab.providers.aws.kinds import LAUNCH_TEMPLATE, SCALING_POLICY
from trimtab.providers.aws.policies import policy_body
from trimtab.providers.aws.resolve import target_group
from trimtab.providers.aws.translate import translate
from trimtab.providers.imports import group_name

STAND_IN = "imported"
"""The fleet that a group is translated for where none is named."""
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """
    What the replies of one group say.

    Attributes:
        replies: As they were answered, moments as text.
        location: Where the group is.
        now: When the replies were answered.
        fleet: The fleet that the group is to join.
    """

    replies: Replies
    location: str
    now: datetime
    fleet: str | None = None
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why there is no model of an item, by sort and native name."""

    # names

    @cached_property
    def name(self) -> tuple[str, str | None]:
        """The group's name, and its native name where that does not say itself."""
        return group_name(self.replies.name, self.fleet)

    @cached_property
    def policy_names(self) -> dict[str, str]:
        """Names within the group by native name."""
        return short_names([one["PolicyName"] for one in self.replies.policies], f"{self.replies.name}-", "policy")

    @cached_property
    def action_names(self) -> dict[str, str]:
        """Names within the group by native name."""
        natives = [one["ScheduledActionName"] for one in self.replies.actions]
        return short_names(natives, f"{self.replies.name}-", "schedule")

    @cached_property
    def alarm_names(self) -> dict[str, str]:
        """Names within the group by native name."""
        prefix = f"{self.fleet}-{self.name[0]}-" if self.fleet else f"{self.replies.name}-"
        return short_names([one["AlarmName"] for one in self.own_alarms], prefix, "alarm")

    # parts

    @cached_property
    def data(self) -> Reply:
        """What instances are launched with, as the data of a launch template."""
        configuration = self.replies.configuration
        return self.replies.data if configuration is None else as_data(configuration)

    @cached_property
    def around(self) -> Surroundings:
        """What metrics are read against."""
        targets = [target_group(one) for one in self.replies.target_groups]
        detailed = bool((self.data.get("Monitoring") or {}).get("Enabled"))
        return Surroundings.of(self.replies.name, self.replies.group, targets, detailed=detailed)

    @cached_property
    def own_alarms(self) -> list[Reply]:
        """The alarms that are the group's."""
        arns = self.replies.policy_names
        return [one for one in self.replies.alarms if self.replies.all_alarms or belongs(one, self.replies.name, arns)]

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """Policies by native name."""
        found: dict[str, Policy] = {}
        for item in self.replies.policies:
            native = item["PolicyName"]
            try:
                found[native] = self._policy(item)
            except (Unsupported, ValidationError) as error:
                self.refused["policy", native] = _reason(error)
        return found

    def _policy(self, item: Reply) -> Policy:
        policy = read_policy(item, self.policy_names[item["PolicyName"]], self.around)
        made = policy_body(policy, self.around.scope(getattr(policy, "metric", None)))
        tracked = made.get("TargetTrackingConfiguration") or {}
        there = item.get("TargetTrackingConfiguration") or {}
        for name in ("PredefinedMetricSpecification", "CustomizedMetricSpecification"):
            if name in tracked and not _says(there.get(name), tracked[name]):
                raise Unsupported("the model has no such metric")
        return policy

    @cached_property
    def alarms(self) -> dict[str, Alarm]:
        """Alarms by native name."""
        found: dict[str, Alarm] = {}
        for item in self.own_alarms:
            native = item["AlarmName"]
            try:
                found[native] = self._alarm(item)
            except (Unsupported, ValidationError) as error:
                self.refused["alarm", native] = _reason(error)
        return found

    def _alarm(self, item: Reply) -> Alarm:
        stepped = {one.name for one in self.policies.values() if isinstance(one, StepPolicy)}
        name = self.alarm_names[item["AlarmName"]]
        alarm = read_alarm(item, name, self.around, self._triggers, stepped=stepped)
        made = alarm_body(alarm, self.around.scope(alarm.metric))
        for name in _MEASURED:
            if made.get(name) not in (None, []) and not _says(item.get(name), made[name]):
                raise Unsupported("the model has no such metric")
        return alarm

    @cached_property
    def _triggers(self) -> dict[str, str]:
        """What alarms can trigger: names within the group by ARN."""
        return {
            arn: self.policies[native].name
            for arn, native in self.replies.policy_names.items()
            if isinstance(self.policies.get(native), (SimplePolicy, StepPolicy))
        }

    @cached_property
    def timetable(self) -> Timetable:
        """Schedules, and the sizes that hold without them."""
        item = self.replies.group
        live = Capacity(min=item["MinSize"], max=item["MaxSize"])
        actions = {self.action_names[one["ScheduledActionName"]]: one for one in self.replies.actions}
        found = read_schedules(actions, live, self.now)
        natives = {name: native for native, name in self.action_names.items()}
        self.refused.update({("schedule", natives[name]): why for name, why in found.refused.items()})
        return found

    # the group

    @cached_property
    def group(self) -> ScalingGroup:
        """
        The group.

        Raises:
            Unsupported: What the cloud has is no group of ours, whatever is left out.
        """
        name, native = self.name
        item, tags = self.replies.group, read_group_tags(self.replies.group)
        purchase = read_purchase(item, self.data)
        sizes = [one["size"] for one in purchase.get("sizes", ())]
        template = read_template(self.data, self.replies.name, tags, sizes)
        pool = self.replies.warm_pool or item.get("WarmPoolConfiguration")
        fields = {
            "name": name,
            **({"native_name": native} if native else {}),
            "capacity": self._capacity(),
            "template": _lenient(InstanceTemplate, template, image=template["image"], size=template["size"]),
            **read_fields(item),
            "purchase": _lenient(Purchase, purchase),
            "policies": tuple(sorted(self.policies.values(), key=lambda one: one.name)),
            "alarms": tuple(sorted(self.alarms.values(), key=lambda one: one.name)),
            "schedules": self.timetable.schedules,
            "aws": _lenient(AwsSettings, read_settings(item, self.replies.hooks, pool)),
        }
        try:
            return ScalingGroup.model_validate({key: value for key, value in fields.items() if value not in _NO})
        except ValidationError as error:
            raise Unsupported(f"group {self.replies.name!r} is no group of ours: {_reason(error)}") from error

    @property
    def is_sized(self) -> bool:
        """Whether policies or schedules decide how many instances there are."""
        return bool(self.policies or self.timetable.schedules)

    def _capacity(self) -> dict[str, Any]:
        own = self.timetable.capacity
        desired = own.desired if self.is_sized else self.replies.group.get("DesiredCapacity")
        inside = desired is not None and own.min <= desired <= own.max
        return {"min": own.min, "max": own.max, **({"desired": desired} if inside else {})}

    # translated again

    @cached_property
    def made(self) -> dict[tuple[str, str, str], Resource]:
        """What translation makes of the group, by kind, native name and parent, references resolved."""
        group = self.group
        fleet = Fleet(name=self.fleet or STAND_IN, groups=(group,))
        zones = self.replies.group.get("AvailabilityZones") or ()
        facts = AwsFacts(
            images={group.name: ImageFacts(group.template.image.id)},
            zones={self.location: zones},
            labels={self.location: self.around.labels},
            standing={group.name: standing} if (standing := self._standing(group)) else {},
        )
        items = translate(fleet, facts, self.now, self.location).resources
        return {(item.key.kind, item.key.name, item.key.parent): item for item in items}

    def _standing(self, group: ScalingGroup) -> Standing | None:
        """What its actions have set already is not known, whoever reads them first."""
        item = self.replies.group
        bounds = Capacity.model_construct(min=item["MinSize"], max=item["MaxSize"])
        return Standing(FirstSeen(self.now), group.schedules, bounds) if group.schedules else None

    def body(self, kind: str, name: str, parent: str = "") -> dict[str, Any] | None:
        """One of these bodies, as a call would send it; `None` where there is none."""
        item = self.made.get((kind, name, parent))
        return None if item is None else revealed(resolved(item.body, self.known))

    @cached_property
    def known(self) -> dict[Ref, Any]:
        """What references between the group's parts stand for now."""
        native = self.replies.name
        template = Ref(Key(self.location, LAUNCH_TEMPLATE.name, native), "version")
        known: dict[Ref, Any] = {template: str((self.replies.version or {}).get("VersionNumber", ""))}
        for arn, policy in self.replies.policy_names.items():
            name = f"{native}-{self.policy_names[policy]}"
            known[Ref(Key(self.location, SCALING_POLICY.name, name, native), "arn")] = arn
        return known

    @property
    def gaps(self) -> Iterator[tuple[str, str]]:
        """What a template has to say and this one does not, with what stands in for it or follows."""
        if not self.data.get("ImageId"):
            yield "ImageId", f"the template names no image; {UNKNOWN!r} stands for it"
        if not self.data.get("InstanceType"):
            yield "InstanceType", f"the template names no size; {self.group.template.size!r} stands for it"
        own = self.replies.launched_from.get("LaunchTemplateName") == self.replies.name
        if own and read_description((self.replies.version or {}).get("VersionDescription"))[1] is None:
            yield (
                "VersionDescription",
                "it bears no mark: adopting makes a version that does, and a plan lets the group launch from it; "
                "instances stay",
            )


_MEASURED = (
    *("Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Metrics"),
    *("EvaluationCriteria", "EvaluationInterval"),
)
"""What of an alarm must be as it was, or it is another alarm."""
_NO = (None, (), Purchase(), AwsSettings())


def _lenient(model: type[M], fields: Mapping[str, Any], **least: Any) -> M:
    """The model of these fields, without those that it refuses."""
    left = dict(fields)
    while True:
        try:
            return model.model_validate(left)
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors() if one["loc"]} & set(left)
            if not wrong:
                return model.model_validate(least)
            left = {name: value for name, value in left.items() if name not in wrong}


def _says(there: Any, made: Any) -> bool:
    """Whether all that was made is there, lists as long and in any order."""
    if isinstance(made, Mapping):
        return isinstance(there, Mapping) and all(_says(there.get(name), value) for name, value in made.items())
    if isinstance(made, (list, tuple)):
        if not isinstance(there, (list, tuple)) or len(there) != len(made):
            return False
        return all(any(_says(one, value) for one in there) for value in made)
    return bool(there == made) or (made is True and there is None)


def _reason(error: Exception) -> str:
    return error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
