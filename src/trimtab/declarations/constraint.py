"""What a cloud refuses about a body, as rows of data, each with its source; pure."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from trimtab.declarations.limits import (
    Bytes,
    Count,
    Distinct,
    Length,
    LimitRule,
    OneOf,
    Pattern,
    Range,
    When,
    last_word,
)


@dataclass(frozen=True, slots=True)
class Citation:
    """
    Who says so.

    Attributes:
        at: The path in a vendor's machine-readable model, or the address of a page.
        quote: The page's sentence; empty where a model says it.
    """

    at: str
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One thing that a cloud refuses.

    Attributes:
        kind: The native kind, as in keys.
        leaf: Where in its body: `DefaultCooldown`, `Tags[*].Key`; `[*]` is each item, `{*}` each value of a mapping,
            and `{key}` each of its names.
        rule: What is refused there.
        source: Who says so.
        when: What else has to be so.
        code: The vendor's code for this refusal where it is not the usual one.
        fix: What to do, where the rule does not say it.
    """

    kind: str
    leaf: str
    rule: LimitRule
    source: Citation
    when: tuple[When, ...] = ()
    code: str = ""
    fix: str = ""

    @property
    def words(self) -> str:
        """What is allowed and when that counts, in words."""
        return " ".join((self.rule.words, *(f"({when.words})" for when in self.when)))


@dataclass(frozen=True, slots=True)
class Breach:
    """
    A row that a body breaks.

    Attributes:
        row: The row.
        path: Where in the body; an item of a list that is a map by the name of its key.
        places: The places in lists on the way there.
        text: What is wrong, as a sentence without the name of the field.
        value: What stands there.
    """

    row: Row
    path: str
    places: tuple[int, ...]
    text: str
    value: Any = None

    @property
    def native(self) -> str:
        """The last word of the leaf."""
        return last_word(self.row.leaf)


class Constraints:
    """
    All rows of a cloud.

    Args:
        rows: The rows.
        name: What the cloud's service is called in a sentence.
        checked: The version of the vendor's models from which the stated rows were taken, by library or file.
    """

    def __init__(self, rows: Iterable[Row], *, name: str, checked: Mapping[str, str]) -> None:
        self.rows = tuple(rows)
        self.name = name
        self.checked = checked
        self._at: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in self.rows:
            self._at[row.kind][row.leaf].append(row)
        self._ways = {
            kind: frozenset(way for leaf in rows for way in _ways_to(leaf)) for kind, rows in self._at.items()
        }

    def breaches(self, kind: str, body: Mapping[str, Any], keys: Mapping[str, str] | None = None) -> list[Breach]:
        """
        What a cloud refuses about a body.

        Args:
            kind: The body's kind.
            body: The body, without secrets; what is known only later says nothing.
            keys: Lists that are maps: path to the field that is the key, as `Kind.maps` has them.
        """
        rows = self._at.get(kind)
        return _Walk(rows, self._ways[kind], keys or {}, body).breaches() if rows else []


@dataclass(slots=True)
class _Walk:
    """One look through a body."""

    rows: Mapping[str, list[Row]]
    ways: Collection[str]
    """Every pattern that has a row, or rows further in: nothing else is looked into."""
    keys: Mapping[str, str]
    body: Mapping[str, Any]
    trail: list[tuple[str, Any]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    found: list[Breach] = field(default_factory=list)

    def breaches(self) -> list[Breach]:
        self._at("", "", self.body)
        return self.found

    def _at(self, path: str, pattern: str, value: Any) -> None:
        if value is None or pattern not in self.ways:
            return
        for row in self.rows.get(pattern, ()):
            if all(when.holds(self._look) for when in row.when):
                text = row.rule.breach(value, self._look)
                if text is not None:
                    text = f"{text}; {row.fix}" if row.fix else text
                    self.found.append(Breach(row, path, tuple(self.places), text, value))
        if isinstance(value, (str, int, float)):
            return
        if isinstance(value, (list, tuple)):
            self.trail.append((pattern, value))
            self._items(path, pattern, value)
            self.trail.pop()
        elif isinstance(value, (dict, Mapping)):
            self.trail.append((pattern, value))
            self._fields(path, pattern, value)
            self.trail.pop()

    def _fields(self, path: str, pattern: str, value: Mapping[str, Any]) -> None:
        names, values = f"{pattern}{{key}}", f"{pattern}{{*}}"
        is_map = values in self.rows or names in self.rows
        for name, item in value.items():
            inner = f"{path}.{name}" if path else name
            way = f"{pattern}.{name}" if pattern else name
            if way in self.ways:
                self._at(inner, way, item)
            if is_map:
                self._at(inner, names, name)
                self._at(inner, values, item)

    def _items(self, path: str, pattern: str, items: Sequence[Any]) -> None:
        key = self.keys.get(pattern)
        for index, item in enumerate(items):
            name = item.get(key, index) if key and isinstance(item, Mapping) else index
            self.places.append(index)
            self._at(f"{path}[{name}]", f"{pattern}[*]", item)
            self.places.pop()

    def _look(self, leaf: str) -> list[Any]:
        for pattern, value in reversed(self.trail):
            if not pattern:
                break
            if leaf.startswith(pattern) and leaf[len(pattern) : len(pattern) + 1] in ".[":
                return _found(value, _steps(leaf[len(pattern) :]))
        return _found(self.body, _steps(leaf))


def _ways_to(leaf: str) -> Iterator[str]:
    """A leaf and everything around it."""
    while leaf:
        yield leaf
        leaf = leaf[: max(leaf.rfind("."), leaf.rfind("["), leaf.rfind("{"), 0)]
    yield ""


@cache
def _steps(leaf: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\[\*\]|[^.\[\]]+", leaf))


def _found(value: Any, steps: Sequence[str]) -> list[Any]:
    if value is None:
        return []
    if not steps:
        return [value]
    step, rest = steps[0], steps[1:]
    if step == "[*]":
        return [each for item in value for each in _found(item, rest)] if isinstance(value, (list, tuple)) else []
    return _found(value.get(step), rest) if isinstance(value, Mapping) else []


_RULES: Mapping[str, Callable[..., LimitRule]] = {
    rule.__name__: rule for rule in (Range, Length, Bytes, Count, Distinct, Pattern, OneOf)
}
"""The rules that a vendor's model states."""


@dataclass(frozen=True, slots=True)
class Stated:
    """
    What a vendor's machine-readable models state, as the file that ships with a provider has it.

    Attributes:
        rows: One row for each limit of a leaf.
        checked: The versions from which they were taken, by library or file.
    """

    rows: tuple[Row, ...]
    checked: Mapping[str, str]


def read_stated(package: str) -> Stated:
    """What the file `stated.json` of a provider's package holds; `nox -s renew` writes it."""
    data = json.loads(files(package).joinpath("stated.json").read_text(encoding="utf-8"))
    return Stated(tuple(_row(*row) for row in data["rows"]), data["checked"])


def _row(kind: str, leaf: str, rule: str, values: Mapping[str, Any], at: str) -> Row:
    fitting = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Row(kind=kind, leaf=leaf, rule=_RULES[rule](**fitting), source=Citation(at))
