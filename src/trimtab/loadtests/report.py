"""The report of a load test: one page that needs no network, or a picture, drawn as simulations are."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from trimtab.errors import InvalidArgument
from trimtab.loadtests.outcome import SIDES, LoadTest
from trimtab.loadtests.series import LoadTestSeries
from trimtab.simulation.chart import PALETTES, TIME, Palette, Theme, config_of, lines_of, tooltip
from trimtab.simulation.report import (
    Drawn,
    cells_row,
    check_theme,
    converter,
    kpi_table,
    kpi_verdict,
    notes_list,
    page_of,
    script_bundle,
    write_report,
)

_LOAD = {"load": ("requests/s", "load"), "failed": ("failed/s", "shortage")}
_TIMES = {"p50": ("p50", "paid"), "p95": ("p95", "load"), "p99": ("p99", "wanted")}
_SIZES = {
    "running": ("there", "paid"),
    "in_service": ("in service", "capacity"),
    "wanted": ("wanted", "wanted"),
    "predicted": ("predicted in service", "out"),
}
_TOOLTIP = (
    ("t", "at (UTC)", "temporal", "%Y-%m-%d %H:%M:%S"),
    ("load", "requests/s", "quantitative", ",.4~g"),
    ("failed", "failed/s", "quantitative", ",.4~g"),
    ("p95", "p95 [s]", "quantitative", ",.4~g"),
    ("wanted", "wanted", "quantitative", ",d"),
    ("in_service", "in service", "quantitative", ",d"),
    ("predicted", "predicted in service", "quantitative", ",d"),
)


def save(test: LoadTest, path: str | Path, *, theme: Theme = "light") -> Path:
    """
    Write the report: a page to `.html`, its chart to `.png`.

    Raises:
        InvalidArgument: The name ends otherwise, the theme is unknown, no times are known, or the file cannot be
            written.
        MissingExtra: vl-convert is not installed.
    """
    check_theme(theme)
    return write_report(path, lambda: page(test), lambda: picture(test, theme))


def picture(test: LoadTest, theme: Theme, *, width: int = 900, scale: float = 1.5) -> bytes:
    """The chart as PNG, from the specification of the page."""
    series = _series(test)
    spec = {**specification(series, test, theme, width=width), "datasets": datasets(series, test), "padding": 12}
    return converter().vegalite_to_png(spec, scale=scale, allowed_base_urls=[])  # type: ignore[no-any-return]


def page(test: LoadTest) -> str:
    """The figures, the chart, KPIs with their targets, prediction beside what was seen, bounds and notes."""
    series = _series(test)
    title = escape(f"Load test of {test.group}")
    above = f"<h1>{title}</h1><p class=faint>{escape(test.heading)}</p>{kpi_verdict(test.kpis)}"
    above += f"{_figures(test)}<h2>Over time</h2>"
    below = (f"<h2>KPIs</h2>{kpi_table(test.kpis)}", _sides(test), _bounds(test), notes_list(test.notes))
    drawn = Drawn(
        label="Requests, response times and sizes over time",
        specs={theme: specification(series, test, theme) for theme in PALETTES},
        data=datasets(series, test),
    )
    return page_of(title, above, drawn, "\n".join(below), script_bundle())


def _series(test: LoadTest) -> LoadTestSeries:
    if test.series is None:
        raise InvalidArgument("a report draws requests over time, and no times are known; give single requests")
    return test.series


# the chart


def datasets(series: LoadTestSeries, test: LoadTest) -> dict[str, list[dict[str, Any]]]:
    """The rows that the chart draws."""
    columns: dict[str, Any] = {"load": series.load, **{f"p{at:g}": series.times[at] for at in series.times}}
    if series.failed is not None:
        columns["failed"] = series.failed
    if series.sizes is not None:
        sizes = series.sizes
        columns |= {"running": sizes.running, "in_service": sizes.in_service, "wanted": sizes.wanted}
    if test.prediction is not None:
        width = round(60 / series.step)
        columns["predicted"] = np.repeat(test.prediction.in_service.astype(float), width)
    begin, step, count = series.since.timestamp() * 1000, series.step * 1000, len(series.load)
    # the last step is drawn to its end
    places = [(place, place) for place in range(count)] + [(count, count - 1)]
    return {
        "minutes": [
            {"t": round(begin + at * step), **{name: _number(values, place) for name, values in columns.items()}}
            for at, place in places
        ]
    }


def _number(values: Any, place: int) -> float | None:
    value = float(values[place]) if place < len(values) else float("nan")
    return None if np.isnan(value) else float(f"{value:.6g}")


def specification(series: LoadTestSeries, test: LoadTest, theme: Theme, *, width: int = 900) -> dict[str, Any]:
    """The chart, without its rows: the dataset `minutes`."""
    colours = PALETTES[theme]
    load = {name: _LOAD[name] for name in _LOAD if name == "load" or series.failed is not None}
    panels = [_panel("Requests", lines_of(load, colours, "requests/s"), colours, width)]
    if any(not np.isnan(values).all() for values in series.times.values()):
        panels.append(_panel("Response times", lines_of(_TIMES, colours, "seconds"), colours, width))
    sizes = {name: _SIZES[name] for name in _SIZES if name == "predicted" or series.sizes is not None}
    if test.prediction is None:
        sizes.pop("predicted")
    if sizes:
        panels.append(_panel("Sizes, as seen and as predicted", lines_of(sizes, colours, "instances"), colours, width))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": colours.paper,
        "vconcat": panels,
        "spacing": 20,
        "resolve": {"scale": {"color": "independent"}},
        "config": config_of(colours),
    }


def _panel(title: str, lines: Mapping[str, Any], colours: Palette, width: int) -> dict[str, Any]:
    near = {"type": "point", "on": "pointerover", "nearest": True, "encodings": ["x"], "clear": "pointerout"}
    name = title.partition(" ")[0].lower().strip(",")
    pointer = {
        "data": {"name": "minutes"},
        "params": [
            {"name": f"zoom_{name}", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"},
            {"name": f"near_{name}", "select": near},
        ],
        "mark": {"type": "rule", "color": colours.faint},
        "encoding": {
            "x": TIME,
            "opacity": {"condition": {"param": f"near_{name}", "empty": False, "value": 0.7}, "value": 0},
            "tooltip": tooltip(_TOOLTIP),
        },
    }
    return {"width": width, "height": 170, "title": title, "layer": [lines, pointer]}


# what stands around it


def _table(rows: Sequence[str], heads: Sequence[str] = ()) -> str:
    head = "".join(f"<th{' class=number' if place else ''}>{escape(name)}</th>" for place, name in enumerate(heads))
    return f'<div class="scroll"><table>{f"<tr>{head}</tr>" if head else ""}{"".join(rows)}</table></div>'


def _figures(test: LoadTest) -> str:
    rows = [cells_row(figure, {}) for figure in test.figures]
    rows += [cells_row(("scale-out", str(each)), {}) for each in test.scale_outs]
    return _table(rows)


def _sides(test: LoadTest) -> str:
    if not test.lines:
        return ""
    rows = [cells_row((seen.name, first.text, seen.text), {1: "number", 2: "number"}) for first, seen in test.lines]
    said = f"<p>{escape(str(test.agreement))}.</p>" if test.agreement else ""
    about = f"<p class=faint>{escape(' '.join(_about(test)))}</p>"
    return f"<h2>Predicted and seen</h2>{about}{_table(rows, ('KPI', *SIDES))}{said}"


def _about(test: LoadTest) -> Iterator[str]:
    run = test.prediction
    if run is not None:
        yield f"A simulation by the rules of {run.preset} on the load that arrived, from the size of the beginning."


def _bounds(test: LoadTest) -> str:
    if not test.requirements:
        return ""
    kinds = {True: "pass", False: "fail", None: "fail"}
    rows = [cells_row((str(each),), {0: kinds[each.holds]}) for each in test.requirements]
    return f"<h2>Bounds</h2>{_table(rows)}"
