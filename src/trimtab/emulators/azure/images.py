"""The images of the market place, listed and read."""

from collections.abc import Iterator
from typing import Any

from trimtab.emulators.azure.calls import Answer, ArmRoute, Call
from trimtab.emulators.azure.catalogue import CATALOGUE, architecture_of, disk_of, generation_of, is_windows, number_of
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.versions import COMPUTE
from trimtab.emulators.shared.errors import ServiceError


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
    versions.sort(key=number_of, reverse=order.endswith("desc"))
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
    publisher, sku, windows = call.names["publisher"].lower(), call.names["sku"], is_windows(call.names)
    size, size_in_bytes = disk_of(call.names)
    properties: dict[str, Any] = {
        "hyperVGeneration": generation_of(sku),
        "architecture": architecture_of(sku),
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
            "operatingSystem": "Windows" if windows else "Linux",
            "sizeInGb": size,
            "sizeInBytes": size_in_bytes,
        },
        "dataDiskImages": [],
    }
    return {"properties": properties, **_entry(call, version)}


def _no_image(call: Call) -> ServiceError:
    where = call.names
    return ServiceError("NotFound", f"Artifact: VMImage was not found in {where['publisher']} {where['offer']}.", 404)


_PUBLISHERS = f"{SUBSCRIPTION}/providers/Microsoft.Compute/locations/{{location}}/publishers"
_OFFERS = f"{_PUBLISHERS}/{{publisher}}/artifacttypes/vmimage/offers"
_SKUS = f"{_OFFERS}/{{offer}}/skus"
_VERSIONS = f"{_SKUS}/{{sku}}/versions"
ROUTES = (
    ArmRoute("GET", _PUBLISHERS, "compute", "VirtualMachineImages_ListPublishers", COMPUTE, _list_publishers),
    ArmRoute("GET", _OFFERS, "compute", "VirtualMachineImages_ListOffers", COMPUTE, _list_offers),
    ArmRoute("GET", _SKUS, "compute", "VirtualMachineImages_ListSkus", COMPUTE, _list_skus),
    ArmRoute("GET", _VERSIONS, "compute", "VirtualMachineImages_List", COMPUTE, _list_versions),
    ArmRoute("GET", f"{_VERSIONS}/{{version}}", "compute", "VirtualMachineImages_Get", COMPUTE, _get_version),
)
