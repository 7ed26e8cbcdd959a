from datetime import timedelta
from typing import Any

import pytest
from aws_bench import START, Aws, code
from botocore.exceptions import ClientError


def target_group(aws: Aws, name: str) -> str:
    vpc = aws.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = aws.elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


class TestCreate:
    def test_the_reply_has_the_vendors_defaults(self, aws: Aws) -> None:
        aws.make_group()
        group = aws.group()
        assert group["DesiredCapacity"] == 1
        assert group["DefaultCooldown"] == 300
        assert group["HealthCheckType"] == "EC2"
        assert group["HealthCheckGracePeriod"] == 0
        assert group["TerminationPolicies"] == ["Default"]
        assert group["NewInstancesProtectedFromScaleIn"] is False
        assert group["CapacityRebalance"] is False
        assert sorted(group["AvailabilityZones"]) == ["us-east-1a", "us-east-1b", "us-east-1c"]
        assert group["CreatedTime"] == START
        assert "Status" not in group
        assert "DefaultInstanceWarmup" not in group

    def test_fields_are_given_back(self, aws: Aws) -> None:
        given = {
            "DefaultInstanceWarmup": 60,
            "InstanceMaintenancePolicy": {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 110},
            "MaxInstanceLifetime": 86400,
            "CapacityRebalance": True,
            "HealthCheckGracePeriod": 30,
            "HealthCheckType": "ELB",
            "DefaultCooldown": 10,
            "TerminationPolicies": ["OldestInstance", "Default"],
        }
        aws.make_group(**given)
        group = aws.group()
        assert {name: group[name] for name in given} == given

    def test_the_template_comes_back_with_id_name_and_the_version_as_given(self, aws: Aws) -> None:
        aws.make_group()
        aws.make_group("fixed", LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"})
        assert set(aws.group()["LaunchTemplate"]) == {"LaunchTemplateId", "LaunchTemplateName", "Version"}
        assert aws.group()["LaunchTemplate"]["Version"] == "$Latest"
        assert aws.group("fixed")["LaunchTemplate"]["Version"] == "1"

    @pytest.mark.parametrize("version", ["$DEFAULT", "$latest", "newest"])
    def test_a_version_is_a_number_or_one_of_two_words(self, aws: Aws, version: str) -> None:
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html
        text = "either '\\$Default', '\\$Latest', or a numeric version are allowed"
        with pytest.raises(ClientError, match=text):
            aws.make_group(LaunchTemplate={"LaunchTemplateName": "web", "Version": version})

    def test_sets_come_back_in_another_order(self, aws: Aws) -> None:
        subnets, targets = aws.subnets(), [target_group(aws, name) for name in ("a", "b", "c")]
        tags = [{"Key": key, "Value": "v", "PropagateAtLaunch": True} for key in ("z", "a")]
        aws.make_group(VPCZoneIdentifier=",".join(subnets), TargetGroupARNs=targets, Tags=tags)
        group = aws.group()
        found = group["VPCZoneIdentifier"].split(",")
        assert found != subnets
        assert sorted(found) == sorted(subnets)
        assert group["TargetGroupARNs"] != targets
        assert sorted(group["TargetGroupARNs"]) == sorted(targets)
        assert [tag["Key"] for tag in group["Tags"]] == ["a", "z"]
        assert group["Tags"][0] == {
            "Key": "a",
            "Value": "v",
            "PropagateAtLaunch": True,
            "ResourceId": "web",
            "ResourceType": "auto-scaling-group",
        }

    def test_a_name_that_is_taken(self, aws: Aws) -> None:
        aws.make_group()
        assert code(aws.make_group) == "AlreadyExists"

    @pytest.mark.parametrize(
        "given",
        [
            {"MinSize": 6},
            {"DesiredCapacity": 6},
            {"DesiredCapacity": 0},
            {"LaunchTemplate": {"LaunchTemplateName": "none"}},
            {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "9"}},
            {"LaunchTemplate": {"LaunchTemplateId": "lt-0123456789abcdef0"}},
            {"VPCZoneIdentifier": "subnet-0123456789abcdef0"},
            {"TargetGroupARNs": ["arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/no/1"]},
            {"HealthCheckType": "x" * 33},
            {"name": "with:colon"},
            {"LaunchConfigurationName": "both"},
        ],
    )
    def test_what_the_service_refuses(self, aws: Aws, given: dict[str, Any]) -> None:
        assert code(aws.make_group, **given) == "ValidationError"
        assert aws.names() == []


class TestInstances:
    def test_are_spread_over_the_zones(self, aws: Aws) -> None:
        aws.make_group(MinSize=5, MaxSize=6)
        zones = [each["AvailabilityZone"] for each in aws.group()["Instances"]]
        assert sorted(zones.count(zone) for zone in set(zones)) == [1, 2, 2]

    def test_are_instances_of_ec2_with_the_groups_tags(self, aws: Aws) -> None:
        aws.make_group(Tags=[{"Key": "role", "Value": "web", "PropagateAtLaunch": True}])
        number = aws.group()["Instances"][0]["InstanceId"]
        found = aws.ec2.describe_instances(InstanceIds=[number])["Reservations"][0]["Instances"][0]
        tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
        assert (tags["role"], tags["aws:autoscaling:groupName"]) == ("web", "web")
        assert found["InstanceType"] == "t3.micro"

    def test_keep_the_version_that_they_were_launched_with(self, aws: Aws) -> None:
        aws.make_group(MinSize=2)
        data = {"ImageId": "ami-03cf127a", "InstanceType": "t3.large"}
        aws.ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=data)
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
        found = [(each["LaunchTemplate"]["Version"], each["InstanceType"]) for each in aws.group()["Instances"]]
        assert sorted(found) == [("1", "t3.micro"), ("1", "t3.micro"), ("2", "t3.large")]

    def test_those_of_the_old_template_go_first(self, aws: Aws) -> None:
        aws.make_group(VPCZoneIdentifier=aws.subnets(1)[0])
        data = {"ImageId": "ami-03cf127a", "InstanceType": "t3.large"}
        aws.ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=data)
        for size in (2, 1):
            aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=size)
        assert [each["LaunchTemplate"]["Version"] for each in aws.group()["Instances"]] == ["2"]

    def test_are_registered_with_the_target_groups(self, aws: Aws) -> None:
        arn = target_group(aws, "web")
        aws.make_group(MinSize=2, TargetGroupARNs=[arn])

        def targets() -> set[str]:
            found = aws.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            return {each["Target"]["Id"] for each in found}

        assert targets() == {each["InstanceId"] for each in aws.group()["Instances"]}
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, DesiredCapacity=0)
        assert targets() == set()

    def test_one_that_is_terminated_behind_its_back_is_replaced(self, aws: Aws) -> None:
        aws.make_group()
        number = aws.group()["Instances"][0]["InstanceId"]
        aws.ec2.terminate_instances(InstanceIds=[number])
        assert [each["InstanceId"] for each in aws.group()["Instances"]] != [number]
        assert len(aws.group()["Instances"]) == 1

    def test_one_that_is_terminated_on_request(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        number = aws.group()["Instances"][0]["InstanceId"]
        terminate = aws.autoscaling.terminate_instance_in_auto_scaling_group
        activity = terminate(InstanceId=number, ShouldDecrementDesiredCapacity=True)["Activity"]
        assert number in activity["Description"]
        assert aws.sizes() == (1, 5, 1)
        last = aws.group()["Instances"][0]["InstanceId"]
        assert code(terminate, InstanceId=last, ShouldDecrementDesiredCapacity=True) == "ValidationError"
        terminate(InstanceId=last, ShouldDecrementDesiredCapacity=False)
        assert len(aws.group()["Instances"]) == 1
        assert code(terminate, InstanceId="i-0", ShouldDecrementDesiredCapacity=False) == "ValidationError"

    def test_a_launch_that_fails_is_a_failed_activity(self, aws: Aws) -> None:
        aws.make_group()
        aws.ec2.delete_launch_template(LaunchTemplateName="web")
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        assert aws.group()["DesiredCapacity"] == 2
        assert len(aws.group()["Instances"]) == 1
        activity = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"][0]
        assert activity["StatusCode"] == "Failed"
        assert "does not exist" in activity["StatusMessage"]

    def test_are_described_with_their_group(self, aws: Aws) -> None:
        aws.make_group()
        found = aws.autoscaling.describe_auto_scaling_instances()["AutoScalingInstances"]
        assert [(each["AutoScalingGroupName"], each["LifecycleState"]) for each in found] == [("web", "InService")]


class TestUpdate:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"MinSize": 4}, (4, 5, 4)),
            ({"MaxSize": 1}, (1, 1, 1)),
            ({"MinSize": 0}, (0, 5, 2)),
            ({"MaxSize": 9, "DesiredCapacity": 8}, (1, 9, 8)),
        ],
    )
    def test_new_bounds_move_the_size(self, aws: Aws, given: dict[str, int], expected: tuple[int, int, int]) -> None:
        aws.make_group(DesiredCapacity=2)
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **given)
        assert aws.sizes() == expected
        assert len(aws.group()["Instances"]) == expected[2]

    @pytest.mark.parametrize(
        "given",
        [
            {"MaxSize": 0},
            {"DesiredCapacity": 6},
            {"DesiredCapacity": 0},
            {"LaunchTemplate": {"LaunchTemplateName": "none"}},
        ],
    )
    def test_what_the_service_refuses_changes_nothing(self, aws: Aws, given: dict[str, Any]) -> None:
        aws.make_group()
        before = aws.group()
        assert code(aws.autoscaling.update_auto_scaling_group, AutoScalingGroupName="web", **given) == "ValidationError"
        assert aws.group() == before

    def test_each_field_changes_alone(self, aws: Aws) -> None:
        aws.make_group(DefaultInstanceWarmup=60)
        for name, value in {
            "DefaultCooldown": 20,
            "HealthCheckGracePeriod": 40,
            "HealthCheckType": "ELB",
            "TerminationPolicies": ["NewestInstance"],
            "DefaultInstanceWarmup": 90,
            "MaxInstanceLifetime": 86400,
            "NewInstancesProtectedFromScaleIn": True,
            "CapacityRebalance": True,
        }.items():
            before = aws.group()
            aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **{name: value})
            assert aws.group() == {**before, name: value}

    def test_warm_up_and_lifetime_are_cleared_by_values_of_their_own(self, aws: Aws) -> None:
        aws.make_group(DefaultInstanceWarmup=60, MaxInstanceLifetime=86400)
        aws.autoscaling.update_auto_scaling_group(
            AutoScalingGroupName="web", DefaultInstanceWarmup=-1, MaxInstanceLifetime=0
        )
        assert not {"DefaultInstanceWarmup", "MaxInstanceLifetime"} & set(aws.group())

    def test_subnets_change_with_their_zones(self, aws: Aws) -> None:
        aws.make_group()
        subnet = aws.subnets(1)[0]
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", VPCZoneIdentifier=subnet)
        assert aws.group()["VPCZoneIdentifier"] == subnet
        assert aws.group()["AvailabilityZones"] == ["us-east-1a"]

    def test_another_template_leaves_the_instances(self, aws: Aws) -> None:
        aws.make_group()
        aws.make_template("other")
        source = {"LaunchTemplateName": "other", "Version": "1"}
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=source)
        assert aws.group()["LaunchTemplate"]["LaunchTemplateName"] == "other"
        assert aws.group()["Instances"][0]["LaunchTemplate"]["LaunchTemplateName"] == "web"

    def test_a_mixed_instances_policy_takes_the_templates_place_and_back(self, aws: Aws) -> None:
        aws.make_group()
        source = {"LaunchTemplateName": "web", "Version": "$Latest"}
        mixed = {"LaunchTemplate": {"LaunchTemplateSpecification": source, "Overrides": [{"InstanceType": "t3.small"}]}}
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MixedInstancesPolicy=mixed)
        assert "LaunchTemplate" not in aws.group()
        distribution = aws.group()["MixedInstancesPolicy"]["InstancesDistribution"]
        assert distribution["OnDemandPercentageAboveBaseCapacity"] == 100
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=source)
        assert "MixedInstancesPolicy" not in aws.group()

    @pytest.mark.parametrize("size", [0, 6])
    def test_a_size_outside_the_bounds(self, aws: Aws, size: int) -> None:
        aws.make_group()
        call = aws.autoscaling.set_desired_capacity
        assert code(call, AutoScalingGroupName="web", DesiredCapacity=size) == "ValidationError"

    def test_a_group_that_is_not_there(self, aws: Aws) -> None:
        scaling = aws.autoscaling
        assert code(scaling.set_desired_capacity, AutoScalingGroupName="no", DesiredCapacity=1) == "ValidationError"
        assert code(scaling.update_auto_scaling_group, AutoScalingGroupName="no", MinSize=1) == "ValidationError"
        assert code(scaling.delete_auto_scaling_group, AutoScalingGroupName="no") == "ValidationError"


class TestDelete:
    def test_with_instances_it_needs_force(self, aws: Aws) -> None:
        aws.make_group()
        assert code(aws.autoscaling.delete_auto_scaling_group, AutoScalingGroupName="web") == "ResourceInUse"
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, DesiredCapacity=0)
        aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web")
        assert aws.names() == []

    def test_terminates_the_instances_and_forgets_policies_and_schedules(self, aws: Aws) -> None:
        aws.make_group()
        number = aws.group()["Instances"][0]["InstanceId"]
        scaling = aws.autoscaling
        scaling.put_scaling_policy(
            AutoScalingGroupName="web", PolicyName="p", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
        )
        scaling.put_scheduled_update_group_action(
            AutoScalingGroupName="web", ScheduledActionName="s", Recurrence="0 8 * * *", MinSize=1
        )
        scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
        found = aws.ec2.describe_instances(InstanceIds=[number])["Reservations"][0]["Instances"][0]
        assert found["State"]["Name"] == "terminated"
        assert scaling.describe_policies()["ScalingPolicies"] == []
        assert scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []

    def test_can_take_its_time(self, aws: Aws) -> None:
        aws.doors.configure(delete_seconds=60)
        aws.make_group()
        aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
        assert (aws.group()["Status"], aws.group()["Instances"]) == ("Delete in progress", [])
        assert code(aws.make_group) == "AlreadyExists"
        update = aws.autoscaling.update_auto_scaling_group
        assert code(update, AutoScalingGroupName="web", MinSize=2) == "ScalingActivityInProgress"
        aws.doors.advance(59)
        assert aws.names() == ["web"]
        aws.doors.advance(1)
        assert aws.names() == []
        aws.make_group()


class TestRead:
    def test_pages(self, aws: Aws) -> None:
        expected = [f"g{number:03}" for number in range(101)]
        for name in expected:
            aws.make_group(name, MinSize=0)
        first = aws.autoscaling.describe_auto_scaling_groups()
        assert len(first["AutoScalingGroups"]) == 50
        pages = aws.autoscaling.get_paginator("describe_auto_scaling_groups").paginate(MaxRecords=100)
        assert [each["AutoScalingGroupName"] for page in pages for each in page["AutoScalingGroups"]] == expected
        call = aws.autoscaling.describe_auto_scaling_groups
        assert code(call, AutoScalingGroupNames=expected) == "ValidationError"
        assert code(call, MaxRecords=101) == "ValidationError"
        assert code(call, NextToken="nonsense") == "InvalidNextToken"

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ({"Name": "tag-key", "Values": ["team"]}, ["one", "two"]),
            ({"Name": "tag-value", "Values": ["a"]}, ["one"]),
            ({"Name": "tag:team", "Values": ["b", "c"]}, ["two"]),
        ],
    )
    def test_filters_by_tag(self, aws: Aws, rule: dict[str, Any], expected: list[str]) -> None:
        aws.make_group("one", Tags=[{"Key": "team", "Value": "a"}])
        aws.make_group("two", Tags=[{"Key": "team", "Value": "b"}])
        aws.make_group("three")
        found = aws.autoscaling.describe_auto_scaling_groups(Filters=[rule])["AutoScalingGroups"]
        assert sorted(each["AutoScalingGroupName"] for each in found) == sorted(expected)

    def test_names_that_are_unknown_are_left_out(self, aws: Aws) -> None:
        aws.make_group()
        found = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web", "no"])
        assert len(found["AutoScalingGroups"]) == 1

    def test_tags_are_put_and_deleted(self, aws: Aws) -> None:
        aws.make_group()
        base = {"ResourceId": "web", "ResourceType": "auto-scaling-group"}
        tag = {**base, "Key": "k", "Value": "v", "PropagateAtLaunch": True}
        aws.autoscaling.create_or_update_tags(Tags=[tag])
        aws.autoscaling.create_or_update_tags(Tags=[{**tag, "Value": "w"}])
        assert aws.autoscaling.describe_tags()["Tags"] == [{**tag, "Value": "w"}]
        rules = [{"Name": "auto-scaling-group", "Values": ["web"]}, {"Name": "key", "Values": ["x"]}]
        assert aws.autoscaling.describe_tags(Filters=rules)["Tags"] == []
        aws.autoscaling.delete_tags(Tags=[{**base, "Key": "k"}])
        assert aws.group()["Tags"] == []
        assert code(aws.autoscaling.create_or_update_tags, Tags=[{**tag, "ResourceId": "no"}]) == "ValidationError"


class TestProcesses:
    def test_suspended_and_resumed(self, aws: Aws) -> None:
        aws.make_group()
        aws.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
        found = aws.group()["SuspendedProcesses"]
        assert found == [{"ProcessName": "Launch", "SuspensionReason": "User suspended at 2026-01-05T00:00:00Z"}]
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        assert len(aws.group()["Instances"]) == 1
        aws.autoscaling.resume_processes(AutoScalingGroupName="web")
        assert (len(aws.group()["Instances"]), aws.group()["SuspendedProcesses"]) == (2, [])

    def test_one_that_there_is_not(self, aws: Aws) -> None:
        aws.make_group()
        call = aws.autoscaling.suspend_processes
        assert code(call, AutoScalingGroupName="web", ScalingProcesses=["Dance"]) == "ValidationError"


class TestActivities:
    def test_each_launch_and_termination_newest_first(self, aws: Aws) -> None:
        aws.make_group()
        aws.doors.advance(timedelta(minutes=1))
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        aws.doors.advance(timedelta(minutes=1))
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
        found = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]
        assert [each["Description"].split(":")[0] for each in found] == [
            "Terminating EC2 instance",
            "Launching a new EC2 instance",
            "Launching a new EC2 instance",
        ]
        assert [each["StartTime"] for each in found] == [START + timedelta(minutes=n) for n in (2, 1, 0)]
        assert all(each["StatusCode"] == "Successful" and each["EndTime"] == each["StartTime"] for each in found)
        assert "a user request created an AutoScalingGroup" in found[-1]["Cause"]
        assert "a user request explicitly set group desired capacity" in found[0]["Cause"]
        assert len({each["ActivityId"] for each in found}) == 3

    def test_of_a_deleted_group_only_on_request(self, aws: Aws) -> None:
        aws.make_group()
        aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
        call = aws.autoscaling.describe_scaling_activities
        assert call()["Activities"] == []
        assert code(call, AutoScalingGroupName="web") == "ValidationError"
        assert len(call(AutoScalingGroupName="web", IncludeDeletedGroups=True)["Activities"]) == 2

    def test_pages(self, aws: Aws) -> None:
        aws.make_group(MinSize=5)
        pages = list(aws.autoscaling.get_paginator("describe_scaling_activities").paginate(MaxRecords=2))
        assert [len(page["Activities"]) for page in pages] == [2, 2, 1]
