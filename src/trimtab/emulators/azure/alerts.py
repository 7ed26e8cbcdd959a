"""Metric alerts: whether the condition of a rule holds at a moment. Dynamic thresholds are kept, and never fire."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from trimtab.emulators.azure.autoscale import Read
from trimtab.emulators.azure.datapoints import StoredValue
from trimtab.emulators.shared.moments import read_iso_span
from trimtab.engine.aggregates import TimeAggregation, over_time
from trimtab.engine.rules import Operator

CURRENT = "Y3VycmVudFN0YXR1cw=="
"""The name of the one status of a rule: `currentStatus` in Base64."""


class AlertState(StrEnum):
    """What a rule is in."""

    UNKNOWN = "Unknown"
    FIRED = "Fired"
    RESOLVED = "Resolved"


_WORDS = {AlertState.UNKNOWN: "Unknown", AlertState.FIRED: "Unhealthy", AlertState.RESOLVED: "Healthy"}


def evaluate_alert(alert: Mapping[str, Any], *, now: datetime, read: Read) -> AlertState:
    """
    `FIRED` where the condition of a rule holds for one of its resources: all criteria over the window up to `now`.

    Args:
        alert: The rule as Resource Manager stores it.
        now: When.
        read: The values of a metric.
    """
    properties = alert["properties"]
    start = now - read_iso_span(properties["windowSize"])
    states = [_of_resource(properties, scope, start, now, read) for scope in properties["scopes"]]
    return next((state for state in (AlertState.FIRED, AlertState.RESOLVED) if state in states), AlertState.UNKNOWN)


def metrics_of(alert: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str]]:
    """The resource, namespace and name of each metric that a rule looks at."""
    properties = alert["properties"]
    for scope in properties["scopes"]:
        for each in properties["criteria"].get("allOf") or ():
            yield str(scope), each.get("metricNamespace"), str(each["metricName"])


def longest_window(alert: Mapping[str, Any]) -> timedelta:
    """How far back a rule looks."""
    return read_iso_span(alert["properties"]["windowSize"])


def status_body(alert: Mapping[str, Any], state: AlertState, *, at: str) -> dict[str, Any]:
    """The reply of `/status`."""
    status = {
        "id": f"{alert['id']}/status/{CURRENT}",
        "name": CURRENT,
        "type": "Microsoft.Insights/metricAlerts/status",
        "properties": {"dimensions": {}, "status": _WORDS[state], "timestamp": at},
    }
    return {"value": [status]}


def _of_resource(properties: Mapping[str, Any], scope: str, start: datetime, now: datetime, read: Read) -> AlertState:
    criteria = properties["criteria"].get("allOf") or ()
    holds = [_is_met(each, _series(each, scope, start, now, read)) for each in criteria]
    if not holds or None in holds:
        return AlertState.UNKNOWN
    return AlertState.FIRED if all(holds) else AlertState.RESOLVED


def _is_met(criterion: Mapping[str, Any], series: Sequence[Sequence[StoredValue]]) -> bool | None:
    """Whether any series meets a criterion; `None` where that cannot be said."""
    if "threshold" not in criterion:
        return None
    operator = next(each for each in Operator if each.value.lower() == str(criterion["operator"]).lower())
    aggregation = next(
        each for each in TimeAggregation if each.value.lower() == str(criterion["timeAggregation"]).lower()
    )
    values = [over_time([each.value for each in measured], aggregation) for measured in series]
    known = [float(value) for value in values if value is not None]
    return any(operator.holds(value, float(criterion["threshold"])) for value in known) if known else None


def _series(
    criterion: Mapping[str, Any], scope: str, start: datetime, now: datetime, read: Read
) -> list[list[StoredValue]]:
    """The values of a metric, apart by the dimensions that the criterion names."""
    wanted = {
        str(each["name"]).lower(): (
            str(each["operator"]).lower() == "include",
            frozenset(str(value).lower() for value in each["values"]),
        )
        for each in criterion.get("dimensions") or ()
    }
    namespace, metric = criterion.get("metricNamespace"), str(criterion["metricName"])
    by_dimensions: dict[tuple[str, ...], list[StoredValue]] = {}
    for each in read(scope, namespace, metric, start, now, dimensions=wanted):
        own = {name.lower(): value for name, value in each.dimensions.items()}
        by_dimensions.setdefault(tuple(own.get(name, "") for name in wanted), []).append(each)
    return list(by_dimensions.values())
