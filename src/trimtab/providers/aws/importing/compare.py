"""Holds a reply against what translation makes of its model: each leaf is carried, lost or read-only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from trimtab.plan import Kind
from trimtab.providers.imports import Fate, Leaf, walk

NOTHING = object()
UNKNOWN_FIELD = "not known to this version"
EMPTY = "nothing is set"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """
    What is known of one sort of item. A row counts for all that is below it; the longest one decides.

    Attributes:
        kind: Says which model field a leaf comes from, which lists are maps, and what AWS has by itself.
        root: Where in the kind's body the item stands.
        models: Model fields of leaves that the kind does not say.
        read_only: Leaves that the cloud writes, with the reason.
        losses: Leaves that the model cannot say, with the reason.
        defaults: What AWS has by itself, where the kind does not say.
        maps: Lists that are maps, by the field that is the key, where the kind does not say.
    """

    kind: Kind
    root: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    read_only: Mapping[str, str] = field(default_factory=dict)
    losses: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    maps: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _kind_defaults(self) -> dict[str, Any]:
        return {row.path: row.default for row in self.kind.fields if row.default is not None}

    def model(self, pattern: str) -> str | None:
        """The model field that a leaf comes from; `None` where no field does."""
        if (own := _longest(self.models, pattern)) is not None:
            return self.models[own]
        row = self.kind.find(self.root + pattern)
        return row.models.split()[0] if row is not None and row.models else None

    def reason(self, rows: Mapping[str, str], pattern: str) -> str | None:
        """What the longest row says that is about a leaf."""
        own = _longest(rows, pattern)
        return None if own is None else rows[own]

    def is_default(self, pattern: str, value: Any) -> bool:
        """Whether AWS has this value when nobody gives one."""
        known = {**self._kind_defaults, **self.defaults}
        return pattern in known and known[pattern] == value

    def key(self, pattern: str) -> str | None:
        """The field by which the elements of a list are told apart."""
        return self.maps.get(pattern) or self.kind.maps.get(self.root + pattern)


def _longest(rows: Mapping[str, Any], pattern: str) -> str | None:
    found = [row for row in rows if pattern == row or pattern.startswith((f"{row}.", f"{row}["))]
    return max(found, key=len, default=None)


@dataclass(frozen=True)
class Comparison:
    """
    One item of a reply against what translation makes of its model.

    Attributes:
        rows: What is known of such items.
        item: The part of the group that it became: `policies.scale-out`; empty for the group itself.
        read_only: Leaves of this very item that the cloud writes, by path.
        refused: Why the model has no such item at all.
    """

    rows: Rows
    item: str = ""
    read_only: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""

    def leaves(self, found: Any, made: Any) -> Iterator[Leaf]:
        """Each leaf of what was found."""
        return self._compare(found, made, "", "")

    def _compare(self, found: Any, made: Any, path: str, pattern: str) -> Iterator[Leaf]:
        if isinstance(found, Mapping) and found:
            for name, value in found.items():
                partner = made.get(name, NOTHING) if isinstance(made, Mapping) else NOTHING
                yield from self._compare(value, partner, _joined(path, name), _joined(pattern, name))
        elif isinstance(found, (list, tuple)) and found:
            for index, value in enumerate(found):
                partner = self._partner(value, index, made, pattern)
                yield from self._compare(value, partner, f"{path}[{index}]", f"{pattern}[*]")
        else:
            yield Leaf(path, found, *self._verdict(found, made, path, pattern))

    def _partner(self, value: Any, index: int, made: Any, pattern: str) -> Any:
        if not isinstance(made, (list, tuple)):
            return NOTHING
        if value in made:
            return value
        if not isinstance(value, Mapping):
            return NOTHING
        key = self.rows.key(pattern)
        if key is not None:
            return next((one for one in made if one.get(key) == value.get(key)), NOTHING)
        return made[index] if index < len(made) else NOTHING

    def _verdict(self, found: Any, made: Any, path: str, pattern: str) -> tuple[Fate, str]:
        rows = self.rows
        own = _longest(self.read_only, path)
        reason = self.read_only[own] if own is not None else rows.reason(rows.read_only, pattern)
        if reason is not None:
            return Fate.READ_ONLY, reason
        model, loss = rows.model(pattern), rows.reason(rows.losses, pattern)
        if model is None and loss is None:
            return Fate.LOST, UNKNOWN_FIELD
        if self.refused:
            return Fate.LOST, self.refused
        if found in (None, "", [], {}) and not isinstance(made, (str, int)):
            return Fate.READ_ONLY, EMPTY
        if made is not NOTHING and _equal(found, made):
            return Fate.CARRIED, _joined(self.item, model or "")
        if rows.is_default(pattern, found) and made is NOTHING:
            return (Fate.CARRIED, _joined(self.item, model)) if model else (Fate.READ_ONLY, "as AWS has it by itself")
        return Fate.LOST, loss or _otherwise(made)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _equal(found: Any, made: Any) -> bool:
    if isinstance(found, bool) or isinstance(made, bool):
        return found is made
    return bool(found == made)


def _otherwise(made: Any) -> str:
    return "the model cannot say this; a plan takes it away" if made is NOTHING else f"a plan writes {made}"


def all_as(value: Any, fate: Fate, text: str) -> Iterator[Leaf]:
    """Each leaf of a value with the same fate."""
    return (Leaf(path, leaf, fate, text) for path, leaf in walk(value))


def below(leaves: Iterator[Leaf], path: str) -> Iterator[Leaf]:
    """Leaves of an item as leaves of the reply that it stands in."""
    return (Leaf(_under(path, leaf.path), leaf.value, leaf.fate, leaf.text) for leaf in leaves)


def _under(path: str, rest: str) -> str:
    return f"{path}{rest}" if rest.startswith("[") else _joined(path, rest)
