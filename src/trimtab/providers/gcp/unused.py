"""What a group gives that no part of its template, manager, autoscaler and alert policies is made of; pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from trimtab.engine.schedules import in_force
from trimtab.engine.windows import only_raises_minimum
from trimtab.models import (
    Alarm,
    LoadBalancer,
    MetricSource,
    Policy,
    PredictiveMode,
    PredictivePolicy,
    PythonPolicy,
    ScalingGroup,
    Schedule,
    SimplePolicy,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.providers.alarms import is_alert
from trimtab.providers.gcp.alarms import alert_problem
from trimtab.providers.gcp.autoscaler import OFF, is_outwards, minimums_held, mode_of
from trimtab.providers.gcp.facts import Attached, Service
from trimtab.providers.gcp.ids import short
from trimtab.providers.gcp.metrics import SUBSCRIPTION, find_metric
from trimtab.providers.gcp.names import label_of
from trimtab.providers.gcp.policies import forecast_of, is_balancing, is_cpu, metric_problem, tracked
from trimtab.providers.translation import Unused

DISABLED = "it is disabled, and an autoscaler has no signal that is off"
ELSEWHERE = "Compute Engine does not do this policy by itself"


def unused_of(group: ScalingGroup, attached: Attached, now: datetime) -> Iterator[Unused]:
    """Every field of a group that has no use on Google Cloud because of its other fields."""
    for policy in group.policies:
        yield from _of_policy(group, policy, attached)
    for alarm in group.alarms:
        yield from _of_alarm(alarm)
    for schedule in group.schedules:
        yield from _of_schedule(group, schedule, now)
    yield from _of_capacity(group, now)
    yield from _of_balancers(group, attached)
    yield from _of_group(group)


# policies


def _of_policy(group: ScalingGroup, policy: Policy, attached: Attached) -> Iterator[Unused]:
    path = f"policies.{policy.name}"
    match policy:
        case SimplePolicy() | StepPolicy() | PythonPolicy():
            yield Unused(path, ELSEWHERE)
        case TargetTrackingPolicy():
            if policy not in tracked(group):
                yield Unused(path, _why_untracked(policy), _switch(group, policy))
            else:
                yield from _of_tracking(group, policy, attached)
        case PredictivePolicy():
            active = forecast_of(group)
            if policy is not active:
                yield Unused(path, _why_no_forecast(policy), _switch(group, policy))
            else:
                yield Unused(f"{path}.metric.of", "Compute Engine forecasts the CPU of the group")
        case _:
            assert_never(policy)


def _switch(group: ScalingGroup, policy: TargetTrackingPolicy | PredictivePolicy) -> list[str]:
    """The field that enables a policy, or that lets it scale, where the autoscaler has it then."""
    paths = []
    for name, value in (("enabled", True), ("mode", PredictiveMode.FORECAST_AND_SCALE)):
        changed = policy.model_copy(update={name: value})
        items = tuple(changed if item is policy else item for item in group.policies)
        after = group.model_copy(update={"policies": items})
        if changed is forecast_of(after) or any(changed is tracker for tracker in tracked(after)):
            paths.append(f"policies.{policy.name}.{name}")
    return paths


def _why_untracked(policy: TargetTrackingPolicy) -> str:
    if not policy.enabled:
        return DISABLED
    return metric_problem(policy.metric) or "another policy holds the metric"


def _why_no_forecast(policy: PredictivePolicy) -> str:
    if not policy.enabled:
        return DISABLED
    if not is_cpu(policy.metric):
        return "Compute Engine forecasts CPU only"
    if policy.mode is PredictiveMode.FORECAST_ONLY:
        return "Compute Engine shows no forecast; set `mode: forecast-and-scale`"
    return "an autoscaler has one forecast"


def _of_tracking(group: ScalingGroup, policy: TargetTrackingPolicy, attached: Attached) -> Iterator[Unused]:
    path, metric = f"policies.{policy.name}", policy.metric
    native = find_metric(metric)
    if native is not None and native.resource != SUBSCRIPTION:
        yield Unused(f"{path}.metric.of", "it is measured at the group's own instances and backends")
    if group.gcp.mode == "only-scale-out":
        yield Unused(f"{path}.scale_in", "`gcp.mode` says it of all policies")
    if is_balancing(metric) and not attached.services:
        yield Unused(f"{path}.target", "a backend service holds it; name one by `load_balancers`")


# alarms


def _of_alarm(alarm: Alarm) -> Iterator[Unused]:
    path = f"alarms.{alarm.name}"
    if not is_alert(alarm) or alert_problem(alarm):
        # without its only trigger it would be seen by people
        sole = len(alarm.triggers) == 1 and not is_alert(alarm) and not alert_problem(alarm)
        text = "Cloud Monitoring has no policy for this alarm" if is_alert(alarm) else "no alarm fires an autoscaler"
        yield Unused(path, text, [f"{path}.triggers.0"] if sole else (), partly=True)
        return
    yield Unused(f"{path}.triggers", "no alarm fires an autoscaler")
    if alarm.metric.source is MetricSource.PROMQL:
        yield Unused(f"{path}.statistic", "a PromQL query says itself how it aggregates; write it into the query")
        yield Unused(f"{path}.missing", "a PromQL query without data is not met; use `absent()` in the query")
    native = find_metric(alarm.metric)
    if native is None or native.resource != SUBSCRIPTION:
        yield Unused(f"{path}.metric.of", "it is measured at the group's own instances and backends")


# schedules and sizes


def _of_schedule(group: ScalingGroup, schedule: Schedule, now: datetime) -> Iterator[Unused]:
    path = f"schedules.{schedule.name}"
    if not is_held(group, schedule, now):
        yield Unused(path, "the autoscaler has no window for the schedule", partly=True)
    elif _is_idle(group, schedule, now):
        yield Unused(path, "the group's minimums are the same without the schedule", partly=True)
    else:
        yield Unused(f"{path}.max", "an autoscaler has one maximum, that of `capacity`", partly=True)
        if _holds_always(group, schedule):
            for name in ("cron", "zone"):
                yield Unused(f"{path}.{name}", "its minimum holds at every moment, whenever it fires", partly=True)


def is_held(group: ScalingGroup, schedule: Schedule, now: datetime) -> bool:
    """Whether the autoscaler has a window for a schedule, or another minimum because of it."""
    held = minimums_held(group, now)
    if schedule.min is None:
        return False
    if any(window.schedule == schedule.name for window in held.windows):
        return True
    if mode_of(group) == OFF or not only_raises_minimum(group):
        return False
    raised = schedule.model_copy(update={"min": (schedule.min or 0) + 1})
    items = tuple(raised if item is schedule else item for item in group.schedules)
    return minimums_held(group.model_copy(update={"schedules": items}), now) != held


def _is_idle(group: ScalingGroup, schedule: Schedule, now: datetime) -> bool:
    """Whether a window raises the group's minimum at no time, and keeps no other from raising it."""
    if not schedule.is_window or any(window.schedule == schedule.name for window in minimums_held(group, now).windows):
        return False
    others = group.model_copy(update={"schedules": tuple(other for other in group.schedules if other is not schedule)})
    return (mode_of(others), minimums_held(others, now)) == (mode_of(group), minimums_held(group, now))


def _holds_always(group: ScalingGroup, schedule: Schedule) -> bool:
    """Whether the minimum of a schedule without an end is that of every other such, so that no time changes it."""
    lasting = {other.min for other in group.schedules if other.min is not None and not other.is_window}
    return not schedule.is_window and lasting == {schedule.min}


def _of_capacity(group: ScalingGroup, now: datetime) -> Iterator[Unused]:
    lower = group.capacity.model_copy(update={"min": -1, "desired": None})
    other = group.model_copy(update={"capacity": lower})
    same = (mode_of(other), minimums_held(other, now)) == (mode_of(group), minimums_held(group, now))
    if same and in_force(other, now).min != -1:
        # a minimum above theirs leaves the schedules nothing to raise
        yield Unused("capacity.min", "schedules set the minimum at every moment", partly=True)


# the group


def _of_balancers(group: ScalingGroup, attached: Attached) -> Iterator[Unused]:
    services = [service_for(balancer, attached) for balancer in group.load_balancers]
    for index, service in enumerate(services):
        path = f"load_balancers.{index}"
        later = zip(group.load_balancers[index + 1 :], services[index + 1 :], strict=True)
        if service is None:
            yield Unused(f"{path}.port", "only a backend service asks for a port by name")
            yield Unused(f"{path}.drain", "only a backend service drains connections")
        elif service.port_name in group.gcp.named_ports:
            yield Unused(f"{path}.port", f"`gcp.named_ports` says it of {service.port_name!r}")
        elif any(balancer.port is not None and two and two.port_name == service.port_name for balancer, two in later):
            yield Unused(f"{path}.port", f"another load balancer gives the port that is called {service.port_name!r}")


def service_for(balancer: LoadBalancer, attached: Attached) -> Service | None:
    """The backend service that a load balancer of a group stands for; `None` for a target pool."""
    wanted = short(balancer.id) if balancer.id else balancer.name
    return next((item for item in attached.services if wanted in (item.name, item.link)), None)


def _of_group(group: ScalingGroup) -> Iterator[Unused]:
    gcp, place = group.gcp, group.placement
    yield Unused("cooldown", "an autoscaler waits for `gcp.initialization` and looks back by `stabilization`")
    if gcp.initialization is not None:
        yield Unused("warm_up", "`gcp.initialization` takes its place")
    elif any(policy.warm_up is not None for policy in tracked(group)):
        yield Unused("warm_up", "the policies have a `warm_up` of their own")
    if gcp.stabilization is not None:
        yield Unused("stabilization", "`gcp.stabilization` takes its place")
    if mode_of(group) == OFF or is_outwards(group):
        yield Unused("gcp.mode", "nothing of this group lets the autoscaler remove instances")
    if place.subnets:
        yield Unused("placement.network", "the subnetwork says which network it is in")
    if not group.purchase.sizes:
        yield Unused("purchase.strategy", "it chooses among `purchase.sizes`")
    yield from _of_tags(group)
    yield from _of_network_tags(group)


def _of_network_tags(group: ScalingGroup) -> Iterator[Unused]:
    places = {"template.security_groups": group.template.security_groups, "gcp.network_tags": group.gcp.network_tags}
    for path, other in (tuple(places), tuple(reversed(places))):
        for index, tag in enumerate(places[path]):
            if tag in places[other]:
                yield Unused(f"{path}.{index}", f"`{other}` gives the same network tag")


def _of_tags(group: ScalingGroup) -> Iterator[Unused]:
    places = (("tags", group.tags), ("template.tags", group.template.tags))
    given = [(f"{path}.{name}", label_of(name)) for path, tags in places for name in tags]
    for index, (path, label) in enumerate(given):
        if any(later == label for _, later in given[index + 1 :]):
            yield Unused(path, f"another tag is the same label, {label!r}")
