"""Which Azure autoscale profile is active: published settings, edges of time, a law against a plain search."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.engine.profiles import (
    FixedDate,
    Profile,
    Recurrence,
    Weekday,
    active_profile,
)

CHISINAU, PACIFIC = "Europe/Chisinau", "America/Los_Angeles"
SATURDAY, SUNDAY, MONDAY, THURSDAY = Weekday.SATURDAY, Weekday.SUNDAY, Weekday.MONDAY, Weekday.THURSDAY
EVERY_DAY = tuple(Weekday)


def recurring(name, zone, days, hour, minute=0):
    return Profile(name, recurrence=Recurrence(zone, tuple(days), (hour,), (minute,)))


def fixed(name, zone, start, end):
    edges = [datetime.fromisoformat(edge).replace(tzinfo=ZoneInfo(zone)) for edge in (start, end)]
    return Profile(name, fixed_date=FixedDate(*edges))


def name_at(profiles, at):
    found = active_profile(profiles, datetime.fromisoformat(at))
    return found.name if found else None


REGULAR = Profile("regular")
WEEKEND = [
    recurring("weekend", CHISINAU, [SATURDAY, SUNDAY], 6),
    recurring("after weekend", CHISINAU, [SATURDAY, SUNDAY], 19),
]
CONTIGUOUS = [recurring("weekday", CHISINAU, [MONDAY], 4), recurring("weekend", CHISINAU, [SATURDAY], 0, 1)]
THURSDAYS = [recurring("thursdays", PACIFIC, [THURSDAY], 6), recurring("default", PACIFIC, [THURSDAY], 22, 50)]
EVENT = fixed("event", PACIFIC, "2017-12-26T00:00", "2017-12-26T23:59")


@pytest.mark.parametrize(
    ("profiles", "at", "name"),
    [
        ([REGULAR, EVENT], "2017-12-26T07:59:59Z", "regular"),
        ([REGULAR, EVENT], "2017-12-26T08:00Z", "event"),
        ([REGULAR, EVENT], "2017-12-27T07:58:59Z", "event"),
        ([REGULAR, EVENT], "2017-12-27T07:59Z", "regular"),
        (WEEKEND, "2026-01-10T03:59Z", "after weekend"),
        (WEEKEND, "2026-01-10T04:00Z", "weekend"),
        (WEEKEND, "2026-01-10T16:59Z", "weekend"),
        (WEEKEND, "2026-01-10T17:00Z", "after weekend"),
        (WEEKEND, "2026-01-11T10:00Z", "weekend"),
        (WEEKEND, "2026-01-14T10:00Z", "after weekend"),
        (WEEKEND, "2026-07-11T02:59Z", "after weekend"),
        (WEEKEND, "2026-07-11T03:00Z", "weekend"),
        (CONTIGUOUS, "2026-01-09T22:00Z", "weekday"),
        (CONTIGUOUS, "2026-01-09T22:01Z", "weekend"),
        (CONTIGUOUS, "2026-01-12T01:59Z", "weekend"),
        (CONTIGUOUS, "2026-01-12T02:00Z", "weekday"),
        (THURSDAYS, "2026-03-05T13:59Z", "default"),
        (THURSDAYS, "2026-03-05T14:00Z", "thursdays"),
        (THURSDAYS, "2026-03-06T06:49Z", "thursdays"),
        (THURSDAYS, "2026-03-06T06:50Z", "default"),
        (THURSDAYS, "2026-03-12T13:00Z", "thursdays"),
    ],
)
def test_published_settings(profiles, at, name):
    assert name_at(profiles, at) == name


def test_fixed_dates_come_before_recurrences_and_those_before_the_default():
    event = fixed("event", CHISINAU, "2026-01-10T00:00", "2026-01-10T23:59")
    profiles = [REGULAR, *WEEKEND, event]
    assert name_at(profiles, "2026-01-10T06:00Z") == "event"
    assert name_at(profiles, "2026-01-11T06:00Z") == "weekend"
    assert name_at(profiles, "2026-01-14T06:00Z") == "after weekend"
    assert name_at([REGULAR, event], "2026-01-14T06:00Z") == "regular"


def test_the_first_of_those_that_match_counts():
    longer = fixed("longer", PACIFIC, "2017-12-25T00:00", "2017-12-28T00:00")
    assert name_at([longer, EVENT], "2017-12-26T12:00Z") == "longer"
    assert name_at([EVENT, longer], "2017-12-26T12:00Z") == "event"
    together = [recurring("one", "UTC", [MONDAY], 4), recurring("other", "UTC", [MONDAY], 4)]
    assert name_at(together, "2026-01-06T00:00Z") == "one"
    assert name_at(together[::-1], "2026-01-06T00:00Z") == "other"


def test_a_recurrence_alone_lasts_until_it_comes_again():
    assert name_at([REGULAR, CONTIGUOUS[0]], "2026-01-11T00:00Z") == "weekday"


def test_without_a_match_no_profile_rules():
    assert name_at([EVENT], "2020-01-01T00:00Z") is None
    assert name_at([], "2020-01-01T00:00Z") is None


def test_a_recurrence_beside_a_fixed_date_is_not_used():
    both = Profile("both", recurrence=WEEKEND[0].recurrence, fixed_date=EVENT.fixed_date)
    assert not both.is_default
    assert name_at([both, REGULAR], "2026-01-10T05:00Z") == "regular"


def test_several_hours_and_minutes_start_at_each_pair():
    often = Profile("often", recurrence=Recurrence("UTC", (MONDAY, SUNDAY), (18, 6), (30, 0)))
    assert often.recurrence is not None
    assert often.recurrence.cron == "0,30 6,18 * * 1,7"


NIGHT = [recurring("night", "Europe/Berlin", EVERY_DAY, 2, 30), recurring("day", "Europe/Berlin", EVERY_DAY, 8)]


@pytest.mark.parametrize(
    ("at", "name"),
    [
        ("2026-03-29T00:59Z", "day"),
        ("2026-03-29T01:00Z", "night"),  # 02:30 is not on the clock: right after the gap
        ("2026-03-29T06:00Z", "day"),
        ("2026-10-25T00:29Z", "day"),
        ("2026-10-25T00:30Z", "night"),  # 02:30 the first time
        ("2026-10-25T06:59Z", "night"),
        ("2026-10-25T07:00Z", "day"),
    ],
)
def test_where_clocks_change(at, name):
    assert name_at(NIGHT, at) == name


def test_a_start_in_the_overlap_comes_once():
    switch = [
        recurring("two", "Europe/Berlin", EVERY_DAY, 2, 30),
        recurring("later", "Europe/Berlin", EVERY_DAY, 2, 45),
    ]
    assert name_at(switch, "2026-10-25T00:45Z") == "later"
    assert name_at(switch, "2026-10-25T01:30Z") == "later"


def test_a_fixed_date_across_an_overlap_knows_both_hours():
    berlin = ZoneInfo("Europe/Berlin")
    date = FixedDate(datetime(2026, 10, 25, 2, 15, tzinfo=berlin), datetime(2026, 10, 25, 2, 45, tzinfo=berlin, fold=1))
    assert date.holds(datetime(2026, 10, 25, 2, 0, tzinfo=berlin, fold=1))
    assert not date.holds(datetime(2026, 10, 25, 2, 0, tzinfo=berlin))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Recurrence("UTC", (MONDAY,), (24,), (0,)), "hours of 0 to 23"),
        (lambda: Recurrence("UTC", (MONDAY,), (), (0,)), "one or more hours"),
        (lambda: Recurrence("UTC", (MONDAY,), (0,), (60,)), "minutes of 0 to 59"),
        (lambda: Recurrence("UTC", (), (0,), (0,)), "days of the week"),
        (lambda: Recurrence("Pacific Standard Time", (MONDAY,), (0,), (0,)), "not an IANA time zone"),
        (lambda: FixedDate(datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC)), "needs a zone"),
        (lambda: fixed("back", "UTC", "2026-01-02T00:00", "2026-01-01T00:00"), "ends after it starts"),
        (lambda: active_profile([REGULAR], datetime(2026, 1, 1)), "has no zone"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
RECURRENCES = st.lists(
    st.builds(
        Recurrence,
        st.just("UTC"),
        st.lists(st.sampled_from(Weekday), min_size=1, max_size=3).map(tuple),
        st.tuples(st.integers(0, 23)),
        st.tuples(st.sampled_from([0, 30])),
    ),
    min_size=1,
    max_size=4,
)


@given(RECURRENCES, st.integers(0, 7 * 48 - 1))
def test_the_profile_that_started_last_rules(recurrences, half_hours):
    profiles = [Profile(str(number), recurrence=one) for number, one in enumerate(recurrences)]
    at = START + timedelta(minutes=30 * half_hours)
    found = active_profile([REGULAR, *profiles], at)
    assert found is _by_walking_back(profiles, at)


def _by_walking_back(profiles, at):
    while True:
        for profile in profiles:
            one = profile.recurrence
            if list(Weekday)[at.weekday()] in one.days and at.hour in one.hours and at.minute in one.minutes:
                return profile
        at -= timedelta(minutes=30)
