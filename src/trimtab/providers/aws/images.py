"""What the neutral words of operating systems are on AWS: the newest image of an owner whose name matches."""

from collections.abc import Iterator

from trimtab.declarations.catalogue import ImageRow
from trimtab.models.template import Architecture, Image

UBUNTU = "https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/"
DEBIAN = "https://wiki.debian.org/Cloud/AmazonEC2Image"
ROCKY = "https://rockylinux.org/cloud-images"
ALMALINUX = "https://wiki.almalinux.org/cloud/AWS.html"
RED_HAT = "https://access.redhat.com/solutions/15356"
AMAZON_LINUX = "https://docs.aws.amazon.com/linux/al2023/ug/naming-and-versioning.html"
AMAZON_LINUX_2 = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/finding-an-ami.html"
WINDOWS = "https://docs.aws.amazon.com/ec2/latest/windows-ami-reference/windows-ami-versions.html"

_LINUX = (
    # what the publishers call the two processors in the names of images differs
    ("ubuntu-20.04", "099720109477", "ubuntu/images/hvm-ssd*/ubuntu-focal-20.04-{deb}-server-*", UBUNTU),
    ("ubuntu-22.04", "099720109477", "ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-{deb}-server-*", UBUNTU),
    ("ubuntu-24.04", "099720109477", "ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-{deb}-server-*", UBUNTU),
    ("debian-11", "136693071363", "debian-11-{deb}-*", DEBIAN),
    ("debian-12", "136693071363", "debian-12-{deb}-*", DEBIAN),
    ("debian-13", "136693071363", "debian-13-{deb}-*", DEBIAN),
    ("rocky-8", "792107900819", "Rocky-8-EC2-Base-8.*.{rpm}", ROCKY),
    ("rocky-9", "792107900819", "Rocky-9-EC2-Base-9.*.{rpm}", ROCKY),
    ("almalinux-8", "764336703387", "AlmaLinux OS 8.* {rpm}", ALMALINUX),
    ("almalinux-9", "764336703387", "AlmaLinux OS 9.* {rpm}", ALMALINUX),
    ("rhel-8", "309956199498", "RHEL-8.*_HVM-*-{aws}-*-Hourly2-*", RED_HAT),
    ("rhel-9", "309956199498", "RHEL-9.*_HVM-*-{aws}-*-Hourly2-*", RED_HAT),
    ("amazon-linux-2", "137112412989", "amzn2-ami-hvm-2.0.*-{aws}-gp2", AMAZON_LINUX_2),
    ("amazon-linux-2023", "137112412989", "al2023-ami-2023.*-kernel-6.1-{aws}", AMAZON_LINUX),
)
_WINDOWS = tuple(
    (f"windows-server-{year}", "801119661308", f"Windows_Server-{year}-English-Full-Base-*", WINDOWS)
    for year in (2019, 2022, 2025)
)
_PROCESSORS: tuple[tuple[Architecture, str, str], ...] = (("x86_64", "amd64", "x86_64"), ("arm64", "arm64", "aarch64"))


def _rows() -> Iterator[ImageRow]:
    for os, owner, name, source in _LINUX:
        for architecture, deb, rpm in _PROCESSORS:
            newest = name.format(deb=deb, rpm=rpm, aws=architecture)
            image = Image(newest=newest, owner=owner, architecture=architecture)
            yield ImageRow(os=os, architecture=architecture, image=image, source=source)
    for os, owner, name, source in _WINDOWS:
        image = Image(newest=name, owner=owner, architecture="x86_64")
        yield ImageRow(os=os, architecture="x86_64", image=image, source=source)


IMAGES = tuple(_rows())
"""One row for each operating system and processor."""
