"""What people and other programs are told of: what began or ended with a group between two ticks; pure."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from trimtab.controller.results import GroupTick, Tick, TickOutcome

FORMAT_VERSION = 1
"""Of the JSON of an event; greater once a field is taken away or means something else."""
FLEET = ""
"""In place of a group's name: the fleet as a whole."""


class ControllerEventKind(StrEnum):
    """What happened."""

    SIZE_CHANGED = "size-changed"
    """A group has another size, by the controller or by somebody else."""
    AT_MAXIMUM = "at-maximum"
    """A group has reached its maximum."""
    FAILED = "failed"
    """A group cannot be read or sized; without a group, the store cannot be reached."""
    PAUSED = "paused"
    """A group is paused: the controller leaves it alone."""
    METRIC_MISSING = "metric-missing"
    """A metric cannot be read, or has no datapoint although instances run."""
    ON_DEMAND = "on-demand"
    """Spot cannot be had, and instances run on demand in its place."""
    NOT_TO_BE_HAD = "not-to-be-had"
    """The cloud has some instances neither as spot nor on demand."""
    RECOVERED = "recovered"
    """What one of the others told of is over."""


CONDITIONS = (
    ControllerEventKind.FAILED,
    ControllerEventKind.AT_MAXIMUM,
    ControllerEventKind.PAUSED,
    ControllerEventKind.METRIC_MISSING,
    ControllerEventKind.ON_DEMAND,
    ControllerEventKind.NOT_TO_BE_HAD,
)
"""What begins and ends."""


class GroupStanding(NamedTuple):
    """
    How a group stands, as far as people are told: two equal ones are nothing to tell of.

    Attributes:
        size: The size that it is known to have; `None` before the first tick.
        conditions: What holds of it.
    """

    size: int | None = None
    conditions: frozenset[ControllerEventKind] = frozenset()

    def to_list(self) -> list[Any]:
        """JSON data."""
        return [self.size, sorted(self.conditions)]

    @classmethod
    def from_list(cls, data: list[Any]) -> "GroupStanding":
        """
        The same from its JSON data.

        Raises:
            ValueError, TypeError: It is no such data.
        """
        size, words = data
        # another version may know other words
        return cls(size, frozenset(ControllerEventKind(word) for word in words if word in set(ControllerEventKind)))


Standings = Mapping[str, GroupStanding]
"""How each group of a fleet stands; the fleet itself as `FLEET`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerEvent:
    """
    Something that began, ended or changed between two ticks.

    Attributes:
        kind: What happened.
        at: The tick that saw it.
        group: The group's name in the fleet; empty for the fleet as a whole.
        name: The group's name in the cloud.
        size: The size that it has now; `None` where none is known.
        previous: The size that it had before; `None` where none is known.
        reasons: Those of the decision, each with its code and sentence.
        text: What failed, why it is paused, which metrics cannot be read.
        over: What has ended, where something has.
        shadow: Whether the controller only watches.
    """

    kind: ControllerEventKind
    at: datetime
    provider: str
    fleet: str
    group: str = FLEET
    name: str = ""
    location: str = ""
    size: int | None = None
    previous: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    reasons: tuple[Mapping[str, Any], ...] = ()
    text: str = ""
    over: ControllerEventKind | None = None
    shadow: bool = False

    @property
    def id(self) -> str:
        """The same for what is told twice, so that whoever is told can leave the second one out."""
        parts = (self.provider, self.location, self.fleet, self.group, self.kind, self.over or "", self.at.isoformat())
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return f"evt_{digest[:32]}"

    def __str__(self) -> str:
        """`shop/web: size-changed, 4 to 6`."""
        about = f"{self.fleet}/{self.group}" if self.group else self.fleet
        sizes = f", {self.previous} to {self.size}" if self.kind is ControllerEventKind.SIZE_CHANGED else ""
        over = f" from {self.over}" if self.over else ""
        return f"{about}: {self.kind}{over}{sizes}{f': {self.text}' if self.text else ''}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "format_version": FORMAT_VERSION,
            "id": self.id,
            "kind": self.kind.value,
            "over": self.over.value if self.over else None,
            "at": self.at.isoformat(),
            "provider": self.provider,
            "fleet": self.fleet,
            "group": self.group or None,
            "name": self.name or None,
            "location": self.location or None,
            "size": self.size,
            "previous": self.previous,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "reasons": [dict(reason) for reason in self.reasons],
            "text": self.text,
            "shadow": self.shadow,
        }


def standing_after(before: GroupStanding, result: GroupTick) -> GroupStanding:
    """How a group stands after a tick; what a tick cannot know stays as it was."""
    size = _size_after(before.size, result)
    holds = {kind: kind in before.conditions for kind in CONDITIONS} | _seen_conditions(result, size)
    return GroupStanding(size, frozenset(kind for kind, is_so in holds.items() if is_so))


def _size_after(before: int | None, result: GroupTick) -> int | None:
    decision = result.decision
    if decision is None or result.outcome is TickOutcome.SHADOW:
        return before if result.live is None else result.live
    match result.outcome:
        case TickOutcome.WRITTEN | TickOutcome.KEPT:
            return decision.size
        case TickOutcome.FAILED | TickOutcome.UNKNOWN:
            return decision.previous
        case _:
            return before


def _seen_conditions(result: GroupTick, size: int | None) -> dict[ControllerEventKind, bool]:
    """What a tick knows of each condition."""
    seen = {}
    decision = result.decision
    if result.outcome is not TickOutcome.HELD:
        seen[ControllerEventKind.FAILED] = result.outcome in (
            TickOutcome.FAILED,
            TickOutcome.UNKNOWN,
            TickOutcome.ERROR,
        )
    if result.outcome is not TickOutcome.ERROR:
        seen[ControllerEventKind.PAUSED] = result.paused
    if decision is not None:
        # a group of a fixed size is always at its maximum, which is nothing to tell of
        has_room = decision.maximum > decision.minimum
        seen[ControllerEventKind.AT_MAXIMUM] = has_room and size is not None and size >= decision.maximum
        seen[ControllerEventKind.METRIC_MISSING] = bool(result.unread or result.silent)
    if result.mix is not None:
        # while spot is tried again, some may still run in its place
        seen[ControllerEventKind.ON_DEMAND] = result.mix.phase != "spot"
        seen[ControllerEventKind.NOT_TO_BE_HAD] = result.mix.has_nothing
    return seen


def standings_after(before: Standings, tick: Tick) -> Standings:
    """How each group of a fleet stands after a tick."""
    return {**before, **{about: after for about, _, after, _ in _steps(before, tick)}}


def events_of(before: Standings, after: Tick) -> tuple[ControllerEvent, ...]:
    """
    What people are told of a tick.

    Args:
        before: How each group stood; what is not in it has just been met.
        after: The tick.

    Returns:
        Of each group first its size, then what began, then what ended. What goes on is not told again.
    """
    return tuple(event for step in _steps(before, after) for event in _changes(after, *step))


def _steps(before: Standings, tick: Tick) -> Iterator[tuple[str, GroupStanding, GroupStanding, GroupTick | None]]:
    """The fleet and each group that a tick says something of: how it stood, how it stands, what became of it."""
    stood = before.get(FLEET, GroupStanding())
    yield FLEET, stood, GroupStanding(None, frozenset([ControllerEventKind.FAILED] if tick.error else ())), None
    for result in tick.groups:
        if _is_judged(result, tick):
            stood = before.get(result.group, GroupStanding())
            yield result.group, stood, standing_after(stood, result), result


def _is_judged(result: GroupTick, tick: Tick) -> bool:
    """Whether a tick decided about this group; not without a store, or while another controller has its lease."""
    is_stopped = result.outcome is TickOutcome.ERROR and bool(tick.error) and result.text == tick.error
    return not is_stopped and (result.leased or tick.shadow)


def _changes(
    tick: Tick, about: str, before: GroupStanding, after: GroupStanding, result: GroupTick | None
) -> Iterator[ControllerEvent]:
    previous = before.size
    if previous is None and result is not None and result.decision is not None:
        previous = result.decision.previous if result.outcome is not TickOutcome.SHADOW else after.size
    if after.size is not None and previous is not None and after.size != previous:
        yield _event(tick, about, ControllerEventKind.SIZE_CHANGED, result, after.size, previous)
    for kind in CONDITIONS:
        if kind in after.conditions - before.conditions:
            yield _event(tick, about, kind, result, after.size, previous)
    for kind in CONDITIONS:
        if kind in before.conditions - after.conditions:
            yield _event(tick, about, ControllerEventKind.RECOVERED, result, after.size, previous, over=kind)


def _event(
    tick: Tick,
    about: str,
    kind: ControllerEventKind,
    result: GroupTick | None,
    size: int | None,
    previous: int | None,
    *,
    over: ControllerEventKind | None = None,
) -> ControllerEvent:
    decision = result.decision if result else None
    return ControllerEvent(
        kind=kind,
        at=tick.at,
        provider=tick.provider,
        fleet=tick.fleet,
        group=about,
        name=result.name if result else "",
        location=result.location if result else "",
        size=size,
        previous=previous,
        minimum=result.minimum if result else None,
        maximum=result.maximum if result else None,
        reasons=tuple([reason.to_dict() for reason in decision.reasons]) if decision else (),
        text=_text(kind, result, tick),
        over=over,
        shadow=tick.shadow,
    )


def _text(kind: ControllerEventKind, result: GroupTick | None, tick: Tick) -> str:
    if result is None:
        return tick.error
    if kind is ControllerEventKind.METRIC_MISSING:
        return "; ".join(result.unread or result.silent)
    if kind in (ControllerEventKind.ON_DEMAND, ControllerEventKind.NOT_TO_BE_HAD) and result.mix is not None:
        return f"the cloud had none of {', '.join(result.mix.short)}" if result.mix.short else result.text
    return result.text if kind is not ControllerEventKind.RECOVERED else ""
