"""
Groups on AWS that others made, imported and adopted: what comes along, what is said, and what a plan then does.

The notes of an import are what the next plan changes, no more and no less; `unmanaged` keeps the rest.
"""

import base64
import copy
import gzip
import re

import pytest

import trimtab as tt
from tests.found.marks import case, fails
from tests.found.worlds import AMI, make_by_arn, naming

REQUIREMENTS = {"VCpuCount": {"Min": 2, "Max": 4}, "MemoryMiB": {"Min": 4096}}
BY_ATTRIBUTES = {
    "LaunchTemplate": {"Overrides": [{"InstanceRequirements": REQUIREMENTS}]},
    "InstancesDistribution": {
        "OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized",
    },
}
ZIPPED = base64.b64encode(gzip.compress(b"#!/bin/bash\necho hello\n" * 50, mtime=0)).decode()


def paths(plan):
    """Native paths of all fields that a plan changes."""
    return [field.path for change in plan.changes for field in change.fields]


def overrides(aws):
    return aws.group("old")["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]


def user_data(aws):
    return aws.templates("old")[0]["LaunchTemplateData"].get("UserData")


@pytest.fixture
def by_attributes(aws):
    aws.make_group("old", MixedInstancesPolicy=copy.deepcopy(BY_ATTRIBUTES))
    return aws


@pytest.fixture
def zipped(aws):
    aws.make_group("old", template={"UserData": ZIPPED})
    return aws


class TestAttributes:
    """
    Types chosen by attributes: hashicorp/terraform-provider-aws#25728, kubernetes/autoscaler#5580.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-mixed-instances-group-attribute-based-instance-type-selection.html
    """

    def test_the_requirements_are_kept(self, by_attributes):
        _, notes, plan = by_attributes.taken_over("old")
        assert not [path for path in paths(plan) if "InstanceRequirements" in path]
        assert not [text for text in notes if re.search(r"MixedInstancesPolicy\.LaunchTemplate(:| )", text)], notes

    def test_unmanaged_sizes_keep_the_requirements(self, by_attributes):
        fleet, _, plan = by_attributes.taken_over("old", unmanaged=("purchase.sizes",))
        assert by_attributes.cloud.apply(plan, wait="accepted").failures == ()
        assert overrides(by_attributes) == [{"InstanceRequirements": REQUIREMENTS}]
        assert by_attributes.left(fleet) == []


class TestZipped:
    """
    A start script that is gzipped, which cloud-init unpacks: terraform-aws-modules/terraform-aws-autoscaling#57.

    https://cloudinit.readthedocs.io/en/latest/explanation/format.html (gzip compressed content)
    """

    def test_the_script_is_kept(self, zipped):
        _, _, plan = zipped.taken_over("old")
        assert "LaunchTemplateData.UserData" not in paths(plan)

    def test_unmanaged_user_data_keeps_the_script(self, zipped):
        fleet, _, plan = zipped.taken_over("old", unmanaged=("template.user_data",))
        assert zipped.cloud.apply(plan, wait="accepted").failures == ()
        assert user_data(zipped) == ZIPPED
        assert zipped.left(fleet) == []


BINARY = base64.b64encode(bytes(range(256))).decode()
TEMPLATE = {"ImageId": AMI, "InstanceRequirements": REQUIREMENTS}


def make_by_template(aws, name, data):
    """A group `old` of nobody yet that launches from a template."""
    aws.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    aws.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="old",
        MinSize=0,
        MaxSize=3,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": name, "Version": "1"},
    )


def make_mixed(aws):
    aws.make_group("old", MixedInstancesPolicy=copy.deepcopy(BY_ATTRIBUTES))


def make_typeless(aws):
    make_by_template(aws, "old", TEMPLATE)


UNSAID = {
    "attributes": (make_mixed, "purchase.sizes", "instance types by attributes (2 to 4 vCPUs, 4096 MiB of memory or"),
    "attributes-of-the-template": (make_typeless, "template.size", "instance types by attributes (2 to 4 vCPUs, 4096"),
    "gzipped": (
        lambda aws: aws.make_group("old", template={"UserData": ZIPPED}),
        *("template.user_data", "a gzipped start script"),
    ),
    "binary": (
        lambda aws: aws.make_group("old", template={"UserData": BINARY}),
        *("template.user_data", "a start script that is not text"),
    ),
}


@pytest.mark.parametrize(("make", "field", "what"), UNSAID.values(), ids=UNSAID)
class TestUnsaid:
    """What a fleet file cannot write is said in plain words: what it is, what takes it away, and what keeps it."""

    def test_the_import_says_what_keeps_it(self, aws, make, field, what):
        make(aws)
        imported = aws.cloud.import_group("old")
        assert field in imported.group.unmanaged
        (text,) = [str(note) for note in imported.notes if what in str(note)]
        assert f"without `{field}` in `unmanaged` the next plan takes it away" in text

    def test_the_plan_that_takes_it_away_says_so_and_the_one_that_does_not_is_quiet(self, aws, make, field, what):
        make(aws)
        _, _, kept = aws.taken_over("old")
        assert not [text for text in map(str, kept.notes) if what in text]
        bare = aws.cloud.import_group("old", fleet="shop").group.model_copy(update={"unmanaged": ()})
        if field == "template.size":
            bare = bare.model_copy(update={"template": bare.template.model_copy(update={"size": "t3.small"})})
        plan = aws.cloud.plan(tt.Fleet(name="shop", groups=[bare]))
        (text,) = [str(note) for note in plan.notes if what in str(note)]
        assert f"{field}: " in text
        assert f"write `unmanaged: [{field}]` to keep it" in text
        aws.cloud.apply(plan, wait="accepted").raise_for_failures()
        again = aws.cloud.plan(tt.Fleet(name="shop", groups=[bare]))
        assert not again
        assert not [note for note in again.notes if what in str(note)]
        assert not newest(aws).get("InstanceRequirements")


def newest(aws):
    return aws.templates("old")[0]["LaunchTemplateData"]


def test_a_zipped_script_of_a_template_that_is_copied_is_said_to_be_lost(aws):
    """trimtab makes a template that is called as the group, and cannot write the script into it."""
    make_by_template(aws, "others", {"ImageId": AMI, "InstanceType": "t3.small", "UserData": ZIPPED})
    _, notes, plan = aws.taken_over("old")
    for texts in (notes, [str(note) for note in plan.notes]):
        (text,) = [text for text in texts if "a gzipped start script" in text]
        assert "launch template old is made without it" in text
        assert "write `unmanaged: [template.user_data]`" in text
    assert aws.cloud.apply(plan, wait="accepted").failures == ()
    assert "UserData" not in newest(aws)


OTHERS = ["EBS,ELB", "EC2,EBS", "VPC_LATTICE,ELB", "EBS"]


class TestHealthChecks:
    """
    Several types of health check: aws/aws-cdk#31289, aws-cloudformation/cfn-lint#3754.

    "A comma-separated value string of one or more health check types. The valid values are EC2, EBS, ELB, and
    VPC_LATTICE. EC2 is the default health check and cannot be disabled": API_CreateAutoScalingGroup.
    """

    @pytest.mark.parametrize("types", OTHERS)
    def test_all_types_are_kept(self, aws, types):
        aws.make_group("old", HealthCheckType=types, HealthCheckGracePeriod=300)
        _, _, plan = aws.taken_over("old")
        assert "HealthCheckType" not in paths(plan)

    @pytest.mark.parametrize(
        "types",
        ["EC2", "ELB", "EC2,ELB", *OTHERS],
    )
    def test_what_the_model_has_is_imported_and_kept(self, aws, types):
        aws.make_group("old", HealthCheckType=types, HealthCheckGracePeriod=300)
        _, notes, plan = aws.taken_over("old")
        assert "HealthCheckType" not in paths(plan)
        assert not naming("HealthCheckType", notes)

    def test_an_unmanaged_health_check_keeps_its_types(self, aws):
        aws.make_group("old", HealthCheckType="EBS,ELB")
        fleet, _, plan = aws.taken_over("old", unmanaged=("health_check.by",))
        assert aws.cloud.apply(plan, wait="accepted").failures == ()
        assert aws.group("old")["HealthCheckType"] == "EBS,ELB"
        assert aws.left(fleet) == []

    @pytest.mark.parametrize("types", [case("NONSENSE")])
    def test_the_emulator_refuses_what_is_no_health_check(self, aws, types):
        aws.make_group("old")
        code = aws.code("autoscaling", "update_auto_scaling_group", AutoScalingGroupName="old", HealthCheckType=types)
        assert code == "ValidationError"


HOOK = {
    "LifecycleHookName": "ASGLaunchHook_1",
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
    "HeartbeatTimeout": 300,
    "DefaultResult": "CONTINUE",
    "NotificationTargetARN": "arn:aws:lambda:us-east-1:123456789012:function:ready",
}
DRAIN = {
    "LifecycleHookName": "drain",
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    "HeartbeatTimeout": 900,
    "NotificationTargetARN": "arn:aws:sqs:us-east-1:123456789012:q",
    "RoleARN": "arn:aws:iam::123456789012:role/hooks",
    "NotificationMetadata": "x=1",
}
POLICY = {
    "PolicyName": "Scale Up (CPU)",
    "PolicyType": "StepScaling",
    "AdjustmentType": "PercentChangeInCapacity",
    "MinAdjustmentMagnitude": 2,
    "MetricAggregationType": "Maximum",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 10}],
}
ALARM = {
    "AlarmName": "CPU high",
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "old"}],
    "ExtendedStatistic": "p99.5",
    "EvaluateLowSampleCountPercentile": "ignore",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 80,
    "ComparisonOperator": "GreaterThanThreshold",
    "Unit": "Percent",
    "InsufficientDataActions": ["arn:aws:sns:us-east-1:123456789012:nodata"],
}


@pytest.fixture
def with_parts(aws):
    """A group with hooks, a policy and an alarm as others write them."""
    scaling = aws.client("autoscaling")
    aws.make_group("old")
    make_by_arn(aws.client, DRAIN["NotificationTargetARN"], DRAIN["RoleARN"])
    for hook in (HOOK, DRAIN):
        scaling.put_lifecycle_hook(AutoScalingGroupName="old", **hook)
    policy = scaling.put_scaling_policy(AutoScalingGroupName="old", **POLICY)["PolicyARN"]
    aws.client("cloudwatch").put_metric_alarm(**ALARM, AlarmActions=[policy])
    return aws


class TestParts:
    """
    Names in capitals, Lambda targets, aggregations and low sample counts.

    hashicorp/terraform-provider-aws#43620, ansible-collections/amazon.aws#1940.
    """

    @pytest.mark.parametrize(
        "words",
        [
            ("Scale Up (CPU)",),
            ("MetricAggregationType", "Maximum"),
            ("CPU high",),
            ("EvaluateLowSampleCountPercentile", "ignore"),
        ],
        ids=lambda words: words[0],
    )
    def test_the_import_says_what_does_not_come_along(self, with_parts, words):
        notes = [str(note) for note in with_parts.cloud.import_group("old").notes]
        assert [text for text in notes if all(word in text for word in words)], notes

    def test_a_hook_in_capitals_comes_along(self, with_parts):
        fleet, notes, plan = with_parts.taken_over("old")
        assert "ASGLaunchHook_1" in {one.name for one in fleet.groups[0].aws.lifecycle_hooks}
        assert not naming("ASGLaunchHook_1", [*notes, *paths(plan)])

    def test_a_hook_with_a_name_of_the_model_comes_along_whole(self, with_parts):
        fleet, _notes, plan = with_parts.taken_over("old")
        assert not [path for path in paths(plan) if "[drain]" in path]
        hook = next(one for one in fleet.groups[0].aws.lifecycle_hooks if one.name == "drain")
        assert (hook.notify, hook.role, hook.data) == (
            DRAIN["NotificationTargetARN"],
            DRAIN["RoleARN"],
            DRAIN["NotificationMetadata"],
        )

    @pytest.mark.parametrize(
        "name",
        [
            "ASGLaunchHook_1",
            case("Scale Up (CPU)", mends=fails("a policy that is not called GROUP-NAME is made anew")),
        ],
    )
    def test_names_of_others_are_kept(self, with_parts, name):
        _, _, plan = with_parts.taken_over("old")
        gone = [path for path in paths(plan) if f"[{name}]" in path]
        gone += [change.key.name for change in plan.changes if str(change.action) == "delete"]
        assert not [text for text in gone if name in text], gone

    @pytest.mark.parametrize(
        "field",
        [
            *("Unit", "InsufficientDataActions"),
            case("EvaluateLowSampleCountPercentile", mends=fails("the model has no word for it")),
        ],
    )
    def test_every_field_of_an_alarm_is_imported_and_kept(self, with_parts, field):
        _, _, plan = with_parts.taken_over("old")
        with_parts.cloud.apply(plan, wait="accepted", allow_delete=True).raise_for_failures()
        alarms = with_parts.client("cloudwatch").describe_alarms()["MetricAlarms"]
        ours = [alarm for alarm in alarms if "trimtab" in alarm.get("AlarmDescription", "")]
        assert [alarm.get(field) for alarm in ours] == [ALARM[field]]
