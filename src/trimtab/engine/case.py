"""What the steps of one decision share: the case to decide, and the tally of what was asked for and said."""

from datetime import datetime, timedelta
from typing import NamedTuple

from trimtab.engine.alarms import AlarmStatus
from trimtab.engine.policies import TrackingVote
from trimtab.engine.presets import Preset
from trimtab.engine.reasons import DecisionReason, ReasonCode
from trimtab.engine.ruleset import AlarmRule, Ruleset
from trimtab.engine.timetable import Stretch
from trimtab.engine.values import History, Observation, Points


class Case(NamedTuple):
    """Everything that a step of a decision goes by."""

    rules: Ruleset
    preset: Preset
    seen: Observation
    history: History
    now: datetime
    size: int
    """The size asked for so far."""
    stretch: Stretch

    def warming(self, warm_up: timedelta) -> int:
        """Instances in service for less than `warm_up`."""
        now = self.now
        return sum([now - at < warm_up for at in self.seen.started])

    def serving(self, warm_up: timedelta) -> int:
        """Instances in service that have warmed up."""
        in_service = self.size if self.seen.in_service is None else self.seen.in_service
        return in_service - self.warming(warm_up) if self.seen.started else in_service


class AlarmReading(NamedTuple):
    """An alarm now: its state, the value that steps and estimates go by, and whether its rules fire."""

    alarm: AlarmRule
    state: AlarmStatus
    breaching: int
    value: float | None
    fires: bool


class Ask(NamedTuple):
    """What one rule that fires asks for, and how long others wait if it is heard."""

    policy: str
    size: int
    simple: bool
    cooldown: timedelta
    reason: str = ""
    """Why, where a function says it."""


class Tally:
    """What the rules of one decision ask for, and what was said of it, as it is gathered."""

    __slots__ = ("agreeing", "asks", "reasons", "tracking", "unread")

    def __init__(self) -> None:
        self.asks: list[Ask] = []
        """One for each rule that fires and need not wait."""
        self.tracking: list[TrackingVote] = []
        """One for each target tracking policy."""
        self.agreeing = 0
        """Rules that ask for fewer instances, of those that the ruleset counts."""
        self.unread: list[str] = []
        """Alarms and policies whose metric has no datapoint, and functions that gave no answer."""
        self.reasons: list[DecisionReason] = []

    def record(self, code: ReasonCode, *values: object) -> None:
        """Add a reason."""
        self.reasons.append(DecisionReason(code, values))


def newest(points: Points) -> float | None:
    """The newest real value; `None` when there is none."""
    for point in reversed(points):
        if point is not None and point == point:
            return point
    return None
