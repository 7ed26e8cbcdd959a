"""
The regions of Azure, and which of them have availability zones; a resource in another place is refused.

https://learn.microsoft.com/azure/reliability/regions-list, page of 23 September 2025 with Denmark East, which opened in
April 2026. The regions that access is restricted to are among them; those of other clouds (China, US Government) are
not.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from trimtab.emulators.shared.errors import ServiceError


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZONAL = _names("""
    australiaeast austriaeast belgiumcentral brazilsouth canadacentral centralindia centralus chilecentral denmarkeast
    eastasia eastus eastus2 francecentral germanywestcentral indonesiacentral israelcentral italynorth japaneast
    japanwest koreacentral malaysiawest mexicocentral newzealandnorth northeurope norwayeast polandcentral qatarcentral
    southafricanorth southcentralus southeastasia spaincentral swedencentral switzerlandnorth uaenorth uksouth
    westeurope westus2 westus3
""")
"""Those with the zones 1, 2 and 3."""
REGIONS = ZONAL | _names("""
    australiacentral australiacentral2 australiasoutheast brazilsoutheast canadaeast centraluseuap eastus2euap
    francesouth germanynorth jioindiacentral jioindiawest koreasouth northcentralus norwaywest southafricawest
    southindia swedensouth switzerlandwest uaecentral ukwest westcentralus westindia westus
""")
"""All of them, by the name that programs use; two are canaries."""
ZONES = ("1", "2", "3")
GLOBAL = frozenset({"global"})
"""Where what is in no region says that it is."""


def normal_location(text: str) -> str:
    """A region as Resource Manager writes it."""
    return text.replace(" ", "").lower()


def check_group_location(given: object) -> str:
    """
    The region that a resource group is put into.

    Raises:
        ServiceError: It says none, or one that there is not.
    """
    place = _given(given)
    if place not in REGIONS:
        text = (
            f"The provided location '{place}' is not available for resource group. List of available regions is "
            f"'{listed(REGIONS)}'."
        )
        raise ServiceError("LocationNotAvailableForResourceGroup", text)
    return place


def check_location(kind: str, given: object, known: Iterable[str] = REGIONS) -> str:
    """
    The region that a resource of a kind, such as `Microsoft.Compute/images`, is put into.

    Raises:
        ServiceError: It says none, or one that there is not.
    """
    place = _given(given)
    if place not in known:
        text = (
            f"The provided location '{place}' is not available for resource type '{kind}'. List of available regions "
            f"for the resource type is '{listed(known)}'."
        )
        raise ServiceError("LocationNotAvailableForResourceType", text)
    return place


def check_zones(kind: str, name: str, body: Mapping[str, Any]) -> None:
    """
    Refuse availability zones that a region does not have.

    Raises:
        ServiceError: `AvailabilityZoneNotSupported`.
    """
    place, given = normal_location(str(body.get("location") or "")), [str(zone) for zone in body.get("zones") or ()]
    known = ZONES if place in ZONAL else ()
    if not set(given) <= set(known):
        text = (
            f"The zone(s) '{','.join(given)}' for resource '{kind}/{name}' is not supported. The supported zones for "
            f"location '{place}' are '{','.join(known)}'"
        )
        raise ServiceError("AvailabilityZoneNotSupported", text)


def listed(regions: Iterable[str]) -> str:
    """Regions as the sentences of refusals have them."""
    return ",".join(sorted(regions))


def _given(given: object) -> str:
    if not given:
        raise ServiceError("LocationRequired", "The location property is required for this definition.")
    return normal_location(str(given))
