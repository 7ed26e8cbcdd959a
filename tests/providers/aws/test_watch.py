"""What a status and a look of a watch cost on AWS."""

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab import metrics

GROUPS = 20


@pytest.fixture
def twenty(world):
    """Twenty groups of one fleet, and the calls that are made from here on."""
    bare = {"policies": {}, "schedules": {}, "capacity": {"min": 1, "max": 2}}
    alarms = {
        name: {"metric": "cpu", "above": 70, "notify": ["arn:aws:sns:us-east-1:1:ops"]} for name in ("hot", "warm")
    }
    fleet = make_fleet(*(make_group(f"g{number:02}", alarms=alarms, **bare) for number in range(GROUPS)))
    cloud = world.connect()
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    world.doors.clear_requests()
    return world, cloud, fleet


def operations(world):
    found = world.doors.count()["operations"]
    world.doors.clear_requests()
    return found


def test_calls_do_not_grow_with_the_groups(twenty):
    """Two for a status; three for a look, and one more only where something has been done since the last."""
    world, cloud, fleet = twenty
    look = {"DescribeAutoScalingGroups": 1, "DescribeAlarms": 1, "GetMetricData": 1}
    assert len(cloud.status(fleet).groups) == GROUPS
    assert operations(world) == {"DescribeAutoScalingGroups": 1, "DescribeAlarms": 1}
    over = cloud.watch(fleet)
    over.snapshot()
    assert operations(world) == {**look, "DescribeScalingActivities": 1}
    over.snapshot()
    assert operations(world) == look
    cloud.group("g07").scale(to=2)
    operations(world)
    changed = over.snapshot().groups[7]
    assert operations(world) == {**look, "DescribeScalingActivities": 1}
    assert "from 1 to 2" in changed.activity.cause


def test_a_look_says_what_the_monitor_script_said(twenty):
    """Sizes, instances, load, alarms that fire, what was last done: all of a group in one row."""
    world, cloud, fleet = twenty
    world.push("virtualmin-g03", metrics.cpu, 91.5)
    world.advance(tt.minutes(5))
    name = "virtualmin-g03-hot"
    world.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="91.5 > 70")
    data = cloud.watch(fleet).snapshot().to_dict()["groups"][3]
    assert (data["desired"], data["min"], data["max"], data["running"], data["pending"]) == (1, 1, 2, 1, 0)
    assert data["cpu"] == 91.5
    assert [alarm["name"] for alarm in data["alarms"] if alarm["state"] == "alarm"] == [name]
    assert data["last_activity"]["description"].startswith("Launching a new EC2 instance")
    assert data["paused"] is None
