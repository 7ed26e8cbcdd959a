"""Rollouts on the cloud in memory, step by step."""

from datetime import timedelta

import pytest

from tests.rollout.world import World, make_fleet
from trimtab.errors import Unreachable
from trimtab.models import Rollout
from trimtab.rollout import RolloutOutcome


@pytest.fixture(name="world")
def _world():
    return World()


def test_a_changed_template_waits_and_a_rollout_brings_it(world):
    world.apply(make_fleet())
    plan = world.cloud.plan(make_fleet("two"))
    assert not plan.changes
    assert [change.key.kind for change in plan.waiting] == ["template", "group"]
    assert "waits for a rollout" in plan.to_text()
    world.apply(make_fleet("two", size=4))
    assert world.versions() == [1, 1, 1, 1]
    rolled = world.cloud.rollout(make_fleet("two"), by="ana")
    assert [each.outcome for each in rolled.groups] == [RolloutOutcome.DONE]
    assert world.versions() == [2, 2, 2, 2]
    assert not world.cloud.plan(make_fleet("two"))


def test_an_unhealthy_version_goes_back_by_itself(world):
    world.apply(make_fleet())
    fleet = make_fleet("bad", rollout=Rollout(batch_timeout="5m"))
    rollouts = world.cloud.rollouts(fleet)
    rollouts.start(by="ana")
    for _ in range(200):
        for machine in world.machines:
            machine.healthy = machine.version == 1
        (result,) = rollouts.tick()
        if result.is_settled:
            break
        world.clock.advance(timedelta(seconds=15))
        assert sum(machine.version == 1 for machine in world.machines) >= 3
    assert result.outcome is RolloutOutcome.ROLLED_BACK
    assert "0 of 4" in result.text
    assert world.versions() == [1, 1, 1, 1]
    plan = world.cloud.plan(fleet)
    assert not plan.changes
    assert plan.waiting
    assert not world.cloud.plan(make_fleet())


def test_a_run_that_another_process_ends_is_told_as_it_ended(world):
    world.apply(make_fleet())
    fleet = make_fleet("two")
    one, other = world.cloud.rollouts(fleet), world.cloud.rollouts(fleet)
    one.start(by="ana")

    def meanwhile(results):
        while results[0].outcome is RolloutOutcome.RUNNING and other.tick()[0].run is not None:
            world.clock.advance(timedelta(seconds=20))

    (result,) = one.see_through(on_look=meanwhile).groups
    assert result.outcome is RolloutOutcome.DONE
    assert "another process" in result.text


@pytest.mark.parametrize("kind", ["group", "template"])
def test_nothing_starts_on_what_could_not_be_read(world, kind):
    """Before, a rollout of a template without its group was over at once, and said to be done."""
    world.apply(make_fleet())
    world.store.fault = lambda called, key: Unreachable("gone") if called == f"list {kind}" else None
    rollouts = world.cloud.rollouts(make_fleet("two"))
    (result,) = rollouts.start(by="ana")
    world.store.fault = lambda called, key: None
    assert result.outcome is RolloutOutcome.ERROR
    assert f"not started: {kind} in local could not be read" in result.text
    assert rollouts.start(by="ana")[0].outcome is RolloutOutcome.RUNNING
