"""Alarms are evaluated on the emulator's clock, and what they trigger happens."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from aws_bench import START, Aws, code

CPU = {"namespace": "AWS/EC2", "metric": "CPUUtilization", "dimensions": {"AutoScalingGroupName": "web"}}
DIMENSIONS = [{"Name": "AutoScalingGroupName", "Value": "web"}]
MINUTE = timedelta(minutes=1)


def put_alarm(aws: Aws, name: str = "hot", **changes: Any) -> None:
    given = {
        "AlarmName": name,
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Dimensions": DIMENSIONS,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 70.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **changes,
    }
    aws.cloudwatch.put_metric_alarm(**{key: value for key, value in given.items() if value is not None})


def put_policy(aws: Aws, name: str = "out", **given: Any) -> str:
    wanted = {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1, **given}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    made = aws.autoscaling.put_scaling_policy(AutoScalingGroupName="web", PolicyName=name, **wanted)
    return str(made["PolicyARN"])


def push(aws: Aws, *values: float | None, begin: datetime = START, step: timedelta = MINUTE) -> None:
    """One datapoint a minute from `begin` on."""
    points = [
        {**CPU, "value": value, "at": (begin + place * step).isoformat()}
        for place, value in enumerate(values)
        if value is not None
    ]
    aws.doors.push(points)


def alarm(aws: Aws, name: str = "hot") -> dict[str, Any]:
    return dict(aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0])


def desired(aws: Aws) -> int:
    return int(aws.group()["DesiredCapacity"])


def causes(aws: Aws) -> list[str]:
    found = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]
    return [each["Cause"] for each in found]


class TestStates:
    def test_a_breach_is_an_alarm_at_the_next_minute_with_its_reason(self, aws: Aws) -> None:
        put_alarm(aws)
        push(aws, 90)
        assert alarm(aws)["StateValue"] == "INSUFFICIENT_DATA"
        aws.doors.advance(MINUTE)
        found = alarm(aws)
        assert found["StateValue"] == "ALARM"
        assert found["StateReason"] == (
            "Threshold Crossed: 1 out of the last 1 datapoints [90.0 (05/01/26 00:00:00)] was greater than the "
            "threshold (70.0) (minimum 1 datapoint for OK -> ALARM transition)."
        )
        assert found["StateUpdatedTimestamp"] == START + MINUTE

    def test_states_follow_the_data_and_end_without_any(self, aws: Aws) -> None:
        put_alarm(aws)
        push(aws, 90, 50)
        seen = []
        for _ in range(6):
            aws.doors.advance(MINUTE)
            seen.append(alarm(aws)["StateValue"])
        assert seen == ["ALARM", "OK", "OK", "OK", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"]
        assert alarm(aws)["StateReason"] == "Insufficient Data: 1 datapoint was unknown."

    def test_one_jump_goes_through_all_minutes(self, aws: Aws) -> None:
        put_alarm(aws)
        push(aws, 90, 50)
        aws.doors.advance(timedelta(hours=1))
        assert alarm(aws)["StateUpdatedTimestamp"] == START + 5 * MINUTE

    @pytest.mark.parametrize(
        ("treatment", "expected"),
        [("missing", "INSUFFICIENT_DATA"), ("ignore", "ALARM"), ("breaching", "ALARM"), ("notBreaching", "OK")],
    )
    def test_missing_data(self, aws: Aws, treatment: str, expected: str) -> None:
        put_alarm(aws, TreatMissingData=treatment)
        push(aws, 90)
        aws.doors.advance(timedelta(minutes=30))
        assert alarm(aws)["StateValue"] == expected

    def test_m_of_n(self, aws: Aws) -> None:
        put_alarm(aws, EvaluationPeriods=3, DatapointsToAlarm=2)
        push(aws, 90, 10, 90)
        aws.doors.advance(2 * MINUTE)
        assert alarm(aws)["StateValue"] == "OK"
        aws.doors.advance(MINUTE)
        assert alarm(aws)["StateValue"] == "ALARM"

    @pytest.mark.parametrize(
        ("statistic", "expected"),
        [("Average", 40.0), ("Sum", 160.0), ("Minimum", 10.0), ("Maximum", 90.0), ("SampleCount", 4.0)],
    )
    def test_statistics_over_a_longer_period(self, aws: Aws, statistic: str, expected: float) -> None:
        push(aws, 90, 40, 20, 10)
        aws.doors.advance(4 * MINUTE)
        put_alarm(aws, Statistic=statistic, Period=300, Threshold=expected - 1)
        aws.doors.advance(MINUTE)
        assert alarm(aws)["StateValue"] == "ALARM"
        assert f"[{expected} (" in alarm(aws)["StateReason"]

    def test_a_percentile_of_few_samples_leaves_the_state_where_that_is_asked(self, aws: Aws) -> None:
        for name, low in (("strict", "ignore"), ("lax", "evaluate")):
            given = {"Statistic": None, "ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": low}
            put_alarm(aws, name, **given)
        push(aws, 90)
        aws.doors.advance(MINUTE)
        assert (alarm(aws, "strict")["StateValue"], alarm(aws, "lax")["StateValue"]) == ("INSUFFICIENT_DATA", "ALARM")

    def test_published_data_count_like_pushed_ones(self, aws: Aws) -> None:
        put_alarm(aws, Statistic="Maximum")
        values = {"Values": [10.0, 95.0], "Counts": [3.0, 1.0]}
        datum = {"MetricName": "CPUUtilization", "Dimensions": DIMENSIONS, "Timestamp": START, **values}
        aws.cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=[datum])
        aws.doors.advance(MINUTE)
        assert alarm(aws)["StateValue"] == "ALARM"

    def test_metric_math(self, aws: Aws) -> None:
        def query(name: str, metric: str) -> dict[str, Any]:
            stat = {"Metric": {"Namespace": "n", "MetricName": metric}, "Period": 60, "Stat": "Sum"}
            return {"Id": name, "MetricStat": stat, "ReturnData": False}

        queries = [query("a", "m"), query("b", "i"), {"Id": "q", "Expression": "a / b", "ReturnData": True}]
        given = dict.fromkeys(("MetricName", "Namespace", "Dimensions", "Statistic", "Period"))
        put_alarm(aws, Metrics=queries, **given)
        aws.doors.push([{"namespace": "n", "metric": "m", "value": 300}, {"namespace": "n", "metric": "i", "value": 4}])
        aws.doors.advance(MINUTE)
        assert "[75.0 (" in alarm(aws)["StateReason"]


class TestSimplePolicies:
    @pytest.fixture(autouse=True)
    def made(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2)
        put_alarm(aws, AlarmActions=[put_policy(aws, Cooldown=300)])

    def test_the_alarm_scales_out_and_the_activity_says_why(self, aws: Aws) -> None:
        push(aws, 90)
        aws.doors.advance(MINUTE)
        assert desired(aws) == 3
        assert causes(aws)[0] == (
            "At 2026-01-05T00:01:00Z a monitor alarm hot in state ALARM triggered policy out changing the desired "
            "capacity from 2 to 3.  At 2026-01-05T00:01:00Z an instance was started in response to a difference "
            "between desired and actual capacity, increasing the capacity from 2 to 3."
        )

    def test_while_it_lasts_the_next_change_waits_for_the_cooldown(self, aws: Aws) -> None:
        push(aws, *[90] * 12)
        sizes = []
        for _ in range(7):
            aws.doors.advance(MINUTE)
            sizes.append(desired(aws))
        assert sizes == [3, 3, 3, 3, 3, 4, 4]

    def test_the_cooldown_begins_when_the_instance_is_in_service(self, aws: Aws) -> None:
        aws.doors.configure(boot_seconds=90)
        push(aws, *[90] * 12)
        aws.doors.advance(MINUTE)
        assert [each["LifecycleState"] for each in aws.group()["Instances"]] == ["InService", "InService", "Pending"]
        aws.doors.advance(6 * MINUTE)
        assert desired(aws) == 3
        aws.doors.advance(MINUTE)
        assert desired(aws) == 4

    def test_never_above_the_maximum(self, aws: Aws) -> None:
        push(aws, *[90] * 90)
        aws.doors.advance(timedelta(hours=1))
        assert aws.sizes() == (1, 5, 5)

    @pytest.mark.parametrize("how", ["actions", "process", "policy"])
    def test_what_is_switched_off_does_not_act(self, aws: Aws, how: str) -> None:
        if how == "actions":
            aws.cloudwatch.disable_alarm_actions(AlarmNames=["hot"])
        elif how == "process":
            aws.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AlarmNotification"])
        else:
            put_policy(aws, Cooldown=300, Enabled=False)
        push(aws, 90)
        aws.doors.advance(MINUTE)
        assert (alarm(aws)["StateValue"], desired(aws)) == ("ALARM", 2)

    def test_a_state_that_is_set_acts_until_the_next_evaluation(self, aws: Aws) -> None:
        aws.cloudwatch.set_alarm_state(AlarmName="hot", StateValue="ALARM", StateReason="test")
        assert desired(aws) == 3
        aws.doors.advance(MINUTE)
        assert alarm(aws)["StateValue"] == "INSUFFICIENT_DATA"

    def test_two_alarms_at_once_make_the_larger_size(self, aws: Aws) -> None:
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
        down = put_policy(aws, "in", ScalingAdjustment=-1)
        put_alarm(aws, "also-hot", AlarmActions=[down])
        push(aws, 90)
        aws.doors.advance(MINUTE)
        assert desired(aws) == 4


STEPS = [
    {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
]


class TestStepPolicies:
    def put_steps(self, aws: Aws, steps: list[dict[str, Any]] = STEPS, name: str = "out", **given: Any) -> str:
        kind = {"PolicyType": "StepScaling", "ScalingAdjustment": None, "StepAdjustments": steps}
        return put_policy(aws, name, **kind, **given)

    @pytest.mark.parametrize(("value", "expected"), [(75, 3), (85, 5)])
    def test_the_step_is_chosen_by_the_value(self, aws: Aws, value: float, expected: int) -> None:
        aws.make_group(DesiredCapacity=2, MaxSize=9, DefaultInstanceWarmup=0)
        put_alarm(aws, AlarmActions=[self.put_steps(aws)])
        push(aws, value)
        aws.doors.advance(MINUTE)
        assert desired(aws) == expected

    @pytest.mark.parametrize(("kind", "expected"), [("Average", 3), ("Maximum", 5), ("Minimum", 3)])
    def test_the_datapoints_are_taken_together_as_the_policy_says(self, aws: Aws, kind: str, expected: int) -> None:
        aws.make_group(DesiredCapacity=2, MaxSize=9, DefaultInstanceWarmup=0)
        put_alarm(aws, EvaluationPeriods=2, AlarmActions=[self.put_steps(aws, MetricAggregationType=kind)])
        push(aws, 72, 82)
        aws.doors.advance(2 * MINUTE)
        assert desired(aws) == expected

    def test_instances_that_warm_up_do_not_count_twice(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2, MaxSize=9)
        aws.doors.advance(timedelta(minutes=10))
        put_alarm(aws, AlarmActions=[self.put_steps(aws, EstimatedInstanceWarmup=300)])
        push(aws, 75, 75, 75, 85, 85, begin=START + timedelta(minutes=10))
        sizes = []
        for _ in range(5):
            aws.doors.advance(MINUTE)
            sizes.append(desired(aws))
        assert sizes == [3, 3, 3, 5, 5]

    def test_scaling_in_waits_for_those_that_warm_up(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=3)
        steps = [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1}]
        arn = self.put_steps(aws, steps, EstimatedInstanceWarmup=120)
        put_alarm(aws, "cold", Threshold=20, ComparisonOperator="LessThanThreshold", AlarmActions=[arn])
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", DefaultInstanceWarmup=120)
        push(aws, *[10] * 5)
        aws.doors.advance(MINUTE)
        assert desired(aws) == 3
        aws.doors.advance(MINUTE)
        assert desired(aws) == 2


class TestTargetTracking:
    def put_target(self, aws: Aws, name: str = "track", **config: Any) -> list[str]:
        known = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}
        wanted = {"TargetValue": 50.0, **(known if "CustomizedMetricSpecification" not in config else {}), **config}
        made = aws.autoscaling.put_scaling_policy(
            AutoScalingGroupName="web",
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration=wanted,
            EstimatedInstanceWarmup=0,
        )
        return [each["AlarmName"] for each in made["Alarms"]]

    @pytest.fixture(autouse=True)
    def group(self, aws: Aws) -> None:
        aws.make_group(DesiredCapacity=2, MaxSize=10, DefaultInstanceWarmup=0)

    def test_it_makes_two_alarms_of_its_own_and_takes_them_along(self, aws: Aws) -> None:
        names = self.put_target(aws)
        assert [name.rsplit("-", 5)[0] for name in names] == [
            "TargetTracking-web-AlarmHigh",
            "TargetTracking-web-AlarmLow",
        ]
        high, low = (alarm(aws, name) for name in names)
        assert (high["Threshold"], high["EvaluationPeriods"], low["Threshold"], low["EvaluationPeriods"]) == (
            50.0,
            3,
            45.0,
            15,
        )
        assert (high["Namespace"], high["Statistic"], high["Dimensions"]) == ("AWS/EC2", "Average", DIMENSIONS)
        policy = aws.autoscaling.describe_policies()["ScalingPolicies"][0]
        assert [each["AlarmName"] for each in policy["Alarms"]] == names
        aws.autoscaling.delete_policy(AutoScalingGroupName="web", PolicyName="track")
        assert aws.cloudwatch.describe_alarms()["MetricAlarms"] == []

    def test_alarms_stay_while_the_configuration_does_and_go_with_scale_in(self, aws: Aws) -> None:
        names = self.put_target(aws)
        assert self.put_target(aws) == names
        assert len(self.put_target(aws, DisableScaleIn=True)) == 1
        assert len(aws.cloudwatch.describe_alarms()["MetricAlarms"]) == 1

    def test_out_in_proportion_after_three_minutes(self, aws: Aws) -> None:
        self.put_target(aws)
        push(aws, 90, 90, 90)
        aws.doors.advance(2 * MINUTE)
        assert desired(aws) == 2
        aws.doors.advance(MINUTE)
        assert desired(aws) == 4
        assert "triggered policy track changing the desired capacity from 2 to 4" in causes(aws)[0]

    def test_in_after_fifteen(self, aws: Aws) -> None:
        self.put_target(aws)
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=6)
        push(aws, *[20] * 15)
        aws.doors.advance(14 * MINUTE)
        assert desired(aws) == 6
        aws.doors.advance(MINUTE)
        assert desired(aws) == 3

    def test_in_only_when_all_agree_and_out_when_one_asks(self, aws: Aws) -> None:
        own = {"MetricName": "Backlog", "Namespace": "shop", "Statistic": "Average"}
        self.put_target(aws)
        self.put_target(aws, "queue", CustomizedMetricSpecification=own)
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=6)
        push(aws, *[20] * 40)
        aws.doors.advance(20 * MINUTE)
        assert desired(aws) == 6
        at = [(START + (20 + place) * MINUTE).isoformat() for place in range(3)]
        aws.doors.push([{"namespace": "shop", "metric": "Backlog", "value": 75, "at": each} for each in at])
        aws.doors.advance(3 * MINUTE)
        assert desired(aws) == 9

    def test_cannot_be_executed(self, aws: Aws) -> None:
        self.put_target(aws)
        call = aws.autoscaling.execute_policy
        assert code(call, AutoScalingGroupName="web", PolicyName="track") == "ValidationError"
