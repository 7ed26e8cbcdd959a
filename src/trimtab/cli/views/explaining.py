"""An explanation for people: the answer, what is wrong, the timeline, each minute."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.values import Indented, Prose, printable
from trimtab.explaining import Diagnosis, Explanation, TimelineEntry, TimelineKind
from trimtab.explaining.spans import Span, spans_of

_STYLES: Mapping[TimelineKind, str] = {
    TimelineKind.SIZE: "green",
    TimelineKind.MANUAL: "bold yellow",
    TimelineKind.FAILURE: "bold red",
    TimelineKind.ALARM: "magenta",
    TimelineKind.SCHEDULE: "cyan",
    TimelineKind.PAUSE: "yellow",
    TimelineKind.BOOST: "yellow",
}


def explanation_view(explanation: Explanation, zone: tzinfo) -> RenderableType:
    """
    Everything about one group.

    Args:
        explanation: What was found.
        zone: In which times are told.
    """
    return Group(*_parts(explanation, zone))


def _parts(explanation: Explanation, zone: tzinfo) -> Iterator[RenderableType]:
    span = f"{explanation.since.astimezone(zone):%Y-%m-%d %H:%M} to {explanation.until.astimezone(zone):%H:%M %Z}"
    yield Text.assemble((printable(explanation.group), "bold"), f" on {explanation.provider}, {span}")
    yield Prose(printable(_answer(explanation, zone)))
    for diagnosis in explanation.diagnoses or ():
        yield ""
        yield from _diagnosis(diagnosis)
    if explanation.diagnoses == ():
        yield Text("nothing wrong was found", "green")
    yield ""
    yield Text("what happened", "dim")
    yield from (_entry(entry, zone) for entry in explanation.entries)
    if not explanation.entries:
        yield Indented(Text("nothing", "dim"), 2)
    yield ""
    yield Text("what the rules say", "dim")
    for run in spans_of(explanation.minutes):
        yield from _span(run, zone)
    yield ""
    yield from (Prose(printable(f"note: {note}"), "dim") for note in explanation.notes)


def _answer(explanation: Explanation, zone: tzinfo) -> str:
    minute = explanation.minute
    at = explanation.at.astimezone(zone)
    return f"{at:%H:%M %Z}: {minute}" if minute else f"{at:%H:%M %Z}: has {explanation.size}"


def _entry(entry: TimelineEntry, zone: tzinfo) -> RenderableType:
    when = f"{entry.at.astimezone(zone):%H:%M:%S}  "
    head = Prose.assemble((when, "dim"), (f"{entry.kind}", _STYLES.get(entry.kind, "")), f"  {printable(entry.text)}")
    parts = [Indented(head, 2)]
    if entry.detail:
        parts.append(Indented(Prose(printable(entry.detail), "dim"), 12))
    return Group(*parts)


def _span(span: Span, zone: tzinfo) -> Iterator[RenderableType]:
    begin, end, minute = span
    until = f"-{end.astimezone(zone):%H:%M}" if end != begin else " " * 6
    sizes = f"{minute.size}" if minute.size == minute.wanted else f"{minute.size}, by the rules {minute.wanted}"
    because = printable("; ".join(minute.because))
    yield Indented(
        Prose.assemble((f"{begin.astimezone(zone):%H:%M}{until}  ", "dim"), (sizes, "bold"), f"  {because}"), 2
    )
    if minute.difference:
        yield Indented(Prose(printable(f"difference: {minute.difference}"), "yellow"), 15)


def _diagnosis(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    yield Prose.assemble(
        (f"{diagnosis.cause}", "bold red"), printable(str(diagnosis).removeprefix(diagnosis.cause.value))
    )
    yield from (Indented(Prose(printable(text), "dim"), 2) for text in diagnosis.evidence)
    yield Indented(Prose(printable(f"fix: {diagnosis.fix}")), 2)
    if diagnosis.rehearsed:
        yield Indented(Prose(printable(f"rehearsed: {diagnosis.rehearsed}")), 2)
    for line in diagnosis.diff.splitlines():
        style = {"+": "green", "-": "red"}.get(line[:1], "dim")
        yield Indented(Text(printable(line), style), 4)
