"""A drill as Markdown, for a pull request."""

from collections.abc import Iterator, Sequence

from trimtab.drills.results import DrillResult, DrillVerdict
from trimtab.phrases import plain_markdown

_MARKS = {DrillVerdict.HELD: "held", DrillVerdict.NOT_HELD: "**not held**", DrillVerdict.NOT_TRIED: "not tried"}


def markdown_of(title: str, results: Sequence[DrillResult], notes: Sequence[str]) -> str:
    """A table with a row for each scenario and group, what did not hold with its fix, and the notes."""
    head = [f"### {plain_markdown(title)}", "", "| scenario | group | | seen |", "| --- | --- | --- | --- |"]
    rows = [_row(each) for each in results]
    wrong = [line for each in results for line in _fixes(each)]
    said = [f"- {plain_markdown(note)}" for note in notes]
    return "\n".join([*head, *rows, *(["", *wrong] if wrong else []), *(["", *said] if said else [])]) + "\n"


def _row(result: DrillResult) -> str:
    seen = result.reason or "; ".join(map(str, result.checks))
    return f"| {result.scenario} | {plain_markdown(result.group)} | {_MARKS[result.verdict]} | {plain_markdown(seen)} |"


def _fixes(result: DrillResult) -> Iterator[str]:
    for check in result.failures:
        fix = f"; fix: {check.fix}" if check.fix else ""
        subject = f"{result.scenario}, {result.group}" if result.group else result.scenario
        yield f"- {plain_markdown(f'{subject}: {check}{fix}')}"
