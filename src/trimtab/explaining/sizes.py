"""The sizes that a group had, worked out from what its cloud says it did; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from trimtab.controller.comparing import BY_HAND, NO_RECORD
from trimtab.providers.base import Activity

_NEAR = timedelta(minutes=2)
"""How far apart a request and what comes of it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeStep:
    """
    A change of the wanted size.

    Attributes:
        text: What the cloud says of it.
        is_by_hand: Whether somebody made it, as far as that is said.
        is_seen: Whether the cloud tells of it; else it follows from the sizes before and after, and its time is the
            latest that it can have.
    """

    at: datetime
    before: int
    after: int
    text: str = NO_RECORD
    is_by_hand: bool = False
    is_seen: bool = True


def steps_of(activities: Sequence[Activity], desired: int, now: datetime) -> list[SizeStep]:
    """
    The changes of size that activities tell of, oldest first, and those that must have been in between.

    Args:
        activities: In any order.
        desired: The size now.
        now: The time now.
    """
    done = sorted(activities, key=lambda activity: activity.at)
    told = _sized(done) if any(activity.sizes for activity in done) else _counted(done, desired)
    return _with_gaps(told, done, desired, now)


def size_at(steps: Sequence[SizeStep], moment: datetime, desired: int) -> int:
    """The wanted size at a moment; before the first step what that began with, without one the size now."""
    size = steps[0].before if steps else desired
    for step in steps:
        if step.at <= moment:
            size = step.after
    return size


def born_at(steps: Sequence[SizeStep], minimum: int) -> list[datetime]:
    """When a group was made, as far as its log reaches back to that; a size below its minimum was none of its own."""
    return [step.at for step in steps[:1] if step.before == 0 < minimum]


def is_by_hand(activity: Activity) -> bool:
    """Whether the cloud says that somebody asked for it."""
    text = text_of(activity)
    return any(word in text for word in BY_HAND)


def text_of(activity: Activity) -> str:
    """What a cloud says of what it did."""
    return ": ".join(filter(None, [activity.description, activity.cause]))


def _sized(done: Sequence[Activity]) -> list[SizeStep]:
    steps: list[SizeStep] = []
    for activity in done:
        if activity.sizes is None or activity.sizes[0] == activity.sizes[1]:
            continue
        before, after = activity.sizes
        if steps and (steps[-1].before, steps[-1].after) == (before, after):
            continue  # one change starts several instances, or is tried again
        steps.append(_step(activity.at, before, after, activity))
    return steps


def _counted(done: Sequence[Activity], desired: int) -> list[SizeStep]:
    """Steps from instances that were started and ended, backwards from the size now."""
    moments = [(at, list(some)) for at, some in groupby(done, key=lambda activity: activity.at)]
    steps, after = [], desired
    for at, some in reversed(moments):
        before = max(0, after - sum(activity.change for activity in some))
        if before != after:
            request = next(
                (each for each in reversed(done) if timedelta(0) <= at - each.at <= _NEAR and is_by_hand(each)), None
            )
            own = next(activity for activity in some if activity.change)
            steps.append(_step(at, before, after, request or own))
            after = before
    return steps[::-1]


def _step(at: datetime, before: int, after: int, activity: Activity) -> SizeStep:
    return SizeStep(at=at, before=before, after=after, text=text_of(activity), is_by_hand=is_by_hand(activity))


def _with_gaps(steps: Sequence[SizeStep], done: Sequence[Activity], desired: int, now: datetime) -> list[SizeStep]:
    """The same, with a step wherever one begins with another size than the last one ended with."""
    end = SizeStep(at=now, before=desired, after=desired)
    result: list[SizeStep] = []
    for step, following in pairwise([*steps, end]):
        result.append(step)
        if step.after != following.before:
            result.append(_between(step, following, done))
    return result


def _between(step: SizeStep, following: SizeStep, done: Sequence[Activity]) -> SizeStep:
    requests = [each for each in done if step.at < each.at <= following.at and is_by_hand(each) and each.sizes is None]
    if not requests:
        return SizeStep(at=following.at, before=step.after, after=following.before, is_by_hand=True, is_seen=False)
    last = requests[-1]
    return _step(last.at, step.after, following.before, last)
