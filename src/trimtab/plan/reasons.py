"""
Why a field differs: the file was edited, or the cloud drifted.

A mark holds one digest of all that was wanted when it was written, contained things included. What was edited since
then is what has to be put back to what the cloud has, so that the digest comes out; what differs beside it is drift.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

from trimtab.plan.changes import IN_MARK, Action, Change, FieldChange, Reason
from trimtab.plan.kind import Field, Kind, MarkPlace
from trimtab.plan.resource import Key, Mark, Ref, Resource, references
from trimtab.plan.signing import Basis, basis_leaf, basis_of, family_digest

_MOST = 10
"""So many differences under one mark are tried in all combinations, two to the power of it."""
_UPDATES = (Action.UPDATE, Action.REPLACE)

Place = tuple[Key, str]
"""A leaf of a resource; an empty path for the whole of it."""


def explained(
    kinds: Mapping[str, Kind],
    changes: Mapping[Key, Change],
    wanted: Mapping[Key, Resource],
    live: Mapping[Key, Resource],
) -> dict[Key, Change]:
    """
    The changes, each update and each of its fields with its reason.

    Args:
        kinds: The provider's kinds by name.
        changes: What is planned; an update whose mark was lost keeps that for its reason.
        wanted: What the fleet wants, signed.
        live: What was read.
    """
    edits = _Edits(kinds, changes, wanted, live)
    reasons = dict(changes)
    for key in sorted(changes, key=lambda key: kinds[key.kind].rank):
        change = changes[key]
        if change.action in _UPDATES and change.fields and change.reason is not Reason.MARK_LOST:
            reasons[key] = _explained(change, edits.of(key), wanted[key], kinds[key.kind].of(wanted[key]), reasons)
    return reasons


def _explained(
    change: Change, edited: "_Edited | None", item: Resource, kind: Kind, known: Mapping[Key, Change]
) -> Change:
    leaves = kind.leaves(item.body)
    is_edit = {
        field.path: edited is None
        or field.path.startswith(IN_MARK)
        or (change.key, field.path) in edited
        or _is_edited_elsewhere(leaves.get(field.path), known)
        for field in change.fields
    }
    # a field that no digest is about goes along with the others
    is_any = any(is_edit[field.path] for field in change.fields)
    counted = {*basis_of(kind, item), *(field.path for field in change.fields if not _moves(kind, field.path))}
    fields = tuple(
        replace(
            field,
            reason=Reason.EDITED if is_edit[field.path] or (is_any and field.path not in counted) else Reason.DRIFTED,
        )
        for field in change.fields
    )
    return replace(change, fields=fields, reason=Reason.EDITED if is_any else Reason.DRIFTED)


def _moves(kind: Kind, path: str) -> bool:
    row = kind.find(path)
    return row is not None and row.time_varying


def _is_edited_elsewhere(leaf: Any, known: Mapping[Key, Change]) -> bool:
    """Whether a leaf refers to something that changes because it was edited."""
    changes = (known.get(ref.key) for ref in references(leaf))
    return any(change and change.action in _UPDATES and change.reason is Reason.EDITED for change in changes)


_Edited = frozenset[Place]


@dataclass(frozen=True)
class _Difference:
    """Something under one mark that is wanted otherwise than it is, and what the digest has for it either way."""

    place: Place
    wanted: Any
    live: Any

    @property
    def resource(self) -> Key:
        return self.place[0]


class _Edits:
    """What was edited under each mark."""

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        changes: Mapping[Key, Change],
        wanted: Mapping[Key, Resource],
        live: Mapping[Key, Resource],
    ) -> None:
        self.kinds, self.changes, self.wanted, self.live = kinds, changes, wanted, live
        self._known: dict[Key, _Edited | None] = {}

    def of(self, key: Key) -> "_Edited | None":
        """The leaves that were edited under the mark that is about `key`; `None` where that cannot be told."""
        holder = self._holder(key)
        if holder not in self._known:
            self._known[holder] = self._search(holder)
        return self._known[holder]

    def _holder(self, key: Key) -> Key:
        """What bears the mark."""
        kind = self.kinds[key.kind]
        if kind.mark is MarkPlace.PARENT and kind.parent is not None:
            return Key(key.location, kind.parent, key.parent)
        return key

    def _search(self, holder: Key) -> "_Edited | None":
        item, live = self.wanted.get(holder), self.live.get(holder)
        if item is None or live is None or not _digest(live.mark):
            return None
        if _digest(live.mark) == _digest(item.mark):
            return frozenset()
        family = [holder, *(key for key in self.wanted if key != holder and self._holder(key) == holder)]
        bases = {key: basis_of(self.kinds[key.kind], self.wanted[key]) for key in family}
        differences = [*self._fields(family, bases), *self._children(holder, bases)]
        for edited in _guesses(differences):
            if _guessed(holder, bases, edited) == _digest(live.mark):
                return frozenset(difference.place for difference in edited)
        return None

    def _fields(self, family: Iterable[Key], bases: Mapping[Key, Basis]) -> Iterator[_Difference]:
        for key in family:
            change, kind = self.changes.get(key), self.kinds[key.kind]
            for field in change.fields if change and change.action in _UPDATES else ():
                row, after = kind.find(field.path), bases[key].get(field.path)
                before = self._before(row, field, after)
                if before != after and (field.path in bases[key] or not _moves(kind, field.path)):
                    yield _Difference((key, field.path), after, before)

    def _before(self, row: Field | None, field: FieldChange, wanted: Any) -> Any:
        if field.old is None or (row is not None and row.write_only):  # the digest that the mark keeps
            return field.old
        return basis_leaf(row, self._referring(field.old, wanted))

    def _children(self, holder: Key, bases: Mapping[Key, Basis]) -> Iterator[_Difference]:
        """What is contained and is on one side only: new or deleted, left the file or added."""
        for key in bases:
            if key != holder and key not in self.live:
                yield _Difference((key, ""), bases[key], None)
        for key, item in self.live.items():
            if key not in self.wanted and key != holder and self._holder(key) == holder:
                kind = self.kinds[key.kind]
                basis = basis_of(kind, item)
                yield _Difference((key, ""), None, {path: self._referring(leaf, None) for path, leaf in basis.items()})

    # references

    def _referring(self, value: Any, wanted: Any) -> Any:
        """What the cloud has, as a reference where that is how it would have been wanted."""
        if isinstance(value, frozenset):
            return frozenset(self._referring(item, None) for item in value)
        if isinstance(wanted, Ref):
            same_kind = (key for key in self.live if key.kind == wanted.key.kind)
            named = sorted(same_kind, key=lambda key: key != wanted.key)
            return next(
                (
                    Ref(key, wanted.attribute)
                    for key in named
                    if _attribute(self.live[key], wanted.attribute) == value and key.location == wanted.key.location
                ),
                value,
            )
        is_link = isinstance(value, str) and ("/" in value or ":" in value)
        return self._links.get(value, value) if is_link else value

    @cached_property
    def _links(self) -> dict[str, Ref]:
        """What each id, ARN and link of the cloud is called by what is wanted."""
        used = {(ref.key.kind, ref.attribute) for item in self.wanted.values() for ref in references(item.body)}
        return {
            value: Ref(key, name)
            for key, item in self.live.items()
            for kind, name in used
            if kind == key.kind and isinstance(value := _attribute(item, name), str)
        }


def _attribute(item: Resource, name: str) -> Any:
    return item.attributes.get(name)


def _digest(mark: Mark | None) -> str:
    return mark.digest if mark is not None else ""


def _guesses(differences: Sequence[_Difference]) -> Iterator[list[_Difference]]:
    """What may have been edited: all of it, then some resources, then some leaves."""
    yield list(differences)
    resources = list(dict.fromkeys(difference.resource for difference in differences))
    if len(resources) <= _MOST:
        for chosen in product((False, True), repeat=len(resources)):
            names = {name for name, is_edited in zip(resources, chosen, strict=True) if is_edited}
            yield [difference for difference in differences if difference.resource in names]
    if len(differences) <= _MOST:
        for chosen in product((False, True), repeat=len(differences)):
            yield [item for item, is_edited in zip(differences, chosen, strict=True) if is_edited]


def _guessed(holder: Key, bases: Mapping[Key, Basis], edited: Iterable[_Difference]) -> str:
    """The digest of what was wanted if these were edited since."""
    before = {key: dict(basis) for key, basis in bases.items()}
    for difference in edited:
        key, path = difference.place
        if not path:
            before.pop(key, None)
            if difference.live is not None:
                before[key] = difference.live
        elif difference.live is None:
            before[key].pop(path, None)
        else:
            before[key][path] = difference.live
    own = before.pop(holder)
    return family_digest(own, before)
