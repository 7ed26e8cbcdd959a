"""What every provider's writes do: the mark to write, whose a thing is, an outcome for each change."""

from collections.abc import Callable, Mapping
from typing import Any

from trimtab.errors import AlreadyExists, InvalidRequest, ProviderError
from trimtab.plan import Change, Mark, Resource
from trimtab.providers.base import Write, Written


def mark_of(change: Change) -> Mark:
    """The mark that a change writes."""
    if change.wanted is None or change.wanted.mark is None:
        raise InvalidRequest(f"{change.key} has no mark to write", operation=change.action.value)
    return change.wanted.mark


def must_be_ours(change: Change, there: Resource) -> None:
    """
    Refuse to write over what another fleet, or nobody of ours, has.

    Raises:
        AlreadyExists: It is not this fleet's.
    """
    ours = mark_of(change)
    if there.mark is None or (there.mark.fleet, there.mark.group) != (ours.fleet, ours.group):
        text = f"{change.key} exists and is not this fleet's; choose another name, or adopt it"
        raise AlreadyExists(text, operation="create")


def outcome_of(send: Callable[[Write], Mapping[str, Any]], write: Write) -> Written:
    """What a write gave back, or why it failed."""
    try:
        return send(write)
    except ProviderError as error:
        return error
