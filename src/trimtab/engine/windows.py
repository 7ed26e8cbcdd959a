"""
Schedules as windows that raise a minimum: all that the scaling schedules of Compute Engine do; pure.

A window has a length of its own, and of several open ones the greatest minimum holds (Scaling based on schedules,
Compute Engine). So a schedule that ends by a cron, or by the next one, is split where its windows differ in length, and
a week in which a later schedule holds although an earlier one is greater is cut where the minimum changes.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from itertools import chain, count, groupby, islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from trimtab.engine.openings import Opening, last_opening, openings
from trimtab.engine.signals import MOST_SCHEDULES, SHORTEST_WINDOW, Minimums, RaisedMinimum, years_text
from trimtab.engine.timetable import timetable_of
from trimtab.models import ScalingGroup, Schedule
from trimtab.models.base import fold_name

# a week in which no zone changes its clocks, long enough after its beginning for every schedule to have fired
_WEEK = datetime(2027, 1, 18, tzinfo=UTC)
_SEVEN = timedelta(days=7)
_YEAR = timedelta(days=366)
_SECOND = timedelta(seconds=1)
_BEGIN = _WEEK - _SECOND
_MOST_OPENINGS = 400


class _Span(NamedTuple):
    """A time with one minimum."""

    schedule: str
    start: datetime
    end: datetime
    min: int


def only_raises_minimum(group: ScalingGroup) -> bool:
    """Whether windows that raise a minimum can say what a group's schedules do to its minimum."""
    setters = _setters(group)
    if any(schedule.is_by_day for schedule in setters):
        return _are_held(group.capacity.min, setters)
    return not setters or _is_weekly(setters) or _are_plain(group.capacity.min, setters)


def raises_minimum(group: ScalingGroup) -> bool:
    """Whether windows ever raise a group's own minimum."""
    if not group.schedules or not only_raises_minimum(group):
        return False
    setters = _setters(group)
    if any(schedule.is_by_day for schedule in setters):
        return any((schedule.min or 0) > group.capacity.min for schedule in setters)
    minimums = _minimums(group.capacity.min, setters)
    return minimums is not None and (bool(minimums.windows) or minimums.base > group.capacity.min)


def reach_of(group: ScalingGroup, now: datetime) -> datetime | None:
    """Up to when the dates of a group's schedules have room among 128 windows; `None` where they have none."""
    from trimtab.engine.calendars import begin_of_month, farthest

    least, setters, month = group.capacity.min, _setters(group), begin_of_month(now)
    if not any(schedule.is_by_day for schedule in setters):
        return farthest(now, lambda _: True)
    return farthest(now, lambda end: len(_dated(least, setters, month, end).windows) <= MOST_SCHEDULES)


@lru_cache(maxsize=256)
def _dated(least: int, setters: tuple[Schedule, ...], month: datetime, end: datetime) -> Minimums:
    from trimtab.engine.dated_windows import dated_minimums

    return dated_minimums(least, setters, month, end, lambda some: _minimums(least, some))


def _as_far_as_held(group: ScalingGroup, now: datetime) -> Minimums:
    from trimtab.engine.calendars import begin_of_month, reaches

    end = reach_of(group, now) or reaches(now)[-1]
    return _dated(group.capacity.min, _setters(group), begin_of_month(now), end)


def minimums_of(group: ScalingGroup, now: datetime) -> Minimums:
    """
    The minimums that a group's schedules set, as far as dates are held now.

    Raises:
        ValueError: Windows cannot say them; ask `only_raises_minimum` first.
    """
    setters = _setters(group)
    if only_raises_minimum(group) and any(schedule.is_by_day for schedule in setters):
        return _as_far_as_held(group, now)
    minimums = _minimums(group.capacity.min, setters)
    if minimums is None:
        raise ValueError(f"the schedules of {group.name!r} do more than raise its minimum")
    return minimums


@lru_cache(maxsize=1024)
def _minimums(least: int, setters: tuple[Schedule, ...]) -> Minimums | None:
    if not setters:
        return Minimums(least)
    if _is_weekly(setters):
        return _weekly(least, setters)
    return Minimums(least, tuple(_plain(schedule) for schedule in setters)) if _are_plain(least, setters) else None


class Lowered(NamedTuple):
    """A schedule that has a lower minimum in force than an autoscaler would keep that has the schedules as written."""

    schedule: str
    min: int
    kept: int
    holder: str = ""
    """The schedule that is open with that greater minimum; empty where it is the group's own minimum."""


def lowered_by(group: ScalingGroup) -> tuple[Lowered, ...]:
    """
    The schedules of a group that lower its minimum, each by the first time in a week that it does.

    Of an autoscaler's schedules the greatest that is open holds, and none goes below its own minimum. A group's week is
    cut so that the schedule which began last holds nevertheless; this tells where that makes a difference.
    """
    setters = _setters(group)
    return _lowered(group.capacity.min, setters) if setters and _is_weekly(setters) else ()


@lru_cache(maxsize=1024)
def _lowered(least: int, setters: tuple[Schedule, ...]) -> tuple[Lowered, ...]:
    stretches = timetable_of(setters).between(_BEGIN, _BEGIN + _SEVEN)[1:]
    spans = sorted(_week(setters), key=lambda span: span.start)
    begun = sorted((span.start - back, span.end - back, span) for back in (timedelta(0), _SEVEN) for span in spans)
    held: list[tuple[int, datetime, str]] = []
    place = 0
    lowered: dict[str, Lowered] = {}
    for stretch in stretches:
        while place < len(begun) and begun[place][0] <= stretch.begin:
            heappush(held, (-begun[place][2].min, begun[place][1], begun[place][2].schedule))
            place += 1
        while held and held[0][1] <= stretch.begin:
            heappop(held)
        low, name = stretch.min, stretch.setters[0]
        if low is None:
            continue
        greatest, holder = (-held[0][0], held[0][2]) if held else (low, "")
        if least > max(low, greatest):
            greatest, holder = least, ""
        if greatest > low:
            lowered.setdefault(name, Lowered(name, low, greatest, holder))
    return tuple(lowered.values())


def lower_within(group: ScalingGroup) -> tuple[tuple[str, str], ...]:
    """
    Each window that opens inside another with a greater minimum, and that other.

    Of a fleet's windows the one that opened last holds, of an autoscaler's the greatest. Weeks are cut so that both are
    the same; windows by other crons stand as they are written, and are looked at for so many of their openings.
    """
    setters = _setters(group)
    if not setters or _is_weekly(setters) or not _are_plain(group.capacity.min, setters):
        return ()
    if any(schedule.is_by_day for schedule in setters):
        return ()
    return _lower_within(setters)


@lru_cache(maxsize=1024)
def _lower_within(setters: tuple[Schedule, ...]) -> tuple[tuple[str, str], ...]:
    spans = [span for schedule in setters for span in _openings(schedule)]
    once = [schedule for schedule in setters if schedule.at is not None]
    # a window on a date may lie where the openings of the others are not looked at
    spans += {
        span for day in once for schedule in setters if schedule.at is None for span in _openings_around(schedule, day)
    }
    held: list[tuple[int, datetime, str]] = []
    found: dict[str, str] = {}
    for _, some in groupby(sorted(spans, key=lambda span: span.start), key=lambda span: span.start):
        opening = list(some)
        for span in opening:
            while held and held[0][1] <= span.start:
                heappop(held)
            if held and -held[0][0] > span.min:
                found.setdefault(span.schedule, held[0][2])
        for span in opening:
            heappush(held, (-span.min, span.end, span.schedule))
    return tuple(found.items())


def _openings(schedule: Schedule) -> Iterator[_Span]:
    """The one opening of a window on a date; of others so many."""
    reach = 100 * _YEAR if schedule.at else _YEAR
    return _spans_of(schedule, islice(openings(schedule, _WEEK - reach, _WEEK + reach), _MOST_OPENINGS))


def _openings_around(schedule: Schedule, day: Schedule) -> Iterator[_Span]:
    """The opening that a window on a date begins in, and those that begin in it."""
    for span in _openings(day):
        earlier = last_opening(schedule, span.start)
        inside = islice(openings(schedule, span.start, span.end - _SECOND), _MOST_OPENINGS)
        yield from _spans_of(schedule, [*([earlier] if earlier else []), *inside])


def _spans_of(schedule: Schedule, pairs: Iterable[Opening]) -> Iterator[_Span]:
    return (_Span(schedule.name, start.at, end, schedule.min or 0) for start, end in pairs if end and start.at < end)


def _setters(group: ScalingGroup) -> tuple[Schedule, ...]:
    return tuple(schedule for schedule in group.schedules if schedule.min is not None)


# windows as they are written


def _are_held(least: int, schedules: Sequence[Schedule]) -> bool:
    """Whether windows can say these schedules, some of which have dates."""
    return all(
        schedule.is_window
        and schedule.starts is None
        and schedule.ends is None
        and (schedule.duration is None or SHORTEST_WINDOW <= schedule.duration < _SEVEN)
        and (schedule.min or 0) >= least
        for schedule in schedules
    )


def _are_plain(least: int, schedules: Sequence[Schedule]) -> bool:
    return all(
        schedule.duration is not None
        and schedule.starts is None
        and schedule.ends is None
        and schedule.duration >= SHORTEST_WINDOW
        and (schedule.min or 0) >= least
        for schedule in schedules
    )


def _plain(schedule: Schedule) -> RaisedMinimum:
    duration = schedule.duration or timedelta(0)
    return RaisedMinimum(schedule.name, schedule.name, cron_of(schedule), schedule.zone, duration, schedule.min or 0)


def cron_of(schedule: Schedule) -> str:
    """The cron of a schedule; of one that opens once with its year."""
    years = schedule.years
    if schedule.cron is not None or schedule.at is None:
        return f"{schedule.cron or ''} {years_text(years)}" if years else schedule.cron or ""
    local = schedule.local(schedule.at).astimezone(ZoneInfo(schedule.zone))
    return f"{local.minute} {local.hour} {local.day} {local.month} * {local.year}"


# weeks


@lru_cache(maxsize=1024)
def _is_weekly(schedules: tuple[Schedule, ...]) -> bool:
    crons = [cron.split() for schedule in schedules for cron in (schedule.cron, schedule.until) if cron]
    return (
        len({schedule.zone for schedule in schedules}) == 1
        and not any(schedule.is_dated for schedule in schedules)
        and all(schedule.cron and schedule.starts is None and schedule.ends is None for schedule in schedules)
        and all(schedule.duration is None or SHORTEST_WINDOW <= schedule.duration < _SEVEN for schedule in schedules)
        and all(fields[2:4] == ["*", "*"] and not re.search("[#L]", fields[4]) for fields in crons)
        and all(re.fullmatch(r"[\d,]+", field) for fields in crons for field in fields[:2])
    )


def _weekly(least: int, schedules: tuple[Schedule, ...]) -> Minimums:
    stretches = timetable_of(schedules).between(_BEGIN, _BEGIN + _SEVEN)[1:]
    wanted = {stretch.begin: least if stretch.min is None else stretch.min for stretch in stretches}
    base = min(wanted.values())
    layered = [span for span in _week(schedules) if span.min > base]
    spans = layered if _greatest(layered, base, wanted) == wanted else list(_cut(schedules, wanted, base))
    return Minimums(base, tuple(_windows(schedules[0].zone, spans, {schedule.name for schedule in schedules})))


@lru_cache(maxsize=1024)
def _week(schedules: tuple[Schedule, ...]) -> tuple[_Span, ...]:
    """The times of a week; one without an end lasts until another such begins."""
    begins = [[opening.start.at for opening in openings(each, _BEGIN, _BEGIN + 3 * _SEVEN)] for each in schedules]
    lasting = sorted(
        {at for each, moments in zip(schedules, begins, strict=True) if not each.is_window for at in moments}
    )
    spans: list[_Span] = []
    for schedule in schedules:
        for start, end in openings(schedule, _BEGIN, _BEGIN + _SEVEN):
            later = bisect_right(lasting, start.at)
            until = end if schedule.is_window else lasting[later] if later < len(lasting) else None
            if until is not None and until > start.at:
                spans.append(_Span(schedule.name, start.at, until, schedule.min or 0))
    return tuple(spans)


def _greatest(spans: Sequence[_Span], base: int, moments: Iterable[datetime]) -> dict[datetime, int]:
    """The greatest minimum of those that are open at each moment of a week that is like the one before."""
    week = [(span.start - back, span.end - back, span.min) for span in spans for back in (timedelta(0), _SEVEN)]
    begun = sorted(week)
    held: list[tuple[int, datetime]] = []
    minimums: dict[datetime, int] = {}
    place = 0
    for moment in sorted(moments):
        while place < len(begun) and begun[place][0] <= moment:
            heappush(held, (-begun[place][2], begun[place][1]))
            place += 1
        while held and held[0][1] <= moment:
            heappop(held)
        minimums[moment] = max(base, -held[0][0]) if held else base
    return minimums


def _cut(schedules: tuple[Schedule, ...], wanted: Mapping[datetime, int], base: int) -> Iterator[_Span]:
    """The week cut where its minimum changes."""
    moments = sorted(wanted)
    changes = [moment for place, moment in enumerate(moments) if wanted[moment] != wanted[moments[place - 1]]]
    names = _names(schedules, {moment: wanted[moment] for moment in changes})
    for place, moment in enumerate(changes):
        until = changes[place + 1] if place + 1 < len(changes) else changes[0] + _SEVEN
        if wanted[moment] > base:
            yield _Span(names[moment], moment, until, wanted[moment])


def _names(schedules: tuple[Schedule, ...], wanted: Mapping[datetime, int]) -> dict[datetime, str]:
    """At each moment the schedule that set its minimum last; the first where none did."""
    starts: list[tuple[datetime, int]] = []
    for place, schedule in enumerate(schedules):
        earlier = last_opening(schedule, _BEGIN)
        begun = [*([earlier] if earlier else []), *openings(schedule, _BEGIN, _BEGIN + _SEVEN)]
        starts += [(opening.start.at, -place) for opening in begun]
    starts.sort()
    last: dict[int, str] = {}
    names: dict[datetime, str] = {}
    place = 0
    for moment in sorted(wanted):
        while place < len(starts) and starts[place][0] <= moment:
            schedule = schedules[-starts[place][1]]
            last[schedule.min or 0] = schedule.name
            place += 1
        names[moment] = last.get(wanted[moment], schedules[0].name)
    return names


def _windows(zone: str, spans: Sequence[_Span], names: Set[str]) -> Iterator[RaisedMinimum]:
    sorts: dict[tuple[str, int, int, timedelta, int], list[int]] = {}
    for span in spans:
        local = span.start.astimezone(ZoneInfo(zone))
        key = span.schedule, local.hour, local.minute, span.end - span.start, span.min
        sorts.setdefault(key, []).append(local.isoweekday() % 7)
    taken: set[str] = set()
    for (schedule, hour, minute, duration, low), days in sorts.items():
        # a window that is one of several is never called like another schedule
        numbered = chain([schedule], (f"{schedule}-{number}" for number in count(2)))
        others = {fold_name(name) for name in names - {schedule}} | taken
        name = next(candidate for candidate in numbered if fold_name(candidate) not in others)
        taken.add(fold_name(name))
        yield RaisedMinimum(name, schedule, f"{minute} {hour} * * {days_text(days)}", zone, duration, low)


def days_text(days: Sequence[int]) -> str:
    """Days of the week as cron has them, 0 for Sunday: `*`, `1-5`, `1,3`."""
    numbers = sorted(set(days))
    if len(numbers) == 7:
        return "*"
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}-{numbers[-1]}"
    return ",".join(str(day) for day in numbers)
