"""What a drill found: for each scenario and group what was expected, what was seen, and what told of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class DrillVerdict(StrEnum):
    """How a group came through a scenario."""

    HELD = "held"
    """Everything that was expected was seen."""
    NOT_HELD = "not held"
    """Something else was seen."""
    NOT_TRIED = "not tried"
    """It was not staged; the reason says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillCheck:
    """
    One thing that was expected of a group.

    Attributes:
        name: `size`, `back` or `told`.
        expected: What was expected, in words.
        observed: What was seen.
        held: Whether that is what was expected.
        fix: What to change in the fleet file where it is not; empty where it held.
    """

    name: str
    expected: str
    observed: str
    held: bool
    fix: str = ""

    def __str__(self) -> str:
        """`back within 15 min: after 3 min`."""
        return f"{self.expected}: {self.observed}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "name": self.name,
            "expected": self.expected,
            "observed": self.observed,
            "held": self.held,
            "fix": self.fix,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """
    One scenario for one group.

    Attributes:
        scenario: Its name.
        group: The group; empty where the scenario is about the fleet as a whole.
        checks: What was expected; empty where it was not tried.
        reason: Why it was not tried; empty where it was.
        told: By what one learns of it: each an alarm, a status, an activity, a plan, an explanation or an exit code.
    """

    scenario: str
    group: str = ""
    checks: tuple[DrillCheck, ...] = ()
    reason: str = ""
    told: tuple[str, ...] = ()

    @property
    def verdict(self) -> DrillVerdict:
        """How the group came through."""
        if not self.checks:
            return DrillVerdict.NOT_TRIED
        return DrillVerdict.HELD if all(check.held for check in self.checks) else DrillVerdict.NOT_HELD

    @property
    def failures(self) -> tuple[DrillCheck, ...]:
        """What was seen otherwise than expected."""
        return tuple(check for check in self.checks if not check.held)

    def __str__(self) -> str:
        """`zone-lost, web: not held: back within 15 min: not within 15 min`."""
        seen = "; ".join(map(str, self.failures or self.checks)) or self.reason
        subject = f"{self.scenario}, {self.group}" if self.group else self.scenario
        return f"{subject}: {self.verdict}: {seen}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "scenario": self.scenario,
            "group": self.group or None,
            "verdict": self.verdict.value,
            "checks": [check.to_dict() for check in self.checks],
            "reason": self.reason,
            "told": list(self.told),
        }
