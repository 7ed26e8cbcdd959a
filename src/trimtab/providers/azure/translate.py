"""A fleet as Azure resources: native bodies and no SDK; pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from trimtab.models import Alarm, Fleet, Image, MetricSource, ScalingGroup, SpotStrategy, TargetTrackingPolicy
from trimtab.models.base import format_duration
from trimtab.plan import (
    Action,
    Attributes,
    Change,
    Mark,
    Note,
    Ref,
    Resource,
    passwords_of,
    revealed,
    with_passwords,
)
from trimtab.providers.alarms import alarm_name, is_alert, naming_fields
from trimtab.providers.azure import alarms, autoscaler, policies, schedules, template
from trimtab.providers.azure.alarms import (
    action_group_body,
    action_group_key,
    actions_of,
    alert_body,
    targets_of,
)
from trimtab.providers.azure.autoscaler import setting_of
from trimtab.providers.azure.constraints import CONSTRAINTS
from trimtab.providers.azure.facts import Attached, AzureFacts
from trimtab.providers.azure.ids import Home, folded
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, KINDS, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.metrics import MINUTE, Scope, metric_problem
from trimtab.providers.azure.names import iso
from trimtab.providers.azure.template import image_reference, machine_profile, user_id
from trimtab.providers.azure.unused import differs_in_window, unused_of, used_by
from trimtab.providers.bodies import drop_empty, find_part, start_data
from trimtab.providers.health import asks_balancer, has_probe
from trimtab.providers.policy_execution import amounts_of
from trimtab.providers.sizes import size_at, size_is_initial
from trimtab.providers.translation import GroupTranslator, Translation

MIXED = "Mix"
"""The size of a scale set that has several."""
ON_DEMAND_BASE = "properties.priorityMixPolicy.baseRegularPriorityCount"
"""The leaf that the controller moves where it falls back from spot."""
STRATEGIES = {
    SpotStrategy.PRICE_CAPACITY: "CapacityOptimized",
    SpotStrategy.CAPACITY: "CapacityOptimized",
    SpotStrategy.LOWEST_PRICE: "LowestPrice",
    SpotStrategy.PRIORITIZED: "Prioritized",
}
MOST_IN_PLACEMENT_GROUP = 100
"""https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-placement-groups"""
SCALE_IN = {"default": "Default", "newest": "NewestVM", "oldest": "OldestVM"}
SHORTEST_GRACE, LONGEST_GRACE = timedelta(minutes=10), timedelta(minutes=90)
"""
How long automatic repairs can be held back.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-automatic-instance-repairs
"""
ULTRA = "UltraSSD_LRS"
LONGEST_NAME = 64
"""
Letters of a scale set's name.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""
MOST_VERSIONS = 2
"""Versions of a model that there are: the one in force, and the one before."""
LONGEST_TAG = 256
"""Letters of a tag's value: https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources."""


def translate(fleet: Fleet, facts: AzureFacts, now: datetime, location: str, home: Home) -> Translation:
    """Scale set, autoscale setting, metric alerts and action groups of every group."""
    return Translation.of(_Group(fleet, group, facts, now, location, home).translation() for group in fleet.groups)


def home_of(group: ScalingGroup, home: Home) -> Home:
    """Where a group lives."""
    return Home(home.subscription, group.azure.resource_group or home.resource_group)


class _Group(GroupTranslator):
    provider = "azure"
    kinds = KINDS
    constraints = CONSTRAINTS

    def __init__(
        self, fleet: Fleet, group: ScalingGroup, facts: AzureFacts, now: datetime, location: str, home: Home
    ) -> None:
        super().__init__(fleet, group, facts, now, location)
        self.facts = facts
        self.location = self.location.replace(" ", "").lower()
        self.home = home_of(group, home)
        self.is_at_home = folded(self.home.resource_group) == folded(home.resource_group)
        # alerts and action groups live in no location; the mark says whose they are
        self.mark = Mark(fleet.name, group.name, kept={"location": self.location})
        self.attached = facts.attached.get(group.name, Attached())
        self.specialized = group.name in facts.specialized

    @property
    def runs_windows(self) -> bool:
        """Whether the group's image is one of Windows, by its definition or its name."""
        return self.group.name in self.facts.windows or template.names_windows(self.group.template.image)

    def resources(self) -> Iterator[Resource]:
        for path, text in self._problems():
            self.problem(path, text)
        for target in targets_of(self._seen()):
            key = action_group_key(self.location, self.native, target)
            named = {"properties": naming_fields(self._seen(), target)}
            yield self._made(ACTION_GROUP.name, key.name, action_group_body(target), mark=self.mark, sources=named)
        yield self._scale_set()
        yield from self._setting()
        yield from self._alerts()
        self._remark()
        self.dates_held(schedules.reach_of(self.group, self.now), "profiles with a fixed date")
        for path in schedules.dates_without_profile(self.group, self.now):
            self.unused(path, "the profiles are the same without this date")
        self.takes(schedules.sizes_used(self.group, self.now))
        if (forecast := autoscaler.predictive_policy(self.group)) is not None:
            self.takes([f"policies.{forecast.name}.metric"])
        self.takes(path for path in used_by(self._rules) if ".triggers." in path)
        for unused in unused_of(self.group, self._rules, self._scope(), self.now):
            self.unused(unused.path, unused.text, but=unused.but, partly=unused.partly)

    # the scale set

    def _scale_set(self) -> Resource:
        group = self.group
        initial = size_is_initial(self.fleet, group)
        kept = self.keeps(self.facts.kept)
        body = drop_empty(
            resourceGroup=self.home.resource_group,
            location=self.location,
            sku={"name": MIXED if group.purchase.sizes else _size_of(group), "capacity": size_at(group, self.now)},
            plan=dict(self.settled.image_plan),
            zones=list(group.placement.zones),
            identity=self._identity(),
            tags={**group.tags, **group.template.tags},
            properties=self._properties(),
        )
        return self._made(
            SCALE_SET.name,
            self.native,
            body,
            mark=Mark(self.fleet.name, group.name, kept={**kept, **self.delegated}),
            initial=frozenset({*(["sku.capacity"] if initial else ()), *([ON_DEMAND_BASE] if self.falls_back else ())}),
        )

    def _identity(self) -> dict[str, Any]:
        role = self.group.template.role
        if role is None:
            return {}
        return {"type": "UserAssigned", "userAssignedIdentities": [user_id(role, self.home)]}

    def _properties(self) -> dict[str, Any]:
        group, azure = self.group, self.group.azure
        flexible = template.is_flexible(group)
        image = self.facts.images.get(group.name) or image_reference(self._named_image())
        return drop_empty(
            orchestrationMode=azure.orchestration.capitalize(),
            upgradePolicy=None if flexible else {"mode": "Manual"},
            overprovision=None if flexible else bool(azure.overprovision),
            singlePlacementGroup=self._is_compact(),
            zoneBalance=azure.zone_balance,
            platformFaultDomainCount=azure.fault_domains or (1 if flexible else None),
            scaleInPolicy={"rules": [SCALE_IN[azure.scale_in]]} if azure.scale_in else None,
            automaticRepairsPolicy=self._repairs(),
            spotRestorePolicy=_restore(azure.restore_spot),
            priorityMixPolicy=self._mix(),
            skuProfile=self._sizes(),
            additionalCapabilities=_capabilities(group),
            virtualMachineProfile=machine_profile(
                group,
                self.native,
                self.home,
                self.attached,
                image,
                windows=self.runs_windows,
                specialized=self.specialized,
            ),
        )

    def _named_image(self) -> Image:
        """The image as it is named; the newest of an operating system where none was looked up."""
        image = self.group.template.image
        has_os = self.asked.template.image.os is not None and image.newest is not None
        return Image(id=f"{image.owner}:{image.newest}:latest") if has_os else image

    def _is_compact(self) -> bool | None:
        """Whether instances share one placement group, which holds a hundred; Azure's own choice where nobody asks."""
        requested = self.group.azure.single_placement_group
        too_many = self.group.capacity.max > MOST_IN_PLACEMENT_GROUP
        return False if requested is None and too_many else requested

    def _repairs(self) -> dict[str, Any] | None:
        if not repairs(self.group):
            return None if self.group.azure.automatic_repairs is None else {"enabled": False}
        return {"enabled": True, "gracePeriod": iso(grace_of(self.group))}

    def _mix(self) -> dict[str, Any] | None:
        purchase = self.group.purchase
        # a mix is what the controller moves to fall back from spot
        if not purchase.spot or not (purchase.on_demand_base or purchase.on_demand_percent or self.falls_back):
            return None
        return {
            "baseRegularPriorityCount": purchase.on_demand_base,
            "regularPriorityPercentageAboveBase": purchase.on_demand_percent,
        }

    def _sizes(self) -> dict[str, Any] | None:
        purchase = self.group.purchase
        if not purchase.sizes:
            return None
        ranked = purchase.strategy is SpotStrategy.PRIORITIZED
        sizes = [
            {"name": option.size, **({"rank": place} if ranked else {})} for place, option in enumerate(purchase.sizes)
        ]
        strategy = STRATEGIES[purchase.strategy or SpotStrategy.LOWEST_PRICE]
        return {"vmSizes": sizes, "allocationStrategy": strategy}

    # what sizes it

    def _setting(self) -> Iterator[Resource]:
        target = Ref(self.key(SCALE_SET.name), "id")
        setting = setting_of(self.group, self._rules, target, self.now, enabled=self.delegation is None)
        yield self._made(
            AUTOSCALE_SETTING.name, self.native, setting.body, mark=self._zoned_mark(), sources=setting.sources
        )

    def _zoned_mark(self) -> Mark:
        """The mark, with the IANA zone of the schedules: Windows has one name for several."""
        zones = {schedule.zone for schedule in self.group.schedules}
        kept = {"zone": zones.pop()} if len(zones) == 1 else {}
        return Mark(self.fleet.name, self.group.name, kept={**kept, **amounts_of(self.declared, longest=LONGEST_TAG)})

    def _seen(self) -> list[Alarm]:
        """The alarms that are to be seen by people, less those whose metric a problem is about."""
        return [
            alarm for alarm in self.group.alarms if is_alert(alarm) and not alarms.alert_problem(alarm, self._scope())
        ]

    def _alerts(self) -> Iterator[Resource]:
        for alarm in self._seen():
            actions = actions_of(alarm, self.location, self.native)
            properties = drop_empty(**alert_body(alarm, self._scope())["properties"])
            yield self._made(
                METRIC_ALERT.name,
                alarm_name(self.fleet, self.group, alarm.name),
                {"properties": {**properties, "actions": actions}},
                item=f"alarms.{alarm.name}",
                mark=self.mark,
            )

    # what is to be said

    def _remark(self) -> None:
        """Say what Azure does otherwise because of the values of a group."""
        group = self.group
        self._remark_on_system()
        grace, own = group.health_check.grace, group.azure.default_capacity
        if group.azure.restore_spot is not None and group.purchase.spot:
            # https://learn.microsoft.com/azure/virtual-machine-scale-sets/use-spot
            text = "Azure restores no evicted instance while autoscale is on, and each group has an autoscale setting"
            self.note("azure.restore_spot", f"{text}; leave it out", approximation=True)
        if grace is not None and not repairs(group):
            self.unused("health_check.grace", "nothing repairs instances; give `health_check.path` or `port`")
        elif grace is not None and grace_of(group) != grace:
            least, most = format_duration(SHORTEST_GRACE), format_duration(LONGEST_GRACE)
            text = f"Azure holds repairs back for {least} to {most}, not for {format_duration(grace)}"
            self.note("health_check.grace", text, approximation=True)
        if own is not None and not group.capacity.min <= own <= group.capacity.max:
            text = f"{own} is outside `capacity`; Azure goes to the bound beside it"
            self.note("azure.default_capacity", text, approximation=True)
        if own is not None and self.is_size_scheduled():
            text = "a schedule sets the size now, and `azure.default_capacity` that without metrics"
            self.unused("capacity.desired", text)
        for alarm in group.alarms:
            if alarm.period != MINUTE and differs_in_window(alarm, self._rules, self._scope()):
                text = "a rule looks back whole minutes, five at least, and an alert as long as Azure has a window"
                self.note(f"alarms.{alarm.name}.period", text, approximation=True)
        for path, text in autoscaler.remarks_on(group, self._rules):
            self.note(path, text)
        rollout = group.rollout
        goes_back = rollout and rollout.strategy != "blue-green" and rollout.on_failure == "rollback"
        if goes_back and start_data(group.template, self.provider) is not None:
            text = "Azure never gives custom data back, so that a rollout which changes `template.user_data` is refused"
            self.note("rollout.on_failure", f"{text} with `rollback`; give `pause` or `stop` for that")

    def _remark_on_system(self) -> None:
        """Say how one logs in, and what Windows does otherwise."""
        given = self.group.template
        if self.specialized:
            return
        if given.admin_password is not None:
            text = (
                "not verifiable: Azure never gives a password back; it is sent when the group is created, and only then"
            )
            self.note("template.admin_password.env", text)
        if self.runs_windows:
            self.unused("template.ssh_key", "Windows has no SSH key; one logs in by `template.admin_password`")
            if given.user_data is not None:
                # https://learn.microsoft.com/azure/virtual-machines/custom-data
                text = r"Windows runs no script; it has it as the file %SYSTEMDRIVE%\AzureData\CustomData.bin"
                self.note("template.user_data", text, approximation=True)
        elif given.ssh_key is None and given.admin_password is None:
            self.note("template.ssh_key", "not given; instances get a throwaway key, so SSH is impossible")

    def _problems(self) -> Iterator[tuple[str, str]]:
        """What keeps a group from being a scale set with its setting and alerts: path and text."""
        group, scope = self.group, self._scope()
        if len(self.native) > LONGEST_NAME:
            yield "native_name", f"{self.native!r} is longer than the {LONGEST_NAME} characters of a scale set"
        image = group.template.image
        if image.os is None and (text := template.image_problem(image)):
            yield "template.image", text
        for path in template.system_paths(group) if self.specialized else ():
            text = "the image is a specialized one, whose machines have the users of the machine that it was taken from"
            yield path, f"{text}; leave this out, or use a generalized image"
        flexible = template.is_flexible(group)
        shared = group.purchase.on_demand_base or group.purchase.on_demand_percent or self.falls_back
        mixed = group.purchase.spot and shared
        if not flexible and (mixed or group.purchase.sizes):
            several = "template.size.choices" if self.asked.template.requirement and not mixed else "purchase"
            yield (
                several,
                "a mix with spot, or several sizes, takes another scale set; write `azure: {orchestration: flexible}`",
            )
        if self.falls_back and group.azure.eviction == "deallocate":
            text = "an instance that is deallocated stays in the size, and nothing can run in its place"
            yield "azure.eviction", f"{text}; write `delete`, or leave `purchase.fallback` out"
        for index, disk in enumerate(group.template.disks):
            yield from template.disk_problems(disk, f"template.disks.{index}")
        if asks_balancer(group) and not self.attached.probe and not self.facts.unknown:
            text = "Azure asks a load balancer's probe, and no pool of the group has a rule with one"
            yield "health_check.by", f"{text}; give `health_check.path` and `port`"
        yield from _rollout_problems(group)
        if group.rollout is not None and not self.is_at_home:
            text = "rollouts look in the resource group of the connection alone; connect with this one"
            yield "rollout.strategy", text
        yield from _metric_problems(group, scope)
        yield from schedules.problems_of(group, self.now)
        yield from alarms.problems_of(group, scope)
        yield from policies.problems_of(group, self._rules)
        yield from autoscaler.problems_of(group)

    @cached_property
    def _rules(self) -> list[policies.AutoscaleRule]:
        return policies.rules_of(self.group, self._scope())

    def _scope(self) -> Scope:
        return Scope(self.home.scale_set(self.native), self.attached.gateway, self.native)

    # names

    def _made(self, kind: str, name: str, body: Mapping[str, Any], **more: Any) -> Resource:
        attributes: Attributes = {"resource_group": self.home.resource_group}
        return Resource(key=self.key(kind, name), body=body, group=self.group.name, attributes=attributes, **more)


def password_problems(changes: Iterable[Change], environment: Mapping[str, str]) -> Iterator[Note]:
    """What keeps scale sets from being made with the password that their groups name; says nothing of the password."""
    for change in changes:
        if change.action not in (Action.CREATE, Action.REPLACE) or change.key.kind != SCALE_SET.name:
            continue
        body = change.wanted.body if change.wanted else {}
        passwords = passwords_of(body)
        if not passwords and find_part(body, [*OS_PROFILE, "windowsConfiguration"]) is not None:
            text = "Windows is not started without a password; write admin_password: {env: NAME}"
            yield Note(f"template.admin_password: {text}", change.group)
        for name in (password.variable for password in passwords if not environment.get(password.variable)):
            text = f"environment variable {name} is not set; set it to the password before planning and applying"
            yield Note(f"template.admin_password.env: {text}", change.group)
        given = revealed(with_passwords(body, environment))
        for breach in CONSTRAINTS.breaches(SCALE_SET.name, given) if passwords else ():
            if breach.native == "adminPassword":
                yield Note(f"template.admin_password.env: the password {breach.text}", change.group)


OS_PROFILE = ("properties", "virtualMachineProfile", "osProfile")


def _size_of(group: ScalingGroup) -> str:
    return group.template.size_name or ""


def _rollout_problems(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """What a scale set cannot do in a rollout, by the values of the group: path and text."""
    rollout = group.rollout
    if rollout is None or rollout.strategy == "blue-green":
        return
    if rollout.keep > MOST_VERSIONS:
        text = f"a scale set keeps the values of one earlier version, in its tags; give {MOST_VERSIONS} or less"
        yield "rollout.keep", text
    if rollout.max_surge not in (None, 0, "0%") and group.capacity.min == group.capacity.max:
        text = f"autoscale takes away what is above the maximum, {group.capacity.max}, which is the minimum too"
        yield "rollout.max_surge", f"{text}; raise `capacity.max`, or give `max_unavailable`"


def _metric_problems(group: ScalingGroup, scope: Scope) -> Iterator[tuple[str, str]]:
    """What keeps metrics from being measured, of all that is enabled or notifies: path and text."""
    for alarm in group.alarms:
        problem = alarms.alert_problem(alarm, scope) if is_alert(alarm) else metric_problem(alarm.metric, scope)
        is_said = alarm.metric.source is MetricSource.PROMQL and not is_alert(alarm)
        if problem and (alarm.enabled or is_alert(alarm)) and not is_said:
            yield f"alarms.{alarm.name}.metric", problem
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled:
            problem = metric_problem(policy.metric, scope)
            if problem and policy.metric.source is not MetricSource.PROMQL:
                yield f"policies.{policy.name}.metric", problem


def repairs(group: ScalingGroup) -> bool:
    """Whether Azure replaces unhealthy instances."""
    if group.azure.automatic_repairs is not None:
        return group.azure.automatic_repairs
    return asks_balancer(group) or has_probe(group)


def grace_of(group: ScalingGroup) -> timedelta:
    """How long repairs are held back; ten minutes at least."""
    grace = group.health_check.grace or SHORTEST_GRACE
    return min(LONGEST_GRACE, max(SHORTEST_GRACE, grace))


def _capabilities(group: ScalingGroup) -> dict[str, Any]:
    """What ultra disks take: https://learn.microsoft.com/azure/virtual-machines/disks-enable-ultra-ssd."""
    return {"ultraSSDEnabled": True} if any(disk.type == ULTRA for disk in group.template.disks) else {}


def _restore(timeout: timedelta | None) -> dict[str, Any] | None:
    return None if timeout is None else {"enabled": True, "restoreTimeout": iso(timeout)}
