"""The sizes of virtual machines, as the list of resource SKUs answers."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call
from trimtab.emulators.azure.catalogue import architecture_of, disk_of
from trimtab.emulators.azure.regions import REGIONS, ZONAL, ZONES
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.versions import SKUS
from trimtab.emulators.shared.errors import ServiceError

_LARGE = (2, 4, 8, 16, 32, 48, 64, 96)
_SMALL = (1, 2, 4, 8, 16)
_NO_SPOT, _ARM, _PLAIN = {"LowPriorityCapable": "False"}, {"CpuArchitectureType": "Arm64"}, {"PremiumIO": "False"}
_LOCAL, _NVME = {"MaxResourceVolumeMB": "76800"}, {"DiskControllerTypes": "NVMe"}
_NO_SPOT_LOCAL = {**_NO_SPOT, **_LOCAL}
_FAMILIES: tuple[tuple[str, tuple[int, ...], float, dict[str, str]], ...] = (
    # the name with its number of processors, those, GiB a processor, and what else is said
    ("Standard_B{}s", (1, 2, 4, 8, 12, 16, 20), 2, _NO_SPOT_LOCAL),
    ("Standard_B{}ms", _SMALL, 4, _NO_SPOT_LOCAL),
    ("Standard_B{}ls", (1,), 0.5, _NO_SPOT_LOCAL),
    ("Standard_B{}s_v2", (2, 4, 8, 16, 32), 4, _NO_SPOT),
    ("Standard_B{}as_v2", (2, 4, 8, 16, 32), 4, _NO_SPOT),
    ("Standard_B{}ls_v2", (2, 4, 8, 16, 32), 2, _NO_SPOT),
    ("Standard_B{}als_v2", (2, 4, 8, 16, 32), 2, _NO_SPOT),
    ("Standard_B{}ts_v2", (2,), 0.5, _NO_SPOT),
    ("Standard_B{}ats_v2", (2,), 0.5, _NO_SPOT),
    ("Standard_B{}ps_v2", (2, 4, 8, 16), 4, {**_NO_SPOT, **_ARM}),
    ("Standard_B{}pls_v2", (2, 4, 8, 16), 2, {**_NO_SPOT, **_ARM}),
    ("Standard_B{}pts_v2", (2,), 0.5, {**_NO_SPOT, **_ARM}),
    ("Basic_A{}", (0, 1, 2, 3, 4), 1.75, {**_NO_SPOT_LOCAL, **_PLAIN}),
    ("Standard_A{}", (0, 1, 2, 3, 4, 5, 6, 7), 1.75, {**_NO_SPOT_LOCAL, **_PLAIN}),
    ("Standard_A{}_v2", (1, 2, 4, 8), 2, {**_PLAIN, **_LOCAL}),
    ("Standard_A{}m_v2", (2, 4, 8), 8, {**_PLAIN, **_LOCAL}),
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
            ("s", 4, (3,), _LOCAL),
            ("s", 4, (4, 5), {}),
            ("as", 4, (4,), _LOCAL),
            ("as", 4, (5,), {}),
            ("a", 4, (4,), {**_PLAIN, **_LOCAL}),
            ("ls", 2, (5,), {}),
            ("lds", 2, (5,), _LOCAL),
            ("ds", 4, (4, 5), _LOCAL),
            ("ads", 4, (5,), _LOCAL),
            ("ps", 4, (5,), _ARM),
            ("pds", 4, (5,), {**_ARM, **_LOCAL}),
            ("pls", 2, (5,), _ARM),
            ("plds", 2, (5,), {**_ARM, **_LOCAL}),
            ("s", 4, (6,), _NVME),
            ("as", 4, (6,), _NVME),
            ("ls", 2, (6,), _NVME),
            ("als", 2, (6,), _NVME),
        )
        for version in versions
    ),
    *(
        ("Standard_E{}" + f"{kind}_v{version}", (*_LARGE, 20), 8, said)
        for kind, versions, said in (
            ("s", (3,), _LOCAL),
            ("s", (4, 5), {}),
            ("as", (4,), _LOCAL),
            ("as", (5,), {}),
            ("ds", (4, 5), _LOCAL),
            ("ads", (5,), _LOCAL),
            ("ps", (5,), _ARM),
        )
        for version in versions
    ),
    *((f"Standard_F{{}}{kind}_v6", _LARGE, memory, _NVME) for kind, memory in (("as", 4), ("als", 2), ("ams", 8))),
    *(
        (f"Standard_{series}_v6", _LARGE, memory, said)
        for series, memory, said in (
            ("D{}ds", 4, _LOCAL),
            ("D{}ads", 4, _LOCAL),
            ("D{}lds", 2, _LOCAL),
            ("D{}alds", 2, _LOCAL),
            ("D{}ps", 4, _ARM),
            ("D{}pls", 2, _ARM),
            ("D{}pds", 4, {**_ARM, **_LOCAL}),
            ("E{}s", 8, {}),
            ("E{}as", 8, {}),
            ("E{}ds", 8, _LOCAL),
            ("E{}ads", 8, _LOCAL),
            ("E{}ps", 8, _ARM),
        )
    ),
    *(
        (f"Standard_{series}", (2, 4, 8, 16, 20, 32, 48, 64, 96), memory, said)
        for series, memory, said in (
            ("E{}_v4", 8, _PLAIN),
            ("E{}_v5", 8, _PLAIN),
            ("E{}d_v4", 8, {**_PLAIN, **_LOCAL}),
            ("E{}d_v5", 8, {**_PLAIN, **_LOCAL}),
            ("E{}a_v4", 8, {**_PLAIN, **_LOCAL}),
            ("E{}pds_v5", 8, {**_ARM, **_LOCAL}),
            ("DC{}s_v3", 8, {}),
            ("DC{}ds_v3", 8, _LOCAL),
            ("DC{}as_v5", 4, {}),
            ("DC{}ads_v5", 4, _LOCAL),
            ("EC{}as_v5", 8, {}),
            ("EC{}ads_v5", 8, _LOCAL),
        )
    ),
    ("Standard_DC{}s_v2", (1, 2, 4, 8), 4, _LOCAL),
    ("Standard_D{}_v2_Promo", (2, 3, 4, 5), 3.5, {**_NO_SPOT, **_PLAIN, **_LOCAL}),
    ("Standard_DS{}_v2_Promo", (2, 3, 4, 5), 3.5, {**_NO_SPOT, **_LOCAL}),
    ("Standard_D{}_v2", (11, 12, 13, 14, 15), 7, {**_PLAIN, **_LOCAL}),
    ("Standard_DS{}_v2", (11, 12, 13, 14, 15), 7, _LOCAL),
    *((f"Standard_L{{}}{kind}", (8, 16, 32, 48, 64, 80, 96), 8, _LOCAL) for kind in ("s_v2", "s_v3", "as_v3", "s_v4")),
    *((f"Standard_M{{}}{kind}", (8, 16, 32, 64, 128), 15, {}) for kind in ("ms", "s", "ms_v2", "s_v2", "ds_v2")),
    ("Standard_FX{}mds", (4, 12, 24, 36, 48), 21, _LOCAL),
    *(
        (f"Standard_NV{{}}{kind}", (4, 6, 8, 12, 16, 18, 24, 32, 36, 48, 72), 9, {"GPUs": "1"})
        for kind in ("s_v3", "as_v4", "ads_A10_v5")
    ),
    *((f"Standard_NC{{}}{kind}", (6, 12, 24), 9, {"GPUs": "1"}) for kind in ("", "s_v2", "s_v3")),
    *(
        (f"Standard_ND{{}}{kind}", (6, 12, 24, 40, 96), 9, {"GPUs": "1"})
        for kind in ("s", "rs_v2", "asr_v4", "isr_H100_v5")
    ),
    *((f"Standard_HB{{}}{kind}", (16, 32, 60, 64, 96, 120, 176), 4, {}) for kind in ("rs", "rs_v2", "rs_v3", "rs_v4")),
    ("Standard_NC{}as_T4_v3", (4, 8, 16), 7, {"GPUs": "1"}),
    ("Standard_NC{}as_T4_v3", (64,), 7, {"GPUs": "4"}),
    *(("Standard_NC{}ads_A100_v4", (number,), 9, {"GPUs": str(number // 24)}) for number in (24, 48, 96)),
)
"""
https://learn.microsoft.com/azure/virtual-machines/sizes/overview.

Series before the fourth version have a temporary disk whatever their names say; later ones where a `d` says so:
https://learn.microsoft.com/azure/virtual-machines/azure-vms-no-temp-disk.
"""
_NUMBERED = {
    **{
        name: {3: 4, 4: 8, 5: 16, 11: 2, 12: 4, 13: 8, 14: 16, 15: 20}
        for name in ("Standard_D{}_v2", "Standard_DS{}_v2", "Standard_D{}_v2_Promo", "Standard_DS{}_v2_Promo")
    },
    **{name: {0: 1, 3: 4, 4: 8, 5: 2, 6: 4, 7: 8} for name in ("Standard_A{}", "Basic_A{}")},
}
"""
The processors of sizes whose number is not that.

https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/dv2-series,
https://learn.microsoft.com/azure/virtual-machines/sizes/memory-optimized/dv2-dsv2-series-memory,
https://learn.microsoft.com/azure/virtual-machines/sizes-previous-gen
"""
_MEMORY = {
    "Standard_B1s": 1,
    "Standard_B1ms": 2,
    **dict.fromkeys(("Standard_D64ps_v5", "Standard_D64pds_v5", "Standard_E32ps_v5"), 208),
    "Standard_E64s_v3": 432,
    "Standard_E64s_v4": 504,
    **dict.fromkeys((f"Standard_E96{kind}" for kind in ("s_v5", "ds_v5", "as_v4", "as_v5", "ads_v5")), 672),
}
"""GiB of sizes that have less for a processor than the others of their family."""
_USUAL = {"LowPriorityCapable": "True", "CpuArchitectureType": "x64", "MaxResourceVolumeMB": "0", "PremiumIO": "True"}
_KNOWN = {
    name.format(number).lower(): {
        "name": name.format(number),
        "vCPUs": str(processors),
        "MemoryGB": f"{_MEMORY.get(name.format(number), processors * memory):g}",
        "MaxDataDiskCount": str(min(32, processors * 2)),
        **_USUAL,
        **said,
    }
    for name, numbers, memory, said in _FAMILIES
    for number in numbers
    for processors in [_NUMBERED.get(name, {}).get(number, number)]
}
_PREMIUM = ("premium_lrs", "premium_zrs", "premiumv2_lrs", "ultrassd_lrs")


def _list_skus(call: Call) -> Answer:
    wanted = call.query.get("$filter", "").replace("location eq", "").strip(" '\"").lower()
    return Answer(200, _encoded(tuple(name for name in sorted(REGIONS) if not wanted or name == wanted)))


@cache
def _encoded(regions: tuple[str, ...]) -> bytes:
    """The answer for some regions, which never changes: it is long, and each plan asks for it."""
    return json.dumps({"value": list(_skus(regions)) if regions else []}).encode()


def _skus(regions: tuple[str, ...]) -> Iterator[dict[str, Any]]:
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
    _check_boot_disk(storage)
    for name in named:
        able = _KNOWN.get(name.lower())
        if able is None:
            text = f"The value {name} provided for the VM size is not valid. The valid sizes in the current region are"
            sizes = ",".join(sorted(each["name"] for each in _KNOWN.values()))
            raise ServiceError("InvalidParameter", f"{text}: {sizes}.", more={"target": "vmSize"})
        _check_processor(name, able, storage)
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


def _check_processor(name: str, able: Mapping[str, str], storage: Mapping[str, Any]) -> None:
    """Refuse an image for other processors; of one's own images none is known."""
    image = storage.get("imageReference") or {}
    known = architecture_of(str(image["sku"])) if image.get("sku") else able["CpuArchitectureType"]
    if known != able["CpuArchitectureType"]:
        raise ServiceError(
            "BadRequest",
            f"Cannot create a VM of size '{name}' because this VM size only supports a CPU Architecture of "
            f"'{able['CpuArchitectureType']}', but an image or disk with CPU Architecture '{known}' was given. Please "
            "check that the CPU Architecture of the image or disk is compatible with that of the VM size.",
        )


def _check_boot_disk(storage: Mapping[str, Any]) -> None:
    """Refuse a disk of the system that its image does not fit on."""
    image, size = storage.get("imageReference") or {}, (storage.get("osDisk") or {}).get("diskSizeGB")
    least = disk_of(image)[1] // 2**30 if image.get("sku") else 0
    if size and int(size) < least:
        text = f"The specified disk size {size} GB is smaller than the size of the corresponding disk in the VM image"
        more = (
            f"{least} GB. This is not allowed. Please choose equal or greater size or do not specify an explicit size."
        )
        raise ServiceError("OperationNotAllowed", f"{text}: {more}", 409, more={"target": "osDisk.diskSizeGB"})


ROUTES = (
    ArmRoute(
        "GET", f"{SUBSCRIPTION}/providers/Microsoft.Compute/skus", "compute", "ResourceSkus_List", SKUS, _list_skus
    ),
)
