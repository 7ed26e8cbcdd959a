"""What a group's launch template names and has to be there, held against the account before the group is written."""

from collections.abc import Iterator, Sequence
from typing import Any

from trimtab.emulators.aws.attributes import check_attributes
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.reservations import problems_of, unknown_placement
from trimtab.emulators.aws.templates import find_version
from trimtab.emulators.aws.types import architectures, known_types
from trimtab.emulators.aws.world import Region

_PREFIX = "You must use a valid fully-formed launch template. "
_BY_PARAMETER = "resolve:ssm:"


def check_launch(region: Region, params: dict[str, Any]) -> None:
    """
    Refuse a group whose instances could never be launched.

    Auto Scaling answers so for a key pair (https://github.com/Guimove/terraform-aws-bastion/issues/173) and an image
    (https://github.com/benishak/lamp-aws-cloudformation/issues/1), an instance profile
    (https://github.com/eksctl-io/eksctl/issues/8039), and alike for the rest.
    """
    place = params.get("PlacementGroup")
    if place and place not in region.placements:
        raise invalid(unknown_placement(place).message)
    launch = (params.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    source = params.get("LaunchTemplate") or launch.get("LaunchTemplateSpecification")
    if source is None:
        return
    ec2 = region.ec2
    name = source.get("LaunchTemplateName")
    template = ec2.launch_templates[source.get("LaunchTemplateId") or ec2.launch_template_name_to_ids[name]]
    data = find_version(template, source.get("Version", "$Default")).data
    types = [each["InstanceType"] for each in launch.get("Overrides") or () if each.get("InstanceType")]
    check_attributes(params.get("MixedInstancesPolicy") or {})
    for problem in _problems(region, data, types):
        raise invalid(_PREFIX + problem)


def check_source(region: Region, source: dict[str, str] | None) -> None:
    """Refuse a launch template that is not there, or that is named twice."""
    if not source:
        return
    name, number = source.get("LaunchTemplateName"), source.get("LaunchTemplateId")
    if bool(name) == bool(number):
        raise invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
    ec2 = region.ec2
    template = ec2.launch_templates.get(number or ec2.launch_template_name_to_ids.get(name))
    if template is None:
        which = f"template name {name}" if name else f"template ID {number}"
        raise invalid(
            "You must use a valid fully-formed launch template. The specified launch template, "
            f"with {which}, does not exist."
        )
    version = source.get("Version", "$Default")
    if not version.isdecimal() and version not in ("$Default", "$Latest"):
        # https://github.com/hashicorp/terraform-provider-aws/pull/9488
        raise invalid(
            "Invalid launch template version: either '$Default', '$Latest', or a numeric version are allowed."
        )
    if version not in ("$Default", "$Latest", *(str(each.number) for each in template.versions)):
        raise invalid(
            "You must use a valid fully-formed launch template. Could not find the specified version "
            f"{version} for the launch template with ID {template.id}."
        )


def _is_for_others(image: Any, able: Sequence[str]) -> bool:
    """Whether an image is for other processors; one that was registered without says nothing of it."""
    return image is not None and bool(image.architecture) and image.architecture not in able


def _problems(region: Region, data: dict[str, Any], types: list[str]) -> Iterator[str]:
    ec2, image, key = region.ec2, data.get("ImageId"), data.get("KeyName")
    if image and not image.startswith(_BY_PARAMETER) and image not in ec2.amis:
        yield f"The image id '[{image}]' does not exist"
    if key and key not in ec2.key_pairs:
        yield f"The key pair '{key}' does not exist"
    yield from _profile_problems(region, data.get("IamInstanceProfile") or {})
    yield from problems_of(region, data)
    for name in _security_groups(data):
        if ec2.get_security_group_from_id(name) is None:
            yield f"The security group '{name}' does not exist"
    for size in [data.get("InstanceType"), *types]:
        if size and size not in known_types():
            yield f"Invalid value '{size}' for InstanceType."
        elif size and _is_for_others(ec2.amis.get(image), able := architectures(size)):
            yield (
                f"The architecture '{','.join(able)}' of the specified instance type does not match the architecture "
                f"'{ec2.amis[image].architecture}' of the specified AMI. Specify an instance type and an AMI that have "
                "matching architectures, and try again."
            )
    yield from _disk_problems(ec2.amis.get(image), data)


def _profile_problems(region: Region, profile: dict[str, str]) -> Iterator[str]:
    known = region.iam.instance_profiles.values()
    if not region.world.settings["check_hook_targets"]:
        return
    name, arn = profile.get("Name"), profile.get("Arn")
    if name and name not in {each.name for each in known}:
        yield f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
    if arn and arn not in {each.arn for each in known}:
        yield f"Value ({arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"


def _security_groups(data: dict[str, Any]) -> list[str]:
    own = [name for each in data.get("NetworkInterfaces") or () for name in each.get("Groups") or ()]
    return [*(data.get("SecurityGroupIds") or ()), *own]


def _disk_problems(image: Any, data: dict[str, Any]) -> Iterator[str]:
    least = {each["DeviceName"]: each["Ebs"] for each in image.block_device_mappings} if image is not None else {}
    for disk in data.get("BlockDeviceMappings") or ():
        own, size = least.get(disk.get("DeviceName")), (disk.get("Ebs") or {}).get("VolumeSize")
        if own and size and int(size) < own["VolumeSize"]:
            snapshot = own["SnapshotId"]
            yield f"Volume of size {size}GB is smaller than snapshot '{snapshot}', expect size >= {own['VolumeSize']}GB"
