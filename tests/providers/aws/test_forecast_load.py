"""
A load that is forecast beside the metric that is held at the target.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredictiveScalingMetricSpecification.html
"""

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.aws.account import furnish
from trimtab.testing import translate

LOADS = {
    "cpu": "ASGTotalCPUUtilization",
    "network-in": "ASGTotalNetworkIn",
    "network-out": "ASGTotalNetworkOut",
    "requests": "ALBTargetGroupRequestCount",
}


@pytest.fixture
def balanced(world):
    """The account with a balancer before the web target group."""
    furnish(world)
    elbv2, ec2 = world.client("elbv2"), world.client("ec2")
    found = ec2.describe_subnets(Filters=[{"Name": "tag:Type", "Values": ["Private"]}])["Subnets"]
    subnets = [one["SubnetId"] for one in found]
    balancer = elbv2.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    (target,) = elbv2.describe_target_groups(Names=["virtualmin-web"])["TargetGroups"]
    forward = [{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}]
    elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    return {"load_balancers": ["virtualmin-web"], "placement": {"subnet_tags": {"Type": "Private"}}}


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def fleet(around=None, load="network-in", metric="cpu", **fields):
    ahead = {"type": "predictive", "metric": metric, "target": 50, **({"load": load} if load else {})}
    return make_fleet(make_group("web", policies={"ahead": ahead}, alarms={}, **(around or {}), **fields))


def spec_of(plan):
    body = next(change.wanted.body for change in plan if change.key.kind == "scaling-policy")
    (spec,) = body["PredictiveScalingConfiguration"]["MetricSpecifications"]
    return spec


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("metric", ["cpu", "requests-per-instance"])
def test_load_and_metric_stand_each_by_itself(balanced, cloud, load, metric):
    wanted = fleet(balanced, load=load, metric=metric)
    plan = cloud.plan(wanted)
    assert not plan.problems, plan.problems
    spec = spec_of(plan)
    held = {"cpu": "ASGAverageCPUUtilization", "requests-per-instance": "ALBRequestCountPerTarget"}[metric]
    assert set(spec) == {"TargetValue", "PredefinedScalingMetricSpecification", "PredefinedLoadMetricSpecification"}
    assert spec["PredefinedScalingMetricSpecification"]["PredefinedMetricType"] == held
    assert spec["PredefinedLoadMetricSpecification"]["PredefinedMetricType"] == LOADS[load]
    assert ("ResourceLabel" in spec["PredefinedLoadMetricSpecification"]) is (load == "requests")
    cloud.apply(plan, wait="accepted").raise_for_failures()
    assert not cloud.plan(wanted).changes
    found = cloud.import_group("virtualmin-web", fleet="virtualmin")
    assert found.changes == ()
    assert (found.group.policies[0].load, found.group.policies[0].metric.name) == (load, metric)


def test_it_comes_and_goes(balanced, cloud):
    for load in (None, "network-out", "requests", None):
        wanted = fleet(balanced, load=load)
        cloud.apply(cloud.plan(wanted), wait="accepted").raise_for_failures()
        assert not cloud.plan(wanted).changes
    assert "PredefinedMetricPairSpecification" in spec_of(cloud.plan(fleet(balanced, load=None, native_name="other")))


def test_requests_take_a_balancer(cloud):
    (problem,) = cloud.plan(fleet(load="requests")).problems
    assert problem.path == "policies.ahead.load"
    assert "attached to an Application Load Balancer" in problem.text


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_other_clouds_refuse_it_by_name(provider):
    problems = translate(fleet(), provider).problems
    assert [note.path for note in problems if note.path == "policies.ahead.load"] == ["policies.ahead.load"]
