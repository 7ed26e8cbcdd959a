"""Tables where they fit; where they do not, blocks in which no name and no number is broken."""

import io

import pytest

pytest.importorskip("rich")

from rich.console import Console
from rich.text import Text

from trimtab.cli.views.table import Rows

ROWS = Rows(
    ("group", "name", "desired", "next"),
    [
        [Text("virtualmin-web"), Text("shop-production-virtualmin-web"), Text("4"), Text("Mon 05 Jan 23:00 -03")],
        [Text("api"), Text("shop-production-api"), Text("12"), Text("none")],
    ],
    ("desired",),
)


def shown(width: int, rows: Rows = ROWS) -> list[str]:
    console = Console(width=width, file=io.StringIO())
    console.print(rows)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_a_table_that_fits_is_one():
    assert shown(100) == [
        "group           name                            desired  next",
        "virtualmin-web  shop-production-virtualmin-web        4  Mon 05 Jan 23:00 -03",
        "api             shop-production-api                  12  none",
    ]


def test_one_that_does_not_fit_is_a_block_for_each_row():
    assert shown(60) == [
        "virtualmin-web",
        "  name shop-production-virtualmin-web  desired 4",
        "  next Mon 05 Jan 23:00 -03",
        "api",
        "  name shop-production-api  desired 12  next none",
    ]


@pytest.mark.parametrize("width", range(40, 90))
def test_no_line_is_too_long_and_no_cell_is_broken(width):
    lines = shown(width)
    assert max(map(len, lines)) <= width
    for cell in ("shop-production-virtualmin-web", "Mon 05 Jan 23:00 -03", "shop-production-api"):
        assert any(cell in line for line in lines)


def test_without_rows_the_headings_stand_alone():
    assert shown(20, Rows(("host", "group"), [])) == ["host  group"]
