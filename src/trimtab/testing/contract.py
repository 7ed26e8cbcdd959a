"""The contract that every provider keeps, as a class of tests to inherit."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, Protocol

import pytest

from trimtab import errors, metrics
from trimtab.declarations import Means, declarations_of
from trimtab.engine.schedules import in_force
from trimtab.models import Fleet, Metric
from trimtab.plan import Action, Change, Key, MarkPlace, Reason, Resource, references
from trimtab.plan.saved import check_saved
from trimtab.providers.base import GroupState, InstanceState
from trimtab.providers.datapoints import MetricQuery, MetricValue
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.group import LiveGroup


class World(Protocol):
    """What the contract asks of the cloud under test, beside the provider itself."""

    def connect(self, **settings: Any) -> Cloud:
        """A new connection to the same cloud, on the world's clock."""
        ...

    def advance(self, duration: timedelta) -> None:
        """Let time pass in the cloud and for its connections."""
        ...

    def tamper(self, cloud: Cloud, key: Key) -> str:
        """Change one compared field of a resource behind trimtab's back; the path of that field."""
        ...

    def make_foreign(self, cloud: Cloud, key: Key) -> None:
        """Take the mark off a resource, as if somebody else had made it."""
        ...

    def push(self, group: str, metric: Metric, value: float) -> None:
        """Have the cloud measure a neutral metric of a group, by its name in the cloud, now."""
        ...

    def deny(self, kind: str) -> None:
        """Refuse every read of a kind from now on."""
        ...

    def allow(self) -> None:
        """Refuse nothing any more."""
        ...

    def writes(self) -> int:
        """How many writing calls the cloud has had."""
        ...

    def boot_slowly(self) -> None:
        """Have instances take a minute to run from now on."""
        ...


class ProviderContract:
    """
    The tests that every provider passes: inherit, and give the fixtures `world` and `fleet`.

    `fleet` has at least two groups, each with a policy that an alarm triggers and with schedules that
    move the bounds.
    """

    @pytest.fixture
    def world(self) -> World:
        """The cloud under test, empty."""
        pytest.fail("a contract suite gives its own `world` fixture", pytrace=False)

    @pytest.fixture
    def fleet(self) -> Fleet:
        """The fleet under test."""
        pytest.fail("a contract suite gives its own `fleet` fixture", pytrace=False)

    @pytest.fixture
    def cloud(self, world: World) -> Iterator[Cloud]:
        """A connection."""
        with world.connect() as cloud:
            yield cloud

    @pytest.fixture
    def applied(self, cloud: Cloud, fleet: Fleet) -> Cloud:
        """A connection to a cloud that has the fleet."""
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        return cloud

    def test_first_plan_creates_everything(self, cloud: Cloud, fleet: Fleet) -> None:
        """An empty cloud: only creations, each after all that it refers to or is a part of."""
        plan = cloud.plan(fleet)
        assert plan.summary == {"create": len(plan.changes)}
        before: set[Key] = set()
        for change in plan:
            assert change.reason is Reason.NEW
            assert self._needed(cloud, change) <= change.after <= before, str(change.key)
            before.add(change.key)
        assert any(change.after for change in plan)

    def test_planning_writes_nothing(self, world: World, cloud: Cloud, fleet: Fleet) -> None:
        """A plan, a status and a destroy plan only read."""
        before = world.writes()
        cloud.plan(fleet)
        cloud.status(fleet)
        cloud.destroy(fleet)
        assert world.writes() == before

    def test_second_plan_is_empty(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """What was applied is there, and applying it again writes nothing."""
        plan = applied.plan(fleet)
        assert not plan, plan.to_dict()
        before = world.writes()
        applied.apply(plan)
        assert world.writes() == before

    def test_apply_waits_until_the_instances_run(self, world: World, cloud: Cloud, fleet: Fleet) -> None:
        """`wait="stable"` returns with the wanted number running, however long they take to boot."""
        world.boot_slowly()
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        for group in cloud.status(fleet).groups:
            assert group.state is not None
            assert group.state.is_stable
            assert group.state.running == group.state.desired >= group.in_force.min

    def test_every_resource_bears_the_mark(self, applied: Cloud, fleet: Fleet) -> None:
        """Owners are read off the cloud: group and fleet of each thing that can bear a mark."""
        kinds, live = applied.provider.kinds, applied.provider.resources.read(fleet).resources
        marked = [
            resource
            for resource in self._wanted(applied, fleet)
            if kinds[resource.key.kind].mark is not MarkPlace.PARENT
        ]
        assert {item.group for item in marked} == {group.name for group in fleet.groups}
        for item in marked:
            mark = live[item.key].mark
            assert mark is not None, str(item.key)
            assert (mark.fleet, mark.group) == (fleet.name, item.group)

    def test_drift_is_named_and_healed(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """A field that somebody changed is in the plan, alone and as drift; apply puts it back."""
        for kind in self._changeable_kinds(applied):
            key = self._first(applied, fleet, kind)
            path = world.tamper(applied, key)
            plan = applied.plan(fleet)
            change = next(change for change in plan if change.key == key)
            assert [item.path for item in change.fields] == [path]
            assert change.reason is Reason.DRIFTED
            applied.apply(plan, allow_replace=True).raise_for_failures()
            assert not applied.plan(fleet)

    def test_an_edit_is_told_from_drift(self, applied: Cloud, fleet: Fleet) -> None:
        """A changed file gives the reason `edited`, and names the field of the model."""
        edited = self._with_bounds(fleet)
        plan = applied.plan(edited)
        assert plan
        assert {change.reason for change in plan} == {Reason.EDITED}
        assert any(
            item.field.startswith(f"{fleet.groups[0].name}.capacity") for change in plan for item in change.fields
        )
        applied.apply(plan).raise_for_failures()
        assert not applied.plan(edited)

    def test_what_leaves_the_fleet_is_deleted(self, applied: Cloud, fleet: Fleet) -> None:
        """
        Policies, alarms and schedules that leave the file are shown and deleted, and the cloud has none of them then.

        Where a cloud keeps several of them in one resource it loses the fields that stood for them.
        """
        bare = {"policies": (), "alarms": (), "schedules": ()}
        smaller = self._edit(fleet, **bare)
        plan = applied.plan(smaller, prune=True)
        deleted = [change for change in plan if change.action is Action.DELETE]
        assert {change.reason for change in deleted} == {Reason.LEFT_FLEET}
        fields = [field for change in plan if change.action is Action.UPDATE for field in change.fields]
        emptied = [field for field in fields if field.new is None]
        group = fleet.groups[0]
        assert len(deleted) + len(emptied) >= len(group.policies) + len(group.alarms) + len(group.schedules)
        assert not [field for field in fields if field.old is None]
        applied.apply(plan).raise_for_failures()
        assert not applied.plan(smaller)
        assert self._ours(applied, fleet) == {item.key for item in self._wanted(applied, smaller)}

    def test_without_prune_it_stays_with_a_note(self, applied: Cloud, fleet: Fleet) -> None:
        """`prune=False` deletes nothing and says what would go."""
        plan = applied.plan(self._edit(fleet, alarms=()), prune=False)
        assert not plan.count(Action.DELETE)
        assert any("removed from the fleet" in note.text for note in plan.notes)

    def test_deleting_a_group_takes_consent(self, applied: Cloud, fleet: Fleet) -> None:
        """A group that left ends instances: refused until agreed, then gone with all its parts."""
        smaller = fleet.model_copy(update={"groups": fleet.groups[1:]})
        plan = applied.plan(smaller)
        lost = sum(change.instances for change in plan)
        assert lost >= 1
        with pytest.raises(errors.ConsentMissing, match=f"{lost} instances"):
            applied.apply(plan)
        applied.apply(plan, allow_delete=True).raise_for_failures()
        assert not applied.plan(smaller)

    def test_destroy_leaves_nothing(self, applied: Cloud, fleet: Fleet) -> None:
        """The plan of the empty fleet removes all that is ours."""
        applied.apply(applied.destroy(fleet), allow_delete=True).raise_for_failures()
        assert not applied.destroy(fleet)
        assert not applied.provider.resources.read(fleet).resources

    def test_foreign_names_are_refused(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """A name without our mark is a problem of the plan, and apply touches nothing."""
        foreign = {self._first(applied, fleet, kind) for kind in self._marked_kinds(applied)}
        for key in foreign:
            world.make_foreign(applied, key)
        plan = applied.plan(fleet)
        assert len(plan.problems) >= len(foreign)
        before = world.writes()
        with pytest.raises(errors.ForeignResource, match="not managed by trimtab"):
            applied.apply(plan)
        assert world.writes() == before
        gone = {change.key for change in applied.destroy(fleet)}
        assert gone
        assert not gone & foreign
        assert fleet.native_name(fleet.groups[0]) not in {key.parent for key in gone}

    def test_a_lost_mark_locks_nothing(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """What stands under our name and is tied to what bears our mark is ours: it gets its mark back, and works."""
        for kind in self._marked_kinds(applied):
            key = self._first(applied, fleet, kind)
            world.make_foreign(applied, key)
            plan = applied.plan(fleet)
            if applied.provider.kinds[kind].holds_instances and plan.problems:  # it refers to nothing with our mark
                assert {problem.foreign for problem in plan.problems} == {True}
                assert key not in {change.key for change in plan}
                applied.apply(applied.adopt(fleet)).raise_for_failures()
                continue
            assert not plan.problems, kind
            healed = {change.key: change for change in plan if change.reason is Reason.MARK_LOST}
            assert key in healed, kind
            assert healed[key].action is Action.UPDATE, kind
            applied.apply(plan).raise_for_failures()
            assert not applied.plan(fleet), kind

    def test_a_lost_mark_does_not_keep_a_group_from_going(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Neither another group of the fleet, nor in the end the whole fleet but for what lost its mark."""
        world.make_foreign(applied, self._first(applied, fleet, self._marked_kinds(applied)[-1]))
        smaller = fleet.model_copy(update={"groups": fleet.groups[:1]})
        plan = applied.plan(smaller)
        assert not plan.problems
        applied.apply(plan, allow_delete=True).raise_for_failures()
        assert not applied.plan(smaller)

    def test_adopt_marks_and_changes_nothing_else(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """What was foreign is ours afterwards, with no field changed: what differed before still does."""
        different = {}
        for kind in self._marked_kinds(applied):
            key = self._first(applied, fleet, kind)
            different[key] = world.tamper(applied, key)
            world.make_foreign(applied, key)
        plan = applied.adopt(fleet)
        assert plan.summary == {"adopt": len(different)}
        applied.apply(plan).raise_for_failures()
        leftover = applied.plan(fleet)
        assert not leftover.problems
        differences = {(change.key, item.path) for change in leftover for item in change.fields}
        assert set(different.items()) <= differences
        applied.apply(leftover, allow_replace=True).raise_for_failures()
        assert not applied.plan(fleet)

    def test_another_fleets_group_is_left_alone(self, applied: Cloud, fleet: Fleet) -> None:
        """A fleet whose names collide with another's is refused; neither plan deletes what the other owns."""
        native = fleet.native_name(fleet.groups[0])
        thief = fleet.groups[0].model_copy(
            update={"native_name": native, "policies": (), "alarms": (), "schedules": ()}
        )
        other = fleet.model_copy(update={"name": "another", "groups": (thief,)})
        plan = applied.plan(other)
        assert any(f"belongs to fleet {fleet.name!r}" in problem.text for problem in plan.problems)
        assert not plan.changes
        assert not applied.destroy(other).changes

    def test_what_cannot_be_read_is_unknown(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """A denied read plans nothing for its kind and deletes nothing in its location."""
        smaller = fleet.model_copy(update={"groups": fleet.groups[1:]})
        for kind in applied.provider.kinds:
            world.deny(kind)
            plan = applied.plan(smaller)
            assert [scope for scope in plan.unknown if scope.kind == kind]
            assert not any(change.key.kind == kind or change.action is Action.DELETE for change in plan)
            assert applied.apply(plan, wait="accepted").failures
            world.allow()

    def test_plans_follow_the_schedules(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Two weeks, every eleven hours: the schedules fire in the cloud and no plan undoes them."""
        seen = set()
        for _ in range(31):
            world.advance(timedelta(hours=11))
            plan = applied.plan(fleet)
            assert not plan, plan.to_dict()
            seen.add(in_force(fleet.groups[0], plan.made_at).min)
        assert len(seen) > 1

    def test_the_clouds_size_is_kept(self, applied: Cloud, fleet: Fleet) -> None:
        """Once a policy owns the size no plan and no apply puts it back."""
        live = applied.group(fleet.native_name(fleet.groups[0]))
        more = min(live.read().desired + 1, live.read().max)
        live.scale(to=more)
        live.wait(timeout=timedelta(minutes=10))
        assert not applied.plan(fleet)
        applied.apply(applied.plan(self._edit(fleet, tags={"Edited": "yes"}))).raise_for_failures()
        assert live.read().desired == more

    def test_scaling_outside_the_bounds_is_refused(self, applied: Cloud, fleet: Fleet) -> None:
        """`LiveGroup.scale` passes the cloud's refusal on as an error of ours."""
        live = applied.group(fleet.groups[0].name)
        with pytest.raises(errors.InvalidRequest):
            live.scale(to=live.read().max + 1)

    def test_a_missing_group_is_an_error(self, cloud: Cloud) -> None:
        """`LiveGroup` says what it did not find."""
        with pytest.raises(errors.NotFound, match="nowhere"):
            cloud.group("nowhere").read()

    def test_activities_say_what_happened(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Creation and a change of size are on record, newest first."""
        live, created = applied.group(fleet.groups[0].name), applied.now()
        world.advance(timedelta(minutes=1))
        live.scale(to=live.read().max)
        live.wait(timeout=timedelta(minutes=10))
        moments = [activity.at for activity in live.activities()]
        assert moments == sorted(moments, reverse=True)
        assert moments[0] > created >= moments[-1]

    def test_a_stale_plan_is_refused(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """Apply looks again first: ground that has moved stops it before the first write."""
        kind = next(kind.name for kind in applied.provider.kinds.values() if kind.holds_instances)
        plan = applied.plan(self._edit(fleet, tags={"Edited": "yes"}))
        world.tamper(applied, self._first(applied, fleet, kind))
        before = world.writes()
        with pytest.raises(errors.StalePlan):
            applied.apply(plan)
        assert world.writes() == before

    def test_saved_plans_are_held_by_fingerprint(self, cloud: Cloud, fleet: Fleet) -> None:
        """The same plan made again matches a saved one; another does not."""
        saved = cloud.plan(fleet).to_saved()
        check_saved(cloud.plan(fleet), saved)
        with pytest.raises(errors.StalePlan):
            check_saved(cloud.plan(self._edit(fleet, tags={"Edited": "yes"})), saved)

    def test_unmanaged_fields_are_left_to_others(self, world: World, applied: Cloud, fleet: Fleet) -> None:
        """
        A field named in `unmanaged` may differ: a plan leaves it alone, and without that does not.

        It is as others set it also after something else of the group is written.
        """
        for kind in self._changeable_kinds(applied):
            key = self._first(applied, fleet, kind)
            path = world.tamper(applied, key)
            (change,) = [change for change in applied.plan(fleet) if change.key == key]
            names = tuple(item.field.removeprefix(f"{change.group}.") for item in change.fields)
            assert names
            # in each group, since some clouds have a field that several groups share
            groups = tuple(group.model_copy(update={"unmanaged": names}) for group in fleet.groups)
            loose = fleet.model_copy(update={"groups": groups})
            assert key not in {change.key for change in applied.plan(loose)}, kind
            applied.apply(applied.plan(self._with_bounds(loose)), allow_replace=True).raise_for_failures()
            plan = applied.plan(fleet)
            assert (key, path) in {(change.key, item.path) for change in plan for item in change.fields}, kind
            applied.apply(plan, allow_replace=True).raise_for_failures()

    # run time

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

    # what the tests share

    def _paused(self, cloud: Cloud, fleet: Fleet) -> LiveGroup:
        """The first group, whose size nobody but the test changes."""
        live = cloud.group(fleet.native_name(fleet.groups[0]))
        live.pause(by="Ana")
        return live

    def _at_the_most(self, live: LiveGroup) -> GroupState:
        live.scale(to=live.read().max)
        live.wait(timeout=timedelta(minutes=30))
        return live.read()

    def _refuses(self, world: World, cloud: Cloud, operation: str, act: Callable[[], None]) -> bool:
        """Whether the provider declares that it does not do this; then it says so, and writes nothing."""
        support = declarations_of(cloud.provider.name).instances.get(operation)
        if support is not None and support.means is not Means.UNSUPPORTED:
            return False
        before = world.writes()
        with pytest.raises(errors.Unsupported, match=f"cannot {operation} one instance"):
            act()
        assert world.writes() == before
        return True

    def _first(self, cloud: Cloud, fleet: Fleet, kind: str) -> Key:
        """The first resource of a kind that belongs to the fleet's first group."""
        wanted = self._wanted(cloud, fleet)
        return next(item.key for item in wanted if item.key.kind == kind and item.group == fleet.groups[0].name)

    def _wanted(self, cloud: Cloud, fleet: Fleet) -> Sequence[Resource]:
        facts = cloud.provider.resources.resolve(fleet, cloud.provider.resources.read(fleet))
        return cloud.provider.resources.translate(fleet, facts, cloud.now()).resources

    def _needed(self, cloud: Cloud, change: Change) -> set[Key]:
        """What a new thing refers to, and what it is a part of."""
        key, parent = change.key, cloud.provider.kinds[change.key.kind].parent
        named = {ref.key for ref in references(change.wanted.body)} if change.wanted else set()
        return named | {Key(key.location, parent, key.parent)} if parent else named

    def _ours(self, cloud: Cloud, fleet: Fleet) -> set[Key]:
        """What the cloud has that bears the fleet's mark, or is a part of a group of the fleet."""
        natives = {fleet.native_name(group) for group in fleet.groups}
        resources = cloud.provider.resources.read(fleet).resources
        return {
            key
            for key, item in resources.items()
            if (item.mark is not None and item.mark.fleet == fleet.name) or key.parent in natives
        }

    def _marked_kinds(self, cloud: Cloud) -> list[str]:
        kinds = cloud.provider.kinds.values()
        return [kind.name for kind in kinds if kind.parent is None and not kind.content_addressed]

    def _changeable_kinds(self, cloud: Cloud) -> list[str]:
        """Those that are not named by what they hold: there a change makes another one."""
        return [kind.name for kind in cloud.provider.kinds.values() if not kind.content_addressed]

    def _edit(self, fleet: Fleet, **fields: Any) -> Fleet:
        first = fleet.groups[0].model_copy(update=fields)
        return fleet.model_copy(update={"groups": (first, *fleet.groups[1:])})

    def _with_bounds(self, fleet: Fleet) -> Fleet:
        capacity = fleet.groups[0].capacity
        roomier = capacity.model_copy(update={"max": capacity.max + 1})
        return self._edit(fleet, capacity=roomier)
