"""A marked pause and a marked boost as a plan and a caller see them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trimtab.errors import Conflict, InvalidRequest
from trimtab.models import Fleet
from trimtab.plan import (
    PLANNED_ROLES,
    Action,
    Change,
    Key,
    Kind,
    Live,
    MarkPlace,
    Note,
    Plan,
    Reason,
    Resource,
)
from trimtab.providers.base import GroupState
from trimtab.providers.pause import Boost, Pause, boosted
from trimtab.providers.roles import Provider

LONGEST_NAME = 64
LONGEST_BOOST = timedelta(days=31)
"""A minimum for longer is the fleet file's to say."""


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


def leave_boosted(kinds: Mapping[str, Kind], wanted: Sequence[Resource], live: Live, now: datetime) -> list[Resource]:
    """The wanted resources, with the minimum of boosted groups as their boosts hold it."""
    boosts = {key: boost for key, boost in find_boosts(live).items() if not boost.is_over(now)}
    return [_raised(kinds[item.key.kind], item, boosts.get(item.key), now) for item in wanted]


def _raised(kind: Kind, item: Resource, boost: Boost | None, now: datetime) -> Resource:
    if boost is None:
        return item
    paths = [row.path for row in kind.fields if row.time_varying and "capacity.min" in row.models.split()]
    return replace(item, body={**item.body, **{path: boosted(item.body[path], boost, now) for path in paths}})


def boost_notes(live: Live, fleet: Fleet, now: datetime) -> Iterator[Note]:
    """Who boosted which group, for the reader of a plan."""
    for key, boost in find_boosts(live).items():
        mark = live.resources[key].mark
        if mark is not None and mark.fleet == fleet.name:
            over = "that is over, and what is left of it goes"
            rest = over if boost.is_over(now) else "the plan leaves that so"
            yield Note(f"{boost}; {rest}", mark.group)


BOOST_KIND = Kind(name="boost", label="rest of a boost", mark=MarkPlace.PARENT, rank=9)
"""What a boost has left that is over: its mark, and what held it. It is not read as such, and ended as by hand."""


def with_ends(plan: Plan, live: Live, now: datetime) -> Plan:
    """The plan, with the removal of what boosts that are over have left on the fleet's groups."""
    fleet = plan.request.fleet if plan.request else None
    if fleet is None or plan.request is None or not plan.request.prune or plan.request.adopt:
        return plan
    names = {group.name for group in fleet.groups} & (plan.request.only or {group.name for group in fleet.groups})
    ends = [
        _end(live.resources[key], boost)
        for key, boost in find_boosts(live).items()
        if boost.is_over(now) and _is_in(live.resources[key], fleet.name, names)
    ]
    if not ends:
        return plan
    order = list(dict.fromkeys(change.group for change in (*plan.changes, *ends)))
    changes = sorted((*plan.changes, *ends), key=lambda change: order.index(change.group))
    return replace(plan, changes=tuple(changes), kinds={**plan.kinds, BOOST_KIND.name: BOOST_KIND})


def _is_in(holder: Resource, fleet: str, groups: Collection[str]) -> bool:
    return holder.mark is not None and holder.mark.fleet == fleet and holder.mark.group in groups


def _end(holder: Resource, boost: Boost) -> Change:
    key = Key(holder.key.location, BOOST_KIND.name, holder.key.name)
    group = holder.mark.group if holder.mark else ""
    return Change(action=Action.DELETE, reason=Reason.OVER, key=key, group=group, notes=(str(boost),))


def kinds_of(provider: Provider) -> Mapping[str, Kind]:
    """The kinds that changes are of: the provider's, and what a boost has left."""
    return {**provider.kinds, BOOST_KIND.name: BOOST_KIND}


def find_boosts(live: Live) -> dict[Key, Boost]:
    """The boosts that a read found, by what they are marked on."""
    lines = {key: item.attributes.get("boosted") or "" for key, item in live.resources.items()}
    return {key: boost for key, line in lines.items() if line and (boost := Boost.parse(line))}


def checked_boost(state: GroupState, boost: Boost, now: datetime) -> Boost:
    """
    The boost, if it may be marked on the group.

    Raises:
        InvalidRequest: It does not say who, has no zone, is over, lasts too long, or is above the group's maximum.
        Conflict: The group is paused, or somebody else has boosted it.
    """
    _check_name(boost.by, "boosts", "boost")
    if boost.until.tzinfo is None:
        text = f"until={boost.until} has no time zone; give one, as in 2026-12-01T18:00+01:00"
        raise InvalidRequest(text, operation="boost")
    if boost.is_over(now):
        raise InvalidRequest(f"until={boost.until} has passed", operation="boost")
    if boost.until - now > LONGEST_BOOST:
        text = f"a boost lasts {LONGEST_BOOST.days} days at most; for longer, change `capacity.min` of the fleet"
        raise InvalidRequest(text, operation="boost")
    if boost.min < 1:
        raise InvalidRequest(f"min={boost.min} raises nothing; give 1 or more", operation="boost")
    if boost.min > state.max:
        text = f"min={boost.min} is above the maximum of {state.name!r}, {state.max}; raise `capacity.max` first"
        raise InvalidRequest(text, operation="boost")
    if state.paused is not None:
        raise Conflict(f"{state.name!r} is {state.paused}; {state.paused.fix}", operation="boost")
    current = state.boost
    if current is not None and current.by != boost.by and not current.is_over(now):
        raise Conflict(f"{state.name!r} is {current}; end that first", operation="boost")
    return boost


def _check_name(by: str, does: str, operation: str) -> None:
    if not by.strip() or len(by) > LONGEST_NAME:
        raise InvalidRequest(f"say who {does}, in at most {LONGEST_NAME} characters", operation=operation)


def pause_notes(live: Live, fleet: Fleet, now: datetime) -> Iterator[Note]:
    """Who paused which group, for the reader of a plan."""
    for key, pause in find_pauses(live).items():
        mark = live.resources[key].mark
        if mark is not None and mark.fleet == fleet.name and mark.role in PLANNED_ROLES:
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
    _check_name(pause.by, "pauses", "pause")
    if pause.until is not None and pause.until.tzinfo is None:
        raise InvalidRequest(f"until={pause.until} has no time zone; give one, such as UTC", operation="pause")
    if pause.is_over(now):
        raise InvalidRequest(f"until={pause.until} has passed", operation="pause")
    current = state.paused
    if current is not None and current.by != pause.by and not current.is_over(now):
        raise Conflict(f"{state.name!r} is {current}; {current.fix}", operation="pause")
    return pause


def checked_resume(state: GroupState) -> None:
    """
    Whether the pause of a group may be taken away.

    Raises:
        Conflict: A rollout that is on wants it.
    """
    paused, run = state.paused, state.rollout
    if paused is not None and run is not None and paused.by == paused.of_rollout(run.id).by:
        raise Conflict(f"{state.name!r} is {paused}; {paused.fix}", operation="resume")


def _moving(kind: Kind) -> frozenset[str]:
    return frozenset(row.path for row in kind.fields if row.time_varying)
