"""What a status, a look of a watch and a wait cost on Google Cloud, and what they say."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from trimtab import errors, metrics

GROUPS = 20
MINUTE = timedelta(minutes=1)
STATUS = {
    "instanceGroupManagers.aggregatedList": 1,
    "autoscalers.aggregatedList": 1,
    "regionInstanceGroupManagers.listManagedInstances": GROUPS,
    "ListAlertPolicies": 1,
    "ListAlerts": 1,
    "globalOperations.aggregatedList": 1,
}
BARE = {"load_balancers": (), "schedules": {}, "capacity": {"min": 1, "max": 4}, "health_check": {}}


@pytest.fixture(scope="module")
def fleet():
    return make_fleet(*(gcp_group(f"g{number:02}", **BARE) for number in range(GROUPS)))


@pytest.fixture
def cloud(world, fleet):
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        world.doors.clear_requests()
        yield cloud


def operations(world):
    found = world.doors.count()["operations"]
    world.doors.clear_requests()
    return found


@pytest.mark.sweep
def test_calls_grow_by_the_instances_of_each_group_alone(world, cloud, fleet):
    """A look has one more for the metrics, and one for what was done where something has been since the last."""
    assert len(cloud.status(fleet).groups) == GROUPS
    assert operations(world) == STATUS
    cloud.status(fleet, addresses=True)
    assert operations(world) == {**STATUS, "instances.aggregatedList": 1}
    over = cloud.watch(fleet)
    over.snapshot()
    look = {**STATUS, "ListTimeSeries": 1}
    # which groups there are is asked for once more, since an operation on an instance does not name its group
    done = {"globalOperations.aggregatedList": 2, "instanceGroupManagers.aggregatedList": 2}
    assert operations(world) == {**look, **done}
    over.snapshot()
    assert operations(world) == look
    cloud.group("virtualmin-g07").scale(to=2)
    operations(world)
    changed = over.snapshot().groups[7]
    assert operations(world) == {**look, **done}
    assert "virtualmin-g07" in changed.activity.description


def test_a_look_says_how_a_group_stands(world, cloud, fleet):
    """Sizes, instances, load, alarms that fire, what was last done: all of a group in one row."""
    for _ in range(5):
        world.cloud.push(metrics.cpu, group="g03", value=91.5)
        world.advance(MINUTE)
    data = cloud.watch(fleet).snapshot().to_dict()["groups"][3]
    assert (data["min"], data["max"]) == (1, 4)
    assert data["desired"] == data["running"] > 1
    assert data["cpu"] == pytest.approx(91.5)
    assert [alarm["name"] for alarm in data["alarms"] if alarm["state"] == "alarm"] == ["virtualmin-g03-hot"]
    assert data["last_activity"]["description"].startswith("create instance virtualmin-g03-")
    assert data["paused"] is None


@pytest.mark.sweep
def test_waiting_asks_for_one_group_less_and_less_often(world, cloud):
    """Four calls a look, further and further apart on the clock; the group is there, or it is told how far it got."""
    world.doors.configure(boot_seconds=300)
    live = cloud.group("virtualmin-g00")
    live.scale(to=3)
    operations(world)
    before = world.doors.now()
    with pytest.raises(errors.WaitTimeout, match="1 of 3 instances of 'virtualmin-g00' run after 2m"):
        live.wait(timeout=2 * MINUTE)
    assert world.doors.now() - before >= 2 * MINUTE
    assert live.wait(timeout=10 * MINUTE).running == 3
    took = (world.doors.now() - before).total_seconds()
    made = operations(world)
    looks = made.pop("regionInstanceGroupManagers.listManagedInstances")
    # and once, when it was late, for the reason
    assert made.pop("regionInstanceGroupManagers.listErrors") == 1
    assert made.pop("regionAutoscalers.get") == 1
    for name in ("instanceGroupManagers", "globalOperations"):
        made[f"{name}.aggregatedList"] -= 1
    lists = ("instanceGroupManagers", "autoscalers", "globalOperations")
    assert made == {f"{name}.aggregatedList": looks for name in lists}
    assert 300 <= took < 330
    assert looks < 40
