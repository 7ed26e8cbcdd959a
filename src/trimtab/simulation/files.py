"""Loads in files: CSV, and access logs of web servers and of HAProxy."""

import csv
import gzip
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from io import StringIO, TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TextIO, cast

from trimtab.errors import InvalidArgument
from trimtab.simulation.readings import Readings, check_size, in_order, ordered

UNREADABLE = (OSError, UnicodeDecodeError, csv.Error, EOFError, zlib.error)
"""What a file raises that cannot be read: it is not there, no text, no CSV, or not whole."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_csv(path: Path, *, columns: Sequence[str], zone: tzinfo | None, doubles: str) -> Readings:
    """
    The rows of a CSV file.

    Raises:
        InvalidArgument: The file cannot be read, or a row is not a time and a value of 0 or more.
    """
    if doubles not in ("refuse", "sum", "mean"):
        raise InvalidArgument(f"doubles={doubles!r} is unknown; use refuse, sum or mean")
    try:
        with opened(path) as file:
            text = file.read()
        reader = csv.reader(StringIO(text, newline=""))
        header = next(reader, [])
        time_at, value_at = _columns(header, columns, path)
        if (plain := _plain_readings(reader, time_at, value_at, len(header), path.name, zone)) is not None:
            return plain
        reader = csv.reader(StringIO(text, newline=""))
        next(reader)
        rows = [_row(row, time_at, value_at, len(header), path, number) for number, row in enumerate(reader, 2) if row]
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    if not rows:
        raise InvalidArgument(f"{path}: no row below the header; add one at least")
    return in_order(path.name, rows, doubles=doubles, zone=zone)


def unreadable(path: Path, error: Exception) -> InvalidArgument:
    """Why a file of `UNREADABLE` cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return InvalidArgument(f"{path}: is no text in UTF-8; save it as UTF-8")
    return InvalidArgument(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}")


def _columns(header: Sequence[str], columns: Sequence[str], path: Path) -> tuple[int, int]:
    names = [name.strip().lower() for name in header]
    places = []
    for name in columns:
        if name.lower() not in names:
            there = ", ".join(names) or "nothing"
            text = f"{path}: missing column {name!r} in the first line, which has {there}"
            raise InvalidArgument(f"{text}; write `timestamp,value` there, or give `columns`")
        places.append(names.index(name.lower()))
    if len(places) != 2:
        raise InvalidArgument(f"columns={list(columns)!r} are not two; name that of times and that of values")
    return places[0], places[1]


def _plain_readings(
    rows: Iterator[Sequence[str]], time_at: int, value_at: int, width: int, source: str, zone: tzinfo | None
) -> Readings | None:
    """
    All rows at once, where each is a time in UTC in ISO 8601, later than that before, and a number of 0 or more.

    `None` where one is not: rows are then looked at one by one.
    """
    parse, times, values = datetime.fromisoformat, [], []
    try:
        first = next(rows)
        if _is_seconds(first[time_at]):
            return None
        zoneless = zone is None and parse(first[time_at]).tzinfo is None
        # far faster than to replace the zone of each; a text that has one already is an error
        ending = "+00:00" if zoneless else ""
        # row by row, so that none is kept
        for row in chain([first], rows):
            if len(row) != width:
                return None
            times.append(parse(row[time_at] + ending))
            values.append(float(row[value_at]))
    except (ValueError, IndexError, StopIteration):
        return None
    # a NaN makes the sum one, and is left to the look at each row
    if min(values) < 0 or not math.isfinite(sum(values)):
        return None
    return ordered(source, times, values, zoneless=zoneless)


def _is_seconds(text: str) -> bool:
    """Whether digits alone are seconds: a day of ISO 8601 has eight, and more would pass for a day and an hour."""
    return text.strip().isdecimal() and len(text.strip()) != len("20260105")


def _row(
    row: Sequence[str], time_at: int, value_at: int, width: int, path: Path, line: int
) -> tuple[datetime, float | None]:
    if any(each.strip() for each in row[width:]):
        text = f"{path}:{line}: has {len(row)} columns, and the first line {width}"
        raise InvalidArgument(f"{text}; write numbers with a point, and quote what has a comma in it")
    try:
        time, text = row[time_at], row[value_at]
    except IndexError:
        raise InvalidArgument(f"{path}:{line}: has {len(row)} column(s); a row has a time and a value") from None
    return _time(time, path, line), _value(text, path, line)


def _time(text: str, path: Path, line: int) -> datetime:
    try:
        if not _is_seconds(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return _EPOCH + timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        text = f"{path}:{line}: {text!r} is not a time"
        raise InvalidArgument(f"{text}; write ISO 8601 such as 2026-01-05T08:00:00Z, or seconds since 1970") from None


def _value(text: str, path: Path, line: int) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        raise InvalidArgument(f"{path}:{line}: {text!r} is not a number; write one, or leave the value out") from None
    if value < 0 or math.isinf(value):
        raise InvalidArgument(f"{path}:{line}: {text.strip()} is not a load; a value is 0 or more")
    return None if math.isnan(value) else value


def opened(path: Path) -> TextIO:
    """A text file, also one compressed by gzip."""
    if path.suffix == ".gz":
        return cast("TextIO", TextIOWrapper(gzip.open(path), encoding="utf-8-sig"))
    return path.open(encoding="utf-8-sig", newline="")


# access logs

_ZONED = re.compile(r"\[(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\] \"")
"""Common and combined form: `[10/Oct/2000:13:55:36 -0700] "GET ...`; Apache HTTP Server, mod_log_config."""
_ZONELESS = re.compile(r"\[(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)\.\d{3}\] \S+ \S+ [-\d]+/")
"""HAProxy's `option httplog`: `[06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109`; its manual, 8.2.3."""
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}


def count_access_logs(
    paths: Sequence[Path], step: timedelta, zone: tzinfo | None
) -> tuple[datetime, list[int], tuple[str, ...]]:
    """
    The requests in each step from the first one on, and notes on what was left out.

    Raises:
        InvalidArgument: A file cannot be read, or less than half of the lines is an access log's.
    """
    if step <= timedelta(0):
        raise InvalidArgument(f"step={step} is not above 0")
    counts: Counter[int] = Counter()
    lines = zoneless = 0
    for path in paths:
        try:
            with opened(path) as file:
                for line in file:
                    lines += bool(line.strip())
                    moment = moment_of(line, zone)
                    if moment is not None:
                        counts[(moment[0] - _EPOCH) // step] += 1
                        zoneless += moment[1]
        except UNREADABLE as error:
            raise unreadable(path, error) from error
    return _counted(counts, lines, zoneless if zone is None else 0, step)


def _counted(
    counts: Counter[int], lines: int, zoneless: int, step: timedelta
) -> tuple[datetime, list[int], tuple[str, ...]]:
    known = counts.total()
    if not known or known * 2 < lines:
        text = f"access log: {known} of {lines} lines are of the common, the combined or HAProxy's HTTP form"
        raise InvalidArgument(f"{text}; for others, count the requests of each minute and use `Load.from_csv`")
    notes = [f"access log: {lines - known} of {lines} lines are not requests; left out"] if known < lines else []
    if zoneless:
        notes.append("access log: HAProxy's times name no zone, taken for UTC; give `zone` where they are of another")
    first, last = min(counts), max(counts)
    check_size(_EPOCH + first * step, _EPOCH + last * step, step, "access log")
    return _EPOCH + first * step, [counts[place] for place in range(first, last + 1)], tuple(notes)


def moment_of(line: str, zone: tzinfo | None) -> tuple[datetime, bool] | None:
    """When a request came, and whether the line names no zone."""
    for pattern in (_ZONED, _ZONELESS):
        if (match := pattern.search(line)) is None or match[2] not in _MONTHS:
            continue
        try:
            hour, minute, second = int(match[4]), int(match[5]), int(match[6])
            at = datetime(int(match[3]), _MONTHS[match[2]], int(match[1]), hour, minute, second, tzinfo=zone or UTC)
            if pattern is _ZONELESS:
                return at, True
            ahead = timedelta(hours=int(match[8]), minutes=int(match[9]))
            return at.replace(tzinfo=UTC) + (-ahead if match[7] == "+" else ahead), False
        except (ValueError, OverflowError):  # no day of a calendar
            return None
    return None
