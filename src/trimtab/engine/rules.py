"""
Azure Monitor autoscale: one size from the rules of a profile, and how their metrics are read.

Sources are the pages Understand autoscale settings, Flapping in Autoscale, Best practices for autoscale and Predictive
autoscale of Azure Monitor, and the schema of `Microsoft.Insights/autoscaleSettings` (2022-10-01). The values of the
enums are the words of that schema.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from math import isfinite
from typing import NamedTuple, assert_never

from trimtab.engine.limits import bound, estimate, least_cut, settled
from trimtab.engine.policies import Direction, direction
from trimtab.engine.rounding import Number, Rounding, exact, percent_change

MOST_INSTANCES = 1000
"""The largest size of a scale set."""
MOST_RULES = 10
"""How many rules a profile has at most."""
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class Operator(StrEnum):
    """How a rule compares a metric with its threshold."""

    EQUALS = "Equals"
    NOT_EQUALS = "NotEquals"
    GREATER_THAN = "GreaterThan"
    GREATER_THAN_OR_EQUAL = "GreaterThanOrEqual"
    LESS_THAN = "LessThan"
    LESS_THAN_OR_EQUAL = "LessThanOrEqual"

    def holds(self, value: Number, threshold: Number) -> bool:
        """Whether `value` is to `threshold` as the operator says."""
        match self:
            case Operator.EQUALS:
                return value == threshold
            case Operator.NOT_EQUALS:
                return value != threshold
            case Operator.GREATER_THAN:
                return value > threshold
            case Operator.GREATER_THAN_OR_EQUAL:
                return value >= threshold
            case Operator.LESS_THAN:
                return value < threshold
            case Operator.LESS_THAN_OR_EQUAL:
                return value <= threshold
            case _:
                assert_never(self)


class ScaleDirection(StrEnum):
    """Which way a rule scales."""

    INCREASE = "Increase"
    DECREASE = "Decrease"
    NONE = "None"
    """To an exact count, wherever that is: what `az monitor autoscale rule create --scale to N` writes."""


class ChangeType(StrEnum):
    """What the value of a rule counts."""

    CHANGE_COUNT = "ChangeCount"
    PERCENT_CHANGE_COUNT = "PercentChangeCount"
    EXACT_COUNT = "ExactCount"
    SERVICE_ALLOWED_NEXT_VALUE = "ServiceAllowedNextValue"
    """The next size that the service allows; a scale set allows every whole number. Documented by name only."""


@dataclass(frozen=True, slots=True)
class ScaleAction:
    """
    What a rule does to the size.

    Azure does not say what becomes of a fraction of `PercentChangeCount`: it is rounded as EC2 rounds, toward zero but
    never to 0. Nor does it say what an exact count on the wrong side does: nothing.
    """

    direction: ScaleDirection
    kind: ChangeType = ChangeType.CHANGE_COUNT
    value: int = 1

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"a rule's value is 0 or more, not {self.value}: its direction says which way")

    def size(self, current: int) -> int:
        """The size that the action makes of `current`; never less than 0."""
        new_size = self._asked(current)
        match self.direction:
            case ScaleDirection.INCREASE:
                return max(current, new_size)
            case ScaleDirection.DECREASE:
                return min(current, max(0, new_size))
            case ScaleDirection.NONE:
                return new_size
            case _:
                assert_never(self.direction)

    def _asked(self, current: int) -> int:
        sign = _SIGNS[self.direction]
        match self.kind:
            case ChangeType.CHANGE_COUNT:
                return current + sign * self.value
            case ChangeType.PERCENT_CHANGE_COUNT:
                return current + percent_change(current, sign * self.value, rounding=Rounding.EC2)
            case ChangeType.EXACT_COUNT:
                return self.value
            case ChangeType.SERVICE_ALLOWED_NEXT_VALUE:
                return current + sign
            case _:
                assert_never(self.kind)

    def way(self, current: int) -> Direction:
        """Whether the action counts as scaling out or in at `current`; one without a direction goes where it leads."""
        match self.direction:
            case ScaleDirection.INCREASE:
                return Direction.OUT
            case ScaleDirection.DECREASE:
                return Direction.IN
            case ScaleDirection.NONE:
                return direction(current, self.size(current))
            case _:
                assert_never(self.direction)


_SIGNS: Mapping[ScaleDirection, int] = {
    ScaleDirection.INCREASE: 1,
    ScaleDirection.DECREASE: -1,
    ScaleDirection.NONE: 0,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A metric compared with a threshold, and what is done where that holds."""

    metric: str
    """The name under which the rule finds its value; two ways to aggregate one metric need two names."""
    operator: Operator
    threshold: float
    action: ScaleAction
    cooldown: timedelta = timedelta(minutes=5)
    """How long rules wait after it acted; what Azure's portal and command line propose."""
    divide_per_instance: bool = False

    def observed(self, value: Number, instances: int) -> float:
        """What the rule compares: the value, or its share for each instance."""
        return per_instance(value, instances) if self.divide_per_instance else float(value)

    def fires(self, observed: Number) -> bool:
        """Whether a value, divided already where the rule divides, makes the rule fire."""
        return self.operator.holds(observed, self.threshold)


def per_instance(value: Number, instances: int) -> float:
    """The value of a metric divided by the instance count (`dividePerInstance`); whole while there is no instance."""
    return float(exact(value) / instances) if instances else float(value)


# limits


@dataclass(frozen=True, slots=True)
class Limits:
    """The capacity of a profile."""

    minimum: int = 0
    maximum: int = MOST_INSTANCES
    default: int | None = None
    """The size to go up to while a metric cannot be read."""

    def __post_init__(self) -> None:
        if not 0 <= self.minimum <= self.maximum:
            raise ValueError(
                f"a profile's minimum is 0 to its maximum, not {self.minimum} with a maximum of {self.maximum}"
            )

    def nearest(self, size: int) -> int:
        """`size`, or the limit that it is beyond; holds on every run, before the rules (Best practices)."""
        return bound(size, self.minimum, self.maximum)


def size_without_metrics(current: int, limits: Limits) -> int:
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
class Outcome:
    """The size after a run of autoscale, and how it came about."""

    current: int
    size: int
    cause: Cause
    fired: tuple[Rule, ...] = ()
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

    rule: Rule
    value: float | None
    fires: bool


_NO_LIMITS = Limits()


def evaluate_rules(
    rules: Sequence[Rule],
    values: Mapping[str, Number | None],
    *,
    current: int,
    limits: Limits = _NO_LIMITS,
    flapping_check: bool = True,
    cooldown: Cooldown | None = None,
    predicted: Mapping[str, Number | None] | None = None,
) -> Outcome:
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
        return Outcome(current=current, size=inside, cause=Cause.LIMITS)
    readings = [_read(rule, values, predicted or {}, current) for rule in rules]
    outcome = Outcome(
        current=current,
        size=current,
        cause=Cause.NOTHING,
        fired=tuple(reading.rule for reading in readings if reading.fires),
        unreadable=tuple(dict.fromkeys(reading.rule.metric for reading in readings if reading.value is None)),
    )
    return _decided(outcome, readings, limits, flapping_check, cooldown)


def _read(
    rule: Rule, values: Mapping[str, Number | None], predicted: Mapping[str, Number | None], current: int
) -> _Reading:
    value = _value(rule, values, current)
    fires = value is not None and rule.fires(value)
    if not fires and rule.action.way(current) is Direction.OUT:
        forecast = _value(rule, predicted, current)
        fires = forecast is not None and rule.fires(forecast)
    return _Reading(rule, value, fires)


def _value(rule: Rule, values: Mapping[str, Number | None], current: int) -> float | None:
    value = values.get(rule.metric)
    return rule.observed(value, current) if value is not None and isfinite(value) else None


def _decided(
    outcome: Outcome, readings: Sequence[_Reading], limits: Limits, flapping_check: bool, cooldown: Cooldown | None
) -> Outcome:
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


def _due(readings: Sequence[_Reading], current: int) -> list[Rule]:
    """The rules that change the size unless they wait: all that scale out, else all that scale in if they agree."""
    fired = [reading.rule for reading in readings if reading.fires]
    out = [rule for rule in fired if rule.action.way(current) is Direction.OUT]
    if out:
        return out
    decrease = ScaleDirection.DECREASE
    agreed = all(reading.fires for reading in readings if reading.rule.action.direction is decrease)
    return [rule for rule in fired if rule.action.way(current) is Direction.IN] if agreed else []


# flapping


def _unflapping(outcome: Outcome, readings: Sequence[_Reading], requested: int, wait: timedelta) -> Outcome:
    """The cut from `asked` on upward, toward the current size, at which no rule would scale out again."""
    current = outcome.current
    growing = [(reading.rule, reading.value) for reading in readings if reading.value is not None and _grows(reading)]

    def trips(smaller: int) -> bool:
        return any(_trips(rule, estimate(value, current, smaller), smaller) for rule, value in growing)

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


def _trips(rule: Rule, estimated: float, smaller: int) -> bool:
    return rule.fires(settled(estimated, rule.threshold)) and rule.action.way(smaller) is Direction.OUT


# metrics


class Statistic(StrEnum):
    """How the instances' values of one time grain become one."""

    AVERAGE = "Average"
    MIN = "Min"
    MAX = "Max"
    SUM = "Sum"
    COUNT = "Count"


class TimeAggregation(StrEnum):
    """How the time grains of a window become one value."""

    AVERAGE = "Average"
    MINIMUM = "Minimum"
    MAXIMUM = "Maximum"
    TOTAL = "Total"
    COUNT = "Count"
    LAST = "Last"


def over_instances(samples: Iterable[Number | None], statistic: Statistic) -> Number | None:
    """One value from the samples of a time grain; `None` where there is none."""
    values = [*_read_only(samples)]
    if not values:
        return None
    match statistic:
        case Statistic.AVERAGE:
            return sum(map(exact, values)) / len(values)
        case Statistic.MIN:
            return min(values)
        case Statistic.MAX:
            return max(values)
        case Statistic.SUM:
            return sum(map(exact, values))
        case Statistic.COUNT:
            return len(values)
        case _:
            assert_never(statistic)


def over_time(grains: Iterable[Number | None], aggregation: TimeAggregation) -> Number | None:
    """One value from the time grains of a window, oldest first; `None` where none has one."""
    values = [*_read_only(grains)]
    if not values:
        return None
    match aggregation:
        case TimeAggregation.AVERAGE:
            return sum(map(exact, values)) / len(values)
        case TimeAggregation.MINIMUM:
            return min(values)
        case TimeAggregation.MAXIMUM:
            return max(values)
        case TimeAggregation.TOTAL:
            return sum(map(exact, values))
        case TimeAggregation.COUNT:
            return len(values)
        case TimeAggregation.LAST:
            return values[-1]
        case _:
            assert_never(aggregation)


def aggregate(
    grains: Iterable[Iterable[Number | None]],
    *,
    statistic: Statistic = Statistic.AVERAGE,
    time_aggregation: TimeAggregation = TimeAggregation.AVERAGE,
) -> float | None:
    """
    The value of a metric over a window: first each time grain over its instances, then the grains over time.

    Best practices for autoscale. A grain or an instance without a sample is left out; `None` where nothing is there.

    Args:
        grains: The samples of the instances in each time grain, oldest first.
        statistic: How the samples of a grain are combined.
        time_aggregation: How the grains are combined.
    """
    value = over_time([over_instances(samples, statistic) for samples in grains], time_aggregation)
    return None if value is None else float(value)


def _read_only(values: Iterable[Number | None]) -> Iterator[Number]:
    return (value for value in values if value is not None and isfinite(value))


# what Azure refuses


def trigger_problem(grain: timedelta, window: timedelta) -> str | None:
    """
    What Azure refuses about when a rule's metric is read; `None` when it takes it.

    A time grain is 1 minute to 12 hours long, a window 5 minutes to 12 hours (schema of `metricTrigger`).
    """
    return _outside("a time grain", grain, _MINUTE, 12 * _HOUR) or _outside(
        "a time window", window, 5 * _MINUTE, 12 * _HOUR
    )


def rules_problem(rules: Sequence[Rule]) -> str | None:
    """
    What Azure refuses about the rules of a profile; `None` when it takes them.

    At most ten; cooldowns of one minute to one week; changes of 1 or more. Rules in one direction only are taken.
    """
    if len(rules) > MOST_RULES:
        return f"a profile has at most {MOST_RULES} rules, not {len(rules)}"
    for rule in rules:
        if rule.action.value < 1 and rule.action.kind is not ChangeType.EXACT_COUNT:
            return f"the rule on {rule.metric!r} changes the size by {rule.action.value}; 1 is the least"
        problem = _outside(f"the cooldown of the rule on {rule.metric!r}", rule.cooldown, _MINUTE, timedelta(weeks=1))
        if problem:
            return problem
    return None


def lookahead_problem(lookahead: timedelta | None) -> str | None:
    """
    What Azure refuses about how long before a forecast instances start; `None` when it takes it.

    One minute to one hour (`scaleLookAheadTime`); it may be left out.
    """
    return None if lookahead is None else _outside("the look-ahead", lookahead, _MINUTE, _HOUR)


def _outside(what: str, length: timedelta, low: timedelta, high: timedelta) -> str | None:
    return None if low <= length <= high else f"{what} is {low} to {high} (h:mm:ss), not {length}"
