"""Metrics: handed in by those who measure, read by those who ask."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.azure.aggregation import definitions_reply, metrics_reply, namespaces_reply, subscription_reply
from trimtab.emulators.azure.alerts import metrics_of
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call
from trimtab.emulators.azure.errors import missing
from trimtab.emulators.azure.groups import HOME
from trimtab.emulators.azure.ids import folded, parse_id
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.versions import METRICS, NAMESPACES
from trimtab.emulators.azure.world import CloudWorld
from trimtab.emulators.shared.errors import ServiceError


def store(world: CloudWorld, resource: str, point: Mapping[str, Any], at: datetime) -> None:
    """Store a point, and have those that look at the metric look again."""
    world.datapoints.add(
        resource,
        point["namespace"],
        point["metric"],
        at,
        float(point["value"]),
        dimensions=dict(point.get("dimensions") or {}),
    )
    wake_for_metric(world, resource, str(point["metric"]))


def wake_for_metric(world: CloudWorld, resource: str, metric: str) -> None:
    """Have settings and alerts on a metric looked at."""
    own, name = folded(resource), metric.lower()
    for setting in world.autoscale.values():
        setting.wake()
    for alert in world.alerts.values():
        if any((folded(about), called.lower()) == (own, name) for about, _, called in metrics_of(alert.body)):
            alert.wake()


def _read(call: Call) -> Answer:
    resource = f"/{call.names['resource'].strip('/')}"
    _check_exists(call.world, resource)
    reply = metrics_reply(
        call.world.datapoints, resource, _lowered(call), now=call.world.now(), region=region_of(call.world, resource)
    )
    return Answer(200, reply)


def _read_many(call: Call) -> Answer:
    query = _lowered(call)
    region = query.get("region", "")
    if not region:
        raise ServiceError("BadRequest", "The query parameter 'region' is required.")
    places = {each.id: each.location for each in call.world.scale_sets.values()}
    resources = [resource for resource, place in places.items() if place == region.replace(" ", "").lower()]
    return Answer(200, subscription_reply(call.world.datapoints, resources, query, now=call.world.now(), region=region))


def _write(call: Call) -> Answer:
    """The data plane of REGION.monitoring.azure.com."""
    resource = f"/{call.names['resource'].strip('/')}"
    _check_exists(call.world, resource)
    body = call.body
    try:
        at = datetime.fromisoformat(str(body["time"]))
        base = body["data"]["baseData"]
        names = base.get("dimNames") or []
        for series in base["series"]:
            dimensions = dict(zip(names, series.get("dimValues") or [], strict=True))
            for value in _values(series):
                point = {"namespace": base["namespace"], "metric": base["metric"], "value": value}
                store(call.world, resource, {**point, "dimensions": dimensions}, at)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ServiceError("BadRequest", f"The custom metric is not well made: {error!r}.") from error
    return Answer(200)


def _values(series: Mapping[str, Any]) -> list[float]:
    """Values with the minimum, maximum, sum and count of a series."""
    low, high, total, count = (float(series[name]) for name in ("min", "max", "sum", "count"))
    if count < 1:
        raise ValueError("a series counts one value or more")
    if count == 1:
        return [total]
    between = int(count) - 2
    rest = (total - low - high) / between if between else 0.0
    return [low, *([rest] * between), high]


def _define(call: Call) -> Answer:
    resource = f"/{call.names['resource'].strip('/')}"
    _check_exists(call.world, resource)
    return Answer(200, definitions_reply(call.world.datapoints, resource, _lowered(call)))


def _namespaces(call: Call) -> Answer:
    resource = f"/{call.names['resource'].strip('/')}"
    _check_exists(call.world, resource)
    return Answer(200, namespaces_reply(call.world.datapoints, resource))


def region_of(world: CloudWorld, resource: str) -> str:
    """Where a resource is."""
    scale_set = world.scale_sets.get(folded(resource))
    if scale_set is not None:
        return str(scale_set.location)
    return str(world.resources.get(folded(resource), {}).get("location", HOME))


def _lowered(call: Call) -> dict[str, str]:
    return {name.lower(): value for name, value in call.query.items()}


def _check_exists(world: CloudWorld, resource: str) -> None:
    parts = parse_id(resource)
    # resources of kinds that are not made here may be measured all the same
    if parts is None or parts.type.lower() != "microsoft.compute/virtualmachinescalesets" or world.has(resource):
        return
    raise missing(parts.type, parts.name, parts.group)


_ON = "/{resource}/providers/Microsoft.Insights"
_IN = f"{SUBSCRIPTION}/providers/Microsoft.Insights/metrics"
ROUTES = (
    ArmRoute("GET", _IN, "insights", "Metrics_ListAtSubscriptionScope", METRICS, _read_many),
    ArmRoute("POST", _IN, "insights", "Metrics_ListAtSubscriptionScopePost", METRICS, _read_many, only_reads=True),
    ArmRoute("GET", f"{_ON}/metrics", "insights", "Metrics_List", METRICS, _read),
    ArmRoute("GET", f"{_ON}/metricDefinitions", "insights", "MetricDefinitions_List", METRICS, _define),
    ArmRoute("GET", f"{_ON}/metricNamespaces", "insights", "MetricNamespaces_List", NAMESPACES, _namespaces),
)
DATA_PLANE = ArmRoute("POST", "/{resource}/metrics", "monitoring", "CustomMetrics_Create", (), _write)
"""Custom metrics; this one has no version."""
