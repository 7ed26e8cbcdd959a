"""Time as an argument: what reads a clock or sleeps is handed one of these. And giving up, which ends sleep early."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Protocol

from trimtab.errors import Cancelled, InvalidArgument

_current: ContextVar["Cancellation | None"] = ContextVar("cancellation", default=None)


class Clock(Protocol):
    """What trimtab asks of time. Times are aware and in UTC; durations are `timedelta`."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...

    def sleep(self, duration: timedelta) -> None:
        """Return when `duration` has passed on this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        """
        Block this thread for `duration`.

        Raises:
            Cancelled: Its work was cancelled meanwhile.
        """
        cancellation, seconds = _current.get(), max(0.0, duration.total_seconds())
        if cancellation is None:
            time.sleep(seconds)
        elif cancellation.wait(seconds):
            check_cancelled()


class ManualClock:
    """
    A clock that stands still until it is moved; sleeping moves it.

    Args:
        start: The first `now()`, aware; by default 2026-01-05 00:00 UTC, a Monday.
    """

    def __init__(self, start: datetime | None = None) -> None:
        start = start or datetime(2026, 1, 5, tzinfo=UTC)
        self._now = aware(start)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return self._now

    def sleep(self, duration: timedelta) -> None:
        """Move the clock by `duration` and return at once."""
        self.advance(max(duration, timedelta(0)))

    def advance(self, duration: timedelta) -> None:
        """Move the clock forward."""
        if duration < timedelta(0):
            raise ValueError(f"a clock only moves forward, not by {duration}")
        with self._lock:
            self._now += duration

    def move_to(self, moment: datetime) -> None:
        """Set the clock to `moment`, earlier or later."""
        with self._lock:
            self._now = aware(moment)


class Stopwatch:
    """
    How much time has passed since it was made: on a clock, or on the machine where that is more.

    A socket waits in the machine's time whatever clock is passed in, and setting the machine's clock moves no wait.

    Args:
        clock: The clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = None if isinstance(clock, SystemClock) else clock
        self._begin = clock.now()
        self._machine = time.monotonic()

    def elapsed(self) -> timedelta:
        """The time since then."""
        passed = timedelta(seconds=time.monotonic() - self._machine)
        return passed if self._clock is None else max(passed, self._clock.now() - self._begin)


def aware(moment: datetime) -> datetime:
    """`moment` in UTC; a naive time is refused, since its zone is unknown."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; use an aware datetime")
    return moment.astimezone(UTC)


# giving up


class Cancellation:
    """Cancels work that other threads do. Thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Have the work end before its next call, and its waits end now."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the work was cancelled."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether the work was cancelled within so many seconds; returns as soon as it is."""
        return self._event.wait(seconds)

    @contextmanager
    def covers(self) -> Iterator[None]:
        """Cancel what is done inside, in this thread and in those that are handed its context."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


def is_cancelled() -> bool:
    """Whether the work of this thread was cancelled."""
    current = _current.get()
    return current is not None and current.is_cancelled


def check_cancelled() -> None:
    """
    Go on, unless the work of this thread was cancelled.

    Raises:
        Cancelled: It was.
    """
    if is_cancelled():
        raise Cancelled("cancelled before the next call to the cloud")


def ensure_above_zero(duration: timedelta, name: str) -> timedelta:
    """
    The duration of the argument `name`.

    Raises:
        InvalidArgument: It is 0 or less, or a number, which is no duration.
    """
    if not isinstance(duration, timedelta):
        raise InvalidArgument(f"{name}: {duration!r} is not a duration; give a timedelta, such as trimtab.minutes(5)")
    if duration <= timedelta(0):
        raise InvalidArgument(f"{name}={duration} is not above 0; give a longer one")
    return duration
