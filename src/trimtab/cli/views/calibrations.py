"""A measured model as a table: each number with its interval, or why there is none; how far its replays were off."""

from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.status import moment_text
from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import Indented, Prose, printable
from trimtab.simulation import Calibration, Estimate


def calibration_view(calibration: Calibration, out: Path | None, wording: Callable[[str], str] = str) -> RenderableType:
    """
    What was measured of a group, and where it is kept.

    Args:
        calibration: What was measured.
        out: Where it was written.
        wording: How a reason or a note is said.
    """
    return Group(*_parts(calibration, out, wording))


def _parts(calibration: Calibration, out: Path | None, wording: Callable[[str], str]) -> Iterator[RenderableType]:
    span = f"{moment_text(calibration.since, UTC)} to {moment_text(calibration.until, UTC)}"
    yield Text.assemble((printable(calibration.name), "bold"), f" on {calibration.provider}, {span}")
    rows = [_row(each, wording) for each in calibration.estimates.values()]
    yield Rows(("number", "value", "90 % interval", "unit", "from", "method"), rows, {"value", "from"})
    for error in calibration.past_error:
        yield Indented(Prose(printable(f"replay of {error}")), 2)
    for note in calibration.notes:
        yield Indented(Prose(printable(f"note: {wording(note)}"), "dim"), 2)
    if out is not None:
        yield Text(printable(f"wrote {out}"))


def _row(each: Estimate, wording: Callable[[str], str]) -> list[Text]:
    if each.value is None:
        reason = printable(wording(each.reason), lines=True)
        return [
            Text(each.name),
            Text("?", "yellow"),
            Text("not identifiable", "yellow"),
            Text(),
            Text(),
            Text(reason, "dim"),
        ]
    return [
        Text(each.name),
        Text(f"{each.value:.4g}"),
        Text(f"{each.low:.4g} to {each.high:.4g}"),
        Text(each.unit),
        Text(str(each.samples)),
        Text(printable(each.method), "dim"),
    ]
