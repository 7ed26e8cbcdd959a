"""Two policies side by side, as a table."""

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import printable
from trimtab.kpis.card import Kpi
from trimtab.simulation.comparing import KpiDifference, PairedComparison

_NUMBERS = {"change", "interval"}


def comparison_view(comparison: PairedComparison) -> RenderableType:
    """A row for each KPI that differs; on which side it is better, where that is not chance."""
    pairs = "1 pair" if comparison.pairs == 1 else f"{comparison.pairs} pairs"
    names = comparison.first, comparison.second
    rest = ", so without an interval" if comparison.pairs == 1 else ""
    heading = Text(printable(f"{names[0]} against {names[1]}, {pairs} of the same load and seed{rest}"), "bold")
    rows = [_row(each, names) for each in comparison if each.change]
    if not rows:
        return Group(heading, Text("no KPI differs"))
    columns = ("kpi", *map(printable, names), "change", "interval", "better")
    return Group(heading, Rows(columns, rows, {*_NUMBERS, *map(printable, names)}))


def _row(each: KpiDifference, names: tuple[str, str]) -> list[Text]:
    values = (each.first, each.second, each.change)
    texts = [Kpi(name=each.name, value=value, unit=each.unit).text for value in values]
    bounds = "" if each.low is None or each.high is None else f"{each.low:.4g} to {each.high:.4g}"
    words = {"first": names[0], "second": names[1], "": "" if each.is_certain or not bounds else "may be chance"}
    return [Text(each.name), *map(Text, texts), Text(bounds), Text(printable(words[each.better]))]
