"""What a status, a look of a watch and a wait cost on Azure, and what they say."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from trimtab import errors, metrics

GROUPS = 4
MINUTE = timedelta(minutes=1)
STATUS = {
    "VirtualMachineScaleSets_List": 1,
    "AutoscaleSettings_ListByResourceGroup": 1,
    "VirtualMachineScaleSetVMs_List": GROUPS,
    "MetricAlerts_ListByResourceGroup": 1,
    "MetricAlertsStatus_List": GROUPS,
}


@pytest.fixture
def fleet(world):
    bare = {"policies": {}, "schedules": {}, "capacity": {"min": 1, "max": 4}}
    alarms = {"hot": {"metric": "cpu", "above": 70, "notify": ["ops@example.org"]}}
    return make_fleet(*(azure_group(world, f"g{number}", alarms=alarms, **bare) for number in range(GROUPS)))


@pytest.fixture
def cloud(world, fleet):
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        world.doors.clear_requests()
        yield cloud


def operations(world):
    found = world.doors.count()["operations"]
    world.doors.clear_requests()
    return found


def test_calls_grow_by_the_instances_the_alerts_and_the_metrics_of_each_group(world, cloud, fleet):
    """
    Azure Monitor answers for one resource at a time, and an alert's state is asked for by itself.

    What was done is one call for all groups, only where something has been since the last look.
    """
    assert len(cloud.status(fleet).groups) == GROUPS
    assert operations(world) == STATUS
    cloud.status(fleet, addresses=True)
    assert operations(world) == {**STATUS, "NetworkInterfaces_ListVirtualMachineScaleSet": GROUPS}
    over = cloud.watch(fleet)
    over.snapshot()
    look = {**STATUS, "Metrics_List": GROUPS}
    assert operations(world) == {**look, "ActivityLogs_List": 1}
    over.snapshot()
    assert operations(world) == look
    cloud.group("virtualmin-g2").scale(to=2)
    operations(world)
    changed = over.snapshot().groups[2]
    assert operations(world) == {**look, "ActivityLogs_List": 1}
    assert changed.activity.description == "Microsoft.Compute/virtualMachineScaleSets/write"


def test_a_look_says_how_a_group_stands(world, cloud, fleet):
    """Sizes, instances, load, alerts that fire, what was last done: all of a group in one row."""
    for _ in range(6):
        world.push("virtualmin-g3", metrics.cpu, 91.5)
        world.advance(MINUTE)
    cloud.group("virtualmin-g3").pause(by="Ana")
    data = cloud.watch(fleet).snapshot().to_dict()["groups"][3]
    assert (data["desired"], data["min"], data["max"], data["running"], data["pending"]) == (1, 1, 4, 1, 0)
    assert data["cpu"] == 91.5
    assert [alarm["name"] for alarm in data["alarms"] if alarm["state"] == "alarm"] == ["virtualmin-g3-hot"]
    assert data["last_activity"]["description"] == "microsoft.insights/autoscalesettings/write"
    assert data["paused"]["by"] == "Ana"


def test_the_log_of_a_group_is_its_own(world, cloud):
    """Of its scale set and its setting, whatever the case of the ids, newest first; who looks back a week at most."""
    live = cloud.group("virtualmin-g1")
    world.advance(MINUTE)
    live.scale(to=3)
    world.advance(MINUTE)
    live.pause(by="Ana")
    found = live.activities()
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert {one.at for one in found} >= {world.doors.now(), world.doors.now() - MINUTE}
    kinds = {one.description.lower().split("/")[1] for one in found}
    assert kinds == {"virtualmachinescalesets", "autoscalesettings"}
    assert {one.status for one in found} == {"succeeded"}
    assert len(live.activities(2)) == 2
    world.advance(timedelta(days=8))
    assert not live.activities()


def test_waiting_asks_for_one_group_less_and_less_often(world, cloud):
    """Three calls a look, further and further apart on the clock; the group is there, or it is told how far it got."""
    world.doors.configure(boot_seconds=300)
    live = cloud.group("virtualmin-g0")
    live.scale(to=3)
    operations(world)
    before = world.doors.now()
    with pytest.raises(errors.WaitTimeout, match="1 of 3 instances of 'virtualmin-g0' run after 2m"):
        live.wait(timeout=2 * MINUTE)
    assert world.doors.now() - before >= 2 * MINUTE
    assert live.wait(timeout=10 * MINUTE).running == 3
    took = (world.doors.now() - before).total_seconds()
    made = operations(world)
    looks = made.pop("VirtualMachineScaleSetVMs_List")
    # and once, when it was late, for the reason
    assert made.pop("ActivityLogs_List") == 1
    assert made == {"VirtualMachineScaleSets_List": looks, "AutoscaleSettings_ListByResourceGroup": looks}
    assert 300 <= took < 330
    assert looks < 40
