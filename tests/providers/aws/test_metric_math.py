"""
Alarms on metric math, on samples of one unit, and that tell of missing data; target tracking on metric math.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.config import dump_fleet
from trimtab.errors import InvalidModel
from trimtab.testing import translate

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
ECS = {"namespace": "AWS/ECS", "dimensions": {"ClusterName": "ecs"}, "statistic": "maximum"}
RESERVED = {
    "math": "MAX([cpu, memory])",
    "parts": {"cpu": {"custom": "CPUReservation", **ECS}, "memory": {"custom": "MemoryReservation", **ECS}},
    "unit": "percent",
}
"""What a cluster is scaled in by: ecs/cluster-cost-optimized.yaml of github.com/widdix/aws-cf-templates."""
BACKLOG = {
    "math": "messages / instances",
    "name": "backlog",
    "parts": {
        "messages": {
            "custom": "ApproximateNumberOfMessagesVisible",
            "namespace": "AWS/SQS",
            "dimensions": {"QueueName": "jobs"},
            "statistic": "sum",
        },
        "instances": {
            "custom": "GroupInServiceInstances",
            "namespace": "AWS/AutoScaling",
            "dimensions": {"AutoScalingGroupName": "{group}"},
        },
    },
}
"""examples/complete of github.com/terraform-aws-modules/terraform-aws-autoscaling tracks such a quotient."""
POLICIES = {"in": {"change": -1}}


def group(alarm, **policies):
    fields = {"metric": RESERVED, "below": 60, "period": "1m", "periods": 3, "triggers": ["in"], **alarm}
    return make_group("web", policies={**POLICIES, **policies}, alarms={"idle": fields})


def fleet(alarm=(), **policies):
    return make_fleet(group(dict(alarm), **policies))


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def body_of(cloud, wanted, kind="metric-alarm"):
    plan = cloud.plan(wanted)
    assert not plan.problems, plan.problems
    return next(change.wanted.body for change in plan if change.key.kind == kind)


def test_an_alarm_on_metric_math_is_what_cloudwatch_takes(cloud):
    body = body_of(cloud, fleet())
    stat = {"Namespace": "AWS/ECS", "Dimensions": [{"Name": "ClusterName", "Value": "ecs"}]}
    assert body["Metrics"] == [
        {
            "Id": name,
            "MetricStat": {"Metric": {**stat, "MetricName": native}, "Stat": "Maximum", "Period": 60},
            "ReturnData": False,
        }
        for name, native in (("cpu", "CPUReservation"), ("memory", "MemoryReservation"))
    ] + [{"Id": "result", "Expression": "MAX([cpu, memory])", "ReturnData": True}]
    assert not {"MetricName", "Namespace", "Statistic", "Period", "Dimensions", "Unit"} & set(body)


CASES = {
    "metric math": {},
    "another expression": {"metric": {**RESERVED, "math": "cpu + memory"}},
    "a label": {"metric": {**RESERVED, "name": "reserved"}},
    "another period": {"period": "5m"},
    "a unit of samples": {"metric": "cpu", "sample_unit": "Percent"},
    "told of missing data": {"metric": "cpu", "notify_no_data": [TOPIC]},
    "told of missing data on math": {"notify_no_data": [TOPIC]},
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_made_changed_taken_away_and_imported(world, cloud, name):
    """Created, edited back and forth, plans empty in between; what is imported plans empty too."""
    wanted = fleet(CASES[name])
    cloud.apply(cloud.plan(wanted), wait="accepted").raise_for_failures()
    assert not cloud.plan(wanted).changes
    found = cloud.import_group("virtualmin-web", fleet="virtualmin")
    assert found.changes == (), found.changes
    imported = found.group.alarms[0]
    assert imported.model_dump(exclude={"metric"}) == wanted.groups[0].alarms[0].model_dump(exclude={"metric"})
    assert imported.metric.query == wanted.groups[0].alarms[0].metric.query
    plain = fleet({"metric": "cpu"})
    cloud.apply(cloud.plan(plain), wait="accepted").raise_for_failures()
    assert not cloud.plan(plain).changes
    cloud.apply(cloud.plan(wanted), wait="accepted").raise_for_failures()
    assert not cloud.plan(wanted).changes


def test_a_policy_tracks_metric_math(cloud):
    wanted = fleet({"metric": "cpu"}, backlog={"type": "target-tracking", "metric": BACKLOG, "target": 100})
    body = next(
        change.wanted.body
        for change in cloud.plan(wanted)
        if change.wanted and change.wanted.item == "policies.backlog"
    )
    math = body["TargetTrackingConfiguration"]["CustomizedMetricSpecification"]["Metrics"]
    assert [query["Id"] for query in math] == ["messages", "instances", "result"]
    assert math[0]["MetricStat"]["Stat"] == "Sum"
    assert math[1]["MetricStat"]["Metric"]["Dimensions"][0]["Value"] == "virtualmin-web"
    assert math[2]["Label"] == "backlog"
    cloud.apply(cloud.plan(wanted), wait="accepted").raise_for_failures()
    assert not cloud.plan(wanted).changes
    found = cloud.import_group("virtualmin-web", fleet="virtualmin")
    assert found.changes == ()
    (policy,) = [each for each in found.group.policies if each.type == "target-tracking"]
    assert (
        policy.metric.parts == next(each for each in wanted.groups[0].policies if each.name == "backlog").metric.parts
    )


def test_math_of_others_is_read_whatever_its_expression_is_called(world, cloud):
    wanted = fleet()
    cloud.apply(cloud.plan(wanted), wait="accepted").raise_for_failures()
    client = world.client("cloudwatch")
    (alarm,) = client.describe_alarms()["MetricAlarms"]
    kept = ("AlarmName", "AlarmDescription", "EvaluationPeriods", "DatapointsToAlarm", "Threshold")
    same = {name: alarm[name] for name in (*kept, "ComparisonOperator", "TreatMissingData", "AlarmActions")}
    queries = [{**query, "Id": "e1"} if query["Id"] == "result" else query for query in reversed(alarm["Metrics"])]
    client.put_metric_alarm(**same, Metrics=queries)
    assert not cloud.plan(wanted).changes
    assert cloud.import_group("virtualmin-web", fleet="virtualmin").changes == ()


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ({"math": "a"}, "metric math takes an expression and its `parts`"),
        ({**RESERVED, "math": "MAX([cpu])"}, "does not use 'memory'"),
        ({**RESERVED, "parts": {"result": RESERVED["parts"]["cpu"]}, "math": "result"}, "the name of the expression"),
        ({**RESERVED, "namespace": "AWS/ECS"}, "metric math has its `namespace`"),
        ({"custom": "A", "namespace": "B", "parts": RESERVED["parts"]}, "`parts` go with `math`"),
        ({**RESERVED, "custom": "A"}, "a metric has one of"),
        ({**RESERVED, "parts": {"Cpu": RESERVED["parts"]["cpu"]}}, "Cpu"),
    ],
)
def test_math_that_is_none_is_refused(metric, text):
    with pytest.raises(InvalidModel) as refused:
        group({"metric": metric})
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("alarm", "path", "text"),
    [
        ({"statistic": "maximum"}, "alarms.idle.statistic", "a `statistic` of its own"),
        ({"sample_unit": "Percent"}, "alarms.idle.sample_unit", "samples of any unit"),
    ],
)
def test_what_an_expression_has_no_use_for_is_a_problem(cloud, alarm, path, text):
    (problem,) = cloud.plan(fleet(alarm)).problems
    assert problem.path == path
    assert text in problem.text


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_other_clouds_refuse_by_name(provider):
    wanted = fleet({"notify_no_data": [TOPIC]})
    paths = {note.path for note in translate(wanted, provider).problems}
    assert {"alarms.idle.metric", "alarms.idle.notify_no_data.0"} <= paths
    notes = translate(fleet({"metric": "cpu", "sample_unit": "Percent"}), provider).notes
    assert [note.approximation for note in notes if note.path == "alarms.idle.sample_unit"] == [True]


def test_it_is_dumped_and_read_back():
    wanted = fleet({"notify_no_data": [TOPIC]}, backlog={"type": "target-tracking", "metric": BACKLOG, "target": 100})
    assert tt.parse_fleet(dump_fleet(wanted), name="fleet.yaml") == wanted
    assert tt.Fleet.model_validate(wanted.model_dump()) == wanted
    made = tt.metrics.math(RESERVED["math"], wanted.groups[0].alarms[0].metric.parts, unit="percent")
    assert made == wanted.groups[0].alarms[0].metric


def test_memory_does_it():
    wanted = fleet({"notify_no_data": [TOPIC], "sample_unit": "Percent"})
    with tt.connect("memory") as cloud:
        cloud.apply(cloud.plan(wanted)).raise_for_failures()
        assert not cloud.plan(wanted).changes
        found = cloud.import_group("virtualmin-web", fleet="virtualmin")
        assert found.group.alarms == wanted.groups[0].alarms


def test_alarms_of_cloudwatch_have_no_severity_and_the_plan_says_so():
    notes = translate(fleet({"metric": "cpu", "severity": "critical"}), "aws").notes
    assert [(note.text, note.approximation) for note in notes if note.path == "alarms.idle.severity"] == [
        ("alarms.idle.severity: not used: alarms of CloudWatch have no severity", False)
    ]
