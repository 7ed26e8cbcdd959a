"""A run that ends before or after the effect of any of its writes: the next plan and apply converge."""

import pytest

from tests.laws import sampled
from tests.providers.gcp.proof import SCENARIOS, State, expected_of, prepared
from tests.providers.killing import noting

pytestmark = pytest.mark.sweep


class Killed(BaseException):
    """The end of a process that was just about to try again."""


class Mortal:
    """A clock on which nobody lives to see a second attempt."""

    def __init__(self, clock):
        self.clock = clock

    def now(self):
        return self.clock.now()

    def sleep(self, duration):
        raise Killed


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_run_that_ended_at_any_write_is_finished_by_the_next(world, name):
    """One write at a time is under way, so that ending before one is ending after the one before it."""
    scenario = SCENARIOS[name]
    mortal = Mortal(world.cloud.clock)
    with world.connect(workers=1) as cloud, world.connect(workers=1, clock=mortal) as doomed:
        names, writes = expected_of(world, cloud, scenario)
        assert writes
        points = [(0, "timeout_before"), *((number, "timeout_after") for number in range(len(writes)))]
        for number, kind in sampled(points, 1, name):
            operation = writes[number]
            with noting(f"ended at write {number + 1} of {len(writes)} ({operation}, {kind})"):
                again = prepared(world, cloud, scenario, foreign=True)
                foreign = State(again, cloud).foreign()
                again.doors.fault(kind, write_only=True, after=number)
                with pytest.raises(Killed):
                    scenario.run(doomed, wait="accepted")
                again.doors.clear_faults()
                scenario.run(cloud).raise_for_failures()
                plan = scenario.plan(cloud)
                assert not plan, plan.to_dict()
                state = State(again, cloud)
                assert state.names() == names
                assert state.foreign() == foreign
