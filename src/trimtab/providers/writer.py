"""What every provider's writes do: whose a thing is, what is sent, what becomes of a write that came too late."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from trimtab.errors import AlreadyExists, Conflict, InvalidRequest, ProviderError, TrimtabError
from trimtab.plan import Change, Kind, Mark, Resource, overlaid
from trimtab.providers.base import Write, Written
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


def differ_only_in(kind: Kind, before: Resource, after: Resource, path: str) -> bool:
    """Whether nothing else moved between two reads."""
    first, two = kind.leaves(before.body), kind.leaves(after.body)
    return before.mark == after.mark and {**first, path: 0} == {**two, path: 0}


# bodies


def differing_paths(kind: Kind, existing: Resource, write: Write) -> list[str]:
    """The leaves that are otherwise than a write wants them, less those that only a creation gives."""
    old, new = kind.leaves(existing.body), kind.leaves(write.body)
    initial = write.change.wanted.initial if write.change.wanted else frozenset()
    return [path for path in sorted({*old, *new}) if old.get(path) != new.get(path) and path not in initial]


def body_of(write: Write, kind: Kind, live: Resource | None) -> dict[str, Any]:
    """What a write says: where it replaces all that is there, what no row is about stays as it is."""
    starts_from = live if kind.replaces else None
    return dict(write.body if starts_from is None else overlaid(kind, starts_from.body, write.body))


def patch_of(kind: Kind, body: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """
    A merge patch of some leaves: each, or the whole list that it is in.

    What is no longer wanted goes back to its default, or to null where the kind has none.
    """
    patch: dict[str, Any] = {}
    for path in paths:
        steps = path.split("[", 1)[0].split(".")
        if steps[0] not in body and len(steps) > 1:
            patch[steps[0]] = None
            continue
        value = find_part(body, steps)
        put_part(patch, steps, _cleared(kind, path) if value is None else value)
    return patch


def _cleared(kind: Kind, path: str) -> Any:
    row = kind.find(path)
    if row is not None and row.default is not None and "[" not in path:
        return row.default
    return [] if "[" in path or path in kind.sets else None


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
