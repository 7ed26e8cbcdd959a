"""Two processes at one PostgreSQL, sizing a group of the Google emulator over the wire; one is killed by SIGKILL."""

import json
import random
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest

pytest.importorskip("sqlalchemy", reason="the store needs its extra")
pytest.importorskip("google.cloud.compute_v1", reason="Google Cloud needs its extra")

from tests.controller.process import make_fleet
from tests.laws import sampled
from tests.measuring import unmeasured
from tests.store.world import opened
from trimtab.store.records import GroupKey
from trimtab.testing import GcpTestCloud

MINUTE = timedelta(minutes=1)
FATES = ("before the write", "before the write, which comes late", "after the write")
SEEDS = sampled([(fate, seed) for seed in range(8) for fate in FATES], 3, "processes")


class Process:
    """A controller that ticks when it is told to."""

    def __init__(self, settings):
        command = [sys.executable, "-m", "tests.controller.process", json.dumps(settings)]
        with unmeasured():  # who is killed writes nothing down
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait(self):
        """What it says next."""
        line = self._process.stdout.readline()
        assert line, "it has ended"
        return json.loads(line)

    def begin(self):
        """Have it tick."""
        self._process.stdin.write("tick\n")
        self._process.stdin.flush()

    def tick(self):
        """What its next tick makes of the group."""
        self.begin()
        tick = self.wait()
        assert not tick["error"], tick
        return tick["groups"][0]

    def kill(self):
        """End it as kill -9 does."""
        self._process.kill()
        self._process.wait(60)
        self._process.stdin.close()
        self._process.stdout.close()


@contextmanager
def running(settings, number):
    with ExitStack() as stack:
        processes = [Process(settings) for _ in range(number)]
        for process in processes:
            stack.callback(process.kill)
        for process in processes:
            process.wait()
        yield processes


@pytest.fixture
def url(postgresql):
    with postgresql.database() as url:
        yield url


@pytest.mark.parametrize(("fate", "seed"), SEEDS)
def test_a_killed_controllers_size_is_set_once(gcp_emulator, url, tmp_path, fate, seed):
    draw = random.Random(f"{fate} {seed}")
    doors = gcp_emulator.doors
    doors.reset()
    test_cloud = GcpTestCloud(gcp_emulator)
    doors.set_clock(test_cloud.clock.now(), freeze=True)
    orders = tmp_path / "orders"
    orders.write_text("50")
    settings = {
        "store": url,
        "orders": str(orders),
        "project": gcp_emulator.project,
        "location": test_cloud.location,
        "endpoint": gcp_emulator.endpoint,
        "monitoring_endpoint": f"http://{gcp_emulator.monitoring_endpoint}",
    }
    with test_cloud.connect() as cloud, opened(url) as store, running(settings, 2) as (first, second):
        cloud.apply(cloud.plan(make_fleet())).raise_for_failures()
        live = cloud.group("shop-web")
        key = GroupKey("gcp:trimtab", test_cloud.location, "shop", "web")
        for _ in range(draw.randrange(1, 4)):
            doors.advance(MINUTE)
            assert first.tick()["outcome"] == "kept"
            assert second.tick()["outcome"] == "held"
        size = live.read().desired

        # killed between its intent and its write, or between that and its end
        doors.advance(MINUTE)
        orders.write_text("200")
        doors.fault("hold_after" if fate == "after the write" else "hold_before", operation="*esize")
        first.begin()
        hold = doors.wait_for_hold()
        (intent,) = store.open_intents([key])[key]
        assert (intent.before, intent.size) == (size, size + 2)
        first.kill()
        if fate != "before the write, which comes late":
            doors.release(hold, drop=fate == "before the write")

        # the other takes over when the lease ends, and goes on as the first would have
        orders.write_text("50")
        waited = 0
        while (result := second.tick())["outcome"] == "held":
            doors.advance(draw.choice([20, 30, 60]) * timedelta(seconds=1))
            waited += 1
        assert 1 < waited < 10
        assert f"did not end was setting {size + 2}" in result["text"]
        assert live.read().desired == size + 2
        doors.advance(MINUTE)
        assert second.tick()["outcome"] == "kept"
        assert store.open_intents([key]) == {}

        # its cooldown has begun, and ends
        orders.write_text("200")
        minutes = 0
        while second.tick()["outcome"] == "kept":
            doors.advance(MINUTE)
            minutes += 1
        assert 2 <= minutes <= 8
        assert live.read().desired == size + 4
        orders.write_text("50")
        if fate == "before the write, which comes late":
            doors.release(hold)
            while live.read().desired != size + 2:
                doors.advance(timedelta(seconds=1))
            doors.advance(MINUTE)
            result = second.tick()
            assert "had lost its lease" in result["text"]
        doors.advance(MINUTE)
        assert second.tick()["outcome"] == "kept"
        assert live.read().desired == size + 4
        told = [record.error for record in store.decisions()]
        assert not any("somebody else" in text for text in told), told
