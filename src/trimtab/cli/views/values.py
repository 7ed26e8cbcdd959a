"""Lines of text with styles as rich shows them."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.containers import Lines
from rich.segment import Segment
from rich.text import Text

from trimtab.phrases import printable

if TYPE_CHECKING:
    from trimtab.plan.lines import Line

__all__ = ["Indented", "Prose", "marked_lines", "printable", "rich_text"]


class Prose(Text):
    """Text whose words stay whole: an address that is wider than a line can still be opened and copied."""

    def wrap(self, console: Console, width: int, **_: Any) -> Lines:
        """The lines, broken between words only."""
        lines = Lines()
        for paragraph in self.split(allow_blank=True):
            lines.extend(paragraph.divide(_breaks(paragraph.plain, width)))
        for line in lines:
            line.rstrip()
        return lines


def _breaks(text: str, width: int) -> Iterator[int]:
    column = 0
    for match in re.finditer(r"\s*\S+", text):
        word = match[0].lstrip()
        if column and column + cell_len(match[0]) > width:
            yield match.end() - len(word)
            column = cell_len(word)
        else:
            column += cell_len(match[0])


class Indented:
    """
    A view moved to the right; what is wider than the line is left whole.

    Args:
        view: What is moved.
        by: By how many columns.
    """

    def __init__(self, view: RenderableType, by: int) -> None:
        self._view, self._by = view, by

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """The lines, for rich."""
        inside = options.update_width(max(1, options.max_width - self._by))
        for line in Segment.split_lines(console.render(self._view, inside)):
            yield Segment(" " * self._by)
            yield from line
            yield Segment.line()


def rich_text(line: "Line") -> Text:
    """A line as rich shows it."""
    return Prose.assemble(*line.spans)


def marked_lines(mark: str, style: str, sentences: Sequence[str]) -> Iterator[Text]:
    """A line for each sentence with a mark in front, the first of many only."""
    from trimtab.plan.values import marked_lines as lines_with_mark  # results without a plan load none

    return map(rich_text, lines_with_mark(mark, style, sentences))
