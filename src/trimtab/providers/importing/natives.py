"""What the model has no word for, taken over as it stands."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from trimtab.declarations.record import NativePart, Natives
from trimtab.models import ScalingGroup
from trimtab.plan import Key, Kind, Note, Resource, assign
from trimtab.providers.natives import is_settable
from trimtab.providers.translation import Translation

MOST_ROUNDS = 20
"""So many settings at most are left out, one after the other, because the plan refuses them."""


def with_natives(
    group: ScalingGroup,
    natives: Natives,
    kinds: Mapping[str, Kind],
    wanted: Sequence[Resource],
    live: Sequence[Resource],
    translate: Callable[[ScalingGroup], Translation],
    provider: str,
) -> ScalingGroup:
    """
    The group with the settings that no field has a word for, as its file writes them under `native`.

    Left out, and so left as they are: what the cloud fills in by itself, what its interface does not take or does not
    give back, what the plan refuses, and what would not come back as it was.

    Args:
        group: The group as it was read.
        natives: What the provider declares of its native bodies.
        kinds: The provider's kinds by name.
        wanted: What translation makes of the group.
        live: What was read.
        translate: A group as resources.
        provider: The name of the provider.
    """
    block = group.block(provider)
    found = dict(_found(natives, kinds, {item.key: item for item in wanted}, live))
    for _ in range(MOST_ROUNDS):
        if not found:
            break
        larger = group.model_copy(update={provider: block.replace(native=found)})
        translation = translate(larger)
        refused = [*_refused(translation.problems, provider), *_changing(translation.resources, kinds, live)]
        if not refused:
            return larger
        if not any(_without(found, path) for path in refused):
            break
    return group


def _found(
    natives: Natives, kinds: Mapping[str, Kind], wanted: Mapping[Key, Resource], live: Sequence[Resource]
) -> Iterator[tuple[str, Any]]:
    for word, part in natives.parts.items():
        bodies: dict[str, Any] = {}
        for item in live:
            ours = wanted.get(item.key)
            if item.key.kind != part.kind or ours is None or kinds[part.kind].of(ours) is not kinds[part.kind]:
                continue
            body = _body(natives, part, kinds[part.kind], item, ours)
            if body:
                bodies[ours.item.partition(".")[2] if part.items else ""] = body
        if bodies:
            yield word, bodies if part.items else bodies[""]


def _body(natives: Natives, part: NativePart, kind: Kind, item: Resource, ours: Resource) -> dict[str, Any]:
    """What a live body has beside what translation makes, as the API spells it."""
    same = kind.given(ours.body)
    found: dict[str, Any] = {}
    for path, value in _beside(kind, item, same).items():
        inner = path[len(part.at) + 1 :] if part.at else path
        is_reserved = any(path == word or path.startswith((f"{word}.", f"{word}[")) for word in natives.reserved)
        if (
            isinstance(value, (str, int, float, frozenset))
            and not is_reserved
            and is_settable(natives, part.kind, inner)
        ):
            assign(kind, found, path, value)
    body: dict[str, Any] = found.get(part.at, {}) if part.at else found
    return body


def _beside(kind: Kind, item: Resource, same: Mapping[str, Any]) -> dict[str, Any]:
    """
    The leaves that no row is about, and those of elements that translation does not make.

    An element of which a field of the model has a part is that field's to say.
    """
    leaves, outside = kind.given(item.body), kind.outside(item.body)
    elements = {element for path in same for element in kind.elements(path)}
    foreign = {path: next((each for each in kind.elements(path) if each not in elements), "") for path in leaves}
    said = {foreign[path] for path in leaves if foreign[path] and kind.row_of(path) is not None}
    return {
        path: value
        for path, value in leaves.items()
        if (
            foreign[path] not in said
            if foreign[path]
            else path in outside and kind.row_of(path) is None and not kind.is_filled_in(path, value)
        )
        and path not in same
        and not _is_key_alone(kind, path)
        and _is_in_ours(path, same)
    }


def _is_in_ours(path: str, same: Mapping[str, Any]) -> bool:
    """Whether the items of lists without keys that a leaf is in are ours too, by their places, or the lists are not."""
    for match in re.finditer(r"\[\d+\]", path):
        whole, start = path[: match.start() + 1], path[: match.end()]
        ours = [other for other in same if other.startswith(whole)]
        if ours and not any(other.startswith(start) for other in ours):
            return False
    return True


def _is_key_alone(kind: Kind, path: str) -> bool:
    """Whether a leaf says no more than that an element of a list with keys is there."""
    return path.endswith("]") and path in kind.elements(path)


def _refused(problems: Sequence[Note], provider: str) -> Iterator[list[str]]:
    for problem in problems:
        path = problem.text.partition(": ")[0]  # each native leaf is told by itself
        if path.startswith(f"{provider}.native."):
            yield path.split(".")[2:]


def _changing(
    resources: Sequence[Resource], kinds: Mapping[str, Kind], live: Sequence[Resource]
) -> Iterator[list[str]]:
    """The leaves that a plan would change all the same."""
    existing = {item.key: item for item in live}
    for item in resources:
        there = existing.get(item.key)
        if not item.native or there is None:
            continue
        kind = kinds[item.key.kind].of(item)
        before, after = kind.leaves(there.body), kind.leaves(item.body)
        for path in after.keys() | before.keys():
            row = kind.find(path)
            if row in item.native and row is not None and before.get(path) != after.get(path):
                yield row.models.removeprefix("/").split(".")[2:]


def _without(found: dict[str, Any], steps: Sequence[str]) -> bool:
    """Whether a setting could be taken out: the leaf, or the list or whatever is around it that has no such name."""
    holder: Any = found
    for step in steps[:-1]:
        if not isinstance(holder, dict) or not isinstance(holder.get(step), dict):
            break
        holder = holder[step]
    else:
        step = steps[-1]
    if not isinstance(holder, dict) or step not in holder:
        return False
    del holder[step]
    _prune(found)
    return True


def _prune(value: dict[str, Any]) -> None:
    """Take empty mappings out, in place."""
    for name in list(value):
        if isinstance(value[name], dict):
            _prune(value[name])
            if not value[name]:
                del value[name]
