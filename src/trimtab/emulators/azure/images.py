"""The images of the market place: a few systems, each in several versions that carry their date."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.azure.calls import Answer, Call, Route
from trimtab.emulators.azure.routing import COMPUTE, SUBSCRIPTION
from trimtab.emulators.shared.errors import ServiceError

_UBUNTU = ("202409120", "202410170", "202411040", "202508180", "202510020")
_DEBIAN = ("20240717.1811", "20241004.1890", "20250210.2019", "20251015.2263")
CATALOGUE: Mapping[tuple[str, str, str], tuple[str, ...]] = {
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2"): tuple(f"22.04.{each}" for each in _UBUNTU),
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts"): tuple(f"22.04.{each}" for each in _UBUNTU),
    ("Canonical", "ubuntu-24_04-lts", "server"): tuple(f"24.04.{each}" for each in _UBUNTU),
    ("Canonical", "UbuntuServer", "18.04-LTS"): ("18.04.202303080", "18.04.202305220"),
    ("Canonical", "UbuntuServer", "16.04.0-LTS"): ("16.04.202009230", "16.04.202109280"),
    ("Debian", "debian-10", "10"): ("0.20221205.1220", "0.20230222.1299"),
    ("Debian", "debian-11", "11-backports-gen2"): tuple(f"0.{each}" for each in _DEBIAN),
    ("Debian", "debian-12", "12-gen2"): tuple(f"0.{each}" for each in _DEBIAN),
    ("OpenLogic", "CentOS", "7.5"): ("7.5.20180626", "7.5.201808150"),
    ("OpenLogic", "CentOS", "8_5-gen2"): ("8.5.2022012101", "8.5.2022101401"),
    ("MicrosoftWindowsServer", "WindowsServer", "2012-R2-Datacenter"): ("9600.20778.230110", "9600.20878.230311"),
    ("MicrosoftWindowsServer", "WindowsServer", "2016-Datacenter"): ("14393.5427.221005",),
    ("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-g2"): ("20348.2762.241006", "20348.4294.251018"),
}
"""The versions by publisher, offer and SKU."""
_WINDOWS = "MicrosoftWindowsServer"
_SIZES = {"canonical": (31, 32213303808), "microsoftwindowsserver": (128, 136367309312)}
"""The size of the disk in GB and in bytes, by publisher."""


def newest(publisher: str, offer: str, sku: str) -> str | None:
    """The newest version of an image, `None` for one that there is not."""
    wanted = (publisher.lower(), offer.lower(), sku.lower())
    for key, versions in CATALOGUE.items():
        if tuple(part.lower() for part in key) == wanted:
            return max(versions, key=_number)
    return None


def is_windows(image: Mapping[str, Any]) -> bool:
    """Whether an image reference is to a Windows system."""
    return str(image.get("publisher", "")).lower() == _WINDOWS.lower()


def _list_publishers(call: Call) -> Answer:
    return Answer(200, [_entry(call, name) for name in sorted({key[0] for key in CATALOGUE})])


def _list_offers(call: Call) -> Answer:
    return Answer(200, [_entry(call, name) for name in sorted({key[1] for key in _matching(call)})])


def _list_skus(call: Call) -> Answer:
    return Answer(200, [_entry(call, name) for name in sorted({key[2] for key in _matching(call)})])


def _list_versions(call: Call) -> Answer:
    versions = [version for key in _matching(call) for version in CATALOGUE[key]]
    if not versions:
        raise _no_image(call)
    order = call.query.get("$orderby", "name asc").lower()
    versions.sort(key=_number, reverse=order.endswith("desc"))
    shown = versions[: int(call.query["$top"])] if "$top" in call.query else versions
    expanded = call.expand == "properties"
    return Answer(200, [_image(call, version) if expanded else _entry(call, version) for version in shown])


def _get_version(call: Call) -> Answer:
    if not any(call.names["version"] in CATALOGUE[key] for key in _matching(call)):
        raise _no_image(call)
    return Answer(200, _image(call, call.names["version"]))


def _matching(call: Call) -> Iterator[tuple[str, str, str]]:
    wanted = [call.names.get(name, "").lower() for name in ("publisher", "offer", "sku")]
    for key in CATALOGUE:
        if all(not want or want == part.lower() for want, part in zip(wanted, key, strict=True)):
            yield key


def _entry(call: Call, name: str) -> dict[str, Any]:
    where = call.names
    path = f"/Subscriptions/{call.world.subscription}/Providers/Microsoft.Compute/Locations/{where['location']}"
    for title, part in (("Publishers", "publisher"), ("ArtifactTypes/VMImage/Offers", "offer"), ("Skus", "sku")):
        if part not in where:
            return {"location": where["location"], "name": name, "id": f"{path}/{title}/{name}"}
        path += f"/{title}/{where[part]}"
    return {"location": where["location"], "name": name, "id": f"{path}/Versions/{name}"}


def _image(call: Call, version: str) -> dict[str, Any]:
    publisher, sku = call.names["publisher"].lower(), call.names["sku"].lower()
    size, size_in_bytes = _SIZES.get(publisher, (30, 32212255232))
    properties: dict[str, Any] = {
        "hyperVGeneration": "V2" if sku.endswith(("gen2", "-g2", "server")) else "V1",
        "architecture": "x64",
        "replicaType": "Unmanaged",
        "disallowed": {"vmDiskType": "None"},
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": publisher != "debian"},
        "imageDeprecationStatus": {"imageState": "Active"},
        "features": [
            {"name": "IsAcceleratedNetworkSupported", "value": "True"},
            {"name": "DiskControllerTypes", "value": "SCSI"},
            {"name": "IsHibernateSupported", "value": "False"},
        ],
        "osDiskImage": {
            "operatingSystem": "Windows" if publisher == _WINDOWS.lower() else "Linux",
            "sizeInGb": size,
            "sizeInBytes": size_in_bytes,
        },
        "dataDiskImages": [],
    }
    return {"properties": properties, **_entry(call, version)}


def _no_image(call: Call) -> ServiceError:
    where = call.names
    return ServiceError("NotFound", f"Artifact: VMImage was not found in {where['publisher']} {where['offer']}.", 404)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


_PUBLISHERS = f"{SUBSCRIPTION}/providers/Microsoft.Compute/locations/{{location}}/publishers"
_OFFERS = f"{_PUBLISHERS}/{{publisher}}/artifacttypes/vmimage/offers"
_SKUS = f"{_OFFERS}/{{offer}}/skus"
_VERSIONS = f"{_SKUS}/{{sku}}/versions"
ROUTES = (
    Route("GET", _PUBLISHERS, "compute", "VirtualMachineImages_ListPublishers", COMPUTE, _list_publishers),
    Route("GET", _OFFERS, "compute", "VirtualMachineImages_ListOffers", COMPUTE, _list_offers),
    Route("GET", _SKUS, "compute", "VirtualMachineImages_ListSkus", COMPUTE, _list_skus),
    Route("GET", _VERSIONS, "compute", "VirtualMachineImages_List", COMPUTE, _list_versions),
    Route("GET", f"{_VERSIONS}/{{version}}", "compute", "VirtualMachineImages_Get", COMPUTE, _get_version),
)
