"""Instances that scaling in spares, and those that stand by; the sentences are AWS's own, as people reported them."""

from typing import Any

import pytest
from aws_bench import Aws
from botocore.exceptions import ClientError


def members(aws: Aws) -> dict[str, str]:
    return {each["InstanceId"]: each["LifecycleState"] for each in aws.group("web")["Instances"]}


def protected(aws: Aws) -> set[str]:
    return {each["InstanceId"] for each in aws.group("web")["Instances"] if each["ProtectedFromScaleIn"]}


def protect(aws: Aws, *numbers: str, on: bool = True) -> None:
    aws.autoscaling.set_instance_protection(
        AutoScalingGroupName="web", InstanceIds=list(numbers), ProtectedFromScaleIn=on
    )


def enter(aws: Aws, *numbers: str, shrink: bool) -> list[dict[str, Any]]:
    given = {"AutoScalingGroupName": "web", "ShouldDecrementDesiredCapacity": shrink}
    return list(aws.autoscaling.enter_standby(InstanceIds=list(numbers), **given)["Activities"])


def leave(aws: Aws, *numbers: str) -> list[dict[str, Any]]:
    reply = aws.autoscaling.exit_standby(AutoScalingGroupName="web", InstanceIds=list(numbers))
    return list(reply["Activities"])


def refused(call: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*args, **given)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    return str(error["Message"])


class TestProtection:
    def test_scaling_in_spares_it(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=3)
        chosen = set(list(members(aws))[:2])
        protect(aws, *chosen)
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
        assert set(members(aws)) == protected(aws) == chosen
        protect(aws, *chosen, on=False)
        assert protected(aws) == set()

    def test_one_that_is_pending_is_refused(self, aws: Aws) -> None:
        """https://github.com/infrahouse/infrahouse-toolkit/issues/223"""
        aws.doors.configure(boot_seconds=60)
        aws.make_group()
        number = next(iter(members(aws)))
        text = refused(protect, aws, number)
        assert text == f"The instance {number} is not in InService or EnteringStandby or Standby."

    def test_what_it_takes(self, aws: Aws) -> None:
        aws.make_group()
        assert "not part of Auto Scaling group web" in refused(protect, aws, "i-00000000000000000")
        assert "length less than or equal to 50" in refused(protect, aws, *(f"i-{place}" for place in range(51)))
        protect(aws, *members(aws))
        enter(aws, *members(aws), shrink=False)
        protect(aws, *(number for number, state in members(aws).items() if state == "Standby"), on=False)
        assert protected(aws) == set()


class TestStandby:
    def test_another_one_comes_in_its_place(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        chosen = next(iter(members(aws)))
        (activity,) = enter(aws, chosen, shrink=False)
        assert activity["Description"] == f"Moving EC2 instance to Standby: {chosen}"
        assert activity["Cause"].endswith(f"instance {chosen} was moved to standby in response to a user request.")
        assert sorted(members(aws).values()) == ["InService", "InService", "Standby"]
        assert aws.sizes() == (1, 5, 2)

    def test_the_group_shrinks_and_grows_again(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=3)
        chosen = list(members(aws))[:2]
        activities = enter(aws, *chosen, shrink=True)
        assert "shrinking the capacity from 2 to 1" in activities[-1]["Cause"]
        assert aws.sizes() == (1, 5, 1)
        assert sorted(members(aws).values()) == ["InService", "Standby", "Standby"]
        leave(aws, *chosen)
        assert aws.sizes() == (1, 5, 3)
        assert set(members(aws).values()) == {"InService"}

    def test_the_minimum_holds(self, aws: Aws) -> None:
        aws.make_group()
        text = refused(enter, aws, *members(aws), shrink=True)
        assert "min-size=1, max-size=5, and desired-size=1. To place into standby 1 instance, please update" in text
        assert set(members(aws).values()) == {"InService"}

    def test_what_it_takes(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        chosen = next(iter(members(aws)))
        enter(aws, chosen, shrink=True)
        # https://github.com/keikoproj/upgrade-manager/issues/324
        assert refused(enter, aws, chosen, shrink=True) == f"The instance {chosen} is not in InService."
        assert "length less than or equal to 20" in refused(enter, aws, *map("i-{}".format, range(21)), shrink=False)
        leave(aws, chosen)
        assert refused(leave, aws, chosen) == f"The instance {chosen} is not in Standby."
        enter(aws, chosen, shrink=True)
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=1)
        assert "To exit standby 1 instance, please update" in refused(leave, aws, chosen)

    def test_its_targets_go_and_come_back(self, aws: Aws) -> None:
        vpc = aws.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        made = aws.elbv2.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
        arn = made["TargetGroups"][0]["TargetGroupArn"]
        aws.make_group(DesiredCapacity=2, TargetGroupARNs=[arn])
        chosen = next(iter(members(aws)))

        def targets() -> set[str]:
            found = aws.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            return {each["Target"]["Id"] for each in found}

        enter(aws, chosen, shrink=True)
        assert targets() == set(members(aws)) - {chosen}
        leave(aws, chosen)
        assert targets() == set(members(aws))
        enter(aws, chosen, shrink=True)
        aws.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=chosen, ShouldDecrementDesiredCapacity=False
        )
        assert targets() == set(members(aws))
        assert (len(members(aws)), aws.sizes()[2]) == (1, 1)
