"""The public images: those that moto's catalogue does not have, and the catalogue made once instead of each time."""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from moto.ec2.models import amis
from moto.ec2.models.amis import AMIS, Ami, AmiBackend
from moto.ec2.utils import generic_filter
from moto.ssm.models import Parameter, ParameterDict

T = TypeVar("T")

CANONICAL = "099720109477"
UBUNTU = (
    ("ami-0a1b2c3d4e5f60719", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20260101", "jammy"),
    ("ami-0a1b2c3d4e5f60720", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260101", "noble"),
)
"""Id, name and series of Canonical's newer images."""
PUBLISHED = (
    (CANONICAL, "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-{deb}-server-20250624"),
    (CANONICAL, "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20260101"),
    (CANONICAL, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20260101"),
    ("136693071363", "debian-11-{deb}-20260102-2345"),
    ("136693071363", "debian-12-{deb}-20260102-2345"),
    ("136693071363", "debian-13-{deb}-20260102-2345"),
    ("792107900819", "Rocky-8-EC2-Base-8.10-20240528.0.{rpm}"),
    ("792107900819", "Rocky-9-EC2-Base-9.6-20250531.0.{rpm}"),
    ("764336703387", "AlmaLinux OS 8.10.20250404 {rpm}"),
    ("764336703387", "AlmaLinux OS 9.6.20250522 {rpm}"),
    ("309956199498", "RHEL-8.10.0_HVM-20251015-{arch}-0-Hourly2-GP3"),
    ("309956199498", "RHEL-9.6.0_HVM-20251015-{arch}-0-Hourly2-GP3"),
    ("801119661308", "Windows_Server-2019-English-Full-Base-2025.11.12"),
    ("801119661308", "Windows_Server-2022-English-Full-Base-2025.11.12"),
    ("801119661308", "Windows_Server-2025-English-Full-Base-2025.11.12"),
)
"""
Owner and name of images that fleets usually start from, as DescribeImages answers in 2026.

https://documentation.ubuntu.com/aws, https://wiki.debian.org/Cloud/AmazonEC2Image, https://rockylinux.org/cloud-images,
https://wiki.almalinux.org/cloud/AWS.html, https://access.redhat.com/solutions/15356
"""
PARAMETERS = (
    (
        r"/aws/service/canonical/ubuntu/server/(\d\d\.04)/stable/current/(amd64|arm64)/hvm/ebs-gp[23]/ami-id",
        r"ubuntu/images/hvm-ssd*/ubuntu-*-\1-\2-server-*",
    ),
    (r"/aws/service/debian/release/(\d+)/latest/(amd64|arm64)", r"debian-\1-\2-*"),
    (r"/aws/service/ami-windows-latest/(Windows_Server-[\w-]+)", r"\1-20*"),
)
"""
Public parameters that hold the newest of these images, and what that is called.

https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/, https://wiki.debian.org/Cloud/AmazonEC2Image,
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
"""
_PROCESSORS = (("x86_64", "amd64", "x86_64"), ("arm64", "arm64", "aarch64"))
IN_DOCUMENTATION = ("ami-0abcdef1234567890", "ami-0123456789abcdef0")
"""Images that only AWS's own documentation has, in its examples; who tries one of those out here finds them."""
IMAGE_GB = 8
"""The size of every image's own disk."""


def publish_images() -> None:
    """Add the images to every account that begins from now on; calling it again changes nothing."""
    catalogue: Any = AmiBackend
    catalogue._load_amis = _publish_again
    image_class: Any = Ami
    image_class.block_device_mappings = property(_disks)
    module: Any = amis
    module.generic_filter = _filtered
    parameters: Any = ParameterDict
    parameters._check_loading_status = _load_parameter
    known = {image["ami_id"] for image in AMIS}
    older = next(image for image in AMIS if "ubuntu-xenial" in image["name"])
    for name, title, series in UBUNTU:
        if name not in known:
            text = f"Canonical, Ubuntu, {series}"
            AMIS.append({**older, "ami_id": name, "name": title, "description": text, "owner_id": CANONICAL})
    for owner, title, arch in _publications():
        name = f"ami-0{hashlib.sha256(title.encode()).hexdigest()[:16]}"
        if name not in known:
            AMIS.append(
                {**older, "ami_id": name, "name": title, "description": title, "owner_id": owner, "architecture": arch}
            )
    for name in IN_DOCUMENTATION:
        if name not in known:
            AMIS.append({**older, "ami_id": name, "name": f"example-{name}", "description": "An example"})


def _publications() -> Iterator[tuple[str, str, str]]:
    """Owner, name and processor of each image."""
    for owner, title in PUBLISHED:
        for arch, deb, rpm in _PROCESSORS:
            name = title.format(arch=arch, deb=deb, rpm=rpm)
            if "{" in title or arch == ("arm64" if "-arm64-" in title else "x86_64"):
                yield owner, name, arch


def _disks(image: Ami) -> list[dict[str, Any]]:
    ebs = {"SnapshotId": image.ebs_snapshot.id, "VolumeSize": IMAGE_GB, "VolumeType": "gp3"}
    return [{"DeviceName": image.root_device_name, "Ebs": {**ebs, "DeleteOnTermination": True}}]


def _filtered(filters: Any, images: list[Any]) -> list[Any]:
    """The images that pass filters: those that their ids ask for first, of the thousand that there are."""
    ids = (filters or {}).get("image-id")
    if isinstance(ids, list) and not any(mark in name for name in ids for mark in "*?["):
        images = [image for image in images if image.id in ids]
    return generic_filter(filters, images)


_load_moto_parameter: Callable[[Any, str], None] = ParameterDict._check_loading_status


def _load_parameter(parameters: Any, key: str) -> None:
    """A public parameter, once it is asked for; those of Amazon Linux are moto's."""
    _load_moto_parameter(parameters, key)
    newest = _newest(str(key or ""))
    if newest and not dict.__contains__(parameters, key):
        dict.__setitem__(parameters, key, [_parameter(parameters, key, newest)])


def _newest(parameter: str) -> str | None:
    for path, name in PARAMETERS:
        if match := re.fullmatch(path, parameter):
            wanted = match.expand(name)
            images = sorted((image["name"], image["ami_id"]) for image in AMIS if fnmatchcase(image["name"], wanted))
            return str(images[-1][1]) if images else None
    return None


def _parameter(parameters: Any, name: str, image: str) -> Any:
    parameter: Any = Parameter
    return parameter(
        account_id=parameters.account_id,
        name=name,
        value=image,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=datetime(2026, 1, 1, tzinfo=UTC),
        version=1,
        data_type="aws:ec2:image",
    )


_load: Callable[[Any], None] = AmiBackend._load_amis
_published: dict[tuple[str, str], list[Ami]] = {}
"""The catalogue of each account and region that has begun once."""


def _publish_again(backend: Any) -> None:
    """The catalogue of a region; moto makes each of its thousand images from nothing, with a volume and a snapshot."""
    place = (backend.account_id, backend.region_name)
    if place not in _published:
        _load(backend)
        _published[place] = [_image(image, None) for image in backend.amis.values()]
        return
    for image in _published[place]:
        twin = backend.amis[image.id] = _image(image, backend)
        backend.snapshots[twin.ebs_snapshot.id] = twin.ebs_snapshot


def _image(image: Ami, backend: Any) -> Ami:
    snapshot = _twin(image.ebs_snapshot, ec2_backend=backend)
    return _twin(image, ec2_backend=backend, ebs_snapshot=snapshot, launch_permissions=[*image.launch_permissions])


def _twin(thing: T, **changed: Any) -> T:
    # past moto's own constructor, which keeps each object for ever
    twin: T = object.__new__(type(thing))
    twin.__dict__ |= thing.__dict__ | changed
    return twin
