"""
What each sort of policy asks for: an amount, a step, a metric held at its target, a forecast.

Pure arithmetic on plain numbers; `decide` gates and combines it.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from math import inf
from typing import NamedTuple

from trimtab.engine.rounding import Number, Rounding, ceil_ratio, exact, floor_ratio, percent_change
from trimtab.models import Step
from trimtab.models.policy import step_problem

__all__ = [
    "Band",
    "Direction",
    "TrackingAlarm",
    "TrackingVote",
    "adjust",
    "bands",
    "combine_tracking",
    "direction",
    "find_step",
    "is_inside",
    "largest",
    "needed_size",
    "raised_maximum",
    "step_problem",
    "step_size",
    "tracking_alarms",
    "tracking_size",
]


class Direction(StrEnum):
    """Which way a size is to go."""

    OUT = "out"
    IN = "in"
    NONE = "none"


def direction(current: int, size: int) -> Direction:
    """Which way it is from `current` to `size`."""
    if size == current:
        return Direction.NONE
    return Direction.OUT if size > current else Direction.IN


# amounts


def adjust(
    size: int,
    *,
    change: int | None = None,
    percent: Number | None = None,
    to: int | None = None,
    minimum_change: int | None = None,
    rounding: Rounding = Rounding.EC2,
) -> int:
    """
    The size that one amount makes of `size`, before any bound; never below 0.

    Exactly one of `change`, `percent` and `to` is given; `minimum_change` goes with `percent` (Amazon EC2 Auto
    Scaling User Guide, Step and simple scaling policies).
    """
    if to is not None:
        return to
    if percent is not None:
        change = percent_change(size, percent, rounding=rounding, minimum=minimum_change or 0)
    return max(0, size + (change or 0))


# steps


class Band(NamedTuple):
    """The part of a metric that a step is for, in the metric's own unit."""

    low: float
    high: float
    step: Step


def bands(steps: Sequence[Step], threshold: float) -> tuple[Band, ...]:
    """The bands of `steps` around an alarm's `threshold`; an open end is infinite."""
    return tuple(
        Band(
            -inf if step.lower is None else float(exact(threshold) + exact(step.lower)),
            inf if step.upper is None else float(exact(threshold) + exact(step.upper)),
            step,
        )
        for step in steps
    )


def is_inside(value: float, low: float, high: float, *, above: bool) -> bool:
    """
    Whether a value is between the ends of a step.

    For an alarm above its threshold the lower end is inside and the upper outside; below it is the other way
    round (StepAdjustment, Amazon EC2 Auto Scaling API Reference).
    """
    return low <= value < high if above else low < value <= high


def find_step(around: Sequence[Band], value: float, *, above: bool) -> Step | None:
    """The one step that the value selects; `None` when it is beyond all of them."""
    for low, high, step in around:
        if is_inside(value, low, high, above=above):
            return step
    return None


def step_size(
    step: Step,
    *,
    in_service: int,
    desired: int,
    minimum_change: int | None = None,
    rounding: Rounding = Rounding.EC2,
) -> int:
    """
    The size that a step asks for, before any bound.

    While instances warm up the amount is worked out on those in service and never lowers the desired size, and
    scaling in waits (Amazon EC2 Auto Scaling User Guide, Step and simple scaling policies, Instance warm-up, 2018
    to 2022). With all instances in service it is the plain amount.

    Args:
        step: The step that the metric selected.
        in_service: Instances whose metrics count: not those that warm up.
        desired: The current desired size.
        minimum_change: The least number of instances that a percentage moves.
        rounding: What happens to a fraction of a percentage.
    """
    size = adjust(
        in_service,
        change=step.change,
        percent=step.percent,
        to=step.to,
        minimum_change=minimum_change,
        rounding=rounding,
    )
    return max(desired, size) if in_service < desired else size


# targets


def needed_size(size: int, value: Number, target: Number) -> int:
    """
    How many instances bring a metric from `value` to `target`: ceil(size x value / target).

    For a metric that falls as instances join; rounded toward more capacity, out and in (Amazon EC2 Auto Scaling
    User Guide, Target tracking scaling policies; Scaling based on Amazon SQS). Of 0 instances the value itself
    says how many are needed, as in the Nomad Autoscaler.
    """
    return ceil_ratio(size or 1, value, target)


def tracking_size(size: int, way: Direction, *, in_service: int, value: Number, target: Number) -> int:
    """
    The size that a target tracking policy sets once it is ready: what is needed, never against its way.

    `in_service` leaves out the instances that warm up (Amazon EC2 Auto Scaling User Guide, Target tracking scaling
    policies).
    """
    needed = needed_size(in_service, value, target)
    return max(size, needed) if way is Direction.OUT else min(size, needed)


class TrackingAlarm(NamedTuple):
    """One of the two alarms that gate a target tracking policy: all of so many datapoints of a minute."""

    above: bool
    threshold: float
    datapoints: int
    period: timedelta = timedelta(minutes=1)


def tracking_alarms(
    target: float, *, low_ratio: float, high_datapoints: int = 3, low_datapoints: int = 15
) -> tuple[TrackingAlarm, TrackingAlarm]:
    """
    The high and the low alarm of a target tracking policy, on datapoints of a minute.

    No AWS page states the numbers; they are those that users read off their accounts. The share of the target at
    which scaling in begins differs between services, so it is an argument.
    """
    low = float(exact(target) * exact(low_ratio))
    return TrackingAlarm(True, target, high_datapoints), TrackingAlarm(False, low, low_datapoints)


class TrackingVote(NamedTuple):
    """What one target tracking policy is ready for, and the size it would set."""

    ready: Direction
    size: int
    scale_in: bool = True


def combine_tracking(current: int, votes: Sequence[TrackingVote]) -> int:
    """
    The size that several target tracking policies set together.

    Out as soon as one is ready, in only when all that may scale in are ready; the largest size counts (Amazon EC2
    Auto Scaling User Guide, Target tracking scaling policies).
    """
    out = [vote.size for vote in votes if vote.ready is Direction.OUT]
    if out:
        return max(current, *out)
    able = [vote for vote in votes if vote.scale_in]
    if able and all(vote.ready is Direction.IN for vote in able):
        return min(current, max(vote.size for vote in able))
    return current


def largest(current: int, sizes: Sequence[int]) -> int:
    """The size that policies firing together set: the largest, scaling out and in (same guide, Dynamic scaling)."""
    return max(sizes, default=current)


# forecasts


def raised_maximum(maximum: int, forecast: int, buffer_percent: int) -> int:
    """
    The maximum in force where a forecast may raise it: `buffer_percent` above the forecast, never lower than now.

    PredictiveScalingConfiguration, MaxCapacityBuffer (Amazon EC2 Auto Scaling API Reference); a fraction is left out.
    """
    return max(maximum, floor_ratio(forecast, 100 + buffer_percent, 100))
