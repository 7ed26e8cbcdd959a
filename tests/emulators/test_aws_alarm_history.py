"""What became of alarms, as CloudWatch keeps it."""

from datetime import timedelta

from aws_bench import Aws

MINUTE = timedelta(minutes=1)


ALL = [
    "Alarm updated from OK to INSUFFICIENT_DATA",
    "Alarm updated from INSUFFICIENT_DATA to OK",
    "Alarm updated from ALARM to INSUFFICIENT_DATA",
    "Alarm updated from INSUFFICIENT_DATA to ALARM",
]
"""The newest first; without datapoints a state that was set does not last."""


def changed(aws: Aws) -> None:
    """An alarm that went to ALARM and, five minutes later, to OK."""
    aws.cloudwatch.put_metric_alarm(
        AlarmName="hot",
        Namespace="Shop",
        MetricName="Depth",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=70,
        ComparisonOperator="GreaterThanThreshold",
    )
    for state in ("ALARM", "OK"):
        aws.cloudwatch.set_alarm_state(AlarmName="hot", StateValue=state, StateReason=f"said {state}")
        aws.doors.advance(5 * MINUTE)


def summaries(aws: Aws, **asked: object) -> list[str]:
    return [item["HistorySummary"] for item in aws.cloudwatch.describe_alarm_history(**asked)["AlarmHistoryItems"]]


def test_the_newest_change_comes_first(aws: Aws) -> None:
    changed(aws)
    assert summaries(aws) == ALL
    assert summaries(aws, ScanBy="TimestampAscending") == ALL[::-1]


def test_it_is_asked_for_by_name_kind_and_time(aws: Aws) -> None:
    changed(aws)
    now = aws.doors.now()
    assert summaries(aws, AlarmName="cold") == []
    assert summaries(aws, HistoryItemType="Action") == []
    assert summaries(aws, AlarmTypes=["CompositeAlarm"]) == []
    assert summaries(aws, StartDate=now - 6 * MINUTE) == ALL[:2]
    assert summaries(aws, EndDate=now - 6 * MINUTE) == ALL[2:]
    assert len(summaries(aws, MaxRecords=1)) == 1


def test_it_stays_when_the_alarm_goes(aws: Aws) -> None:
    """CloudWatch API Reference, DescribeAlarmHistory."""
    changed(aws)
    aws.cloudwatch.delete_alarms(AlarmNames=["hot"])
    assert summaries(aws, AlarmName="hot") == ALL
