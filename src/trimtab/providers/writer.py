"""What every provider's writes do: the mark to write, whose a thing is, an outcome for each change."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trimtab.errors import AlreadyExists, InvalidRequest, ProviderError, TrimtabError
from trimtab.plan import Change, Kind, Mark, Resource
from trimtab.providers.base import Write, Written
from trimtab.providers.guard import stumbled


def mark_of(change: Change) -> Mark:
    """The mark that a change writes."""
    if change.wanted is None or change.wanted.mark is None:
        raise InvalidRequest(f"{change.key} has no mark to write", operation=change.action.value)
    return change.wanted.mark


def ensure_owned(change: Change, existing: Resource) -> None:
    """
    Refuse to write over what another fleet, or nobody of ours, has.

    Raises:
        AlreadyExists: It is not this fleet's.
    """
    ours = mark_of(change)
    if existing.mark is None or (existing.mark.fleet, existing.mark.group) != (ours.fleet, ours.group):
        text = f"{change.key} exists and is not this fleet's; choose another name, or adopt it"
        raise AlreadyExists(text, operation="create")


def outcome_of(send: Callable[[Write], Mapping[str, Any]], write: Write) -> Written:
    """What a write gave back, or why it failed."""
    try:
        return send(write)
    except ProviderError as error:
        return error
    except TrimtabError:
        raise
    except Exception as error:
        return stumbled(error, "", write.change.action.value)


# parts of bodies


def find_part(body: Any, steps: Sequence[str]) -> Any:
    """What stands in a body at the end of these steps; `None` where nothing does."""
    for step in steps:
        if not isinstance(body, Mapping) or step not in body:
            return None
        body = body[step]
    return body


def put_part(patch: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    """Put a value into a patch, with all that it stands in."""
    for step in steps[:-1]:
        patch = patch.setdefault(step, {})
    patch[steps[-1]] = value


def differ_only_in(kind: Kind, before: Resource, after: Resource, path: str) -> bool:
    """Whether nothing else moved between two reads, such as a size that an autoscaler sets."""
    first, two = kind.leaves(before.body), kind.leaves(after.body)
    return before.mark == after.mark and {**first, path: 0} == {**two, path: 0}
