"""What the neutral words of operating systems are on Azure: publisher, offer and SKU, and a purchase plan."""

from trimtab.declarations.catalogue import ImageRow
from trimtab.models.template import Architecture, Image

UBUNTU = "https://documentation.ubuntu.com/azure/azure-how-to/instances/find-ubuntu-images/"
DEBIAN = "https://wiki.debian.org/Cloud/MicrosoftAzure"
ROCKY = "https://rockylinux.org/cloud-images"
ALMALINUX = "https://wiki.almalinux.org/cloud/Azure.html"
RED_HAT = "https://learn.microsoft.com/azure/virtual-machines/workloads/redhat/redhat-imagelist"
WINDOWS = "https://learn.microsoft.com/azure/virtual-machines/windows/cli-ps-findimage"


def _row(os: str, architecture: Architecture, urn: str, source: str, *, plan: bool = False) -> ImageRow:
    publisher, offer, sku = urn.split(":")
    image = Image(newest=f"{offer}:{sku}", owner=publisher)
    # https://learn.microsoft.com/azure/virtual-machines/linux/cli-ps-findimage#view-purchase-plan-properties
    taken = {"name": sku, "product": offer, "publisher": publisher} if plan else {}
    return ImageRow(os=os, architecture=architecture, image=image, source=source, plan=taken)


IMAGES = (
    _row("ubuntu-20.04", "x86_64", "Canonical:0001-com-ubuntu-server-focal:20_04-lts-gen2", UBUNTU),
    _row("ubuntu-20.04", "arm64", "Canonical:0001-com-ubuntu-server-focal:20_04-lts-arm64", UBUNTU),
    _row("ubuntu-22.04", "x86_64", "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2", UBUNTU),
    _row("ubuntu-22.04", "arm64", "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-arm64", UBUNTU),
    _row("ubuntu-24.04", "x86_64", "Canonical:ubuntu-24_04-lts:server", UBUNTU),
    _row("ubuntu-24.04", "arm64", "Canonical:ubuntu-24_04-lts:server-arm64", UBUNTU),
    _row("debian-11", "x86_64", "Debian:debian-11:11-gen2", DEBIAN),
    _row("debian-11", "arm64", "Debian:debian-11:11-arm64", DEBIAN),
    _row("debian-12", "x86_64", "Debian:debian-12:12-gen2", DEBIAN),
    _row("debian-12", "arm64", "Debian:debian-12:12-arm64", DEBIAN),
    _row("debian-13", "x86_64", "Debian:debian-13:13-gen2", DEBIAN),
    _row("debian-13", "arm64", "Debian:debian-13:13-arm64", DEBIAN),
    _row("rocky-8", "x86_64", "resf:rockylinux-x86_64:8-base", ROCKY, plan=True),
    _row("rocky-9", "x86_64", "resf:rockylinux-x86_64:9-base", ROCKY, plan=True),
    _row("almalinux-8", "x86_64", "almalinux:almalinux-x86_64:8-gen2", ALMALINUX),
    _row("almalinux-8", "arm64", "almalinux:almalinux-arm:8-arm-gen2", ALMALINUX),
    _row("almalinux-9", "x86_64", "almalinux:almalinux-x86_64:9-gen2", ALMALINUX),
    _row("almalinux-9", "arm64", "almalinux:almalinux-arm:9-arm-gen2", ALMALINUX),
    _row("rhel-8", "x86_64", "RedHat:RHEL:8-lvm-gen2", RED_HAT),
    _row("rhel-9", "x86_64", "RedHat:RHEL:9-lvm-gen2", RED_HAT),
    _row("windows-server-2019", "x86_64", "MicrosoftWindowsServer:WindowsServer:2019-datacenter-gensecond", WINDOWS),
    _row("windows-server-2022", "x86_64", "MicrosoftWindowsServer:WindowsServer:2022-datacenter-g2", WINDOWS),
    _row("windows-server-2025", "x86_64", "MicrosoftWindowsServer:WindowsServer:2025-datacenter-g2", WINDOWS),
)
"""One row for each operating system and processor."""
