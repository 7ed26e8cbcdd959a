"""What an explanation holds: what happened, what the rules say of each minute, what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class TimelineKind(StrEnum):
    """What an entry of a timeline tells of."""

    SIZE = "size"
    """The wanted size changed."""
    MANUAL = "manual"
    """Somebody changed it, or nothing says who."""
    ACTIVITY = "activity"
    """The cloud did something else."""
    FAILURE = "failure"
    """The cloud could not do something."""
    ALARM = "alarm"
    """An alarm came into another state."""
    SCHEDULE = "schedule"
    """A schedule began or ended."""
    PAUSE = "pause"
    """The pause that is on."""
    BOOST = "boost"
    """The boost that is on."""
    ROLLOUT = "rollout"
    """The rollout that is on."""
    CONTROLLER = "controller"
    """The controller decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """
    One thing that happened.

    Attributes:
        at: When; for what is on and says no beginning, the moment at which it was seen.
        text: What.
        detail: What the cloud, or whoever did it, says of the reason.
    """

    at: datetime
    kind: TimelineKind
    text: str
    detail: str = ""

    def __str__(self) -> str:
        """`2026-01-05 00:32:00+00:00 size: 5 to 7`."""
        return f"{self.at:%Y-%m-%d %H:%M:%S %Z} {self.kind}: {self.text}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {"at": self.at.isoformat(), "kind": self.kind.value, "text": self.text, "detail": self.detail}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedMinute:
    """
    One minute: what the group had, and what the rules say on the datapoints that can be read now.

    Attributes:
        size: The size that the group had.
        previous: The size that the rules went by: that of the minute before.
        wanted: The size by the rules.
        minimum: The minimum in force by the rules.
        maximum: The maximum in force.
        values: The newest datapoint of each alarm and each policy that watches a metric, by its name.
        alarms: The state of each alarm by the rules.
        codes: Codes of the reasons, of `trimtab.engine.ReasonCode`.
        because: The reasons in words, also for no change.
        difference: Why the two sizes differ; empty where they do not.
    """

    at: datetime
    size: int
    previous: int
    wanted: int
    minimum: int
    maximum: int
    values: Mapping[str, float | None] = field(default_factory=dict)
    alarms: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    difference: str = ""

    def __str__(self) -> str:
        """`stays at 3, because no alarm is in ALARM: ...`."""
        change = f"stays at {self.wanted}" if self.wanted == self.previous else f"{self.previous} to {self.wanted}"
        if self.wanted != self.size:
            change = f"has {self.size}, by the rules {change}"
        return f"{change}, because {'; '.join(self.because)}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "at": self.at.isoformat(),
            "size": self.size,
            "previous": self.previous,
            "wanted": self.wanted,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "values": dict(self.values),
            "alarms": dict(self.alarms),
            "codes": list(self.codes),
            "because": list(self.because),
            "difference": self.difference,
        }


class Symptom(StrEnum):
    """What people notice."""

    TOO_LITTLE = "too little"
    TOO_MUCH = "too much"
    UNSTEADY = "unsteady"
    TOO_DEAR = "too dear"


class DiagnosisCause(StrEnum):
    """What is wrong."""

    NO_DATA = "no-data"
    """A metric that rules go by has no datapoints, as where an agent is dead."""
    STOPPED = "stopped"
    """Scaling stands still, and no mark of a pause says why."""
    PAUSED = "paused"
    """Somebody has paused it."""
    CONTROLLER = "controller-dead"
    """The controller that sizes it does not tick."""
    QUOTA = "quota"
    """The account has used up what it may have."""
    SHORTAGE = "shortage"
    """The cloud has no such machine there."""
    IMAGE = "image-gone"
    """The image of the template is not there any more."""
    LAUNCHES = "launches-fail"
    """Instances cannot be made for another reason."""
    UNREACHABLE = "unreachable"
    """Instances run and fail a health check."""
    SCHEDULES = "schedules-fight"
    """Schedules set one field to different values at one moment."""
    FLAPPING = "flapping"
    """Policies undo each other."""
    AT_MAXIMUM = "at-maximum"
    """The rules ask for more than the maximum."""
    AT_MINIMUM = "at-minimum"
    """The minimum alone keeps instances that the load does not need."""
    NO_WAY_IN = "no-way-in"
    """It grows, and nothing makes it smaller."""
    NOT_ENACTED = "not-enacted"
    """The rules of the file want another size, and the cloud does nothing: perhaps they are not applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """
    One thing that is wrong.

    Attributes:
        symptom: What people notice of it; `None` where that may be either.
        text: What is wrong, in a sentence.
        evidence: What shows it.
        fix: What to do.
        diff: The fix as a unified diff of the fleet file; empty where none can be worked out.
        rehearsed: What the rules would have done with it on the same datapoints; empty where that was not tried.
    """

    cause: DiagnosisCause
    text: str
    symptom: Symptom | None = None
    evidence: tuple[str, ...] = ()
    fix: str = ""
    diff: str = ""
    rehearsed: str = ""

    def __str__(self) -> str:
        """`at-maximum (too little): ...`."""
        symptom = f" ({self.symptom})" if self.symptom else ""
        return f"{self.cause}{symptom}: {self.text}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "cause": self.cause.value,
            "symptom": self.symptom.value if self.symptom else None,
            "text": self.text,
            "evidence": list(self.evidence),
            "fix": self.fix,
            "diff": self.diff,
            "rehearsed": self.rehearsed,
        }
