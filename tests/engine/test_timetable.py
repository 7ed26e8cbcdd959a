"""One timetable for each set of schedules: what holds at any moment, and what reading the crons costs."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_group
from tests.laws import examples
from trimtab.engine.crons import read_cron
from trimtab.engine.openings import last_opening
from trimtab.engine.timetable import SIZES, timetable_of

DAY = timedelta(days=1)
START = datetime(2026, 3, 27, tzinfo=UTC)  # two days later the clocks of Europe are set forward
hours = st.integers(0, 23)
shapes = st.fixed_dictionaries(
    {"cron": st.builds("{} {} * * {}".format, st.sampled_from([0, 30]), hours, st.sampled_from(["*", "1-5", "0,6"]))},
    optional={"min": st.integers(0, 9), "max": st.integers(10, 20), "desired": st.integers(9, 10)},
).filter(lambda fields: len(fields) > 1)
lengths = st.sampled_from(
    [{}, {"duration": "2h"}, {"duration": "30h"}, {"until": "0 3 * * *"}, {"until": "15 9 * * 1"}]
)
zones = st.sampled_from(["Europe/Madrid", "UTC", "America/New_York"])
schedules = st.lists(
    st.builds(lambda fields, length, zone: {**fields, **length, "zone": zone}, shapes, lengths, zones), max_size=5
)


def value_by_hand(group, name, at):
    """The latest open window that sets a size, else the latest schedule without an end, else the group's own."""
    found = [(getattr(group.capacity, name), (False, datetime.min.replace(tzinfo=UTC), timedelta(0), -1))]
    for place, schedule in enumerate(group.schedules):
        opening = last_opening(schedule, at)
        if getattr(schedule, name) is not None and opening is not None and opening.holds(at):
            start = opening.start
            found.append((getattr(schedule, name), (schedule.is_window, start.at, -start.skipped, place)))
    return max(found, key=lambda one: one[1])[0]


@settings(max_examples=examples(), deadline=None)
@given(schedules, st.integers(0, 5 * 96))
def test_what_is_carried_from_edge_to_edge_is_what_each_moment_says(found, quarters):
    group = make_group(capacity={"min": 2, "max": 12}, schedules={f"s{n}": one for n, one in enumerate(found)})
    table = timetable_of(group.schedules)
    at = START + quarters * timedelta(minutes=15)
    (stretch,) = [one for one in table.between(START, START + 6 * DAY) if one.begin <= at < one.end]
    for name in SIZES:
        value = getattr(stretch.over(group.capacity), name)
        expected = value_by_hand(group, name, at)
        assert value == (max(expected, value_by_hand(group, "min", at)) if name == "max" else expected)
    assert table.at(at).over(group.capacity) == stretch.over(group.capacity)


@settings(max_examples=examples(50), deadline=None)
@given(schedules)
def test_stretches_follow_each_other_and_edges_stand_between(found):
    group = make_group(capacity={"min": 2, "max": 12}, schedules={f"s{n}": one for n, one in enumerate(found)})
    table = timetable_of(group.schedules)
    stretches = table.between(START, START + 3 * DAY)
    assert (stretches[0].begin, stretches[-1].end) == (START, START + 3 * DAY)
    assert all(one.end == two.begin for one, two in pairwise(stretches))
    edges = table.edges(START, START + 3 * DAY)
    assert [one.begin for one in stretches[1:]] == [edge for edge in edges if edge < START + 3 * DAY]
    assert table.next_edge(START, START + 3 * DAY) == next(iter(edges), None)
    for edge in edges[:1]:
        assert table.next_edge(edge - timedelta(seconds=1), edge) == edge
        assert table.next_edge(START, edge - timedelta(seconds=1)) is None


def windows(number, hour):
    """Windows that nobody else has: in a zone and at minutes of their own."""
    return {
        f"s{place}": {"cron": f"{place} {hour} * * *", "zone": "Asia/Tokyo", "duration": "30m", "min": 2 + place % 3}
        for place in range(number)
    }


def days_read(groups):
    """How often a day was held against a cron of these groups, in checks for every cloud and in force at a moment."""
    before = {cron: read_cron(cron).days_read for group in groups for cron in crons_of(group)}
    fleet = tt.Fleet(name="shop", groups=groups)
    tt.check_fleet(fleet)
    for group in groups:
        timetable_of(group.schedules).at(START)
    return sum(read_cron(cron).days_read - number for cron, number in before.items())


def crons_of(group):
    return [schedule.cron for schedule in group.schedules]


def test_checks_read_each_schedule_as_often_however_many_there_are():
    """The numbers are read off the crons themselves, which count the days that are held against them."""
    ten, twenty, forty = (
        days_read([make_group(schedules=windows(number, hour))]) for number, hour in ((10, 3), (20, 4), (40, 5))
    )
    assert ten > 0
    assert (twenty, forty) == (2 * ten, 4 * ten)


def test_checks_read_the_schedules_of_many_groups_once():
    one = days_read([make_group(schedules=windows(10, 6))])
    hundred = days_read([make_group(f"web-{n}", schedules=windows(10, 7)) for n in range(100)])
    assert hundred == one


def test_groups_of_other_sizes_share_a_timetable():
    groups = [make_group(f"web-{n}", capacity={"min": n, "max": 30}, schedules=windows(5, 11)) for n in range(3)]
    assert len({id(timetable_of(group.schedules)) for group in groups}) == 1
    assert days_read(groups) == days_read([make_group(schedules=windows(5, 12))])
