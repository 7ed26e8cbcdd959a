"""What is the same of a neutral metric in every cloud that measures it."""

from collections.abc import Iterator

from trimtab.errors import Unsupported
from trimtab.models import Metric, PredictivePolicy, ScalingGroup, TargetTrackingPolicy

COUNTED = frozenset({"requests", "requests-per-instance", "errors-5xx"})
"""Neutral metrics that are counts of events in a period, whose natural statistic is the sum."""


def watched(group: ScalingGroup) -> Iterator[Metric]:
    """Every metric that a group's alarms and policies go by."""
    yield from (alarm.metric for alarm in group.alarms)
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy | PredictivePolicy):
            yield policy.metric


def is_counted(metric: Metric) -> bool:
    """Whether a metric is a count of events in a period."""
    return metric.is_neutral and metric.name in COUNTED


def writes_count(metric: object) -> bool:
    """Whether what a fleet file writes for a metric names such a count."""
    return isinstance(metric, str) and metric in COUNTED


def natural_statistic(metric: Metric, statistic: str) -> str:
    """The statistic that is meant: a count that is asked for its average means its sum."""
    return "sum" if statistic == "average" and is_counted(metric) else statistic


def refuse_external(metric: Metric) -> None:
    """
    Refuse a metric that no cloud knows.

    Raises:
        Unsupported: A source of the fleet's own alone reads it.
    """
    if metric.needs_source:
        name = metric.source_name or metric.name
        text = f"no cloud knows the source {name!r}: a running controller reads it, for alarms that trigger policies"
        raise Unsupported(text)
