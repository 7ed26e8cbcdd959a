"""A group that is being deleted: waited for, then made anew."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet


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
        assert [text for text in result.late if "is still there after 5m" in text]
