"""What sizes of machines a location offers, in which zones, and what they can do: out of resource SKUs; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trimtab.models import ScalingGroup
from trimtab.phrases import in_words
from trimtab.providers.resolver import ExistingThing

SKUS_API = "2021-07-01"
PREMIUM = ("ssd", "fast-ssd", "Premium_LRS", "Premium_ZRS", "PremiumV2_LRS", "UltraSSD_LRS")


@dataclass(frozen=True, slots=True)
class Offer:
    """
    A size where it is asked for.

    Attributes:
        zones: Those in which it is offered to this subscription.
        able: What it can do, by Azure's words.
    """

    zones: frozenset[str]
    able: Mapping[str, str]

    @property
    def thing(self) -> ExistingThing:
        """As a resolver has it."""
        spot = self.able.get("LowPriorityCapable")
        return ExistingThing(zones=self.zones, is_spot=None if spot is None else spot == "True")


@dataclass(frozen=True, slots=True)
class Offers:
    """
    What a location has.

    Attributes:
        sizes: By name in lower case.
        zones: All of its zones, also those in which a size is restricted.
    """

    sizes: Mapping[str, Offer]
    zones: frozenset[str]


def offers_of(items: Iterable[Mapping[str, Any]], location: str) -> Offers:
    """
    The sizes of a location that a subscription may use.

    https://learn.microsoft.com/rest/api/compute/resource-skus/list
    """
    sizes: dict[str, Offer] = {}
    zones: set[str] = set()
    for item in items:
        if item.get("resourceType") != "virtualMachines":
            continue
        here = [info for info in item.get("locationInfo") or () if str(info.get("location", "")).lower() == location]
        if not here and location not in (str(each).lower() for each in item.get("locations") or ()):
            continue
        known = {str(zone) for info in here for zone in info.get("zones") or ()}
        zones |= known
        kept_out = dict(_restrictions(item, location))
        if "Location" not in kept_out:
            able = {str(each.get("name")): str(each.get("value")) for each in item.get("capabilities") or ()}
            sizes[str(item["name"]).lower()] = Offer(frozenset(known - kept_out.get("Zone", frozenset())), able)
    return Offers(sizes, frozenset(zones))


def _restrictions(item: Mapping[str, Any], location: str) -> Iterator[tuple[str, frozenset[str]]]:
    for each in item.get("restrictions") or ():
        info = each.get("restrictionInfo") or {}
        places = {str(place).lower() for place in (*(info.get("locations") or ()), *(each.get("values") or ()))}
        if location in places:
            yield str(each.get("type")), frozenset(map(str, info.get("zones") or ()))


def misfits(group: ScalingGroup, size: str, offer: Offer) -> Iterator[tuple[str, str]]:
    """
    The fields of a group that a size cannot serve, and why.

    https://learn.microsoft.com/rest/api/compute/resource-skus/list: `MaxDataDiskCount`, `PremiumIO`
    """
    disks = [index for index, disk in enumerate(group.template.disks) if disk.device is not None]
    most = offer.able.get("MaxDataDiskCount", "")
    if most.isdecimal() and len(disks) > int(most):
        yield (
            f"template.disks.{disks[int(most)]}",
            f"{size} takes {most} data disks; remove some, or choose another size",
        )
    if offer.able.get("PremiumIO") == "False":
        for index, disk in enumerate(group.template.disks):
            if str(disk.type or "") in PREMIUM:
                text = f"{size} takes no premium disks; write `type: standard`, or choose a size that does"
                yield f"template.disks.{index}.type", text


def zones_hint(offers: Offers) -> str:
    """What to write in place of a zone that is not there."""
    zones = sorted(offers.zones)
    return f"write {in_words(zones, ' or ')}" if zones else "the location has no zones: leave `placement.zones` out"
