"""Marks of people on a group: a pause of its scaling, and a boost of its minimum; who, until when, why."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from trimtab.providers.moments import zulu

LONGEST = 255
"""Characters that a mark may have: what a tag takes in each cloud."""
TAG = "trimtab-paused"
"""The tag that bears the mark of a pause, where a cloud has tags."""
BOOST_TAG = "trimtab-boosted"
"""The tag that bears the mark of a boost."""
DRIVEN_TAG = "trimtab-driven"
"""The tag that says when a rollout was last driven; here, since plans leave it alone and need no more of rollouts."""
BACK_TAG = "trimtab-rolled-back"
"""The tag that says which template a rollout took back last, and why."""
NOTES = (DRIVEN_TAG, BACK_TAG)
"""The tags of what is noted of rollouts beside the mark of one."""
BOOST = "trimtab-boost"
"""What begins the names of what holds a boost in a cloud; no plan compares it."""
_ROLLOUT = "rollout "
"""How the name of whoever pauses begins where that is a rollout."""
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
        return cls(by=by.strip() or "somebody", until=_moment(until), why=why, held=_held(held))

    @classmethod
    def of_rollout(cls, run: str) -> Self:
        """The pause of the old group of a blue-green rollout, which is over with that."""
        return cls(by=f"{_ROLLOUT}{run}", why="a blue-green rollout")

    @property
    def is_of_a_rollout(self) -> bool:
        """Whether no person wants it, and it is over by itself."""
        return self.by.startswith(_ROLLOUT)

    @property
    def fix(self) -> str:
        """What to do about it, for whoever wants something else."""
        return "let that end, or abort it, first" if self.is_of_a_rollout else "resume it first"

    def line(self) -> str:
        """The mark: `ana / 2026-07-06T18:00:00Z / AlarmNotification ScheduledActions / a deployment`."""
        until = zulu(self.until) if self.until else _NOTHING
        return _line(_plain(self.by), until, _held_text(self.held), _plain(self.why))

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost:
    """
    A boost as it is marked on a group: its minimum is at least so many instances for a time.

    Attributes:
        min: The least instances while it lasts.
        until: When it is over.
        by: Who wanted it.
        why: The reason, for those who find it.
        held: What ending it gives back, in the vendor's words; `None` when the mark, perhaps written by hand, does
            not say.
    """

    min: int
    until: datetime
    by: str
    why: str = ""
    held: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The boost that a mark tells of; `None` where it does not say how many until when."""
        by, *rest = text.split(_BETWEEN, 4)
        until, least, held, why = (*rest, "", "", "", "")[:4]
        moment = _moment(until)
        if moment is None or not least.isdecimal():
            return None
        return cls(min=int(least), until=moment, by=by.strip() or "somebody", why=why, held=_held(held))

    def line(self) -> str:
        """The mark: `ana / 2026-07-06T18:00:00Z / 20 / - / a launch`."""
        return _line(_plain(self.by), zulu(self.until), str(self.min), _held_text(self.held), _plain(self.why))

    def is_over(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.until <= now

    def __str__(self) -> str:
        """`boosted to at least 20 by ana until 2026-07-06 18:00 UTC: a launch`."""
        until = f"until {self.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"boosted to at least {self.min} by {self.by} {until}{': ' if self.why else ''}{self.why}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {"min": self.min, "until": self.until.isoformat(), "by": self.by, "why": self.why}


def boosted(minimum: int, boost: Boost | None, now: datetime) -> int:
    """The minimum that holds now: the greater of the group's own, or its schedules', and that of a boost."""
    return minimum if boost is None or boost.is_over(now) else max(minimum, boost.min)


def _line(*parts: str) -> str:
    return _BETWEEN.join(part for part in parts if part)[:LONGEST].rstrip()


def _held_text(held: tuple[str, ...] | None) -> str:
    return " ".join(held or ()) or _NOTHING


def _held(text: str) -> tuple[str, ...] | None:
    return tuple(word for word in text.split() if word != _NOTHING) if text else None


def _plain(text: str) -> str:
    """Text in one line, in which nothing looks like the border between two parts."""
    return " ".join(text.split()).replace(_BETWEEN, "/")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
