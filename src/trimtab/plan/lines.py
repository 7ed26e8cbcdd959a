"""Lines of text whose parts have styles, which a terminal, a page or nobody shows; pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

Span = tuple[str, str]
"""A piece of text and its style in words: `bold red`, `dim`; empty for none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `str()` of it is the text alone."""

    spans: tuple[Span, ...] = ()

    def __str__(self) -> str:
        return "".join(text for text, _ in self.spans)

    def __len__(self) -> int:
        return sum(len(text) for text, _ in self.spans)

    def __bool__(self) -> bool:
        return any(text for text, _ in self.spans)

    def __add__(self, other: "Line") -> "Line":
        return Line((*self.spans, *other.spans))

    def within(self, style: str) -> "Line":
        """The same, everything in a style beside its own."""
        return Line(tuple((text, f"{style} {own}".strip()) for text, own in self.spans))

    def padded(self, width: int) -> "Line":
        """The same with blanks at its end, so many that it is so wide."""
        return self + Line(((" " * (width - len(self)), ""),)) if len(self) < width else self

    def folded(self, width: int) -> list["Line"]:
        """The line in pieces of so many characters; itself where it fits."""
        return self._divided(range(width, len(self), width))

    def wrapped(self, width: int) -> list["Line"]:
        """The line broken between words where it is wider; a word that is wider itself stays whole."""
        breaks, column = [], 0
        for word in re.finditer(r"\s*\S+", str(self)):
            if column and column + len(word[0]) > width:
                breaks.append(word.end() - len(word[0].lstrip()))
                column = len(word[0].lstrip())
            else:
                column += len(word[0])
        return self._divided(breaks)

    def _divided(self, places: Iterable[int]) -> list["Line"]:
        cuts = [0, *places, len(self)]
        return [self._part(start, end) for start, end in pairwise(cuts)]

    def _part(self, start: int, end: int) -> "Line":
        spans, at = [], 0
        for text, style in self.spans:
            spans.append((text[max(start - at, 0) : max(end - at, 0)], style))
            at += len(text)
        return Line(tuple(span for span in spans if span[0]))


def line(*parts: str | Span | Line) -> Line:
    """A line out of texts, texts with styles, and other lines."""
    spans: list[Span] = []
    for part in parts:
        if isinstance(part, Line):
            spans += part.spans
        else:
            spans.append((part, "") if isinstance(part, str) else part)
    return Line(tuple(spans))


def joined(between: str | Span, lines: Iterable[Line]) -> Line:
    """Lines one after the other as one, something between each two."""
    return line(*_between(between, lines))


def _between(between: str | Span, lines: Iterable[Line]) -> Iterator[str | Span | Line]:
    for number, each in enumerate(lines):
        if number:
            yield between
        yield each
