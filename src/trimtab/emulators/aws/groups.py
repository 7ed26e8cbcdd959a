"""Auto Scaling groups: create, update, resize and delete."""

from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.calls import Answer, Call, at_most, reordered
from trimtab.emulators.aws.errors import ServiceError, invalid
from trimtab.emulators.aws.group import Group, let_go_later
from trimtab.emulators.aws.group_fields import given_fields, moto_arguments, update_fields, update_source
from trimtab.emulators.aws.sizes import Sizes, apply, changed

_SOURCES = ("LaunchTemplate", "LaunchConfigurationName", "InstanceId", "MixedInstancesPolicy")


def find_group(call: Call, name: str | None = None) -> Group:
    """The group that a call names, which must exist and stay."""
    name = name or call.params["AutoScalingGroupName"]
    group = call.region.groups.get(name)
    if not isinstance(group, Group):
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    if group.is_deleting:
        raise ServiceError("ScalingActivityInProgress", f"AutoScalingGroup {name} is pending delete.")
    return group


def create_auto_scaling_group(call: Call) -> Answer:
    """A new group with its first instances."""
    params = call.params
    name = params["AutoScalingGroupName"]
    _check_new(call, name)
    low, high = params["MinSize"], params["MaxSize"]
    desired = params.get("DesiredCapacity")
    sizes = Sizes(low, high, low if desired is None else desired).checked()
    now = stamp(call.world.now())
    cause = (
        f"At {now} a user request created an AutoScalingGroup changing the desired capacity from 0 to {sizes.desired}."
    )
    group = Group(call.region, cause, given_fields(params), **moto_arguments(params, sizes))
    call.region.groups[name] = group
    group.refresh_targets()
    return None


def update_auto_scaling_group(call: Call) -> Answer:
    """A group with some of its fields changed."""
    params = call.params
    group = find_group(call)
    sizes = changed(group, params.get("MinSize"), params.get("MaxSize"), params.get("DesiredCapacity"))
    _check_places(call)
    _check_source(call, params.get("LaunchTemplate"))
    update_fields(group, params)
    update_source(group, params)
    before = group.desired_capacity
    cause = (
        f"At {stamp(call.world.now())} a user request update of AutoScalingGroup constraints to "
        f"min: {sizes.low}, max: {sizes.high}, desired: {sizes.desired} "
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
    if group.instance_states and not call.params.get("ForceDelete"):
        raise ServiceError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
            "request(s) still in the group.",
        )
    had_instances = bool(group.instance_states)
    group.start_deleting()
    for store in (call.region.policies, call.region.actions):
        for key in [key for key in store if key[0] == name]:
            del store[key]
    if had_instances:
        let_go_later(group)
    else:
        del call.region.groups[name]
    return None


def attach_load_balancer_target_groups(call: Call) -> Answer:
    """A group whose instances are targets of more target groups."""
    group = find_group(call)
    _check_target_groups(call)
    known = group.target_group_arns
    group.target_group_arns = reordered([*known, *(set(call.params["TargetGroupARNs"]) - set(known))])
    group.refresh_targets()
    return None


def create_or_update_tags(call: Call) -> Answer:
    """Groups with these tags."""
    for tag in call.params["Tags"]:
        group = find_group(call, tag.get("ResourceId"))
        made = {
            "ResourceId": group.name,
            "ResourceType": "auto-scaling-group",
            "Key": tag["Key"],
            "Value": tag.get("Value", ""),
            "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch", False)),
        }
        group.tags = [*(each for each in group.tags if each["Key"] != tag["Key"]), made]
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
    _check_source(call, call.params.get("LaunchTemplate"))
    mixed = call.params.get("MixedInstancesPolicy")
    if mixed:
        _check_source(call, mixed.get("LaunchTemplate", {}).get("LaunchTemplateSpecification"))
    _check_target_groups(call)


def _check_places(call: Call) -> None:
    known = {each for zone in call.region.ec2.subnets.values() for each in zone}
    for subnet in (call.params.get("VPCZoneIdentifier") or "").split(","):
        if subnet and subnet.strip() not in known:
            raise invalid(f"The subnet ID '{subnet}' does not exist")


def _check_target_groups(call: Call) -> None:
    for arn in call.params.get("TargetGroupARNs") or ():
        if arn not in call.region.elbv2.target_groups:
            raise invalid("Target group ARN not found: one or more of the specified target groups do not exist")


def _check_source(call: Call, source: dict[str, str] | None) -> None:
    if not source:
        return
    name, number = source.get("LaunchTemplateName"), source.get("LaunchTemplateId")
    if bool(name) == bool(number):
        raise invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
    ec2 = call.region.ec2
    template = ec2.launch_templates.get(number or ec2.launch_template_name_to_ids.get(name))
    if template is None:
        which = f"template name {name}" if name else f"template ID {number}"
        raise invalid(
            "You must use a valid fully-formed launch template. The specified launch template, "
            f"with {which}, does not exist."
        )
    version = source.get("Version", "$Default")
    if version not in ("$Default", "$Latest", *(str(each.number) for each in template.versions)):
        raise invalid(
            "You must use a valid fully-formed launch template. Could not find the specified version "
            f"{version} for the launch template with ID {template.id}."
        )
