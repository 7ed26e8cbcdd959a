"""Other people's things beside all that a group may have, and reads that answer what was true before."""

from itertools import product

import pytest

from tests.laws import sampled
from tests.providers.aws.proof import (
    AGREED,
    OUR_ALARMS,
    OUR_GROUPS,
    SCENARIOS,
    State,
    connect_to,
    edited,
    fleet,
    make_foreign_things,
    pruned,
    put_theirs,
)
from trimtab.errors import StalePlan
from trimtab.plan import Action

pytestmark = pytest.mark.sweep

READS = [
    "DescribeAutoScalingGroups",
    "DescribePolicies",
    "DescribeScheduledActions",
    "DescribeAlarms",
    "DescribeLaunchTemplateVersions",
    "DescribeAvailabilityZones",
]


@pytest.fixture(scope="module")
def cloud(emulator):
    with connect_to(emulator.endpoint) as cloud:
        yield cloud


@pytest.fixture
def foreign(world):
    make_foreign_things(world)
    return State(world).foreign()


@pytest.mark.parametrize("name", [name for name in SCENARIOS if "everything" in name or name == "replace"])
def test_things_with_similar_names_are_left_alone(world, cloud, foreign, name):
    scenario = SCENARIOS[name]
    scenario.prepare(world, cloud)
    plan = scenario.plan(cloud)
    assert not plan.problems
    assert {change.key.parent or change.key.name for change in plan} <= OUR_GROUPS | OUR_ALARMS
    cloud.apply(plan, **AGREED).raise_for_failures()
    assert not scenario.plan(cloud)
    assert State(world).foreign() == foreign


def test_what_was_destroyed_can_be_made_and_edited_again(world, cloud):
    for _ in range(2):
        cloud.apply(cloud.plan(fleet())).raise_for_failures()
        cloud.apply(cloud.plan(edited())).raise_for_failures()
        assert not cloud.plan(edited())
        assert State(world).names()["versions"] == {"virtualmin-api": 2, "virtualmin-web": 2}
        cloud.apply(cloud.destroy(fleet()), **AGREED).raise_for_failures()


@pytest.mark.parametrize("kind", ["launch-template", "autoscaling-group", "metric-alarm"])
def test_a_name_that_a_stale_read_does_not_show_is_left_alone(world, cloud, kind):
    operation = {
        "launch-template": "DescribeLaunchTemplateVersions",
        "autoscaling-group": "DescribeAutoScalingGroups",
        "metric-alarm": "DescribeAlarms",
    }[kind]
    look = put_theirs(world, kind)
    before = look()
    world.doors.fault("stale", operation=operation)
    plan = cloud.plan(fleet())
    cloud.apply(plan, wait="accepted")
    assert not world.doors.list_faults()
    assert look() == before


# stale replies about our own things


def each_read(*choices):
    """Reads with every choice, of which a run that is not exhaustive has a few."""
    return sampled(product(READS, *choices), 4, len(choices))


@pytest.mark.parametrize(("operation", "wanted", "times"), each_read((fleet, edited, pruned), (1, None)))
def test_reads_that_answer_nothing_cost_nothing(world, cloud, foreign, operation, wanted, times):
    before = plan_and_apply(world, cloud, fleet())
    forget(world)
    world.doors.fault("stale", operation=operation, times=times)
    harmless(world, cloud, wanted(), before, foreign)


@pytest.mark.parametrize(("operation", "times"), each_read((1, None)))
def test_reads_that_answer_what_was_before_cost_nothing(world, cloud, foreign, operation, times):
    plan_and_apply(world, cloud, fleet())
    cloud.plan(fleet())
    if times is None:
        world.doors.fault("stale", operation=operation, times=None)
        cloud.apply(cloud.plan(edited()), wait="accepted")
    else:
        cloud.apply(cloud.plan(edited()), wait="accepted").raise_for_failures()
        cloud.plan(edited())
        world.doors.fault("stale", operation=operation)
    before = State(world).identities()
    harmless(world, cloud, edited(), before, foreign)


def test_a_sudden_empty_list_of_groups_deletes_nothing_and_makes_nothing_twice(world, cloud, foreign):
    plan_and_apply(world, cloud, fleet())
    before = State(world)
    forget(world)
    world.doors.fault("stale", operation="DescribeAutoScalingGroups", times=None)
    plan = cloud.plan(fleet())
    assert not plan.count(Action.DELETE)
    assert not plan.count(Action.REPLACE)
    cloud.apply(plan, wait="accepted", **AGREED)
    world.doors.clear_faults()
    after = State(world)
    assert after.names() == before.names()
    assert after.identities() == before.identities()
    assert after.foreign() == foreign
    assert not cloud.plan(fleet())


def forget(world):
    """Have stale reads answer nothing from now on: no read has been answered before."""
    world.emulator._faulty.forget()


def plan_and_apply(world, cloud, wanted):
    cloud.apply(cloud.plan(wanted), **AGREED).raise_for_failures()
    return State(world).identities()


def harmless(world, cloud, wanted, before, foreign):
    """Plan and apply under stale reads, and again without: only what left the file is gone, and all is well."""
    plan = cloud.plan(wanted)
    gone = {change.key for change in plan if change.action in (Action.DELETE, Action.REPLACE)}
    assert not any(key.kind in ("autoscaling-group", "launch-template") for key in gone)
    if not plan.problems:
        try:
            cloud.apply(plan, wait="accepted")
        except StalePlan:
            assert world.doors.list_faults() == []
    world.doors.clear_faults()
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    assert not cloud.plan(wanted)
    state = State(world)
    after = state.identities()
    for kind in ("instances", "groups", "templates"):
        assert after[kind] == before[kind]
    wanted_policies = {f"virtualmin-{one.name}-{policy.name}" for one in wanted.groups for policy in one.policies}
    assert after["policies"] == {name: arn for name, arn in before["policies"].items() if name in wanted_policies}
    assert state.foreign() == foreign
    found = state.names()
    natives = {one.name: f"virtualmin-{one.name}" for one in wanted.groups}
    assert found["groups"] == found["templates"] == sorted(natives.values())
    for kind, parts in (("policies", "policies"), ("actions", "schedules")):
        names = [f"{natives[one.name]}-{part.name}" for one in wanted.groups for part in getattr(one, parts)]
        assert found[kind] == sorted(names)
    assert found["alarms"] == sorted(
        f"{natives[one.name]}-{alarm.name}" for one in wanted.groups for alarm in one.alarms
    )
