"""A metric by its neutral name and unit; each provider maps it to its own."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from trimtab.models.base import Model, refuse


class Unit(StrEnum):
    """The one unit in which a metric's values, thresholds and targets are given."""

    PERCENT = "percent"
    COUNT = "count"
    COUNT_PER_MINUTE = "count-per-minute"
    BYTES_PER_SECOND = "bytes-per-second"
    BYTES = "bytes"
    SECONDS = "seconds"
    NONE = "none"


class MetricSource(StrEnum):
    """Who measures it."""

    HOST = "host"
    AGENT = "agent"
    BALANCER = "balancer"
    QUEUE = "queue"
    CUSTOM = "custom"
    PROMQL = "promql"


class Metric(Model):
    """
    What is measured, in one unit.

    In a file a neutral metric is its name (`metric: cpu`), a custom one is
    `{custom: JobsWaiting, namespace: Virtualmin}`, a PromQL one `{promql: "sum(up)"}`.
    """

    name: str = Field(min_length=1, max_length=255)
    """Neutral name, or the vendor's own name of a custom metric, or a label of a PromQL query."""
    unit: Unit
    """Unit of every value, threshold and target; per cents are 0 to 100."""
    source: MetricSource
    """Who measures it."""
    namespace: str | None = Field(default=None, min_length=1, max_length=255)
    """Namespace of a custom metric (CloudWatch and Azure namespaces; a Cloud Monitoring type prefix)."""
    dimensions: Mapping[str, str] = Field(default_factory=dict)
    """Dimensions or labels of a custom metric; `{group}` in a value stands for the group's name in the cloud."""
    of: str | None = Field(default=None, min_length=1)
    """The balancer or queue that is meant, where the group does not tell."""
    query: str | None = Field(default=None, min_length=1)
    """The PromQL query."""

    @model_validator(mode="after")
    def _check(self) -> "Metric":
        if self.source is MetricSource.CUSTOM and not self.namespace:
            refuse("a custom metric needs its `namespace`", "namespace")
        if self.source is MetricSource.PROMQL and not self.query:
            refuse("a PromQL metric needs its `promql` query", "query")
        if self.source not in (MetricSource.CUSTOM, MetricSource.PROMQL):
            _check_neutral(self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return _file_schema()


_ROWS = {
    name: (unit, source)
    for name, unit, source in (
        ("cpu", Unit.PERCENT, MetricSource.HOST),
        ("network-in", Unit.BYTES_PER_SECOND, MetricSource.HOST),
        ("network-out", Unit.BYTES_PER_SECOND, MetricSource.HOST),
        ("memory", Unit.PERCENT, MetricSource.AGENT),
        ("disk", Unit.PERCENT, MetricSource.AGENT),
        ("requests", Unit.COUNT, MetricSource.BALANCER),
        ("requests-per-instance", Unit.COUNT_PER_MINUTE, MetricSource.BALANCER),
        ("errors-5xx", Unit.COUNT, MetricSource.BALANCER),
        ("latency", Unit.SECONDS, MetricSource.BALANCER),
        ("queue-depth", Unit.COUNT, MetricSource.QUEUE),
        ("queue-per-instance", Unit.COUNT, MetricSource.QUEUE),
    )
}


def _check_neutral(metric: Metric) -> None:
    if _ROWS.get(metric.name) != (metric.unit, metric.source):
        refuse(f"{metric.name!r} is no neutral metric in that unit; make others by `metrics.custom`", "name")
    if metric.namespace or metric.dimensions or metric.query:
        refuse("a neutral metric has no namespace, dimensions or query", "name")


NEUTRAL: Mapping[str, Metric] = {
    name: Metric(name=name, unit=unit, source=source) for name, (unit, source) in _ROWS.items()
}
"""The neutral metrics: name, unit and source of each."""

_FILE_KEYS = {"custom", "promql", "namespace", "dimensions", "unit", "of", "name"}


def parse_metric(value: object) -> object:
    """The metric that a file means by a name or a small mapping."""
    if isinstance(value, str):
        if value not in NEUTRAL:
            refuse(
                f"no metric is called {value!r}; there are {', '.join(NEUTRAL)}, {{custom: ...}} and {{promql: ...}}"
            )
        return NEUTRAL[value]
    if isinstance(value, Mapping) and "source" not in value:
        return _from_mapping(value)
    return value


def _from_mapping(value: Mapping[str, Any]) -> object:
    for key in value:
        if key not in _FILE_KEYS:
            refuse(f"a metric has no {key!r}; it takes {', '.join(sorted(_FILE_KEYS))}", str(key))
    rest = {key: item for key, item in value.items() if key not in ("custom", "promql")}
    if "custom" in value:
        return {"unit": "none", **rest, "name": value["custom"], "source": "custom"}
    if "promql" in value:
        return {"unit": "none", "name": "promql", **rest, "query": value["promql"], "source": "promql"}
    neutral = NEUTRAL.get(str(value.get("name")))
    if neutral is None:
        refuse("a metric is `{name: NEUTRAL, of: ...}`, `{custom: NAME, namespace: ...}` or `{promql: QUERY}`")
    return {**neutral.model_dump(exclude_unset=True), **rest}


def _file_schema() -> JsonSchemaValue:
    text = {"type": "string", "minLength": 1}
    neutral = {"type": "string", "enum": list(NEUTRAL)}
    units = {"type": "string", "enum": [unit.value for unit in Unit]}
    labels = {"type": "object", "additionalProperties": {"type": "string"}}
    custom = {"custom": text, "namespace": text, "dimensions": labels, "unit": units}
    return {
        "anyOf": [
            neutral,
            _closed({"name": neutral, "of": text}, "name"),
            _closed(custom, "custom", "namespace"),
            _closed({"promql": text, "name": text, "unit": units}, "promql"),
        ]
    }


def _closed(properties: Mapping[str, object], *required: str) -> JsonSchemaValue:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


MetricField = Annotated[Metric, BeforeValidator(parse_metric)]
"""A metric as a model takes it: a `Metric`, or what a file writes for one."""
