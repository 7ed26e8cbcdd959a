"""
Schedules as windows that raise a minimum: all that the scaling schedules of Compute Engine do; pure.

A window has a length of its own, and of several open ones the greatest minimum holds (Scaling based on schedules,
Compute Engine). So a schedule that ends by a cron, or by the next one, is split where its windows differ in length, and
a week in which a later schedule holds although an earlier one is greater is cut where the minimum changes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, count, islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from trimtab.engine.schedules import edges, fires, in_force, last_set, schedule_fires, window_end
from trimtab.engine.signals import SHORTEST_WINDOW
from trimtab.models import ScalingGroup, Schedule

# a week in which no zone changes its clocks, long enough after its beginning for every schedule to have fired
_WEEK = datetime(2027, 1, 18, tzinfo=UTC)
_SEVEN = timedelta(days=7)
_YEAR = timedelta(days=366)
_SECOND = timedelta(seconds=1)
_MOST_OPENINGS = 400


@dataclass(frozen=True, slots=True)
class RaisedMinimum:
    """
    One window.

    Attributes:
        name: Its own name.
        schedule: The schedule that it comes from.
        cron: When it opens; a sixth field is the year.
        zone: In which zone that is read.
        duration: How long it is open.
        min: The minimum while it is.
    """

    name: str
    schedule: str
    cron: str
    zone: str
    duration: timedelta
    min: int


class Minimums(NamedTuple):
    """The minimum that always holds, and the windows that raise it."""

    base: int
    windows: tuple[RaisedMinimum, ...] = ()


class _Span(NamedTuple):
    """A part of the week with one minimum."""

    schedule: str
    start: datetime
    duration: timedelta
    min: int


def only_raises_minimum(group: ScalingGroup) -> bool:
    """Whether windows that raise a minimum can say what a group's schedules do to its minimum."""
    setters = _setters(group)
    return not setters or _is_weekly(setters) or _are_plain(group, setters)


def minimums_of(group: ScalingGroup) -> Minimums:
    """
    The minimums that a group's schedules set.

    Raises:
        ValueError: Windows cannot say them; ask `only_raises_minimum` first.
    """
    setters = _setters(group)
    if not setters:
        return Minimums(group.capacity.min)
    if _is_weekly(setters):
        return _weekly(group.model_copy(update={"schedules": tuple(setters)}))
    if _are_plain(group, setters):
        return Minimums(group.capacity.min, tuple(_plain(schedule) for schedule in setters))
    raise ValueError(f"the schedules of {group.name!r} do more than raise its minimum")


def lower_within(group: ScalingGroup) -> tuple[str, str] | None:
    """
    A window that opens inside another with a greater minimum, and that other; `None` where there is no such pair.

    Of a fleet's windows the one that opened last holds, of an autoscaler's the greatest. Weeks are cut so that both are
    the same; windows by other crons stand as they are written, and are looked at for so many of their openings.
    """
    setters = _setters(group)
    if not setters or _is_weekly(setters) or not _are_plain(group, setters):
        return None
    pairs = ((inner, outer) for inner in setters for outer in setters if (inner.min or 0) < (outer.min or 0))
    return next(((inner.name, outer.name) for inner, outer in pairs if _opens_within(inner, outer)), None)


@lru_cache(maxsize=1024)
def _opens_within(inner: Schedule, outer: Schedule) -> bool:
    for start in _openings(inner) if inner.at or not outer.at else _openings(outer):
        begun = start if outer.at and not inner.at else last_set(outer, start)
        end = window_end(outer, begun) if begun is not None else None
        if begun is None or end is None:
            continue
        if any(moment < end for moment in schedule_fires(inner, max(begun, start - _SECOND), end)):
            return True
    return False


def _openings(schedule: Schedule) -> Iterator[datetime]:
    """The one opening of a window on a date; of others so many."""
    reach = 100 * _YEAR if schedule.at else _YEAR
    return islice(schedule_fires(schedule, _WEEK - reach, _WEEK + reach), _MOST_OPENINGS)


def _setters(group: ScalingGroup) -> list[Schedule]:
    return [schedule for schedule in group.schedules if schedule.min is not None]


# windows as they are written


def _are_plain(group: ScalingGroup, schedules: Sequence[Schedule]) -> bool:
    return all(
        one.duration is not None
        and one.starts is None
        and one.ends is None
        and one.duration >= SHORTEST_WINDOW
        and (one.min or 0) >= group.capacity.min
        for one in schedules
    )


def _plain(schedule: Schedule) -> RaisedMinimum:
    duration = schedule.duration or timedelta(0)
    return RaisedMinimum(schedule.name, schedule.name, cron_of(schedule), schedule.zone, duration, schedule.min or 0)


def cron_of(schedule: Schedule) -> str:
    """The cron of a schedule; of one that opens once with its year."""
    if schedule.cron is not None or schedule.at is None:
        return schedule.cron or ""
    local = schedule.local(schedule.at).astimezone(ZoneInfo(schedule.zone))
    return f"{local.minute} {local.hour} {local.day} {local.month} * {local.year}"


# weeks


def _is_weekly(schedules: Sequence[Schedule]) -> bool:
    crons = [cron.split() for one in schedules for cron in (one.cron, one.until) if cron]
    return (
        len({one.zone for one in schedules}) == 1
        and all(one.cron and one.starts is None and one.ends is None for one in schedules)
        and all(one.duration is None or SHORTEST_WINDOW <= one.duration < _SEVEN for one in schedules)
        and all(fields[2:4] == ["*", "*"] and not re.search("[#L]", fields[4]) for fields in crons)
        and all(re.fullmatch(r"[\d,]+", field) for fields in crons for field in fields[:2])
    )


def _weekly(group: ScalingGroup) -> Minimums:
    begin = _WEEK - timedelta(seconds=1)
    moments = edges(group, begin, begin + _SEVEN)
    wanted = {moment: in_force(group, moment).min for moment in moments}
    base = min(wanted.values())
    layered = [span for schedule in group.schedules for span in _spans(group, schedule) if span.min > base]
    greatest = {moment: max([base, *(one.min for one in layered if _is_open(one, moment))]) for moment in moments}
    spans = layered if greatest == wanted else list(_cut(group, wanted, base))
    return Minimums(base, tuple(_windows(group, spans)))


def _spans(group: ScalingGroup, schedule: Schedule) -> Iterator[_Span]:
    """The windows of a schedule in a week; one without an end lasts until another such fires."""
    begin = _WEEK - timedelta(seconds=1)
    for start in fires(schedule.cron or "", schedule.zone, begin, begin + _SEVEN):
        end = window_end(schedule, start) if schedule.is_window else _next_lasting(group, start)
        if end is not None and end > start:
            yield _Span(schedule.name, start, end - start, schedule.min or 0)


def _next_lasting(group: ScalingGroup, start: datetime) -> datetime | None:
    lasting = [one for one in group.schedules if not one.is_window]
    later = (moment for one in lasting for moment in fires(one.cron or "", one.zone, start, start + 2 * _SEVEN))
    return min(later, default=None)


def _is_open(span: _Span, moment: datetime) -> bool:
    return any(start <= moment < start + span.duration for start in (span.start, span.start - _SEVEN))


def _cut(group: ScalingGroup, wanted: Mapping[datetime, int], base: int) -> Iterator[_Span]:
    """The week cut where its minimum changes."""
    moments = sorted(wanted)
    changes = [moment for place, moment in enumerate(moments) if wanted[moment] != wanted[moments[place - 1]]]
    for place, moment in enumerate(changes):
        until = changes[place + 1] if place + 1 < len(changes) else changes[0] + _SEVEN
        if wanted[moment] > base:
            yield _Span(_setter(group, moment), moment, until - moment, wanted[moment])


def _setter(group: ScalingGroup, moment: datetime) -> str:
    """The schedule whose minimum holds."""
    low = in_force(group, moment).min
    held = [one for one in group.schedules if one.min == low and last_set(one, moment) is not None]
    return max(held, key=lambda one: last_set(one, moment) or _WEEK).name if held else group.schedules[0].name


def _windows(group: ScalingGroup, spans: Sequence[_Span]) -> Iterator[RaisedMinimum]:
    zone = group.schedules[0].zone
    sorts: dict[tuple[str, int, int, timedelta, int], list[int]] = {}
    for span in spans:
        local = span.start.astimezone(ZoneInfo(zone))
        key = span.schedule, local.hour, local.minute, span.duration, span.min
        sorts.setdefault(key, []).append(local.isoweekday() % 7)
    taken: set[str] = set()
    others = {one.name for one in group.schedules}
    for (schedule, hour, minute, duration, low), days in sorts.items():
        # a window that is one of several is never called like another schedule
        names = chain([schedule], (f"{schedule}-{number}" for number in count(2)))
        name = next(one for one in names if one not in taken and one not in others - {schedule})
        taken.add(name)
        yield RaisedMinimum(name, schedule, f"{minute} {hour} * * {days_text(days)}", zone, duration, low)


def days_text(days: Sequence[int]) -> str:
    """Days of the week as cron has them, 0 for Sunday: `*`, `1-5`, `1,3`."""
    found = sorted(set(days))
    if len(found) == 7:
        return "*"
    if len(found) > 2 and found == list(range(found[0], found[-1] + 1)):
        return f"{found[0]}-{found[-1]}"
    return ",".join(str(day) for day in found)
