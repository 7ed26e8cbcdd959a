"""
Schedules with dates as windows that raise a minimum; pure.

A scaling schedule of Compute Engine cannot leave a day out, but its cron has a year: so a month in which dates make a
difference is one window on the days that are meant, and all other months are as the cron has them (Scaling based on
schedules, Compute Engine: https://cloud.google.com/compute/docs/autoscaler/scaling-schedules).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain, count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from trimtab.engine.calendars import begin_of, undated
from trimtab.engine.crons import occurrences, read_cron
from trimtab.engine.signals import LAST_YEAR, Minimums, RaisedMinimum, years_text
from trimtab.engine.timetable import timetable_of
from trimtab.models import Schedule
from trimtab.models.base import fold_name

_DAY = timedelta(days=1)


class _Sort(NamedTuple):
    """What windows on different days have in common."""

    schedule: str
    zone: str
    hour: int
    minute: int
    duration: timedelta
    min: int


def dated_minimums(
    least: int,
    schedules: tuple[Schedule, ...],
    now: datetime,
    end: datetime,
    weekly: Callable[[tuple[Schedule, ...]], Minimums | None],
) -> Minimums:
    """
    The windows of schedules some of which have dates, as they hold up to `end`.

    Args:
        least: The group's own minimum.
        schedules: Those that set a minimum.
        now: When they are worked out.
        end: The first of a month, up to which dates are held; from then on those without dates come as ever.
        weekly: The windows of schedules without dates; `None` where there are none that say them.
    """
    begin = begin_of(now)
    days = _days_of(least, schedules, begin, end)
    lasting = tuple(undated(one) for one in schedules if one.at is None and not one.only_dates)
    windows: list[RaisedMinimum] = []
    for window in _patterns(least, lasting, weekly):
        windows += _as_written(window, days, begin, end)
    taken = {fold_name(window.name) for window in windows}
    for sort in sorted(days):
        some = list(_by_month(_free(sort.schedule, sort, days[sort], taken), sort, days[sort]))
        taken |= {fold_name(window.name) for window in some}
        windows += some
    windows += _later_years(schedules, end, {window.name for window in windows})
    order = {schedule.name: place for place, schedule in enumerate(schedules)}
    return Minimums(least, tuple(sorted(windows, key=lambda window: (order[window.schedule], window.name))))


def _days_of(least: int, schedules: tuple[Schedule, ...], begin: datetime, end: datetime) -> dict[_Sort, set[date]]:
    """The days on which a window of each sort opens, from the first of a month to the first of another."""
    zones = {schedule.name: ZoneInfo(schedule.zone) for schedule in schedules}
    spans: list[tuple[str, datetime, datetime, int]] = []
    for stretch in timetable_of(schedules).between(begin - 2 * _DAY, end + 9 * _DAY):
        low = least if stretch.min is None else stretch.min
        if low <= least:
            continue
        if spans and spans[-1][2] == stretch.begin and spans[-1][3] == low:
            spans[-1] = (*spans[-1][:2], stretch.end, low)
        else:
            spans.append((stretch.setters[0], stretch.begin, stretch.end, low))
    days: dict[_Sort, set[date]] = defaultdict(set)
    for name, start, until, low in spans:
        local = start.astimezone(zones[name])
        if begin.date() <= local.date() < end.date():
            sort = _Sort(name, zones[name].key, local.hour, local.minute, until - start, low)
            days[sort].add(local.date())
    return days


def _patterns(
    least: int, lasting: tuple[Schedule, ...], weekly: Callable[[tuple[Schedule, ...]], Minimums | None]
) -> Iterator[RaisedMinimum]:
    """The windows that come as ever: of all together where those say it, else of each by itself."""
    together = weekly(lasting) if lasting else None
    if together is not None and together.base == least:
        yield from together.windows
        return
    for schedule in lasting:
        alone = weekly((schedule,))
        yield from alone.windows if alone is not None and alone.base == least else ()


def _as_written(
    window: RaisedMinimum, days: dict[_Sort, set[date]], begin: datetime, end: datetime
) -> Iterator[RaisedMinimum]:
    """The windows in place of one that comes as ever: months without a difference, those with one, later years."""
    minute, hour, *_, weekday = window.cron.split()
    months = dict.fromkeys(sorted(read_cron(window.cron).months), True)
    regular: dict[int, list[int]] = defaultdict(list)
    if minute.isdigit() and hour.isdigit():
        sort = _Sort(window.schedule, window.zone, int(hour), int(minute), window.duration, window.min)
        meant, expected = _monthly(days.pop(sort, set())), _monthly(_expected(window, begin, end))
        for year, month in sorted({*meant, *expected}):
            if meant.get((year, month)) == expected.get((year, month)):
                regular[year].append(month)
        left = {key: some for key, some in meant.items() if some != expected.get(key)}
        yield from _by_month(window.name, sort, set(chain.from_iterable(left.values())))
    if end.month > 1:
        regular[end.year] += [month for month in months if month >= end.month]
    day = window.cron.split()[2]
    for year, some in regular.items():
        if some:
            text = "*" if len(set(some)) == 12 else ",".join(map(str, sorted(set(some))))
            cron = f"{minute} {hour} {day} {text} {weekday} {year}"
            yield window.named(f"{window.name}-{year}", cron)
    last = end.year if end.month == 1 else end.year + 1
    yield window.named(window.name, f"{window.cron} {last}-{LAST_YEAR}")


def _expected(window: RaisedMinimum, begin: datetime, end: datetime) -> set[date]:
    fires = occurrences(window.cron, window.zone, begin - 2 * _DAY, end + 2 * _DAY)
    return {fire.wall.date() for fire in fires if begin.date() <= fire.wall.date() < end.date()}


def _monthly(days: set[date]) -> dict[tuple[int, int], set[date]]:
    months: dict[tuple[int, int], set[date]] = defaultdict(set)
    for day in days:
        months[day.year, day.month].add(day)
    return months


def _by_month(name: str, sort: _Sort, days: set[date]) -> Iterator[RaisedMinimum]:
    """A window for each month, on the days that are meant."""
    for (year, month), some in sorted(_monthly(days).items()):
        numbers = ",".join(str(day.day) for day in sorted(some))
        cron = f"{sort.minute} {sort.hour} {numbers} {month} * {year}"
        own = f"{name}-{year}-{month:02}"
        yield RaisedMinimum(own, sort.schedule, cron, sort.zone, sort.duration, sort.min)


def _free(name: str, sort: _Sort, days: set[date], taken: set[str]) -> str:
    """A name under which none of the months of a sort is another's."""
    candidates = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(
        one for one in candidates if taken.isdisjoint(fold_name(each.name) for each in _by_month(one, sort, days))
    )


def _later_years(schedules: Sequence[Schedule], end: datetime, taken: set[str]) -> Iterator[RaisedMinimum]:
    """The windows of schedules that come in whole years only, after those that are held by their days."""
    for schedule in schedules:
        years = [(max(first, end.year), last) for first, last in schedule.years if last >= end.year]
        if years and schedule.duration is not None and schedule.name not in taken:
            cron = f"{schedule.cron} {years_text(years)}"
            low = schedule.min or 0
            yield RaisedMinimum(schedule.name, schedule.name, cron, schedule.zone, schedule.duration, low)
