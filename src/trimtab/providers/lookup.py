"""A group by its name: the only one, or why there is none."""

from collections.abc import Callable, Sequence

from trimtab.errors import InvalidRequest, NotFound
from trimtab.phrases import in_words
from trimtab.providers.base import GroupState


def single_match(states: Sequence[GroupState], name: str, provider: str) -> GroupState | None:
    """
    The only group that has a name within its fleet; `None` where there is none.

    Raises:
        InvalidRequest: Several have it.
    """
    if len(states) > 1:
        names = in_words(sorted(state.name for state in states))
        raise InvalidRequest(f"several groups are called {name!r}: {names}; use the full name", provider=provider)
    return states[0] if states else None


def renamed(
    candidates: Callable[[str, str], Sequence[GroupState]], fleet: str, group: str, location: str
) -> Sequence[GroupState]:
    """
    The native groups of a fleet's group that is not there under its own name, as after a blue-green rollout.

    Of two, the one that bears no mark of a run comes first: the other one is on its way out.

    Args:
        candidates: What `LiveState.candidates` is.
        fleet: The fleet's name.
        group: The group's name within it.
        location: Where it lives.
    """
    own = [state for state in candidates(group, location) if (state.fleet, state.group) == (fleet, group)]
    return sorted(own, key=lambda state: state.rollout is not None)


def group_not_found(name: str, location: str, provider: str, *, code: str = "", operation: str = "") -> NotFound:
    """The error of a group that was named and does not exist."""
    text = f"group {name!r} not found in {location}; check its name and location"
    return NotFound(text, provider=provider, operation=operation, code=code)
