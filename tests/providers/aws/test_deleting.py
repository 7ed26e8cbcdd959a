"""A group that is being deleted: waited for, then made anew."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.errors import PlanRefused


@pytest.fixture
def deleting(world):
    """A cloud whose fleet was just destroyed, without waiting; its groups take two minutes to go."""
    world.doors.configure(delete_seconds=120)
    fleet = make_fleet()
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        cloud.apply(cloud.destroy(fleet), wait="accepted", allow_delete=True).raise_for_failures()
        yield world, cloud, fleet


def test_a_plan_says_that_it_waits_and_apply_does(deleting):
    world, cloud, fleet = deleting
    states = cloud.provider.live.read_states([("us-east-1", "virtualmin-web")])
    assert [state.deleting for state in states] == [True]
    plan = cloud.plan(fleet)
    assert any("being deleted" in note for change in plan for note in change.notes)
    before = world.doors.now()
    cloud.apply(plan).raise_for_failures()
    assert world.doors.now() - before >= timedelta(seconds=100)
    assert not cloud.plan(fleet)


def test_destroying_again_finds_nothing_to_do(deleting):
    _, cloud, fleet = deleting
    assert not cloud.destroy(fleet).changes


def test_destroy_waits_until_the_groups_are_gone(world):
    world.doors.configure(delete_seconds=120)
    fleet = make_fleet()
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        before = world.doors.now()
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()
        assert world.doors.now() - before >= timedelta(seconds=100)
        assert not cloud.provider.resources.read(fleet).resources


def test_what_does_not_go_in_time_is_late_not_lost(world):
    world.doors.configure(delete_seconds=7200)
    fleet = make_fleet()
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        result = cloud.apply(cloud.destroy(fleet), allow_delete=True, timeout=timedelta(minutes=5))
        assert all(outcome.is_done for outcome in result.outcomes)
        assert [text for text in result.timed_out if "is still there after 5m" in text]


# protection from deletion, set by somebody else

LEVELS = ("prevent-force-deletion", "prevent-all-deletion")
NATIVE = "virtualmin-web"


def protect(world, level):
    world.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=NATIVE, DeletionProtection=level)


def protection(world):
    groups = world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return [group["DeletionProtection"] for group in groups]


@pytest.fixture
def applied(world):
    fleet = make_fleet(make_group("web"))
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        yield world, cloud, fleet


@pytest.mark.parametrize("level", LEVELS)
def test_a_protected_group_is_not_destroyed_and_the_plan_says_why(applied, level):
    world, cloud, fleet = applied
    protect(world, level)
    world.doors.clear_requests()
    plan = cloud.destroy(fleet)
    assert [str(problem) for problem in plan.problems] == [
        f"group web: Auto Scaling group '{NATIVE}' cannot be deleted: "
        f"its deletion protection is {level}; set DeletionProtection to none first"
    ]
    with pytest.raises(PlanRefused, match="deletion protection"):
        cloud.apply(plan, allow_delete=True)
    assert world.writes() == 0
    protect(world, "none")
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()
    assert protection(world) == []


@pytest.mark.parametrize("level", LEVELS)
def test_a_plan_leaves_protection_as_it_is(applied, level):
    world, cloud, fleet = applied
    protect(world, level)
    assert not cloud.plan(fleet)
    changed = make_fleet(make_group("web", cooldown=tt.minutes(7)))
    plan = cloud.plan(changed)
    assert not plan.problems
    cloud.apply(plan).raise_for_failures()
    assert protection(world) == [level]
    assert not cloud.plan(changed)


def test_a_protected_group_that_left_the_fleet_stays_where_nothing_is_pruned(applied):
    world, cloud, _ = applied
    protect(world, LEVELS[1])
    assert cloud.plan(make_fleet(make_group("other"))).problems
    assert not cloud.plan(make_fleet(make_group("other")), prune=False).problems


def test_an_alarm_that_a_composite_alarm_stands_on(applied):
    """CloudWatch keeps it; the failure names both the alarm and the reason, and destroying again finishes."""
    world, cloud, fleet = applied
    cloudwatch = world.client("cloudwatch")
    name = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmName"]
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule=f'ALARM("{name}")')
    done = cloud.apply(cloud.destroy(fleet), allow_delete=True)
    assert any(f"Cannot delete {name} as there are composite alarm(s)" in str(each) for each in done.failures)
    cloudwatch.delete_alarms(AlarmNames=["both"])
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
