"""What is wanted, as digests in the marks: an edit is told from drift, and hidden fields can be compared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from trimtab.plan.kind import Field, Kind, MarkPlace, without_case
from trimtab.plan.resource import Key, Resource, Secret, digest

Basis = Mapping[str, Any]
"""What a mark's digest is made of: the leaves of one resource that are wanted, by path."""


def sign(kinds: Mapping[str, Kind], wanted: Iterable[Resource]) -> list[Resource]:
    """The wanted resources with the digest of what is wanted in each mark, contained ones in their parent's."""
    wanted = list(wanted)
    inside: dict[tuple[str, str], dict[Key, Basis]] = defaultdict(dict)
    for item in wanted:
        if kinds[item.key.kind].mark is MarkPlace.PARENT:
            inside[item.key.location, item.key.parent][item.key] = basis_of(kinds[item.key.kind], item)
    signed = []
    for item in wanted:
        kind = kinds[item.key.kind]
        if item.mark is not None and kind.mark is not MarkPlace.PARENT:
            children = inside[item.key.location, item.key.name] if _contains(kinds, item) else {}
            kept = {**item.mark.kept, **_hidden(kind, item)}
            mark = replace(item.mark, digest=family_digest(basis_of(kind, item), children), kept=kept)
            signed.append(item.signed(mark))
        else:
            signed.append(item)
    return signed


def family_digest(own: Basis, children: Mapping[Key, Basis]) -> str:
    """The digest of what is wanted of a resource and of all that it contains."""
    return digest([digest(own), sorted([key.kind, key.name, digest(basis)] for key, basis in children.items())])


def basis_of(kind: Kind, item: Resource) -> dict[str, Any]:
    """The leaves that an edit of the file changes, and time and the cloud do not."""
    kind = kind.of(item)
    leaves = kind.leaves(item.body)
    rows = {path: kind.find(path) for path in leaves}
    fixed = {
        path: basis_leaf(rows[path], leaf)
        for path, leaf in leaves.items()
        if path not in item.initial and not ((row := rows[path]) and (row.initial or row.time_varying))
    }
    return {**fixed, **item.basis}


def basis_leaf(row: Field | None, leaf: Any) -> Any:
    """A leaf as digests take it: without a case that means nothing, and hidden where it is never given back."""
    if row is not None and row.write_only:
        return hidden_digest(leaf)
    return without_case(leaf) if row is not None and row.ignore_case else leaf


def _hidden(kind: Kind, item: Resource) -> dict[str, str]:
    """What the cloud will not give back, as digests to compare with later."""
    if not any(row.write_only for row in kind.fields):
        return {}
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
