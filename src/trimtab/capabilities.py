"""What each provider can do with each feature of a group: data that plans, docs and tests read."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

from trimtab.models import Fleet, Metric, MetricSource, ScalingGroup
from trimtab.plan import Kind, Note

__all__ = ["FEATURES", "Means", "Support", "features_of", "judge", "set_fields", "support_of"]


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
    "step policy": _row(_NATIVE),
    "target-tracking policy": _row(_NATIVE),
    "predictive policy": _row(_NATIVE),
    "alarm": _row(_NATIVE),
    "alarm on a percentile": _row(_NATIVE),
    "schedule": _row(_NATIVE),
    "schedule window": _row(_NATIVE),
    "cpu metric": _row(_NATIVE),
    "network metric": _row(_NATIVE),
    "agent metric": _row(_NATIVE),
    "balancer metric": _row(_NATIVE),
    "queue metric": _row(_NATIVE),
    "custom metric": _row(_NATIVE),
    "PromQL metric": _row(_NATIVE),
    "spot instances": _row(_NATIVE),
    "several sizes": _row(_NATIVE),
    "capacity reservation": _row(_NATIVE),
    "lifecycle hooks": _row(_NATIVE),
    "warm pool": _row(_NATIVE),
    "suspended processes": _row(_NATIVE),
    "group metrics": _row(_NATIVE),
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


def judge(fleet: Fleet, provider: str, kinds: Mapping[str, Kind]) -> tuple[list[Note], list[Note]]:
    """
    What a provider does otherwise than asked (notes), and what it cannot do (problems).

    A field that is set and that no kind of the provider carries is a problem too: nothing is dropped
    in silence.
    """
    notes: list[Note] = []
    problems: list[Note] = []
    for group in fleet.groups:
        said: set[str] = set()
        for feature, path in features_of(group):
            support = support_of(feature, provider)
            if support.means is Means.APPROXIMATED:
                notes.append(Note(f"{path}: {feature}: {support.text}", group.name))
            elif support.means is Means.CONTROLLER and not fleet.controller:
                text = f"{path}: {feature} needs a running controller on {provider}; consent with `controller: true`"
                problems.append(Note(text, group.name))
            elif support.means is Means.UNSUPPORTED:
                said.add(path)
                problems.append(Note(f"{path}: {provider} cannot do this: {feature}, {support.text}", group.name))
        problems += [
            Note(f"{path}: {provider} has no translation for this field", group.name)
            for path in _not_carried(group, kinds)
            if not any(path == one or path.startswith(f"{one}.") for one in said)
        ]
    return notes, problems


_STRUCTURE = {"name", "native_name", "location", "unmanaged", "approximate", "azure", "gcp", "type"}
_ITEMS = ("policies", "alarms", "schedules")


def _not_carried(group: ScalingGroup, kinds: Mapping[str, Kind]) -> Iterator[str]:
    """Paths of the fields that are set and that no row of any kind comes from."""
    carried = {name for kind in kinds.values() for row in kind.fields for name in row.models.split()}
    for item in _ITEMS:
        for one in getattr(group, item):
            for path in set_fields(one):
                if not _is_carried(path, carried):
                    yield f"{item}.{one.name}.{path}"
    for path in set_fields(group):
        if path.split(".")[0] not in _ITEMS and not _is_carried(path, carried):
            yield path


def _is_carried(path: str, carried: Set[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in carried)


def set_fields(model: BaseModel, prefix: str = "") -> Iterator[str]:
    """Paths of the leaves that differ from the model's defaults."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if name in _STRUCTURE or value == info.get_default(call_default_factory=True):
            continue
        if isinstance(value, BaseModel):
            yield from set_fields(value, f"{prefix}{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            found = {path for item in value for path in set_fields(item, f"{prefix}{name}.")}
            yield from sorted(found)
        else:
            yield f"{prefix}{name}"
