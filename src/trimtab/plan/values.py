"""Values of fields as text: secrets and scripts as digests, sets by what comes and goes."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from trimtab.errors import capped
from trimtab.phrases import printable
from trimtab.plan.lines import Line, joined, line
from trimtab.plan.resource import PENDING, Password, Ref, Secret, Text, plain

LONGEST = 72
"""Where a value is cut when it is only mentioned, not compared."""


def marked_lines(mark: str, style: str, sentences: Sequence[str]) -> Iterator[Line]:
    """A line for each sentence with a mark in front, the first of many only."""
    for sentence in capped(sentences):
        yield line((mark, style), printable(sentence))


def value_text(value: Any, *, quoted: bool = False, longest: int | None = None) -> Line:
    """
    One value.

    Args:
        value: As a plan has it: plain data, a reference or a secret.
        quoted: Put strings in quotes, to tell "5" from 5.
        longest: Cut what is longer and no address.
    """
    if isinstance(value, Ref):
        return line(f"{value.attribute} of {printable(value.key.name)} ", (PENDING, "italic"))
    if isinstance(value, Text):
        return joined("", map(value_text, value.parts))
    if isinstance(value, (Secret, Password)):
        return line(str(value))
    if isinstance(value, frozenset):
        return joined(", ", map(value_text, _ordered(value)))
    text = _string(value, quoted=quoted) if isinstance(value, str) else _data(value)
    is_whole = longest is None or len(text) <= longest or is_address(text)
    return line(text if is_whole else f"{text[: (longest or 0) - 1]}…")


def is_address(word: str) -> bool:
    """Whether a word is a URL, which nobody can open when it is cut or broken."""
    return "://" in word and not any(map(str.isspace, word))


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
    return sorted(items, key=lambda item: str(value_text(item)))


def change_text(old: Any, new: Any) -> Line:
    """What becomes of a value: `old → new`, or for a set what joins and what leaves."""
    if isinstance(old, frozenset) or isinstance(new, frozenset):
        return _set_text(old or frozenset(), new or frozenset())
    if old is None:
        return value_text(new)
    if new is None:
        return value_text(old)
    before, after = value_text(old), value_text(new)
    if str(before) == str(after):
        before, after = value_text(old, quoted=True), value_text(new, quoted=True)
    return line((str(before), "red"), (" → ", "dim"), after.within("green"))


def _set_text(old: Any, new: Any) -> Line:
    old, new = (item if isinstance(item, frozenset) else frozenset([item]) for item in (old, new))
    joins = [line(("+", "green"), value_text(item).within("green")) for item in _ordered(new - old)]
    leaves = [line(("-", "red"), value_text(item).within("red")) for item in _ordered(old - new)]
    return joined(" ", [*joins, *leaves])
