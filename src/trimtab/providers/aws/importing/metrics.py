"""CloudWatch's metrics as ours: a neutral one where that means the same, else a custom one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from trimtab.engine.rounding import exact
from trimtab.errors import Unsupported
from trimtab.models import Metric, MetricSource, Unit
from trimtab.models.metric import NEUTRAL
from trimtab.providers.aws.facts import TargetGroup
from trimtab.providers.aws.metrics import NATIVE, ON_NETWORK_BALANCER, PER_INSTANCE, Scope, metric_for
from trimtab.providers.aws.policies import statistic_word

GROUP_WORD = "{group}"


@dataclass(frozen=True)
class MetricContext:
    """What a metric's names are read against: the group, its balancers, how often its instances report."""

    native: str
    labels: Mapping[str, str]
    """Balancer and target group by ARN, of those that the group is attached to."""
    detailed: bool

    @classmethod
    def of(cls, native: str, group: Mapping[str, Any], target_groups: Iterable[TargetGroup], *, detailed: bool) -> Self:
        """Those of a group, from its target groups."""
        known = {target.arn: target.label for target in target_groups}
        attached = group.get("TargetGroupARNs") or ()
        return cls(native, {arn: known.get(arn, "") for arn in attached}, detailed)

    def scope(self, metric: Metric | None = None) -> Scope:
        """What translation fills a metric's dimensions from."""
        only = next(iter(self.labels.values())) if len(self.labels) == 1 else ""
        of = metric.of if metric is not None else None
        return Scope(self.native, only if of is None else self.labels.get(of, ""), detailed=self.detailed)


def find_metrics(name: str, namespace: str, dimensions: Mapping[str, str], around: MetricContext) -> Iterator[Metric]:
    """Metrics of ours that CloudWatch calls so, neutral ones first and a custom one last."""
    for neutral in _neutral(name, namespace):
        for of in (None, *around.labels, *dimensions.values()):
            metric = neutral if of is None else neutral.model_copy(update={"of": of})
            if _means(metric, around, (name, namespace, dict(dimensions))):
                yield metric
                break
    yield custom(name, namespace, dimensions, around.native)


def _neutral(name: str, namespace: str) -> list[Metric]:
    rows = [*NATIVE.items(), *ON_NETWORK_BALANCER.items()]
    return [NEUTRAL[word] for word, row in rows if (row.name, row.namespace) == (name, namespace)]


def _means(metric: Metric, around: MetricContext, wanted: tuple[str, str, dict[str, str]]) -> bool:
    try:
        return metric_for(metric, around.scope(metric)) == wanted
    except Unsupported:
        return False


def custom(name: str, namespace: str, dimensions: Mapping[str, str], native: str) -> Metric:
    """A metric as it is called in CloudWatch."""
    told = {key: GROUP_WORD if native and value == native else value for key, value in dimensions.items()}
    metric = Metric(name=name, namespace=namespace, source=MetricSource.CUSTOM, unit=Unit.NONE)
    return metric.model_copy(update={"dimensions": told}) if told else metric


def labelled(word: str, label: str | None, around: MetricContext) -> Metric:
    """A neutral metric that a policy knows by itself, of the balancer that its label names."""
    metric = NEUTRAL[word]
    if label is None or len(around.labels) == 1:
        return metric
    of = next((arn for arn, known in around.labels.items() if known == label), None)
    return metric if of is None else metric.model_copy(update={"of": of})


QUOTIENT = "messages / instances"


def of_queries(queries: Sequence[Mapping[str, Any]], around: MetricContext) -> tuple[Metric, str]:
    """
    The metric of metric math, and the statistic where that is the metric's and not of its parts.

    Raises:
        Unsupported: The model has no such math.
    """
    results = [query for query in queries if query.get("ReturnData", True)]
    expression = results[0].get("Expression") if len(results) == 1 else None
    if expression == QUOTIENT and results[0]["Id"] == "quotient" and (metric := of_queue(queries)).of is not None:
        return metric, statistic_word(queries[0].get("MetricStat", {}).get("Stat", "Average"))
    stats = {query["Id"]: query["MetricStat"] for query in queries if "MetricStat" in query}
    if not expression or not stats or len(stats) != len(queries) - 1:
        raise Unsupported("metric math of the model is one expression over metrics that return nothing themselves")
    if len({stat.get("Period") for stat in stats.values()}) > 1 or any("Unit" in stat for stat in stats.values()):
        raise Unsupported("the parts of metric math have one period and no unit in the model")
    parts = {name: _part(stat, around.native) for name, stat in stats.items()}
    name = results[0].get("Label") or MetricSource.MATH.value
    fields = {"name": name, "query": expression, "parts": parts, "source": MetricSource.MATH, "unit": Unit.NONE}
    return Metric.model_validate(fields), "average"


def _part(stat: Mapping[str, Any], native: str) -> dict[str, Any]:
    metric, statistic = stat.get("Metric", {}), statistic_word(stat.get("Stat", "Average"))
    own = custom(metric.get("MetricName", ""), metric.get("Namespace", ""), dimensions_of(metric), native)
    told = {"dimensions": own.dimensions} if own.dimensions else {}
    chosen = {} if statistic == "average" else {"statistic": statistic}
    return {"name": own.name, "namespace": own.namespace, **told, **chosen}


def of_queue(parts: Sequence[Mapping[str, Any]]) -> Metric:
    """The metric for each instance of the queue that metric math names first."""
    metric = parts[0].get("MetricStat", {}).get("Metric", {}) if parts else {}
    name = dimensions_of(metric).get("QueueName")
    return NEUTRAL[PER_INSTANCE].model_copy(update={"of": name})


def dimensions_of(metric: Mapping[str, Any]) -> dict[str, str]:
    """The dimensions of a metric as a mapping."""
    return {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions") or ()}


def unscaled(value: float, factor: timedelta) -> float:
    """A value of CloudWatch's in our unit, decimals as written: what `scaled` makes the value of."""
    return float(exact(value) / exact(factor.total_seconds()))
