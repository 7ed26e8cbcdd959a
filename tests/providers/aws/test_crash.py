"""A process that is killed before or after the effect of any of its writes: the next plan and apply converge."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.providers.aws.proof import (
    SCENARIOS,
    State,
    assert_converged,
    connect_to,
    expected_of,
    noting,
    prepared,
)

ROOT = Path(__file__).parents[3]


class Runner:
    """A process that forks one child for each apply."""

    def __init__(self, process):
        self.process = process

    def start(self, scenario):
        self.process.stdin.write(f"{scenario}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self):
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def runner(emulator):
    command = [sys.executable, "-m", "tests.providers.aws.crashing", emulator.endpoint]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        yield Runner(process)
        process.stdin.close()


@pytest.fixture(scope="module")
def cloud(emulator):
    with connect_to(emulator.endpoint) as cloud:
        yield cloud


def kill_at(world, runner, name, kind, number):
    """Have a child apply, and kill it while its write `number` is held."""
    world.doors.fault(kind, write_only=True, after=number)
    child = runner.start(name)
    held = world.doors.wait_for_hold()
    os.kill(child, signal.SIGKILL)
    assert runner.ended() == -signal.SIGKILL
    world.doors.release(held, drop=True)
    world.doors.clear_faults()
    return held


def test_an_unharmed_child_goes_through(world, cloud, runner):
    runner.start("create")
    assert runner.ended() == 0
    assert not SCENARIOS["create"].plan(cloud)


@pytest.mark.parametrize("kind", ["hold_before", "hold_after"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_killed_apply_is_finished_by_the_next(world, cloud, runner, name, kind):
    scenario = SCENARIOS[name]
    expected, _, writes = expected_of(world, cloud, scenario)
    assert writes
    for number, operation in enumerate(writes):
        with noting(f"killed at write {number + 1} of {len(writes)} ({operation}, {kind})"):
            again = prepared(world, cloud, scenario, "virtualmin-web-2")
            foreign = State(again).foreign()
            held = kill_at(again, runner, name, kind, number)
            assert held.operation == operation
            assert_converged(again, cloud, scenario, expected, foreign)
