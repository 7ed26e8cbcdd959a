"""What no model says, added to any group's replies: fields that no row is about, and values that no field has."""

import base64
import gzip
from dataclasses import replace

ZIPPED = base64.b64encode(gzip.compress(b"#!/bin/sh\necho hello\n", mtime=0)).decode()
REQUIREMENTS = {"VCpuCount": {"Min": 2, "Max": 4}, "MemoryMiB": {"Min": 4096}}


def in_group(**fields):
    return lambda replies: replace(replies, group={**replies.group, **fields})


def in_tags(key, **fields):
    def change(replies):
        tag = {"Key": key, "Value": "x", "PropagateAtLaunch": True, **fields}
        return replace(replies, group={**replies.group, "Tags": [*replies.group["Tags"], tag]})

    return change


def in_data(**fields):
    """In the template's version, which is the newest too."""

    def change(replies):
        if replies.version is None:
            return replies
        data = {**replies.version["LaunchTemplateData"], **fields}
        version = {**replies.version, "LaunchTemplateData": data}
        own = version if replies.own_version is not None else None
        return replace(replies, version=version, own_version=own)

    return change


def unmarked(replies):
    """A template without a mark, which adopting gives a version of its own."""
    bare = {name: value for name, value in replies.version.items() if name != "VersionDescription"}
    return replace(replies, version=bare, own_version=bare if replies.own_version else None)


def newer(replies):
    """Somebody has made a newer version of the template than the group launches from."""
    if replies.own_version is None:
        return replies
    data = {**replies.own_version["LaunchTemplateData"], "InstanceType": "m7i.large", "KeyName": "other"}
    return replace(replies, own_version={**replies.own_version, "VersionNumber": 7, "LaunchTemplateData": data})


def of_another_template(replies):
    named = {"LaunchTemplateName": "web-2026", "Version": "$Latest"}
    group = dict(replies.group)
    if "MixedInstancesPolicy" in group:
        mixed = dict(group["MixedInstancesPolicy"])
        mixed["LaunchTemplate"] = {**mixed["LaunchTemplate"], "LaunchTemplateSpecification": named}
        group["MixedInstancesPolicy"] = mixed
    else:
        group["LaunchTemplate"] = named
    version = {**replies.version, "LaunchTemplateName": "web-2026"}
    return replace(replies, group=group, version=version, own_version=None)


def of_a_configuration(replies):
    if "MixedInstancesPolicy" in replies.group:
        return replies
    group = {name: value for name, value in replies.group.items() if name != "LaunchTemplate"}
    group["LaunchConfigurationName"] = "old"
    configuration = {
        "LaunchConfigurationName": "old",
        "ImageId": "ami-1",
        "InstanceType": "t3.small",
        "UserData": ZIPPED,
        "SpotPrice": "0.05",
        "EbsOptimized": False,
        "KernelId": "",
        "SecurityGroups": ["sg-9"],
        "BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}],
        "PlacementTenancy": "dedicated",
    }
    return replace(replies, group=group, version=None, own_version=None, configuration=configuration)


def template_is_gone(replies):
    return replace(replies, version=None, own_version=None)


def by_attributes(replies):
    """Sizes by attributes beside those by name."""
    mixed = replies.group.get("MixedInstancesPolicy") or {}
    if not mixed:
        return replies
    launch = mixed["LaunchTemplate"]
    overrides = [{"InstanceRequirements": REQUIREMENTS}, *launch.get("Overrides", ())]
    policy = {**mixed, "LaunchTemplate": {**launch, "Overrides": overrides}}
    return in_group(MixedInstancesPolicy=policy)(replies)


def by_pools(replies):
    mixed = replies.group.get("MixedInstancesPolicy") or {}
    if not mixed:
        return replies
    shares = {"SpotInstancePools": 5, "OnDemandAllocationStrategy": "lowest-price", "Novelty": 1}
    policy = {**mixed, "InstancesDistribution": {**mixed["InstancesDistribution"], **shares}}
    return in_group(MixedInstancesPolicy=policy)(replies)


def each(name, **fields):
    """In every item of a sort."""
    return lambda replies: replace(replies, **{name: [{**one, **fields} for one in getattr(replies, name)]})


def called(name, field, text):
    """The first item of a sort by another name."""

    def change(replies):
        first, *others = getattr(replies, name) or [None]
        return replies if first is None else replace(replies, **{name: [{**first, field: text}, *others]})

    return change


def foreign_tracking(replies):
    """A policy that tracks metric math."""
    math = {"Metrics": [{"Id": "m", "Expression": "SUM(METRICS())", "ReturnData": True}]}
    tracking = {"CustomizedMetricSpecification": math, "TargetValue": 1.0}
    name = replies.group["AutoScalingGroupName"]
    made = {
        "AutoScalingGroupName": name,
        "PolicyName": "math",
        "PolicyARN": f"arn:aws:autoscaling:us-east-1:1:scalingPolicy:0:autoScalingGroupName/{name}:policyName/math",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": tracking,
    }
    return replace(replies, policies=[*replies.policies, made])


def strange_hook(replies):
    hook = {
        "AutoScalingGroupName": replies.group["AutoScalingGroupName"],
        "LifecycleHookName": "greet.them",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        "HeartbeatTimeout": 300,
        "DefaultResult": "CONTINUE",
        "GlobalTimeout": 30000,
        "NotificationTargetARN": "arn:aws:lambda:us-east-1:123456789012:function:ready",
    }
    return replace(replies, hooks=[*replies.hooks, hook])


def composite(replies):
    return replace(
        replies, composites=[{"AlarmName": "both", "AlarmRule": f'ALARM("{one}")'} for one in names(replies)]
    )


def names(replies):
    return [one["AlarmName"] for one in replies.alarms][:1]


DISKS = [
    {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "VolumeType": "gp2", "SnapshotId": "snap-1"}},
    {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"},
    {"DeviceName": "/dev/sdd", "NoDevice": ""},
]
INTERFACES = [
    {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": ["sg-1"], "SubnetId": "subnet-9"},
    {"DeviceIndex": 1, "NetworkInterfaceId": "eni-1"},
]
OPTIONS = {"HttpTokens": "required", "HttpEndpoint": "disabled", "State": "applied", "InstanceMetadataTags": "enabled"}

CHANGES = {
    "a health check of tomorrow": in_group(HealthCheckType="EBS,NOVELTY"),
    "a field of tomorrow": in_group(Novelty={"Level": 3}),
    "zones that are avoided": in_group(AvailabilityZoneImpairmentPolicy={"ZonalShiftEnabled": True}),
    "classic balancers": in_group(LoadBalancerNames=["classic"]),
    "another source of traffic": in_group(TrafficSources=[{"Identifier": "arn:lattice", "Type": "vpc-lattice"}]),
    "a process of tomorrow": in_group(SuspendedProcesses=[{"ProcessName": "Novelty", "SuspensionReason": "x"}]),
    "some metrics": in_group(EnabledMetrics=[{"Metric": "GroupMinSize", "Granularity": "1Minute"}]),
    "a tag that instances get": in_tags("Cost"),
    "a tag of AWS itself": in_tags("aws:cloudformation:stack-name"),
    "another size than any schedule sets": in_group(MinSize=0, MaxSize=99, DesiredCapacity=1),
    "a warm pool of tomorrow": in_group(WarmPoolConfiguration={"MinSize": 1, "PoolState": "Novel", "Novelty": 1}),
    "a zipped start script": in_data(UserData=ZIPPED),
    "disks as the model has none": in_data(BlockDeviceMappings=DISKS),
    "interfaces as the model has none": in_data(NetworkInterfaces=INTERFACES, SecurityGroupIds=[]),
    "options of metadata": in_data(MetadataOptions=OPTIONS),
    "credits": in_data(CreditSpecification={"CpuCredits": "unlimited"}, Placement={"Tenancy": "dedicated"}),
    "a reservation by preference": in_data(CapacityReservationSpecification={"CapacityReservationPreference": "none"}),
    "an image by parameter": in_data(ImageId="resolve:ssm:/golden"),
    "no size": in_data(InstanceType=None),
    "tags of other things": in_data(
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": [{"Key": "a", "Value": "b"}]}]
    ),
    "no mark on the template": unmarked,
    "a newer version": newer,
    "another template": of_another_template,
    "a launch configuration": of_a_configuration,
    "a template that is gone": template_is_gone,
    "sizes by attributes": by_attributes,
    "spot pools": by_pools,
    "a policy called otherwise": called("policies", "PolicyName", "Scale Up (CPU)"),
    "a policy of metric math": foreign_tracking,
    "an older name of the least change": each("policies", MinAdjustmentStep=2),
    "the greatest of steps": each("policies", MetricAggregationType="Maximum"),
    "a policy with a field of tomorrow": each("policies", Novelty={"a": 1}),
    "an alarm called otherwise": called("alarms", "AlarmName", "CPU high"),
    "alarms with low sample counts": each("alarms", Unit="Percent", EvaluateLowSampleCountPercentile="ignore"),
    "alarms with a field of tomorrow": each("alarms", Novelty=1, EvaluationWindow={"a": 1}),
    "alarms with a long description": each("alarms", AlarmDescription="x" * 600),
    "an action called otherwise": called("actions", "ScheduledActionName", "Night Shift"),
    "actions with a field of tomorrow": each("actions", Novelty=1),
    "actions that the model has none of": each("actions", Recurrence="@daily"),
    "a hook with a name of its own": strange_hook,
    "hooks of tomorrow": each("hooks", LifecycleTransition="autoscaling:SOMETHING"),
    "a composite alarm": composite,
}
"""Each changes replies into replies; those that find nothing to change change nothing."""
ONLY_ONE = ("another template", "a launch configuration", "a template that is gone")
"""Of what the group launches from there can be one."""
