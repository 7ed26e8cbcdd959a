"""A controller that ticks for a long time: memory, open handles, threads and rows stay as they are."""

import gc
import logging
import os
import random
import threading
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.controller.conftest import World, make_fleet
from tests.laws import IS_EXHAUSTIVE
from trimtab import errors
from trimtab.controller import TickOutcome
from trimtab.store import open_store
from trimtab.store.tables import METADATA
from trimtab.testing import MemoryTestCloud

TICKS = 10_000 if IS_EXHAUSTIVE else 300
RETENTION = timedelta(hours=1)
PARTS = 5
"""Stretches that growth is measured over; what grows for ever grows in each, what a cache or another test does not."""
MOST_GROWN = TICKS // PARTS // 2
"""Objects in a stretch; one that each tick leaves behind would be twice that."""
MOST_BYTES = 30_000_000


@pytest.fixture(name="world")
def _world(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    with MemoryTestCloud.started() as test_cloud:
        world = World(test_cloud, store)
        yield world
        world.cloud.close()
    store.close()


def measured(world):
    gc.collect()
    with world.store._database.engine.connect() as connection:
        rows = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in METADATA.sorted_tables
        }
    handles = len(os.listdir("/proc/self/fd"))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(gc.get_objects()), handles, threading.active_count(), rows, pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open handles are counted in /proc")
def test_nothing_grows(world, caplog):
    caplog.set_level(logging.CRITICAL, "trimtab.controller")  # what is said is not kept
    draw = random.Random(5)
    world.apply(make_fleet("web", "api"))
    controller = world.controller(retention=RETENTION)
    written = failed = 0

    def tick(number):
        world.orders = draw.choice([5.0, 50.0, 200.0, None, RuntimeError("gone")])
        is_away = number % 17 == 0
        gone = errors.Unreachable("no answer", provider="memory", operation="set capacity")
        world.test_cloud.store.fault = lambda operation, key: gone if is_away and operation == "set capacity" else None
        world.after()
        world.test_cloud.store.calls.clear()  # the cloud in memory keeps all that was done to it
        for size in world.test_cloud.store.sizes.values():
            del size.activities[20:]
        outcomes = [item.outcome for item in controller.tick()]
        return outcomes.count(TickOutcome.WRITTEN), outcomes.count(TickOutcome.UNKNOWN)

    looks = []
    for number in range(TICKS):
        if number % (TICKS // PARTS) == 0:
            looks.append(measured(world))
        some, others = tick(number)
        written, failed = written + some, failed + others
    after = measured(world)
    before, *_ = looks[1:]  # what is loaded once has been
    assert written > TICKS // 10
    assert failed
    assert min(later[0] - earlier[0] for earlier, later in pairwise([*looks[1:], after])) < MOST_GROWN
    assert after[4] - before[4] < MOST_BYTES
    assert after[1:3] == before[1:3]
    kept = 2 * RETENTION // timedelta(minutes=1)  # what is older goes once an hour
    assert after[3]["trimtab_ticks"] <= kept + 1
    assert after[3]["trimtab_decisions"] <= 2 * kept
    assert after[3]["trimtab_intents"] <= 2 * kept
    assert after[3]["trimtab_states"] == after[3]["trimtab_leases"] == 2
