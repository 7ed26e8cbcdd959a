"""The fields of an Auto Scaling group: from a request to moto's group and what it would drop."""

from typing import Any

from trimtab.emulators.aws.calls import reordered
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.engine.limits import Sizes

# what moto drops or does not let change; None: not given back unless it was set
_FIELDS = {
    "CapacityRebalance": None,
    "Context": None,
    "DefaultInstanceWarmup": None,
    "DesiredCapacityType": None,
    "InstanceMaintenancePolicy": None,
    "MaxInstanceLifetime": None,
    "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-best-effort"},
    "AvailabilityZoneImpairmentPolicy": None,
    "CapacityReservationSpecification": None,
    "DeletionProtection": "none",
    "InstanceLifecyclePolicy": None,
}
_DISTRIBUTION = {
    "OnDemandAllocationStrategy": "prioritized",
    "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100,
}


_STRATEGIES = {
    "OnDemandAllocationStrategy": ("lowest-price", "prioritized"),
    "SpotAllocationStrategy": (
        *("lowest-price", "capacity-optimized"),
        *("capacity-optimized-prioritized", "price-capacity-optimized"),
    ),
}


def moto_arguments(params: dict[str, Any], sizes: Sizes) -> dict[str, Any]:
    """What moto's group is made of."""
    tags = [{key: value for key, value in tag.items() if key != "ResourceId"} for tag in params.get("Tags", [])]
    return {
        "name": params["AutoScalingGroupName"],
        "availability_zones": params.get("AvailabilityZones", []),
        "desired_capacity": sizes.desired,
        "max_size": sizes.max,
        "min_size": sizes.min,
        "launch_config_name": params.get("LaunchConfigurationName"),
        "launch_template": params.get("LaunchTemplate", {}),
        "vpc_zone_identifier": _reordered_subnets(params.get("VPCZoneIdentifier")),
        "default_cooldown": params.get("DefaultCooldown"),
        "health_check_period": params.get("HealthCheckGracePeriod", 0),
        "health_check_type": params.get("HealthCheckType"),
        "load_balancers": params.get("LoadBalancerNames", []),
        "target_group_arns": reordered(_target_groups(params)),
        "placement_group": params.get("PlacementGroup"),
        "termination_policies": params.get("TerminationPolicies", []),
        "tags": tags,
        "mixed_instances_policy": _with_distribution(params.get("MixedInstancesPolicy")),
        "capacity_rebalance": params.get("CapacityRebalance", False),
        "new_instances_protected_from_scale_in": params.get("NewInstancesProtectedFromScaleIn", False),
    }


def _target_groups(params: dict[str, Any]) -> list[str]:
    sources = params.get("TrafficSources") or ()
    return [*(params.get("TargetGroupARNs") or ()), *(each["Identifier"] for each in sources)]


def given_fields(params: dict[str, Any]) -> dict[str, Any]:
    """The fields that moto would drop."""
    given = {name: params.get(name, default) for name, default in _FIELDS.items()}
    return _without_cleared({name: value for name, value in given.items() if value is not None})


def update_fields(group: GroupView, params: dict[str, Any]) -> None:
    """Change the fields of a group that are given."""
    for name, attribute in {
        "DefaultCooldown": "default_cooldown",
        "HealthCheckGracePeriod": "health_check_grace_period",
        "HealthCheckType": "health_check_type",
        "NewInstancesProtectedFromScaleIn": "new_instances_protected_from_scale_in",
        "PlacementGroup": "placement_group",
        "TerminationPolicies": "termination_policies",
    }.items():
        if params.get(name) is not None:
            setattr(group, attribute, params[name])
    if params.get("ServiceLinkedRoleARN"):
        group.service_linked_role_arn = params["ServiceLinkedRoleARN"]
    for name in _FIELDS:
        if params.get(name) is not None:
            group.fields[name] = params[name]
    group.fields = _without_cleared(group.fields)
    if params.get("VPCZoneIdentifier") or params.get("AvailabilityZones"):
        places = _reordered_subnets(params.get("VPCZoneIdentifier"))
        group._set_azs_and_vpcs(params.get("AvailabilityZones", []), places, update=True)


def _without_cleared(fields: dict[str, Any]) -> dict[str, Any]:
    # each has a value of its own that means "none" (UpdateAutoScalingGroup, Auto Scaling API Reference)
    cleared = {
        "DefaultInstanceWarmup": -1,
        "MaxInstanceLifetime": 0,
        "InstanceMaintenancePolicy": {"MinHealthyPercentage": -1, "MaxHealthyPercentage": -1},
    }
    return {name: value for name, value in fields.items() if value != cleared.get(name, ...)}


def update_source(group: GroupView, params: dict[str, Any], *, kept: bool = True) -> None:
    """Change what a group launches from; what runs stays as it is, and what a mix leaves out, where it is `kept`."""
    template, configuration = params.get("LaunchTemplate"), params.get("LaunchConfigurationName")
    mixed = params.get("MixedInstancesPolicy")
    if sum(map(bool, (template, configuration, mixed))) > 1:
        raise invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName "
            "or MixedInstancesPolicy parameter."
        )
    if not (template or configuration or mixed):
        return
    if mixed:
        # what is left out stays as it is (UpdateAutoScalingGroup, Auto Scaling API Reference)
        mixed = {**(_given_again(group.mixed_instances_policy) if kept else {}), **mixed}
        if not mixed.get("LaunchTemplate"):
            raise invalid("LaunchTemplate is required in a MixedInstancesPolicy of a group that has none")
    group.mixed_instances_policy = _with_distribution(mixed)
    if not template:
        group.provided_launch_template_version = None
    if configuration:
        group.ec2_launch_template = None
    else:
        group.launch_config = None
    group._set_launch_configuration(configuration, template, group.mixed_instances_policy)


def _given_again(policy: dict[str, Any] | None) -> dict[str, Any]:
    """A policy as a request would give it: its template by id alone."""
    if not policy:
        return {}
    launch = policy["LaunchTemplate"]
    source = {key: value for key, value in launch["LaunchTemplateSpecification"].items() if key != "LaunchTemplateName"}
    return {**policy, "LaunchTemplate": {**launch, "LaunchTemplateSpecification": source}}


def _with_distribution(policy: dict[str, Any] | None) -> dict[str, Any] | None:
    if not policy:
        return None
    given = {"SpotAllocationStrategy": "lowest-price", **(policy.get("InstancesDistribution") or {})}
    for name, known in _STRATEGIES.items():
        if given.get(name) is not None and given[name] not in known:
            raise invalid(f"Invalid {name} {given[name]}. Valid strategies are: {', '.join(known)}")
    pools = {"SpotInstancePools": 2} if given["SpotAllocationStrategy"] == "lowest-price" else {}
    return {**policy, "InstancesDistribution": {**_DISTRIBUTION, **pools, **given}}


def _reordered_subnets(text: str | None) -> str | None:
    if not text:
        return None
    return ",".join(reordered([subnet.strip() for subnet in text.split(",")]))
