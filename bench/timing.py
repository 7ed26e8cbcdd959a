"""How long something takes, and how many calls."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import trimtab as tt
from trimtab.emulators.shared.doors import ControlClient


def timed(job: Callable[[], Any]) -> float:
    """Seconds that `job` takes."""
    begin = time.perf_counter()
    job()
    return time.perf_counter() - begin


def median(job: Callable[[], Any], times: int = 3) -> float:
    """Median seconds of so many runs."""
    return statistics.median(timed(job) for _ in range(times))


def measure_plan(cloud: tt.Cloud, fleet: tt.Fleet, doors: ControlClient) -> tuple[int, int, float]:
    """Calls of a no-change plan, writes of the second apply, and the plan's seconds; the fleet is made first."""
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    cloud.plan(fleet)  # connections are open
    doors.clear_requests()
    plan = cloud.plan(fleet)
    calls = doors.count()["total"]
    doors.clear_requests()
    cloud.apply(plan)
    writes = doors.count()["writes"]
    return calls, writes, median(lambda: cloud.plan(fleet))
