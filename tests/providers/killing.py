"""A process whose applies are killed while one of their writes is held."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


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


@contextmanager
def running(cloud, endpoint):
    """A runner of a cloud's scenarios."""
    command = [sys.executable, "-m", "tests.providers.crashing", cloud, endpoint]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        yield Runner(process)
        process.stdin.close()


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


@contextmanager
def noting(text):
    """Add `text` to whatever fails inside."""
    try:
        yield
    except BaseException as error:
        error.add_note(text)
        raise
