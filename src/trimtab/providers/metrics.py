"""What is the same of a neutral metric in every cloud that measures it."""

from trimtab.models import Metric, MetricSource

COUNTED = frozenset({"requests", "requests-per-instance", "errors-5xx"})
"""Neutral metrics that are counts of events in a period, whose natural statistic is the sum."""


def is_counted(metric: Metric) -> bool:
    """Whether a metric is a count of events in a period."""
    return metric.source is not MetricSource.CUSTOM and metric.name in COUNTED


def writes_count(metric: object) -> bool:
    """Whether what a fleet file writes for a metric names such a count."""
    return isinstance(metric, str) and metric in COUNTED


def natural_statistic(metric: Metric, statistic: str) -> str:
    """The statistic that is meant: a count that is asked for its average means its sum."""
    return "sum" if statistic == "average" and is_counted(metric) else statistic
