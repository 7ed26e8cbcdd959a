"""The explanation of one group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.controller.comparing import Episode
from trimtab.errors import MissingExtra
from trimtab.explaining.markdown import markdown_of
from trimtab.explaining.results import Diagnosis, ExplainedMinute, TimelineEntry

if TYPE_CHECKING:
    from trimtab.simulation.chart import Theme


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """
    Why a group has the size that it has, or had at a moment.

    Attributes:
        group: The group's name within the fleet.
        name: Its name in the cloud.
        at: The moment that was asked about; the end of the time that is looked at where none was.
        since: From when on it is explained.
        until: Up to when.
        size: The size at the end.
        entries: What happened, oldest first.
        minutes: Each minute, oldest first.
        differences: The times in which the rules and the cloud differed.
        diagnoses: What is wrong; `None` where that was not asked.
        notes: What could not be read, and what cannot be known.
    """

    fleet: str
    provider: str
    group: str
    name: str
    location: str
    at: datetime
    since: datetime
    until: datetime
    size: int
    minimum: int
    maximum: int
    running: int
    entries: Sequence[TimelineEntry] = ()
    minutes: Sequence[ExplainedMinute] = ()
    differences: Sequence[Episode] = ()
    diagnoses: Sequence[Diagnosis] | None = None
    notes: Sequence[str] = ()

    @property
    def minute(self) -> ExplainedMinute | None:
        """The minute that was asked about; `None` where nothing could be worked out."""
        before = [minute for minute in self.minutes if minute.at <= self.at]
        return before[-1] if before else None

    def to_markdown(self) -> str:
        """The same for an incident report or a pull request."""
        title = f"{self.group} on {self.provider}"
        return markdown_of(title, str(self), self.diagnoses, self.entries, self.minutes, self.notes)

    def save(self, path: str | Path, *, theme: "Theme" = "light") -> Path:
        """
        Write a report: `.html` is one page that needs no network, `.png` its chart.

        Args:
            path: Where to.
            theme: Of the picture, `light` or `dark`; the page follows the reader's setting.

        Raises:
            InvalidArgument: The name ends otherwise, or the file cannot be written.
            MissingExtra: The charts need the extra `sim`.
        """
        try:
            # by its name alone, since the report stands on this module; numpy is an extra
            report = import_module("trimtab.explaining.report")
        except ModuleNotFoundError as missing:
            raise MissingExtra("a report", "sim") from missing
        saved: Path = report.save(self, path, theme=theme)
        return saved

    def __str__(self) -> str:
        """The answer in a sentence."""
        minute = self.minute
        said = str(minute) if minute else f"has {self.size}"
        return f"{self.group} at {self.at:%Y-%m-%d %H:%M %Z}: {said}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        minute, found = self.minute, self.diagnoses
        return {
            "fleet": self.fleet,
            "provider": self.provider,
            "group": self.group,
            "name": self.name,
            "location": self.location,
            "at": self.at.isoformat(),
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "size": self.size,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "running": self.running,
            "answer": str(self),
            "minute": minute.to_dict() if minute else None,
            "entries": [entry.to_dict() for entry in self.entries],
            "minutes": [each.to_dict() for each in self.minutes],
            "differences": [episode.to_dict() for episode in self.differences],
            "diagnoses": None if found is None else [each.to_dict() for each in found],
            "notes": list(self.notes),
        }
