"""A table where it fits, else a block for each row: names and numbers are never broken to squeeze a column."""

from collections.abc import Collection, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_BETWEEN = "  "


class Rows:
    """
    Rows under headings.

    Args:
        headings: The columns, the first of which names the row.
        rows: The cells of each row.
        numbers: The columns that are aligned to the right.
    """

    def __init__(self, headings: Sequence[str], rows: Sequence[Sequence[Text]], numbers: Collection[str] = ()) -> None:
        self._headings, self._rows, self._numbers = headings, rows, numbers

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table()
        if not self._rows or Measurement.get(console, options.update(width=2**15), table).maximum <= options.max_width:
            yield table
            return
        for row in self._rows:
            yield row[0]
            yield from self._packed(row, options.max_width)

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for heading in self._headings:
            table.add_column(heading, justify="right" if heading in self._numbers else "left", overflow="fold")
        for row in self._rows:
            table.add_row(*row)
        return table

    def _packed(self, row: Sequence[Text], width: int) -> Iterator[Text]:
        """Heading and value of each cell, as many on a line as fit."""
        line = Text(_BETWEEN)
        for heading, value in zip(self._headings[1:], row[1:], strict=True):
            pair = Text.assemble((f"{heading} ", "dim"), Text(" ").join(value.split("\n")))
            if len(line) > len(_BETWEEN) and cell_len(line.plain + pair.plain) > width:
                yield _ended(line)
                line = Text(_BETWEEN)
            line = Text.assemble(line, pair, _BETWEEN)
        yield _ended(line)


def _ended(line: Text) -> Text:
    line.rstrip()
    line.overflow = "fold"
    return line
