"""
Groups that somebody else made, through the emulator: adopting writes the mark alone, then the notes come true.

Each has what no model says; what the plan leaves to others is there afterwards as it was before.
"""

import copy

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import trimtab as tt
from tests.laws import examples
from tests.providers.aws.account_for_random import furnish_for_random, take_marks_off
from tests.providers.aws.handmade import NAME, instances_of, make_by_hand
from tests.providers.aws.random_groups import FLEET, NATIVE, NOW, groups
from tests.providers.aws.unsayable import ZIPPED
from tests.providers.aws.world import AwsWorld
from tests.providers.import_law import assert_notes_are_the_plan, import_adopt_and_plan
from trimtab.plan import read_description

TOPIC = "arn:aws:sns:us-east-1:123456789012:nodata"
FLEET_OF_HAND = "virtualmin-pro-cluster"
MOVING = {
    *("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateTransitionedTimestamp", "StateReason"),
    *("StateReasonData", "StateValue", "CreateTime", "VersionNumber", "VersionDescription", "DefaultVersion"),
    *("ResponseMetadata", "LatestVersionNumber"),
}
"""How a thing stands at the moment, and which version it is."""


def seen(world, name):
    """Everything of a group, as AWS answers it."""
    scaling, ec2, cloudwatch = (world.client(one) for one in ("autoscaling", "ec2", "cloudwatch"))
    group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    templates = ec2.describe_launch_template_versions(Versions=["$Latest"])["LaunchTemplateVersions"]
    inside = {"AutoScalingGroupName": name}
    return {
        "group": group,
        "templates": templates,
        "policies": scaling.describe_policies(**inside)["ScalingPolicies"],
        "actions": scaling.describe_scheduled_actions(**inside)["ScheduledUpdateGroupActions"],
        "hooks": scaling.describe_lifecycle_hooks(**inside)["LifecycleHooks"],
        "topics": scaling.describe_notification_configurations()["NotificationConfigurations"],
        "alarms": cloudwatch.describe_alarms()["MetricAlarms"],
    }


def without_marks(value):
    """A reply less marks, and less what says which write it was; lists in any order, as they are answered."""
    if isinstance(value, list):
        kept = [one for one in value if not (isinstance(one, dict) and str(one.get("Key", "")).startswith("trimtab-"))]
        return sorted((without_marks(one) for one in kept), key=str)
    if not isinstance(value, dict):
        return value
    found = {name: without_marks(one) for name, one in value.items() if name not in MOVING}
    if "AlarmDescription" in found:
        found["AlarmDescription"] = read_description(found["AlarmDescription"])[0]
    return {name: one for name, one in found.items() if one is not None}


def add_what_no_model_says(world, name, template):
    """Fields of every kind that the model has no word for."""
    scaling, ec2, cloudwatch = (world.client(one) for one in ("autoscaling", "ec2", "cloudwatch"))
    data = ec2.describe_launch_template_versions(LaunchTemplateName=template, Versions=["$Latest"])
    data = copy.deepcopy(data["LaunchTemplateVersions"][0]["LaunchTemplateData"])
    data |= {
        "UserData": ZIPPED,
        "CreditSpecification": {"CpuCredits": "unlimited"},
        "MetadataOptions": {"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "VolumeType": "gp2"}},
            {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"},
        ],
    }
    ec2.create_launch_template_version(
        LaunchTemplateName=template, LaunchTemplateData=data, VersionDescription="by hand"
    )
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        kept = {
            field: alarm[field]
            for field in (
                *("AlarmName", "AlarmDescription", "MetricName", "Namespace", "Dimensions", "Statistic", "Period"),
                *("EvaluationPeriods", "Threshold", "ComparisonOperator", "AlarmActions"),
            )
        }
        cloudwatch.put_metric_alarm(**kept, Unit="Percent", InsufficientDataActions=[TOPIC])
    scaling.put_lifecycle_hook(
        AutoScalingGroupName=name,
        LifecycleHookName="ASGLaunchHook_1",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        DefaultResult="CONTINUE",
        HeartbeatTimeout=300,
    )
    scaling.put_scaling_policy(
        AutoScalingGroupName=name,
        PolicyName=f"{name}-steps",
        PolicyType="StepScaling",
        AdjustmentType="ChangeInCapacity",
        MetricAggregationType="Maximum",
        StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 2}],
    )
    scaling.update_auto_scaling_group(AutoScalingGroupName=name, HealthCheckType="EBS,ELB")


@pytest.fixture(params=[NAME, f"{NAME}-20260105"], ids=["template of its name", "template of another name"])
def by_hand(world, request):
    make_by_hand(world, template=request.param)
    add_what_no_model_says(world, NAME, request.param)
    world.make_key_pair("ops")
    return world


def test_adopting_leaves_all_but_the_mark_byte_for_byte(by_hand):
    with by_hand.connect() as cloud:
        before = seen(by_hand, NAME)
        found = cloud.import_group(NAME, fleet=FLEET_OF_HAND)
        done = cloud.apply(cloud.adopt(tt.Fleet(name=FLEET_OF_HAND, groups=[found.group])))
    done.raise_for_failures()
    after = seen(by_hand, NAME)
    assert without_marks(after) == without_marks(before)
    assert after != before
    assert all(
        read_description(alarm["AlarmDescription"])[1]
        for alarm in after["alarms"]
        if alarm["AlarmName"].startswith(NAME)
    )


def test_what_no_model_says_is_adopted_as_it_is_and_then_changes_as_noted(by_hand):
    with by_hand.connect() as cloud:
        before, machines = seen(by_hand, NAME), instances_of(by_hand)
        found, declared, plan = import_adopt_and_plan(cloud, NAME, fleet=FLEET_OF_HAND)
        assert_notes_are_the_plan(found, plan)
        cloud.apply(plan, wait="accepted").raise_for_failures()
        assert not cloud.plan(declared), cloud.plan(declared).to_dict()
    after = seen(by_hand, NAME)
    assert instances_of(by_hand) == machines
    for sort in ("hooks", "alarms", "actions"):
        assert without_marks(after[sort]) == without_marks(before[sort])
    assert after["group"][0]["HealthCheckType"] == "EBS,ELB"
    own = {one["LaunchTemplateName"]: one["LaunchTemplateData"] for one in before["templates"]}.get(NAME)
    made = next(one for one in after["templates"] if one["LaunchTemplateName"] == NAME)["LaunchTemplateData"]
    for field in ("UserData", "CreditSpecification", "MetadataOptions", "BlockDeviceMappings"):
        assert own is None or made[field] == own[field]


def test_a_change_leaves_all_that_no_row_is_about(by_hand):
    """A template, a policy and an alarm are written whole: what the model has no word for goes along."""
    with by_hand.connect() as cloud:
        found, declared, plan = import_adopt_and_plan(cloud, NAME, fleet=FLEET_OF_HAND)
        cloud.apply(plan, wait="accepted").raise_for_failures()
        before = seen(by_hand, NAME)
        alarm, *alarms = found.group.alarms
        edited = declared["web"].model_copy(
            update={
                "template": declared["web"].template.model_copy(update={"ssh_key": "ops"}),
                "alarms": (alarm.model_copy(update={"above": 71}), *alarms),
            }
        )
        cloud.apply(cloud.plan(tt.Fleet(name=FLEET_OF_HAND, groups=[edited])), wait="accepted").raise_for_failures()
    after = seen(by_hand, NAME)
    for name in ("Unit", "InsufficientDataActions"):
        assert [one.get(name) for one in after["alarms"]] == [one.get(name) for one in before["alarms"]]
    old, new = (
        next(one for one in each["templates"] if one["LaunchTemplateName"] == NAME)["LaunchTemplateData"]
        for each in (before, after)
    )
    assert new == {**old, "KeyName": "ops"}


@settings(
    max_examples=examples(4),
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(group=groups())
def test_what_was_applied_and_lost_its_marks_is_adopted_as_it_is(emulator, group):
    """Through the real SDK: adopting changes no field of any kind, and the plan after it is what the notes say."""
    emulator.doors.reset()
    world = AwsWorld(emulator)
    emulator.doors.set_clock(NOW, freeze=True)
    group = furnish_for_random(world).moved(group)
    with world.connect() as cloud:
        cloud.apply(cloud.plan(tt.Fleet(name=FLEET, groups=[group])), wait="accepted").raise_for_failures()
        take_marks_off(world)
        before = seen(world, NATIVE)
        found, declared, plan = import_adopt_and_plan(cloud, NATIVE, fleet=FLEET)
        assert without_marks(seen(world, NATIVE)) == without_marks(before)
        assert_notes_are_the_plan(found, plan)
        assert not plan
        assert not cloud.plan(declared)
