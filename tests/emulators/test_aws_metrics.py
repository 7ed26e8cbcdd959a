"""Metrics as GetMetricData and ListMetrics answer them: labels, queries in words, pages; and the tags of resources."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_bench import START, Aws, client_for, code
from botocore.exceptions import ClientError

from trimtab.emulators.aws.metric_data import default_label

RECORDED = "recordings/aws/localstack/cloudwatch"
DEPTH = {"MetricName": "depth", "Namespace": "Jobs"}


def recorded(shared: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((shared / RECORDED / f"{name}.json").read_text())["snapshots"])


def query(name: str, stat: str, period: int = 60, metric: str = "metric1") -> dict[str, Any]:
    what = {"Namespace": "N", "MetricName": metric}
    return {"Id": name, "MetricStat": {"Metric": what, "Stat": stat, "Period": period}}


def put(aws: Aws, value: float, **dimensions: str) -> None:
    pairs = [{"Name": name, "Value": each} for name, each in dimensions.items()]
    aws.cloudwatch.put_metric_data(
        Namespace="Jobs", MetricData=[{"MetricName": "depth", "Value": value, "Dimensions": pairs, "Timestamp": START}]
    )


def ask(aws: Aws, expression: str, **more: Any) -> list[tuple[str, list[float]]]:
    found = aws.cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "q", "Period": 60, "Expression": expression, **more}],
        StartTime=START,
        EndTime=START + timedelta(minutes=1),
    )
    return [(each["Label"], each["Values"]) for each in found["MetricDataResults"]]


class TestLabels:
    def test_as_recorded_where_queries_differ(self, shared: Path) -> None:
        for variant in recorded(shared, "test_label_generation").values():
            replies = variant["recorded-content"]["label_generation"]["MetricDataResults"]
            # the ids say what was asked: result_Sum_60_Seconds
            parts = [each["Id"].split("_") for each in replies]
            queries = [
                query(each["Id"], stat, int(period)) for each, (_, stat, period, _) in zip(replies, parts, strict=True)
            ]
            label = default_label(queries)
            assert [label(each) for each in queries] == [each["Label"] for each in replies]

    def test_as_recorded_of_several_metrics(self, shared: Path) -> None:
        (variant,) = recorded(shared, "test_get_metric_data_for_multiple_metrics").values()
        replies = variant["recorded-content"]["get_metric_data"]["MetricDataResults"]
        queries = [query(each["Id"], "Sum", metric=f"metric{number}") for number, each in enumerate(replies, 1)]
        label = default_label(queries)
        assert [label(each) for each in queries] == [each["Label"] for each in replies]

    def test_over_the_wire(self, aws: Aws) -> None:
        queries = [query("a", "Sum"), query("b", "Maximum"), {"Id": "c", "Expression": "a / b"}]
        found = aws.cloudwatch.get_metric_data(
            MetricDataQueries=[*queries, {**query("d", "Sum"), "Label": "own"}],
            StartTime=START,
            EndTime=START + timedelta(minutes=1),
        )
        assert [each["Label"] for each in found["MetricDataResults"]] == ["metric1 Sum", "metric1 Maximum", "c", "own"]


class TestQueriesInWords:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html

    @pytest.fixture(autouse=True)
    def depths(self, aws: Aws) -> None:
        put(aws, 2, Queue="a", Tier="web")
        put(aws, 4, Queue="a", Tier="job")
        put(aws, 10, Queue="b", Tier="web")
        put(aws, 100)

    @pytest.mark.parametrize(
        ("function", "expected"), [("SUM", 116.0), ("AVG", 29.0), ("COUNT", 4.0), ("MIN", 2.0), ("MAX", 100.0)]
    )
    def test_functions_take_all_metrics_of_the_name(self, aws: Aws, function: str, expected: float) -> None:
        assert ask(aws, f'SELECT {function}(depth) FROM "Jobs"') == [("q", [expected])]

    @pytest.mark.parametrize(
        ("rest", "expected"),
        [
            ("FROM SCHEMA(Jobs, Queue, Tier)", [("q", [16.0])]),
            ('FROM SCHEMA("Jobs")', [("q", [100.0])]),
            ("FROM Jobs WHERE Queue = 'a'", [("q", [6.0])]),
            ("FROM Jobs WHERE Queue = 'a' AND \"Tier\" != 'web'", [("q", [4.0])]),
            ("FROM Jobs GROUP BY Queue", [("a", [6.0]), ("b", [10.0])]),
            ("FROM Jobs GROUP BY Queue, Tier", [("a job", [4.0]), ("a web", [2.0]), ("b web", [10.0])]),
            ("FROM Jobs GROUP BY Queue ORDER BY SUM() DESC LIMIT 1", [("b", [10.0])]),
            ("FROM Jobs GROUP BY Queue ORDER BY MAX() ASC", [("a", [6.0]), ("b", [10.0])]),
            ("FROM Other", []),
        ],
    )
    def test_which_metrics_and_in_which_order(self, aws: Aws, rest: str, expected: list[Any]) -> None:
        assert ask(aws, f"SELECT SUM(depth) {rest}") == expected

    def test_a_label_of_its_own(self, aws: Aws) -> None:
        assert ask(aws, "SELECT SUM(depth) FROM Jobs", Label="all") == [("all", [116.0])]

    @pytest.mark.parametrize(
        "expression",
        ["SELECT MEDIAN(depth) FROM Jobs", "SELECT SUM(depth)", "SELECT SUM(depth) FROM Jobs WHERE Queue > 'a'"],
    )
    def test_others_are_refused(self, aws: Aws, expression: str) -> None:
        with pytest.raises(ClientError, match="ValidationError"):
            ask(aws, expression)


def test_a_metric_is_listed_once_however_often_it_was_written(aws: Aws) -> None:
    # "a metric is uniquely defined by a name, a namespace, and zero or more dimensions" (CloudWatch concepts)
    for value in (1, 2, 3):
        put(aws, value)
    assert aws.cloudwatch.list_metrics()["Metrics"] == [{**DEPTH, "Dimensions": []}]


def test_a_token_that_list_metrics_never_gave(aws: Aws) -> None:
    # the only code of a client's fault that its page has
    assert code(aws.cloudwatch.list_metrics, NextToken="no") == "InvalidParameterValue"


def test_an_alarm_that_is_not_there_is_refused_without_a_sentence(aws: Aws, shared: Path) -> None:
    snapshots = recorded(shared, "test_exception_serializing_with_no_shape_in_spec")
    (content,) = (each["recorded-content"] for name, each in snapshots.items() if name.endswith("[query]"))
    expected = content["not-found-response"]["ErrorResponse"]["Error"]
    with pytest.raises(ClientError) as caught:
        aws.cloudwatch.set_alarm_state(AlarmName="no", StateValue="OK", StateReason="r")
    error = caught.value.response["Error"]
    assert (error["Code"], error.get("Message", "")) == (expected["Code"], expected.get("Message", ""))


@pytest.mark.parametrize("call", ["tag_resource", "untag_resource"])
def test_what_is_not_there_cannot_be_tagged(aws: Aws, call: str) -> None:
    given = {"Tags": [{"Key": "a", "Value": "b"}]} if call == "tag_resource" else {"TagKeys": ["a"]}
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:no"
    assert code(getattr(aws.cloudwatch, call), ResourceARN=arn, **given) == "ResourceNotFoundException"


def test_it_has_no_tags(aws: Aws, shared: Path) -> None:
    (variant,) = recorded(shared, "test_tagging_metric_alarm").values()
    expected = variant["recorded-content"]["list_tags_for_deleted_resource"]["Tags"]
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:no"
    assert aws.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == expected


def test_rules_of_contributor_insights_have_tags(aws: Aws) -> None:
    cloudwatch = client_for(aws.emulator, "cloudwatch", "eu-west-1")
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition="{}", Tags=[{"Key": "a", "Value": "1"}])
    (rule,) = cloudwatch.describe_insight_rules()["InsightRules"]
    arn = f"arn:aws:cloudwatch:eu-west-1:123456789012:insight-rule/{rule['Name']}"
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_datum_in_two_forms_is_refused_as_recorded(aws: Aws, shared: Path) -> None:
    snapshots = recorded(shared, "test_put_metric_data_validation")
    (content,) = (each["recorded-content"] for name, each in snapshots.items() if name.endswith("[query]"))
    summary = {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}
    bad: dict[str, dict[str, Any]] = {
        "invalid-param-combination": {"Value": 1, "Values": [1]},
        "invalid-param-value": {"Values": [1, 2], "Counts": [1]},
        "invalid-param-combination-2": {"Value": 1, "StatisticValues": summary},
    }
    for name, datum in bad.items():
        with pytest.raises(ClientError) as caught:
            aws.cloudwatch.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", **datum}])
        error, expected = caught.value.response["Error"], content[name]["Error"]
        assert (error["Code"], error["Message"]) == (expected["Code"], expected["Message"])
