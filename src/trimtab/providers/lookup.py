"""A group by its name: the only one, or why there is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from trimtab.errors import InvalidRequest, NotFound
from trimtab.phrases import in_words
from trimtab.providers.base import GroupState


def single_match(states: Sequence[GroupState], name: str, provider: str) -> GroupState | None:
    """
    The only group that has a name within its fleet; `None` where there is none.

    Of the two native groups of a blue-green rollout it is the one that is in charge.

    Raises:
        InvalidRequest: Several have it.
    """
    if len({(state.fleet, state.group, state.location) for state in states}) == 1:
        states = _in_charge_first(states)[: 1 if _is_pair(states) else None]
    if len(states) > 1:
        names = in_words(sorted(state.name for state in states))
        raise InvalidRequest(f"several groups are called {name!r}: {names}; use the full name", provider=provider)
    return states[0] if states else None


def renamed(
    candidates: Callable[[str, str], Sequence[GroupState]], fleet: str, group: str, location: str
) -> Sequence[GroupState]:
    """
    The native groups of a fleet's group that is not there under its own name, as after a blue-green rollout.

    Of the two of a blue-green rollout the one that is in charge comes first, with the mark of the run.

    Args:
        candidates: What `LiveState.candidates` is.
        fleet: The fleet's name.
        group: The group's name within it.
        location: Where it lives.
    """
    own = [state for state in candidates(group, location) if (state.fleet, state.group) == (fleet, group)]
    return _in_charge_first(own)


def in_charge(
    read_states: Callable[[Sequence[tuple[str, str]]], Sequence[GroupState]], states: Sequence[GroupState]
) -> list[GroupState]:
    """
    Groups as people know them: at the end of a blue-green rollout the second native group, with the mark of the run.

    Args:
        read_states: What `LiveState.read_states` is; called where a rollout ends.
        states: What was read under the names of a fleet.
    """
    places = [
        (state.location, state.rollout.successor) for state in states if state.rollout and state.rollout.successor
    ]
    known = {(state.location, state.name): state for state in read_states(places)} if places else {}
    return [_successor(state, known) or state for state in states]


def _successor(state: GroupState, known: Mapping[tuple[str, str], GroupState]) -> GroupState | None:
    run = state.rollout
    other = known.get((state.location, run.successor)) if run is not None else None
    return replace(other, rollout=run) if other is not None else None


def _in_charge_first(states: Sequence[GroupState]) -> list[GroupState]:
    """The native groups of one group: what bears the mark of a run comes first, or what comes after it."""
    known = {(state.location, state.name): state for state in states}
    first = sorted(states, key=lambda state: state.rollout is None)
    later = _successor(first[0], known) if first else None
    return [later, *(state for state in first if state.name != later.name)] if later is not None else first


def _is_pair(states: Sequence[GroupState]) -> bool:
    """Whether two native groups are those of a blue-green rollout."""
    names = {state.name for state in states}
    runs = [state.rollout for state in states if state.rollout is not None and not state.rollout.in_place]
    return len(names) == 2 and any({run.old, run.new} == names for run in runs)


def group_not_found(name: str, location: str, provider: str, *, code: str = "", operation: str = "") -> NotFound:
    """The error of a group that was named and does not exist."""
    text = f"group {name!r} not found in {location}; check its name and location"
    return NotFound(text, provider=provider, operation=operation, code=code)
