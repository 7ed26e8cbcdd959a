"""A drill as Markdown, for a pull request."""

from collections.abc import Iterator, Sequence

from trimtab.drills.results import DrillResult, DrillVerdict
from trimtab.phrases import printable

_MARKS = {DrillVerdict.HELD: "held", DrillVerdict.NOT_HELD: "**not held**", DrillVerdict.NOT_TRIED: "not tried"}


def markdown_of(title: str, results: Sequence[DrillResult], notes: Sequence[str]) -> str:
    """A table with a row for each scenario and group, what did not hold with its fix, and the notes."""
    head = [f"### {_cell(title)}", "", "| scenario | group | | seen |", "| --- | --- | --- | --- |"]
    rows = [_row(each) for each in results]
    wrong = [line for each in results for line in _fixes(each)]
    said = [f"- {_cell(note)}" for note in notes]
    return "\n".join([*head, *rows, *(["", *wrong] if wrong else []), *(["", *said] if said else [])]) + "\n"


def _row(result: DrillResult) -> str:
    seen = result.reason or "; ".join(map(str, result.checks))
    return f"| {result.scenario} | {_cell(result.group)} | {_MARKS[result.verdict]} | {_cell(seen)} |"


def _fixes(result: DrillResult) -> Iterator[str]:
    for check in result.failures:
        fix = f"; fix: {check.fix}" if check.fix else ""
        subject = f"{result.scenario}, {result.group}" if result.group else result.scenario
        yield f"- {_cell(f'{subject}: {check}{fix}')}"


def _cell(text: str) -> str:
    """Text for a cell of a table, on one line and with its markup escaped."""
    plain = printable(text)
    for mark in "\\|<>`*_[":
        plain = plain.replace(mark, f"\\{mark}")
    return plain
