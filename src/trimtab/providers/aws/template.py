"""What a group's instances are launched with, as the data of a launch template; pure."""

import base64
import re
from collections.abc import Sequence
from typing import Any

from trimtab.declarations.disks import native_disk
from trimtab.models import Disk, InstanceTemplate, ScalingGroup
from trimtab.plan import Secret
from trimtab.providers.aws.facts import ImageFacts
from trimtab.providers.bodies import drop_empty, start_data

ROOT_DEVICE = "/dev/sda1"
MOST_USER_DATA = 16384
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"""
ALIAS = "alias/"
"""How the name of a key begins: its alias."""
_KEY_ID = re.compile(r"(mrk-)?[0-9a-f-]{32,36}")


def template_data(
    group: ScalingGroup, native: str, image: ImageFacts, security_groups: Sequence[str]
) -> dict[str, Any]:
    """The data of the launch template of a group that is called `native`; its security groups by id."""
    template = group.template
    script = start_data(template, "aws", most=MOST_USER_DATA)
    return drop_empty(
        ImageId=image.id,
        InstanceType=template.size_name,
        KeyName=template.ssh_key,
        UserData=None if script is None else Secret(base64.b64encode(script).decode()),
        IamInstanceProfile=_profile(template.role),
        **_network(template, security_groups),
        BlockDeviceMappings=[_disk(disk, image) for disk in template.disks],
        MetadataOptions=drop_empty(
            HttpTokens=_tokens(template.metadata_token), HttpPutResponseHopLimit=template.metadata_hops
        ),
        Monitoring=drop_empty(Enabled=template.detailed_monitoring),
        CapacityReservationSpecification=_reservation(group.purchase.reservation),
        TagSpecifications=_tags({"Name": native, **group.tags, **template.tags}),
    )


def _network(template: InstanceTemplate, security_groups: Sequence[str]) -> dict[str, Any]:
    groups = list(security_groups)
    if template.public_address is None:
        return {"SecurityGroupIds": groups}
    # a template with an interface takes its security groups there and nowhere else (RunInstances)
    interface = drop_empty(DeviceIndex=0, AssociatePublicIpAddress=template.public_address, Groups=groups)
    return {"NetworkInterfaces": [interface]}


def _disk(disk: Disk, image: ImageFacts) -> dict[str, Any]:
    ebs = drop_empty(
        VolumeSize=disk.size_gb,
        VolumeType=native_disk("aws", disk.type),
        Encrypted=disk.encrypted,
        KmsKeyId=key_id(disk.key) if disk.key else None,
        Iops=disk.iops,
        Throughput=disk.throughput,
        DeleteOnTermination=not disk.keep,
    )
    return {"DeviceName": disk.device or image.root or ROOT_DEVICE, "Ebs": ebs}


def _reservation(reservation: str | None) -> dict[str, Any]:
    return {"CapacityReservationTarget": {"CapacityReservationId": reservation}} if reservation else {}


def _tags(tags: dict[str, str]) -> list[dict[str, Any]]:
    pairs = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return [{"ResourceType": kind, "Tags": pairs} for kind in ("instance", "volume")]


def key_id(key: str) -> str:
    """
    A key by its id, its ARN or its alias; anything else is the name of an alias.

    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
    """
    is_named = not key.startswith(("arn:", ALIAS)) and not _KEY_ID.fullmatch(key)
    return f"{ALIAS}{key}" if is_named else key


def profile_name(role: str) -> str:
    """The name of an instance profile, which may be given by its ARN."""
    return role.rpartition("/")[2] if role.startswith("arn:") else role


def _profile(role: str | None) -> dict[str, str]:
    if role is None:
        return {}
    return {"Arn": role} if role.startswith("arn:") else {"Name": role}


def _tokens(required: bool | None) -> str | None:
    return None if required is None else "required" if required else "optional"
