"""The neutral metrics, and how to name one's own: `metrics.cpu`, `metrics.custom("Virtualmin", "JobsWaiting")`."""

from collections.abc import Mapping

from trimtab.models.metric import INSTANCES, NEUTRAL, Metric, MetricPart, MetricSource, Unit, UnitWord

__all__ = [
    "Metric",
    "MetricPart",
    "Unit",
    "cpu",
    "custom",
    "disk",
    "errors_5xx",
    "external",
    "instances",
    "latency",
    "math",
    "memory",
    "network_in",
    "network_out",
    "promql",
    "queue_depth",
    "queue_in_flight",
    "queue_per_instance",
    "requests",
    "requests_per_instance",
]

cpu = NEUTRAL["cpu"]
network_in = NEUTRAL["network-in"]
network_out = NEUTRAL["network-out"]
memory = NEUTRAL["memory"]
disk = NEUTRAL["disk"]
requests = NEUTRAL["requests"]
requests_per_instance = NEUTRAL["requests-per-instance"]
errors_5xx = NEUTRAL["errors-5xx"]
latency = NEUTRAL["latency"]
queue_depth = NEUTRAL["queue-depth"]
queue_in_flight = NEUTRAL["queue-in-flight"]
queue_per_instance = NEUTRAL["queue-per-instance"]
instances = INSTANCES
"""How many instances a group had, as its cloud recorded it: for `datapoints`; alarms and policies cannot go by it."""


def custom(
    namespace: str, name: str, *, unit: Unit | UnitWord = Unit.NONE, dimensions: Mapping[str, str] | None = None
) -> Metric:
    """
    A metric of one's own.

    Args:
        namespace: CloudWatch or Azure namespace, or the Cloud Monitoring type prefix.
        name: The metric's name there.
        unit: The unit of its values.
        dimensions: Dimensions or labels; `{group}` stands for the group's name in the cloud.
    """
    return Metric(
        name=name,
        namespace=namespace,
        unit=unit,
        source=MetricSource.CUSTOM,
        dimensions=dimensions or {},
    )


def promql(query: str, *, unit: Unit | UnitWord = Unit.NONE, source: str | None = None) -> Metric:
    """
    A metric that a PromQL query answers with one number.

    Args:
        query: The query; in its texts `{group}` stands for the group's name in the cloud.
        unit: The unit of its values.
        source: The source of the fleet that answers it, where it is not the only one; the cloud never does, then.
    """
    return Metric(name="promql", query=query, unit=unit, source=MetricSource.PROMQL, source_name=source)


def math(expression: str, parts: Mapping[str, MetricPart], *, unit: Unit | UnitWord = Unit.NONE) -> Metric:
    """
    A metric that CloudWatch works out of others, for alarms and target tracking on AWS.

    Args:
        expression: In the words of CloudWatch's metric math: `jobs / instances`, `MAX([cpu, memory])`.
        parts: The metrics in it, by the names that it has for them.
        unit: The unit of its values.
    """
    return Metric(name="math", query=expression, parts=parts, unit=unit, source=MetricSource.MATH)


def external(name: str, *, unit: Unit | UnitWord = Unit.NONE) -> Metric:
    """
    A metric that a source of the fleet's own answers: an HTTP address, a file, a function.

    Args:
        name: The name of the source.
        unit: The unit of its values.
    """
    return Metric(name=name, unit=unit, source=MetricSource.EXTERNAL)
