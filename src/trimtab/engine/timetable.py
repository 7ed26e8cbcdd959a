"""The schedules of a group over time: which sizes are in force between two edges."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from trimtab.engine.schedules import edges, in_force, is_active, last_set
from trimtab.models import ScalingGroup

_AHEAD = timedelta(days=2)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Stretch(NamedTuple):
    """A time in which the same sizes are in force."""

    begin: datetime
    """The edge it begins at, or the moment it was first asked for."""
    end: datetime
    """Until when it is known to hold; that moment is outside."""
    minimum: int
    maximum: int
    because: tuple[str, ...]
    """The schedules whose sizes hold."""
    asked: int | None
    """The size that schedules ask for in it."""
    asked_at: datetime | None
    """When the last of them began to."""
    window: int | None
    """The largest size that windows ask for while they are open."""


class _Ahead(NamedTuple):
    begin: datetime
    end: datetime
    begins: list[datetime]
    stretches: dict[datetime, Stretch]


class Timetable:
    """
    The stretches of a group's schedules, worked out as far as they are asked for and kept.

    Reading cron is slow, edges are rare: a decision a minute meets a new stretch a few times a day. What is kept
    depends on the group and the moment only.
    """

    def __init__(self, group: ScalingGroup, *, stopped: bool = False) -> None:
        self._group = group.model_copy(update={"schedules": ()}) if stopped else group
        self._ahead: _Ahead | None = None
        self._always = None if self._group.schedules else self._stretch(_FIRST, _LAST)

    def at(self, now: datetime) -> Stretch:
        """The stretch that `now` lies in."""
        if self._always is not None:
            return self._always
        ahead = self._ahead
        if ahead is None or not ahead.begin <= now < ahead.end:
            begins = [now, *edges(self._group, now, now + _AHEAD)]
            ahead = self._ahead = _Ahead(now, now + _AHEAD, begins, {})
        after = bisect_right(ahead.begins, now)
        begin = ahead.begins[after - 1]
        found = ahead.stretches.get(begin)
        if found is None:
            end = ahead.begins[after] if after < len(ahead.begins) else ahead.end
            found = ahead.stretches[begin] = self._stretch(begin, end)
        return found

    def _stretch(self, begin: datetime, end: datetime) -> Stretch:
        if not self._group.schedules:
            capacity = self._group.capacity
            return Stretch(begin, end, capacity.min, capacity.max, (), None, None, None)
        force = in_force(self._group, begin)
        asking = [(last_set(one, begin), one.desired) for one in self._group.schedules if one.desired is not None]
        begun = [(at, size) for at, size in asking if at is not None]
        at, size = max(begun, key=lambda one: one[0]) if begun else (None, None)
        open_windows = [
            one.desired
            for one in self._group.schedules
            if one.desired is not None and one.is_window and is_active(one, begin)
        ]
        window = max(open_windows, default=None)
        return Stretch(begin, end, force.min, force.max, force.because, size, at, window)
