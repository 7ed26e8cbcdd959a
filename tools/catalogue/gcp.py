"""The machine types of Compute Engine, as `machineTypes.aggregatedList` answers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.catalogue.writing import regions_of
from trimtab.declarations.catalogue import CatalogueSize

SOURCE = "https://cloud.google.com/compute/docs/reference/rest/v1/machineTypes/aggregatedList"
REGIONS = (
    *("us-central1", "us-east1", "us-east4", "us-west1", "northamerica-northeast1", "southamerica-east1"),
    *("europe-west1", "europe-west2", "europe-west3", "europe-west4", "europe-southwest1", "europe-north1"),
    *("asia-south1", "asia-southeast1", "asia-northeast1", "australia-southeast1"),
)
PREVIOUS = frozenset({"f1", "g1", "n1", "m1"})
"""https://cloud.google.com/compute/docs/machine-resource#recommendations_for_machine_types"""
HYPERDISK = frozenset({"n4", "n4a", "n4d", "c4", "c4a", "c4d", "x4", "a4", "m4"})
"""https://cloud.google.com/compute/docs/disks/hyperdisks#machine-type-support"""
PURPOSES = {
    **dict.fromkeys("ch", "compute"),
    **dict.fromkeys("mx", "memory"),
    **dict.fromkeys("ag", "accelerated"),
    "z": "storage",
}
"""By the letter of a family: https://cloud.google.com/compute/docs/machine-resource"""


def size_of(name: str, **facts: Any) -> CatalogueSize:
    """A machine type by its name and what is known of it."""
    family = name.partition("-")[0]
    return CatalogueSize(
        name=name,
        family=family,
        generation=next(iter(re.findall(r"\d+", family)), "1"),
        is_current=family not in PREVIOUS,
        purpose="general" if family == "g1" else PURPOSES.get(family[0], "general"),
        caution="takes Hyperdisk only" if family in HYPERDISK else "",
        **{"gpus": 0, "spot": True, "regions": frozenset(), "burstable": False, "architecture": "x86_64", **facts},
    )


def sizes(items: Iterable[Mapping[str, Any]]) -> Iterator[CatalogueSize]:
    """The machine types that a group can start, of what the API answers for each zone."""
    zones: dict[str, set[str]] = {}
    known: dict[str, Mapping[str, Any]] = {}
    for item in items:
        zones.setdefault(item["name"], set()).add(str(item["zone"]).rpartition("/")[2].rpartition("-")[0])
        known[item["name"]] = item
    for name, item in known.items():
        if zones[name] & set(REGIONS) and "deprecated" not in item:
            yield size_of(
                name,
                cpus=int(item["guestCpus"]),
                memory_gb=int(item["memoryMb"]) / 1024,
                architecture="arm64" if item.get("architecture") == "ARM64" else "x86_64",
                burstable=bool(item.get("isSharedCpu")),
                gpus=sum(int(each.get("guestAcceleratorCount", 0)) for each in item.get("accelerators") or ()),
                regions=regions_of(zones[name], REGIONS),
            )


def read(calls: Any) -> list[CatalogueSize]:
    """All machine types of the usual regions, asked of a project."""
    return [*sizes(calls.aggregated("machineTypes").items)]
