"""A policy acted on once, as ExecutePolicy does."""

from typing import Any

from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.calls import Answer, Call, find_group
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.policies import find_policy
from trimtab.emulators.aws.scaling import adjusted, cool_down, is_cooling, stepped
from trimtab.emulators.aws.sizes import apply
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import Sizes, Trigger, bound, waits_for_cooldown


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
