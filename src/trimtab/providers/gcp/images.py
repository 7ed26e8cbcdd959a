"""What the neutral words of operating systems are on Google Cloud: a project and an image family."""

from collections.abc import Iterator

from trimtab.declarations.catalogue import ImageRow
from trimtab.models.template import Architecture, Image

SOURCE = "https://cloud.google.com/compute/docs/images/os-details"
_FAMILIES = (
    ("ubuntu-20.04", "ubuntu-os-cloud", "ubuntu-2004-lts", "ubuntu-2004-lts-arm64"),
    ("ubuntu-22.04", "ubuntu-os-cloud", "ubuntu-2204-lts", "ubuntu-2204-lts-arm64"),
    ("ubuntu-24.04", "ubuntu-os-cloud", "ubuntu-2404-lts-amd64", "ubuntu-2404-lts-arm64"),
    ("debian-11", "debian-cloud", "debian-11", "debian-11-arm64"),
    ("debian-12", "debian-cloud", "debian-12", "debian-12-arm64"),
    ("debian-13", "debian-cloud", "debian-13", "debian-13-arm64"),
    ("rocky-8", "rocky-linux-cloud", "rocky-linux-8", "rocky-linux-8-optimized-gcp-arm64"),
    ("rocky-9", "rocky-linux-cloud", "rocky-linux-9", "rocky-linux-9-arm64"),
    ("almalinux-8", "almalinux-cloud", "almalinux-8", ""),
    ("almalinux-9", "almalinux-cloud", "almalinux-9", "almalinux-9-arm64"),
    ("rhel-8", "rhel-cloud", "rhel-8", ""),
    ("rhel-9", "rhel-cloud", "rhel-9", "rhel-9-arm64"),
    ("windows-server-2019", "windows-cloud", "windows-2019", ""),
    ("windows-server-2022", "windows-cloud", "windows-2022", ""),
    ("windows-server-2025", "windows-cloud", "windows-2025", ""),
)


def _rows() -> Iterator[ImageRow]:
    for os, project, *families in _FAMILIES:
        architectures: tuple[Architecture, ...] = ("x86_64", "arm64")
        for architecture, family in zip(architectures, families, strict=True):
            if family:
                image = Image(id=f"{project}/{family}")
                yield ImageRow(os=os, architecture=architecture, image=image, source=SOURCE)


IMAGES = tuple(_rows())
"""One row for each operating system and processor."""
