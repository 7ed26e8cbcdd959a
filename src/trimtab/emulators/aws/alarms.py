"""CloudWatch alarms: put, described, deleted, set; `evaluation` looks at them over time."""

from typing import Any

from trimtab.emulators.aws.alarm_actions import ACTIONS, check_topics
from trimtab.emulators.aws.calls import Answer, Call, at_most, page, reordered
from trimtab.emulators.aws.composites import FAMILY, family, find_alarm, refuse_deletion, refuse_name
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.evaluation import change_state, forget, wake, watch
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.trimmed import parse_trim

_KEPT = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
_COMBINED = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")


def put_metric_alarm(call: Call) -> Answer:
    """An alarm, new or replaced as a whole; its state stays."""
    params = dict(call.params)
    _check(params)
    check_topics(call.region.name, params)
    refuse_name(params["AlarmName"], call.region.composites)
    name, now = params["AlarmName"], call.world.now()
    arn = call.region.arn("cloudwatch", f"alarm:{name}")
    tags = params.pop("Tags", [])
    earlier = call.region.alarms.get(name)
    if earlier:
        state = {field: earlier[field] for field in _KEPT if field in earlier}
    else:
        state = {
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": now,
            "StateTransitionedTimestamp": now,
        }
        # on an alarm that exists the tags are ignored (PutMetricAlarm, CloudWatch API Reference)
        call.region.alarm_tags[arn] = {tag["Key"]: tag["Value"] for tag in tags}
    call.region.alarms[name] = {
        "ActionsEnabled": True,
        **params,
        **{field: reordered(params.get(field) or []) for field in ACTIONS.values()},
        **_metric(params),
        **state,
        "AlarmArn": arn,
        "AlarmConfigurationUpdatedTimestamp": now,
    }
    watch(call.region, call.region.alarms[name])
    return None


def describe_alarms(call: Call) -> Answer:
    """The alarms of the kinds that are asked for, by name; metric alarms where none is."""
    at_most(call, "AlarmNames", 100)
    params = call.params
    if any(params.get(name) for name in FAMILY):
        return _by_kind(call, family(call))
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        raise invalid("AlarmNamePrefix and AlarmNames cannot be specified at the same time")
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    stores = {"CompositeAlarm": call.region.composites, "MetricAlarm": call.region.alarms}
    alarms = [alarm for kind, store in stores.items() if kind in kinds for _, alarm in sorted(store.items())]
    return _by_kind(call, [alarm for alarm in alarms if _is_wanted(alarm, params)])


def _by_kind(call: Call, alarms: list[dict[str, Any]]) -> Answer:
    answer = page(call, alarms, "Alarms", default=50, bad_token="InvalidNextToken")
    shown = answer.pop("Alarms")
    by_kind: dict[str, list[dict[str, Any]]] = {"CompositeAlarms": [], "MetricAlarms": []}
    for alarm in shown:
        is_composite = alarm["AlarmName"] in call.region.composites
        by_kind["CompositeAlarms" if is_composite else "MetricAlarms"].append(alarm)
    return {**answer, **by_kind}


def describe_alarms_for_metric(call: Call) -> Answer:
    """The alarms on one metric."""
    wanted = {tuple(each.items()) for each in call.params.get("Dimensions") or []}
    alarms = [
        alarm
        for _, alarm in sorted(call.region.alarms.items())
        if alarm.get("MetricName") == call.params["MetricName"]
        and alarm.get("Namespace") == call.params["Namespace"]
        and (not wanted or {tuple(each.items()) for each in alarm["Dimensions"]} == wanted)
    ]
    return {"MetricAlarms": alarms}


def describe_alarm_history(call: Call) -> Answer:
    """What became of alarms, newest first unless asked otherwise; metric alarms where no kind is named."""
    params = call.params
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    items = [item for item in call.region.alarm_history if _is_in_history(item, params) and item["AlarmType"] in kinds]
    if params.get("ScanBy") != "TimestampAscending":
        items.reverse()
    return page(call, items, "AlarmHistoryItems", default=100, bad_token="InvalidNextToken")


def _is_in_history(item: dict[str, Any], params: dict[str, Any]) -> bool:
    begin, end = params.get("StartDate"), params.get("EndDate")
    return (
        params.get("AlarmName") in (None, item["AlarmName"])
        and params.get("HistoryItemType") in (None, item["HistoryItemType"])
        and (begin is None or item["Timestamp"] >= begin)
        and (end is None or item["Timestamp"] <= end)
    )


def delete_alarms(call: Call) -> Answer:
    """Alarms gone; unknown names are ignored, as CloudWatch does."""
    at_most(call, "AlarmNames", 100)
    names = set(call.params["AlarmNames"])
    refuse_deletion(call.region, names)
    for name in names & {*call.region.alarms, *call.region.composites}:
        alarm = call.region.alarms.pop(name, None) or call.region.composites.pop(name)
        call.region.alarm_tags.pop(alarm["AlarmArn"], None)
        forget(call.region, name)
    return None


def set_alarm_state(call: Call) -> Answer:
    """An alarm in a state, as if it had been evaluated."""
    params = call.params
    alarm = _find(call, params["AlarmName"])
    data = params.get("StateReasonData")
    change_state(call.region, alarm, params["StateValue"], params["StateReason"], data)
    return None


def enable_alarm_actions(call: Call) -> Answer:
    """Alarms that act."""
    for name in call.params["AlarmNames"]:
        if (alarm := find_alarm(call.region, name)) is not None:
            alarm["ActionsEnabled"] = True
            if name in call.region.watches:
                wake(call.region, call.region.watches[name])
    return None


def disable_alarm_actions(call: Call) -> Answer:
    """Alarms that do not act."""
    for name in call.params["AlarmNames"]:
        if (alarm := find_alarm(call.region, name)) is not None:
            alarm["ActionsEnabled"] = False
    return None


def list_tags_for_resource(call: Call) -> Answer:
    """The tags of a resource, by key; none of one that is not there, as CloudWatch answers."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted((_tags(call) or {}).items())]}


def tag_resource(call: Call) -> Answer:
    """A resource with these tags."""
    _tags_of_existing(call).update({tag["Key"]: tag["Value"] for tag in call.params["Tags"]})
    return None


def untag_resource(call: Call) -> Answer:
    """A resource without these tags."""
    tags = _tags_of_existing(call)
    for key in call.params["TagKeys"]:
        tags.pop(key, None)
    return None


def _check(params: dict[str, Any]) -> None:
    if params.get("EvaluationCriteria") is not None:
        return
    if params.get("EvaluationPeriods") is None:
        raise invalid("The parameter EvaluationPeriods is required")
    if params.get("Metrics") is None:
        _check_metric(params)
    elif any(params.get(name) for name in _COMBINED):
        raise invalid(f"Parameter Metrics cannot be combined with any of {', '.join(_COMBINED)}")
    if params.get("Threshold") is None and params.get("ThresholdMetricId") is None:
        raise invalid("Either Threshold or ThresholdMetricId must be specified")
    _check_percentile(params)


def _check_metric(params: dict[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        if params.get(name) is None:
            raise invalid(f"The parameter {name} is required when Metrics is not specified")
    if (params.get("Statistic") is None) == (params.get("ExtendedStatistic") is None):
        raise invalid("Exactly one of Statistic and ExtendedStatistic must be specified")


def _check_percentile(params: dict[str, Any]) -> None:
    extended = params.get("ExtendedStatistic")
    if extended is not None and parse_trim(extended) is None:
        text = f"The value {extended} for parameter ExtendedStatistic is not supported."
        raise ServiceError("InvalidParameterValue", text)
    low = params.get("EvaluateLowSampleCountPercentile")
    if low is not None and low not in ("evaluate", "ignore"):
        where = "Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore."
        raise invalid(f"Option {low} is not supported. {where}")
    if low is not None and extended is None:
        raise invalid("EvaluateLowSampleCountPercentile goes with a percentile")


def _metric(params: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"Dimensions": params.get("Dimensions") or []}
    if params.get("Threshold") is not None:
        fields["Threshold"] = float(params["Threshold"])
    if params.get("Metrics") is not None:
        fields["Metrics"] = [{"ReturnData": True, **query} for query in params["Metrics"]]
    return fields


def _is_wanted(alarm: dict[str, Any], params: dict[str, Any]) -> bool:
    names, prefix, action = (params.get(key) for key in ("AlarmNames", "AlarmNamePrefix", "ActionPrefix"))
    return (
        (not names or alarm["AlarmName"] in names)
        and (not prefix or alarm["AlarmName"].startswith(prefix))
        and (not action or any(each.startswith(action) for each in alarm["AlarmActions"]))
        and params.get("StateValue") in (None, alarm["StateValue"])
    )


def _find(call: Call, name: str) -> dict[str, Any]:
    alarm = find_alarm(call.region, name)
    if alarm is None:
        # the service sends no sentence with it
        raise ServiceError("ResourceNotFound", "", 404)
    return alarm


def _tags(call: Call) -> dict[str, str] | None:
    arn = call.params["ResourceARN"]
    if arn in call.region.alarm_tags:
        return call.region.alarm_tags[arn]
    # rules of Contributor Insights are moto's
    rules = {rule.rule_arn for rule in call.region.cloudwatch.insight_rules.values()}
    tags: dict[str, str] | None = call.region.cloudwatch.tagger.tags.setdefault(arn, {}) if arn in rules else None
    return tags


def _tags_of_existing(call: Call) -> dict[str, str]:
    tags = _tags(call)
    if tags is None:
        # what the SDKs print where the service sends no sentence
        raise ServiceError("ResourceNotFoundException", "Unknown", 404)
    return tags
