"""What is known of each sort of item: what the cloud writes itself, and what the model cannot say."""

from collections.abc import Mapping

from trimtab.providers.aws.importing.compare import Rows
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
)

_ID, _TIME, _STATE, _OWN = "its id", "when it was made or changed", "how it stands", "whose it is"
_AWAY = "the model has nothing for it; a plan takes it away"
_STAYS = "the model has nothing for it; a plan leaves it as it is"
_NEW = "the model has nothing for it; the next version of the template is without it"

_TEMPLATE_SPECIFICATION = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification"
_OVERRIDES = "MixedInstancesPolicy.LaunchTemplate.Overrides[*]"

GROUP = Rows(
    kind=AUTO_SCALING_GROUP,
    models={
        "AutoScalingGroupName": "native_name",
        "SuspendedProcesses[*].ProcessName": "aws.suspended_processes",
        "EnabledMetrics[*].Granularity": "aws.group_metrics",
    },
    read_only={
        "AutoScalingGroupARN": _ID,
        "CreatedTime": _TIME,
        "Status": _STATE,
        "Instances": "its instances at the moment",
        "PredictedCapacity": "what a forecast says at the moment",
        "AvailabilityZoneIds": "other names of its zones",
        "WarmPoolSize": "how many there are at the moment",
        "WarmPoolConfiguration.Status": _STATE,
        "LaunchTemplate.LaunchTemplateId": _ID,
        f"{_TEMPLATE_SPECIFICATION}.LaunchTemplateId": _ID,
        "SuspendedProcesses[*].SuspensionReason": "when and by whom, in words",
        "Tags[*].ResourceId": _OWN,
        "Tags[*].ResourceType": _OWN,
        "Operator": "who manages it",
    },
    losses={
        "LaunchConfigurationName": "a plan makes a launch template and lets the group launch from it; instances stay",
        "LaunchTemplate.LaunchTemplateName": "a plan makes a template with the group's own name and lets the group "
        "launch from it; instances stay",
        f"{_TEMPLATE_SPECIFICATION}.LaunchTemplateName": "a plan makes a template with the group's own name and lets "
        "the group launch from it; instances stay",
        "LoadBalancerNames": f"classic load balancers: {_STAYS}",
        "TrafficSources": _STAYS,
        "Context": _STAYS,
        "DesiredCapacityType": _STAYS,
        "InstanceMaintenancePolicy": _STAYS,
        "DeletionProtection": _STAYS,
        "AvailabilityZoneDistribution": _STAYS,
        "AvailabilityZoneImpairmentPolicy": _STAYS,
        "SkipZonalShiftValidation": _STAYS,
        "CapacityReservationSpecification": _STAYS,
        "InstanceLifecyclePolicy": _STAYS,
        "EnabledMetrics[*].Metric": "the model asks for all of a group's metrics or none; a plan changes nothing",
        "Tags[*].PropagateAtLaunch": "instances take their tags from the template instead",
        f"{_OVERRIDES}": _AWAY,
        "MixedInstancesPolicy.InstancesDistribution": _AWAY,
    },
    defaults={
        "DesiredCapacityType": "units",
        "DeletionProtection": "none",
        "AvailabilityZoneDistribution.CapacityDistributionStrategy": "balanced-best-effort",
        "AvailabilityZoneImpairmentPolicy.ZonalShiftEnabled": False,
        "AvailabilityZoneImpairmentPolicy.ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy",
        "CapacityReservationSpecification.CapacityReservationPreference": "default",
        "InstanceMaintenancePolicy.MinHealthyPercentage": -1,
        "InstanceMaintenancePolicy.MaxHealthyPercentage": -1,
        "DefaultInstanceWarmup": -1,
        "MaxInstanceLifetime": 0,
        "WarmPoolConfiguration.MaxGroupPreparedCapacity": -1,
        "MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity": 100,
        "MixedInstancesPolicy.InstancesDistribution.SpotInstancePools": 2,
    },
    maps={"SuspendedProcesses": "ProcessName"},
)

HOOK = Rows(
    kind=AUTO_SCALING_GROUP,
    root="LifecycleHookSpecificationList[0].",
    models={"LifecycleHookName": "aws.lifecycle_hooks.name"},
    read_only={"AutoScalingGroupName": _OWN, "GlobalTimeout": "what its timeout makes it"},
    losses={"LifecycleHookName": "the model's names are of another alphabet; a plan makes one so called"},
    defaults={"HeartbeatTimeout": 3600, "DefaultResult": "ABANDON"},
)

_DATA_LOSSES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("KernelId", "RamDiskId", "Placement", "DisableApiTermination", "DisableApiStop", "EbsOptimized"),
            *("InstanceInitiatedShutdownBehavior", "ElasticGpuSpecifications", "ElasticInferenceAccelerators"),
            *("InstanceMarketOptions", "CreditSpecification", "CpuOptions", "LicenseSpecifications"),
            *("HibernationOptions", "EnclaveOptions", "InstanceRequirements", "PrivateDnsNameOptions"),
            *("MaintenanceOptions", "NetworkPerformanceOptions", "SecondaryInterfaces", "MetadataOptions"),
            *("Monitoring", "CapacityReservationSpecification", "NetworkInterfaces", "BlockDeviceMappings"),
            "TagSpecifications",
        ),
        _NEW,
    ),
    "BlockDeviceMappings[*].Ebs.VolumeType": "the model has standard, ssd (gp3) and fast-ssd (io2)",
    "SecurityGroups": "the model takes security groups by id",
    "UserData": "it is no text",
}
_DATA_DEFAULTS = {
    "EbsOptimized": False,
    "BlockDeviceMappings[*].NoDevice": False,
    "MetadataOptions.State": "applied",
    "MetadataOptions.HttpEndpoint": "enabled",
    "MetadataOptions.HttpProtocolIpv6": "disabled",
    "MetadataOptions.InstanceMetadataTags": "disabled",
    "DisableApiTermination": False,
    "DisableApiStop": False,
}

TEMPLATE = Rows(
    kind=LAUNCH_TEMPLATE,
    models={"LaunchTemplateData.NetworkInterfaces[*].DeviceIndex": "template.public_address"},
    read_only={
        "LaunchTemplateId": _ID,
        "LaunchTemplateName": "the group names its template",
        "VersionNumber": "the group names its version",
        "VersionDescription": "each version keeps its own",
        "DefaultVersion": "the group names its version",
        "CreateTime": _TIME,
        "CreatedBy": _OWN,
        "Operator": "who manages it",
    },
    losses={f"LaunchTemplateData.{path}": reason for path, reason in _DATA_LOSSES.items()},
    defaults={f"LaunchTemplateData.{path}": value for path, value in _DATA_DEFAULTS.items()},
)

CONFIGURATION = Rows(
    kind=LAUNCH_TEMPLATE,
    root="LaunchTemplateData.",
    models={
        "SecurityGroups": "template.security_groups",
        "InstanceMonitoring": "template.detailed_monitoring",
        "AssociatePublicIpAddress": "template.public_address",
    },
    read_only={
        "LaunchConfigurationARN": _ID,
        "LaunchConfigurationName": "the group names its configuration",
        "CreatedTime": _TIME,
    },
    losses={
        **_DATA_LOSSES,
        "RamdiskId": _NEW,
        "SpotPrice": "spot takes a group of mixed instances: `purchase.spot` and `purchase.max_price`",
        "PlacementTenancy": _NEW,
        "ClassicLinkVPCId": _NEW,
        "ClassicLinkVPCSecurityGroups": _NEW,
        "BlockDeviceMappings[*].DeviceName": "a disk that is no volume",
    },
    defaults={**_DATA_DEFAULTS, "InstanceMonitoring.Enabled": False, "PlacementTenancy": "default"},
)

POLICY = Rows(
    kind=SCALING_POLICY,
    models={"PolicyName": "name"},
    read_only={
        "AutoScalingGroupName": _OWN,
        "PolicyARN": _ID,
        "Alarms": "the alarms that act on it; see DescribeAlarms",
    },
    losses={
        "PolicyName": "a plan makes one with the group's name in front in its place",
        "MinAdjustmentStep": f"{_AWAY}; `minimum_change` is its successor",
        "MetricAggregationType": "the model has averages; a plan writes Average",
        "TargetTrackingConfiguration": _AWAY,
        "PredictiveScalingConfiguration": _AWAY,
    },
    defaults={
        "TargetTrackingConfiguration.DisableScaleIn": False,
        "MetricAggregationType": "Average",
        "PredictiveScalingConfiguration.Mode": "ForecastOnly",
        "PredictiveScalingConfiguration.MaxCapacityBreachBehavior": "HonorMaxCapacity",
    },
)

ACTION = Rows(
    kind=SCHEDULED_ACTION,
    models={"ScheduledActionName": "name"},
    read_only={
        "AutoScalingGroupName": _OWN,
        "ScheduledActionARN": _ID,
        "Time": "an older name of its start",
    },
    losses={"ScheduledActionName": "a plan makes one with the group's name in front in its place"},
)

ALARM = Rows(
    kind=METRIC_ALARM,
    models={"AlarmName": "name"},
    read_only={
        "AlarmArn": _ID,
        "AlarmConfigurationUpdatedTimestamp": _TIME,
        **dict.fromkeys(
            (
                *("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp"),
                *("StateTransitionedTimestamp", "EvaluationState"),
            ),
            _STATE,
        ),
    },
    losses={
        "AlarmName": "a plan makes one with the group's name in front; this one stays until somebody deletes it",
        "Unit": f"a filter for datapoints of one unit; {_AWAY}",
        "InsufficientDataActions": _AWAY,
        "EvaluateLowSampleCountPercentile": _AWAY,
        "ThresholdMetricId": _AWAY,
        "EvaluationWindow": _AWAY,
        "WarmUpConfiguration": _AWAY,
        "ActionConfiguration": _AWAY,
        "AlarmDescription": "the model's descriptions are of 512 characters at most",
    },
    defaults={"EvaluateLowSampleCountPercentile": "evaluate"},
)
COMPOSITE = "a composite alarm; the model has none, and plans leave it as it is"
MADE_BY_POLICY = "a target tracking policy makes this alarm for itself and deletes it"

_BALANCERS = "the balancer's own, and not the group's; alarms name it through their target group"
_IMAGES = "a template names its image by id"
_QUOTAS = "what an account may have"
_TAGS = "tags of other things than groups; a group's come with it"
_STATES = "how instances stand at the moment"
_VALUES = "what was measured"
_HISTORY = "what has happened"
_ACCOUNT = "of the account, and not of a group"
_OTHER = "of another service"
_DONE = "an answer to a write"

ASIDE: Mapping[str, str] = {
    "DescribeTargetGroups": "the target group's own; the group names it by ARN, and metrics by its balancer",
    "DescribeTargetGroupAttributes": "the target group's own",
    "DescribeLoadBalancers": _BALANCERS,
    "DescribeLoadBalancerAttributes": _BALANCERS,
    "DescribeTargetHealth": _STATES,
    "DescribeImages": _IMAGES,
    "DescribeInstances": _STATES,
    "DescribeInstanceStatus": _STATES,
    "DescribeSpotInstanceRequests": _STATES,
    "DescribeSpotFleetRequests": _OTHER,
    "DescribeSnapshots": _IMAGES,
    "DescribeSubnets": "a group names its subnets by id",
    "DescribeSecurityGroups": "a template names its security groups by id",
    "DescribeKeyPairs": "a template names its key pair",
    "DescribeAvailabilityZones": "a group names its zones",
    "DescribeCapacityReservations": "a template names its reservation by id",
    "GetInstanceTypesFromInstanceRequirements": "what AWS has to offer",
    "DescribeTags": _TAGS,
    "GetResources": _TAGS,
    "ListTagsForResource": _TAGS,
    "DescribeAlarmHistory": _HISTORY,
    "DescribeAlarmsForMetric": "alarms come with DescribeAlarms",
    "DescribeAnomalyDetectors": "bands of metrics; the model compares with one number",
    "GetMetricData": _VALUES,
    "GetMetricStatistics": _VALUES,
    "ListMetrics": _VALUES,
    "DescribeScalingActivities": _HISTORY,
    "DescribeInstanceRefreshes": _HISTORY,
    "DescribeAccountLimits": _QUOTAS,
    "DescribeAutoScalingNotificationTypes": _ACCOUNT,
    "DescribeTerminationPolicyTypes": _ACCOUNT,
    "DescribeNotificationConfigurations": "who is told of launches; the model has hooks and alarms for that",
    "ListServiceQuotas": _QUOTAS,
    "ListAWSDefaultServiceQuotas": _QUOTAS,
    "ListServices": _OTHER,
    "ListRequestedServiceQuotaChangeHistory": _QUOTAS,
    "ListRequestedServiceQuotaChangeHistoryByQuota": _QUOTAS,
    "DescribeSavingsPlans": "what an account pays",
    "ListRecommendations": "what an account pays",
    "DescribeScalableTargets": _OTHER,
    "DescribeServices": _OTHER,
    "ListClusters": _OTHER,
    "PublishNotification": "what an alarm told its topic, and no answer to a call",
}
"""Replies of which nothing goes into a group, with the reason."""
WRITES = ("Create", "Put", "Delete", "Update", "Modify", "Attach", "Detach", "Tag", "Untag", "Enable", "Disable", "Set")
"""How the operations begin whose replies say what was done, and nothing that a group is."""
MORE_WRITES = (
    *("Suspend", "Resume", "Start", "Stop", "Terminate", "Cancel", "Rollback", "Enter", "Exit", "Register"),
    *("Deregister", "Request", "Execute", "Complete", "Batch", "Add", "Remove"),
)
DONE = _DONE
EVERYWHERE: Mapping[str, str] = {
    "ResponseMetadata": "about the answer itself",
    "NextToken": "where the next page begins",
    "nextToken": "where the next page begins",
    "NextMarker": "where the next page begins",
    "Error": "the call was refused",
    **dict.fromkeys(("ErrorResponse", "__type", "message", "Message"), "the call was refused"),
}
"""What any reply has beside its items."""
