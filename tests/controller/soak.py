"""A controller that ticks for a long time, in a process of its own: `python -m tests.controller.soak FOLDER TICKS`.

Writes what the process holds, as JSON, between equal stretches of ticks and at the end.
"""

import gc
import json
import logging
import os
import random
import sys
import threading
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from tests.controller.conftest import World, make_fleet
from trimtab import errors
from trimtab.controller import TickOutcome
from trimtab.store import open_store
from trimtab.store.tables import METADATA
from trimtab.testing import MemoryTestCloud

RETENTION = timedelta(hours=1)
PARTS = 5
"""Stretches that growth is measured over; what grows for ever grows in each, what a cache does not."""


def measured(world):
    gc.collect()
    with world.store._database.engine.connect() as connection:
        rows = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in METADATA.sorted_tables
        }
    return {
        "objects": len(gc.get_objects()),
        "handles": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "bytes": int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
        "rows": rows,
    }


def soaked(world, ticks):
    """What is held before each stretch and after the last, and how often each outcome came."""
    draw = random.Random(5)
    world.apply(make_fleet("web", "api"))
    controller = world.controller(retention=RETENTION)
    looks, outcomes = [], dict.fromkeys(TickOutcome, 0)
    for number in range(ticks):
        if number % (ticks // PARTS) == 0:
            looks.append(measured(world))
        prepare(world, draw, number)
        for item in controller.tick():
            outcomes[item.outcome] += 1
    return {"looks": [*looks, measured(world)], "outcomes": outcomes}


def prepare(world, draw, number):
    world.orders = draw.choice([5.0, 50.0, 200.0, None, RuntimeError("gone")])
    is_away = number % 17 == 0
    gone = errors.Unreachable("no answer", provider="memory", operation="set capacity")
    world.test_cloud.store.fault = lambda operation, key: gone if is_away and operation == "set capacity" else None
    world.after()
    world.test_cloud.store.calls.clear()  # the cloud in memory keeps all that was done to it
    for size in world.test_cloud.store.sizes.values():
        del size.activities[20:]


def main(folder, ticks):
    logging.getLogger("trimtab.controller").setLevel(logging.CRITICAL)  # what is said is not kept
    store = open_store(f"sqlite:///{folder}/store.db")
    with MemoryTestCloud.started() as test_cloud:
        world = World(test_cloud, store)
        sys.stdout.write(json.dumps(soaked(world, ticks)))
        world.cloud.close()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
