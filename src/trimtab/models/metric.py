"""A metric by its neutral name and unit; each provider maps it to its own."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from trimtab.models.base import Model, refuse
from trimtab.models.wording import STATISTIC
from trimtab.phrases import closest


class Unit(StrEnum):
    """The one unit in which a metric's values, thresholds and targets are given."""

    PERCENT = "percent"
    COUNT = "count"
    COUNT_PER_MINUTE = "count-per-minute"
    BYTES_PER_SECOND = "bytes-per-second"
    BYTES = "bytes"
    SECONDS = "seconds"
    NONE = "none"


UnitWord = Literal["percent", "count", "count-per-minute", "bytes-per-second", "bytes", "seconds", "none"]
"""The units as words, as a file has them."""


class MetricSource(StrEnum):
    """Who measures it."""

    HOST = "host"
    AGENT = "agent"
    BALANCER = "balancer"
    QUEUE = "queue"
    GROUP = "group"
    """The group itself: how many instances it has, which is read and never gone by."""
    CUSTOM = "custom"
    PROMQL = "promql"
    MATH = "math"
    EXTERNAL = "external"


NeutralName = Literal[
    "cpu",
    "network-in",
    "network-out",
    "memory",
    "disk",
    "requests",
    "requests-per-instance",
    "errors-5xx",
    "latency",
    "queue-depth",
    "queue-in-flight",
    "queue-per-instance",
]
"""The neutral metrics, as type checkers complete them."""


class MetricPart(Model):
    """One metric of an expression, as the cloud calls it: `{custom: NAME, namespace: NAMESPACE, statistic: sum}`."""

    name: str = Field(min_length=1, max_length=255)
    """The vendor's own name; `custom` in a file."""
    namespace: str = Field(min_length=1, max_length=255)
    """Its namespace."""
    dimensions: Mapping[str, str] = Field(default_factory=dict)
    """Its dimensions; `{group}` in a value stands for the group's name in the cloud."""
    statistic: Annotated[str, Field(pattern=STATISTIC)] = "average"
    """How its samples are combined, in the words of an alarm's `statistic`."""

    if TYPE_CHECKING:

        def __init__(
            self, *, name: str, namespace: str, dimensions: Mapping[str, str] = ..., statistic: str = "average"
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "custom" in value and "name" not in value:
            return {"name": value["custom"], **{key: item for key, item in value.items() if key != "custom"}}
        return value


PART = r"^[a-z][A-Za-z_0-9]{0,254}$"
"""What a part of an expression is called (`MetricDataQuery.Id`, CloudWatch API Reference)."""
RESULT = "result"
"""What the expression itself is called beside its parts."""


class Metric(Model):
    """
    What is measured, in one unit.

    In a file a neutral metric is its name (`metric: cpu`), a custom one is
    `{custom: JobsWaiting, namespace: Virtualmin}`, a PromQL one `{promql: "sum(up)"}`, one of a source
    of the fleet's own `{external: NAME}`, metric math `{math: "a / b", parts: {a: {custom: ...}, b: {...}}}`.
    """

    name: str = Field(min_length=1, max_length=255)
    """Neutral name, or the vendor's own name of a custom metric, a label of a PromQL query, or the name of a source."""
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
    """The PromQL query; in its texts `{group}` stands for the group's name in the cloud. Or a `math` expression."""
    parts: Mapping[Annotated[str, Field(pattern=PART)], MetricPart] = Field(default_factory=dict)
    """The metrics that a `math` expression is about, by the names that it has for them (AWS)."""
    source_name: str | None = Field(default=None, min_length=1)
    """The source of the fleet that answers the PromQL query; the cloud does not, then."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            unit: Unit
            | Literal["percent", "count", "count-per-minute", "bytes-per-second", "bytes", "seconds", "none"],
            source: MetricSource
            | Literal["host", "agent", "balancer", "queue", "group", "custom", "promql", "math", "external"],
            namespace: str | None = None,
            dimensions: Mapping[str, str] = ...,
            of: str | None = None,
            query: str | None = None,
            parts: Mapping[str, MetricPart] = ...,
            source_name: str | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "Metric":
        if self.source is MetricSource.CUSTOM and not self.namespace:
            refuse("missing `namespace` of a custom metric; add it", "namespace")
        if self.source is MetricSource.PROMQL and not self.query:
            refuse("missing `promql` query; add it", "query")
        if self.source is MetricSource.MATH:
            _check_math(self)
        elif self.parts:
            refuse("`parts` go with `math`; leave them out", "parts")
        elif self.source is not MetricSource.PROMQL and (self.query or self.source_name):
            refuse("only a PromQL metric has a query and names the source that answers it", "name")
        if self.source is MetricSource.EXTERNAL and (self.namespace or self.dimensions or self.of):
            refuse("an external metric is the name of its source and a unit", "name")
        if self.is_neutral:
            _check_neutral(self)
        return self

    @property
    def is_neutral(self) -> bool:
        """Whether it is one of the neutral metrics, that each provider maps to its own."""
        return self.source in MEASURED

    @property
    def needs_source(self) -> bool:
        """Whether a source of the fleet's own alone can read it, which no cloud knows."""
        return self.source is MetricSource.EXTERNAL or self.source_name is not None

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return _file_schema()


MEASURED = frozenset(
    {MetricSource.HOST, MetricSource.AGENT, MetricSource.BALANCER, MetricSource.QUEUE, MetricSource.GROUP}
)
"""Who measures the neutral metrics: the cloud itself, or its agent."""
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
        ("queue-in-flight", Unit.COUNT, MetricSource.QUEUE),
        ("queue-per-instance", Unit.COUNT, MetricSource.QUEUE),
        ("instances", Unit.COUNT, MetricSource.GROUP),
    )
}


def _check_math(metric: Metric) -> None:
    if not metric.query or not metric.parts:
        refuse(
            "metric math takes an expression and its `parts`, each with a name", "parts" if metric.query else "query"
        )
    if metric.namespace or metric.dimensions or metric.of or metric.source_name:
        refuse("metric math has its `namespace` and `dimensions` in each of its `parts`", "parts")
    words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", metric.query))
    for name in metric.parts:
        if name == RESULT:
            refuse(f"{RESULT!r} is the name of the expression itself; give the part another", "parts", name)
        if name not in words and "METRICS" not in words:
            refuse(f"the expression {metric.query!r} does not use {name!r}; use it, or leave it out", "parts", name)


def _check_neutral(metric: Metric) -> None:
    if _ROWS.get(metric.name) != (metric.unit, metric.source):
        refuse(f"{metric.name!r} is not a neutral metric of that unit; make others with `metrics.custom`", "name")
    if metric.namespace or metric.dimensions:
        refuse("a neutral metric has no namespace or dimensions; leave them out, or write `custom: NAME`", "name")


NEUTRAL: Mapping[str, Metric] = {
    name: Metric(name=name, unit=unit, source=source)
    for name, (unit, source) in _ROWS.items()
    if source is not MetricSource.GROUP
}
"""The neutral metrics that alarms and policies go by: name, unit and source of each."""
INSTANCES = Metric(name="instances", unit=Unit.COUNT, source=MetricSource.GROUP)
"""How many instances a group has."""

_FILE_KEYS = {
    "custom",
    "promql",
    "external",
    "math",
    "parts",
    "namespace",
    "dimensions",
    "unit",
    "of",
    "name",
    "source",
}
_KINDS = ("custom", "promql", "external", "math")


def parse_metric(value: object) -> object:
    """The metric that a file means by a name or a small mapping."""
    if isinstance(value, str):
        if value not in NEUTRAL:
            close = closest(value, NEUTRAL)
            own = "for others write {custom: NAME, namespace: ...}, {promql: QUERY}, {external: NAME} or {math: ...}"
            guess = f"did you mean {close}?" if close else f"use one of {', '.join(NEUTRAL)}; {own}"
            refuse(f"unknown metric {value!r}; {guess}")
        return NEUTRAL[value]
    if isinstance(value, Mapping) and ("source" not in value or any(kind in value for kind in _KINDS)):
        return _from_mapping(value)
    return value


def _from_mapping(value: Mapping[str, Any]) -> object:
    for key in value:
        if key not in _FILE_KEYS:
            refuse(f"unknown field {key!r}; use {', '.join(sorted(_FILE_KEYS))}", str(key))
    if "source" in value and "promql" not in value:
        refuse("only a PromQL metric names its `source`; an external metric is the name of one", "source")
    if len(kinds := [kind for kind in _KINDS if kind in value]) > 1:
        refuse(f"a metric has one of {', '.join(f'`{kind}`' for kind in kinds)}", kinds[1])
    rest = {key: item for key, item in value.items() if key not in (*_KINDS, "source")}
    if "custom" in value:
        return {"unit": "none", **rest, "name": value["custom"], "source": "custom"}
    if "promql" in value:
        named = {"source_name": value["source"]} if "source" in value else {}
        return {"unit": "none", "name": "promql", **rest, "query": value["promql"], "source": "promql", **named}
    if "math" in value:
        return {"unit": "none", "name": "math", **rest, "query": value["math"], "source": "math"}
    if "external" in value:
        return {"unit": "none", **rest, "name": value["external"], "source": "external"}
    neutral = NEUTRAL.get(str(value.get("name")))
    if neutral is None:
        own = "`{custom: NAME, namespace: ...}`, `{promql: ...}`, `{external: NAME}` or `{math: ...}`"
        forms = f"`{{name: NEUTRAL, of: ...}}`, {own}"
        refuse(f"invalid metric; write {forms}")
    return {**neutral.model_dump(exclude_unset=True), **rest}


def _file_schema() -> JsonSchemaValue:
    text = {"type": "string", "minLength": 1}
    neutral = {"type": "string", "enum": list(NEUTRAL)}
    units = {"type": "string", "enum": [unit.value for unit in Unit]}
    labels = {"type": "object", "additionalProperties": {"type": "string"}}
    named = {"custom": text, "namespace": text, "dimensions": labels}
    custom = {**named, "unit": units}
    part = _closed({**named, "statistic": {"type": "string", "pattern": STATISTIC}}, "custom", "namespace")
    parts = {"type": "object", "propertyNames": {"pattern": PART}, "minProperties": 1, "additionalProperties": part}
    return {
        "anyOf": [
            neutral,
            _closed({"name": neutral, "of": text}, "name"),
            _closed(custom, "custom", "namespace"),
            _closed({"promql": text, "name": text, "unit": units, "source": text}, "promql"),
            _closed({"external": text, "unit": units}, "external"),
            _closed({"math": text, "parts": parts, "name": text, "unit": units}, "math", "parts"),
        ]
    }


def _closed(properties: Mapping[str, object], *required: str) -> JsonSchemaValue:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _check_gone_by(metric: Metric) -> Metric:
    if metric.source is MetricSource.GROUP:
        refuse(f"{metric.name!r} is what policies change; read it with `datapoints`, and go by another metric")
    return metric


MetricField = Annotated[Metric, BeforeValidator(parse_metric), AfterValidator(_check_gone_by)]
"""A metric as a model takes it: a `Metric`, or what a file writes for one."""
