"""Alert policies in the words of the model."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from trimtab.models import MissingData
from trimtab.providers.gcp.alerts import ACROSS, CLOSED, MINUTE, OVER_TIME, PERCENTILES
from trimtab.providers.gcp.importing.metrics import metric_of
from trimtab.providers.gcp.metrics import from_native
from trimtab.providers.gcp.names import MISSING, read_span
from trimtab.providers.importing.names import legal
from trimtab.providers.leaves import Reply

C = "conditions[0].conditionThreshold"
READ_ONLY: Mapping[str, str] = {
    "name|displayName|conditions\\[0\\]\\.(name|displayName)|combiner": "the policy itself",
    "creationRecord\\..*|mutationRecord\\..*|validity.*|userLabels\\..*": "kept by Cloud Monitoring",
    "severity|documentation\\.mimeType|alertStrategy\\.autoClose": "as of every alarm",
    f"{re.escape(C)}\\.trigger\\.count": "one series is enough",
}
_KIND = re.compile(r'metric\.type\s*=\s*"([^"]+)"')
_COMPARED = {"COMPARISON_GT": "above", "COMPARISON_LT": "below"}
_MISSING = {native: ours for ours, native in MISSING.items()}
_STATISTICS = {native: ours for ours, native in ACROSS.items() if ours != "count"}


def alarm_of(
    reply: Reply, native: str, fleet_group: str, channels: Mapping[str, Mapping[str, Any]]
) -> tuple[str, dict[str, Any]] | None:
    """The name and the fields of an alarm; `None` where no alarm says what a policy does."""
    conditions: Sequence[Mapping[str, Any]] = reply.peek("conditions") or ()
    threshold = conditions[0].get("conditionThreshold") if len(conditions) == 1 else None
    kind = _KIND.search(str((threshold or {}).get("filter", "")))
    if threshold is None or kind is None:
        return None
    known = metric_of(kind[1], str(threshold["filter"]), native, shared=False)
    aggregations: Sequence[Mapping[str, Any]] = threshold.get("aggregations") or ()
    word = _COMPARED.get(str(threshold.get("comparison")))
    if known is None or len(aggregations) != 1 or word is None:
        return None
    metric, row = known
    statistic = _statistic(aggregations[0])
    if statistic is None:
        return None
    for name, ours in _CARRIED.items():
        reply.take(f"{C}.{name}", ours)
    period = read_span(str(aggregations[0]["alignmentPeriod"]))
    held = read_span(str(threshold.get("duration", "0s")))
    value = float(threshold.get("thresholdValue") or 0)
    missing = _MISSING.get(str(threshold.get("evaluationMissingData")))
    found: dict[str, Any] = {
        "metric": metric,
        word: value if statistic == "count" else from_native(value, row),
        "period": period,
        **_periods(held, period, missing),
        "enabled": bool(reply.take("enabled", "alarms.*.enabled")),
        **_told(reply, channels),
    }
    if statistic != ("sum" if row.counts else "average"):
        found["statistic"] = statistic
    if missing is not None:
        found["missing"] = missing.value
    if text := reply.take("documentation.content", "alarms.*.description"):
        found["description"] = text
    name = str(reply.body.get("displayName", "")).removeprefix(fleet_group)
    return legal(name, "alarm"), found


_CARRIED = {
    "filter": "alarms.*.metric",
    "comparison": "alarms.*.above",
    "thresholdValue": "alarms.*.above",
    "duration": "alarms.*.periods",
    "aggregations": "alarms.*.statistic",
    "evaluationMissingData": "alarms.*.missing",
}


def _statistic(aggregation: Mapping[str, Any]) -> str | None:
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


def _told(reply: Reply, channels: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    names = reply.take("notificationChannels", "alarms.*.notify") or ()
    prompts = reply.take("alertStrategy.notificationPrompts", "alarms.*.notify")
    targets = [_target(str(name), channels) for name in names]
    found: dict[str, list[str]] = {}
    if targets and (prompts is None or "OPENED" in prompts):
        found["notify"] = targets
    if targets and (prompts is None or CLOSED in prompts):
        found["notify_ok"] = targets
    return found


def _target(name: str, channels: Mapping[str, Mapping[str, Any]]) -> str:
    """The address that a channel of a fleet's own tells, else the channel."""
    channel = channels.get(name)
    labels: Mapping[str, str] = (channel or {}).get("labels") or {}
    ours = (channel or {}).get("userLabels", {}).get("trimtab-fleet")
    address = labels.get("email_address") or labels.get("url") or labels.get("topic")
    return address if ours and address else name
