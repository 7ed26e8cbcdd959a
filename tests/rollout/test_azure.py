"""Rollouts of scale sets, on the emulator through the real SDK."""

from datetime import timedelta

import pytest

from tests.rollout.azure_bench import BACK, DONE, LARGE, LOOK, OTHER, SMALL, Bench
from trimtab.emulators import AzureEmulator
from trimtab.errors import NotFound
from trimtab.models import Rollout
from trimtab.providers.run import RolloutPhase
from trimtab.rollout import RolloutOutcome

pytestmark = pytest.mark.sample(1, over="bench")

SCRIPT = "#!/bin/sh\necho {}\n"


@pytest.fixture(name="bench", params=["uniform", "flexible"])
def _bench(request):
    with AzureEmulator() as emulator:
        bench = Bench(emulator)
        bench.flexible = request.param == "flexible"
        yield bench
        bench.close()


@pytest.fixture(name="uniform")
def _uniform():
    with AzureEmulator() as emulator:
        bench = Bench(emulator)
        yield bench
        bench.close()


def begun(bench, old, new):
    """A run that has begun, driven by nobody yet."""
    bench.made(old)
    rollouts = bench.link().rollouts(new)
    (started,) = rollouts.start(by="ana")
    assert started.outcome is RolloutOutcome.RUNNING, str(started)
    return rollouts


class TestSuccess:
    def test_a_changed_model_waits_and_a_rollout_brings_it(self, bench):
        bench.made(bench.fleet())
        new = bench.fleet(LARGE)
        plan = bench.link().plan(new)
        assert not plan.changes
        assert [field.path for change in plan.waiting for field in change.fields] == ["sku.name"]
        bench.apply(new)
        assert bench.sizes() == {SMALL: 4}
        rollouts = bench.link().rollouts(new)
        (started,) = rollouts.start(by="ana")
        assert started.outcome is RolloutOutcome.RUNNING
        assert bench.drive(rollouts, least=3).outcome is DONE
        bench.ended(new, {LARGE: 4})

    def test_ten_in_three_zones_by_checkpoints_that_bake(self, bench):
        steps = Rollout(strategy="canary", max_unavailable=2, checkpoints=[{"percent": 10, "bake": "5m"}, 50])
        zones = {"placement": {"zones": ["1", "2", "3"]}}
        new = bench.fleet(LARGE, count=10, most=12, rollout=steps, **zones)
        rollouts = begun(bench, bench.fleet(count=10, most=12, rollout=steps, **zones), new)
        first = bench.drive(rollouts, least=8, until=lambda each: each.run.phase is RolloutPhase.BAKING)
        assert bench.sizes() == {SMALL: 9, LARGE: 1}
        assert first.run.step == 0
        for _ in range(19):
            bench.advance(LOOK)
            rollouts.tick()
            assert bench.sizes() == {SMALL: 9, LARGE: 1}
        bench.drive(rollouts, least=8, until=lambda each: each.run.step == 2)
        assert bench.sizes()[LARGE] >= 5
        assert bench.drive(rollouts, least=8).outcome is DONE
        bench.ended(new, {LARGE: 10})
        assert len({each.zone for each in bench.members}) == 3

    def test_surge_comes_beside_and_is_no_drift(self, bench):
        surge = Rollout(max_surge=2)
        new = bench.fleet(LARGE, rollout=surge)
        rollouts = begun(bench, bench.fleet(rollout=surge), new)
        largest = 0
        for _ in range(100):
            (result,) = rollouts.tick()
            largest = max(largest, bench.native.sku.capacity)
            assert 4 <= bench.native.sku.capacity <= 6
            assert bench.ready() >= 4
            if result.is_settled:
                break
            (state,) = [each.state for each in bench.link().status(new).groups]
            assert state.desired == 4
            plan = bench.link().plan(new)
            assert not plan.changes, plan.to_text()
            bench.advance(LOOK)
        assert result.outcome is DONE
        assert largest == 6
        bench.ended(new, {LARGE: 4})

    def test_min_healthy_holds_batches_back(self, uniform):
        careful = Rollout(max_unavailable=3, min_healthy=3)
        new = uniform.fleet(LARGE, rollout=careful)
        rollouts = begun(uniform, uniform.fleet(rollout=careful), new)
        assert uniform.drive(rollouts, least=3).outcome is DONE
        uniform.ended(new, {LARGE: 4})

    def test_no_instance_is_a_rollout_too(self, uniform):
        new = uniform.fleet(LARGE, count=0, least=0)
        rollouts = begun(uniform, uniform.fleet(count=0, least=0), new)
        assert uniform.drive(rollouts).outcome is DONE
        uniform.ended(new, {})
        uniform.resize(1)
        assert uniform.sizes() == {LARGE: 1}

    def test_protected_instances_stay_as_they_are(self, uniform):
        uniform.made(uniform.fleet())
        uniform.protect("0")
        uniform.protect("1", protectFromScaleSetActions=True)
        new = uniform.fleet(LARGE)
        rollouts = uniform.link().rollouts(new)
        rollouts.start(by="ana")
        assert uniform.drive(rollouts, least=3).outcome is DONE
        uniform.ended(new, {SMALL: 2, LARGE: 2})
        assert {each.number for each in uniform.members} >= {"0", "1"}

    def test_protected_instances_are_replaced_where_that_is_asked(self, uniform):
        anyhow = Rollout(protected_instances="replace")
        uniform.made(uniform.fleet(rollout=anyhow))
        uniform.protect("0")
        new = uniform.fleet(LARGE, rollout=anyhow)
        rollouts = uniform.link().rollouts(new)
        rollouts.start(by="ana")
        assert uniform.drive(rollouts, least=3).outcome is DONE
        uniform.ended(new, {LARGE: 4})

    def test_outdated_instances_are_rolled_out_to_without_a_change(self, uniform):
        plain = uniform.fleet(rollout=False)
        uniform.made(plain)
        uniform.apply(uniform.fleet(LARGE, rollout=False))
        assert uniform.sizes() == {SMALL: 4}
        new = uniform.fleet(LARGE)
        rollouts = uniform.link().rollouts(new)
        (started,) = rollouts.start(by="ana")
        assert started.run.old == started.run.new
        assert uniform.drive(rollouts, least=3).outcome is DONE
        uniform.ended(new, {LARGE: 4})

    def test_other_sizes_of_a_mix_are_another_model(self):
        with AzureEmulator() as emulator:
            bench = Bench(emulator)
            bench.flexible = True
            one, two = (
                bench.fleet(SMALL, purchase={"sizes": [{"size": SMALL}, {"size": other}]}) for other in (LARGE, OTHER)
            )
            bench.made(one)
            plan = bench.link().plan(two)
            assert not plan.changes
            assert plan.waiting
            before = {each.number for each in bench.members}
            rollouts = bench.link().rollouts(two)
            rollouts.start(by="ana")
            assert bench.drive(rollouts, least=3).outcome is DONE
            assert not before & {each.number for each in bench.members}
            assert not bench.link().plan(two)
            rollouts.undo("web", by="bob")
            assert bench.drive(rollouts, least=3).outcome is DONE
            assert not bench.link().plan(one)
            bench.close()


class TestFailure:
    def test_a_version_that_never_gets_healthy_goes_back_and_keeps_the_others(self, bench):
        quick = Rollout(batch_timeout="5m", max_unavailable=2)
        rollouts = begun(bench, bench.fleet(rollout=quick), bench.fleet(LARGE, rollout=quick))
        old = {each.number for each in bench.members}
        bench.doors.fail_made_of(LARGE)
        result = bench.drive(rollouts, least=2)
        assert result.outcome is BACK
        assert "0 of 4" in result.text
        bench.ended(bench.fleet(LARGE, rollout=quick), {SMALL: 4})
        assert len(old & {each.number for each in bench.members}) == 2
        (state,) = [each.state for each in bench.link().status(bench.fleet(rollout=quick)).groups]
        assert state.outdated == 0
        assert not bench.link().plan(bench.fleet(rollout=quick)).waiting
        assert bench.link().plan(bench.fleet(LARGE, rollout=quick)).waiting
        with pytest.raises(NotFound, match="no earlier template"):
            rollouts.undo("web")

    def test_with_surge_it_goes_back_without_a_loss(self, bench):
        surge = Rollout(batch_timeout="5m", max_surge=1)
        rollouts = begun(bench, bench.fleet(rollout=surge), bench.fleet(LARGE, rollout=surge))
        old = {each.number for each in bench.members}
        bench.doors.fail_made_of(LARGE)
        assert bench.drive(rollouts, least=4).outcome is BACK
        bench.ended(bench.fleet(rollout=surge), {SMALL: 4})
        assert old == {each.number for each in bench.members}

    def test_an_alarm_in_the_last_bake_brings_all_back(self, bench):
        alarms = {"hot": {"metric": "cpu", "above": 90, "period": "1m", "notify": ["ops@example.org"]}}
        watched = Rollout(bake="20m", gates=[{"type": "alarm", "alarms": ["hot"]}])
        new = bench.fleet(LARGE, rollout=watched, alarms=alarms)
        rollouts = begun(bench, bench.fleet(rollout=watched, alarms=alarms), new)
        bench.drive(rollouts, least=3, until=lambda each: each.run.phase is RolloutPhase.BAKING)
        assert bench.sizes() == {LARGE: 4}
        metric = new.groups[0].alarms[0].metric
        for _ in range(3):
            bench.cloud.push(metric, group=bench.name, value=99)
            bench.advance(timedelta(minutes=1))
        result = bench.drive(rollouts, least=3)
        assert result.outcome is BACK
        assert "hot fires" in result.text
        bench.ended(new, {SMALL: 4})

    def test_no_room_for_a_while_is_waited_for(self, uniform):
        new = uniform.fleet(LARGE)
        rollouts = begun(uniform, uniform.fleet(), new)
        uniform.doors.run_short(instance_type=LARGE)
        for _ in range(30):
            rollouts.tick()
            uniform.advance(LOOK)
            assert uniform.ready() >= 3
        uniform.doors.end_shortages()
        assert uniform.drive(rollouts, least=3).outcome is DONE
        uniform.ended(new, {LARGE: 4})

    @pytest.mark.parametrize("reason", ["allocation", "quota"])
    def test_no_room_for_good_goes_back(self, uniform, reason):
        quick = Rollout(batch_timeout="10m")
        rollouts = begun(uniform, uniform.fleet(rollout=quick), uniform.fleet(LARGE, rollout=quick))
        uniform.doors.run_short(instance_type=LARGE, reason=reason)
        result = uniform.drive(rollouts, least=3)
        assert result.outcome is BACK
        uniform.ended(uniform.fleet(rollout=quick), {SMALL: 4})

    def test_it_stops_where_that_is_asked_and_somebody_goes_on(self, uniform):
        stops = Rollout(batch_timeout="5m", on_failure="stop")
        new = uniform.fleet(LARGE, rollout=stops)
        rollouts = begun(uniform, uniform.fleet(rollout=stops), new)
        uniform.doors.fail_made_of(LARGE)
        assert uniform.drive(rollouts, least=3).outcome is RolloutOutcome.STOPPED
        assert uniform.sizes() == {SMALL: 3, LARGE: 1}
        uniform.doors.fail_made_of(LARGE, healthy=True)
        rollouts.resume("web")
        assert uniform.drive(rollouts, least=3).outcome is DONE
        uniform.ended(new, {LARGE: 4})


class TestByHand:
    def test_a_pause_stands_still_and_an_abort_goes_back(self, bench):
        new = bench.fleet(LARGE)
        rollouts = begun(bench, bench.fleet(), new)
        bench.drive(rollouts, until=lambda _: bench.sizes().get(LARGE) == 2)
        rollouts.pause("web", by="bob")
        before = [each.number for each in bench.members]
        for _ in range(20):
            bench.advance(LOOK)
            (result,) = rollouts.tick()
        assert result.outcome is RolloutOutcome.PAUSED
        assert [each.number for each in bench.members] == before
        plan = bench.link().plan(new)
        assert not plan.changes
        assert any("paused by bob" in note.text for note in plan.notes)
        other = bench.link().rollouts(new)
        other.resume("web")
        bench.drive(other, least=3, until=lambda _: bench.sizes().get(LARGE) == 3)
        other.abort("web", by="bob")
        assert bench.drive(rollouts, least=3).outcome is BACK
        bench.ended(bench.fleet(), {SMALL: 4})

    def test_an_abort_before_anything_moved(self, bench):
        rollouts = begun(bench, bench.fleet(), bench.fleet(LARGE))
        old = {each.number for each in bench.members}
        rollouts.abort("web", by="bob")
        assert bench.drive(rollouts, least=4).outcome is BACK
        bench.ended(bench.fleet(), {SMALL: 4})
        assert old == {each.number for each in bench.members}
        (state,) = [each.state for each in bench.link().status(bench.fleet()).groups]
        assert state.outdated == 0

    def test_an_undo_reaches_one_version_back_and_can_be_undone(self, bench):
        new = bench.fleet(LARGE)
        rollouts = begun(bench, bench.fleet(), new)
        assert bench.drive(rollouts).outcome is DONE
        (image,) = {str(value) for value in bench.native.tags.values() if value.startswith("eN")}
        assert len(image) <= 256
        rollouts.undo("web", by="bob")
        assert bench.drive(rollouts, least=3).outcome is DONE
        bench.ended(bench.fleet(), {SMALL: 4})
        assert bench.link().plan(new).waiting
        rollouts.undo("web", by="bob")
        assert bench.drive(rollouts, least=3).outcome is DONE
        bench.ended(new, {LARGE: 4})

    def test_an_undo_that_fails_can_be_tried_again(self, uniform):
        quick = Rollout(batch_timeout="5m")
        new = uniform.fleet(LARGE, rollout=quick)
        rollouts = begun(uniform, uniform.fleet(rollout=quick), new)
        assert uniform.drive(rollouts).outcome is DONE
        uniform.doors.fail_made_of(SMALL)
        rollouts.undo("web", by="bob")
        assert uniform.drive(rollouts, least=3).outcome is BACK
        uniform.ended(new, {LARGE: 4})
        uniform.doors.fail_made_of(SMALL, healthy=True)
        rollouts.undo("web", by="bob")
        assert uniform.drive(rollouts, least=3).outcome is DONE
        uniform.ended(uniform.fleet(rollout=quick), {SMALL: 4})

    def test_one_version_is_kept_or_none(self, uniform):
        alone = Rollout(keep=1)
        rollouts = begun(uniform, uniform.fleet(rollout=alone), uniform.fleet(LARGE, rollout=alone))
        assert uniform.drive(rollouts).outcome is DONE
        assert not [name for name in uniform.native.tags if name.startswith("trimtab-rollout")]
        with pytest.raises(NotFound, match="no earlier template"):
            rollouts.undo("web")

    @pytest.mark.parametrize("surge", [None, 1])
    @pytest.mark.parametrize("count", [2, 7])
    def test_a_size_that_somebody_asks_for_meanwhile_is_the_size(self, bench, surge, count):
        wide = Rollout(max_surge=surge)
        new = bench.fleet(LARGE, rollout=wide)
        rollouts = begun(bench, bench.fleet(rollout=wide), new)
        bench.drive(rollouts, until=lambda _: bench.sizes().get(LARGE) == 1)
        bench.resize(count)
        assert bench.drive(rollouts).outcome is DONE
        assert bench.native.sku.capacity == count
        assert bench.sizes() == {LARGE: count}

    def test_a_plain_apply_in_the_middle_leaves_the_rollout_alone(self, bench):
        new = bench.fleet(LARGE, tags={"team": "blue"})
        rollouts = begun(bench, bench.fleet(), new)
        bench.drive(rollouts, until=lambda _: bench.sizes().get(LARGE) == 2)
        before = [each.number for each in bench.members]
        plan = bench.link().plan(new)
        assert [field.path for change in plan.changes for field in change.fields if not field.is_mark] == ["tags.team"]
        bench.link().apply(plan).raise_for_failures()
        assert [each.number for each in bench.members] == before
        assert not bench.link().plan(new).changes
        other = bench.fleet(OTHER, tags={"team": "blue"})
        assert bench.link().plan(other).waiting
        assert not bench.link().plan(other).changes
        assert bench.drive(rollouts, least=3).outcome is DONE
        bench.ended(new, {LARGE: 4})


POLICIES = {"out": {"change": 1, "cooldown": "1m"}, "in": {"change": -1, "cooldown": "1m"}}
ALARMS = {
    "hot": {"metric": "cpu", "above": 80, "period": "1m", "triggers": ["out"]},
    "cold": {"metric": "cpu", "below": 20, "period": "1m", "triggers": ["in"]},
}


class TestAutoscale:
    """Azure's own autoscale goes on during a rollout: it may add instances, and takes those that are to go first."""

    def fleets(self, bench):
        given = {"policies": POLICIES, "alarms": ALARMS, "capacity": {"min": 2, "max": 8}}
        steps = Rollout(strategy="canary", max_unavailable=1, checkpoints=[{"percent": 40, "bake": "30m"}])
        fleets = [bench.fleet(size, rollout=steps, **given) for size in (SMALL, LARGE)]
        return [*fleets, fleets[0].groups[0].alarms[0].metric]

    def measured(self, bench, metric, value, rollouts, minutes=8):
        for _ in range(minutes):
            bench.cloud.push(metric, group=bench.name, value=value)
            bench.advance(timedelta(minutes=1))
            rollouts.tick()

    def test_scaling_out_brings_new_ones_and_scaling_in_takes_old_ones(self, bench):
        old, new, metric = self.fleets(bench)
        bench.made(old)
        bench.resize(5)
        bench.advance(timedelta(minutes=1))
        rollouts = bench.link().rollouts(new)
        rollouts.start(by="ana")
        bench.drive(rollouts, least=4, until=lambda each: each.run.phase is RolloutPhase.BAKING)
        assert bench.sizes() == {SMALL: 3, LARGE: 2}
        self.measured(bench, metric, 95, rollouts)
        grown = bench.sizes()
        assert grown[SMALL] == 3
        assert grown[LARGE] > 2
        assert not bench.link().plan(new).changes
        while bench.sizes().get(SMALL):
            self.measured(bench, metric, 5, rollouts, minutes=1)
            assert not bench.sizes().get(SMALL) or bench.sizes()[LARGE] == grown[LARGE]
        assert bench.drive(rollouts).outcome is DONE
        native = bench.ended(new, {LARGE: bench.native.sku.capacity})
        assert native.scale_in_policy.rules == ["Default"]

    def test_a_rule_that_somebody_gives_meanwhile_stays(self, uniform):
        new = uniform.fleet(LARGE, azure={"scale_in": "newest"})
        rollouts = begun(uniform, uniform.fleet(), new)
        assert uniform.native.scale_in_policy.rules == ["OldestVM"]
        plan = uniform.link().plan(new)
        paths = [field.path for change in plan.changes for field in change.fields if not field.is_mark]
        assert paths == ["properties.scaleInPolicy.rules"]
        uniform.link().apply(plan).raise_for_failures()
        assert uniform.drive(rollouts, least=3).outcome is DONE
        native = uniform.ended(new, {LARGE: 4})
        assert native.scale_in_policy.rules == ["NewestVM"]
