"""A filter of Cloud Monitoring that was understood: what it compares, and whether something passes."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

Read = Callable[[str], str | None]
"""Answers the value behind a selector; `None` where there is none, which compares like an empty text."""


@dataclass(frozen=True, slots=True)
class FilterComparison:
    """One selector against a value, or against the values of a function."""

    selector: str
    operator: str
    values: tuple[str, ...]
    function: str = ""

    def matches(self, read: Read) -> bool:
        """Whether the value behind the selector passes."""
        value = read(self.selector) or ""
        if self.function:
            return self._passes(value) is (self.operator == "=")
        return _compare(value, self.operator, self.values[0])

    def _passes(self, value: str) -> bool:
        match self.function:
            case "starts_with":
                return value.startswith(self.values[0])
            case "ends_with":
                return value.endswith(self.values[0])
            case "has_substring":
                return self.values[0] in value
            case "one_of":
                return value in self.values
            case _:
                return re.fullmatch(self.values[0], value) is not None


@dataclass(frozen=True, slots=True)
class Not:
    """What does not match."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of them."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of them."""

    parts: tuple["Node", ...]


Node = FilterComparison | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was understood."""

    text: str
    root: Node

    def matches(self, read: Read) -> bool:
        """Whether something passes."""
        return _holds(self.root, read)

    def exact(self, selector: str) -> str | None:
        """The one value that a selector must have; `None` where the filter leaves a choice."""
        for node in _conjuncts(self.root):
            if (
                isinstance(node, FilterComparison)
                and node.selector == selector
                and node.operator == "="
                and not node.function
            ):
                return node.values[0]
        return None

    @property
    def comparisons(self) -> list[FilterComparison]:
        """Everything that is compared."""
        return list(_leaves(self.root))

    @property
    def is_plain(self) -> bool:
        """Whether it only joins equalities, as an autoscaler wants it."""
        return all(
            isinstance(node, FilterComparison) and node.operator == "=" and not node.function
            for node in _conjuncts(self.root)
        )


def _holds(node: Node, read: Read) -> bool:
    match node:
        case FilterComparison():
            return node.matches(read)
        case Not():
            return not _holds(node.inner, read)
        case AllOf():
            return all(_holds(part, read) for part in node.parts)
        case AnyOf():
            return any(_holds(part, read) for part in node.parts)
        case _:
            assert_never(node)


def _compare(value: str, operator: str, wanted: str) -> bool:
    match operator:
        case "=":
            return value == wanted
        case "!=":
            return value != wanted
        case ":":
            return wanted in value
        case _:
            return _ordered(value, operator, wanted)


def _ordered(value: str, operator: str, wanted: str) -> bool:
    try:
        first, second = float(value), float(wanted)
    except ValueError:
        return False
    return {">": first > second, ">=": first >= second, "<": first < second, "<=": first <= second}[operator]


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, AllOf):
        for part in node.parts:
            yield from _conjuncts(part)
    else:
        yield node


def _leaves(node: Node) -> Iterator[FilterComparison]:
    match node:
        case FilterComparison():
            yield node
        case Not():
            yield from _leaves(node.inner)
        case AllOf() | AnyOf():
            for part in node.parts:
                yield from _leaves(part)
        case _:
            assert_never(node)
