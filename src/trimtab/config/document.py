"""
From text to a tree of values that know their place.

YAML is read as YAML 1.2 reads it: `no`, `on`, `1:30` and dates are text. What can surprise or harm is
refused: duplicate keys, merge keys, tags, several documents, aliases that multiply or contain themselves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import yaml

from trimtab.config.comments import find_comments
from trimtab.config.paths import is_named
from trimtab.config.problems import Problem, refusal, refuse_file, shorten
from trimtab.config.source import SourceText
from trimtab.models import Position
from trimtab.models.fleet import Comment

MAX_DEPTH = 40
MAX_ALIASED = 10_000

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{f"{sign}.{word}": float(f"{sign}inf") for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")},
}
"""The plain words of YAML 1.2's core schema."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Item:
    """
    A value of the file.

    Attributes:
        value: Text, number, truth value, `None`, or what is inside.
        path: The way to it in the file; items with a name go by it.
        place: Where it is: its key, or itself in a list.
        plain: Whether it is written without quotes.
    """

    value: "Scalar | dict[str, Item] | list[Item]"
    path: tuple[str, ...]
    place: Position
    plain: bool = False

    def children(self) -> "Iterator[tuple[str, Item]]":
        """What is inside, each with its step of the path."""
        match self.value:
            case dict():
                yield from self.value.items()
            case list():
                yield from ((item.path[-1], item) for item in self.value)


def read_scalar(text: str) -> Scalar:
    """What plain text means in YAML 1.2; `ValueError` for a number with too many digits."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > 18:
            raise ValueError(f"the number has too many digits, {len(text)}; put it in quotes if it is text")
        return int(text, {"o": 8, "x": 16}.get(text[1:2], 10))
    return float(text) if _FLOAT.fullmatch(text) else text


def read_document(source: SourceText) -> tuple[Item, tuple[Comment, ...]]:
    """
    The file as a tree of items, and its comments that are addressed to trimtab.

    Raises:
        ConfigError: It is no single YAML document, or uses what is refused here.
    """
    node = _compose(source)
    builder = _Builder(source)
    item = builder.build(node, (), source.place(node.start_mark.index))
    refuse_file(builder.problems)
    return item, find_comments(source, node)


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own way to say that all plain text is text
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if (tag := getattr(event, "tag", None)) is not None:
            name = shorten(tag) if tag.startswith("!") else "such as !!python/object or !!str"
            _stop(f"a tag {name} has no meaning here; leave it out", event.start_mark)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _stop(f"lists and mappings are nested too deeply, more than {MAX_DEPTH} times", event.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _stop(problem: str, mark: yaml.Mark) -> NoReturn:
    raise _RefusedDocument(problem=problem, problem_mark=mark)


class _RefusedDocument(yaml.MarkedYAMLError):
    pass


def _compose(source: SourceText) -> yaml.Node:
    try:
        loader = _Loader(source.text)
    except yaml.reader.ReaderError as error:
        raise source.refusal(
            error.position, f"the character {error.character:#x} is not allowed in YAML; remove it"
        ) from None
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = _where(error)
        raise source.refusal(mark.index if mark else 0, _words(error)) from None
    except (ValueError, OverflowError):
        raise source.refusal(
            loader.index, "invalid YAML: an escape that stands for no character; write the character itself"
        ) from None
    if node is None:
        raise source.refusal(0, 'the file is empty; a fleet begins with its name, such as "name: shop"')
    return node


def _where(error: yaml.MarkedYAMLError) -> yaml.Mark | None:
    if "unexpected end of stream" in (error.problem or ""):
        return error.context_mark or error.problem_mark
    return error.problem_mark or error.context_mark


def _words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "unreadable"
    if isinstance(error, _RefusedDocument):
        return problem
    if "another document" in problem:
        return "a second document begins here; one file holds one fleet"
    for part, mend in _MENDS.items():
        if part in problem or part in (error.context or ""):
            return f"invalid YAML: {mend}"
    return f"invalid YAML: {problem}" + (f" ({error.context})" if error.context else "")


_MENDS = {
    "'\\t'": "a tab in the indentation; use spaces",
    "mapping values are not allowed here": 'a second ":" on the line; put the text in quotes',
    "could not find expected ':'": 'a key without ":", or wrong indentation; write `key: value`',
    "unexpected end of stream": "the quote that opens here is not closed; close it",
    "undefined alias": "an alias, `*name`, without an anchor, `&name`, above it; quote a text that begins with `*`",
    "duplicate anchor": "an anchor, `&name`, is defined twice; rename one",
    "expected the node content": "a value is missing, or a text begins with a sign of YAML; put it in quotes",
    "cannot start any token": "a text begins with a sign of YAML, such as `%` or `@`; put it in quotes",
    "expected <block end>": "this does not belong to what is above it; check the indentation, and quotes on the line",
    "expected ',' or '}'": "a `,` or `}` is missing; inside braces, `${...}` must be in quotes",
    "expected ',' or ']'": "a `,` or `]` is missing; inside brackets, `${...}` must be in quotes",
}
"""What PyYAML says, or part of it, and what a reader can do about it."""


class _Builder:
    def __init__(self, source: SourceText) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._aliased = 0

    def build(self, node: yaml.Node, path: tuple[str, ...], place: Position) -> Item:
        self._count(node, place)
        self._open.add(id(node))
        try:
            return self._item(node, path, place)
        finally:
            self._open.discard(id(node))

    def _item(self, node: yaml.Node, path: tuple[str, ...], place: Position) -> Item:
        if isinstance(node, yaml.MappingNode):
            return Item(self._mapping(node, path), path, place)
        if isinstance(node, yaml.SequenceNode):
            return Item(self._list(node, path), path, place)
        assert isinstance(node, yaml.ScalarNode)
        plain = node.style is None
        return Item(self._scalar(node, path, place, plain=plain), path, place, plain)

    def _count(self, node: yaml.Node, place: Position) -> None:
        if id(node) in self._open:
            raise refusal(place, "this contains itself through an alias; write it out")
        if id(node) not in self._seen:
            self._seen.add(id(node))
            return
        self._aliased += 1
        if self._aliased > MAX_ALIASED:
            raise refusal(place, f"aliases stand for more than {MAX_ALIASED} values; write them out")

    def _mapping(self, node: yaml.MappingNode, path: tuple[str, ...]) -> dict[str, Item]:
        items: dict[str, Item] = {}
        for key_node, value_node in node.value:
            place = self._source.place(key_node.start_mark.index)
            key = self._key(key_node, path, place)
            if key in items:
                first = items[key].place.line
                self._report(place, (*path, key), f"`{key}` is given twice, first on line {first}; keep one")
            elif key is not None:
                items[key] = self.build(value_node, (*path, key), place)
        return items

    def _key(self, node: yaml.Node, path: tuple[str, ...], place: Position) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._report(place, path, "a list or mapping cannot be a key; write a name")
        elif node.style is not None:
            return self._text(node.value, path, place)
        elif node.value == "<<":
            self._report(place, path, "merge keys, `<<`, are not read; put what groups share in `defaults`")
        elif _is_text(node.value):
            return str(node.value)
        else:
            self._report(place, path, f'a key is text; write "{node.value[:20]}", in quotes')
        return None

    def _list(self, node: yaml.SequenceNode, path: tuple[str, ...]) -> list[Item]:
        named = is_named(path)
        items = []
        for index, child in enumerate(node.value):
            step = (named and _name_in(child)) or str(index)
            items.append(self.build(child, (*path, step), self._source.place(child.start_mark.index)))
        return items

    def _scalar(self, node: yaml.Node, path: tuple[str, ...], place: Position, *, plain: bool) -> Scalar:
        try:
            return read_scalar(node.value) if plain else self._text(node.value, path, place)
        except ValueError as error:
            self._report(place, path, str(error))
            return None

    def _text(self, text: str, path: tuple[str, ...], place: Position) -> str:
        # JSON writes characters beyond U+FFFF as two escapes, which PyYAML leaves apart
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._report(place, path, "half of a surrogate pair; write both halves")
            return ""

    def _report(self, place: Position, path: tuple[str, ...], message: str) -> None:
        self.problems.append(Problem(place, path, message))


def _is_text(text: str) -> bool:
    try:
        return isinstance(read_scalar(text), str)
    except ValueError:
        return False


def _name_in(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    for key, value in node.value:
        if key.value == "name" and isinstance(value, yaml.ScalarNode):
            return str(value.value)
    return None
