"""KPIs as tables, each group's notes below its own."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.status import moment_text
from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import Indented, Prose, printable
from trimtab.kpis.card import Kpi, Kpis

_VERDICTS: Mapping[bool | None, tuple[str, str]] = {
    True: ("pass", "green"),
    False: ("FAIL", "bold red"),
    None: ("unknown", "yellow"),
}


def kpis_view(fleet: str, cards: Sequence[Kpis]) -> RenderableType:
    """A table for each group."""
    if not cards:
        return Text(f"fleet {fleet} has no groups")
    return Group(*(part for card in cards for part in _card(card)))


def _card(card: Kpis) -> Iterator[RenderableType]:
    span = f"{moment_text(card.since, UTC)} to {moment_text(card.until, UTC)}"
    yield Text.assemble((printable(card.group), "bold"), f", {span}")
    if card.items:
        yield Rows(("kpi", "value", "target", "", "note"), [_row(item) for item in card], {"value", "target"})
    for note in card.notes:
        yield Indented(Prose(printable(note), "dim"), 2)
    yield ""


def _row(item: Kpi) -> list[Text]:
    verdict = Text(*_VERDICTS[item.passes]) if item.target or item.passes is not None else Text()
    return [
        Text(item.name),
        Text(item.text, "dim" if item.value is None else ""),
        Text(str(item.target) if item.target else ""),
        verdict,
        Text(printable(item.note), "dim"),
    ]
