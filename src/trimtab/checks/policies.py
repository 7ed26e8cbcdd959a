"""TT105 to TT108, TT110 to TT112, TT114: policies that act too soon, too far, one way only, or never."""

from collections.abc import Iterator
from datetime import timedelta

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject, preset_of
from trimtab.checks.words import listed, verb
from trimtab.engine.presets import CooldownScope
from trimtab.models import (
    MaximumBreach,
    Metric,
    MetricSource,
    PredictiveMode,
    PredictivePolicy,
    SimplePolicy,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.models.base import format_duration

# TT105


def find_short_cooldowns(subject: Subject) -> Iterator[Remark]:
    """Waits after scaling out that end before the group says that a new instance works."""
    boot = _boot(subject)
    for policy, (cooldown, clouds) in _waits_after_scaling_out(subject).items():
        if boot and cooldown < boot[1]:
            text = (
                f"on {listed(clouds)} the next change may come {format_duration(cooldown)} after the last, and "
                f"`{boot[0]}` says that a new instance takes {format_duration(boot[1])}"
            )
            mend = f"set `cooldown: {format_duration(boot[1])}` or more"
            yield Remark(f"policies.{policy}.cooldown", text, mend)


def _boot(subject: Subject) -> tuple[str, timedelta] | None:
    """The longest time that the group gives a new instance, and the field that gives it."""
    given = (("health_check.grace", subject.group.health_check.grace), ("warm_up", subject.group.warm_up))
    times = [(name, value) for name, value in given if value]
    return max(times, key=lambda pair: pair[1], default=None)


def _waits_after_scaling_out(subject: Subject) -> dict[str, tuple[timedelta, list[str]]]:
    """The shortest wait that each policy begins, and the clouds that wait so."""
    shortest: dict[str, tuple[timedelta, list[str]]] = {}
    for cloud in subject.clouds:
        scope = preset_of(cloud).cooldown
        for rule in (rule for alarm in subject.rules_on(cloud).alarms for rule in alarm.rules):
            waits = scope is not CooldownScope.NONE and (rule.simple or scope is not CooldownScope.SIMPLE)
            if waits and rule.scales_out:
                shortest.setdefault(rule.policy, (rule.cooldown, []))
                if cloud not in shortest[rule.policy][1]:
                    shortest[rule.policy][1].append(cloud)
    return shortest


# TT106, TT112


def _forecasts(subject: Subject) -> Iterator[PredictivePolicy]:
    for policy in subject.group.policies:
        if isinstance(policy, PredictivePolicy) and policy.enabled:
            yield policy


def find_raised_maximum(subject: Subject) -> Iterator[Remark]:
    """Predictive policies that may raise the maximum, which no cloud lowers again."""
    where = subject.where(lambda preset: preset.forecast_raises_maximum)
    for policy in _forecasts(subject) if where else ():
        raises = policy.maximum_breach is MaximumBreach.INCREASE
        if raises and policy.mode is PredictiveMode.FORECAST_AND_SCALE:
            text = f"a forecast may raise the maximum on {where}, and only the next apply lowers it again"
            most = subject.group.capacity.max
            mend = f"set `maximum_breach: honor`, and `capacity.max` (now {most}) to what you can pay for"
            yield Remark(f"policies.{policy.name}.maximum_breach", text, mend)


def find_forecast_only(subject: Subject) -> Iterator[Remark]:
    """Predictive policies that forecast and do nothing about it."""
    for policy in _forecasts(subject):
        if policy.mode is PredictiveMode.FORECAST_ONLY:
            given = (
                "forecasts only" if "mode" in policy.model_fields_set else "forecasts only, since `mode` is left out"
            )
            mend = "set `mode: forecast-and-scale` once the forecasts are good"
            yield Remark(f"policies.{policy.name}.mode", f"{given}: it never changes the size", mend)


# TT107, TT108


def find_shared_metric(subject: Subject) -> Iterator[Remark]:
    """Target tracking policies and alarms that scale by the same metric."""
    for policy in subject.group.policies:
        if not isinstance(policy, TargetTrackingPolicy) or not policy.enabled:
            continue
        names = [alarm.name for alarm, rule in subject.alarms if rule.rules and alarm.metric == policy.metric]
        if names:
            scale = verb(names, "scales", "scale")
            text = f"holds {policy.metric.name} at {policy.target:g} while {listed(names)} {scale} by it too"
            mend = "keep one of the two: the target, or the alarms with their policies"
            yield Remark(f"policies.{policy.name}.metric", text, mend)


def find_untriggered(subject: Subject) -> Iterator[Remark]:
    """Simple and step policies that no enabled alarm triggers."""
    triggered = {name for alarm in subject.group.alarms if alarm.enabled for name in alarm.triggers}
    for policy in subject.group.policies:
        if isinstance(policy, SimplePolicy | StepPolicy) and policy.enabled and policy.name not in triggered:
            mend = f"name it in an alarm (`triggers: [{policy.name}]`), or remove it"
            yield Remark(f"policies.{policy.name}", "no alarm triggers it, so it acts only by hand", mend)


# TT110, TT111


def find_only_out(subject: Subject) -> Iterator[Remark]:
    """Groups that scale out, and that nothing makes smaller."""
    out, back = ways_of(subject)
    if out and not back and not any(schedule.desired is not None for schedule in subject.group.schedules):
        scale = verb(out, "scales", "scale")
        text = f"{listed(out)} {scale} out and nothing scales in: the size goes to the maximum and stays there"
        yield Remark("policies", text, "add a policy that scales in, with an alarm")


def find_only_in(subject: Subject) -> Iterator[Remark]:
    """Groups that scale in, and that nothing makes larger."""
    out, back = ways_of(subject)
    raises = any(schedule.desired is not None or schedule.min is not None for schedule in subject.group.schedules)
    if back and not out and not raises:
        scale = verb(back, "scales", "scale")
        text = f"{listed(back)} {scale} in and nothing scales out: the size goes to the minimum and stays there"
        yield Remark("policies", text, "add a policy that scales out, with an alarm")


# TT114


def find_no_way_back(subject: Subject) -> Iterator[Remark]:
    """Groups that may have no instance at all, and that only metrics of instances make larger."""
    group = subject.group
    raises = any((schedule.min or 0) > 0 or (schedule.desired or 0) > 0 for schedule in group.schedules)
    metrics = dict(_metrics_that_scale_out(subject))
    # what a function goes by, only its author knows
    if group.capacity.min > 0 or raises or not metrics or subject.rules.functions:
        return
    if all(metric.source in (MetricSource.HOST, MetricSource.AGENT) for metric in metrics.values()):
        names = list(metrics)
        text = f"at 0 instances {listed(names)} {verb(names, 'has', 'have')} no data"
        mend = "set `min: 1`, or scale out on the length of a queue or the requests of the load balancer"
        yield Remark("capacity.min", f"{text}: a group at 0 stays at 0", mend)


def _metrics_that_scale_out(subject: Subject) -> Iterator[tuple[str, Metric]]:
    out, _ = ways_of(subject)
    for policy in subject.group.policies:
        if isinstance(policy, TargetTrackingPolicy | PredictivePolicy) and policy.name in out:
            yield policy.name, policy.metric
    for alarm in subject.group.alarms:
        if alarm.enabled and any(name in out for name in alarm.triggers):
            yield alarm.name, alarm.metric


def ways_of(subject: Subject) -> tuple[list[str], list[str]]:
    """The policies that scale out, and those that scale in."""
    rules = subject.rules
    amounts = [rule for alarm in rules.alarms for rule in alarm.rules]
    forecasts = [rule.policy for rule in rules.forecasts if rule.scales]
    tracking = [rule.policy for rule in rules.tracking]
    functions = [rule.policy for rule in rules.functions]
    out = [*(rule.policy for rule in amounts if rule.scales_out), *tracking, *forecasts, *functions]
    back = [
        *(rule.policy for rule in amounts if rule.scales_in),
        *(rule.policy for rule in rules.tracking if rule.scale_in),
        *functions,
    ]
    return list(dict.fromkeys(out)), list(dict.fromkeys(back))
