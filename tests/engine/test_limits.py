"""Waits, bounds, weights, zones: tables."""

import operator
from datetime import UTC, datetime, timedelta

import pytest

from trimtab.engine.limits import (
    Sizes,
    Trigger,
    cooldown_end,
    effective_refresh_warm_up,
    effective_warm_up,
    is_below_surplus,
    is_stopped,
    launch_time,
    least_cut,
    peak_floor,
    predicted_size,
    rebalance_maximum,
    scheduled_sizes,
    termination_problem,
    waits_for_cooldown,
    would_trip,
    zone_to_join,
    zone_to_leave,
)
from trimtab.models import AwsProcess, PredictiveMode

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_only_simple_scaling_waits():
    assert [one for one in Trigger if waits_for_cooldown(one)] == [Trigger.SIMPLE]
    assert waits_for_cooldown(Trigger.MANUAL, honor_cooldown=True)
    assert not waits_for_cooldown(Trigger.STEP, honor_cooldown=True)


def test_a_cooldown_begins_with_the_last_instance():
    assert cooldown_end([NOW, NOW + 9 * SECOND], 300 * SECOND) == NOW + 309 * SECOND


def test_a_warm_up_of_nothing_is_given():
    assert effective_warm_up(None, 0 * SECOND, 60 * SECOND) == 0 * SECOND
    assert effective_warm_up(None, None, 60 * SECOND) == 60 * SECOND
    assert effective_warm_up(None, None) == 300 * SECOND
    assert effective_refresh_warm_up(None, None, 120 * SECOND) == 120 * SECOND


@pytest.mark.parametrize(
    ("action", "sizes"),
    [
        ({"desired": 3}, (1, 5, 3)),
        ({"minimum": 3}, (3, 5, 3)),
        ({"maximum": 1}, (1, 1, 1)),
        ({"minimum": 0}, (0, 5, 2)),
        ({"minimum": 6, "maximum": 9}, (6, 9, 6)),
        ({"desired": 9}, (1, 5, 5)),
    ],
)
def test_scheduled_actions(action, sizes):
    assert scheduled_sizes(Sizes(1, 5, 2), **action) == sizes


def test_a_scheduled_action_keeps_the_bounds_in_order():
    with pytest.raises(ValueError, match="minimum of 6 above a maximum of 5"):
        scheduled_sizes(Sizes(1, 5, 2), minimum=6)


@pytest.mark.parametrize(("forecast", "size"), [(50, 50), (30, 40), (120, 100)])
def test_forecasts_scale_out_only(forecast, size):
    asked = {"low": 0, "high": 100}
    assert predicted_size(40, forecast, mode=PredictiveMode.FORECAST_AND_SCALE, **asked) == size
    assert predicted_size(40, forecast, mode=PredictiveMode.FORECAST_ONLY, **asked) == 40


def test_instances_start_before_their_hour():
    assert launch_time(NOW, 120 * SECOND) == NOW - 120 * SECOND
    assert launch_time(NOW, None) == NOW - 300 * SECOND


@pytest.mark.parametrize(("maximum", "beyond"), [(1, 2), (9, 10), (10, 11), (19, 20), (20, 22)])
def test_rebalancing_may_pass_the_maximum(maximum, beyond):
    assert rebalance_maximum(maximum) == beyond


def test_weights():
    assert is_below_surplus(2, running=13, desired=10)
    assert not is_below_surplus(3, running=13, desired=10)
    assert not is_below_surplus(0, running=13, desired=10)


def test_scale_in_control_of_a_peak():
    assert peak_floor(70, limit=20) == 50
    assert peak_floor(70, percent=10) == 63
    assert peak_floor(5, limit=20) == 0


@pytest.mark.parametrize(
    ("value", "current", "smaller", "breaches", "trips"),
    [
        (25, 4, 2, operator.gt, False),
        (25, 4, 2, operator.ge, True),
        (26, 4, 2, operator.gt, True),
        (100 / 3, 3, 2, operator.gt, False),
        (100 / 3, 3, 2, operator.ge, True),
        (0.1, 1, 0, operator.gt, True),
        (0, 1, 0, operator.gt, False),
    ],
)
def test_an_estimate_that_meets_the_threshold_but_for_rounding_meets_it(value, current, smaller, breaches, trips):
    assert would_trip(value, current, smaller, 50, breaches) is trips


def test_the_least_cut_that_does_not_trip():
    assert least_cut(5, 10, lambda size: size < 8) == 8
    assert least_cut(5, 10, lambda size: size < 10) is None
    assert least_cut(5, 10, lambda size: False) == 5


def test_zones():
    assert zone_to_leave({"a": 2, "b": 3}) == "b"
    assert zone_to_join({"b": 1, "a": 1, "c": 2}) == "a"


@pytest.mark.parametrize(
    ("policies", "word"),
    [
        (["OldestInstance", "Default"], None),
        ([], None),
        (["Default", "OldestInstance"], "is not the last termination policy"),
        (["arn:aws:lambda:eu-west-1:123456789012:function:pick", "Default"], None),
        (["Default", "arn:aws:lambda:eu-west-1:123456789012:function:pick"], "is not the last termination policy"),
        (["OldestInstance", "arn:aws:lambda:eu-west-1:123456789012:function:pick"], "is not the first"),
        (["Oldest"], "'Oldest'"),
    ],
)
def test_termination_policies(policies, word):
    problem = termination_problem(policies)
    assert problem is None if word is None else word in str(problem)


def test_suspended_processes():
    stopped = {process: [one for one in Trigger if is_stopped(one, [process])] for process in AwsProcess}
    assert stopped[AwsProcess.ALARM_NOTIFICATION] == [Trigger.SIMPLE, Trigger.STEP, Trigger.TARGET_TRACKING]
    assert stopped[AwsProcess.SCHEDULED_ACTIONS] == [Trigger.SCHEDULE]
    assert Trigger.SCALE_OUT in stopped[AwsProcess.LAUNCH]
    assert Trigger.SCALE_IN in stopped[AwsProcess.TERMINATE]
    assert stopped[AwsProcess.HEALTH_CHECK] == []
