"""The part of the contract that is about groups that run: metrics, pauses, boosts, policies, single instances."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from trimtab import errors, metrics
from trimtab.engine.schedules import in_force
from trimtab.models import Fleet
from trimtab.plan import Reason
from trimtab.providers.base import InstanceState
from trimtab.providers.datapoints import MetricQuery, MetricValue
from trimtab.runtime.cloud import Cloud
from trimtab.testing.contract_base import ContractBase, World


class GroupContract(ContractBase):
    """Groups that run: each test begins with a cloud that has the fleet."""

    def test_datapoints_stand_on_the_grid(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """One value a period, the newest last, `None` where nothing was measured; unfinished periods are left out."""
        live = applied.group(fleet.native_name(fleet.groups[0]))
        for value in (20.0, 40.0):
            world.push(live.name, metrics.cpu, value)
        world.advance(timedelta(minutes=2))
        world.push(live.name, metrics.cpu, 90.0)
        series = live.datapoints(metrics.cpu, since=timedelta(minutes=3))
        assert series.values in ((None, 30.0, None), (30.0, None))
        assert [later - earlier for earlier, later in pairwise(series.times)] == [series.period] * (
            len(series.times) - 1
        )
        world.advance(timedelta(minutes=1))
        highest = live.datapoints(metrics.cpu, since=timedelta(minutes=5), period=timedelta(minutes=1), statistic="sum")
        assert highest.values[-3:] == (60.0, None, 90.0)
        assert highest.latest == 90.0

    def test_datapoints_in_bulk_answer_in_order(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Each query has its answer, also one that has no datapoint; values are per cents from 0 to 100."""
        names = [fleet.native_name(group) for group in fleet.groups]
        world.push(names[1], metrics.cpu, 55.0)
        world.advance(timedelta(minutes=1))
        since = applied.now() - timedelta(minutes=2)
        queries = [MetricQuery(group=name, metric=metrics.cpu, since=since) for name in names]
        first, second = applied.datapoints(queries)[:2]
        assert (first.group, second.group) == (names[0], names[1])
        assert (first.latest, second.latest) == (None, 55.0)
        assert len(first.values) == len(second.values) > 0

    def test_published_values_can_be_read(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """A custom metric comes back as it was published, told apart by its dimensions."""
        live = applied.group(fleet.native_name(fleet.groups[0]))
        jobs = metrics.custom("Contract", "JobsWaiting", unit="count", dimensions={"Group": "{group}"})
        live.publish(jobs, 7)
        live.publish(jobs, 9, dimensions={"Group": "elsewhere"})
        other = fleet.native_name(fleet.groups[1])
        applied.publish(
            [MetricValue(metric=jobs, value=3, group=other), MetricValue(metric=jobs, value=5, group=other)]
        )
        world.advance(timedelta(minutes=1))
        assert live.datapoints(jobs).latest == 7
        assert applied.group(other).datapoints(jobs, statistic="maximum").latest == 5
        with pytest.raises(errors.Unsupported, match="measured by the cloud"):
            live.publish(metrics.cpu, 50)

    def test_a_pause_is_no_drift(self, applied: Cloud, fleet: Fleet) -> None:
        """A marked pause is told by status and plan, and healed by none; resuming takes all of it away."""
        live = applied.group(fleet.native_name(fleet.groups[0]))
        until = applied.now().replace(microsecond=0) + timedelta(hours=2)
        live.pause(by="Ana", until=until, why="moving the database")
        state = applied.status(fleet).groups[0].state
        assert state is not None
        assert state.paused is not None
        assert (state.paused.by, state.paused.until, state.paused.why) == ("Ana", until, "moving the database")
        plan = applied.plan(fleet)
        assert not plan, plan.to_dict()
        assert any("paused by Ana until" in note.text for note in plan.notes)
        live.resume()
        assert live.read().paused is None
        plan = applied.plan(fleet)
        assert not plan, plan.to_dict()
        assert not [note for note in plan.notes if "paused" in note.text]

    def test_schedules_rest_in_a_pause(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Three days in which a group's bounds stay as they are, and no plan moves them; the other group goes on."""
        paused, other = (applied.group(fleet.native_name(group)) for group in fleet.groups[:2])
        before = paused.read()
        paused.pause(by="Ana")
        seen = set()
        for _ in range(7):
            world.advance(timedelta(hours=11))
            state = paused.read()
            assert (state.min, state.max, state.desired) == (before.min, before.max, before.desired)
            seen.add(other.read().min)
            plan = applied.plan(fleet)
            assert not plan, plan.to_dict()
        assert len(seen) > 1

    def test_a_pause_belongs_to_who_made_it(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """The same person renews it; another is told whose it is, until it is over."""
        live = applied.group(fleet.native_name(fleet.groups[0]))
        live.pause(by="Ana", until=applied.now() + timedelta(hours=1))
        live.pause(by="Ana", until=applied.now() + timedelta(hours=2))
        with pytest.raises(errors.Conflict, match="Ana"):
            live.pause(by="Berto")
        world.advance(timedelta(hours=3))
        assert any("resume it" in note.text for note in applied.plan(fleet).notes)
        live.pause(by="Berto")
        pause = live.read().paused
        assert pause is not None
        assert pause.by == "Berto"
        with pytest.raises(errors.InvalidRequest, match="has passed"):
            live.pause(by="Berto", until=applied.now() - timedelta(hours=1))

    def test_a_boost_holds_is_over_by_itself_and_leaves_nothing(
        self, world: World, applied: Cloud, fleet: Fleet
    ) -> None:
        """The minimum stays up for its time, through schedules; no plan undoes it, and the one behind it cleans up."""
        group = fleet.groups[0]
        live = applied.group(fleet.native_name(group))
        until = applied.now().replace(microsecond=0) + timedelta(hours=26)
        bounds = [in_force(group, applied.now() + timedelta(hours=hour)) for hour in range(27)]
        least = min(force.max for force in bounds)
        live.boost(min=least, until=until, by="Ana", why="a launch")
        for _ in range(3):
            state = live.read()
            assert state.boost is not None
            assert (state.min, state.boost.by, state.boost.until) == (least, "Ana", until)
            plan = applied.plan(fleet)
            assert not plan, plan.to_dict()
            assert any("boosted to at least" in note.text for note in plan.notes)
            # not to the minute at which a schedule acts: what raises again may come one later
            world.advance(timedelta(hours=8, minutes=7))
        world.advance(timedelta(hours=2))
        plan = applied.plan(fleet)
        assert [(change.key.kind, change.reason) for change in plan.changes] == [("boost", Reason.OVER)]
        applied.apply(plan).raise_for_failures()
        state = live.read()
        assert (state.boost, state.min) == (None, in_force(group, applied.now()).min)
        plan = applied.plan(fleet)
        assert not plan, plan.to_dict()
        assert not [note for note in plan.notes if "boosted" in note.text]

    def test_a_policy_is_executed_once(self, applied: Cloud, fleet: Fleet) -> None:
        """
        The size moves as the policy says, within the bounds, and the plan leaves it so.

        One that watches its own metric is not executed.
        """
        live = applied.group(fleet.native_name(fleet.groups[0]))
        before, policy = live.read().desired, fleet.groups[0].policies[0]
        if policy.type in ("target-tracking", "predictive"):
            with pytest.raises(errors.Unsupported):
                live.execute(policy.name)
        else:
            live.execute(policy.name)
            change = getattr(policy, "change", None)
            after = live.read()
            assert after.desired != before
            assert change is None or after.desired == max(after.min, min(before + change, after.max))
        assert not applied.plan(fleet)
        unknown = f"p{random.randrange(10**9)}"
        with pytest.raises((errors.NotFound, errors.Unsupported), match=unknown):
            live.execute(unknown)

    def test_one_instance_ends_and_no_other(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """It goes, the size goes with it, all others stay, and no plan minds; another time it is not found."""
        live = self._paused(applied, fleet)
        before = self._at_the_most(live)
        chosen = before.instances[0].id
        if self._refuses(world, applied, "end", lambda: live.end(chosen, shrink=True)):
            return
        live.end(chosen, shrink=True)
        live.wait(timeout=timedelta(minutes=30))
        after = live.read()
        assert after.desired == before.desired - 1
        assert {each.id for each in after.instances} == {each.id for each in before.instances} - {chosen}
        assert not applied.plan(fleet)
        with pytest.raises(errors.NotFound, match=after.instances[0].id):
            live.end(chosen, shrink=True)

    def test_no_instance_is_taken_off_the_least_size(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Below the minimum nothing is ended, and nothing is written; with another in its place one is."""
        live = self._paused(applied, fleet)
        live.scale(to=live.read().min)
        live.wait(timeout=timedelta(minutes=30))
        before, writes = live.read(), world.writes()
        chosen = before.instances[0].id
        if self._refuses(world, applied, "end", lambda: live.end(chosen, shrink=True)):
            return
        with pytest.raises(errors.InvalidRequest, match="below its minimum"):
            live.end(chosen, shrink=True)
        assert world.writes() == writes
        live.end(chosen, shrink=False)
        live.wait(timeout=timedelta(minutes=30))
        assert (live.read().desired, live.read().running) == (before.desired, before.running)

    def test_an_instance_is_replaced(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """The size stays, also at the maximum, and so do all others."""
        live = self._paused(applied, fleet)
        before = self._at_the_most(live)
        chosen = before.instances[-1].id
        if self._refuses(world, applied, "replace", lambda: live.replace(chosen)):
            return
        live.replace(chosen)
        live.wait(timeout=timedelta(minutes=30))
        after = live.read()
        assert (after.desired, after.running) == (before.desired, before.running)
        assert {each.id for each in before.instances} - {chosen} <= {each.id for each in after.instances}
        assert not applied.plan(fleet)

    def test_scaling_in_spares_a_protected_instance(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Whichever it is, it stays, until it is protected no more; twice is once."""
        live = self._paused(applied, fleet)
        before = self._at_the_most(live)
        spared = [each.id for each in before.instances[: before.min]]
        if self._refuses(world, applied, "protect", lambda: live.protect(*spared)):
            return
        live.protect(*spared)
        live.protect(*spared)
        live.scale(to=before.min)
        live.wait(timeout=timedelta(minutes=30))
        assert {each.id: each.protected for each in live.instances()} == dict.fromkeys(spared, True)
        live.unprotect(*spared)
        assert not any(each.protected for each in live.instances())
        assert not applied.plan(fleet)

    def test_a_drained_instance_stays_beside_the_size(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Another one comes in its place; ending it later leaves the size as it is."""
        live = self._paused(applied, fleet)
        before = live.read()
        chosen = before.instances[0].id
        if self._refuses(world, applied, "drain", lambda: live.drain(chosen)):
            return
        live.drain(chosen)
        live.drain(chosen)
        live.wait(timeout=timedelta(minutes=30))
        after = live.read()
        assert {each.id: each.state for each in after.instances}[chosen] is InstanceState.STANDBY
        assert (after.desired, after.running) == (before.desired, before.desired)
        live.end(chosen, shrink=True)
        live.wait(timeout=timedelta(minutes=30))
        assert (live.read().desired, live.read().running) == (before.desired, before.desired)
        assert chosen not in {each.id for each in live.instances()}

    def test_a_watch_sees_load_and_activity(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """A look says the load and what was last done; the next one also what was done in between."""
        over = applied.watch(fleet)
        name = fleet.native_name(fleet.groups[0])
        assert all(group.activity is not None for group in over.snapshot().groups)
        world.advance(timedelta(minutes=5))
        since = applied.now()
        world.push(name, metrics.cpu, 77.0)
        applied.group(name).scale(to=applied.group(name).read().max)
        world.advance(timedelta(minutes=10))
        first, *others = over.snapshot().groups
        assert first.cpu is not None
        assert first.cpu.latest == 77.0
        assert all(other.cpu is not None and other.cpu.latest is None for other in others)
        assert first.activity is not None
        assert first.activity.at >= since

    def test_an_imported_group_is_planned_as_it_is(self, applied: Cloud, fleet: Fleet) -> None:
        """What exists, read back as a group of the same fleet, loses nothing and leaves a plan nothing to do."""
        imported = [
            applied.import_group(fleet.native_name(group), group.location, fleet=fleet.name) for group in fleet.groups
        ]
        assert not [str(note) for result in imported for note in result.changes]
        assert not [path for result in imported for path in result.group.unmanaged]
        assert [result.group.name for result in imported] == [group.name for group in fleet.groups]
        assert not applied.plan(Fleet(name=fleet.name, groups=tuple(result.group for result in imported)))

    def test_addresses_come_when_asked(self, applied: Cloud, fleet: Fleet) -> None:
        """Every instance that runs is reached somewhere."""
        for group in applied.status(fleet, addresses=True).groups:
            assert group.state is not None
            assert all(instance.private_address or instance.public_address for instance in group.state.instances)
