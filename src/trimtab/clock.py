"""Time as an argument: what reads a clock or sleeps is handed one of these."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


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
        """Block this thread for `duration`."""
        time.sleep(max(0.0, duration.total_seconds()))


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
