"""Instances take time, wait for hooks, come from warm pools, fail, and are bought in different ways."""

from datetime import timedelta
from typing import Any

import pytest
from aws_bench import START, Aws, client_for, code
from botocore.exceptions import ClientError

MINUTE = timedelta(minutes=1)
LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"


def states(aws: Aws) -> list[str]:
    return [each["LifecycleState"] for each in aws.group()["Instances"]]


def resize(aws: Aws, size: int) -> None:
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=size)


def activities(aws: Aws) -> list[dict[str, Any]]:
    return list(aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"])


def target_group(aws: Aws, name: str = "web") -> str:
    vpc = aws.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = aws.elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def health(aws: Aws, arn: str) -> dict[str, str]:
    found = aws.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in found}


class TestBoot:
    def test_instances_are_pending_until_they_have_booted(self, aws: Aws) -> None:
        aws.doors.configure(boot_seconds=60)
        arn = target_group(aws)
        aws.make_group(TargetGroupARNs=[arn])
        assert (states(aws), health(aws, arn)) == (["Pending"], {})
        activity = activities(aws)[0]
        assert (activity["StatusCode"], activity["Progress"], "EndTime" in activity) == ("InProgress", 50, False)
        aws.doors.advance(MINUTE)
        assert (states(aws), list(health(aws, arn).values())) == (["InService"], ["healthy"])
        assert (activities(aws)[0]["StatusCode"], activities(aws)[0]["EndTime"]) == ("Successful", START + MINUTE)

    def test_the_pending_count_as_capacity(self, aws: Aws) -> None:
        aws.doors.configure(boot_seconds=60)
        aws.make_group()
        resize(aws, 3)
        resize(aws, 2)
        assert states(aws) == ["Pending", "Pending"]


class TestHooks:
    def put(self, aws: Aws, name: str = "wait", **given: Any) -> None:
        wanted = {"LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 60, **given}
        aws.autoscaling.put_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName=name, **wanted)

    def complete(self, aws: Aws, result: str = "CONTINUE", name: str = "wait") -> None:
        waiting = next(each for each in aws.group()["Instances"] if each["LifecycleState"].endswith("Wait"))
        aws.autoscaling.complete_lifecycle_action(
            AutoScalingGroupName="web",
            LifecycleHookName=name,
            InstanceId=waiting["InstanceId"],
            LifecycleActionResult=result,
        )

    def test_a_hook_as_it_is_described(self, aws: Aws) -> None:
        aws.make_group()
        self.put(aws, HeartbeatTimeout=300)
        assert aws.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="web")["LifecycleHooks"] == [
            {
                "LifecycleHookName": "wait",
                "AutoScalingGroupName": "web",
                "LifecycleTransition": LAUNCHING,
                "HeartbeatTimeout": 300,
                "GlobalTimeout": 30000,
                "DefaultResult": "ABANDON",
            }
        ]

    def test_one_given_with_the_group_is_there_for_its_first_instance(self, aws: Aws) -> None:
        hook = {"LifecycleHookName": "wait", "LifecycleTransition": LAUNCHING}
        aws.make_group(LifecycleHookSpecificationList=[hook])
        assert states(aws) == ["Pending:Wait"]
        assert activities(aws)[0]["StatusCode"] == "MidLifecycleAction"
        self.complete(aws)
        assert states(aws) == ["InService"]

    def test_given_up_the_instance_is_replaced(self, aws: Aws) -> None:
        aws.make_group()
        self.put(aws)
        resize(aws, 2)
        first = aws.group()["Instances"][1]["InstanceId"]
        self.complete(aws, "ABANDON")
        assert states(aws) == ["InService", "Pending:Wait"]
        assert aws.group()["Instances"][1]["InstanceId"] != first
        assert "Failed" in [each["StatusCode"] for each in activities(aws)]

    @pytest.mark.parametrize(("result", "expected"), [("CONTINUE", "InService"), ("ABANDON", "Pending:Wait")])
    def test_without_an_answer_the_default_counts(self, aws: Aws, result: str, expected: str) -> None:
        aws.make_group()
        self.put(aws, DefaultResult=result)
        resize(aws, 2)
        first = aws.group()["Instances"][1]["InstanceId"]
        aws.doors.advance(59)
        assert states(aws)[1] == "Pending:Wait"
        aws.doors.advance(1)
        assert states(aws)[1] == expected
        assert (aws.group()["Instances"][1]["InstanceId"] == first) == (result == "CONTINUE")

    def test_a_heartbeat_lengthens_the_wait(self, aws: Aws) -> None:
        aws.make_group()
        self.put(aws, DefaultResult="CONTINUE")
        resize(aws, 2)
        aws.doors.advance(50)
        number = aws.group()["Instances"][1]["InstanceId"]
        aws.autoscaling.record_lifecycle_action_heartbeat(
            AutoScalingGroupName="web", LifecycleHookName="wait", InstanceId=number
        )
        aws.doors.advance(50)
        assert states(aws)[1] == "Pending:Wait"
        aws.doors.advance(10)
        assert states(aws)[1] == "InService"

    def test_terminating_waits_and_the_target_drains(self, aws: Aws) -> None:
        arn = target_group(aws)
        aws.make_group(TargetGroupARNs=[arn], DesiredCapacity=2)
        self.put(aws, LifecycleTransition=TERMINATING)
        resize(aws, 1)
        assert sorted(states(aws)) == ["InService", "Terminating:Wait"]
        assert sorted(health(aws, arn).values()) == ["draining", "healthy"]
        self.complete(aws)
        assert states(aws) == ["InService"]

    def test_what_the_service_refuses(self, aws: Aws) -> None:
        aws.make_group()
        base = {"AutoScalingGroupName": "web", "LifecycleHookName": "h"}
        put, scaling = aws.autoscaling.put_lifecycle_hook, aws.autoscaling
        assert code(put, **base) == "ValidationError"
        assert code(put, **base, LifecycleTransition="autoscaling:NEVER") == "ValidationError"
        assert code(put, **base, LifecycleTransition=LAUNCHING, HeartbeatTimeout=10) == "ValidationError"
        assert code(scaling.delete_lifecycle_hook, **base) == "ValidationError"
        done = {**base, "InstanceId": "i-0123456789abcdef0", "LifecycleActionResult": "CONTINUE"}
        assert code(scaling.complete_lifecycle_action, **done) == "ValidationError"


class TestWarmPool:
    def pool(self, aws: Aws) -> dict[str, Any]:
        return dict(aws.autoscaling.describe_warm_pool(AutoScalingGroupName="web"))

    def test_it_is_filled_up_to_the_maximum_with_stopped_instances(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        aws.autoscaling.put_warm_pool(AutoScalingGroupName="web")
        found = self.pool(aws)
        assert [each["LifecycleState"] for each in found["Instances"]] == ["Warmed:Stopped"] * 3
        assert found["WarmPoolConfiguration"] == {"MinSize": 0, "PoolState": "Stopped"}
        numbers = [each["InstanceId"] for each in found["Instances"]]
        reply = aws.ec2.describe_instances(InstanceIds=numbers)
        assert {each["Instances"][0]["State"]["Name"] for each in reply["Reservations"]} == {"stopped"}
        assert len(aws.group()["Instances"]) == 2

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"MaxGroupPreparedCapacity": 3}, 1),
            ({"MaxGroupPreparedCapacity": 2}, 0),
            ({"MaxGroupPreparedCapacity": 2, "MinSize": 2}, 2),
        ],
    )
    def test_its_size(self, aws: Aws, given: dict[str, int], expected: int) -> None:
        aws.make_group(DesiredCapacity=2)
        aws.autoscaling.put_warm_pool(AutoScalingGroupName="web", **given)
        assert len(self.pool(aws)["Instances"]) == expected

    def test_scaling_out_takes_from_it_first(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        aws.autoscaling.put_warm_pool(AutoScalingGroupName="web", PoolState="Running")
        warm = {each["InstanceId"] for each in self.pool(aws)["Instances"]}
        aws.doors.configure(boot_seconds=600)
        resize(aws, 4)
        numbers = {each["InstanceId"] for each in aws.group()["Instances"]}
        assert len(numbers & warm) == 2
        assert states(aws) == ["InService"] * 4
        assert activities(aws)[0]["Description"].startswith("Launching a new EC2 instance from warm pool: i-")

    def test_scaling_in_gives_back_where_that_is_asked(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=5)
        aws.autoscaling.put_warm_pool(AutoScalingGroupName="web", InstanceReusePolicy={"ReuseOnScaleIn": True})
        before = {each["InstanceId"] for each in aws.group()["Instances"]}
        resize(aws, 3)
        assert {each["InstanceId"] for each in self.pool(aws)["Instances"]} < before

    def test_deleting_it_takes_force_while_there_are_instances(self, aws: Aws) -> None:
        aws.make_group()
        aws.autoscaling.put_warm_pool(AutoScalingGroupName="web")
        assert "WarmPoolConfiguration" in aws.group()
        assert code(aws.autoscaling.delete_warm_pool, AutoScalingGroupName="web") == "ResourceInUse"
        aws.autoscaling.delete_warm_pool(AutoScalingGroupName="web", ForceDelete=True)
        assert "WarmPoolConfiguration" not in aws.group()
        assert code(aws.autoscaling.delete_warm_pool, AutoScalingGroupName="web") == "ValidationError"


class TestShortages:
    def test_the_activity_fails_and_the_size_stays_wanted(self, aws: Aws) -> None:
        aws.make_group()
        aws.doors.run_short(instance_type="t3.micro")
        resize(aws, 2)
        assert (aws.sizes()[2], len(aws.group()["Instances"])) == (2, 1)
        failed = activities(aws)[0]
        assert failed["StatusCode"] == "Failed"
        assert failed["StatusMessage"].startswith("We currently do not have sufficient t3.micro capacity in the")
        assert "Status Reason: We currently do not have" in failed["Description"]

    def test_it_is_tried_again_until_there_are_some(self, aws: Aws) -> None:
        aws.make_group()
        aws.doors.run_short()
        resize(aws, 2)
        aws.doors.advance(MINUTE)
        assert [each["StatusCode"] for each in activities(aws)[:2]] == ["Failed", "Failed"]
        aws.doors.end_shortages()
        aws.doors.advance(2 * MINUTE)
        assert len(aws.group()["Instances"]) == 2

    def test_another_type_of_a_mixed_group_is_taken(self, aws: Aws) -> None:
        make_mixed(aws, types=[("t3.micro", None), ("t3.small", None)])
        aws.doors.run_short(instance_type="t3.micro")
        resize(aws, 2)
        assert [each["InstanceType"] for each in aws.group()["Instances"]] == ["t3.micro", "t3.small"]


def make_mixed(aws: Aws, types: list[tuple[str, int | None]], **given: Any) -> None:
    overrides = [
        {"InstanceType": name, **({} if weight is None else {"WeightedCapacity": str(weight)})}
        for name, weight in types
    ]
    source = {"LaunchTemplateName": "web", "Version": "$Latest"}
    mixed = {
        "LaunchTemplate": {"LaunchTemplateSpecification": source, "Overrides": overrides},
        "InstancesDistribution": given.pop("shares", {}),
    }
    subnets = ",".join(aws.subnets())
    aws.autoscaling.create_auto_scaling_group(
        **{
            "AutoScalingGroupName": "web",
            "MinSize": 1,
            "MaxSize": 20,
            "VPCZoneIdentifier": subnets,
            "MixedInstancesPolicy": mixed,
            **given,
        }
    )


class TestMixed:
    def test_base_and_share_are_on_demand_the_rest_spot(self, aws: Aws) -> None:
        shares = {"OnDemandBaseCapacity": 2, "OnDemandPercentageAboveBaseCapacity": 25}
        make_mixed(aws, [("t3.micro", None)], shares=shares, DesiredCapacity=10)
        numbers = [each["InstanceId"] for each in aws.group()["Instances"]]
        found = aws.ec2.describe_instances(InstanceIds=numbers)["Reservations"]
        options = [each["Instances"][0].get("InstanceLifecycle", "on-demand") for each in found]
        assert (options.count("on-demand"), options.count("spot")) == (4, 6)

    def test_capacity_is_in_units_of_the_weights(self, aws: Aws) -> None:
        make_mixed(aws, [("t3.large", 4)], DesiredCapacity=10)
        found = aws.group()["Instances"]
        assert [each["WeightedCapacity"] for each in found] == ["4", "4", "4"]
        resize(aws, 9)
        assert len(aws.group()["Instances"]) == 3
        resize(aws, 8)
        assert len(aws.group()["Instances"]) == 2

    def test_an_update_may_change_the_shares_alone(self, aws: Aws) -> None:
        make_mixed(aws, [("t3.micro", None)])
        shares = {"InstancesDistribution": {"OnDemandBaseCapacity": 3}}
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MixedInstancesPolicy=shares)
        policy = aws.group()["MixedInstancesPolicy"]
        assert policy["InstancesDistribution"]["OnDemandBaseCapacity"] == 3
        assert policy["LaunchTemplate"]["Overrides"] == [{"InstanceType": "t3.micro"}]

    @pytest.mark.parametrize("name", ["OnDemandAllocationStrategy", "SpotAllocationStrategy"])
    def test_a_strategy_that_there_is_not(self, aws: Aws, name: str) -> None:
        with pytest.raises(ClientError, match="cheapest"):
            make_mixed(aws, [("t3.micro", None)], shares={name: "cheapest"})
        assert aws.names() == []


class TestTermination:
    @pytest.mark.parametrize(("policy", "kept"), [("OldestInstance", [1, 2]), ("NewestInstance", [0, 1])])
    def test_policies_choose_within_the_zone(self, aws: Aws, policy: str, kept: list[int]) -> None:
        aws.make_group(TerminationPolicies=[policy], VPCZoneIdentifier=aws.subnets(1)[0], DesiredCapacity=3)
        before = [each["InstanceId"] for each in aws.group()["Instances"]]
        resize(aws, 2)
        assert [each["InstanceId"] for each in aws.group()["Instances"]] == [before[place] for place in kept]

    def test_the_fullest_zone_gives_one_up(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=4)
        resize(aws, 3)
        zones = [each["AvailabilityZone"] for each in aws.group()["Instances"]]
        assert len(set(zones)) == 3

    def test_those_that_are_protected_stay(self, aws: Aws) -> None:
        aws.make_group(NewInstancesProtectedFromScaleIn=True, DesiredCapacity=3)
        resize(aws, 1)
        assert (aws.sizes()[2], len(aws.group()["Instances"])) == (1, 3)


class TestHealth:
    def set_unhealthy(self, aws: Aws, **given: Any) -> str:
        number = str(aws.group()["Instances"][0]["InstanceId"])
        aws.autoscaling.set_instance_health(InstanceId=number, HealthStatus="Unhealthy", **given)
        return number

    def test_one_that_is_set_unhealthy_is_replaced(self, aws: Aws) -> None:
        aws.make_group()
        number = self.set_unhealthy(aws)
        assert [each["InstanceId"] for each in aws.group()["Instances"]] != [number]
        assert "in response to a user health-check" in activities(aws)[1]["Cause"]

    def test_within_the_grace_period_only_when_that_is_not_to_count(self, aws: Aws) -> None:
        aws.make_group(HealthCheckGracePeriod=300)
        number = self.set_unhealthy(aws)
        assert aws.group()["Instances"][0]["InstanceId"] == number
        self.set_unhealthy(aws, ShouldRespectGracePeriod=False)
        assert aws.group()["Instances"][0]["InstanceId"] != number

    def test_while_replacing_rests_it_stays_unhealthy(self, aws: Aws) -> None:
        aws.make_group()
        aws.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["ReplaceUnhealthy"])
        number = self.set_unhealthy(aws)
        assert aws.group()["Instances"][0]["HealthStatus"] == "Unhealthy"
        aws.autoscaling.resume_processes(AutoScalingGroupName="web")
        assert aws.group()["Instances"][0]["InstanceId"] != number

    @pytest.mark.parametrize(("kind", "is_replaced"), [("ELB", True), ("EBS,ELB", True), ("EC2", False)])
    def test_a_failing_target_is_replaced_where_the_balancer_decides(
        self, aws: Aws, kind: str, is_replaced: bool
    ) -> None:
        arn = target_group(aws)
        aws.make_group(TargetGroupARNs=[arn], HealthCheckType=kind, HealthCheckGracePeriod=60)
        number = aws.group()["Instances"][0]["InstanceId"]
        aws.doors.fail_target(number)
        assert health(aws, arn) == {number: "unhealthy"}
        aws.doors.advance(MINUTE)
        assert (aws.group()["Instances"][0]["InstanceId"] != number) is is_replaced


class TestTrafficSources:
    def test_attached_described_and_detached(self, aws: Aws) -> None:
        arn = target_group(aws)
        aws.make_group()
        source = [{"Identifier": arn, "Type": "elbv2"}]
        scaling, name = aws.autoscaling, {"AutoScalingGroupName": "web"}
        scaling.attach_traffic_sources(**name, TrafficSources=source)
        found = scaling.describe_traffic_sources(**name)["TrafficSources"]
        assert found == [{"TrafficSource": arn, "Identifier": arn, "Type": "elbv2", "State": "InService"}]
        assert len(health(aws, arn)) == 1
        scaling.detach_traffic_sources(**name, TrafficSources=source)
        assert (health(aws, arn), aws.group()["TargetGroupARNs"]) == ({}, [])
        assert code(scaling.detach_traffic_sources, **name, TrafficSources=source) == "ValidationError"

    def test_nothing_is_registered_while_that_rests(self, aws: Aws) -> None:
        arn = target_group(aws)
        aws.make_group(TargetGroupARNs=[arn])
        aws.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AddToLoadBalancer"])
        resize(aws, 3)
        assert len(health(aws, arn)) == 1

    def test_topics_are_kept(self, aws: Aws) -> None:
        aws.make_group()
        topic = {"AutoScalingGroupName": "web", "TopicARN": "arn:aws:sns:us-east-1:123456789012:t"}
        kinds = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"]
        aws.doors.configure(check_hook_targets=1)
        refused = code(aws.autoscaling.put_notification_configuration, **topic, NotificationTypes=kinds)
        assert refused == "ValidationError"  # there is no such topic yet
        client_for(aws.emulator, "sns").create_topic(Name="t")
        scaling = aws.autoscaling
        scaling.put_notification_configuration(**topic, NotificationTypes=kinds)
        found = scaling.describe_notification_configurations()["NotificationConfigurations"]
        assert found == [{**topic, "NotificationType": kind} for kind in kinds]
        assert code(scaling.put_notification_configuration, **topic, NotificationTypes=["x"]) == "ValidationError"
        scaling.delete_notification_configuration(**topic)
        assert scaling.describe_notification_configurations()["NotificationConfigurations"] == []

    def test_metrics_of_the_group_are_switched_on_and_off(self, aws: Aws) -> None:
        aws.make_group()
        aws.autoscaling.enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute")
        assert {"Metric": "GroupMinSize", "Granularity": "1Minute"} in aws.group()["EnabledMetrics"]
        aws.autoscaling.disable_metrics_collection(AutoScalingGroupName="web")
        assert aws.group()["EnabledMetrics"] == []


class TestRefresh:
    def start(self, aws: Aws, **preferences: Any) -> str:
        wanted = {"InstanceWarmup": 60, **preferences}
        given = {"AutoScalingGroupName": "web", "Preferences": wanted}
        return str(aws.autoscaling.start_instance_refresh(**given)["InstanceRefreshId"])

    def last(self, aws: Aws) -> dict[str, Any]:
        found = aws.autoscaling.describe_instance_refreshes(AutoScalingGroupName="web")
        return dict(found["InstanceRefreshes"][0])

    def test_batches_follow_each_other_when_the_last_is_warm(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=4)
        before = {each["InstanceId"] for each in aws.group()["Instances"]}
        self.start(aws, MinHealthyPercentage=50)
        left = []
        for _ in range(3):
            left.append(len(before & {each["InstanceId"] for each in aws.group()["Instances"]}))
            aws.doors.advance(MINUTE)
        assert left == [2, 0, 0]
        assert (self.last(aws)["Status"], self.last(aws)["PercentageComplete"]) == ("Successful", 100)
        assert self.last(aws)["EndTime"] == START + 2 * MINUTE

    def test_above_a_hundred_per_cent_new_ones_come_first(self, aws: Aws) -> None:
        aws.doors.configure(boot_seconds=30)
        aws.make_group(DesiredCapacity=2)
        aws.doors.advance(MINUTE)
        self.start(aws, MinHealthyPercentage=100, MaxHealthyPercentage=150)
        assert states(aws) == ["InService", "InService", "Pending"]
        for _ in range(60):
            aws.doors.advance(10)
            assert states(aws).count("InService") >= 2
        assert (self.last(aws)["Status"], len(states(aws))) == ("Successful", 2)

    def test_only_one_at_a_time_and_cancelled_it_stops(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=4)
        number = self.start(aws)
        call = aws.autoscaling.start_instance_refresh
        assert code(call, AutoScalingGroupName="web") == "InstanceRefreshInProgress"
        assert aws.autoscaling.cancel_instance_refresh(AutoScalingGroupName="web")["InstanceRefreshId"] == number
        assert (self.last(aws)["Status"], self.last(aws)["InstancesToUpdate"]) == ("Cancelled", 3)
        cancel = aws.autoscaling.cancel_instance_refresh
        assert code(cancel, AutoScalingGroupName="web") == "ActiveInstanceRefreshNotFound"

    def test_those_that_match_can_be_left_alone(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        self.start(aws, SkipMatching=True)
        assert (self.last(aws)["Status"], self.last(aws)["InstancesToUpdate"]) == ("Successful", 0)

    def test_it_rests_at_a_checkpoint(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=4)
        self.start(aws, MinHealthyPercentage=50, CheckpointPercentages=[50, 100], CheckpointDelay=600)
        aws.doors.advance(5 * MINUTE)
        assert (self.last(aws)["Status"], self.last(aws)["PercentageComplete"]) == ("InProgress", 50)
        aws.doors.advance(timedelta(minutes=30))
        assert self.last(aws)["Status"] == "Successful"

    def test_a_rollback_goes_back_to_the_earlier_version(self, aws: Aws) -> None:
        one, two = ({"LaunchTemplateName": "web", "Version": version} for version in "12")
        data = {"ImageId": "ami-03cf127a", "InstanceType": "t3.large"}
        aws.make_group(DesiredCapacity=4, LaunchTemplate=one)
        aws.ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=data)
        start = aws.autoscaling.start_instance_refresh
        start(AutoScalingGroupName="web", DesiredConfiguration={"LaunchTemplate": two})
        assert "t3.large" in [each["InstanceType"] for each in aws.group()["Instances"]]
        aws.autoscaling.rollback_instance_refresh(AutoScalingGroupName="web")
        assert self.last(aws)["Status"] == "RollbackInProgress"
        aws.doors.advance(timedelta(minutes=30))
        assert self.last(aws)["Status"] == "RollbackSuccessful"
        assert {each["InstanceType"] for each in aws.group()["Instances"]} == {"t3.micro"}
        assert aws.group()["LaunchTemplate"]["Version"] == "1"

    @pytest.mark.parametrize("version", ["$Latest", "$Default"])
    def test_rolling_back_by_itself_needs_numbered_versions(self, aws: Aws, version: str) -> None:
        aws.make_group(LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"})
        wished = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": version}}
        given = {"AutoScalingGroupName": "web", "DesiredConfiguration": wished, "Preferences": {"AutoRollback": True}}
        assert code(aws.autoscaling.start_instance_refresh, **given) == "ValidationError"


class TestPredictive:
    def put(self, aws: Aws, **config: Any) -> None:
        pair = {"TargetValue": 50.0, "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"}}
        aws.autoscaling.put_scaling_policy(
            AutoScalingGroupName="web",
            PolicyName="ahead",
            PolicyType="PredictiveScaling",
            PredictiveScalingConfiguration={"MetricSpecifications": [pair], "Mode": "ForecastAndScale", **config},
        )

    def hand_in(self, aws: Aws, *capacity: float) -> None:
        aws.doors.forecast("web", {START + timedelta(hours=n + 1): value for n, value in enumerate(capacity)})

    def test_each_hour_is_prepared_the_buffer_before_and_never_scales_in(self, aws: Aws) -> None:
        aws.make_group()
        self.put(aws, SchedulingBufferTime=600)
        self.hand_in(aws, 3, 2, 4)
        sizes = []
        for minutes in (49, 1, 60, 60):
            aws.doors.advance(timedelta(minutes=minutes))
            sizes.append(aws.sizes()[2])
        assert sizes == [1, 3, 3, 4]
        assert "predictive scaling policy ahead" in activities(aws)[0]["Cause"]

    def test_forecast_only_answers_and_does_nothing(self, aws: Aws) -> None:
        aws.make_group()
        self.put(aws, Mode="ForecastOnly")
        ask = {"AutoScalingGroupName": "web", "PolicyName": "ahead"}
        ask |= {"StartTime": START, "EndTime": START + timedelta(hours=3)}
        call = aws.autoscaling.get_predictive_scaling_forecast
        assert code(call, **ask) == "ValidationError"
        self.hand_in(aws, 3, 2, 4)
        aws.doors.advance(timedelta(hours=2))
        assert aws.sizes()[2] == 1
        found = call(**ask)
        assert found["CapacityForecast"]["Values"] == [3.0, 2.0]
        assert found["CapacityForecast"]["Timestamps"] == [START + timedelta(hours=n) for n in (1, 2)]

    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            ({}, (1, 5, 5)),
            ({"MaxCapacityBreachBehavior": "IncreaseMaxCapacity", "MaxCapacityBuffer": 10}, (1, 11, 10)),
        ],
    )
    def test_the_maximum_holds_or_is_raised_for_good(
        self, aws: Aws, config: dict[str, Any], expected: tuple[int, int, int]
    ) -> None:
        aws.make_group()
        self.put(aws, **config)
        self.hand_in(aws, 10)
        aws.doors.advance(timedelta(hours=3))
        assert aws.sizes() == expected

    @pytest.mark.parametrize("config", [{"SchedulingBufferTime": 3600}, {"MaxCapacityBuffer": 10}])
    def test_what_the_service_refuses(self, aws: Aws, config: dict[str, Any]) -> None:
        aws.make_group()
        assert code(self.put, aws=aws, **config) == "ValidationError"
