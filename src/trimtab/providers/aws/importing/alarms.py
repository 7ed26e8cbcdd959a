"""Alarms as `DescribeAlarms` answers them, in the words of the model."""

import re
from collections.abc import Collection, Container, Mapping, Sequence
from datetime import timedelta
from typing import Any

from trimtab.errors import Unsupported
from trimtab.models import Alarm, Metric, MetricSource, Unit
from trimtab.plan import Mark, read_description
from trimtab.providers.aws.alarms import COMPARISONS, OPERATORS, alarm_body
from trimtab.providers.aws.importing.metrics import MetricContext, dimensions_of, find_metrics, of_queries, unscaled
from trimtab.providers.aws.importing.policies import drop_none, duration
from trimtab.providers.aws.metrics import SAME_UNIT, scale_of
from trimtab.providers.aws.policies import STATISTICS

MADE_BY_POLICY = "TargetTracking-"
"""How the alarms begin that a target tracking policy makes for itself."""
_PROMQL = re.compile(r"\((?P<query>.*)\) (?P<operator>>=|<=|>|<) (?P<number>[-+.0-9e]+)", re.DOTALL)
_LONGEST = 512
"""Letters of a description in a fleet file."""


def belongs(item: Mapping[str, Any], native: str, policies: Container[str], mark: Mark | None) -> bool:
    """
    Whether an alarm is the group's: it bears the group's mark, or nobody's and acts on a policy of it or watches it.

    Args:
        item: As it is answered.
        native: The group's name in the cloud.
        policies: The ARNs of its policies.
        mark: Its mark.
    """
    if item["AlarmName"].startswith(MADE_BY_POLICY):
        return False
    _, own = read_description(item.get("AlarmDescription"))
    if own is not None:
        return native == f"{own.fleet}-{own.group}" or _are_alike(own, mark)
    return any(arn in policies for arn in item.get("AlarmActions") or ()) or native in _values(item)


def _are_alike(mark: Mark, other: Mark | None) -> bool:
    return other is not None and (mark.fleet, mark.group) == (other.fleet, other.group)


def _values(item: Mapping[str, Any]) -> set[str]:
    stats = [query.get("MetricStat", {}).get("Metric", {}) for query in item.get("Metrics") or ()]
    return {value for metric in (item, *stats) for value in dimensions_of(metric).values()}


def read_alarm(
    item: Mapping[str, Any],
    name: str,
    around: MetricContext,
    policies: Mapping[str, str],
    *,
    stepped: Collection[str] = (),
    gone: Container[str] = (),
) -> Alarm:
    """
    A metric alarm.

    Args:
        item: As it is answered.
        name: Its name within the group.
        around: What its metric is read against.
        policies: The names, within the group, of the policies that alarms can trigger, by ARN.
        stepped: Those of them whose steps are offsets in the alarm's own unit, which then is CloudWatch's.
        gone: The ARNs of policies that the group will no longer have.

    Raises:
        Unsupported: The model has no such alarm.
    """
    actions: Sequence[str] = item.get("AlarmActions") or ()
    text, _ = read_description(item.get("AlarmDescription"))
    common = drop_none(
        name=name,
        triggers=tuple(sorted(policies[arn] for arn in actions if arn in policies)) or None,
        notify=tuple(sorted(arn for arn in actions if arn not in policies and arn not in gone)) or None,
        notify_ok=tuple(sorted(item.get("OKActions") or ())) or None,
        notify_no_data=tuple(sorted(item.get("InsufficientDataActions") or ())) or None,
        sample_unit=item.get("Unit"),
        enabled=None if item.get("ActionsEnabled", True) else False,
        description=text if text and len(text) <= _LONGEST else None,
    )
    if query := (item.get("EvaluationCriteria") or {}).get("PromQLCriteria"):
        return Alarm.model_validate({**common, **_promql(query, item)})
    plain = any(word in stepped for word in common.get("triggers", ()))
    return Alarm.model_validate({**common, **_periods(item), **_watched(item, around, plain=plain)})


def _periods(item: Mapping[str, Any]) -> dict[str, Any]:
    if "EvaluationPeriods" not in item:
        raise Unsupported("the alarm does not state over how many periods it looks")
    periods, datapoints = item["EvaluationPeriods"], item.get("DatapointsToAlarm")
    missing = item.get("TreatMissingData", "missing")
    return drop_none(
        periods=periods,
        datapoints=None if datapoints == periods else datapoints,
        missing={"missing": None, "notBreaching": "not-breaching"}.get(missing, missing),
    )


def _comparison(item: Mapping[str, Any]) -> str:
    words = {native: word for word, native in COMPARISONS.items()}
    native = item.get("ComparisonOperator", "")
    if native not in words or "Threshold" not in item:
        raise Unsupported(f"the model compares with one number, not {native or 'so'}")
    return words[native].value


def _watched(item: Mapping[str, Any], around: MetricContext, *, plain: bool) -> dict[str, Any]:
    word = _comparison(item)
    if item.get("Metrics"):
        metric, stated = of_queries(item["Metrics"], around)
        stat = next(query["MetricStat"] for query in item["Metrics"] if "MetricStat" in query)
        optional = drop_none(statistic=None if stated == "average" else stated)
        return {"metric": metric, **optional, "period": duration(stat.get("Period", 60)), word: item["Threshold"]}
    words = {native: word for word, native in STATISTICS.items()}
    statistic = item.get("ExtendedStatistic") or words.get(item.get("Statistic", ""))
    if "Period" not in item:
        raise Unsupported("the alarm states no period, and each of the model has one")
    period = timedelta(seconds=item["Period"])
    candidates = find_metrics(item.get("MetricName", ""), item.get("Namespace", ""), dimensions_of(item), around)
    return next(
        fields
        for metric in candidates
        if not (plain and scale_of(metric, statistic or "average", period, detailed=around.detailed) != SAME_UNIT)
        and _is_written_so(
            fields := _of_metric(metric, statistic, period, {word: item["Threshold"]}, around), item, around
        )
    )


def _of_metric(
    metric: Metric, statistic: str | None, period: timedelta, threshold: Mapping[str, float], around: MetricContext
) -> dict[str, Any]:
    (word, value), *_ = threshold.items()
    factor = scale_of(metric, statistic or "average", period, detailed=around.detailed)
    return {
        "metric": metric,
        **({} if statistic == "average" else drop_none(statistic=statistic)),
        "period": period,
        word: unscaled(value, factor),
    }


def _is_written_so(fields: Mapping[str, Any], item: Mapping[str, Any], around: MetricContext) -> bool:
    """Whether the metric is asked for the same statistic; a custom one always is."""
    if fields["metric"].source is MetricSource.CUSTOM:
        return True
    body = alarm_body(Alarm.model_validate({"name": "it", **fields}), around.scope(fields["metric"]))
    return all(body.get(name) == item.get(name) for name in ("Statistic", "ExtendedStatistic"))


def _promql(criteria: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    match = _PROMQL.fullmatch(criteria.get("Query", ""))
    if match is None:
        raise Unsupported("the model compares what a query answers with a number: `(QUERY) > NUMBER`")
    words = {operator: word for word, operator in OPERATORS.items()}
    period, pending = item.get("EvaluationInterval", 60), criteria.get("PendingPeriod", 0)
    if pending % period:
        raise Unsupported("a query breaches for whole periods before its alarm fires")
    return {
        "metric": Metric(name="promql", query=match["query"], source=MetricSource.PROMQL, unit=Unit.NONE),
        "period": timedelta(seconds=period),
        "periods": pending // period + 1,
        words[match["operator"]].value: float(match["number"]),
    }
