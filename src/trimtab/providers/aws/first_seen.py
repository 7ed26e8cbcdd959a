"""
Scheduled actions that trimtab did not make: a group's mark keeps when they were first seen.

An action runs at the times of its recurrence that come after it was made, so one that was made since its last time has
set nothing yet. AWS does not say when that was. What trimtab creates or edits is in force from that write on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trimtab.engine.first_seen import FirstSeen
from trimtab.models import Capacity, Fleet, ScalingGroup, Schedule
from trimtab.plan import Key, Live
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, SCHEDULED_ACTION
from trimtab.providers.aws.schedules import actions_of

WORD = "seen"
"""The word of the mark that keeps it."""


@dataclass(frozen=True, slots=True)
class UnfiredSchedules:
    """
    The schedules of a group that have not fired since they were first seen.

    Attributes:
        seen: What the mark is to keep of them.
        waiting: The schedules.
        live: The bounds that the group has.
    """

    seen: FirstSeen
    waiting: tuple[Schedule, ...]
    live: Capacity

    @property
    def kept(self) -> Mapping[str, str]:
        """The words of the mark."""
        return {WORD: self.seen.word()}


def standing_of(fleet: Fleet, group: ScalingGroup, live: Live, location: str, now: datetime) -> UnfiredSchedules | None:
    """
    The schedules of a group that have not fired since they were first seen; `None` where all have, or are trimtab's.

    Those of a group without the fleet's mark are seen now, as adopting it would.
    """
    key = Key(location, AUTO_SCALING_GROUP.name, fleet.native_name(group))
    existing = live.resources.get(key)
    if existing is None or existing.deleting or not group.schedules:
        return None
    bounds = Capacity.model_construct(min=existing.body["MinSize"], max=existing.body["MaxSize"])
    if existing.mark is None or existing.mark.fleet != fleet.name:
        return UnfiredSchedules(FirstSeen(now), group.schedules, bounds)
    seen = FirstSeen.parse(existing.mark.kept.get(WORD, ""))
    if seen is None:
        return None
    written = [
        SCHEDULED_ACTION.leaves(item.body)
        for item in live.resources.values()
        if item.key.kind == SCHEDULED_ACTION.name and item.key.location == location and item.key.parent == key.name
    ]
    bodies: dict[str, list[Mapping[str, object]]] = {}
    for action in actions_of(group, now):
        bodies.setdefault(action.schedule, []).append(SCHEDULED_ACTION.leaves(action.body))
    # what is to be written anew, under whatever name, is trimtab's
    unchanged = [
        candidate
        for candidate in group.schedules
        if candidate.name in bodies and all(body in written for body in bodies[candidate.name])
    ]
    waiting = seen.waiting(unchanged, now)
    return UnfiredSchedules(seen.of(waiting, group.schedules), waiting, bounds) if waiting else None
