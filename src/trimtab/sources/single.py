"""Sources that answer with one value, or with a few of one thing: an HTTP address, a file, a function."""

import csv
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trimtab.clock import Clock, SystemClock
from trimtab.errors import InvalidRequest, NotFound, TrimtabError, UnreadableReply
from trimtab.models import Metric, MetricSource
from trimtab.providers.datapoints import MetricQuery
from trimtab.sources.http import MOST_BYTES, error_of
from trimtab.sources.signing import Signing, open_client
from trimtab.sources.source import Answer, answer_now, answer_points, failed, finite, number_in, value_at

TIMEOUT = timedelta(seconds=10)
STALE_AFTER = timedelta(minutes=5)
Found = float | None | Iterable[tuple[datetime, float]]
"""A value of now, none, or values with the moments at which they were measured."""


class _OneThing:
    """What answers every query with the same thing; `name` is its name as a metric."""

    def __init__(self, name: str, clock: Clock | None) -> None:
        self.name = name
        self._clock = clock or SystemClock()

    def reads(self, metric: Metric) -> bool:
        """Whether it is an external metric of this name."""
        return metric.source is MetricSource.EXTERNAL and metric.name == self.name

    def close(self) -> None:
        """There is nothing to let go of."""

    def _answer(self, query: MetricQuery, found: "Found | Exception") -> Answer:
        if isinstance(found, Exception):
            return failed(found, self.name)
        try:
            if found is None or isinstance(found, int | float):
                return answer_now(query, finite(found), self._clock.now())
            return answer_points(query, _checked(found))
        except Exception as error:
            return failed(error, self.name)


class HttpJson(_OneThing):
    """
    Reads one number out of JSON over HTTP: the newest datapoint at the moment of reading.

    Args:
        name: Its name as a metric: `metrics.external(name)`.
        url: Where it is; plain http only on this machine.
        path: Where in the document the number is: a JSON pointer (`/queues/0/depth`) or with dots (`queues.0.depth`).
        token: Sent as a bearer token.
        username: With `password`, sent as basic authentication.
        password: See `username`.
        headers: What else is sent.
        ca: A file of certificates of authorities to trust, in place of the system's.
        certificate: A PEM file with a certificate of one's own and its key.
        timeout: How long reading may take.
        clock: What tells the time.

    Raises:
        ConfigError: The address or the way to sign in is not safe or not whole.
        MissingExtra: The extra `controller` is not installed.
    """

    def __init__(
        self,
        name: str,
        url: str,
        path: str = "",
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        headers: Mapping[str, str] | None = None,
        ca: str | None = None,
        certificate: str | None = None,
        timeout: timedelta = TIMEOUT,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(name, clock)
        signing = Signing(token, username, password, headers or {}, ca, certificate)
        self._client = open_client(name, url, signing, timeout)
        self._path, self._timeout = path, timeout

    def __repr__(self) -> str:
        return f"HttpJson({self.name!r}, {self._client.url!r}, {self._path!r})"

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Answer]:
        """One answer to each query; the address is asked once."""
        found: Found | Exception
        try:
            found = self._value()
        except Exception as error:
            found = error
        return [self._answer(query, found) for query in queries]

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _value(self) -> float | None:
        deadline = time.monotonic() + self._timeout.total_seconds()
        answered = self._client.get(self._client.url, deadline, operation="read")
        if problem := error_of(self.name, answered, "read"):
            raise problem
        return value_at(_document(answered.body, self.name), self._path, source=self.name)


class File(_OneThing):
    """
    Reads a file: one number, JSON, or CSV with a moment and a value in each line.

    A number, and JSON with `path`, are of now, as long as the file was written not long ago. The lines of a CSV file
    (`2026-11-29T12:00:00Z,17`, or seconds since 1970) are values over time.

    Args:
        name: Its name as a metric: `metrics.external(name)`.
        path: Where the file is; what ends in `.csv` is CSV, in `.json` JSON.
        pointer: Where in a JSON file the number is: a JSON pointer or with dots.
        stale_after: How old the file may be, for its number to count.
        clock: What tells the time.
    """

    def __init__(
        self,
        name: str,
        path: str | os.PathLike[str],
        pointer: str = "",
        *,
        stale_after: timedelta = STALE_AFTER,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(name, clock)
        self.path = Path(path)
        self._pointer, self._stale_after = pointer, stale_after

    def __repr__(self) -> str:
        return f"File({self.name!r}, {str(self.path)!r})"

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Answer]:
        """One answer to each query; the file is read once."""
        found: Found | Exception
        try:
            found = self._found()
        except Exception as error:
            found = error
        return [self._answer(query, found) for query in queries]

    def _found(self) -> Found:
        body, written = self._bytes()
        kind = self.path.suffix.lower()
        if kind == ".csv":
            return list(_lines(body.decode("utf-8-sig"), self.name))
        if self._clock.now() - written > self._stale_after:
            return None
        if kind == ".json" or self._pointer:
            return value_at(_document(body, self.name), self._pointer, source=self.name)
        try:
            return number_in(body.decode().strip())
        except ValueError as error:
            raise UnreadableReply(f"{self.path} holds no number", provider=self.name, operation="read") from error

    def _bytes(self) -> tuple[bytes, datetime]:
        try:
            # a pipe without a writer would be waited for
            with open(os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as stream:
                body = stream.read(MOST_BYTES + 1) or b""
                written = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, UTC)
        except OSError as error:
            text = f"{self.path} cannot be read: {error.strerror or error}"
            raise NotFound(text, provider=self.name, operation="read") from error
        if len(body) > MOST_BYTES:
            text = f"{self.path} is longer than {MOST_BYTES // 2**20} MiB"
            raise UnreadableReply(text, provider=self.name, operation="read")
        return body, written


class Function(_OneThing):
    """
    Asks a function of one's own.

    Args:
        name: Its name as a metric: `metrics.external(name)`.
        function: Takes a query and gives a value of now, `None` for a missing one, or values with the moments at which
            they were measured. What it raises is the answer to that query. It should end within seconds.
        clock: What tells the time.
    """

    def __init__(self, name: str, function: Callable[[MetricQuery], Found], *, clock: Clock | None = None) -> None:
        super().__init__(name, clock)
        self._function = function

    def __repr__(self) -> str:
        return f"Function({self.name!r})"

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Answer]:
        """One answer to each query; the function is called for each."""
        return [self._answer(query, self._called(query)) for query in queries]

    def _called(self, query: MetricQuery) -> "Found | Exception":
        try:
            return self._function(query)
        except Exception as error:
            return error


def _checked(points: Iterable[tuple[datetime, float]]) -> Iterable[tuple[datetime, float]]:
    for at, value in points:
        if at.tzinfo is None:
            raise InvalidRequest(f"{at} has no time zone; give one, such as UTC")
        number = finite(value)
        if number is not None:
            yield at, number


def _document(body: bytes, name: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableReply("its reply is not JSON", provider=name, operation="read") from error


def _lines(text: str, name: str) -> Iterable[tuple[datetime, float]]:
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not row or (number == 1 and not _is_moment(row[0])):
            continue  # a heading
        if len(row) < 2:
            raise _no_line(name, number)
        try:
            at, value = _moment(row[0].strip()), number_in(row[1].strip() or "nan")
        except (ValueError, OverflowError, OSError) as error:
            raise _no_line(name, number) from error
        if value is not None:
            yield at, value


def _moment(text: str) -> datetime:
    if text.replace(".", "", 1).isdigit():
        return datetime.fromtimestamp(float(text), UTC)
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no time zone")
    return at


def _is_moment(text: str) -> bool:
    return text[:1].isdigit()


def _no_line(name: str, number: int) -> TrimtabError:
    text = f"line {number} is not a time with a zone and a value, such as 2026-11-29T12:00:00Z,17"
    return UnreadableReply(text, provider=name, operation="read")
