"""Wanted things that would be one and the same in the cloud: none may silently take the place of another."""

from collections.abc import Iterator, Mapping, Sequence

from trimtab.plan.changes import Note
from trimtab.plan.kind import Kind
from trimtab.plan.resource import Key, Resource


def clash_problems(kinds: Mapping[str, Kind], wanted: Sequence[Resource]) -> list[Note]:
    """
    A problem for each two things that have one name where names are unique; one where several parts clash.

    Args:
        kinds: The provider's kinds: where a name is unique, and whether its case counts.
        wanted: What translation made of the fleet.
    """
    pairs = list(_clashes(kinds, wanted))
    whole = {(first.group, two.group) for first, two in pairs if kinds[two.key.kind].holds_instances}
    return [
        Note(_text(kinds[two.key.kind], first, two), two.group)
        for first, two in pairs
        if kinds[two.key.kind].holds_instances or two.item or (first.group, two.group) not in whole
    ]


def identities(kind: Kind, item: Resource) -> Iterator[tuple[str, ...]]:
    """What only one thing can have: its key, and its name in whatever the cloud keeps names apart by."""
    yield "key", *_parts(item.key, item.key.name)
    name = item.key.name.casefold() if kind.ignore_case else item.key.name
    if kind.unique_in:
        yield kind.unique_in, item.key.kind, str(item.attributes.get(kind.unique_in, "")).casefold(), name
    else:
        yield "name", *_parts(item.key, name)


def _parts(key: Key, name: str) -> tuple[str, ...]:
    return key.location, key.kind, key.parent, name


def _clashes(kinds: Mapping[str, Kind], wanted: Sequence[Resource]) -> Iterator[tuple[Resource, Resource]]:
    """Each thing beside the first that has its name; what it contains clashes along with it, and is left out."""
    taken: dict[tuple[str, ...], Resource] = {}
    second: set[Key] = set()
    for item in sorted(wanted, key=lambda item: kinds[item.key.kind].rank):
        kind = kinds[item.key.kind]
        holders = [taken.setdefault(identity, item) for identity in identities(kind, item)]
        other = next((holder for holder in holders if holder is not item), None)
        if other is None:
            continue
        second.add(item.key)
        if kind.parent is None or Key(item.key.location, kind.parent, item.key.parent) not in second:
            yield other, item


def _text(kind: Kind, first: Resource, two: Resource) -> str:
    path = f"{two.item}: " if two.item else "native_name: " if kind.holds_instances else ""
    name = f"{kind.label} {two.key.name!r} in {two.key.location}"
    if first.group == two.group:
        return f"{path}{name} would also be that of {first.item or 'the group'}; rename one of the two"
    other = f"{first.item} of group {first.group!r}" if first.item else f"group {first.group!r}"
    fix = "rename one of the two" if two.item else "give one of the two another `native_name`"
    return f"{path}{name} would also be that of {other}{_spelled(first, two)}; {fix}"


def _spelled(first: Resource, two: Resource) -> str:
    """How the other is spelled or where it is, where that differs and counts for nothing."""
    if first.key == two.key:
        return ""
    return f" ({first.key.name!r} in {first.key.location})"
