"""What only AWS warns of."""

from collections.abc import Iterator

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.models import Metric, MetricSource
from trimtab.providers.aws.metrics import counted_once

_BALANCERS = frozenset({"AWS/ApplicationELB", "AWS/ELB"})


def find_counted_once(subject: Subject) -> Iterator[Remark]:
    """Alarms and policies on AWS by a statistic of a count that is 1 however many events there were."""
    alarms = [(f"alarms.{alarm.name}", alarm) for alarm in subject.group.alarms if alarm.enabled]
    policies = [(f"policies.{policy.name}", policy) for policy in subject.group.policies if policy.enabled]
    for path, item in (*alarms, *policies):
        metric, statistic = getattr(item, "metric", None), getattr(item, "statistic", "sum")
        if metric is not None and (counted_once(metric, statistic) or _is_ones(metric, statistic)):
            text = f"{metric.name} reports each event as 1, so that its {statistic} on aws is 1 however many there are"
            yield Remark(f"{path}.statistic", text, "write `statistic: sum`")


def _is_ones(metric: Metric, statistic: str) -> bool:
    """
    The same of a count that is named as CloudWatch has it.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html and
    https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-cloudwatch-metrics.html
    """
    if metric.source is not MetricSource.CUSTOM or metric.namespace not in _BALANCERS:
        return False
    return (metric.name == "RequestCount" or metric.name.startswith("HTTPCode_")) and statistic not in ("sum", "count")
