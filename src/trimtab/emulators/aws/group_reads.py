"""Auto Scaling groups as the service describes them."""

from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, at_most, find_group, page
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView


def describe_auto_scaling_groups(call: Call) -> Answer:
    """The groups by name, with their instances."""
    at_most(call, "AutoScalingGroupNames", 100)
    names = set(call.params.get("AutoScalingGroupNames") or ())
    filters = call.params.get("Filters") or []
    groups = [
        group
        for name, group in sorted(call.region.groups.items())
        if (not names or name in names) and all(_passes(group, each) for each in filters)
    ]
    # only what is on the page is worth describing
    answer = page(call, [{"group": group} for group in groups], "AutoScalingGroups")
    answer["AutoScalingGroups"] = [describe(each["group"]) for each in answer["AutoScalingGroups"]]
    return answer


def describe_auto_scaling_instances(call: Call) -> Answer:
    """The instances of all groups, each with its group."""
    wanted = set(call.params.get("InstanceIds") or ())
    instances = [
        {**describe_instance(state), "AutoScalingGroupName": name}
        for name, group in sorted(call.region.groups.items())
        for state in (*group.instance_states, *group.warmed)
        if not wanted or state.instance.id in wanted
    ]
    return page(call, instances, "AutoScalingInstances", top=50)


def describe_warm_pool(call: Call) -> Answer:
    """A warm pool's settings and its instances."""
    group = find_group(call)
    answer = page(call, [describe_instance(state) for state in group.warmed], "Instances", top=50)
    return {**answer, "WarmPoolConfiguration": group.pool} if group.pool is not None else answer


def describe_tags(call: Call) -> Answer:
    """The tags of the groups, by group and key."""
    fields = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
    group_tags = [tag for _, group in sorted(call.region.groups.items()) for tag in tags(group)]
    for each in call.params.get("Filters") or []:
        if each["Name"] == "propagate-at-launch":
            wanted = {value.lower() for value in each["Values"]}
            group_tags = [tag for tag in group_tags if str(tag["PropagateAtLaunch"]).lower() in wanted]
        elif each["Name"] in fields:
            group_tags = [tag for tag in group_tags if tag[fields[each["Name"]]] in each["Values"]]
        else:
            raise invalid(f"Filter type {each['Name']} is not correct. Allowed filter types are: {sorted(fields)}")
    return page(call, group_tags, "Tags")


def describe(group: GroupView) -> dict[str, Any]:
    """One group with the vendor's defaults."""
    answer = {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "MinSize": group.min_size,
        "MaxSize": group.max_size,
        "DesiredCapacity": group.desired_capacity,
        "DefaultCooldown": group.default_cooldown,
        "AvailabilityZones": sorted(set(group.availability_zones), reverse=True),
        "LoadBalancerNames": group.load_balancer_names,
        "TargetGroupARNs": group.target_group_arns,
        "HealthCheckType": group.health_check_type,
        "HealthCheckGracePeriod": group.health_check_grace_period,
        "PlacementGroup": group.placement_group,
        "Instances": [describe_instance(state) for state in group.instance_states],
        "CreatedTime": group.created,
        "SuspendedProcesses": _suspended(group),
        "VPCZoneIdentifier": group.vpc_zone_identifier or "",
        "EnabledMetrics": group.enabled_metrics,
        "Tags": tags(group),
        "TerminationPolicies": group.termination_policies,
        "NewInstancesProtectedFromScaleIn": group.new_instances_protected_from_scale_in,
        "ServiceLinkedRoleARN": group.service_linked_role_arn,
        "TrafficSources": [{"Identifier": arn, "Type": "elbv2"} for arn in group.target_group_arns],
        "CapacityRebalance": False,
        **group.fields,
        **(group.shown_source or source(group)),
    }
    if group.pool is not None:
        answer["WarmPoolConfiguration"] = group.pool
        answer["WarmPoolSize"] = len(group.warmed)
    if group.is_deleting:
        answer["Status"] = "Delete in progress"
    return answer


def tags(group: GroupView) -> list[dict[str, Any]]:
    """A group's tags, by key."""
    return sorted(group.tags, key=lambda tag: str(tag["Key"]))


def source(group: GroupView) -> dict[str, Any]:
    """What a group launches from, as it is described."""
    if group.mixed_instances_policy:
        return {"MixedInstancesPolicy": group.mixed_instances_policy}
    if group.ec2_launch_template is not None:
        return {"LaunchTemplate": group.launch_template}
    return {"LaunchConfigurationName": group.launch_configuration_name}


def describe_instance(state: Any) -> dict[str, Any]:
    """One instance as its group lists it."""
    answer = {
        "InstanceId": state.instance.id,
        "InstanceType": state.instance.instance_type,
        "AvailabilityZone": state.availability_zone,
        "LifecycleState": state.lifecycle_state,
        "HealthStatus": state.health_status,
        "ProtectedFromScaleIn": bool(state.protected_from_scale_in),
    }
    if getattr(state, "weighted", None):
        answer["WeightedCapacity"] = state.weighted
    source = getattr(state, "launched_from", None)
    if source:
        answer["LaunchTemplate"] = source
    elif not getattr(state, "is_attached", False) and state.launch_configuration_name:
        answer["LaunchConfigurationName"] = state.launch_configuration_name
    return answer


def _suspended(group: GroupView) -> list[dict[str, str]]:
    return [
        {"ProcessName": name, "SuspensionReason": group.suspended_since.get(name, "User suspended")}
        for name in sorted(group._suspended_processes)
    ]


def _passes(group: GroupView, rule: dict[str, Any]) -> bool:
    name, values = rule.get("Name", ""), rule.get("Values") or []
    if name == "tag-key":
        return any(tag["Key"] in values for tag in group.tags)
    if name == "tag-value":
        return any(tag["Value"] in values for tag in group.tags)
    if name.startswith("tag:"):
        return any(tag["Key"] == name[4:] and tag["Value"] in values for tag in group.tags)
    raise invalid(f"Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>")
