"""What a cloud in memory measures, and what its policies do when they are executed."""

from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab import errors, metrics

STEPS = {"type": "step", "steps": [{"upper": 10, "change": 1}, {"lower": 10, "change": 2}]}
TRACKING = {"type": "target-tracking", "metric": "cpu", "target": 50}


def live_group(test_cloud, **fields):
    cloud = test_cloud.connect()
    cloud.apply(cloud.plan(make_fleet(make_group("web", schedules={}, **fields)))).raise_for_failures()
    return cloud.group("web")


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ("average", 30),
        ("minimum", 10),
        ("maximum", 50),
        ("sum", 150),
        ("count", 5),
        ("p50", 30),
        ("p95", 50),
        ("p0", 10),
    ],
)
def test_values_of_a_period_are_put_together(trimtab_memory, statistic, value):
    live = live_group(trimtab_memory)
    for number in (50, 10, 30, 20, 40):
        trimtab_memory.push(metrics.cpu, group="web", value=number)
    trimtab_memory.clock.advance(tt.minutes(1))
    assert live.datapoints(metrics.cpu, statistic=statistic).latest == value


def test_one_metric_is_not_another(trimtab_memory):
    """Neither of another name nor of another group."""
    live = live_group(trimtab_memory)
    trimtab_memory.push(metrics.memory, group="web", value=50)
    trimtab_memory.clock.advance(tt.minutes(1))
    assert live.datapoints(metrics.cpu).latest is None
    assert live.datapoints(metrics.memory).latest == 50


@pytest.mark.parametrize(("value", "size"), [(75, 3), (80, 4), (95, 4)])
def test_a_step_policy_goes_by_the_distance_from_the_threshold(trimtab_memory, value, size):
    live = live_group(trimtab_memory, policies={"steps": STEPS}, alarms={})
    live.execute("steps", value=value, threshold=70)
    assert live.read().desired == size


def test_a_policy_stays_within_the_bounds(trimtab_memory):
    live = live_group(trimtab_memory, policies={"leap": {"to": 99}}, alarms={})
    live.execute("leap")
    assert live.read().desired == 4


@pytest.mark.parametrize(
    ("policy", "value", "error"),
    [
        (STEPS, None, errors.InvalidRequest),
        ({"type": "step", "steps": [{"lower": 0, "change": 1}]}, 60, errors.InvalidRequest),
        (TRACKING, 60, errors.Unsupported),
    ],
)
def test_what_cannot_be_executed_is_said(trimtab_memory, policy, value, error):
    live = live_group(trimtab_memory, policies={"it": policy}, alarms={})
    with pytest.raises(error, match="'it'"):
        live.execute("it", value=value, threshold=70)
    assert live.read().desired == 2


def test_a_watch_looks_again_after_each_interval(trimtab_memory):
    """One look after the other, on the clock that was handed in."""
    fleet = make_fleet(make_group("web"))
    cloud = trimtab_memory.connect()
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    looks = cloud.watch(fleet).stream(tt.minutes(5))
    first, second = next(looks), next(looks)
    assert second.at - first.at == timedelta(minutes=5)


def test_nobody_waits_for_a_machine_s_clock():
    """Trying things out takes no minute: instances of a store of its own run at once."""

    class Restless(tt.SystemClock):
        def sleep(self, duration):
            raise AssertionError(f"slept {duration}")

    with tt.connect("memory", clock=Restless()) as cloud:
        cloud.apply(cloud.plan(make_fleet(make_group("web", schedules={})))).raise_for_failures()
        assert cloud.group("web").read().running == 2
