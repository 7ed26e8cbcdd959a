"""Alarms as PutMetricAlarm takes them; pure."""

from collections.abc import Iterator
from typing import Any

from trimtab.models import Alarm, Comparison, MetricSource, MissingData
from trimtab.providers.aws.metrics import (
    PER_INSTANCE,
    Scope,
    math_queries,
    metric_for,
    quotient,
    scale_of,
    scaled,
    statistic_of,
)
from trimtab.providers.aws.policies import STATISTIC_OF_PARTS, STATISTICS, native_statistic, seconds
from trimtab.providers.metrics import natural_statistic
from trimtab.providers.promql import fill_query

COMPARISONS = {
    Comparison.ABOVE: "GreaterThanThreshold",
    Comparison.AT_LEAST: "GreaterThanOrEqualToThreshold",
    Comparison.BELOW: "LessThanThreshold",
    Comparison.AT_MOST: "LessThanOrEqualToThreshold",
}
OPERATORS = {Comparison.ABOVE: ">", Comparison.AT_LEAST: ">=", Comparison.BELOW: "<", Comparison.AT_MOST: "<="}


def alarm_body(alarm: Alarm, scope: Scope | None) -> dict[str, Any]:
    """
    The body of an alarm, less its actions for ALARM.

    Args:
        alarm: The alarm.
        scope: Where its metric is found; `None` leaves the metric out.

    Raises:
        Unsupported: Its metric takes what the group does not have.
    """
    common = {
        "OKActions": list(alarm.notify_ok),
        "InsufficientDataActions": list(alarm.notify_no_data),
        "ActionsEnabled": alarm.enabled,
        "AlarmDescription": alarm.description,
    }
    if _is_query(alarm):
        return {**_promql(alarm, scope), **common}
    period = seconds(alarm.period) or 60
    statistic = statistic_of(alarm)
    factor = scale_of(alarm.metric, statistic, alarm.period, detailed=scope is not None and scope.detailed)
    common |= _threshold(alarm, scaled(alarm.threshold, factor))
    if alarm.metric.source is MetricSource.MATH:
        return {**({} if scope is None else {"Metrics": math_queries(alarm.metric, scope, period)}), **common}
    if alarm.metric.name == PER_INSTANCE and alarm.metric.source is MetricSource.QUEUE:
        return {"Metrics": quotient(alarm.metric, scope or Scope(""), period, native_statistic(statistic)), **common}
    return {
        **({} if scope is None else _metric(alarm, scope)),
        "Statistic": STATISTICS.get(statistic),
        "ExtendedStatistic": statistic if statistic not in STATISTICS else None,
        "Unit": alarm.sample_unit,
        "Period": period,
        **common,
    }


def _metric(alarm: Alarm, scope: Scope) -> dict[str, Any]:
    name, namespace, dimensions = metric_for(alarm.metric, scope)
    pairs = [{"Name": key, "Value": value} for key, value in sorted(dimensions.items())]
    return {"Namespace": namespace, "MetricName": name, "Dimensions": pairs}


def _is_query(alarm: Alarm) -> bool:
    """Whether CloudWatch itself answers the query of an alarm."""
    return alarm.metric.source is MetricSource.PROMQL and not alarm.metric.needs_source


def _is_math(alarm: Alarm) -> bool:
    """Whether CloudWatch works the value out of several metrics."""
    is_quotient = alarm.metric.name == PER_INSTANCE and alarm.metric.source is MetricSource.QUEUE
    return is_quotient or alarm.metric.source is MetricSource.MATH


def alarm_remarks(alarm: Alarm) -> Iterator[tuple[str, str, bool]]:
    """What CloudWatch has no use for in an alarm: the field, what to say of it, and whether that does harm."""
    if alarm.severity is not None:
        yield "severity", "alarms of CloudWatch have no severity", False
    if alarm.sample_unit is not None and (_is_query(alarm) or _is_math(alarm)):
        yield "sample_unit", "an expression counts samples of any unit; leave it out", True
    if _is_query(alarm):
        yield from _promql_remarks(alarm)
        return
    if alarm.metric.source is MetricSource.MATH and alarm.statistic != "average":
        yield "statistic", STATISTIC_OF_PARTS, True
    if alarm.datapoints == alarm.periods:
        yield "datapoints", "it is as many as `periods`, as when it is left out", False
    if alarm.statistic == "sum" == natural_statistic(alarm.metric, "average"):
        yield "statistic", "CloudWatch adds up a count in any case", False
    elif alarm.metric.name == PER_INSTANCE and alarm.statistic == "count":
        yield "statistic", "a quotient has no number of samples; use `average`, `maximum` or `sum`", True


def _promql_remarks(alarm: Alarm) -> Iterator[tuple[str, str, bool]]:
    if alarm.statistic != "average":
        text = "a PromQL query says itself how it aggregates; write that into the query and leave `statistic` out"
        yield "statistic", text, True
    if alarm.datapoints is not None:
        text = f"a PromQL alarm fires when all {alarm.periods} periods breach; leave `datapoints` out"
        yield "datapoints", text, alarm.datapoints < alarm.periods
    if alarm.missing is MissingData.NOT_BREACHING:
        yield "missing", "where a PromQL query returns nothing, nothing breaches, in any case", False
    elif alarm.missing is not MissingData.MISSING:
        text = "where a PromQL query returns nothing, nothing breaches; write `or absent(...)` into the query"
        yield "missing", text, True


def _threshold(alarm: Alarm, threshold: float) -> dict[str, Any]:
    return {
        "EvaluationPeriods": alarm.periods,
        "DatapointsToAlarm": alarm.datapoints or alarm.periods,
        "Threshold": threshold,
        "ComparisonOperator": COMPARISONS[alarm.comparison],
        "TreatMissingData": "notBreaching" if alarm.missing == "not-breaching" else alarm.missing.value,
    }


def _promql(alarm: Alarm, scope: Scope | None) -> dict[str, Any]:
    """
    An alarm on a query: what it returns breaches, so the comparison is part of it.

    It breaches as long as N periods; what the query does not return is not breaching (PromQL alarms, Amazon CloudWatch
    User Guide).
    """
    asked = alarm.metric.query or ""
    asked = asked if scope is None else fill_query(asked, scope.group)
    query = f"({asked}) {OPERATORS[alarm.comparison]} {alarm.threshold:.15g}"
    criteria = {"Query": query, "PendingPeriod": seconds(alarm.period * (alarm.periods - 1))}
    return {"EvaluationCriteria": {"PromQLCriteria": criteria}, "EvaluationInterval": seconds(alarm.period)}
