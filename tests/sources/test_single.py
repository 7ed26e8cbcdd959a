"""Files and functions as sources."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.sources.conftest import MINUTE, NOW
from trimtab import ManualClock, metrics
from trimtab.errors import InvalidRequest, NotFound, TrimtabError, UnreadableReply
from trimtab.providers.datapoints import Datapoints, MetricQuery
from trimtab.sources import File, Function
from trimtab.sources.http import MOST_BYTES
from trimtab.sources.single import Found

JOBS = metrics.external("jobs")


def question(**more: object) -> MetricQuery:
    given = {"group": "web", "metric": JOBS, "since": NOW - 5 * MINUTE, "until": NOW, **more}
    return MetricQuery(**given)  # type: ignore[arg-type]


def values(answer: Datapoints | TrimtabError) -> tuple[float | None, ...]:
    assert isinstance(answer, Datapoints), answer
    return answer.values


def written(path: Path, text: str | bytes, age: timedelta = MINUTE) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    at = (NOW - age).timestamp()
    os.utime(path, (at, at))
    return path


def of_file(path: Path, pointer: str = "", **more: object) -> Datapoints | TrimtabError:
    (answer,) = File("jobs", path, pointer, clock=ManualClock(NOW), **more).read([question()])  # type: ignore[arg-type]
    return answer


@pytest.mark.parametrize(("text", "value"), [("17\n", 17.0), (" 1.5e2 ", 150.0), ("0", 0.0), ("nan", None)])
def test_a_number_in_a_file_is_the_newest_value(tmp_path: Path, text: str, value: float | None) -> None:
    assert values(of_file(written(tmp_path / "jobs", text))) == (None, None, None, None, value)


def test_json_in_a_file_has_a_number_at_a_pointer(tmp_path: Path) -> None:
    path = written(tmp_path / "jobs.json", '{"queues": [{"depth": 3}]}')
    assert values(of_file(path, "/queues/0/depth"))[-1] == 3.0
    assert type(of_file(path, "/queues/1/depth")) is UnreadableReply


def test_a_number_of_a_file_that_nobody_writes_any_more_is_missing(tmp_path: Path) -> None:
    path = written(tmp_path / "jobs", "17", age=5 * MINUTE)
    assert values(of_file(path))[-1] == 17.0
    path = written(tmp_path / "jobs", "17", age=5 * MINUTE + timedelta(seconds=1))
    assert values(of_file(path)) == (None,) * 5
    assert values(of_file(path, stale_after=10 * MINUTE))[-1] == 17.0


def test_lines_of_csv_are_values_over_time(tmp_path: Path) -> None:
    """In one minute several values are one, by the statistic; a line of no value is a missing one."""
    at = NOW.timestamp()
    text = (
        "\ufefftimestamp,value\n"
        f"{(NOW - 5 * MINUTE).isoformat()},1\n"
        "2026-11-29T12:55:30+01:00,3\n"
        f"{at - 180:.3f},5\n"
        f"{at - 120:.0f},nan\n"
        "\n"
        f"{at - 60:.0f},\n"
        f"{at:.0f},9\n"
    )
    path = written(tmp_path / "jobs.csv", text, age=timedelta(days=9))
    assert values(of_file(path)) == (2.0, None, 5.0, None, None)
    (answer,) = File("jobs", path).read([question(statistic="maximum", period=5 * MINUTE)])
    assert values(answer) == (5.0,)


@pytest.mark.parametrize("line", ["2026-11-29T12:00:00,1", "2026-11-29,x", "12,y", "yesterday,1", "1e400,1", "7"])
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    answer = of_file(written(tmp_path / "jobs.csv", f"{NOW.timestamp():.0f},1\n{line}\n"))
    assert type(answer) is UnreadableReply
    assert "line 2 is not a time" in str(answer)


def test_a_file_that_cannot_be_read_is_an_answer_without_its_content(tmp_path: Path) -> None:
    assert type(of_file(tmp_path / "none")) is NotFound
    assert type(of_file(tmp_path)) is NotFound
    assert type(of_file(written(tmp_path / "long", b"1" * (MOST_BYTES + 1)))) is UnreadableReply
    secret = of_file(written(tmp_path / "passwd", "root:sesame"))
    assert type(secret) is UnreadableReply
    assert "sesame" not in str(secret)
    assert type(of_file(written(tmp_path / "a.csv", b"\xff\xfe"))) is InvalidRequest


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (answer,) = File("jobs", tmp_path / "pipe").read([question()])
    assert type(answer) is UnreadableReply


# functions


def of_function(found: object, **more: object) -> Datapoints | TrimtabError:
    (answer,) = Function("jobs", lambda query: found, clock=ManualClock(NOW)).read([question(**more)])  # type: ignore[arg-type, return-value]
    return answer


@pytest.mark.parametrize(("found", "value"), [(7, 7.0), (None, None), (float("inf"), None), (0, 0.0), (10**400, None)])
def test_a_number_of_a_function_is_the_newest_value(found: float | None, value: float | None) -> None:
    assert values(of_function(found)) == (None, None, None, None, value)


def test_a_function_gives_values_over_time() -> None:
    def found(query: MetricQuery) -> Iterator[tuple[datetime, float]]:
        yield query.since + timedelta(seconds=10), 1
        yield query.since + timedelta(seconds=20), 4
        yield query.since + 2 * MINUTE, float("nan")
        yield NOW, 9

    (answer,) = Function("jobs", found).read([question(statistic="sum")])
    assert values(answer) == (5.0, None, None, None, None)


@pytest.mark.parametrize("found", [[(datetime(2026, 11, 29), 1)], "text", [1], object(), True and {"a": 1}])
def test_what_is_neither_is_said(found: object) -> None:
    assert isinstance(of_function(found), TrimtabError)


def test_what_a_function_raises_is_the_answer_to_that_query() -> None:
    def found(query: MetricQuery) -> Found:
        if query.group == "web":
            raise KeyError("jobs")
        return 3

    clock = ManualClock(NOW)
    broken, well = Function("jobs", found, clock=clock).read([question(), question(group="api")])
    assert str(broken) == "jobs read: KeyError: 'jobs'"
    assert isinstance(broken, InvalidRequest)
    assert isinstance(broken.__cause__, KeyError)
    assert values(well)[-1] == 3.0


@pytest.mark.parametrize("statistic", ["sum", "average"])
def test_numbers_too_large_to_add_are_missing(statistic):
    moments = [(NOW, 1.7e308), (NOW, 1.7e308)]
    query = question(since=NOW - MINUTE, until=NOW + 3 * MINUTE, statistic=statistic)
    (answer,) = Function("jobs", lambda _: moments).read([query])
    assert set(answer.values) == {None}


# laws

NUMBERS = st.one_of(st.floats(-1e300, 1e300), st.sampled_from([float("nan"), float("inf"), float("-inf")]))


@given(
    points=st.lists(st.tuples(st.integers(-400, 400), NUMBERS), max_size=12),
    seconds=st.sampled_from([1, 7, 30, 60, 300]),
    offset=st.integers(0, 300),
    statistic=st.sampled_from(["average", "minimum", "maximum", "sum", "count"]),
)
@settings(max_examples=examples(), deadline=None)
def test_a_value_is_in_the_period_that_it_was_measured_in(
    points: list[tuple[int, float]], seconds: int, offset: int, statistic: str
) -> None:
    """And a period without a finite value is missing, never 0."""
    moments = [(NOW + timedelta(seconds=at), value) for at, value in points]
    period = timedelta(seconds=seconds)
    query = question(since=NOW - timedelta(seconds=offset), until=NOW + 3 * MINUTE, period=period, statistic=statistic)
    (answer,) = Function("jobs", lambda _: moments).read([query])
    assert isinstance(answer, Datapoints)
    finite = [(at, value) for at, value in moments if abs(value) < float("inf")]
    for begin, value in zip(answer.times, answer.values, strict=True):
        assert begin.timestamp() % seconds == 0
        inside = [each for at, each in finite if begin <= at < begin + period]
        expected = {
            "average": lambda some: sum(some) / len(some),
            "minimum": min,
            "maximum": max,
            "sum": sum,
            "count": len,
        }[statistic]
        if inside:
            assert value == pytest.approx(expected(inside), rel=1e-9)  # type: ignore[operator]
        else:
            assert value is None


@given(now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), seconds=st.sampled_from([1, 30, 60, 300, 3600]))
@settings(max_examples=examples(), deadline=None)
def test_the_value_of_now_fills_the_newest_whole_period_alone(now: datetime, seconds: int) -> None:
    now = now.replace(tzinfo=UTC)
    period = timedelta(seconds=seconds)
    (answer,) = Function("jobs", lambda _: 5, clock=ManualClock(now)).read(
        [question(since=now - 9 * period, until=now, period=period)]
    )
    assert isinstance(answer, Datapoints)
    assert [value for value in answer.values if value is not None] == [5.0]
    begin = answer.times[-1]
    assert answer.latest == 5.0
    assert begin + period <= now < begin + 2 * period
