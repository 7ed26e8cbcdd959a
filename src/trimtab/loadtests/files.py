"""Results of other tools: JMeter's JTL in CSV, the two files that `ab` writes, and access logs."""

import csv
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from trimtab.errors import InvalidArgument
from trimtab.loadtests.samples import Samples, joined
from trimtab.simulation.files import UNREADABLE, moment_of, opened, unreadable
from trimtab.simulation.readings import zone_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAN = float("nan")
_LAST = 253_402_300_800_000
"""Milliseconds from 1970 to the end of the year 9999."""
_FIRST = 1_000_000_000_000
"""Milliseconds from 1970 to 2001; as many seconds are after the year 9999, so that neither passes for the other."""
_LONGEST = timedelta(days=31)
"""How long a load test may have taken: the results are of its minutes."""
_PAUSE = timedelta(minutes=5)
"""How long a time without requests is before a note says so."""


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal()


@dataclass
class _Rows:
    """Requests as they are read: seconds since 1970, seconds, and whether they failed."""

    at: "array[float]" = field(default_factory=lambda: array("d"))
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    failed: bytearray = field(default_factory=bytearray)
    errors: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def add(self, at: float, seconds: float, error: str) -> None:
        """One request; `error` is empty where it did not fail."""
        self.at.append(at)
        self.seconds.append(seconds)
        self.failed.append(bool(error))
        if error:
            self.errors[error] += 1

    def samples(self, path: Path, *, failures_known: bool = True) -> Samples:
        """
        All of them.

        Raises:
            InvalidArgument: There are none.
        """
        if not self.at:
            raise InvalidArgument(f"{path}: no request is in it; give the results of a test that has run")
        at = np.frombuffer(self.at, float)
        begin = float(np.floor(at.min()))
        return Samples(
            source=path.name,
            begin=_EPOCH + timedelta(seconds=begin),
            at=at - begin,
            seconds=np.frombuffer(self.seconds, float),
            failed=np.frombuffer(self.failed, bool) if failures_known else None,
            errors=dict(self.errors.most_common()),
            notes=tuple(self.notes),
        )


def read_results(paths: Sequence[Path], zone: str | tzinfo | None = None) -> Samples:
    """
    The requests of files; what wrote them is seen from how they begin.

    Args:
        paths: The files, also compressed by gzip.
        zone: The zone of times that name none; UTC, with a note, when left out.

    Raises:
        InvalidArgument: A file cannot be read, is empty, or has another form.
    """
    known = zone_of(zone)
    samples = joined([_read(path, known) for path in paths])
    if samples.begin is not None and len(samples) and (span := timedelta(seconds=float(samples.at.max()))) > _LONGEST:
        last = samples.begin + span
        text = f"the requests are from {samples.begin:%Y-%m-%d} to {last:%Y-%m-%d}, more than {_LONGEST.days} days"
        raise InvalidArgument(f"{text}; give the results of one test, or look for a wrong time")
    return replace(samples, notes=(*samples.notes, *_pauses(samples)))


def _pauses(samples: Samples) -> Iterator[str]:
    """The longest time without a request, where it is one of minutes: two tests in one file look like that."""
    if samples.begin is None or len(samples) < 2:
        return
    at = np.sort(samples.at)
    place = int(np.diff(at).argmax())
    if (length := float(at[place + 1] - at[place])) > _PAUSE.total_seconds():
        since = samples.begin + timedelta(seconds=float(at[place]))
        text = (
            f"{samples.source}: no request for {timedelta(seconds=round(length))} after {since:%Y-%m-%d %H:%M:%S} UTC"
        )
        yield f"{text}; counted as a time without load"


def _read(path: Path, zone: tzinfo | None) -> Samples:
    with _text(path) as file:
        first = file.readline()
    if not first.strip():
        raise InvalidArgument(f"{path}: is empty; give the results of a test that has run")
    return _reader(first, path)(path, zone)


def _reader(first: str, path: Path) -> Callable[[Path, tzinfo | None], Samples]:
    """What reads a file that begins like this."""
    words = {word.strip().strip('"') for word in re.split(r"[,;|\t]", first)}
    if {"timeStamp", "elapsed"} <= words:
        return read_jtl
    if {"starttime", "ttime"} <= words:
        return read_ab_requests
    if first.startswith("Percentage served"):
        return read_ab_percentiles
    if first.lstrip().startswith("<"):
        text = f"{path}: is XML; have JMeter write CSV"
        raise InvalidArgument(f"{text}: `-Jjmeter.save.saveservice.output_format=csv`")
    return read_access_log


# JMeter


def read_jtl(path: Path, zone: tzinfo | None = None) -> Samples:
    """
    A JTL file of JMeter in CSV with a header.

    `timeStamp` and `elapsed` are milliseconds, the former when a sample began, as the shipped `jmeter.properties` says
    (`sampleresult.timestamp.start=true`); samples of transaction controllers stand for others, and are left out.
    https://jmeter.apache.org/usermanual/listeners.html#csvlogformat
    """
    rows, transactions, zoneless = _Rows(), 0, False
    with _text(path) as file:
        delimiter = next(sign for sign in (",", ";", "\t", "|") if sign in file.readline())
        file.seek(0)
        for number, row in enumerate(csv.DictReader(file, delimiter=delimiter), 2):
            _check_width(row, path, number)
            if (row.get("responseMessage") or "").startswith("Number of samples in transaction"):
                transactions += 1
                continue
            at, named = _stamp(row["timeStamp"].strip(), path, number, zone)
            zoneless |= not named
            seconds = _milliseconds(row["elapsed"], path, number)
            success = (row.get("success") or "true").strip().lower()
            if success not in ("true", "false"):
                raise InvalidArgument(f"{path}:{number}: success {success!r} is neither true nor false")
            rows.add(at, seconds, "" if success == "true" else _jmeter_error(row.get("responseCode") or ""))
    if transactions:
        rows.notes.append(f"{path.name}: {transactions:,} samples of transactions stand for others; left out")
    if zoneless and zone is None:
        rows.notes.append(f"{path.name}: its times name no zone, taken for UTC; give `zone` for another")
    return rows.samples(path)


def _check_width(row: Mapping[str | None, Any], path: Path, number: int) -> None:
    """See that a row has as many columns as the header: csv gives None for what is missing, and the rest under None."""
    wanted = sum(name is not None for name in row)
    if (there := sum(value is not None for name, value in row.items() if name is not None)) < wanted:
        raise InvalidArgument(f"{path}:{number}: has {there} of {wanted} columns; is the line cut off?")
    if None in row:
        raise InvalidArgument(f"{path}:{number}: has more columns than the first line; is it of another test?")


def _jmeter_error(code: str) -> str:
    if _is_whole(code):
        return f"HTTP {code}" if int(code) >= 400 else "assertion failed"
    return code.removeprefix("Non HTTP response code: ").rpartition(".")[2] or "failed"


_FORMS = ("%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%m/%d/%y %H:%M:%S")
"""Forms of `jmeter.save.saveservice.timestamp_format` beside ISO 8601; the manual's examples."""


def _stamp(text: str, path: Path, number: int, zone: tzinfo | None) -> tuple[float, bool]:
    """Seconds since 1970, and whether the text names a zone or needs none."""
    if _is_whole(text):
        if _FIRST <= int(text) < _LAST:
            return int(text) / 1000, True
        when = "after the year 9999" if int(text) >= _LAST else "before the year 2001"
        raise InvalidArgument(f"{path}:{number}: timeStamp {text} is {when}; is it milliseconds?")
    for form in (None, *_FORMS):
        try:
            moment = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007
            return (
                moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC)
            ).timestamp(), moment.tzinfo is not None
        except ValueError:
            continue
    what = f"{path}:{number}: timeStamp {text!r} is not a time"
    raise InvalidArgument(f"{what}; have JMeter write milliseconds: jmeter.save.saveservice.timestamp_format=ms")


def _milliseconds(text: str | None, path: Path, number: int) -> float:
    try:
        result = float(text or "") / 1000
    except ValueError:
        result = -1.0
    if not 0 <= result <= _LONGEST.total_seconds():
        raise InvalidArgument(f"{path}:{number}: {text!r} is not a time in milliseconds; is the line cut off?")
    return result


# ab


def read_ab_requests(path: Path, zone: tzinfo | None = None) -> Samples:
    """
    What `ab -g` writes: a line for each request, sorted by `ttime`, which is in milliseconds.

    It has each request that got an answer, whatever its status, and its beginning in whole seconds (`seconds`).
    https://httpd.apache.org/docs/2.4/programs/ab.html
    """
    rows = _Rows()
    with _text(path) as file:
        for number, row in enumerate(csv.DictReader(file, delimiter="\t"), 2):
            at = row.get("seconds") or ""
            if not _is_whole(at) or int(at) >= _LAST / 1000:
                raise InvalidArgument(f"{path}:{number}: seconds {at!r} is not a time; is the line cut off?")
            rows.add(float(at), _milliseconds(row.get("ttime"), path, number), "")
    rows.notes.append(f"{path.name}: ab does not tell which requests failed, and when they began in whole seconds")
    return rows.samples(path, failures_known=False)


def read_ab_percentiles(path: Path, zone: tzinfo | None = None) -> Samples:
    """
    What `ab -e` writes: for each per cent the time within which so many of the requests were served, in milliseconds.

    https://httpd.apache.org/docs/2.4/programs/ab.html
    """
    found: dict[float, float] = {}
    with _text(path) as file:
        next(file)
        for number, line in enumerate(file, 2):
            percent, comma, time = line.partition(",")
            if line.strip():
                if not comma or not _is_whole(percent.strip().replace(".", "", 1)) or float(percent) > 100:
                    raise InvalidArgument(f"{path}:{number}: {line.strip()!r} is not PERCENT,MILLISECONDS")
                found[float(percent)] = _milliseconds(time.strip(), path, number)
    if not found:
        raise InvalidArgument(f"{path}: no per cent is in it; give the results of a test that has run")
    if list(found.values()) != sorted(found.values()):
        raise InvalidArgument(f"{path}: more per cent took less time; have `ab -e` write it again")
    nothing = np.array([])
    return Samples(source=path.name, begin=None, at=nothing, seconds=nothing, percentiles=found)


# access logs

_STATUS = re.compile(r'\] "(?:[^"\\]|\\.)*" (\d{3}|-)(?: |$)')
"""Common and combined form: `"GET /a HTTP/1.0" 200 2326`; Apache HTTP Server, mod_log_config."""
_TIMERS = re.compile(r"\.(\d{3})\] \S+ \S+ (?:[-\d]+/){4}\+?(-?\d+) (-?\d{1,3}) ")
"""HAProxy's `option httplog`: `.655] http-in static/srv1 10/0/30/69/109 200`; its manual, 8.2.3. The last one is Ta."""


def read_access_log(path: Path, zone: tzinfo | None = None) -> Samples:
    """
    Requests of an access log: of web servers in the common or combined form, of HAProxy in its HTTP form.

    HAProxy's has how long each took. Failed is an answer of 5xx or none: other errors are the client's.

    Raises:
        InvalidArgument: Less than half of the lines is an access log's.
    """
    rows, lines, zoneless, timed = _Rows(), 0, 0, 0
    with _text(path) as file:
        for line in file:
            lines += bool(line.strip())
            if (moment := moment_of(line, zone)) is None:
                continue
            timers, status = _TIMERS.search(line), _STATUS.search(line)
            if timers is None and status is None:
                continue
            at, seconds, code = moment[0].timestamp(), _NAN, status[1] if status else "-"
            if timers is not None:
                at, seconds, code = at + int(timers[1]) / 1000, max(0, int(timers[2])) / 1000, timers[3]
            zoneless, timed = zoneless + moment[1], timed + (timers is not None)
            rows.add(at, seconds, _log_error(code))
    if len(rows.at) * 2 < lines or not rows.at:
        text = f"{path}: {len(rows.at)} of {lines} lines are of a known form"
        raise InvalidArgument(f"{text}; give a JTL file in CSV, a file of `ab -g` or `ab -e`, or an access log")
    if len(rows.at) < lines:
        rows.notes.append(f"{path.name}: {lines - len(rows.at)} of {lines} lines are not requests; left out")
    if zoneless and zone is None:
        rows.notes.append(f"{path.name}: HAProxy's times name no zone, taken for UTC; give `zone` for another")
    if not timed:
        rows.notes.append(f"{path.name}: does not have how long requests took")
    return rows.samples(path)


def _log_error(code: str) -> str:
    if code.startswith("-"):
        return "no answer"
    return f"HTTP {code}" if int(code) >= 500 else ""


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    """
    A file that is read.

    Raises:
        InvalidArgument: It cannot be.
    """
    if path.exists() and not path.is_file():
        raise InvalidArgument(f"{path}: not a regular file, and it is read more than once; write it to a file first")
    try:
        with opened(path) as file:
            yield file
    except UNREADABLE as error:
        raise unreadable(path, error) from error
