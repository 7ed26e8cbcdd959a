"""The part of the contract that is about plans: what is made, healed, deleted, left alone."""

from datetime import timedelta

import pytest

from trimtab import errors
from trimtab.engine.schedules import in_force
from trimtab.models import Fleet
from trimtab.plan import Action, Key, MarkPlace, Reason
from trimtab.plan.saved import check_saved
from trimtab.runtime.cloud import Cloud
from trimtab.testing.contract_base import ContractBase, World


class PlanContract(ContractBase):
    """Plans and applies: each test begins with an empty cloud, or one that has the fleet."""

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
