"""What checks found, as whoever mends it reads it: place, code, text, mend, page."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.checks import Finding
from trimtab.views.values import printable


def findings_view(findings: Sequence[Finding]) -> RenderableType:
    """Every finding, in the order given."""
    return Group(*(line for finding in findings for line in _finding_view(finding)))


def _finding_view(finding: Finding) -> Iterator[Text]:
    place = f"{finding.position}: " if finding.position else ""
    code, _, rest = str(finding).partition(" ")
    yield Text.assemble(printable(place), (code, "bold yellow"), f" {printable(rest)}")
    yield Text(f"    mend: {printable(finding.mend)}")
    yield Text(f"    {finding.page}", "dim")
