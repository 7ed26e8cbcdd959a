"""What a rehearsal found, as text, Markdown and data."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from trimtab.kpis.card import Kpi, Kpis
from trimtab.kpis.requirements import RequirementResult
from trimtab.phrases import plain_markdown
from trimtab.simulation.comparing import KpiDifference, PairedComparison

if TYPE_CHECKING:
    from trimtab.simulation.load import Load

SIDES = ("live", "new")
LINES = ("availability", "longest-shortage", "response-p95", "efficiency", "instance-hours")
"""The five lines; with prices the last one is `cost`."""


@dataclass(frozen=True, kw_only=True)
class GroupRehearsal:
    """
    One group, as it runs and as it is wanted, on one load.

    Attributes:
        group: Its name.
        load: What it was replayed on.
        preset: Whose rules held.
        seeds: How many pairs of simulations there are; one where nothing is left to chance.
        kpis: The KPIs of the wanted group, of each seed.
        comparison: The live group (first) against the wanted one (second); `None` where only that was replayed.
        requirements: The bounds, each held against the worst of the seeds of the wanted group.
        notes: What was assumed, and why there is no live side.
    """

    group: str
    load: "Load"
    preset: str
    seeds: int
    kpis: Sequence[Kpis]
    comparison: PairedComparison | None = None
    requirements: Sequence[RequirementResult] = ()
    notes: Sequence[str] = ()

    @property
    def figures(self) -> tuple[KpiDifference, ...]:
        """Each KPI, live (`first`) and wanted (`second`), the mean of all seeds."""
        if self.comparison is not None:
            return self.comparison.differences
        return tuple(_alone(item, self.kpis) for item in self.kpis[0])

    @property
    def lines(self) -> tuple[KpiDifference, ...]:
        """The five KPIs that a report shows."""
        figures = {each.name: each for each in self.figures}
        names = (*LINES[:-1], "cost") if figures["cost"].second is not None else LINES
        return tuple(figures[name] for name in names)

    @property
    def heading(self) -> str:
        """What was replayed, in a sentence."""
        load = self.load
        sides = "live against new" if self.comparison else "new"
        span = f"{len(load.per_minute()):,} minutes from {load.start:%Y-%m-%d %H:%M %Z}, {load.total:,.0f} requests"
        pairs = f", mean of {self.seeds} seeds" if self.seeds > 1 else ""
        return f"{self.group}: {sides} by the rules of {self.preset}, {span}{pairs}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.group,
            "preset": self.preset,
            "load": self.load.to_dict(),
            "seeds": self.seeds,
            "compared": self.comparison is not None,
            "kpis": [_figure(each) for each in self.figures],
            "requirements": [each.to_dict() for each in self.requirements],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """
    The groups of a fleet, as they run and as they are wanted, on a load.

    Attributes:
        fleet: The fleet's name.
        provider: Where it runs.
        groups: Those that were replayed.
        notes: What holds for all of them.
    """

    fleet: str
    provider: str
    groups: Sequence[GroupRehearsal]
    notes: Sequence[str] = ()

    @property
    def broken(self) -> tuple[tuple[str, RequirementResult], ...]:
        """The bounds that break, each with the name of its group."""
        return tuple((each.group, item) for each in self.groups for item in each.requirements if item.holds is False)

    @property
    def unjudged(self) -> tuple[tuple[str, RequirementResult], ...]:
        """The bounds that cannot be judged, each with the name of its group: these do not hold either."""
        return tuple((each.group, item) for each in self.groups for item in each.requirements if item.holds is None)

    @property
    def holds(self) -> bool:
        """Whether all bounds hold, in all groups."""
        return not self.broken and not self.unjudged

    def __str__(self) -> str:
        """A block for each group: the five lines, the bounds, the notes."""
        blocks = ["\n".join(_text(each)) for each in self.groups]
        return "\n\n".join([*blocks, *(f"note: {note}" for note in self.notes)])

    def to_markdown(self) -> str:
        """The same for a pull request."""
        parts = [line for each in self.groups for line in _markdown(each)]
        return "\n".join([*parts, *(f"- {plain_markdown(note)}" for note in self.notes)]) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "fleet": self.fleet,
            "provider": self.provider,
            "holds": self.holds,
            "groups": [each.to_dict() for each in self.groups],
            "notes": list(self.notes),
        }


def cells(each: KpiDifference) -> tuple[str, str, str, str]:
    """The cells of a line: KPI, live, new, change."""
    live, new, change = (
        "" if value is None else Kpi(name=each.name, value=value, unit=each.unit).text
        for value in (each.first, each.second, each.change)
    )
    sign = "+" if each.change is not None and each.change > 0 else ""
    chance = "" if each.low is None or each.is_certain else " (may be chance)"
    return each.name, live, new or "n/a", f"{sign}{change}{chance if change else ''}"


def _alone(item: Kpi, cards: Sequence[Kpis]) -> KpiDifference:
    values = [card[item.name].value for card in cards]
    known = [value for value in values if value is not None]
    return KpiDifference(
        name=item.name,
        unit=item.unit,
        first=None,
        second=fmean(known) if known else None,
        change=None,
        low=None,
        high=None,
        pairs=0,
        missing=len(values) - len(known),
    )


def _figure(each: KpiDifference) -> dict[str, Any]:
    new = each.second if each.second is not None and math.isfinite(each.second) else None
    return {
        "name": each.name,
        "unit": each.unit,
        "live": each.first,
        "new": new,
        "change": each.change,
        "low": each.low,
        "high": each.high,
        "better": {"first": "live", "second": "new", "": ""}[each.better],
    }


def _text(each: GroupRehearsal) -> Iterator[str]:
    yield each.heading
    for name, live, new, change in map(cells, each.lines):
        yield f"{name:18}  {live:>14}  {new:>14}  {change}".rstrip()
    yield from (f"{item}" for item in each.requirements)
    yield from (f"note: {note}" for note in each.notes)


_MARKS = {True: "✅", False: "❌", None: "❓"}


def _markdown(each: GroupRehearsal) -> Iterator[str]:
    yield f"#### {plain_markdown(each.heading)}\n"
    yield "| KPI | live | new | change |\n| --- | ---: | ---: | ---: |"
    for row in map(cells, each.lines):
        yield f"| {' | '.join(map(plain_markdown, row))} |"
    yield ""
    yield from (f"- {_MARKS[item.holds]} {plain_markdown(str(item))}" for item in each.requirements)
    yield from (f"- note: {plain_markdown(note)}" for note in each.notes)
    yield ""
