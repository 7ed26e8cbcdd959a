"""The report of a simulation: one page that needs no network, or a picture, from the same specification."""

import base64
import html
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from trimtab.config.files import store_file
from trimtab.errors import InvalidArgument, MissingExtra
from trimtab.kpis.card import Kpi, Kpis
from trimtab.simulation.chart import PALETTES, ChartData, Palette, Theme, chart_data
from trimtab.simulation.comparing import PairedComparison
from trimtab.simulation.run import SimulatedRun

MOST_BYTES = 2_000_000
"""How large a page may be."""
_FEWEST = 500


def page(
    run: SimulatedRun, kpis: Kpis, comparison: PairedComparison | None = None, beside: SimulatedRun | None = None
) -> str:
    """
    A page with the chart, the KPIs, a comparison and the notes; without anything to be loaded, below 2 MB.

    Raises:
        MissingExtra: vl-convert is not installed.
    """
    bundle = script_bundle()
    most = 10_000
    while True:
        data = chart_data(run, most=most, decisions=max(most // 7, _FEWEST), beside=beside)
        text = _page(run, kpis, comparison, data, bundle)
        if len(text.encode()) < MOST_BYTES or most <= _FEWEST:
            return text
        most //= 2


def picture(
    run: SimulatedRun,
    *,
    theme: Theme = "light",
    width: int = 900,
    scale: float = 1.5,
    beside: SimulatedRun | None = None,
) -> bytes:
    """
    The chart as PNG, from the specification of the page.

    Args:
        run: The simulation.
        theme: `light` or `dark`.
        width: Of each panel, in pixels before scaling.
        scale: Pixels of the picture for one.
        beside: Another simulation of the same minutes, whose size is drawn beside it.

    Raises:
        InvalidArgument: The theme is unknown.
        MissingExtra: vl-convert is not installed.
    """
    check_theme(theme)
    # the picture is a few thousand pixels wide: more minutes cannot be seen
    data = chart_data(run, most=4_000, beside=beside)
    drawn = data.specification(theme, width=width)
    drawn["datasets"] = data.datasets()
    drawn["padding"] = 12
    return converter().vegalite_to_png(drawn, scale=scale, allowed_base_urls=[])  # type: ignore[no-any-return]


def check_theme(theme: str) -> None:
    """
    Hold a theme against those that there are.

    Raises:
        InvalidArgument: It is unknown.
    """
    if theme not in get_args(Theme):
        raise InvalidArgument(f"theme={theme!r} is unknown; use {' or '.join(get_args(Theme))}")


def save(
    run: SimulatedRun,
    kpis: Kpis,
    path: str | Path,
    *,
    theme: Theme = "light",
    comparison: PairedComparison | None = None,
    beside: SimulatedRun | None = None,
) -> Path:
    """
    Write the report: a page to `.html`, the chart to `.png`.

    Raises:
        InvalidArgument: The name ends otherwise, or the file cannot be written.
        MissingExtra: vl-convert is not installed.
    """
    return write_report(
        path, lambda: page(run, kpis, comparison, beside), lambda: picture(run, theme=theme, beside=beside)
    )


def write_report(path: str | Path, page: Callable[[], str], picture: Callable[[], bytes]) -> Path:
    """
    Write a page to `.html`, a picture to `.png`.

    Raises:
        InvalidArgument: The name ends otherwise, or the file cannot be written.
    """
    target = _report_path(path)
    content = picture() if target.suffix.lower() == ".png" else page().encode()
    try:
        store_file(target, content)
    except OSError as error:
        raise InvalidArgument(f"{target}: cannot be written: {error.strerror}") from error
    return target


def _report_path(path: str | Path) -> Path:
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm", ".png"):
        raise InvalidArgument(f"{target}: a report is a page or a picture; let its name end in .html or .png")
    return target


def check_report(path: str | Path) -> None:
    """
    Hold the place of a report against what can be written, before something that takes long.

    Raises:
        InvalidArgument: The name ends otherwise, or there is no such folder.
        MissingExtra: vl-convert is not installed.
    """
    target = _report_path(path)
    if not target.parent.is_dir():
        raise InvalidArgument(f"{target}: there is no folder {target.parent}; make it, or write the report elsewhere")
    converter()


def notebook(run: SimulatedRun, kpis: Kpis) -> str:
    """A picture and the KPIs as a piece of HTML, as notebooks show it; without vl-convert the KPIs alone."""
    try:
        image = base64.b64encode(picture(run)).decode()
    except MissingExtra as missing:
        return f"{kpi_table(kpis)}<p>{html.escape(str(missing))}</p>"
    alt = html.escape(f"load, capacity and size of {run.group}")
    return f'<img alt="{alt}" style="max-width:100%" src="data:image/png;base64,{image}">{kpi_table(kpis)}'


def converter() -> Any:
    """
    What draws charts.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        import vl_convert
    except ModuleNotFoundError as missing:
        raise MissingExtra("a chart", "sim") from missing
    return vl_convert


@cache
def script_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, out of vl-convert; made once, as that takes a while."""
    return str(converter().javascript_bundle())


def _page(run: SimulatedRun, kpis: Kpis, comparison: PairedComparison | None, data: ChartData, bundle: str) -> str:
    title = html.escape(f"{run.group} on {run.preset}")
    span = f"{run.start:%Y-%m-%d %H:%M %Z}, {run.minutes:,} minutes, seed {run.seed}"
    notes = [*data.notes, *kpis.notes]
    above = f"<h1>{title}</h1><p class=faint>{html.escape(span)}</p>{kpi_verdict(kpis)}"
    below = [f"<h2>KPIs</h2>{kpi_table(kpis)}", _comparison(comparison) if comparison else "", notes_list(notes)]
    drawn = Drawn(
        label="Load, capacity and size over time",
        specs={theme: data.specification(theme) for theme in PALETTES},
        data=data.to_dict(),
        datasets=_DATASETS,
    )
    return page_of(title, above, drawn, "\n".join(below), bundle)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """
    The chart of a page.

    Attributes:
        label: What it shows, for those who do not see it.
        specs: One for each theme, without rows.
        data: What its rows are made of.
        datasets: The script that makes `datasets` of `data`.
    """

    label: str
    specs: Mapping[Theme, Mapping[str, Any]]
    data: Any
    datasets: str = "const datasets = data;"


def page_of(title: str, above: str, drawn: Drawn, below: str, bundle: str) -> str:
    """
    A page that loads nothing: a chart between two pieces of HTML.

    Args:
        title: Escaped, as all of its HTML.
        above: What stands above the chart.
        drawn: The chart.
        below: What stands below it.
        bundle: The script that draws.
    """
    parts = [
        _HEAD.format(title=title, style=_style()),
        above,
        f'<div id="chart" role="img" aria-label="{html.escape(drawn.label)}"></div>',
        below,
        f"<script>{bundle}</script>",
        f"<script>const data = {_embedded(drawn.data)};",
        f"const specs = {_embedded(drawn.specs)};",
        f"{drawn.datasets}\n{_SCRIPT}</script></body></html>\n",
    ]
    return "\n".join(parts)


def _embedded(value: Any) -> str:
    """JSON that may stand in a script: no end of a script and no comment is in it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def kpi_verdict(kpis: Kpis) -> str:
    """How many targets are reached, and which are missed."""
    held = [item for item in kpis if item.passes is not None]
    missed = [item.name for item in kpis.failures]
    passed = len(held) - len(missed)
    rest = f" Missed: {html.escape(', '.join(missed))}." if missed else ""
    return f"<p>{passed} of {len(held)} targets are reached.{rest}</p>"


def kpi_table(kpis: Kpis) -> str:
    """KPIs with their targets."""
    rows = "".join(_row(item) for item in kpis)
    head = "<tr><th>KPI</th><th class=number>value</th><th class=number>target</th><th></th><th>note</th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def _row(item: Kpi) -> str:
    words = {True: ("pass", "✓ pass"), False: ("fail", "✗ fail"), None: ("", "unknown" if item.target else "")}
    kind, verdict = words[item.passes]
    cells = (item.name, item.text, str(item.target) if item.target else "", verdict, item.note)
    return cells_row(cells, {1: "number", 2: "number", 3: kind})


def cells_row(cells: Sequence[str], classes: dict[int, str]) -> str:
    """A row of a table; cells at some places have a class."""

    def cell(place: int, text: str) -> str:
        name = f' class="{classes[place]}"' if classes.get(place) else ""
        return f"<td{name}>{html.escape(text)}</td>"

    return f"<tr>{''.join(cell(place, text) for place, text in enumerate(cells))}</tr>"


def _comparison(comparison: PairedComparison) -> str:
    numbers = (comparison.first, comparison.second, "change", f"{comparison.confidence:g} %")
    columns = "".join(f"<th class=number>{html.escape(name)}</th>" for name in numbers)
    head = f"<th>KPI</th>{columns}<th>better</th>"
    rows = "".join(_compared(comparison))
    title = f"<h2>{html.escape(comparison.first)} against {html.escape(comparison.second)}</h2>"
    pairs = "1 pair" if comparison.pairs == 1 else f"{comparison.pairs} pairs"
    about = f"<p class=faint>{pairs} of the same load and seed.</p>"
    return f'{title}{about}<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>'


def _compared(comparison: PairedComparison) -> Iterator[str]:
    for each in comparison:
        values = (each.first, each.second, each.change)
        texts = [Kpi(name=each.name, value=value, unit=each.unit).text for value in values]
        bounds = f"{each.low:.4g} to {each.high:.4g}" if each.low is not None and each.high is not None else ""
        names = {"first": comparison.first, "second": comparison.second, "": ""}
        cells = (each.name, *texts, bounds, names[each.better])
        yield cells_row(cells, dict.fromkeys(range(1, 5), "number"))


def notes_list(notes: Iterable[str]) -> str:
    """A heading and a list; nothing without a note."""
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return f"<h2>Notes</h2><ul>{items}</ul>" if items else ""


def _style() -> str:
    light, dark = (_variables(PALETTES[theme]) for theme in get_args(Theme))
    return f":root{{color-scheme:light dark;{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}{_RULES}"


def _variables(colours: Palette) -> str:
    names = ("paper", "ink", "faint", "grid", "shortage", "scaled_in")
    return "".join(f"--{name}:{getattr(colours, name)};" for name in names)


_RULES = """
body{background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
body{max-width:1080px;margin:0 auto;padding:16px}
h1{font-size:1.4em;margin:.2em 0}h2{font-size:1.1em;margin:1.4em 0 .4em}
.faint{color:var(--faint);margin:.2em 0}
.scroll,#chart{overflow-x:auto}
table{border-collapse:collapse;font-size:.92em;width:100%}
th{text-align:left;color:var(--faint);font-weight:500}
td:last-child:not(.number){min-width:11em}
td,th{padding:3px 10px 3px 0;border-bottom:1px solid var(--grid);vertical-align:top}
th.number,td.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.pass{color:var(--scaled_in);white-space:nowrap}.fail{color:var(--shortage);font-weight:600;white-space:nowrap}
#chart details{display:none}
.when{white-space:nowrap}
"""
_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';\
 script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title><style>{style}</style></head><body>"""
_DATASETS = """
const rows = data.minutes.map((minute, place) => {
  const row = {t: data.start + minute * 60000};
  for (const name in data.columns) row[name] = data.columns[name][place];
  return row;
});
const decisions = data.decisions.map(([minute, before, after, why]) => (
  {t: data.start + minute * 60000, from: before, to: after, way: after > before ? "out" : "in", why}));
const datasets = {minutes: rows, decisions};
"""
_SCRIPT = """
const dark = matchMedia("(prefers-color-scheme: dark)");
const chart = document.getElementById("chart");
let drawn = null, shown = null;
async function draw() {
  const key = dark.matches + " " + chart.clientWidth;
  if (key === drawn) return;
  drawn = key;
  const spec = structuredClone(specs[dark.matches ? "dark" : "light"]);
  spec.datasets = datasets;
  for (const panel of spec.vconcat) panel.width = Math.max(240, chart.clientWidth - 70);
  if (shown) shown.finalize();
  const tooltip = {theme: dark.matches ? "dark" : "light"};
  shown = await vegaEmbed(chart, spec, {actions: false, renderer: "canvas", tooltip});
  chart.dataset.drawn = "yes";
}
dark.addEventListener("change", draw);
let waiting = 0;
addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(draw, 150); });
draw();
"""
