"""Metric alerts in the words of the model, and whom they tell."""

from collections.abc import Mapping, Sequence
from typing import Any

from trimtab.providers.azure.alerts import SEVERITY
from trimtab.providers.azure.importing.metrics import compared, metric_of, statistic_of
from trimtab.providers.azure.names import read_iso
from trimtab.providers.importing.names import legal
from trimtab.providers.leaves import Reply

CRITERION = "properties.criteria.allOf[0]"
READ_ONLY: Mapping[str, str] = {
    r"id|name|type|location": "the alert itself",
    r"tags\..*": "tags of the alert",
    r"properties\.(scopes\[\d+\]|targetResource.*|isMigrated|lastUpdatedTime)": "what it is about",
    r"properties\.(autoMitigate|criteria\.odata\.type)": "as every alert of one resource",
    r"properties\.criteria\.allOf\[0\]\.(name|criterionType|skipMetricValidation)": "the one condition",
}


def alarm_of(reply: Reply, native: str, groups: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]] | None:
    """The name of an alarm within its group, and its fields; `None` for an alert that the model cannot say."""
    criteria: list[Mapping[str, Any]] = reply.peek("properties.criteria.allOf") or []
    one = criteria[0] if len(criteria) == 1 else None
    if one is None or one.get("criterionType", "StaticThresholdCriterion") != "StaticThresholdCriterion":
        return None
    named = {each["name"]: each["values"][0] for each in one.get("dimensions") or ()}
    scope = (reply.peek("properties.scopes") or [""])[0]
    metric, row = metric_of(scope, one["metricName"], one.get("metricNamespace"), named, shared=False)
    statistic = statistic_of(None, one["timeAggregation"], row)
    frequency = read_iso(reply.peek("properties.evaluationFrequency"))
    window = read_iso(reply.peek("properties.windowSize"))
    periods = max(1, window // frequency)
    summed = statistic in ("sum", "count")
    comparison = compared(one["operator"], one["threshold"] / (periods if summed else 1), row)
    if not comparison:
        return None
    for path, model in _TAKEN.items():
        reply.take(path, f"alarms.*.{model}")
    if reply.peek("properties.severity") != SEVERITY:
        reply.lose("properties.severity", f"alarms of trimtab are of severity {SEVERITY}; a plan writes that")
    else:
        reply.known("properties.severity", "as every alarm of trimtab")
    told = [_target(reply, each, groups) for each in reply.peek("properties.actions") or ()]
    found: dict[str, Any] = {
        "metric": metric,
        **({"statistic": statistic} if statistic not in ("average", "sum" if row.counts else "average") else {}),
        **comparison,
        "period": frequency,
        "periods": periods,
        "notify": told,
        "notify_ok": told,
    }
    if reply.take("properties.enabled", "alarms.*.enabled") is False:
        found["enabled"] = False
    if text := reply.take("properties.description", "alarms.*.description"):
        found["description"] = text
    name = str(reply.body["name"]).removeprefix(f"{native}-")
    return legal(name, "alarm"), found


_TAKEN: Mapping[str, str] = {
    f"{CRITERION}.metricName": "metric",
    f"{CRITERION}.metricNamespace": "metric",
    f"{CRITERION}.dimensions": "metric",
    f"{CRITERION}.timeAggregation": "statistic",
    f"{CRITERION}.operator": "above",
    f"{CRITERION}.threshold": "above",
    "properties.evaluationFrequency": "period",
    "properties.windowSize": "periods",
    "properties.actions": "notify",
}


def _target(reply: Reply, action: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> str:
    """The address behind an action group of ours, else its id."""
    identity = str(action.get("actionGroupId", ""))
    for group in groups:
        ours = any(name.startswith("trimtab-") for name in group.get("tags") or {})
        if ours and group["id"].lower() == identity.lower():
            properties = group["properties"]
            for one in (*(properties.get("emailReceivers") or ()), *(properties.get("webhookReceivers") or ())):
                return str(one.get("emailAddress") or one.get("serviceUri"))
    return identity
