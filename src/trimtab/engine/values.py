"""What goes into a decision and what comes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from trimtab.engine.alarms import AlarmStatus
from trimtab.engine.policies import Direction, direction
from trimtab.engine.reasons import DecisionReason

Points = Sequence[float | None]
"""Datapoints of one metric, one a period, oldest first; `None` where one is missing."""
Forecast = Sequence[tuple[datetime, int]]
"""The sizes that a forecast asks for, each from its moment on, in order."""

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    What is seen of a group at one moment.

    Values are those of instances that have warmed up, in the metric's unit. The newest datapoint comes last; two
    more than an alarm's periods are looked at.
    """

    desired: int
    """The current desired size, in instances, or in units of capacity where sizes have weights."""
    in_service: int | None = None
    """How much of it takes load; all of it when left out."""
    started: Sequence[datetime] = ()
    """When instances came into service, as far as that may be less than a warm-up ago."""
    busy: bool = False
    """Whether instances are being launched or terminated."""
    settled: datetime | None = None
    """When the last of them was done."""
    alarms: Mapping[str, Points] = field(default_factory=dict)
    """Datapoints that each alarm sees, by its name."""
    policies: Mapping[str, Points] = field(default_factory=dict)
    """Datapoints of a minute that each target tracking policy sees, by its name."""
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)
    """What each predictive policy forecasts, by its name."""
    predicted: Mapping[str, float] = field(default_factory=dict)
    """The forecast value of an alarm's metric, by the alarm's name, where rules act on it (Azure)."""
    minimum: int | None = None
    """A minimum that holds besides those of the group and its schedules, such as a boost's."""


class Sized(NamedTuple):
    """A size at a moment."""

    at: datetime
    size: int


class ScaleEvent(NamedTuple):
    """A change of size at a moment, negative where it shrank."""

    at: datetime
    change: int


class History(NamedTuple):
    """
    What a decision needs to know of those before it; each decision gives the next one.

    A tuple, since every decision makes one; a new group begins with `History()`.
    """

    at: datetime | None = None
    """When the last decision was made."""
    states: Mapping[str, AlarmStatus] = _NOTHING
    """The state of each alarm, by its name."""
    acted_at: datetime | None = None
    """When a policy last changed the size in a way that others wait for."""
    waits: timedelta = timedelta(0)
    """How long they wait."""
    asked: tuple[Sized, ...] = ()
    """What was asked for in the stabilization windows, oldest first."""
    changes: tuple[ScaleEvent, ...] = ()
    """Each change in the windows of scale-in control and of limits on changes, oldest first."""


class Recommendation(NamedTuple):
    """
    What one policy asks for.

    A function that `trimtab.policy` marks gives one back, with `size` and `reason`; the engine adds whose it is.
    """

    size: int
    """The size that it wants."""
    reason: str
    """Why, in a sentence for people; empty where the decision's reasons say it, as for all policies but functions."""
    policy: str = ""
    """The policy's name."""


class Decision(NamedTuple):
    """
    The size to set, and why.

    A tuple, since every decision makes one.
    """

    size: int
    """The size to set."""
    previous: int
    """The size before."""
    minimum: int
    """The minimum in force."""
    maximum: int
    """The maximum in force; a forecast may have raised it."""
    reasons: tuple[DecisionReason, ...]
    """Each step that led here, also to nothing."""
    recommendations: tuple[Recommendation, ...]
    """What each policy that fired asked for."""
    history: History
    """To be handed to the next decision."""

    @property
    def change(self) -> int:
        """Instances added, or removed when negative."""
        return self.size - self.previous

    @property
    def direction(self) -> Direction:
        """Out, in or none."""
        return direction(self.previous, self.size)

    @property
    def alarms(self) -> Mapping[str, AlarmStatus]:
        """The state of each alarm now."""
        return self.history.states

    def explain(self) -> str:
        """One line a reason, the outcome first."""
        head = f"{self.previous} to {self.size}" if self.change else f"stays at {self.size}"
        return "\n".join([head, *(f"  {reason.code}: {reason}" for reason in self.reasons)])

    def to_dict(self) -> dict[str, Any]:
        """The decision as plain JSON data."""
        return {
            "size": self.size,
            "previous": self.previous,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "alarms": {name: state.value for name, state in self.alarms.items()},
            "recommendations": {recommendation.policy: recommendation.size for recommendation in self.recommendations},
            "reasons": [reason.to_dict() for reason in self.reasons],
        }
