"""Two applies of one fleet at the same time: whatever the order of their writes, it ends as one run ends."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.laws import sampled
from tests.providers.aws.proof import AGREED, SCENARIOS, State, connect_to, expected_of, owned, prepared
from tests.providers.killing import noting
from trimtab.errors import StalePlan

pytestmark = pytest.mark.sweep


@pytest.fixture(scope="module")
def one(emulator):
    with connect_to(emulator.endpoint) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def two(emulator):
    with connect_to(emulator.endpoint) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool


def assert_as_after_one(world, cloud, scenario, names, bodies):
    plan = scenario.plan(cloud)
    assert not plan, plan.to_dict()
    assert State(world).names() == names
    assert owned(cloud) == bodies


@pytest.mark.parametrize("kind", ["hold_before", "hold_after"])
@pytest.mark.parametrize("name", ["create", "edit"])
def test_a_run_that_is_overtaken_leaves_what_one_leaves(world, one, two, threads, name, kind):
    scenario = SCENARIOS[name]
    names, bodies, writes = expected_of(world, one, scenario)
    for number, operation in sampled(enumerate(writes), 1, (name, kind)):
        with noting(f"run 1 held at write {number + 1} of {len(writes)} ({operation}, {kind})"):
            again = prepared(world, one, scenario)
            again.doors.fault(kind, write_only=True, after=number)
            first = threads.submit(one.apply, scenario.plan(one), **AGREED)
            held = again.doors.wait_for_hold()
            assert held.operation == operation
            second = scenario.run(two)
            again.doors.release(held)
            first.result().raise_for_failures()
            second.raise_for_failures()
            assert_as_after_one(again, two, scenario, names, bodies)


@pytest.mark.parametrize("name", ["create", "edit", "prune", "replace", "destroy"])
def test_a_plan_that_another_run_has_carried_out_is_refused_or_does_nothing_more(world, one, two, name):
    scenario = SCENARIOS[name]
    names, bodies, _ = expected_of(world, one, scenario)
    again = prepared(world, one, scenario)
    plan = scenario.plan(one)
    scenario.run(two).raise_for_failures()
    try:
        one.apply(plan, **AGREED).raise_for_failures()
    except StalePlan:
        assert name != "create"
    assert_as_after_one(again, two, scenario, names, bodies)
