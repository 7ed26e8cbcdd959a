"""TT101 to TT103, TT109: alarms that work against each other, or not at all."""

import operator
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from math import ceil

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject, preset_of
from trimtab.checks.sizes import bounds_over_time, size_words
from trimtab.checks.words import listed, verb
from trimtab.engine.alarms import AlarmStatus, evaluate
from trimtab.engine.limits import estimate, would_trip
from trimtab.engine.policies import step_size
from trimtab.engine.presets import MissingMetric, Preset, ScaleInAgreement
from trimtab.engine.rounding import Rounding, exact
from trimtab.engine.ruleset import AlarmRule, AmountRule
from trimtab.models import Alarm, AlarmGate, Metric, MetricSource, ScalingGroup, TargetTrackingPolicy

MOST_SIZES = 1000
"""So many sizes are tried: estimates trip at small sizes, if anywhere."""
_SHARED = {"cpu", "memory", "network-in", "network-out", "requests-per-instance", "queue-per-instance"}
"""Metrics whose average falls as instances join."""


def alarm_words(alarm: Alarm) -> str:
    """What an alarm watches for: `cpu below 30`."""
    return f"{alarm.metric.name} {alarm.comparison.replace('_', ' ')} {alarm.threshold:g}"


# TT101


def find_fights(subject: Subject) -> Iterator[Remark]:
    """Scaling in by one metric where another scales out, on clouds where one rule alone may scale in."""
    where = subject.where(_one_is_enough)
    if not where:
        return
    for path, words, metric in _scaling_in(subject):
        others = [
            words for words, other in _scaling_out(subject, tracking=path.startswith("alarms.")) if other != metric
        ]
        if others:
            scale = verb(others, "scales", "scale")
            text = f"scales in at {words} even while {listed(others)} {scale} out: on {where} they will flap"
            mend = "let target-tracking policies hold the metrics: they scale in only when all are ready"
            yield Remark(path, text, mend)


def _one_is_enough(preset: Preset) -> bool:
    return preset.scale_in is ScaleInAgreement.ANY


def _scaling_in(subject: Subject) -> Iterator[tuple[str, str, Metric]]:
    for alarm, rule in subject.alarms:
        if any(amount_rule.scales_in for amount_rule in rule.rules):
            yield f"alarms.{alarm.name}.triggers", alarm_words(alarm), alarm.metric
    for policy in _tracking(subject):
        if policy.scale_in:
            yield f"policies.{policy.name}.scale_in", f"{policy.metric.name} under its target", policy.metric


def _scaling_out(subject: Subject, *, tracking: bool) -> Iterator[tuple[str, Metric]]:
    """What scales out; with the target tracking policies only against alarms, since they agree among themselves."""
    for alarm, rule in subject.alarms:
        if rule.scales_out:
            yield alarm_words(alarm), alarm.metric
    if tracking:
        for policy in _tracking(subject):
            yield f"{policy.metric.name} over its target", policy.metric


def _tracking(subject: Subject) -> Iterator[TargetTrackingPolicy]:
    for policy in subject.group.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled:
            yield policy


# TT102


def find_flapping(subject: Subject) -> Iterator[Remark]:
    """Scale-in thresholds at which the load of the instances that go makes those that stay scale out again."""
    for low_alarm, low in subject.alarms:
        for high_alarm, high in subject.alarms:
            if high.above and not low.above and high.scales_out and _share_a_metric(low_alarm, high_alarm):
                yield from _flaps(subject, (low_alarm, low), (high_alarm, high))


def _share_a_metric(first: Alarm, two: Alarm) -> bool:
    same = first.metric == two.metric and first.statistic == two.statistic
    return same and first.metric.name in _SHARED and first.statistic == "average"


def _flaps(subject: Subject, low: tuple[Alarm, AlarmRule], high: tuple[Alarm, AlarmRule]) -> Iterator[Remark]:
    threshold = high[1].threshold
    cuts = _tripping(low[1], *bounds_over_time(subject.group), threshold)
    if cuts:
        size, smaller, value = cuts[0]
        after = estimate(value, size, smaller)
        at = size_words([cut[0] for cut in cuts])
        trips = f"from {size} to {smaller}, {value:g} becomes {after:.4g}, and it scales out at {alarm_words(high[0])}"
        text = f"scales in at {alarm_words(low[0])}, but at {at} those that stay then trip {high[0].name}: {trips}"
        if all(preset_of(cloud).estimate for cloud in subject.clouds):
            text = f"never scales in at {at}: {listed(subject.clouds)} refuses what would trip {high[0].name}: {trips}"
        yield Remark(f"alarms.{low[0].name}.{low[0].comparison}", text, _wider(threshold, cuts, subject))


@lru_cache(maxsize=256)
def _tripping(alarm: AlarmRule, least: int, most: int, threshold: float) -> Sequence[tuple[int, int, float]]:
    """Sizes from which an alarm scales in to one at which a threshold is met, with that size and the value."""
    return tuple(
        (size, smaller, value)
        for size in range(max(least, 1) + 1, min(most, least + MOST_SIZES) + 1)
        for value, smaller in _cuts(alarm, size, least)
        if threshold > 0 and 0 < smaller < size and would_trip(value, size, smaller, threshold, operator.ge)
    )


def _wider(threshold: float, cuts: Sequence[tuple[int, int, float]], subject: Subject) -> str:
    limit = min(exact(threshold) * smaller / size for size, smaller, _ in cuts)
    refusing = [cloud for cloud in subject.clouds if preset_of(cloud).estimate]
    more = f" ({listed(refusing)} would refuse to scale in)" if 0 < len(refusing) < len(subject.clouds) else ""
    return f"scale in below {_just_under(limit):g} at most, or scale out later{more}"


def _just_under(limit: Fraction) -> float:
    """A round number below the limit."""
    whole = ceil(limit) - 1
    return float(whole) if whole > 0 else float(limit * 9 / 10)


def _cuts(alarm: AlarmRule, size: int, least: int) -> Iterator[tuple[float, int]]:
    """The highest value at which each rule scales in, and the size it then asks for."""
    for rule in alarm.rules:
        for value, new_size in _asked(rule, alarm, size):
            yield value, max(new_size, least)


def _asked(rule: AmountRule, alarm: AlarmRule, size: int) -> Iterator[tuple[float, int]]:
    if rule.amount is not None:
        yield alarm.threshold, rule.asked(size, Rounding.EC2)
    for band in rule.bands:
        new_size = step_size(band.step, in_service=size, desired=size, minimum_change=rule.minimum_change)
        yield min(band.high, alarm.threshold), new_size


# TT103


def find_missing_at_rest(subject: Subject) -> Iterator[Remark]:
    """Alarms that are to scale in on little traffic, but see no datapoint when there is none."""
    where = subject.where(lambda preset: preset.missing is MissingMetric.ALARM_OPTION)
    for alarm, rule in subject.alarms if where else ():
        scales_in = not rule.above and any(amount_rule.scales_in for amount_rule in rule.rules)
        if scales_in and alarm.metric.source is MetricSource.BALANCER and not _fires_on_nothing(alarm):
            text = f"without traffic {alarm.metric.name} has no datapoint on {where}, so this never scales in"
            mend = "set `missing: breaching`, so that no traffic counts as little traffic"
            yield Remark(f"alarms.{alarm.name}.missing", text, mend)


def _fires_on_nothing(alarm: Alarm) -> bool:
    nothing = [None] * alarm.periods
    evaluation = evaluate(nothing, periods=alarm.periods, datapoints=alarm.datapoints, missing=alarm.missing)
    return evaluation.state is AlarmStatus.ALARM


# TT109


def gated_alarms(group: ScalingGroup) -> frozenset[str]:
    """The alarms that a rollout of the group watches."""
    gates = group.rollout.gates if group.rollout is not None else ()
    return frozenset(name for gate in gates if isinstance(gate, AlarmGate) for name in gate.alarms)


def find_idle(subject: Subject) -> Iterator[Remark]:
    """Alarms that neither trigger a policy nor notify, and whose datapoints no function goes by."""
    watched = gated_alarms(subject.group)
    for alarm in () if subject.rules.functions else subject.group.alarms:
        if (
            alarm.enabled
            and alarm.name not in watched
            and not (alarm.triggers or alarm.notify or alarm.notify_ok or alarm.notify_no_data)
        ):
            text = "has no effect: it triggers no policy and notifies no target"
            yield Remark(f"alarms.{alarm.name}", text, "give it `triggers` or `notify`, or remove it")
