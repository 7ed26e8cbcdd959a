"""
Crons on the clocks of a zone: each time at which one fires, and crons worked out from others.

No vendor documents what happens where clocks change, so the rule of Debian's cron holds: a fixed time that the clock
skips comes right after the gap, one that it has twice comes once, and patterns follow the clock.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple, cast

from cronsim import CronSim

from trimtab.engine.clocks import changes_between, last_change, moment_of, offset_at, wall
from trimtab.models import Schedule

# any year would do: only the days of the week are read off it
_YEAR = datetime(2027, 1, 1)  # noqa: DTZ001 - local, in whichever zone
_DECADE = timedelta(days=3653)
_MOST_STARTS = 100
_FARTHEST = timedelta(days=50 * 366)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_MIDNIGHT = time()


class Fire(NamedTuple):
    """One time at which a cron fires."""

    at: datetime
    """In UTC."""
    wall: datetime
    """The local time that the cron means."""
    skipped: timedelta = timedelta(0)
    """How far the clock had gone past that time, where it skipped it."""


class Cron:
    """
    The local times of a cron of five fields, without a zone.

    Attributes:
        times: The times of a day.
        is_fixed: Whether it names minutes and hours; otherwise it follows the clock wherever that is set.
        days_read: How many days were held against it so far, which is what reading a cron costs.
    """

    def __init__(self, text: str) -> None:
        minute, hour, *_ = text.split()
        self._fields = CronSim(text, _YEAR)
        minutes = sorted(self._fields.minutes)
        hours = sorted(self._fields.hours)
        self.times = tuple(timedelta(hours=hour, minutes=minute) for hour in hours for minute in minutes)
        self._known = frozenset(self.times)
        self.is_fixed = not (minute.startswith("*") or hour.startswith("*"))
        self.days_read = 0

    def between(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """Each of its times from `begin` up to `end`, which is outside."""
        day = begin.date()
        while datetime.combine(day, _MIDNIGHT) < end:
            if day.month not in self._fields.months:
                day = _next_month(day)
                continue
            if self._is_day(day):
                midnight = datetime.combine(day, _MIDNIGHT)
                for at in self.times[bisect_left(self.times, begin - midnight) :]:
                    if midnight + at >= end:
                        return
                    yield midnight + at
            day += _DAY

    def last(self, end: datetime, begin: datetime) -> datetime | None:
        """The last of its times before `end`, if that is not before `begin`."""
        day, first = end.date(), begin.date()
        while day >= first:
            if day.month not in self._fields.months:
                day = day.replace(day=1) - _DAY
                continue
            if self._is_day(day):
                midnight = datetime.combine(day, _MIDNIGHT)
                earlier = bisect_left(self.times, end - midnight)
                if earlier:
                    moment = midnight + self.times[earlier - 1]
                    return moment if moment >= begin else None
            day -= _DAY
        return None

    def has(self, local: datetime) -> bool:
        """Whether a local time is one of its own."""
        time_of_day = local - datetime.combine(local.date(), _MIDNIGHT)
        return time_of_day in self._known and local.month in self._fields.months and self._is_day(local.date())

    def _is_day(self, day: date) -> bool:
        self.days_read += 1
        return self._fields.match_day(day)

    @property
    def months(self) -> frozenset[int]:
        """The months that it names."""
        return frozenset(cast("Iterable[int]", self._fields.months))

    @property
    def weekdays(self) -> tuple[int, ...] | None:
        """The days of the week that it names, 0 for Sunday; `None` where it counts them in the month."""
        numbers = self._fields.weekdays
        if not all(isinstance(number, int) for number in numbers):
            return None
        return tuple(sorted({cast("int", number) % 7 for number in numbers}))


@lru_cache(maxsize=4096)
def read_cron(text: str) -> Cron:
    """A cron, read once for all that write it."""
    return Cron(text)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


# on the clocks of a zone


def occurrences(cron: str, zone: str, after: datetime, until: datetime) -> Iterator[Fire]:
    """Each time at which a cron fires, strictly after `after` and up to `until`; skipped times come together."""
    read, offset = read_cron(cron), offset_at(zone, after)
    begin = wall(after, offset) + _TICK
    if read.is_fixed:
        begin = max(begin, _repeated_until(zone, after))
    for change in changes_between(zone, after, until):
        yield from (
            Fire(moment_of(local, offset), local) for local in read.between(begin, wall(change.at, change.before))
        )
        begin, offset = wall(change.at, change.after), change.after
        if read.is_fixed and change.skips:
            yield from (Fire(change.at, local, change.end - local) for local in read.between(change.begin, change.end))
        elif read.is_fixed:
            begin = change.end
    yield from (Fire(moment_of(local, offset), local) for local in read.between(begin, wall(until, offset) + _TICK))


def _repeated_until(zone: str, moment: datetime) -> datetime:
    """The end of the local times that come again at a moment; long ago where none do."""
    change = last_change(zone, moment, moment - 2 * _DAY)
    return datetime.min if change is None or change.skips else change.end  # noqa: DTZ901 - a time without a zone


def last_occurrence(cron: str, zone: str, at: datetime) -> Fire | None:
    """The last time at or before `at` at which a cron fired; `None` for a date that never came."""
    read = read_cron(cron)
    end, since = wall(at, offset_at(zone, at)) + _TICK, at - _FARTHEST
    while True:
        farthest = wall(since, timedelta(0))
        local = read.last(end, farthest)
        if local is None:
            return None
        change = last_change(zone, at, moment_of(local, timedelta(0)) - 2 * _DAY)
        if change is None:
            return Fire(moment_of(local, offset_at(zone, at)), local)
        begin = change.end if read.is_fixed else wall(change.at, change.after)
        if local >= begin:
            return Fire(moment_of(local, change.after), local)
        if read.is_fixed and change.skips and local >= change.begin:
            return Fire(change.at, local, change.end - local)
        end, at = wall(change.at, change.before), change.at - _TICK


def fires(cron: str, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Each time `cron` fires in `zone`, strictly after `after` and up to `until`, in UTC."""
    before = None
    for fire in occurrences(cron, zone, after, until):
        if fire.at != before:
            yield fire.at
        before = fire.at


def next_fire(cron: str, zone: str, after: datetime) -> datetime | None:
    """The first time after `after`, in UTC; `None` for a date that never comes."""
    return next(fires(cron, zone, after, after + _FARTHEST), None)


def last_fire(cron: str, zone: str, at: datetime) -> datetime | None:
    """The last time at or before `at`, in UTC; `None` when there is none."""
    fire = last_occurrence(cron, zone, at)
    return fire.at if fire else None


def next_shown(cron: str, zone: str, after: Fire) -> datetime | None:
    """
    When the clock next shows a time of `cron`, from the local time of a fire on; at once where it skips that time.

    The local times of the two are compared, so that what begins in the hour that is skipped or had twice also ends.
    """
    read = read_cron(cron)
    local = next(read.between(after.wall, after.wall + _FARTHEST), None)
    offset = offset_at(zone, after.at)
    if local is None or local <= wall(after.at, offset):
        return None if local is None else after.at
    for change in changes_between(zone, after.at, after.at + (local - after.wall) + 2 * _DAY):
        if local < wall(change.at, change.before):
            break
        if change.skips and local < change.end:
            return change.at
        offset = change.after
    return moment_of(local, offset)


# worked out from others


@lru_cache(maxsize=4096)
def ended_by_cron(schedule: Schedule) -> Schedule:
    """
    The schedule with the cron at which its window closes in place of its duration, where five fields can say it.

    They cannot where it opens again before it has closed: then an earlier end would close the later window.
    """
    if schedule.duration is None or schedule.cron is None or _opens_while_open(schedule.cron, schedule.duration):
        return schedule
    until = shifted(schedule.cron, schedule.duration)
    if until is None:
        return schedule
    return schedule.model_copy(update={"until": until, "duration": None})


def _opens_while_open(cron: str, duration: timedelta) -> bool:
    starts = islice(read_cron(cron).between(_YEAR, _YEAR + _DECADE), _MOST_STARTS)
    return any(later - earlier < duration for earlier, later in pairwise(starts))


def shifted(cron: str, by: timedelta) -> str | None:
    """`cron` so much later; `None` where five fields cannot say it."""
    minute, hour, day, month, weekday = cron.split()
    seconds = int(by.total_seconds())
    if seconds % 60 or not minute.isdigit() or not hour.isdigit():
        return None
    days, rest = divmod(int(hour) * 60 + int(minute) + seconds // 60, 24 * 60)
    if days:
        later = _shifted_weekday(cron, days) if (day, month) == ("*", "*") else None
        if later is None:
            return None
        weekday = later
    return f"{rest % 60} {rest // 60} {day} {month} {weekday}"


def _shifted_weekday(cron: str, days: int) -> str | None:
    if cron.split()[4] == "*":
        return "*"
    numbers = read_cron(cron).weekdays
    return None if numbers is None else ",".join(str(number) for number in sorted((day + days) % 7 for day in numbers))
