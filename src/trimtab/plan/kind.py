"""Kinds: one row of data per native kind, which drives the one diff."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from itertools import zip_longest
from typing import Any

from trimtab.plan.resource import MAPPINGS, PLAIN, Resource

_BRACKETS = re.compile(r"\[[^\]]*\]")
_ENDS = ("", ".", "[")
"""What follows the path of a field in that of a leaf at or below it."""


class MarkPlace(StrEnum):
    """Where the ownership mark of a kind is written."""

    TAGS = "tags"
    DESCRIPTION = "description"
    LABELS = "labels"
    PARENT = "parent"


@dataclass(frozen=True, kw_only=True)
class Field:
    """
    One field of a kind's body.

    Attributes:
        path: Where it is: `DefaultCooldown`, `Tags[*].Value`.
        models: The model fields that it comes from, relative to the resource's item; `*` stands for the name
            in the path's brackets, where one body holds several of the group's policies or schedules.
        default: What the cloud has when nobody gives it; `None` when it then has nothing.
        cleared: What to send so that the cloud goes back to the default, where that is not `default` itself.
        immutable: A change makes a new resource.
        in_place: Of an immutable field, whether a change from one value to another is made in place nonetheless.
        initial: Given when the resource is created, not compared afterwards.
        time_varying: Changed by the cloud or by time; compared, but no part of the mark's digest.
        write_only: Never given back; compared by the digest kept in the mark.
        server_default: Filled in by the cloud where nobody gives it; compared only where the fleet gives it.
        ignore_case: Its case means nothing, as in the ids of Azure.
        secret: Shown as a digest.
        whole: All that is in it is what its model fields say, such as the dimensions of a metric: nothing goes beside.
    """

    path: str
    models: str = ""
    default: Any = None
    cleared: Any = None
    immutable: bool = False
    in_place: Callable[[Any, Any], bool] | None = None
    initial: bool = False
    time_varying: bool = False
    write_only: bool = False
    server_default: bool = False
    ignore_case: bool = False
    secret: bool = False
    whole: bool = False

    def matches(self, path: str) -> bool:
        """Whether the leaf at `path` is this field, or below it."""
        begin = self._begin
        if not path.startswith(begin):
            return False
        return path[len(begin) : len(begin) + 1] in _ENDS if begin == self.path else bool(self._pattern.match(path))

    @cached_property
    def _begin(self) -> str:
        """The path as far as nothing in it stands for any item: most rows have that alone, and need no pattern."""
        begin, star, _ = self.path.partition("[*]")
        return begin if star else self.path

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        text = re.escape(self.path).replace(re.escape("[*]"), r"\[([^\]]*)\]")
        return re.compile(rf"{text}($|[.\[])")

    @cached_property
    def _models(self) -> list[str]:
        return self.models.split()

    def sources(self, path: str) -> list[str]:
        """The model fields that the leaf at `path` comes from, names from its brackets filled in."""
        if "*" not in self.models:
            return self._models
        match = self._pattern.match(path)
        names = iter(match.groups()[:-1] if match else ())
        return re.sub(r"\*", lambda _: next(names, "*"), self.models).split()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """
    How one native kind is owned, compared and written.

    Attributes:
        name: The word in keys: `scaling-policy`.
        label: The vendor's word, for people.
        rank: Order of creation within a group; deletion goes the other way.
        mark: Where the ownership mark is written.
        parent: The kind that contains it and takes it along when deleted.
        fields: Its fields; a field that is not listed is not compared when `closed`.
        maps: Lists that are maps: path to the field that is the key.
        sets: Lists whose order means nothing.
        objects: Objects whose members are items under names that people gave: told of as a whole, as those of `maps`.
        states: What a reply says of a thing that nobody can set: ids, times, states; and what it says twice. `[*]`
            stands for any item.
        defaults: What the cloud fills in where nobody says it, of leaves that no row is about: what values that may
            be, by path, `[*]` for any item.
        closed: Only the listed fields are compared; what else a reply holds is the cloud's own.
        content_addressed: Named by what it holds, so that a change makes another one; the old one is superseded.
        replaces: Whether a write replaces the whole body; then it starts from the live body.
        volatile: Attributes that get a new value when the resource is updated.
        batch: How many one call can write.
        holds_instances: Whether deleting it ends instances, which takes consent.
        deleted_before_parent: Whether it stays when its parent is deleted, and so has to go before it.
        blocks_delete_of: The kind of what it keeps from being deleted, which has the same name.
        names: Leaves that name another thing of the group without a reference: path to the kind of that.
        ignore_case: Whether names that differ in case alone are one name.
        unique_in: The attribute that tells, beside the name, one from another; its location where left out.
        sends: What a creation sends, the mark included, where that is not the body with the mark in its usual place.
        is_template: Whether it is what instances are made from, and nothing else.
        pools: Of the leaves of `template`, the rows that say which pools of balancers instances join.
        template: Of a kind that holds instances, the leaves that say from what they are made, by how their paths begin.
        with_template: The body of a wanted resource with what instances are made from as in the live one, where that
            is not the same leaves in both.
    """

    name: str
    label: str
    rank: int
    mark: MarkPlace
    parent: str | None = None
    fields: tuple[Field, ...] = ()
    maps: Mapping[str, str] = field(default_factory=dict)
    sets: frozenset[str] = frozenset()
    objects: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()
    defaults: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    closed: bool = True
    content_addressed: bool = False
    replaces: bool = False
    volatile: frozenset[str] = frozenset()
    batch: int = 1
    holds_instances: bool = False
    deleted_before_parent: bool = False
    blocks_delete_of: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    ignore_case: bool = False
    unique_in: str = ""
    sends: Callable[[Resource], Mapping[str, Any]] | None = None
    is_template: bool = False
    template: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    with_template: Callable[[Resource, Resource], Mapping[str, Any]] | None = None

    def sent(self, item: Resource) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a creation sends, by leaf: of the body as it stands, and of that with the mark."""
        body = self.with_mark(item)
        own = self.given(item.body)
        return own, own if body is item.body else self.given(body)

    def with_mark(self, item: Resource) -> Mapping[str, Any]:
        """The body that a creation sends, the mark in it."""
        return _marked(self.mark, item) if self.sends is None else self.sends(item)

    @cached_property
    def _rows(self) -> dict[str, Field | None]:
        return {}

    @cached_property
    def _extended(self) -> dict[tuple[Field, ...], "Kind"]:
        return {}

    def of(self, item: Resource | None) -> "Kind":
        """The kind with the rows that a resource brings for leaves which its fleet file writes as they stand."""
        if item is None or not item.native:
            return self
        if item.native not in self._extended:
            self._extended[item.native] = replace(self, fields=(*self.fields, *item.native))
        return self._extended[item.native]

    def find(self, path: str) -> Field | None:
        """The row for a leaf: the longest that matches it or something around it."""
        if path not in self._rows:
            rows = [row for row in self.fields if row.matches(path)]
            self._rows[path] = max(rows, key=lambda row: len(row.path), default=None)
        return self._rows[path]

    def leaves(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """
        Every leaf of a body by path, defaults filled in.

        A list in `maps` gives paths such as `Tags[Name].Value`; one in `sets` is one leaf, a frozenset.
        """
        leaves = self.given(body)
        if self.closed:
            leaves = {path: value for path, value in leaves.items() if self.find(path)}
        items = _items_in(leaves) if self._filled_in else {}
        for row in self._filled_in:
            default = frozenset(row.default) if isinstance(row.default, list) else row.default
            for path in _instances(row.path, items):
                leaves.setdefault(path, default)
        return leaves

    @cached_property
    def _filled_in(self) -> list[Field]:
        return [row for row in self.fields if row.default is not None]

    def given(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Every leaf of a body by path, as it stands."""
        leaves: dict[str, Any] = {}
        self._walk("", "", body, leaves)
        return leaves

    @cached_property
    def _models(self) -> dict[str, tuple[str, ...]]:
        return {}

    def sources_of(self, path: str) -> tuple[str, ...]:
        """The model fields that the leaf at `path`, or something around it, comes from."""
        if path not in self._models:
            rows = (row for row in self.fields if row.matches(path))
            self._models[path] = tuple(name for row in rows for name in row.sources(path))
        return self._models[path]

    def outside(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Every setting in a body that no row is about, by leaf: no plan looks at it."""
        return {
            path: value
            for path, value in self.given(body).items()
            if self.find(path) is None and not self._is_state(path)
        }

    def is_filled_in(self, path: str, value: Any) -> bool:
        """Whether a leaf without a row has the cloud's default."""
        known = self.defaults.get(_pattern(path))
        return not value if known is None else value in known

    def row_of(self, path: str) -> Field | None:
        """The row that is about this very leaf, or the whole that it is in, and tells what fields it comes from."""
        row, pattern = self.find(path), _pattern(path)
        if row is not None and row.path == pattern and row.models:
            return row
        return next((each for each in self.fields if each.whole and each.matches(path)), None)

    def _is_state(self, path: str) -> bool:
        texts = {path, _pattern(path)}
        return any(
            text == state or text.startswith((f"{state}.", f"{state}[")) for state in self.states for text in texts
        )

    def folded(self, path: str, value: Any) -> Any:
        """A leaf's value as it compares with another one: without its case, where that means nothing."""
        row = self.find(path)
        return without_case(value) if row is not None and row.ignore_case else value

    def is_fixed(self, path: str, old: Any, new: Any) -> bool:
        """Whether a leaf that stays where it is changes from one value to another in a new resource only."""
        row = self.find(path)
        return row is not None and row.immutable and not (row.in_place is not None and row.in_place(old, new))

    def elements(self, path: str) -> Iterator[str]:
        """What a leaf is inside of that is an element of a list with keys, the outermost first."""
        for match in _BRACKETS.finditer(path):
            if _pattern(path[: match.start()]) in self.maps:
                yield path[: match.end()]

    def wholes(self, path: str) -> Iterator[str]:
        """The same, and the items of objects, which are told of as a whole as well."""
        for name in self.objects:
            if path.startswith(f"{name}."):
                yield f"{name}.{path[len(name) + 1 :].partition('.')[0]}"
        yield from self.elements(path)

    def _walk(self, path: str, pattern: str, value: Any, leaves: dict[str, Any]) -> None:
        """Add the leaves of a value; into one mapping, since plans of many groups do this often."""
        if isinstance(value, PLAIN):
            leaves[path] = value
        elif isinstance(value, (list, tuple)):
            self._walk_list(path, pattern, value, leaves)
        elif isinstance(value, MAPPINGS):
            dot = "." if path else ""
            for name, item in value.items():
                if isinstance(item, PLAIN):
                    leaves[f"{path}{dot}{name}"] = item
                else:
                    self._walk(f"{path}{dot}{name}", f"{pattern}{dot}{name}", item, leaves)
        elif value is not None:
            leaves[path] = value

    def _walk_list(self, path: str, pattern: str, items: Any, leaves: dict[str, Any]) -> None:
        if pattern in self.sets:
            if items:
                leaves[path] = frozenset(_frozen(item) for item in items)
            return
        key = self.maps.get(pattern)
        taken: set[Any] = set()
        for index, item in enumerate(items):
            name = item.get(key, index) if key else index
            if name in taken:  # a second one of a name is no less there
                name = f"{name}#{index}"
            taken.add(name)
            rest = {field: value for field, value in item.items() if field != key} if key else item
            if key and not rest:
                leaves[f"{path}[{name}]"] = True
            self._walk(f"{path}[{name}]", f"{pattern}[*]", rest, leaves)


_PLACES = {MarkPlace.TAGS: "tags", MarkPlace.LABELS: "userLabels"}


def _marked(place: MarkPlace, item: Resource) -> Mapping[str, Any]:
    """A body with the mark where most kinds have it."""
    if item.mark is None or place is MarkPlace.PARENT:
        return item.body
    if place is MarkPlace.DESCRIPTION:
        return {**item.body, "description": item.mark.sign(item.body.get("description"))}
    name = _PLACES[place]
    return {**item.body, name: {**(item.body.get(name) or {}), **item.mark.tags()}}


class _Pairs(tuple[tuple[str, Any], ...]):
    """A mapping as a member of a set."""

    __slots__ = ()

    def __str__(self) -> str:
        return "{" + ", ".join(f"{name}: {value}" for name, value in self) + "}"


def without_case(value: Any) -> Any:
    """A value in lower case throughout."""
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, frozenset):
        return frozenset(without_case(item) for item in value)
    return tuple(without_case(item) for item in value) if isinstance(value, tuple) else value


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _Pairs((name, _frozen(item)) for name, item in sorted(value.items()))
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {name: _thawed(item) for name, item in value}
    return [_thawed(item) for item in value] if isinstance(value, tuple) else value


def _items_in(leaves: Mapping[str, Any]) -> dict[str, set[str]]:
    """The items of lists that leaves are in, by what their paths are like."""
    items: dict[str, set[str]] = {}
    known: set[str] = set()
    for path in leaves:
        for match in _BRACKETS.finditer(path):
            item = path[: match.end()]
            if item not in known:
                known.add(item)
                items.setdefault(_pattern(item), set()).add(item)
    return items


def _instances(pattern: str, items: Mapping[str, Set[str]]) -> list[str]:
    """The paths that a row is about, one in each item that there is."""
    head, star, tail = pattern.rpartition("[*]")
    return [f"{item}{tail}" for item in sorted(items.get(f"{head}{star}", ()))] if star else [pattern]


def overlaid(kind: Kind, live: Any, wanted: Any, pattern: str = "") -> Any:
    """
    The wanted body on top of the live one: what no row is about, and what is only compared where it is wanted, stays.

    An element of a list that is not wanted goes with all that it holds, unless no row is about anything in it.
    """
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        names = [*live, *(name for name in wanted if name not in live)]
        merged = {name: _overlaid(kind, live.get(name), wanted.get(name), _joined(pattern, name)) for name in names}
        return {name: value for name, value in merged.items() if value is not None}
    if isinstance(live, (list, tuple)) and isinstance(wanted, (list, tuple)) and pattern not in kind.sets:
        return _overlaid_list(kind, live, wanted, pattern)
    is_ours = wanted is not None and (live is None or isinstance(wanted, (Mapping, list, tuple)) or kind.find(pattern))
    return wanted if is_ours else live


def _overlaid(kind: Kind, live: Any, wanted: Any, pattern: str) -> Any:
    if live is None or wanted is not None:
        return overlaid(kind, live, wanted, pattern)
    return _untouched(kind, live, pattern)


def _overlaid_list(kind: Kind, live: Sequence[Any], wanted: Sequence[Any], pattern: str) -> list[Any]:
    key, inner = kind.maps.get(pattern), f"{pattern}[*]"
    if key is None:
        pairs = zip_longest(live[: len(wanted)], wanted)
        return [overlaid(kind, before, two, inner) if isinstance(two, Mapping) else two for before, two in pairs]
    existing, names = {item[key]: item for item in live}, {item[key] for item in wanted}
    merged = [overlaid(kind, existing.get(item[key]), item, inner) for item in wanted]
    theirs = [item for item in live if item[key] not in names and not _is_about(kind, item, f"{pattern}[{item[key]}]")]
    return [*merged, *theirs]


def _untouched(kind: Kind, live: Any, pattern: str) -> Any:
    """What is left of a live value that is not wanted; `None` where nothing is, as of what loses its name."""
    if isinstance(live, Mapping):
        if "name" in live and kind.find(_joined(pattern, "name")) is not None:
            return None
        kept = {name: _untouched(kind, value, _joined(pattern, name)) for name, value in live.items()}
        rest = {name: value for name, value in kept.items() if value is not None}
        return rest or (None if live else live)
    if isinstance(live, (list, tuple)):
        return None if _is_about(kind, live, pattern) else live
    row = kind.find(pattern)
    return live if row is None or row.server_default else None


def _is_about(kind: Kind, value: Any, path: str) -> bool:
    """Whether a row is about anything in a value."""
    if isinstance(value, Mapping):
        return any(_is_about(kind, item, _joined(path, name)) for name, item in value.items())
    if isinstance(value, (list, tuple)) and kind.find(path) is None:
        key = kind.maps.get(_pattern(path))
        return any(_is_about(kind, item, f"{path}[{item[key] if key else 0}]") for item in value)
    return kind.find(path) is not None


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _pattern(path: str) -> str:
    return _BRACKETS.sub("[*]", path)


def assign(kind: Kind, body: dict[str, Any], path: str, value: Any) -> None:
    """Set one leaf of a body in place, by the path that `Kind.leaves` gives it; `None` removes it."""
    _assign(kind, body, "", _split(path), value)


def _split(path: str) -> list[str]:
    return [step for step in re.findall(r"\[[^\]]*\]|[^.\[]+", path) if step]


def _assign(kind: Kind, holder: Any, pattern: str, steps: list[str], value: Any) -> None:
    step, rest = steps[0], steps[1:]
    if step.startswith("["):
        _assign_element(kind, holder, pattern, step[1:-1], rest, value)
        return
    pattern = f"{pattern}.{step}" if pattern else step
    if rest:
        if step not in holder:
            if value is None:
                return
            holder[step] = [] if rest[0].startswith("[") else {}
        _assign(kind, holder[step], pattern, rest, value)
        if value is None and not holder[step]:
            del holder[step]
    elif value is None:
        holder.pop(step, None)
    else:
        holder[step] = [_thawed(item) for item in sorted(value, key=str)] if isinstance(value, frozenset) else value


def _assign_element(kind: Kind, items: list[Any], pattern: str, name: str, rest: list[str], value: Any) -> None:
    key = kind.maps.get(pattern)
    if key is None:
        _assign_index(kind, items, pattern, int(name), rest, value)
        return
    element = next((item for item in items if str(item[key]) == name), None)
    if element is None:
        if value is None:
            return
        element = {key: name}
        items.append(element)
    if rest:
        _assign(kind, element, f"{pattern}[*]", rest, value)
    if value is None and set(element) <= {key}:
        items.remove(element)


def _assign_index(kind: Kind, items: list[Any], pattern: str, index: int, rest: list[str], value: Any) -> None:
    if rest:
        if value is not None:
            items += [{} for _ in range(len(items), index + 1)]
        if index < len(items):
            _assign(kind, items[index], f"{pattern}[*]", rest, value)
    elif value is None:
        del items[index:]
    else:
        items[index : index + 1] = [value]
