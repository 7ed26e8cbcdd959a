"""How rollouts stand, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from trimtab.errors import TrimtabError
from trimtab.phrases import in_words
from trimtab.providers.run import RolledBack, RolloutRun


class RolloutOutcome(StrEnum):
    """How the rollout of one group stands."""

    NONE = "none"
    """There is nothing to roll out."""
    WAITING = "waiting"
    """A changed template waits for a rollout."""
    RUNNING = "running"
    """It is on."""
    DONE = "done"
    """Every instance that it was to reach has the new template."""
    ROLLED_BACK = "rolled back"
    """Every instance has the old template again."""
    PAUSED = "paused"
    """It waits for somebody to resume it."""
    STOPPED = "stopped"
    """It failed, and all is left as it was then."""
    ERROR = "error"
    """The cloud refuses to go on; the mark of the run stays, and any process can take it over."""


SETTLED = frozenset(RolloutOutcome) - {RolloutOutcome.WAITING, RolloutOutcome.RUNNING}
"""Outcomes after which a driver leaves a group alone."""


_GOOD = frozenset({RolloutOutcome.DONE, RolloutOutcome.NONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRollout:
    """
    The rollout of one group.

    Attributes:
        group: The group's name in the fleet.
        name: Its native name.
        location: Where it is.
        outcome: How it stands.
        run: The mark of the run, as it was last seen; `None` where there was none.
        steps: How many steps the rollout has: its checkpoints and the end.
        ready: Instances with the new template that are ready.
        goal: How many are to be at this step.
        total: How many at the end.
        until: When the bake is over, or the way to the checkpoint has taken too long; `None` where nothing runs.
        gates: What the gates said at the last look, those that do not hold.
        text: What it waits for, or why it ended so.
        driven: When a process last drove the run, as it was noted: every five minutes; `None` where none has.
        unattended: Whether no process seems to drive a run that is on; only where somebody asks how it stands.
        superseded: Whether the file has another template than the one that the run brings.
        rolled_back: The note on the template that waits, where it was rolled back before.
    """

    group: str
    name: str
    location: str
    outcome: RolloutOutcome
    run: RolloutRun | None = None
    steps: int = 1
    ready: int = 0
    goal: int = 0
    total: int = 0
    until: datetime | None = None
    gates: tuple[str, ...] = ()
    text: str = ""
    driven: datetime | None = None
    unattended: bool = False
    superseded: bool = False
    rolled_back: RolledBack | None = None

    @property
    def step(self) -> int:
        """The step that its run is on, from 1; 0 without one."""
        return min(self.run.step + 1, self.steps) if self.run else 0

    def standing(self, *, run: RolloutRun, **fields: Any) -> "GroupRollout":
        """The same group with a run, and what it is doing."""
        return replace(self, run=run, text=run.why, **fields)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.outcome in SETTLED

    def __str__(self) -> str:
        if self.outcome is RolloutOutcome.NONE and not self.text:
            return f"{self.group}: nothing to roll out"
        text = f": {self.text}" if self.text else ""
        step = f", step {self.step} of {self.steps}" if self.run else ""
        count = f", {self.ready} of {self.total} instances" if self.total else ""
        return f"{self.group}: {self.outcome}{step}{count}{text}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.group,
            "name": self.name,
            "location": self.location,
            "outcome": self.outcome.value,
            "run": {**self.run.to_dict(), "step": self.step} if self.run else None,
            "steps": self.steps,
            "ready": self.ready,
            "goal": self.goal,
            "total": self.total,
            "until": self.until.isoformat() if self.until else None,
            "gates": list(self.gates),
            "text": self.text,
            "driven": self.driven.isoformat() if self.driven else None,
            "unattended": self.unattended,
            "superseded": self.superseded,
            "rolled_back": self.rolled_back.to_dict() if self.rolled_back else None,
        }


class RolloutFailed(TrimtabError):
    """A rollout did not bring its new template to every instance."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """
    What came of the rollouts of a fleet.

    Attributes:
        groups: One for each group that was rolled out, or was to be.
    """

    groups: tuple[GroupRollout, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether every group has its new template, or had it already."""
        return all(each.outcome in _GOOD for each in self.groups)

    def __str__(self) -> str:
        return "; ".join(map(str, self.groups)) or "nothing to roll out"

    def over(self, started: Sequence[GroupRollout]) -> "Rolled":
        """The same with what kept a group from being started, and which were to bring another template."""
        told = {each.group: each for each in started}
        return Rolled(tuple(_after(told.get(each.group), each) for each in self.groups))

    def raise_for_failures(self) -> "Rolled":
        """
        The same result, when all went through.

        Raises:
            RolloutFailed: A group was rolled back, paused or stopped, or is not there yet.
        """
        if not self.is_done:
            missing = [
                str(each) for each in self.groups if each.outcome not in (RolloutOutcome.DONE, RolloutOutcome.NONE)
            ]
            raise RolloutFailed(in_words(missing, "; "))
        return self

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {"groups": [each.to_dict() for each in self.groups], "done": self.is_done}


def _after(started: GroupRollout | None, ended: GroupRollout) -> GroupRollout:
    if started is None:
        return ended
    if started.outcome is RolloutOutcome.ERROR:
        return started
    if not started.superseded:
        return ended
    if ended.outcome is RolloutOutcome.DONE:
        text = "the rollout that was on is done, and the template of the file waits: start again"
        return replace(ended, outcome=RolloutOutcome.WAITING, superseded=True, text=text)
    return replace(ended, superseded=True)


def exit_code(rollouts: Sequence[GroupRollout]) -> int:
    """0 where every group has its new template, 3 where one is paused or not there yet, 1 where one failed."""
    outcomes = {each.outcome for each in rollouts}
    if outcomes & {RolloutOutcome.ROLLED_BACK, RolloutOutcome.STOPPED, RolloutOutcome.ERROR}:
        return 1
    return 3 if outcomes & {RolloutOutcome.PAUSED, RolloutOutcome.RUNNING, RolloutOutcome.WAITING} else 0
