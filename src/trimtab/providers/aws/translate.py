"""A fleet as AWS resources: native bodies and no SDK; pure."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from trimtab.engine.schedules import in_force
from trimtab.models import Alarm, Comparison, Disk, DiskType, Fleet, ScalingGroup, SimplePolicy
from trimtab.plan import Key, Mark, Ref, Resource, Secret
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
)
from trimtab.providers.aws.metrics import find_metric, metric_for
from trimtab.providers.aws.schedules import actions_of, enacted
from trimtab.providers.base import Facts

ROOT_DEVICE = "/dev/sda1"
DISK_TYPES = {DiskType.STANDARD: "standard", DiskType.SSD: "gp3", DiskType.FAST_SSD: "io2"}
COMPARISONS = {
    Comparison.ABOVE: "GreaterThanThreshold",
    Comparison.AT_LEAST: "GreaterThanOrEqualToThreshold",
    Comparison.BELOW: "LessThanThreshold",
    Comparison.AT_MOST: "LessThanOrEqualToThreshold",
}
STATISTICS = {
    "average": "Average",
    "minimum": "Minimum",
    "maximum": "Maximum",
    "sum": "Sum",
    "count": "SampleCount",
}


def translate(fleet: Fleet, facts: Facts, now: datetime, location: str) -> list[Resource]:
    """Launch template, Auto Scaling group, policies, scheduled actions and alarms of every group."""
    return [item for group in fleet.groups for item in _Group(fleet, group, facts, now, location).resources()]


def alarm_name(fleet: Fleet, group: ScalingGroup, alarm: str) -> str:
    """An alarm's name in the cloud: unique in a region, and with the fleet's name first to be found by."""
    return f"{fleet.name}-{group.name}-{alarm}"


def size_is_owned(fleet: Fleet, group: ScalingGroup) -> bool:
    """Whether a policy, a schedule or the controller decides how many instances there are."""
    return bool(group.policies or group.schedules or fleet.controller)


class _Group:
    def __init__(self, fleet: Fleet, group: ScalingGroup, facts: Facts, now: datetime, location: str) -> None:
        self.fleet, self.group, self.facts, self.now = fleet, group, facts, now
        self.location = group.location or location
        self.native = fleet.native_name(group)
        self.mark = Mark(fleet.name, group.name)

    def resources(self) -> Iterator[Resource]:
        kept = self.facts.found.get("kept", {}).get(self.group.name, {})
        mark = Mark(self.fleet.name, self.group.name, kept=kept)
        yield self._made(LAUNCH_TEMPLATE.name, self.native, {"LaunchTemplateData": self._data()}, mark=mark)
        yield self._scaling_group()
        for policy in self.group.policies:
            if isinstance(policy, SimplePolicy):
                key = self._policy_key(policy.name)
                yield self._made(key.kind, key.name, _policy(policy), item=f"policies.{policy.name}")
        for name, schedule, body in actions_of(self.group, self.now):
            full = f"{self.native}/{self.native}-{name}"
            yield self._made(SCHEDULED_ACTION.name, full, body, item=f"schedules.{schedule.name}")
        for alarm in self.group.alarms:
            if find_metric(alarm.metric) is not None:
                yield self._alarm(alarm)

    # the template

    def _data(self) -> dict[str, Any]:
        template = self.group.template
        script = template.render_user_data()
        return _given(
            ImageId=self._image().get("id"),
            InstanceType=template.size,
            KeyName=template.ssh_key,
            UserData=None if script is None else Secret(base64.b64encode(script.encode()).decode()),
            IamInstanceProfile=_profile(template.role),
            **self._network(),
            BlockDeviceMappings=[self._disk(disk) for disk in template.disks],
            MetadataOptions=_given(
                HttpTokens=_tokens(template.metadata_token), HttpPutResponseHopLimit=template.metadata_hops
            ),
            Monitoring=_given(Enabled=template.detailed_monitoring),
            TagSpecifications=self._instance_tags(),
        )

    def _image(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.facts.found.get("images", {}).get(self.group.name, {})
        return found or {"id": self.group.template.image.id}

    def _network(self) -> dict[str, Any]:
        template = self.group.template
        groups = list(template.security_groups)
        if template.public_address is None:
            return {"SecurityGroupIds": groups}
        # a template with an interface takes its security groups there and nowhere else (RunInstances)
        interface = _given(DeviceIndex=0, AssociatePublicIpAddress=template.public_address, Groups=groups)
        return {"NetworkInterfaces": [interface]}

    def _disk(self, disk: Disk) -> dict[str, Any]:
        ebs = _given(
            VolumeSize=disk.size_gb,
            VolumeType=DISK_TYPES[disk.type] if disk.type else None,
            Encrypted=disk.encrypted,
            KmsKeyId=disk.key,
            Iops=disk.iops,
            Throughput=disk.throughput,
            DeleteOnTermination=not disk.keep,
        )
        return {"DeviceName": disk.device or self._image().get("root") or ROOT_DEVICE, "Ebs": ebs}

    def _instance_tags(self) -> list[dict[str, Any]]:
        tags = {"Name": self.native, **self.group.tags, **self.group.template.tags}
        pairs = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        return [{"ResourceType": kind, "Tags": pairs} for kind in ("instance", "volume")]

    # the group

    def _scaling_group(self) -> Resource:
        group = self.group
        owned = size_is_owned(self.fleet, group) or group.capacity.desired is None
        return self._made(
            AUTO_SCALING_GROUP.name,
            self.native,
            {**self._sizes(), **self._places(), **self._group_settings()},
            mark=self.mark,
            initial=frozenset({"DesiredCapacity"}) if owned else frozenset(),
            basis=group.capacity.model_dump(mode="json"),
        )

    def _sizes(self) -> dict[str, Any]:
        force = in_force(enacted(self.group), self.now)
        desired = force.capacity.desired
        return {
            "MinSize": force.min,
            "MaxSize": force.max,
            "DesiredCapacity": force.min if desired is None else desired,
        }

    def _places(self) -> dict[str, Any]:
        found: Sequence[str] = self.facts.found.get("subnets", {}).get(self.group.name, self.group.placement.subnets)
        if found:
            return {"VPCZoneIdentifier": list(found)}
        zones = self.group.placement.zones or self.facts.found.get("zones", {}).get(self.location, ())
        return {"AvailabilityZones": list(zones)}

    def _group_settings(self) -> dict[str, Any]:
        group, health = self.group, self.group.health_check
        version = Ref(self._key(LAUNCH_TEMPLATE.name, self.native), "version")
        return _given(
            LaunchTemplate={"LaunchTemplateName": self.native, "Version": version},
            TargetGroupARNs=self._target_groups(),
            HealthCheckType="ELB" if health.by == "load-balancer" else "EC2",
            HealthCheckGracePeriod=_seconds(health.grace),
            DefaultCooldown=_seconds(group.cooldown),
            DefaultInstanceWarmup=_seconds(group.warm_up),
            NewInstancesProtectedFromScaleIn=group.protect_from_scale_in,
            TerminationPolicies=list(group.aws.termination_policies) or ["Default"],
            MaxInstanceLifetime=_seconds(group.aws.max_instance_lifetime),
            PlacementGroup=group.aws.placement_group,
            ServiceLinkedRoleARN=group.aws.service_linked_role,
            Tags=[
                # instances take theirs from the template, where each may differ from the group's
                {"Key": key, "Value": value, "PropagateAtLaunch": False}
                for key, value in sorted({"Name": self.native, **group.tags}.items())
            ],
        )

    def _target_groups(self) -> list[str]:
        known = self.facts.found.get("target-groups", {}).get(self.location, {})
        return [one.id or known.get(one.name, f"(not found: {one.name})") for one in self.group.load_balancers]

    # alarms

    def _alarm(self, alarm: Alarm) -> Resource:
        policies = [Ref(self._policy_key(name), "arn") for name in alarm.triggers]
        body = {**_alarm(alarm, self.native), "AlarmActions": [*policies, *alarm.notify]}
        name = alarm_name(self.fleet, self.group, alarm.name)
        return self._made(METRIC_ALARM.name, name, body, item=f"alarms.{alarm.name}", mark=self.mark)

    # names

    def _key(self, kind: str, name: str) -> Key:
        return Key(self.location, kind, name)

    def _policy_key(self, policy: str) -> Key:
        return self._key(SCALING_POLICY.name, f"{self.native}/{self.native}-{policy}")

    def _made(self, kind: str, name: str, body: Mapping[str, Any], **more: Any) -> Resource:
        return Resource(key=self._key(kind, name), body=_given(**body), group=self.group.name, **more)


def _policy(policy: SimplePolicy) -> dict[str, Any]:
    kinds = {"change": "ChangeInCapacity", "percent": "PercentChangeInCapacity", "to": "ExactCapacity"}
    word = next(name for name in kinds if getattr(policy, name) is not None)
    return _given(
        PolicyType="SimpleScaling",
        AdjustmentType=kinds[word],
        ScalingAdjustment=getattr(policy, word),
        MinAdjustmentMagnitude=policy.minimum_change,
        Cooldown=_seconds(policy.cooldown),
        Enabled=policy.enabled,
    )


def _alarm(alarm: Alarm, native: str) -> dict[str, Any]:
    name, namespace, dimensions = metric_for(alarm.metric, native)
    factor = found.factor if (found := find_metric(alarm.metric)) else 1.0
    percentile = alarm.statistic if alarm.statistic not in STATISTICS else None
    return _given(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in sorted(dimensions.items())],
        Statistic=STATISTICS.get(alarm.statistic),
        ExtendedStatistic=percentile,
        Period=_seconds(alarm.period),
        EvaluationPeriods=alarm.periods,
        DatapointsToAlarm=alarm.datapoints or alarm.periods,
        Threshold=alarm.threshold * factor,
        ComparisonOperator=COMPARISONS[alarm.comparison],
        TreatMissingData="notBreaching" if alarm.missing == "not-breaching" else alarm.missing.value,
        OKActions=list(alarm.notify_ok),
        ActionsEnabled=alarm.enabled,
        AlarmDescription=alarm.description,
    )


def _profile(role: str | None) -> dict[str, str]:
    if role is None:
        return {}
    return {"Arn": role} if role.startswith("arn:") else {"Name": role}


def _tokens(required: bool | None) -> str | None:
    return None if required is None else "required" if required else "optional"


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration.total_seconds())


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value not in ({}, [])}
