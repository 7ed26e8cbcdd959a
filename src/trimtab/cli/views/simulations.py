"""Simulations side by side: what was asked for, served, lost, and at what size."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trimtab.cli.views.values import printable
from trimtab.simulation import Load, Simulation


def simulations_view(runs: Sequence[Simulation], load: Load) -> RenderableType:
    """The load, a row for each simulation, and what was assumed."""
    head = (
        f"{runs[0].group}: {runs[0].minutes:,} minutes from {load.start:%Y-%m-%d %H:%M %Z},"
        f" {load.total:,.0f} requests, {load.mean:,.4g} a second on average and {load.peak:,.4g} at most"
    )
    table = Table(
        "rules", "served", "lost", "size", "changes", "instance-hours", "utilization", box=None, pad_edge=False
    )
    for run in runs:
        totals = run.totals()
        table.add_row(
            run.preset,
            f"{totals['served_percent']:.3f} %",
            f"{totals['lost']:,.0f}",
            f"{totals['smallest']} to {totals['largest']}",
            f"{totals['changes']:,}",
            f"{totals['instance_hours']:,.1f}",
            f"{totals['utilization_percent']:.1f} %",
        )
    notes = dict.fromkeys(note for run in runs for note in run.notes)
    return Group(Text(printable(head)), table, *(Text(printable(f"note: {note}")) for note in notes))


def simulations_dict(runs: Sequence[Simulation], load: Load, *, rows: bool) -> Mapping[str, Any]:
    """The same as data."""
    return {"load": load.to_dict(), "simulations": [run.to_dict(rows=rows) for run in runs]}
