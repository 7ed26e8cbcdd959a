"""A load from what a cloud has measured: requests as they are, work of instances by how many there were."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.providers.placing import TEMPLATES, placement
from trimtab.errors import InvalidArgument
from trimtab.testing import MemoryTestCloud
from trimtab.testing.clouds import TEST_CLOUDS

MINUTE = timedelta(minutes=1)
RECORDED = {
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
    "aws": {
        "namespace": "AWS/AutoScaling",
        "metric": "GroupInServiceInstances",
        "dimensions": {"AutoScalingGroupName": "shop-web"},
    },
    # https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-insights-autoscalesettings-metrics
    "azure": {
        "namespace": "Microsoft.Insights/autoscalesettings",
        "metric": "ObservedCapacity",
    },
    # https://cloud.google.com/monitoring/api/metrics_gcp_c#gcp-compute and .../monitoring/api/resources
    "gcp": {
        "namespace": "",
        "metric": "compute.googleapis.com/instance_group/size",
        "resource": "instance_group",
        "labels": {"instance_group_name": "shop-web", "location": "europe-west1", "instance_group_id": "1"},
    },
}


@pytest.fixture
def measured():
    """A group of which ten minutes of CPU, requests and a size of its own are measured."""
    with MemoryTestCloud.started() as test_cloud, test_cloud.connect() as cloud:
        cloud.apply(cloud.plan(make_fleet(make_group(schedules={}), name="shop"))).raise_for_failures()
        for minute in range(10):
            test_cloud.push(tt.metrics.cpu, group="shop-web", value=50)
            test_cloud.push(tt.metrics.custom("Shop", "Size"), group="shop-web", value=2 + minute % 2)
            test_cloud.clock.advance(MINUTE)
        yield cloud


def load_of(cloud, **fields):
    return tt.Load.from_datapoints(cloud, "shop-web", tt.metrics.cpu, since=10 * MINUTE, **fields)


def test_cpu_is_turned_into_a_load_by_the_size_over_time(measured):
    load = load_of(measured, size=tt.metrics.custom("Shop", "Size"), capacity=20)
    assert set(load.values) == {20, 30}
    assert "multiplied by how many instances there were" in load.notes[0]
    assert load_of(measured, size=4, capacity=20).peak == 40


def test_cpu_needs_a_capacity_and_a_size(measured):
    with pytest.raises(InvalidArgument, match="CPU is not a load: say how many requests a second one instance serves"):
        load_of(measured)
    with pytest.raises(InvalidArgument, match="does not record the sizes of 'shop-web'; say how many there were"):
        load_of(measured, capacity=20)
    with pytest.raises(InvalidArgument, match="no size was recorded in that time"):
        load_of(measured, capacity=20, size=tt.metrics.custom("Shop", "Nothing"))


def test_other_metrics_are_no_load(measured):
    with pytest.raises(InvalidArgument, match=r"the metric 'memory' is not a load; use metrics\.requests"):
        tt.Load.from_datapoints(measured, "shop-web", tt.metrics.memory, since=MINUTE)


def test_where_sizes_were_not_recorded_the_error_says_what_to_switch_on(trimtab_aws):
    with trimtab_aws.connect() as cloud:
        group = make_group(placement={"zones": ["us-east-1a"]}, template={"image": "ami-12c6146b", "size": "t3.small"})
        fleet = make_fleet(group.replace(schedules=[]), name="shop")
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        trimtab_aws.push(tt.metrics.cpu, group="shop-web", value=50)
        trimtab_aws.clock.advance(2 * MINUTE)
        with pytest.raises(InvalidArgument, match=r"no size was recorded.*set `aws: \{group_metrics: true\}`"):
            load_of(cloud, capacity=20)


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_the_sizes_that_a_cloud_records_are_what_it_calls_them(provider):
    """
    `GroupInServiceInstances`, `ObservedCapacity` of the autoscale setting, `instance_group/size` of the group.

    The doors are told what the clouds call them here and not by trimtab: another name would be read as nothing.
    """
    with TEST_CLOUDS[provider].started() as test_cloud, test_cloud.connect() as cloud:
        hold = {"type": "target-tracking", "metric": "cpu", "target": 50, "approximate": True}
        bare = {"alarms": {}, "schedules": {}, "policies": {"hold": hold}}
        group = make_group(placement=placement(provider, test_cloud), template=TEMPLATES[provider], **bare)
        fleet = make_fleet(group, name="shop")
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        recorded = dict(RECORDED[provider])
        if provider == "azure":
            home = f"/subscriptions/{test_cloud.emulator.subscription}/resourceGroups/{test_cloud.resource_group}"
            recorded |= {"resource": f"{home}/providers/Microsoft.Insights/autoscaleSettings/shop-web"}
        for size in (3, 4, 4):
            test_cloud.push(tt.metrics.cpu, group="shop-web", value=50)
            test_cloud.emulator.doors.push([{**recorded, "value": size}])
            test_cloud.clock.advance(MINUTE)
        found = cloud.group("shop-web").datapoints(tt.metrics.instances, since=3 * MINUTE, period=MINUTE)
        assert found.values == (3, 4, 4)
        load = load_of(cloud, capacity=20, gaps="hold")
        assert load.values[-3:] == (30, 40, 40)
        assert ("those that boot among them" in load.notes[0]) == (provider != "aws")
        card = cloud.kpis(fleet, since=3 * MINUTE)["web"]
        assert any(note.startswith("supply: instances, to whole instances") for note in card.notes)
        calibration = tt.calibrate(cloud, fleet, since=3 * MINUTE, load=load)
        assert ("count instances that boot" in calibration["boot"].reason) == (provider != "aws")


@pytest.mark.parametrize(
    "fields",
    [
        {"alarms": {"high": {"metric": tt.metrics.instances, "above": 3, "notify": ["x"]}}},
        {"policies": {"hold": {"type": "target-tracking", "metric": tt.metrics.instances, "target": 3}}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_nothing_goes_by_the_size_itself(fields):
    with pytest.raises(ValueError, match="'instances' is what policies change; read it with `datapoints`"):
        make_group(**fields)
