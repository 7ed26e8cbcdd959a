"""Metrics of Cloud Monitoring in the words of the model."""

import re
from collections.abc import Mapping
from typing import Any

from trimtab.providers.gcp.metrics import GLOBAL, INSTANCE, NATIVE, OWN, NativeMetric

_TERM = re.compile(r"(metric|resource)\.labels?\.([\w-]+)\s*=\s*\"([^\"]*)\"")


def labels_in(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The labels of metric and resource that a filter asks for."""
    labels: dict[str, dict[str, str]] = {"metric": {}, "resource": {}}
    for family, name, value in _TERM.findall(text):
        labels[family][name] = value
    return labels["metric"], labels["resource"]


def metric_of(kind: str, text: str, native: str, *, shared: bool) -> tuple[Any, NativeMetric] | None:
    """What a fleet file writes for a metric, and its row; `None` where the model has no word for it."""
    metric_labels, resource_labels = labels_in(text)
    for name, row in NATIVE.items():
        if row.type == kind and dict(row.labels) == metric_labels and row.shared == shared:
            of = resource_labels.get("subscription_id")
            return ({"name": name, "of": of} if of else name), row
    if kind.split("/")[0] in {row.type.split("/")[0] for row in NATIVE.values()}:
        return None
    return _own(kind, metric_labels, native)


def _own(kind: str, labels: Mapping[str, str], native: str) -> tuple[Any, NativeMetric]:
    namespace, _, name = kind.rpartition("/")
    own = namespace.removeprefix(f"{OWN}/")
    dimensions = {key: value.replace(native, "{group}") for key, value in labels.items()}
    metric: dict[str, Any] = {"custom": name, "namespace": own}
    row = NativeMetric(kind, GLOBAL if dimensions else INSTANCE, labels=dimensions)
    return {**metric, **({"dimensions": dimensions} if dimensions else {})}, row
