"""What became of each leaf of a reply, for the clouds whose importers still keep account of that by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from trimtab.providers.importing.names import is_exact, legal
from trimtab.providers.importing.notes import ImportEffect, ImportNote


def loss(*, path: str, value: str = "", reason: str) -> ImportNote:
    """A note of an importer that keeps account by hand."""
    return ImportNote(effect=ImportEffect.CHANGES, resource=path, value=value, reason=reason)


class Fate(StrEnum):
    """What becomes of one leaf of a reply."""

    CARRIED = "carried"
    LOST = "lost"
    READ_ONLY = "read-only"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of a reply: where it is, what it says, what became of it; `text` is a model path or a reason."""

    path: str
    value: Any
    fate: Fate
    text: str


@dataclass(frozen=True)
class LeafTable:
    """What became of each leaf of one reply, in its order."""

    operation: str
    leaves: tuple[Leaf, ...] = field(default=())

    @property
    def lost(self) -> tuple[Leaf, ...]:
        """Those that the model does not say."""
        return tuple(leaf for leaf in self.leaves if leaf.fate is Fate.LOST)

    def lines(self) -> Iterator[str]:
        """The table as text, a line each."""
        width = max((len(leaf.path) for leaf in self.leaves), default=0)
        for leaf in self.leaves:
            yield f"{leaf.path:<{width}}  {leaf.fate:<9}  {leaf.text}"


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf below a value by its path, `Tags[0].Key`; something empty is a leaf itself."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from walk(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and value:
        for index, item in enumerate(value):
            yield from walk(item, f"{path}[{index}]")
    else:
        yield path, value


def group_name(native: str, fleet: str | None) -> tuple[str, str | None]:
    """A group's name within the fleet, and its native name where that does not say itself."""
    if fleet is not None and is_exact(native, f"{fleet}-"):
        return native.removeprefix(f"{fleet}-"), None
    return legal(native, "group"), native


def group_names(native: str, fleet: str | None) -> dict[str, str]:
    """The same as fields of a group."""
    name, own = group_name(native, fleet)
    return {"name": name} if own is None else {"name": name, "native_name": own}
