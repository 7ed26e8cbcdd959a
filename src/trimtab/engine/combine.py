"""One size from what several rules ask for."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from trimtab.engine.alarms import BREACHES, Breaches
from trimtab.engine.case import AlarmReading, Ask, Case, Tally, newest
from trimtab.engine.limits import least_cut, would_trip
from trimtab.engine.policies import Direction, combine_tracking, raised_maximum
from trimtab.engine.presets import MissingMetric, ScaleInAgreement
from trimtab.engine.reasons import ReasonCode
from trimtab.engine.values import Forecast, Sized
from trimtab.models import Comparison


def combine(case: Case, readings: list[AlarmReading], tally: Tally) -> int:
    """The size that the rules ask for together, before any wait or bound."""
    size, preset = case.size, case.preset
    sizes = [ask.size for ask in tally.asks]
    if tally.tracking and preset.scale_in is ScaleInAgreement.ANY:
        sizes = _with_tracking(case, tally)
    wanted = max(sizes) if sizes else size
    if len(sizes) > 1:
        tally.record(ReasonCode.LARGEST, tuple(sizes), wanted)
    if wanted < size:
        wanted = _agreed(case, readings, wanted, tally)
    if tally.unread and preset.missing is MissingMetric.DEFAULT_CAPACITY:
        wanted = _at_default(case, wanted, tally)
    if not sizes and readings and not tally.reasons:
        calm = tuple([f"{reading.alarm.name} {reading.value:g}" for reading in readings if reading.value is not None])
        tally.record(ReasonCode.NO_ALARM, calm)
    return wanted


def _with_tracking(case: Case, tally: Tally) -> list[int]:
    """The sizes asked for, with those of the target tracking policies taken together."""
    if not tally.asks:  # nothing that is ready is without one
        return []
    tracked = {rule.policy for rule in case.rules.tracking}
    sizes = [ask.size for ask in tally.asks if ask.policy not in tracked]
    ready = [vote for vote in tally.tracking if vote.ready is not Direction.NONE]
    if not ready:
        return sizes
    able = sum(vote.scale_in for vote in tally.tracking)
    if all(vote.ready is Direction.IN for vote in ready) and len(ready) < able:
        tally.record(ReasonCode.TRACKING_HOLDS, len(ready), able)
        return sizes
    return [*sizes, combine_tracking(case.size, tally.tracking)]


def _agreed(case: Case, readings: list[AlarmReading], wanted: int, tally: Tally) -> int:
    """The scale-in that all who have a say let pass."""
    preset, size = case.preset, case.size
    if preset.scale_in is ScaleInAgreement.ALL and tally.agreeing < case.rules.scale_in_rules:
        # a function that asks for fewer is one more rule, and agrees
        functions = {rule.policy for rule in case.rules.functions}
        joined = sum(ask.policy in functions and ask.size < size for ask in tally.asks)
        tally.record(ReasonCode.NO_AGREEMENT, tally.agreeing + joined, case.rules.scale_in_rules + joined)
        return size
    if tally.unread and preset.missing is not MissingMetric.ALARM_OPTION:
        tally.record(ReasonCode.NO_SCALE_IN_WITHOUT_DATA, wanted, tuple(tally.unread))
        return size
    return _unflapping(case, readings, wanted, tally) if preset.estimate else wanted


class _OutLimit(NamedTuple):
    """A metric that a rule scales out by: its value now, and where the rule fires."""

    breaches: Breaches
    value: float
    threshold: float

    def trips(self, size: int, smaller: int) -> bool:
        """Whether the rule would fire at a smaller size, by the estimate value x size / smaller."""
        return would_trip(self.value, size, smaller, self.threshold, self.breaches)


def _unflapping(case: Case, readings: list[AlarmReading], wanted: int, tally: Tally) -> int:
    """
    The smallest size from `wanted` on at which no rule would scale out again.

    Azure Monitor, Flapping in Autoscale: the estimate is made for every metric of the rules that scale out.
    """
    size = case.size
    limits = [*_out_limits(case, readings)]
    allowed = least_cut(wanted, size, lambda smaller: any(limit.trips(size, smaller) for limit in limits))
    if allowed is None:
        tally.record(ReasonCode.FLAPPING, wanted, size)
        return size
    if allowed != wanted:
        tally.record(ReasonCode.FLAPPING_ADJUSTED, allowed, wanted)
    return allowed


def _out_limits(case: Case, readings: list[AlarmReading]) -> Iterator[_OutLimit]:
    for alarm, _, _, value, _ in readings:
        if alarm.scales_out and value is not None:
            yield _OutLimit(alarm.breaches, value, alarm.threshold)
    for rule in case.rules.tracking:
        value = newest(case.seen.policies.get(rule.policy, ())[-rule.span :])
        if value is not None:
            yield _OutLimit(BREACHES[Comparison.ABOVE], value, rule.high)


def _at_default(case: Case, wanted: int, tally: Tally) -> int:
    """Never below the default size while a metric cannot be read (Azure Monitor, Understand autoscale settings)."""
    low, _ = case.stretch.bounds(case.rules.capacity)
    candidates = (case.stretch.asked, case.rules.default_capacity, low)
    default = next(size for size in candidates if size is not None)
    if wanted >= default or case.size >= default:
        return wanted
    tally.record(ReasonCode.DEFAULT_CAPACITY, case.size, default)
    return default


# forecasts


def add_forecasts(case: Case, wanted: int, tally: Tally) -> tuple[int, int]:
    """
    The size with what forecasts ask for, and the maximum that they may have raised.

    A forecast never scales in; with the dynamic policies the larger size counts (Amazon EC2 Auto Scaling User
    Guide, Predictive scaling; Compute Engine, Using predictive autoscaling).
    """
    raised = 0
    for rule in case.rules.forecasts:
        forecast = _forecast(case.seen.forecasts.get(rule.policy, ()), case.now + rule.buffer)
        if forecast is None:
            tally.record(ReasonCode.NO_FORECAST, rule.policy)
        elif not rule.scales:
            tally.record(ReasonCode.FORECAST_ONLY, rule.policy, forecast.size)
        else:
            tally.record(ReasonCode.FORECAST, rule.policy, forecast.size, forecast.at)
            tally.asks.append(Ask(rule.policy, forecast.size, False, timedelta(0)))
            wanted = max(wanted, forecast.size)
            if rule.raises:
                raised = max(raised, raised_maximum(0, forecast.size, rule.maximum_buffer))
    return wanted, raised


def _forecast(points: Forecast, until: datetime) -> Sized | None:
    """The last point at or before `until`."""
    index = bisect_right(points, until, key=lambda point: point[0])
    return Sized(*points[index - 1]) if index else None
