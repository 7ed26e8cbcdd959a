"""The sizes of virtual machines, as the list of resource SKUs answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.calls import Answer, Call, Route
from trimtab.emulators.azure.regions import REGIONS, ZONAL, ZONES
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.versions import SKUS
from trimtab.emulators.shared.errors import ServiceError

_LARGE = (2, 4, 8, 16, 32, 48, 64, 96)
_SMALL = (1, 2, 4, 8, 16)
_NO_SPOT, _ARM, _PLAIN = {"LowPriorityCapable": "False"}, {"CpuArchitectureType": "Arm64"}, {"PremiumIO": "False"}
_LOCAL = {"MaxResourceVolumeMB": "76800"}
_FAMILIES: tuple[tuple[str, tuple[int, ...], float, dict[str, str]], ...] = (
    # the name with its number of processors, those, GiB a processor, and what else is said
    ("Standard_B{}s", (1, 2, 4, 8, 12, 16, 20), 2, _NO_SPOT),
    ("Standard_B{}ms", _SMALL, 4, _NO_SPOT),
    ("Standard_B{}ls", (1,), 0.5, _NO_SPOT),
    ("Standard_B{}s_v2", (2, 4, 8, 16, 32), 4, _NO_SPOT),
    ("Standard_B{}as_v2", (2, 4, 8, 16, 32), 4, _NO_SPOT),
    ("Standard_B{}ls_v2", (2, 4, 8, 16, 32), 2, _NO_SPOT),
    ("Standard_B{}als_v2", (2, 4, 8, 16, 32), 2, _NO_SPOT),
    ("Standard_B{}ts_v2", (2,), 0.5, _NO_SPOT),
    ("Standard_B{}ats_v2", (2,), 0.5, _NO_SPOT),
    ("Standard_B{}ps_v2", (2, 4, 8, 16), 4, {**_NO_SPOT, **_ARM}),
    ("Standard_B{}pls_v2", (2, 4, 8, 16), 2, {**_NO_SPOT, **_ARM}),
    ("Standard_B{}pts_v2", (2,), 0.5, {**_NO_SPOT, **_ARM}),
    ("Basic_A{}", (0, 1, 2, 3, 4), 1.75, {**_NO_SPOT, **_PLAIN}),
    ("Standard_A{}", (0, 1, 2, 3, 4, 5, 6, 7), 1.75, {**_NO_SPOT, **_PLAIN}),
    ("Standard_A{}_v2", (1, 2, 4, 8), 2, _PLAIN),
    ("Standard_A{}m_v2", (2, 4, 8), 8, _PLAIN),
    ("Standard_D{}_v2", (1, 2, 3, 4, 5), 3.5, {**_PLAIN, **_LOCAL}),
    ("Standard_DS{}_v2", (1, 2, 3, 4, 5), 3.5, _LOCAL),
    ("Standard_D{}_v3", _LARGE, 4, {**_PLAIN, **_LOCAL}),
    ("Standard_E{}_v3", _LARGE, 8, {**_PLAIN, **_LOCAL}),
    ("Standard_F{}", _SMALL, 2, {**_PLAIN, **_LOCAL}),
    ("Standard_F{}s", _SMALL, 2, _LOCAL),
    ("Standard_F{}s_v2", (2, 4, 8, 16, 32, 48, 64, 72), 2, _LOCAL),
    *(
        ("Standard_D{}" + f"{kind}_v{version}", _LARGE, memory, said)
        for kind, memory, versions, said in (
            ("", 4, (4, 5), _PLAIN),
            ("d", 4, (4, 5), {**_PLAIN, **_LOCAL}),
            ("s", 4, (3, 4, 5), {}),
            ("as", 4, (4, 5), {}),
            ("a", 4, (4,), _PLAIN),
            ("ls", 2, (5,), {}),
            ("lds", 2, (5,), _LOCAL),
            ("ds", 4, (4, 5), _LOCAL),
            ("ads", 4, (5,), _LOCAL),
            ("ps", 4, (5,), _ARM),
            ("pds", 4, (5,), {**_ARM, **_LOCAL}),
            ("pls", 2, (5,), _ARM),
            ("plds", 2, (5,), {**_ARM, **_LOCAL}),
            ("s", 4, (6,), {"DiskControllerTypes": "NVMe"}),
            ("as", 4, (6,), {}),
            ("ls", 2, (6,), {"DiskControllerTypes": "NVMe"}),
            ("als", 2, (6,), {}),
        )
        for version in versions
    ),
    *(
        ("Standard_E{}" + f"{kind}_v{version}", (*_LARGE, 20), 8, said)
        for kind, versions, said in (
            ("s", (3, 4, 5), {}),
            ("as", (4, 5), {}),
            ("ds", (4, 5), _LOCAL),
            ("ads", (5,), _LOCAL),
            ("ps", (5,), _ARM),
        )
        for version in versions
    ),
    *((f"Standard_F{{}}{kind}_v6", _LARGE, memory, {}) for kind, memory in (("as", 4), ("als", 2), ("ams", 8))),
    ("Standard_NC{}as_T4_v3", (4, 8, 16, 64), 7, {"GPUs": "1"}),
    ("Standard_NC{}ads_A100_v4", (24, 48, 96), 9, {"GPUs": "1"}),
)
"""https://learn.microsoft.com/azure/virtual-machines/sizes/overview."""
_USUAL = {"LowPriorityCapable": "True", "CpuArchitectureType": "x64", "MaxResourceVolumeMB": "0", "PremiumIO": "True"}
_KNOWN = {
    name.format(number).lower(): {
        "name": name.format(number),
        "vCPUs": str(max(number, 1)),
        "MemoryGB": f"{max(number, 1) * memory:g}",
        "MaxDataDiskCount": str(min(32, max(number, 1) * 2)),
        **_USUAL,
        **said,
    }
    for name, numbers, memory, said in _FAMILIES
    for number in numbers
}
_PREMIUM = ("premium_lrs", "premium_zrs", "premiumv2_lrs", "ultrassd_lrs")


def _list_skus(call: Call) -> Answer:
    wanted = call.query.get("$filter", "").replace("location eq", "").strip(" '\"").lower()
    regions = [name for name in sorted(REGIONS) if not wanted or name == wanted]
    return Answer(200, {"value": list(_skus(regions)) if regions else []})


def _skus(regions: list[str]) -> Iterator[dict[str, Any]]:
    places = [{"location": region, "zones": list(ZONES) if region in ZONAL else []} for region in regions]
    for able in _KNOWN.values():
        yield {
            "resourceType": "virtualMachines",
            "name": able["name"],
            "tier": able["name"].partition("_")[0],
            "size": able["name"].partition("_")[2],
            "locations": regions,
            "locationInfo": places,
            "capabilities": [{"name": key, "value": value} for key, value in able.items() if key != "name"],
            "restrictions": [],
        }
    yield {"resourceType": "disks", "name": "Premium_LRS", "tier": "Premium", "locations": regions}


def check_size(body: Mapping[str, Any]) -> None:
    """
    Refuse a size of machine that there is not, and disks that it does not take.

    Raises:
        ServiceError: `InvalidParameter` or `OperationNotAllowed`.
    """
    mixed = find(body, "properties.skuProfile.vmSizes") or ()
    named = [str(each.get("name", "")) for each in mixed] or [str(find(body, "sku.name") or "")]
    storage = find(body, "properties.virtualMachineProfile.storageProfile") or {}
    data = list(storage.get("dataDisks") or ())
    for name in named:
        able = _KNOWN.get(name.lower())
        if able is None:
            text = f"The value {name} provided for the VM size is not valid. The valid sizes in the current region are"
            sizes = ",".join(sorted(each["name"] for each in _KNOWN.values()))
            raise ServiceError("InvalidParameter", f"{text}: {sizes}.", more={"target": "vmSize"})
        if len(data) > int(able["MaxDataDiskCount"]):
            text = "The maximum number of data disks allowed to be attached to a VM of this size is"
            raise ServiceError("OperationNotAllowed", f"{text} {able['MaxDataDiskCount']}.", 409)
        for disk in (storage.get("osDisk") or {}, *data) if able["PremiumIO"] == "False" else ():
            kind = str((disk.get("managedDisk") or {}).get("storageAccountType") or "")
            if kind.lower() in _PREMIUM:
                text = (
                    f"Requested operation cannot be performed because the VM size {name} does not support the storage"
                )
                more = "Consider updating the VM to a size that supports Premium storage."
                raise ServiceError("InvalidParameter", f"{text} account type {kind} of disk. {more}")


ROUTES = (
    Route("GET", f"{SUBSCRIPTION}/providers/Microsoft.Compute/skus", "compute", "ResourceSkus_List", SKUS, _list_skus),
)
