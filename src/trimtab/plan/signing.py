"""What is wanted, as digests in the marks: an edit is told from drift, and hidden fields can be compared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from trimtab.plan.kind import Field, Kind, MarkPlace
from trimtab.plan.resource import Resource, Secret, digest


def sign(kinds: Mapping[str, Kind], wanted: Iterable[Resource]) -> list[Resource]:
    """The wanted resources with the digest of what is wanted in each mark, contained ones in their parent's."""
    wanted = list(wanted)
    inside: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for item in wanted:
        if kinds[item.key.kind].mark is MarkPlace.PARENT:
            inside[item.key.location, item.key.parent].append([item.key.name, _basis(kinds, item)])
    signed = []
    for item in wanted:
        if item.mark is not None and kinds[item.key.kind].mark is not MarkPlace.PARENT:
            children = sorted(inside[item.key.location, item.key.name], key=str) if _contains(kinds, item) else []
            kept = {**item.mark.kept, **_hidden(kinds[item.key.kind], item)}
            mark = replace(item.mark, digest=digest([_basis(kinds, item), children]), kept=kept)
            signed.append(item.signed(mark))
        else:
            signed.append(item)
    return signed


def _hidden(kind: Kind, item: Resource) -> dict[str, str]:
    """What the cloud will not give back, as digests to compare with later."""
    leaves = kind.leaves(item.body)
    rows = {path: row for path in leaves if (row := kind.find(path)) and row.write_only}
    return {mark_key(row): hidden_digest(leaves[path]) for path, row in rows.items()}


def mark_key(row: Field) -> str:
    """The word under which the mark keeps the digest of a hidden field."""
    return "".join(letter for letter in row.path.rsplit(".", 1)[-1].lower() if letter.isalpha())


def hidden_digest(value: Any) -> str:
    """The digest by which a field that is never given back is compared."""
    return digest(value.value if isinstance(value, Secret) else value)


def _contains(kinds: Mapping[str, Kind], item: Resource) -> bool:
    return any(kind.parent == item.key.kind for kind in kinds.values())


def _basis(kinds: Mapping[str, Kind], item: Resource) -> dict[str, Any]:
    kind = kinds[item.key.kind]
    leaves = kind.leaves(item.body)
    rows = {path: kind.find(path) for path in leaves}
    fixed = {
        path: leaf
        for path, leaf in leaves.items()
        if path not in item.initial and not ((row := rows[path]) and (row.initial or row.time_varying))
    }
    return fixed if item.basis is None else {**fixed, "": item.basis}
