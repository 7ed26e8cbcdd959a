"""A fleet as AWS resources: native bodies and no SDK; pure."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from trimtab.engine.first_seen import in_force_since
from trimtab.errors import Unsupported
from trimtab.models import (
    Disk,
    DiskType,
    Fleet,
    LifecycleHook,
    LoadBalancer,
    Metric,
    MetricSource,
    ScalingGroup,
    WarmPool,
)
from trimtab.plan import Key, Mark, Note, Ref, Resource, Secret
from trimtab.providers.aws import names, schedules
from trimtab.providers.aws.alarms import alarm_body
from trimtab.providers.aws.facts import AwsFacts, ImageFacts
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    KINDS,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
)
from trimtab.providers.aws.metrics import Scope
from trimtab.providers.aws.policies import policy_body, seconds, step_problems
from trimtab.providers.aws.purchase import is_mixed, mixed_policy
from trimtab.providers.aws.schedules import actions_of, enacted
from trimtab.providers.naming import alarm_name, given, size_is_owned
from trimtab.providers.translation import GroupTranslator, Translation

ROOT_DEVICE = "/dev/sda1"
DISK_TYPES = {DiskType.STANDARD: "standard", DiskType.SSD: "gp3", DiskType.FAST_SSD: "io2"}
TRANSITIONS = {"launch": "autoscaling:EC2_INSTANCE_LAUNCHING", "terminate": "autoscaling:EC2_INSTANCE_TERMINATING"}
GRANULARITY = "1Minute"
"""How often a group publishes its own metrics; AWS has no other choice."""


def translate(fleet: Fleet, facts: AwsFacts, now: datetime, location: str) -> Translation:
    """Launch template, Auto Scaling group, policies, scheduled actions and alarms of every group."""
    return Translation.of(_Group(fleet, group, facts, now, location).translation() for group in fleet.groups)


class _Group(GroupTranslator):
    provider = "aws"
    kinds = KINDS

    def __init__(self, fleet: Fleet, group: ScalingGroup, facts: AwsFacts, now: datetime, location: str) -> None:
        super().__init__(fleet, group, now, location)
        self.facts = facts
        self.mark = Mark(fleet.name, group.name)
        self.standing = facts.standing.get(group.name)

    def resources(self) -> Iterator[Resource]:
        for path, text in names.problems_of(self.fleet, self.group):
            self.problem(path, text)
        self.problems += [Note(text, self.group.name) for text in schedules.problems_of(self.group)]
        self.problems += [Note(text, self.group.name) for text in schedules.contradictions_of(self.fleet, self.group)]
        mark = Mark(self.fleet.name, self.group.name, kept=self.facts.kept.get(self.group.name, {}))
        key = self.key(LAUNCH_TEMPLATE.name)
        yield self._made(key, {"LaunchTemplateData": self._data()}, mark=mark)
        yield self._scaling_group()
        yield from self._policies()
        for name, schedule, body in actions_of(self.group, self.now):
            key = self.key(SCHEDULED_ACTION.name, f"{self.native}-{name}", self.native)
            yield self._made(key, body, item=f"schedules.{schedule.name}")
        yield from self._alarms()

    # the template

    def _data(self) -> dict[str, Any]:
        template = self.group.template
        script = template.render_user_data()
        return given(
            ImageId=self._image().id,
            InstanceType=template.size,
            KeyName=template.ssh_key,
            UserData=None if script is None else Secret(base64.b64encode(script.encode()).decode()),
            IamInstanceProfile=_profile(template.role),
            **self._network(),
            BlockDeviceMappings=[self._disk(disk) for disk in template.disks],
            MetadataOptions=given(
                HttpTokens=_tokens(template.metadata_token), HttpPutResponseHopLimit=template.metadata_hops
            ),
            Monitoring=given(Enabled=template.detailed_monitoring),
            CapacityReservationSpecification=self._reservation(),
            TagSpecifications=self._instance_tags(),
        )

    def _image(self) -> ImageFacts:
        return self.facts.images.get(self.group.name) or ImageFacts(self.group.template.image.id)

    def _network(self) -> dict[str, Any]:
        template = self.group.template
        groups = list(template.security_groups)
        if template.public_address is None:
            return {"SecurityGroupIds": groups}
        # a template with an interface takes its security groups there and nowhere else (RunInstances)
        interface = given(DeviceIndex=0, AssociatePublicIpAddress=template.public_address, Groups=groups)
        return {"NetworkInterfaces": [interface]}

    def _disk(self, disk: Disk) -> dict[str, Any]:
        ebs = given(
            VolumeSize=disk.size_gb,
            VolumeType=DISK_TYPES[disk.type] if disk.type else None,
            Encrypted=disk.encrypted,
            KmsKeyId=disk.key,
            Iops=disk.iops,
            Throughput=disk.throughput,
            DeleteOnTermination=not disk.keep,
        )
        return {"DeviceName": disk.device or self._image().root or ROOT_DEVICE, "Ebs": ebs}

    def _reservation(self) -> dict[str, Any]:
        reservation = self.group.purchase.reservation
        return {"CapacityReservationTarget": {"CapacityReservationId": reservation}} if reservation else {}

    def _instance_tags(self) -> list[dict[str, Any]]:
        tags = {"Name": self.native, **self.group.tags, **self.group.template.tags}
        pairs = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        return [{"ResourceType": kind, "Tags": pairs} for kind in ("instance", "volume")]

    # the group

    def _scaling_group(self) -> Resource:
        group = self.group
        owned = size_is_owned(self.fleet, group) or group.capacity.desired is None
        hooks = {"hooks": "yes"} if group.aws.lifecycle_hooks else {}
        return self._made(
            self.key(AUTO_SCALING_GROUP.name),
            {**self._sizes(), **self._places(), **self._group_settings()},
            mark=replace(self.mark, kept={**hooks, **(self.standing.kept if self.standing else {})}),
            initial=frozenset({"DesiredCapacity"}) if owned else frozenset(),
            basis=group.capacity.model_dump(mode="json"),
        )

    def _sizes(self) -> dict[str, Any]:
        waiting, live = (self.standing.waiting, self.standing.live) if self.standing else ((), self.group.capacity)
        force = in_force_since(enacted(self.group), self.now, waiting, live)
        desired = force.capacity.desired
        return {
            "MinSize": force.min,
            "MaxSize": force.max,
            "DesiredCapacity": force.min if desired is None else desired,
        }

    def _places(self) -> dict[str, Any]:
        found = self.facts.subnets.get(self.group.name, self.group.placement.subnets)
        if found:
            return {"VPCZoneIdentifier": list(found)}
        zones = self.group.placement.zones or self.facts.zones.get(self.location, ())
        return {"AvailabilityZones": list(zones)}

    def _group_settings(self) -> dict[str, Any]:
        group, health = self.group, self.group.health_check
        return given(
            **self._launches_from(),
            CapacityRebalance=group.purchase.rebalance,
            TargetGroupARNs=self._target_groups(),
            HealthCheckType="ELB" if health.by == "load-balancer" else "EC2",
            HealthCheckGracePeriod=seconds(health.grace),
            DefaultCooldown=seconds(group.cooldown),
            DefaultInstanceWarmup=seconds(group.warm_up),
            NewInstancesProtectedFromScaleIn=group.protect_from_scale_in,
            TerminationPolicies=list(group.aws.termination_policies) or ["Default"],
            MaxInstanceLifetime=seconds(group.aws.max_instance_lifetime),
            PlacementGroup=group.aws.placement_group,
            ServiceLinkedRoleARN=group.aws.service_linked_role,
            LifecycleHookSpecificationList=[_hook(hook) for hook in group.aws.lifecycle_hooks],
            WarmPoolConfiguration=_warm_pool(group.aws.warm_pool),
            SuspendedProcesses=[process.value for process in group.aws.suspended_processes],
            EnabledMetrics=GRANULARITY if group.aws.group_metrics else None,
            Tags=[
                # instances take theirs from the template, where each may differ from the group's
                {"Key": key, "Value": value, "PropagateAtLaunch": False}
                for key, value in sorted({"Name": self.native, **group.tags}.items())
            ],
        )

    def _target_groups(self) -> list[str]:
        known = self.facts.target_groups.get(self.location, {})
        return [one.id or known.get(one.name or "", f"(not found: {one.name})") for one in self.group.load_balancers]

    def _launches_from(self) -> dict[str, Any]:
        version = Ref(self.key(LAUNCH_TEMPLATE.name), "version")
        template = {"LaunchTemplateName": self.native, "Version": version}
        if is_mixed(self.group.purchase):
            return {"MixedInstancesPolicy": mixed_policy(self.group.purchase, template)}
        return {"LaunchTemplate": template}

    # policies and alarms

    def _policies(self) -> Iterator[Resource]:
        for path, text in step_problems(self.group):
            self.problem(path, text)
        for policy in self.group.policies:
            metric = getattr(policy, "metric", None)
            try:
                body = policy_body(policy, self._scope(metric))
            except Unsupported as error:
                self._refused(f"policies.{policy.name}.metric", metric, error)
            else:
                yield self._made(self._policy_key(policy.name), body, item=f"policies.{policy.name}")

    def _alarms(self) -> Iterator[Resource]:
        for alarm in self.group.alarms:
            try:
                body = alarm_body(alarm, self._scope(alarm.metric))
            except Unsupported as error:
                self._refused(f"alarms.{alarm.name}.metric", alarm.metric, error)
            else:
                actions = [*(Ref(self._policy_key(name), "arn") for name in alarm.triggers), *alarm.notify]
                key = self.key(METRIC_ALARM.name, alarm_name(self.fleet, self.group, alarm.name))
                item = f"alarms.{alarm.name}"
                yield self._made(key, {**body, "AlarmActions": actions}, item=item, mark=self.mark)

    def _refused(self, path: str, metric: Metric | None, error: Unsupported) -> None:
        """Say why there is no such policy or alarm, unless that hangs on a balancer that could not be read."""
        unread = any(scope.location == self.location for scope in self.facts.unknown)
        if not (unread and metric is not None and metric.source is MetricSource.BALANCER):
            self.problem(path, error)

    def _scope(self, metric: Metric | None) -> Scope:
        labels = self.facts.labels.get(self.location, {})
        one = attachment_of(self.group, metric) if metric is not None else None
        label = labels.get(one.id or one.name or "", "") if one is not None else ""
        return Scope(self.native, label, detailed=bool(self.group.template.detailed_monitoring))

    # names

    def _policy_key(self, policy: str) -> Key:
        return self.key(SCALING_POLICY.name, f"{self.native}-{policy}", self.native)

    def _made(self, key: Key, body: Mapping[str, Any], **more: Any) -> Resource:
        return Resource(key=key, body=given(**body), group=self.group.name, **more)


def attachment_of(group: ScalingGroup, metric: Metric) -> LoadBalancer | None:
    """The target group whose metric is meant: the one that the metric names, or the only one."""
    if metric.of is not None:
        return next((one for one in group.load_balancers if metric.of in (one.name, one.id)), None)
    return group.load_balancers[0] if len(group.load_balancers) == 1 else None


def _hook(hook: LifecycleHook) -> dict[str, Any]:
    return given(
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
    return given(
        MinSize=pool.min,
        MaxGroupPreparedCapacity=pool.max_prepared,
        PoolState=pool.state.capitalize(),
        InstanceReusePolicy={"ReuseOnScaleIn": pool.reuse},
    )


def _profile(role: str | None) -> dict[str, str]:
    if role is None:
        return {}
    return {"Arn": role} if role.startswith("arn:") else {"Name": role}


def _tokens(required: bool | None) -> str | None:
    return None if required is None else "required" if required else "optional"
