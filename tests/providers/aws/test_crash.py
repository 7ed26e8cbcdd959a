"""A process that is killed before or after the effect of any of its writes: the next plan and apply converge."""

import pytest

from tests.laws import sampled
from tests.providers.aws.proof import SCENARIOS, State, assert_converged, connect_to, expected_of, prepared
from tests.providers.killing import kill_at, noting, running

pytestmark = pytest.mark.sweep


@pytest.fixture(scope="module")
def runner(emulator):
    with running("aws", emulator.endpoint) as runner:
        yield runner


@pytest.fixture(scope="module")
def cloud(emulator):
    with connect_to(emulator.endpoint) as cloud:
        yield cloud


def test_an_unharmed_child_goes_through(world, cloud, runner):
    runner.start("create")
    assert runner.ended() == 0
    assert not SCENARIOS["create"].plan(cloud)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_killed_apply_is_finished_by_the_next(world, cloud, runner, name):
    """One write at a time is under way, so that dying before one is dying after the one before it."""
    scenario = SCENARIOS[name]
    expected, _, writes = expected_of(world, cloud, scenario)
    assert writes
    points = [(0, "hold_before"), *((number, "hold_after") for number in range(len(writes)))]
    for number, kind in sampled(points, 1, name):
        operation = writes[number]
        with noting(f"killed at write {number + 1} of {len(writes)} ({operation}, {kind})"):
            again = prepared(world, cloud, scenario, "virtualmin-web-2")
            foreign = State(again).foreign()
            held = kill_at(again, runner, name, kind, number)
            assert held.operation == operation
            assert_converged(again, cloud, scenario, expected, foreign)
