"""Public images that moto's catalogue does not have."""

from moto.ec2.models.amis import AMIS

CANONICAL = "099720109477"
UBUNTU = (
    ("ami-0a1b2c3d4e5f60719", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20260101", "jammy"),
    ("ami-0a1b2c3d4e5f60720", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260101", "noble"),
)
"""Id, name and series of Canonical's newer images."""


def publish_images() -> None:
    """Make the images known to every account that begins from now on; again is no harm."""
    known = {image["ami_id"] for image in AMIS}
    older = next(image for image in AMIS if "ubuntu-xenial" in image["name"])
    for name, title, series in UBUNTU:
        if name not in known:
            text = f"Canonical, Ubuntu, {series}"
            AMIS.append({**older, "ami_id": name, "name": title, "description": text, "owner_id": CANONICAL})
