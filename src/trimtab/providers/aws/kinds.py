"""The native kinds of AWS, one row each; the one diff reads them."""

from collections.abc import Mapping

from trimtab.plan import Field, Kind, MarkPlace

_DATA = "LaunchTemplateData"
_DISK = f"{_DATA}.BlockDeviceMappings[*]"

LAUNCH_TEMPLATE = Kind(
    name="launch-template",
    label="launch template",
    rank=0,
    mark=MarkPlace.DESCRIPTION,
    fields=(
        Field(
            path=f"{_DATA}.ImageId",
            models="template.image.id template.image.newest template.image.owner template.image.architecture",
        ),
        Field(path=f"{_DATA}.InstanceType", models="template.size"),
        Field(path=f"{_DATA}.KeyName", models="template.ssh_key"),
        Field(path=f"{_DATA}.UserData", models="template.user_data template.variables"),
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
        Field(path=f"{_DATA}.TagSpecifications", models="tags template.tags"),
    ),
    maps={
        f"{_DATA}.BlockDeviceMappings": "DeviceName",
        f"{_DATA}.TagSpecifications": "ResourceType",
        f"{_DATA}.TagSpecifications[*].Tags": "Key",
    },
    sets=frozenset({f"{_DATA}.SecurityGroupIds", f"{_DATA}.NetworkInterfaces[*].Groups"}),
    closed=False,
    volatile=frozenset({"version"}),
)

AUTO_SCALING_GROUP = Kind(
    name="autoscaling-group",
    label="Auto Scaling group",
    rank=1,
    mark=MarkPlace.TAGS,
    fields=(
        Field(path="MinSize", models="capacity.min", moving=True),
        Field(path="MaxSize", models="capacity.max", moving=True),
        Field(path="DesiredCapacity", models="capacity.desired"),
        Field(path="LaunchTemplate", models="template"),
        # what a group can launch from instead of our template
        Field(path="MixedInstancesPolicy", models="template"),
        Field(path="LaunchConfigurationName", models="template"),
        Field(path="VPCZoneIdentifier", models="placement.subnets placement.subnet_tags"),
        Field(path="AvailabilityZones", models="placement.zones"),
        Field(path="TargetGroupARNs", models="load_balancers.name load_balancers.id"),
        Field(path="HealthCheckType", models="health_check.by", default="EC2"),
        Field(path="HealthCheckGracePeriod", models="health_check.grace", default=0),
        Field(path="DefaultCooldown", models="cooldown", default=300),
        Field(path="DefaultInstanceWarmup", models="warm_up", cleared=-1),
        Field(path="NewInstancesProtectedFromScaleIn", models="protect_from_scale_in", default=False),
        Field(path="TerminationPolicies", models="aws.termination_policies"),
        Field(path="MaxInstanceLifetime", models="aws.max_instance_lifetime", cleared=0),
        Field(path="PlacementGroup", models="aws.placement_group", cleared=""),
        Field(path="ServiceLinkedRoleARN", models="aws.service_linked_role"),
        Field(path="Tags", models="tags"),
    ),
    maps={"Tags": "Key"},
    sets=frozenset({"VPCZoneIdentifier", "AvailabilityZones", "TargetGroupARNs"}),
    holds_instances=True,
)

SCALING_POLICY = Kind(
    name="scaling-policy",
    label="scaling policy",
    rank=2,
    mark=MarkPlace.PARENT,
    parent=AUTO_SCALING_GROUP.name,
    fields=(
        Field(path="PolicyType", models="type", immutable=True),
        Field(path="AdjustmentType", models="change percent to"),
        Field(path="ScalingAdjustment", models="change percent to"),
        Field(path="MinAdjustmentMagnitude", models="minimum_change"),
        Field(path="Cooldown", models="cooldown"),
        Field(path="Enabled", models="enabled", default=True),
    ),
    closed=False,
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
        Field(path="StartTime", models="at starts duration", moving=True),
        Field(path="EndTime", models="ends"),
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
        Field(path="Dimensions", models="metric"),
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
        Field(path="ActionsEnabled", models="enabled", default=True),
        Field(path="AlarmDescription", models="description"),
    ),
    maps={"Dimensions": "Name"},
    sets=frozenset({"AlarmActions", "OKActions", "InsufficientDataActions"}),
    closed=False,
    replaces=True,
    batch=50,
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (LAUNCH_TEMPLATE, AUTO_SCALING_GROUP, SCALING_POLICY, SCHEDULED_ACTION, METRIC_ALARM)
}
