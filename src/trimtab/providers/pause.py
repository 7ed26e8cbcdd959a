"""A marked pause: who stopped the scaling of a group, until when, why, and what stands still because of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from trimtab.providers.moments import zulu

LONGEST = 255
"""Characters that a mark may have: what a tag takes in each cloud."""
TAG = "trimtab-paused"
"""The tag that bears the mark, where a cloud has tags."""
_BETWEEN = " / "
_NOTHING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """
    A pause as it is marked on a group.

    Attributes:
        by: Who paused it.
        until: When it is to be over; nothing happens by itself then, and status says so.
        why: The reason, for those who find it.
        held: What the pause itself stopped, in the vendor's words, and what resuming gives back; `None` when the
            mark, perhaps written by hand, does not say.
    """

    by: str
    until: datetime | None = None
    why: str = ""
    held: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The pause that a mark tells of; whatever it says, the group is paused."""
        by, *rest = text.split(_BETWEEN, 3)
        until, held, why = (*rest, "", "", "")[:3]
        known = held.split() if held else None
        return cls(
            by=by.strip() or "somebody",
            until=_moment(until),
            why=why,
            held=None if known is None else tuple(word for word in known if word != _NOTHING),
        )

    def line(self) -> str:
        """The mark: `ana / 2026-07-06T18:00:00Z / AlarmNotification ScheduledActions / a deployment`."""
        until = zulu(self.until) if self.until else _NOTHING
        parts = (_plain(self.by), until, " ".join(self.held or ()) or _NOTHING, _plain(self.why))
        return _BETWEEN.join(part for part in parts if part)[:LONGEST].rstrip()

    def is_over(self, now: datetime) -> bool:
        """Whether it should have been resumed by now."""
        return self.until is not None and self.until <= now

    def __str__(self) -> str:
        """`paused by ana until 2026-07-06 18:00 UTC: a deployment`."""
        until = f" until {self.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.until else ""
        return f"paused by {self.by}{until}{': ' if self.why else ''}{self.why}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {"by": self.by, "until": self.until.isoformat() if self.until else None, "why": self.why}


def _plain(text: str) -> str:
    """Text in one line, in which nothing looks like the border between two parts."""
    return " ".join(text.split()).replace(_BETWEEN, "/")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
