"""A load test: its figures, KPIs with their targets, and the prediction beside what was seen."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import Prose, printable
from trimtab.kpis.card import Kpi
from trimtab.loadtests.outcome import SIDES, LoadTest

_VERDICTS = {True: ("pass", "green"), False: ("FAIL", "bold red"), None: ("unknown", "yellow")}
_BOUNDS = {True: "green", False: "bold red", None: "bold red"}


def loadtest_view(test: LoadTest) -> RenderableType:
    """All that was found."""
    return Group(*_parts(test))


def _parts(test: LoadTest) -> Iterator[RenderableType]:
    yield Prose(printable(test.heading), "bold")
    for name, text in test.figures:
        yield Prose(f"{name:14}  {printable(text)}")
    for each in test.scale_outs:
        yield Prose(f"{'scale-out':14}  {printable(str(each))}")
    yield ""
    judged = [item for item in test.kpis if item.target is not None]
    yield Rows(("kpi", "value", "target", "", "note"), [_row(item) for item in judged], {"value", "target"})
    if test.lines:
        rows = [[Text(seen.name), Text(first.text), Text(seen.text)] for first, seen in test.lines]
        yield from ("", Rows(("kpi", *SIDES), rows, set(SIDES)))
    if test.agreement:
        yield Prose(printable(str(test.agreement)))
    if test.requirements:
        yield ""
    yield from (Prose(printable(str(each)), _BOUNDS[each.holds]) for each in test.requirements)
    if test.notes:
        yield ""
    yield from (Prose(printable(f"note: {note}"), "dim") for note in test.notes)


def _row(item: Kpi) -> list[Text]:
    return [
        Text(item.name),
        Text(item.text, "dim" if item.value is None else ""),
        Text(str(item.target)),
        Text(*_VERDICTS[item.passes]),
        Text(printable(item.note), "dim"),
    ]
