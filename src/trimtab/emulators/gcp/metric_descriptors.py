"""Descriptors of metrics and monitored resources as resources: listed, read, made, deleted."""

from typing import Any

from trimtab.emulators.gcp.descriptors import OWN, RESOURCES, is_own, resource_body
from trimtab.emulators.gcp.filters import invalid, parse_filter
from trimtab.emulators.gcp.monitoring_bodies import page_of
from trimtab.emulators.gcp.monitoring_world import MonitoringWorld
from trimtab.emulators.shared.errors import ServiceError

MOST = 10_000
Body = dict[str, Any]


def list_descriptors(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `ListMetricDescriptors`."""
    return _listed(list(world.descriptors.all()), request, "metric.type", "metricDescriptors")


def get_descriptor(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `GetMetricDescriptor`."""
    metric = _type_of(request["name"])
    descriptor = world.descriptors.find(metric)
    if descriptor is None:
        raise _missing(metric)
    return descriptor


def create_descriptor(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `CreateMetricDescriptor`: one that is there becomes as given."""
    given = request.get("metricDescriptor", {})
    metric = given.get("type", "")
    if not is_own(metric):
        raise invalid("metric_descriptor.type", metric, f"Metrics of one's own begin with {' or '.join(OWN)}.")
    if given.get("metricKind") not in ("GAUGE", "CUMULATIVE"):
        raise invalid("metric_descriptor.metric_kind", given.get("metricKind", ""), "The kind is GAUGE or CUMULATIVE.")
    if given.get("valueType") not in ("BOOL", "INT64", "DOUBLE", "DISTRIBUTION"):
        text = "The value type is BOOL, INT64, DOUBLE or DISTRIBUTION."
        raise invalid("metric_descriptor.value_type", given.get("valueType", ""), text)
    return world.descriptors.put(given)


def delete_descriptor(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `DeleteMetricDescriptor`, which takes the points along."""
    metric = _type_of(request["name"])
    if world.descriptors.drop(metric) is None:
        raise _missing(metric)
    world.datapoints.drop_metric(metric)
    return {}


def list_resources(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `ListMonitoredResourceDescriptors`."""
    resources = [resource_body(world.project, kind) for kind in RESOURCES]
    return _listed(resources, request, "resource.type", "resourceDescriptors")


def get_resource(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `GetMonitoredResourceDescriptor`."""
    kind = request["name"].rpartition("/")[2]
    if kind not in RESOURCES:
        raise ServiceError("NOT_FOUND", f"Could not find descriptor for resource '{kind}'.", 404)
    return resource_body(world.project, kind)


def _listed(descriptors: list[Body], request: Body, selector: str, field: str) -> Body:
    if request.get("filter"):
        wanted = parse_filter(request["filter"])
        descriptors = [descriptor for descriptor in descriptors if wanted.matches({selector: descriptor["type"]}.get)]
    size = int(request.get("pageSize", 0))
    page = page_of(descriptors, request, size=size if 0 < size <= MOST else MOST)
    return {field: page.items, **({"nextPageToken": page.next} if page.next else {})}


def _type_of(name: str) -> str:
    return name.partition("/metricDescriptors/")[2]


def _missing(metric: str) -> ServiceError:
    return ServiceError("NOT_FOUND", f"Could not find descriptor for metric '{metric}'.", 404)
