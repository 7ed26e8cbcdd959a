"""
What the strategies of the Nomad Autoscaler ask for, and which of several actions wins.

Sources: the documentation of the Nomad Autoscaler, strategy plugins target-value, threshold, pass-through and
fixed-value, and its open sources (hashicorp/nomad-autoscaler).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from math import inf, isfinite
from typing import NamedTuple, TypeVar

from trimtab.engine.policies import adjust, needed_size
from trimtab.engine.rounding import Number, Rounding, exact

DEFAULT_TOLERANCE = 0.01
"""Nothing is done while metric over target is this close to 1."""
DEFAULT_TRIGGER = 5
"""How many datapoints must lie within the bounds."""
NO_CHANGE = -1
"""The count of an action that is only tried out; bounds leave it alone."""


class ActionDirection(StrEnum):
    """Which way an action goes, the weakest first; Nomad says up and down for out and in."""

    DOWN = "down"
    NONE = "none"
    UP = "up"
    RECOMMENDATION = "recommendation"
    """A size that is told and not set."""


_RANK = list(ActionDirection)
Parsed = TypeVar("Parsed")


class StrategyAction(NamedTuple):
    """What a strategy asks for: a size, where it goes up or down."""

    way: ActionDirection
    size: int = 0


def way_to(count: int, wanted: Number) -> ActionDirection:
    """Which way it is from a count to what is wanted."""
    if wanted == count:
        return ActionDirection.NONE
    return ActionDirection.UP if wanted > count else ActionDirection.DOWN


def _towards(count: int, wanted: int) -> StrategyAction:
    way = way_to(count, wanted)
    return StrategyAction(way) if way is ActionDirection.NONE else StrategyAction(way, wanted)


def way_of_factor(count: int, factor: Number, tolerance: Number = DEFAULT_TOLERANCE) -> ActionDirection:
    """Which way metric over target asks to go; from 0 instances any load means out, and none means stay."""
    if count == 0:
        return ActionDirection.UP if factor > 0 else ActionDirection.NONE
    off = exact(factor) - 1
    if abs(off) <= exact(tolerance):
        return ActionDirection.NONE
    return ActionDirection.UP if off > 0 else ActionDirection.DOWN


def target_value(
    count: int,
    metrics: Sequence[Number],
    *,
    target: Number,
    tolerance: Number = DEFAULT_TOLERANCE,
    max_scale_up: int | None = None,
    max_scale_down: int | None = None,
) -> StrategyAction | None:
    """
    The count that brings the newest metric to its target; `None` without a metric.

    count x metric / target, rounded up; from 0 the factor itself; for a target of 0 the metric is the factor. The two
    limits bound how much one action adds or removes.
    """
    if not metrics:
        return None
    factor = exact(metrics[-1]) / exact(target) if target else exact(metrics[-1])
    if way_of_factor(count, factor, tolerance) is ActionDirection.NONE:
        return StrategyAction(ActionDirection.NONE)
    wanted = needed_size(count, factor, 1)
    return _towards(count, _within(count, wanted, max_scale_up, max_scale_down))


def pass_through(
    count: int, metrics: Sequence[Number], *, max_scale_up: int | None = None, max_scale_down: int | None = None
) -> StrategyAction | None:
    """The newest metric as the count; `None` without a metric."""
    if not metrics:
        return None
    return _towards(count, _within(count, int(metrics[-1]), max_scale_up, max_scale_down))


def fixed_value(count: int, value: int) -> StrategyAction:
    """
    A count that is always the same.

    Raises:
        ValueError: It is below 0.
    """
    if value < 0:
        raise ValueError(f"`value` is a count of 0 or more, not {value}")
    return _towards(count, value)


def _within(count: int, wanted: int, up: int | None, down: int | None) -> int:
    for limit in (up, down):
        if limit is not None and limit < 0:
            raise ValueError(f"`max_scale_up` and `max_scale_down` are 0 or more, not {limit}")
    wanted = max(0, wanted)  # below it lies NO_CHANGE, which means something else
    if up is not None and wanted > count:
        return min(wanted, count + up)
    if down is not None and wanted < count:
        return max(wanted, count - down)
    return wanted


def threshold(
    count: int,
    metrics: Sequence[Number],
    *,
    lower: Number | None = None,
    upper: Number | None = None,
    delta: int | None = None,
    percentage: Number | None = None,
    value: int | None = None,
    trigger: int = DEFAULT_TRIGGER,
) -> StrategyAction | None:
    """
    One step while enough datapoints are within bounds; `None` when they are not.

    The lower bound is inside, the upper outside. A percentage gives a new count that is rounded up; no count is
    below 0.
    """
    low, high = -inf if lower is None else lower, inf if upper is None else upper
    if sum(low <= metric < high for metric in metrics) < trigger or not metrics:
        return None
    if value is not None:
        return _towards(count, value)
    if percentage is not None:
        return _towards(count, adjust(count, percent=percentage, rounding=Rounding.UP))
    return _towards(count, adjust(count, change=delta))


# settings as a policy file has them


def parse_number(name: str, text: str | None, *, required: bool = False) -> float | None:
    """
    A number of a strategy's settings.

    Raises:
        ValueError: It is no number, or missing and required, in Nomad's own words.
    """
    if not text:
        if required:
            raise ValueError(f"missing required field `{name}`")
        return None
    try:
        number = float(text)
    except ValueError:
        number = inf
    if not isfinite(number):
        raise ValueError(f"invalid value for `{name}`: {text} (string)")
    return number


def parse_count(name: str, text: str | None, *, required: bool = False) -> int | None:
    """A whole number of a strategy's settings; raises as `parse_number` does."""
    if not text:
        parse_number(name, text, required=required)
        return None
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"invalid value for `{name}`: {text} (string)") from None


class Strategy(StrEnum):
    """The strategies by their names in a policy."""

    TARGET_VALUE = "target-value"
    PASS_THROUGH = "pass-through"
    FIXED_VALUE = "fixed-value"
    THRESHOLD = "threshold"


def run(
    strategy: Strategy, count: int, metrics: Sequence[Number], settings: Mapping[str, str]
) -> StrategyAction | None:
    """
    What a strategy asks for under the settings of a policy, all of them text.

    Raises:
        ValueError: A setting is missing or wrong, in Nomad's own words.
    """
    if strategy is Strategy.THRESHOLD:
        return _run_threshold(count, metrics, settings)
    if strategy is Strategy.FIXED_VALUE:
        return fixed_value(count, parse_count("value", settings.get("value"), required=True) or 0)
    target = tolerance = None
    if strategy is Strategy.TARGET_VALUE:
        target = parse_number("target", settings.get("target"), required=True)
        tolerance = parse_number("threshold", settings.get("threshold"))
    up = parse_count("max_scale_up", settings.get("max_scale_up"))
    down = parse_count("max_scale_down", settings.get("max_scale_down"))
    if target is None:
        return pass_through(count, metrics, max_scale_up=up, max_scale_down=down)
    near = DEFAULT_TOLERANCE if tolerance is None else tolerance
    return target_value(count, metrics, target=target, tolerance=near, max_scale_up=up, max_scale_down=down)


def _run_threshold(count: int, metrics: Sequence[Number], settings: Mapping[str, str]) -> StrategyAction | None:
    if not (settings.get("lower_bound") or settings.get("upper_bound")):
        raise ValueError('missing required field, must have either "lower_bound" or "upper_bound"')
    upper = _quoted(parse_number, "upper_bound", settings)
    lower = _quoted(parse_number, "lower_bound", settings)
    trigger = _quoted(parse_count, "within_bounds_trigger", settings)
    given = [name for name in ("delta", "percentage", "value") if settings.get(name)]
    if not given:
        raise ValueError('missing required field, must have either "delta", "percentage" or "value"')
    if len(given) > 1:
        raise ValueError('only one of "delta", "percentage" or "value" must be provided')
    value = _step(parse_count, "value", settings)
    if value is not None and value < 0:
        raise ValueError(f'"value" value {value} is negative')
    return threshold(
        count,
        metrics,
        lower=lower,
        upper=upper,
        delta=_step(parse_count, "delta", settings),
        percentage=_step(parse_number, "percentage", settings),
        value=value,
        trigger=DEFAULT_TRIGGER if trigger is None else trigger,
    )


def _quoted(parse: Callable[[str, str | None], Parsed], name: str, settings: Mapping[str, str]) -> Parsed:
    """A setting of the threshold strategy, whose messages quote names with `"`."""
    try:
        return parse(name, settings.get(name))
    except ValueError as error:
        raise ValueError(str(error).replace("`", '"')) from None


def _step(parse: Callable[[str, str | None], Parsed], name: str, settings: Mapping[str, str]) -> Parsed:
    """What the threshold strategy does; its messages differ from those about bounds."""
    try:
        return parse(name, settings.get(name))
    except ValueError:
        kind = "a number" if name == "percentage" else "an integer"
        raise ValueError(f'"{name}" value {settings.get(name)} is not {kind}') from None


# actions


def bounded(count: int, low: int, high: int) -> int:
    """A count within the bounds of its policy; one that is only tried out stays as it is."""
    return count if count == NO_CHANGE else max(low, min(high, count))


def stronger(action: StrategyAction | None, other: StrategyAction | None) -> StrategyAction | None:
    """
    The action that wins: down, none, up, recommendation, the last the strongest; of two alike the larger count.

    So one check that asks for nothing stops another that would scale in.
    """
    if action is None or other is None:
        return action or other
    if _RANK.index(other.way) != _RANK.index(action.way):
        return other if _RANK.index(other.way) > _RANK.index(action.way) else action
    return other if action.way in (ActionDirection.UP, ActionDirection.DOWN) and other.size > action.size else action


def remaining_cooldown(cooldown: timedelta, since: timedelta) -> timedelta:
    """How long a policy still waits; below 0 when it need not."""
    return cooldown - since


def is_needed(action: StrategyAction, current: int) -> bool:
    """
    Whether an action changes anything.

    One without a way has no size of its own, so it never does (hashicorp/nomad-autoscaler, pull request 1224).
    """
    return action.way is not ActionDirection.NONE and action.size != current
