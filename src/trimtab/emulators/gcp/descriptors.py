"""What metrics and monitored resources there are: those of Google Cloud that a group has, and one's own."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Body = dict[str, Any]
OWN = ("custom.googleapis.com/", "external.googleapis.com/")
"""What the type of a metric of one's own begins with (MetricDescriptor.type, Cloud Monitoring API v3)."""


class _Metric(NamedTuple):
    type: str
    kind: str
    value_type: str
    unit: str
    resources: tuple[str, ...]
    labels: tuple[str, ...]
    shown: str


_INSTANCE, _BALANCER, _QUEUE = ("gce_instance",), ("https_lb_rule",), ("pubsub_subscription",)
_BY_CODE = ("response_code", "response_code_class", "proxy_continent", "cache_result", "client_country", "protocol")
# https://cloud.google.com/monitoring/api/metrics_gcp
_METRICS = (
    _Metric(
        "compute.googleapis.com/instance/cpu/utilization",
        "GAUGE",
        "DOUBLE",
        "10^2.%",
        _INSTANCE,
        ("instance_name",),
        "CPU utilization",
    ),
    _Metric(
        "compute.googleapis.com/instance/cpu/usage_time",
        "DELTA",
        "DOUBLE",
        "s{CPU}",
        _INSTANCE,
        ("instance_name",),
        "CPU usage",
    ),
    _Metric(
        "compute.googleapis.com/instance/uptime",
        "DELTA",
        "DOUBLE",
        "s{uptime}",
        _INSTANCE,
        ("instance_name",),
        "Uptime",
    ),
    _Metric(
        "compute.googleapis.com/instance/network/received_bytes_count",
        "DELTA",
        "INT64",
        "By",
        _INSTANCE,
        ("instance_name", "loadbalanced"),
        "Received bytes",
    ),
    _Metric(
        "compute.googleapis.com/instance/network/sent_bytes_count",
        "DELTA",
        "INT64",
        "By",
        _INSTANCE,
        ("instance_name", "loadbalanced"),
        "Sent bytes",
    ),
    _Metric(
        "compute.googleapis.com/instance/disk/read_bytes_count",
        "DELTA",
        "INT64",
        "By",
        _INSTANCE,
        ("instance_name", "device_name"),
        "Disk read bytes",
    ),
    _Metric(
        "compute.googleapis.com/instance/disk/write_bytes_count",
        "DELTA",
        "INT64",
        "By",
        _INSTANCE,
        ("instance_name", "device_name"),
        "Disk write bytes",
    ),
    _Metric(
        "compute.googleapis.com/instance_group/size",
        "GAUGE",
        "INT64",
        "1",
        ("instance_group",),
        (),
        "Instance group size",
    ),
    _Metric(
        "agent.googleapis.com/memory/percent_used", "GAUGE", "DOUBLE", "%", _INSTANCE, ("state",), "Memory utilization"
    ),
    _Metric(
        "agent.googleapis.com/disk/percent_used",
        "GAUGE",
        "DOUBLE",
        "%",
        _INSTANCE,
        ("device", "state"),
        "Disk utilization",
    ),
    _Metric(
        "agent.googleapis.com/cpu/utilization",
        "GAUGE",
        "DOUBLE",
        "%",
        _INSTANCE,
        ("cpu_number", "cpu_state"),
        "CPU utilization",
    ),
    _Metric(
        "loadbalancing.googleapis.com/https/request_count", "DELTA", "INT64", "1", _BALANCER, _BY_CODE, "Request count"
    ),
    _Metric(
        "loadbalancing.googleapis.com/https/backend_request_count",
        "DELTA",
        "INT64",
        "1",
        _BALANCER,
        _BY_CODE,
        "Backend request count",
    ),
    _Metric(
        "loadbalancing.googleapis.com/https/total_latencies",
        "DELTA",
        "DISTRIBUTION",
        "ms",
        _BALANCER,
        _BY_CODE,
        "Total latency",
    ),
    _Metric(
        "loadbalancing.googleapis.com/https/backend_latencies",
        "DELTA",
        "DISTRIBUTION",
        "ms",
        _BALANCER,
        _BY_CODE,
        "Backend latency",
    ),
    _Metric(
        "pubsub.googleapis.com/subscription/num_undelivered_messages",
        "GAUGE",
        "INT64",
        "1",
        _QUEUE,
        (),
        "Unacked messages",
    ),
    _Metric(
        "pubsub.googleapis.com/subscription/num_outstanding_messages",
        "GAUGE",
        "INT64",
        "1",
        _QUEUE,
        (),
        "Outstanding push messages",
    ),
    _Metric(
        "pubsub.googleapis.com/subscription/oldest_unacked_message_age",
        "GAUGE",
        "INT64",
        "s",
        _QUEUE,
        (),
        "Oldest unacked message age",
    ),
)
# https://cloud.google.com/monitoring/api/resources
RESOURCES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "gce_instance": ("VM Instance", ("project_id", "instance_id", "zone")),
    "instance_group": ("Instance Group", ("project_id", "instance_group_id", "instance_group_name", "location")),
    "https_lb_rule": (
        "Google Cloud HTTP/S Load Balancing Rule",
        (
            "project_id",
            "url_map_name",
            "region",
            "forwarding_rule_name",
            "target_proxy_name",
            "matched_url_path_rule",
            "backend_target_name",
            "backend_target_type",
            "backend_name",
            "backend_type",
            "backend_scope",
            "backend_scope_type",
        ),
    ),
    "pubsub_subscription": ("Cloud Pub/Sub Subscription", ("project_id", "subscription_id")),
    "global": ("Global", ("project_id",)),
    "generic_node": ("Generic Node", ("project_id", "location", "namespace", "node_id")),
    "generic_task": ("Generic Task", ("project_id", "location", "namespace", "job", "task_id")),
}
"""Monitored resources: what each is called, and its labels."""
WRITABLE = ("gce_instance", "global", "generic_node", "generic_task")
"""What one's own metrics can be of."""


class Descriptors:
    """The metrics of a project."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._of_google = {metric.type: _body(project, metric) for metric in _METRICS}
        self._own: dict[str, Body] = {}
        self._made_by_writes: set[str] = set()

    def find(self, metric: str) -> Body | None:
        """A metric by its type."""
        return self._own.get(metric) or self._of_google.get(metric)

    def all(self) -> Iterator[Body]:
        """Every metric, Google's own first."""
        yield from self._of_google.values()
        yield from self._own.values()

    def shape(self, metric: str) -> tuple[str, str]:
        """
        The kind and the value type of a metric; a gauge of numbers where nobody has said.

        One out of logs counts entries (Log-based metrics overview, Cloud Logging).
        """
        descriptor = self.find(metric)
        if descriptor:
            return descriptor["metricKind"], descriptor["valueType"]
        return ("DELTA", "INT64") if metric.startswith(OUT_OF_LOGS) else ("GAUGE", "DOUBLE")

    def put(self, body: Body) -> Body:
        """Keep a descriptor of one's own, whole."""
        descriptor = {
            "name": f"projects/{self._project}/metricDescriptors/{body['type']}",
            **{name: value for name, value in body.items() if name not in ("name", "monitoredResourceTypes")},
            "monitoredResourceTypes": list(WRITABLE),
        }
        self._own[body["type"]] = descriptor
        self._made_by_writes.discard(body["type"])
        return descriptor

    def learn(self, metric: str, kind: str, value_type: str, labels: Mapping[str, str]) -> None:
        """Make the descriptor of a metric that was written, or add labels to one that a write made."""
        if metric not in self._own:
            self.put({"type": metric, "metricKind": kind, "valueType": value_type})
            self._made_by_writes.add(metric)
        if metric in self._made_by_writes:
            known = self._own[metric].setdefault("labels", [])
            known += [{"key": key} for key in labels if key not in {label["key"] for label in known}]

    def grows(self, metric: str) -> bool:
        """Whether a write may add labels: to a descriptor that a write made."""
        return metric not in self._own or metric in self._made_by_writes

    def drop(self, metric: str) -> Body | None:
        """Forget a descriptor of one's own; `None` when there is none."""
        return self._own.pop(metric, None)

    def wipe(self) -> None:
        """Forget all descriptors of one's own."""
        self._own.clear()
        self._made_by_writes.clear()


OUT_OF_LOGS = "logging.googleapis.com/user/"


def is_own(metric: str) -> bool:
    """Whether a metric is of the kind that anybody can write."""
    return metric.startswith(OWN)


def resource_body(project: str, kind: str) -> Body:
    """The descriptor of a monitored resource."""
    shown, labels = RESOURCES[kind]
    return {
        "name": f"projects/{project}/monitoredResourceDescriptors/{kind}",
        "type": kind,
        "displayName": shown,
        "labels": [{"key": key} for key in labels],
    }


def _body(project: str, metric: _Metric) -> Body:
    return {
        "name": f"projects/{project}/metricDescriptors/{metric.type}",
        "type": metric.type,
        "metricKind": metric.kind,
        "valueType": metric.value_type,
        "unit": metric.unit,
        "displayName": metric.shown,
        "labels": [{"key": key} for key in metric.labels],
        "launchStage": "GA",
        "monitoredResourceTypes": list(metric.resources),
    }
