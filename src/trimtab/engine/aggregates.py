"""
How the values of a metric become one, over instances and over time, in Azure Monitor.

Source: Best practices for autoscale, and the schema of `metricTrigger`, whose words the values of the enums are.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from math import isfinite
from typing import assert_never

from trimtab.engine.rounding import Number, exact


class Statistic(StrEnum):
    """How the instances' values of one time grain become one."""

    AVERAGE = "Average"
    MIN = "Min"
    MAX = "Max"
    SUM = "Sum"
    COUNT = "Count"


class TimeAggregation(StrEnum):
    """How the time grains of a window become one value."""

    AVERAGE = "Average"
    MINIMUM = "Minimum"
    MAXIMUM = "Maximum"
    TOTAL = "Total"
    COUNT = "Count"
    LAST = "Last"


def over_instances(samples: Iterable[Number | None], statistic: Statistic) -> Number | None:
    """One value from the samples of a time grain; `None` where there is none."""
    values = [*_read_only(samples)]
    if not values:
        return None
    match statistic:
        case Statistic.AVERAGE:
            return sum(map(exact, values)) / len(values)
        case Statistic.MIN:
            return min(values)
        case Statistic.MAX:
            return max(values)
        case Statistic.SUM:
            return sum(map(exact, values))
        case Statistic.COUNT:
            return len(values)
        case _:
            assert_never(statistic)


def over_time(grains: Iterable[Number | None], aggregation: TimeAggregation) -> Number | None:
    """One value from the time grains of a window, oldest first; `None` without any."""
    values = [*_read_only(grains)]
    if not values:
        return None
    match aggregation:
        case TimeAggregation.AVERAGE:
            return sum(map(exact, values)) / len(values)
        case TimeAggregation.MINIMUM:
            return min(values)
        case TimeAggregation.MAXIMUM:
            return max(values)
        case TimeAggregation.TOTAL:
            return sum(map(exact, values))
        case TimeAggregation.COUNT:
            return len(values)
        case TimeAggregation.LAST:
            return values[-1]
        case _:
            assert_never(aggregation)


def aggregate(
    grains: Iterable[Iterable[Number | None]],
    *,
    statistic: Statistic = Statistic.AVERAGE,
    time_aggregation: TimeAggregation = TimeAggregation.AVERAGE,
) -> float | None:
    """
    The value of a metric over a window: first each time grain over its instances, then the grains over time.

    Best practices for autoscale. A grain or an instance without a sample is left out; `None` where nothing is there.

    Args:
        grains: The samples of the instances in each time grain, oldest first.
        statistic: How the samples of a grain are combined.
        time_aggregation: How the grains are combined.
    """
    value = over_time([over_instances(samples, statistic) for samples in grains], time_aggregation)
    return None if value is None else float(value)


def _read_only(values: Iterable[Number | None]) -> Iterator[Number]:
    return (value for value in values if value is not None and isfinite(value))
