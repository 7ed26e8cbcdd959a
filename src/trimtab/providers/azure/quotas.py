"""
The quotas of a subscription in a location: cores in all and by family of sizes, spot cores, machines, scale sets.

https://learn.microsoft.com/azure/virtual-machines/quotas
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.ids import normal_location
from trimtab.providers.quotas import Demand, MachineType, Quota, QuotaUnit, family_of

FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("Bs", "Bms", "Bls"), "BS"),
    **dict.fromkeys(("Basv2", "Batsv2", "Balsv2"), "Basv2"),
    **dict.fromkeys(("Bsv2", "Btsv2", "Blsv2"), "Bsv2"),
    **dict.fromkeys(("Bpsv2", "Bptsv2", "Bplsv2"), "Bpsv2"),
    "Dasv6": "Dav6",
    "Dalsv6": "Dalv6",
    "Fasv6": "Fav6",
    "Falsv6": "Falv6",
}
"""What usage calls a family of the catalogue, where that is another name than the series has."""

_Counted = tuple[QuotaUnit, Callable[[MachineType], bool]]


def family_quota(size: str) -> str:
    """The name of the usage that counts the cores of a size's family, in lower case; empty where none is known."""
    family = family_of("azure", size)
    return f"standard{FAMILIES.get(family, family)}Family".lower() if family else ""


def read_quotas(calls: Calls, location: str, demands: Sequence[Demand]) -> list[Quota]:
    """
    The quotas that demands draw on: one list.

    https://learn.microsoft.com/rest/api/compute/usage/list

    Raises:
        ProviderError: It could not be read.
    """
    machines = {machine for demand in demands for machine in demand.machines}
    counted = dict(_counted(machines))
    items = calls.pages("compute.usage.list", normal_location(location))
    return [quota for item in items if (quota := _quota(item, counted)) is not None]


def _counted(machines: set[MachineType]) -> Iterator[tuple[str, _Counted]]:
    """What each usage counts, by its name in lower case."""
    yield "cores", (QuotaUnit.CPUS, lambda machine: not machine.is_spot)
    # spot cores have a quota of their own, whatever the family: https://learn.microsoft.com/azure/virtual-machines/spot-vms
    yield "lowprioritycores", (QuotaUnit.CPUS, lambda machine: machine.is_spot)
    yield "virtualmachines", (QuotaUnit.INSTANCES, lambda machine: True)
    yield "virtualmachinescalesets", (QuotaUnit.GROUPS, lambda machine: True)
    for family in {family_quota(machine.size) for machine in machines if not machine.is_spot} - {""}:
        yield family, (QuotaUnit.CPUS, _in_family(family))


def _in_family(family: str) -> Callable[[MachineType], bool]:
    return lambda machine: not machine.is_spot and family_quota(machine.size) == family


def _quota(item: Mapping[str, Any], counted: Mapping[str, _Counted]) -> Quota | None:
    name = str(item["name"]["value"])
    if name.lower() not in counted:
        return None
    unit, counts = counted[name.lower()]
    return Quota(f"{name!r}", unit, float(item["limit"]), float(item["currentValue"]), counts)
