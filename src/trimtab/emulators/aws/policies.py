"""Scaling policies: kept, checked, and acted on once by hand."""

from typing import Any

from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.calls import Answer, Call, at_most, find_group, page
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.forecasts import arm_forecast, check_predictive
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.scaling import AMOUNTS, adjusted, cool_down, is_cooling, stepped
from trimtab.emulators.aws.sizes import apply
from trimtab.emulators.aws.tracking import check_tracking, drop_alarms, make_alarms
from trimtab.emulators.aws.world import Region, new_id
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import Sizes, Trigger, bound, waits_for_cooldown
from trimtab.engine.policies import step_problem
from trimtab.providers.aws.constraints import PER_GROUP, POLICY

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
    """The policy that a call names by ARN, by name and group, or by a name that one group alone has given."""
    wanted, group = call.params["PolicyName"], call.params.get("AutoScalingGroupName")
    if group:
        find_group(call, group)
    matches = [
        policy
        for (owner, name), policy in call.region.policies.items()
        if policy["PolicyARN"] == wanted or (name == wanted and group in (None, owner))
    ]
    if len(matches) > 1:
        raise invalid(f"{len(matches)} groups have a policy named {wanted}; name the group too")
    if not matches:
        raise invalid("Policy not found")
    return matches[0]


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
    most, what, _ = PER_GROUP[POLICY]
    if sum(owner == group for owner, _ in region.policies) >= most:
        raise ServiceError("LimitExceeded", f"The group {group} has {most} {what} already")
    return region.arn("autoscaling", f"scalingPolicy:{new_id()}:autoScalingGroupName/{group}:policyName/{name}")


# what PutScalingPolicy refuses


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


def check_policy(kind: str, params: dict[str, Any]) -> None:
    """Refuse a policy that the service refuses."""
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
    if kind == "TargetTrackingScaling":
        check_tracking(params["TargetTrackingConfiguration"])
    if kind == "PredictiveScaling":
        check_predictive(params["PredictiveScalingConfiguration"])


def _check_adjustment(params: dict[str, Any]) -> None:
    kind = params.get("AdjustmentType")
    if kind is not None and kind not in AMOUNTS:
        raise invalid(f"Invalid adjustment type {kind}. Valid types are: {', '.join(sorted(AMOUNTS))}")
    if kind != "PercentChangeInCapacity" and params.get("MinAdjustmentMagnitude") is not None:
        raise invalid("MinAdjustmentMagnitude is only supported for adjustment type PercentChangeInCapacity")
    amounts = [params.get("ScalingAdjustment") or 0]
    amounts += [step["ScalingAdjustment"] for step in params.get("StepAdjustments") or ()]
    if kind == "ExactCapacity" and min(amounts) < 0:
        raise invalid("ScalingAdjustment must be a non-negative value for adjustment type ExactCapacity")
    if params.get("MetricAggregationType", "Average") not in ("Minimum", "Maximum", "Average"):
        raise invalid("Valid metric aggregation types are: Minimum, Maximum, Average")


def _check_steps(steps: list[dict[str, Any]]) -> None:
    bounds = [(step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")) for step in steps]
    problem = step_problem(bounds) if steps else None
    if problem is not None:
        raise invalid(f"Invalid StepAdjustments: {problem.replace('`', '')}")


# acted on once


def execute_policy(call: Call) -> Answer:
    """A group at the size that one of its policies asks for."""
    policy = find_policy(call)
    group = find_group(call, policy["AutoScalingGroupName"])
    if not policy["Enabled"]:
        raise ServiceError("ScalingActivityInProgress", "The policy is disabled")
    kind, honors = policy["PolicyType"], bool(call.params.get("HonorCooldown"))
    if kind == "SimpleScaling":
        refuse_while_cooling(group, honors=honors)
        _execute(group, policy, adjusted(policy, group.desired_capacity))
        cool_down(group, policy)
        return None
    if kind != "StepScaling":
        raise invalid(f"Policies of type {kind} cannot be executed")
    if honors:
        raise invalid("HonorCooldown is not supported for policy type StepScaling")
    _execute(group, policy, _step(call, group, policy))
    return None


def refuse_while_cooling(group: GroupView, *, honors: bool) -> None:
    """Refuse a change by hand that honors the cooldown while there is one."""
    if waits_for_cooldown(Trigger.MANUAL, honor_cooldown=honors) and is_cooling(group):
        text = f"Scaling activity is in progress for the group {group.name}, or it is in a cooldown period"
        raise ServiceError("ScalingActivityInProgress", text)


def _execute(group: GroupView, policy: dict[str, Any], wanted: int) -> None:
    target = bound(wanted, group.min_size, group.max_size)
    cause = (
        f"At {stamp(group.home.world.now())} a user request executed policy {policy['PolicyName']} "
        f"changing the desired capacity from {group.desired_capacity} to {target}."
    )
    apply(group, Sizes(group.min_size, group.max_size, target), cause)


def _step(call: Call, group: GroupView, policy: dict[str, Any]) -> int:
    value, threshold = call.params.get("MetricValue"), call.params.get("BreachThreshold")
    if value is None or threshold is None:
        raise invalid("MetricValue and BreachThreshold are required for policy type StepScaling")
    size = group.desired_capacity
    # on the threshold itself it is the steps that say which side they are for
    is_above = value > threshold or (value == threshold and _has_upper_side(policy))
    new_size = stepped(policy, value, threshold, above=is_above, in_service=size, desired=size)
    if new_size is None:
        raise invalid("No step adjustment found for the metric value and the breach threshold")
    return new_size


def _has_upper_side(policy: dict[str, Any]) -> bool:
    return any(step.get("MetricIntervalUpperBound", 1.0) > 0 for step in policy["StepAdjustments"])
