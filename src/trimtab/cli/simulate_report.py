"""What `trimtab simulate` shows beside its table: KPIs, a comparison with another file, a report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.context import CommandContext
from trimtab.cli.views.comparisons import comparison_view
from trimtab.cli.views.kpis import kpis_view
from trimtab.cli.views.values import printable
from trimtab.errors import InvalidArgument
from trimtab.kpis.card import KpiOptions
from trimtab.kpis.prices import Prices
from trimtab.models import Fleet
from trimtab.simulation import Simulation
from trimtab.simulation.comparing import PairedComparison, compare

Again = Callable[[Fleet, Simulation, int], Simulation]
"""Simulates the group of a fleet as another simulation was, with a seed."""


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What was asked for."""

    kpis: bool
    prices: Path | None
    slo: float | None
    against: Path | None
    seeds: range
    report: Path | None


def show_judged(
    context: CommandContext,
    fleet: Fleet,
    runs: Sequence[Simulation],
    again: Again,
    wanted: ReportOptions,
    shown: tuple[RenderableType, Mapping[str, Any]],
) -> int:
    """Show simulations with what else was asked for; the exit code."""
    if wanted.report and len(runs) > 1:
        raise InvalidArgument(f"a report is of one simulation, not of {len(runs)}; give one --preset")
    options = KpiOptions(prices=Prices.load(wanted.prices) if wanted.prices else None, slo_seconds=wanted.slo)
    parts: list[RenderableType] = [shown[0]]
    data: dict[str, Any] = {**shown[1]}
    cards = [run.kpis(options=options) for run in runs]
    if wanted.kpis or wanted.prices or wanted.slo:
        parts += ["", kpis_view(fleet.name, cards)]
        data["kpis"] = [{"preset": run.preset, **card.to_dict()} for run, card in zip(runs, cards, strict=True)]
    comparisons = [_compared(context, fleet, run, again, wanted, options) for run in runs] if wanted.against else []
    for run, comparison in zip(runs, comparisons, strict=False):
        parts += ["", Text(f"{run.preset}:"), comparison_view(comparison)]
    if comparisons:
        data["comparisons"] = [
            {"preset": run.preset, **each.to_dict()} for run, each in zip(runs, comparisons, strict=True)
        ]
    trouble = None
    if report := wanted.report:
        first = comparisons[0] if comparisons else None
        trouble = context.write(lambda: runs[0].save(report, kpis=cards[0], comparison=first))
        if trouble is None:
            parts += ["", Text(printable(f"report written to {report}"))]
            data["report"] = str(report)
    context.screen.show(Group(*parts), data)
    if trouble is not None:
        raise trouble
    return 0


def _compared(
    context: CommandContext, fleet: Fleet, run: Simulation, again: Again, wanted: ReportOptions, options: KpiOptions
) -> PairedComparison:
    """
    The group as it is in this file, first, against that of the other.

    Where nothing is left to chance all seeds give the same, and one pair says it all.
    """
    other = context.load(str(wanted.against), outside=False)
    model = run.model
    seeds = wanted.seeds if model.boot_spread or model.noise or model.interruptions else wanted.seeds[:1]
    first = [again(fleet, run, seed) for seed in seeds]
    second = [again(other, run, seed) for seed in seeds]
    names = ("this file", Path(str(wanted.against)).name)
    return compare(first, second, names=names, options=options)
