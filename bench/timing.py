"""How long something takes."""

import statistics
import time
from collections.abc import Callable
from typing import Any


def timed(job: Callable[[], Any]) -> float:
    """Seconds that `job` takes."""
    begin = time.perf_counter()
    job()
    return time.perf_counter() - begin


def median(job: Callable[[], Any], times: int = 3) -> float:
    """Median seconds of so many runs."""
    return statistics.median(timed(job) for _ in range(times))
