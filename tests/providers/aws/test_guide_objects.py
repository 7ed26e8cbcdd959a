"""The guide's two groups are 28 objects on AWS, each with the values that the guide writes."""

import pytest

import trimtab as tt
from tests.providers.aws.account import EXAMPLE, furnish
from tests.providers.aws.world import AwsWorld
from trimtab.emulators import AwsEmulator

CLUSTER = "virtualmin-pro-cluster"
PARTS = ("web", "api")
CPU = ("AWS/EC2", "CPUUtilization", "Average")
MEMORY = ("CWAgent", "mem_used_percent", "Average")
REQUESTS = ("AWS/ApplicationELB", "RequestCount", "Sum")
ERRORS = ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum")
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"

POLICIES = {
    "scale-up": {"PolicyType": "SimpleScaling", "ScalingAdjustment": 1, "Cooldown": 300},
    "scale-down": {"PolicyType": "SimpleScaling", "ScalingAdjustment": -1, "Cooldown": 300},
    "predictive-scaling": {
        "PolicyType": "PredictiveScaling",
        "PredictiveScalingConfiguration": {
            "MetricSpecifications": [
                {
                    "TargetValue": 70.0,
                    "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"},
                }
            ],
            "Mode": "ForecastAndScale",
            "SchedulingBufferTime": 10,
            "MaxCapacityBreachBehavior": "IncreaseMaxCapacity",
            "MaxCapacityBuffer": 0,
        },
    },
}
ALARMS = {
    "scale-up-cpu": (CPU, ABOVE, 70.0, 120, 2, "scale-up"),
    "scale-down-cpu": (CPU, BELOW, 30.0, 120, 2, "scale-down"),
    "scale-up-memory": (MEMORY, ABOVE, 80.0, 120, 2, "scale-up"),
    "scale-down-memory": (MEMORY, BELOW, 40.0, 120, 2, "scale-down"),
    "high-request-rate": (REQUESTS, ABOVE, 1000.0, 60, 2, "scale-up"),
    "high-error-rate": (ERRORS, ABOVE, 10.0, 60, 2, "scale-up"),
    "low-request-rate": (REQUESTS, BELOW, 100.0, 300, 5, "scale-down"),
}
SCHEDULES = {
    "business-hours": ("0 8 * * 1-5", 4, 12, 4),
    "non-business-hours": ("0 18 * * 1-5", 2, 10, 2),
}


def guide_fleet():
    """The guide's web and api: both with everything that it gives the web tier."""
    guide = tt.load_fleet(EXAMPLE.with_name("guide.yaml"), env={})
    web, api = guide["web"], guide["api"]
    names = ("policies", "alarms", "schedules")
    whole = api.model_copy(update={name: getattr(web, name) for name in names})
    return tt.Fleet(name=guide.name, groups=(web, whole))


def balance(world):
    """One Application Load Balancer before the target groups, as the guide has it."""
    ec2, elbv2 = world.client("ec2"), world.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"] if "Tags" in subnet]
    balancer = elbv2.create_load_balancer(Name=CLUSTER, Subnets=subnets)["LoadBalancers"][0]
    for number, part in enumerate(PARTS):
        target = elbv2.describe_target_groups(Names=[f"virtualmin-{part}"])["TargetGroups"][0]
        elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80 + number,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}],
        )


@pytest.fixture(scope="module")
def applied():
    with AwsEmulator() as emulator:
        world = AwsWorld(emulator)
        furnish(world)
        balance(world)
        with world.connect() as cloud:
            plan = cloud.plan(guide_fleet())
            world.doors.clear_requests()
            cloud.apply(plan, wait="accepted").raise_for_failures()
            yield world, cloud, plan, world.doors.count()


def names_of_one(part):
    name = f"{CLUSTER}-{part}"
    return [
        ("launch-template", name),
        ("autoscaling-group", name),
        *(("scaling-policy", f"{name}-{policy}") for policy in POLICIES),
        *(("metric-alarm", f"{name}-{alarm}") for alarm in ALARMS),
        *(("scheduled-action", f"{name}-{schedule}") for schedule in SCHEDULES),
    ]


def test_the_plan_lists_28_objects_by_name(applied):
    _, _, plan, _ = applied
    expected = [thing for part in PARTS for thing in names_of_one(part)]
    assert len(expected) == 28
    assert sorted((change.key.kind, change.key.name) for change in plan) == sorted(expected)


def test_creating_them_takes_at_most_36_calls(applied):
    """The plan's own reads aside; Terraform made 103 calls for the same, Ansible 102."""
    assert applied[3]["total"] <= 36, applied[3]


def test_planning_them_again_takes_at_most_nine_calls_and_finds_nothing(applied):
    """Terraform refreshed the same with 62 calls, a bulk script in boto3 with 10."""
    world, cloud, _, _ = applied
    world.doors.clear_requests()
    plan = cloud.plan(guide_fleet())
    assert not plan, plan.to_dict()
    assert world.doors.count()["total"] <= 9


@pytest.mark.parametrize("part", PARTS)
def test_template_and_group_are_the_guides(applied, part):
    world = applied[0]
    name = f"{CLUSTER}-{part}"
    versions = world.client("ec2").describe_launch_template_versions(LaunchTemplateName=name, Versions=["$Latest"])
    data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    tags = {tag["Key"]: tag["Value"] for tag in data["TagSpecifications"][0]["Tags"]}
    assert data["InstanceType"] == "t3.medium"
    assert tags == {"Name": name, "Environment": "production", "Component": part}
    asked = {"AutoScalingGroupNames": [name]}
    group = world.client("autoscaling").describe_auto_scaling_groups(**asked)["AutoScalingGroups"][0]
    assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (2, 10, 2)
    assert (group["HealthCheckType"], group["HealthCheckGracePeriod"]) == ("EC2", 300)
    assert group["LaunchTemplate"]["LaunchTemplateName"] == name
    assert len(group["VPCZoneIdentifier"].split(",")) == 2
    assert [f"targetgroup/virtualmin-{part}/" in arn for arn in group["TargetGroupARNs"]] == [True]


@pytest.mark.parametrize("part", PARTS)
def test_policies_are_the_guides(applied, part):
    name = f"{CLUSTER}-{part}"
    found = applied[0].client("autoscaling").describe_policies(AutoScalingGroupName=name)["ScalingPolicies"]
    there = {policy["PolicyName"]: policy for policy in found}
    assert set(there) == {f"{name}-{policy}" for policy in POLICIES}
    for policy, values in POLICIES.items():
        one = there[f"{name}-{policy}"]
        assert {key: one[key] for key in values} == values


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("alarm", ALARMS)
def test_alarms_are_the_guides(applied, part, alarm):
    name = f"{CLUSTER}-{part}"
    (namespace, metric, statistic), comparison, threshold, period, periods, policy = ALARMS[alarm]
    reply = applied[0].client("cloudwatch").describe_alarms(AlarmNames=[f"{name}-{alarm}"])
    one = reply["MetricAlarms"][0]
    assert (one["Namespace"], one["MetricName"], one["Statistic"]) == (namespace, metric, statistic)
    assert (one["ComparisonOperator"], one["Threshold"]) == (comparison, threshold)
    assert (one["Period"], one["EvaluationPeriods"]) == (period, periods)
    assert [arn.endswith(f":policyName/{name}-{policy}") for arn in one["AlarmActions"]] == [True]
    dimensions = {each["Name"]: each["Value"] for each in one["Dimensions"]}
    if namespace == "AWS/ApplicationELB":
        assert dimensions["TargetGroup"].startswith(f"targetgroup/virtualmin-{part}/")
        assert dimensions["LoadBalancer"].startswith("app/")
    else:
        assert dimensions == {"AutoScalingGroupName": name}


@pytest.mark.parametrize("part", PARTS)
def test_schedules_are_the_guides(applied, part):
    name = f"{CLUSTER}-{part}"
    found = applied[0].client("autoscaling").describe_scheduled_actions(AutoScalingGroupName=name)
    there = {
        action["ScheduledActionName"].removeprefix(f"{name}-"): (
            action["Recurrence"],
            action["MinSize"],
            action["MaxSize"],
            action["DesiredCapacity"],
        )
        for action in found["ScheduledUpdateGroupActions"]
    }
    assert there == SCHEDULES


def test_three_changes_behind_our_back_are_shown_without_a_write(applied):
    """A threshold, a cooldown and a tag: each named with both values, by reads alone."""
    world, cloud, _, _ = applied
    name = f"{CLUSTER}-web"
    world.put_alarm(f"{name}-scale-up-cpu", Threshold=95.0)
    autoscaling = world.client("autoscaling")
    autoscaling.put_scaling_policy(
        AutoScalingGroupName=f"{CLUSTER}-api",
        PolicyName=f"{CLUSTER}-api-scale-up",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=1,
        Cooldown=900,
    )
    tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": "Environment"}
    autoscaling.create_or_update_tags(Tags=[{**tag, "Value": "staging", "PropagateAtLaunch": False}])
    before = world.writes()
    plan = cloud.plan(guide_fleet())
    assert world.writes() == before
    assert {(change.key.kind, one.path, one.old, one.new) for change in plan for one in change.fields} == {
        ("metric-alarm", "Threshold", 95.0, 70.0),
        ("scaling-policy", "Cooldown", 900, 300),
        ("autoscaling-group", "Tags[Environment].Value", "staging", "production"),
    }
