"""The public images: those that moto's catalogue does not have, and the catalogue made once instead of each time."""

from collections.abc import Callable
from typing import Any, TypeVar

from moto.ec2.models.amis import AMIS, Ami, AmiBackend

T = TypeVar("T")

CANONICAL = "099720109477"
UBUNTU = (
    ("ami-0a1b2c3d4e5f60719", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20260101", "jammy"),
    ("ami-0a1b2c3d4e5f60720", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260101", "noble"),
)
"""Id, name and series of Canonical's newer images."""


def publish_images() -> None:
    """Add the images to every account that begins from now on; calling it again changes nothing."""
    catalogue: Any = AmiBackend
    catalogue._load_amis = _publish_again
    known = {image["ami_id"] for image in AMIS}
    older = next(image for image in AMIS if "ubuntu-xenial" in image["name"])
    for name, title, series in UBUNTU:
        if name not in known:
            text = f"Canonical, Ubuntu, {series}"
            AMIS.append({**older, "ami_id": name, "name": title, "description": text, "owner_id": CANONICAL})


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
