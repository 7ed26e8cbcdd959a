"""Auto Scaling groups: create, update, resize and delete."""

from typing import Any

from moto.autoscaling.models import FakeLaunchConfiguration
from moto.ec2.exceptions import InvalidInstanceIdError

from trimtab.emulators.aws import hooks, lifecycle
from trimtab.emulators.aws.activities import newest, stamp
from trimtab.emulators.aws.calls import Answer, Call, at_most, find_group
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group import Group, let_go_later
from trimtab.emulators.aws.group_fields import given_fields, moto_arguments, update_fields, update_source
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.health import find_member
from trimtab.emulators.aws.launch_checks import check_launch, check_source
from trimtab.emulators.aws.maintenance import check_maintenance
from trimtab.emulators.aws.policies import drop_policy, refuse_while_cooling
from trimtab.emulators.aws.purchases import shares_of
from trimtab.emulators.aws.refresh import refuse_while_refreshing
from trimtab.emulators.aws.sizes import apply, changed, checked
from trimtab.emulators.aws.traffic import check_target_groups, targets_of
from trimtab.emulators.aws.world import Region
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import Sizes, termination_problem

_SOURCES = ("LaunchTemplate", "LaunchConfigurationName", "InstanceId", "MixedInstancesPolicy")


def create_auto_scaling_group(call: Call) -> Answer:
    """A new group with its first instances."""
    params = call.params
    name = params["AutoScalingGroupName"]
    _check_new(call, name)
    if params.get("InstanceId"):
        params = {**params, "LaunchConfigurationName": _configuration_of(call, name)}
    low, high = params["MinSize"], params["MaxSize"]
    desired = params.get("DesiredCapacity")
    sizes = checked(Sizes(low, high, low if desired is None else desired))
    now = stamp(call.world.now())
    cause = (
        f"At {now} a user request created an AutoScalingGroup changing the desired capacity from 0 to {sizes.desired}."
    )
    for hook in params.get("LifecycleHookSpecificationList") or ():
        hooks.check(call.region, hook)
    # hooks are there before the first instance
    for hook in params.get("LifecycleHookSpecificationList") or ():
        hooks.put(call.region, name, hook)
    group = Group(call.region, cause, given_fields(params), **moto_arguments(params, sizes))
    group.service_linked_role_arn = params.get("ServiceLinkedRoleARN") or group.service_linked_role_arn
    call.region.groups[name] = group
    group.refresh_targets()
    return None


def update_auto_scaling_group(call: Call) -> Answer:
    """A group with some of its fields changed."""
    params = call.params
    if params["AutoScalingGroupName"] not in call.region.groups:
        raise invalid("AutoScalingGroup name not found - null")
    group = find_group(call)
    sizes = changed(group, params.get("MinSize"), params.get("MaxSize"), params.get("DesiredCapacity"))
    _check_places(call)
    _check_termination(call)
    check_maintenance(params)
    check_source(call.region, params.get("LaunchTemplate"))
    mixed = params.get("MixedInstancesPolicy") or {}
    check_source(call.region, (mixed.get("LaunchTemplate") or {}).get("LaunchTemplateSpecification"))
    check_launch(call.region, params)
    refuse_while_refreshing(group, params)
    update_fields(group, params)
    shares = shares_of(group)
    update_source(group, params)
    group.moves_mix = group.moves_mix or bool(shares and shares_of(group) and shares != shares_of(group))
    before = group.desired_capacity
    cause = (
        f"At {stamp(call.world.now())} a user request update of AutoScalingGroup constraints to "
        f"min: {sizes.min}, max: {sizes.max}, desired: {sizes.desired} "
        f"changing the desired capacity from {before} to {sizes.desired}."
    )
    apply(group, sizes, cause)
    return None


def set_desired_capacity(call: Call) -> Answer:
    """A group at another size."""
    group = find_group(call)
    wanted = call.params["DesiredCapacity"]
    if wanted > group.max_size:
        raise invalid(
            f"New SetDesiredCapacity value {wanted} is above max value {group.max_size} for the AutoScalingGroup."
        )
    if wanted < group.min_size:
        raise invalid(
            f"New SetDesiredCapacity value {wanted} is below min value {group.min_size} for the AutoScalingGroup."
        )
    refuse_while_cooling(group, honors=bool(call.params.get("HonorCooldown")))
    cause = (
        f"At {stamp(call.world.now())} a user request explicitly set group desired capacity changing the "
        f"desired capacity from {group.desired_capacity} to {wanted}."
    )
    apply(group, Sizes(group.min_size, group.max_size, wanted), cause)
    return None


def delete_auto_scaling_group(call: Call) -> Answer:
    """A group gone, or going, with its policies and scheduled actions."""
    name = call.params["AutoScalingGroupName"]
    group = find_group(call)
    _refuse_while_protected(group, forced=bool(call.params.get("ForceDelete")))
    if (group.instance_states or group.warmed) and not call.params.get("ForceDelete"):
        raise ServiceError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
            "request(s) still in the group.",
        )
    had_instances = bool(group.instance_states)
    group.start_deleting()
    forget_parts(call.region, name)
    if had_instances:
        let_go_later(group)
    else:
        del call.region.groups[name]
    return None


def _refuse_while_protected(group: GroupView, *, forced: bool) -> None:
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/resource-deletion-protection.html
    protection = group.fields["DeletionProtection"]
    if protection == "prevent-all-deletion" or (protection == "prevent-force-deletion" and forced):
        raise invalid(
            f"You cannot delete AutoScalingGroup {group.name} because its deletion protection is set to {protection}. "
            "Update the deletion protection setting before you delete the group."
        )


def forget_parts(region: Region, name: str) -> None:
    """Delete what belongs to a group: policies, scheduled actions, hooks, topics, refreshes."""
    for key in [key for key in region.policies if key[0] == name]:
        drop_policy(region, key)
    stores: tuple[dict[Any, Any], ...] = (region.actions, region.hooks, region.topics)
    for store in stores:
        for key in [key for key in store if key[0] == name]:
            del store[key]
    region.refreshes.pop(name, None)


def create_or_update_tags(call: Call) -> Answer:
    """Groups with these tags."""
    for tag in call.params["Tags"]:
        group = find_group(call, tag.get("ResourceId"))
        new_tag = {
            "ResourceId": group.name,
            "ResourceType": "auto-scaling-group",
            "Key": tag["Key"],
            "Value": tag.get("Value", ""),
            "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch", False)),
        }
        group.tags = [*(each for each in group.tags if each["Key"] != tag["Key"]), new_tag]
    return None


def delete_tags(call: Call) -> Answer:
    """Groups without these tags."""
    for tag in call.params["Tags"]:
        group = find_group(call, tag.get("ResourceId"))
        group.tags = [each for each in group.tags if each["Key"] != tag["Key"]]
    return None


def _check_new(call: Call, name: str) -> None:
    if name in call.region.groups:
        raise ServiceError(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        )
    if ":" in name:
        raise invalid("Invalid AutoScalingGroup name: a colon is not allowed")
    if sum(bool(call.params.get(source)) for source in _SOURCES) != 1:
        raise invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter."
        )
    at_most(call, "Tags", 50)
    _check_places(call)
    check_source(call.region, call.params.get("LaunchTemplate"))
    mixed = call.params.get("MixedInstancesPolicy")
    if mixed:
        check_source(call.region, mixed.get("LaunchTemplate", {}).get("LaunchTemplateSpecification"))
    check_launch(call.region, call.params)
    check_target_groups(call, [*(call.params.get("TargetGroupARNs") or ()), *targets_of(_sources(call))])
    _check_termination(call)
    check_maintenance(call.params)


def _configuration_of(call: Call, name: str) -> str:
    """A launch configuration under the group's name, with what an instance has (CreateAutoScalingGroup)."""
    number = call.params["InstanceId"]
    make: Any = FakeLaunchConfiguration.create_from_instance
    try:
        make(name, call.region.ec2.get_instance(number), call.region.autoscaling)
    except InvalidInstanceIdError:
        raise invalid(f"Instance [{number}] is invalid.") from None
    return name


def _sources(call: Call) -> list[dict[str, Any]]:
    return call.params.get("TrafficSources") or []


def _check_termination(call: Call) -> None:
    problem = termination_problem(call.params.get("TerminationPolicies") or ())
    if problem is not None:
        raise invalid(f"Invalid TerminationPolicies: {problem.replace('`', '')}")


def _check_places(call: Call) -> None:
    known = {each for zone in call.region.ec2.subnets.values() for each in zone}
    for subnet in (call.params.get("VPCZoneIdentifier") or "").split(","):
        if subnet and subnet.strip() not in known:
            raise invalid(f"The subnet ID '{subnet}' does not exist")


def terminate_instance_in_auto_scaling_group(call: Call) -> Answer:
    """One instance gone, and the group smaller or an instance in its place."""
    number, shrink = call.params["InstanceId"], call.params["ShouldDecrementDesiredCapacity"]
    group, state = find_member(call.region, number)
    before = group.desired_capacity
    wanted = before - (group.units([state]) if shrink else 0)
    if wanted < group.min_size:
        raise invalid(
            "Currently, desiredSize equals minSize. Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to "
            "false or lower group's min size."
        )
    now = stamp(call.world.now())
    group.cause = f"At {now} instance {number} was taken out of service in response to a user request"
    group.cause += f", shrinking the capacity from {before} to {wanted}." if shrink else "."
    lifecycle.stop(group, state, cause=group.cause)
    answer = newest(group)
    group.set_desired_capacity(wanted)
    return {"Activity": {**answer, "StatusCode": "InProgress", "Progress": 0}}
