"""
Instance refreshes as Amazon EC2 Auto Scaling documents them.

Quotations are from pages of the Amazon EC2 Auto Scaling User Guide (https://docs.aws.amazon.com/autoscaling/ec2/userguide/):
instance-refresh-overview, instance-refresh-rollback, asg-adding-checkpoints-instance-refresh,
asg-instance-refresh-skip-matching, cancel-instance-refresh, check-status-instance-refresh; and from the API Reference.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from aws_bench import START, Aws, code

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ONE, TWO = ({"LaunchTemplateName": "web", "Version": version} for version in "12")


@pytest.fixture
def versions(aws: Aws) -> None:
    """A second version of the template, of another size."""
    data = {"ImageId": "ami-03cf127a", "InstanceType": "t3.large"}
    aws.ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=data)


@pytest.fixture
def web(aws: Aws, versions: None) -> Aws:
    """Four instances of the first version, health checks by the balancer."""
    aws.make_group(MinSize=4, MaxSize=10, LaunchTemplate=ONE, HealthCheckType="ELB", HealthCheckGracePeriod=0)
    return aws


def start(aws: Aws, wished: dict[str, Any] | None = None, **preferences: Any) -> str:
    more = {} if wished is None else {"DesiredConfiguration": wished}
    given = {"AutoScalingGroupName": "web", "Preferences": {"InstanceWarmup": 60, **preferences}, **more}
    return str(aws.autoscaling.start_instance_refresh(**given)["InstanceRefreshId"])


def to_two(aws: Aws, **preferences: Any) -> str:
    return start(aws, {"LaunchTemplate": TWO}, **preferences)


def last(aws: Aws) -> dict[str, Any]:
    return dict(aws.autoscaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"][0])


def status(aws: Aws) -> str:
    return str(last(aws)["Status"])


def versions_of(aws: Aws) -> dict[str, int]:
    return dict(Counter(each["LaunchTemplate"]["Version"] for each in aws.group()["Instances"]))


def saved(aws: Aws) -> str:
    return str(aws.group()["LaunchTemplate"]["Version"])


def alarm(aws: Aws, state: str = "OK", name: str = "errors") -> None:
    aws.cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="Shop", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    set_alarm(aws, state, name)


def set_alarm(aws: Aws, state: str, name: str = "errors") -> None:
    aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def cancel(aws: Aws, **given: Any) -> None:
    aws.autoscaling.cancel_instance_refresh(AutoScalingGroupName="web", **given)


def roll_back(aws: Aws) -> None:
    aws.autoscaling.rollback_instance_refresh(AutoScalingGroupName="web")


class TestDesiredConfiguration:
    def test_the_group_has_it_when_the_refresh_has_succeeded(self, web: Aws) -> None:
        """'After the instance refresh succeeds, Amazon EC2 Auto Scaling updates the Auto Scaling group settings.'"""
        to_two(web)
        assert (saved(web), last(web)["DesiredConfiguration"]) == ("1", {"LaunchTemplate": TWO})
        web.doors.advance(HOUR)
        assert (status(web), saved(web), versions_of(web)) == ("Successful", "2", {"2": 4})

    def test_a_scale_out_in_the_middle_launches_it(self, web: Aws) -> None:
        """'... launches new instances with the desired configuration instead of the group's current settings.'"""
        to_two(web, MinHealthyPercentage=75)
        web.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=6)
        assert (versions_of(web), saved(web)) == ({"1": 3, "2": 3}, "1")
        web.doors.advance(HOUR)
        assert (status(web), versions_of(web)) == ("Successful", {"2": 6})

    def test_a_scale_in_in_the_middle_takes_the_old_ones(self, web: Aws) -> None:
        web.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=1)
        to_two(web, MinHealthyPercentage=75)
        web.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        assert versions_of(web)["1"] < 3
        web.doors.advance(HOUR)
        assert (status(web), versions_of(web)) == ("Successful", {"2": 2})

    def test_an_instance_that_is_lost_in_the_middle_comes_back_of_it(self, web: Aws) -> None:
        to_two(web, MinHealthyPercentage=75)
        old = next(each for each in web.group()["Instances"] if each["LaunchTemplate"]["Version"] == "1")
        web.ec2.terminate_instances(InstanceIds=[old["InstanceId"]])
        web.doors.advance(10)
        assert versions_of(web) == {"1": 2, "2": 2}
        web.doors.advance(HOUR)
        assert (status(web), versions_of(web)) == ("Successful", {"2": 4})

    def test_cancelled_the_group_launches_as_it_was_saved(self, web: Aws) -> None:
        """'Canceling an instance refresh does not roll back any instances that were already replaced.'"""
        to_two(web, MinHealthyPercentage=50)
        cancel(web)
        assert (status(web), saved(web), versions_of(web)) == ("Cancelled", "1", {"1": 2, "2": 2})
        web.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=5)
        assert versions_of(web) == {"1": 3, "2": 2}

    def test_another_one_goes_on_where_the_first_stood(self, web: Aws) -> None:
        to_two(web, MinHealthyPercentage=50)
        web.doors.advance(MINUTE / 2)
        cancel(web)
        before = {each["InstanceId"] for each in web.group()["Instances"] if each["LaunchTemplate"] == _full(web, "2")}
        to_two(web, MinHealthyPercentage=50, SkipMatching=True)
        assert (last(web)["InstancesToUpdate"], saved(web)) == (0, "1")
        web.doors.advance(HOUR)
        assert (status(web), saved(web), versions_of(web)) == ("Successful", "2", {"2": 4})
        assert before <= {each["InstanceId"] for each in web.group()["Instances"]}

    @pytest.mark.parametrize(("skips", "kept"), [(True, 4), (False, 0)])
    def test_one_that_is_the_groups_own(self, web: Aws, skips: bool, kept: int) -> None:
        """'If you enable skip matching but ... are not changing, the instance refresh will succeed immediately.'"""
        before = {each["InstanceId"] for each in web.group()["Instances"]}
        start(web, {"LaunchTemplate": ONE}, SkipMatching=skips)
        assert (status(web) == "Successful") is skips
        web.doors.advance(HOUR)
        assert (status(web), saved(web)) == ("Successful", "1")
        assert len(before & {each["InstanceId"] for each in web.group()["Instances"]}) == kept

    def test_types_that_are_not_of_the_mix_do_not_match(self, web: Aws) -> None:
        """'When an instance type in your group doesn't match one of the ... Overrides, the instances are replaced.'"""
        launch = {"LaunchTemplateSpecification": ONE, "Overrides": [{"InstanceType": "t3.large"}]}
        start(web, {"MixedInstancesPolicy": {"LaunchTemplate": launch}}, SkipMatching=True, MinHealthyPercentage=0)
        assert saved(web) == "1"
        web.doors.advance(HOUR)
        assert {each["InstanceType"] for each in web.group()["Instances"]} == {"t3.large"}
        assert web.group()["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"] == launch["Overrides"]

    def test_what_a_mix_leaves_out_is_the_default_again(self, aws: Aws, versions: None) -> None:
        """'For any mixed instances policy parameters not provided ... resets the parameter value to a default.'"""
        launch = {"LaunchTemplateSpecification": ONE, "Overrides": [{"InstanceType": "t3.micro"}]}
        shares = {"OnDemandBaseCapacity": 2}
        aws.make_group(
            LaunchTemplate={}, MixedInstancesPolicy={"LaunchTemplate": launch, "InstancesDistribution": shares}
        )
        start(aws, {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": TWO}}})
        assert aws.group()["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandBaseCapacity"] == 2
        aws.doors.advance(HOUR)
        policy = aws.group()["MixedInstancesPolicy"]
        assert policy["InstancesDistribution"]["OnDemandBaseCapacity"] == 0
        assert not policy["LaunchTemplate"].get("Overrides")

    @pytest.mark.parametrize("preferences", [{"SkipMatching": True}, {}])
    def test_attributes_do_not_go_with_it(self, aws: Aws, preferences: dict[str, Any]) -> None:
        needs = {"InstanceRequirements": {"VCpuCount": {"Min": 2}, "MemoryMiB": {"Min": 1024}}}
        launch = {"LaunchTemplateSpecification": ONE, "Overrides": [needs]}
        data = {"ImageId": "ami-03cf127a"}
        aws.ec2.create_launch_template(LaunchTemplateName="sizeless", LaunchTemplateData=data)
        launch["LaunchTemplateSpecification"] = {"LaunchTemplateName": "sizeless", "Version": "1"}
        aws.make_group(LaunchTemplate={}, MixedInstancesPolicy={"LaunchTemplate": launch})
        wished = {} if preferences else {"DesiredConfiguration": {"LaunchTemplate": ONE}}
        call = aws.autoscaling.start_instance_refresh
        assert code(call, AutoScalingGroupName="web", Preferences=preferences, **wished) == "ValidationError"

    @pytest.mark.parametrize(
        "given",
        [
            {"LaunchTemplate": TWO},
            {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": TWO}}},
        ],
    )
    def test_the_group_is_launched_from_nothing_else_meanwhile(self, web: Aws, given: dict[str, Any]) -> None:
        """'... while an instance refresh with a desired configuration is active, the request will fail'."""
        to_two(web)
        change = web.autoscaling.update_auto_scaling_group
        assert code(change, AutoScalingGroupName="web", **given) == "ValidationError"
        change(AutoScalingGroupName="web", MaxSize=9)
        web.doors.advance(HOUR)
        change(AutoScalingGroupName="web", **given)

    @pytest.mark.parametrize(
        "wished",
        [
            {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "9"}},
            {"LaunchTemplate": {"LaunchTemplateName": "none", "Version": "1"}},
            {"LaunchTemplate": TWO, "MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": TWO}}},
        ],
    )
    def test_one_that_cannot_be(self, web: Aws, wished: dict[str, Any]) -> None:
        call = web.autoscaling.start_instance_refresh
        assert code(call, AutoScalingGroupName="web", DesiredConfiguration=wished) == "ValidationError"
        assert (saved(web), versions_of(web)) == ("1", {"1": 4})


def _full(aws: Aws, version: str) -> dict[str, str]:
    number = aws.ec2.describe_launch_templates()["LaunchTemplates"][0]["LaunchTemplateId"]
    return {"LaunchTemplateId": number, "LaunchTemplateName": "web", "Version": version}


class TestProgress:
    def test_an_instance_counts_when_it_is_warm(self, web: Aws) -> None:
        """The sample of check-status-instance-refresh: 50 per cent, none left to update, instances that warm up."""
        to_two(web, MinHealthyPercentage=50)
        assert (last(web)["PercentageComplete"], last(web)["InstancesToUpdate"]) == (0, 2)
        web.doors.advance(MINUTE)
        assert (last(web)["PercentageComplete"], last(web)["InstancesToUpdate"]) == (50, 0)
        assert last(web)["StatusReason"].startswith(
            "Waiting for instances to warm up before continuing. For example: i-"
        )
        web.doors.advance(MINUTE)
        assert (status(web), last(web)["PercentageComplete"]) == ("Successful", 100)

    def test_defaults_are_shown(self, web: Aws) -> None:
        start(web)
        shown = last(web)["Preferences"]
        assert (shown["ScaleInProtectedInstances"], shown["StandbyInstances"]) == ("Wait", "Wait")
        assert "ProgressDetails" not in last(web)

    def test_a_warm_pool_comes_after_the_group(self, web: Aws) -> None:
        """'Replace InService instances before instances that are in a warm pool.'"""
        web.autoscaling.put_warm_pool(AutoScalingGroupName="web", MinSize=2, MaxGroupPreparedCapacity=6)
        to_two(web, MinHealthyPercentage=50)
        details = last(web)["ProgressDetails"]
        assert details["LivePoolProgress"] == {"PercentageComplete": 0, "InstancesToUpdate": 2}
        assert details["WarmPoolProgress"] == {"PercentageComplete": 0, "InstancesToUpdate": 2}
        web.doors.advance(HOUR)
        pool = web.autoscaling.describe_warm_pool(AutoScalingGroupName="web")["Instances"]
        assert (status(web), [each["LaunchTemplate"]["Version"] for each in pool]) == ("Successful", ["2", "2"])
        assert last(web)["ProgressDetails"]["WarmPoolProgress"] == {"PercentageComplete": 100, "InstancesToUpdate": 0}

    def test_no_more_is_launched_first_than_is_left_to_replace(self, web: Aws) -> None:
        web.doors.configure(boot_seconds=30)
        to_two(web, MinHealthyPercentage=100, MaxHealthyPercentage=150, InstanceWarmup=0)
        launched: set[str] = set()
        for _ in range(40):
            launched |= {each["InstanceId"] for each in web.group()["Instances"]}
            assert sum(each["LifecycleState"] == "InService" for each in web.group()["Instances"]) >= 4
            web.doors.advance(10)
        assert (status(web), len(launched)) == ("Successful", 8)


class TestCheckpoints:
    def test_the_sample_of_the_guide(self, aws: Aws, versions: None) -> None:
        """'At 0:35, the operation stops launching ... at 0:45, the percentage complete shows 50 percent.'"""
        aws.make_group(MinSize=10, MaxSize=10, LaunchTemplate=ONE)
        to_two(
            aws,
            InstanceWarmup=600,
            MinHealthyPercentage=80,
            CheckpointPercentages=[20, 50],
            CheckpointDelay=900,
        )
        seen = []
        for _ in range(10):
            seen.append((versions_of(aws).get("2", 0), last(aws)["PercentageComplete"]))
            aws.doors.advance(5 * MINUTE)
        at_0, at_10, at_25, at_35, at_45 = (seen[minute // 5] for minute in (0, 10, 25, 35, 45))
        assert (at_0, at_10, at_25, at_35) == ((2, 0), (2, 20), (4, 20), (5, 40))
        assert at_45 == (5, 50)
        # 'To replace only a portion of your Auto Scaling group and then stop completely'
        assert (status(aws), last(aws)["EndTime"] - START) == ("Successful", 45 * MINUTE)
        assert (last(aws)["InstancesToUpdate"], saved(aws)) == (5, "2")

    def test_those_that_are_passed_at_once_wait_once(self, aws: Aws, versions: None) -> None:
        """'Because 50 percent is higher than the first two checkpoints, it skips the first checkpoint.'"""
        aws.make_group(MinSize=2, LaunchTemplate=ONE)
        to_two(aws, CheckpointPercentages=[10, 40, 100], CheckpointDelay=600)
        aws.doors.advance(2 * MINUTE)
        assert (last(aws)["PercentageComplete"], status(aws)) == (50, "InProgress")
        assert "40 percent" in last(aws)["StatusReason"]
        aws.doors.advance(10 * MINUTE)
        assert (status(aws), last(aws)["EndTime"] - START) == ("Successful", 12 * MINUTE)

    def test_no_instances_beyond_the_size_wait_with_it(self, web: Aws) -> None:
        to_two(
            web,
            MinHealthyPercentage=100,
            MaxHealthyPercentage=150,
            CheckpointPercentages=[25, 100],
            CheckpointDelay=600,
        )
        web.doors.advance(5 * MINUTE)
        assert versions_of(web) == {"1": 3, "2": 1}

    @pytest.mark.parametrize(
        "preferences",
        [
            {"CheckpointPercentages": [50, 20]},
            {"CheckpointDelay": 60},
            {"CheckpointPercentages": [50], "CheckpointDelay": 172801},
            {"BakeTime": 172801},
            {"StandbyInstances": "Refresh"},
        ],
    )
    def test_preferences_that_do_not_go(self, web: Aws, preferences: dict[str, Any]) -> None:
        given = {"AutoScalingGroupName": "web", "Preferences": preferences}
        assert code(web.autoscaling.start_instance_refresh, **given) == "ValidationError"


class TestBakeAndAlarms:
    def test_it_bakes_before_it_has_succeeded(self, web: Aws) -> None:
        """'Baking: Waiting the specified bake time after an instance refresh has finished updating instances.'"""
        to_two(web, MinHealthyPercentage=0, BakeTime=600)
        web.doors.advance(5 * MINUTE)
        assert (status(web), saved(web), last(web)["PercentageComplete"]) == ("Baking", "1", 100)
        assert code(web.autoscaling.start_instance_refresh, AutoScalingGroupName="web") == "InstanceRefreshInProgress"
        web.doors.advance(10 * MINUTE)
        assert (status(web), saved(web), last(web)["EndTime"] - START) == ("Successful", "2", 11 * MINUTE)

    @pytest.mark.parametrize("state", ["ALARM", "INSUFFICIENT_DATA"])
    def test_an_alarm_that_is_not_ok_keeps_it_from_starting(self, web: Aws, state: str) -> None:
        """'If the alarm state is INSUFFICIENT_DATA or ALARM, you receive an error when you try to start'."""
        alarm(web, state)
        preferences = {"AlarmSpecification": {"Alarms": ["errors"]}}
        call = web.autoscaling.start_instance_refresh
        assert code(call, AutoScalingGroupName="web", Preferences=preferences) == "ValidationError"

    def test_ten_alarms_at_most_and_only_such_as_there_are(self, web: Aws) -> None:
        call = web.autoscaling.start_instance_refresh
        for names in (["none"], [f"a{number}" for number in range(11)]):
            preferences = {"AlarmSpecification": {"Alarms": names}}
            assert code(call, AutoScalingGroupName="web", Preferences=preferences) == "ValidationError"

    @pytest.mark.parametrize(("bake", "percentage"), [(600, 100), (0, 50)])
    def test_an_alarm_fails_it(self, web: Aws, bake: int, percentage: int) -> None:
        """'If you ... do not enable auto rollback, and the alarm ... goes to ALARM, ... fails without rolling back.'"""
        alarm(web)
        share = 0 if bake else 50
        to_two(web, MinHealthyPercentage=share, BakeTime=bake, AlarmSpecification={"Alarms": ["errors"]})
        web.doors.advance(MINUTE + MINUTE / 6)
        set_alarm(web, "ALARM")
        web.doors.advance(10)
        assert (status(web), saved(web), last(web)["PercentageComplete"]) == ("Failed", "1", percentage)
        assert "errors" in last(web)["StatusReason"]
        assert versions_of(web) == {"2": 4}

    def test_an_alarm_at_a_checkpoint_rolls_it_back(self, web: Aws) -> None:
        alarm(web)
        to_two(
            web, MinHealthyPercentage=50, AutoRollback=True, CheckpointPercentages=[50, 100], CheckpointDelay=3600,
            AlarmSpecification={"Alarms": ["errors"]},
        )  # fmt: skip
        web.doors.advance(5 * MINUTE)
        set_alarm(web, "ALARM")
        web.doors.advance(10)
        assert (status(web), last(web)["InstancesToUpdate"]) == ("RollbackInProgress", 2)
        details = last(web)["RollbackDetails"]
        assert (details["PercentageCompleteOnRollback"], details["InstancesToUpdateOnRollback"]) == (50, 2)
        assert "errors" in details["RollbackReason"]
        web.doors.advance(5 * MINUTE)
        assert (status(web), saved(web), versions_of(web)) == ("RollbackSuccessful", "1", {"1": 4})
        assert (last(web)["PercentageComplete"], last(web)["InstancesToUpdate"]) == (0, 2)

    def test_without_data_it_waits(self, web: Aws) -> None:
        """'When this happens, Amazon EC2 Auto Scaling cannot replace instances until new data points are found.'"""
        alarm(web)
        to_two(web, MinHealthyPercentage=75, AlarmSpecification={"Alarms": ["errors"]})
        set_alarm(web, "INSUFFICIENT_DATA")
        web.doors.advance(2 * HOUR)
        assert (status(web), versions_of(web)) == ("InProgress", {"1": 3, "2": 1})
        set_alarm(web, "OK")
        web.doors.advance(HOUR)
        assert status(web) == "Successful"


class TestWhatDoesNotGo:
    @pytest.fixture
    def bad(self, web: Aws) -> Aws:
        web.doors.fail_made_of("t3.large")
        return web

    def test_instances_that_are_never_healthy_fail_it_after_an_hour(self, bad: Aws) -> None:
        """'it will eventually fail, leaving the other 90 percent untouched'; '... keeps retrying for an hour.'"""
        to_two(bad, MinHealthyPercentage=75)
        bad.doors.advance(MINUTE * 50)
        assert (status(bad), last(bad)["PercentageComplete"], versions_of(bad)["1"]) == ("InProgress", 0, 3)
        bad.doors.advance(MINUTE * 15)
        assert (status(bad), saved(bad)) == ("Failed", "1")
        assert "health checks" in last(bad)["StatusReason"]
        bad.doors.advance(MINUTE * 5)
        assert versions_of(bad) == {"1": 4}, "what is unhealthy is replaced as the group was saved"

    def test_rolling_back_by_itself_waits_as_long(self, bad: Aws) -> None:
        """'attempts to complete all replacements for one hour before it fails and rolls back'."""
        to_two(bad, MinHealthyPercentage=75, AutoRollback=True)
        bad.doors.advance(MINUTE * 50)
        assert status(bad) == "InProgress"
        bad.doors.advance(MINUTE * 20)
        assert (status(bad), saved(bad), versions_of(bad)) == ("RollbackSuccessful", "1", {"1": 4})

    def test_instances_that_get_well_in_time(self, bad: Aws) -> None:
        to_two(bad, MinHealthyPercentage=75)
        bad.doors.advance(MINUTE * 30)
        bad.doors.fail_made_of("t3.large", healthy=True)
        bad.doors.advance(MINUTE * 30)
        assert (status(bad), versions_of(bad)) == ("Successful", {"2": 4})

    def test_health_checks_of_ec2_alone_do_not_see_it(self, bad: Aws) -> None:
        """'... based on the status of the health checks that your Auto Scaling group uses.'"""
        bad.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", HealthCheckType="EC2")
        to_two(bad)
        bad.doors.advance(HOUR)
        assert status(bad) == "Successful"

    def test_a_shortage_fails_it_after_an_hour(self, web: Aws) -> None:
        web.doors.run_short(instance_type="t3.large")
        to_two(web, MinHealthyPercentage=75)
        web.doors.advance(MINUTE * 59)
        assert (status(web), versions_of(web)) == ("InProgress", {"1": 3})
        web.doors.advance(MINUTE * 2)
        assert (status(web), versions_of(web)) == ("Failed", {"1": 4})

    def test_a_shortage_loses_nothing_where_the_new_ones_come_first(self, web: Aws) -> None:
        web.doors.run_short(instance_type="t3.large")
        to_two(web, MinHealthyPercentage=100, MaxHealthyPercentage=125)
        web.doors.advance(MINUTE * 30)
        assert (status(web), versions_of(web)) == ("InProgress", {"1": 4})
        web.doors.end_shortages()
        web.doors.advance(HOUR)
        assert (status(web), versions_of(web)) == ("Successful", {"2": 4})

    def test_a_version_that_is_deleted_meanwhile(self, web: Aws) -> None:
        to_two(web, MinHealthyPercentage=75, AutoRollback=True)
        web.ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["2"])
        web.doors.advance(2 * HOUR)
        assert (status(web), versions_of(web)) == ("RollbackSuccessful", {"1": 4})

    def test_a_rollback_that_does_not_go_either(self, web: Aws) -> None:
        """'... the rollback workflow will still occur, but it will eventually fail.'"""
        to_two(web, MinHealthyPercentage=75, CheckpointPercentages=[25, 100])
        web.doors.advance(5 * MINUTE)
        web.doors.run_short(instance_type="t3.micro")
        roll_back(web)
        web.doors.advance(HOUR + 5 * MINUTE)
        assert (status(web), saved(web)) == ("RollbackFailed", "1")

    @pytest.mark.parametrize(
        ("wish", "ends", "kept"), [("Wait", "Failed", 1), ("Ignore", "Successful", 1), ("Refresh", "Successful", 0)]
    )
    def test_instances_protected_from_scale_in(self, web: Aws, wish: str, ends: str, kept: int) -> None:
        one = web.group()["Instances"][0]["InstanceId"]
        web.autoscaling.set_instance_protection(
            AutoScalingGroupName="web", InstanceIds=[one], ProtectedFromScaleIn=True
        )
        to_two(web, MinHealthyPercentage=50, ScaleInProtectedInstances=wish)
        web.doors.advance(MINUTE * 30)
        assert versions_of(web).get("1", 0) == kept, "'continues to replace instances that are not protected'"
        assert (status(web) == "InProgress") is (wish == "Wait")
        web.doors.advance(HOUR)
        assert (status(web), versions_of(web).get("1", 0)) == (ends, kept)

    def test_protection_that_is_taken_off_in_time(self, web: Aws) -> None:
        """'Amazon EC2 Auto Scaling waits one hour for you to remove scale-in protection.'"""
        one = web.group()["Instances"][0]["InstanceId"]
        given = {"AutoScalingGroupName": "web", "InstanceIds": [one]}
        web.autoscaling.set_instance_protection(**given, ProtectedFromScaleIn=True)
        to_two(web, MinHealthyPercentage=50)
        web.doors.advance(MINUTE * 30)
        assert one in last(web)["StatusReason"]
        web.autoscaling.set_instance_protection(**given, ProtectedFromScaleIn=False)
        web.doors.advance(MINUTE * 5)
        assert (status(web), versions_of(web)) == ("Successful", {"2": 4})

    @pytest.mark.parametrize(
        ("wish", "ends", "kept"), [("Wait", "Failed", 1), ("Ignore", "Successful", 1), ("Terminate", "Successful", 0)]
    )
    def test_instances_in_standby(self, web: Aws, wish: str, ends: str, kept: int) -> None:
        one = web.group()["Instances"][0]["InstanceId"]
        web.autoscaling.enter_standby(
            AutoScalingGroupName="web", InstanceIds=[one], ShouldDecrementDesiredCapacity=False
        )
        web.doors.advance(10)
        to_two(web, MinHealthyPercentage=50, StandbyInstances=wish)
        web.doors.advance(HOUR + MINUTE * 30)
        assert (status(web), versions_of(web).get("1", 0)) == (ends, kept)


class TestCancelAndRollback:
    def test_what_is_on_its_way_is_waited_for(self, web: Aws) -> None:
        """'... is set to Cancelling. After the cancellation is complete, the status ... is set to Cancelled.'"""
        web.doors.configure(boot_seconds=120)
        to_two(web, MinHealthyPercentage=75)
        cancel(web)
        assert status(web) == "Cancelling"
        assert code(web.autoscaling.start_instance_refresh, AutoScalingGroupName="web") == "InstanceRefreshInProgress"
        web.doors.advance(3 * MINUTE)
        assert (status(web), versions_of(web)) == ("Cancelled", {"1": 3, "2": 1})

    def test_unless_it_is_not_to_be(self, web: Aws) -> None:
        web.doors.configure(boot_seconds=120)
        to_two(web, MinHealthyPercentage=75)
        cancel(web, WaitForTransitioningInstances=False)
        assert status(web) == "Cancelled"

    def test_a_rollback_counts_back_and_can_be_cancelled(self, web: Aws) -> None:
        """'Cancels an instance refresh or rollback that is in progress.'"""
        to_two(web, MinHealthyPercentage=50, CheckpointPercentages=[50, 100])
        web.doors.advance(5 * MINUTE)
        roll_back(web)
        assert code(web.autoscaling.rollback_instance_refresh, AutoScalingGroupName="web") == (
            "ActiveInstanceRefreshNotFound"
        )
        assert last(web)["PercentageComplete"] == 50
        cancel(web)
        assert (status(web), saved(web)) == ("Cancelled", "1")

    def test_it_can_go_back_while_it_bakes_and_not_afterwards(self, web: Aws) -> None:
        """'You can roll back an instance refresh that is still in progress. You can't ... after it's finished.'"""
        to_two(web, MinHealthyPercentage=0, BakeTime=600)
        web.doors.advance(5 * MINUTE)
        roll_back(web)
        web.doors.advance(HOUR)
        assert (status(web), versions_of(web)) == ("RollbackSuccessful", {"1": 4})
        call = web.autoscaling.rollback_instance_refresh
        assert code(call, AutoScalingGroupName="web") == "ActiveInstanceRefreshNotFound"

    def test_nothing_to_go_back_to(self, web: Aws) -> None:
        """RollbackInstanceRefresh: 'There is no desired configuration specified for the instance refresh.'"""
        start(web)
        call = web.autoscaling.rollback_instance_refresh
        assert code(call, AutoScalingGroupName="web") == "IrreversibleInstanceRefresh"

    @pytest.mark.parametrize("version", ["$Latest", "$Default"])
    def test_a_group_without_a_number_cannot_go_back(self, aws: Aws, version: str) -> None:
        """'The Auto Scaling group uses the launch template's $Latest or $Default version.'"""
        aws.make_group(MinSize=2, LaunchTemplate={"LaunchTemplateName": "web", "Version": version})
        data = {"ImageId": "ami-03cf127a", "InstanceType": "t3.large"}
        aws.ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=data)
        to_two(aws)
        call = aws.autoscaling.rollback_instance_refresh
        assert code(call, AutoScalingGroupName="web") == "IrreversibleInstanceRefresh"
        cancel(aws)
        given = {"DesiredConfiguration": {"LaunchTemplate": TWO}, "Preferences": {"AutoRollback": True}}
        call = aws.autoscaling.start_instance_refresh
        assert code(call, AutoScalingGroupName="web", **given) == "ValidationError"
