"""What a group uses: each feature by its name in the table of capabilities, and the field that asks for it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from trimtab.declarations.support import HAPROXY
from trimtab.engine.windows import only_raises_minimum
from trimtab.models import (
    Alarm,
    Comparison,
    HealthCheck,
    InstanceTemplate,
    MaximumBreach,
    Metric,
    MetricSource,
    MissingData,
    Policy,
    PredictiveMode,
    PredictivePolicy,
    Purchase,
    PythonPolicy,
    ScalingGroup,
    Schedule,
    Severity,
    SimplePolicy,
    SpotStrategy,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.models.identity import Same
from trimtab.models.schedule import read_days
from trimtab.models.template import Agent


def features_of(group: ScalingGroup) -> Sequence[tuple[str, str]]:
    """Each feature that a group uses, and the path of the model field that asks for it; kept for the last groups."""
    return _kept_features(Same(group))


@lru_cache(maxsize=256)
def _kept_features(same: Same[ScalingGroup]) -> Sequence[tuple[str, str]]:
    return tuple(_features_of(same.model))


def _features_of(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    yield from _features_of_policies(group)
    yield from _features_of_alarms(group)
    for schedule in group.schedules:
        yield from _features_of_schedule(schedule, group)
    yield from _features_of_timetable(group)
    yield from _features_of_mix(group)
    yield from _features_of_group(group)
    yield from _features_of_template(group.template)


def _features_of_policies(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    for policy in group.policies:
        path = f"policies.{policy.name}"
        # what a forecast is held against is its target, and where a cloud has none, that is what differs
        yield f"{policy.type} policy", f"{path}.target" if isinstance(policy, PredictivePolicy) else path
        match policy:
            case SimplePolicy():
                yield from _given((("change by per cent", f"{path}.percent", policy.percent),))
            case StepPolicy():
                yield from _features_of_steps(policy, path)
            case TargetTrackingPolicy():
                yield _metric_feature(policy.metric), f"{path}.metric"
            case PredictivePolicy():
                yield _metric_feature(policy.metric), f"{path}.metric"
                if policy.metric.name != "cpu":
                    yield "predictive policy on another metric than CPU", f"{path}.metric"
                if policy.load is not None:
                    yield "forecast of another load", f"{path}.load"
                if policy.mode is PredictiveMode.FORECAST_ONLY:
                    yield "forecast without scaling", f"{path}.mode"
                if policy.buffer is not None:
                    yield "forecast buffer", f"{path}.buffer"
                if policy.maximum_breach is MaximumBreach.INCREASE:
                    yield "forecast above the maximum", f"{path}.maximum_breach"
                if policy.maximum_buffer is not None:
                    yield "forecast above the maximum", f"{path}.maximum_buffer"
            case PythonPolicy():
                pass
        yield from _given((("least change by per cent", f"{path}.minimum_change", _of(policy, "minimum_change")),))
        yield from _given((("warm-up of one policy", f"{path}.warm_up", _of(policy, "warm_up")),))
    tracking = [policy for policy in group.policies if isinstance(policy, TargetTrackingPolicy) and policy.enabled]
    if len({policy.scale_in for policy in tracking}) > 1:
        kept = (policy for policy in tracking if not policy.scale_in)
        yield from (("scaling in by some policies only", f"policies.{policy.name}.scale_in") for policy in kept)


def _features_of_steps(policy: StepPolicy, path: str) -> Iterator[tuple[str, str]]:
    amounts = [step.change or step.percent or 0 for step in policy.steps if step.to is None]
    yield from _each(
        "change by per cent", f"{path}.steps", "percent", [step.percent is not None for step in policy.steps]
    )
    for name in ("lower", "upper"):
        at_threshold = [getattr(step, name) == 0 for step in policy.steps]
        yield from _each("step that begins at the threshold", f"{path}.steps", name, at_threshold)
    if sum(amount < 0 for amount in amounts) > 1:
        yield "step policy that removes by several steps", f"{path}.steps"
    if not grows(policy):
        yield "step policy whose steps do not grow", f"{path}.steps"


def grows(policy: StepPolicy) -> bool:
    """Whether each step further from the threshold changes at least as much as the one before it."""
    above = [step for step in policy.steps if (step.lower or 0) >= 0 and step.lower is not None]
    below = [step for step in reversed(policy.steps) if (step.upper or 0) <= 0 and step.upper is not None]
    if any(step.to is not None for step in policy.steps):
        return len(policy.steps) == 1
    outward = ([abs(step.change or step.percent or 0) for step in side] for side in (above, below))
    return all(previous <= two for side in outward for previous, two in pairwise(side))


_MANY = 13
_PLAIN = frozenset({"average", "minimum", "maximum", "sum", "count"})


def _features_of_alarms(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    for alarm in group.alarms:
        path = f"alarms.{alarm.name}"
        yield "alarm", path
        if alarm.comparison in (Comparison.AT_LEAST, Comparison.AT_MOST):
            yield "alarm that includes its threshold", f"{path}.{alarm.comparison}"
        if alarm.statistic.startswith("p"):
            yield "alarm on a percentile", f"{path}.statistic"
        elif alarm.statistic not in _PLAIN:
            yield "alarm on a trimmed statistic", f"{path}.statistic"
        if alarm.periods > 1:
            yield "alarm over several periods", f"{path}.periods"
        if alarm.datapoints is not None and alarm.datapoints < alarm.periods:
            yield "alarm on some of several datapoints", f"{path}.datapoints"
        if alarm.statistic == "sum" and alarm.metric.source is MetricSource.BALANCER and alarm.metric.name != "latency":
            yield "alarm on the sum of what a balancer counts", f"{path}.statistic"
        if alarm.missing is not MissingData.MISSING:
            yield from _missing_data(alarm, f"{path}.missing")
        if alarm.notify and set(alarm.notify) != set(alarm.notify_ok):
            yield "notification when an alarm is over", f"{path}.notify"
        elif alarm.notify_ok:
            yield "notification when an alarm is over", f"{path}.notify_ok"
        if alarm.notify and alarm.notify_ok and set(alarm.notify) != set(alarm.notify_ok):
            yield "separate OK recipients", f"{path}.notify_ok"
        for word in ("notify", "notify_ok"):
            for index, target in enumerate(getattr(alarm, word)):
                if target in alarm.notify and target in alarm.notify_ok:
                    yield "told of an alarm's beginning and end", f"{path}.{word}.{index}"
        for index in range(len(alarm.notify_no_data)):
            yield "notification without data", f"{path}.notify_no_data.{index}"
        if alarm.sample_unit is not None:
            yield "unit of samples", f"{path}.sample_unit"
        if alarm.severity in (Severity.INFORMATIONAL, Severity.VERBOSE):
            yield "severity below a warning", f"{path}.severity"
        yield _metric_feature(alarm.metric), f"{path}.metric"
    if len({alarm.metric.name for alarm in _removing(group)}) > 1:
        yield "scaling in by any of several alarms", "alarms"


def _missing_data(alarm: Alarm, path: str) -> Iterator[tuple[str, str]]:
    """What an alarm says of missing data, which counts for the policies that it triggers and for whom it tells."""
    breaches = alarm.missing is MissingData.BREACHING
    if alarm.triggers:
        yield "alarm that breaches without data" if breaches else "alarm that says how missing data count", path
    if alarm.notify or alarm.notify_ok or not alarm.triggers:
        yield (
            "notification that breaches without data" if breaches else "notification that says how missing data count",
            path,
        )


def _removing(group: ScalingGroup) -> Iterator[Alarm]:
    """The alarms that trigger a policy that removes instances."""
    removes = {policy.name for policy in group.policies if isinstance(policy, SimplePolicy) and _negative(policy)}
    removes |= {
        policy.name
        for policy in group.policies
        if isinstance(policy, StepPolicy) and any(_negative(step) for step in policy.steps)
    }
    return (alarm for alarm in group.alarms if removes & set(alarm.triggers))


def _negative(amount: SimplePolicy | Step) -> bool:
    return (amount.change or amount.percent or 0) < 0


def _features_of_timetable(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    if not only_raises_minimum(group):
        yield "schedules that do more than raise the minimum", "schedules"
    if _is_crowded(group.schedules):
        yield "schedules with many dates in two months", "schedules"
    if group.schedules and not any(policy.enabled for policy in group.policies):
        yield "schedules without a policy", "schedules"


def _is_crowded(schedules: Iterable[Schedule]) -> bool:
    """Whether dates of schedules lie closer together than fixed dates of Azure have room, less six that recur."""
    dates = sorted(
        {read_days(text)[0] for schedule in schedules for text in (*schedule.skip_dates, *schedule.only_dates)}
    )
    return any((last - first).days < 62 for first, last in zip(dates, dates[_MANY:], strict=False))


def _features_of_schedule(schedule: Schedule, group: ScalingGroup) -> Iterator[tuple[str, str]]:
    path = f"schedules.{schedule.name}"
    yield ("schedule window" if schedule.is_window else "schedule"), path
    for name in ("cron", "until"):
        fields = (getattr(schedule, name) or "0 0 * * *").split()
        if fields[2] != "*" or fields[3] != "*" or "#" in fields[4] or "L" in fields[4]:
            yield "schedule by day of the month", f"{path}.{name}"
        if any(not re.fullmatch(r"[\d,]+", field) for field in fields[:2]):
            yield "schedule that fires within the hour", f"{path}.{name}"
    for name in ("starts", "ends"):
        if getattr(schedule, name) is not None:
            yield "schedule with a first or last moment", f"{path}.{name}"
    if schedule.skip_dates:
        yield "schedule without some dates", f"{path}.skip_dates"
    if schedule.only_dates:
        yield "schedule on some dates only", f"{path}.only_dates"
        if not schedule.is_window:
            yield "schedule once, without an end", f"{path}.only_dates"
    if schedule.at is not None and not schedule.is_window:
        yield "schedule once, without an end", f"{path}.at"
    if schedule.max not in (None, group.capacity.max):
        yield "schedule that changes the maximum", f"{path}.max"
    if schedule.desired is not None:
        own = schedule.desired != schedule.min
        yield f"schedule that sets {'a size of its own' if own else 'the size'}", f"{path}.desired"


def _features_of_mix(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """What sizes a group of which one part is on demand and the rest is spot."""
    policies = [policy for policy in group.policies if policy.enabled]
    if not group.purchase.is_mixed or not (policies or group.schedules):
        return
    if group.purchase.on_demand_percent:
        yield "policy or schedule beside an on-demand share", "purchase.on_demand_percent"
        return
    for policy in policies:
        if isinstance(policy, TargetTrackingPolicy | PredictivePolicy):
            is_whole = policy.metric.name == "queue-per-instance"
            what = "policy on a whole queue" if is_whole else "policy"
            yield f"{what} beside an on-demand base", f"policies.{policy.name}.metric"


def _features_of_group(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    purchase, place = group.purchase, group.placement
    requested = (
        ("spot instances", "purchase.spot", purchase.spot),
        ("several sizes", "purchase.sizes", purchase.sizes),
        ("on-demand base beside spot", "purchase.on_demand_base", purchase.on_demand_base),
        ("on-demand share beside spot", "purchase.on_demand_percent", purchase.on_demand_percent),
        ("strategy for spot", "purchase.strategy", purchase.strategy not in (None, SpotStrategy.PRIORITIZED)),
        ("spot price limit", "purchase.max_price", purchase.max_price),
        ("spot replaced before it is taken", "purchase.rebalance", purchase.rebalance),
        *(("fall-back from spot", f"purchase.{name}", purchase.fallback) for name in _of_fallback(purchase)),
        ("capacity reservation", "purchase.reservation", purchase.reservation),
        *(("tags in capitals", f"tags.{tag}", True) for tag in _in_capitals(group.tags)),
        *(("tags in capitals", f"template.tags.{tag}", True) for tag in _in_capitals(group.template.tags)),
        ("group stabilization", "stabilization", group.stabilization is not None),
        ("warm-up", "warm_up", group.warm_up is not None),
        ("protection from scaling in", "protect_from_scale_in", group.protect_from_scale_in),
        ("health probe of the group", "health_check.path", group.health_check.path is not None),
        ("health probe of the group", "health_check.port", group.health_check.port is not None),
        ("health probe of the group", "health_check.protocol", group.health_check.protocol is not None),
        ("health probe of the group", "health_check.interval", group.health_check.interval is not None),
        ("health probe of the group", "health_check.healthy_threshold", group.health_check.healthy_threshold),
        ("health probe of the group", "health_check.unhealthy_threshold", group.health_check.unhealthy_threshold),
        ("host of a health check", "health_check.host", group.health_check.host),
        ("timeout of a health check", "health_check.timeout", group.health_check.timeout is not None),
        *(("thresholds of health that differ", path, True) for path in _single_thresholds(group.health_check)),
        ("network by name", "placement.network", place.network),
        *(("subnets by tag", f"placement.subnet_tags.{tag}", True) for tag in place.subnet_tags or ()),
        *(("several subnets", f"placement.subnets.{at}", True) for at in range(1, len(place.subnets))),
    )
    yield from _given(requested)
    balancers = group.load_balancers
    yield from _each("sizes with weights", "purchase.sizes", "weight", [option.weight for option in purchase.sizes])
    yield from _each("balancer port", "load_balancers", "port", [balancer.port for balancer in balancers])
    yield from ((HAPROXY, f"load_balancers.{at}.haproxy") for at, one in enumerate(balancers) if one.haproxy)
    yield from _each(
        "balancer drain", "load_balancers", "drain", [balancer.drain is not None for balancer in balancers]
    )
    yield from _each(
        "second pool of a balancer", "load_balancers", "alternate", [balancer.alternate for balancer in balancers]
    )


def _of_fallback(purchase: Purchase) -> Iterator[str]:
    """The fields of the fall-back that are not at their defaults."""
    fields = type(purchase).model_fields
    names = ("fallback", "fallback_after", "return_after")
    return (name for name in names if getattr(purchase, name) != fields[name].default)


def _single_thresholds(check: HealthCheck) -> Iterator[str]:
    """Paths of the thresholds that a check sets, where the one is not the other."""
    if check.healthy_threshold != check.unhealthy_threshold:
        for name in ("healthy_threshold", "unhealthy_threshold"):
            if getattr(check, name) is not None:
                yield f"health_check.{name}"


_AGENTS: Mapping[Agent, str] = {
    "memory": "agent for memory",
    "disk": "agent for disks",
    "node-exporter": "node exporter",
    "collectd": "collectd",
    "trimtab-listener": "interruption listener",
}


def _features_of_template(template: InstanceTemplate) -> Iterator[tuple[str, str]]:
    disks, firewalls = template.disks, template.security_groups
    requested = (
        *(("several security groups", f"template.security_groups.{at}", True) for at in range(1, len(firewalls))),
        ("image by architecture", "template.image.architecture", template.image.newest and template.image.architecture),
        ("password of the administrator", "template.admin_password.env", template.admin_password),
        ("neutral image", "template.image.os", template.image.os),
        ("size by attributes", "template.size", template.requirement),
        ("several sizes", "template.size.choices", template.requirement and template.requirement.choices > 1),
        ("session tokens for metadata", "template.metadata_token", template.metadata_token is not None),
        ("metadata hops", "template.metadata_hops", template.metadata_hops is not None),
        *(("metadata of one's own", f"template.metadata.{key}", True) for key in template.metadata),
        ("stateful address", "template.internal_address", template.internal_address),
        ("stateful address", "template.external_address", template.external_address),
        ("no public address", "template.public_address", template.public_address is False),
        ("host metrics each minute", "template.detailed_monitoring", template.detailed_monitoring is not None),
    )
    yield from _given(requested)
    yield from ((_AGENTS[word], f"template.agents.{at}") for at, word in enumerate(template.agents))
    yield from _each("encrypted disk", "template.disks", "encrypted", [disk.encrypted for disk in disks])
    yield from _each("unencrypted disk", "template.disks", "encrypted", [disk.encrypted is False for disk in disks])
    yield from _each("disk that is kept", "template.disks", "keep", [disk.keep for disk in disks])
    yield from _each("stateful disk", "template.disks", "stateful", [disk.stateful for disk in disks])


def _given(requested: Iterable[tuple[str, str, object]]) -> Iterator[tuple[str, str]]:
    yield from ((feature, path) for feature, path, given in requested if given)


def _each(feature: str, path: str, name: str, requested: Iterable[object]) -> Iterator[tuple[str, str]]:
    """The feature for each item of a list that asks for it, by the item's place."""
    yield from ((feature, f"{path}.{index}.{name}") for index, given in enumerate(requested) if given)


def _in_capitals(tags: Mapping[str, str]) -> Iterator[str]:
    return (name for name, value in tags.items() if f"{name}{value}" != f"{name}{value}".lower())


def _of(policy: Policy, name: str) -> object:
    return getattr(policy, name, None)


def _metric_feature(metric: Metric) -> str:
    if metric.source is MetricSource.HOST:
        return "cpu metric" if metric.name == "cpu" else "network metric"
    if metric.needs_source:
        return "external metric"
    if metric.source is MetricSource.PROMQL:
        return "PromQL metric"
    if metric.source is MetricSource.MATH:
        return "metric math"
    return f"{metric.source} metric"
