import pytest

MADRID = {"zone": "Europe/Madrid"}


def at(cron, **fields):
    return {"cron": cron, **MADRID, **fields}


# TT401


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (at("0 8 * * 1-5", min=4), at("0 8 1 * *", min=5)),
        (at("0 8 * * *", min=4), {"at": "2027-03-01T08:00:00", **MADRID, "min": 5}),
        ({"at": "2027-03-01T08:00:00", **MADRID, "min": 3}, {"at": "2027-03-01T07:00:00+00:00", **MADRID, "min": 5}),
        (at("0 9 * * *", max=4), {"cron": "0 7 * * *", "zone": "UTC", "max": 5}),  # the same in summer only
        (at("0 9 * * *", max=4), {"cron": "0 8 * * *", "zone": "UTC", "max": 5}),  # the same in winter only
        (at("*/10 * * * *", min=4), at("10 8 1 12 *", min=5)),
    ],
)
def test_tt401_finds_schedules_that_meet(found, one, two):
    assert [item.path for item in found("TT401", schedules={"one": one, "two": two})] == ["schedules.two"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (at("0 8 * * *", min=4), at("0 8 * * *", min=4)),
        (at("0 8 * * *", min=4), at("0 8 * * *", max=5)),
        (at("0 8 * * *", min=4), at("0 18 * * *", min=2)),
        (at("0 8 * * 1-5", min=4), at("0 8 * * 6,0", min=2)),
        (at("0 8 * * *", min=4), {"cron": "0 8 * * *", "zone": "UTC", "min": 2}),
        (at("0 8 * * *", min=4), {"at": "2027-03-01T08:30:00", **MADRID, "min": 5}),
        (at("0 8 * * *", min=4, ends="2026-06-01T00:00:00"), at("0 8 1 7 *", min=5)),
        (at("*/2 * * * *", min=4), at("1-59/2 * * * *", min=2)),
    ],
)
def test_tt401_lets_schedules_be_that_agree_or_never_meet(found, one, two):
    assert not found("TT401", schedules={"one": one, "two": two})


# TT402


@pytest.mark.parametrize(
    ("zone", "cron", "what"),
    [
        ("Europe/Madrid", "30 2 * * *", "02:30 is skipped in Europe/Madrid on 29 Mar 2026"),
        ("Europe/Madrid", "0 2 * 10 0", "02:00 comes twice in Europe/Madrid on 25 Oct 2026"),
        ("America/New_York", "15 1 * 11 *", "01:15 comes twice in America/New_York on 01 Nov 2026"),
        ("Australia/Lord_Howe", "15 2 * * *", "02:15 is skipped"),
    ],
)
def test_tt402_finds_a_time_that_the_clock_skips_or_repeats(found, zone, cron, what):
    one = found("TT402", schedules={"night": {"cron": cron, "zone": zone, "min": 3}})
    assert [(item.path, what in item.text) for item in one] == [("schedules.night.cron", True)], one


def test_tt402_finds_the_end_of_a_window(found):
    window = at("0 20 * * *", until="30 2 * * *", min=3)
    assert [one.path for one in found("TT402", schedules={"night": window})] == ["schedules.night.until"]


@pytest.mark.parametrize(
    ("zone", "cron"),
    [
        ("Europe/Madrid", "0 3 * * *"),
        ("Europe/Madrid", "59 1 * * *"),
        ("Europe/Madrid", "30 2 * * 1-5"),
        ("Europe/Madrid", "*/15 * * * *"),
        ("UTC", "30 2 * * *"),
        ("Asia/Tokyo", "30 2 * * *"),
    ],
)
def test_tt402_lets_times_be_that_every_day_has_once(found, zone, cron):
    assert not found("TT402", schedules={"night": {"cron": cron, "zone": zone, "min": 3}})


# TT403, TT404


def test_tt403_finds_a_size_that_the_bounds_cut(found):
    assert [one.path for one in found("TT403", schedules={"lunch": at("0 12 * * *", desired=8)})] == [
        "schedules.lunch.desired"
    ]


def test_tt403_finds_it_within_another_window(found):
    schedules = {"day": at("0 8 * * *", duration="10h", min=4), "lunch": at("0 12 * * *", desired=3)}
    assert "4 to 6 are in force" in found("TT403", schedules=schedules)[0].text


@pytest.mark.parametrize(
    "schedule", [at("0 12 * * *", desired=8, max=8), at("0 12 * * *", desired=2), at("0 12 * * *", min=3)]
)
def test_tt403_lets_a_size_be_that_fits(found, schedule):
    assert not found("TT403", schedules={"lunch": schedule})


def test_tt403_lets_a_leap_day_be_that_fits(found):
    assert not found("TT403", schedules={"leap": at("0 12 29 2 *", desired=5)})
    assert found("TT403", schedules={"leap": at("0 12 29 2 *", desired=8)})


NEVER_TWO = {"morning": at("0 8 * * *", min=4), "evening": at("0 18 * * *", min=3)}


def test_tt404_finds_an_initial_size_that_never_holds(found):
    one = found("TT404", capacity={"min": 2, "max": 6, "desired": 2}, schedules=NEVER_TWO)
    assert [item.path for item in one] == ["capacity.desired"]


@pytest.mark.parametrize("desired", [None, 3, 5])
def test_tt404_lets_an_initial_size_be_that_holds_at_times(found, desired):
    assert not found("TT404", capacity={"min": 2, "max": 6, "desired": desired}, schedules=NEVER_TWO)


# TT405, TT406


def test_tt405_finds_a_minimum_that_google_cuts(found):
    schedules = {"sale": at("0 8 24 11 *", duration="5d", min=8, max=9)}
    assert [one.path for one in found("TT405", schedules=schedules)] == ["schedules.sale.min"]


def test_tt405_lets_aws_be_and_what_is_within(found):
    assert not found("TT405", provider="aws", schedules={"sale": at("0 8 * * *", duration="5d", min=8, max=9)})
    assert not found("TT405", schedules={"sale": at("0 8 * * *", duration="5d", min=6, max=9)})


def test_tt406_finds_a_bound_that_never_returns(found):
    one = found("TT406", schedules={"office": at("0 8 * * *", min=4, max=8)})
    assert [item.path for item in one] == ["schedules.office.min", "schedules.office.max"]


def test_tt406_finds_a_bound_that_only_a_window_covers_for_a_while(found):
    schedules = {"office": at("0 8 * * *", min=4), "night": at("0 22 * * *", duration="6h", min=2)}
    assert [one.path for one in found("TT406", schedules=schedules)] == ["schedules.office.min"]


@pytest.mark.parametrize(
    "schedules",
    [
        {"office": at("0 8 * * *", duration="10h", min=4)},
        {"office": at("0 8 * * *", min=4), "evening": at("0 18 * * *", min=2)},
        {"office": at("0 8 * * *", min=2)},
        {"move": {"at": "2027-03-01T08:00:00", **MADRID, "min": 4}},
    ],
)
def test_tt406_lets_a_bound_be_that_is_set_back_or_meant_to_stay(found, schedules):
    assert not found("TT406", schedules=schedules)


# TT407

WIDE = {"min": 2, "max": 12}
CHRISTMAS = {"at": "2026-12-24T00:00:00", "duration": "3d", "zone": "Europe/Madrid", "min": 8}
NIGHT = {"cron": "0 22 * * *", "duration": "8h", "zone": "Europe/Madrid", "min": 4}


def test_tt407_finds_a_lower_minimum_inside_a_greater_one(found):
    fields = {"capacity": WIDE, "schedules": {"christmas": CHRISTMAS, "night": NIGHT}}
    assert [one.path for one in found("TT407", provider="gcp", **fields)] == ["schedules.night.min"]
    assert not found("TT407", provider="aws", **fields)


def test_tt407_finds_each_of_several(found):
    schedules = {"christmas": CHRISTMAS, "night": NIGHT, "noon": {**NIGHT, "cron": "0 12 * * *", "duration": "1h"}}
    paths = [one.path for one in found("TT407", provider="gcp", capacity=WIDE, schedules=schedules)]
    assert sorted(paths) == ["schedules.night.min", "schedules.noon.min"]


@pytest.mark.parametrize(
    "schedules",
    [
        {"christmas": CHRISTMAS},
        {"christmas": CHRISTMAS, "night": {**NIGHT, "min": 8}},
        {"christmas": CHRISTMAS, "pay-day": {**NIGHT, "cron": "0 22 1 * *"}},
        {"day": {**NIGHT, "cron": "0 8 * * *", "duration": "12h", "min": 6}, "noon": {**NIGHT, "cron": "0 12 * * *"}},
    ],
    ids=["one", "the same", "at other times", "a week, which is cut"],
)
def test_tt407_lets_windows_be_that_come_to_the_same(found, schedules):
    assert not found("TT407", provider="gcp", capacity=WIDE, schedules=schedules)


# TT408

ON, OFF = at("0 6 * * *", min=1, max=5), at("0 22 * * *", max=0)
EMPTY = {"min": 0, "max": 5}


def test_tt408_finds_a_maximum_below_the_minimum_of_another_schedule(found):
    one = found("TT408", capacity=EMPTY, schedules={"on": ON, "off": OFF})
    assert [item.path for item in one] == ["schedules.off.max"]
    assert "`max` to 0 while on holds `min` 1 (Sun 22:00); aws refuses" in one[0].text
    assert "aws" not in found("TT408", provider="azure", capacity=EMPTY, schedules={"on": ON, "off": OFF})[0].text


@pytest.mark.parametrize(
    ("schedules", "path"),
    [
        ({"day": at("0 8 * * *", duration="12h", min=4), "lunch": at("0 12 * * *", duration="1h", max=2)}, "lunch.max"),
        ({"lunch": at("0 12 * * *", duration="4h", max=2), "day": at("0 13 * * *", duration="8h", min=4)}, "day.min"),
        ({"on": at("0 6 * * *", min=4, max=5), "pay-day": at("0 7 28 * *", duration="2d", max=3)}, "pay-day.max"),
        ({"on": at("0 6 * * *", min=4), "sale": {"at": "2027-03-01T08:00:00", **MADRID, "max": 2}}, "sale.max"),
    ],
    ids=["windows", "the other way", "by the month", "once"],
)
def test_tt408_finds_it_in_windows_and_on_rare_days(found, schedules, path):
    assert [one.path for one in found("TT408", capacity={"min": 1, "max": 6}, schedules=schedules)] == [
        f"schedules.{path}"
    ]


@pytest.mark.parametrize(
    "schedules",
    [
        {"on": ON, "off": {**OFF, "min": 0}},
        {"on": {**ON, "min": 0}, "off": OFF},
        {"on": at("0 6 * * *", duration="12h", min=1), "off": {**OFF, "duration": "8h"}},  # over before the other fires
        {"up": at("0 8 * * 1-5", min=2), "down": at("0 18 * * 1-5", min=0)},
    ],
)
def test_tt408_lets_bounds_be_that_go_together(found, schedules):
    assert not found("TT408", capacity=EMPTY, schedules=schedules)
