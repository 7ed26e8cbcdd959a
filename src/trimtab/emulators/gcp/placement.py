"""Where a group's next instance is made and of what size, and which of its instances goes next."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from trimtab.emulators.gcp.member import Member
from trimtab.emulators.gcp.regions import ZONES
from trimtab.emulators.gcp.world import CloudWorld


def zones_of(key: str, manager: Mapping[str, Any]) -> list[str]:
    """Where the instances of a manager may be."""
    scope, place = key.split("/")[:2]
    if scope == "zones":
        return [place]
    given = (manager.get("distributionPolicy") or {}).get("zones") or ()
    return [entry["zone"].rsplit("/", 1)[-1] for entry in given] or [f"{place}-{suffix}" for suffix in ZONES[place][:3]]


def shortage_of(world: CloudWorld, size: str, zone: str, *, spot: bool) -> str | None:
    """Why there is nothing of a machine type in a zone, spot or on demand; `None` where there is."""
    sort = "spot" if spot else "on-demand"
    for shortage in world.shortages:
        is_here = shortage["zone"] in ("*", zone) and zone.startswith(shortage.get("region") or "")
        is_sort = shortage.get("purchase") in (None, sort)
        if is_here and is_sort and shortage["instance_type"] in ("*", size):
            return shortage.get("reason") or "stockout"
    return None


def machine_of(world: CloudWorld, manager: Mapping[str, Any], template: str, zone: str) -> tuple[str, bool]:
    """
    The machine type of the next instance, and whether the policy of several sizes chose it.

    Of these the best rank that can be had in the zone (instanceFlexibilityPolicy, Compute Engine API).
    """
    selections = (manager.get("instanceFlexibilityPolicy") or {}).get("instanceSelections") or {}
    ranked = sorted(selections.values(), key=lambda selection: int(selection.get("rank") or 0))
    sizes = [str(size) for selection in ranked for size in selection["machineTypes"]]
    if not sizes:
        given = str(world.resources[world.key(template)]["properties"]["machineType"])
        return given.rsplit("/", 1)[-1], False
    spot = is_spot(world, template)
    return next((size for size in sizes if shortage_of(world, size, zone, spot=spot) is None), sizes[0]), True


def is_spot(world: CloudWorld, template: str) -> bool:
    """Whether the instances of a template are spot, as the API has called it of old as well."""
    properties = world.resources[world.key(template)]["properties"]
    scheduling = properties.get("scheduling") or {}
    return bool(scheduling.get("preemptible")) or scheduling.get("provisioningModel") == "SPOT"


def zone_for(shape: str, zones: Sequence[str], members: Sequence[Member], is_short: Callable[[str], bool]) -> str:
    """
    The zone of the next instance (distributionPolicy.targetShape, Compute Engine API).

    EVEN waits for the emptiest zone, whatever is to be had there; BALANCED takes the emptiest of those that have
    something; ANY the first that has; ANY_SINGLE_ZONE stays where it began.
    """
    sizes = Counter(member.zone for member in members)
    emptiest = sorted(zones, key=lambda zone: (sizes[zone], zone))
    open_ones = [zone for zone in emptiest if not is_short(zone)]
    match shape:
        case "BALANCED":
            return (open_ones or emptiest)[0]
        case "ANY":
            return min(open_ones or zones)
        case "ANY_SINGLE_ZONE":
            begun = [member.zone for member in members if member.running_since is not None]
            return (begun or open_ones or emptiest)[0]
        case _:
            return emptiest[0]


def lopsided(zones: Sequence[str], members: Sequence[Member]) -> tuple[str, str] | None:
    """The fullest and the emptiest zone, where one has at least two instances more than the other."""
    sizes = Counter(member.zone for member in members)
    fullest, emptiest = max(zones, key=lambda zone: sizes[zone]), min(zones, key=lambda zone: sizes[zone])
    return (fullest, emptiest) if sizes[fullest] - sizes[emptiest] > 1 else None


def leaver(members: Sequence[Member], *, ill: Collection[str], old: Collection[str]) -> Member:
    """
    What goes next: what does not run, then what is unhealthy, then of a template that has enough.

    Then what is in the fullest zone, the newest of them (resize, instanceGroupManagers of the Compute Engine API,
    names what is looked at).
    """
    zones = Counter(member.zone for member in members)
    return max(
        members,
        key=lambda member: (
            member.running_since is None,
            member.name in ill,
            member.name in old,
            zones[member.zone],
            member.made,
            member.name,
        ),
    )
