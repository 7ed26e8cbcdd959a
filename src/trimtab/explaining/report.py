"""The report of an explanation: one page that needs no network, or a picture, drawn as simulations are."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from trimtab.explaining.explanation import Explanation
from trimtab.explaining.results import Diagnosis, ExplainedMinute
from trimtab.explaining.spans import spans_of
from trimtab.phrases import in_words
from trimtab.simulation.chart import PALETTES, TIME, Palette, Theme, config_of, lines_of, tooltip
from trimtab.simulation.report import (
    Drawn,
    check_theme,
    converter,
    notes_list,
    page_of,
    script_bundle,
    write_report,
)

_MOST_PANELS = 6
_LONGEST = 200
_SIZES = {
    "maximum": ("maximum", "paid"),
    "minimum": ("minimum", "paid"),
    "wanted": ("by the rules", "wanted"),
    "size": ("size", "load"),
}
_MINUTE = (
    ("t", "minute (UTC)", "temporal", "%Y-%m-%d %H:%M"),
    ("size", "size", "quantitative", ",d"),
    ("wanted", "by the rules", "quantitative", ",d"),
    ("minimum", "minimum", "quantitative", ",d"),
    ("maximum", "maximum", "quantitative", ",d"),
)
_TEXTS = (("because", "because"), ("difference", "difference"))


def save(explanation: Explanation, path: str | Path, *, theme: Theme = "light") -> Path:
    """
    Write the report: a page to `.html`, its chart to `.png`.

    Raises:
        InvalidArgument: The name ends otherwise, the theme is unknown, or the file cannot be written.
        MissingExtra: vl-convert is not installed.
    """
    check_theme(theme)
    return write_report(path, lambda: page(explanation), lambda: picture(explanation, theme))


def picture(explanation: Explanation, theme: Theme, *, width: int = 900, scale: float = 1.5) -> bytes:
    """The chart as PNG, from the specification of the page."""
    spec = {**specification(explanation, theme, width=width), "datasets": datasets(explanation), "padding": 12}
    return converter().vegalite_to_png(spec, scale=scale, allowed_base_urls=[])  # type: ignore[no-any-return]


def page(explanation: Explanation) -> str:
    """The answer, what is wrong, the chart, what happened, and what the rules say."""
    title = escape(f"{explanation.group} on {explanation.provider}")
    span = f"{explanation.since:%Y-%m-%d %H:%M} to {explanation.until:%Y-%m-%d %H:%M %Z}"
    above = f"<h1>{title}</h1><p class=faint>{escape(span)}</p><p>{escape(str(explanation))}</p>"
    wrong = "".join(_diagnosis(each) for each in explanation.diagnoses or ())
    fine = "<p>Nothing wrong was found.</p>" if explanation.diagnoses == () else ""
    below = (_happened(explanation), _rules(explanation), notes_list(explanation.notes))
    drawn = Drawn(
        label="Size, size by the rules, and what the rules go by",
        specs={theme: specification(explanation, theme) for theme in PALETTES},
        data=datasets(explanation),
    )
    return page_of(title, f"{above}{wrong}{fine}", drawn, "\n".join(below), script_bundle())


# the chart


def datasets(explanation: Explanation) -> dict[str, list[dict[str, Any]]]:
    """The rows that the chart draws."""
    places = {names[0]: f"v{place}" for place, names in enumerate(_watched(explanation.minutes))}
    return {
        "minutes": [_row(minute, places) for minute in explanation.minutes],
        "entries": [
            {
                "t": round(entry.at.timestamp() * 1000),
                "kind": entry.kind.value,
                "text": _short(f"{entry.text}; {entry.detail}" if entry.detail else entry.text),
            }
            for entry in explanation.entries
        ],
    }


def _row(minute: ExplainedMinute, places: Mapping[str, str]) -> dict[str, Any]:
    return {
        "t": round(minute.at.timestamp() * 1000),
        **{name: getattr(minute, name) for name in _SIZES},
        "because": _short("; ".join(minute.because)),
        "difference": _short(minute.difference),
        **{place: minute.values.get(name) for name, place in places.items()},
    }


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _watched(minutes: Sequence[ExplainedMinute]) -> list[tuple[str, ...]]:
    """The alarms and policies that look at a metric, those of the same values together."""
    names = dict.fromkeys(name for minute in minutes for name in minute.values)
    alike: dict[tuple[float | None, ...], list[str]] = {}
    for name in names:
        alike.setdefault(tuple(minute.values.get(name) for minute in minutes), []).append(name)
    return [tuple(some) for some in alike.values()][:_MOST_PANELS]


def specification(explanation: Explanation, theme: Theme, *, width: int = 900) -> dict[str, Any]:
    """The chart, without its rows: the datasets `minutes` and `entries`."""
    colours = PALETTES[theme]
    watched = _watched(explanation.minutes)
    values = [_values(in_words(names), f"v{place}", colours, width) for place, names in enumerate(watched)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": colours.paper,
        "vconcat": [_sizes(colours, width, differs=any(each.difference for each in explanation.minutes)), *values],
        "spacing": 18,
        "resolve": {"scale": {"color": "independent"}},
        "config": config_of(colours),
    }


def _sizes(colours: Palette, width: int, *, differs: bool) -> dict[str, Any]:
    shaded = {
        "data": {"name": "minutes"},
        "transform": [{"filter": "datum.difference != ''"}, {"calculate": "datum.t + 60000", "as": "end"}],
        "mark": {"type": "rect", "color": colours.shortage, "opacity": 0.2},
        "encoding": {"x": TIME, "x2": {"field": "end"}},
    }
    happened = {
        "data": {"name": "entries"},
        "mark": {"type": "point", "filled": True, "size": 60, "color": colours.out, "shape": "diamond"},
        "encoding": {
            "x": TIME,
            "y": {"value": 8},
            "tooltip": [
                *tooltip((("t", "at (UTC)", "temporal", "%Y-%m-%d %H:%M:%S"),)),
                {"field": "kind", "type": "nominal"},
                {"field": "text", "title": "what", "type": "nominal"},
            ],
        },
    }
    sizes = lines_of(_SIZES, colours, "instances")
    sizes["encoding"]["y"]["axis"] = {"tickMinStep": 1}
    layers = [sizes, _pointer(colours), happened]
    return {
        "width": width,
        "height": 220,
        "title": "Size, and by the rules; differences are shaded",
        "layer": [shaded, *layers] if differs else layers,
    }


def _pointer(colours: Palette) -> dict[str, Any]:
    near = {"type": "point", "on": "pointerover", "nearest": True, "encodings": ["x"], "clear": "pointerout"}
    texts = [{"field": field, "title": title, "type": "nominal"} for field, title in _TEXTS]
    return {
        "data": {"name": "minutes"},
        "params": [{"name": "near", "select": near}],
        "mark": {"type": "rule", "color": colours.faint},
        "encoding": {
            "x": TIME,
            "opacity": {"condition": {"param": "near", "empty": False, "value": 0.7}, "value": 0},
            "tooltip": [*tooltip(_MINUTE), *texts],
        },
    }


def _values(name: str, field: str, colours: Palette, width: int) -> dict[str, Any]:
    return {
        "width": width,
        "height": 80,
        "title": f"Watched by {name}",
        "data": {"name": "minutes"},
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.5, "color": colours.capacity},
        "encoding": {
            "x": TIME,
            "y": {"field": field, "type": "quantitative", "title": None, "axis": {"tickCount": 4}},
            "tooltip": tooltip((_MINUTE[0], (field, name, "quantitative", ",.4~g"))),
        },
    }


# the tables


def _happened(explanation: Explanation) -> str:
    rows = ((f"{each.at:%m-%d %H:%M:%S}", each.kind.value, each.text, each.detail) for each in explanation.entries)
    return _table("What happened", ("at (UTC)", "", "what", "detail"), rows)


def _rules(explanation: Explanation) -> str:
    rows = (
        (f"{begin:%m-%d %H:%M}", f"{end:%H:%M}", str(each.size), str(each.wanted), "; ".join(each.because))
        for begin, end, each in spans_of(explanation.minutes)
    )
    return _table("What the rules say", ("from (UTC)", "to", "size", "rules", "because"), rows)


def _table(title: str, headings: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr><td class=when>{'</td><td>'.join(escape(cell) for cell in row)}</td></tr>" for row in rows)
    table = f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>' if body else "<p>Nothing.</p>"
    return f"<h2>{title}</h2>{table}"


def _diagnosis(diagnosis: Diagnosis) -> str:
    evidence = "".join(f"<li>{escape(text)}</li>" for text in diagnosis.evidence)
    diff = f"<pre>{escape(diagnosis.diff)}</pre>" if diagnosis.diff else ""
    rehearsed = f"<p>Rehearsed: {escape(diagnosis.rehearsed)}</p>" if diagnosis.rehearsed else ""
    name = f'<span class="fail">{escape(str(diagnosis))}</span>'
    return f"<p>{name}</p><ul>{evidence}</ul><p>Fix: {escape(diagnosis.fix)}</p>{rehearsed}{diff}"
