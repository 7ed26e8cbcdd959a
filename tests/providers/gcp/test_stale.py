"""Lists that answer nothing although something is there cost nothing: no group goes, and nothing stays twice."""

from itertools import product

import pytest

from tests.laws import sampled
from tests.providers.gcp.proof import AGREED, State, edited, fleet, make_foreign_things
from tests.providers.gcp.world import READS, SCOPE
from trimtab.plan import Action

pytestmark = pytest.mark.sweep


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        make_foreign_things(cloud)
        cloud.apply(cloud.plan(fleet()), wait="accepted").raise_for_failures()
        yield cloud


def instances(world):
    """Every machine of the groups of ours, by its number."""
    path = f"{SCOPE}/instanceGroupManagers/virtualmin-{{}}/listManagedInstances"
    found = [world.ask("POST", path.format(name))["managedInstances"] for name in ("web", "api")]
    return sorted(one["id"] for some in found for one in some)


@pytest.mark.parametrize(("kind", "wanted"), sampled(product(READS, (fleet, edited)), 6))
def test_a_list_that_answers_nothing_costs_nothing(world, cloud, kind, wanted):
    """What is made again by that is found to be there, or goes with the next run; machines and others' things stay."""
    foreign, machines, before = State(world, cloud).foreign(), instances(world), State(world, cloud).names()
    world.emulator._faulty.forget()
    service, operation = READS[kind]
    world.doors.fault("stale", service=service, operation=operation, times=None)
    plan = cloud.plan(wanted())
    gone = [change for change in plan if change.action in (Action.DELETE, Action.REPLACE)]
    assert not [change for change in gone if change.key.kind in ("group-manager", "autoscaler", "health-check")]
    if not plan.problems:
        cloud.apply(plan, wait="accepted", **AGREED)
    world.doors.clear_faults()
    cloud.apply(cloud.plan(wanted()), wait="accepted", **AGREED).raise_for_failures()
    assert not cloud.plan(wanted())
    after = State(world, cloud)
    assert after.foreign() == foreign
    assert instances(world) == machines
    assert len(set(after.names())) == len(after.names())
    if wanted is fleet:
        assert after.names() == before


def test_a_list_without_a_group_that_an_autoscaler_has_is_not_believed(world, cloud):
    """A group cannot go before its autoscaler: nothing is made, replaced or deleted there, and a pause stays."""
    cloud.group("virtualmin-web").pause(by="Ana")
    world.emulator._faulty.forget()
    service, operation = READS["group-manager"]
    world.doors.fault("stale", service=service, operation=operation, times=None)
    plan = cloud.plan(fleet())
    assert not [change for change in plan if change.key.kind in ("group-manager", "autoscaler")]
    assert {one.kind for one in plan.unknown} == {"group-manager"}
    assert any("'virtualmin-web' is not in the list" in one.reason for one in plan.unknown)
    world.doors.clear_faults()
    assert not cloud.plan(fleet())
    assert cloud.group("virtualmin-web").read().paused.by == "Ana"


def test_what_was_made_twice_goes_with_its_fleet(world, cloud):
    """Alert policies and channels may have one display name: the second is ours too."""
    world.emulator._faulty.forget()
    for kind in ("alert-policy", "notification-channel"):
        service, operation = READS[kind]
        world.doors.fault("stale", service=service, operation=operation, times=None)
    cloud.apply(cloud.plan(fleet()), wait="accepted").raise_for_failures()
    world.doors.clear_faults()
    twice = [change for change in cloud.plan(fleet()) if change.action is Action.DELETE]
    assert sorted(change.key.kind for change in twice) == ["alert-policy"] * 2 + ["notification-channel"] * 2
    cloud.apply(cloud.destroy(fleet()), wait="accepted", **AGREED).raise_for_failures()
    assert not State(world, cloud).names()
