"""When schedules fire, and what is in force because of them."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_group
from tests.laws import examples
from trimtab.engine.schedules import edges, fires, in_force, is_active, last_set, next_fire, schedule_fires, window_end


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text(found):
    return found.isoformat().replace("+00:00", "Z")


def schedule(cron="0 8 * * *", zone="UTC", **fields):
    return tt.Schedule.model_validate({"name": "it", "cron": cron, "zone": zone, "min": 1, **fields})


@pytest.fixture(scope="module")
def cases(shared):
    return json.loads((shared / "semantics" / "cron_schedules.json").read_text())["cases"]


def test_published_fires(cases):
    rows = [case for case in cases if case["given"]["op"] == "next_fires"]
    assert len(rows) > 10
    for case in rows:
        asked = case["given"]
        found = schedule_fires(
            schedule(asked["cron"], asked["time_zone"], starts=asked.get("start_time")),
            moment(asked["after"]),
            moment(asked["after"]) + timedelta(days=3000),
        )
        result = [text(one) for one in itertools.islice(found, asked["count"])]
        allowed = case["expect"].get("one_of") or [case["expect"]["next_utc"]]
        assert result in allowed, case["id"]


def test_published_windows(cases):
    rows = [case for case in cases if case["given"]["op"] == "window_active"]
    assert len(rows) > 5
    for case in rows:
        asked = case["given"]
        ends = {"until": asked["end"]} if "end" in asked else {"duration": asked["duration"]}
        window = schedule(asked["start"], asked["time_zone"], **ends)
        assert is_active(window, moment(asked["at"])) is case["expect"]["active"], case["id"]


ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]
CRONS = ["0 8 * * 1-5", "30 2 * * *", "30 1 * * *", "*/15 * * * *", "0 0 1 * *", "0 12 29 2 *", "59 23 * * 0"]


@given(st.sampled_from(CRONS), st.sampled_from(ZONES), st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)))
@settings(max_examples=examples(60), deadline=None)
def test_looking_back_agrees_with_looking_forward(cron, zone, at):
    at = at.replace(tzinfo=UTC, microsecond=0)
    one = schedule(cron, zone)
    back = last_set(one, at)
    assert back is None or back <= at
    coming = next_fire(cron, zone, at)
    assert coming is None or coming > at
    if back is not None:
        assert list(fires(cron, zone, back, at)) == []
        assert back in list(fires(cron, zone, back - timedelta(seconds=1), at))


def test_a_plan_at_ten_sees_the_action_of_eight():
    group = make_group()
    monday = moment("2026-01-05T09:00:00Z")
    assert in_force(group, monday).min == 3
    assert in_force(group, monday).because == ("morning",)
    assert in_force(group, moment("2026-01-05T17:00:00Z")).min == 2
    assert in_force(group, moment("2026-01-05T06:59:59Z")).min == 2
    assert in_force(group, moment("2026-01-05T07:00:00Z")).min == 3


def test_a_window_holds_and_then_what_is_in_force_otherwise():
    window = {"night": {"cron": "0 22 * * *", "zone": "Europe/Madrid", "duration": "8h", "max": 2}}
    group = make_group(schedules=window)
    assert in_force(group, moment("2026-01-05T20:59:59Z")).max == 4
    assert in_force(group, moment("2026-01-05T21:00:00Z")).max == 2
    assert in_force(group, moment("2026-01-06T04:59:59Z")).max == 2
    assert in_force(group, moment("2026-01-06T05:00:00Z")).max == 4


def test_the_later_window_wins_while_both_are_open():
    windows = {
        "long": {"cron": "0 8 * * *", "zone": "UTC", "duration": "10h", "min": 3},
        "short": {"cron": "0 10 * * *", "zone": "UTC", "duration": "1h", "min": 4},
    }
    group = make_group(schedules=windows)
    assert [in_force(group, moment(f"2026-01-05T{hour:02}:30:00Z")).min for hour in (7, 9, 10, 11, 18)] == [
        2,
        3,
        4,
        3,
        2,
    ]


def test_a_desired_size_of_its_own_is_kept_inside_the_bounds():
    group = make_group(
        schedules={
            "up": {"cron": "0 8 * * *", "zone": "UTC", "desired": 4},
            "low": {"cron": "0 9 * * *", "zone": "UTC", "max": 3},
        }
    )
    assert in_force(group, moment("2026-01-05T10:00:00Z")).capacity.desired == 3


def test_one_moment_in_local_time():
    sale = schedule(cron=None, at="2026-11-27T00:00:00", zone="Europe/Madrid", duration="24h")
    start = moment("2026-11-26T23:00:00Z")
    assert last_set(sale, start) == start
    assert last_set(sale, start - timedelta(seconds=1)) is None
    assert window_end(sale, start) == start + timedelta(days=1)


def test_after_its_end_a_schedule_sets_nothing_more():
    brief = schedule("0 8 * * *", "UTC", ends="2026-01-06T12:00:00Z")
    found = list(schedule_fires(brief, moment("2026-01-05T00:00:00Z"), moment("2026-01-09T00:00:00Z")))
    assert [text(one) for one in found] == ["2026-01-05T08:00:00Z", "2026-01-06T08:00:00Z"]
    assert last_set(brief, moment("2026-01-09T00:00:00Z")) == moment("2026-01-06T08:00:00Z")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)))
@settings(max_examples=examples(40), deadline=None)
def test_what_is_in_force_changes_at_edges_only(at):
    at = at.replace(tzinfo=UTC, microsecond=0)
    group = make_group()
    week = at + timedelta(days=7)
    found = edges(group, at, week)
    for start, end in itertools.pairwise([at, *found, week]):
        if end - start > timedelta(seconds=2):
            middle = start + (end - start) / 2
            assert in_force(group, start) == in_force(group, middle) == in_force(group, end - timedelta(seconds=1))
