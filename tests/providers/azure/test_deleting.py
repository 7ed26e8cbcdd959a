"""A scale set that is being deleted: waited for, then made anew; a write to it is refused meanwhile."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import GROUP

NAME = "virtualmin-web"


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


@pytest.fixture
def wanted(world, cloud):
    fleet = make_fleet(azure_group(world, "web"))
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    return fleet


@pytest.fixture
def deleting(world, cloud, wanted):
    """A cloud in which somebody deletes the scale set by hand, which takes two minutes."""
    world.doors.configure(operation_seconds=120)
    world.compute.virtual_machine_scale_sets.begin_delete(GROUP, NAME, polling=False)
    return cloud


def test_a_plan_says_that_it_waits_and_apply_does(world, wanted, deleting):
    assert deleting.group("web").read().deleting
    plan = deleting.plan(wanted)
    made = {change.key.kind: change.notes for change in plan if change.action == "create"}
    assert "scale-set" in made
    assert any("being deleted" in note for note in made["scale-set"])
    before = world.doors.now()
    deleting.apply(plan, allow_replace=True).raise_for_failures()
    assert world.doors.now() - before >= timedelta(seconds=100)
    assert not deleting.plan(wanted)
    assert deleting.group("web").read().running == 2


def test_one_that_does_not_go_is_a_failed_change(world, wanted, deleting):
    world.doors.configure(operation_seconds=7200)
    plan = deleting.plan(wanted)
    world.compute.virtual_machine_scale_sets.begin_delete(GROUP, NAME, polling=False)
    (failed,) = [one for one in deleting.apply(plan).outcomes if one.error and not one.skipped]
    assert "'virtualmin-web' is still being deleted" in failed.error


def test_one_that_has_gone_meanwhile_is_made_at_once(world, wanted, deleting):
    plan = deleting.plan(wanted)
    world.advance(timedelta(minutes=3))
    world.doors.configure(operation_seconds=0)
    before = world.doors.now()
    deleting.apply(plan, allow_replace=True).raise_for_failures()
    assert world.doors.now() - before < timedelta(seconds=60)
    assert not deleting.plan(wanted)


def test_a_group_that_is_going_is_not_deleted_again(wanted, deleting):
    assert "scale-set" not in {change.key.kind for change in deleting.destroy(wanted)}


def test_an_edit_that_meets_a_deletion_is_refused_in_azures_words(world, cloud, wanted):
    """Azure answers 409 OperationNotAllowed: https://github.com/microsoft/onefuzz/pull/511 has one."""
    plan = cloud.plan(make_fleet(azure_group(world, "web", tags={"Team": "hosting"})))
    world.doors.configure(operation_seconds=120)

    def listener(event):
        if type(event).__name__ == "ChangeStarted" and event.change.key.kind == "scale-set":
            world.compute.virtual_machine_scale_sets.begin_delete(GROUP, NAME, polling=False)

    result = cloud.apply(plan, wait="accepted", on_event=listener)
    (failed,) = [one for one in result.outcomes if one.error and not one.skipped]
    assert "marked for deletion" in failed.error
    assert "(OperationNotAllowed)" in failed.error


def test_destroy_waits_until_the_groups_are_gone(world, cloud, wanted):
    """And one that somebody else has deleted in between is gone all the same."""
    world.doors.configure(operation_seconds=120)
    before = world.doors.now()
    cloud.apply(cloud.destroy(wanted), allow_delete=True).raise_for_failures()
    assert world.doors.now() - before >= timedelta(seconds=100)
    assert not cloud.provider.resources.read(wanted).resources


def test_what_was_deleted_by_hand_before_its_turn_is_gone_all_the_same(world, cloud, wanted):
    """A deletion of what is not there is answered with 204, and is done."""

    def listener(event):
        if type(event).__name__ == "ChangeStarted" and event.change.key.kind == "scale-set":
            world.compute.virtual_machine_scale_sets.begin_delete(GROUP, NAME).result()

    result = cloud.apply(cloud.destroy(wanted), allow_delete=True, on_event=listener)
    result.raise_for_failures()
    assert not cloud.provider.resources.read(wanted).resources
