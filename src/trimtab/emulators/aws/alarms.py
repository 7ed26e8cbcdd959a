"""CloudWatch alarms: put, described, deleted, set; `evaluation` looks at them over time."""

import re
from datetime import timedelta
from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, at_most, page, reordered
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.evaluation import change_state, forget, wake, watch
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.alarms import timing_problem

_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_KEPT = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
_COMBINED = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")
_PERCENTILE = re.compile(r"p(\d{1,2}(\.\d{1,10})?|100)")
_MISSING = ("breaching", "notBreaching", "ignore", "missing")


def put_metric_alarm(call: Call) -> Answer:
    """An alarm, new or replaced as a whole; its state stays."""
    params = dict(call.params)
    _check(params)
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
        **{field: reordered(params.get(field) or []) for field in _ACTIONS},
        **_metric(params),
        **state,
        "AlarmArn": arn,
        "AlarmConfigurationUpdatedTimestamp": now,
    }
    watch(call.region, call.region.alarms[name])
    return None


def describe_alarms(call: Call) -> Answer:
    """The alarms by name."""
    at_most(call, "AlarmNames", 100)
    params = call.params
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        raise invalid("AlarmNamePrefix and AlarmNames cannot be specified at the same time")
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    alarms = [alarm for _, alarm in sorted(call.region.alarms.items()) if _is_wanted(alarm, params)]
    if "MetricAlarm" not in kinds:
        alarms = []
    answer = page(call, alarms, "MetricAlarms", default=50, bad_token="InvalidNextToken")
    return {"CompositeAlarms": [], **answer}


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


def delete_alarms(call: Call) -> Answer:
    """Alarms gone; if one of the names is unknown, none is deleted."""
    at_most(call, "AlarmNames", 100)
    names = call.params["AlarmNames"]
    missing = [name for name in names if name not in call.region.alarms]
    if missing:
        raise ServiceError("ResourceNotFound", f"Alarm not found: {', '.join(missing)}", 404)
    for name in set(names):
        alarm = call.region.alarms.pop(name)
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
        if name in call.region.alarms:
            call.region.alarms[name]["ActionsEnabled"] = True
            if name in call.region.watches:
                wake(call.region, call.region.watches[name])
    return None


def disable_alarm_actions(call: Call) -> Answer:
    """Alarms that do not act."""
    for name in call.params["AlarmNames"]:
        if name in call.region.alarms:
            call.region.alarms[name]["ActionsEnabled"] = False
    return None


def list_tags_for_resource(call: Call) -> Answer:
    """The tags of an alarm, by key."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(_tags(call).items())]}


def tag_resource(call: Call) -> Answer:
    """An alarm with these tags."""
    _tags(call).update({tag["Key"]: tag["Value"] for tag in call.params["Tags"]})
    return None


def untag_resource(call: Call) -> Answer:
    """An alarm without these tags."""
    for key in call.params["TagKeys"]:
        _tags(call).pop(key, None)
    return None


def _check(params: dict[str, Any]) -> None:
    for field in _ACTIONS:
        _check_actions(params.get(field) or [], field)
    if params.get("EvaluationCriteria") is not None:
        return
    if params.get("EvaluationPeriods") is None:
        raise invalid("The parameter EvaluationPeriods is required")
    if params.get("Metrics") is None:
        _check_metric(params)
    elif any(params.get(name) for name in _COMBINED):
        raise invalid(f"Parameter Metrics cannot be combined with any of {', '.join(_COMBINED)}")
    periods, datapoints = params["EvaluationPeriods"], params.get("DatapointsToAlarm")
    if datapoints is not None and datapoints > periods:
        raise invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    if params.get("Threshold") is None and params.get("ThresholdMetricId") is None:
        raise invalid("Either Threshold or ThresholdMetricId must be specified")
    if params.get("TreatMissingData", "missing") not in _MISSING:
        raise invalid(f"Invalid TreatMissingData, valid values are: {', '.join(_MISSING)}")
    _check_percentile(params)


def _check_metric(params: dict[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        if params.get(name) is None:
            raise invalid(f"The parameter {name} is required when Metrics is not specified")
    if (params.get("Statistic") is None) == (params.get("ExtendedStatistic") is None):
        raise invalid("Exactly one of Statistic and ExtendedStatistic must be specified")
    problem = timing_problem(timedelta(seconds=params["Period"]), params["EvaluationPeriods"])
    if problem is not None:
        raise invalid(f"Invalid period: {problem}")


def _check_percentile(params: dict[str, Any]) -> None:
    extended = params.get("ExtendedStatistic")
    if extended is not None and not _PERCENTILE.fullmatch(extended):
        raise invalid(f"The value {extended} for parameter ExtendedStatistic is not supported")
    low = params.get("EvaluateLowSampleCountPercentile")
    if low is not None and (extended is None or low not in ("evaluate", "ignore")):
        raise invalid("EvaluateLowSampleCountPercentile is evaluate or ignore, and goes with a percentile")


def _check_actions(actions: list[str], field: str) -> None:
    if len(set(actions)) != len(actions):
        raise invalid(f"{field} must not name an action twice")
    for arn in actions:
        if not arn.startswith("arn:"):
            raise invalid(f"Invalid arn syntax: {arn}")


def _metric(params: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "Dimensions": reordered(params.get("Dimensions") or [], key=lambda each: (each["Name"], each["Value"]))
    }
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
    if name not in call.region.alarms:
        raise ServiceError("ResourceNotFound", f"Alarm not found: {name}", 404)
    return call.region.alarms[name]


def _tags(call: Call) -> dict[str, str]:
    arn = call.params["ResourceARN"]
    if arn not in call.region.alarm_tags:
        raise ServiceError("ResourceNotFoundException", f"Resource not found: {arn}", 404)
    return call.region.alarm_tags[arn]
