"""A controller's tick over many groups, beside its calls: a cloud in memory, a store in an SQLite file."""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

import trimtab as tt
from trimtab.controller import Controller
from trimtab.sources import Function
from trimtab.store import open_store
from trimtab.testing import MemoryTestCloud

GROUPS = 1000
BAR = 2.0
"""Seconds of CPU."""
MINUTE = timedelta(minutes=1)


def fleet_of(number: int) -> tt.Fleet:
    """So many groups that the cloud in memory leaves to a controller."""
    group = {
        "capacity": {"min": 1, "max": 20, "desired": 4},
        "template": {"image": "ubuntu", "size": "small"},
        "policies": {"out": {"change": 2, "cooldown": "5m"}, "in": {"change": -1, "cooldown": "5m"}},
        "alarms": {
            "many": {"metric": {"external": "orders"}, "above": 100, "triggers": ["out"]},
            "few": {"metric": {"external": "orders"}, "below": 10, "triggers": ["in"]},
        },
    }
    made = tt.ScalingGroup.model_validate({"name": "web", **group})
    groups = [made.model_copy(update={"name": f"web-{place}"}) for place in range(number)]
    return tt.Fleet(name="bench", groups=groups, controller=True, sources={"orders": {}})


def print_controller() -> int:
    """Print calls and seconds of a tick of so many groups, quiet and with each size set; 1 when the bar is missed."""
    print(f"a controller's tick of {GROUPS} groups: cloud in memory, store in an SQLite file")
    print("  tick              provider calls  store statements  CPU s  wall s")
    with (
        tempfile.TemporaryDirectory() as folder,
        MemoryTestCloud.started() as test_cloud,
        test_cloud.connect() as cloud,
    ):
        fleet = fleet_of(GROUPS)
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        test_cloud.clock.advance(10 * MINUTE)
        store = open_store(f"sqlite:///{folder}/store.db")
        statements: list[str] = []
        sa.event.listen(store._database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        orders = [50.0]
        source = Function("orders", lambda query: orders[0], clock=test_cloud.clock)
        with Controller(fleet, cloud, sources=[source], store=store) as controller:

            def tick() -> tuple[int, int, float, float]:
                test_cloud.clock.advance(6 * MINUTE)
                test_cloud.store.calls.clear()
                statements.clear()
                begin, cpu = time.perf_counter(), time.process_time()
                result = controller.tick()
                taken = time.process_time() - cpu, time.perf_counter() - begin
                if result.error or result.errors:
                    raise RuntimeError(str(result.error or result.errors))
                return len(test_cloud.store.calls), len(statements), *taken

            tick()
            quiet = _print("quiet", tick)
            orders[0] = 200.0
            _print("each size is set", tick, times=1)
    return int(quiet > BAR)


def _print(name: str, tick: Callable[[], tuple[int, int, float, float]], times: int = 5) -> float:
    runs: list[Any] = [tick() for _ in range(times)]
    calls, statements, cpu, wall = (statistics.median(column) for column in zip(*runs, strict=True))
    bar = f"  (bar: {BAR:g} s of CPU)" if times > 1 else ""
    print(f"  {name:16}  {calls:14.0f}  {statements:16.0f}  {cpu:5.2f}  {wall:6.2f}{bar}")
    return float(cpu)


if __name__ == "__main__":
    raise SystemExit(print_controller())
