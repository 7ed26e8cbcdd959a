"""What a group gives that no part of its scale set, its setting and its alerts is made of; pure."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import assert_never

from trimtab.models import (
    Alarm,
    Metric,
    Policy,
    PredictivePolicy,
    PythonPolicy,
    ScalingGroup,
    Schedule,
    SimplePolicy,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.providers.alarms import is_alert
from trimtab.providers.azure import policies
from trimtab.providers.azure.alarms import alert_problem
from trimtab.providers.azure.alarms import window_of as alert_window_of
from trimtab.providers.azure.autoscaler import predictive_policy
from trimtab.providers.azure.ids import is_id
from trimtab.providers.azure.metrics import Scope, Where, find_metric, metric_problem
from trimtab.providers.azure.policies import AutoscaleRule, is_reached, rules_of
from trimtab.providers.azure.schedules import TimedProfile, never_active, profiles_of, sizes_used
from trimtab.providers.health import has_probe, idle_fields
from trimtab.providers.metrics import natural_statistic
from trimtab.providers.translation import Unused

NO_ALERT = "no alert is made of an alarm with this metric"
DISABLED = "it is disabled, and Azure has no rule that is off"
NO_METRIC = "Azure has no rule and no alert without its metric"


def unused_of(group: ScalingGroup, rules: Iterable[AutoscaleRule], scope: Scope, now: datetime) -> Iterator[Unused]:
    """Every field of a group that has no use on Azure because of its other fields."""
    used = used_by(rules)
    for policy in group.policies:
        yield from _of_policy(group, policy, used, scope)
    for alarm in group.alarms:
        yield from _of_alarm(group, alarm, used, scope)
    yield from _of_schedules(group, now)
    yield from _of_group(group, used)


def used_by(rules: Iterable[AutoscaleRule]) -> frozenset[str]:
    """The items of a group that rules are made of."""
    return frozenset(path for rule in rules for path in rule.uses)


# policies


def _of_policy(group: ScalingGroup, policy: Policy, used: Collection[str], scope: Scope) -> Iterator[Unused]:
    path = f"policies.{policy.name}"
    match policy:
        case SimplePolicy() | StepPolicy():
            if path not in used:
                yield Unused(path, _why_idle(group, policy, scope), _switch(group, path, scope))
            elif isinstance(policy, StepPolicy):
                yield from _of_steps(group, policy, scope)
        case TargetTrackingPolicy():
            if path not in used:
                text = NO_METRIC if metric_problem(policy.metric, scope) else DISABLED
                yield Unused(path, text, _switch(group, path, scope))
            else:
                if natural_statistic(policy.metric, "average") == policy.statistic != "average":
                    yield Unused(f"{path}.statistic", "the metric is aggregated so without it", partly=True)
                yield from _of_metric(policy.metric, f"{path}.metric")
        case PredictivePolicy():
            active = predictive_policy(group)
            if policy is not active:
                text = "an autoscale setting has one forecast, of the CPU" if policy.enabled else DISABLED
                enabled = policy.model_copy(update={"enabled": True})
                items = tuple(enabled if other is policy else other for other in group.policies)
                first = predictive_policy(group.model_copy(update={"policies": items})) is enabled
                yield Unused(path, text, [f"{path}.enabled"] if first else ())
            elif policy.metric.of is not None:
                yield Unused(f"{path}.metric.of", "Azure measures it at the scale set")
        case PythonPolicy():
            yield Unused(path, "no autoscale rule calls a function")
        case _:
            assert_never(policy)


def _switch(group: ScalingGroup, path: str, scope: Scope) -> list[str]:
    """The field that enables a policy or an alarm, where a rule is made of it once it is enabled."""
    kind, name = path.split(".")
    items = [item.model_copy(update={"enabled": True}) if item.name == name else item for item in getattr(group, kind)]
    enabled = group.model_copy(update={kind: tuple(items)})
    return [f"{path}.enabled"] if path in used_by(rules_of(enabled, scope)) else []


def _why_idle(group: ScalingGroup, policy: SimplePolicy | StepPolicy, scope: Scope) -> str:
    if not policy.enabled:
        return DISABLED
    alarms = [alarm for alarm in group.alarms if policy.name in alarm.triggers]
    if not alarms:
        return "no alarm triggers the policy, and Azure changes a size by its rules only; give an alarm that does"
    if not any(alarm.enabled for alarm in alarms):
        return "the alarms that trigger the policy are disabled"
    if all(metric_problem(alarm.metric, scope) for alarm in alarms if alarm.enabled):
        return NO_METRIC
    return "no step of the policy lies on the side of the threshold on which its alarms fire"


def _of_steps(group: ScalingGroup, policy: StepPolicy, scope: Scope) -> Iterator[Unused]:
    triggering = [alarm for alarm in group.alarms if alarm.enabled and policy.name in alarm.triggers]
    alarms = [alarm for alarm in triggering if not metric_problem(alarm.metric, scope)]
    for index, step in enumerate(policy.steps):
        if not any(is_reached(step, alarm) for alarm in alarms):
            text = "it lies on the side of the threshold on which no rule of this policy fires"
            yield Unused(f"policies.{policy.name}.steps.{index}", text)


# alarms


def _of_alarm(group: ScalingGroup, alarm: Alarm, used: Collection[str], scope: Scope) -> Iterator[Unused]:
    path = f"alarms.{alarm.name}"
    acts, shown = path in used, is_alert(alarm) and alert_problem(alarm, scope) is None
    if not acts and not shown:
        # without its only trigger it would be seen by people
        sole = len(alarm.triggers) == 1 and not is_alert(alarm)
        but = [f"{path}.triggers.0"] if sole and alert_problem(alarm, scope) is None else []
        yield Unused(path, _why_silent(alarm, scope), [*but, *_switch(group, path, scope)], partly=True)
        return
    for index, name in enumerate(alarm.triggers):
        if f"{path}.triggers.{index}" not in used:
            yield Unused(f"{path}.triggers.{index}", f"no rule is made of this alarm and the policy {name!r}")
    if not shown:
        for name in ("description", "severity"):
            yield Unused(f"{path}.{name}", f"a rule has no {name}; an alarm that notifies has one")
    if is_alert(alarm) and not shown:
        yield Unused(f"{path}.notify", NO_ALERT)
        yield Unused(f"{path}.notify_ok", NO_ALERT)
    yield from _of_metric(alarm.metric, f"{path}.metric")


def _why_silent(alarm: Alarm, scope: Scope) -> str:
    if metric_problem(alarm.metric, scope) or is_alert(alarm):
        return NO_METRIC
    if not alarm.enabled:
        return DISABLED
    return "none of the policies that it triggers makes a rule"


def _of_metric(metric: Metric, path: str) -> Iterator[Unused]:
    native = find_metric(metric)
    if metric.of is not None and native is not None and native.where is Where.SCALE_SET:
        yield Unused(f"{path}.of", "Azure measures it at the scale set")


def differs_in_window(alarm: Alarm, rules: Iterable[AutoscaleRule], scope: Scope) -> bool:
    """Whether a rule or an alert looks back for another time than the alarm's periods."""
    acts = f"alarms.{alarm.name}" in used_by(rules)
    shown = is_alert(alarm) and alert_problem(alarm, scope) is None
    windows = [*([policies.window_of(alarm)] if acts else []), *([alert_window_of(alarm)] if shown else [])]
    return any(window != alarm.period * alarm.periods for window in windows)


# schedules


def _of_schedules(group: ScalingGroup, now: datetime) -> Iterator[Unused]:
    held = sizes_used(group, now)
    for schedule in group.schedules:
        path = f"schedules.{schedule.name}"
        yield Unused(f"{path}.description", "a profile has no description")
        if schedule.at is not None and not schedule.is_window:
            yield Unused(f"{path}.zone", "it is the zone of `at`, which takes an end here", partly=True)
        elif not schedule.is_window and _fires_in_vain(group, schedule, now):
            yield Unused(f"{path}.zone", "its sizes hold at every moment, whenever it fires", partly=True)
        if path not in held:
            yield Unused(path, "Azure has no profile for the schedule", partly=True)
            continue
        for name in ("min", "max", "desired"):
            if f"{path}.{name}" not in held:
                yield Unused(f"{path}.{name}", "another schedule sets it whenever this one would", partly=True)
    for name in never_active(group, now):
        yield Unused(f"capacity.{name}", f"the schedules set `{name}` at every moment; change it there", partly=True)


_FAR_APART = ("Asia/Tokyo", "America/Sao_Paulo", "UTC", "Europe/Madrid")


def _fires_in_vain(group: ScalingGroup, schedule: Schedule, now: datetime) -> bool:
    """Whether the hour of a schedule without an end changes nothing, beside the dates of others."""
    if not any(other.is_dated for other in group.schedules):
        return False
    profiles = list(profiles_of(group, now))

    def at(zone: str) -> list[TimedProfile]:
        moved = schedule.model_copy(update={"zone": zone})
        others = tuple(moved if other is schedule else other for other in group.schedules)
        return list(profiles_of(group.model_copy(update={"schedules": others}), now))

    return all(at(zone) == profiles for zone in _FAR_APART if zone != schedule.zone)


# the group


def _of_group(group: ScalingGroup, used: Collection[str]) -> Iterator[Unused]:
    azure, purchase, place = group.azure, group.purchase, group.placement
    if "cooldown" not in used:
        yield Unused("cooldown", "no rule waits by it: none is made, or each policy has a `cooldown` of its own")
    if purchase.sizes and group.template.size_name != purchase.sizes[0].size:
        yield Unused("template.size", "the sizes of `purchase.sizes` take its place")
    if not purchase.sizes:
        yield Unused("purchase.strategy", "it chooses among `purchase.sizes`")
    if not purchase.spot:
        yield Unused("azure.eviction", "it says what becomes of spot instances; set `purchase.spot`")
    if azure.orchestration == "flexible":
        yield Unused("azure.overprovision", "a flexible scale set is never overprovisioned")
    if any(is_id(subnet) for subnet in place.subnets[:1]):
        yield Unused("placement.network", "the subnet's id says which network it is")
    elif any("/" in subnet for subnet in place.subnets[:1]):
        yield Unused("placement.network", "NETWORK/SUBNET says which network it is")
    elif not place.subnets:
        yield Unused("placement.network", "it says where to find a subnet by name; name one by `placement.subnets`")
    yield from (Unused(path, text) for path, text in idle_fields(group.health_check, probed=has_probe(group)))
    for key in sorted(group.tags.keys() & group.template.tags.keys()):
        yield Unused(f"tags.{key}", "`template.tags` gives the same tag, and a scale set has one set of tags")
