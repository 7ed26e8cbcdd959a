"""A fleet as AWS resources: native bodies and no SDK; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from trimtab.engine.first_seen import in_force_since
from trimtab.errors import Unsupported
from trimtab.models import (
    Fleet,
    InstanceMaintenance,
    LifecycleHook,
    LoadBalancer,
    Metric,
    MetricSource,
    PredictivePolicy,
    PythonPolicy,
    ScalingGroup,
    ScalingNotification,
    Schedule,
    WarmPool,
)
from trimtab.plan import Key, Mark, Note, Ref, Resource
from trimtab.providers.alarms import alarm_name
from trimtab.providers.aws import names, schedules
from trimtab.providers.aws.alarms import alarm_body, alarm_remarks
from trimtab.providers.aws.constraints import CONSTRAINTS, PER_GROUP
from trimtab.providers.aws.facts import AwsFacts, ImageFacts
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    KINDS,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
)
from trimtab.providers.aws.metrics import Scope, instance_metric
from trimtab.providers.aws.places import is_id
from trimtab.providers.aws.policies import policy_body, policy_remarks, seconds, step_problems
from trimtab.providers.aws.purchase import ON_DEMAND_BASE, is_mixed, mixed_policy
from trimtab.providers.aws.schedules import END, ScheduledAction, actions_of, enacted, given_sizes, has_start
from trimtab.providers.aws.template import template_data
from trimtab.providers.bodies import drop_empty
from trimtab.providers.leaves import set_leaves
from trimtab.providers.sizes import size_is_initial
from trimtab.providers.translation import GroupTranslator, Translation, hidden_sizes

TRANSITIONS = {"launch": "autoscaling:EC2_INSTANCE_LAUNCHING", "terminate": "autoscaling:EC2_INSTANCE_TERMINATING"}
EVENTS = {
    "launch": "autoscaling:EC2_INSTANCE_LAUNCH",
    "launch-error": "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "terminate": "autoscaling:EC2_INSTANCE_TERMINATE",
    "terminate-error": "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    "test": "autoscaling:TEST_NOTIFICATION",
}
"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingNotificationTypes.html"""
HEALTH_TYPES = {"ebs": "EBS", "vpc-lattice": "VPC_LATTICE"}
DEFAULT_TERMINATION = ("Default",)
GRANULARITY = "1Minute"
"""How often a group publishes its own metrics; AWS has no other choice."""


def translate(fleet: Fleet, facts: AwsFacts, now: datetime, location: str) -> Translation:
    """Launch template, Auto Scaling group, policies, scheduled actions and alarms of every group."""
    return Translation.of(_Group(fleet, group, facts, now, location).translation() for group in fleet.groups)


class _Group(GroupTranslator):
    provider = "aws"
    kinds = KINDS
    constraints = CONSTRAINTS

    def __init__(self, fleet: Fleet, group: ScalingGroup, facts: AwsFacts, now: datetime, location: str) -> None:
        super().__init__(fleet, group, facts, now, location)
        self.facts = facts
        self.mark = Mark(fleet.name, group.name)
        self.standing = facts.standing.get(group.name)

    def resources(self) -> Iterator[Resource]:
        for path, text in names.problems_of(self.fleet, self.group):
            self.problem(path, text)
        for path, text in names.elsewhere_of(self.group, self.location):
            self.problem(path, text)
        self.problems += [Note(text, self.group.name) for text in schedules.problems_of(self.group)]
        self.problems += [Note(text, self.group.name) for text in schedules.contradictions_of(self.fleet, self.group)]
        for path, text in rollout_problems(self.group):
            self.problem(path, text)
        self._check_reservation()
        mark = Mark(self.fleet.name, self.group.name, kept=self.keeps(self.facts.kept))
        key = self.key(LAUNCH_TEMPLATE.name)
        image = self.facts.images.get(self.group.name) or ImageFacts(None)
        image = replace(image, id=image.id or self._image_as_named())
        if self.group.template.requirement and not self.asked.template.image.os:
            self.unused("template.size.architecture", "AWS takes the processor of the image")
        yield self._made(
            key,
            {"LaunchTemplateData": template_data(self.group, self.native, image, self._security_groups())},
            mark=mark,
        )
        yield self._scaling_group()
        yield from self._at_most("policies", self._policies())
        yield from self._at_most("schedules", self._scheduled_actions())
        yield from self._alarms()

    def _check_reservation(self) -> None:
        """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html."""
        purchase = self.group.purchase
        if purchase.reservation and purchase.spot:
            text = "a capacity reservation is for on-demand instances, and Spot instances do not run in it"
            if purchase.on_demand_base or purchase.on_demand_percent:
                self.note("purchase.reservation", text)
            else:
                self.problem("purchase.reservation", f"{text}; leave `purchase.reservation` or `purchase.spot` out")

    def _at_most(self, path: str, resources: Iterable[Resource]) -> list[Resource]:
        """Resources of a kind, and a problem where a group cannot have so many."""
        made = list(resources)
        most, what, _ = PER_GROUP[made[0].key.kind] if made else (0, "", None)
        if len(made) > most:
            self.problem(path, f"they make {len(made)} {what}, and an Auto Scaling group has {most} at most")
        return made

    def _security_groups(self) -> Sequence[str]:
        return self.facts.security_groups.get(self.group.name, self.group.template.security_groups)

    def _image_as_named(self) -> str | None:
        """What stands for an image that was not looked up."""
        image = self.group.template.image
        return f"(newest {image.newest} of {image.owner})" if self.asked.template.image.os else image.id

    # the group

    def _scaling_group(self) -> Resource:
        group = self.group
        initial = size_is_initial(self.fleet, group)
        # what is read of a group only where its fleet has any, or had
        asked = {"hooks": group.aws.lifecycle_hooks, "topics": group.aws.notify_scaling}
        parts = {word: "yes" for word, items in asked.items() if items}
        return self._made(
            self.key(AUTO_SCALING_GROUP.name),
            {**self._sizes(), **self._places(), **self._group_settings()},
            mark=replace(self.mark, kept={**parts, **self.delegated, **(self.standing.kept if self.standing else {})}),
            initial=frozenset(
                {*(["DesiredCapacity"] if initial else ()), *([ON_DEMAND_BASE] if self.falls_back else ())}
            ),
            basis={"MinSize": group.capacity.min, "MaxSize": group.capacity.max},
            sources={
                f"Tags[{key}]": "aws.group_tags" if key in group.aws.group_tags else "tags"
                for key in ("Name", *group.tags, *group.aws.group_tags)
            },
        )

    def _sizes(self) -> dict[str, Any]:
        waiting, live = (self.standing.waiting, self.standing.live) if self.standing else ((), self.group.capacity)
        force = in_force_since(enacted(self.group), self.now, waiting, live)
        # left out, it is the minimum (CreateAutoScalingGroup)
        return {"MinSize": force.min, "MaxSize": force.max, "DesiredCapacity": force.capacity.desired}

    def _places(self) -> dict[str, Any]:
        zones = self.group.placement.zones
        self._check_network()
        subnets = self.facts.subnets.get(self.group.name, self.group.placement.subnets)
        if subnets:
            return {"VPCZoneIdentifier": self._subnets_in(zones, subnets) if zones else list(subnets)}
        return {"AvailabilityZones": list(zones or self.facts.zones.get(self.location, ()))}

    def _check_network(self) -> None:
        """Say where the network is of no use: what a group has there is its subnets."""
        place = self.group.placement
        if place.network and not place.subnets and not place.subnet_tags:
            self.problem("placement.network", "a group is in subnets; name those too, by `subnets` or `subnet_tags`")
        elif not place.subnet_tags and all(map(is_id, place.subnets)):
            self.unused("placement.network", "subnets that are named by id say which network it is")

    def _subnets_in(self, zones: Sequence[str], subnets: Sequence[str]) -> list[str]:
        """Those of the subnets that lie in the zones; a group with subnets takes no zones (CreateAutoScalingGroup)."""
        where = {subnet: self.facts.subnet_zones.get(subnet, "") for subnet in subnets}
        for zone in sorted(set(zones) - set(where.values())):
            self.problem("placement.zones", f"no subnet of the group is in {zone}; add one, or leave the zone out")
        pairs = list(zip(self.group.placement.subnets, subnets, strict=False))
        if pairs and all(is_id(name) or where[subnet] not in zones for name, subnet in pairs):
            self.unused("placement.network", "the subnets that are named by name lie in other zones")
        for index, (name, subnet) in enumerate(pairs):
            if where.get(subnet) and where[subnet] not in zones:
                text = f"{name} lies in {where[subnet]}, which is not in `placement.zones`"
                self.note(f"placement.subnets.{index}", text)
        if set(where.values()) == set(zones) and len(zones) == 1:
            self.unused("placement.zones", "all of the group's subnets lie there")
        return [subnet for subnet in subnets if where[subnet] in zones]

    def _group_settings(self) -> dict[str, Any]:
        group, health = self.group, self.group.health_check
        if group.aws.termination_policies == DEFAULT_TERMINATION:
            self.unused("aws.termination_policies", "it is what AWS does by default")
        self._check_group_tags()
        return drop_empty(
            **self._launches_from(),
            CapacityRebalance=group.purchase.rebalance,
            TargetGroupARNs=self._target_groups(),
            HealthCheckType=_health_types(group),
            HealthCheckGracePeriod=seconds(health.grace),
            DefaultCooldown=seconds(group.cooldown),
            DefaultInstanceWarmup=seconds(group.warm_up),
            NewInstancesProtectedFromScaleIn=group.protect_from_scale_in,
            TerminationPolicies=list(group.aws.termination_policies or DEFAULT_TERMINATION),
            MaxInstanceLifetime=seconds(group.aws.max_instance_lifetime),
            InstanceMaintenancePolicy=_maintenance(group.aws.maintenance),
            PlacementGroup=group.aws.placement_group,
            ServiceLinkedRoleARN=group.aws.service_linked_role,
            LifecycleHookSpecificationList=[_hook(hook) for hook in group.aws.lifecycle_hooks],
            WarmPoolConfiguration=_warm_pool(group.aws.warm_pool),
            SuspendedProcesses=[process.value for process in group.aws.suspended_processes],
            NotificationConfigurations=[_notification(each) for each in group.aws.notify_scaling],
            EnabledMetrics=GRANULARITY if group.aws.group_metrics else None,
            Tags=[
                # instances take theirs from the template, where each may differ from the group's
                {"Key": key, "Value": value, "PropagateAtLaunch": False}
                for key, value in sorted({"Name": self.native, **group.tags, **group.aws.group_tags}.items())
            ],
        )

    def _check_group_tags(self) -> None:
        """Refuse a tag that instances get, and are not to get."""
        for key in self.group.aws.group_tags:
            for path, tags in (("tags", self.group.tags), ("template.tags", self.group.template.tags)):
                if key in tags:
                    text = f"`{path}` has {key!r} too, which gives it to instances; remove one of the two"
                    self.problem(f"aws.group_tags.{key}", text)

    def _target_groups(self) -> list[str]:
        known = self.facts.target_groups.get(self.location, {})
        return [
            balancer.id or known.get(balancer.name or "", f"(not found: {balancer.name})")
            for balancer in self.group.cloud_balancers
        ]

    def _launches_from(self) -> dict[str, Any]:
        version = Ref(self.key(LAUNCH_TEMPLATE.name), "version")
        template = {"LaunchTemplateName": self.native, "Version": version}
        if is_mixed(self.group):
            return {"MixedInstancesPolicy": mixed_policy(self.group, template)}
        return {"LaunchTemplate": template}

    # schedules

    def _scheduled_actions(self) -> Iterator[Resource]:
        actions = list(actions_of(self.group, self.now))
        for action in actions:
            key = self.key(SCHEDULED_ACTION.name, f"{self.native}-{action.name}", self.native)
            basis = schedules.start_of(action)
            yield self._made(key, action.body, item=f"schedules.{action.schedule}", basis=basis)
        firing = {action.schedule for action in actions}
        self.dates_held(schedules.reach_of(self.group, self.now), schedules.HELD)
        for schedule in self.group.schedules:
            item = f"schedules.{schedule.name}"
            if schedule.name not in firing:
                for leaf in set_leaves(schedule):
                    self.note(f"{item}.{leaf.path}", "this schedule never fires again; remove it, or give a later time")
            elif schedule.is_by_day:
                self._take_dated(schedule, actions)
            elif schedule.starts is not None and (schedule.at is not None or not has_start(schedule, self.now)):
                self.note(f"{item}.starts", "it fires at the same times without this; leave it out")
            self.unused(f"{item}.description", "a scheduled action has no description")
        ending = {action.schedule for action in actions if action.name.endswith(END)}
        back = {
            size
            for window in self.group.schedules
            if window.is_window and window.name in ending
            for size in given_sizes(window)
        }
        for path, text in hidden_sizes(enacted(self.group), self.now, put_back=back):
            self.unused(path, text)

    def _take_dated(self, schedule: Schedule, actions: Sequence[ScheduledAction]) -> None:
        """Say of a first and a last moment whether they change anything of the days on which a schedule comes."""
        item = f"schedules.{schedule.name}"
        # these make the moments of actions that come once
        self.takes(f"{item}.{name}" for name in ("cron", "zone", "until", "duration"))
        for name in ("starts", "ends"):
            if getattr(schedule, name) is None:
                continue
            bare = schedule.model_copy(update={name: None})
            others = tuple(bare if each is schedule else each for each in self.group.schedules)
            if list(actions_of(self.group.model_copy(update={"schedules": others}), self.now)) == actions:
                self.note(f"{item}.{name}", "it comes on the same days without this; leave it out")
            else:
                self.takes([f"{item}.{name}"])

    # policies and alarms

    def _policies(self) -> Iterator[Resource]:
        for path, text in step_problems(self.group):
            self.problem(path, text)
        for policy in self.group.policies:
            if isinstance(policy, PythonPolicy):
                continue
            item, metric = f"policies.{policy.name}", getattr(policy, "metric", None)
            self._remark(item, policy_remarks(policy))
            if isinstance(policy, PredictivePolicy) and policy.load == "requests":
                self._need_balancer(f"{item}.load", policy.metric)
            body = self._body_of(item, metric, partial(policy_body, policy))
            if body is not None:
                yield self._made(self._policy_key(policy.name), body, item=item)

    def _alarms(self) -> Iterator[Resource]:
        for alarm in self.group.alarms:
            item = f"alarms.{alarm.name}"
            self._remark(item, alarm_remarks(alarm))
            body = self._body_of(item, alarm.metric, partial(alarm_body, alarm))
            if body is not None:
                actions = [*(Ref(self._policy_key(name), "arn") for name in alarm.triggers), *alarm.notify]
                key = self.key(METRIC_ALARM.name, alarm_name(self.fleet, self.group, alarm.name))
                yield self._made(key, {**body, "AlarmActions": actions}, item=item, mark=self.mark)

    def _remark(self, item: str, remarks: Iterable[tuple[str, str, bool]]) -> None:
        for name, text, harms in remarks:
            (self.problem if harms else self.unused)(f"{item}.{name}", text)

    def _body_of(
        self, item: str, metric: Metric | None, body: Callable[[Scope | None], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """
        What becomes of a policy or an alarm.

        A metric that AWS does not take is a problem, and what is left of the item says which fields it does take.
        Where that hangs on a balancer that could not be read there is nothing to say, and nothing is wanted.
        """
        try:
            return body(self._scope(metric))
        except Unsupported as error:
            unread = any(scope.location == self.location for scope in self.facts.unknown)
            if unread and metric is not None and metric.source is MetricSource.BALANCER:
                return None
            self.problem(f"{item}.metric", error)
            return body(None)

    def _need_balancer(self, path: str, metric: Metric) -> None:
        """Refuse what is counted at an Application Load Balancer in a group that has none."""
        is_unread = any(scope.location == self.location for scope in self.facts.unknown)
        if not is_unread and not self._scope(metric).label.startswith("app/"):
            self.problem(path, "it needs one target group that is attached to an Application Load Balancer")

    def _scope(self, metric: Metric | None) -> Scope:
        labels = self.facts.labels.get(self.location, {})
        balancer = attachment_of(self.group, metric) if metric is not None else None
        label = labels.get(balancer.id or balancer.name or "", "") if balancer is not None else ""
        return Scope(self.native, label, detailed=bool(self.group.template.detailed_monitoring))

    # names

    def _policy_key(self, policy: str) -> Key:
        return self.key(SCALING_POLICY.name, f"{self.native}-{policy}", self.native)

    def _made(self, key: Key, body: Mapping[str, Any], **more: Any) -> Resource:
        return Resource(key=key, body=drop_empty(**body), group=self.group.name, **more)


_REFRESHING = ("InstanceRefresh", "Launch", "Terminate")
"""Processes without which an instance refresh stands still."""


def rollout_problems(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """
    What keeps a group from being rolled out by instance refreshes, by field.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
    """
    if group.rollout is None or group.rollout.strategy == "blue-green":
        return
    if group.template.requirement is not None:
        text = "no instance refresh goes to another template where sizes are chosen by attributes"
        yield "rollout", f"{text}; name one in `template.size` or several in `purchase.sizes`, or leave `rollout` out"
    if still := [process for process in group.aws.suspended_processes if process in _REFRESHING]:
        text = f"an instance refresh stands still while {still[0]} is suspended"
        yield "rollout", f"{text}; leave it out of `aws.suspended_processes`, or leave `rollout` out"
    for index, gate in enumerate(group.rollout.gates):
        if gate.type == "metric":
            try:
                instance_metric(gate.metric, Scope(group.name))
            except Unsupported as error:
                yield f"rollout.gates.{index}.metric", str(error)


def attachment_of(group: ScalingGroup, metric: Metric) -> LoadBalancer | None:
    """The target group whose metric is meant: the one that the metric names, or the only one."""
    if metric.of is not None:
        return next((balancer for balancer in group.cloud_balancers if balancer.is_called(metric.of)), None)
    return group.cloud_balancers[0] if len(group.cloud_balancers) == 1 else None


def _health_types(group: ScalingGroup) -> str:
    """The types of health check; EC2 is always on, and written where it is alone (CreateAutoScalingGroup)."""
    balancer = {"ELB"} if group.health_check.by == "load-balancer" else set()
    return ",".join(sorted({*balancer, *(HEALTH_TYPES[word] for word in group.aws.health_checks)})) or "EC2"


def _maintenance(policy: InstanceMaintenance | None) -> dict[str, int] | None:
    if policy is None:
        return None
    return {"MinHealthyPercentage": policy.min_healthy, "MaxHealthyPercentage": policy.max_healthy}


def _notification(told: ScalingNotification) -> dict[str, Any]:
    return {"TopicARN": told.topic, "NotificationTypes": sorted(EVENTS[event] for event in set(told.on))}


def _hook(hook: LifecycleHook) -> dict[str, Any]:
    return drop_empty(
        LifecycleHookName=hook.name,
        LifecycleTransition=TRANSITIONS[hook.on],
        HeartbeatTimeout=seconds(hook.timeout),
        DefaultResult=hook.default.upper() if hook.default else None,
        NotificationTargetARN=hook.notify,
        RoleARN=hook.role,
        NotificationMetadata=hook.data,
    )


def _warm_pool(pool: WarmPool | None) -> dict[str, Any] | None:
    if pool is None:
        return None
    return drop_empty(
        MinSize=pool.min,
        MaxGroupPreparedCapacity=pool.max_prepared,
        PoolState=pool.state.capitalize(),
        InstanceReusePolicy={"ReuseOnScaleIn": pool.reuse},
    )
