"""The sizes of virtual machines, as the list of resource SKUs answers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.catalogue.writing import regions_of
from trimtab.declarations.catalogue import CatalogueSize

SOURCE = "https://learn.microsoft.com/rest/api/compute/resource-skus/list"
REGIONS = (
    *("eastus", "eastus2", "centralus", "southcentralus", "westus2", "westus3", "canadacentral", "brazilsouth"),
    *("northeurope", "westeurope", "uksouth", "francecentral", "germanywestcentral", "swedencentral"),
    *("centralindia", "southeastasia", "australiaeast", "japaneast", "koreacentral"),
)
NAME = re.compile(r"Standard_([A-Z]+)(\d+)([a-z]*)((?:_[A-Z][A-Z0-9]*)?)(?:_v(\d+))?")
CURRENT = {"B": 2, "D": 5, "E": 5, "F": 2, "NC": 3}
"""From which version on a series is current: https://learn.microsoft.com/azure/virtual-machines/sizes/overview"""
PURPOSES = {
    **dict.fromkeys(("A", "B", "D", "DS", "DC"), "general"),
    "E": "memory",
    "M": "memory",
    "F": "compute",
    "L": "storage",
}
"""https://learn.microsoft.com/azure/virtual-machines/sizes/overview"""


def size_of(name: str, **facts: Any) -> CatalogueSize | None:
    """A size by its name and what is known of it; `None` for one that the naming convention does not have."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    series, _, features, extra, version = match.groups()
    generation = version or "1"
    return CatalogueSize(
        name=name,
        family=f"{series}{features}{extra.lstrip('_')}{f'v{version}' if version else ''}",
        generation=generation,
        is_current=int(generation) >= CURRENT.get(series, 99),
        burstable=series == "B",
        purpose=PURPOSES.get(series, "accelerated"),
        **{"gpus": 0, "spot": series != "B", "regions": frozenset(), "caution": "", "architecture": "x86_64", **facts},
    )


def sizes(items: Iterable[Mapping[str, Any]]) -> Iterator[CatalogueSize]:
    """The sizes that a group can start, of what the API answers."""
    for item in items:
        if item.get("resourceType") != "virtualMachines":
            continue
        able = {each["name"]: each["value"] for each in item.get("capabilities") or ()}
        there = {str(each["location"]).lower() for each in item.get("locationInfo") or ()}
        size = size_of(
            item["name"],
            cpus=int(able.get("vCPUs", 0)),
            memory_gb=float(able.get("MemoryGB", 0)),
            architecture="arm64" if able.get("CpuArchitectureType") == "Arm64" else "x86_64",
            gpus=int(able.get("GPUs", 0)),
            spot=able.get("LowPriorityCapable") == "True",
            regions=regions_of(there, REGIONS),
            caution=_caution(able),
        )
        if size is not None and there & set(REGIONS):
            yield size


def _caution(able: Mapping[str, str]) -> str:
    if able.get("DiskControllerTypes") == "NVMe":
        return "takes images with NVMe drivers only"
    return "brings a local disk" if float(able.get("MaxResourceVolumeMB", 0)) and able.get("GPUs", "0") == "0" else ""


def read(calls: Any) -> list[CatalogueSize]:
    """All sizes of the usual regions, asked of a subscription."""
    path = f"/subscriptions/{calls.home.subscription}/providers/Microsoft.Compute/skus"
    return [*sizes(calls.get(path, "2021-07-01"))]
