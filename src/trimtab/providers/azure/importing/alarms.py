"""Metric alerts in the words of the model, and whom they tell."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from trimtab.models import Severity
from trimtab.plan import Resource
from trimtab.providers.azure.alarms import SEVERITIES
from trimtab.providers.azure.ids import same_id
from trimtab.providers.azure.importing.group import duration
from trimtab.providers.azure.importing.metrics import compared, dimensions_of, metric_of, statistic_of
from trimtab.providers.azure.importing.template import at
from trimtab.providers.azure.metrics import NativeMetric
from trimtab.providers.importing import legal_item
from trimtab.providers.metrics import writes_count

STATIC = "StaticThresholdCriterion"
Body = Mapping[str, Any]


def read_alert(alert: Resource, prefix: str, groups: Sequence[Resource]) -> tuple[str, dict[str, Any]] | str:
    """
    The name of an alarm within its group, and its fields; the reason why no alarm says this alert.

    Args:
        alert: As a plan reads it.
        prefix: What alarms of the group begin with.
        groups: The action groups that it may tell.
    """
    properties: Body = alert.body.get("properties") or {}
    criteria: Sequence[Body] = at(properties, "criteria.allOf") or ()
    if len(criteria) != 1:
        return f"it has {len(criteria)} conditions; an alarm of the model has one"
    criterion = criteria[0]
    if criterion.get("criterionType", STATIC) != STATIC:
        return f"its condition is a {criterion['criterionType']}; an alarm of the model has a fixed threshold"
    metric, row = metric_of(
        next(iter(properties.get("scopes") or ()), ""),
        str(criterion.get("metricName", "")),
        criterion.get("metricNamespace"),
        dimensions_of(criterion, name="name", operator="Include", key=str),
        shared=False,
    )
    condition = _condition(properties, criterion, row, counted=writes_count(metric))
    if condition is None:
        return f"alarms cannot compare by {criterion.get('operator')}"
    told = [_target(each, groups) for each in properties.get("actions") or ()]
    fields: dict[str, Any] = {"metric": metric, **condition, "notify": told, "notify_ok": told}
    if properties.get("enabled") is False:
        fields["enabled"] = False
    if severity := _severity(properties):
        fields["severity"] = severity
    if text := properties.get("description"):
        fields["description"] = text
    return legal_item(alert.key.name[len(prefix) :], "alarm"), fields


def _severity(properties: Body) -> Severity | None:
    """The severity of an alert; `None` where it is the one that alerts have by themselves here."""
    number = properties.get("severity")
    severity = dict(enumerate(SEVERITIES)).get(number) if isinstance(number, int) else None
    return None if severity is Severity.WARNING else severity


def _condition(properties: Body, criterion: Body, row: NativeMetric, *, counted: bool) -> dict[str, Any] | None:
    statistic = statistic_of(None, str(criterion.get("timeAggregation")), row, counted=counted)
    frequency, window = (duration(properties.get(name)) for name in ("evaluationFrequency", "windowSize"))
    fits = isinstance(frequency, timedelta) and isinstance(window, timedelta) and frequency
    periods = max(1, window // frequency) if fits else 1
    summed = statistic in ("sum", "count")
    comparison = compared(
        str(criterion.get("operator")), (criterion.get("threshold") or 0) / (periods if summed else 1), row
    )
    if not comparison:
        return None
    usual = "sum" if counted else "average"
    given = {"statistic": statistic} if statistic not in ("average", usual) else {}
    return {**given, **comparison, "period": frequency, "periods": periods}


def _target(action: Body, groups: Sequence[Resource]) -> str:
    """The address behind an action group of ours, else its id."""
    identity = str(action.get("actionGroupId", ""))
    for group in groups:
        if group.mark is not None and same_id(str(group.attributes["id"]), identity):
            properties: Body = group.body.get("properties") or {}
            for receiver in (*(properties.get("emailReceivers") or ()), *(properties.get("webhookReceivers") or ())):
                return str(receiver.get("emailAddress") or receiver.get("serviceUri"))
    return identity
