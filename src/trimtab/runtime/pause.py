"""A marked pause as a plan and a caller see it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from trimtab.errors import Conflict, InvalidRequest
from trimtab.models import Fleet
from trimtab.plan import Key, Kind, Live, Note, Resource
from trimtab.providers.base import GroupState
from trimtab.providers.pause import Pause

LONGEST_NAME = 64


def leave_paused(kinds: Mapping[str, Kind], fleet: Fleet, wanted: Sequence[Resource], live: Live) -> list[Resource]:
    """
    The wanted resources, with the sizes of paused groups left as they are.

    A schedule that does not act because of a pause leaves the bounds behind those in force: that is no drift.
    """
    paused = {key for key in find_pauses(live) if kinds[key.kind].holds_instances}
    scheduled = {group.name for group in fleet.groups if group.schedules}
    return [
        replace(item, initial=item.initial | _moving(kinds[item.key.kind]))
        if item.key in paused and item.group in scheduled
        else item
        for item in wanted
    ]


def pause_notes(live: Live, fleet: Fleet, now: datetime) -> Iterator[Note]:
    """Who paused which group, for the reader of a plan."""
    for key, pause in find_pauses(live).items():
        mark = live.resources[key].mark
        if mark is not None and mark.fleet == fleet.name:
            late = "; that is over: resume it" if pause.is_over(now) else ""
            yield Note(f"{pause}{late}; its policies and schedules rest, and the plan leaves that so", mark.group)


def find_pauses(live: Live) -> dict[Key, Pause]:
    """The pauses that a read found, by what they are marked on."""
    return {key: Pause.parse(line) for key, item in live.resources.items() if (line := item.attributes.get("paused"))}


def checked_pause(state: GroupState, pause: Pause, now: datetime) -> Pause:
    """
    The pause, if it may be marked on the group.

    Raises:
        InvalidRequest: It does not say who, or is over already.
        Conflict: Somebody else has paused the group.
    """
    if not pause.by.strip() or len(pause.by) > LONGEST_NAME:
        raise InvalidRequest(f"say who pauses, in at most {LONGEST_NAME} characters", operation="pause")
    if pause.until is not None and pause.until.tzinfo is None:
        raise InvalidRequest(f"until={pause.until} has no time zone; give one, such as UTC", operation="pause")
    if pause.is_over(now):
        raise InvalidRequest(f"until={pause.until} has passed", operation="pause")
    current = state.paused
    if current is not None and current.by != pause.by and not current.is_over(now):
        raise Conflict(f"{state.name!r} is {current}; resume it first", operation="pause")
    return pause


def _moving(kind: Kind) -> frozenset[str]:
    return frozenset(row.path for row in kind.fields if row.time_varying)
