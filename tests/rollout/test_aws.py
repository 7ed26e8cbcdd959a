"""Rollouts on AWS, by instance refreshes of the emulator, look by look."""

from dataclasses import replace
from datetime import timedelta

import pytest

import trimtab as tt
from tests.laws import sampled
from tests.rollout.aws_world import GROUP, LOOK, NEW, OLD, Killed, RolloutWorld, killing, make_fleet, make_group
from trimtab.errors import Conflict, InvalidRequest, Unsupported
from trimtab.metrics import cpu, custom, network_in
from trimtab.models import Checkpoint, MetricGate, Rollout
from trimtab.providers.aws.rolling import AwsRollouts
from trimtab.providers.rolling import NewTemplate
from trimtab.providers.run import RolloutPhase, RolloutRun
from trimtab.rollout import RolloutFailed, RolloutOutcome

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CANARY = Rollout(strategy="canary", checkpoints=[{"percent": 25, "bake": "5m"}, 50], bake="5m")


@pytest.fixture(name="world")
def _world(aws_emulator):
    aws_emulator.doors.reset()
    world = RolloutWorld(aws_emulator)
    yield world
    world.connection.close()


# whole runs


def test_a_rolling_rollout_brings_a_version_that_waits(world):
    world.apply(make_fleet())
    plan = world.connection.plan(make_fleet(NEW))
    assert not plan.changes
    assert [change.key.kind for change in plan.waiting] == ["launch-template", "autoscaling-group"]
    world.apply(make_fleet(NEW))
    assert world.versions() == {"1": 4}
    rollouts = world.started(make_fleet(NEW))
    assert world.group()["LaunchTemplate"]["Version"] == "1"
    (result,) = world.roll(rollouts, each=lambda: _at_least(world, 3))
    assert result.outcome is RolloutOutcome.DONE
    world.assert_ended(make_fleet(NEW), version="2", there=[1, 2])
    (refresh,) = world.refreshes()
    assert refresh["Preferences"]["MinHealthyPercentage"] == 75
    assert refresh["DesiredConfiguration"] == {"LaunchTemplate": {"LaunchTemplateName": GROUP, "Version": "2"}}


def _at_least(world, least, most=99):
    assert world.running() >= least
    assert len(world.instances()) <= most


def test_a_canary_stops_at_its_checkpoints_and_bakes(world):
    world.apply(make_fleet())
    spec = Rollout(strategy="canary", checkpoints=[Checkpoint(percent=25, bake="10m"), 50], bake="5m")
    fleet = make_fleet(NEW, rollout=spec)
    rollouts = world.started(fleet)
    stood = {}

    def look():
        if world.mark() and " baking " in world.mark():
            stood.setdefault(world.versions().get("2"), []).append(world.group()["LaunchTemplate"]["Version"])
            assert not world.active()
            assert RolloutPhase.BAKING in world.mark()

    (result,) = world.roll(rollouts, each=look)
    assert result.outcome is RolloutOutcome.DONE
    # ten minutes of looks; all of the group is saved with the new version before it bakes
    assert len(stood[1]) == 40
    assert set(stood[1]) == {"1"}
    assert set(stood[4]) == {"2"}
    world.assert_ended(fleet, version="2", there=[1, 2])
    statuses = [(each["Status"], each["Preferences"].get("CheckpointPercentages")) for each in world.refreshes()]
    assert statuses == [("Cancelled", [25, 100]), ("Cancelled", [33, 100]), ("Successful", None)]


def test_with_a_surge_the_new_ones_come_first(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=Rollout(max_surge=2))
    world.roll(world.started(fleet), each=lambda: _at_least(world, 4, 6))
    world.assert_ended(fleet, version="2", there=[1, 2])


@pytest.mark.parametrize(("unavailable", "healthy", "least"), [(2, None, 2), ("50%", 3, 3), (4, "75%", 3)])
def test_no_more_are_out_of_service_than_may_be(world, unavailable, healthy, least):
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=Rollout(max_unavailable=unavailable, min_healthy=healthy))
    world.roll(world.started(fleet), each=lambda: _at_least(world, least, 4))
    world.assert_ended(fleet, version="2", there=[1, 2])


def test_where_nothing_may_go_nothing_goes(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=Rollout(min_healthy="100%", batch_timeout="5m"))
    (result,) = world.roll(world.started(fleet), each=lambda: _at_least(world, 4, 4))
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert not world.refreshes()
    assert world.there() == [1]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7])
def test_groups_of_few(world, size):
    world.apply(make_fleet(desired=size))
    fleet = make_fleet(NEW, desired=size, rollout=Rollout(strategy="canary", checkpoints=[1, 34, 67]))
    reached = set()

    def look():
        if world.mark() and " baking " in world.mark() and size:
            reached.add(world.versions().get("2", 0))

    goals = {-(-size * percent // 100) for percent in (1, 34, 67, 100)}
    rollouts = world.started(fleet)
    world.roll(rollouts, each=lambda: (look(), _at_least(world, size - 1, size)))
    world.assert_ended(fleet, version="2", size=size, there=[1, 2])
    assert reached <= goals


def test_ten_in_three_zones(world):
    zones = tt.Placement(zones=["us-east-1a", "us-east-1b", "us-east-1c"])
    world.apply(make_fleet(desired=10, placement=zones))
    spec = Rollout(strategy="canary", checkpoints=[10, 40], max_unavailable=2)
    fleet = make_fleet(NEW, desired=10, placement=zones, rollout=spec)
    world.roll(world.started(fleet), each=lambda: _at_least(world, 8, 10))
    world.assert_ended(fleet, version="2", size=10, there=[1, 2])
    assert len({each["AvailabilityZone"] for each in world.instances()}) == 3


# failures


@pytest.mark.parametrize("checkpoints", [(), (25, 50)])
def test_instances_that_are_never_well_go_back_by_themselves(world, checkpoints):
    health = tt.HealthCheck(by="load-balancer", grace="0s")
    world.apply(make_fleet(health_check=health))
    world.make_sick()
    fleet = make_fleet(NEW, health_check=health, rollout=Rollout(checkpoints=checkpoints, batch_timeout="10m"))
    (result,) = world.roll(world.started(fleet), each=lambda: _at_least(world, 3))
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert "after 10m" in result.text
    world.assert_ended(make_fleet(health_check=health), version="1", there=[1])
    assert world.refreshes()[-1]["Status"] == "RollbackSuccessful"
    assert world.connection.plan(fleet).waiting


def test_what_aws_gives_up_is_a_failure(world):
    health = tt.HealthCheck(by="load-balancer", grace="0s")
    world.apply(make_fleet(health_check=health))
    world.make_sick()
    fleet = make_fleet(NEW, health_check=health, rollout=Rollout(batch_timeout="3h", on_failure="pause"))
    rollouts = world.started(fleet)
    (result,) = world.roll(rollouts)
    assert (result.outcome, result.run.phase) == (RolloutOutcome.PAUSED, RolloutPhase.PAUSED)
    assert "health checks" in result.text
    world.doors.fail_made_of(NEW, healthy=True)
    rollouts.resume("web")
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    world.assert_ended(fleet, version="2", there=[1, 2])


@pytest.mark.parametrize("step", [1, 4])
def test_an_alarm_in_the_bake_goes_back(world, step):
    """At a checkpoint the group is saved with the old version, at the end with the new one: both go back wholly."""
    world.put_alarm()
    gates = [{"type": "alarm", "alarms": ["errors"]}]
    spec = Rollout(strategy="canary", checkpoints=[{"percent": 25, "bake": "10m"}], bake="10m", gates=gates)
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=spec)
    rollouts = world.started(fleet)
    world.roll(rollouts, until=lambda each: each.run.phase is RolloutPhase.BAKING and each.ready == step)
    world.put_alarm(state="ALARM")
    (result,) = world.roll(rollouts, each=lambda: _at_least(world, 3))
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert "errors fires" in result.text
    world.assert_ended(make_fleet(), version="1", there=[1])


def test_the_same_template_again_after_it_went_back(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW)
    rollouts = world.started(fleet)
    rollouts.tick()
    rollouts.abort("web", by="ana")
    world.roll(rollouts)
    assert world.there() == [1]
    with pytest.raises(RolloutFailed, match="this template was rolled back on"):
        world.connection.rollout(fleet).raise_for_failures()
    rollouts.start(again=True)
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    world.assert_ended(fleet, version="3", there=[1, 3])


def test_a_shortage_in_the_middle(world):
    """Of the new size there are no more: what came goes back."""
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=Rollout(checkpoints=[25, 50]))
    rollouts = world.started(fleet)
    world.roll(rollouts, until=lambda each: each.run.step == 1)
    world.doors.run_short(instance_type=NEW)
    (result,) = world.roll(rollouts, each=lambda: _at_least(world, 2))
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    world.assert_ended(make_fleet(), version="1", there=[1])


# people


def test_a_pause_stands_still_and_is_resumed(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW)
    rollouts = world.started(fleet)
    world.roll(rollouts, until=lambda each: each.ready == 1)
    rollouts.pause("web", by="bea", why="lunch")
    world.advance(MINUTE)
    before = world.versions()
    for _ in range(3):
        (result,) = rollouts.tick()
        assert result.outcome is RolloutOutcome.PAUSED
        world.advance(HOUR)
    assert not world.active()
    assert world.versions() == before
    assert 0 < before["2"] < 4
    rollouts.resume("web")
    world.roll(rollouts)
    world.assert_ended(fleet, version="2", there=[1, 2])


def test_an_abort_in_the_middle_is_rolled_back_by_aws(world):
    world.apply(make_fleet())
    rollouts = world.started(make_fleet(NEW))
    world.roll(rollouts, until=lambda each: each.ready == 2)
    rollouts.abort("web", by="bea")
    (result,) = world.roll(rollouts, each=lambda: _at_least(world, 3))
    assert (result.outcome, result.text) == (RolloutOutcome.ROLLED_BACK, "aborted by bea")
    assert [each["Status"] for each in world.refreshes()] == ["RollbackSuccessful"]
    world.assert_ended(make_fleet(), version="1", there=[1])


def test_what_aws_cannot_roll_back_goes_back_by_another_refresh(world):
    world.apply(make_fleet())
    rollouts = world.started(make_fleet(NEW))
    world.roll(rollouts, until=lambda each: each.ready == 2)
    code, text = "IrreversibleInstanceRefresh", b"it has an image by parameter"
    body = b"<ErrorResponse><Error><Type>Sender</Type><Code>" + code.encode() + b"</Code><Message>" + text
    reply = (400, {"Content-Type": "text/xml"}, body + b"</Message></Error><RequestId>1</RequestId></ErrorResponse>")
    world.doors.fault("reply_before", operation="RollbackInstanceRefresh", reply=reply)
    rollouts.abort("web", by="bea")
    world.roll(rollouts)
    assert [each["Status"] for each in world.refreshes()] == ["Cancelled", "Successful"]
    world.assert_ended(make_fleet(), version="1", there=[1])


def test_undo_goes_to_the_version_before_and_no_further(world):
    world.apply(make_fleet())
    world.roll(world.started(make_fleet(NEW)))
    rollouts = world.connection.rollouts(make_fleet(NEW))
    rollouts.undo("web", by="ana")
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    # the older file again: nothing waits, though a newer version is there
    world.assert_ended(make_fleet(), version="1", there=[1, 2])
    with pytest.raises(tt.errors.NotFound, match="no earlier template"):
        world.connection.rollouts(make_fleet()).undo("web")
    (result,) = world.roll(world.started(make_fleet("t3.medium")))
    world.assert_ended(make_fleet("t3.medium"), version="3", there=[1, 3])


def test_an_undo_that_is_aborted_leaves_what_was(world):
    world.apply(make_fleet())
    world.roll(world.started(make_fleet(NEW)))
    rollouts = world.connection.rollouts(make_fleet(NEW))
    rollouts.undo("web")
    world.roll(rollouts, until=lambda each: each.ready == 1)
    rollouts.abort("web")
    world.roll(rollouts)
    world.assert_ended(make_fleet(NEW), version="2", there=[1, 2])


@pytest.mark.parametrize(("keep", "there"), [(1, [4]), (2, [3, 4]), (3, [2, 3, 4])])
def test_only_so_many_versions_stay(world, keep, there):
    world.apply(make_fleet())
    for size in (NEW, "t3.medium", "t3.xlarge"):
        fleet = make_fleet(size, rollout=Rollout(keep=keep))
        world.roll(world.started(fleet))
    world.assert_ended(fleet, version="4", there=there)


def test_a_version_made_by_hand_stays(world):
    world.apply(make_fleet())
    data = {"ImageId": "ami-03cf127a", "InstanceType": "t3.nano"}
    world.client("ec2").create_launch_template_version(LaunchTemplateName=GROUP, LaunchTemplateData=data)
    assert not world.connection.plan(make_fleet())
    fleet = make_fleet(NEW, rollout=Rollout(keep=1))
    world.roll(world.started(fleet))
    world.assert_ended(fleet, version="3", there=[2, 3])


def test_a_version_that_somebody_else_launches_from_stays(world):
    """EC2 would delete it under his group."""
    world.apply(make_fleet())
    source = {"LaunchTemplateName": GROUP, "Version": "1"}
    world.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="his", MinSize=0, MaxSize=1, LaunchTemplate=source, AvailabilityZones=["us-east-1a"]
    )
    fleet = make_fleet(NEW, rollout=Rollout(keep=1))
    world.roll(world.started(fleet))
    world.assert_ended(fleet, version="2", there=[1, 2])


# what happens in the middle


def test_scaled_out_by_hand_in_the_middle(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=CANARY)
    rollouts = world.started(fleet)
    world.roll(rollouts, until=lambda each: each.run.step == 1 and each.run.phase is RolloutPhase.MOVING)
    world.set_size(9)
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    assert world.versions() == {"2": 9}


def test_scaled_in_by_hand_in_the_middle(world):
    world.apply(make_fleet(desired=8))
    fleet = make_fleet(NEW, desired=8, rollout=CANARY)
    rollouts = world.started(fleet)
    world.roll(rollouts, until=lambda each: each.ready == 1)
    world.set_size(3)
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    assert world.versions() == {"2": 3}


def test_scaled_to_none_in_the_middle(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=CANARY)
    rollouts = world.started(fleet)
    world.roll(rollouts, until=lambda each: each.ready == 1)
    world.set_size(0)
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    assert world.versions() == {}
    assert world.group()["LaunchTemplate"]["Version"] == "2"


def test_a_canary_that_is_lost_in_the_bake_comes_back_old_and_the_rollout_goes_on(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=Rollout(checkpoints=[{"percent": 25, "bake": "10m"}]))
    rollouts = world.started(fleet)
    world.roll(rollouts, until=lambda each: each.run.phase is RolloutPhase.BAKING)
    (new,) = [each for each in world.instances() if each["LaunchTemplate"]["Version"] == "2"]
    world.client("ec2").terminate_instances(InstanceIds=[new["InstanceId"]])
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    world.assert_ended(fleet, version="2", there=[1, 2])


@pytest.mark.parametrize(("word", "versions"), [("skip", {"1": 1, "2": 3}), ("replace", {"2": 4})])
def test_protected_instances(world, word, versions):
    world.apply(make_fleet())
    some = world.instances()[0]["InstanceId"]
    world.autoscaling.set_instance_protection(AutoScalingGroupName=GROUP, InstanceIds=[some], ProtectedFromScaleIn=True)
    fleet = make_fleet(NEW, rollout=Rollout(protected_instances=word, keep=1))
    (result,) = world.roll(world.started(fleet))
    assert result.outcome is RolloutOutcome.DONE
    assert world.versions() == versions
    # a version that an instance has stays
    assert world.there() == ([1, 2] if word == "skip" else [2])


@pytest.mark.parametrize(("word", "versions"), [("skip", {"1": 1, "2": 3}), ("replace", {"2": 4})])
def test_instances_on_standby(world, word, versions):
    world.apply(make_fleet())
    some = world.instances()[0]["InstanceId"]
    world.autoscaling.enter_standby(AutoScalingGroupName=GROUP, InstanceIds=[some], ShouldDecrementDesiredCapacity=True)
    world.advance(MINUTE)
    fleet = make_fleet(NEW, rollout=Rollout(standby_instances=word))
    (result,) = world.roll(world.started(fleet))
    assert result.outcome is RolloutOutcome.DONE
    assert world.versions() == (versions if word == "skip" else {"2": 3})


def test_a_plain_apply_in_the_middle_leaves_the_run_alone(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW, rollout=CANARY)
    rollouts = world.started(fleet)
    world.roll(rollouts, until=lambda each: each.run.phase is RolloutPhase.BAKING)
    before = world.mark()
    other = make_fleet("t3.medium", rollout=CANARY, tags={"Team": "b"}, capacity=tt.Capacity(min=1, max=20, desired=4))
    plan = world.connection.plan(other)
    assert "is baking" in plan.to_text()
    assert plan.waiting
    assert not any("LaunchTemplate" in field.path for change in plan.changes for field in change.fields)
    world.connection.apply(plan).raise_for_failures()
    assert (world.mark(), world.tags()["Team"]) == (before, "b")
    assert world.group()["LaunchTemplate"]["Version"] == "1"
    # a fleet that says nothing of rollouts leaves the run alone too
    bare = tt.Fleet(name="shop", groups=[make_group(OLD).model_copy(update={"rollout": None})])
    plan = world.connection.plan(bare)
    assert not any("LaunchTemplate" in field.path for change in plan.changes for field in change.fields)
    world.connection.apply(plan).raise_for_failures()
    assert world.mark() == before
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    assert world.versions() == {"2": 4}


def test_a_pause_and_a_boost_of_the_group_keep_the_mark(world):
    world.apply(make_fleet())
    rollouts = world.started(make_fleet(NEW, rollout=CANARY))
    rollouts.tick()
    group, before = world.connection.group(GROUP), world.mark()
    group.pause(by="bea")
    group.resume()
    assert world.mark() == before
    state = group.read()
    assert state.rollout.phase is RolloutPhase.MOVING
    # judged by what the run brings, though the group is still saved with the old version
    assert [each.outdated for each in state.instances].count(True) == 3
    imported = world.connection.import_group(GROUP).group
    assert imported.template.size == OLD


def test_other_sizes_wait_for_the_end_of_a_run(world):
    """AWS takes no other mix while a refresh goes to one: that keeps nothing else from being applied."""
    purchase = tt.Purchase(sizes=[{"size": "t3.small"}, {"size": "m5.large"}])
    world.apply(make_fleet(purchase=purchase))
    fleet = make_fleet(NEW, purchase=purchase, rollout=CANARY)
    rollouts = world.started(fleet)
    rollouts.tick()
    assert world.active()
    more = tt.Purchase(sizes=[{"size": "t3.small"}, {"size": "m5.large"}, {"size": "c5.large"}])
    other = make_fleet(NEW, purchase=more, rollout=CANARY, cooldown="7m")
    plan = world.connection.plan(other)
    assert not plan.problems
    assert {field.path for change in plan.changes for field in change.fields} == {"DefaultCooldown"}
    assert any("Overrides[2]" in field.path for change in plan.waiting for field in change.fields)
    world.connection.apply(plan, wait="accepted").raise_for_failures()
    world.roll(rollouts)
    plan = world.connection.plan(other)
    assert not plan.waiting
    assert {field.path.partition("[")[0].rpartition(".")[2] for change in plan.changes for field in change.fields} == {
        "Overrides"
    }


def test_a_warm_pool_is_refreshed_with_its_group(world):
    pool = {"warm_pool": {"min": 2}}
    world.apply(make_fleet(aws=pool))
    world.advance(10 * MINUTE)
    fleet = make_fleet(NEW, aws=pool, rollout=CANARY)
    world.roll(world.started(fleet), each=lambda: _at_least(world, 3))
    world.advance(10 * MINUTE)
    world.assert_ended(fleet, version="2", there=[1, 2])
    warm = world.autoscaling.describe_warm_pool(AutoScalingGroupName=GROUP)["Instances"]
    assert {each["LaunchTemplate"]["Version"] for each in warm} == {"2"}


# several processes


SCENARIO = Rollout(strategy="canary", checkpoints=[50], keep=1)


def _abort(rollouts):
    (result,) = rollouts.status()
    if result.run is not None and result.run.phase is not RolloutPhase.REVERTING and result.ready >= 1:
        rollouts.abort("web")


def _drive(world, connection, fleet, *, aborts):
    rollouts = connection.rollouts(fleet)
    if world.mark() is None:
        rollouts.start(by="ana")
    for _ in range(200):
        if aborts:
            _abort(rollouts)
        (result,) = rollouts.tick()
        if result.is_settled:
            return result
        world.advance(LOOK)
    raise AssertionError(result)


@pytest.mark.parametrize("aborts", [False, True], ids=["to the end", "aborted"])
def test_killed_at_any_write_another_process_ends_it(world, aborts):
    fleet = make_fleet(NEW, desired=2, rollout=SCENARIO)

    def fresh():
        world.doors.reset()
        again = RolloutWorld(world.emulator)
        again.apply(make_fleet(desired=2))
        return again

    again = fresh()
    made = killing(again.connection, -1, after=False)
    _drive(again, again.connection, fleet, aborts=aborts)
    writes = list(made)
    assert len(writes) >= 7
    points = [(number, after) for number in range(len(writes)) for after in (False, True)]
    for number, after in sampled(points, 1, f"killed {aborts}"):
        again = fresh()
        killing(again.connection, number, after=after)
        with pytest.raises(Killed):
            _drive(again, again.connection, fleet, aborts=aborts)
        with again.connect() as other:
            if again.mark() is not None or number < len(writes) - 1:
                _drive(again, other, fleet, aborts=aborts)
        where = f"killed {'after' if after else 'before'} write {number}, {writes[number]}"
        version, file = ("1", make_fleet(desired=2)) if aborts else (max(again.versions()), fleet)
        assert len(again.versions()) == 1, where
        again.assert_ended(file, version=version, size=2, there=[int(version)])


def test_of_two_that_begin_at_once_one_wins(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW)
    with world.connect() as other:
        plan = other.plan(fleet)
        world.started(fleet)
        rollouts = other.rollouts(fleet)
        (result,) = rollouts._driver.start(plan)
        assert result.run.by == "ana"
        run = replace(result.run, id="other")
        with pytest.raises(Conflict, match="by ana is moving"):
            other.provider.rollouts().begin("us-east-1", GROUP, run, NewTemplate())
    world.roll(rollouts)
    world.assert_ended(fleet, version="2", there=[1, 2])


def test_whose_mark_was_written_over_has_lost(world, monkeypatch):
    world.apply(make_fleet())
    one = world.connection.provider.rollouts()
    (progress,) = one.read([("us-east-1", GROUP)])
    now = world.doors.now()
    runs = [RolloutRun(id=word, since=now, began=now, by=word) for word in ("one", "two")]
    mark = AwsRollouts.mark

    def overtaken(rollouts, location, name, run):
        mark(rollouts, location, name, run)
        mark(rollouts, location, name, replace(runs[1], old="1", new="1"))

    monkeypatch.setattr(AwsRollouts, "mark", overtaken)
    with pytest.raises(Conflict, match="another rollout of 'shop-web' began just now"):
        one.begin(progress.state.location, GROUP, runs[0], NewTemplate())
    assert world.mark().startswith("two / ")


def test_a_lost_reply_starts_one_refresh(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW)
    rollouts = world.started(fleet)
    world.doors.fault("timeout_after", operation="StartInstanceRefresh")
    world.roll(rollouts)
    assert len(world.refreshes()) == 1
    world.assert_ended(fleet, version="2", there=[1, 2])


def test_a_refresh_of_somebody_else_is_in_the_way(world):
    world.apply(make_fleet())
    world.autoscaling.start_instance_refresh(AutoScalingGroupName=GROUP)
    (result,) = world.connection.rollouts(make_fleet(NEW)).start()
    assert result.outcome is RolloutOutcome.ERROR
    assert "an instance refresh of 'shop-web' is InProgress; wait for its end or cancel it" in result.text
    world.autoscaling.cancel_instance_refresh(AutoScalingGroupName=GROUP)
    world.advance(MINUTE)
    rollouts = world.started(make_fleet(NEW))
    world.autoscaling.start_instance_refresh(AutoScalingGroupName=GROUP)
    (result,) = rollouts.tick()
    assert result.outcome is RolloutOutcome.RUNNING
    assert "not the rollout's" in result.text
    assert len(world.refreshes()) == 2


# how a group launches


def test_a_mixed_instances_policy_is_sent_whole(world):
    purchase = tt.Purchase(spot=True, on_demand_base=1, sizes=[{"size": "t3.small"}, {"size": "m5.large"}])
    world.apply(make_fleet(purchase=purchase))
    before = world.group()["MixedInstancesPolicy"]
    fleet = make_fleet(NEW, purchase=purchase, rollout=CANARY)
    world.roll(world.started(fleet), each=lambda: _at_least(world, 3))
    after = world.group()["MixedInstancesPolicy"]
    assert after.pop("LaunchTemplate")["LaunchTemplateSpecification"]["Version"] == "2"
    assert before.pop("LaunchTemplate")["LaunchTemplateSpecification"]["Version"] == "1"
    assert before == after
    assert world.versions() == {"2": 4}
    plan = world.connection.plan(fleet)
    assert not plan.changes
    assert not plan.waiting


def test_sizes_come_by_apply_and_the_version_by_rollout(world):
    world.apply(make_fleet())
    fleet = make_fleet(NEW, purchase=tt.Purchase(sizes=[{"size": "t3.small"}, {"size": "m5.large"}]))
    plan = world.connection.plan(fleet)
    versions = {field.new for change in plan.changes for field in change.fields if "Version" in field.path}
    assert versions == {"1", None}
    assert [change.key.kind for change in plan.waiting] == ["launch-template", "autoscaling-group"]
    world.connection.apply(plan).raise_for_failures()
    launch = world.group()["MixedInstancesPolicy"]["LaunchTemplate"]
    assert launch["LaunchTemplateSpecification"]["Version"] == "1"
    assert len(launch["Overrides"]) == 2
    assert not world.connection.plan(fleet).changes
    world.roll(world.started(fleet))
    assert world.versions() == {"2": 4}
    # and back to a single size
    plan = world.connection.plan(make_fleet(NEW))
    assert not plan.waiting
    world.connection.apply(plan).raise_for_failures()
    assert not world.connection.plan(make_fleet(NEW))
    assert world.group()["LaunchTemplate"]["Version"] == "2"


@pytest.mark.parametrize("version", ["$Latest", "$Default"])
def test_a_group_that_follows_a_version_by_name_gets_a_number(world, version):
    world.apply(make_fleet())
    source = {"LaunchTemplateName": GROUP, "Version": version}
    world.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, LaunchTemplate=source)
    rollouts = world.started(make_fleet(NEW))
    assert world.group()["LaunchTemplate"]["Version"] == "1"
    rollouts.tick()
    rollouts.abort("web")
    world.roll(rollouts)
    assert [each["Status"] for each in world.refreshes()] == ["RollbackSuccessful"]
    world.assert_ended(make_fleet(), version="1", there=[1])


def test_a_launch_configuration_is_refused_by_name(world):
    world.apply(make_fleet())
    world.autoscaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId="ami-03cf127a", InstanceType=OLD
    )
    world.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, LaunchConfigurationName="old")
    plan = world.connection.plan(make_fleet(NEW))
    assert not plan.changes
    (result,) = world.connection.rollouts(make_fleet(NEW)).start()
    assert result.outcome is RolloutOutcome.ERROR
    assert "launches from a launch configuration; apply the fleet once without `rollout:`" in result.text
    assert world.mark() is None


def test_instances_of_an_older_version_are_brought_up_to_date(world):
    """Where `rollout` is new, and an apply has changed the template before."""
    plain = tt.Fleet(name="shop", groups=[make_group().model_copy(update={"rollout": None})])
    world.apply(plain)
    world.apply(tt.Fleet(name="shop", groups=[make_group(NEW).model_copy(update={"rollout": None})]))
    assert world.versions() == {"1": 4}
    rollouts = world.started(make_fleet(NEW))
    with pytest.raises(InvalidRequest, match="brings no other template"):
        rollouts.abort("web")
    (result,) = world.roll(rollouts)
    assert result.outcome is RolloutOutcome.DONE
    world.assert_ended(make_fleet(NEW), version="2", there=[1, 2])


# what a plan refuses


def problems_of(world, **more):
    return {problem.text for problem in world.connection.plan(make_fleet(NEW, **more)).problems}


def test_what_no_refresh_does_is_a_problem_of_the_plan(world):
    by_attributes = make_group().model_copy(
        update={"template": tt.InstanceTemplate(image="ami-03cf127a", size={"cpus": 2, "memory_gb": 4})}
    )
    plan = world.connection.plan(tt.Fleet(name="shop", groups=[by_attributes]))
    assert any(problem.text.startswith("rollout: no instance refresh goes") for problem in plan.problems)
    (text,) = problems_of(world, aws={"suspended_processes": ["InstanceRefresh"]})
    assert text.startswith("rollout: an instance refresh stands still while InstanceRefresh is suspended; leave")
    (text,) = problems_of(world, rollout=Rollout(skip_matching=False))
    assert text.startswith("rollout.skip_matching: aws cannot do this")
    gate = MetricGate(metric="latency")
    (text,) = problems_of(world, rollout=Rollout(gates=[gate]))
    assert text.startswith("rollout.gates.0.metric: CloudWatch counts 'latency' of a load balancer")


# gates


def test_composite_alarms_fire_too(world):
    world.put_alarm("one", "ALARM")
    world.put_alarm("two")
    world.client("cloudwatch").put_composite_alarm(AlarmName="both", AlarmRule='ALARM("one") OR ALARM("two")')
    firing = world.connection.provider.rollouts().firing("us-east-1", ["one", "two", "both", "none"])
    assert firing == {"one": True, "two": False, "both": True}


def test_samples_are_of_single_instances(world):
    world.apply(make_fleet(desired=2))
    one, two = (each["InstanceId"] for each in world.instances())
    since = world.doors.now()
    for minute in range(5):
        points = [("CPUUtilization", one, 10 + minute), ("CPUUtilization", two, 90), ("NetworkIn", one, 300)]
        world.doors.push(
            [
                {"namespace": "AWS/EC2", "metric": metric, "dimensions": {"InstanceId": of}, "value": value}
                for metric, of, value in points
            ]
        )
        world.advance(MINUTE)
    rollouts = world.connection.provider.rollouts()
    assert sorted(rollouts.samples("us-east-1", GROUP, cpu, [one], since))[-4:] == [11, 12, 13, 14]
    assert set(rollouts.samples("us-east-1", GROUP, cpu, [one, two], since)) >= {11, 14, 90}
    # bytes of a report, which without detailed monitoring is of five minutes
    assert set(rollouts.samples("us-east-1", GROUP, network_in, [one], since)) == {1}
    with pytest.raises(Unsupported, match="has no dimension InstanceId"):
        rollouts.samples("us-east-1", GROUP, custom("Shop", "Depth", unit="count"), [one], since)


# what it costs


def test_watching_takes_a_call_for_each_rollout_and_one_for_all(world):
    groups = [make_group(name=f"g{number}", desired=1) for number in range(20)]
    world.apply(tt.Fleet(name="shop", groups=groups))
    fleet = tt.Fleet(name="shop", groups=[make_group(NEW, name=f"g{number}", desired=1) for number in range(20)])
    rollouts = world.started(fleet)
    rollouts.tick()
    world.doors.clear_requests()
    rollouts.tick()
    count = world.doors.count()
    assert count["operations"] == {"DescribeAutoScalingGroups": 1, "DescribeInstanceRefreshes": 20}


def test_what_rollouts_call_is_permitted(world):
    world.apply(make_fleet())
    world.doors.clear_requests()
    rollouts = world.started(make_fleet(NEW, rollout=Rollout(checkpoints=[50], keep=1)))
    rollouts.tick()
    rollouts.abort("web")
    world.roll(rollouts)
    world.roll(world.started(make_fleet(NEW, rollout=Rollout(checkpoints=[50], keep=1))))
    called = {f"{call.service.replace('-', '')}:{call.operation}" for call in world.doors.requests()}
    document = world.connection.permissions(make_fleet(NEW))
    allowed = {action for statement in document["Statement"] for action in statement["Action"]}
    assert called - allowed <= {f"monitoring:{call.partition(':')[2]}" for call in called}
    bare = tt.Fleet(name="shop", groups=[make_group().model_copy(update={"rollout": None})])
    document = world.connection.permissions(bare)
    assert "autoscaling:StartInstanceRefresh" not in str(document)
