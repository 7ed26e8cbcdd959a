"""The strategies of the Nomad Autoscaler: its own test tables, and laws."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.engine.strategies import (
    ActionDirection,
    Strategy,
    StrategyAction,
    bounded,
    is_needed,
    remaining_cooldown,
    run,
    stronger,
    threshold,
    way_of_factor,
)

NONE = StrategyAction(ActionDirection.NONE)
SIX = [10] * 6


@pytest.mark.parametrize(
    ("count", "metric", "settings", "action"),
    [
        (2, 13, {"target": "13"}, NONE),
        (2, 26, {"target": "13"}, StrategyAction(ActionDirection.UP, 4)),
        (0, 20, {"target": "10"}, StrategyAction(ActionDirection.UP, 2)),
        (1, 9, {"target": "10"}, NONE),
        (0, 1, {"target": "0"}, StrategyAction(ActionDirection.UP, 1)),
        (5, 0, {"target": "0"}, StrategyAction(ActionDirection.DOWN, 0)),
        (8, 5.00001, {"target": "5"}, NONE),
        (8, 5.00001, {"target": "5", "threshold": "0.000001"}, StrategyAction(ActionDirection.UP, 9)),
        (1, 210, {"target": "50", "max_scale_up": "2"}, StrategyAction(ActionDirection.UP, 3)),
        (10, 5, {"target": "50", "max_scale_down": "2"}, StrategyAction(ActionDirection.DOWN, 8)),
        (0, 1, {"target": "10"}, StrategyAction(ActionDirection.UP, 1)),
        (0, 0, {"target": "10"}, NONE),
        (5, -10, {"target": "10"}, StrategyAction(ActionDirection.DOWN, 0)),
        (50, 55, {"target": "50"}, StrategyAction(ActionDirection.UP, 55)),
    ],
)
def test_target_value(count, metric, settings, action):
    assert run(Strategy.TARGET_VALUE, count, [99, metric], settings) == action


@pytest.mark.parametrize(
    ("count", "settings", "action"),
    [
        (1, {"delta": "1"}, StrategyAction(ActionDirection.UP, 2)),
        (1, {"delta": "-1"}, StrategyAction(ActionDirection.DOWN, 0)),
        (0, {"delta": "-1"}, NONE),
        (10, {"percentage": "30"}, StrategyAction(ActionDirection.UP, 13)),
        (10, {"percentage": "-30"}, StrategyAction(ActionDirection.DOWN, 7)),
        (50, {"percentage": "10"}, StrategyAction(ActionDirection.UP, 55)),
        (10, {"percentage": "0"}, NONE),
        (20, {"value": "10"}, StrategyAction(ActionDirection.DOWN, 10)),
        (1, {"value": "10"}, StrategyAction(ActionDirection.UP, 10)),
        (10, {"percentage": "-15"}, StrategyAction(ActionDirection.DOWN, 9)),
        (10, {"percentage": "-300"}, StrategyAction(ActionDirection.DOWN, 0)),
    ],
)
def test_threshold(count, settings, action):
    assert run(Strategy.THRESHOLD, count, SIX, {"lower_bound": "5", "upper_bound": "20", **settings}) == action


def test_a_threshold_wants_enough_points_within_its_bounds():
    """The lower bound is inside, the upper outside."""
    assert threshold(1, [10, 0, 0, 0, 0, 0], lower=5, upper=20, delta=1) is None
    assert threshold(1, [10, 0, 0, 0, 0, 0], lower=5, upper=20, delta=1, trigger=1) == StrategyAction(
        ActionDirection.UP, 2
    )
    assert threshold(1, [10, 10, 20, 20, 20], lower=10, upper=20, delta=1, trigger=2) == StrategyAction(
        ActionDirection.UP, 2
    )
    assert threshold(1, [10, 20, 20, 20, 20], lower=10, upper=20, delta=1, trigger=2) is None
    assert threshold(1, [10] * 5, upper=10, delta=1) is None
    assert threshold(1, [10] * 5, lower=10, delta=-1) == StrategyAction(ActionDirection.DOWN, 0)
    assert threshold(1, [], lower=10, delta=1, trigger=0) is None


def test_the_others_take_a_count_as_it_is():
    assert run(Strategy.PASS_THROUGH, 2, [7, 13], {}) == StrategyAction(ActionDirection.UP, 13)
    assert run(Strategy.PASS_THROUGH, 10, [], {}) is None
    assert run(Strategy.PASS_THROUGH, 2, [13], {"max_scale_up": "3"}) == StrategyAction(ActionDirection.UP, 5)
    assert run(Strategy.PASS_THROUGH, 10, [3], {"max_scale_down": "1"}) == StrategyAction(ActionDirection.DOWN, 9)
    assert run(Strategy.PASS_THROUGH, 10, [10], {}) == NONE
    assert run(Strategy.PASS_THROUGH, 2, [-1], {}) == StrategyAction(ActionDirection.DOWN, 0)
    assert run(Strategy.FIXED_VALUE, 2, [], {"value": "2"}) == NONE


@pytest.mark.parametrize(
    ("strategy", "settings", "words"),
    [
        (Strategy.TARGET_VALUE, {}, "missing required field `target`"),
        (Strategy.TARGET_VALUE, {"target": "x"}, r"invalid value for `target`: x \(string\)"),
        (Strategy.TARGET_VALUE, {"target": "0", "threshold": "x"}, "invalid value for `threshold`"),
        (Strategy.TARGET_VALUE, {"target": "0", "max_scale_down": "1.5"}, "invalid value for `max_scale_down`"),
        (Strategy.FIXED_VALUE, {}, "missing required field `value`"),
        (Strategy.THRESHOLD, {"delta": "1"}, 'either "lower_bound" or "upper_bound"'),
        (Strategy.THRESHOLD, {"upper_bound": "x"}, 'invalid value for "upper_bound"'),
        (Strategy.THRESHOLD, {"lower_bound": "5"}, 'either "delta", "percentage" or "value"'),
        (Strategy.THRESHOLD, {"lower_bound": "5", "delta": "1", "value": "2"}, "only one of"),
        (Strategy.THRESHOLD, {"lower_bound": "5", "within_bounds_trigger": "x"}, "within_bounds_trigger"),
        (Strategy.THRESHOLD, {"lower_bound": "5", "value": "-1"}, "negative"),
        (Strategy.THRESHOLD, {"lower_bound": "x", "delta": "1"}, 'invalid value for "lower_bound"'),
        (Strategy.THRESHOLD, {"lower_bound": "5", "delta": "1.5"}, '"delta" value 1.5 is not an integer'),
        (Strategy.THRESHOLD, {"lower_bound": "5", "percentage": "x"}, '"percentage" value x is not a number'),
        (Strategy.TARGET_VALUE, {"target": "inf"}, "invalid value for `target`"),
        (Strategy.TARGET_VALUE, {"target": "1", "max_scale_up": "-2"}, "0 or more, not -2"),
        (Strategy.FIXED_VALUE, {"value": "-1"}, "0 or more, not -1"),
    ],
)
def test_settings_are_refused_in_nomads_own_words(strategy, settings, words):
    with pytest.raises(ValueError, match=words):
        run(strategy, 1, [13], settings)


@pytest.mark.parametrize(
    ("count", "factor", "way"),
    [
        (0, 1, "up"),
        (0, 0, "none"),
        (5, 1, "none"),
        (4, 0.5, "down"),
        (5, 2, "up"),
        (5, 1.0001, "none"),
        (5, 1.02, "up"),
        (5, 0.99, "none"),
        (5, 0.98, "down"),
    ],
)
def test_ways(count, factor, way):
    assert way_of_factor(count, factor) == way


ACTIONS = st.builds(StrategyAction, st.sampled_from(ActionDirection), st.integers(0, 9))


@given(ACTIONS, ACTIONS)
def test_the_order_of_checks_does_not_matter(one, other):
    """The stronger way wins whichever comes first, and of two alike the larger count."""
    first, second = stronger(one, other), stronger(other, one)
    assert first.way == second.way
    if first.way in (ActionDirection.UP, ActionDirection.DOWN):
        assert first == second


def test_nothing_is_weaker_than_anything():
    down = StrategyAction(ActionDirection.DOWN, 2)
    assert stronger(None, down) == stronger(down, None) == down
    assert stronger(down, NONE) == NONE
    assert stronger(None, None) is None


def test_bounds_and_waits():
    assert [bounded(count, 5, 10) for count in (3, 7, 15, -1)] == [5, 7, 10, -1]
    assert remaining_cooldown(timedelta(minutes=20), timedelta(minutes=30)) == timedelta(minutes=-10)


@pytest.mark.parametrize("way", ActionDirection)
def test_only_another_size_with_a_way_is_needed(way):
    """An action without a way carries no size, so its 0 must not scale in."""
    assert is_needed(StrategyAction(way, 2), 1) is (way is not ActionDirection.NONE)
    assert not is_needed(StrategyAction(way, 1), 1)


@given(st.integers(0, 50), st.lists(st.floats(-10, 100), max_size=3), st.none() | st.integers(0, 9), st.integers(1, 20))
def test_no_step_is_larger_than_its_limit_and_no_count_below_0(count, metrics, limit, target):
    settings = {"target": str(target), **({} if limit is None else {"max_scale_up": str(limit)})}
    for strategy in (Strategy.TARGET_VALUE, Strategy.PASS_THROUGH):
        action = run(strategy, count, metrics, settings)
        if action is not None and action.way is not ActionDirection.NONE:
            assert action.size >= 0
            assert (action.size > count) is (action.way is ActionDirection.UP)
            assert limit is None or action.size <= count + limit
