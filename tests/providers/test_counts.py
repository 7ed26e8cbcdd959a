"""
What a balancer counts is added up, in alarms and in target tracking, on every cloud.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html ("the most
useful statistic is Sum"), https://learn.microsoft.com/azure/application-gateway/monitor-application-gateway-reference
(TotalRequests, BackendResponseStatus: Total), https://cloud.google.com/monitoring/api/metrics_gcp_i_o (DELTA).
"""

import pytest

import trimtab as tt
from trimtab.plan import revealed
from trimtab.testing import translate

GATEWAY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/"
    "Microsoft.Network/applicationGateways/gw"
)
TEMPLATES = {
    "aws": {"image": "ami-0123456789abcdef0", "size": "t3.small"},
    "azure": {"image": "Ubuntu2404", "size": "Standard_D2s_v5"},
    "gcp": {"image": "debian-cloud/debian-12", "size": "e2-medium"},
}
FACTS = {
    "aws": {
        "labels": {"us-east-1": {"front": "app/lb/0123/targetgroup/front/4567"}},
        "target_groups": {"us-east-1": {"front": "arn:aws:elasticloadbalancing:::targetgroup/front/4567"}},
    },
}
COUNTS = ["requests", "errors-5xx"]
counts = pytest.mark.parametrize("name", COUNTS)


def translated(provider, name, **fields):
    metric = {"name": name, "of": GATEWAY} if provider == "azure" else name
    watched = {
        kind: {item: {"metric": metric, **given} for item, given in some.items()} for kind, some in fields.items()
    }
    group = {
        "name": "web",
        "capacity": {"min": 1, "max": 5},
        "template": TEMPLATES[provider],
        "load_balancers": [] if provider == "azure" else ["front"],
        **watched,
    }
    if "triggers" in str(fields):
        group["policies"] = {"out": {"change": 1}}
    fleet = tt.Fleet(name="shop", groups=[tt.ScalingGroup.model_validate(group)])
    return translate(fleet, provider, facts=FACTS.get(provider, {}))


def bodies(translation, kind):
    return [revealed(item.body) for item in translation.resources if item.key.kind == kind]


HOLD = {"policies": {"hold": {"type": "target-tracking", "target": 100, "approximate": True}}}
TELL = {"alarms": {"hot": {"above": 100, "notify": ["on-call@example.org"]}}}
ACT = {"alarms": {"hot": {"above": 100, "triggers": ["out"]}}}


@counts
def test_cloudwatch_adds_up(name):
    (policy,) = bodies(translated("aws", name, **HOLD), "scaling-policy")
    assert policy["TargetTrackingConfiguration"]["CustomizedMetricSpecification"]["Statistic"] == "Sum"
    for alarm in (TELL, ACT):
        (body,) = bodies(translated("aws", name, **alarm), "metric-alarm")
        assert body["Statistic"] == "Sum"


@counts
@pytest.mark.parametrize("fields", [HOLD, ACT], ids=["target tracking", "alarm"])
def test_autoscale_adds_up_over_what_reports_and_averages_minutes(name, fields):
    """A rule's `statistic` is across what reports, its `timeAggregation` over the minutes of its window."""
    (setting,) = bodies(translated("azure", name, **fields), "autoscale-setting")
    triggers = [rule["metricTrigger"] for rule in setting["properties"]["profiles"][0]["rules"]]
    assert triggers
    assert {(one["timeGrain"], one["statistic"], one["timeAggregation"]) for one in triggers} == {
        ("PT1M", "Sum", "Average")
    }


@counts
def test_metric_alerts_take_the_total(name):
    (alert,) = bodies(translated("azure", name, **TELL), "metric-alert")
    assert [one["timeAggregation"] for one in alert["properties"]["criteria"]["allOf"]] == ["Total"]


@counts
def test_cloud_monitoring_adds_up_the_deltas_of_all_series(name):
    (policy,) = bodies(translated("gcp", name, **TELL), "alert-policy")
    (aggregation,) = policy["conditions"][0]["conditionThreshold"]["aggregations"]
    assert (aggregation["perSeriesAligner"], aggregation["crossSeriesReducer"]) == ("ALIGN_DELTA", "REDUCE_SUM")


@counts
def test_an_autoscaler_of_google_holds_no_count(name):
    problems = [str(problem) for problem in translated("gcp", name, **HOLD).problems]
    assert [text for text in problems if "policies.hold.metric" in text]


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
@counts
def test_every_cloud_is_told_that_a_target_does_not_hold_a_total(provider, name):
    """Nothing here depends on the statistic that is sent: more instances do not make for fewer requests."""
    group = {"name": "web", "capacity": {"min": 1, "max": 5}, "template": TEMPLATES[provider]}
    policies = {"hold": {"metric": name, **HOLD["policies"]["hold"]}}
    fleet = tt.Fleet(name="shop", groups=[tt.ScalingGroup.model_validate({**group, "policies": policies})])
    assert [one.path for one in tt.check_fleet(fleet, provider=provider, select=["TT115"])] == ["policies.hold.metric"]
