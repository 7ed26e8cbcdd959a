"""The values of a group's metrics at which its own rules do nothing, and what each does as the load grows; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from trimtab.models import Alarm, Metric, MetricSource, PredictivePolicy, ScalingGroup, TargetTrackingPolicy
from trimtab.models.metric import Unit

NEAR = 0.95
"""How near to a target a metric is kept: rules that hold one scale in from nine tenths of it downwards, or less."""
LEFT = 0.5
"""What share of a threshold a metric has where nothing says what is too little."""
MOST_PERCENT = 100.0
MINUTE = timedelta(minutes=1)
ERRORS = frozenset({"errors-5xx", "latency"})
"""What does not grow with the load."""
PER_INSTANCE = frozenset({"network-in", "network-out", "requests-per-instance", "queue-per-instance"})


@dataclass(frozen=True, slots=True)
class Calm:
    """
    A metric at rest.

    Attributes:
        metric: The metric.
        value: What it is with the instances that the group begins with, once a minute.
    """

    metric: Metric
    value: float

    def at(self, load: float, share: float) -> float:
        """
        What it is under another load.

        Args:
            load: The load of the group, where 1 is that of the beginning.
            share: By how much more each instance has of it than with as many as there were.
        """
        if self.metric.name in ERRORS:
            return self.value
        is_percent = self.metric.unit is Unit.PERCENT
        each = is_percent or self.metric.name in PER_INSTANCE
        value = self.value * load * (share if each else 1.0)
        return min(MOST_PERCENT, value) if is_percent else value


def calm_values(group: ScalingGroup) -> tuple[Calm, ...]:
    """A value for each metric that a group's rules watch and a cloud measures; those of sources are not ours."""
    bounds: dict[Metric, tuple[list[float], list[float]]] = {}
    for metric, low, high in _bounds(group):
        lows, highs = bounds.setdefault(metric, ([], []))
        lows += [] if low is None else [low]
        highs += [] if high is None else [high]
    return tuple(Calm(metric, _between(lows, highs)) for metric, (lows, highs) in bounds.items() if _is_pushed(metric))


def _is_pushed(metric: Metric) -> bool:
    return metric.is_neutral or metric.source is MetricSource.CUSTOM


def _bounds(group: ScalingGroup) -> Iterator[tuple[Metric, float | None, float | None]]:
    """Of each rule its metric, and between what it does nothing, by minute."""
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy):
            yield policy.metric, (2 * NEAR - 1) * policy.target, policy.target
        elif isinstance(policy, PredictivePolicy):
            yield policy.metric, None, policy.target
    for alarm in group.alarms:
        value = alarm.threshold / _minutes(alarm)
        above = alarm.above is not None or alarm.at_least is not None
        yield (alarm.metric, None, value) if above else (alarm.metric, value, None)


def _minutes(alarm: Alarm) -> float:
    """In how many datapoints of a minute a threshold is reached: in all of its period where they are added up."""
    return max(1.0, alarm.period / MINUTE) if alarm.statistic == "sum" or alarm.metric.unit is Unit.COUNT else 1.0


def _between(lows: list[float], highs: list[float]) -> float:
    low, high = max(lows, default=None), min(highs, default=None)
    if low is None:
        return LEFT * (high or 0.0)
    if high is None:
        return low * (2 - LEFT)
    # where no value is between them, what scales out is avoided
    return (low + high) / 2 if low < high else high * NEAR
