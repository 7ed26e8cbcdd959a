"""What checks found, as whoever mends it reads it: place, code, text, fix, page."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from trimtab.checks import Finding
from trimtab.cli.views.values import Indented, Prose, printable
from trimtab.phrases import in_words


def findings_view(findings: Sequence[Finding]) -> RenderableType:
    """Every finding, in the order given; what is so of many groups alike is one, at the first of them."""
    alike: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings:
        alone = "" if finding.group else str(finding.position)
        alike.setdefault((finding.code, finding.path, finding.text, finding.mend + alone), []).append(finding)
    return Group(*(line for same in alike.values() for line in _finding_view(*same)))


def _finding_view(finding: Finding, *others: Finding) -> Iterator[RenderableType]:
    place = f"{finding.position}: " if finding.position else ""
    code, _, rest = str(finding).partition(" ")
    likewise = f"; likewise in group {in_words([_named(other) for other in others])}" if others else ""
    yield Prose.assemble(printable(place), (code, "bold yellow"), f" {printable(rest + likewise)}")
    yield Indented(Prose(f"fix: {printable(finding.mend)}"), 4)
    if finding.is_ignored:
        yield Indented(Prose(f"ignored: {printable(finding.reason or 'no reason given')}", "dim"), 4)
    if finding.page:
        yield Indented(Prose(printable(finding.page), "dim"), 4)


def _named(finding: Finding) -> str:
    return f"{finding.group} (line {finding.position.line})" if finding.position else finding.group
