"""
The images that Google's projects publish, by family.

https://cloud.google.com/compute/docs/images/os-details and `gcloud compute images list --show-deprecated`, as of
November 2026; families that have since been taken away are among them, as public configurations name them still.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Published(NamedTuple):
    """An image that a project of Google publishes."""

    project: str
    name: str
    family: str
    made: str
    architecture: str = "X86_64"
    replaced_by: str = ""


_FIRST = (
    Published("debian-cloud", "debian-11-bullseye-v20251209", "debian-11", "2025-12-09T09:35:14.000-08:00"),
    Published(
        "debian-cloud",
        "debian-12-bookworm-v20251014",
        "debian-12",
        "2025-10-14T08:20:30.000-07:00",
        replaced_by="debian-12-bookworm-v20251209",
    ),
    Published("debian-cloud", "debian-12-bookworm-v20251209", "debian-12", "2025-12-09T09:36:02.000-08:00"),
    Published(
        "debian-cloud",
        "debian-12-bookworm-arm64-v20251209",
        "debian-12-arm64",
        "2025-12-09T09:36:40.000-08:00",
        "ARM64",
    ),
    Published(
        "ubuntu-os-cloud", "ubuntu-2404-noble-amd64-v20251110", "ubuntu-2404-lts-amd64", "2025-11-10T05:01:11.000-08:00"
    ),
    Published(
        "ubuntu-os-cloud", "ubuntu-2404-noble-amd64-v20251217", "ubuntu-2404-lts-amd64", "2025-12-17T05:10:43.000-08:00"
    ),
)

_MORE: Mapping[str, str] = {
    "debian-cloud": "debian-9 debian-10 debian-13 debian-11-arm64 debian-13-arm64",
    "ubuntu-os-cloud": """
        ubuntu-1404-lts ubuntu-1604-lts ubuntu-1804-lts ubuntu-1804-lts-arm64 ubuntu-2004-lts ubuntu-2004-lts-arm64
        ubuntu-2204-lts ubuntu-2204-lts-arm64 ubuntu-2404-lts-arm64 ubuntu-2504-amd64 ubuntu-2510-amd64
        ubuntu-2604-lts-amd64 ubuntu-2604-lts-arm64 ubuntu-minimal-1804-lts ubuntu-minimal-2004-lts
        ubuntu-minimal-2204-lts ubuntu-minimal-2204-lts-arm64 ubuntu-minimal-2404-lts-amd64
        ubuntu-minimal-2404-lts-arm64 ubuntu-minimal-2604-lts-amd64
    """,
    "ubuntu-os-pro-cloud": """
        ubuntu-pro-1604-lts ubuntu-pro-1804-lts ubuntu-pro-2004-lts ubuntu-pro-2204-lts ubuntu-pro-2404-lts-amd64
        ubuntu-pro-fips-2204-lts
    """,
    "ubuntu-os-accelerator-images": "ubuntu-accelerator-2204-amd64-with-nvidia-570 ubuntu-accelerator-2404-amd64",
    "centos-cloud": "centos-6 centos-7 centos-8 centos-stream-8 centos-stream-9 centos-stream-10",
    "rocky-linux-cloud": """
        rocky-linux-8 rocky-linux-9 rocky-linux-10 rocky-linux-8-optimized-gcp rocky-linux-9-optimized-gcp
        rocky-linux-10-optimized-gcp rocky-linux-9-arm64 rocky-linux-10-arm64 rocky-linux-8-optimized-gcp-arm64
        rocky-linux-9-optimized-gcp-arm64
    """,
    "rocky-linux-accelerator-cloud": "rocky-linux-9-optimized-gcp-nvidia-latest",
    "almalinux-cloud": "almalinux-8 almalinux-9 almalinux-10 almalinux-9-arm64",
    "oracle-linux-cloud": "oracle-linux-8 oracle-linux-9 oracle-linux-10",
    "rhel-cloud": "rhel-7 rhel-8 rhel-9 rhel-10 rhel-9-arm64 rhel-10-arm64",
    "rhel-sap-cloud": "rhel-8-4-sap-ha rhel-8-6-sap-ha rhel-8-8-sap-ha rhel-9-2-sap-ha rhel-9-4-sap-ha",
    "suse-cloud": "sles-12 sles-15 sles-16 sles-15-arm64",
    "suse-sap-cloud": "sles-12-sp5-sap sles-15-sp4-sap sles-15-sp5-sap sles-15-sp6-sap",
    "opensuse-cloud": "opensuse-leap opensuse-leap-arm64",
    "fedora-cloud": "fedora-cloud-42 fedora-cloud-43",
    "fedora-coreos-cloud": "fedora-coreos-stable fedora-coreos-testing fedora-coreos-next fedora-coreos-stable-arm64",
    "freebsd-org-cloud-dev": "freebsd-13-5 freebsd-14-2 freebsd-14-3",
    "cos-cloud": """
        cos-stable cos-beta cos-dev cos-101-lts cos-105-lts cos-109-lts cos-113-lts cos-117-lts cos-121-lts cos-125-lts
        cos-arm64-stable cos-arm64-beta cos-arm64-117-lts cos-arm64-121-lts
    """,
    "windows-cloud": """
        windows-2012-r2 windows-2012-r2-core windows-2016 windows-2016-core windows-2019 windows-2019-core
        windows-2019-for-containers windows-2022 windows-2022-core windows-2025 windows-2025-core
    """,
    "windows-sql-cloud": """
        sql-exp-2019-win-2022 sql-std-2017-win-2019 sql-std-2019-win-2019 sql-std-2019-win-2022 sql-std-2022-win-2022
        sql-ent-2019-win-2022 sql-ent-2022-win-2022 sql-web-2022-win-2022
    """,
    "deeplearning-platform-release": "common-cpu common-cu128-ubuntu-2204-nvidia-570 pytorch-2-7-cu128-ubuntu-2204",
}
"""Families of the public images, each with one image here."""
LARGE: Mapping[str, str] = {
    **dict.fromkeys(("centos-cloud", "rhel-cloud", "rhel-sap-cloud", "rocky-linux-cloud"), "20"),
    **dict.fromkeys(("almalinux-cloud", "oracle-linux-cloud", "rocky-linux-accelerator-cloud", "fedora-cloud"), "20"),
    **dict.fromkeys(("windows-cloud", "windows-sql-cloud", "deeplearning-platform-release"), "50"),
}
"""The gibibytes of images that are larger than 10."""
PUBLISHED = (
    *_FIRST,
    *(
        Published(
            project,
            f"{family}-v20251209",
            family,
            "2025-12-09T09:00:00.000-08:00",
            "ARM64" if "arm64" in family else "X86_64",
        )
        for project, families in _MORE.items()
        for family in families.split()
    ),
)
