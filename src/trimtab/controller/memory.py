"""What the controller remembers of a group from one tick to the next, and its JSON form; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from trimtab.clock import aware
from trimtab.controller.events import GroupStanding
from trimtab.engine.alarms import AlarmStatus
from trimtab.engine.fallback import FallbackPhase, FallbackState
from trimtab.engine.values import History, ScaleEvent, Sized
from trimtab.providers.base import GroupState, InstanceState

SETTLES = timedelta(seconds=90)
"""How long after a write a read may still show the size before it."""
STALE = timedelta(hours=1)
"""How long the write of a controller that lost its lease is reckoned with."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clocks of controllers may differ for a scheduled size to be set but once."""
HOLDS = timedelta(minutes=5)
"""How long a shadow keeps a size of its own before it goes on from the one that the group has."""


class Written(NamedTuple):
    """A size that the controller wrote, and whether the cloud has said that it took it."""

    size: int
    at: datetime
    is_known: bool = True


class Shadowed(NamedTuple):
    """
    The size that a group would have by a shadow's decisions.

    Attributes:
        live: The size that the group had at that tick.
        running: How much of it took load.
        since: Since when the two differ, or the tick itself.
    """

    size: int
    live: int
    running: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMemory:
    """
    What is remembered of a group.

    Attributes:
        history: What the last decision handed on.
        instances: When each instance was first seen in service.
        settled: When instances were last seen to be done with starting or ending.
        written: The size that was last written.
        before: Sizes that were in force shortly before it, and until when: a read may still show them.
        stale: Sizes that controllers which lost their lease may still write, and when they meant to.
        shadowed: In shadow mode, the size that the group would have.
        told: What the last entry of the history said, so that it is not said again each minute.
        standing: How it stood, as far as listeners were told; `None` where nobody was yet.
        fallback: What runs in place of spot.
        surge: How many more than its size the group was last asked to have, while spot is tried again.
        spots: The spot instances that were there.
    """

    history: History = field(default_factory=History)
    instances: Mapping[str, datetime] = field(default_factory=dict)
    settled: datetime | None = None
    written: Written | None = None
    before: tuple[Sized, ...] = ()
    stale: tuple[Sized, ...] = ()
    shadowed: Shadowed | None = None
    told: str = ""
    standing: GroupStanding | None = None
    fallback: FallbackState = field(default_factory=FallbackState)
    surge: int = 0
    spots: tuple[str, ...] = ()

    def to_body(self) -> dict[str, Any]:
        """JSON data; what is empty is left out."""
        history, written, shadowed = self.history, self.written, self.shadowed
        body = {
            "at": _iso(history.at),
            "states": {name: state.value for name, state in history.states.items()},
            "acted_at": _iso(history.acted_at),
            "waits": history.waits.total_seconds(),
            "asked": _sized(history.asked),
            "changes": [[event.at.isoformat(), event.change] for event in history.changes],
            "instances": {name: at.isoformat() for name, at in self.instances.items()},
            "settled": _iso(self.settled),
            "written": [written.size, written.at.isoformat(), written.is_known] if written else None,
            "before": _sized(self.before),
            "stale": _sized(self.stale),
            "shadowed": [*shadowed[:3], shadowed.since.isoformat()] if shadowed else None,
            "told": self.told,
            "standing": self.standing.to_list() if self.standing else None,
            "fallback": _fallback(self.fallback),
            "surge": self.surge,
            "spots": list(self.spots),
        }
        return {name: value for name, value in body.items() if value}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """
        What was remembered.

        Raises:
            ValueError, KeyError, TypeError: It is no such body.
        """
        written, shadowed = body.get("written"), body.get("shadowed")
        return cls(
            history=History(
                at=_moment(body.get("at")),
                states={name: AlarmStatus(state) for name, state in body.get("states", {}).items()},
                acted_at=_moment(body.get("acted_at")),
                waits=timedelta(seconds=body.get("waits", 0)),
                asked=_sizes(body.get("asked", ())),
                changes=tuple(ScaleEvent(_at(at), change) for at, change in body.get("changes", ())),
            ),
            instances={name: _at(at) for name, at in body.get("instances", {}).items()},
            settled=_moment(body.get("settled")),
            written=Written(int(written[0]), _at(written[1]), bool(written[2])) if written else None,
            before=_sizes(body.get("before", ())),
            stale=_sizes(body.get("stale", ())),
            shadowed=_shadowed(*shadowed) if shadowed else None,
            told=body.get("told", ""),
            standing=GroupStanding.from_list(body["standing"]) if body.get("standing") else None,
            fallback=_fallback_of(body.get("fallback")),
            surge=int(body.get("surge", 0)),
            spots=tuple(map(str, body.get("spots", ()))),
        )

    def not_after(self, now: datetime) -> "GroupMemory":
        """The same, where the clock was set back since, or is behind another's: nothing lies in the future."""
        history, marks = self.history, (*self.before, *self.stale)
        moments = [history.at, self.written.at if self.written else None, *(item.at for item in marks)]
        if not any(moment and moment > now for moment in moments):
            return self
        history = history._replace(
            at=min(history.at, now + CLOCKS_DIFFER) if history.at else None,
            acted_at=min(history.acted_at, now) if history.acted_at else None,
            asked=tuple(item._replace(at=min(item.at, now)) for item in history.asked),
            changes=tuple(item._replace(at=min(item.at, now)) for item in history.changes),
        )
        return replace(
            self,
            history=history,
            instances={name: min(at, now) for name, at in self.instances.items()},
            settled=min(self.settled, now) if self.settled else None,
            written=self.written._replace(at=min(self.written.at, now)) if self.written else None,
            before=tuple(item._replace(at=min(item.at, now)) for item in self.before),
            stale=tuple(item._replace(at=min(item.at, now)) for item in self.stale),
            shadowed=self.shadowed._replace(since=min(self.shadowed.since, now)) if self.shadowed else None,
        )

    def having_seen(self, state: GroupState, now: datetime, warm_up: timedelta) -> "GroupMemory":
        """The same, with the instances that are in service now."""
        serving = [item.id for item in state.instances if item.state is InstanceState.RUNNING]
        # the first look at a group does not know since when its instances serve: they count as warmed up
        first = now if self.history.at is not None else now - warm_up
        is_busy = is_moving(state)
        return replace(
            self,
            instances={name: self.instances.get(name, first) for name in serving},
            settled=None if is_busy else self.settled or now,
        )

    def having_written(
        self, size: int, previous: int, now: datetime, *, is_known: bool, midways: Sequence[int] = ()
    ) -> "GroupMemory":
        """
        The same, after a size was written; not known where no answer came.

        Args:
            size: The size.
            previous: What the group had before.
            now: When.
            is_known: Whether it went through.
            midways: Sizes that the group has while only a part of it is written.
        """
        before = [item for item in self.before if now - item.at <= SETTLES]
        before += [Sized(now, each) for each in (*midways, previous)]
        return replace(self, written=Written(size, now, is_known), before=tuple(before))

    def having_spots(self, state: GroupState) -> "GroupMemory":
        """The same, with the spot instances that are there now."""
        return replace(self, spots=tuple(sorted(_spots(state))))

    def having_shadowed(self, size: int, state: GroupState, now: datetime) -> "GroupMemory":
        """The same, after a shadow decided on a size."""
        before, live = self.shadowed, state.desired
        is_held = before is not None and before.size != before.live and size != live and not _is_over(before, now)
        since = before.since if before is not None and is_held else now
        return replace(self, shadowed=Shadowed(size, live, state.running, since))


class Believed(NamedTuple):
    """The size that a group is taken to have, and why it is not the one that was read."""

    size: int
    because: str = ""
    used: Sized | None = None
    """The stale write that explains what was read."""


def believed_size(memory: GroupMemory, live: int, now: datetime) -> Believed:
    """
    The size that a group is taken to have.

    It is the one that was read, unless that is known to be an old one: a read that is late behind our own write, the
    size before a write that nobody has seen through, or the late write of a controller that has lost its lease.
    """
    written = memory.written
    if written is None or live == written.size:
        return Believed(live)
    if not written.is_known and live in _sizes_before(memory):
        text = f"{written.size} was to be set at {written.at:%H:%M:%S} and {live} is read; it is set again"
        return Believed(written.size, text)
    if any(item.size == live and now - item.at <= SETTLES for item in memory.before):
        return Believed(written.size, f"a size of {written.size} was written at {written.at:%H:%M:%S}, {live} is read")
    stale = next((item for item in memory.stale if item.size == live and now - item.at <= STALE), None)
    if stale is not None:
        text = f"{live} was written by a controller that had lost its lease; {written.size} was decided since"
        return Believed(written.size, text, stale)
    return Believed(live, f"resized from {written.size} to {live} by somebody else")


def _sizes_before(memory: GroupMemory) -> set[int]:
    """The sizes that the group had just before the last write, and in the middle of it."""
    last = memory.before[-1].at if memory.before else None
    return {item.size for item in memory.before if item.at == last}


def without_surge(
    memory: GroupMemory, state: GroupState, total: Believed, *, shrinks: bool
) -> tuple[Believed, GroupMemory]:
    """
    The size of a group that falls back: without what it was asked to have beyond, with what was taken away from it.

    An evicted instance of Azure leaves the size as well, which nobody wanted:
    https://learn.microsoft.com/azure/virtual-machine-scale-sets/use-spot

    Args:
        memory: What is remembered, this read not included.
        state: The group as it was read.
        total: The size that it is taken to have, all included.
        shrinks: Whether a spot instance that is taken leaves the size too, and it is known which are spot.
    """
    written = memory.written
    if written is None:
        return total, replace(memory, surge=0)
    lost = len(set(memory.spots) - set(_spots(state))) if shrinks else 0
    if lost and total.size == written.size - lost:
        text = f"{lost} spot instance(s) were taken away, and the size with them"
        return Believed(written.size - memory.surge, text), memory
    if total.size == written.size:
        return total._replace(size=total.size - memory.surge), memory
    return total, replace(memory, surge=0)


def _spots(state: GroupState) -> list[str]:
    return [each.id for each in state.instances if each.spot and each.state is not InstanceState.TERMINATING]


def shadow_size(memory: GroupMemory, live: int, now: datetime) -> Believed:
    """
    The size that a group would have by a shadow's decisions.

    A cloud that does the same a moment earlier or later is given the time to; after that the metrics are those of
    another size, and what the shadow would do about them says nothing: it goes on from the size that the group has.
    """
    own = memory.shadowed
    if own is None or own.size == live:
        return Believed(live)
    if own.size != own.live and _is_over(own, now):
        return Believed(live, f"goes on from the size of the group, {live}, after {own.size} of its own")
    return Believed(own.size, f"would have {own.size}; the group has {live}")


def _is_over(shadowed: Shadowed, now: datetime) -> bool:
    return now - shadowed.since >= HOLDS


def is_moving(state: GroupState) -> bool:
    """Whether instances are being launched or ended."""
    return any(item.state in (InstanceState.PENDING, InstanceState.TERMINATING) for item in state.instances)


def _shadowed(size: int, live: int, running: int, since: str) -> Shadowed:
    return Shadowed(size, live, running, datetime.fromisoformat(since))


def _fallback(state: FallbackState) -> list[str | None] | None:
    moments = [_iso(moment) for moment in state[1:]]
    return [state.phase.value, *moments] if state != FallbackState() else None


def _fallback_of(body: Sequence[str | None] | None) -> FallbackState:
    if not body:
        return FallbackState()
    phase, *moments = body
    return FallbackState(FallbackPhase(phase or ""), *(_moment(text) for text in moments))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return _at(text) if text else None


def _at(text: str) -> datetime:
    return aware(datetime.fromisoformat(text))


def _sized(items: Sequence[Sized]) -> list[list[Any]]:
    return [[item.at.isoformat(), item.size] for item in items]


def _sizes(items: Sequence[Sequence[Any]]) -> tuple[Sized, ...]:
    return tuple(Sized(_at(at), int(size)) for at, size in items)
