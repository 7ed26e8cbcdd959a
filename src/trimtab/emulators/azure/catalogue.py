"""
The images of the market place that fleets usually start from: publishers, offers, SKUs, versions.

Names out of `az vm image list --all`, of the aliases in azure-cli 2.91, of
https://learn.microsoft.com/azure/virtual-machines/linux/endorsed-distros and of the publishers' own pages; images that
have since been taken away are among them, as public configurations name them still. A version carries its date.
"""

from collections.abc import Iterator, Mapping

Key = tuple[str, str, str]
_UBUNTU = ("202409120", "202410170", "202411040", "202508180", "202510020")
_DEBIAN = ("20240717.1811", "20241004.1890", "20250210.2019", "20251015.2263")
_DATED: Mapping[Key, tuple[str, ...]] = {
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2"): tuple(f"22.04.{each}" for each in _UBUNTU),
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts"): tuple(f"22.04.{each}" for each in _UBUNTU),
    ("Canonical", "ubuntu-24_04-lts", "server"): tuple(f"24.04.{each}" for each in _UBUNTU),
    ("Canonical", "UbuntuServer", "18.04-LTS"): ("18.04.202303080", "18.04.202305220"),
    ("Canonical", "0001-com-ubuntu-server-focal", "20_04-lts"): tuple(f"20.04.{each}" for each in _UBUNTU),
    ("Canonical", "0001-com-ubuntu-server-focal", "20_04-lts-gen2"): tuple(f"20.04.{each}" for each in _UBUNTU),
    ("Canonical", "UbuntuServer", "16.04-LTS"): ("16.04.202007080", "16.04.202109280"),
    ("Canonical", "UbuntuServer", "16.04.0-LTS"): ("16.04.202009230", "16.04.202109280"),
    ("Debian", "debian-10", "10"): ("0.20221205.1220", "0.20230222.1299"),
    ("Debian", "debian-11", "11-backports-gen2"): tuple(f"0.{each}" for each in _DEBIAN),
    ("Debian", "debian-12", "12-gen2"): tuple(f"0.{each}" for each in _DEBIAN),
    ("Debian", "debian-12", "12"): tuple(f"0.{each}" for each in _DEBIAN),
    ("RedHat", "RHEL", "8-lvm-gen2"): ("8.10.2024101601", "8.10.2025091201"),
    ("RedHat", "RHEL", "9-lvm-gen2"): ("9.4.2024081415", "9.6.2025091201"),
    ("SUSE", "sles-15-sp5", "gen2"): ("2024.09.05", "2025.08.12"),
    ("microsoftcblmariner", "azure-linux-3", "azure-linux-3-gen2"): ("3.20240914.01", "3.20251001.01"),
    ("MicrosoftSQLServer", "sql2022-ubuntu2004", "enterprise_gen2"): ("16.0.240814", "16.0.250813"),
    ("OpenLogic", "CentOS", "7.5"): ("7.5.20180626", "7.5.201808150"),
    ("OpenLogic", "CentOS", "8_5-gen2"): ("8.5.2022012101", "8.5.2022101401"),
    ("MicrosoftWindowsServer", "WindowsServer", "2012-R2-Datacenter"): ("9600.20778.230110", "9600.20878.230311"),
    ("MicrosoftWindowsServer", "WindowsServer", "2016-Datacenter"): ("14393.5427.221005",),
    ("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-g2"): ("20348.2762.241006", "20348.4294.251018"),
}
"""Those whose versions are known one by one."""
_MORE: Mapping[tuple[str, str, str], str] = {
    ("Canonical", "UbuntuServer", "14.04.201911070"): "14.04.5-LTS",
    ("Canonical", "UbuntuServer", "16.04.202109280"): "16_04-lts-gen2",
    ("Canonical", "UbuntuServer", "18.04.202305220"): "18_04-lts-gen2 18_04-lts-arm64 18.04-DAILY-LTS",
    ("Canonical", "0001-com-ubuntu-minimal-focal", "20.04.202510020"): "minimal-20_04-lts minimal-20_04-lts-gen2",
    ("Canonical", "0001-com-ubuntu-minimal-jammy", "22.04.202510020"): "minimal-22_04-lts minimal-22_04-lts-gen2",
    ("Canonical", "0001-com-ubuntu-pro-focal", "20.04.202510020"): "pro-20_04-lts pro-20_04-lts-gen2",
    ("Canonical", "0001-com-ubuntu-pro-jammy", "22.04.202510020"): "pro-22_04-lts pro-22_04-lts-gen2",
    ("Canonical", "0001-com-ubuntu-confidential-vm-jammy", "22.04.202510020"): "22_04-lts-cvm",
    ("Canonical", "0001-com-ubuntu-server-focal", "20.04.202510020"): "20_04-lts-arm64",
    ("Canonical", "0001-com-ubuntu-server-jammy", "22.04.202510020"): "22_04-lts-arm64",
    ("Canonical", "ubuntu-22_04-lts", "22.04.202510020"): "server server-gen1 server-arm64 minimal minimal-gen1",
    ("Canonical", "ubuntu-24_04-lts", "24.04.202510020"): (
        "server-gen1 server-arm64 minimal minimal-gen1 minimal-arm64 cvm ubuntu-pro ubuntu-pro-gen1"
    ),
    ("Canonical", "ubuntu-25_04", "25.04.202510020"): "server server-arm64 minimal",
    ("Canonical", "ubuntu-25_10", "25.10.202510220"): "server server-arm64 minimal",
    ("Canonical", "ubuntu-26_04-lts", "26.04.202610010"): "server server-arm64 minimal minimal-arm64",
    ("Debian", "debian-10", "0.20240703.1797"): "10-gen2 10-backports 10-backports-gen2",
    ("Debian", "debian-11", "0.20251015.2263"): "11 11-gen2 11-backports 11-arm64",
    ("Debian", "debian-12", "0.20251015.2263"): "12-arm64 12-backports 12-backports-gen2",
    ("Debian", "debian-13", "0.20251015.2263"): "13 13-gen2 13-arm64",
    ("RedHat", "RHEL", "7.9.2024052101"): "7-LVM 7-RAW 7lvm-gen2 7_9 79-gen2 7.7 7.8 7.9",
    ("RedHat", "RHEL", "8.10.2025091201"): (
        "8-LVM 8 8-gen2 8.2 8_4 84-gen2 8_6 86-gen2 8_8 88-gen2 8_9 89-gen2 8_10 810-gen2"
    ),
    ("RedHat", "RHEL", "9.6.2025091201"): "9-lvm 9-raw 9_0 90-gen2 9_2 92-gen2 9_4 94_gen2 9_5 95_gen2 9_6 96-gen2",
    ("RedHat", "RHEL", "10.0.2025091201"): "10-lvm 10-lvm-gen2 10_0 100-gen2",
    ("RedHat", "rhel-arm64", "9.6.2025091201"): "8_10-arm64 9_4-arm64 9_6-arm64 10_0-arm64",
    ("SUSE", "sles-12-sp5", "2024.12.20"): "gen1 gen2",
    ("SUSE", "sles-15-sp3", "2024.12.20"): "gen1 gen2",
    ("SUSE", "sles-15-sp4", "2025.08.12"): "gen1 gen2",
    ("SUSE", "sles-15-sp5", "2025.08.12"): "gen1",
    ("SUSE", "sles-15-sp6", "2025.08.12"): "gen1 gen2",
    ("SUSE", "sles-15-sp7", "2025.08.12"): "gen1 gen2",
    ("SUSE", "sles-16-0", "2025.11.04"): "gen1 gen2",
    ("SUSE", "openSUSE-leap-15-4", "2023.11.25"): "gen1 gen2",
    ("SUSE", "opensuse-leap-15-5", "2024.12.01"): "gen1 gen2",
    ("SUSE", "opensuse-leap-15-6", "2025.08.12"): "gen1 gen2",
    ("OpenLogic", "CentOS", "7.9.2023062100"): "6.5 6.9 6.10 7.2 7.3 7.4 7.6 7.7 7_8 7_9 7_8-gen2 7_9-gen2",
    ("OpenLogic", "CentOS", "8.5.2022101401"): "8.0 8_1 8_2 8_3 8_4 8_5 8_4-gen2",
    ("OpenLogic", "CentOS-LVM", "8.5.2022101401"): "7-LVM 7-lvm-gen2 8-lvm 8-lvm-gen2",
    ("almalinux", "almalinux-x86_64", "9.6.202505220"): "8-gen1 8-gen2 9-gen1 9-gen2 10-gen1 10-gen2",
    ("almalinux", "almalinux-arm", "9.6.202505220"): "8-arm-gen2 9-arm-gen2 10-arm-gen2",
    ("resf", "rockylinux-x86_64", "9.6.20250531"): "8-base 8-lvm 9-base 9-lvm 10-base 10-lvm",
    ("Oracle", "Oracle-Linux", "9.5.5"): (
        "78 79 79-gen2 8 8-ci 81 82 83 84 85 86 ol87 ol88 ol89 ol810-lvm ol8_8-lvm ol87-lvm-gen2 ol88-lvm-gen2 "
        "ol89-lvm-gen2 ol810-lvm-gen2 ol9-lvm ol9-lvm-gen2 ol94-lvm ol94-lvm-gen2 ol95-lvm ol95-lvm-gen2"
    ),
    ("kinvolk", "flatcar-container-linux", "4230.2.3"): "stable stable-gen2 beta beta-gen2 alpha",
    ("kinvolk", "flatcar-container-linux-free", "4230.2.3"): "stable stable-gen2 beta beta-gen2 alpha alpha-gen2",
    ("kinvolk", "flatcar-container-linux-corevm-amd64", "4230.2.3"): "stable-gen2 lts2024-gen2",
    ("CoreOS", "CoreOS", "2345.3.0"): "Stable Beta Alpha",
    ("microsoftcblmariner", "azure-linux-3", "3.20251001.01"): "azure-linux-3 azure-linux-3-arm64",
    ("microsoftazurelinux", "azurelinux-4", "4.20261001.01"): "4 4-gen1 4-arm64",
    ("microsoftcblmariner", "cbl-mariner", "2.20250701.01"): "cbl-mariner-2 cbl-mariner-2-gen2 cbl-mariner-2-arm64",
    ("thefreebsdfoundation", "freebsd-14_2", "14.2.0"): "14_2-release-amd64-gen2-ufs 14_2-release-amd64-gen2-zfs",
    ("MicrosoftSQLServer", "sql2019-ubuntu2004", "15.0.250813"): "enterprise standard sqldev web sqldev-gen2",
    ("MicrosoftSQLServer", "sql2022-ubuntu2004", "16.0.250813"): "standard_gen2 sqldev_gen2 web_gen2",
    ("MicrosoftSQLServer", "sql2019-ws2022", "15.0.250813"): "enterprise standard sqldev web sqldev-gen2",
    ("MicrosoftSQLServer", "sql2022-ws2022", "16.0.250813"): "enterprise-gen2 standard-gen2 sqldev-gen2 web-gen2",
    (
        "MicrosoftWindowsDesktop",
        "Windows-10",
        "19045.6456.251014",
    ): "win10-22h2-pro win10-22h2-pro-g2",
    ("MicrosoftWindowsDesktop", "Windows-11", "26100.6899.251014"): (
        "win11-22h2-pro win11-22h2-ent win11-23h2-pro win11-23h2-ent win11-23h2-avd win11-24h2-pro win11-24h2-ent"
    ),
    ("MicrosoftWindowsServer", "WindowsServer", "7601.24214.180801"): "2008-R2-SP1 2008-R2-SP1-smalldisk",
    ("MicrosoftWindowsServer", "WindowsServer", "9200.23714.220405"): "2012-Datacenter 2012-datacenter-gensecond",
    ("MicrosoftWindowsServer", "WindowsServer", "9600.20878.230311"): (
        "2012-R2-Datacenter-smalldisk 2012-r2-datacenter-gensecond"
    ),
    ("MicrosoftWindowsServer", "WindowsServer", "14393.8519.251016"): (
        "2016-Datacenter-smalldisk 2016-Datacenter-Server-Core 2016-Datacenter-Server-Core-smalldisk "
        "2016-Datacenter-with-Containers 2016-datacenter-gensecond"
    ),
    ("MicrosoftWindowsServer", "WindowsServer", "17763.7919.251014"): (
        "2019-Datacenter 2019-Datacenter-smalldisk 2019-Datacenter-Core 2019-Datacenter-Core-smalldisk "
        "2019-Datacenter-with-Containers 2019-Datacenter-Core-with-Containers 2019-datacenter-gensecond "
        "2019-datacenter-core-g2 2019-datacenter-smalldisk-g2 2019-datacenter-gs"
    ),
    ("MicrosoftWindowsServer", "WindowsServer", "20348.4294.251018"): (
        "2022-datacenter 2022-datacenter-smalldisk 2022-datacenter-smalldisk-g2 2022-datacenter-core "
        "2022-datacenter-core-g2 2022-datacenter-core-smalldisk 2022-datacenter-core-smalldisk-g2 "
        "2022-datacenter-azure-edition 2022-datacenter-azure-edition-smalldisk 2022-datacenter-azure-edition-core "
        "2022-datacenter-azure-edition-core-smalldisk 2022-datacenter-azure-edition-hotpatch"
    ),
    ("MicrosoftWindowsServer", "WindowsServer", "26100.6905.251014"): (
        "2025-datacenter 2025-datacenter-g2 2025-datacenter-smalldisk 2025-datacenter-smalldisk-g2 "
        "2025-datacenter-core 2025-datacenter-core-g2 2025-datacenter-azure-edition "
        "2025-datacenter-azure-edition-smalldisk 2025-datacenter-azure-edition-core"
    ),
}
"""SKUs by publisher, offer and the one version that each of them has here."""
_WINDOWS = ("microsoftwindowsserver", "microsoftwindowsdesktop")
_SECOND = ("gen2", "-g2", "gensecond", "server", "minimal", "arm64", "cvm", "ubuntu-pro")
"""How SKUs of the second generation end, whose name does not say azure-edition or win11."""


def _all() -> Iterator[tuple[Key, tuple[str, ...]]]:
    yield from _DATED.items()
    for (publisher, offer, version), skus in _MORE.items():
        for sku in skus.split():
            yield (publisher, offer, sku), (version,)


CATALOGUE: Mapping[Key, tuple[str, ...]] = dict(_all())
"""The versions by publisher, offer and SKU."""
_FOLDED = {tuple(part.lower() for part in key): versions for key, versions in CATALOGUE.items()}


def newest(publisher: str, offer: str, sku: str) -> str | None:
    """The newest version of an image, `None` for one that there is not."""
    versions = _FOLDED.get((publisher.lower(), offer.lower(), sku.lower()))
    return max(versions, key=number_of) if versions else None


def number_of(version: str) -> tuple[int, ...]:
    """A version as numbers that sort."""
    return tuple(int(part) for part in version.split("."))


def is_windows(image: Mapping[str, object]) -> bool:
    """Whether an image reference is to a Windows system."""
    publisher, offer = (str(image.get(name, "")).lower() for name in ("publisher", "offer"))
    return publisher in _WINDOWS or "-ws20" in offer


def generation_of(sku: str) -> str:
    """The generation of the hypervisor that an image of a SKU is for."""
    name = sku.lower()
    return "V2" if name.endswith(_SECOND) or "azure-edition" in name or name.startswith("win11") else "V1"


def architecture_of(sku: str) -> str:
    """The processor that an image of a SKU is for."""
    return "Arm64" if "arm" in sku.lower() else "x64"


_PLAIN_DISK, _UBUNTU_DISK, _WINDOWS_DISK = (30, 32212255232), (31, 32213303808), (128, 136367309312)


def disk_of(image: Mapping[str, object]) -> tuple[int, int]:
    """The size of an image's disk in GB and in bytes."""
    is_small = "smalldisk" in str(image.get("sku", "")).lower()
    is_ubuntu = str(image.get("publisher", "")).lower() == "canonical"
    return _WINDOWS_DISK if is_windows(image) and not is_small else _UBUNTU_DISK if is_ubuntu else _PLAIN_DISK
