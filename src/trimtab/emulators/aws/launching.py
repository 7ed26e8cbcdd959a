"""What an instance of a group is launched from and where: template, type, purchase option, zone and subnet."""

from collections import Counter
from itertools import count
from typing import Any, NamedTuple

import moto.autoscaling.models
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.templates import find_version
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import zone_to_join
from trimtab.engine.mix import split

IMAGE_GB = 8
"""The size of every image's own disk."""
_numbers = count(1)
FAILURES = (ServiceError, ServiceException, HTTPException)
"""What a launch may end with."""


class Place(NamedTuple):
    """A zone, and the subnet in it."""

    zone: str
    subnet: str | None


def places(group: GroupView) -> list[Place]:
    """Where a group may launch."""
    if not group.vpc_zone_identifier:
        return [Place(zone, None) for zone in group.availability_zones]
    known = {subnet.id: subnet for zone in group.ec2_backend.subnets.values() for subnet in zone.values()}
    wanted = [known[each] for each in group.vpc_zone_identifier.split(",") if each in known]
    return [Place(subnet.availability_zone, subnet.id) for subnet in wanted]


def next_place(group: GroupView) -> Place:
    """Where the next instance goes: the zone with the fewest, in it the subnet with the fewest."""
    candidates = places(group)
    zones = {place.zone: 0 for place in candidates}
    subnets: Counter[str | None] = Counter()
    for state in group.members():
        if state.availability_zone in zones:
            zones[state.availability_zone] += 1
            subnets[getattr(state.instance, "subnet_id", None)] += 1
    zone = zone_to_join(zones)
    return min((place for place in candidates if place.zone == zone), key=lambda place: subnets[place.subnet])


def run_instance(group: GroupView, place: Place) -> Any:
    """One new instance in EC2, as moto's state of a group's instance; it is in no list yet."""
    source, what = group.launched_from(), _what_to_launch(group)
    override = _choose_type(group, what["instance_type"], place.zone)
    disks = {"block_device_mappings": mappings} if (mappings := _disks(group)) else {}
    reservation = group.ec2_backend.run_instances(
        what["image"],
        1,
        what["user_data"],
        what["security_groups"],
        instance_type=override.get("InstanceType") or what["instance_type"],
        tags={"instance": _tags(group)},
        placement=place.zone,
        launch_config=group.launch_config,
        launch_template=source and {key: source[key] for key in ("LaunchTemplateId", "Version")},
        is_instance_type_default=False,
        associate_public_ip=group.launch_config and group.launch_config.associate_public_ip_address,
        subnet_id=place.subnet,
        lifecycle=_lifecycle(group),
        **disks,
    )
    instance = reservation.instances[0]
    instance.autoscaling_group = group
    is_protected = group.new_instances_protected_from_scale_in
    state: Any = moto.autoscaling.models.InstanceState(instance, protected_from_scale_in=is_protected)
    state.number = next(_numbers)
    state.launched_from = source
    state.weight = int(override.get("WeightedCapacity") or 1)
    state.weighted = override.get("WeightedCapacity")
    return state


def is_short(group: GroupView, instance_type: str, zone: str) -> bool:
    """Whether instances of a type cannot be had in a zone now."""
    return any(
        each.get("instance_type", "*") in ("*", instance_type) and each.get("zone", "*") in ("*", zone)
        for each in group.home.shortages
    )


def overrides(group: GroupView) -> list[dict[str, Any]]:
    """The instance types of a mixed group, in order; one empty entry for the template's own."""
    policy = group.mixed_instances_policy or {}
    entries: list[dict[str, Any]] = policy.get("LaunchTemplate", {}).get("Overrides") or [{}]
    return entries


def _choose_type(group: GroupView, own: str, zone: str) -> dict[str, Any]:
    for override in overrides(group):
        if not is_short(group, override.get("InstanceType") or own, zone):
            return override
    wanted = overrides(group)[0].get("InstanceType") or own
    others = sorted({place.zone for place in places(group)} - {zone})
    elsewhere = f" or choosing {', '.join(others)}" if others else ""
    raise invalid(
        f"We currently do not have sufficient {wanted} capacity in the Availability Zone you requested ({zone}). "
        f"Our system will be working on provisioning additional capacity. You can currently get {wanted} capacity by "
        f"not specifying an Availability Zone in your request{elsewhere}. Launching EC2 instance failed."
    )


def _lifecycle(group: GroupView) -> str | None:
    """`spot` for an instance that is on the spot side of the mix."""
    policy = group.mixed_instances_policy
    if not policy:
        return None
    shares = policy.get("InstancesDistribution", {})
    wanted = split(
        group.desired_capacity,
        base=shares.get("OnDemandBaseCapacity", 0),
        percent=shares.get("OnDemandPercentageAboveBaseCapacity", 100),
    )
    on_demand = [state for state in group.members() if state.instance.lifecycle != "spot"]
    return None if group.units(on_demand) < wanted.on_demand else "spot"


def _tags(group: GroupView) -> dict[str, str]:
    name = {moto.autoscaling.models.ASG_NAME_TAG: group.name}
    return {**group.get_propagated_tags(), **group.instance_tags, **name}


def _what_to_launch(group: GroupView) -> dict[str, Any]:
    template = group.ec2_launch_template
    if template is None:
        return {
            "image": group.launch_config.image_id,
            "instance_type": group.launch_config.instance_type,
            "user_data": group.launch_config.user_data,
            "security_groups": group.launch_config.security_groups,
        }
    if template.id not in group.ec2_backend.launch_templates:
        raise invalid(
            "You must use a valid fully-formed launch template. The specified launch template, "
            f"with template ID {template.id}, does not exist."
        )
    version = find_version(template, group.launch_template_version)
    return {
        "image": version.image_id,
        "instance_type": version.instance_type,
        "user_data": version.user_data,
        "security_groups": version.security_groups,
    }


def _disks(group: GroupView) -> list[dict[str, Any]]:
    """The template's disks; one without a size has the image's, which moto asks for."""
    if group.ec2_launch_template is None:
        return []
    data = find_version(group.ec2_launch_template, group.launch_template_version).data
    mappings: list[dict[str, Any]] = data.get("BlockDeviceMappings") or []
    sized = ("VolumeSize", "SnapshotId")
    return [
        {**each, "Ebs": ebs if any(name in ebs for name in sized) else {"VolumeSize": IMAGE_GB, **ebs}}
        for each in mappings
        if (ebs := each.get("Ebs")) is not None
    ]
