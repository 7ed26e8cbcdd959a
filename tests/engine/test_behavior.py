"""How fast a size may change, and which recommendation of a while counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.engine.behavior import (
    DEFAULT_BEHAVIOR,
    DEFAULT_IN,
    DEFAULT_OUT,
    Behavior,
    Limited,
    LimitReason,
    LimitUnit,
    ScaleEvent,
    ScalingLimit,
    ScalingRules,
    SelectPolicy,
    allowed_size,
    change_within,
    limit_by_behavior,
    limit_by_default,
    pick_recommendation,
    scale_in_limit,
    scale_out_limit,
    stabilized_in,
    stabilized_size,
)
from trimtab.engine.policies import Direction
from trimtab.engine.values import Sized

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OK, MANY, FEW = LimitReason.WITHIN_RANGE, LimitReason.TOO_MANY, LimitReason.TOO_FEW
FAST_OUT, FAST_IN = LimitReason.SCALE_OUT_LIMIT, LimitReason.SCALE_IN_LIMIT


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def pods(value, period=60):
    return ScalingLimit(LimitUnit.PODS, value, timedelta(seconds=period))


def percent(value, period=60):
    return ScalingLimit(LimitUnit.PERCENT, value, timedelta(seconds=period))


def behavior(out=None, in_=None):
    return Behavior(
        scale_out=replace(DEFAULT_OUT, limits=out) if out else DEFAULT_OUT,
        scale_in=replace(DEFAULT_IN, limits=in_) if in_ else DEFAULT_IN,
    )


def spread(changes, over=120):
    """Events in the middle of as many equal parts of the time that ends now."""
    part = over / len(changes)
    return [ScaleEvent(ago(over - part * (index + 0.5)), change) for index, change in enumerate(changes)]


def asked(*pairs):
    return [Sized(ago(seconds), size) for size, seconds in pairs]


# (current, wanted, low, high), limits out, limits in, events, (size, reason); TestScalingWithRules of Kubernetes
PUBLISHED_LIMITS = {
    "within range": ((5, 7, 3, 8), None, None, (), (7, OK)),
    "below the minimum": ((3, 1, 2, 8), None, None, (), (2, FEW)),
    "to zero": ((1, 0, 0, 10), None, None, (), (0, OK)),
    "maximum below the limit": ((20, 1000, 1, 10), None, None, (), (10, MANY)),
    "above the maximum": ((100, 1000, 100, 150), None, None, (), (150, MANY)),
    "1 percent of 3 is one pod": ((3, 1000, 1, 2000), (percent(1),), None, (), (4, FAST_OUT)),
    "20 pods less": ((1000, 3, 3, 2000), None, (pods(20),), (), (980, FAST_IN)),
    "out by default": ((10, 50, 1, 1000), None, None, (), (20, FAST_OUT)),
    "out, pods larger": ((10, 500, 1, 1000), (pods(100), percent(100)), None, (), (110, FAST_OUT)),
    "out, percent larger": ((10, 500, 1, 1000), (pods(2), percent(100)), None, (), (20, FAST_OUT)),
    "out, large pods": ((10, 50, 1, 1000), (pods(100),), None, (), (50, OK)),
    "out, larger pods": ((10, 50, 1, 1000), (pods(10000),), None, (), (50, OK)),
    "out by pods": ((10, 50, 1, 1000), (pods(30),), None, (), (40, FAST_OUT)),
    "out by percent": ((10, 50, 1, 1000), (percent(200),), None, (), (30, FAST_OUT)),
    "in, 20 pods or 1 percent": ((100, 2, 1, 1000), None, (pods(20), percent(1)), (), (80, FAST_IN)),
    "in, 2 pods or 1 percent": ((100, 2, 1, 1000), None, (pods(2), percent(1)), (), (98, FAST_IN)),
    "in, large pods": ((10, 0, 1, 1000), None, (pods(100),), (), (1, FEW)),
    "in, all of it": ((10, 2, 5, 1000), None, (percent(100),), (), (5, FEW)),
    "in by pods": ((10, 2, 1, 1000), None, (pods(5),), (), (5, FAST_IN)),
    "in by percent": ((10, 5, 1, 1000), None, (percent(50),), (), (5, OK)),
    "out, 300 pods, events": ((100, 500, 1, 200), (pods(300),), None, (1, 5, 9), (200, MANY)),
    "out, much percent, events": ((100, 500, 1, 200), (percent(10000),), None, (1, 5, 9), (200, MANY)),
    "out, spent": ((100, 500, 1, 1000), (pods(5, 120),), None, (1, 5, 9), (100, FAST_OUT)),
    "out, pods and events": ((100, 500, 1, 1000), (pods(150, 120),), None, (1, 5, 9), (235, FAST_OUT)),
    "out, percent and events": ((100, 500, 1, 1000), (percent(200, 120),), None, (1, 5, 9), (255, FAST_OUT)),
    "out, events of both": ((6, 24, 1, 1000), (percent(300, 300),), None, (4, -2), (16, FAST_OUT)),
    "in, default, events": ((10, 5, 1, 1000), None, None, (-1, -5, -9), (5, OK)),
    "in, 115 pods, events": ((100, 0, 1, 1000), None, (pods(115, 120),), (-1, -5, -9), (1, FEW)),
    "in, 130 pods, events": ((100, 0, 5, 1000), None, (pods(130, 120),), (-1, -5, -9), (5, FEW)),
    "in, all of it, events": ((100, 2, 5, 1000), None, (percent(100, 120),), (-1, -5, -9), (5, FEW)),
    "in, spent by pods": ((100, 2, 1, 1000), None, (pods(5, 120),), (-1, -5, -9), (100, FAST_IN)),
    "in, half, events": ((100, 0, 1, 1000), None, (percent(50, 120),), (-2, -4, -6), (56, FAST_IN)),
    "in, events of both": ((10, 1, 1, 1000), None, (percent(50, 180),), (2, -4), (6, FAST_IN)),
    "in, spent by percent": ((100, 0, 1, 1000), None, (percent(10, 120),), (-10, -10, -10), (100, FAST_IN)),
    "in, more than all": ((10, 5, 1, 1000), None, (percent(1000, 120),), (-10, -10, -10), (5, OK)),
    "out, old events": ((100, 200, 1, 1000), (pods(1000),), None, (8, 12, 9, 11), (200, OK)),
    "out, two periods": ((100, 200, 1, 1000), (pods(1000, 120), percent(100)), None, (8, 12, 9, 11), (200, OK)),
    "in, old events": ((100, 5, 1, 1000), None, (pods(1000),), (-8, -12, -9, -11), (5, OK)),
    "in, two periods": ((100, 5, 1, 1000), None, (pods(1000, 30), percent(100)), (-8, -12, -9, -11), (5, OK)),
}


@pytest.mark.parametrize(
    ("sizes", "out", "in_", "changes", "expected"), PUBLISHED_LIMITS.values(), ids=PUBLISHED_LIMITS
)
def test_published_limits(sizes, out, in_, changes, expected):
    current, wanted, low, high = sizes
    events = spread(changes) if changes else ()
    found = limit_by_behavior(current, wanted, behavior(out, in_), low=low, high=high, events=events, now=NOW)
    assert found == expected


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((5, 7, 3, 8), (7, OK)),
        ((3, 1, 2, 8), (2, FEW)),
        ((1, 0, 0, 10), (0, OK)),
        ((20, 1000, 1, 10), (10, MANY)),
        ((3, 1000, 1, 2000), (6, FAST_OUT)),
        ((0, 1000, 0, 2000), (4, FAST_OUT)),
        ((1, 1000, 1, 2000), (4, FAST_OUT)),
        ((5, 1000, 1, 10), (10, MANY)),
    ],
)
def test_without_behavior_a_size_at_most_doubles(sizes, expected):
    """TestConvertDesiredReplicasWithRules of Kubernetes, and the edges around 4."""
    current, wanted, low, high = sizes
    assert limit_by_default(current, wanted, low=low, high=high) == expected


def test_the_bound_is_named_where_it_and_a_limit_are_the_same():
    assert limit_by_behavior(10, 50, low=1, high=20, now=NOW) == Limited(20, MANY)
    assert limit_by_behavior(10, 1, behavior(in_=(pods(5),)), low=5, high=20, now=NOW) == Limited(5, FEW)


SMALLEST = (pods(2), percent(50))


@pytest.mark.parametrize(
    ("select", "out", "in_"),
    [(SelectPolicy.MIN, 2, 3), (SelectPolicy.MAX, 3, 2), (SelectPolicy.DISABLED, 1, 5)],
)
def test_select_policy(select, out, in_):
    """The smallest change, the largest, or none (TestCalculateScaleUpLimitWithScalingRules and its twin)."""
    rules = ScalingRules(limits=SMALLEST, select=select)
    assert scale_out_limit(1, rules, now=NOW) == out
    assert scale_in_limit(5, rules, now=NOW) == in_


def test_disabled_needs_no_limits():
    rules = ScalingRules(limits=(), select=SelectPolicy.DISABLED)
    closed = Behavior(scale_out=rules, scale_in=rules)
    assert allowed_size(7, 100, closed, now=NOW) == 7
    assert allowed_size(7, 0, closed, now=NOW) == 7


def test_fractions_are_exact():
    """10 per cent more than 50 is 55, though 50 x 1.1 is a little more in binary; 90 per cent of 10 leaves one."""
    assert scale_out_limit(50, replace(DEFAULT_OUT, limits=(percent(10),)), now=NOW) == 55
    assert scale_in_limit(10, replace(DEFAULT_IN, limits=(percent(90),)), now=NOW) == 1


def test_a_fraction_counts_for_the_change():
    """Out and in, a part of a pod is one more pod that may change (README of the scaling semantics, section 3)."""
    assert scale_out_limit(3, replace(DEFAULT_OUT, limits=(percent(10),)), now=NOW) == 4
    assert scale_in_limit(3, replace(DEFAULT_IN, limits=(percent(10),)), now=NOW) == 2


def test_a_scale_in_stops_at_nothing():
    assert scale_in_limit(3, replace(DEFAULT_IN, limits=(pods(10),)), now=NOW) == 0


def test_defaults_are_the_documented_ones():
    assert DEFAULT_BEHAVIOR.scale_out == ScalingRules(limits=(pods(4, 15), percent(100, 15)))
    assert DEFAULT_BEHAVIOR.scale_in == ScalingRules(limits=(percent(100, 15),), window=timedelta(minutes=5))


@pytest.mark.parametrize(("start", "sizes"), [(80, [72, 64, 57, 51, 45, 40, 36, 32, 28])])
def test_the_documented_scale_in(start, sizes):
    """10 per cent or 4 pods a minute, from 80 down: the example of the page, minute by minute."""
    rules = behavior(in_=(pods(4), percent(10)))
    current, found, events = start, [], []
    for minute in range(len(sizes)):
        now = NOW + timedelta(minutes=minute)
        size = allowed_size(current, 10, rules, events=events, now=now)
        events.append(ScaleEvent(now, size - current))
        current = size
        found.append(size)
    assert found == sizes


@pytest.mark.parametrize(
    ("events", "change"),
    [
        ([], 0),
        ([(5, 61)], 0),
        ([(7, 58)], 7),
        ([(7, 61), (6, 59)], 6),
        ([(8, 29), (6, 59), (7, 61), (9, 61)], 14),
        ([(7, 58), (6, 59)], 13),
        ([(7, 60)], 0),
        ([(7, 0), (-3, 10)], 4),
    ],
)
def test_change_within_a_minute(events, change):
    """TestStoreScaleEvents of Kubernetes; exactly a minute ago is outside, and changes back count."""
    assert change_within([ScaleEvent(ago(at), by) for by, at in events], timedelta(minutes=1), now=NOW) == change


@pytest.mark.parametrize(
    ("current", "wanted", "before", "out", "in_", "size"),
    [
        (100, 5, [], 0, 0, 5),
        (100, 3, [(4, 120), (5, 60)], 0, 180, 5),
        (1, 7, [(4, 120), (5, 60)], 300, 0, 4),
        (100, 3, [(1, 120), (2, 60)], 300, 0, 3),
        (1, 3, [(4, 120), (5, 60)], 0, 300, 3),
        (100, 3, [(10, 600), (9, 540)], 0, 0, 3),
        (1, 100, [(10, 600), (9, 540)], 0, 0, 100),
        (100, 3, [(10, 600), (4, 60), (5, 120), (9, 540)], 0, 180, 5),
        (1, 100, [(10, 6000), (6, 60), (5, 120), (9, 180)], 300, 0, 5),
        (2, 1, [(2, 6000), (3, 180)], 300, 300, 2),
        (2, 3, [(2, 6000), (1, 180)], 300, 300, 2),
        (100, 3, [(9, 180)], 0, 180, 3),
    ],
)
def test_windows(current, wanted, before, out, in_, size):
    """TestNormalizeDesiredReplicasWithBehavior of Kubernetes; exactly a window ago is outside."""
    windows = {"window_out": timedelta(seconds=out), "window_in": timedelta(seconds=in_)}
    assert stabilized_size(current, wanted, asked(*before), **windows, now=NOW) == size


@pytest.mark.parametrize(
    ("wanted", "before", "size"),
    [
        (5, [], 5),
        (3, [(4, 120), (5, 60)], 5),
        (3, [(1, 120), (2, 60)], 3),
        (3, [(10, 600), (9, 540)], 3),
        (3, [(10, 600), (4, 60), (5, 120), (9, 540)], 5),
        (3, [(10, 300)], 10),
    ],
)
def test_the_default_window(wanted, before, size):
    """TestNormalizeDesiredReplicas of Kubernetes; exactly 300 s ago is inside."""
    assert stabilized_in(wanted, asked(*before), now=NOW) == size


@pytest.mark.parametrize(
    ("current", "recommended", "direction", "size"),
    [
        (10, [10, 9, 8, 9, 9, 8, 9, 8, 9, 8], Direction.IN, 10),
        (10, [9, 8, 9, 9, 8, 9, 8, 9, 8, 9], Direction.IN, 9),
        (10, [12, 9], Direction.IN, 10),
        (2, [5, 4, 7], Direction.OUT, 4),
        (2, [5, 1, 7], Direction.OUT, 2),
        (2, [], Direction.OUT, 2),
        (2, [], Direction.IN, 2),
        (2, [5], Direction.NONE, 2),
    ],
)
def test_pick_recommendation(current, recommended, direction, size):
    assert pick_recommendation(current, recommended, direction=direction) == size


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: pods(-1), "0 or more"),
        (lambda: pods(1, 0), "a second or more"),
        (lambda: ScalingRules(limits=()), "give a limit, or select"),
        (lambda: ScalingRules(limits=(pods(1),), window=timedelta(seconds=-1)), "below 0"),
    ],
)
def test_nonsense_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


# laws

SIZES = st.integers(0, 500)
LIMITS = st.builds(
    ScalingLimit,
    st.sampled_from(LimitUnit),
    st.integers(0, 300),
    st.integers(1, 600).map(lambda seconds: timedelta(seconds=seconds)),
)
RULES = st.builds(
    ScalingRules, limits=st.lists(LIMITS, min_size=1, max_size=3).map(tuple), select=st.sampled_from(SelectPolicy)
)
BEHAVIORS = st.builds(Behavior, scale_out=RULES, scale_in=RULES)
EVENTS = st.lists(st.builds(ScaleEvent, st.integers(0, 900).map(ago), st.integers(-50, 50)), max_size=5)
MANUAL_SIZE_SCHEDULE = st.lists(st.builds(Sized, st.integers(0, 900).map(ago), SIZES), max_size=6)
WINDOWS = st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds))


@given(SIZES, SIZES, BEHAVIORS, EVENTS)
def test_limits_never_turn_a_change_round_nor_add_to_it(current, wanted, rules, events):
    size = allowed_size(current, wanted, rules, events=events, now=NOW)
    assert min(current, wanted) <= size <= max(current, wanted)


@given(SIZES, SIZES, BEHAVIORS, EVENTS, st.integers(0, 250), st.integers(250, 500))
def test_bounds_hold_and_a_reason_is_given_where_the_size_is_not_the_wanted_one(
    current, wanted, rules, events, low, high
):
    current = min(max(current, low), high)
    size, reason = limit_by_behavior(current, wanted, rules, low=low, high=high, events=events, now=NOW)
    assert low <= size <= high or (size == wanted == current)
    assert (size == wanted) == (reason is LimitReason.WITHIN_RANGE)
    inside = min(max(allowed_size(current, wanted, rules, events=events, now=NOW), low), high)
    assert size == inside


@given(SIZES, RULES, EVENTS)
def test_the_smallest_change_is_never_more_than_the_largest(current, rules, events):
    least, most = replace(rules, select=SelectPolicy.MIN), replace(rules, select=SelectPolicy.MAX)
    given_events = {"events": events, "now": NOW}
    assert scale_out_limit(current, least, **given_events) <= scale_out_limit(current, most, **given_events)
    assert scale_in_limit(current, least, **given_events) >= scale_in_limit(current, most, **given_events)


@given(SIZES, SIZES, MANUAL_SIZE_SCHEDULE, WINDOWS, WINDOWS)
def test_windows_never_turn_a_change_round_nor_add_to_it(current, wanted, before, out, in_):
    size = stabilized_size(current, wanted, before, window_out=out, window_in=in_, now=NOW)
    assert min(current, wanted) <= size <= max(current, wanted)


@given(SIZES, SIZES, MANUAL_SIZE_SCHEDULE)
def test_without_windows_the_wanted_size_is_reached(current, wanted, before):
    nothing = timedelta(0)
    assert stabilized_size(current, wanted, before, window_out=nothing, window_in=nothing, now=NOW) == wanted
