"""A rehearsal: a block for each group."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import Prose, printable
from trimtab.simulation.rehearsal import SIDES, GroupRehearsal, Rehearsal, cells

_STYLES = {True: "green", False: "bold red", None: "bold red"}


def rehearsal_view(rehearsal: Rehearsal) -> RenderableType:
    """The five lines of each group, its bounds, and what was assumed."""
    parts: list[RenderableType] = []
    for each in rehearsal.groups:
        parts += ["", *_block(each)] if parts else _block(each)
    return Group(*parts, *(Prose(printable(f"note: {note}"), "dim") for note in rehearsal.notes))


def _block(each: GroupRehearsal) -> Iterator[RenderableType]:
    yield Text(printable(each.heading), "bold")
    yield Rows(("kpi", *SIDES, "change"), [list(map(Text, cells(line))) for line in each.lines], {*SIDES, "change"})
    yield from (Prose(printable(str(item)), _STYLES[item.holds]) for item in each.requirements)
    yield from (Prose(printable(f"note: {note}"), "dim") for note in each.notes)
