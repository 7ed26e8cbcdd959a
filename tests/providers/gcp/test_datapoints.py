"""Datapoints of many groups by few time series calls, and custom metrics written in bulk."""

import json
from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from trimtab import errors, metrics
from trimtab.models.metric import NEUTRAL
from trimtab.providers.datapoints import MetricQuery, MetricValue

MINUTE = timedelta(minutes=1)
ALONE = {"load_balancers": (), "alarms": {}, "schedules": {}, "policies": {}}
JOBS = metrics.custom("Virtualmin", "Jobs", dimensions={"group": "{group}"})


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def apply(cloud, *names):
    cloud.apply(cloud.plan(make_fleet(*(gcp_group(name, **ALONE) for name in names)))).raise_for_failures()


def query(world, metric, group="virtualmin-web", **fields):
    now = world.doors.now()
    return MetricQuery(group=group, metric=metric, since=now - 10 * MINUTE, until=now, **fields)


def lists(world):
    return [call for call in world.doors.requests() if call.operation == "ListTimeSeries"]


def push(world, metric, value, group, **labels):
    """A value of each instance, or of the group's backend, in Google's own unit."""
    link = f"regions/europe-west1/instanceGroupManagers/{group}"
    point = {"namespace": "", "metric": metric, "value": value, "resource": link, "dimensions": labels}
    if metric.startswith("loadbalancing"):
        point |= {"resource": "https_lb_rule", "labels": {"backend_name": group}}
    world.doors.push([point])


@pytest.mark.parametrize(
    ("metric", "native", "labels", "value", "ours"),
    [
        ("cpu", "compute.googleapis.com/instance/cpu/utilization", {}, 0.55, 55.0),
        ("memory", "agent.googleapis.com/memory/percent_used", {"state": "used"}, 61.5, 61.5),
        ("disk", "agent.googleapis.com/disk/percent_used", {"state": "used"}, 80.0, 80.0),
        ("network-in", "compute.googleapis.com/instance/network/received_bytes_count", {}, 6000, 100.0),
        ("network-out", "compute.googleapis.com/instance/network/sent_bytes_count", {}, 12000, 200.0),
    ],
)
def test_values_come_in_our_unit(world, cloud, metric, native, labels, value, ours):
    """Fractions as per cents, bytes of a minute as bytes a second."""
    apply(cloud, "web")
    for _ in range(3):
        push(world, native, value, "virtualmin-web", **labels)
        world.advance(MINUTE)
    found = cloud.datapoints([query(world, NEUTRAL[metric])])[0]
    assert found.latest == pytest.approx(ours)


def test_messages_in_flight_are_read_beside_those_that_wait(world, cloud):
    """Of a subscription, whatever group asks; messages that are not acknowledged, and those that were pushed."""
    for name, value in (("num_undelivered_messages", 12), ("num_outstanding_messages", 3)):
        kind = f"pubsub.googleapis.com/subscription/{name}"
        labels = {"subscription_id": "jobs"}
        point = {"namespace": "", "metric": kind, "value": value, "dimensions": {}}
        world.doors.push([{**point, "resource": "pubsub_subscription", "labels": labels}])
    world.advance(2 * MINUTE)
    of = "projects/p/subscriptions/jobs"
    some = [query(world, metric.replace(of=of)) for metric in (metrics.queue_depth, metrics.queue_in_flight)]
    assert [found.latest for found in cloud.datapoints(some)] == [12.0, 3.0]


def test_many_groups_are_one_call_for_each_metric(world, cloud):
    """Told apart by the group that Cloud Monitoring knows each instance is in."""
    names = [f"web{number:02}" for number in range(12)]
    apply(cloud, *names)
    for number, name in enumerate(names):
        push(world, "compute.googleapis.com/instance/cpu/utilization", number / 100, f"virtualmin-{name}")
    world.advance(MINUTE)
    world.doors.clear_requests()
    asked = [query(world, metric, f"virtualmin-{name}") for metric in (metrics.cpu, metrics.memory) for name in names]
    found = cloud.datapoints(asked)
    assert [one.latest for one in found[:12]] == [pytest.approx(number) for number in range(12)]
    assert {one.latest for one in found[12:]} == {None}
    assert len(lists(world)) == 2


def test_filters_stay_as_short_as_the_service_takes_them(world, cloud):
    """So many groups that their names do not fit one filter are asked in as few as hold them."""
    world.doors.clear_requests()
    groups = [f"a-group-with-a-rather-long-name-{number:03}" for number in range(100)]
    assert len(cloud.datapoints([query(world, metrics.cpu, group) for group in groups])) == 100
    texts = [call.params["filter"] for call in lists(world)]
    assert 2 <= len(texts) <= 3
    assert all(len(text) <= 2048 for text in texts)
    assert sum(text.count("a-group-with") for text in texts) == 100


def test_statistics_and_periods(world, cloud):
    apply(cloud, "web")
    for value in (0.2, 0.4, 0.9, 0.5, 0.1):
        push(world, "compute.googleapis.com/instance/cpu/utilization", value, "virtualmin-web")
        world.advance(MINUTE)
    since = world.doors.now() - 5 * MINUTE

    def ask(statistic):
        one = MetricQuery(
            group="virtualmin-web", metric=metrics.cpu, since=since, period=5 * MINUTE, statistic=statistic
        )
        return cloud.datapoints([one])[0].latest

    assert ask("average") == pytest.approx(42.0)
    assert ask("maximum") == pytest.approx(90.0)
    assert ask("minimum") == pytest.approx(10.0)
    assert ask("count") == 10  # five of each of two instances
    with pytest.raises(errors.Unsupported, match="whole minutes"):
        cloud.datapoints([query(world, metrics.cpu, period=timedelta(seconds=90))])
    with pytest.raises(errors.Unsupported, match="p42"):
        cloud.datapoints([query(world, metrics.cpu, statistic="p42")])
    with pytest.raises(errors.Unsupported, match="does not support minimum"):
        cloud.datapoints([query(world, metrics.latency, statistic="minimum")])


def test_a_group_without_data_has_none(world, cloud):
    apply(cloud, "web")
    found = cloud.datapoints([query(world, metrics.cpu), query(world, metrics.cpu, "nobody")])
    assert [one.latest for one in found] == [None, None]
    assert all(len(one.values) == 10 for one in found)


def test_values_are_published_in_bulk(world, cloud):
    """Two hundred series a call; one point of each series in a call, the oldest first."""
    world.doors.clear_requests()
    groups = [f"g{number:03}" for number in range(250)]
    cloud.publish([MetricValue(metric=JOBS, value=number, group=group) for number, group in enumerate(groups)])
    calls = [call for call in world.doors.requests() if call.operation == "CreateTimeSeries"]
    assert sorted(len(call.params["timeSeries"]) for call in calls) == [50, 200]
    world.advance(MINUTE)
    found = cloud.datapoints([query(world, JOBS, group) for group in ("g000", "g137", "g249")])
    assert [one.latest for one in found] == [0.0, 137.0, 249.0]
    now = world.doors.now()
    cloud.publish([MetricValue(metric=JOBS, value=n, group="late", at=now - n * MINUTE) for n in (1, 3, 2)])
    found = cloud.datapoints([query(world, JOBS, "late")])[0]
    assert [value for value in found.values if value is not None] == [3.0, 2.0, 1.0]


def test_a_value_of_one_instance_is_that_instances(world, cloud):
    """Named by its number and its zone; an autoscaler then counts it as one of the group."""
    apply(cloud, "web")
    instance = world.ask("POST", "regions/europe-west1/instanceGroupManagers/virtualmin-web/listManagedInstances")[
        "managedInstances"
    ][0]
    zone = instance["instance"].split("/zones/")[1].split("/")[0]
    load = metrics.custom("Virtualmin", "Load")
    where = {"instance_id": instance["id"], "zone": zone}
    cloud.publish([MetricValue(metric=load, value=7, group="virtualmin-web", dimensions=where)])
    world.advance(MINUTE)
    assert cloud.datapoints([query(world, load)])[0].latest == 7.0
    (written,) = [call for call in world.doors.requests() if call.operation == "CreateTimeSeries"]
    assert json.loads(json.dumps(written.params))["timeSeries"][0]["resource"]["type"] == "gce_instance"


def test_what_google_measures_is_published_by_nobody_else(cloud):
    with pytest.raises(errors.InvalidRequest, match="measured by Google Cloud itself"):
        cloud.provider.metrics.publish([MetricValue(metric=metrics.cpu, value=1, group="web")])
