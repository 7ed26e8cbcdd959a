"""For every leaf of the running example: change it live through the SDK; the plan names it, apply heals it."""

import copy
from datetime import datetime

import pytest

from tests.laws import sampled
from tests.providers.aws.account import load_example
from tests.providers.aws.proof import everything
from tests.providers.aws.world import AwsWorld
from trimtab.emulators import AwsEmulator
from trimtab.plan import Secret, assign

pytestmark = pytest.mark.sweep

SPARE = {
    "LaunchTemplateData.ImageId": "ami-0fedcba9876543210",
    "LaunchTemplateData.InstanceType": "m5.large",
    "LaunchTemplateData.UserData": "IyEvYmluL3NoCg==",
    "LaunchTemplateData.MetadataOptions.HttpTokens": "optional",
    "LaunchTemplateData.BlockDeviceMappings[/dev/sda1].Ebs.VolumeType": "gp2",
    "HealthCheckType": "EC2",
    "TerminationPolicies[0]": "OldestInstance",
    "AdjustmentType": "PercentChangeInCapacity",
    "Recurrence": "7 7 * * *",
    "TimeZone": "Asia/Tokyo",
    "Namespace": "Custom",
    "MetricName": "Other",
    "Statistic": "Maximum",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "breaching",
    "DatapointsToAlarm": 1,
    "MinSize": 1,
    "Period": 180,
    "TargetTrackingConfiguration.CustomizedMetricSpecification.Statistic": "Maximum",
    "TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType": "ASGAverageNetworkIn",
    "PredictiveScalingConfiguration.Mode": "ForecastOnly",
    "PredictiveScalingConfiguration.MetricSpecifications[0].PredefinedMetricPairSpecification.PredefinedMetricType": (
        "ASGNetworkIn"
    ),
}
"""Another valid value where adding one or turning round does not give one."""

NOT_ALONE = {
    "PolicyType": "another type needs other fields: see the replace tests",
    "TargetTrackingConfiguration.PredefinedMetricSpecification.ResourceLabel": "goes with one type of metric only",
    "PredictiveScalingConfiguration.MaxCapacityBreachBehavior": "another one asks for a buffer too",
    "DesiredCapacity": "the cloud's own once policies own it; a field of scheduled actions below",
}


VERSION = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version"


@pytest.fixture(scope="module")
def running():
    with AwsEmulator() as emulator:
        emulator.furnish()
        world = AwsWorld(emulator)
        fleet = load_example()
        with world.connect() as cloud:
            cloud.apply(cloud.plan(fleet)).raise_for_failures()
            yield world, cloud, fleet


def wanted_resources(cloud, fleet):
    live = cloud.provider.resources.read(fleet)
    return [item for item in live.resources.values() if item.key.name.startswith("virtualmin-pro-cluster-web")]


def changed(path, value, world):
    if path in SPARE and SPARE[path] != value:
        return SPARE[path]
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, Secret):
        return SPARE[path]
    if isinstance(value, frozenset):
        return changed_set(path, value, world)
    return f"{value}-x"


def changed_set(path, value, world):
    if path == "VPCZoneIdentifier":
        return frozenset(sorted(value)[:1])
    if path == "TargetGroupARNs":
        groups = world.client("elbv2").describe_target_groups(Names=["virtualmin-spare"])["TargetGroups"]
        return value | {groups[0]["TargetGroupArn"]}
    return value | {"arn:aws:sns:us-east-1:123456789012:elsewhere"}


def send(world, item, path, body):
    """Write one changed body through the SDK, as somebody at the console would."""
    key, kind = item.key, item.key.kind
    autoscaling = world.client("autoscaling")
    if kind == "launch-template":
        data = body["LaunchTemplateData"]
        data = {name: value.value if isinstance(value, Secret) else value for name, value in data.items()}
        world.new_version(key, data, world.latest(key)["VersionDescription"])
    elif kind == "autoscaling-group":
        send_group(autoscaling, key, path, body, item)
    elif kind == "scaling-policy":
        given = {name: value for name, value in body.items() if value != []}
        autoscaling.put_scaling_policy(AutoScalingGroupName=key.parent, PolicyName=key.name, **given)
    elif kind == "scheduled-action":
        times = {name: datetime.fromisoformat(body[name]) for name in ("StartTime", "EndTime") if name in body}
        autoscaling.put_scheduled_update_group_action(
            AutoScalingGroupName=key.parent, ScheduledActionName=key.name, **{**body, **times}
        )
    else:
        world.put_alarm(key.name, **{path.split("[")[0].split(".")[0]: body[path.split("[")[0].split(".")[0]]})


def send_group(autoscaling, key, path, body, item):
    top = path.split("[")[0].split(".")[0]
    if top == "Tags":
        base = {"ResourceId": key.name, "ResourceType": "auto-scaling-group"}
        autoscaling.create_or_update_tags(Tags=[{**base, **tag} for tag in body["Tags"]])
    elif top == "TargetGroupARNs":
        more = sorted(set(body[top]) - set(item.body[top]))
        autoscaling.attach_load_balancer_target_groups(AutoScalingGroupName=key.name, TargetGroupARNs=more)
    elif top == "VPCZoneIdentifier":
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=key.name, VPCZoneIdentifier=",".join(body[top]))
    else:
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=key.name, **{top: body[top]})


def test_every_leaf_is_named_and_healed(running):
    world, cloud, fleet = running
    kinds = cloud.provider.kinds
    seen, tried = set(), set()
    for item in wanted_resources(cloud, fleet):
        kind = kinds[item.key.kind]
        leaves = sorted(kind.leaves(item.body).items())
        drawn = dict(sampled(leaves, len(leaves) // 8, item.key))
        for path, value in leaves:
            if path in NOT_ALONE and not (path == "DesiredCapacity" and kind.name == "scheduled-action"):
                continue
            if path.startswith("MixedInstancesPolicy."):
                continue  # of a group whose sizes are chosen by attributes; those of a mix are tried below
            seen.add((kind.name, path))
            if kind.name in tried and path not in drawn:
                continue
            tried.add(kind.name)
            now = next(one for one in wanted_resources(cloud, fleet) if one.key == item.key)
            body = copy.deepcopy(dict(now.body))
            assign(kind, body, path, changed(path, value, world))
            send(world, now, path, body)
            plan = cloud.plan(fleet)
            found = {change.key: [one.path for one in change.fields] for change in plan if change.fields}
            expected = {item.key: [path]}
            if kind.name == "launch-template":
                group = next(key for key in found if key.kind == "autoscaling-group")
                expected[group] = [VERSION]  # the healing version is a new one
            assert found == expected, (item.key, path)
            assert {str(change.reason) for change in plan} <= {"drifted"}, (item.key, path)
            cloud.apply(plan).raise_for_failures()
            assert not cloud.plan(fleet), (item.key, path)
    assert tried == {name for name, _ in seen} == set(kinds)
    assert len(seen) > 45


@pytest.fixture(scope="module")
def rich():
    with AwsEmulator() as emulator:
        world = AwsWorld(emulator)
        fleet = everything()
        with world.connect() as cloud:
            cloud.apply(cloud.plan(fleet)).raise_for_failures()
            yield world, cloud, fleet


OTHER_VALUES = {
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 3}],
    "ExtendedStatistic": "p99",
    "MetricName": "NumberOfMessagesSent",
    "TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType": "ASGAverageNetworkIn",
    "PredictiveScalingConfiguration.Mode": "ForecastAndScale",
    "PredictiveScalingConfiguration.MetricSpecifications[0].PredefinedMetricPairSpecification.PredefinedMetricType": (
        "ASGNetworkIn"
    ),
    "MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy": "capacity-optimized",
    "MixedInstancesPolicy.LaunchTemplate.Overrides[1].InstanceType": "m5.large",
    "EvaluationCriteria.PromQLCriteria.Query": "(sum(up)) > 6",
}
BY_OTHER_CALLS = ("LifecycleHookSpecificationList", "SuspendedProcesses", "EnabledMetrics", "LaunchTemplate.")
FIXED = {
    "PolicyType": "another type needs other fields",
    "MetricAggregationType": "Average for every step policy",
    "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName": "the template's own name",
    "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version": "moves with the template",
    "PredictiveScalingConfiguration.MaxCapacityBreachBehavior": "another one asks for a buffer too",
    "MixedInstancesPolicy.InstancesDistribution.OnDemandAllocationStrategy": "another one allows no ranked sizes",
}


def test_every_leaf_of_every_policy_and_mix_is_named_and_healed(rich):
    """Step, target tracking and predictive policies, percentile, queue and PromQL alarms, a mix with spot."""
    world, cloud, fleet = rich
    kinds = cloud.provider.kinds
    seen, tried = set(), set()
    wanted = ("autoscaling-group", "scaling-policy", "metric-alarm")
    items = [
        item
        for item in cloud.provider.resources.read(fleet).resources.values()
        if item.key.name.startswith("virtualmin-web") and item.key.kind in wanted
    ]
    for item in items:
        kind = kinds[item.key.kind]
        leaves = sorted(kind.leaves(item.body).items())
        drawn = dict(sampled(leaves, len(leaves) // 8, item.key))
        for path, value in leaves:
            mixed = path.startswith("MixedInstancesPolicy.")
            if path in FIXED or path.startswith(BY_OTHER_CALLS) or (kind.holds_instances and not mixed):
                continue
            seen.add((kind.name, path))
            if kind.name in tried and path not in drawn:
                continue
            tried.add(kind.name)
            body = copy.deepcopy(dict(item.body))
            assign(kind, body, path, OTHER_VALUES.get(path) or changed(path, value, world))
            send(world, item, path, body)
            plan = cloud.plan(fleet)
            found = {change.key: {one.path for one in change.fields} for change in plan if change.fields}
            assert found == {item.key: {path}}, (item.key, path)
            cloud.apply(plan, allow_replace=True).raise_for_failures()
            assert not cloud.plan(fleet), (item.key, path)
    assert tried == set(wanted)
    assert len(seen) > 30, sorted(seen)


def test_a_policy_of_another_type_is_replaced(running):
    world, cloud, fleet = running
    world.client("autoscaling").delete_policy(
        AutoScalingGroupName="virtualmin-pro-cluster-web", PolicyName="virtualmin-pro-cluster-web-hold-cpu"
    )
    world.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName="virtualmin-pro-cluster-web",
        PolicyName="virtualmin-pro-cluster-web-hold-cpu",
        PolicyType="StepScaling",
        AdjustmentType="ChangeInCapacity",
        StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    )
    plan = cloud.plan(fleet)
    assert plan.summary["replace"] == 1
    cloud.apply(plan).raise_for_failures()
    assert not cloud.plan(fleet)
