"""A policy acted on once, as ExecutePolicy and alarms do."""

import math
from typing import Any

from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.calls import Answer, Call
from trimtab.emulators.aws.errors import ServiceError, invalid
from trimtab.emulators.aws.group import Group
from trimtab.emulators.aws.groups import find_group
from trimtab.emulators.aws.policies import find_policy
from trimtab.emulators.aws.sizes import Sizes, apply


def execute_policy(call: Call) -> Answer:
    """A group at the size that one of its policies asks for."""
    policy = find_policy(call)
    group = find_group(call, policy["AutoScalingGroupName"])
    if not policy["Enabled"]:
        raise ServiceError("ScalingActivityInProgress", "The policy is disabled")
    change = _change(call, policy)
    wanted = _wanted(policy, group.desired_capacity, change)
    execute(group, policy["PolicyName"], wanted)
    return None


def execute(group: Group, policy: str, wanted: int) -> None:
    """Bring a group to a size, within its bounds, in a policy's name."""
    target = min(max(wanted, group.min_size), group.max_size)
    cause = (
        f"At {stamp(group.home.world.now())} a user request executed policy {policy} "
        f"changing the desired capacity from {group.desired_capacity} to {target}."
    )
    apply(group, Sizes(group.min_size, group.max_size, target), cause)


def _change(call: Call, policy: dict[str, Any]) -> int:
    if policy["PolicyType"] == "SimpleScaling":
        return int(policy["ScalingAdjustment"])
    if policy["PolicyType"] != "StepScaling":
        raise invalid(f"Policies of type {policy['PolicyType']} cannot be executed")
    value, threshold = call.params.get("MetricValue"), call.params.get("BreachThreshold")
    if value is None or threshold is None:
        raise invalid("MetricValue and BreachThreshold are required for policy type StepScaling")
    for step in policy["StepAdjustments"]:
        low = step.get("MetricIntervalLowerBound", -math.inf)
        high = step.get("MetricIntervalUpperBound", math.inf)
        if _within(value - threshold, low, high):
            return int(step["ScalingAdjustment"])
    raise invalid("No step adjustment found for the metric value and the breach threshold")


def _within(distance: float, low: float, high: float) -> bool:
    # above the threshold the lower bound is part of the step, below it the upper one
    # (StepAdjustment, Amazon EC2 Auto Scaling API Reference)
    return low <= distance < high if distance >= 0 else low < distance <= high


def _wanted(policy: dict[str, Any], current: int, change: int) -> int:
    match policy["AdjustmentType"]:
        case "ExactCapacity":
            return change
        case "ChangeInCapacity":
            return current + change
    exact = current * change / 100
    # between 0 and 1 counts as 1, all else loses its fraction (step and simple scaling, user guide)
    amount = math.floor(abs(exact)) if abs(exact) >= 1 else math.ceil(abs(exact))
    amount = max(amount, int(policy.get("MinAdjustmentMagnitude") or 0))
    return current + (amount if change >= 0 else -amount)
