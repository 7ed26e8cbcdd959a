"""
How far ahead dates are enacted, and a schedule with dates as runs of days without a break; pure.

No cloud holds the dates of all time: a plan holds those of this year and the next, or of as many whole months as the
cloud has room for, and the next plan goes on from there.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from trimtab.engine.openings import Days, Opening, days_of, last_opening, openings
from trimtab.models import Schedule
from trimtab.models.schedule import Span, read_days

LEAST_AHEAD = timedelta(days=31)
"""How far ahead a cloud must have room for dates, for it to hold them."""
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)


def reaches(now: datetime) -> list[datetime]:
    """The moments up to which dates may be held, the nearest first: ends of months, the last that of the next year."""
    last = datetime(now.year + 2, 1, 1, tzinfo=UTC)
    end, ends = _next_month(now + LEAST_AHEAD), []
    while end < last:
        ends.append(end)
        end = _next_month(end)
    return [*ends, last]


def farthest(now: datetime, fits: Callable[[datetime], bool]) -> datetime | None:
    """The last of the moments of `reaches` up to which dates have room; `None` where not even the first has."""
    ends = reaches(now)
    if fits(ends[-1]):
        return ends[-1]
    place = bisect_left(ends, True, key=lambda end: not fits(end))
    return ends[place - 1] if place else None


def _next_month(moment: datetime) -> datetime:
    return (begin_of_month(moment) + 32 * _DAY).replace(day=1)


def begin_of_month(moment: datetime) -> datetime:
    """The beginning of a moment's month, in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def begin_of(now: datetime) -> datetime:
    """From when on a plan holds dates where the cloud does not drop what has passed: the month before is kept."""
    return begin_of_month(begin_of_month(now) - _DAY)


def undated(schedule: Schedule) -> Schedule:
    """The schedule on all the days that its cron names."""
    return schedule.model_copy(update={"skip_dates": (), "only_dates": ()})


# runs of days


class Run(NamedTuple):
    """Days in a row on which a schedule comes."""

    name: str
    """Of its own among those of the schedule, for as long as the dates before it stay."""
    schedule: Schedule
    """The schedule without dates, that comes on these days alone: once, or from a first moment up to a last one."""


def runs_of(schedule: Schedule, now: datetime, end: datetime) -> Iterator[Run]:
    """
    A schedule with dates as schedules without, as far as they are not over: those that have begun by `end`.

    Those of days left out go on past `end` where no such day comes before it.
    """
    days = days_of(schedule)
    if days is None:
        yield Run(schedule.name, schedule)
        return
    plain = undated(schedule)
    counting = days._replace(skip=tuple(span for span in days.skip if _first_in(plain, span) is not None))
    for first, last in _allowed(counting, now.date() - 367 * _DAY, end.date() + _DAY):
        run = _run(plain, first, last, now, end)
        if run is not None:
            yield run


def _run(plain: Schedule, first: date | None, last: date | None, now: datetime, end: datetime) -> Run | None:
    begin = None if first is None else _midnight(plain, first)
    close = None if last is None else _midnight(plain, last + _DAY)
    if begin is not None and begin >= end:
        return None
    name = plain.name if first is None else f"{plain.name}-{first:%Y%m%d}"
    after = now if begin is None else begin - _TICK
    some = list(islice((one.start for one in openings(plain, after, close - _TICK if close else end)), 2))
    final = None if close is None else last_opening(plain, close - _TICK)
    if close is not None and (final is None or (begin is not None and final.start.at < begin)):
        return None
    if close is not None and len(some) == 1 and begin is not None:
        return Run(name, _once(plain, some[0].at))
    ends = plain.ends if final is None else final.start.at + _MINUTE
    starts = plain.starts if begin is None or not some else some[0].at
    return Run(name, plain.model_copy(update={"name": name, "starts": starts, "ends": ends}))


def _once(plain: Schedule, at: datetime) -> Schedule:
    opening = last_opening(plain, at)
    lasting = None if opening is None or opening.end is None else opening.end - opening.start.at
    update = {"cron": None, "at": at, "until": None, "duration": lasting, "starts": None, "ends": None}
    return plain.model_copy(update=update)


def _midnight(schedule: Schedule, day: date) -> datetime:
    """When a day begins in the zone of a schedule."""
    return datetime.combine(day, time(), ZoneInfo(schedule.zone)).astimezone(UTC)


def _first_in(schedule: Schedule, span: Span) -> Opening | None:
    """The first time that a schedule comes on some days in a row."""
    first, last = span
    begin, close = _midnight(schedule, first) - _TICK, _midnight(schedule, last + _DAY) - _TICK
    return next(openings(schedule, begin, close), None)


def _allowed(days: Days, begin: date, end: date) -> Iterator[tuple[date | None, date | None]]:
    """The runs of days that count; `None` for a run without a beginning or an end in sight."""
    skipped = [span for span in days.skip if span[0] <= end]
    if days.only is None:
        first: date | None = None
        for skip in skipped:
            yield first, skip[0] - _DAY
            first = skip[1] + _DAY
        yield first, None
        return
    for only in days.only:
        if only[1] >= begin and only[0] <= end:
            yield from _less(only, days.skip)


def _less(span: Span, skip: Sequence[Span]) -> Iterator[Span]:
    first, last = span
    for begin, end in skip:
        if begin > last or end < first:
            continue
        if begin > first:
            yield first, begin - _DAY
        first = end + _DAY
    if first <= last:
        yield first, last


# dates that do nothing


def idle_dates(schedule: Schedule, now: datetime, end: datetime) -> Iterator[tuple[str, str]]:
    """Each date of a schedule that changes nothing between now and `end`: its path in the schedule, and why."""
    days = days_of(schedule)
    if days is None:
        return
    plain = undated(schedule)
    for name in ("skip_dates", "only_dates"):
        others = Days(only=days.only) if name == "skip_dates" else Days(skip=days.skip)
        for place, text in enumerate(getattr(schedule, name)):
            reason = _idle(plain, read_days(text), others, now, end)
            if reason:
                yield f"{name}.{place}", reason


def _idle(plain: Schedule, span: Span, others: Days, now: datetime, end: datetime) -> str:
    begin, close = _midnight(plain, span[0]), _midnight(plain, span[1] + _DAY)
    if begin >= end:
        return f"it is after {end - _DAY:%Y-%m-%d}, up to which dates are held now; a later plan holds it"
    coming = (one for one in openings(plain, begin - _TICK, close - _TICK) if others.allow(one.start.wall.date()))
    some = next(coming, None)
    if some is None:
        return "the schedule does not come then in any case; leave it out"
    final = last_opening(plain, close - _TICK)
    last = last_opening(plain, now)
    if close > now or (final is not None and (last == final if final.end is None else final.end > now)):
        return ""
    return "it is over; leave it out"
