"""Scaling policies: put, describe and delete."""

from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, at_most, find_group, page
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.forecasts import arm_forecast
from trimtab.emulators.aws.policy_checks import check_policy
from trimtab.emulators.aws.tracking import drop_alarms, make_alarms
from trimtab.emulators.aws.world import Region, new_id
from trimtab.emulators.shared.errors import ServiceError

_PREDICTIVE = {"Mode": "ForecastOnly", "MaxCapacityBreachBehavior": "HonorMaxCapacity"}


def put_scaling_policy(call: Call) -> Answer:
    """The ARN of a policy, new or replaced."""
    group = find_group(call)
    params = dict(call.params)
    kind = params.setdefault("PolicyType", "SimpleScaling")
    check_policy(kind, params)
    key = (group.name, params["PolicyName"])
    earlier = call.region.policies.get(key)
    if earlier and earlier["PolicyType"] != kind:
        raise invalid("Policy type cannot be changed from " + earlier["PolicyType"])
    arn = earlier["PolicyARN"] if earlier else _new_arn(call.region, *key)
    policy = call.region.policies[key] = _with_defaults(params, arn)
    if kind == "TargetTrackingScaling" and not (earlier and _is_same(earlier, policy)):
        make_alarms(call.region, policy)
    if kind == "PredictiveScaling":
        arm_forecast(call.region, key)
    return {"PolicyARN": arn, "Alarms": alarms_of(call.region, arn)}


def describe_policies(call: Call) -> Answer:
    """The policies by group and name, with the alarms that trigger them."""
    at_most(call, "PolicyNames", 50)
    names = set(call.params.get("PolicyNames") or ())
    types = set(call.params.get("PolicyTypes") or ())
    group = call.params.get("AutoScalingGroupName")
    policies = [
        policy
        for (owner, name), policy in sorted(call.region.policies.items())
        if group in (None, owner)
        and (not names or name in names or policy["PolicyARN"] in names)
        and (not types or policy["PolicyType"] in types)
    ]
    answer = page(call, policies, "ScalingPolicies")
    alarms = _alarms_by_action(call.region)
    answer["ScalingPolicies"] = [
        {**policy, "Alarms": alarms.get(policy["PolicyARN"], [])} for policy in answer["ScalingPolicies"]
    ]
    return answer


def delete_policy(call: Call) -> Answer:
    """One policy gone; alarms that others made for it stay, as they do in the service."""
    policy = find_policy(call)
    drop_policy(call.region, (policy["AutoScalingGroupName"], policy["PolicyName"]))
    return None


def drop_policy(region: Region, key: tuple[str, str]) -> None:
    """Delete a policy with the alarms that it made itself."""
    policy = region.policies.pop(key)
    region.forecasts.pop(key, None)
    drop_alarms(region, policy["PolicyARN"])


def find_policy(call: Call) -> dict[str, Any]:
    """The policy that a call names by ARN, or by name and group."""
    wanted, group = call.params["PolicyName"], call.params.get("AutoScalingGroupName")
    if group:
        find_group(call, group)
    for (owner, name), policy in call.region.policies.items():
        if policy["PolicyARN"] == wanted or (name == wanted and owner == group):
            return policy
    raise invalid("Policy not found" if group else "Group name is required when the policy is given by name")


def _is_same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return bool(first["TargetTrackingConfiguration"] == second["TargetTrackingConfiguration"])


def alarms_of(region: Region, arn: str) -> list[dict[str, str]]:
    """The alarms that name `arn` among their actions."""
    return _alarms_by_action(region).get(arn, [])


def _alarms_by_action(region: Region) -> dict[str, list[dict[str, str]]]:
    alarms: dict[str, list[dict[str, str]]] = {}
    for name, alarm in sorted(region.alarms.items()):
        for arn in alarm["AlarmActions"]:
            alarms.setdefault(arn, []).append({"AlarmName": name, "AlarmARN": alarm["AlarmArn"]})
    return alarms


def _with_defaults(params: dict[str, Any], arn: str) -> dict[str, Any]:
    policy = {"Enabled": True, "StepAdjustments": [], **params, "PolicyARN": arn}
    if policy["PolicyType"] == "StepScaling":
        policy.setdefault("MetricAggregationType", "Average")
    predictive = policy.get("PredictiveScalingConfiguration")
    if predictive:
        policy["PredictiveScalingConfiguration"] = {**_PREDICTIVE, **predictive}
    tracking = policy.get("TargetTrackingConfiguration")
    if tracking:
        policy["TargetTrackingConfiguration"] = {"DisableScaleIn": False, **tracking}
    return policy


def _new_arn(region: Region, group: str, name: str) -> str:
    if sum(owner == group for owner, _ in region.policies) >= 50:
        raise ServiceError("LimitExceeded", f"The group {group} has 50 scaling policies already")
    return region.arn("autoscaling", f"scalingPolicy:{new_id()}:autoScalingGroupName/{group}:policyName/{name}")
