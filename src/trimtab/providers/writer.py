"""What every provider's writes do: whose a thing is, what is sent, what becomes of a write that came too late."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from trimtab.errors import AlreadyExists, Conflict, InvalidRequest, ProviderError, TrimtabError
from trimtab.plan import Change, Kind, Mark, Resource
from trimtab.providers.base import Write, Written
from trimtab.providers.bodies import differ_only_in
from trimtab.providers.guard import stumbled

T = TypeVar("T")
V = TypeVar("V")
TRIES = 3
"""How often a write is made that holds only for what was read, because that was written in between."""


def mark_of(change: Change) -> Mark:
    """The mark that a change writes."""
    if change.wanted is None or change.wanted.mark is None:
        raise InvalidRequest(f"{change.key} has no mark to write", operation=change.action.value)
    return change.wanted.mark


def live_of(change: Change) -> Resource:
    """
    What a change is about, as it was read.

    Raises:
        InvalidRequest: Nothing was.
    """
    if change.live is None:
        action = change.action.value
        raise InvalidRequest(f"{change.key}: nothing was read that the change is about", operation=action)
    return change.live


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


def found_in_place(change: Change, existing: Resource | None, refusal: ProviderError) -> Resource:
    """
    What a creation found in its place: this fleet's, perhaps of this very call before its reply was lost.

    Args:
        change: The creation.
        existing: What is there; `None` where nothing is any more.
        refusal: Why nothing was created.

    Raises:
        AlreadyExists: It is not this fleet's.
        ProviderError: The refusal, where nothing is there.
    """
    if existing is None:
        raise refusal
    ensure_owned(change, existing)
    return existing


def outcome_of(provider: str, send: Callable[[Write], Mapping[str, Any]], write: Write) -> Written:
    """What a write gave back, or why it failed."""
    try:
        return send(write)
    except ProviderError as error:
        return error
    except TrimtabError:
        raise
    except Exception as error:
        return stumbled(error, provider, write.change.action.value)


# writes that hold only for what was read


def send_held(send: Callable[[V], T], version: V, newer: Callable[[Conflict], V | None]) -> T:
    """
    What a write gives that is only made while what it is about is as it was read.

    Args:
        send: Makes the write for a version.
        version: The one that was read.
        newer: The one that it is to be made for after a refusal; `None` where that is final.

    Raises:
        Conflict: The refusal.
    """
    for _ in range(TRIES - 1):
        try:
            return send(version)
        except Conflict as refusal:
            current = newer(refusal)
            if current is None:
                raise
            version = current
    return send(version)


def read_if_only(
    path: str, kind: Kind, live: Resource, read: Callable[[], Resource | None], *, stale: str
) -> Callable[[Conflict], Resource | None]:
    """
    For `send_held`: what is there now, where nothing but one leaf moved since it was read.

    Args:
        path: The leaf, such as a size that an autoscaler sets.
        kind: Of the resource.
        live: As it was read.
        read: Reads it again.
        stale: The code of a refusal because of the version.
    """

    def newer(refusal: Conflict) -> Resource | None:
        current = read() if refusal.code == stale else None
        return current if current is not None and differ_only_in(kind, live, current, path) else None

    return newer
