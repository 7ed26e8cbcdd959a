"""Whose something is that has lost its mark: what stands under our name and is tied to what bears our mark is ours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trimtab.plan.kind import Kind, MarkPlace
from trimtab.plan.resource import SPOT, Key, Mark, Ref, Resource


class Evidence:
    """
    Finds whose things without a mark are, by what ties them to things with the fleet's mark.

    A tie is a reference between two things that the fleet wants and that stands in the cloud too: an alarm acts on the
    policy, an autoscaler or a setting is about the group, a group launches from the template.

    Args:
        kinds: The provider's kinds by name.
        fleet: Name of the fleet.
        wanted: What the fleet wants to be there.
        live: What a read found.
    """

    def __init__(
        self, kinds: Mapping[str, Kind], fleet: str, wanted: Mapping[Key, Resource], live: Mapping[Key, Resource]
    ) -> None:
        self.kinds, self.fleet, self.wanted = kinds, fleet, wanted
        self.live = dict(live)
        self.lost: set[Key] = set()

    def find(self) -> None:
        """Give back the mark, in `live`, to all that is tied, and to what is tied to that."""
        while marks := {key: mark for key in self._unmarked() if (mark := self._mark_for(key)) is not None}:
            for key, mark in marks.items():
                self.live[key] = self.live[key].signed(mark)
            self.lost |= set(marks)

    def _unmarked(self) -> Iterator[Key]:
        for key, item in self.live.items():
            kind = self.kinds[key.kind]
            is_named = (key in self.wanted or kind.blocks_delete_of is not None) and not item.attributes.get("alias")
            if is_named and item.mark is None and kind.mark is not MarkPlace.PARENT and not item.deleting:
                yield key

    def _mark_for(self, key: Key) -> Mark | None:
        """The mark that something bore, without what it kept; `None` where nothing ties it to the fleet."""
        ties = [other for other in self._tied_to(key) if self._is_ours(other)]
        if not ties:
            return None
        item = self.wanted.get(key)
        mark = item.mark if item else self.live[ties[0]].mark
        return Mark(self.fleet, mark.group, role=mark.role) if mark else None

    def _tied_to(self, key: Key) -> Iterator[Key]:
        held = self.kinds[key.kind].blocks_delete_of
        if held is not None:  # a read names it by what it is about
            yield Key(key.location, held, key.name)
        # what refers to a group does so by its name, and would vouch for another one that somebody made under it
        is_group = self.kinds[key.kind].holds_instances
        for edge in self._edges:
            is_named = key == edge.target and not is_group
            if (key == edge.source or is_named) and self._stands(edge):
                yield edge.target if key == edge.source else edge.source

    @cached_property
    def _edges(self) -> list["_Reference"]:
        return [*self._references(), *self._names()]

    def _references(self) -> Iterator["_Reference"]:
        for item in self.wanted.values():
            for path, leaf in self.kinds[item.key.kind].leaves(item.body).items():
                for ref in (each for each in _each(leaf) if isinstance(each, Ref)):
                    if ref.attribute not in self.kinds[ref.key.kind].volatile:
                        yield _Reference(item.key, path, ref.key, attribute=ref.attribute)

    def _names(self) -> Iterator["_Reference"]:
        # of two native groups the names that others know a group by are the main one's
        main = [item for item in self.wanted.values() if item.mark is None or item.mark.role != SPOT]
        keys = {(item.group, item.key.kind): item.key for item in main}
        for item in self.wanted.values():
            kind = self.kinds[item.key.kind]
            for pattern, target in kind.names.items():
                named = keys.get((item.group, target))
                for path, leaf in kind.leaves(item.body).items() if named else ():
                    if named and _matches(pattern, path):
                        yield _Reference(item.key, path, named, value=leaf)

    def _stands(self, edge: "_Reference") -> bool:
        """Whether a tie that is wanted is in the cloud too: the leaf has what the other one is called by there."""
        source, other = self.live.get(edge.source), self.live.get(edge.target)
        if source is None or other is None:
            return False
        leaf = self.kinds[edge.source.kind].leaves(source.body).get(edge.path)
        if not edge.attribute:
            return leaf is not None and _folded(leaf) == _folded(edge.value)
        name: Any = other.attributes.get(edge.attribute)
        return bool(name) and any(_folded(each) == _folded(name) for each in _each(leaf))

    def _is_ours(self, key: Key) -> bool:
        """Whether something can vouch for others; what is named by its content cannot, since anybody may use it."""
        item = None if self.kinds[key.kind].content_addressed else self.live.get(key)
        parent = self.kinds[key.kind].parent
        if item is not None and parent is not None and self.kinds[key.kind].mark is MarkPlace.PARENT:
            item = self.live.get(Key(key.location, parent, key.parent))
        return item is not None and item.mark is not None and item.mark.fleet == self.fleet


@dataclass(frozen=True, slots=True)
class _Reference:
    """What refers, at which leaf, to what: by one of its attributes, or by a value that names it."""

    source: Key
    path: str
    target: Key
    attribute: str = ""
    value: Any = None


def _matches(pattern: str, path: str) -> bool:
    text = re.escape(pattern).replace(re.escape("[*]"), r"\[[^\]]*\]")
    return re.fullmatch(text, path) is not None


def _each(leaf: Any) -> Iterator[Any]:
    if isinstance(leaf, (frozenset, tuple, list)):
        for each in leaf:
            yield from _each(each)
    elif leaf is not None:
        yield leaf


def _folded(value: Any) -> Any:
    """Links and ids without their case, which means nothing; names as they are."""
    if isinstance(value, frozenset):
        return frozenset(map(_folded, value))
    return value.lower() if isinstance(value, str) and "/" in value else value
