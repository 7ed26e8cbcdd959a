"""What `check` found as rows that reports for programs list: findings, and mistakes of a file that is not valid."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from trimtab.checks import Finding
from trimtab.cli.views.values import printable
from trimtab.errors import ConfigError
from trimtab.models import Position

INVALID = "invalid-file"
"""In place of a check's code: a mistake in a file."""
FAILED = "failed-check"
"""In place of a check's code: why nothing was checked, where no line is at fault."""
STANDARD_INPUT = "standard input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One row of a report.

    Attributes:
        code: The check, `INVALID` or `FAILED`.
        group: The group's name; empty where none is meant.
        path: The field of the group.
        text: What is the matter, with the group and the field.
        mend: What to do about it; empty where the text says it.
        page: The page that explains it.
        position: Where it is; `None` where no file is meant.
        is_error: Whether nothing was checked because of it.
        is_ignored: Whether a comment of the file leaves it out.
        reason: Why, as the comment says.
    """

    code: str
    group: str = ""
    path: str = ""
    text: str
    mend: str = ""
    page: str = ""
    position: Position | None = None
    is_error: bool = False
    is_ignored: bool = False
    reason: str = ""

    @property
    def lines(self) -> Sequence[str]:
        """The row in a few lines of text."""
        left_out = f"ignored: {self.reason or 'no reason given'}" if self.is_ignored else ""
        mend = f"fix: {self.mend}" if self.mend else ""
        return [printable(line) for line in (self.text, mend, left_out, self.page) if line]

    @property
    def file(self) -> str:
        """The file, as it was named; empty for standard input."""
        return self.position.file if self.position and self.position.file != STANDARD_INPUT else ""


def finding_entries(findings: Iterable[Finding]) -> list[Entry]:
    """A row for each finding."""
    return [
        Entry(
            code=finding.code,
            group=finding.group,
            path=finding.path,
            text=f"{finding.place}: {finding.text}" if finding.place else finding.text,
            mend=finding.mend,
            page=finding.page,
            position=finding.position,
            is_ignored=finding.is_ignored,
            reason=finding.reason,
        )
        for finding in findings
    ]


def mistake_entries(error: ConfigError) -> list[Entry]:
    """A row for each mistake that an error names."""
    return [_mistake(problem, place) for problem, place in zip(error.problems, error.places, strict=True)]


def _mistake(problem: str, place: tuple[str, int, int] | None) -> Entry:
    position = None if place is None else Position(*place)
    text = problem.removeprefix(f"{position}: ")
    return Entry(code=FAILED if position is None else INVALID, text=text, position=position, is_error=True)


def relative_uri(file: str, folder: Path) -> str:
    """A file's address relative to a folder; empty where it is not below it."""
    try:
        below = Path(os.path.normpath(folder / file)).relative_to(folder)
    except ValueError:
        return ""
    return quote(below.as_posix())


def absolute_path(file: str, folder: Path) -> Path:
    """A file's whole path, as seen from a folder."""
    return Path(os.path.normpath(folder / file))
