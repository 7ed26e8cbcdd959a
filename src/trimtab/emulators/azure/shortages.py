"""Machines that are not to be had: no room in a zone or a region, or no quota for their cores."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.errors import not_allowed
from trimtab.emulators.azure.instance import SPOT
from trimtab.emulators.azure.scale_set import ScaleSet
from trimtab.emulators.azure.usages import cores, exceeded, family
from trimtab.emulators.azure.world import CloudWorld
from trimtab.emulators.shared.errors import ServiceError

REASONS = ("allocation", "quota")
_FIELDS = ("region", "instance_type", "zone", "reason", "purchase")
_GUIDE = "Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance"


def run_short(world: CloudWorld, body: Mapping[str, Any]) -> None:
    """Have machines not to be had from now on."""
    if unknown := set(body) - set(_FIELDS):
        raise ValueError(f"a shortage has the fields {', '.join(_FIELDS)}, not {', '.join(sorted(unknown))}")
    shortage = {name: str(body.get(name) or "*") for name in _FIELDS}
    shortage["reason"] = str(body.get("reason") or REASONS[0])
    if shortage["reason"] not in REASONS:
        raise ValueError(f"the reason of a shortage is {' or '.join(REASONS)}, not {shortage['reason']}")
    world.shortages.append(shortage)


def has_room(scale_set: ScaleSet, zone: str | None, priority: str) -> bool:
    """Whether machines of a priority are to be had in a zone, or in the region."""
    return size_to_be_had(scale_set, zone, priority) is not None


def size_to_be_had(scale_set: ScaleSet, zone: str | None, priority: str) -> str | None:
    """
    The size that the next machine has, of several the first by rank that is to be had; `None` where none is.

    What they cost is not emulated, so that the strategy makes no difference.
    https://learn.microsoft.com/azure/virtual-machine-scale-sets/instance-mix-overview
    """
    sort = "spot" if priority == SPOT else "on-demand"
    shortages = [each for each in scale_set.world.shortages if _has(each, "allocation")]
    about = [each for each in shortages if _is_about(each, scale_set, zone) and each["purchase"] in ("*", sort)]
    short = {each["instance_type"].lower() for each in about}
    return next((size for size in sizes_of(scale_set) if not {"*", size.lower()} & short), None)


def sizes_of(scale_set: ScaleSet) -> list[str]:
    """The sizes that machines may have, by rank."""
    several = find(scale_set.body, "properties.skuProfile.vmSizes") or []
    ranked = sorted(several, key=lambda size: int(size.get("rank") or 0))
    return [str(size["name"]) for size in ranked] or [str(find(scale_set.body, "sku.name"))]


def no_room(zone: str | None) -> ServiceError:
    """The error of a machine that is not to be had."""
    code, where = ("ZonalAllocationFailed", "zone") if zone else ("AllocationFailed", "region")
    text = f"Allocation failed. We do not have sufficient capacity for the requested VM size in this {where}. {_GUIDE}"
    return ServiceError(code, text, 409)


def check_quota(scale_set: ScaleSet, size: int) -> None:
    """
    Refuse a larger size that there is no quota for.

    Raises:
        ServiceError: `OperationNotAllowed`, with the text of the service.
    """
    running = len(scale_set.members())
    quotas = [each for each in scale_set.world.shortages if _has(each, "quota") and _is_about(each, scale_set, None)]
    sizes = {"*", *(size.lower() for size in sizes_of(scale_set))}
    short = any(each["instance_type"].lower() in sizes for each in quotas)
    machine = str(scale_set.body.get("sku", {}).get("name"))
    if size > running and short:
        used, more = running * cores(machine), (size - running) * cores(machine)
        raise not_allowed(_quota_text(scale_set, family(machine), used, used, more))
    if shortage := exceeded(scale_set, size - running):
        raise not_allowed(_quota_text(scale_set, *shortage))


def _has(shortage: Mapping[str, str], reason: str) -> bool:
    return shortage["reason"] == reason


def _is_about(shortage: Mapping[str, str], scale_set: ScaleSet, zone: str | None) -> bool:
    return shortage["region"].lower() in ("*", scale_set.location) and shortage["zone"] in ("*", zone)


def _quota_text(scale_set: ScaleSet, name: str, limit: int, used: int, more: int) -> str:
    return (
        f"Operation could not be completed as it results in exceeding approved {name} Cores quota. "
        f"Additional details - Deployment Model: Resource Manager, Location: {scale_set.location}, "
        f"Current Limit: {limit}, Current Usage: {used}, Additional Required: {more}, "
        f"(Minimum) New Limit Required: {used + more}. Submit a request for Quota increase at "
        "https://aka.ms/ProdportalCRP by specifying parameters listed in the ‘Details’ section for deployment to "
        "succeed. Please read more about quota limits at "
        "https://docs.microsoft.com/en-us/azure/azure-supportability/per-vm-quota-requests"
    )
