"""TT115 to TT118: what a policy or an alarm asks of a metric that it never gives."""

from collections.abc import Iterator
from math import ceil, floor, inf
from typing import NamedTuple

from trimtab.checks.alarms import alarm_words
from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.words import listed
from trimtab.engine.policies import Band
from trimtab.engine.ruleset import AlarmRule, AmountRule
from trimtab.models import Alarm, Comparison, Metric, MetricSource, PredictivePolicy, Step, TargetTrackingPolicy
from trimtab.models.metric import Unit

FULL = 100
TOTALS = frozenset({"requests", "errors-5xx", "queue-depth", "queue-in-flight"})
"""Neutral metrics that are the same whatever the number of instances."""
EVENTS = frozenset({"requests", "errors-5xx"})
"""Neutral metrics whose values are whole numbers."""
SHARES = frozenset({"requests-per-instance", "queue-per-instance"})
"""Neutral metrics that are what one instance has of a total, by whichever statistic."""
_OWN = (MetricSource.CUSTOM, MetricSource.PROMQL, MetricSource.EXTERNAL, MetricSource.MATH)


class Values(NamedTuple):
    """The values that a metric may have, and where that is so."""

    low: float = -inf
    high: float = inf
    where: str = ""
    """The clouds on which it goes no higher, in words."""


def values_of(metric: Metric, statistic: str, subject: Subject) -> Values:
    """The values that a statistic of a metric may have on the clouds that a group is for."""
    where = _is_percent(metric, statistic) and subject.where_declared(
        lambda declared: metric.source in _OWN or metric.name not in declared.beyond_full
    )
    if where:
        return Values(0, FULL, where)
    return Values() if metric.source in _OWN else Values(0)


def _is_percent(metric: Metric, statistic: str) -> bool:
    return metric.unit is Unit.PERCENT and statistic not in ("sum", "count")


# TT115


def find_totals(subject: Subject) -> Iterator[Remark]:
    """Target tracking policies that hold a total, which more instances do not lower."""
    for policy in subject.group.policies:
        if not isinstance(policy, TargetTrackingPolicy) or not policy.enabled:
            continue
        metric, is_own = policy.metric, policy.metric.source in _OWN
        if not is_own and (metric.name in TOTALS or (policy.statistic == "sum" and metric.name not in SHARES)):
            what = metric.name if metric.name in TOTALS else f"the sum of {metric.name}"
            text = f"{what} does not fall as instances are added: above {policy.target:g} the group goes to its maximum"
            yield Remark(f"policies.{policy.name}.metric", f"{text}, below it to its minimum", _share_of(metric))


def _share_of(metric: Metric) -> str:
    shares = {"requests": "requests-per-instance", "queue-depth": "queue-per-instance"}
    if share := shares.get(metric.name):
        return f"hold what one instance has of it: `{share}`, with the target of one instance"
    return "hold an average of the instances, such as `cpu`; let an alarm with a policy act on the total"


# TT116, TT117


class Side(NamedTuple):
    """
    The values at which an alarm fires, counted from its threshold away: for `below` with their signs turned.

    So the lower end of a step is inside and the upper outside on either side (StepAdjustment, Auto Scaling API
    Reference).
    """

    threshold: float
    most: float
    includes_threshold: bool

    def span(self, band: Band, *, above: bool) -> tuple[float, float]:
        """Where a step begins and ends on this side."""
        return (band.low, band.high) if above else (-band.high, -band.low)

    def meets(self, low: float, high: float) -> bool:
        """Whether the alarm fires at any value from `low` to just below `high`."""
        first = max(low, self.threshold)
        is_open = first == self.threshold and not self.includes_threshold
        return first < high and (first < self.most or (first == self.most and not is_open))


def side_of(alarm: Alarm, values: Values) -> Side:
    """Where an alarm fires, of the values that its metric may have."""
    includes = alarm.comparison in (Comparison.AT_LEAST, Comparison.AT_MOST)
    if _is_above(alarm):
        return Side(alarm.threshold, values.high, includes)
    return Side(-alarm.threshold, -values.low, includes)


def _is_above(alarm: Alarm) -> bool:
    return alarm.comparison in (Comparison.ABOVE, Comparison.AT_LEAST)


class TriggeredSteps(NamedTuple):
    """A step policy beside an alarm that triggers it."""

    alarm: Alarm
    rule: AmountRule
    side: Side
    values: Values
    reached: frozenset[int]
    """The places of the steps that a value selects."""


def _steps(subject: Subject) -> Iterator[TriggeredSteps]:
    for alarm, alarm_rule in subject.alarms:
        values = values_of(alarm.metric, alarm.statistic, subject)
        side = side_of(alarm, values)
        for rule in _step_rules(alarm_rule) if side.meets(-inf, inf) else ():
            spans = [side.span(band, above=alarm_rule.above) for band in rule.bands]
            reached = frozenset(place for place, span in enumerate(spans) if side.meets(*span))
            yield TriggeredSteps(alarm, rule, side, values, reached)


def _step_rules(alarm: AlarmRule) -> Iterator[AmountRule]:
    return (rule for rule in alarm.rules if not rule.simple)


def find_unreached_steps(subject: Subject) -> Iterator[Remark]:
    """Step policies that no value at which their alarm fires leads to a step, and single steps that none leads to."""
    by_policy: dict[str, list[TriggeredSteps]] = {}
    for steps in _steps(subject):
        by_policy.setdefault(steps.rule.policy, []).append(steps)
    for policy, several in by_policy.items():
        idle = [steps for steps in several if not steps.reached]
        for steps in idle:
            text = f"no step acts when the alarm {steps.alarm.name} fires ({alarm_words(steps.alarm)})"
            yield Remark(f"policies.{policy}.steps", f"{text}: {_why_none(steps)}", _offsets(steps.alarm))
        if len(idle) < len(several):
            yield from _single_steps(policy, [steps for steps in several if steps.reached])


def _single_steps(policy: str, several: list[TriggeredSteps]) -> Iterator[Remark]:
    reached = frozenset[int]().union(*(steps.reached for steps in several))
    for place, band in enumerate(several[0].rule.bands):
        if place not in reached and _acts(band.step):
            names = listed([steps.alarm.name for steps in several])
            beyond = next((steps for steps in several if _is_beyond(steps, place)), None)
            why = (
                _beyond(beyond, "it", band.low) if beyond else f"it lies on the other side of the threshold of {names}"
            )
            yield Remark(f"policies.{policy}.steps.{place}", f"no value leads to this step: {why}", _REMOVE)


_REMOVE = "remove the step, or bring it within the values at which an alarm fires"


def _acts(step: Step) -> bool:
    return step.to is not None or bool(step.change or step.percent)


def _is_beyond(steps: TriggeredSteps, place: int) -> bool:
    low, _ = steps.side.span(steps.rule.bands[place], above=_is_above(steps.alarm))
    return low >= steps.side.most


def _why_none(steps: TriggeredSteps) -> str:
    if all(_is_beyond(steps, place) for place in range(len(steps.rule.bands))):
        return _beyond(steps, "the first", min(band.low for band in steps.rule.bands))
    other = "below" if _is_above(steps.alarm) else "above"
    return f"its steps lie {other} the threshold"


def _beyond(steps: TriggeredSteps, which: str, begin: float) -> str:
    """Why values do not go so far as a step."""
    metric, values = steps.alarm.metric.name, steps.values
    if not _is_above(steps.alarm):
        return f"{metric} is never below {values.low:g}"
    return f"{which} begins at {begin:g}, and {metric} is at most {values.high:g} on {values.where}"


def _offsets(alarm: Alarm) -> str:
    bound, verb = ("lower", "begins") if _is_above(alarm) else ("upper", "ends")
    return (
        f"bounds are offsets from the threshold of the alarm: write `{bound}: 0` for what {verb} at {alarm.threshold:g}"
    )


def find_gap(subject: Subject) -> Iterator[Remark]:
    """Step policies whose first step begins beyond the threshold of their alarm: it fires, and nothing happens."""
    for steps in _steps(subject):
        alarm, above = steps.alarm, _is_above(steps.alarm)
        spans = [steps.side.span(steps.rule.bands[place], above=above) for place in steps.reached]
        begin = min((low for low, _ in spans), default=-inf)
        if begin > _first_value(alarm, steps.side):
            low, high = sorted((alarm.threshold, begin if above else -begin))
            text = f"between {low:g} and {high:g} the alarm {alarm.name} fires ({alarm_words(alarm)}) and no step acts"
            bound = "lower" if above else "upper"
            mend = f"let the first step reach the threshold (`{bound}: 0`), or move the threshold to where it begins"
            yield Remark(f"policies.{steps.rule.policy}.steps", text, mend)


def _first_value(alarm: Alarm, side: Side) -> float:
    """The value nearest to the threshold at which an alarm fires; of what comes in whole numbers a whole one."""
    if alarm.metric.source in _OWN or alarm.metric.name not in EVENTS:
        return side.threshold
    return ceil(side.threshold) if side.includes_threshold else floor(side.threshold) + 1


# TT118


def find_unreached_thresholds(subject: Subject) -> Iterator[Remark]:
    """Thresholds and targets in per cent that are fractions or above 100, and thresholds that no value passes."""
    for alarm in subject.group.alarms:
        if alarm.enabled:
            path = f"alarms.{alarm.name}.{alarm.comparison}"
            yield from _threshold(alarm, values_of(alarm.metric, alarm.statistic, subject), path)
    for policy in subject.group.policies:
        if isinstance(policy, TargetTrackingPolicy | PredictivePolicy) and policy.enabled:
            statistic = policy.statistic if isinstance(policy, TargetTrackingPolicy) else "average"
            values = values_of(policy.metric, statistic, subject)
            is_fraction = _is_percent(policy.metric, statistic) and policy.target <= 1
            yield from _percent(policy.metric, policy.target, values, f"policies.{policy.name}.target", is_fraction)


def _threshold(alarm: Alarm, values: Values, path: str) -> Iterator[Remark]:
    metric, threshold, above = alarm.metric, alarm.threshold, _is_above(alarm)
    # one per cent is little, but a bound that a group goes below
    is_fraction = _is_percent(metric, alarm.statistic) and (0 < threshold <= 1 if above else 0 < threshold < 1)
    remarks = list(_percent(metric, threshold, values, path, is_fraction))
    if not remarks and not side_of(alarm, values).meets(-inf, inf):
        limit = f"is at most {values.high:g} on {values.where}" if above else f"is never below {values.low:g}"
        text = f"{alarm.name} never fires: {metric.name} {limit}"
        remarks = [Remark(path, text, f"give a threshold {'below' if above else 'above'} {threshold:g}")]
    yield from remarks


def _percent(metric: Metric, value: float, values: Values, path: str, is_fraction: bool) -> Iterator[Remark]:
    if is_fraction:
        text = f"{value:g} means {value:g} per cent of {metric.name}, since per cents go from 0 to 100"
        yield Remark(path, text, f"write {value * FULL:g} for {value * FULL:g} per cent")
    elif value > values.high:
        text = f"{value:g} per cent is never reached: {metric.name} is at most {values.high:g} on {values.where}"
        yield Remark(path, text, f"write a value from 0 to {values.high:g}")
