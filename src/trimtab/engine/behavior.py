"""
How fast a size may change, and which recommendation of a while counts: the behaviors of Kubernetes.

Source, unless another is named: Kubernetes documentation, Horizontal Pod Autoscaling, section Configurable scaling
behavior. All of it works on plain numbers; nothing here knows pods. Kubernetes says up and down for out and in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, assert_never

from trimtab.engine.policies import Direction
from trimtab.engine.values import ScaleEvent, Sized

__all__ = [
    "DEFAULT_BEHAVIOR",
    "DEFAULT_IN",
    "DEFAULT_OUT",
    "DEFAULT_WINDOW_IN",
    "Behavior",
    "LimitReason",
    "LimitUnit",
    "Limited",
    "ScaleEvent",
    "ScalingLimit",
    "ScalingRules",
    "SelectPolicy",
    "allowed_size",
    "change_within",
    "limit_by_behavior",
    "limit_by_default",
    "pick_recommendation",
    "scale_in_limit",
    "scale_out_limit",
    "stabilized_in",
    "stabilized_size",
]

DEFAULT_WINDOW_IN = timedelta(seconds=300)
"""How far back scaling in looks where nothing else is said."""

_NO_TIME = timedelta(0)
_QUARTER = timedelta(seconds=15)
_SURGE_FACTOR, _SURGE_FLOOR = 2, 4


class SelectPolicy(StrEnum):
    """Which of several limits counts."""

    MAX = "max"
    """The one that allows the largest change."""
    MIN = "min"
    """The one that allows the smallest change."""
    DISABLED = "disabled"
    """None: the size does not change in this direction."""


class LimitUnit(StrEnum):
    """What the value of a limit counts."""

    PODS = "pods"
    PERCENT = "percent"
    """Per cent of the size at the start of the period."""


class LimitReason(StrEnum):
    """What became of a wanted size: the reasons of the condition ScalingLimited."""

    WITHIN_RANGE = "within-range"
    TOO_MANY = "too-many"
    """It is above the maximum."""
    TOO_FEW = "too-few"
    """It is below the minimum."""
    SCALE_OUT_LIMIT = "scale-out-limit"
    """It grows faster than allowed."""
    SCALE_IN_LIMIT = "scale-in-limit"
    """It shrinks faster than allowed."""


@dataclass(frozen=True, slots=True)
class ScalingLimit:
    """How much a size may change in a period (HPAScalingPolicy); with a value of 0 it stays as it is."""

    unit: LimitUnit
    value: int
    period: timedelta

    def __post_init__(self) -> None:
        """Refuse what no size could be held to."""
        if self.value < 0:
            raise ValueError(f"a limit of {self.value} {self.unit} is below 0; give the size of a change, 0 or more")
        if self.period <= _NO_TIME:
            raise ValueError(f"a limit cannot hold for a period of {self.period}; give a second or more")

    def highest_from(self, start: int) -> int:
        """The largest size that may be reached from `start`; a fraction is rounded up, so that 1 can grow."""
        match self.unit:
            case LimitUnit.PODS:
                return start + self.value
            case LimitUnit.PERCENT:
                return start - (-start * self.value // 100)
            case _:
                assert_never(self.unit)

    def lowest_from(self, start: int) -> int:
        """The smallest size that may be reached from `start`; a fraction of what stays is dropped."""
        match self.unit:
            case LimitUnit.PODS:
                return start - self.value
            case LimitUnit.PERCENT:
                return start * (100 - self.value) // 100
            case _:
                assert_never(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingRules:
    """The limits of one direction, which of them counts, and how far back recommendations are looked at."""

    limits: tuple[ScalingLimit, ...]
    select: SelectPolicy = SelectPolicy.MAX
    window: timedelta = _NO_TIME

    def __post_init__(self) -> None:
        """Refuse rules that say nothing, or look into the future."""
        if not self.limits and self.select is not SelectPolicy.DISABLED:
            raise ValueError("scaling rules without a limit say nothing; give a limit, or select `disabled`")
        if self.window < _NO_TIME:
            raise ValueError(f"a stabilization window of {self.window} is below 0; 0 looks back at nothing")


DEFAULT_OUT = ScalingRules(
    limits=(ScalingLimit(LimitUnit.PODS, 4, _QUARTER), ScalingLimit(LimitUnit.PERCENT, 100, _QUARTER)),
)
"""Scaling out where nothing else is said: by 4 or to the double in 15 s, without a window."""

DEFAULT_IN = ScalingRules(limits=(ScalingLimit(LimitUnit.PERCENT, 100, _QUARTER),), window=DEFAULT_WINDOW_IN)
"""Scaling in where nothing else is said: all of it in 15 s, with a window of 300 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """The rules of both directions; `dataclasses.replace` changes a part of the documented defaults."""

    scale_out: ScalingRules = DEFAULT_OUT
    scale_in: ScalingRules = DEFAULT_IN


DEFAULT_BEHAVIOR = Behavior()
"""What holds where nothing is said."""


class Limited(NamedTuple):
    """The size that limits leave of a wanted one, and why."""

    size: int
    reason: LimitReason


# limits on changes in a time


def change_within(events: Iterable[ScaleEvent], period: timedelta, *, now: datetime) -> int:
    """By how much a size changed in the period that ends now; an event exactly a period ago is outside."""
    start = now - period
    return sum([event.change for event in events if event.at > start])


def scale_out_limit(
    current: int, rules: ScalingRules = DEFAULT_OUT, *, events: Sequence[ScaleEvent] = (), now: datetime
) -> int:
    """
    The largest size that the rules allow; the current one where the budget of a period is spent.

    Each limit counts from the size at the start of its period: the current one without the changes since.
    """
    reach = [limit.highest_from(current - change_within(events, limit.period, now=now)) for limit in rules.limits]
    match rules.select:
        case SelectPolicy.MAX:
            return max(current, *reach)
        case SelectPolicy.MIN:
            return max(current, min(reach))
        case SelectPolicy.DISABLED:
            return current
        case _:
            assert_never(rules.select)


def scale_in_limit(
    current: int, rules: ScalingRules = DEFAULT_IN, *, events: Sequence[ScaleEvent] = (), now: datetime
) -> int:
    """The smallest size that the rules allow, 0 or more; the current one where the budget of a period is spent."""
    reach = [limit.lowest_from(current - change_within(events, limit.period, now=now)) for limit in rules.limits]
    match rules.select:
        case SelectPolicy.MAX:
            return max(0, min(current, *reach))
        case SelectPolicy.MIN:
            return max(0, min(current, max(reach)))
        case SelectPolicy.DISABLED:
            return current
        case _:
            assert_never(rules.select)


def allowed_size(
    current: int,
    wanted: int,
    behavior: Behavior = DEFAULT_BEHAVIOR,
    *,
    events: Sequence[ScaleEvent] = (),
    now: datetime,
) -> int:
    """The size nearest to the wanted one that a behavior allows; bounds are not looked at."""
    if wanted > current:
        return min(wanted, scale_out_limit(current, behavior.scale_out, events=events, now=now))
    if wanted < current:
        return max(wanted, scale_in_limit(current, behavior.scale_in, events=events, now=now))
    return wanted


def limit_by_behavior(
    current: int,
    wanted: int,
    behavior: Behavior = DEFAULT_BEHAVIOR,
    *,
    low: int,
    high: int,
    events: Sequence[ScaleEvent] = (),
    now: datetime,
) -> Limited:
    """
    The size between `low` and `high` that a behavior allows, and which of them held it.

    Of two that hold it at the same size, the bound is named. The current size is taken to be inside the bounds: one
    outside is corrected before, without metrics (`trimtab.engine.replicas.corrected_size`).

    Source: kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go, convertDesiredReplicasWithBehaviorRate.
    """
    if wanted > current:
        reach = scale_out_limit(current, behavior.scale_out, events=events, now=now)
        return _at_most(wanted, high, reach)
    if wanted < current:
        reach = scale_in_limit(current, behavior.scale_in, events=events, now=now)
        if wanted >= max(low, reach):
            return Limited(wanted, LimitReason.WITHIN_RANGE)
        return Limited(reach, LimitReason.SCALE_IN_LIMIT) if reach > low else Limited(low, LimitReason.TOO_FEW)
    return Limited(wanted, LimitReason.WITHIN_RANGE)


def limit_by_default(current: int, wanted: int, *, low: int, high: int) -> Limited:
    """
    The size between `low` and `high` where there is no behavior: at most double the current one, or 4.

    Source: kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go, convertDesiredReplicasWithRules.
    """
    if wanted < low:
        return Limited(low, LimitReason.TOO_FEW)
    return _at_most(wanted, high, max(_SURGE_FACTOR * current, _SURGE_FLOOR))


def _at_most(wanted: int, high: int, reach: int) -> Limited:
    if wanted <= min(high, reach):
        return Limited(wanted, LimitReason.WITHIN_RANGE)
    return Limited(reach, LimitReason.SCALE_OUT_LIMIT) if reach < high else Limited(high, LimitReason.TOO_MANY)


# recommendations of a while


def stabilized_size(
    current: int,
    wanted: int,
    recommendations: Sequence[Sized] = (),
    *,
    window_out: timedelta,
    window_in: timedelta,
    now: datetime,
) -> int:
    """
    The size after both windows: the current one, moved no further than every recommendation in a window agrees to.

    It grows to the lowest recommendation of `window_out`, the wanted size among them, and shrinks to the highest of
    `window_in`. A recommendation exactly a window ago is outside.

    Source: kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go, stabilizeRecommendationWithBehaviors.
    """
    lowest = min([wanted, *_younger_than(window_out, recommendations, now)])
    highest = max([wanted, *_younger_than(window_in, recommendations, now)])
    return min(max(current, lowest), highest)


def stabilized_in(
    wanted: int, recommendations: Sequence[Sized] = (), *, window: timedelta = DEFAULT_WINDOW_IN, now: datetime
) -> int:
    """
    The highest recommendation of the window, the wanted size among them: what holds where there is no behavior.

    A recommendation exactly a window ago is inside. Source: kubernetes/kubernetes,
    pkg/controller/podautoscaler/horizontal.go, stabilizeRecommendation.
    """
    start = now - window
    return max([wanted, *(recommendation.size for recommendation in recommendations if recommendation.at >= start)])


def pick_recommendation(current: int, recommended: Sequence[int], *, direction: Direction) -> int:
    """
    The recommendation of a window that counts: the highest for scaling in, the lowest for scaling out.

    Never beyond the current size: one that points the other way keeps it (KEP-853, Stabilization Window).
    """
    match direction:
        case Direction.IN:
            return min(current, max(recommended, default=current))
        case Direction.OUT:
            return max(current, min(recommended, default=current))
        case Direction.NONE:
            return current
        case _:
            assert_never(direction)


def _younger_than(window: timedelta, recommendations: Sequence[Sized], now: datetime) -> list[int]:
    start = now - window
    return [recommendation.size for recommendation in recommendations if recommendation.at > start]
