"""Where clocks change: fires and windows against the clock read minute by minute, and the law that windows end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_group
from tests.engine.wall_clock import DAY, MINUTE, PLACES, changes, end_by_minute, fires_by_minute, shown
from tests.laws import examples
from trimtab.engine.clocks import clock_changes
from trimtab.engine.crons import ended_by_cron, fires, last_fire, next_fire, occurrences
from trimtab.engine.openings import is_active, last_set, openings, window_end
from trimtab.engine.schedules import edges, in_force
from trimtab.providers.aws.schedules import enacted
from trimtab.providers.azure.names import windows_zone
from trimtab.providers.azure.schedules import profiles_of

HOUR = timedelta(hours=1)
TRANSITIONS = st.deferred(
    lambda: st.sampled_from([(zone, change) for zone, year in PLACES for change in changes(zone, year)])
)


def day_of(moment):
    return moment.isoweekday() % 7


@st.composite
def patterns(draw, wall):
    """A cron that comes near a local time: at fixed times or by a pattern, every day or on that day of the week."""
    near = wall + draw(st.integers(-180, 180)) * MINUTE
    minute = draw(st.sampled_from([str(near.minute), f"{near.minute},{(near.minute + 20) % 60}", "*/15", "*"]))
    hour = draw(st.sampled_from([str(near.hour), str(near.hour), f"{near.hour},{(near.hour + 5) % 24}", "*/2", "*"]))
    if minute == "*" and "*" in hour:
        hour = str(near.hour)
    return f"{minute} {hour} * * {draw(st.sampled_from(['*', str(day_of(near)), '0-6']))}"


@pytest.mark.parametrize(("zone", "year"), PLACES)
def test_changes_are_those_that_the_clock_shows(zone, year):
    found = clock_changes(zone, year)
    assert [change.at for change in found] == changes(zone, year)
    for change in found:
        before, after = shown(change.at - MINUTE, zone) + MINUTE, shown(change.at, zone)
        assert (change.begin, change.end, change.skips) == (min(before, after), max(before, after), after > before)


@given(st.data())
@settings(max_examples=examples(), deadline=None)
def test_fires_are_those_read_off_the_clock(data):
    zone, change = data.draw(TRANSITIONS)
    cron = data.draw(patterns(shown(change, zone)))
    after = change + data.draw(st.integers(-300, 90)) * MINUTE
    until = after + data.draw(st.integers(1, 600)) * MINUTE
    expected = fires_by_minute(cron, zone, after, until)
    assert [(one.at, one.wall) for one in occurrences(cron, zone, after, until)] == expected
    moments = list(dict.fromkeys(moment for moment, _ in expected))
    assert list(fires(cron, zone, after, until)) == moments
    assert next_fire(cron, zone, after) == (moments[0] if moments else next_fire(cron, zone, until))
    assert last_fire(cron, zone, until) == (moments[-1] if moments else last_fire(cron, zone, after))


@given(st.data())
@settings(max_examples=examples(), deadline=None)
def test_a_window_closes_when_the_clock_next_shows_its_end(data):
    zone, change = data.draw(TRANSITIONS)
    wall = shown(change, zone)
    cron, until = data.draw(patterns(wall)), data.draw(patterns(wall))
    window = tt.Schedule(name="it", cron=cron, until=until, zone=zone, min=1)
    after = change + data.draw(st.integers(-200, 60)) * MINUTE
    for (moment, meant), opening in zip(
        fires_by_minute(cron, zone, after, after + 4 * HOUR), openings(window, after, after + 4 * HOUR), strict=True
    ):
        assert opening.end == end_by_minute(until, zone, moment, meant)


@st.composite
def short_windows(draw):
    """A window of up to four hours on the wall, once a week, that begins or ends near a change of clocks."""
    zone, change = draw(TRANSITIONS)
    begin = shown(change, zone) + draw(st.integers(-240, 240)) * MINUTE
    length = draw(st.integers(1, 240))
    end = begin + length * MINUTE
    cron = f"{begin.minute} {begin.hour} * * {day_of(begin)}"
    by = draw(st.sampled_from(["until", "until", "duration", "pattern"]))
    if by == "duration":
        return change, begin, tt.Schedule(name="it", cron=cron, zone=zone, max=2, duration=length * MINUTE)
    # each minute from the end on, so that the window ends by a pattern that follows the clock
    until = f"{end.minute} {end.hour} * * {day_of(end)}" if by == "until" else f"*/1 {end.hour} * * {day_of(end)}"
    return change, begin, tt.Schedule(name="it", cron=cron, zone=zone, max=2, until=until)


@given(short_windows())
@settings(max_examples=examples(), deadline=None)
def test_windows_always_end(drawn):
    """Within the hours that they last on the wall and those that the clock is moved by; on every cloud."""
    change, _, window = drawn
    group = make_group(policies={}, alarms={}, schedules={"it": window.model_dump(exclude_unset=True)})
    begin, end = change - 2 * DAY, change + 2 * DAY
    for opening in openings(window, begin, end):
        assert opening.end is not None
        assert timedelta(0) <= opening.end - opening.start.at <= 4 * HOUR + 2 * HOUR + HOUR
        assert window_end(window, opening.start.at) == opening.end
        assert is_active(window, opening.start.at) is (opening.end > opening.start.at)
        assert not is_active(window, opening.end)
    moments = [begin, *edges(group, begin, end)]
    assert in_force(group, moments[-1]).max == 4
    assert all(in_force(group, moment).max == (2 if is_active(window, moment) else 4) for moment in moments)
    assert in_force(enacted(group), end).max == 4
    assert azure_maximum(group, end) == 4


def azure_maximum(group, at):
    """The maximum of the profile that is active on Azure, where a schedule can be one."""
    zone = group.schedules[0].zone
    follows = not all(field.isdigit() for cron in (group.schedules[0].until or "",) for field in cron.split()[:2])
    if windows_zone(zone) is None or follows or ended_by_cron(group.schedules[0]).duration is not None:
        return 4
    profiles = profiles_of(group, datetime(2026, 3, 1, tzinfo=UTC))
    setting = {"properties": {"profiles": [{"name": one.name, **one.when} for one in profiles]}}
    states = pytest.importorskip("trimtab.providers.azure.states", reason="Azure's SDK is not installed")
    return next(one.sizes.max for one in profiles if one.name == states.active_name(setting, at))


def weekly(cron, until, zone="Europe/Madrid"):
    return make_group(schedules={"it": {"cron": cron, "until": until, "zone": zone, "min": 0, "max": 0}})


SKIPPED = datetime(2026, 3, 29, 1, tzinfo=UTC)  # 02:00 in Madrid is 03:00


@pytest.mark.parametrize(
    ("cron", "until", "open_for"),
    [
        ("30 2 * * 0", "0 3 * * 0", timedelta(0)),  # both at the moment after the gap
        ("15 2 * * 0", "45 2 * * 0", timedelta(0)),
        ("15 2 * * 0", "*/30 2 * * 0", timedelta(0)),  # a pattern that the gap leaves out
        ("0 1 * * 0", "30 2 * * 0", HOUR),
        ("30 2 * * 0", "30 3 * * 0", HOUR / 2),
        ("30 2 * * *", "0 2 * * *", 23 * HOUR),  # all day but half an hour: the end that is skipped came before
    ],
)
def test_a_window_in_the_hour_that_is_skipped(cron, until, open_for):
    group = weekly(cron, until)
    found = list(openings(group.schedules[0], SKIPPED - 3 * HOUR, SKIPPED))
    assert found[-1].end == found[-1].start.at + open_for
    assert in_force(group, SKIPPED).max == (0 if open_for and found[-1].end > SKIPPED else 4)
    assert last_set(group.schedules[0], SKIPPED + DAY / 2) == found[-1].start.at


def test_a_window_in_the_hour_that_comes_twice_closes_in_both():
    twice = datetime(2026, 10, 25, tzinfo=UTC)  # 02:00 in Madrid, for the first time
    window = weekly("*/30 2 * * 0", "45 2 * * 0").schedules[0]
    found = [(one.start.at - twice, one.end - twice) for one in openings(window, twice - HOUR, twice + 3 * HOUR)]
    quarter = HOUR / 4
    assert found == [(n * quarter, m * quarter) for n, m in ((0, 3), (2, 3), (4, 7), (6, 7))]


def test_a_window_that_ends_as_it_begins_is_never_open():
    """Active while the latest start is newer than the latest end (Nomad Autoscaler, schedules)."""
    group = weekly("0 8 * * *", "0 8 * * 6")
    friday, saturday, sunday = (datetime(2026, 1, day, 12, tzinfo=UTC) for day in (9, 10, 11))
    assert [in_force(group, at).max for at in (friday, saturday, sunday)] == [0, 4, 0]


def test_a_date_that_never_comes_is_refused():
    with pytest.raises(ValueError, match="a date that never comes"):
        weekly("0 8 * * 1", "0 0 */3 2 1#5")
