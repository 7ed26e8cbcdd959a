"""Alarms that notify as alert policies, and whom they tell as notification channels; pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from trimtab.errors import Unsupported
from trimtab.models import Alarm, MetricSource, MissingData, ScalingGroup, Severity
from trimtab.models.base import format_duration
from trimtab.plan import Key, Ref
from trimtab.providers.alarms import (
    address_name,
    addresses_of,
    is_address,
    is_alert,
    is_web_address,
    notification_targets,
    places_of,
)
from trimtab.providers.bodies import drop_empty
from trimtab.providers.gcp.kinds import CHANNEL
from trimtab.providers.gcp.metrics import Measured, PointShape, Scope, metric_for, to_native
from trimtab.providers.gcp.names import COMPARISONS, MISSING, span
from trimtab.providers.metrics import natural_statistic, refuse_external
from trimtab.providers.promql import fill_query

MINUTE = timedelta(minutes=1)
LONGEST_LOOK = timedelta(hours=23, minutes=30)
"""How long a condition can be held: https://cloud.google.com/monitoring/quotas#alerting_uptime_quotas."""
SEVERITIES: Mapping[Severity, str] = {
    Severity.CRITICAL: "CRITICAL",
    Severity.ERROR: "ERROR",
    Severity.WARNING: "WARNING",
}
"""Severity, AlertPolicy of the Cloud Monitoring API; what matters less is a warning."""
OPENED, CLOSED = "OPENED", "CLOSED"
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""https://docs.cloud.google.com/monitoring/api/v3/naming-conventions"""
_CHANNEL = re.compile(r"^projects/[^/]+/notificationChannels/[^/]+$")
_TOPIC = re.compile(r"^projects/[^/]+/topics/[^/]+$")
OVER_TIME: Mapping[str, str] = {
    "average": "ALIGN_MEAN",
    "minimum": "ALIGN_MIN",
    "maximum": "ALIGN_MAX",
    "sum": "ALIGN_SUM",
    "count": "ALIGN_COUNT",
}
"""How the points of one series become one in each period."""
ACROSS: Mapping[str, str] = {
    "average": "REDUCE_MEAN",
    "minimum": "REDUCE_MIN",
    "maximum": "REDUCE_MAX",
    "sum": "REDUCE_SUM",
    "count": "REDUCE_SUM",
}
"""How the series of several instances become one."""
_UNKNOWN_TO: Mapping[PointShape, frozenset[str]] = {
    PointShape.COUNTER: frozenset({"count"}),
    PointShape.DISTRIBUTION: frozenset({"minimum", "maximum", "sum", "count"}),
}
"""What is not taken of points that are no plain values (Aligner and Reducer, Cloud Monitoring API)."""
PERCENTILES: Mapping[str, str] = {"p5": "05", "p50": "50", "p95": "95", "p99": "99"}
SYMBOLS: Mapping[str, str] = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}


def alert_body(alarm: Alarm, scope: Scope) -> dict[str, Any]:
    """
    The body of an alert policy, less its name, its labels and its channels.

    Raises:
        Unsupported: Cloud Monitoring cannot say its metric or its statistic; ask `alert_problem` first.
    """
    prompts = drop_empty(notificationPrompts=prompts_of(alarm))
    return {
        "enabled": alarm.enabled,
        "combiner": "OR",
        "severity": SEVERITIES.get(alarm.severity or Severity.WARNING, "WARNING"),
        "conditions": [{"displayName": alarm.name, **_condition(alarm, scope)}],
        **drop_empty(
            documentation={"content": alarm.description, "mimeType": "text/markdown"} if alarm.description else None,
            alertStrategy=prompts,
        ),
    }


def alert_problem(alarm: Alarm) -> tuple[str, str] | None:
    """What keeps an alarm from being an alert policy, path within the alarm and text; `None` when nothing does."""
    try:
        refuse_external(alarm.metric)
        if alarm.metric.source is MetricSource.PROMQL:
            fill_query(alarm.metric.query or "", "")
            return None
        measured = metric_for(alarm.metric, Scope(""))
    except Unsupported as error:
        return "metric", str(error)
    if measured.native.shared:
        return "metric", f"an alert policy cannot divide {measured.native.type!r} by the number of instances"
    try:
        aggregation(measured, natural_statistic(alarm.metric, alarm.statistic), MINUTE)
    except Unsupported as error:
        return "statistic", str(error)
    return None


def prompts_of(alarm: Alarm) -> list[str]:
    """When an alert policy tells its channels."""
    return [*([OPENED] if alarm.notify else []), *([CLOSED] if alarm.notify_ok else [])]


def held_for(alarm: Alarm) -> timedelta:
    """
    How long a condition has to hold: from the first of its breaching periods to the last.

    A condition without data can only be judged where it has to hold for a minute; one on a query never is.
    """
    breaching = alarm.datapoints or alarm.periods
    judged = alarm.missing is not MissingData.MISSING and alarm.metric.source is not MetricSource.PROMQL
    return min(LONGEST_LOOK, max(period_of(alarm) * (breaching - 1), MINUTE if judged else timedelta(0)))


def period_of(alarm: Alarm) -> timedelta:
    """The period over which points are aligned: whole minutes."""
    return max(MINUTE, -(-alarm.period // MINUTE) * MINUTE)


def _condition(alarm: Alarm, scope: Scope) -> dict[str, Any]:
    if alarm.metric.source is MetricSource.PROMQL:
        asked = fill_query(alarm.metric.query or "", scope.group)
        query = f"({asked}) {SYMBOLS[alarm.comparison]} {alarm.threshold:g}"
        return {
            "conditionPrometheusQueryLanguage": {
                "query": query,
                "duration": span(held_for(alarm)),
                "evaluationInterval": span(period_of(alarm)),
            }
        }
    measured = metric_for(alarm.metric, scope)
    return {
        "conditionThreshold": drop_empty(
            filter=measured.full_filter,
            comparison=COMPARISONS[alarm.comparison],
            thresholdValue=_threshold(alarm, measured),
            duration=span(held_for(alarm)),
            aggregations=[aggregation(measured, natural_statistic(alarm.metric, alarm.statistic), period_of(alarm))],
            trigger={"count": 1},
            evaluationMissingData=MISSING.get(alarm.missing),
        )
    }


def _threshold(alarm: Alarm, measured: Measured) -> float:
    value = alarm.threshold if alarm.statistic == "count" else to_native(alarm.threshold, measured.native)
    return value + 0.0


def aggregation(measured: Measured, statistic: str, period: timedelta) -> dict[str, Any]:
    """
    How a metric's points become one for each period.

    Raises:
        Unsupported: Cloud Monitoring has no such percentile, or does not combine such points in this way.
    """
    if statistic in _UNKNOWN_TO.get(measured.native.shape, ()):
        raise Unsupported(f"Cloud Monitoring does not support {statistic} of {measured.native.type!r}")
    over_time, across = _aligner(measured, statistic), _reducer(measured, statistic)
    return {"alignmentPeriod": span(period), "perSeriesAligner": over_time, "crossSeriesReducer": across}


def _aligner(measured: Measured, statistic: str) -> str:
    native = measured.native
    if native.shape is PointShape.DISTRIBUTION:
        return "ALIGN_DELTA"
    if native.shape is PointShape.COUNTER:
        return "ALIGN_RATE" if native.per_second else "ALIGN_DELTA"
    return OVER_TIME.get(statistic, "ALIGN_MEAN")


def _reducer(measured: Measured, statistic: str) -> str:
    if measured.native.added:
        return "REDUCE_SUM"
    if statistic.startswith("p"):
        if statistic not in PERCENTILES:
            raise Unsupported(f"Cloud Monitoring does not support {statistic}; use {', '.join(PERCENTILES)}")
        return f"REDUCE_PERCENTILE_{PERCENTILES[statistic]}"
    # a trimmed one is a problem by the table of capabilities
    return ACROSS.get(statistic, "REDUCE_MEAN")


# whom they tell


def targets_of(alarms: Sequence[Alarm]) -> list[str]:
    """The addresses that alarms tell and that need a channel of ours, each once."""
    return addresses_of(alarms, is_channel)


def is_channel(target: str) -> bool:
    """Whether a target is the name of a notification channel."""
    return _CHANNEL.match(target) is not None


def channel_key(location: str, native: str, target: str) -> Key:
    """The channel that tells one address."""
    return Key(location, CHANNEL.name, address_name(native, target))


def channel_body(target: str) -> dict[str, Any]:
    """The body of a channel that tells one e-mail address, one https address or one Pub/Sub topic."""
    if _TOPIC.match(target):
        return {"type": "pubsub", "labels": {"topic": target}, "enabled": True}
    if is_web_address(target):
        return {"type": "webhook_tokenauth", "labels": {"url": target}, "enabled": True}
    return {"type": "email", "labels": {"email_address": target}, "enabled": True}


def channels_of(alarm: Alarm, location: str, native: str) -> list[str | Ref]:
    """The channels that an alert policy tells, ours and others."""
    told = notification_targets(alarm)
    return [target if is_channel(target) else Ref(channel_key(location, native, target), "name") for target in told]


def problems_of(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """What keeps a group's alarms from being alert policies, and whom they cannot tell: path and text."""
    for alarm in filter(is_alert, group.alarms):
        where = f"alarms.{alarm.name}"
        if problem := alert_problem(alarm):
            yield f"{where}.{problem[0]}", problem[1]
        if period_of(alarm) * ((alarm.datapoints or alarm.periods) - 1) > LONGEST_LOOK:
            held = format_duration(period_of(alarm) * ((alarm.datapoints or alarm.periods) - 1))
            text = f"a condition is held for {format_duration(LONGEST_LOOK)} at most, and they are {held}; shorten them"
            yield f"{where}.periods", text
        if alarm.metric.source is MetricSource.PROMQL and alarm.missing is MissingData.BREACHING:
            yield f"{where}.missing", "a query without data is not met; use `absent()` in the query"
        for name in alarm.metric.dimensions if alarm.metric.source is MetricSource.CUSTOM else ():
            if not _LABEL.fullmatch(name):
                text = f"{name!r} cannot be a label of a metric; use letters, digits and `_`, a letter first"
                yield f"{where}.metric.dimensions", text
    for target in targets_of(group.alarms):
        if not (is_address(target) or _TOPIC.match(target)):
            text = "give a notification channel, a Pub/Sub topic, an e-mail address or an https address"
            yield from (
                (path, f"Cloud Monitoring cannot notify {target!r}; {text}") for path in places_of(group.alarms, target)
            )
