"""
The usage of a location: cores in all and by family, spot cores, machines and scale sets; and refusals above a quota.

https://learn.microsoft.com/rest/api/compute/usage/list
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from trimtab.emulators.azure.calls import Answer, ArmRoute, Call
from trimtab.emulators.azure.instance import SPOT
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.scale_set import ScaleSet
from trimtab.emulators.azure.versions import COMPUTE
from trimtab.emulators.azure.world import CloudWorld

CORES, SPOT_CORES = "cores", "lowPriorityCores"
_SAID = {
    CORES: "Total Regional vCPUs",
    SPOT_CORES: "Total Regional Spot vCPUs",
    "virtualMachines": "Virtual Machines",
    "virtualMachineScaleSets": "Virtual Machine Scale Sets",
}
_SIZE = re.compile(r"(?:Standard|Basic)_([A-Z]+)(\d+)[-\d]*([a-z]*)(?:_(v\d+))?")
_FAMILIES = (
    *("BS", "Bsv2", "Basv2", "Bpsv2", "DSv2", "DSv3", "DSv4", "DSv5", "DASv4", "DASv5", "DDSv5", "DADSv5", "DLSv5"),
    *("DPSv5", "DPLSv5", "Dsv6", "Dav6", "ESv3", "ESv4", "ESv5", "EASv5", "EDSv5", "EADSv5", "FSv2"),
)


def used(world: CloudWorld, location: str) -> Counter[str]:
    """How much of each quota is used in a location, by name in lower case."""
    counted: Counter[str] = Counter()
    for scale_set in world.scale_sets.values():
        if scale_set.location == location:
            counted["virtualmachinescalesets"] += 1
            for instance in scale_set.members():
                for name, more in taken(scale_set, 1, is_spot=instance.priority == SPOT).items():
                    counted[name.lower()] += more
    return counted


def taken(scale_set: ScaleSet, count: int, *, is_spot: bool) -> dict[str, int]:
    """What so many machines of a scale set take of each quota."""
    machine = str(scale_set.body.get("sku", {}).get("name"))
    number = cores(machine) * count
    if is_spot:
        return {SPOT_CORES: number, "virtualMachines": count}
    return {CORES: number, family(machine): number, "virtualMachines": count}


def exceeded(scale_set: ScaleSet, count: int) -> tuple[str, int, int, int] | None:
    """The first quota that so many more machines exceed: its name, limit, what is used, and what they take."""
    world = scale_set.world
    if count <= 0 or not world.quotas.told():
        return None
    there = used(world, scale_set.location)
    for name, more in taken(scale_set, count, is_spot=is_spot(scale_set)).items():
        limit = world.quotas.find(scale_set.location, name)
        if limit is not None and there[name.lower()] + more > limit:
            return name, int(limit), there[name.lower()], more
    return None


def is_spot(scale_set: ScaleSet) -> bool:
    """Whether its machines are spot, those of a mix above its base left aside."""
    profile = (scale_set.body.get("properties") or {}).get("virtualMachineProfile") or {}
    return profile.get("priority") == SPOT


def cores(machine: str) -> int:
    """The cores of a size, as its name says them."""
    match = re.search(r"_[A-Z]+(\d+)", machine)
    return int(match.group(1)) if match else 1


def family(machine: str) -> str:
    """`Standard_D2s_v5` is of the `standardDSv5Family`."""
    match = _SIZE.match(machine)
    if not match:
        return "Total Regional"
    letter, _, features, version = match.groups()
    return f"standard{letter}{features.upper()}{version or ''}Family"


def _list(call: Call) -> Answer:
    location = call.names["location"].lower().replace(" ", "")
    return Answer(200, {"value": list(_usages(call.world, location))})


def _usages(world: CloudWorld, location: str) -> Iterator[dict[str, Any]]:
    there = used(world, location)
    names = {**_SAID, **{f"standard{each}Family": f"Standard {each} Family vCPUs" for each in _FAMILIES}}
    for name, said in names.items():
        yield {
            "limit": int(world.quotas.limit(location, name)),
            "unit": "Count",
            "currentValue": there[name.lower()],
            "name": {"value": name, "localizedValue": said},
        }


ROUTES = (
    ArmRoute(
        "GET",
        f"{SUBSCRIPTION}/providers/Microsoft.Compute/locations/{{location}}/usages",
        "compute",
        "Usage_List",
        COMPUTE,
        _list,
    ),
)
