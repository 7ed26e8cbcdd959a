"""Alarms and policies as rules of a profile; pure."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, assert_never

from trimtab.engine.presets import AZURE
from trimtab.engine.rules import MOST_RULES
from trimtab.models import (
    Alarm,
    Comparison,
    Metric,
    PredictivePolicy,
    PythonPolicy,
    ScalingGroup,
    SimplePolicy,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.providers.azure.metrics import MINUTE, Scope, metric_for, metric_problem, to_native
from trimtab.providers.azure.names import ACROSS, INVERTED, INVERTED_STATISTIC, OVER_TIME, RULE_OPERATORS, iso
from trimtab.providers.metrics import is_counted, natural_statistic

SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(minutes=5), timedelta(hours=12)
"""
How far back a rule looks.

https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update: `timeWindow`.
"""
INCREASE, DECREASE = "Increase", "Decrease"
AMOUNTS: Mapping[str, str] = {"change": "ChangeCount", "percent": "PercentChangeCount", "to": "ExactCount"}


@dataclass(frozen=True, slots=True)
class AutoscaleRule:
    """
    One rule.

    Attributes:
        body: Its body.
        sources: The model fields that its leaves come from.
        uses: The items of the group that it is made of: alarm, trigger, policy, step, cooldown.
    """

    body: Mapping[str, Any]
    sources: Mapping[str, str] = field(default_factory=dict)
    uses: frozenset[str] = frozenset()


def rules_of(group: ScalingGroup, scope: Scope) -> list[AutoscaleRule]:
    """The rules of a group's enabled alarms and policies, each named by what it does; none where a metric has none."""
    return _named([*_by_alarms(group, scope), *_by_targets(group, scope)])


def _by_alarms(group: ScalingGroup, scope: Scope) -> Iterator[AutoscaleRule]:
    policies = {policy.name: policy for policy in group.policies if policy.enabled}
    for alarm in (alarm for alarm in group.alarms if alarm.enabled and not metric_problem(alarm.metric, scope)):
        for place, name in enumerate(alarm.triggers):
            uses = {f"alarms.{alarm.name}", f"alarms.{alarm.name}.triggers.{place}", f"policies.{name}"}
            match policies.get(name):
                case SimplePolicy() as policy:
                    yield _simple(group, alarm, policy, scope, uses)
                case StepPolicy() as policy:
                    for index, step in enumerate(policy.steps):
                        if _acts(step) and is_reached(step, alarm):
                            yield _step(group, alarm, policy, index, scope, uses)
                case TargetTrackingPolicy() | PredictivePolicy() | PythonPolicy() | None:
                    pass
                case other:
                    assert_never(other)


def _acts(step: Step) -> bool:
    return step.to is not None or bool(step.change or step.percent)


def is_reached(step: Step, alarm: Alarm) -> bool:
    """Whether a step has a part on the side of the threshold on which an alarm fires (StepAdjustment, EC2)."""
    if _grows(alarm):
        return step.upper is None or step.upper > 0
    return step.lower is None or step.lower < 0


def _simple(group: ScalingGroup, alarm: Alarm, policy: SimplePolicy, scope: Scope, uses: Set[str]) -> AutoscaleRule:
    trigger = _trigger(alarm.metric, alarm.statistic, window_of(alarm), scope)
    compared = _compared(alarm.metric, alarm.comparison, per_minute(alarm), scope)
    word = next(word for word in AMOUNTS if getattr(policy, word) is not None)
    own = policy.cooldown is not None
    action = _action(policy, _grows(alarm), policy.cooldown if own else group.cooldown)
    sources = {
        **_alarm_sources(alarm),
        "scaleAction": f"policies.{policy.name}.{word}",
        "scaleAction.cooldown": f"policies.{policy.name}.cooldown cooldown",
    }
    body = {"metricTrigger": {**trigger, **compared}, "scaleAction": action}
    return AutoscaleRule(body, sources, frozenset({*uses, *(() if own else ("cooldown",))}))


def _step(
    group: ScalingGroup, alarm: Alarm, policy: StepPolicy, index: int, scope: Scope, uses: Set[str]
) -> AutoscaleRule:
    """The part of a step nearest to the threshold is where its rule begins; what is further away fires it too."""
    step, above = policy.steps[index], _grows(alarm)
    edge = max(step.lower or 0.0, 0.0) if above else min(step.upper or 0.0, 0.0)
    # above the threshold the lower bound of a step is inside, below it the upper one (StepAdjustment, EC2)
    inside = Comparison.AT_LEAST if above else Comparison.AT_MOST
    threshold = (alarm.threshold + edge) / _minutes(alarm)
    trigger = _trigger(alarm.metric, alarm.statistic, window_of(alarm), scope)
    compared = _compared(alarm.metric, inside if edge else alarm.comparison, threshold, scope)
    action = _action(step, above, group.cooldown)
    where = f"policies.{policy.name}.steps"
    sources = {
        **_alarm_sources(alarm),
        "metricTrigger.threshold": f"{where} alarms.{alarm.name}.{alarm.comparison}",
        "scaleAction": where,
        "scaleAction.cooldown": "cooldown",
    }
    body = {"metricTrigger": {**trigger, **compared}, "scaleAction": action}
    return AutoscaleRule(body, sources, frozenset({*uses, f"{where}.{index}", "cooldown"}))


def _by_targets(group: ScalingGroup, scope: Scope) -> Iterator[AutoscaleRule]:
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled and not metric_problem(policy.metric, scope):
            yield _target(group, policy, scope, grows=True)
            if policy.scale_in:
                yield _target(group, policy, scope, grows=False)


def _target(group: ScalingGroup, policy: TargetTrackingPolicy, scope: Scope, *, grows: bool) -> AutoscaleRule:
    tracking = AZURE.tracking
    threshold = policy.target if grows else policy.target * tracking.low_ratio
    window = max(SHORTEST_WINDOW, MINUTE * tracking.high_datapoints)
    trigger = _trigger(policy.metric, policy.statistic, window, scope)
    compared = _compared(policy.metric, Comparison.ABOVE if grows else Comparison.BELOW, threshold, scope)
    action = _action(SimplePolicy(name="one", change=1 if grows else -1), grows, group.cooldown)
    where = f"policies.{policy.name}"
    sources = {
        "metricTrigger": f"{where}.metric",
        "metricTrigger.threshold": f"{where}.target",
        "metricTrigger.statistic": f"{where}.statistic",
        "scaleAction": where,
        "scaleAction.cooldown": "cooldown",
    }
    body = {"metricTrigger": {**trigger, **compared}, "scaleAction": action}
    return AutoscaleRule(body, sources, frozenset({where, "cooldown"}))


def _trigger(metric: Metric, statistic: str, window: timedelta, scope: Scope) -> dict[str, Any]:
    measured = metric_for(metric, scope)
    statistic = natural_statistic(metric, statistic)
    if measured.native.inverted:
        statistic = INVERTED_STATISTIC.get(statistic, statistic)
    # a count is summed up over a minute, and the minutes of the window are averaged
    over_time = "average" if is_counted(metric) else statistic
    trigger = {
        "metricName": measured.name,
        "metricNamespace": measured.namespace,
        "metricResourceUri": measured.resource,
        "timeGrain": iso(MINUTE),
        "statistic": ACROSS.get(statistic, "Average"),  # a percentile is a problem by the table of capabilities
        "timeWindow": iso(window),
        "timeAggregation": OVER_TIME.get(over_time, "Average"),
        "dimensions": [
            {"DimensionName": name, "Operator": "Equals", "Values": [value]}
            for name, value in sorted(measured.dimensions.items())
        ],
        "dividePerInstance": measured.native.shared,
    }
    return {name: value for name, value in trigger.items() if value not in ("", [])}


def _compared(metric: Metric, comparison: Comparison, threshold: float, scope: Scope) -> dict[str, Any]:
    native = metric_for(metric, scope).native
    word = INVERTED[comparison] if native.inverted else comparison
    return {"operator": RULE_OPERATORS[word], "threshold": to_native(threshold, native)}


def window_of(alarm: Alarm) -> timedelta:
    """How far back the rule of an alarm looks: all its periods, five minutes at least and twelve hours at most."""
    whole_minutes = -(-alarm.period * alarm.periods // MINUTE) * MINUTE
    return min(LONGEST_WINDOW, max(SHORTEST_WINDOW, whole_minutes))


def per_minute(alarm: Alarm) -> float:
    """The threshold of an alarm; for a count that of one minute, since a rule sums up minutes."""
    return alarm.threshold / _minutes(alarm)


def _minutes(alarm: Alarm) -> float:
    counted = is_counted(alarm.metric) and natural_statistic(alarm.metric, alarm.statistic) == "sum"
    per_instance = alarm.metric.name == "requests-per-instance"
    return alarm.period / MINUTE if counted and not per_instance else 1.0


def _grows(alarm: Alarm) -> bool:
    return alarm.comparison in (Comparison.ABOVE, Comparison.AT_LEAST)


def _action(amount: SimplePolicy | Step, above: bool, cooldown: timedelta | None) -> dict[str, Any]:
    word = next(word for word in AMOUNTS if getattr(amount, word) is not None)
    value = int(getattr(amount, word))
    grows = above if word == "to" else value > 0
    return {
        "direction": INCREASE if grows else DECREASE,
        "type": AMOUNTS[word],
        "value": str(abs(value)),
        "cooldown": iso(AZURE.default_cooldown if cooldown is None else cooldown),
    }


def _alarm_sources(alarm: Alarm) -> dict[str, str]:
    where = f"alarms.{alarm.name}"
    return {
        "metricTrigger": f"{where}.metric",
        "metricTrigger.statistic": f"{where}.statistic",
        "metricTrigger.timeAggregation": f"{where}.statistic",
        "metricTrigger.timeWindow": f"{where}.period {where}.periods {where}.datapoints",
        "metricTrigger.operator": f"{where}.{alarm.comparison}",
        "metricTrigger.threshold": f"{where}.{alarm.comparison}",
    }


# names


def rule_name(body: Mapping[str, Any]) -> str:
    """What tells a rule from others; rules of Azure have no names."""
    trigger, action = body.get("metricTrigger") or {}, body.get("scaleAction") or {}
    words = (action.get("direction"), trigger.get("metricName"), trigger.get("operator"))
    return " ".join(str(word) for word in words if word)


def named_rules(bodies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules with their names, those of one name numbered in the order of their thresholds."""
    return [dict(rule.body) for rule in _named([AutoscaleRule(body) for body in bodies])]


def _named(rules: Sequence[AutoscaleRule]) -> list[AutoscaleRule]:
    ordered = sorted(rules, key=lambda rule: (rule_name(rule.body), _threshold(rule), str(rule.body)))
    numbers: dict[str, int] = {}
    result = []
    for rule in ordered:
        name = rule_name(rule.body)
        numbers[name] = number = numbers.get(name, 0) + 1
        body = {"name": name if number == 1 else f"{name} {number}", **rule.body}
        result.append(AutoscaleRule(body, rule.sources, rule.uses))
    return result


def _threshold(rule: AutoscaleRule) -> float:
    return float((rule.body.get("metricTrigger") or {}).get("threshold") or 0)


def problems_of(group: ScalingGroup, rules: Sequence[AutoscaleRule]) -> Iterator[tuple[str, str]]:
    """What keeps a group's alarms and policies from being rules: path and text."""
    for alarm in group.alarms:
        window = alarm.period * alarm.periods
        if alarm.triggers and window > LONGEST_WINDOW:
            path = f"alarms.{alarm.name}.{'periods' if alarm.periods > 1 else 'period'}"
            yield path, f"a rule looks back 12 hours at most, and {alarm.periods} periods are {window}"
    if len(rules) > MOST_RULES:
        yield "policies", f"they make {len(rules)} rules, and a profile has {MOST_RULES} at most"
