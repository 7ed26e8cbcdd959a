"""What clouds make of a fleet, and of the words of the model: for people, as Markdown, and as data."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import printable
from trimtab.declarations import Support
from trimtab.models import Position
from trimtab.phrases import in_words
from trimtab.plan.changes import PATHS
from trimtab.runtime.portability import CloudSurvey, FieldVerdict, PortabilityRemark, verdict_of

STYLES = {FieldVerdict.IMPOSSIBLE: "bold red", FieldVerdict.CONTROLLER: "yellow", FieldVerdict.APPROXIMATED: "yellow"}
TAKEN, REFUSED = "taken", "refused"
SHOWN = tuple(verdict for verdict in reversed(FieldVerdict) if verdict is not FieldVerdict.NATIVE)
"""The verdicts that are told line by line, the worst first."""
HEADINGS = ("cloud", *(verdict.value for verdict in FieldVerdict), "a plan")
Words = Mapping[str, Mapping[str, str]]
"""A table of words: by what they are for, and by cloud."""


def survey_view(surveys: Sequence[CloudSurvey]) -> RenderableType:
    """How many fields each cloud takes and how, then everything that is not simply native."""
    rows = [[Text(cell) for cell in _counts(each)] for each in surveys]
    numbers = [verdict.value for verdict in FieldVerdict]
    parts: list[RenderableType] = [Rows(HEADINGS, rows, numbers)]
    for each in surveys:
        for verdict, told in _told(each):
            parts += ["", Text(f"{verdict.value} on {each.provider}", STYLES.get(verdict, ""))]
            parts += [Text(printable(f"  {line}")) for line in told]
    return Group(*parts)


def survey_markdown(fleet: str, surveys: Sequence[CloudSurvey]) -> str:
    """The same for a page."""
    lines = [f"# Portability of {fleet}", "", *_table(HEADINGS, [_counts(each) for each in surveys])]
    for each in surveys:
        for verdict, told in _told(each):
            lines += ["", f"## {verdict.value.capitalize()} on {each.provider}", "", *(f"- {line}" for line in told)]
    return "\n".join((*lines, ""))


def survey_dict(surveys: Sequence[CloudSurvey]) -> Mapping[str, Any]:
    """The same as data."""
    return {
        "clouds": {
            each.provider: {
                "fields": {verdict.value: each.fields.get(verdict, 0) for verdict in FieldVerdict},
                "refused": each.is_refused,
                "remarks": [_remark_dict(remark) for remark in each.remarks],
            }
            for each in surveys
        }
    }


def _counts(survey: CloudSurvey) -> list[str]:
    numbers = [str(survey.fields.get(verdict, 0)) for verdict in FieldVerdict]
    return [survey.provider, *numbers, REFUSED if survey.is_refused else TAKEN]


def _told(survey: CloudSurvey) -> Iterator[tuple[FieldVerdict, list[str]]]:
    """What is to be said, by verdict: what is said of several groups alike is one line, at the first of them."""
    for verdict in SHOWN:
        alike: dict[tuple[str, str, Position | None], list[PortabilityRemark]] = {}
        for remark in survey.remarks:
            if remark.verdict is verdict:
                alike.setdefault((remark.path, remark.text, remark.place), []).append(remark)
        if alike:
            yield verdict, [_line(some) for some in alike.values()]


def _line(alike: Sequence[PortabilityRemark]) -> str:
    first, groups = alike[0], [remark.group for remark in alike if remark.group]
    named = f"group{'s' if len(groups) > 1 else ''} {in_words(groups)}" if groups else ""
    return ": ".join(filter(None, (str(first.place or ""), named, first.path, first.text)))


def _remark_dict(remark: PortabilityRemark) -> Mapping[str, Any]:
    place = remark.place
    return {
        "verdict": remark.verdict.value,
        "group": remark.group or None,
        "path": remark.path.split(PATHS)[0] or None,
        "message": remark.text,
        "refused": remark.refuses,
        "file": place.file if place else None,
        "line": place.line if place else None,
    }


# without a fleet


def words_view(features: Mapping[str, Mapping[str, Support]], tables: Mapping[str, Words]) -> RenderableType:
    """How well each cloud does each feature, then what stands for a word in each."""
    parts: list[RenderableType] = [_rows("feature", {name: _short(row) for name, row in features.items()})]
    for title, words in tables.items():
        parts += ["", _rows(title, words)]
    return Group(*parts)


def words_markdown(features: Mapping[str, Mapping[str, Support]], tables: Mapping[str, Words]) -> str:
    """The same for a page, with what differs."""
    every: Mapping[str, Words] = {"feature": {name: _long(row) for name, row in features.items()}, **tables}
    lines: list[str] = []
    for title, words in every.items():
        clouds = list(next(iter(words.values())))
        lines += [*_table((title, *clouds), [[name, *row.values()] for name, row in words.items()]), ""]
    return "\n".join(lines)


def words_dict(features: Mapping[str, Mapping[str, Support]], tables: Mapping[str, Words]) -> Mapping[str, Any]:
    """The same as data."""
    rows = [
        {"feature": name, "clouds": {cloud: _support(one) for cloud, one in row.items()}}
        for name, row in features.items()
    ]
    return {"features": rows, **{title: dict(words) for title, words in tables.items()}}


def _support(support: Support) -> Mapping[str, str]:
    return {"verdict": verdict_of(support).value, "text": support.text}


def _short(row: Mapping[str, Support]) -> Mapping[str, str]:
    return {cloud: verdict_of(support).value for cloud, support in row.items()}


def _long(row: Mapping[str, Support]) -> Mapping[str, str]:
    return {
        cloud: f"{verdict_of(support).value}{f': {support.text}' if support.text else ''}"
        for cloud, support in row.items()
    }


def _rows(title: str, words: Words) -> Rows:
    clouds = list(next(iter(words.values())))
    return Rows(
        (title, *clouds), [[Text(name), *(Text(row[cloud]) for cloud in clouds)] for name, row in words.items()]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, ["---"] * len(head), *rows)
    ]
