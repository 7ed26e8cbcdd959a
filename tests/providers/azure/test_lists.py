"""A list of scale sets that lacks one whose parts are there is not believed: the set is asked for by its name."""

import json

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from tests.providers.azure.proof import AGREED, fleet

HOT = {"metric": "cpu", "above": 70, "triggers": ["scale-out"]}
EMPTY = (200, {"Content-Type": "application/json", "x-ms-request-id": "1"}, json.dumps({"value": []}).encode())


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet()), wait="accepted").raise_for_failures()
        yield cloud


def test_a_list_that_lacks_groups_costs_nothing(world, cloud):
    world.doors.fault("reply_before", operation="VirtualMachineScaleSets_List", reply=EMPTY, times=None)
    plan = cloud.plan(fleet())
    assert not list(plan), plan.to_dict()
    assert not plan.unknown


def test_where_the_group_cannot_be_asked_for_it_is_unknown(world, cloud):
    world.doors.fault("reply_before", operation="VirtualMachineScaleSets_List", reply=EMPTY, times=None)
    world.doors.fault("denied", operation="VirtualMachineScaleSets_Get", times=None)
    plan = cloud.plan(fleet())
    assert {one.kind for one in plan.unknown} == {"scale-set"}
    assert not [change for change in plan if change.key.kind == "scale-set"]
    world.doors.clear_faults()
    assert not cloud.plan(fleet())


def test_a_group_that_is_gone_is_made_again(world, cloud):
    """Its setting and alerts are left over: they do not bring it back."""
    world.compute.virtual_machine_scale_sets.begin_delete("trimtab", "virtualmin-web").result()
    plan = cloud.plan(fleet())
    assert [change.key.name for change in plan if change.key.kind == "scale-set"] == ["virtualmin-web"]
    cloud.apply(plan, **AGREED).raise_for_failures()
    assert not cloud.plan(fleet())


def test_every_list_goes_page_by_page(world):
    """Also the lists of which the SDK drops where the next page is: what stands there would be made again and again."""
    world.doors.configure(page_size=1)
    fleet = make_fleet(
        *(azure_group(world, name, alarms={"hot": {**HOT, "notify": [f"{name}@example.org"]}}) for name in ("a", "b"))
    )
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        assert not list(cloud.plan(fleet))
        kinds = [change.key.kind for change in cloud.destroy(fleet)]
    assert kinds.count("metric-alert") == kinds.count("action-group") == 2
    assert len(list(world.monitor.metric_alerts.list_by_resource_group("trimtab"))) == 2
