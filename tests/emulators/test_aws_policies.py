from typing import Any

import pytest
from aws_bench import Aws, code

SIMPLE = {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
STEPS = [
    {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
]
STEP = {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity", "StepAdjustments": STEPS}
TRACKING = {
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingConfiguration": {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "TargetValue": 50,
    },
}


def put(aws: Aws, name: str = "out", group: str = "web", **given: Any) -> str:
    made = aws.autoscaling.put_scaling_policy(AutoScalingGroupName=group, PolicyName=name, **(given or SIMPLE))
    return str(made["PolicyARN"])


def policies(aws: Aws, **given: Any) -> list[dict[str, Any]]:
    return list(aws.autoscaling.describe_policies(**given)["ScalingPolicies"])


def test_the_arn_is_answered_unique_and_stays(aws: Aws) -> None:
    aws.make_group()
    first = put(aws)
    assert first.startswith("arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:")
    assert first.endswith(":autoScalingGroupName/web:policyName/out")
    assert put(aws) == first
    assert put(aws, "in").split(":")[6] != first.split(":")[6]


def test_the_same_name_on_two_groups_is_two_policies(aws: Aws) -> None:
    aws.make_group("web")
    aws.make_group("api")
    arns = {put(aws, group="web"), put(aws, group="api")}
    assert {each["PolicyARN"] for each in policies(aws)} == arns
    aws.autoscaling.delete_policy(AutoScalingGroupName="api", PolicyName="out")
    assert [each["AutoScalingGroupName"] for each in policies(aws)] == ["web"]


def test_a_simple_policy_as_it_is_described(aws: Aws) -> None:
    aws.make_group()
    arn = put(aws, **SIMPLE)
    assert policies(aws) == [
        {
            "AutoScalingGroupName": "web",
            "PolicyName": "out",
            "PolicyARN": arn,
            "PolicyType": "SimpleScaling",
            "Enabled": True,
            "StepAdjustments": [],
            "Alarms": [],
            **SIMPLE,
        }
    ]


def test_a_put_replaces_all_of_a_policy(aws: Aws) -> None:
    aws.make_group()
    put(aws, **SIMPLE, Cooldown=60, Enabled=False)
    assert (policies(aws)[0]["Cooldown"], policies(aws)[0]["Enabled"]) == (60, False)
    put(aws, **SIMPLE)
    assert "Cooldown" not in policies(aws)[0]
    assert policies(aws)[0]["Enabled"] is True


def test_step_and_target_tracking_get_the_vendors_defaults(aws: Aws) -> None:
    aws.make_group()
    put(aws, "step", **STEP)
    put(aws, "track", **TRACKING)
    step, tracking = policies(aws)
    assert (step["MetricAggregationType"], step["StepAdjustments"]) == ("Average", STEPS)
    assert tracking["TargetTrackingConfiguration"]["DisableScaleIn"] is False
    assert tracking["TargetTrackingConfiguration"]["TargetValue"] == 50.0


@pytest.mark.parametrize(
    "given",
    [
        {"PolicyType": "Magic"},
        {"AdjustmentType": "ChangeInCapacity"},
        {"ScalingAdjustment": 1},
        {**SIMPLE, "AdjustmentType": "Sideways"},
        {**SIMPLE, "MinAdjustmentMagnitude": 2},
        {**SIMPLE, "StepAdjustments": STEPS},
        {**SIMPLE, "EstimatedInstanceWarmup": 2},
        {"AdjustmentType": "ExactCapacity", "ScalingAdjustment": -1},
        {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity"},
        {**STEP, "Cooldown": 5},
        {**STEP, "MetricAggregationType": "Sum"},
        {**STEP, "StepAdjustments": [STEPS[1], STEPS[1]]},
        {**STEP, "StepAdjustments": [STEPS[0], {**STEPS[1], "MetricIntervalLowerBound": 11.0}]},
        {**STEP, "StepAdjustments": [{**STEPS[0], "MetricIntervalUpperBound": -1.0}]},
        {"PolicyType": "TargetTrackingScaling"},
        {**TRACKING, "ScalingAdjustment": 1},
        {
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingConfiguration": {
                "PredefinedMetricSpecification": {"PredefinedMetricType": "Nonsense"},
                "TargetValue": 5,
            },
        },
    ],
)
def test_what_the_service_refuses(aws: Aws, given: dict[str, Any]) -> None:
    aws.make_group()
    call = aws.autoscaling.put_scaling_policy
    assert code(call, AutoScalingGroupName="web", PolicyName="p", **given) == "ValidationError"
    assert policies(aws) == []


def test_a_policy_of_a_group_that_is_not_there(aws: Aws) -> None:
    call = aws.autoscaling.put_scaling_policy
    assert code(call, AutoScalingGroupName="web", PolicyName="p", **SIMPLE) == "ValidationError"


_LOAD = {"PredefinedLoadMetricSpecification": {"PredefinedMetricType": "ASGTotalCPUUtilization"}}
_SCALING = {"PredefinedScalingMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}
_PAIR = {"PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"}}


@pytest.mark.parametrize("metrics", [{}, _LOAD, _SCALING, {**_PAIR, **_LOAD}, {**_PAIR, **_LOAD, **_SCALING}])
def test_a_forecast_takes_a_pair_or_a_metric_of_each_kind(aws: Aws, metrics: dict[str, Any]) -> None:
    # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredictiveScalingMetricSpecification.html
    aws.make_group()
    given = {"AutoScalingGroupName": "web", "PolicyName": "p", "PolicyType": "PredictiveScaling"}
    call = aws.autoscaling.put_scaling_policy
    config = {"MetricSpecifications": [{"TargetValue": 50, **metrics}]}
    assert code(call, **given, PredictiveScalingConfiguration=config) == "ValidationError"
    for good in (_PAIR, {**_LOAD, **_SCALING}):
        call(**given, PredictiveScalingConfiguration={"MetricSpecifications": [{"TargetValue": 50, **good}]})


def test_a_policy_that_is_not_there_cannot_be_deleted(aws: Aws) -> None:
    aws.make_group()
    assert code(aws.autoscaling.delete_policy, AutoScalingGroupName="web", PolicyName="p") == "ValidationError"


def test_a_policy_is_deleted_by_its_arn(aws: Aws) -> None:
    aws.make_group()
    aws.autoscaling.delete_policy(PolicyName=put(aws))
    assert policies(aws) == []


def test_a_policy_is_named_without_its_group_where_no_other_has_one_so_named(aws: Aws) -> None:
    # AutoScalingGroupName is not required (ExecutePolicy and DeletePolicy, Auto Scaling API Reference)
    aws.make_group()
    put(aws)
    name = policies(aws)[0]["PolicyName"]
    assert code(aws.autoscaling.delete_policy, PolicyName="no") == "ValidationError"
    aws.make_group("other")
    aws.autoscaling.put_scaling_policy(AutoScalingGroupName="other", PolicyName=name, **SIMPLE)
    assert code(aws.autoscaling.delete_policy, PolicyName=name) == "ValidationError"
    aws.autoscaling.delete_policy(AutoScalingGroupName="other", PolicyName=name)
    aws.autoscaling.delete_policy(PolicyName=name)
    assert policies(aws) == []


def test_the_alarms_that_trigger_it_are_listed(aws: Aws) -> None:
    aws.make_group()
    arn = put(aws)
    aws.cloudwatch.put_metric_alarm(
        AlarmName="hot",
        MetricName="m",
        Namespace="n",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[arn],
    )
    alarm = {"AlarmName": "hot", "AlarmARN": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:hot"}
    assert policies(aws)[0]["Alarms"] == [alarm]


def test_filters_sorts_and_pages(aws: Aws) -> None:
    aws.make_group("b")
    aws.make_group("a")
    for group, name in (("b", "z"), ("b", "y"), ("a", "x")):
        put(aws, name, group)
    put(aws, "step", "a", **STEP)
    assert [each["PolicyName"] for each in policies(aws)] == ["step", "x", "y", "z"]
    assert [each["PolicyName"] for each in policies(aws, AutoScalingGroupName="b")] == ["y", "z"]
    assert [each["PolicyName"] for each in policies(aws, PolicyNames=["x", "no"])] == ["x"]
    assert [each["PolicyName"] for each in policies(aws, PolicyTypes=["StepScaling"])] == ["step"]
    pages = aws.autoscaling.get_paginator("describe_policies").paginate(MaxRecords=3)
    assert [len(page["ScalingPolicies"]) for page in pages] == [3, 1]
    assert code(aws.autoscaling.describe_policies, MaxRecords=101) == "ValidationError"


class TestExecute:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (SIMPLE, 5),
            ({"AdjustmentType": "ExactCapacity", "ScalingAdjustment": 7}, 7),
            ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": 10}, 5),
            ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": 40}, 5),
            ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": -50}, 2),
            (
                {
                    "AdjustmentType": "PercentChangeInCapacity",
                    "ScalingAdjustment": 25,
                    "MinAdjustmentMagnitude": 3,
                },
                7,
            ),
            ({"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 99}, 10),
        ],
    )
    def test_simple_policies_from_4_of_10(self, aws: Aws, given: dict[str, Any], expected: int) -> None:
        aws.make_group(DesiredCapacity=4, MaxSize=10)
        put(aws, **given)
        aws.autoscaling.execute_policy(AutoScalingGroupName="web", PolicyName="out")
        assert aws.sizes()[2] == expected

    @pytest.mark.parametrize(("value", "expected"), [(50, 2), (59, 2), (60, 4), (99, 4)])
    def test_steps_are_counted_from_the_threshold(self, aws: Aws, value: float, expected: int) -> None:
        aws.make_group()
        put(aws, **STEP)
        aws.autoscaling.execute_policy(
            AutoScalingGroupName="web", PolicyName="out", MetricValue=value, BreachThreshold=50
        )
        assert aws.sizes()[2] == expected

    def test_what_cannot_be_executed(self, aws: Aws) -> None:
        aws.make_group()
        put(aws, "step", **STEP)
        put(aws, "track", **TRACKING)
        call = aws.autoscaling.execute_policy
        for name in ("step", "track", "none"):
            assert code(call, AutoScalingGroupName="web", PolicyName=name) == "ValidationError"
        below = {"MetricValue": 1.0, "BreachThreshold": 50.0}
        assert code(call, AutoScalingGroupName="web", PolicyName="step", **below) == "ValidationError"
