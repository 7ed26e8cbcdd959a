"""When one schedule sets its sizes, and until when they hold."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from trimtab.engine.clocks import offset_at, wall
from trimtab.engine.crons import Fire, last_occurrence, next_shown, occurrences
from trimtab.models import Schedule
from trimtab.models.schedule import Span, joined, read_days

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


class Opening(NamedTuple):
    """One time at which a schedule sets its sizes."""

    start: Fire
    end: datetime | None
    """The first moment after the window; `None` for a schedule without a duration or `until`."""

    def holds(self, at: datetime) -> bool:
        """Whether its sizes hold at a moment at or after its start."""
        return self.end is None or at < self.end


def openings(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Opening]:
    """Each time a schedule sets its sizes, strictly after `after` and up to `until`."""
    return (Opening(start, _end(schedule, start)) for start in _starts(schedule, after, until))


def last_opening(schedule: Schedule, at: datetime) -> Opening | None:
    """The last time at or before `at` that a schedule set its sizes; `None` when it never did."""
    start = _last_start(schedule, at)
    return None if start is None else Opening(start, _end(schedule, start))


def schedule_fires(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """
    Each time a schedule sets its sizes, strictly after `after` and up to `until`, in UTC.

    With `starts` it also fires at that moment; after `ends` it does not (PutScheduledUpdateGroupAction,
    Amazon EC2 Auto Scaling API Reference).
    """
    before = None
    for start in _starts(schedule, after, until):
        if start.at != before:
            yield start.at
        before = start.at


def last_set(schedule: Schedule, at: datetime) -> datetime | None:
    """The last time at or before `at` that a schedule set its sizes, in UTC; `None` when it never did."""
    start = _last_start(schedule, at)
    return None if start is None else start.at


def window_end(schedule: Schedule, start: datetime) -> datetime | None:
    """
    When the window that opened at `start` closes; `None` for a schedule that is no window.

    By `until` it closes when the clock next shows that time, at once where the clock has skipped both.
    """
    fire = _last_start(schedule, start)
    opened = fire if fire is not None and fire.at == start else _at(schedule, start)
    return _end(schedule, opened)


def is_active(schedule: Schedule, at: datetime) -> bool:
    """Whether a window is open: from its start on, up to its end, which is outside."""
    opening = last_opening(schedule, at)
    return opening is not None and opening.holds(at)


def _starts(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Fire]:
    days = days_of(schedule)
    if days is None:
        return _all_starts(schedule, after, until)
    return (start for start in _all_starts(schedule, after, until) if days.allow(start.wall.date()))


def _all_starts(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Fire]:
    """Its starts on whatever day."""
    last = min(until, schedule.local(schedule.ends).astimezone(UTC)) if schedule.ends else until
    first = schedule.local(schedule.starts).astimezone(UTC) if schedule.starts else None
    once = schedule.local(schedule.at).astimezone(UTC) if schedule.at else first
    if once is not None and after < once <= last:
        yield _at(schedule, once)
    if schedule.cron is not None:
        begin = after if first is None else max(after, first)
        if begin < last:
            yield from occurrences(schedule.cron, schedule.zone, begin, last)


def _last_start(schedule: Schedule, at: datetime) -> Fire | None:
    start, days = _last_of_all(schedule, at), days_of(schedule)
    while days is not None and start is not None and not days.allow(start.wall.date()):
        day = days.last_before(start.wall.date())
        if day is None:
            return None
        end = datetime.combine(day + _DAY, time(), ZoneInfo(schedule.zone)).astimezone(UTC)
        start = _last_of_all(schedule, min(end, start.at) - _TICK)
    return start


def _last_of_all(schedule: Schedule, at: datetime) -> Fire | None:
    """Its last start on whatever day."""
    limit = min(at, schedule.local(schedule.ends).astimezone(UTC)) if schedule.ends else at
    once = schedule.at or schedule.starts
    first = schedule.local(once).astimezone(UTC) if once is not None else None
    if schedule.cron is not None and (first is None or first <= limit):
        fire = last_occurrence(schedule.cron, schedule.zone, limit)
        if fire is not None and (first is None or fire.at >= first):
            return fire
    return _at(schedule, first) if first is not None and first <= limit else None


def _at(schedule: Schedule, moment: datetime) -> Fire:
    return Fire(moment, wall(moment, offset_at(schedule.zone, moment)))


def _end(schedule: Schedule, start: Fire) -> datetime | None:
    if schedule.duration is not None:
        return start.at + schedule.duration
    if schedule.until is not None:
        return next_shown(schedule.until, schedule.zone, start)
    return None


# days


class Days(NamedTuple):
    """Some days, by the calendar on the wall of a schedule's zone."""

    skip: tuple[Span, ...] = ()
    """The days that are left out, in order."""
    only: tuple[Span, ...] | None = None
    """The days that alone count, in order; `None` for all."""

    def allow(self, day: date) -> bool:
        """Whether a schedule may come on this day."""
        return _within(self.skip, day) is None and (self.only is None or _within(self.only, day) is not None)

    def last_before(self, day: date) -> date | None:
        """The last day before this one on which a schedule may come; `None` where there is none."""
        if day == date.min:
            return None
        day -= _DAY
        while True:
            skipped = _within(self.skip, day)
            if skipped is not None:
                if skipped[0] == date.min:
                    return None
                day = skipped[0] - _DAY
                continue
            if self.only is None or _within(self.only, day) is not None:
                return day
            earlier = bisect_right(self.only, (day, day)) - 1
            if earlier < 0:
                return None
            day = self.only[earlier][1]


def _within(spans: Sequence[Span], day: date) -> Span | None:
    """The days in a row that a day is one of."""
    place = bisect_right(spans, (day, date.max)) - 1
    return spans[place] if place >= 0 and day <= spans[place][1] else None


def days_of(schedule: Schedule) -> Days | None:
    """The days on which a schedule may come; `None` where it may on all."""
    if not schedule.is_dated:
        return None
    return _days(schedule.skip_dates, schedule.only_dates)


@lru_cache(maxsize=1024)
def _days(skip: tuple[str, ...], only: tuple[str, ...]) -> Days:
    alone = joined(read_days(text) for text in only) if only else None
    return Days(joined(read_days(text) for text in skip), alone)
