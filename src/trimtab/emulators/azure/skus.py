"""The sizes of virtual machines, as the list of resource SKUs answers."""

from collections.abc import Iterator
from typing import Any

from trimtab.emulators.azure.calls import Answer, Call, Route
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.versions import SKUS

REGIONS = ("eastus", "eastus2", "westus2", "westeurope", "northeurope", "uksouth", "germanywestcentral")
_LARGE = (2, 4, 8, 16, 32, 48, 64, 96)
_FAMILIES: tuple[tuple[str, tuple[int, ...], int, dict[str, str]], ...] = (
    # the name with its number of processors, those, GiB a processor, and what else is said
    ("Standard_B{}s_v2", (2, 4, 8, 16, 32), 4, {"LowPriorityCapable": "False"}),
    ("Standard_B{}ls_v2", (2, 4, 8, 16, 32), 2, {"LowPriorityCapable": "False"}),
    ("Standard_B{}ps_v2", (2, 4, 8, 16), 4, {"LowPriorityCapable": "False", "CpuArchitectureType": "Arm64"}),
    ("Standard_D{}s_v5", _LARGE, 4, {}),
    ("Standard_D{}as_v5", _LARGE, 4, {}),
    ("Standard_D{}ls_v5", _LARGE, 2, {}),
    ("Standard_D{}ds_v5", _LARGE, 4, {"MaxResourceVolumeMB": "76800"}),
    ("Standard_D{}s_v6", _LARGE, 4, {"DiskControllerTypes": "NVMe"}),
    ("Standard_D{}pls_v5", (2, 4, 8, 16, 32, 48, 64), 2, {"CpuArchitectureType": "Arm64"}),
    ("Standard_E{}s_v5", (2, 4, 8, 16, 20, 32, 48, 64), 8, {}),
    ("Standard_F{}s_v2", (2, 4, 8, 16, 32, 48, 64, 72), 2, {}),
    ("Standard_NC{}as_T4_v3", (4, 8), 7, {"GPUs": "1"}),
)
"""https://learn.microsoft.com/azure/virtual-machines/sizes/overview."""
_USUAL = {"LowPriorityCapable": "True", "CpuArchitectureType": "x64", "MaxResourceVolumeMB": "0"}


def _list_skus(call: Call) -> Answer:
    wanted = call.query.get("$filter", "").replace("location eq", "").strip(" '\"").lower()
    regions = [name for name in REGIONS if not wanted or name == wanted]
    return Answer(200, {"value": list(_skus(regions))})


def _skus(regions: list[str]) -> Iterator[dict[str, Any]]:
    for name, numbers, memory, said in _FAMILIES:
        for number in numbers:
            able = {"vCPUs": str(number), "MemoryGB": str(number * memory), **_USUAL, **said}
            yield {
                "resourceType": "virtualMachines",
                "name": name.format(number),
                "tier": "Standard",
                "size": name.format(number).removeprefix("Standard_"),
                "locations": regions,
                "locationInfo": [{"location": region, "zones": ["1", "2", "3"]} for region in regions],
                "capabilities": [{"name": key, "value": value} for key, value in able.items()],
                "restrictions": [],
            }
    yield {"resourceType": "disks", "name": "Premium_LRS", "tier": "Premium", "locations": regions}


ROUTES = (
    Route("GET", f"{SUBSCRIPTION}/providers/Microsoft.Compute/skus", "compute", "ResourceSkus_List", SKUS, _list_skus),
)
