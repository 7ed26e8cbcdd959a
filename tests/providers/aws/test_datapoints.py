"""Datapoints by GetMetricData, and values by PutMetricData."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.providers.aws.account import furnish
from trimtab import errors, metrics
from trimtab.providers.aws.datapoints import MetricReader, stats_of, values_of
from trimtab.providers.aws.metrics import Scope
from trimtab.providers.datapoints import MetricQuery, MetricValue

LABEL = "app/web/0123/targetgroup/web/4567"
MINUTE = timedelta(minutes=1)


def query(world, metric, group="virtualmin-web", **fields):
    now = world.doors.now()
    given = {"since": now - 10 * MINUTE, "until": now, **fields}
    return MetricQuery(group=group, metric=metric, location="us-east-1", **given)


@pytest.mark.parametrize(
    ("metric", "statistic", "period", "detailed", "native", "ours"),
    [
        ("cpu", "average", 1, False, 55.0, 55.0),
        ("network-in", "average", 5, False, 3_000_000.0, 10_000.0),
        ("network-in", "average", 5, True, 600_000.0, 10_000.0),
        ("network-out", "sum", 5, False, 3_000_000.0, 10_000.0),
        ("network-out", "count", 5, False, 6.0, 6.0),
        ("requests-per-instance", "average", 5, False, 500.0, 100.0),
        ("requests", "average", 5, False, 500.0, 500.0),
        ("latency", "p95", 1, False, 0.25, 0.25),
    ],
)
def test_values_come_in_our_unit(world, metric, statistic, period, detailed, native, ours):
    """Per second, per minute, per cent: whatever CloudWatch counts."""
    asked = query(world, metrics.NEUTRAL[metric], statistic=statistic, period=period * MINUTE)
    at = asked.times[0]
    assert values_of(asked, Scope("web", LABEL, detailed=detailed), [{at: native}]) == {at: ours}


def test_statistics_are_cloudwatchs(world):
    """A count means its sum; percentiles keep their name."""
    scope = Scope("web", LABEL)
    names = {
        (metric, statistic): stats_of(query(world, metrics.NEUTRAL[metric], statistic=statistic), scope)[0]["Stat"]
        for metric in ("cpu", "requests")
        for statistic in ("average", "maximum", "count", "p99.9")
    }
    assert names["cpu", "average"] == "Average"
    assert names["requests", "average"] == "Sum"
    assert names["cpu", "count"] == "SampleCount"
    assert names["requests", "p99.9"] == "p99.9"


def test_a_quotient_is_worked_out_here(world):
    """Messages for each instance: two metrics, one value; none while nobody is in service."""
    jobs = metrics.queue_per_instance.model_copy(update={"of": "jobs"})
    asked = query(world, jobs)
    assert [one["Metric"]["MetricName"] for one in stats_of(asked, Scope("web"))] == [
        "ApproximateNumberOfMessagesVisible",
        "GroupInServiceInstances",
    ]
    first, second, third = asked.times[:3]
    found = values_of(asked, Scope("web"), [{first: 30.0, second: 5.0, third: 1.0}, {first: 3.0, second: 0.0}])
    assert found == {first: 10.0}


def test_messages_in_flight_are_read_beside_those_that_wait(world):
    """Two metrics of one queue, in one call."""
    cloud = world.connect()
    for name, value in (("Visible", 12.0), ("NotVisible", 3.0)):
        dimensions = {"QueueName": "jobs"}
        metric = f"ApproximateNumberOfMessages{name}"
        world.doors.push([{"namespace": "AWS/SQS", "metric": metric, "dimensions": dimensions, "value": value}])
    world.advance(MINUTE)
    some = [query(world, metric.replace(of="jobs")) for metric in (metrics.queue_depth, metrics.queue_in_flight)]
    assert [found.latest for found in cloud.datapoints(some)] == [12.0, 3.0]


def test_what_cloudwatch_does_not_answer_is_said(world):
    with pytest.raises(errors.Unsupported, match="PromQL in alarms only"):
        stats_of(query(world, metrics.promql("up")), Scope("web"))
    cloud = world.connect()
    cloud.apply(cloud.plan(make_fleet(make_group("web")))).raise_for_failures()
    with pytest.raises(errors.Unsupported, match="needs a target group"):
        cloud.group("web").datapoints(metrics.latency)


def test_network_values_follow_the_template(world):
    """Whether instances report each minute is read off the template that the group launches from."""
    for name, detailed in (("web", False), ("api", True)):
        template = {"image": "ami-0123456789abcdef0", "size": "t3.medium", "detailed_monitoring": detailed}
        fleet = make_fleet(make_group(name, template=template), name=name)
        cloud = world.connect()
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        world.push(f"{name}-{name}", metrics.network_in, 600.0)
        world.advance(MINUTE)
        found = cloud.group(f"{name}-{name}").datapoints(metrics.network_in)
        assert found.latest == (10.0 if detailed else 2.0)


def test_balancer_metrics_are_found_by_the_groups_targets(world):
    """The label comes from the target group that the group is attached to and the balancer before it."""
    furnish(world)
    elbv2, ec2 = world.client("elbv2"), world.client("ec2")
    subnets = [
        one["SubnetId"]
        for one in ec2.describe_subnets(Filters=[{"Name": "tag:Type", "Values": ["Private"]}])["Subnets"]
    ]
    balancer = elbv2.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    (target,) = elbv2.describe_target_groups(Names=["virtualmin-web"])["TargetGroups"]
    elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}],
    )
    cloud = world.connect()
    placement = {"subnet_tags": {"Type": "Private"}}
    fleet = make_fleet(make_group("web", placement=placement, load_balancers=["virtualmin-web"]))
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    dimensions = {
        "LoadBalancer": balancer.partition(":loadbalancer/")[2],
        "TargetGroup": "targetgroup/" + target["TargetGroupArn"].partition(":targetgroup/")[2],
    }
    point = {"namespace": "AWS/ApplicationELB", "metric": "TargetResponseTime", "dimensions": dimensions, "value": 0.2}
    world.doors.push([point])
    world.advance(MINUTE)
    assert cloud.group("web").datapoints(metrics.latency).latest == 0.2


def test_five_hundred_metrics_take_one_call(world):
    """Many groups and metrics at once: 500 queries a call, those about another time apart."""
    cloud, now = world.connect(), world.doors.now()
    queries = [
        MetricQuery(group=f"group-{number}", metric=metrics.cpu, since=now - 5 * MINUTE) for number in range(501)
    ]
    world.doors.clear_requests()
    found = cloud.datapoints(queries)
    assert [one.group for one in found] == [one.group for one in queries]
    calls = [one for one in world.doors.requests() if one.operation == "GetMetricData"]
    assert sorted(len(one.params["MetricDataQueries"]) for one in calls) == [1, 500]
    assert world.doors.count()["total"] == 2
    assert cloud.datapoints([]) == ()


def test_as_many_datapoints_as_a_call_gives(world):
    """A day of minutes for a hundred groups is more than the 100,800 datapoints of one call."""
    cloud, now = world.connect(), world.doors.now()
    queries = [
        MetricQuery(group=f"group-{number}", metric=metrics.cpu, since=now - tt.hours(24)) for number in range(100)
    ]
    world.doors.clear_requests()
    cloud.datapoints(queries)
    assert world.doors.count()["operations"] == {"GetMetricData": 2}


class PagedCalls:
    """Answers in two pages, the second with what was left of the first's metric."""

    def __init__(self, times):
        self.times = times

    def gather_or_raise(self, questions):
        return [question() for question in questions]

    def pages(self, service, operation, region, /, **params):
        for at, value in zip(self.times, (1.0, 2.0), strict=False):
            yield {
                "MetricDataResults": [{"Id": "q0", "Timestamps": [at], "Values": [value], "StatusCode": "PartialData"}]
            }


def test_pages_are_put_together(world):
    asked = query(world, metrics.cpu)
    (found,) = MetricReader(PagedCalls(asked.times)).read([asked])
    assert found.values[:3] == (1.0, 2.0, None)


def test_a_thousand_values_take_one_call(world):
    """Values of a namespace are sent together, with units and dimensions."""
    cloud = world.connect()
    jobs = metrics.custom("Virtualmin", "JobsWaiting", unit="count", dimensions={"Group": "{group}"})
    world.doors.clear_requests()
    cloud.publish(MetricValue(metric=jobs, value=number, group="web") for number in range(1001))
    calls = world.doors.requests()
    assert [(one.operation, len(one.params["MetricData"])) for one in calls] == [
        ("PutMetricData", 1000),
        ("PutMetricData", 1),
    ]
    first = calls[0].params["MetricData"][0]
    assert (first["Unit"], first["Dimensions"]) == ("Count", [{"Name": "Group", "Value": "web"}])


def test_bad_questions_are_refused_before_any_call(world):
    cloud, now = world.connect(), world.doors.now()
    world.doors.clear_requests()
    bad = (
        {"statistic": "mode"},
        {"period": timedelta(0)},
        {"since": now.replace(tzinfo=None)},
    )
    for fields in bad:
        given = {"since": now - MINUTE, **fields}
        with pytest.raises(errors.InvalidRequest):
            cloud.datapoints([MetricQuery(group="web", metric=metrics.cpu, **given)])
    assert world.doors.count()["total"] == 0


def test_kpis_take_the_sizes_that_the_group_records(world):
    """Two instances in service, as the group's own metric says, at a third of the CPU that the group aims at."""
    pytest.importorskip("numpy", reason="KPIs need numpy (extra `sim`)")
    cloud = world.connect()
    policies = [tt.TargetTrackingPolicy(name="hold", metric=metrics.cpu, target=60)]
    fields = {"policies": policies, "alarms": [], "capacity": {"min": 2, "max": 4}}
    web, api = make_group("web", aws={"group_metrics": True}, **fields), make_group("api", **fields)
    fleet = make_fleet(web, api)
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    names = {each.group: each.name for each in cloud.status(fleet).groups}
    for _ in range(10):
        for name in names.values():
            world.push(name, metrics.cpu, 20.0)
        dimensions = {"AutoScalingGroupName": names["web"]}
        sizes = {"namespace": "AWS/AutoScaling", "metric": "GroupInServiceInstances", "dimensions": dimensions}
        world.doors.push([{**sizes, "value": 2.0}])
        world.advance(MINUTE)
    found = cloud.kpis(fleet, 10 * MINUTE)
    assert found["web"]["efficiency"].value == pytest.approx(50)
    assert found["web"]["instance-hours"].value == pytest.approx(2 / 6, abs=2 / 60)
    assert any("60 % (the target of policy hold)" in note for note in found["web"].notes)
    assert any("requests: cannot be read" in note for note in found["web"].notes)
    assert found["api"]["efficiency"].value is None
    assert any("set `aws: {group_metrics: true}`" in note for note in found["api"].notes)
