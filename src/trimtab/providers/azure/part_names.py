"""
Names that tell nothing: of the one network card and its address, the health extension, the one condition of an alert.

So are those of a profile without a schedule, and of the ends of others. Plans compare bodies in which these have
trimtab's own names, and writes give back those that are there.
"""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trimtab.providers.azure.alarms import CONDITION
from trimtab.providers.azure.schedules import DEFAULT, end_profile_name, read_twin
from trimtab.providers.azure.template import ADDRESS, CARD, HEALTH, HEALTH_TYPE, PUBLIC

Names = Mapping[str, str]
_OWN: Names = {"card": CARD, "address": ADDRESS, "public": PUBLIC, "health": HEALTH, "condition": CONDITION}
Body = Mapping[str, Any]


def with_own_names(properties: Body) -> dict[str, Any]:
    """The properties of a scale set or an alert with trimtab's names for its parts."""
    return _named(properties, {part: _OWN[part] for part in _names_of(properties)})


def with_names_of(properties: Body, existing: Body) -> dict[str, Any]:
    """The properties, or a patch of them, with the names that the parts of what is there have."""
    return _named(properties, _names_of(existing))


def _names_of(properties: Body) -> dict[str, str]:
    return {part: str(body["name"]) for part, body in _parts(properties) if body.get("name")}


def _named(properties: Body, names: Names) -> dict[str, Any]:
    result: dict[str, Any] = copy.deepcopy(dict(properties))
    for part, body in list(_parts(result)):
        if part in names:
            body["name"] = names[part]
    return result


def _parts(properties: Body) -> Iterator[tuple[str, Any]]:
    """The parts of which a scale set or an alert has one."""
    conditions: Sequence[Any] = (properties.get("criteria") or {}).get("allOf") or []
    if len(conditions) == 1:
        yield "condition", conditions[0]
    profile = properties.get("virtualMachineProfile") or {}
    cards: Sequence[Any] = (profile.get("networkProfile") or {}).get("networkInterfaceConfigurations") or []
    only: Body = (cards[0].get("properties") or {}) if len(cards) == 1 else {}
    addresses: Sequence[Any] = only.get("ipConfigurations") or []
    if len(addresses) == 1:
        yield "card", cards[0]
        yield "address", addresses[0]
        if public := (addresses[0].get("properties") or {}).get("publicIPAddressConfiguration"):
            yield "public", public
    extensions = (profile.get("extensionProfile") or {}).get("extensions") or ()
    asking = [extension for extension in extensions if (extension.get("properties") or {}).get("type") == HEALTH_TYPE]
    if len(asking) == 1 and not any(
        extension.get("name") == HEALTH for extension in extensions if extension is not asking[0]
    ):
        yield "health", asking[0]


# profiles


def own_profile_names(profiles: Sequence[Body]) -> dict[str, str]:
    """Our names for the profile without a schedule, and for those that end another one, by what they are called."""
    plain = [profile for profile in profiles if not profile.get("recurrence") and not profile.get("fixedDate")]
    named = {str(profile["name"]): DEFAULT for profile in plain if len(plain) == 1}
    every = [str(profile["name"]) for profile in profiles]
    named |= {name: end_profile_name(ends) for name in every if (ends := read_twin(name)) is not None}
    names = [named.get(name, name) for name in every]
    return {name: own for name, own in named.items() if names.count(own) == 1}


def profile_names_of(wanted: Sequence[str], existing: Sequence[Body]) -> dict[str, str]:
    """What wanted profiles are called where these profiles are: as now, and new ends by the name of the default."""
    known = {own: name for name, own in own_profile_names(existing).items()}
    default = known.get(DEFAULT, DEFAULT)
    names = {}
    for name in wanted:
        ends = read_twin(name)
        new = name if ends is None else json.dumps({"name": default, "for": ends}, separators=(",", ":"))
        names[name] = known.get(name, new)
    return names
