"""What an instance of a group is launched from and where: template, type, purchase option, zone and subnet."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import moto.autoscaling.models
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from trimtab.emulators.aws.addresses import has_free_addresses, no_free_addresses
from trimtab.emulators.aws.attributes import expanded
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.images import IMAGE_GB
from trimtab.emulators.aws.quotas import check_vcpus
from trimtab.emulators.aws.templates import find_version
from trimtab.emulators.aws.types import is_offered
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import zone_to_join
from trimtab.engine.mix import split

_numbers = count(1)
FAILURES = (ServiceError, ServiceException, HTTPException)
"""What a launch may end with."""


class LaunchPlace(NamedTuple):
    """A zone, and the subnet in it."""

    zone: str
    subnet: str | None

    @property
    def details(self) -> str:
        """The place as activities write it."""
        zone = {"Availability Zone": self.zone}
        return json.dumps({"Subnet ID": self.subnet, **zone} if self.subnet else zone)


class Unavailable(ServiceError):
    """A launch that failed because of its place; it may do elsewhere."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", f"{message} Launching EC2 instance failed.")


def places(group: GroupView) -> list[LaunchPlace]:
    """Where a group may launch."""
    if not group.vpc_zone_identifier:
        return [LaunchPlace(zone, None) for zone in group.availability_zones]
    known = {subnet.id: subnet for zone in group.ec2_backend.subnets.values() for subnet in zone.values()}
    wanted = [known[each] for each in group.vpc_zone_identifier.split(",") if each in known]
    return [LaunchPlace(subnet.availability_zone, subnet.id) for subnet in wanted]


def launch(
    group: GroupView, avoided: set[LaunchPlace], on_failure: Callable[[LaunchPlace, str], None]
) -> tuple[Any, LaunchPlace] | None:
    """
    One new instance and where it is, in the first place that has room for it.

    Where an attempt fails in one zone the others are tried, unless the group is to be balanced at any price
    (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-availability-zone-balanced.html).

    Args:
        group: The group.
        avoided: Places that are not tried; those that fail are added.
        on_failure: Is told of each place that failed and why.
    """
    while (place := _next_place(group, avoided)) is not None:
        try:
            return run_instance(group, place), place
        except FAILURES as error:
            on_failure(place, str(getattr(error, "message", error)))
            if not isinstance(error, Unavailable):
                return None
            avoided.add(place)
    return None


def _next_place(group: GroupView, avoided: set[LaunchPlace]) -> LaunchPlace | None:
    """Where the next instance goes: the zone with the fewest, in it the subnet with the fewest."""
    candidates = _offering(group, places(group))
    left = [place for place in candidates if place not in avoided]
    if not left:
        return None
    is_strict = group.fields["AvailabilityZoneDistribution"].get("CapacityDistributionStrategy") == "balanced-only"
    zones = {place.zone: 0 for place in (candidates if is_strict else left)}
    subnets: Counter[str | None] = Counter()
    for state in group.members():
        if state.availability_zone in zones:
            zones[state.availability_zone] += 1
            subnets[getattr(state.instance, "subnet_id", None)] += 1
    zone = zone_to_join(zones)
    return min((place for place in left if place.zone == zone), key=lambda place: subnets[place.subnet], default=None)


def _offering(group: GroupView, candidates: list[LaunchPlace]) -> list[LaunchPlace]:
    """Those of the places that offer one of the group's types, where some do: the others are passed over."""
    try:
        own = _what_to_launch(group)["instance_type"]
    except ServiceError:
        # the launch itself says so
        return candidates
    some = [
        place
        for place in candidates
        if any(
            is_offered(each.get("InstanceType") or own, group.home.name, place.zone)
            for each in _types(group, place.zone)
        )
    ]
    return some or candidates


def run_instance(group: GroupView, place: LaunchPlace) -> Any:
    """One new instance in EC2, as moto's state of a group's instance; it is in no list yet."""
    if place.subnet is not None and not has_free_addresses(group.ec2_backend, place.subnet):
        raise Unavailable(no_free_addresses(place.subnet))
    source, what = group.launched_from(), _what_to_launch(group)
    if group.ec2_launch_template is not None and what["image"]:
        _check_image(group, what["image"])
    lifecycle = _lifecycle(group)
    override = _choose_type(group, what["instance_type"], place.zone, lifecycle)
    check_vcpus(group.home, override.get("InstanceType") or what["instance_type"], lifecycle)
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
        lifecycle=lifecycle,
        **disks,
    )
    instance = reservation.instances[0]
    for interface in instance.nics.values():
        interface.delete_on_termination = True
    return take_in(group, instance, override.get("WeightedCapacity"), source)


def _check_image(group: GroupView, image: str) -> None:
    """Refuse an image that has gone since the template was made."""
    if not image.startswith("resolve:") and image not in group.ec2_backend.amis:
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-ami.html
        raise invalid(f"The image id '[{image}]' does not exist. Launching EC2 instance failed.")


def take_in(group: GroupView, instance: Any, weight: str | None, source: dict[str, str] | None) -> Any:
    """An instance as its group's; it is in no list yet."""
    instance.autoscaling_group = group
    is_protected = group.new_instances_protected_from_scale_in
    state: Any = moto.autoscaling.models.InstanceState(instance, protected_from_scale_in=is_protected)
    state.number = next(_numbers)
    state.launched_from = source
    state.weight = int(weight or 1)
    state.weighted = weight
    return state


def is_short(group: GroupView, instance_type: str, zone: str, lifecycle: str | None) -> bool:
    """Whether instances of a type cannot be had in a zone now, spot or on demand."""
    sort = lifecycle or "on-demand"
    return any(
        each["instance_type"] in ("*", instance_type)
        and each["zone"] in ("*", zone)
        and each["purchase"] in ("*", sort)
        for each in group.home.shortages
    )


def overrides(group: GroupView) -> list[dict[str, Any]]:
    """The instance types of a mixed group, in order; one empty entry for the template's own."""
    policy = group.mixed_instances_policy or {}
    entries: list[dict[str, Any]] = policy.get("LaunchTemplate", {}).get("Overrides") or [{}]
    return entries


def _types(group: GroupView, zone: str) -> list[dict[str, Any]]:
    """The same, what asks by attributes as the types that satisfy it in a zone."""
    entries = overrides(group)
    if not any("InstanceRequirements" in each for each in entries):
        return entries
    image = group.ec2_backend.amis.get(_what_to_launch(group)["image"])
    return expanded(entries, group.home.name, zone, str(getattr(image, "architecture", None) or "x86_64"))


def _choose_type(group: GroupView, own: str, zone: str, lifecycle: str | None) -> dict[str, Any]:
    offered = [
        override
        for override in _types(group, zone)
        if is_offered(override.get("InstanceType") or own, group.home.name, zone)
    ]
    for override in offered:
        if not is_short(group, override.get("InstanceType") or own, zone, lifecycle):
            return override
    wanted = overrides(group)[0].get("InstanceType") or own or "with the attributes of the group"
    if not offered:
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html
        raise Unavailable(
            f"Your requested instance type ({wanted}) is not supported in your requested Availability Zone ({zone})."
        )
    if lifecycle == "spot":
        # https://github.com/cortexlabs/cortex/issues/1258
        raise Unavailable(
            "Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available that "
            "matches your request."
        )
    others = sorted({place.zone for place in places(group)} - {zone})
    elsewhere = f" or choosing {', '.join(others)}" if others else ""
    begins = (
        "Could not launch On-Demand Instances. InsufficientInstanceCapacity - " if group.mixed_instances_policy else ""
    )
    raise Unavailable(
        f"{begins}We currently do not have sufficient {wanted} capacity in the Availability Zone you requested "
        f"({zone}). Our system will be working on provisioning additional capacity. You can currently get {wanted} "
        f"capacity by not specifying an Availability Zone in your request{elsewhere}."
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
        "instance_type": version.data.get("InstanceType") or "",
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
    # a device of the image's that is left out, or an instance store, is no volume
    none = {"NoDevice": "", "Ebs": {}}
    return [
        {**each, "Ebs": ebs if any(name in ebs for name in sized) else {"VolumeSize": IMAGE_GB, **ebs}}
        if (ebs := each.get("Ebs")) is not None
        else {"DeviceName": each["DeviceName"], **none}
        for each in mappings
    ]
