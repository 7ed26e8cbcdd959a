"""The sizes that a group may have as its schedules come and go; TT104, where it can have only one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby, islice
from typing import NamedTuple

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.words import listed, verb
from trimtab.engine.schedules import InForce, edges, in_force, schedule_fires
from trimtab.models import Capacity, ScalingGroup, Schedule

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
"""Where looking ahead begins, so that a fleet gets the same advice on every day."""
WEEK = timedelta(days=8)
YEAR = timedelta(days=366)


class Stretch(NamedTuple):
    """The sizes in force from a moment on."""

    begin: datetime
    sizes: InForce


def stretches(group: ScalingGroup) -> Sequence[Stretch]:
    """The sizes in force in a week, stretch by stretch, and around each moment that comes once."""
    return _stretches(group.capacity, group.schedules)


@lru_cache(maxsize=1024)
def _stretches(capacity: Capacity, schedules: tuple[Schedule, ...]) -> Sequence[Stretch]:
    group = ScalingGroup.model_construct(capacity=capacity, schedules=schedules)
    first = first_moment(schedules)
    once = {moment for one in schedules if one.at for moment in _around(one.local(one.at).astimezone(UTC), one)}
    moments = sorted({first, *edges(group, first, first + WEEK), *once})
    return tuple(Stretch(moment, in_force(group, moment)) for moment in moments)


def _around(moment: datetime, schedule: Schedule) -> Iterator[datetime]:
    yield moment
    if schedule.duration is not None:
        yield moment + schedule.duration


def first_moment(schedules: Sequence[Schedule]) -> datetime:
    """A moment from which all schedules run."""
    return max([BEGIN, *(one.local(one.starts).astimezone(UTC) for one in schedules if one.starts)])


def sizes_when_it_fires(group: ScalingGroup, schedule: Schedule) -> Sequence[InForce]:
    """The sizes in force at the first seven times of a schedule, which covers each day of the week."""
    return _when_it_fires(group.capacity, group.schedules, schedule)


@lru_cache(maxsize=1024)
def _when_it_fires(capacity: Capacity, schedules: tuple[Schedule, ...], schedule: Schedule) -> Sequence[InForce]:
    group = ScalingGroup.model_construct(capacity=capacity, schedules=schedules)
    first = first_moment(schedules)
    begin = first - 100 * YEAR if schedule.at else first
    moments = islice(schedule_fires(schedule, begin, first + 100 * YEAR), 7)
    return tuple(in_force(group, moment) for moment in moments)


def bounds_over_time(group: ScalingGroup) -> tuple[int, int]:
    """The least minimum and the greatest maximum that are ever in force."""
    found = stretches(group)
    capacity = group.capacity
    least = min([capacity.min, *(one.sizes.min for one in found)])
    return least, max([capacity.max, *(one.sizes.max for one in found)])


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
        yield Remark("capacity.max", text, f"raise `max` above {high}, or remove the policies")


MOST_IN_PLACEMENT_GROUP = 100
"""https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-placement-groups"""


def find_full_placement_group(subject: Subject) -> Iterator[Remark]:
    """Groups on Azure whose single placement group is full before their maximum is reached."""
    _, most = bounds_over_time(subject.group)
    single = subject.group.azure.single_placement_group
    if "azure" in subject.clouds and single and most > MOST_IN_PLACEMENT_GROUP:
        text = f"one placement group holds {MOST_IN_PLACEMENT_GROUP} instances, and the maximum is {most}"
        yield Remark("azure.single_placement_group", text, "write `false`, or leave it out")
