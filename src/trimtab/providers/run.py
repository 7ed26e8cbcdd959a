"""The mark of a rollout on a group: which run, who began it, and where it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from trimtab.providers.moments import zulu
from trimtab.providers.pause import DRIVEN_TAG

LONGEST = 255
"""Characters that a mark may have: what a tag takes in each cloud."""
TAG = "trimtab-rollout"
"""The tag that bears the mark of a run, where a cloud has tags."""
BLUE_GREEN = "blue-green"
"""The strategy that makes a second native group."""
_BETWEEN = " / "
_TEMPLATE = "#"
_NOTHING = "-"


class RolloutPhase(StrEnum):
    """Where a run is."""

    MOVING = "moving"
    """Instances get the new template, up to the next checkpoint."""
    BAKING = "baking"
    """The checkpoint is reached, and its gates are looked at."""
    PAUSED = "paused"
    """It waits for somebody to resume it."""
    STOPPED = "stopped"
    """It failed and is left as it was, for somebody to resume, abort or undo."""
    REVERTING = "reverting"
    """Instances get the old template again."""
    ENDING = "ending"
    """The old group of a blue-green rollout lives on for a while without requests."""


ACTIVE = frozenset({RolloutPhase.MOVING, RolloutPhase.BAKING, RolloutPhase.REVERTING, RolloutPhase.ENDING})
"""Phases in which a run goes on by itself once any process drives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRun:
    """
    One rollout of one group, as it is marked on the group.

    Attributes:
        id: Tells it from other runs.
        strategy: `rolling`, `canary` or `blue-green`.
        phase: Where it is.
        step: Which checkpoint it is on the way to or at, from 0; one more than the last is all of the group. Of a
            blue-green run 0 is the new group without requests, and the first checkpoint is 1.
        since: When the phase began.
        began: When the run did.
        by: Who started it.
        old: The template that the group had, in the cloud's words: a version, a name; of a blue-green run, the native
            group.
        new: The one that it is to have.
        held: What the end puts back, in the cloud's words; of a blue-green run, which pools the old group is in.
        why: The reason of a pause, a stop or a way back.
        template: A digest of the template that the file has when it begins; empty of a run that goes back to an older.
    """

    id: str
    strategy: str = "rolling"
    phase: RolloutPhase = RolloutPhase.MOVING
    step: int = 0
    since: datetime
    began: datetime
    by: str
    old: str = ""
    new: str = ""
    held: tuple[str, ...] = ()
    why: str = ""
    template: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The run that a mark tells of; `None` where it is none of ours."""
        parts = text.split(_BETWEEN, 11)
        if len(parts) < 10:
            return None
        number, strategy, phase, step, since, began, by, old, new, held, *more = (_read(part) for part in parts)
        template = more.pop(0)[1:] if more and more[0].startswith(_TEMPLATE) else ""
        try:
            return cls(
                id=number,
                strategy=strategy,
                phase=RolloutPhase(phase),
                step=int(step),
                since=datetime.fromisoformat(since),
                began=datetime.fromisoformat(began),
                by=by,
                old=old,
                new=new,
                held=tuple(held.split()),
                why=_BETWEEN.join(more),
                template=template,
            )
        except ValueError:
            return None

    def line(self, longest: int = LONGEST) -> str:
        """The mark, in one line of so many characters at most; the end of the reason goes first."""
        moments = zulu(self.since), zulu(self.began)
        parts = (self.id, self.strategy, self.phase.value, str(self.step), *moments, self.by, self.old, self.new)
        template = [f"{_TEMPLATE}{self.template}"] if self.template else []
        text = _BETWEEN.join(_written(part) for part in (*parts, " ".join(self.held), *template, self.why))
        return text[:longest].rstrip()

    def turned(self, phase: RolloutPhase, now: datetime, *, step: int | None = None, why: str = "") -> "RolloutRun":
        """The same in another phase from now on."""
        return replace(self, phase=phase, since=now, step=self.step if step is None else step, why=why)

    @property
    def in_place(self) -> bool:
        """Whether instances of the group itself are replaced; `old` and `new` are its templates then."""
        return self.strategy != BLUE_GREEN

    def other_than(self, template: str) -> str:
        """What to say where the file has this template by now, and the run brings another one; empty otherwise."""
        if not self.template or not template or self.template == template:
            return ""
        return "the file has another template than it brings: abort it, or let it end, and start again"

    def brings(self, template: str) -> bool:
        """Whether this template is on its way already, so that it waits for no other rollout."""
        return bool(template) and self.template == template and self.phase is not RolloutPhase.REVERTING

    @property
    def successor(self) -> str:
        """The second native group, once it alone has the requests, the policies and the size; empty otherwise."""
        return self.new if self.strategy == BLUE_GREEN and self.phase is RolloutPhase.ENDING else ""

    @property
    def is_active(self) -> bool:
        """Whether it goes on by itself."""
        return self.phase in ACTIVE

    def __str__(self) -> str:
        """`rollout 3f2a by ana is baking: ...`."""
        return f"rollout {self.id} by {self.by} is {self.phase}{': ' if self.why else ''}{self.why}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data; steps are counted from 1, as people are told."""
        return {
            "id": self.id,
            "strategy": self.strategy,
            "phase": self.phase.value,
            "step": self.step + 1,
            "since": self.since.isoformat(),
            "began": self.began.isoformat(),
            "by": self.by,
            "old": self.old,
            "new": self.new,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """
    A template that was taken back, as it is noted on the group until another rollout has come to a good end.

    Attributes:
        template: Its digest, as in `RolloutRun.template`.
        run: The run that brought it, or that took it back where that was a run of its own.
        at: When.
        why: The reason.
    """

    template: str
    run: str
    at: datetime
    why: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What a note tells of; `None` where it is none of ours."""
        parts = text.split(_BETWEEN, 3)
        if len(parts) < 3:
            return None
        template, run, at, *why = (_read(part) for part in parts)
        try:
            return cls(template=template, run=run, at=datetime.fromisoformat(at), why="".join(why))
        except ValueError:
            return None

    def line(self) -> str:
        """The note, in one line; the end of the reason goes first."""
        parts = (self.template, self.run, zulu(self.at), self.why)
        return _BETWEEN.join(map(_written, parts))[:LONGEST].rstrip()

    def __str__(self) -> str:
        """As in `this template was rolled back on 2026-11-30 12:00 UTC (rollout 3f2a): ...`."""
        moment = f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        why = f": {self.why}" if self.why else ""
        return f"this template was rolled back on {moment} (rollout {self.run}){why}"

    @property
    def fix(self) -> str:
        """What to do about it."""
        return "change the template, or try it again with `trimtab rollout start --again`"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {"template": self.template, "run": self.run, "at": self.at.isoformat(), "why": self.why}


def driven_at(notes: Mapping[str, str]) -> datetime | None:
    """When a run was last driven, as the notes of its group say."""
    try:
        return datetime.fromisoformat(notes.get(DRIVEN_TAG, ""))
    except ValueError:
        return None


def _written(text: str) -> str:
    return " ".join(text.split()).replace(_BETWEEN, "/") or _NOTHING


def _read(text: str) -> str:
    return "" if text == _NOTHING else text
