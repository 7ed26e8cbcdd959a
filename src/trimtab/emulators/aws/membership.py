"""Instances that join a group and leave it while they run."""

import json
from typing import Any

import moto.autoscaling.models
from moto.ec2.exceptions import InvalidInstanceIdError

from trimtab.emulators.aws import hooks, lifecycle
from trimtab.emulators.aws.activities import begin, finish, stamp
from trimtab.emulators.aws.calls import Answer, Call, at_most, find_group
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.launching import overrides, take_in

_PER_CALL = 20
_DETACHABLE = ("InService", "Standby")


def attach_instances(call: Call) -> Answer:
    """A group with running instances taken in, larger by as many."""
    group, numbers = find_group(call), numbers_of(call)
    instances = [_attachable(call, group, number) for number in numbers]
    states = [_joined(group, instance) for instance in instances]
    wanted = group.desired_capacity + group.units(states)
    if wanted > group.max_size:
        raise sizes_do_not_fit(group, "attach", len(states))
    for state in states:
        now = stamp(call.world.now())
        cause = f"At {now} an instance was added in response to user request. Keeping the capacity at the new {wanted}."
        details = json.dumps({"Availability Zone": state.availability_zone})
        state.activity = begin(group, f"Attaching an existing EC2 instance: {state.instance.id}", cause, details)
        call.region.ec2.create_tags([state.instance.id], {moto.autoscaling.models.ASG_NAME_TAG: group.name})
        group.instance_states.append(state)
        # what runs already has booted
        lifecycle.pend(group, state, 0.0)
    group.set_desired_capacity(wanted)
    return None


def detach_instances(call: Call) -> Answer:
    """A group without some of its instances, which go on running; smaller, or with others in their place."""
    group, shrink = find_group(call), call.params["ShouldDecrementDesiredCapacity"]
    states = [_detachable(group, number) for number in numbers_of(call)]
    before = group.desired_capacity
    wanted = before - group.units(states) if shrink else before
    if wanted < group.min_size:
        raise sizes_do_not_fit(group, "detach", len(states))
    activities = []
    for state in states:
        left = group.desired_capacity
        group.cause = (
            f"At {stamp(call.world.now())} instance {state.instance.id} was detached in response to a user request"
        )
        if shrink:
            group.desired_capacity = left - group.units([state])
            group.cause += f", shrinking the capacity from {left} to {group.desired_capacity}"
        group.cause += "."
        activities.append(_detach(group, state))
    group.set_desired_capacity(wanted)
    return {"Activities": [{**each, "StatusCode": "InProgress", "Progress": 50} for each in activities]}


def numbers_of(call: Call, most: int = _PER_CALL) -> list[str]:
    """The instances that a call names, each once."""
    at_most(call, "InstanceIds", most)
    numbers = list(dict.fromkeys(call.params.get("InstanceIds") or ()))
    if not numbers:
        raise invalid("At least one instance ID must be specified")
    return numbers


def _attachable(call: Call, group: GroupView, number: str) -> Any:
    """
    The instance, if a group may take it in.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html
    """
    try:
        instance = call.region.ec2.get_instance(number)
    except InvalidInstanceIdError:
        raise invalid(f"Instance [{number}] is invalid.") from None
    owner = next((each for each in call.region.groups.values() if _has(each, number)), None)
    if owner is not None:
        raise invalid(f"Instance {number} is already part of AutoScalingGroup {owner.name}")
    if instance.state != "running":
        raise invalid(f"Instance {number} is in state {instance.state}; only running instances can be attached")
    if instance.image_id not in call.region.ec2.amis:
        raise invalid(f"The AMI {instance.image_id} of instance {number} does not exist")
    if instance.placement.zone not in group.availability_zones:
        where = f"Availability Zone {instance.placement.zone}"
        raise invalid(f"Instance {number} is in {where}, which is not part of AutoScalingGroup {group.name}")
    known = call.region.elbv2.target_groups
    for arn in group.target_group_arns:
        if arn in known and known[arn].vpc_id != instance.vpc_id:
            raise invalid(f"Instance {number} is not in the VPC of target group {arn}")
    return instance


def _has(group: GroupView, number: str) -> bool:
    return any(state.instance.id == number for state in (*group.instance_states, *group.warmed))


def _joined(group: GroupView, instance: Any) -> Any:
    weights = {each.get("InstanceType"): each.get("WeightedCapacity") for each in overrides(group)}
    source = getattr(instance, "launched_from", None)
    state = take_in(group, instance, weights.get(instance.instance_type), source)
    state.is_attached = True
    return state


def _detachable(group: GroupView, number: str) -> Any:
    state = group.find(number)
    if state is None:
        raise invalid(f"The instance {number} is not part of Auto Scaling group {group.name}.")
    if state.lifecycle_state not in _DETACHABLE:
        raise invalid(f"The instance {number} is not in InService or Standby.")
    return state


def _detach(group: GroupView, state: Any) -> dict[str, Any]:
    instance = state.instance
    subnet = {"Subnet ID": instance.subnet_id} if getattr(instance, "subnet_id", None) else {}
    details = json.dumps({**subnet, "Availability Zone": state.availability_zone})
    activity = begin(group, f"Detaching EC2 instance: {instance.id}", group.cause, details)
    group.deregister(instance.id)
    hooks.drop_waits(state)
    group.instance_states.remove(state)
    group.ec2_backend.delete_tags([instance.id], {moto.autoscaling.models.ASG_NAME_TAG: group.name})
    instance.launched_from = state.launched_from
    del instance.autoscaling_group
    group.settled = group.home.world.now()
    finish(activity, group.settled)
    return activity


def sizes_do_not_fit(group: GroupView, verb: str, count: int) -> Exception:
    """The refusal of what would leave a group outside its bounds."""
    # https://github.com/LeanerCloud/AutoSpotting/issues/407
    # https://github.com/spacelift-io/terraform-aws-spacelift-workerpool-on-ec2/issues/85
    sizes = f"min-size={group.min_size}, max-size={group.max_size}, and desired-size={group.desired_capacity}"
    instances = f"{count} instance{'s' if count > 1 else ''}"
    return invalid(
        f"AutoScalingGroup {group.name} has {sizes}. To {verb} {instances}, "
        "please update the AutoScalingGroup sizes appropriately."
    )
