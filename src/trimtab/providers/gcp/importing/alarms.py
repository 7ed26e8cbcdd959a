"""Alert policies in the words of the model."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from trimtab.models import MissingData, Severity
from trimtab.plan import Resource
from trimtab.providers.gcp.alarms import ACROSS, CLOSED, MINUTE, OPENED, OVER_TIME, PERCENTILES, SEVERITIES
from trimtab.providers.gcp.importing.metrics import metric_of
from trimtab.providers.gcp.metrics import from_native
from trimtab.providers.gcp.names import MISSING, read_span
from trimtab.providers.importing import legal_item
from trimtab.providers.metrics import writes_count

_KIND = re.compile(r'metric\.type\s*=\s*"([^"]+)"')
_COMPARED = {"COMPARISON_GT": "above", "COMPARISON_LT": "below"}
_MISSING = {native: ours for ours, native in MISSING.items()}
_SEVERITIES = {native: ours for ours, native in SEVERITIES.items()}
_STATISTICS = {native: ours for ours, native in ACROSS.items() if ours != "count"}
Body = Mapping[str, Any]


def read_alert(
    policy: Resource, native: str, prefix: str, channels: Mapping[str, Resource]
) -> tuple[str, dict[str, Any]] | str:
    """
    The name and the fields of an alarm; the reason why no alarm says what a policy does.

    Args:
        policy: As a plan reads it.
        native: The group's name in the cloud.
        prefix: What alarms of the group begin with.
        channels: The notification channels that it may tell, by their names in the API.
    """
    conditions: Sequence[Body] = policy.body.get("conditions") or ()
    if len(conditions) != 1:
        return f"it has {len(conditions)} conditions; an alarm of the model has one"
    threshold = conditions[0].get("conditionThreshold")
    if threshold is None:
        return "its condition does not compare a metric with a threshold"
    kind = _KIND.search(str(threshold.get("filter") or ""))
    known = metric_of(kind[1], str(threshold["filter"]), native, shared=False) if kind else None
    if known is None:
        return "the model has no metric for its filter"
    aggregations: Sequence[Body] = threshold.get("aggregations") or ()
    word = _COMPARED.get(str(threshold.get("comparison")))
    statistic = _statistic(aggregations[0]) if len(aggregations) == 1 else None
    if statistic is None or word is None:
        return "alarms cannot combine or compare its points like that"
    metric, row = known
    period = _span(aggregations[0].get("alignmentPeriod")) or MINUTE
    missing = _MISSING.get(str(threshold.get("evaluationMissingData")))
    value = float(threshold.get("thresholdValue") or 0)
    fields: dict[str, Any] = {
        "metric": metric,
        word: value if statistic == "count" else from_native(value, row),
        "period": period,
        **_periods(_span(threshold.get("duration")), period, missing),
        "enabled": policy.body.get("enabled") is not False,
        **_told(policy.body, channels),
    }
    if statistic != ("sum" if writes_count(metric) else "average"):
        fields["statistic"] = statistic
    if missing is not None:
        fields["missing"] = missing.value
    severity = _SEVERITIES.get(str(policy.body.get("severity")))
    if severity not in (None, Severity.WARNING):
        fields["severity"] = severity
    if text := (policy.body.get("documentation") or {}).get("content"):
        fields["description"] = text
    return legal_item(policy.key.name.removeprefix(prefix), "alarm"), fields


def _span(text: Any) -> timedelta:
    try:
        return read_span(str(text))
    except ValueError:
        return timedelta(0)


def _statistic(aggregation: Body) -> str | None:
    across = str(aggregation.get("crossSeriesReducer", ""))
    for name, number in PERCENTILES.items():
        if across == f"REDUCE_PERCENTILE_{number}":
            return name
    if aggregation.get("perSeriesAligner") == OVER_TIME["count"]:
        return "count"
    return _STATISTICS.get(across)


def _periods(held: timedelta, period: timedelta, missing: MissingData | None) -> dict[str, int]:
    """How many periods breach, one after the other; a minute is the least where missing data count."""
    more = 0 if missing is not None and held <= MINUTE and period > MINUTE else held // period
    return {"periods": more + 1} if more else {}


def _told(policy: Body, channels: Mapping[str, Resource]) -> dict[str, list[str]]:
    prompts = (policy.get("alertStrategy") or {}).get("notificationPrompts")
    targets = [_target(str(name), channels) for name in policy.get("notificationChannels") or ()]
    fields: dict[str, list[str]] = {}
    if targets and (prompts is None or OPENED in prompts):
        fields["notify"] = targets
    if targets and (prompts is None or CLOSED in prompts):
        fields["notify_ok"] = targets
    return fields


def _target(name: str, channels: Mapping[str, Resource]) -> str:
    """The address that a channel of a fleet's own tells, else the channel."""
    channel = channels.get(name)
    labels: Mapping[str, str] = (channel.body.get("labels") or {}) if channel is not None and channel.mark else {}
    return labels.get("email_address") or labels.get("url") or labels.get("topic") or name
