"""What each provider can do with each feature of a group: data that plans, docs and tests read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from trimtab.models import Metric, MetricSource, ScalingGroup

__all__ = ["FEATURES", "Means", "Support", "features_of", "support_of"]


class Means(StrEnum):
    """Who enacts a feature."""

    NATIVE = "native"
    APPROXIMATED = "approximated"
    CONTROLLER = "controller"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Support:
    """How a provider does a feature; `text` says what differs or why not."""

    means: Means
    text: str = ""


_NATIVE = Support(Means.NATIVE)
_LATER = Support(Means.UNSUPPORTED, "not in this version")
_ELSEWHERE = Support(Means.UNSUPPORTED, "AWS keeps this with the load balancer or has no such thing")


def _row(aws: Support) -> Mapping[str, Support]:
    return {"memory": _NATIVE, "aws": aws}


FEATURES: Mapping[str, Mapping[str, Support]] = {
    "simple policy": _row(_NATIVE),
    "step policy": _row(_LATER),
    "target-tracking policy": _row(_LATER),
    "predictive policy": _row(_LATER),
    "alarm": _row(_NATIVE),
    "alarm on a percentile": _row(_NATIVE),
    "schedule": _row(_NATIVE),
    "schedule window": _row(_NATIVE),
    "cpu metric": _row(_NATIVE),
    "network metric": _row(_LATER),
    "agent metric": _row(_NATIVE),
    "balancer metric": _row(_LATER),
    "queue metric": _row(_LATER),
    "custom metric": _row(_NATIVE),
    "PromQL metric": _row(_LATER),
    "spot instances": _row(_LATER),
    "several sizes": _row(_LATER),
    "capacity reservation": _row(_LATER),
    "lifecycle hooks": _row(_LATER),
    "warm pool": _row(_LATER),
    "suspended processes": _row(_LATER),
    "group metrics": _row(_LATER),
    "group stabilization": _row(Support(Means.UNSUPPORTED, "EC2 Auto Scaling looks back for no group as a whole")),
    "health probe of the group": _row(_ELSEWHERE),
    "balancer port": _row(_ELSEWHERE),
    "balancer drain": _row(_ELSEWHERE),
    "network by name": _row(Support(Means.UNSUPPORTED, "on AWS the subnets say which network it is")),
}
"""By feature and provider."""


def support_of(feature: str, provider: str) -> Support:
    """How `provider` does `feature`; what is not in the table is unsupported."""
    return FEATURES[feature].get(provider, _LATER)


def features_of(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """Each feature that a group uses, and the path of the model field that asks for it."""
    yield from _features_of_policies(group)
    yield from _features_of_alarms(group)
    for schedule in group.schedules:
        yield ("schedule window" if schedule.is_window else "schedule"), f"schedules.{schedule.name}"
    yield from _features_of_group(group)


def _features_of_policies(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    for policy in group.policies:
        path = f"policies.{policy.name}"
        yield f"{policy.type} policy", path
        if policy.type in ("target-tracking", "predictive"):
            yield _metric_feature(policy.metric), f"{path}.metric"


def _features_of_alarms(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    for alarm in group.alarms:
        path = f"alarms.{alarm.name}"
        yield "alarm", path
        if alarm.statistic.startswith("p"):
            yield "alarm on a percentile", f"{path}.statistic"
        yield _metric_feature(alarm.metric), f"{path}.metric"


def _features_of_group(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    asked = (
        ("spot instances", "purchase.spot", group.purchase.spot),
        ("several sizes", "purchase.sizes", group.purchase.sizes),
        ("capacity reservation", "purchase.reservation", group.purchase.reservation),
        ("lifecycle hooks", "aws.lifecycle_hooks", group.aws.lifecycle_hooks),
        ("warm pool", "aws.warm_pool", group.aws.warm_pool is not None),
        ("suspended processes", "aws.suspended_processes", group.aws.suspended_processes),
        ("group metrics", "aws.group_metrics", group.aws.group_metrics),
        ("group stabilization", "stabilization", group.stabilization is not None),
        ("health probe of the group", "health_check.path", group.health_check.path is not None),
        ("health probe of the group", "health_check.port", group.health_check.port is not None),
        ("balancer port", "load_balancers.port", any(one.port is not None for one in group.load_balancers)),
        ("balancer drain", "load_balancers.drain", any(one.drain is not None for one in group.load_balancers)),
        ("network by name", "placement.network", group.placement.network),
    )
    yield from ((feature, path) for feature, path, given in asked if given)


def _metric_feature(metric: Metric) -> str:
    if metric.source is MetricSource.HOST:
        return "cpu metric" if metric.name == "cpu" else "network metric"
    if metric.source is MetricSource.PROMQL:
        return "PromQL metric"
    return f"{metric.source} metric"
