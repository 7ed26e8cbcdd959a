"""
One run of Azure Monitor autoscale: one size from the rules of the profile that is active.

Sources are the pages Understand autoscale settings, Flapping in Autoscale, Best practices for autoscale and Predictive
autoscale of Azure Monitor.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from math import isfinite
from typing import NamedTuple, assert_never

from trimtab.engine.limits import estimate, least_cut, would_trip
from trimtab.engine.policies import Direction, direction
from trimtab.engine.rounding import Number
from trimtab.engine.rules import ChangeType, MetricRule, ProfileCapacity, ScaleAction, ScaleDirection


def size_without_metrics(current: int, limits: ProfileCapacity) -> int:
    """
    The size where a metric cannot be read: up to the default, never down to it (Understand autoscale settings).

    A size outside the limits goes to the nearer limit first.
    """
    inside = limits.nearest(current)
    return max(inside, limits.nearest(inside if limits.default is None else limits.default))


# several rules


def combined_size(current: int, actions: Iterable[ScaleAction]) -> int:
    """
    The size from the actions of all rules that fired.

    Any that scales out wins over those that scale in. The largest result counts, which among those that scale in is
    the smallest cut (Understand autoscale settings).
    """
    sizes = [(action.way(current), action.size(current)) for action in actions]
    return max([size for way, size in sizes if way is Direction.OUT] or [size for _, size in sizes], default=current)


# cooldown


class CooldownMode(StrEnum):
    """Whose cooldown is waited for; two pages of Azure disagree."""

    LAST_FIRED_RULE = "last-fired-rule"
    """That of the rule that fired last, by all rules (Understand autoscale settings)."""
    CANDIDATE_RULE = "candidate-rule"
    """That of each rule that is about to act, by itself (Get started with autoscale)."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """What rules wait for after the last change that a rule made, in either direction."""

    since: timedelta
    """How long ago that was."""
    fired: timedelta
    """The cooldown of the rule that made it."""
    mode: CooldownMode = CooldownMode.LAST_FIRED_RULE

    def allows(self, candidate: timedelta) -> bool:
        """Whether a rule with this cooldown may act again; it may at the very end of the wait."""
        match self.mode:
            case CooldownMode.LAST_FIRED_RULE:
                return self.since >= self.fired
            case CooldownMode.CANDIDATE_RULE:
                return self.since >= candidate
            case _:
                assert_never(self.mode)


# the run


class Cause(StrEnum):
    """Why a run of autoscale set the size that it did."""

    LIMITS = "limits"
    """The size was beyond a limit; no rule was looked at."""
    DEFAULT_CAPACITY = "default-capacity"
    """A metric cannot be read, and the size was below the default."""
    RULES = "rules"
    FLAPPING_ADJUSTED = "flapping-adjusted"
    """Scaled in by less than the rules asked for, as more would scale out again (Azure logs `FlappingOccurred`)."""
    FLAPPING = "flapping"
    """Not scaled in, as every cut would scale out again (Azure logs `Flapping`)."""
    COOLDOWN = "cooldown"
    """A rule would have changed the size, but waits."""
    UNREADABLE = "unreadable"
    """Not scaled in, as a metric cannot be read."""
    NOTHING = "nothing"
    """The rules ask for no other size within the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscaleOutcome:
    """The size after a run of autoscale, and how it came about."""

    current: int
    size: int
    cause: Cause
    fired: tuple[MetricRule, ...] = ()
    """The rules whose condition holds, whether they had their way or not."""
    unreadable: tuple[str, ...] = ()
    """The metrics without a value."""
    estimates: Mapping[str, float] = field(default_factory=dict)
    """The metrics that scale out, as they would be at the size scaled in to, or at the last size refused."""
    cooldown: timedelta | None = None
    """The cooldown that begins with the change; `None` where no rule made one."""

    @property
    def direction(self) -> Direction:
        """Which way the size goes."""
        return direction(self.current, self.size)

    @property
    def flapping(self) -> bool:
        """Whether scaling in was due and did not happen."""
        return self.cause is Cause.FLAPPING

    @property
    def flapping_adjusted(self) -> bool:
        """Whether scaling in went less far than asked."""
        return self.cause is Cause.FLAPPING_ADJUSTED


class _Reading(NamedTuple):
    """A rule with what it sees now; without a value it may still fire by a forecast."""

    rule: MetricRule
    value: float | None
    fires: bool


_NO_LIMITS = ProfileCapacity()


def evaluate_rules(
    rules: Sequence[MetricRule],
    values: Mapping[str, Number | None],
    *,
    current: int,
    limits: ProfileCapacity = _NO_LIMITS,
    flapping_check: bool = True,
    cooldown: Cooldown | None = None,
    predicted: Mapping[str, Number | None] | None = None,
) -> AutoscaleOutcome:
    """
    The size after one run of autoscale over the rules of the profile that is active.

    The limits come first. Then out if any rule that increases fires, else in if all rules that decrease do; a cut that
    would scale out again is made smaller, or not at all. Without a value for some metric nothing scales in, and the
    size goes up to the default; what can be read still scales out.

    Args:
        rules: The rules of the profile.
        values: What each metric is now, before it is divided by the instance count; left out or `None` where it cannot
            be read.
        current: The instance count.
        limits: The capacity of the profile.
        flapping_check: Whether a cut is refused where it would scale out again.
        cooldown: The wait after the last change; `None` where there was none. It holds back rules only, neither the
            limits nor the default capacity.
        predicted: Forecast values, by metric: rules scale out by them too, and never in (Predictive autoscale).
    """
    if current < 0:
        raise ValueError(f"a group has 0 instances or more, not {current}")
    inside = limits.nearest(current)
    if inside != current:
        return AutoscaleOutcome(current=current, size=inside, cause=Cause.LIMITS)
    readings = [_read(rule, values, predicted or {}, current) for rule in rules]
    outcome = AutoscaleOutcome(
        current=current,
        size=current,
        cause=Cause.NOTHING,
        fired=tuple(reading.rule for reading in readings if reading.fires),
        unreadable=tuple(dict.fromkeys(reading.rule.metric for reading in readings if reading.value is None)),
    )
    return _decided(outcome, readings, limits, flapping_check, cooldown)


def _read(
    rule: MetricRule, values: Mapping[str, Number | None], predicted: Mapping[str, Number | None], current: int
) -> _Reading:
    value = _value(rule, values, current)
    fires = value is not None and rule.fires(value)
    if not fires and rule.action.way(current) is Direction.OUT:
        forecast = _value(rule, predicted, current)
        fires = forecast is not None and rule.fires(forecast)
    return _Reading(rule, value, fires)


def _value(rule: MetricRule, values: Mapping[str, Number | None], current: int) -> float | None:
    value = values.get(rule.metric)
    return rule.observed(value, current) if value is not None and isfinite(value) else None


def _decided(
    outcome: AutoscaleOutcome,
    readings: Sequence[_Reading],
    limits: ProfileCapacity,
    flapping_check: bool,
    cooldown: Cooldown | None,
) -> AutoscaleOutcome:
    current = outcome.current
    due = _due(readings, current)
    acting = [rule for rule in due if cooldown is None or cooldown.allows(rule.cooldown)]
    # one rule that waits holds a scale-in back, as all of them must ask for it
    if len(acting) < len(due) and due[0].action.way(current) is Direction.IN:
        acting = []
    requested = combined_size(current, (rule.action for rule in acting))
    size = limits.nearest(requested)
    if outcome.unreadable:
        fallback = size_without_metrics(current, limits)
        if fallback > max(size, current):
            return replace(outcome, size=fallback, cause=Cause.DEFAULT_CAPACITY)
        if size < current:
            return replace(outcome, cause=Cause.UNREADABLE)
    if size == current:
        waits = limits.nearest(combined_size(current, (rule.action for rule in due))) != current
        return replace(outcome, cause=Cause.COOLDOWN if waits else Cause.NOTHING)
    wait = max(rule.cooldown for rule in acting if rule.action.size(current) == requested)
    if size > current or not flapping_check:
        return replace(outcome, size=size, cause=Cause.RULES, cooldown=wait)
    return _unflapping(outcome, readings, size, wait)


def _due(readings: Sequence[_Reading], current: int) -> list[MetricRule]:
    """The rules that change the size unless they wait: all that scale out, else all that scale in if they agree."""
    fired = [reading.rule for reading in readings if reading.fires]
    out = [rule for rule in fired if rule.action.way(current) is Direction.OUT]
    if out:
        return out
    decrease = ScaleDirection.DECREASE
    agreed = all(reading.fires for reading in readings if reading.rule.action.direction is decrease)
    return [rule for rule in fired if rule.action.way(current) is Direction.IN] if agreed else []


# flapping


def _unflapping(
    outcome: AutoscaleOutcome, readings: Sequence[_Reading], requested: int, wait: timedelta
) -> AutoscaleOutcome:
    """The cut from `requested` on upward, toward the current size, at which no rule would scale out again."""
    current = outcome.current
    growing = [(reading.rule, reading.value) for reading in readings if reading.value is not None and _grows(reading)]

    def trips(smaller: int) -> bool:
        return any(
            would_trip(value, current, smaller, rule.threshold, rule.operator.holds)
            and rule.action.way(smaller) is Direction.OUT
            for rule, value in growing
        )

    allowed = least_cut(requested, current, trips)
    looked_at = current - 1 if allowed is None else allowed
    estimates = {rule.metric: estimate(value, current, looked_at) for rule, value in growing}
    if allowed is None:
        return replace(outcome, cause=Cause.FLAPPING, estimates=estimates)
    cause = Cause.RULES if allowed == requested else Cause.FLAPPING_ADJUSTED
    return replace(outcome, size=allowed, cause=cause, estimates=estimates, cooldown=wait)


def _grows(reading: _Reading) -> bool:
    """Whether a rule can scale out at some size."""
    action = reading.rule.action
    if action.direction is ScaleDirection.NONE:
        return action.kind is ChangeType.EXACT_COUNT
    return action.direction is ScaleDirection.INCREASE
