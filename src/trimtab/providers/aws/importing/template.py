"""What instances are launched with: a launch template's data, or a launch configuration as such data."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from trimtab.declarations.disks import neutral_disk
from trimtab.providers.aws.importing.policies import drop_none
from trimtab.providers.bodies import start_fields

UNKNOWN = "unknown"
"""Image or size of a template that gives none."""


def read_template(data: Mapping[str, Any], name: str, tags: Mapping[str, str], sizes: Sequence[str]) -> dict[str, Any]:
    """
    The fields of an instance template.

    Args:
        data: A launch template's data.
        name: The group's name in the cloud, which instances are called by themselves.
        tags: The group's tags, which instances have anyway.
        sizes: The sizes that the group names itself; the first stands in for a template's that gives none.
    """
    options, monitoring = data.get("MetadataOptions") or {}, data.get("Monitoring") or {}
    tokens = options.get("HttpTokens")
    profile = data.get("IamInstanceProfile") or {}
    return drop_none(
        image={"id": data.get("ImageId") or UNKNOWN},
        size=data.get("InstanceType") or next(iter(sizes), UNKNOWN),
        **start_of(data.get("UserData")),
        ssh_key=data.get("KeyName") or None,
        role=profile.get("Arn") or profile.get("Name"),
        **_network(data),
        disks=_disks(data),
        metadata_token=None if tokens is None else tokens == "required",
        metadata_hops=options.get("HttpPutResponseHopLimit"),
        detailed_monitoring=monitoring.get("Enabled"),
        tags=_tags(data, name, tags) or None,
    )


def start_of(text: str | None) -> dict[str, Any]:
    """The start script, where it is text, and the agents before it."""
    try:
        return start_fields(base64.b64decode(text)) if text else {}
    except (binascii.Error, ValueError):
        return {}


def _network(data: Mapping[str, Any]) -> dict[str, Any]:
    interfaces = data.get("NetworkInterfaces") or [{}]
    public = interfaces[0].get("AssociatePublicIpAddress")
    groups = data.get("SecurityGroupIds") or interfaces[0].get("Groups")
    return {"public_address": public, "security_groups": tuple(groups) if groups else None}


def _disks(data: Mapping[str, Any]) -> tuple[dict[str, Any], ...] | None:
    mappings = [
        mapping for mapping in data.get("BlockDeviceMappings") or () if mapping.get("Ebs") and mapping.get("DeviceName")
    ]
    return tuple(_disk(mapping["DeviceName"], mapping["Ebs"]) for mapping in mappings) or None


def _disk(device: str, ebs: Mapping[str, Any]) -> dict[str, Any]:
    return drop_none(
        device=device,
        size_gb=ebs.get("VolumeSize"),
        type=neutral_disk("aws", ebs.get("VolumeType", "")),
        encrypted=ebs.get("Encrypted"),
        key=ebs.get("KmsKeyId"),
        iops=ebs.get("Iops"),
        throughput=ebs.get("Throughput"),
        keep=True if ebs.get("DeleteOnTermination") is False else None,
    )


def _tags(data: Mapping[str, Any], name: str, tags: Mapping[str, str]) -> dict[str, str]:
    anyway = {"Name": name, **tags}
    return {key: value for key, value in instance_tags(data).items() if anyway.get(key) != value and not is_aws(key)}


def instance_tags(data: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a template gives its instances."""
    by_kind = {spec["ResourceType"]: spec.get("Tags") or () for spec in data.get("TagSpecifications") or ()}
    return {tag["Key"]: tag.get("Value", "") for tag in by_kind.get("instance", by_kind.get("volume", ()))}


def is_aws(key: str) -> bool:
    """Whether only AWS itself can set a tag."""
    return key.startswith("aws:")


RENAMED = {"SecurityGroups": "SecurityGroupIds", "InstanceMonitoring": "Monitoring"}
"""What a launch configuration calls otherwise than a template's data."""
_NAMES = {"LaunchConfigurationName", "LaunchConfigurationARN", "CreatedTime"}


def as_data(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A launch configuration as the data of a launch template that launches the same."""
    data = {
        RENAMED.get(name, name): value
        for name, value in configuration.items()
        if name not in _NAMES and value not in ("", [])
    }
    if profile := data.pop("IamInstanceProfile", None):
        data["IamInstanceProfile"] = {"Arn" if profile.startswith("arn:") else "Name": profile}
    if (public := data.pop("AssociatePublicIpAddress", None)) is not None:
        groups = data.pop("SecurityGroupIds", [])
        data["NetworkInterfaces"] = [{"DeviceIndex": 0, "AssociatePublicIpAddress": public, "Groups": groups}]
    return data
