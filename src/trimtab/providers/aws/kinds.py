"""The native kinds of AWS, one row each; the one diff reads them."""

from collections.abc import Mapping
from typing import Any

from trimtab.plan import Field, Kind, Mark, MarkPlace, Resource

_DATA = "LaunchTemplateData"
_DISK = f"{_DATA}.BlockDeviceMappings[*]"
_MIXED = "MixedInstancesPolicy"
_SHARES = f"{_MIXED}.InstancesDistribution"
_HOOK = "LifecycleHookSpecificationList[*]"
_TRACKING = "TargetTrackingConfiguration"
_AHEAD = "PredictiveScalingConfiguration"

_LAUNCHES = ("LaunchTemplate", "LaunchConfigurationName", _MIXED)
"""What says from what a group launches: one of them."""
_INHERITED = ("trimtab-fleet", "trimtab-group")
"""Tags of a mark that instances get too."""


def mark_tags(mark: Mark) -> list[dict[str, Any]]:
    """A mark as tags of an Auto Scaling group."""
    return [{"Key": key, "Value": value, "PropagateAtLaunch": key in _INHERITED} for key, value in mark.tags().items()]


def template_tags(mark: Mark) -> list[dict[str, Any]]:
    """A mark as tags of a launch template, which a creation alone gives."""
    tags = [{"Key": key, "Value": value} for key, value in mark.tags().items()]
    return [{"ResourceType": "launch-template", "Tags": tags}]


def _sent_template(item: Resource) -> Mapping[str, Any]:
    if item.mark is None:
        return item.body
    return {**item.body, "VersionDescription": item.mark.line(), "TagSpecifications": template_tags(item.mark)}


def _sent_group(item: Resource) -> Mapping[str, Any]:
    return {**item.body, "Tags": [*item.body.get("Tags", ()), *(mark_tags(item.mark) if item.mark else ())]}


def _launching_as(item: Resource, found: Resource) -> Mapping[str, Any]:
    """
    A group's body as it is wanted, launching from what it launches from now: by itself or in a mixed policy.

    While a rollout is on, whose refreshes have AWS refuse another mix, the whole of it is as it is.
    """
    wanted, live = item.body, found.body
    others = {name: value for name, value in wanted.items() if name != "LaunchTemplate"}
    if found.attributes.get("rollout") or live.get("LaunchConfigurationName"):
        others.pop(_MIXED, None)
        return {**others, **{name: live[name] for name in _LAUNCHES if live.get(name)}}
    source = source_in(live)
    if source is None:
        return wanted
    if _MIXED not in wanted:
        return {**others, "LaunchTemplate": source}
    launch = {**wanted[_MIXED].get("LaunchTemplate", {}), "LaunchTemplateSpecification": source}
    return {**others, _MIXED: {**wanted[_MIXED], "LaunchTemplate": launch}}


def source_in(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The launch template that a group's body names, by itself or in its mixed instances policy."""
    launch = body.get(_MIXED, {}).get("LaunchTemplate", {})
    return launch.get("LaunchTemplateSpecification") or body.get("LaunchTemplate") or None


def _sent_alarm(item: Resource) -> Mapping[str, Any]:
    if item.mark is None:
        return item.body
    return {**item.body, "AlarmDescription": item.mark.sign(item.body.get("AlarmDescription"))}


LAUNCH_TEMPLATE = Kind(
    name="launch-template",
    label="launch template",
    rank=0,
    mark=MarkPlace.DESCRIPTION,
    fields=(
        Field(
            path=f"{_DATA}.ImageId",
            models="template.image.id template.image.newest template.image.owner template.image.architecture "
            "template.image.os template.size.architecture",
        ),
        Field(path=f"{_DATA}.InstanceType", models="template.size"),
        Field(path=f"{_DATA}.KeyName", models="template.ssh_key"),
        Field(
            path=f"{_DATA}.UserData",
            models="template.user_data template.user_data_parts template.variables template.agents",
        ),
        Field(path=f"{_DATA}.IamInstanceProfile", models="template.role"),
        Field(path=f"{_DATA}.SecurityGroupIds", models="template.security_groups"),
        Field(path=f"{_DATA}.NetworkInterfaces", models="template.public_address"),
        Field(path=f"{_DATA}.NetworkInterfaces[*].Groups", models="template.security_groups"),
        Field(path=f"{_DATA}.BlockDeviceMappings", models="template.disks template.disks.device"),
        Field(path=f"{_DISK}.Ebs.VolumeSize", models="template.disks.size_gb"),
        Field(path=f"{_DISK}.Ebs.VolumeType", models="template.disks.type"),
        Field(path=f"{_DISK}.Ebs.Encrypted", models="template.disks.encrypted"),
        Field(path=f"{_DISK}.Ebs.KmsKeyId", models="template.disks.key"),
        Field(path=f"{_DISK}.Ebs.Iops", models="template.disks.iops"),
        Field(path=f"{_DISK}.Ebs.Throughput", models="template.disks.throughput"),
        Field(path=f"{_DISK}.Ebs.DeleteOnTermination", models="template.disks.keep"),
        Field(path=f"{_DATA}.MetadataOptions.HttpTokens", models="template.metadata_token"),
        Field(path=f"{_DATA}.MetadataOptions.HttpPutResponseHopLimit", models="template.metadata_hops"),
        Field(path=f"{_DATA}.Monitoring.Enabled", models="template.detailed_monitoring"),
        Field(path=f"{_DATA}.CapacityReservationSpecification", models="purchase.reservation"),
        Field(path=f"{_DATA}.TagSpecifications", models="tags template.tags"),
    ),
    maps={
        f"{_DATA}.BlockDeviceMappings": "DeviceName",
        f"{_DATA}.TagSpecifications": "ResourceType",
        f"{_DATA}.TagSpecifications[*].Tags": "Key",
        "TagSpecifications": "ResourceType",
        "TagSpecifications[*].Tags": "Key",
    },
    sets=frozenset({f"{_DATA}.SecurityGroupIds", f"{_DATA}.NetworkInterfaces[*].Groups"}),
    replaces=True,
    volatile=frozenset({"version"}),
    sends=_sent_template,
    is_template=True,
)

AUTO_SCALING_GROUP = Kind(
    name="autoscaling-group",
    label="Auto Scaling group",
    rank=1,
    mark=MarkPlace.TAGS,
    fields=(
        Field(path="MinSize", models="capacity.min", time_varying=True),
        Field(path="MaxSize", models="capacity.max", time_varying=True),
        Field(path="DesiredCapacity", models="capacity.desired"),
        Field(path="LaunchTemplate", models="template"),
        # what a group can launch from instead of a template
        Field(path="MixedInstancesPolicy", models="template purchase.spot purchase.sizes"),
        Field(path=f"{_MIXED}.LaunchTemplate.Overrides", models="purchase.sizes"),
        Field(path=f"{_MIXED}.LaunchTemplate.Overrides[*].InstanceRequirements", models="purchase.sizes template.size"),
        Field(
            path=f"{_MIXED}.LaunchTemplate.Overrides[*].InstanceRequirements.VCpuCount",
            models="purchase.sizes template.size.cpus",
        ),
        Field(
            path=f"{_MIXED}.LaunchTemplate.Overrides[*].InstanceRequirements.MemoryMiB",
            models="purchase.sizes template.size.memory_gb",
        ),
        Field(path=f"{_MIXED}.LaunchTemplate.Overrides[*].InstanceType", models="purchase.sizes.size"),
        Field(path=f"{_MIXED}.LaunchTemplate.Overrides[*].WeightedCapacity", models="purchase.sizes.weight"),
        # how many spot pools, and whatever else there is to choose by
        Field(path=_SHARES, models="purchase.strategy"),
        Field(path=f"{_SHARES}.OnDemandBaseCapacity", models="purchase.on_demand_base", default=0),
        Field(path=f"{_SHARES}.OnDemandPercentageAboveBaseCapacity", models="purchase.on_demand_percent purchase.spot"),
        Field(path=f"{_SHARES}.OnDemandAllocationStrategy", models="purchase.sizes", default="prioritized"),
        Field(path=f"{_SHARES}.SpotAllocationStrategy", models="purchase.strategy", default="lowest-price"),
        Field(path=f"{_SHARES}.SpotMaxPrice", models="purchase.max_price", cleared=""),
        Field(path="CapacityRebalance", models="purchase.rebalance", default=False),
        Field(path="LaunchConfigurationName", models="template"),
        Field(
            path="VPCZoneIdentifier", models="placement.subnets placement.subnet_tags placement.network placement.zones"
        ),
        Field(path="AvailabilityZones", models="placement.zones"),
        Field(path="TargetGroupARNs", models="load_balancers.name load_balancers.id"),
        Field(path="HealthCheckType", models="health_check.by aws.health_checks", default="EC2"),
        Field(path="HealthCheckGracePeriod", models="health_check.grace", default=0),
        Field(path="DefaultCooldown", models="cooldown", default=300),
        Field(path="DefaultInstanceWarmup", models="warm_up", cleared=-1),
        Field(path="NewInstancesProtectedFromScaleIn", models="protect_from_scale_in", default=False),
        Field(path="TerminationPolicies", models="aws.termination_policies"),
        Field(path="MaxInstanceLifetime", models="aws.max_instance_lifetime", cleared=0),
        Field(
            path="InstanceMaintenancePolicy",
            models="aws.maintenance",
            # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceMaintenancePolicy.html
            cleared={"MinHealthyPercentage": -1, "MaxHealthyPercentage": -1},
        ),
        Field(path="InstanceMaintenancePolicy.MinHealthyPercentage", models="aws.maintenance.min_healthy"),
        Field(path="InstanceMaintenancePolicy.MaxHealthyPercentage", models="aws.maintenance.max_healthy"),
        Field(path="PlacementGroup", models="aws.placement_group", cleared=""),
        Field(path="ServiceLinkedRoleARN", models="aws.service_linked_role"),
        # children that must be there before the first instance travel in the group's own body
        Field(path="LifecycleHookSpecificationList", models="aws.lifecycle_hooks"),
        Field(path=f"{_HOOK}.LifecycleTransition", models="aws.lifecycle_hooks.on"),
        Field(path=f"{_HOOK}.HeartbeatTimeout", models="aws.lifecycle_hooks.timeout", default=3600),
        Field(path=f"{_HOOK}.DefaultResult", models="aws.lifecycle_hooks.default", default="ABANDON"),
        Field(path=f"{_HOOK}.NotificationTargetARN", models="aws.lifecycle_hooks.notify"),
        Field(path=f"{_HOOK}.RoleARN", models="aws.lifecycle_hooks.role"),
        Field(path=f"{_HOOK}.NotificationMetadata", models="aws.lifecycle_hooks.data"),
        Field(path="WarmPoolConfiguration", models="aws.warm_pool"),
        Field(path="WarmPoolConfiguration.MinSize", models="aws.warm_pool.min"),
        Field(path="WarmPoolConfiguration.MaxGroupPreparedCapacity", models="aws.warm_pool.max_prepared"),
        Field(path="WarmPoolConfiguration.PoolState", models="aws.warm_pool.state"),
        Field(path="WarmPoolConfiguration.InstanceReusePolicy.ReuseOnScaleIn", models="aws.warm_pool.reuse"),
        Field(path="SuspendedProcesses", models="aws.suspended_processes"),
        Field(path="NotificationConfigurations", models="aws.notify_scaling aws.notify_scaling.topic"),
        Field(path="NotificationConfigurations[*].NotificationTypes", models="aws.notify_scaling.on"),
        Field(path="EnabledMetrics", models="aws.group_metrics"),
        Field(path="Tags", models="tags aws.group_tags"),
    ),
    maps={
        "Tags": "Key",
        "LifecycleHookSpecificationList": "LifecycleHookName",
        "NotificationConfigurations": "TopicARN",
    },
    sets=frozenset(
        {
            *("VPCZoneIdentifier", "AvailabilityZones", "TargetGroupARNs", "SuspendedProcesses", "LoadBalancerNames"),
            "NotificationConfigurations[*].NotificationTypes",
        }
    ),
    defaults={
        "AvailabilityZoneDistribution.CapacityDistributionStrategy": ["balanced-best-effort"],
        "CapacityReservationSpecification.CapacityReservationPreference": ["default"],
        "DeletionProtection": ["none"],
    },
    names={
        "LaunchTemplate.LaunchTemplateName": LAUNCH_TEMPLATE.name,
        f"{_MIXED}.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName": LAUNCH_TEMPLATE.name,
    },
    holds_instances=True,
    sends=_sent_group,
    template=_LAUNCHES,
    with_template=_launching_as,
)

SCALING_POLICY = Kind(
    name="scaling-policy",
    label="scaling policy",
    rank=2,
    mark=MarkPlace.PARENT,
    parent=AUTO_SCALING_GROUP.name,
    fields=(
        Field(path="PolicyType", models="type", immutable=True),
        Field(path="AdjustmentType", models="change percent to steps.change steps.percent steps.to"),
        Field(path="ScalingAdjustment", models="change percent to"),
        Field(
            path="StepAdjustments",
            models="steps steps.lower steps.upper steps.change steps.percent steps.to",
        ),
        Field(path="MetricAggregationType", models="type"),
        Field(path="MinAdjustmentMagnitude", models="minimum_change"),
        Field(path="MinAdjustmentStep", models="minimum_change"),
        Field(path="Cooldown", models="cooldown"),
        Field(path="EstimatedInstanceWarmup", models="warm_up"),
        Field(path=_TRACKING, models="metric"),
        Field(path=f"{_TRACKING}.TargetValue", models="target"),
        Field(path=f"{_TRACKING}.CustomizedMetricSpecification.Statistic", models="statistic"),
        Field(path=f"{_TRACKING}.CustomizedMetricSpecification.Dimensions", models="metric", whole=True),
        Field(path=f"{_TRACKING}.CustomizedMetricSpecification.Metrics", models="metric statistic"),
        Field(path=f"{_TRACKING}.DisableScaleIn", models="scale_in"),
        Field(path=_AHEAD, models="metric target load"),
        Field(path=f"{_AHEAD}.Mode", models="mode"),
        Field(path=f"{_AHEAD}.SchedulingBufferTime", models="buffer"),
        Field(path=f"{_AHEAD}.MaxCapacityBreachBehavior", models="maximum_breach"),
        Field(path=f"{_AHEAD}.MaxCapacityBuffer", models="maximum_buffer"),
        Field(path="Enabled", models="enabled", default=True),
    ),
    sets=frozenset({"StepAdjustments"}),
    maps={
        f"{_TRACKING}.CustomizedMetricSpecification.Dimensions": "Name",
        f"{_TRACKING}.CustomizedMetricSpecification.Metrics": "Id",
        f"{_TRACKING}.CustomizedMetricSpecification.Metrics[*].MetricStat.Metric.Dimensions": "Name",
    },
    replaces=True,
)

SCHEDULED_ACTION = Kind(
    name="scheduled-action",
    label="scheduled action",
    rank=2,
    mark=MarkPlace.PARENT,
    parent=AUTO_SCALING_GROUP.name,
    fields=(
        Field(path="MinSize", models="min"),
        Field(path="MaxSize", models="max"),
        Field(path="DesiredCapacity", models="desired"),
        Field(path="Recurrence", models="cron until duration"),
        Field(path="TimeZone", models="zone", default="UTC"),
        # given up once it has passed
        Field(path="StartTime", models="at starts duration zone skip_dates only_dates", time_varying=True),
        Field(path="EndTime", models="ends skip_dates only_dates"),
    ),
    batch=50,
)

METRIC_ALARM = Kind(
    name="metric-alarm",
    label="alarm",
    rank=3,
    mark=MarkPlace.DESCRIPTION,
    fields=(
        Field(path="Namespace", models="metric"),
        Field(path="MetricName", models="metric"),
        Field(path="Dimensions", models="metric", whole=True),
        # metric math and PromQL, where CloudWatch has no single metric
        Field(path="Metrics", models="metric statistic period"),
        Field(path="EvaluationCriteria", models="metric above at_least below at_most"),
        Field(path="EvaluationCriteria.PromQLCriteria.PendingPeriod", models="period periods"),
        Field(path="EvaluationInterval", models="period"),
        Field(path="Statistic", models="statistic"),
        Field(path="ExtendedStatistic", models="statistic"),
        Field(path="Period", models="period"),
        Field(path="EvaluationPeriods", models="periods"),
        Field(path="DatapointsToAlarm", models="datapoints"),
        Field(path="Threshold", models="above at_least below at_most"),
        Field(path="ComparisonOperator", models="above at_least below at_most"),
        Field(path="TreatMissingData", models="missing", default="missing"),
        Field(path="AlarmActions", models="triggers notify"),
        Field(path="OKActions", models="notify_ok"),
        Field(path="InsufficientDataActions", models="notify_no_data"),
        Field(path="Unit", models="sample_unit"),
        Field(path="ActionsEnabled", models="enabled", default=True),
        Field(path="AlarmDescription", models="description"),
    ),
    maps={"Dimensions": "Name", "Metrics": "Id", "Metrics[*].MetricStat.Metric.Dimensions": "Name"},
    sets=frozenset({"AlarmActions", "OKActions", "InsufficientDataActions"}),
    names={"Dimensions[AutoScalingGroupName].Value": AUTO_SCALING_GROUP.name},
    replaces=True,
    batch=50,
    sends=_sent_alarm,
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (LAUNCH_TEMPLATE, AUTO_SCALING_GROUP, SCALING_POLICY, SCHEDULED_ACTION, METRIC_ALARM)
}
