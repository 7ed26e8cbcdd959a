"""CloudWatch's metrics for ours: against the units of the vendor's own tables, and units both ways."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab import errors, metrics
from trimtab.models import Alarm, PredictivePolicy, TargetTrackingPolicy
from trimtab.models.metric import INSTANCES, NEUTRAL
from trimtab.providers.aws.alarms import alarm_body
from trimtab.providers.aws.metrics import NATIVE, PER_INSTANCE, Scope, metric_for, scale_of, scaled, unscaled
from trimtab.providers.aws.policies import policy_body
from trimtab.providers.metrics import is_counted

LABEL = "app/web/0123/targetgroup/web/4567"
SCOPE = Scope("shop-web", LABEL)
MINUTE = timedelta(minutes=1)
DESCRIBED = {
    "AWS/EC2": {"CPUUtilization": "Percent", "NetworkIn": "Bytes", "NetworkOut": "Bytes"},
    "CWAgent": {"mem_used_percent": "Percent", "disk_used_percent": "Percent"},
    "AWS/ApplicationELB": {
        "RequestCount": "Count",
        "RequestCountPerTarget": "Count",
        "HTTPCode_Target_5XX_Count": "Count",
        "TargetResponseTime": "Seconds",
    },
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible": "Count", "ApproximateNumberOfMessagesNotVisible": "Count"},
    "AWS/AutoScaling": {"GroupInServiceInstances": "Count"},
}
"""
What the vendor's tables say: the name and the unit of each.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/metrics-collected-by-CloudWatch-agent.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
"""
METRICS = {**NEUTRAL, INSTANCES.name: INSTANCES}


@pytest.mark.parametrize("name", NATIVE)
def test_a_row_is_what_cloudwatch_describes(name):
    """Bytes of a report of five minutes, or of one; all else in our unit, with counts that are summed up."""
    row = NATIVE[name]
    unit = DESCRIBED[row.namespace][row.name]
    factors = [scale_of(METRICS[name], "average", MINUTE, detailed=detailed) for detailed in (False, True)]
    expected = [5 * MINUTE, MINUTE] if unit == "Bytes" else [timedelta(seconds=1)] * 2
    assert factors == expected
    assert is_counted(METRICS[name]) is (unit == "Count" and row.namespace == "AWS/ApplicationELB")


def test_every_neutral_metric_has_a_row_or_is_refused_by_name():
    for name, metric in NEUTRAL.items():
        if name not in NATIVE:
            assert name == PER_INSTANCE
            with pytest.raises(errors.Unsupported, match=name):
                metric_for(metric, SCOPE)


@pytest.mark.parametrize("name", NATIVE)
@given(value=st.integers(0, 10**9).map(lambda number: number / 1000))
def test_units_come_back(name, value):
    """Decimals as they were written, for whatever factor."""
    factor = scale_of(METRICS[name], "average", 5 * MINUTE, detailed=False)
    assert unscaled(scaled(value, factor), factor) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("metric", [metrics.external("cpu"), metrics.promql("up", source="eu")])
def test_a_metric_of_a_source_is_refused_whatever_its_name(metric):
    """Also where a policy or an alarm has a word of CloudWatch for a metric that is called so."""
    with pytest.raises(errors.Unsupported, match="no cloud knows the source"):
        metric_for(metric, SCOPE)
    for policy in (
        TargetTrackingPolicy(name="hold", metric=metric, target=50),
        PredictivePolicy(name="ahead", metric=metric, target=50),
    ):
        with pytest.raises(errors.Unsupported, match="no cloud knows the source"):
            policy_body(policy, SCOPE)
    alarm = Alarm(name="hot", metric=metric, above=70)
    with pytest.raises(errors.Unsupported, match="no cloud knows the source"):
        alarm_body(alarm, SCOPE)
    assert "MetricName" not in alarm_body(alarm, None)


@pytest.mark.parametrize("metric", [metrics.cpu, metrics.promql("sum(up)"), NEUTRAL[PER_INSTANCE]])
def test_an_alarm_keeps_its_description_whatever_it_watches(metric):
    metric = metric.model_copy(update={"of": "jobs"}) if metric.name == PER_INSTANCE else metric
    alarm = Alarm(name="hot", metric=metric, above=70, description="read the runbook")
    assert alarm_body(alarm, SCOPE)["AlarmDescription"] == "read the runbook"


def test_each_metric_is_asked_by_what_the_group_is_attached_to():
    """Instances by the group, a balancer's targets by its label, a queue by its name."""
    assert metric_for(metrics.cpu, SCOPE)[2] == {"AutoScalingGroupName": "shop-web"}
    assert metric_for(metrics.latency, SCOPE)[2] == {
        "LoadBalancer": "app/web/0123",
        "TargetGroup": "targetgroup/web/4567",
    }
    assert metric_for(metrics.queue_depth.model_copy(update={"of": "jobs"}), SCOPE)[2] == {"QueueName": "jobs"}
    assert metric_for(metrics.queue_in_flight.model_copy(update={"of": "jobs"}), SCOPE) == (
        "ApproximateNumberOfMessagesNotVisible",
        "AWS/SQS",
        {"QueueName": "jobs"},
    )
    with pytest.raises(errors.Unsupported, match="the name of its queue"):
        metric_for(metrics.queue_depth, SCOPE)
    with pytest.raises(errors.Unsupported, match="needs a target group"):
        metric_for(metrics.latency, Scope("shop-web"))
    with pytest.raises(errors.Unsupported, match="a Network Load Balancer has no metric 'latency'"):
        metric_for(metrics.latency, Scope("shop-web", "net/web/0123/targetgroup/web/4567"))


def test_custom_metrics_keep_their_namespace_and_name_the_group():
    jobs = metrics.custom("Virtualmin", "Jobs", dimensions={"pool": "{group}"})
    assert metric_for(jobs, SCOPE) == ("Jobs", "Virtualmin", {"pool": "shop-web"})


def test_a_custom_metric_can_be_of_the_groups_own_balancer():
    """As public configurations have it, with ids by hand."""
    metric = metrics.custom("Shop", "Errors", dimensions={"LoadBalancer": "{balancer}", "TargetGroup": "{targets}"})
    scope = Scope("shop-web", "app/front/50dc6c495c0c9188/targetgroup/web/0123456789abcdef")
    assert metric_for(metric, scope)[2] == {
        "LoadBalancer": "app/front/50dc6c495c0c9188",
        "TargetGroup": "targetgroup/web/0123456789abcdef",
    }
    with pytest.raises(errors.Unsupported, match="attached to an Application Load Balancer"):
        metric_for(metric, Scope("shop-web"))
