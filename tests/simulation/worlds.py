"""Groups and loads of the tests of simulation, and when two simulations are the same."""

from datetime import UTC, datetime, timedelta

import trimtab as tt
from tests.conftest import make_group

START = datetime(2026, 3, 6, 7, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROWS = (
    *("load", "wanted", "running", "in_service", "capacity", "served", "lost", "backlog", "utilization", "latency"),
    *("spot", "interrupted"),
)


def steps(*levels, start=START):
    return tt.Load.steps([(minutes * MINUTE, rate) for minutes, rate in levels], start=start)


def hold(target=50, **fields):
    policy = {"hold": {"type": "target-tracking", "metric": "cpu", "target": target}}
    return make_group(
        **{"policies": policy, "alarms": {}, "schedules": {}, "capacity": {"min": 1, "max": 20}, **fields}
    )


def same(one, other):
    import numpy as np

    for name in ROWS:
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name
    for name, states in one.alarms.items():
        assert np.array_equal(states, other.alarms[name]), name
