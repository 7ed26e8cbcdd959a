"""Values of fields as text: secrets and scripts as digests, sets by what comes and goes."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from trimtab.phrases import capped
from trimtab.plan import PENDING, Ref, Secret, plain
from trimtab.plan import Text as Composed

LONGEST = 72
"""Where a value is cut when it is only mentioned, not compared."""


def printable(text: str, *, lines: bool = False) -> str:
    """`text` with whatever could steer a terminal written out as an escape."""
    return "".join(char if char.isprintable() or (lines and char == "\n") else _escape(char) for char in text)


def marked_lines(mark: str, style: str, sentences: Sequence[str]) -> Iterator[Text]:
    """A line for each sentence with a mark in front, the first of many only."""
    for sentence in capped(sentences):
        yield Text.assemble((mark, style), printable(sentence))


def _escape(char: str) -> str:
    return json.dumps(char)[1:-1] if char < "\x7f" or char > "\xff" else f"\\x{ord(char):02x}"


def value_text(value: Any, *, quoted: bool = False, longest: int | None = None) -> Text:
    """
    One value.

    Args:
        value: As a plan has it: plain data, a reference or a secret.
        quoted: Put strings in quotes, to tell "5" from 5.
        longest: Cut what is longer.
    """
    if isinstance(value, Ref):
        return Text.assemble(f"{value.attribute} of {printable(value.key.name)} ", (PENDING, "italic"))
    if isinstance(value, Composed):
        return Text("").join(value_text(part) for part in value.parts)
    if isinstance(value, Secret):
        return Text(value.digest)
    if isinstance(value, frozenset):
        return Text(", ").join(value_text(item) for item in _ordered(value))
    text = _string(value, quoted=quoted) if isinstance(value, str) else _data(value)
    return Text(text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…")


def _string(text: str, *, quoted: bool) -> str:
    if "\n" in text or "\r" in text:
        return f"({len(text.splitlines())} lines, {Secret(text).digest})"
    quoted = quoted or not text or text.strip() != text
    return f'"{printable(text)}"' if quoted else printable(text)


def _data(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return printable(json.dumps(plain(value), ensure_ascii=False, default=str))


def _ordered(items: frozenset[Any]) -> list[Any]:
    return sorted(items, key=lambda item: value_text(item).plain)


def change_text(old: Any, new: Any) -> Text:
    """What becomes of a value: `old → new`, or for a set what joins and what leaves."""
    if isinstance(old, frozenset) or isinstance(new, frozenset):
        return _set_text(old or frozenset(), new or frozenset())
    if old is None:
        return value_text(new)
    if new is None:
        return value_text(old)
    before, after = value_text(old), value_text(new)
    if before.plain == after.plain:
        before, after = value_text(old, quoted=True), value_text(new, quoted=True)
    return Text.assemble((before.plain, "red"), (" → ", "dim"), _styled(after, "green"))


def _styled(text: Text, style: str) -> Text:
    text.stylize_before(style)
    return text


def _set_text(old: Any, new: Any) -> Text:
    old, new = (item if isinstance(item, frozenset) else frozenset([item]) for item in (old, new))
    joins = [Text("+", "green") + _styled(value_text(item), "green") for item in _ordered(new - old)]
    leaves = [Text("-", "red") + _styled(value_text(item), "red") for item in _ordered(old - new)]
    return Text(" ").join([*joins, *leaves])
