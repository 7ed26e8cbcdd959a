"""An explanation as Markdown."""

from collections.abc import Iterator, Sequence

from trimtab.explaining.results import Diagnosis, ExplainedMinute, TimelineEntry
from trimtab.explaining.spans import spans_of
from trimtab.phrases import plain_markdown, printable


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
    head = [f"### {plain_markdown(title)}", f"\n{plain_markdown(answer)}\n", *wrong, *well]
    rest = [*_timeline(entries), *_table(minutes), "", *(f"- {plain_markdown(note)}" for note in notes)]
    return "\n".join([*head, *rest]) + "\n"


def _timeline(entries: Sequence[TimelineEntry]) -> Iterator[str]:
    if entries:
        yield "| time | what | | |\n| --- | --- | --- | --- |"
    for entry in entries:
        yield f"| {entry.at:%H:%M:%S} | {entry.kind} | {plain_markdown(entry.text)} | {plain_markdown(entry.detail)} |"


def _table(minutes: Sequence[ExplainedMinute]) -> Iterator[str]:
    if minutes:
        yield "\n| from | to | size | rules | because | difference |\n| --- | --- | ---: | ---: | --- | --- |"
    for begin, end, minute in spans_of(minutes):
        sizes, because = f"{minute.size} | {minute.wanted}", plain_markdown("; ".join(minute.because))
        yield f"| {begin:%H:%M} | {end:%H:%M} | {sizes} | {because} | {plain_markdown(minute.difference)} |"


def _diagnosis(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"**{plain_markdown(str(diagnosis))}**\n"
    yield from (f"- {plain_markdown(text)}" for text in diagnosis.evidence)
    yield f"- fix: {plain_markdown(diagnosis.fix)}"
    if diagnosis.rehearsed:
        yield f"- rehearsed: {plain_markdown(diagnosis.rehearsed)}"
    if diagnosis.diff:
        yield f"\n```diff\n{printable(diagnosis.diff, lines=True).rstrip()}\n```"
    yield ""
