"""Loads: what files and generators become, and what is refused."""

import gzip
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import trimtab as tt
from trimtab.errors import InvalidArgument

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def csv(tmp_path, *rows, header="timestamp,value"):
    path = tmp_path / "load.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def minute(number, zone="Z"):
    return f"2026-01-05T08:{number:02}:00{zone}"


def test_requests_of_a_step_become_requests_a_second(tmp_path):
    load = tt.Load.from_csv(csv(tmp_path, f"{minute(0)},60", f"{minute(1)},120", f"{minute(2)},0"))
    assert load == tt.Load(START, MINUTE, (1.0, 2.0, 0.0))
    assert (load.total, load.peak, load.mean) == (180, 2, 1)
    assert load.end == START + 3 * MINUTE


@pytest.mark.parametrize(("unit", "rate"), [("requests", 0.2), ("requests-per-second", 60), ("requests-per-minute", 1)])
def test_a_value_is_what_its_unit_says(tmp_path, unit, rate):
    load = tt.Load.from_csv(csv(tmp_path, f"{minute(0)},60", f"{minute(5)},60", f"{minute(10)},60"), unit=unit)
    assert load.values == pytest.approx((rate,) * 3)
    assert load.step == 5 * MINUTE


def test_a_unit_that_is_no_load_is_refused(tmp_path):
    path = csv(tmp_path, f"{minute(0)},60", f"{minute(1)},60")
    with pytest.raises(InvalidArgument, match=r"unit='percent' is not a load; .*from_datapoints"):
        tt.Load.from_csv(path, unit="percent")


def test_what_is_left_open_is_treated_and_noted(tmp_path):
    rows = ["2026-01-05 08:01:00,60", "2026-01-05 08:00:00,0", "2026-01-05 08:04:00,240", "2026-01-05 08:02:00,nan"]
    load = tt.Load.from_csv(csv(tmp_path, *rows, "2026-01-05 08:05:00,"))
    assert load.values == pytest.approx((0, 1, 2, 3, 4))
    assert load.start == START
    assert [note.partition(": ")[2] for note in load.notes] == [
        "its times name no zone, taken for UTC; give `zone` where they are of another",
        "2 row(s) are earlier than the row before; sorted by time",
        "2 value(s) empty or NaN, taken for missing rows",
        "2 step(s) are missing, the longest gap 0:02:00; filled evenly between their neighbours",
    ]


def test_times_without_a_zone_are_of_the_zone_that_is_given(tmp_path):
    path = csv(tmp_path, "2026-07-01T10:00:00,60", "2026-07-01T10:01:00,60")
    for zone in ("Europe/Berlin", ZoneInfo("Europe/Berlin")):
        load = tt.Load.from_csv(path, zone=zone)
        assert load.start == datetime(2026, 7, 1, 8, tzinfo=UTC)
        assert not load.notes


def test_the_hour_that_comes_twice_is_no_silent_sum(tmp_path):
    path = csv(tmp_path, "2026-10-25T02:30:00,1", "2026-10-25T02:31:00,1", "2026-10-25T02:30:00,1")
    with pytest.raises(InvalidArgument, match="is there twice"):
        tt.Load.from_csv(path, zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("how", "values"), [("hold", (1, 1, 1, 4)), ("zero", (1, 0, 0, 4)), ("interpolate", (1, 2, 3, 4))]
)
def test_gaps_are_filled_as_asked(tmp_path, how, values):
    path = csv(tmp_path, f"{minute(0)},60", f"{minute(3)},240", f"{minute(4)},0", f"{minute(5)},0")
    assert tt.Load.from_csv(path, gaps=how).values[:4] == pytest.approx(values)


def test_a_long_gap_and_any_gap_that_is_refused_name_their_place(tmp_path):
    path = csv(tmp_path, f"{minute(0)},60", f"{minute(1)},60", "2026-01-05T10:00:00Z,0", "2026-01-05T10:01:00Z,0")
    with pytest.raises(InvalidArgument, match=r"nothing between 2026-01-05T08:01.* and 2026-01-05T10:00.*gaps="):
        tt.Load.from_csv(path)
    assert tt.Load.from_csv(path, gaps="zero").total == 120
    short = csv(tmp_path, f"{minute(0)},60", f"{minute(1)},60", f"{minute(3)},0")
    with pytest.raises(InvalidArgument, match="missing"):
        tt.Load.from_csv(short, gaps="refuse")


def test_a_row_without_a_value_tells_how_long_a_step_is(tmp_path):
    """Taken for missing, it left every second minute, and half of the requests a second."""
    path = csv(tmp_path, f"{minute(0)},60", f"{minute(1)},NaN", f"{minute(2)},180")
    assert tt.Load.from_csv(path).values == (1, 2, 3)


def test_counts_are_not_spread_over_shorter_steps(tmp_path):
    """Bridged evenly, an hour of 3,600 requests would become 60 minutes of as many."""
    path = csv(tmp_path, "2026-01-05T08:00:00Z,3600", "2026-01-05T09:00:00Z,3600")
    with pytest.raises(InvalidArgument, match="most rows are 1:00:00 apart, and `step` is 0:01:00; leave it out"):
        tt.Load.from_csv(path, step=MINUTE)
    assert tt.Load.from_csv(path, step=MINUTE, gaps="zero").total == 7200
    assert tt.Load.from_csv(path, step=MINUTE, unit="requests-per-minute").total == 61 * 3600


@pytest.mark.parametrize(("doubles", "value"), [("sum", 3), ("mean", 1.5)])
def test_doubles_are_joined_where_asked(tmp_path, doubles, value):
    path = csv(tmp_path, f"{minute(0)},60", f"{minute(0)},120", f"{minute(1)},60")
    with pytest.raises(InvalidArgument, match=r'there twice; remove one, or give doubles="sum"'):
        tt.Load.from_csv(path)
    load = tt.Load.from_csv(path, doubles=doubles)
    assert load.values[0] == value
    assert doubles in load.notes[0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no row below the header"),
        ([f"{minute(0)},-1"], r"load.csv:2: -1 is not a load"),
        ([f"{minute(0)},inf"], r"load.csv:2: inf is not a load"),
        ([f"{minute(0)},many"], r"load.csv:2: 'many' is not a number"),
        (["yesterday,1"], r"load.csv:2: 'yesterday' is not a time; write ISO 8601"),
        ([f"{minute(0)}"], r"load.csv:2: has 1 column"),
        ([f"{minute(0)},1"], "one row does not tell how long a step is"),
        ([f"{minute(0)},"], "no value; a load takes one at least"),
        ([f"{minute(0)},1", f"{minute(1, '')},1"], "1 of 2 times name no zone"),
        (
            [f"{minute(0)},1", f"{minute(1)},1", f"{minute(2)},1", "2026-01-05T08:02:30Z,1"],
            "not a whole number of steps",
        ),
        (["2026-01-05T08:00:00Z,1", "2026-01-05T08:00:01Z,1", "2126-01-05T08:00:02Z,1"], "look for a wrong time"),
        (
            ["0001-01-01T00:00:00Z,1", "9999-12-31T00:00:00Z,1"],
            r"are 10,517,927,040 minutes; that is .* look for a wrong time",
        ),
        (["0001-01-01T00:00:00+05:00,1", f"{minute(0)},1"], "before the year 1"),
        (["1712031510000,1", "1712031570000,1"], r"load.csv:2: '1712031510000' is not a time; .* seconds since 1970"),
        (
            [f"{minute(0)},60,5", f"{minute(1)},61,5"],
            r"load.csv:2: has 3 columns, and the first line 2; write .* point",
        ),
    ],
)
def test_what_is_no_load_is_refused_with_its_place(tmp_path, rows, message):
    with pytest.raises(InvalidArgument, match=message):
        tt.Load.from_csv(csv(tmp_path, *rows))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InvalidArgument, match="missing column 'timestamp' in the first line, which has time, n"):
        tt.Load.from_csv(csv(tmp_path, "1,1", header="time,n"))
    assert tt.Load.from_csv(csv(tmp_path, "0,1", "60,1", header="time,n"), columns=("time", "n")).start.year == 1970
    with pytest.raises(InvalidArgument, match="cannot be read"):
        tt.Load.from_csv(tmp_path / "none.csv")
    with pytest.raises(InvalidArgument, match="step=0:00:00 is not above 0"):
        tt.Load.from_csv(csv(tmp_path, "1,1", "2,1", header="timestamp,value"), step=timedelta(0))
    (tmp_path / "wide.csv").write_text("timestamp,value", "utf-16")
    with pytest.raises(InvalidArgument, match="is no text in UTF-8; save it as UTF-8"):
        tt.Load.from_csv(tmp_path / "wide.csv")
    with pytest.raises(InvalidArgument, match="not an IANA time zone"):
        tt.Load.from_csv(csv(tmp_path, "0,1", "60,1"), zone="Mars/Olympus")


def test_steps_become_minutes_without_losing_a_request():
    for seconds in (7, 10, 45, 60, 90, 300):
        load = tt.Load(START, timedelta(seconds=seconds), tuple(range(1, 61)))
        minutes = load.per_minute()
        assert len(minutes) == load.duration // MINUTE
        if load.duration % MINUTE == timedelta(0):
            assert sum(minutes) * 60 == pytest.approx(load.total)
    assert tt.Load(START, timedelta(seconds=90), (2, 4)).per_minute() == [2, 3, 4]


def test_generators_add_up_and_scale():
    steps = tt.Load.steps([(2 * MINUTE, 1), (MINUTE, 3)])
    assert steps.values == (1, 1, 3)
    assert (steps + steps * 2).values == (3, 3, 9)
    assert steps.then(steps).values == (1, 1, 3, 1, 1, 3)
    assert tt.Load.ramp(0, 4, 5 * MINUTE).values == (0, 1, 2, 3, 4)
    assert steps.to_peak(30).values == (10, 10, 30)
    assert steps.between(steps.start + MINUTE, steps.end).values == (1, 3)
    days = tt.Load.days(7, low=10, high=90, weekend=0.5)
    assert (min(days.values), max(days.values)) == pytest.approx((5, 90))
    assert days.values[14 * 60] == 90
    assert days.noise(0.1, seed=1) == days.noise(0.1, seed=1) != days.noise(0.1, seed=2)
    bursts = tt.Load.bursts(tt.hours(48), height=5, length=10 * MINUTE, every=tt.hours(6), seed=3)
    assert set(bursts.values) == {0, 5}
    assert (days.between(days.start, days.start + tt.hours(48)) + bursts).peak <= 95


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tt.Load(START, MINUTE, ()), "at least one value"),
        (lambda: tt.Load(START, MINUTE, (1, -2)), "value -2.0 at 2026-01-05 08:01"),
        (lambda: tt.Load(START, MINUTE, (float("nan"),)), "value nan"),
        (lambda: tt.Load(START.replace(tzinfo=None), MINUTE, (1,)), "no time zone"),
        (lambda: tt.Load(START, timedelta(0), (1,)), "not above 0"),
        (lambda: tt.Load(START, timedelta(seconds=1), (1,)).per_minute(), "needs a minute or more"),
        (lambda: tt.Load(START, MINUTE, (1,)) + tt.Load(START, 2 * MINUTE, (1,)), "do not add up"),
        (lambda: tt.Load(START, MINUTE, (1,)).then(tt.Load(START, 2 * MINUTE, (1,))), "cannot follow"),
        (lambda: tt.Load(START, MINUTE, (0,)).to_peak(1), "no peak"),
        (lambda: tt.Load(START, MINUTE, (1,)).between(START, START), "no whole step"),
        (lambda: tt.Load(START, MINUTE, (1,)).noise(-1), "share=-1"),
        (lambda: tt.Load.steps([(timedelta(seconds=90), 1)]), "not a whole number of steps"),
        (lambda: tt.Load.days(10**6, low=1, high=2), "a load has 5,000,000 at most"),
        (lambda: tt.Load(START, timedelta(days=10**6), (1,)).per_minute(), "takes 5,000,000 at most"),
    ],
)
def test_what_is_no_load_is_refused(make, message):
    with pytest.raises(InvalidArgument, match=message):
        make()


COMMON = '127.0.0.1 - frank [05/Jan/2026:10:00:{:02} +0200] "GET /a HTTP/1.0" 200 2326'
COMBINED = '127.0.0.1 - - [05/Jan/2026:08:02:{:02} +0000] "GET / HTTP/1.1" 200 1 "http://x/" "Mozilla/5.0 [en]"'
HAPROXY = (
    "Jan  5 08:00:00 localhost haproxy[1]: 10.0.1.2:33317 [05/Jan/2026:08:00:{:02}.655] http-in static/srv1"
    ' 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {{1wt.eu}} {{}} "GET /index.html HTTP/1.1"'
)


def test_access_logs_are_counted_by_their_own_zone(tmp_path):
    path = tmp_path / "access.log.gz"
    with gzip.open(path, "wt") as file:
        file.write("\n".join([*map(COMMON.format, range(30)), *map(COMBINED.format, range(15)), "kernel: hello"]))
    load = tt.Load.from_access_log(path)
    assert load.start == START
    assert load.values == (0.5, 0, 0.25)
    assert load.notes == ("access log: 1 of 46 lines are not requests; left out",)


def test_logs_of_haproxy_name_no_zone(tmp_path):
    path = tmp_path / "haproxy.log"
    path.write_text("\n".join(map(HAPROXY.format, range(30))))
    assert tt.Load.from_access_log(path).values == (0.5,)
    assert "taken for UTC" in tt.Load.from_access_log(path).notes[0]
    berlin = tt.Load.from_access_log(path, zone="Europe/Berlin")
    assert (berlin.start, berlin.notes) == (START - tt.hours(1), ())


def test_what_is_no_access_log_is_refused(tmp_path):
    path = tmp_path / "other.log"
    path.write_text("one\ntwo\n")
    with pytest.raises(InvalidArgument, match="0 of 2 lines are of the common"):
        tt.Load.from_access_log(path)
    with pytest.raises(InvalidArgument, match="cannot be read"):
        tt.Load.from_access_log(tmp_path / "none.log")
    path.write_text("\n".join([COMMON.format(0), COMMON.format(1).replace("2026", "9026")]))
    with pytest.raises(InvalidArgument, match=r"access log: from 2026.* look for a wrong time"):
        tt.Load.from_access_log(path)
    path.write_text(COMMON.format(0).replace("05/Jan/2026:10", "31/Dec/9999:23").replace("+0200", "-0200"))
    with pytest.raises(InvalidArgument, match="0 of 1 lines"):  # it is after the last year of a calendar
        tt.Load.from_access_log(path)
