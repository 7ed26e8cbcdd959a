"""An explanation as Markdown."""

from collections.abc import Iterator, Sequence

from trimtab.explaining.results import Diagnosis, ExplainedMinute, TimelineEntry
from trimtab.explaining.spans import spans_of
from trimtab.phrases import printable


def markdown_of(
    title: str,
    answer: str,
    diagnoses: Sequence[Diagnosis] | None,
    entries: Sequence[TimelineEntry],
    minutes: Sequence[ExplainedMinute],
    notes: Sequence[str],
) -> str:
    """The answer, what is wrong, the timeline, the minutes, and what cannot be known."""
    wrong = [line for diagnosis in diagnoses or () for line in _diagnosis(diagnosis)]
    well = ["Nothing wrong was found.\n"] if diagnoses is not None and not diagnoses else []
    head = [f"### {_cell(title)}", f"\n{_cell(answer)}\n", *wrong, *well]
    rest = [*_timeline(entries), *_table(minutes), "", *(f"- {_cell(note)}" for note in notes)]
    return "\n".join([*head, *rest]) + "\n"


def _timeline(entries: Sequence[TimelineEntry]) -> Iterator[str]:
    if entries:
        yield "| time | what | | |\n| --- | --- | --- | --- |"
    for entry in entries:
        yield f"| {entry.at:%H:%M:%S} | {entry.kind} | {_cell(entry.text)} | {_cell(entry.detail)} |"


def _table(minutes: Sequence[ExplainedMinute]) -> Iterator[str]:
    if minutes:
        yield "\n| from | to | size | rules | because | difference |\n| --- | --- | ---: | ---: | --- | --- |"
    for begin, end, minute in spans_of(minutes):
        sizes, because = f"{minute.size} | {minute.wanted}", _cell("; ".join(minute.because))
        yield f"| {begin:%H:%M} | {end:%H:%M} | {sizes} | {because} | {_cell(minute.difference)} |"


def _diagnosis(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"**{_cell(str(diagnosis))}**\n"
    yield from (f"- {_cell(text)}" for text in diagnosis.evidence)
    yield f"- fix: {_cell(diagnosis.fix)}"
    if diagnosis.rehearsed:
        yield f"- rehearsed: {_cell(diagnosis.rehearsed)}"
    if diagnosis.diff:
        yield f"\n```diff\n{printable(diagnosis.diff, lines=True).rstrip()}\n```"
    yield ""


def _cell(text: str) -> str:
    """Text of others as a table's cell, its markup and line breaks escaped."""
    plain = printable(text)
    for mark in "\\|<>`*_[":
        plain = plain.replace(mark, f"\\{mark}")
    return plain
