"""A controller that ticks for a long time: memory, open handles, threads and rows stay as they are."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.controller.soak import PARTS, RETENTION
from tests.laws import IS_EXHAUSTIVE
from trimtab.controller import TickOutcome

TICKS = 10_000 if IS_EXHAUSTIVE else 300
MOST_GROWN = TICKS * (PARTS - 1) // PARTS // 2
"""Objects from the second stretch on; one that each tick leaves behind would be twice that."""
MOST_BYTES = 30_000_000


def soak(folder):
    """What the process held; it measures itself alone: no other test's objects, no tracer that keeps threads."""
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-m", "tests.controller.soak", str(folder), str(TICKS)]
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open handles are counted in /proc")
def test_nothing_grows(tmp_path):
    done = soak(tmp_path)
    _, before, *_, after = done["looks"]  # what is loaded once has been
    assert done["outcomes"][TickOutcome.WRITTEN] > TICKS // 10
    assert done["outcomes"][TickOutcome.UNKNOWN]
    assert after["objects"] - before["objects"] < MOST_GROWN
    assert after["bytes"] - before["bytes"] < MOST_BYTES
    assert after["handles"] == before["handles"]
    assert after["threads"] == before["threads"]
    kept = 2 * RETENTION // timedelta(minutes=1)  # what is older goes once an hour
    rows = after["rows"]
    assert rows["trimtab_ticks"] <= kept + 1
    assert rows["trimtab_decisions"] <= 2 * kept
    assert rows["trimtab_intents"] <= 2 * kept
    assert rows["trimtab_states"] == rows["trimtab_leases"] == 2
