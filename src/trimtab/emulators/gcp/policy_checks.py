"""What Cloud Monitoring refuses about an alert policy."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from trimtab.emulators.gcp.aggregation import read_aggregation
from trimtab.emulators.gcp.alignment import check_aligner
from trimtab.emulators.gcp.descriptors import Descriptors, is_own
from trimtab.emulators.gcp.filters import invalid, parse_filter
from trimtab.emulators.gcp.monitoring_bodies import check_user_labels
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.moments import read_seconds

MINUTE = timedelta(minutes=1)
LONGEST = timedelta(hours=23, minutes=30)
LONGEST_PERIOD = timedelta(seconds=90_000)
SHORTEST_ABSENCE = timedelta(seconds=120)
MOST_CONDITIONS, MOST_CHANNELS, LONGEST_NAME = 6, 16, 512
SOONEST_CLOSE = timedelta(minutes=30)
KINDS = (
    "conditionThreshold",
    "conditionAbsent",
    "conditionMatchedLog",
    "conditionMonitoringQueryLanguage",
    "conditionPrometheusQueryLanguage",
    "conditionSql",
)
Body = Mapping[str, Any]


def check_policy(policy: Body, *, descriptors: Descriptors, has_channel: Callable[[str], bool]) -> None:
    """
    Refuse a policy that the service does not take (AlertPolicy, Cloud Monitoring API v3).

    Raises:
        ServiceError: INVALID_ARGUMENT with the field and the reason, or NOT_FOUND for a metric that nobody wrote.
    """
    name = policy.get("displayName", "")
    if not 0 < len(name) <= LONGEST_NAME:
        raise invalid("alert_policy.display_name", name, f"A name has 1 to {LONGEST_NAME} characters.")
    if policy.get("combiner", "COMBINE_UNSPECIFIED") == "COMBINE_UNSPECIFIED":
        raise invalid("alert_policy.combiner", "COMBINE_UNSPECIFIED", "How conditions combine must be specified.")
    check_user_labels(policy, "alert_policy.user_labels")
    _check_channels(policy, has_channel)
    _check_strategy(policy)
    conditions = policy.get("conditions") or []
    if not 1 <= len(conditions) <= MOST_CONDITIONS:
        text = f"A policy has from one to {MOST_CONDITIONS} conditions."
        raise invalid("alert_policy.conditions", str(len(conditions)), text)
    for number, condition in enumerate(conditions):
        _check_condition(condition, f"alert_policy.conditions[{number}]", descriptors)


def _check_channels(policy: Body, has_channel: Callable[[str], bool]) -> None:
    channels = policy.get("notificationChannels") or []
    if len(channels) > MOST_CHANNELS:
        text = f"A policy has at most {MOST_CHANNELS} channels."
        raise invalid("alert_policy.notification_channels", str(len(channels)), text)
    for number, channel in enumerate(channels):
        if not has_channel(channel):
            text = "The notification channel does not exist."
            raise invalid(f"alert_policy.notification_channels[{number}]", channel, text)


def _check_strategy(policy: Body) -> None:
    strategy = policy.get("alertStrategy") or {}
    if "notificationRateLimit" in strategy:
        text = "metric-based alert policies must not specify a notification rate limit"
        raise invalid("alertStrategy.notificationRateLimit", strategy["notificationRateLimit"].get("period", ""), text)
    if "autoClose" in strategy and read_seconds(strategy["autoClose"]) < SOONEST_CLOSE:
        raise invalid("alertStrategy.autoClose", strategy["autoClose"], "The value must be at least 30 minutes.")
    if "NOTIFICATION_PROMPT_UNSPECIFIED" in strategy.get("notificationPrompts", ()):
        text = "A prompt is OPENED or CLOSED."
        raise invalid("alertStrategy.notificationPrompts", "NOTIFICATION_PROMPT_UNSPECIFIED", text)


def _check_condition(condition: Body, where: str, descriptors: Descriptors) -> None:
    kinds = [kind for kind in KINDS if kind in condition]
    if len(kinds) != 1:
        raise invalid(where, ", ".join(kinds), "A condition is of exactly one kind.")
    kind, given = kinds[0], condition[kinds[0]]
    match kind:
        case "conditionThreshold":
            _check_threshold(given, f"{where}.condition_threshold", descriptors)
        case "conditionAbsent":
            _check_absence(given, f"{where}.condition_absent", descriptors)
        case "conditionPrometheusQueryLanguage":
            _check_query(given, f"{where}.condition_prometheus_query_language")
        case _:
            raise ServiceError("UNIMPLEMENTED", f"{where}: the emulator has no {kind}", 501)


def _check_threshold(given: Body, where: str, descriptors: Descriptors) -> None:
    comparison = given.get("comparison", "COMPARISON_UNSPECIFIED")
    if comparison not in ("COMPARISON_GT", "COMPARISON_LT"):
        raise invalid(f"{where}.comparison", comparison, "Only COMPARISON_LT and COMPARISON_GT are supported.")
    held = _check_duration(given, where, shortest=timedelta(0))
    missing = given.get("evaluationMissingData")
    if missing is not None and held < MINUTE:
        text = "Conditions setting evaluation_missing_data must have a non-zero duration."
        raise invalid(f"{where}.evaluation_missing_data", missing, text)
    if "denominatorFilter" in given or "forecastOptions" in given:
        raise ServiceError("UNIMPLEMENTED", f"{where}: the emulator has no ratios and no forecasts", 501)
    _check_series(given, where, descriptors)


def _check_absence(given: Body, where: str, descriptors: Descriptors) -> None:
    _check_duration(given, where, shortest=SHORTEST_ABSENCE)
    _check_series(given, where, descriptors)


def _check_duration(given: Body, where: str, *, shortest: timedelta) -> timedelta:
    text = given.get("duration", "0s")
    held = read_seconds(text)
    if held % MINUTE or not shortest <= held <= LONGEST:
        reason = f"The duration is a multiple of a minute from {shortest.seconds} to {LONGEST.seconds} seconds."
        raise invalid(f"{where}.duration", text, reason)
    return held


def _check_series(given: Body, where: str, descriptors: Descriptors) -> None:
    text = given.get("filter", "")
    wanted = parse_filter(text, field=f"{where}.filter")
    metric = wanted.exact("metric.type")
    if metric is None:
        raise invalid(f"{where}.filter", text, 'must specify a restriction on "metric.type" in the filter')
    if wanted.exact("resource.type") is None:
        raise invalid(f"{where}.filter", text, 'must specify a restriction on "resource.type" in the filter')
    if is_own(metric) and descriptors.find(metric) is None:
        later = "If a metric was created recently, there could be a delay of up to 10 minutes until it becomes"
        raise ServiceError(
            "NOT_FOUND",
            f'Cannot find metric that matches type = "{metric}". {later} available. Please try again soon.',
            404,
        )
    _check_aggregations(given.get("aggregations") or [], where, *descriptors.shape(metric))


def _check_aggregations(given: list[Body], where: str, kind: str, value_type: str) -> None:
    if len(given) > 2:
        raise invalid(f"{where}.aggregations", str(len(given)), "At most two aggregations can be set.")
    for number, body in enumerate(given):
        aggregation = read_aggregation(body, field=f"{where}.aggregations[{number}]")
        if aggregation.period > LONGEST_PERIOD:
            text = "The alignment period is at most 90,000 seconds."
            raise invalid(f"{where}.aggregations[{number}].alignmentPeriod", body["alignmentPeriod"], text)
    if given:
        check_aligner(given[0].get("perSeriesAligner", "ALIGN_NONE"), kind, value_type)


def _check_query(given: Body, where: str) -> None:
    if not given.get("query", "").strip():
        raise invalid(f"{where}.query", "", "The query must not be empty.")
    every = read_seconds(given.get("evaluationInterval", "30s"))
    if every <= timedelta(0) or every % timedelta(seconds=30):
        text = "The interval is a positive multiple of 30 seconds."
        raise invalid(f"{where}.evaluation_interval", given["evaluationInterval"], text)
