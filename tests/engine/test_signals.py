"""The signals of Compute Engine: its worked examples, and laws."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.engine.signals import (
    ScalingMode,
    Signal,
    SignalType,
    Window,
    can_reach_zero,
    combined_forecast,
    controlled,
    enacted,
    recommended_size,
    stabilization_period,
    stabilized,
    window_problem,
    years_of,
)
from trimtab.engine.values import Sized

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_largest_signal_counts():
    """The worked example of Use an autoscaling policy with multiple signals."""
    signals = [
        Signal(type=SignalType.CPU, value=0.5, target=0.8),
        Signal(type=SignalType.LOAD_BALANCING, value=0.4, target=0.6),
        Signal(type=SignalType.METRIC, value=1100, target=1000),
        Signal(type=SignalType.METRIC, value=2700, target=2000),
    ]
    sizes = [signal.needed(10) for signal in signals]
    assert sizes == [7, 7, 11, 14]
    assert recommended_size(sizes, [15], low=1, high=50) == 15
    assert recommended_size(sizes, low=1, high=12) == 12


def test_sizes_are_exact():
    assert Signal(type=SignalType.CPU, value=0.3, target=0.1).needed(1) == 3
    assert Signal(type=SignalType.PER_GROUP, value=0.7, assignment=0.1).needed(9) == 7


def test_a_signal_needs_something_to_go_by():
    with pytest.raises(ValueError, match="target"):
        Signal(type=SignalType.CPU, value=0.3).needed(1)


def test_scale_in_goes_to_the_peak_of_the_window():
    history = [Sized(NOW - 12 * MINUTE, 20), Sized(NOW - 5 * MINUTE, 12), Sized(NOW, 8)]
    assert stabilized(20, 8, history, window=10 * MINUTE, now=NOW) == 12
    assert stabilized(10, 8, history, window=10 * MINUTE, now=NOW) == 10
    assert stabilized(10, 14, history, window=10 * MINUTE, now=NOW) == 14
    assert stabilization_period(60 * timedelta(seconds=1)) == 10 * MINUTE
    assert stabilization_period(15 * MINUTE) == 15 * MINUTE
    assert stabilization_period(15 * MINUTE, MINUTE) == MINUTE


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 20))
def test_control_never_turns_a_change_round(current, wanted, peak, limit):
    size = controlled(current, wanted, peak=max(peak, current), limit=limit)
    assert min(current, wanted) <= size <= max(current, wanted)
    assert size >= wanted


def test_scale_in_control():
    assert controlled(70, 20, peak=70, limit=20) == 50
    assert controlled(70, 20, peak=70, percent=10) == 63
    assert controlled(50, 20, peak=70, limit=20) == 50
    assert controlled(70, 20, peak=70) == 20


def test_modes():
    assert [enacted(mode, 10, 7) for mode in ScalingMode] == [7, 10, 10]
    assert [enacted(mode, 10, 14) for mode in ScalingMode] == [14, 14, 10]


def test_nothing_is_left_only_where_no_signal_needs_an_instance():
    assert can_reach_zero([SignalType.PER_GROUP], low=0)
    assert not can_reach_zero([SignalType.PER_GROUP, SignalType.CPU], low=0)
    assert not can_reach_zero([SignalType.PER_GROUP], low=0, schedules=[1])
    assert not can_reach_zero([SignalType.PER_GROUP], low=1)
    assert can_reach_zero([], low=0)


def test_a_forecast_only_adds():
    assert combined_forecast(12, 9) == 12
    assert combined_forecast(9, 12) == 12
    assert combined_forecast(9, None) == 9


def test_windows_open_and_close():
    """Every Monday through Friday from 8:30 to 17:00; the end is outside."""
    window = Window(cron="30 8 * * Mon-Fri", duration=timedelta(seconds=30_600))
    assert window.open_since(NOW) == NOW.replace(hour=8, minute=30)
    assert window.open_since(NOW.replace(hour=17)) is None
    assert window.open_since(NOW + timedelta(days=5)) is None


def test_a_window_made_while_it_would_be_open_is_open_at_once():
    """Made at 15:00 to run every day from 14:00 for three hours (Scaling based on schedules)."""
    made = NOW.replace(hour=15)
    window = Window(cron="0 14 * * *", duration=timedelta(hours=3), created=made)
    assert window.open_since(made - MINUTE) is None
    assert window.open_since(made) == NOW.replace(hour=14)
    assert window.open_since(NOW.replace(hour=17)) is None


def test_a_year_makes_it_happen_once():
    window = Window(cron="0 0 30 1 * 2030", zone="America/New_York", duration=timedelta(days=1))
    assert window.open_since(datetime(2030, 1, 31, 4, 59, 59, tzinfo=UTC)) is not None
    assert window.open_since(datetime(2030, 1, 31, 5, tzinfo=UTC)) is None
    assert window.open_since(datetime(2031, 1, 30, 12, tzinfo=UTC)) is None
    assert list(years_of("2026-2028,2030")) == [2026, 2027, 2028, 2030]
    assert 2032 in years_of("2026/2")
    assert 2031 not in years_of("2026/2")


@pytest.mark.parametrize(
    ("cron", "zone", "seconds", "words"),
    [
        ("0 8 * * *", "UTC", 300, None),
        ("0 8 * * * 2030", "UTC", 300, None),
        (None, "UTC", 299, "300 s or more"),
        ("0 8 * * *", "Mars/Base", 300, "not an IANA"),
        ("0 8 * *", "UTC", 300, "4 fields"),
        ("61 8 * * *", "UTC", 300, "is not cron"),
        ("0 8 * * * soon", "UTC", 300, "is not cron"),
        ("0 8 * * * 2030-2026", "UTC", 300, "the earlier one first"),
        ("0 8 * * * 30", "UTC", 300, "1970 to 2099"),
        ("0 8 * * * 2026/0", "UTC", 300, "is not cron"),
        ("0 8 * * * 2026 1", "UTC", 300, "7 fields"),
    ],
)
def test_what_a_schedule_may_be(cron, zone, seconds, words):
    problem = window_problem(cron, zone, timedelta(seconds=seconds))
    assert problem is None if words is None else words in str(problem)
