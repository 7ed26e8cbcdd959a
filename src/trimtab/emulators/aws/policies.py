"""Scaling policies: put, describe and delete."""

import itertools
from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, at_most, page
from trimtab.emulators.aws.errors import ServiceError, invalid
from trimtab.emulators.aws.groups import find_group
from trimtab.emulators.aws.world import Region, new_id

ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")
# which fields a type must have, and which only it may have
_REQUIRED = {
    "SimpleScaling": ("AdjustmentType", "ScalingAdjustment"),
    "StepScaling": ("AdjustmentType", "StepAdjustments"),
    "TargetTrackingScaling": ("TargetTrackingConfiguration",),
    "PredictiveScaling": ("PredictiveScalingConfiguration",),
}
_ALLOWED = {
    "SimpleScaling": {"MinAdjustmentStep", "MinAdjustmentMagnitude", "Cooldown"},
    "StepScaling": {"MinAdjustmentMagnitude", "MetricAggregationType", "EstimatedInstanceWarmup"},
    "TargetTrackingScaling": {"EstimatedInstanceWarmup"},
    "PredictiveScaling": set[str](),
}
_ALWAYS = {"AutoScalingGroupName", "PolicyName", "PolicyType", "Enabled"}


def put_scaling_policy(call: Call) -> Answer:
    """The ARN of a policy, new or replaced."""
    group = find_group(call)
    params = dict(call.params)
    kind = params.setdefault("PolicyType", "SimpleScaling")
    _check(kind, params)
    key = (group.name, params["PolicyName"])
    earlier = call.region.policies.get(key)
    if earlier and earlier["PolicyType"] != kind:
        raise invalid("Policy type cannot be changed from " + earlier["PolicyType"])
    arn = earlier["PolicyARN"] if earlier else _new_arn(call.region, *key)
    call.region.policies[key] = _with_defaults(params, arn)
    return {"PolicyARN": arn, "Alarms": alarms_of(call.region, arn)}


def describe_policies(call: Call) -> Answer:
    """The policies by group and name, with the alarms that trigger them."""
    at_most(call, "PolicyNames", 50)
    names = set(call.params.get("PolicyNames") or ())
    types = set(call.params.get("PolicyTypes") or ())
    group = call.params.get("AutoScalingGroupName")
    found = [
        policy
        for (owner, name), policy in sorted(call.region.policies.items())
        if group in (None, owner)
        and (not names or name in names or policy["PolicyARN"] in names)
        and (not types or policy["PolicyType"] in types)
    ]
    answer = page(call, found, "ScalingPolicies")
    alarms = _alarms_by_action(call.region)
    answer["ScalingPolicies"] = [
        {**policy, "Alarms": alarms.get(policy["PolicyARN"], [])} for policy in answer["ScalingPolicies"]
    ]
    return answer


def delete_policy(call: Call) -> Answer:
    """One policy gone; its alarms stay, as they do in the service."""
    policy = find_policy(call)
    del call.region.policies[policy["AutoScalingGroupName"], policy["PolicyName"]]
    return None


def find_policy(call: Call) -> dict[str, Any]:
    """The policy that a call names by ARN, or by name and group."""
    wanted, group = call.params["PolicyName"], call.params.get("AutoScalingGroupName")
    if group:
        find_group(call, group)
    for (owner, name), policy in call.region.policies.items():
        if policy["PolicyARN"] == wanted or (name == wanted and owner == group):
            return policy
    raise invalid("Policy not found" if group else "Group name is required when the policy is given by name")


def alarms_of(region: Region, arn: str) -> list[dict[str, str]]:
    """The alarms that name `arn` among their actions."""
    return _alarms_by_action(region).get(arn, [])


def _alarms_by_action(region: Region) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for name, alarm in sorted(region.alarms.items()):
        for arn in alarm["AlarmActions"]:
            found.setdefault(arn, []).append({"AlarmName": name, "AlarmARN": alarm["AlarmArn"]})
    return found


def _check(kind: str, params: dict[str, Any]) -> None:
    if kind not in _REQUIRED:
        raise invalid(f"Invalid policy type {kind}. Valid types are: {', '.join(_REQUIRED)}")
    for name in _REQUIRED[kind]:
        if params.get(name) is None or params[name] == []:
            raise invalid(f"{name} is required for policy type {kind}")
    for name in params:
        if name not in _ALWAYS | _ALLOWED[kind] | set(_REQUIRED[kind]):
            raise invalid(f"{name} is not supported for policy type {kind}")
    _check_adjustment(params)
    _check_steps(params.get("StepAdjustments") or [])


def _check_adjustment(params: dict[str, Any]) -> None:
    kind = params.get("AdjustmentType")
    if kind is not None and kind not in ADJUSTMENTS:
        raise invalid(f"Invalid adjustment type {kind}. Valid types are: {', '.join(ADJUSTMENTS)}")
    if kind != "PercentChangeInCapacity" and params.get("MinAdjustmentMagnitude") is not None:
        raise invalid("MinAdjustmentMagnitude is only supported for adjustment type PercentChangeInCapacity")
    if kind == "ExactCapacity" and params.get("ScalingAdjustment", 0) < 0:
        raise invalid("ScalingAdjustment must be a non-negative value for adjustment type ExactCapacity")
    if params.get("MetricAggregationType", "Average") not in ("Minimum", "Maximum", "Average"):
        raise invalid("Valid metric aggregation types are: Minimum, Maximum, Average")


def _check_steps(steps: list[dict[str, Any]]) -> None:
    infinite = float("inf")
    bounds = sorted(
        (step.get("MetricIntervalLowerBound", -infinite), step.get("MetricIntervalUpperBound", infinite))
        for step in steps
    )
    if any(low >= high for low, high in bounds):
        raise invalid("The upper bound of a step must be greater than the lower bound")
    for (_, high), (low, _) in itertools.pairwise(bounds):
        if high > low:
            raise invalid("StepAdjustments have overlapping intervals")
        if high < low:
            raise invalid("StepAdjustments have a gap between intervals")


def _with_defaults(params: dict[str, Any], arn: str) -> dict[str, Any]:
    policy = {"Enabled": True, "StepAdjustments": [], **params, "PolicyARN": arn}
    if policy["PolicyType"] == "StepScaling":
        policy.setdefault("MetricAggregationType", "Average")
    tracking = policy.get("TargetTrackingConfiguration")
    if tracking:
        policy["TargetTrackingConfiguration"] = {"DisableScaleIn": False, **tracking}
    return policy


def _new_arn(region: Region, group: str, name: str) -> str:
    if sum(owner == group for owner, _ in region.policies) >= 50:
        raise ServiceError("LimitExceeded", f"The group {group} has 50 scaling policies already")
    return region.arn("autoscaling", f"scalingPolicy:{new_id()}:autoScalingGroupName/{group}:policyName/{name}")
