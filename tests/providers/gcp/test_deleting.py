"""A group that somebody is deleting: waited for, then made anew."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import SCOPE

ALONE = {"load_balancers": (), "alarms": {}, "schedules": {}}


@pytest.fixture
def wanted():
    return make_fleet(gcp_group("web", **ALONE))


@pytest.fixture
def deleting(world, wanted):
    """A cloud in which somebody deletes the group by hand; its instances take two minutes to go."""
    with world.connect() as cloud:
        cloud.apply(cloud.plan(wanted)).raise_for_failures()
        world.doors.configure(delete_seconds=120)
        world.ask("DELETE", f"{SCOPE}/autoscalers/virtualmin-web")
        world.ask("DELETE", f"{SCOPE}/instanceGroupManagers/virtualmin-web")
        yield cloud


def test_a_plan_says_that_it_waits_and_apply_does(world, wanted, deleting):
    assert deleting.group("web").read().deleting
    plan = deleting.plan(wanted)
    made = {change.key.kind: change.notes for change in plan if change.action == "create"}
    assert set(made) == {"group-manager", "autoscaler"}
    assert any("being deleted" in note for note in made["group-manager"])
    before = world.doors.now()
    deleting.apply(plan).raise_for_failures()
    assert world.doors.now() - before >= timedelta(seconds=100)
    assert not deleting.plan(wanted)
    assert deleting.group("web").read().running == 2


def test_one_that_has_gone_meanwhile_is_made_at_once(world, wanted, deleting):
    plan = deleting.plan(wanted)
    world.advance(timedelta(minutes=3))
    before = world.doors.now()
    deleting.apply(plan).raise_for_failures()
    assert world.doors.now() - before < timedelta(seconds=60)
    assert not deleting.plan(wanted)


def test_a_group_that_is_going_is_not_deleted_again(wanted, deleting):
    assert "group-manager" not in {change.key.kind for change in deleting.destroy(wanted)}


def test_without_a_look_at_operations_nobody_knows_what_is_going(world, wanted, deleting):
    world.doors.fault("denied", operation="globalOperations.aggregatedList", times=None)
    plan = deleting.plan(wanted)
    assert not list(plan)
    assert {one.kind for one in plan.unknown} == {"group-manager"}
