"""Protection from deletion, maintenance policies and the service-linked role of groups."""

from datetime import timedelta
from typing import Any

import pytest
from aws_bench import Aws, client_for, code
from botocore.exceptions import ClientError

ROLE = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def update(aws: Aws, **given: Any) -> None:
    aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **given)


class TestDeletionProtection:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/resource-deletion-protection.html"""

    @pytest.mark.parametrize(
        ("level", "size", "force", "is_deleted"),
        [
            ("none", 1, True, True),
            ("none", 0, False, True),
            ("prevent-force-deletion", 1, True, False),
            ("prevent-force-deletion", 0, True, False),
            ("prevent-force-deletion", 0, False, True),
            ("prevent-all-deletion", 0, False, False),
            ("prevent-all-deletion", 1, True, False),
        ],
    )
    def test_what_each_level_refuses(self, aws: Aws, level: str, size: int, force: bool, is_deleted: bool) -> None:
        aws.make_group(MinSize=size, DeletionProtection=level)
        assert aws.group()["DeletionProtection"] == level
        before = [each["InstanceId"] for each in aws.group()["Instances"]]
        given = {"AutoScalingGroupName": "web", "ForceDelete": force}
        if is_deleted:
            aws.autoscaling.delete_auto_scaling_group(**given)
            assert aws.names() == []
            return
        with pytest.raises(ClientError, match=f"deletion protection is set to {level}") as caught:
            aws.autoscaling.delete_auto_scaling_group(**given)
        assert caught.value.response["Error"]["Code"] == "ValidationError"
        assert [each["InstanceId"] for each in aws.group()["Instances"]] == before

    def test_it_is_judged_before_the_instances_are(self, aws: Aws) -> None:
        aws.make_group(DeletionProtection="prevent-all-deletion")
        assert code(aws.autoscaling.delete_auto_scaling_group, AutoScalingGroupName="web") == "ValidationError"
        update(aws, DeletionProtection="prevent-force-deletion")
        assert code(aws.autoscaling.delete_auto_scaling_group, AutoScalingGroupName="web") == "ResourceInUse"

    def test_it_is_none_by_default_and_can_be_lifted(self, aws: Aws) -> None:
        aws.make_group()
        assert aws.group()["DeletionProtection"] == "none"
        update(aws, DeletionProtection="prevent-all-deletion")
        update(aws, MaxSize=3)
        assert aws.group()["DeletionProtection"] == "prevent-all-deletion"
        update(aws, DeletionProtection="none")
        aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)

    def test_all_else_goes_on(self, aws: Aws) -> None:
        aws.make_group(MinSize=0, DesiredCapacity=2, DeletionProtection="prevent-all-deletion")
        number = aws.group()["Instances"][0]["InstanceId"]
        aws.autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=number, ShouldDecrementDesiredCapacity=True)
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=0)
        aws.autoscaling.suspend_processes(AutoScalingGroupName="web")
        assert aws.group()["Instances"] == []

    def test_an_unknown_level(self, aws: Aws) -> None:
        assert code(aws.make_group, DeletionProtection="some") == "ValidationError"


def policy(low: int | None, high: int | None) -> dict[str, Any]:
    given = {"MinHealthyPercentage": low, "MaxHealthyPercentage": high}
    return {"InstanceMaintenancePolicy": {name: value for name, value in given.items() if value is not None}}


class TestMaintenance:
    """InstanceMaintenancePolicy, Amazon EC2 Auto Scaling API Reference."""

    @pytest.mark.parametrize(
        ("low", "high"), [(90, None), (None, 110), (90, 50), (0, 150), (99, 200), (-1, 110), (90, -1), (101, 110)]
    )
    def test_half_a_policy_and_one_out_of_range(self, aws: Aws, low: int | None, high: int | None) -> None:
        assert code(aws.make_group, **policy(low, high)) == "ValidationError"
        assert aws.names() == []
        aws.make_group(**policy(90, 110))
        assert code(update, aws=aws, **policy(low, high)) == "ValidationError"
        assert aws.group()["InstanceMaintenancePolicy"] == policy(90, 110)["InstanceMaintenancePolicy"]

    @pytest.mark.parametrize(("low", "high"), [(0, 100), (100, 200), (100, 100), (90, 190)])
    def test_it_is_kept_and_given_back_until_it_is_cleared(self, aws: Aws, low: int, high: int) -> None:
        aws.make_group(**policy(low, high))
        assert aws.group()["InstanceMaintenancePolicy"] == policy(low, high)["InstanceMaintenancePolicy"]
        update(aws, **policy(-1, -1))
        assert "InstanceMaintenancePolicy" not in aws.group()

    def refreshed(self, aws: Aws, **preferences: Any) -> tuple[int, int]:
        """The fewest instances that serve during a refresh, and the most that are there."""
        aws.doors.configure(boot_seconds=60)
        aws.make_template("next")
        given = {"LaunchTemplate": {"LaunchTemplateName": "next", "Version": "1"}}
        aws.autoscaling.start_instance_refresh(
            AutoScalingGroupName="web", DesiredConfiguration=given, Preferences={"InstanceWarmup": 0, **preferences}
        )
        seen = []
        while self.refresh(aws)["Status"] == "InProgress" and len(seen) < 60:
            seen.append([each["LifecycleState"] for each in aws.group()["Instances"]])
            aws.doors.advance(timedelta(seconds=30))
        assert self.refresh(aws)["Status"] == "Successful"
        return min(states.count("InService") for states in seen), max(len(states) for states in seen)

    def refresh(self, aws: Aws) -> dict[str, Any]:
        return dict(aws.autoscaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"][0])

    @pytest.mark.parametrize(
        ("own", "preferences", "least", "most"),
        [
            (None, {}, 3, 4),
            ((50, 100), {}, 2, 4),
            ((100, 150), {}, 4, 6),
            ((100, 150), {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 100}, 2, 4),
            # what can be replaced in no other way is launched first, where both bounds were given
            ((100, 100), {}, 4, 5),
            (None, {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 100}, 4, 5),
            (None, {"MinHealthyPercentage": 100}, 3, 4),
        ],
    )
    def test_a_refresh_keeps_to_it(
        self, aws: Aws, own: tuple[int, int] | None, preferences: dict[str, int], least: int, most: int
    ) -> None:
        aws.make_group(MinSize=4, **(policy(*own) if own else {}))
        assert self.refreshed(aws, **preferences) == (least, most)

    def test_the_refresh_shows_what_it_keeps_to(self, aws: Aws) -> None:
        aws.make_group(MinSize=2, **policy(80, 120))
        aws.autoscaling.start_instance_refresh(AutoScalingGroupName="web")
        shown = self.refresh(aws)["Preferences"]
        assert (shown["MinHealthyPercentage"], shown["MaxHealthyPercentage"]) == (80, 120)

    def test_an_upper_bound_needs_a_lower_one(self, aws: Aws) -> None:
        aws.make_group()
        given = {"AutoScalingGroupName": "web", "Preferences": {"MaxHealthyPercentage": 120}}
        assert code(aws.autoscaling.start_instance_refresh, **given) == "ValidationError"


class TestServiceLinkedRole:
    def test_the_usual_one_is_given_back(self, aws: Aws) -> None:
        aws.make_group()
        group = aws.group()
        account = group["AutoScalingGroupARN"].split(":")[4]
        assert group["ServiceLinkedRoleARN"] == f"arn:aws:iam::{account}:role/{ROLE}"

    def test_the_one_that_was_given_is(self, aws: Aws) -> None:
        own = f"arn:aws:iam::123456789012:role/{ROLE}_one"
        aws.make_group(ServiceLinkedRoleARN=own)
        update(aws, MaxSize=4)
        assert aws.group()["ServiceLinkedRoleARN"] == own
        update(aws, ServiceLinkedRoleARN=f"{own}_two")
        assert aws.group()["ServiceLinkedRoleARN"] == f"{own}_two"

    def test_a_partition_has_its_own(self, aws: Aws) -> None:
        autoscaling, ec2 = (client_for(aws.emulator, name, "cn-north-1") for name in ("autoscaling", "ec2"))
        data = {"ImageId": ec2.describe_images()["Images"][0]["ImageId"], "InstanceType": "t3.micro"}
        ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="web",
            MinSize=0,
            MaxSize=0,
            LaunchTemplate={"LaunchTemplateName": "web"},
            AvailabilityZones=["cn-north-1a"],
        )
        group = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
        assert group["ServiceLinkedRoleARN"].startswith("arn:aws-cn:iam::")


def test_the_order_of_dimensions_is_kept(aws: Aws) -> None:
    dimensions = [{"Name": name, "Value": "v"} for name in ("m", "a", "z")]
    datum = {"MetricName": "Load", "Dimensions": dimensions, "Value": 1.0}
    aws.cloudwatch.put_metric_data(Namespace="Mine", MetricData=[datum])
    turned = {**datum, "Dimensions": dimensions[::-1]}
    aws.cloudwatch.put_metric_data(Namespace="Mine", MetricData=[turned])
    metrics = aws.cloudwatch.list_metrics(Namespace="Mine")["Metrics"]
    assert [metric["Dimensions"] for metric in metrics] == [dimensions]
