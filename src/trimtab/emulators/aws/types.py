"""Instance types: which there are, and in which zones they are offered; by moto's copy of AWS's own replies."""

import re
from functools import cache
from typing import Any

from moto.core.utils import get_service_model
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES, InstanceTypeOfferingBackend

_WHERE = "availability-zone"
_completed: set[str] = set()


@cache
def known_types() -> frozenset[str]:
    """Every instance type: those that are copied, and those that came since and only the SDK's model has."""
    shape: Any = get_service_model("ec2").shape_for("InstanceType")
    return frozenset({*INSTANCE_TYPES, *shape.enum})


def architectures(name: str) -> tuple[str, ...]:
    """The processors that a type has; of one that is not copied, by its name: the `g` of Graviton."""
    told = (INSTANCE_TYPES.get(name) or {}).get("ProcessorInfo", {}).get("SupportedArchitectures")
    if told:
        return tuple(told)
    family = name.partition(".")[0]
    return ("arm64",) if re.fullmatch(r"[a-z]+\d+g[a-z]*", family) else ("x86_64",)


def offer_types(region: str) -> None:
    """Have what is not copied in every zone of a region: newer types, and in regions without a copy all of them."""
    if region in _completed:
        return
    _completed.add(region)
    copied = INSTANCE_TYPE_OFFERINGS[_WHERE].setdefault(region, [])
    zones = [str(zone.name) for zone in RegionsAndZonesBackend.zones.get(region, ())]
    missing = known_types() - set(INSTANCE_TYPES) if copied else known_types()
    pairs = [(name, zone) for name in sorted(missing) for zone in zones]
    copied += [{"InstanceType": name, "Location": zone, "LocationType": _WHERE} for name, zone in pairs]


def look_types_up() -> None:
    """Have moto look for the types that somebody names, not go through all of a region; again it changes nothing."""
    catalogue: Any = InstanceTypeOfferingBackend
    catalogue.describe_instance_type_offerings = _offerings


def _offerings(backend: Any, location_type: str | None = None, filters: Any = None) -> list[Any]:
    where = location_type or "region"
    copied = INSTANCE_TYPE_OFFERINGS[where].get(backend.region_name, [])
    names = (filters or {}).get("instance-type")
    if names is not None:
        places = _places(where, backend.region_name, len(copied))
        copied = [copied[place] for place in sorted(place for name in {*names} for place in places.get(name, ()))]
    return [each for each in copied if backend.matches_filters(each, filters or {}, where)]


@cache
def _places(where: str, region: str, number: int) -> dict[str, list[int]]:
    # the list grows, by `offer_types`
    places: dict[str, list[int]] = {}
    for place, each in enumerate(INSTANCE_TYPE_OFFERINGS[where][region][:number]):
        places.setdefault(each["InstanceType"], []).append(place)
    return places


def is_offered(name: str, region: str, zone: str) -> bool:
    """Whether a type can be launched in a zone at all."""
    return (name, zone) in _offered(region)


@cache
def _offered(region: str) -> frozenset[tuple[str, str]]:
    return frozenset((each["InstanceType"], each["Location"]) for each in INSTANCE_TYPE_OFFERINGS[_WHERE][region])
