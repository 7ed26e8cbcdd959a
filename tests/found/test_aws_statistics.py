"""
Statistics on AWS: the one that was asked for is sent, or the plan says that it is not.

CloudWatch's statistics: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (ExtendedStatistic).
The counts of an Application Load Balancer are samples of value 1, so that their average is 1 whatever comes: "the most
useful statistic is Sum", https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html.
"""

import pytest

import trimtab as tt
from tests.found.marks import case
from tests.found.worlds import fleet_of, naming, said

GROUP = """
name: shop
groups:
  web:
    capacity: {min: 2, max: 12, desired: 6}
    template: {image: ami-12c6146b, size: t3.small}
    placement: {zones: [us-east-1a]}
    load_balancers: [front]
    aws: {group_metrics: true}
    policies:
      out: {change: 1}
"""


def policy(**fields):
    return GROUP + f"      hold: {{type: target-tracking, {', '.join(f'{name}: {fields[name]}' for name in fields)}}}\n"


def alarm(**fields):
    return (
        GROUP
        + f"    alarms:\n      hot: {{{', '.join(f'{name}: {fields[name]}' for name in fields)}, triggers: [out]}}\n"
    )


def tracked(aws):
    """What a target tracking policy measures by itself: its statistics."""
    configuration = aws.policy("shop-web", "shop-web-hold")["TargetTrackingConfiguration"]
    if "PredefinedMetricSpecification" in configuration:
        return ["Average"]  # ASGAverageCPUUtilization
    return statistics(configuration["CustomizedMetricSpecification"])


def statistics(body):
    if "Metrics" in body:
        return [query["MetricStat"]["Stat"] for query in body["Metrics"] if "MetricStat" in query]
    return [body.get("Statistic") or body.get("ExtendedStatistic")]


def sent_or_said(aws, text, read, wanted, path):
    """Whether a statistic reaches the cloud, or the plan names its field."""
    plan = aws.cloud.plan(fleet_of(text))
    if naming(path, said(plan)):
        return True
    aws.cloud.apply(plan, wait="accepted").raise_for_failures()
    return wanted in read(aws)


def of_alarm(aws):
    return statistics(aws.alarm("shop-web-hot"))


@pytest.mark.parametrize(
    ("statistic", "wanted"),
    [
        case("maximum", "Maximum"),
        case("p99", "p99"),
    ],
)
def test_the_statistic_of_a_queue_per_instance_alarm_is_sent_or_named(aws, statistic, wanted):
    """aws/aws-cdk#7341, #3845."""
    aws.make_balancer()
    text = alarm(metric="{name: queue-per-instance, of: jobs}", statistic=statistic, above=5)
    assert sent_or_said(aws, text, of_alarm, wanted, "alarms.hot.statistic")


@pytest.mark.parametrize(
    "metric",
    [
        case("cpu"),
        case(
            "{name: queue-per-instance, of: jobs}",
            id="queue-per-instance",
        ),
    ],
)
def test_the_statistic_of_target_tracking_is_sent_or_named(aws, metric):
    """aws/aws-cdk#7341, hashicorp/terraform-provider-aws#13622."""
    aws.make_balancer()
    text = policy(metric=metric, target=50, statistic="maximum")
    assert sent_or_said(aws, text, tracked, "Maximum", "policies.hold.statistic")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        case("statistic", "p99"),
        case("datapoints", 2),
        case("missing", "breaching"),
    ],
)
def test_what_a_promql_alarm_cannot_carry_is_named(aws, field, value):
    """PutMetricAlarm's EvaluationCriteria has a query and two periods, nothing else; aws/aws-cdk#7341."""
    aws.make_balancer()
    given = {"metric": '{promql: "sum(rate(x[1m]))"}', "above": 5, "periods": 5, field: value}
    assert naming(f"alarms.hot.{field}", said(aws.cloud.plan(fleet_of(alarm(**given)))))


@pytest.mark.parametrize(
    ("metric", "statistic", "wanted"),
    [
        ("latency", "p90", "p90"),
        ("requests", "maximum", "Maximum"),
        ("requests", "sum", "Sum"),
        ("cpu", "minimum", "Minimum"),
    ],
)
def test_the_statistic_of_an_alarm_on_one_metric_is_sent(aws, metric, statistic, wanted):
    """aws/aws-cdk#7341: percentiles go into ExtendedStatistic, the five others into Statistic."""
    aws.make_balancer()
    aws.put(alarm(metric=metric, statistic=statistic, at_least=2, period="5m", periods=3))
    body = aws.alarm("shop-web-hot")
    assert body.get("ExtendedStatistic" if statistic.startswith("p") else "Statistic") == wanted


def test_an_alarm_on_requests_counts_them(aws):
    """Left to itself an alarm on a count sends Sum: LambStatus#49."""
    aws.make_balancer()
    aws.put(alarm(metric="requests", above=100))
    assert of_alarm(aws) == ["Sum"]


@pytest.mark.parametrize("metric", ["requests", "errors-5xx"])
def test_target_tracking_on_a_count_of_the_balancer_sends_its_sum(aws, metric):
    """grafana-aws-cloudwatch-dashboards#62: RequestCount by Average is always 1."""
    aws.make_balancer()
    aws.put(policy(metric=metric, target=100))
    assert tracked(aws) == ["Sum"]


def test_a_group_does_not_shrink_under_six_times_the_requests_of_its_target(aws):
    """grafana-aws-cloudwatch-dashboards#62: 60 requests a minute at a target of 10."""
    dimensions = aws.make_balancer()
    aws.put(policy(metric="requests", target=10), wait="stable")
    point = {"namespace": "AWS/ApplicationELB", "metric": "RequestCount", "dimensions": dimensions, "value": 1}
    for _ in range(25):
        aws.doors.push([point] * 60)
        aws.clock.advance(tt.minutes(1))
    assert aws.cloud.group("web").read().desired >= 6


EXTENDED = ["p99.999", "tm90", "TM(10%:90%)", "IQM", "wm98", "PR(10:300)", "tc90", "ts90"]
TAKEN = ["p0", "p95", "p99.9", "p100"]


@pytest.mark.parametrize(
    "statistic",
    [
        *TAKEN,
        *EXTENDED,
    ],
)
def test_every_statistic_of_cloudwatch_can_be_asked_for(aws, statistic):
    """hashicorp/terraform-provider-aws#22078: trimmed means and their kin in an alarm."""
    aws.make_balancer()
    text = alarm(metric="{custom: Duration, namespace: Shop}", statistic=f'"{statistic}"', above=2)
    assert aws.refusals(text) == []
    aws.put(text)
    assert aws.alarm("shop-web-hot")["ExtendedStatistic"] == statistic


def put_alarm(aws, statistic):
    return aws.code(
        *("cloudwatch", "put_metric_alarm"),
        AlarmName="slow",
        Namespace="Shop",
        MetricName="Duration",
        ExtendedStatistic=statistic,
        Period=60,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="GreaterThanThreshold",
    )


@pytest.mark.parametrize(
    "statistic",
    [
        *("p0.0", "p95", "p99.999", "p100"),
        *EXTENDED[1:],
    ],
)
def test_the_emulator_takes_every_statistic_of_cloudwatch(aws, statistic):
    """terraform-provider-aws#22078."""
    assert put_alarm(aws, statistic) is None


@pytest.mark.parametrize("statistic", ["p101", "tm", "median"])
def test_the_emulator_refuses_what_is_no_statistic(aws, statistic):
    """terraform-provider-aws#22078."""
    assert put_alarm(aws, statistic) == "InvalidParameterValue"
