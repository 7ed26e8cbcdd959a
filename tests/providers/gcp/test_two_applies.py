"""Two applies of one fleet at the same time: whatever the order of their writes, it ends as one run ends."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.laws import sampled
from tests.providers.gcp.proof import AGREED, SCENARIOS, State, expected_of, prepared
from tests.providers.killing import noting
from trimtab.errors import StalePlan

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("kind", ["hold_before", "hold_after"])
@pytest.mark.parametrize("name", ["create", "edit"])
def test_a_run_that_is_overtaken_leaves_what_one_leaves(world, name, kind):
    scenario = SCENARIOS[name]
    with world.connect(workers=1) as one, world.connect(workers=1) as two:
        names, writes = expected_of(world, one, scenario)
        for number, operation in sampled(enumerate(writes), 1, (name, kind)):
            with noting(f"run 1 held at write {number + 1} of {len(writes)} ({operation}, {kind})"):
                again = prepared(world, one, scenario)
                again.doors.fault(kind, write_only=True, after=number)
                with ThreadPoolExecutor(max_workers=1) as threads:
                    first = threads.submit(one.apply, scenario.plan(one), **AGREED)
                    held = again.doors.wait_for_hold()
                    assert held.operation == operation
                    second = scenario.run(two)
                    again.doors.release(held)
                    first.result()
                second.raise_for_failures()
                scenario.run(two).raise_for_failures()
                assert not scenario.plan(two)
                assert State(again, two).names() == names


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_plan_that_another_run_has_carried_out_is_refused_or_does_nothing_more(world, name):
    scenario = SCENARIOS[name]
    with world.connect(workers=1) as one, world.connect(workers=1) as two:
        names, _ = expected_of(world, one, scenario)
        again = prepared(world, one, scenario)
        plan = scenario.plan(one)
        scenario.run(two).raise_for_failures()
        try:
            one.apply(plan, **AGREED)
        except StalePlan:
            assert name != "create"
        assert not scenario.plan(two)
        assert State(again, two).names() == names
