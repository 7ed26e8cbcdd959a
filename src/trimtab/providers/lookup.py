"""A group by its name: the only one, or why there is none."""

from collections.abc import Sequence

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


def group_not_found(name: str, location: str, provider: str, *, code: str = "", operation: str = "") -> NotFound:
    """The error of a group that was named and does not exist."""
    text = f"group {name!r} not found in {location}; check its name and location"
    return NotFound(text, provider=provider, operation=operation, code=code)
