"""Policies, alarms on every metric, and purchase options as AWS has them, field by field."""

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.aws.translated import LABEL, hold_against_the_model, of_kind, one_group, wanted
from trimtab.errors import Unsupported
from trimtab.models import Metric
from trimtab.models.metric import parse_metric
from trimtab.providers.aws.metrics import Scope, metric_for
from trimtab.providers.aws.policies import step_problems
from trimtab.providers.aws.purchase import mixed_policy
from trimtab.providers.aws.resources import group_resource

WEB = "virtualmin-web"
QUEUE = {"name": "queue-per-instance", "of": "jobs"}


def policy(**fields):
    fleet = one_group(policies={"it": fields}, alarms={}, load_balancers=["web"])
    (item,) = of_kind(fleet, "scaling-policy")
    hold_against_the_model(item)
    return item.body


def alarm(template=None, **fields):
    more = {"template": {"image": "ami-1", "size": "t3.medium", **(template or {})}}
    fleet = one_group(
        alarms={"it": {"notify": ["arn:aws:sns:us-east-1:1:ops"], **fields}}, load_balancers=["web"], **more
    )
    (item,) = of_kind(fleet, "metric-alarm")
    hold_against_the_model(item)
    return item.body


def test_step_policies():
    """The bounds of a step are offsets from the alarm's threshold on both sides, open ends left out."""
    found = policy(
        type="step",
        steps=[{"lower": 0, "upper": 10, "percent": 10}, {"lower": 10, "percent": 30}],
        minimum_change=2,
        warm_up="2m",
    )
    assert found == {
        "PolicyType": "StepScaling",
        "AdjustmentType": "PercentChangeInCapacity",
        "StepAdjustments": [
            {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 10},
            {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 30},
        ],
        "MinAdjustmentMagnitude": 2,
        "EstimatedInstanceWarmup": 120,
        "MetricAggregationType": "Average",
        "Enabled": True,
    }


@pytest.mark.parametrize(
    ("metric", "specification"),
    [
        ("cpu", {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}),
        (
            "requests-per-instance",
            {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ALBRequestCountPerTarget",
                    "ResourceLabel": LABEL.format("web"),
                }
            },
        ),
        (
            "memory",
            {
                "CustomizedMetricSpecification": {
                    "Namespace": "CWAgent",
                    "MetricName": "mem_used_percent",
                    "Dimensions": [{"Name": "AutoScalingGroupName", "Value": WEB}],
                    "Statistic": "Average",
                }
            },
        ),
    ],
)
def test_targets(metric, specification):
    found = policy(type="target-tracking", metric=metric, target=50, scale_in=False)
    assert found["TargetTrackingConfiguration"] == {**specification, "TargetValue": 50.0, "DisableScaleIn": True}


def test_a_target_for_each_instance_of_a_queue_is_metric_math():
    found = policy(type="target-tracking", metric=QUEUE, target=100)
    metrics = found["TargetTrackingConfiguration"]["CustomizedMetricSpecification"]["Metrics"]
    assert [one["Id"] for one in metrics if one["ReturnData"]] == ["quotient"]
    assert metrics[0]["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "QueueName", "Value": "jobs"}]


def test_predictive_policies():
    found = policy(
        type="predictive",
        metric="cpu",
        target=40,
        mode="forecast-and-scale",
        buffer="10m",
        maximum_breach="increase",
        maximum_buffer=10,
    )
    assert found["PredictiveScalingConfiguration"] == {
        "MetricSpecifications": [
            {"TargetValue": 40.0, "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"}}
        ],
        "Mode": "ForecastAndScale",
        "SchedulingBufferTime": 600,
        "MaxCapacityBreachBehavior": "IncreaseMaxCapacity",
        "MaxCapacityBuffer": 10,
    }


BALANCER = [
    {"Name": "LoadBalancer", "Value": "app/front/50dc6c495c0c9188"},
    {"Name": "TargetGroup", "Value": "targetgroup/web/0123456789abcdef"},
]


@pytest.mark.parametrize(
    ("metric", "native"),
    [
        ("requests", ("AWS/ApplicationELB", "RequestCount", "Sum", 70.0)),
        ("errors-5xx", ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", 70.0)),
        ("latency", ("AWS/ApplicationELB", "TargetResponseTime", "Average", 70.0)),
        ("requests-per-instance", ("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", 350.0)),
    ],
)
def test_metrics_of_the_balancer(metric, native):
    """The dimensions come from the attachment; what is counted is summed up, and a rate a minute over the period."""
    found = alarm(metric=metric, above=70, period="5m")
    assert (found["Namespace"], found["MetricName"], found["Statistic"], found["Threshold"]) == native
    assert found["Dimensions"] == BALANCER


@pytest.mark.parametrize(
    ("detailed", "statistic", "threshold"),
    [(True, "average", 60_000_000.0), (False, "average", 300_000_000.0), (False, "sum", 900_000_000.0)],
)
def test_bytes_a_second_are_bytes_in_a_report_or_a_period(detailed, statistic, threshold):
    found = alarm(
        {"detailed_monitoring": detailed}, metric="network-in", above=1_000_000, period="15m", statistic=statistic
    )
    assert (found["MetricName"], found["Threshold"]) == ("NetworkIn", threshold)


def test_queues():
    found = alarm(metric={"name": "queue-depth", "of": "jobs"}, above=100)
    assert found["Dimensions"] == [{"Name": "QueueName", "Value": "jobs"}]
    per_instance = alarm(metric=QUEUE, above=10, period="5m", periods=2)
    assert "MetricName" not in per_instance
    assert per_instance["Metrics"][0]["MetricStat"]["Period"] == 300
    assert (per_instance["Threshold"], per_instance["EvaluationPeriods"]) == (10.0, 2)


def test_a_query_breaches_by_what_it_returns():
    found = alarm(metric={"promql": "sum(rate(jobs_total[5m]))"}, at_least=2.5, period="1m", periods=3)
    assert found["EvaluationCriteria"] == {
        "PromQLCriteria": {"Query": "(sum(rate(jobs_total[5m]))) >= 2.5", "PendingPeriod": 120}
    }
    assert found["EvaluationInterval"] == 60
    assert not {"Threshold", "Period", "EvaluationPeriods", "MetricName"} & set(found)


@pytest.mark.parametrize(
    ("metric", "label", "words"),
    [
        ("latency", "", "attached to an Application Load Balancer"),
        ("latency", "net/front/1/targetgroup/web/2", "Network Load Balancer has no"),
        ("queue-depth", "", "the name of its queue"),
        ("queue-per-instance", "", "no single metric"),
    ],
)
def test_what_a_metric_needs_is_said(metric, label, words):
    with pytest.raises(Unsupported, match=words):
        metric_for(Metric.model_validate(parse_metric(metric)), Scope("web", label))


def test_a_network_balancer_counts_connections():
    name, namespace, dimensions = metric_for(
        Metric.model_validate(parse_metric("requests")), Scope("web", "net/front/1/targetgroup/web/2")
    )
    assert (namespace, name, dimensions) == ("AWS/NetworkELB", "NewFlowCount", {"LoadBalancer": "net/front/1"})


# purchase options


def test_spot_with_a_base_and_a_share():
    group = make_group(
        "web",
        purchase={
            "spot": True,
            "on_demand_base": 2,
            "on_demand_percent": 25,
            "strategy": "price-capacity",
            "max_price": "0.05",
            "sizes": [{"size": "t3.medium"}, {"size": "t3.large", "weight": 2}],
        },
    )
    assert mixed_policy(group, {"LaunchTemplateName": "web", "Version": "3"}) == {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "3"},
            "Overrides": [{"InstanceType": "t3.medium"}, {"InstanceType": "t3.large", "WeightedCapacity": "2"}],
        },
        "InstancesDistribution": {
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": 2,
            "OnDemandPercentageAboveBaseCapacity": 25,
            "SpotAllocationStrategy": "price-capacity-optimized",
            "SpotMaxPrice": "0.05",
        },
    }


def test_several_sizes_without_spot_are_on_demand_altogether():
    """AWS's own default for the share is 100, ours for a spot group 0: neither is left to chance."""
    several = make_group("web", purchase={"sizes": [{"size": "t3.large"}]})
    shares = mixed_policy(several, {})["InstancesDistribution"]
    assert shares["OnDemandPercentageAboveBaseCapacity"] == 100
    spot = mixed_policy(make_group("web", purchase={"spot": True}), {})["InstancesDistribution"]
    assert spot["OnDemandPercentageAboveBaseCapacity"] == 0


def test_a_mixed_group_launches_from_nothing_else():
    (item,) = of_kind(one_group(purchase={"spot": True, "rebalance": True}), "autoscaling-group")
    hold_against_the_model(item)
    assert "LaunchTemplate" not in item.body
    assert item.body["CapacityRebalance"] is True


def test_hooks_travel_with_the_group():
    """They must be there before the first instance."""
    hook = {"name": "drain", "on": "terminate", "timeout": "5m", "default": "continue"}
    (item,) = of_kind(one_group(aws={"lifecycle_hooks": [hook]}), "autoscaling-group")
    hold_against_the_model(item)
    assert item.body["LifecycleHookSpecificationList"] == [
        {
            "LifecycleHookName": "drain",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "HeartbeatTimeout": 300,
            "DefaultResult": "CONTINUE",
        }
    ]
    assert item.mark.kept == {"hooks": "yes"}


def test_a_reservation_is_named_in_the_template():
    (item,) = of_kind(one_group(purchase={"reservation": "cr-1"}), "launch-template")
    hold_against_the_model(item)
    target = item.body["LaunchTemplateData"]["CapacityReservationSpecification"]
    assert target == {"CapacityReservationTarget": {"CapacityReservationId": "cr-1"}}


def test_what_a_pause_suspends_is_no_drift():
    """A marked pause is left out of what is compared; a suspension by hand is not."""
    reply = {
        "AutoScalingGroupName": "web",
        "MinSize": 1,
        "MaxSize": 2,
        "DesiredCapacity": 1,
        "SuspendedProcesses": [{"ProcessName": "AlarmNotification"}, {"ProcessName": "AZRebalance"}],
    }
    assert group_resource("us-east-1", reply).body["SuspendedProcesses"] == ["AlarmNotification", "AZRebalance"]
    paused = {**reply, "Tags": [{"Key": "trimtab-paused", "Value": "ana 2026-01-05T12:00:00Z"}]}
    item = group_resource("us-east-1", paused)
    assert item.body["SuspendedProcesses"] == ["AZRebalance"]
    assert item.body["Tags"] == []
    assert item.attributes["paused"] == "ana 2026-01-05T12:00:00Z"


def test_metrics_that_cannot_be_found_are_refused_and_leave_no_empty_dimension():
    fleet = make_fleet(
        *(one_group(alarms={"slow": {"metric": "latency", "above": 1, "notify": ["arn:aws:sns:us-east-1:1:x"]}}).groups)
    )
    (alarm,) = [item for item in wanted(fleet) if item.key.kind == "metric-alarm"]
    assert not {"Namespace", "MetricName", "Dimensions"} & set(alarm.body)


def test_steps_in_a_unit_that_cloudwatch_does_not_have_are_refused():
    """Bytes a second against bytes in a report: the offsets would be wrong by the factor between them."""
    steps = {"out": {"type": "step", "steps": [{"lower": 0, "change": 1}]}}
    fleet = one_group(policies=steps, alarms={"busy": {"metric": "network-in", "above": 9, "triggers": ["out"]}})
    ((path, problem),) = step_problems(fleet.groups[0])
    assert (path, problem.partition(",")[0]) == ("policies.out.steps", "alarm 'busy' watches 'network-in'")
    fine = one_group(policies=steps, alarms={"hot": {"metric": "cpu", "above": 9, "triggers": ["out"]}})
    assert not list(step_problems(fine.groups[0]))


def test_tags_of_aws_itself_are_not_compared():
    """CloudFormation puts some on its groups; nobody else may write or remove them."""
    tags = [{"Key": "aws:cloudformation:stack-name", "Value": "old"}, {"Key": "Team", "Value": "web"}]
    reply = {"AutoScalingGroupName": "web", "MinSize": 1, "MaxSize": 2, "DesiredCapacity": 1, "Tags": tags}
    found = group_resource("us-east-1", reply).body["Tags"]
    assert found == [{"Key": "Team", "Value": "web", "PropagateAtLaunch": False}]
