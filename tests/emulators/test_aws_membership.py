"""Instances that join a group and leave it; the sentences are AWS's own, as people reported them."""

import json
from typing import Any

import pytest
from aws_bench import START, Aws, code
from botocore.exceptions import ClientError

NOW = START.strftime("%Y-%m-%dT%H:%M:%SZ")


def launched(aws: Aws, zone: int = 0) -> str:
    subnet = aws.subnets()[zone]
    made = aws.ec2.run_instances(ImageId="ami-03cf127a", MinCount=1, MaxCount=1, SubnetId=subnet)
    return str(made["Instances"][0]["InstanceId"])


def members(aws: Aws, name: str = "web") -> dict[str, str]:
    return {each["InstanceId"]: each["LifecycleState"] for each in aws.group(name)["Instances"]}


def attach(aws: Aws, *numbers: str, name: str = "web") -> None:
    aws.autoscaling.attach_instances(AutoScalingGroupName=name, InstanceIds=list(numbers))


def detach(aws: Aws, *numbers: str, shrink: bool, name: str = "web") -> list[dict[str, Any]]:
    given = {"AutoScalingGroupName": name, "ShouldDecrementDesiredCapacity": shrink}
    return list(aws.autoscaling.detach_instances(InstanceIds=list(numbers), **given)["Activities"])


def refused(call: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*args, **given)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    return str(error["Message"])


def target_group(aws: Aws, vpc: str | None = None) -> str:
    vpc = vpc or aws.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = aws.elbv2.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def targets(aws: Aws, arn: str) -> set[str]:
    found = aws.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {each["Target"]["Id"] for each in found}


class TestAttach:
    def test_the_group_grows_by_the_instances(self, aws: Aws) -> None:
        arn = target_group(aws)
        aws.make_group(TargetGroupARNs=[arn])
        own = set(members(aws))
        number = launched(aws)
        attach(aws, number)
        assert aws.sizes() == (1, 5, 2)
        assert members(aws) == dict.fromkeys({*own, number}, "InService")
        assert targets(aws, arn) == {*own, number}

    def test_the_activity_is_a_launch_without_a_subnet(self, aws: Aws) -> None:
        aws.make_group(MinSize=0)
        number = launched(aws)
        attach(aws, number)
        activity = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"][0]
        assert activity["Description"] == f"Attaching an existing EC2 instance: {number}"
        cause = f"At {NOW} an instance was added in response to user request. Keeping the capacity at the new 1."
        assert activity["Cause"] == cause
        assert activity["StatusCode"] == "Successful"
        assert json.loads(activity["Details"]) == {"Availability Zone": "us-east-1a"}

    def test_one_from_elsewhere_has_no_template_and_goes_first(self, aws: Aws) -> None:
        aws.make_group(VPCZoneIdentifier=aws.subnets(1)[0], DesiredCapacity=1)
        number = launched(aws)
        attach(aws, number)
        found = {each["InstanceId"]: each for each in aws.group()["Instances"]}
        assert "LaunchTemplate" not in found[number]
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
        assert number not in members(aws)

    def test_one_from_elsewhere_has_no_launch_configuration(self, aws: Aws) -> None:
        """AutoScalingInstanceDetails, Amazon EC2 Auto Scaling API Reference."""
        name = {"LaunchConfigurationName": "old"}
        aws.autoscaling.create_launch_configuration(**name, ImageId="ami-03cf127a", InstanceType="t3.micro")
        aws.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="web", MinSize=1, MaxSize=2, VPCZoneIdentifier=aws.subnets()[0], **name
        )
        own = set(members(aws))
        attach(aws, launched(aws))
        found = aws.autoscaling.describe_auto_scaling_instances()["AutoScalingInstances"]
        assert {each["InstanceId"] for each in found if "LaunchConfigurationName" in each} == own

    def test_hooks_of_a_launch_are_waited_for(self, aws: Aws) -> None:
        hook = {"LifecycleHookName": "ready", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
        aws.make_group(MinSize=0, LifecycleHookSpecificationList=[hook])
        number = launched(aws)
        attach(aws, number)
        assert members(aws) == {number: "Pending:Wait"}

    @pytest.mark.parametrize(("count", "words"), [(1, "1 instance"), (2, "2 instances")])
    def test_a_group_that_would_be_too_large_stays_as_it_is(self, aws: Aws, count: int, words: str) -> None:
        aws.make_group(MinSize=3, MaxSize=4, DesiredCapacity=4)
        before = members(aws)
        # https://github.com/LeanerCloud/AutoSpotting/issues/407
        assert refused(attach, aws, *(launched(aws) for _ in range(count))) == (
            f"AutoScalingGroup web has min-size=3, max-size=4, and desired-size=4. To attach {words}, "
            "please update the AutoScalingGroup sizes appropriately."
        )
        assert (members(aws), aws.sizes()) == (before, (3, 4, 4))

    def test_what_may_not_be_attached(self, aws: Aws) -> None:
        """The criteria: EC2 Auto Scaling User Guide, Detach or attach instances."""
        aws.make_group(VPCZoneIdentifier=",".join(aws.subnets(2)))
        aws.make_group("other")
        stopped = launched(aws)
        aws.ec2.stop_instances(InstanceIds=[stopped])
        elsewhere = launched(aws, zone=2)
        for numbers in (
            ["i-0123456789abcdef0"],
            [stopped],
            [elsewhere],
            list(members(aws, "other")),
            list(members(aws)),
        ):
            refused(attach, aws, *numbers)
        assert code(aws.autoscaling.attach_instances, AutoScalingGroupName="web") == "ValidationError"
        assert code(aws.autoscaling.attach_instances, AutoScalingGroupName="no", InstanceIds=[elsewhere]) == (
            "ValidationError"
        )
        assert aws.sizes() == (1, 5, 1)

    def test_the_image_must_still_be_there(self, aws: Aws) -> None:
        aws.make_group()
        source = launched(aws)
        image = aws.ec2.create_image(InstanceId=source, Name="golden")["ImageId"]
        made = aws.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=aws.subnets()[0])
        aws.ec2.deregister_image(ImageId=image)
        refused(attach, aws, made["Instances"][0]["InstanceId"])

    def test_the_instance_is_in_the_network_of_the_balancer(self, aws: Aws) -> None:
        network = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        aws.make_group(TargetGroupARNs=[target_group(aws, network)])
        refused(attach, aws, launched(aws))

    def test_more_than_twenty_are_refused(self, aws: Aws) -> None:
        aws.make_group(MaxSize=50)
        refused(attach, aws, *(f"i-{number:017x}" for number in range(21)))


class TestDetach:
    def test_the_reply_is_as_the_vendor_shows_it(self, aws: Aws, shared: Any) -> None:
        path = shared / "recordings" / "aws" / "vendor-doc-samples" / "autoscaling" / "detach-instances.json"
        sample = json.loads(path.read_text(encoding="utf-8"))["outputs"][0]["Activities"][0]
        aws.make_group(DesiredCapacity=2)
        number = min(members(aws))
        (activity,) = detach(aws, number, shrink=True)
        own = sample["Description"].removeprefix("Detaching EC2 instance: ")
        when = sample["Cause"].split()[1]
        assert activity["Description"] == sample["Description"].replace(own, number)
        assert activity["Cause"] == sample["Cause"].replace(own, number).replace(when, NOW)
        assert (activity["StatusCode"], activity["Progress"]) == (sample["StatusCode"], sample["Progress"])
        assert set(json.loads(activity["Details"])) == set(json.loads(sample["Details"]))

    def test_the_instance_runs_on_without_its_group(self, aws: Aws) -> None:
        arn = target_group(aws)
        aws.make_group(DesiredCapacity=2, TargetGroupARNs=[arn])
        left, stays = sorted(members(aws))
        detach(aws, left, shrink=True)
        assert (aws.sizes(), set(members(aws))) == ((1, 5, 1), {stays})
        found = aws.ec2.describe_instances(InstanceIds=[left])["Reservations"][0]["Instances"][0]
        assert found["State"]["Name"] == "running"
        assert "aws:autoscaling:groupName" not in {tag["Key"] for tag in found.get("Tags", [])}
        assert targets(aws, arn) == {stays}

    def test_it_is_replaced_where_the_size_stays(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        left, stays = sorted(members(aws))
        (activity,) = detach(aws, left, shrink=False)
        assert activity["Cause"] == f"At {NOW} instance {left} was detached in response to a user request."
        assert aws.sizes()[2] == len(members(aws)) == 2
        assert (left in members(aws), stays in members(aws)) == (False, True)

    def test_each_of_several_shrinks_the_group_by_one(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=4)
        causes = [each["Cause"] for each in detach(aws, *sorted(members(aws))[:2], shrink=True)]
        assert [cause.partition("shrinking")[2] for cause in causes] == [
            " the capacity from 4 to 3.",
            " the capacity from 3 to 2.",
        ]
        assert aws.sizes()[2] == len(members(aws)) == 2

    @pytest.mark.parametrize(("count", "words"), [(1, "1 instance"), (2, "2 instances")])
    def test_the_minimum_is_kept(self, aws: Aws, count: int, words: str) -> None:
        aws.make_group(MinSize=2)
        before = members(aws)
        # https://github.com/spacelift-io/terraform-aws-spacelift-workerpool-on-ec2/issues/85
        assert refused(detach, aws, *sorted(before)[:count], shrink=True) == (
            f"AutoScalingGroup web has min-size=2, max-size=5, and desired-size=2. To detach {words}, "
            "please update the AutoScalingGroup sizes appropriately."
        )
        assert (members(aws), aws.sizes()) == (before, (2, 5, 2))

    def test_one_of_another_group(self, aws: Aws) -> None:
        aws.make_group()
        number = launched(aws)
        # https://github.com/reproio/ecs_deploy/pull/56
        text = refused(detach, aws, number, shrink=False)
        assert text == f"The instance {number} is not part of Auto Scaling group web."

    def test_one_that_is_not_in_service(self, aws: Aws) -> None:
        aws.doors.configure(boot_seconds=60)
        aws.make_group()
        number = next(iter(members(aws)))
        # https://github.com/reproio/ecs_deploy/issues/47
        assert refused(detach, aws, number, shrink=False) == f"The instance {number} is not in InService or Standby."

    def test_one_in_standby_may_leave(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        number = min(members(aws))
        given = {"AutoScalingGroupName": "web", "InstanceIds": [number]}
        aws.autoscaling.enter_standby(ShouldDecrementDesiredCapacity=True, **given)
        detach(aws, number, shrink=False)
        assert (number in members(aws), aws.sizes()[2]) == (False, 1)

    def test_it_joins_another_group_with_the_template_that_it_had(self, aws: Aws) -> None:
        aws.make_template("base")
        aws.make_group()
        aws.make_group("other", LaunchTemplate={"LaunchTemplateName": "base", "Version": "1"})
        number = next(iter(members(aws)))
        detach(aws, number, shrink=False)
        attach(aws, number, name="other")
        found = {each["InstanceId"]: each for each in aws.group("other")["Instances"]}
        assert found[number]["LaunchTemplate"]["LaunchTemplateName"] == "web"
        assert number not in members(aws)
        reply = aws.autoscaling.describe_auto_scaling_instances(InstanceIds=[number])["AutoScalingInstances"]
        assert [each["AutoScalingGroupName"] for each in reply] == ["other"]


def test_target_groups_come_and_go_with_the_instances(aws: Aws) -> None:
    arn = target_group(aws)
    aws.make_group(DesiredCapacity=2)
    given = {"AutoScalingGroupName": "web", "TargetGroupARNs": [arn]}
    aws.autoscaling.attach_load_balancer_target_groups(**given)
    assert (targets(aws, arn), aws.group()["TargetGroupARNs"]) == (set(members(aws)), [arn])
    aws.autoscaling.detach_load_balancer_target_groups(**given)
    assert (targets(aws, arn), aws.group()["TargetGroupARNs"]) == (set(), [])
