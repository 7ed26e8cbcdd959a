"""Alarms that notify as metric alerts, and whom they tell as action groups; pure."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from trimtab.errors import Unsupported
from trimtab.models import Alarm, ScalingGroup, Severity
from trimtab.models.base import format_duration
from trimtab.phrases import in_words
from trimtab.plan import Key, Ref, digest
from trimtab.providers.alarms import (
    address_name,
    addresses_of,
    is_address,
    is_alert,
    is_web_address,
    notification_targets,
    places_of,
)
from trimtab.providers.azure.ids import folded, is_id
from trimtab.providers.azure.kinds import ACTION_GROUP
from trimtab.providers.azure.metrics import Scope, metric_for, to_native
from trimtab.providers.azure.names import INVERTED, INVERTED_STATISTIC, OVER_TIME, RULE_OPERATORS, iso
from trimtab.providers.metrics import natural_statistic

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
FREQUENCIES = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR)
WINDOWS = (*FREQUENCIES, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR)
"""How often an alert is evaluated and how far it looks back: https://github.com/Azure/azure-cli/issues/31138."""
SEVERITIES = tuple(Severity)
"""By their numbers, 0 to 4: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview"""
CRITERIA = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
CONDITION = "cond0"
NO_QUEUE_ALERT = (
    "a metric alert cannot watch one storage queue: its QueueMessageCount counts all queues of an account, once an "
    "hour; use a Service Bus queue or a custom metric, or let the alarm only trigger policies"
)
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-storage-storageaccounts-queueservices-metrics"""


def alert_body(alarm: Alarm, scope: Scope) -> dict[str, Any]:
    """
    The body of a metric alert, less its actions.

    Raises:
        Unsupported: Alerts cannot say its metric.
    """
    if problem := alert_problem(alarm, scope):
        raise Unsupported(problem)
    measured, window = metric_for(alarm.metric, scope), window_of(alarm)
    return {
        "properties": {
            "description": alarm.description,
            "severity": SEVERITIES.index(alarm.severity or Severity.WARNING),
            "enabled": alarm.enabled,
            "scopes": [measured.resource],
            "evaluationFrequency": iso(_frequency(alarm, window)),
            "windowSize": iso(window),
            "criteria": {"odata.type": CRITERIA, "allOf": [_criterion(alarm, scope, window)]},
            "autoMitigate": True,
        }
    }


def alert_problem(alarm: Alarm, scope: Scope) -> str | None:
    """What keeps an alarm's metric from being that of a metric alert; `None` when nothing does."""
    try:
        measured = metric_for(alarm.metric, scope)
    except Unsupported as error:
        return str(error)
    if measured.native.shared:
        return f"a metric alert cannot divide {measured.name!r} by the number of instances"
    if measured.is_storage_queue:
        return NO_QUEUE_ALERT
    return None


def statistic_problem(alarm: Alarm, scope: Scope) -> str | None:
    """What keeps an alert from combining an alarm's metric as asked; `None` when nothing does."""
    if alert_problem(alarm, scope):
        return None
    native, statistic = metric_for(alarm.metric, scope).native, natural_statistic(alarm.metric, alarm.statistic)
    if not native.statistics or statistic not in OVER_TIME or statistic in native.statistics:
        return None
    return f"Azure Monitor has no {statistic} of {native.name}; use {in_words(sorted(native.statistics), ' or ')}"


def _frequency(alarm: Alarm, window: timedelta) -> timedelta:
    return max(frequency for frequency in FREQUENCIES if frequency <= max(_MINUTE, min(alarm.period, window)))


def _criterion(alarm: Alarm, scope: Scope, window: timedelta) -> dict[str, Any]:
    measured = metric_for(alarm.metric, scope)
    native, statistic = measured.native, natural_statistic(alarm.metric, alarm.statistic)
    comparison = INVERTED[alarm.comparison] if native.inverted else alarm.comparison
    if native.inverted:
        statistic = INVERTED_STATISTIC.get(statistic, statistic)
    summed = statistic in ("sum", "count")
    threshold = alarm.threshold * (window / alarm.period if summed else 1)
    return {
        "criterionType": "StaticThresholdCriterion",
        "name": CONDITION,
        "metricName": measured.name,
        "metricNamespace": measured.own_namespace,
        # a percentile is a problem by the table of capabilities
        "timeAggregation": OVER_TIME.get(statistic, "Average"),
        # what nobody has written yet is no metric of Azure's, and is looked up when the alert is made
        **({"skipMetricValidation": True} if measured.namespace else {}),
        "operator": RULE_OPERATORS[comparison],
        "threshold": to_native(threshold, native),
        "dimensions": [
            {"name": name, "operator": "Include", "values": [value]}
            for name, value in sorted(measured.dimensions.items())
        ],
    }


def window_of(alarm: Alarm) -> timedelta:
    """How far back the alert of an alarm looks: Azure's shortest window that holds all its periods, or a day."""
    return next((window for window in WINDOWS if window >= alarm.period * alarm.periods), WINDOWS[-1])


# whom they tell


def targets_of(alarms: Sequence[Alarm]) -> list[str]:
    """The addresses that alarms tell and that need an action group of ours, each once."""
    return addresses_of(alarms, is_id)


def action_group_key(location: str, native: str, target: str) -> Key:
    """The action group that tells one address."""
    return Key(location, ACTION_GROUP.name, address_name(native, target))


def action_group_body(target: str) -> dict[str, Any]:
    """The body of an action group that tells one e-mail address or one https address."""
    name = f"tt{digest(target)[:8]}"
    common = {"name": name, "useCommonAlertSchema": True}
    mails = [] if is_web_address(target) else [{**common, "emailAddress": target}]
    hooks = [{**common, "serviceUri": target}] if is_web_address(target) else []
    return {
        "properties": {"groupShortName": name, "enabled": True, "emailReceivers": mails, "webhookReceivers": hooks},
    }


def actions_of(alarm: Alarm, location: str, native: str) -> list[dict[str, Any]]:
    """What an alert does: the action groups that it tells, ours and others."""
    told = {folded(target) if is_id(target) else target: target for target in notification_targets(alarm)}
    return [
        {"actionGroupId": target if is_id(target) else Ref(action_group_key(location, native, target), "id")}
        for target in told.values()
    ]


def problems_of(group: ScalingGroup, scope: Scope) -> Iterator[tuple[str, str]]:
    """What keeps a group's alarms from being alerts, and whom they cannot tell: path and text."""
    for alarm in filter(is_alert, group.alarms):
        if text := statistic_problem(alarm, scope):
            yield f"alarms.{alarm.name}.statistic", text
        window = alarm.period * alarm.periods
        if window > WINDOWS[-1]:
            path = f"alarms.{alarm.name}.{'periods' if alarm.periods > 1 else 'period'}"
            yield path, f"a metric alert looks back a day at most, not {format_duration(window)}; shorten it"
    for target in targets_of(group.alarms):
        if not is_address(target):
            text = "give an action group's id, an e-mail address or an https address"
            yield from ((path, f"Azure cannot notify {target!r}; {text}") for path in places_of(group.alarms, target))
