"""Alarms as PutMetricAlarm takes them; pure."""

from typing import Any

from trimtab.models import Alarm, Comparison, MetricSource
from trimtab.providers.aws.metrics import PER_INSTANCE, Scope, metric_for, quotient, scale_of, scaled, statistic_of
from trimtab.providers.aws.policies import STATISTICS, seconds

COMPARISONS = {
    Comparison.ABOVE: "GreaterThanThreshold",
    Comparison.AT_LEAST: "GreaterThanOrEqualToThreshold",
    Comparison.BELOW: "LessThanThreshold",
    Comparison.AT_MOST: "LessThanOrEqualToThreshold",
}
OPERATORS = {Comparison.ABOVE: ">", Comparison.AT_LEAST: ">=", Comparison.BELOW: "<", Comparison.AT_MOST: "<="}


def alarm_body(alarm: Alarm, scope: Scope) -> dict[str, Any]:
    """
    The body of an alarm, less its actions for ALARM.

    Raises:
        Unsupported: Its metric takes what the group does not have.
    """
    common = {
        "OKActions": list(alarm.notify_ok),
        "ActionsEnabled": alarm.enabled,
        "AlarmDescription": alarm.description,
    }
    if alarm.metric.source is MetricSource.PROMQL:
        return {**_promql(alarm), **common}
    period = seconds(alarm.period) or 60
    if alarm.metric.name == PER_INSTANCE and alarm.metric.source is MetricSource.QUEUE:
        return {"Metrics": quotient(alarm.metric, scope, period), **_threshold(alarm, alarm.threshold), **common}
    statistic = statistic_of(alarm)
    name, namespace, dimensions = metric_for(alarm.metric, scope)
    factor = scale_of(alarm.metric, statistic, alarm.period, detailed=scope.detailed)
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in sorted(dimensions.items())],
        "Statistic": STATISTICS.get(statistic),
        "ExtendedStatistic": statistic if statistic not in STATISTICS else None,
        "Period": period,
        **_threshold(alarm, scaled(alarm.threshold, factor)),
        **common,
    }


def _threshold(alarm: Alarm, threshold: float) -> dict[str, Any]:
    return {
        "EvaluationPeriods": alarm.periods,
        "DatapointsToAlarm": alarm.datapoints or alarm.periods,
        "Threshold": threshold,
        "ComparisonOperator": COMPARISONS[alarm.comparison],
        "TreatMissingData": "notBreaching" if alarm.missing == "not-breaching" else alarm.missing.value,
    }


def _promql(alarm: Alarm) -> dict[str, Any]:
    """
    An alarm on a query: what it returns breaches, so the comparison is part of it.

    It breaches as long as N periods; what the query does not return is not breaching (PromQL alarms, Amazon CloudWatch
    User Guide).
    """
    query = f"({alarm.metric.query}) {OPERATORS[alarm.comparison]} {alarm.threshold:.15g}"
    criteria = {"Query": query, "PendingPeriod": seconds(alarm.period * (alarm.periods - 1))}
    return {"EvaluationCriteria": {"PromQLCriteria": criteria}, "EvaluationInterval": seconds(alarm.period)}
