"""Schedules as windows that raise a minimum: tables, and the law that they say what is in force."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import make_group
from tests.laws import examples
from trimtab.engine.crons import ended_by_cron
from trimtab.engine.schedules import in_force
from trimtab.engine.signals import Window, window_problem
from trimtab.engine.windows import Lowered, lowered_by, minimums_of, only_raises_minimum

ZONE = "Europe/Madrid"
NOW = datetime(2026, 3, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def group(**schedules):
    given = {name: {"zone": ZONE, **one} for name, one in schedules.items()}
    return make_group("web", capacity={"min": 2, "max": 12}, policies={}, alarms={}, schedules=given)


def windows(found):
    return [(one.name, one.cron, one.duration / HOUR, one.min) for one in found.windows]


def test_a_schedule_without_an_end_lasts_until_the_next():
    found = minimums_of(group(day={"cron": "0 8 * * 1-5", "min": 4}, night={"cron": "0 18 * * 1-5", "min": 2}), NOW)
    assert found.base == 2
    assert windows(found) == [("day", "0 8 * * 1-5", 10.0, 4)]


def test_windows_of_different_length_are_split():
    found = minimums_of(group(day={"cron": "0 8 * * *", "until": "0 20 * * 1-5", "min": 4}), NOW)
    assert windows(found) == [
        ("day", "0 8 * * 1-5", 12.0, 4),
        ("day-2", "0 8 * * 6", 60.0, 4),
        ("day-3", "0 8 * * 0", 36.0, 4),
    ]


def test_a_lower_minimum_turns_the_week_round():
    """Compute Engine only raises minimums: what is lower becomes the base, and the rest of the week is raised."""
    found = minimums_of(group(night={"cron": "0 22 * * *", "duration": "8h", "min": 1}), NOW)
    assert found.base == 1
    assert windows(found) == [("night", "0 6 * * *", 16.0, 2)]


def test_a_later_schedule_that_asks_for_less_cuts_the_earlier():
    found = minimums_of(
        group(
            day={"cron": "0 8 * * 1-5", "duration": "12h", "min": 8},
            lunch={"cron": "0 12 * * 1-5", "duration": "1h", "min": 4},
        ),
        NOW,
    )
    assert windows(found) == [
        ("day", "0 8 * * 1-5", 4.0, 8),
        ("lunch", "0 12 * * 1-5", 1.0, 4),
        ("day-2", "0 13 * * 1-5", 7.0, 8),
    ]


def test_a_window_that_opens_again_before_it_closed_stays_open():
    found = minimums_of(group(day={"cron": "30 0 * * 1-5", "duration": "30h", "min": 4}), NOW)
    assert windows(found) == [("day", "30 0 * * 1-5", 30.0, 4)]
    turned = minimums_of(group(day={"cron": "30 0 * * 1-5", "duration": "30h", "min": 1}), NOW)
    assert windows(turned) == [("day", "30 6 * * 6", 42.0, 2)]


def test_an_end_by_cron_is_only_given_where_windows_do_not_overlap():
    apart, overlapping = (
        group(day={"cron": "0 8 * * 1-5", "duration": duration, "min": 4}).schedules[0] for duration in ("10h", "25h")
    )
    assert ended_by_cron(apart).until == "0 18 * * 1-5"
    assert ended_by_cron(overlapping) == overlapping


def test_days_of_the_month_and_single_moments_are_taken_as_they_are():
    found = minimums_of(
        group(
            month={"cron": "0 22 1 * *", "duration": "8h", "min": 5},
            eve={"at": "2026-12-24T18:00:00", "duration": "6h", "min": 6},
        ),
        NOW,
    )
    assert windows(found) == [("month", "0 22 1 * *", 8.0, 5), ("eve", "0 18 24 12 * 2026", 6.0, 6)]


@pytest.mark.parametrize(
    "schedule",
    [
        {"cron": "0 8 1 * *", "min": 4},
        {"cron": "0 8 1 * *", "duration": "8h", "min": 1},
        {"cron": "0 8 * * 1", "duration": "2m", "min": 4},
        {"cron": "0 8 * * 1", "duration": "2h", "min": 4, "starts": "2026-12-24T18:00:00"},
    ],
)
def test_what_windows_cannot_say_is_refused(schedule):
    one = group(odd=schedule)
    assert not only_raises_minimum(one)
    with pytest.raises(ValueError, match="more than raise"):
        minimums_of(one, NOW)


def test_sizes_without_a_minimum_make_no_window():
    assert minimums_of(group(day={"cron": "0 8 * * 1-5", "max": 20}), NOW) == (2, ())


days = st.sampled_from(["*", "1-5", "6,0", "1,3,5"])
hours = st.integers(0, 23)
lasting = st.fixed_dictionaries({"cron": st.builds("0 {} * * {}".format, hours, days), "min": st.integers(1, 9)})
open_for = st.fixed_dictionaries(
    {
        "cron": st.builds("30 {} * * {}".format, hours, days),
        "min": st.integers(1, 9),
        "duration": st.sampled_from(["1h", "9h", "30h"]),
    }
)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.one_of(lasting, open_for), min_size=1, max_size=3))
def test_the_greatest_open_window_is_what_is_in_force(schedules):
    """In every half-hour of a week without clock changes, for any weekly schedules in one zone."""
    one = group(**{f"s{number}": schedule for number, schedule in enumerate(schedules)})
    found = minimums_of(one, NOW)
    kept = [(Window(cron=each.cron, zone=each.zone, duration=each.duration), each.min) for each in found.windows]
    assert not [problem for each, _ in kept if (problem := window_problem(each.cron, each.zone, each.duration))]
    moment = datetime(2027, 2, 1, tzinfo=UTC)
    for _ in range(7 * 48):
        moment += timedelta(minutes=30)
        greatest = max([found.base, *(low for window, low in kept if window.open_since(moment) is not None)])
        assert greatest == in_force(one, moment).min, moment


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(open_for, min_size=1, max_size=3))
def test_what_lowers_a_minimum_is_what_an_autoscaler_would_not_lower_as_it_is_written(schedules):
    """
    Every half-hour: the greatest minimum of the open windows and of the group's own against what is in force.

    https://cloud.google.com/compute/docs/autoscaler/scaling-schedules
    """
    one = group(**{f"s{number}": schedule for number, schedule in enumerate(schedules)})
    written = [(Window(cron=each.cron, zone=each.zone, duration=each.duration), each) for each in one.schedules]
    lowered = {}
    moment = datetime(2027, 2, 1, tzinfo=UTC)
    for _ in range(7 * 48):
        moment += timedelta(minutes=30)
        force = in_force(one, moment)
        kept = {2: "", **{each.min: each.name for window, each in written if window.open_since(moment) is not None}}
        if max(kept) > force.min:
            lowered.setdefault(force.because[-1], set()).add((force.min, max(kept)))
    found = lowered_by(one)
    assert {each.schedule for each in found} == set(lowered)
    for each in found:
        assert (each.min, each.kept) in lowered[each.schedule]


def test_what_lowers_a_minimum_names_what_would_keep_it():
    one = group(
        day={"cron": "0 8 * * 1-5", "duration": "12h", "min": 8},
        lunch={"cron": "0 12 * * 1-5", "duration": "1h", "min": 4},
        night={"cron": "0 22 * * *", "duration": "8h", "min": 1},
    )
    assert sorted(lowered_by(one)) == [Lowered("lunch", 4, 8, "day"), Lowered("night", 1, 2)]
