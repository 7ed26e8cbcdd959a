"""How long launched instances took to be counted in service, followed through sizes that a cloud records; pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trimtab.providers.base import Activity

_TOGETHER = timedelta(minutes=1)
"""Operations on single instances that lie no further apart are one change of size."""
_SETTLED = timedelta(minutes=30)
"""After so long without a change of size a group has the size that is counted."""


@dataclass(frozen=True, slots=True)
class DesiredChange:
    """
    A change of the wanted size.

    Attributes:
        at: When it began.
        before: The wanted size before; `None` where the cloud only says which instances were launched or ended.
        change: How many more, or fewer when negative.
        launches: When each of its instances was launched; empty when there are fewer.
    """

    at: datetime
    before: int | None
    change: int
    launches: tuple[datetime, ...]

    @property
    def last(self) -> datetime:
        """When its last instance was launched."""
        return self.launches[-1] if self.launches else self.at


@dataclass(frozen=True, slots=True)
class Followed:
    """
    The launches that could be followed.

    Attributes:
        middles: From each launch to the beginning of the first period that counted it, in seconds.
        steps: Which change of size launched each.
        launched: How many instances were launched in all.
        cut_off: Instances of changes that were followed which no size counted before the next change, or the end.
    """

    middles: tuple[float, ...]
    steps: tuple[int, ...]
    launched: int
    cut_off: int


def changes_of(activities: Sequence[Activity]) -> list[DesiredChange]:
    """The changes of size that activities tell of, oldest first; one that several of them tell of counts once."""
    done = sorted((each for each in activities if each.status != "failed"), key=lambda each: each.at)
    return list(_sized(done)) if any(each.sizes for each in done) else list(_counted(done))


def _sized(done: Sequence[Activity]) -> Iterator[DesiredChange]:
    last: tuple[int, int] | None = None
    for each in done:
        if each.sizes is None or each.sizes[0] == each.sizes[1] or each.sizes == last:
            continue
        last = each.sizes
        change = last[1] - last[0]
        yield DesiredChange(each.at, last[0], change, (each.at,) * max(0, change))


def _counted(done: Sequence[Activity]) -> Iterator[DesiredChange]:
    some: list[Activity] = []
    for each in [activity for activity in done if activity.change]:
        if some and (each.at - some[-1].at > _TOGETHER or (each.change > 0) != (some[-1].change > 0)):
            yield _together(some)
            some = []
        some.append(each)
    if some:
        yield _together(some)


def _together(some: Sequence[Activity]) -> DesiredChange:
    launches = tuple(each.at for each in some for _ in range(each.change))
    return DesiredChange(some[0].at, None, sum(each.change for each in some), launches)


def follow(
    changes: Sequence[DesiredChange], times: Sequence[datetime], sizes: Sequence[float | None], period: timedelta
) -> Followed:
    """
    How long instances took from their launch until a size in service counted them.

    A launch is followed where the group had settled before it, at the size that the change began with, and until the
    next change of size; what overlaps does not tell which instance came when, and is left out.

    Args:
        changes: Of the wanted size, oldest first.
        times: When each period begins.
        sizes: Instances in service in each; `None` where unknown.
        period: The length of a period.
    """
    middles: list[float] = []
    steps: list[int] = []
    cut_off = 0
    expected: int | None = None
    for number, change in enumerate(changes):
        first = bisect_right(times, change.at - period)
        base = sizes[first - 1] if 0 < first <= len(times) else None
        if number and change.at - changes[number - 1].last > _SETTLED:
            expected = None
        expected = change.before if change.before is not None else expected
        if expected is None and base is not None:
            expected = round(base)
        if change.change > 0 and base is not None and base == expected:
            is_last = number + 1 == len(changes)
            end = times[-1] + period if is_last else changes[number + 1].at
            counted = list(_arrivals(change, times[first:], sizes[first:], base, end - period))
            middles += counted
            steps += [number] * len(counted)
            cut_off += change.change - len(counted)
        expected = None if expected is None else expected + change.change
    launched = sum(len(change.launches) for change in changes)
    return Followed(tuple(middles), tuple(steps), launched, cut_off)


def _arrivals(
    change: DesiredChange, times: Sequence[datetime], sizes: Sequence[float | None], base: float, last: datetime
) -> Iterator[float]:
    """When each instance of a change was first counted, in seconds from its launch; those that were by `last`."""
    counted = 0
    for at, size in zip(times, sizes, strict=True):
        if at > last or size is None:
            return
        new = min(int(size - base), change.change)
        for place in range(counted, new):
            yield (at - change.launches[place]).total_seconds()
        counted = max(counted, new)
        if counted == change.change:
            return
