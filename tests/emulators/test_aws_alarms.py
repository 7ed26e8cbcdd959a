from datetime import timedelta
from typing import Any

import pytest
from aws_bench import START, Aws, code

TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:hot"


def given(**changes: Any) -> dict[str, Any]:
    alarm = {
        "AlarmName": "hot",
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Statistic": "Average",
        "Period": 300,
        "EvaluationPeriods": 2,
        "Threshold": 70,
        "ComparisonOperator": "GreaterThanThreshold",
        **changes,
    }
    return {name: value for name, value in alarm.items() if value is not None}


def put(aws: Aws, **changes: Any) -> None:
    aws.cloudwatch.put_metric_alarm(**given(**changes))


def alarms(aws: Aws, **wanted: Any) -> list[dict[str, Any]]:
    return list(aws.cloudwatch.describe_alarms(**wanted)["MetricAlarms"])


def test_a_small_alarm_is_answered_as_the_service_does(aws: Aws) -> None:
    put(aws)
    assert alarms(aws) == [
        {
            **given(),
            "Threshold": 70.0,
            "AlarmArn": ARN,
            "ActionsEnabled": True,
            "AlarmActions": [],
            "OKActions": [],
            "InsufficientDataActions": [],
            "Dimensions": [],
            "AlarmConfigurationUpdatedTimestamp": START,
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": START,
            "StateTransitionedTimestamp": START,
        }
    ]


def test_all_else_is_given_back_and_sets_in_another_order(aws: Aws) -> None:
    actions = [TOPIC, f"{TOPIC}2", f"{TOPIC}3"]
    dimensions = [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}, {"Name": "c", "Value": "3"}]
    same = {"AlarmDescription": "d", "TreatMissingData": "ignore", "DatapointsToAlarm": 1, "Unit": "Percent"}
    put(aws, AlarmActions=actions, Dimensions=dimensions, **same)
    alarm = alarms(aws)[0]
    assert {name: alarm[name] for name in same} == same
    assert alarm["AlarmActions"] != actions
    assert sorted(alarm["AlarmActions"]) == actions
    assert alarm["Dimensions"] == dimensions


def test_a_put_replaces_all_but_the_state(aws: Aws) -> None:
    put(aws, AlarmDescription="d", TreatMissingData="breaching")
    aws.cloudwatch.set_alarm_state(AlarmName="hot", StateValue="ALARM", StateReason="because")
    aws.doors.advance(timedelta(hours=1))
    put(aws, Threshold=80)
    alarm = alarms(aws)[0]
    assert not {"AlarmDescription", "TreatMissingData"} & set(alarm)
    assert (alarm["StateValue"], alarm["StateReason"], alarm["Threshold"]) == ("ALARM", "because", 80.0)
    assert alarm["AlarmConfigurationUpdatedTimestamp"] == START + timedelta(hours=1)


def test_metric_math(aws: Aws) -> None:
    metric = {"Namespace": "n", "MetricName": "m"}
    queries = [
        {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "b", "Expression": "a / 2"},
    ]
    put(aws, MetricName=None, Namespace=None, Statistic=None, Period=None, Metrics=queries)
    assert [each["ReturnData"] for each in alarms(aws)[0]["Metrics"]] == [False, True]
    wrong = given(Metrics=queries)
    assert code(aws.cloudwatch.put_metric_alarm, **wrong) == "ValidationError"


@pytest.mark.parametrize(
    "changes",
    [
        {"MetricName": None},
        {"Namespace": None},
        {"Statistic": None},
        {"ExtendedStatistic": "p99"},
        {"Period": None},
        {"Period": 15},
        {"Period": 90},
        {"Period": 3600, "EvaluationPeriods": 200},
        {"Threshold": None},
        {"DatapointsToAlarm": 3},
        {"Statistic": "Median"},
        {"ComparisonOperator": "GreaterThan"},
        {"Unit": "Furlongs"},
        {"TreatMissingData": "maybe"},
        {"AlarmName": "n" * 256},
        {"AlarmActions": [f"{TOPIC}{number}" for number in range(6)]},
        {"AlarmActions": ["not-an-arn"]},
        {"AlarmActions": [TOPIC, TOPIC]},
        {"Dimensions": [{"Name": f"d{number}", "Value": "v"} for number in range(31)]},
        {"AlarmDescription": "d" * 1025},
    ],
)
def test_what_the_service_refuses(aws: Aws, changes: dict[str, Any]) -> None:
    assert code(aws.cloudwatch.put_metric_alarm, **given(**changes)) == "ValidationError"
    assert alarms(aws) == []


def test_are_found_by_names_prefix_state_and_action(aws: Aws) -> None:
    for name in ("web-b", "web-a", "api"):
        put(aws, AlarmName=name, AlarmActions=[TOPIC] if name == "api" else [])
    aws.cloudwatch.set_alarm_state(AlarmName="api", StateValue="OK", StateReason="r")

    def names(**wanted: Any) -> list[str]:
        return [each["AlarmName"] for each in alarms(aws, **wanted)]

    assert names() == ["api", "web-a", "web-b"]
    assert names(AlarmNames=["api", "no"]) == ["api"]
    assert names(AlarmNamePrefix="web-") == ["web-a", "web-b"]
    assert names(StateValue="OK") == ["api"]
    assert names(ActionPrefix="arn:aws:sns") == ["api"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    found = aws.cloudwatch.describe_alarms_for_metric(MetricName="CPUUtilization", Namespace="AWS/EC2")
    assert len(found["MetricAlarms"]) == 3


def test_pages(aws: Aws) -> None:
    for number in range(101):
        put(aws, AlarmName=f"a{number:03}")
    assert len(alarms(aws)) == 50
    pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(MaxRecords=100)
    assert [len(page["MetricAlarms"]) for page in pages] == [100, 1]
    call = aws.cloudwatch.describe_alarms
    assert code(call, MaxRecords=101) == "ValidationError"
    assert code(call, AlarmNames=[f"a{number:03}" for number in range(101)]) == "ValidationError"
    assert code(call, NextToken="x") == "InvalidNextToken"


def test_deleting_one_that_is_not_there_is_no_error(aws: Aws) -> None:
    # as users see it: https://github.com/aws-cloudformation/cloudformation-cli/issues/456
    put(aws)
    aws.cloudwatch.delete_alarms(AlarmNames=["no"])
    assert len(alarms(aws)) == 1
    aws.cloudwatch.delete_alarms(AlarmNames=["hot", "no"])
    assert alarms(aws) == []


def test_tags_are_set_on_creation_only_and_by_their_own_calls(aws: Aws) -> None:
    put(aws, Tags=[{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}])
    put(aws, Tags=[{"Key": "c", "Value": "3"}])
    cloudwatch = aws.cloudwatch

    def keys() -> list[str]:
        return [tag["Key"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"]]

    assert keys() == ["a", "b"]
    cloudwatch.tag_resource(ResourceARN=ARN, Tags=[{"Key": "d", "Value": "4"}])
    cloudwatch.untag_resource(ResourceARN=ARN, TagKeys=["a"])
    assert keys() == ["b", "d"]


def test_actions_are_switched_off_and_on(aws: Aws) -> None:
    put(aws)
    aws.cloudwatch.disable_alarm_actions(AlarmNames=["hot"])
    assert alarms(aws)[0]["ActionsEnabled"] is False
    aws.cloudwatch.enable_alarm_actions(AlarmNames=["hot"])
    assert alarms(aws)[0]["ActionsEnabled"] is True


def test_the_state_of_one_that_is_not_there(aws: Aws) -> None:
    call = aws.cloudwatch.set_alarm_state
    assert code(call, AlarmName="no", StateValue="OK", StateReason="r") == "ResourceNotFound"
