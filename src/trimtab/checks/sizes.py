"""The sizes that a group may have as its schedules come and go; TT104, where it can have only one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby, islice
from typing import NamedTuple

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.words import listed, verb
from trimtab.engine import timetable
from trimtab.engine.openings import Opening, last_set, openings, schedule_fires
from trimtab.engine.timetable import InForce, timetable_of
from trimtab.models import Capacity, ScalingGroup, Schedule

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
"""Where looking ahead begins, so that a fleet gets the same advice on every day."""
WEEK = timedelta(days=8)
YEAR = timedelta(days=366)
MOST_RARE = 64
"""Of the schedules that do not come in that week so many are looked at: time does not grow with their square."""
_MINUTE = timedelta(minutes=1)
_CENTURY = 100 * YEAR


class SizeStretch(NamedTuple):
    """The sizes in force from a moment on."""

    begin: datetime
    sizes: InForce


def stretches(group: ScalingGroup) -> Sequence[SizeStretch]:
    """The sizes in force in a week, stretch by stretch, and around the next times of what comes more seldom."""
    return [SizeStretch(stretch.begin, stretch.over(group.capacity)) for stretch in scheduled(group.schedules)]


@lru_cache(maxsize=1024)
def scheduled(schedules: tuple[Schedule, ...]) -> Sequence[timetable.Stretch]:
    """The same as far as schedules set them, whatever a group's own sizes."""
    first = first_moment(schedules)
    rare = islice((next_openings for schedule in schedules if (next_openings := _rare(schedule, first))), MOST_RARE)
    moments = {
        moment for some in rare for opening in some for moment in (opening.start.at, opening.end) if moment is not None
    }
    table = timetable_of(schedules)
    single = [table.between(moment, moment + _MINUTE)[0] for moment in moments]
    return tuple(sorted([*table.between(first, first + WEEK), *single], key=lambda stretch: stretch.begin))


def _rare(schedule: Schedule, first: datetime) -> list[Opening]:
    """The next openings of a schedule that does not open in the week; seven fall on any day of it."""
    begin = first - _CENTURY if schedule.at else first
    next_openings = list(islice(openings(schedule, begin, first + _CENTURY), 7))
    return next_openings if next_openings and (schedule.at or next_openings[0].start.at >= first + WEEK) else []


def first_moment(schedules: Sequence[Schedule]) -> datetime:
    """A moment from which all schedules run."""
    return max([BEGIN, *(schedule.local(schedule.starts).astimezone(UTC) for schedule in schedules if schedule.starts)])


def sizes_when_it_fires(group: ScalingGroup, schedule: Schedule) -> Sequence[InForce]:
    """The sizes in force at the first times of a schedule."""
    return [stretch.over(group.capacity) for stretch in _stretches_of(schedule, group.schedules)]


@lru_cache(maxsize=1024)
def _stretches_of(schedule: Schedule, schedules: tuple[Schedule, ...]) -> Sequence[timetable.Stretch]:
    """What begins at the first times of one of the schedules."""
    by_begin = {stretch.begin: stretch for stretch in scheduled(schedules)}
    first = first_moment(schedules)
    rare = [opening.start.at for opening in _rare(schedule, first)]
    moments = rare or schedule_fires(schedule, first, first + WEEK)
    return tuple(by_begin[moment] for moment in moments if moment in by_begin)


class Contradiction(NamedTuple):
    """A schedule that sets a bound beyond the other bound, which another schedule holds."""

    at: datetime
    """One of the times at which it does."""
    schedule: str
    field: str
    """What it sets: `min` or `max`."""
    value: int
    holder: str
    """The schedule that set the other bound; empty for the group's own."""
    held: int

    @property
    def other(self) -> str:
        """The bound that it contradicts."""
        return "max" if self.field == "min" else "min"


def contradictions(group: ScalingGroup) -> Sequence[Contradiction]:
    """Where schedules leave a minimum above the maximum: what fires last, and what holds; each pair once."""
    named = {schedule.name: schedule for schedule in group.schedules}
    by_setters: dict[frozenset[str], Contradiction] = {}
    for stretch in scheduled(group.schedules):
        low = group.capacity.min if stretch.min is None else stretch.min
        high = group.capacity.max if stretch.max is None else stretch.max
        lower, upper, _ = stretch.setters
        if low > high and frozenset((lower, upper)) not in by_setters:
            begun = [last_set(named[name], stretch.begin) if name else None for name in (lower, upper)]
            raises = begun[1] is None or (begun[0] is not None and begun[0] > begun[1])
            sides = ("min", low, upper, high) if raises else ("max", high, lower, low)
            field, value, holder, held = sides
            name = lower if raises else upper
            at = begun[0 if raises else 1] or stretch.begin
            by_setters[frozenset((lower, upper))] = Contradiction(at, name, field, value, holder, held)
    return list(by_setters.values())


def bounds_over_time(group: ScalingGroup) -> tuple[int, int]:
    """The least minimum and the greatest maximum that are ever in force."""
    return _bounds_over_time(group.schedules, group.capacity)


@lru_cache(maxsize=1024)
def _bounds_over_time(schedules: tuple[Schedule, ...], capacity: Capacity) -> tuple[int, int]:
    sizes = [stretch.over(capacity) for stretch in scheduled(schedules)]
    least = min([capacity.min, *(size.min for size in sizes)])
    return least, max([capacity.max, *(size.max for size in sizes)])


def size_words(sizes: Sequence[int]) -> str:
    """Sizes in words: `3 to 5 and 8 instances`."""
    runs = [[*run] for _, run in groupby(enumerate(sorted(set(sizes))), lambda pair: pair[1] - pair[0])]
    words = [f"{run[0][1]} to {run[-1][1]}" if len(run) > 1 else f"{run[0][1]}" for run in runs]
    return f"{listed(words)} instances"


def find_fixed_size(subject: Subject) -> Iterator[Remark]:
    """Policies that can do nothing, since the least and the greatest size are the same at all times."""
    names = [policy.name for policy in subject.group.policies if policy.enabled]
    low, high = bounds_over_time(subject.group)
    if names and low == high:
        text = f"minimum and maximum are both {low}, so {listed(names)} {verb(names, 'does', 'do')} nothing"
        is_fixed = subject.group.capacity.desired == low == high
        fix = f"write a range, `capacity: {{min: {low}, max: {high + 2}}}`" if is_fixed else f"raise `max` above {high}"
        yield Remark("capacity" if is_fixed else "capacity.max", text, f"{fix}, or remove the policies")
