"""
What holds a size back: waits, bounds, weights, balance between zones.

Sources are pages of the Amazon EC2 Auto Scaling User Guide unless another is named.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import copysign, inf, isclose
from typing import NamedTuple, assert_never

from trimtab.engine.rounding import Number, exact, percent_change
from trimtab.models import PredictiveMode

DEFAULT_COOLDOWN = timedelta(seconds=300)
"""The wait after simple scaling where neither the policy nor the group gives one."""

DEFAULT_BUFFER = timedelta(seconds=300)
"""How long before a forecast its instances start, where the policy does not say."""


class Trigger(StrEnum):
    """What asks for a change of size."""

    SIMPLE = "simple"
    STEP = "step"
    TARGET_TRACKING = "target-tracking"
    PREDICTIVE = "predictive"
    SCHEDULE = "schedule"
    MANUAL = "manual"
    REPLACEMENT = "replacement"
    """An unhealthy instance is replaced."""
    REBALANCE = "rebalance"
    """Instances are spread over the zones again."""
    SCALE_OUT = "scale-out"
    """Launching, whoever asked."""
    SCALE_IN = "scale-in"
    """Terminating, whoever asked."""


# waits


def waits_for_cooldown(trigger: Trigger, *, honor_cooldown: bool = False) -> bool:
    """Whether a change of this sort waits for a cooldown (Scaling cooldowns): simple scaling only; by hand if asked."""
    return trigger is Trigger.SIMPLE or (trigger is Trigger.MANUAL and honor_cooldown)


def effective_cooldown(policy: timedelta | None, group: timedelta | None) -> timedelta:
    """The policy's own cooldown, else the group's, else 300 s (Scaling cooldowns)."""
    return next((value for value in (policy, group) if value is not None), DEFAULT_COOLDOWN)


def cooldown_end(finished: Iterable[datetime], cooldown: timedelta) -> datetime:
    """When a cooldown is over: it begins when the last instance has finished launching or terminating."""
    return max(finished) + cooldown


def effective_warm_up(
    policy: timedelta | None, group: timedelta | None, cooldown: timedelta | None = None
) -> timedelta:
    """The policy's warm-up, else the group's (0 counts), else the default cooldown (Default instance warmup)."""
    return next((value for value in (policy, group, cooldown) if value is not None), DEFAULT_COOLDOWN)


def effective_refresh_warm_up(own: timedelta | None, group: timedelta | None, grace: timedelta) -> timedelta:
    """The warm-up of an instance refresh: its own, else the group's default, else the health check's grace."""
    return next((value for value in (own, group) if value is not None), grace)


def held_while_warming(current: int, requested: int, warming: int) -> int:
    """The size while `warming` instances warm up: scaling in waits, scaling out does not (Default instance warmup)."""
    return max(current, requested) if warming else requested


# bounds


def bound(size: int, low: int, high: int) -> int:
    """`size` brought between `low` and `high`."""
    return low if size < low else min(size, high)


class Sizes(NamedTuple):
    """The three sizes of a group."""

    min: int
    max: int
    desired: int


def scheduled_sizes(
    now: Sizes, *, minimum: int | None = None, maximum: int | None = None, desired: int | None = None
) -> Sizes:
    """
    The sizes after a scheduled action set those that are given.

    A minimum above the size raises it, a maximum below lowers it (Scheduled scaling; UpdateAutoScalingGroup).
    """
    low = now.min if minimum is None else minimum
    high = now.max if maximum is None else maximum
    if low > high:
        raise ValueError(f"the action would leave a minimum of {low} above a maximum of {high}; set both")
    return Sizes(low, high, bound(now.desired if desired is None else desired, low, high))


def predicted_size(current: int, forecast: int, *, low: int, high: int, mode: PredictiveMode) -> int:
    """The size at the start of an hour: never less than forecast, never scaled in (Predictive scaling)."""
    match mode:
        case PredictiveMode.FORECAST_ONLY:
            return current
        case PredictiveMode.FORECAST_AND_SCALE:
            return current if forecast <= current else max(current, bound(forecast, low, high))
        case _:
            assert_never(mode)


def launch_time(forecast_at: datetime, buffer: timedelta | None) -> datetime:
    """When instances are launched for a forecast: the buffer before it, 300 s when left out (SchedulingBufferTime)."""
    return forecast_at - (DEFAULT_BUFFER if buffer is None else buffer)


def rebalance_maximum(maximum: int) -> int:
    """
    How far rebalancing may go above the maximum for a while: 10 per cent or one instance, whichever is more.

    Rebalancing activities; a fraction is left out, as AWS does not say what becomes of it.
    """
    return maximum + max(1, percent_change(maximum, 10))


def is_below_surplus(decrease: int, *, running: int, desired: int) -> bool:
    """Whether a scale-in is smaller than what weighted instances are above the desired size, so that nothing goes."""
    return 0 < decrease < running - desired


def peak_floor(peak: int, *, limit: int | None = None, percent: int | None = None) -> int:
    """The least size that a scale-in control leaves of a peak; a percentage is of the peak."""
    removed = limit if limit is not None else percent_change(peak, percent or 0)
    return max(0, peak - removed)


def least_cut(requested: int, current: int, trips: Callable[[int], bool]) -> int | None:
    """The smallest size from `requested` up to `current - 1` at which `trips` is false; `None` when there is none."""
    return next((size for size in range(requested, current) if not trips(size)), None)


def estimate(value: Number, current: int, smaller: int) -> float:
    """
    What a metric will be at a smaller size: value x current / smaller.

    At 0 instances any value grows beyond all bounds, and 0 stays 0 (Azure Monitor, Flapping in Autoscale).
    """
    if smaller:
        return float(exact(value) * current / smaller)
    return copysign(inf, value) if value else 0.0


def would_trip(
    value: Number, current: int, smaller: int, threshold: float, breaches: Callable[[float, float], bool]
) -> bool:
    """
    Whether a metric would breach a threshold at a smaller size, by the estimate (Azure Monitor, Flapping in Autoscale).

    An estimate that differs from the threshold by rounding only is the threshold: 100/3 x 3/2 is 50, not more than 50.
    """
    estimated = estimate(value, current, smaller)
    met = isclose(estimated, threshold, rel_tol=NOISE)
    return breaches(threshold if met else estimated, threshold)


NOISE = 1e-12
"""The relative difference below which two numbers differ by rounding only."""


# zones and what is terminated


def zone_to_leave(zones: Mapping[str, int]) -> str:
    """The zone that loses an instance: the one with the most; the first by name where several have as many."""
    return min(zones, key=lambda zone: (-zones[zone], zone))


def zone_to_join(zones: Mapping[str, int]) -> str:
    """The zone that gets an instance: the one with the fewest; the first by name where several have as few."""
    return min(zones, key=lambda zone: (zones[zone], zone))


CUSTOM_POLICY = "arn:"


def termination_problem(policies: Sequence[str]) -> str | None:
    """
    What EC2 Auto Scaling refuses about a list of termination policies; `None` when it takes it.

    `Default` comes last, a custom function (named by its ARN) first (Control which instances terminate).
    """
    if "Default" in policies[:-1]:
        return "`Default` is not the last termination policy; move it to the end"
    if any(policy.startswith(CUSTOM_POLICY) for policy in policies[1:]):
        return "a custom termination function is not the first; move it to the front"
    unknown = [policy for policy in policies if policy not in TERMINATION_POLICIES and CUSTOM_POLICY not in policy]
    return f"unknown termination policy {unknown[0]!r}" if unknown else None


TERMINATION_POLICIES = frozenset(
    {
        *("AllocationStrategy", "ClosestToNextInstanceHour", "Default", "NewestInstance"),
        *("OldestInstance", "OldestLaunchConfiguration", "OldestLaunchTemplate"),
    }
)

_STOPPED_BY: Mapping[Trigger, frozenset[str]] = {
    Trigger.SIMPLE: frozenset({"AlarmNotification"}),
    Trigger.STEP: frozenset({"AlarmNotification"}),
    Trigger.TARGET_TRACKING: frozenset({"AlarmNotification"}),
    Trigger.PREDICTIVE: frozenset(),
    Trigger.SCHEDULE: frozenset({"ScheduledActions"}),
    Trigger.MANUAL: frozenset(),
    Trigger.REPLACEMENT: frozenset({"ReplaceUnhealthy", "Terminate"}),
    Trigger.REBALANCE: frozenset({"AZRebalance", "Launch"}),
    Trigger.SCALE_OUT: frozenset({"Launch"}),
    Trigger.SCALE_IN: frozenset({"Terminate"}),
}


def is_stopped(trigger: Trigger, suspended: Iterable[str]) -> bool:
    """Whether a change of this sort stands still while processes are suspended (Suspend and resume a process)."""
    return not _STOPPED_BY[trigger].isdisjoint(suspended)
