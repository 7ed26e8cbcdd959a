"""A load from what a cloud has measured: requests as they are, work of instances by how many there were."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.errors import InvalidArgument
from trimtab.testing import MemoryTestCloud

MINUTE = timedelta(minutes=1)


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
        size = tt.metrics.custom(
            "AWS/AutoScaling", "GroupInServiceInstances", dimensions={"AutoScalingGroupName": "{group}"}
        )
        trimtab_aws.push(tt.metrics.cpu, group="shop-web", value=50)
        trimtab_aws.push(size, group="shop-web", value=3)
        trimtab_aws.clock.advance(MINUTE)
        assert load_of(cloud, capacity=20, gaps="hold").values[-1] == 30
