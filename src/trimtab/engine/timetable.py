"""The sizes that schedules set over time: which are in force between two edges."""

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby, islice
from typing import NamedTuple

from trimtab.engine.crons import Fire
from trimtab.engine.openings import last_opening, openings
from trimtab.models import Capacity, Schedule

SIZES = ("min", "max", "desired")
_AHEAD = timedelta(days=2)
_MOST_KEPT = 256
_TICK = timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class InForce:
    """
    The sizes that hold at a moment.

    `desired` is the size that the last schedule to set one asked for, else the group's own.
    `because` names the schedules whose sizes hold, in the order in which they began.
    """

    min: int
    max: int
    desired: int | None
    because: tuple[str, ...] = ()

    @property
    def capacity(self) -> Capacity:
        """The same as a `Capacity`, `desired` brought inside the bounds."""
        desired = None if self.desired is None else max(self.min, min(self.max, self.desired))
        return Capacity(min=self.min, max=self.max, desired=desired)


class HeldSizes(NamedTuple):
    """One time at which one of several schedules set its sizes; the greatest of several holds."""

    at: datetime
    skipped: timedelta
    """Below zero: what the clock has skipped comes before what is due when it goes on."""
    place: int
    """Of the schedule among its like."""
    end: datetime | None

    @classmethod
    def of(cls, start: Fire, end: datetime | None, place: int) -> "HeldSizes":
        """The opening of a schedule as what holds."""
        return cls(start.at, -start.skipped, place, end)


class Stretch(NamedTuple):
    """A time in which schedules set the same sizes."""

    begin: datetime
    """The edge it begins at, or the moment it was first asked for."""
    end: datetime
    """Until when it is known to hold; that moment is outside."""
    min: int | None = None
    """The minimum that a schedule sets; `None` where the group's own holds."""
    max: int | None = None
    desired: int | None = None
    because: tuple[str, ...] = ()
    """The schedules whose sizes hold, in the order in which they began."""
    setters: tuple[str, str, str] = ("", "", "")
    """The schedules that set minimum, maximum and desired size; empty where the group's own holds."""
    asked: int | None = None
    """The size that schedules ask for in it."""
    asked_at: datetime | None = None
    """When the last of them began to."""
    window: int | None = None
    """The largest size that windows ask for while they are open."""

    def bounds(self, capacity: Capacity) -> tuple[int, int]:
        """Minimum and maximum of a group with these sizes of its own; a minimum above the maximum holds."""
        low = capacity.min if self.min is None else self.min
        high = capacity.max if self.max is None else self.max
        return low, max(low, high)

    def over(self, capacity: Capacity) -> InForce:
        """The sizes in force for a group with these sizes of its own."""
        low, high = self.bounds(capacity)
        return InForce(low, high, capacity.desired if self.desired is None else self.desired, self.because)


class Timetable:
    """
    The stretches of some schedules, worked out as far as they are asked for and kept.

    Each schedule is read once for all edges of a time, and what holds is carried from edge to edge, so that the cost
    grows with the number of schedules. Groups that have the same schedules share one, whatever sizes of their own.
    """

    def __init__(self, schedules: tuple[Schedule, ...]) -> None:
        self.schedules = schedules
        self._ahead: tuple[list[datetime], tuple[Stretch, ...]] = ([], ())
        self._kept: dict[tuple[datetime, datetime], tuple[Stretch, ...]] = {}
        self._coming: tuple[datetime, datetime] | None = None

    def at(self, now: datetime) -> Stretch:
        """The stretch that `now` lies in."""
        if not self.schedules:
            return _ALWAYS
        begins, ahead = self._ahead
        if not ahead or not begins[0] <= now < ahead[-1].end:
            ahead = tuple(_stretches(self.schedules, now, now + _AHEAD))
            begins = [stretch.begin for stretch in ahead]
            self._ahead = begins, ahead
        return ahead[bisect_right(begins, now) - 1]

    def between(self, begin: datetime, end: datetime) -> tuple[Stretch, ...]:
        """The stretches from `begin` up to `end`, which is outside; each but the first begins at an edge."""
        if not self.schedules:
            return (_ALWAYS._replace(begin=begin, end=end),)
        stretches = self._kept.get((begin, end))
        if stretches is None:
            stretches = tuple(_stretches(self.schedules, begin, end))
            if len(self._kept) < _MOST_KEPT:
                self._kept[begin, end] = stretches
        return stretches

    def edges(self, after: datetime, until: datetime) -> list[datetime]:
        """Every moment in (after, until] at which a schedule begins or ends, in order."""
        if not self.schedules:
            return []
        return [stretch.begin for stretch in islice(_stretches(self.schedules, after, until + _TICK), 1, None)]

    def next_edge(self, now: datetime, until: datetime) -> datetime | None:
        """The first moment in (now, until] at which a schedule begins or ends; `None` when there is none."""
        known = self._coming
        if known is None or not known[0] <= now < known[1]:
            edge = next(iter(self.edges(now, until)), None)
            if edge is None:
                return None
            known = self._coming = now, edge
        return known[1] if known[1] <= until else None


_ALWAYS = Stretch(_FIRST, _LAST)


@lru_cache(maxsize=1024)
def timetable_of(schedules: tuple[Schedule, ...]) -> Timetable:
    """The timetable of some schedules: the same one for all that have them."""
    return Timetable(schedules)


def _stretches(schedules: tuple[Schedule, ...], begin: datetime, end: datetime) -> Iterator[Stretch]:
    standing = _Standing(schedules)
    last = [(place, last_opening(schedule, begin)) for place, schedule in enumerate(schedules)]
    standing.recall([HeldSizes.of(*opening, place) for place, opening in last if opening is not None], begin)
    edge = begin
    for moment, events in groupby(_events(schedules, standing, begin, end), key=lambda event: event[0]):
        yield standing.stretch(edge, moment)
        for _, starts, held in events:
            if starts:
                standing.start(held)
            else:
                standing.close(held)
        edge = moment
    yield standing.stretch(edge, end)


def _events(
    schedules: Sequence[Schedule], standing: "_Standing", begin: datetime, end: datetime
) -> list[tuple[datetime, bool, HeldSizes]]:
    """Every start after `begin` and before `end`, and every end; of one moment the ends first."""
    begun = [held for held in standing.current if held is not None]
    for place, schedule in enumerate(schedules):
        starts = [HeldSizes.of(*opening, place) for opening in openings(schedule, begin, end - _TICK)]
        begun += starts
    started = [(held.at, True, held) for held in begun if held.at > begin]
    ended = [(held.end, False, held) for held in begun if held.end is not None and held.at < held.end < end]
    return sorted([*started, *ended], key=lambda event: (event[0], event[1], event[2][:3]))


class _Standing:
    """What each schedule has set last, and which of it holds."""

    def __init__(self, schedules: Sequence[Schedule]) -> None:
        self.schedules = schedules
        self.current: list[HeldSizes | None] = [None] * len(schedules)
        self._fields = [[name for name in SIZES if getattr(schedule, name) is not None] for schedule in schedules]
        self._lasting: dict[str, HeldSizes] = {}
        self._open: dict[str, list[HeldSizes]] = {name: [] for name in SIZES}
        self._asked: HeldSizes | None = None

    def recall(self, held: Sequence[HeldSizes], at: datetime) -> None:
        """Take what every schedule set last before a moment."""
        for entry in sorted(held, key=lambda item: item[:3]):
            if entry.end is None or at < entry.end:
                self.start(entry)
            elif entry.at < entry.end:
                self._ask(entry)

    def start(self, held: HeldSizes) -> None:
        """A schedule sets its sizes; a window that closes as it opens does not."""
        before = self.current[held.place]
        if before is not None:
            self.close(before)
        if held.end is not None and held.end <= held.at:
            return
        self.current[held.place] = held
        for name in self._fields[held.place]:
            if held.end is None:
                self._lasting[name] = held
            else:
                insort(self._open[name], held)
        self._ask(held)

    def _ask(self, held: HeldSizes) -> None:
        if "desired" in self._fields[held.place]:
            self._asked = held

    def close(self, held: HeldSizes) -> None:
        """A window closes, unless it has opened again since."""
        if self.current[held.place] is not held:
            return
        self.current[held.place] = None
        for name in self._fields[held.place] if held.end is not None else ():
            self._open[name].remove(held)

    def stretch(self, begin: datetime, end: datetime) -> Stretch:
        """What holds now, as a stretch."""
        setters = [self._open[name][-1] if self._open[name] else self._lasting.get(name) for name in SIZES]
        low, high, desired = (
            None if held is None else getattr(self.schedules[held.place], name)
            for name, held in zip(SIZES, setters, strict=True)
        )
        held_by = {held for held in setters if held is not None}
        order = sorted(held_by, key=lambda held: (held.end is not None, held[:3]))
        first, second, third = ("" if held is None else self.schedules[held.place].name for held in setters)
        requested = None if self._asked is None else self.schedules[self._asked.place].desired
        windows = (self.schedules[held.place].desired or 0 for held in self._open["desired"])
        return Stretch(
            begin,
            end,
            low,
            high,
            desired,
            tuple(self.schedules[held.place].name for held in order),
            (first, second, third),
            requested,
            None if self._asked is None else self._asked.at,
            max(windows, default=None),
        )
