"""Blue-green rollouts of the running example on the three emulators: all that a group has moves to the new one."""

import pytest

import trimtab as tt
from tests.rollout.example import CLOUDS, LOOK, MONDAY, fleets, kinds_of
from trimtab.providers.pause import Boost
from trimtab.rollout import RolloutOutcome
from trimtab.testing.clouds import TEST_CLOUDS

pytestmark = pytest.mark.sample(1, over="account")


@pytest.fixture(name="account", params=CLOUDS)
def _account(request):
    with TEST_CLOUDS[request.param].started() as account:
        account.emulator.doors.set_clock(MONDAY, freeze=True)
        account.emulator.furnish()
        yield account, request.param


def drive(account, rollouts, until="never", most=400):
    for _ in range(most):
        (result,) = rollouts.tick()
        assert result.outcome is not RolloutOutcome.ERROR, result.text
        if result.is_settled or (result.run is not None and result.run.phase == until):
            return result
        account.clock.advance(LOOK)
    raise AssertionError(result)


def test_the_new_group_has_all_that_the_old_one_had(account):
    account, provider = account
    old, new = fleets(provider, end_after="10m", bake="2m")
    with account.connect() as cloud:
        cloud.apply(cloud.plan(old), timeout=tt.minutes(60)).raise_for_failures()
        before = kinds_of(cloud, old)
        name = cloud.group("web").name
        until = account.clock.now() + tt.hours(20)
        cloud.group("web").boost(min=old["web"].capacity.max, until=until, by="bea", why="a launch")
        cloud.group("web").pause(by="bob", why="a look")
        rollouts = cloud.rollouts(new)
        rollouts.start(by="ana")
        result = drive(account, rollouts)
        assert result.outcome is RolloutOutcome.DONE, result
        (group,) = cloud.status(new).groups
        # what somebody wants of the group is no part of one native group
        assert str(group.state.paused) == "paused by bob: a look"
        assert str(group.state.boost) == str(Boost(min=old["web"].capacity.max, until=until, by="bea", why="a launch"))
        assert not cloud.plan(new)
        cloud.group("web").resume()
        cloud.group("web").end_boost()
        assert group.name != name
        assert group.state.outdated == 0
        (named,) = cloud.status(new, addresses=True).groups
        assert all(each.private_address for each in named.state.instances), "an inventory says where they are reached"
        assert kinds_of(cloud, new) == before
        plan = cloud.plan(new)
        assert not plan, plan.to_text()
        cloud.apply(cloud.destroy(new), allow_delete=True).raise_for_failures()
        assert not cloud.destroy(new)


@pytest.mark.sample(3, per="account")
@pytest.mark.parametrize("phase", ["baking", "ending"])
def test_back_while_the_old_one_lives(account, phase):
    account, provider = account
    old, new = fleets(provider, end_after="30m", bake="5m")
    with account.connect() as cloud:
        cloud.apply(cloud.plan(old), timeout=tt.minutes(60)).raise_for_failures()
        before, name = kinds_of(cloud, old), cloud.group("web").name
        rollouts = cloud.rollouts(new)
        rollouts.start(by="ana")
        drive(account, rollouts, until=phase)
        plan = cloud.plan(new)
        assert not plan.changes
        assert not plan.waiting
        # people see the group that has the requests, and act on that
        (group,) = cloud.status(new, rollouts=True).groups
        assert (group.name == name, group.waits) == (phase == "baking", False)
        assert group.state.rollout.phase == phase
        assert cloud.group("web").name == group.name
        (standing,) = rollouts.status()
        assert not standing.superseded, standing
        rollouts.abort("web", by="ana")
        assert drive(account, rollouts).outcome is RolloutOutcome.ROLLED_BACK
        assert cloud.group("web").name == name
        assert kinds_of(cloud, old) == before
        assert any("rolled back on" in note.text and "aborted by ana" in note.text for note in cloud.plan(new).notes)
        plan = cloud.plan(old)
        assert not plan, plan.to_text()


def test_versions_that_are_kept_after_it_are_none_that_was_left_over(account):
    """The survivor is rolled in place: the version before is kept, and no plan takes it for the ended group's."""
    account, provider = account
    old, new = fleets(provider, end_after="1m", bake="1m")
    if provider == "aws":  # no instance refresh takes sizes by attributes
        old, new = (
            each.replace(groups=[each["web"].replace(template=each["web"].template.replace(size="t3.small"))])
            for each in (old, new)
        )
    web = new["web"]
    template = web.template.replace(variables={**web.template.variables, "environment": "third"})
    spec = tt.Rollout(strategy="rolling", max_unavailable=1, keep=2, on_failure="pause")
    third = new.replace(groups=[web.replace(template=template, rollout=spec)])
    with account.connect() as cloud:
        cloud.apply(cloud.plan(old), timeout=tt.minutes(60)).raise_for_failures()
        before = kinds_of(cloud, old)
        for fleet in (new, third):
            rollouts = cloud.rollouts(fleet)
            rollouts.start(by="ana")
            assert drive(account, rollouts).outcome is RolloutOutcome.DONE
        plan = cloud.plan(third)
        assert not plan, plan.to_text()
        kept = kinds_of(cloud, third) - before
        assert kept == ({"instance-template": 1} if provider == "gcp" else {})
