"""The chart of a simulation: one Vega-Lite specification for the page and for the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trimtab.errors import InvalidArgument
from trimtab.simulation.run import Decided, SimulatedRun
from trimtab.simulation.thinning import peak_minutes

if TYPE_CHECKING:
    from numpy.typing import NDArray

Theme = Literal["light", "dark"]
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_LONGEST_REASON = 400
_LOAD_HEIGHT = 240
_MANY_DECISIONS = 300
_MILLISECONDS = 60_000


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that are told apart by people who see red and green alike, on one background."""

    paper: str
    ink: str
    faint: str
    grid: str
    load: str
    capacity: str
    shortage: str
    wanted: str
    paid: str
    out: str
    scaled_in: str


PALETTES: Mapping[Theme, Palette] = {
    "light": Palette(
        *("#ffffff", "#1f2328", "#59636e", "#e4e7eb"),
        *("#0b5cad", "#6b7785", "#d1242f", "#8250df", "#b7bfc9", "#b35900", "#0f7b6c"),
    ),
    "dark": Palette(
        *("#0d1117", "#e6edf3", "#9198a1", "#2a313c"),
        *("#58a6ff", "#8d96a0", "#ff6a69", "#bc8cff", "#4b535e", "#f0a04b", "#3fc1ae"),
    ),
}


@dataclass(frozen=True)
class ChartData:
    """
    What a chart draws, in columns.

    Attributes:
        start: When minute 0 begins, in milliseconds since 1970.
        minutes: The minutes that are drawn.
        columns: A number of each of these minutes, by name.
        decisions: The minute, the size before and after, and the reasons of each decision that is drawn.
        notes: What was left out.
    """

    start: int
    minutes: Sequence[int]
    columns: Mapping[str, Sequence[float]]
    decisions: Sequence[tuple[int, int, int, str]]
    notes: Sequence[str] = ()

    def specification(self, theme: Theme, *, width: int = 900) -> dict[str, Any]:
        """The chart that draws it, without its rows."""
        pairs = zip(self.columns["load"], self.columns["capacity"], strict=True)
        is_short = any(load > capacity for load, capacity in pairs)
        tallest = max(max(self.columns[name], default=0) for name in ("wanted", "running", "in_service"))
        return specification(
            theme,
            width=width,
            decisions=len(self.decisions),
            short=is_short,
            beside="beside" in self.columns,
            tallest=max([tallest, *self.columns.get("beside", ())]),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON data: few bytes, from which a page makes the rows."""
        return {"start": self.start, "minutes": self.minutes, "columns": self.columns, "decisions": self.decisions}

    def datasets(self) -> dict[str, list[dict[str, Any]]]:
        """The rows, as a specification takes them."""
        names = list(self.columns)
        rows = [
            {"t": self.start + minute * _MILLISECONDS, **dict(zip(names, values, strict=True))}
            for minute, *values in zip(self.minutes, *self.columns.values(), strict=True)
        ]
        decisions = [
            {
                "t": self.start + minute * _MILLISECONDS,
                "from": before,
                "to": after,
                "way": "out" if after > before else "in",
                "why": why,
            }
            for minute, before, after, why in self.decisions
        ]
        return {"minutes": rows, "decisions": decisions}


def chart_data(
    run: SimulatedRun, *, most: int = 10_000, decisions: int = 1_500, beside: SimulatedRun | None = None
) -> ChartData:
    """
    What to draw of a simulation, its peaks kept.

    Args:
        run: The simulation.
        most: About how many minutes to draw.
        decisions: How many decisions to draw at most.
        beside: Another one of the same minutes, whose size is drawn beside it.

    Raises:
        InvalidArgument: `beside` is of other minutes.
    """
    columns: dict[str, NDArray[Any]] = {
        "load": run.load,
        "capacity": run.capacity,
        "wanted": run.wanted,
        "running": run.running,
        "in_service": run.in_service,
    }
    if beside is not None:
        if (beside.start, beside.minutes) != (run.start, run.minutes):
            mine, its = (f"{each.minutes} minutes from {each.start.isoformat()}" for each in (run, beside))
            raise InvalidArgument(f"the minutes differ: {mine}, and {its}; `beside` takes a run of the same ones")
        columns["beside"] = beside.in_service
    over = np.maximum(run.load - run.capacity, 0)
    kept = peak_minutes([*columns.values(), over], most)
    chosen = _largest_decisions(run.decisions, run.minutes, decisions)
    notes = []
    if len(kept) < run.minutes:
        text = f"the chart draws {len(kept):,} of {run.minutes:,} minutes, with the extremes of each stretch of time"
        notes.append(f"{text} at their own minute; the KPIs are of all minutes")
    if len(chosen) < len(run.decisions):
        text = f"the chart draws {len(chosen):,} of {len(run.decisions):,} decisions"
        notes.append(f"{text}: the largest of each stretch of time")
    return ChartData(
        start=round(run.start.timestamp() * 1000),
        minutes=kept.tolist(),
        columns={name: [_short(value) for value in values[kept].tolist()] for name, values in columns.items()},
        decisions=[(each.minute, each.decision.previous, each.decision.size, _reasons(each)) for each in chosen],
        notes=notes,
    )


def _largest_decisions(decisions: Sequence[Decided], minutes: int, most: int) -> list[Decided]:
    if len(decisions) <= most:
        return list(decisions)
    largest: dict[int, Decided] = {}
    for each in decisions:
        place = each.minute * most // max(minutes, 1)
        if place not in largest or abs(each.decision.change) > abs(largest[place].decision.change):
            largest[place] = each
    return list(largest.values())


def _reasons(each: Decided) -> str:
    text = "; ".join(map(str, each.decision.reasons))
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"


def _short(value: float) -> float:
    """Six digits of a number, whole ones without a point."""
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() else short


def specification(
    theme: Theme,
    *,
    width: int = 900,
    decisions: int = 1,
    short: bool = True,
    beside: bool = False,
    tallest: float | None = None,
) -> dict[str, Any]:
    """
    The chart, without its rows: the datasets `minutes` and `decisions`.

    Args:
        theme: On a light or a dark background.
        width: Of each panel, in pixels.
        decisions: How many there are: many are drawn smaller, and without any nothing is.
        short: Whether a minute that is drawn has too little capacity.
        beside: Whether the size of another simulation is drawn too.
        tallest: The largest size that is drawn; a decision for it is drawn whole.
    """
    colours = PALETTES[theme]
    size = 0 if not decisions else 18 if decisions > _MANY_DECISIONS else 55
    return {
        "$schema": _SCHEMA,
        "background": colours.paper,
        "vconcat": [_load_panel(colours, width, short, beside), _size_panel(colours, width, size, beside, tallest)],
        "spacing": 24,
        "resolve": {"scale": {"color": "independent"}},
        "config": config_of(colours),
    }


def config_of(colours: Palette) -> dict[str, Any]:
    """How axes, legends and titles look."""
    text = {"labelColor": colours.faint, "titleColor": colours.ink}
    font = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
    return {
        "font": font,
        "axis": {**text, "gridColor": colours.grid, "domainColor": colours.grid, "tickColor": colours.grid},
        "legend": {**text, "orient": "top", "title": None, "symbolType": "stroke", "symbolStrokeWidth": 3},
        "title": {"color": colours.ink, "anchor": "start", "fontWeight": 600},
        "view": {"stroke": None},
        "area": {"line": False},
    }


_HOURS = {"hours": "%H:%M", "minutes": "%H:%M"}
TIME = {
    "field": "t",
    "type": "temporal",
    "scale": {"type": "utc"},
    "axis": {"title": None, "labelOverlap": True, "format": _HOURS},
}
_TOOLTIP = (
    ("t", "minute (UTC)", "temporal", "%Y-%m-%d %H:%M"),
    ("load", "load [requests/s]", "quantitative", ",.4~g"),
    ("capacity", "capacity [requests/s]", "quantitative", ",.4~g"),
    ("wanted", "wanted", "quantitative", ",d"),
    ("running", "paid for", "quantitative", ",d"),
    ("in_service", "in service", "quantitative", ",d"),
)
_BESIDE = ("beside", "predicted in service", "quantitative", ",d")
_DECIDED = (
    ("t", "decided (UTC)", "temporal", "%Y-%m-%d %H:%M"),
    ("from", "from", "quantitative", ",d"),
    ("to", "to", "quantitative", ",d"),
)


def tooltip(rows: Sequence[tuple[str, str, str, str]]) -> list[dict[str, Any]]:
    """A tooltip of fields: each with its title, its sort and its form."""
    return [
        {
            "field": field,
            "title": title,
            "type": kind,
            "format": form,
            **({"formatType": "utc"} if kind == "temporal" else {}),
        }
        for field, title, kind, form in rows
    ]


def lines_of(names: Mapping[str, tuple[str, str]], colours: Palette, title: str) -> dict[str, Any]:
    """A line for each column, a step for each minute; the legend names them."""
    return {
        "data": {"name": "minutes"},
        "transform": [
            {"fold": list(names), "as": ["name", "value"]},
            {"calculate": f"({_object({key: label for key, (label, _) in names.items()})})[datum.name]", "as": "label"},
        ],
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.5},
        "encoding": {
            "x": TIME,
            "y": {"field": "value", "type": "quantitative", "title": title},
            "color": {
                "field": "label",
                "type": "nominal",
                "scale": {
                    "domain": [label for label, _ in names.values()],
                    "range": [getattr(colours, colour) for _, colour in names.values()],
                },
            },
        },
    }


def _object(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"'{key}': '{label}'" for key, label in labels.items()) + "}"


def _load_panel(colours: Palette, width: int, short: bool, beside: bool) -> dict[str, Any]:
    shortage = {
        "data": {"name": "minutes"},
        "transform": [{"calculate": "max(datum.load, datum.capacity)", "as": "top"}],
        "mark": {"type": "area", "interpolate": "step-after", "color": colours.shortage, "opacity": 0.55},
        "encoding": {
            "x": TIME,
            "y": {"field": "capacity", "type": "quantitative"},
            "y2": {"field": "top"},
        },
    }
    lines = {"capacity": ("capacity", "capacity"), "load": ("load", "load")}
    return {
        "width": width,
        "height": _LOAD_HEIGHT,
        "title": "Load and capacity; too little capacity is shaded",
        "layer": [
            *([shortage, _short_minutes(colours)] if short else []),
            lines_of(lines, colours, "requests/s"),
            _pointer(colours, beside),
        ],
    }


def _short_minutes(colours: Palette) -> dict[str, Any]:
    """A tick at the bottom for each minute of shortage: on a long chart its area is thinner than a pixel."""
    return {
        "data": {"name": "minutes"},
        "transform": [{"filter": "datum.load > datum.capacity"}],
        "mark": {"type": "tick", "color": colours.shortage, "thickness": 1.5, "size": 9},
        "encoding": {"x": TIME, "y": {"value": _LOAD_HEIGHT - 4}},
    }


def _pointer(colours: Palette, beside: bool) -> dict[str, Any]:
    """A rule at the minute next to the pointer, with all of its numbers; wheel and drag zoom both panels."""
    return {
        "data": {"name": "minutes"},
        "params": [
            {"name": "zoom", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"},
            {
                "name": "near",
                "select": {
                    "type": "point",
                    "on": "pointerover",
                    "nearest": True,
                    "encodings": ["x"],
                    "clear": "pointerout",
                },
            },
        ],
        "mark": {"type": "rule", "color": colours.faint},
        "encoding": {
            "x": TIME,
            "opacity": {"condition": {"param": "near", "empty": False, "value": 0.7}, "value": 0},
            "tooltip": tooltip([*_TOOLTIP, _BESIDE] if beside else _TOOLTIP),
        },
    }


def _size_panel(colours: Palette, width: int, size: int, beside: bool, tallest: float | None) -> dict[str, Any]:
    lines = {
        "running": ("paid for", "paid"),
        "in_service": ("in service", "capacity"),
        "wanted": ("wanted", "wanted"),
        **({"beside": ("predicted in service", "load")} if beside else {}),
    }
    zoom = {"name": "zoomed", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"}
    sizes = {**lines_of(lines, colours, "instances"), "params": [zoom]}
    room = {"scale": {"domainMax": 1.05 * tallest}} if tallest else {}
    decisions = {
        "data": {"name": "decisions"},
        "mark": {"type": "point", "filled": True, "size": size, "opacity": 0.9},
        "encoding": {
            "x": TIME,
            "y": {"field": "to", "type": "quantitative", **room},
            "shape": {
                "field": "way",
                "type": "nominal",
                "scale": {"domain": ["out", "in"], "range": ["triangle-up", "triangle-down"]},
                "legend": None,
            },
            "color": {
                "field": "way",
                "type": "nominal",
                "scale": {"domain": ["out", "in"], "range": [colours.out, colours.scaled_in]},
                "legend": None,
            },
            "tooltip": [*tooltip(_DECIDED), {"field": "why", "title": "because", "type": "nominal"}],
        },
    }
    return {
        "width": width,
        "height": 200,
        "title": "Size and decisions, their reasons on hover",
        "layer": [sizes, decisions] if size else [sizes],
        "resolve": {"scale": {"color": "independent", "shape": "independent"}},
    }
