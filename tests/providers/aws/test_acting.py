"""Pauses and executed policies on EC2 Auto Scaling."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet, make_group
from trimtab import errors

NAME = "virtualmin-web"


def apply(world, **fields):
    fleet = make_fleet(make_group("web", **fields))
    cloud = world.connect()
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    return cloud, fleet, cloud.group(NAME)


def group_of(world):
    return world.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"][
        0
    ]


def suspended(world):
    return {one["ProcessName"] for one in group_of(world)["SuspendedProcesses"]}


def tags(world):
    return {tag["Key"]: tag for tag in group_of(world)["Tags"]}


def test_a_pause_suspends_and_says_who(world):
    """The tag tells who and until when, and stays with the group."""
    _, _, live = apply(world)
    live.pause(by="Ana García", until=world.doors.now() + timedelta(hours=2), why="moving / the database")
    assert suspended(world) == {"AlarmNotification", "ScheduledActions"}
    tag = tags(world)["trimtab-paused"]
    assert tag["Value"].startswith("Ana García / 2026-01-05T02:")
    assert not tag["PropagateAtLaunch"]
    live.resume()
    assert not suspended(world)
    assert "trimtab-paused" not in tags(world)


def test_resuming_leaves_what_the_fleet_suspends(world):
    """A process that the fleet file suspends stays so, in the pause and after it."""
    cloud, fleet, live = apply(world, aws={"suspended_processes": ["ScheduledActions", "AZRebalance"]})
    live.pause(by="Ana")
    assert suspended(world) == {"AlarmNotification", "AZRebalance", "ScheduledActions"}
    assert not cloud.plan(fleet)
    live.resume()
    assert suspended(world) == {"AZRebalance", "ScheduledActions"}
    assert not cloud.plan(fleet)


def test_an_edit_in_a_pause_does_not_end_it(world):
    """What the file says of the two processes counts again once the group is resumed."""
    cloud, _, live = apply(world, aws={"suspended_processes": ["ScheduledActions", "AZRebalance"]})
    live.pause(by="Ana")
    edited = make_fleet(make_group("web", cooldown="9m"))
    plan = cloud.plan(edited)
    assert {field.path for change in plan for field in change.fields} == {"DefaultCooldown", "SuspendedProcesses"}
    cloud.apply(plan).raise_for_failures()
    assert suspended(world) == {"AlarmNotification", "ScheduledActions"}
    assert live.read().paused is not None
    assert not cloud.plan(edited)
    live.resume()
    assert suspended(world) == {"ScheduledActions"}
    cloud.apply(cloud.plan(edited)).raise_for_failures()
    assert not suspended(world)


def test_a_suspension_by_hand_is_drift(world):
    """Without a mark it is healed; with one, only what the mark is about is left alone."""
    cloud, fleet, live = apply(world)
    autoscaling = world.client("autoscaling")
    autoscaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["AlarmNotification"])
    (change,) = cloud.plan(fleet)
    assert [field.path for field in change.fields] == ["SuspendedProcesses"]
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    assert not suspended(world)
    live.pause(by="Ana")
    autoscaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Launch"])
    (change,) = cloud.plan(fleet)
    assert [field.path for field in change.fields] == ["SuspendedProcesses"]
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    assert suspended(world) == {"AlarmNotification", "ScheduledActions"}


def test_a_suspension_by_hand_outlives_a_pause(world):
    """Resuming gives back only what the pause stopped."""
    _, _, live = apply(world)
    world.client("autoscaling").suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["AlarmNotification"])
    live.pause(by="Ana")
    live.pause(by="Ana", why="again")
    live.resume()
    assert suspended(world) == {"AlarmNotification"}


@pytest.mark.parametrize("operation", ["SuspendProcesses", "CreateOrUpdateTags"])
def test_a_pause_that_was_cut_short_can_be_made_again(world, operation):
    cloud, fleet, live = apply(world)
    world.doors.fault("denied", operation=operation)
    with pytest.raises(errors.AccessDenied):
        live.pause(by="Ana")
    assert not cloud.plan(fleet)
    live.pause(by="Ana")
    assert suspended(world) == {"AlarmNotification", "ScheduledActions"}
    live.resume()
    assert not suspended(world)


@pytest.mark.parametrize("operation", ["ResumeProcesses", "DeleteTags"])
def test_a_resumption_that_was_cut_short_can_be_made_again(world, operation):
    cloud, fleet, live = apply(world)
    live.pause(by="Ana")
    world.doors.fault("denied", operation=operation)
    with pytest.raises(errors.AccessDenied):
        live.resume()
    assert not cloud.plan(fleet)
    live.resume()
    live.resume()
    assert not suspended(world)
    assert "trimtab-paused" not in tags(world)


def test_a_mark_by_hand_is_a_pause_too(world):
    """Whatever it says: it is shown, and resuming takes it away with the processes that a pause is about."""
    cloud, fleet, live = apply(world)
    autoscaling = world.client("autoscaling")
    autoscaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["AlarmNotification", "ScheduledActions"])
    tag = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": "trimtab-paused", "Value": "ana at night"}
    autoscaling.create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": False}])
    assert not cloud.plan(fleet)
    assert live.read().paused.by == "ana at night"
    live.resume()
    assert not suspended(world)


def test_a_paused_group_can_be_scaled_by_hand(world):
    _, _, live = apply(world)
    live.pause(by="Ana")
    live.scale(to=4)
    live.wait(timeout=timedelta(minutes=10))
    assert live.read().running == 4


STEPS = {"steps": [{"upper": 10, "change": 1}, {"lower": 10, "change": 2}]}


def test_a_step_policy_is_told_the_value(world):
    _, _, live = apply(
        world,
        policies={"steps": {"type": "step", **STEPS}},
        alarms={"hot": {"metric": "cpu", "above": 70, "triggers": ["steps"]}},
    )
    with pytest.raises(errors.InvalidRequest, match="the metric's `value` and the `threshold`"):
        live.execute("steps")
    live.execute("steps", value=85, threshold=70)
    assert live.read().desired == 4


def test_a_policy_whose_reply_was_lost_acts_once(world):
    """ExecutePolicy goes on from the size that it finds, and has no token against being asked twice."""
    _, _, live = apply(world)
    before = live.read().desired
    world.doors.fault("timeout_after", write_only=True)
    with pytest.raises(errors.Unreachable):
        live.execute("scale-out")
    world.doors.clear_faults()
    assert live.read().desired == before + 1
    world.doors.fault("throttle", write_only=True, times=1)
    live.execute("scale-out")
    assert live.read().desired == before + 2


def test_what_watches_its_own_metric_is_not_executed(world):
    _, _, live = apply(world, policies={"hold": {"type": "target-tracking", "metric": "cpu", "target": 50}}, alarms={})
    with pytest.raises(errors.Unsupported, match="watches its own metric"):
        live.execute("hold")


def test_acting_on_a_group_that_went(world):
    cloud, fleet, live = apply(world)
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()
    for act in (live.resume, lambda: live.execute("scale-out"), lambda: live.pause(by="Ana")):
        with pytest.raises(errors.NotFound):
            act()
