"""The bodies that writes send: whole ones, and merge patches of what differs; pure."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from trimtab.plan import Change, Kind, Resource, revealed
from trimtab.providers.azure.resources import PAUSE_TAG, profile_names_of
from trimtab.providers.writer import find_part, mark_of, put_part

READ_ONLY = frozenset({"name", "provisioningState", "lastUpdatedTime", "isMigrated"})


SIZE = "sku.capacity"


def sent_properties(properties: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a setting or an alert as Azure takes them: without the names that only plans give."""
    sent = copy.deepcopy(dict(properties))
    names = profile_names_of([entry["name"] for entry in sent.get("profiles") or ()], existing.get("profiles") or ())
    for profile in sent.get("profiles") or ():
        profile["name"] = names[profile["name"]]
        for rule in profile.get("rules") or ():
            rule.pop("name", None)
    return sent


def patch_of(kind: Kind, body: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """
    A merge patch of some leaves: each, or the whole list that it is in.

    What is to be left out goes back to its default, or to null where the kind has none.
    """
    patch: dict[str, Any] = {}
    for path in paths:
        steps = path.split("[", 1)[0].split(".")
        if steps[0] in ("tags", SIZE):
            continue
        whole = {**body, "identity": sent_identity(body.get("identity"))}
        value = find_part(whole, steps)
        if value is None:
            row = kind.find(path)
            value = [] if "[" in path else None if row is None else row.default
        put_part(patch, steps, value)
    _without_fixed(patch)
    if "identity" in patch:
        patch["identity"] = sent_identity(body.get("identity")) or {"type": "None"}
    return patch


def _without_fixed(patch: Mapping[str, Any]) -> None:
    """
    Leave out, in place, what a patch of a public address has no words for: it is fixed when the address is made.

    VirtualMachineScaleSetUpdatePublicIPAddressConfiguration:
    https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/update
    """
    for card in find_part(patch, _CARDS) or ():
        for address in (card.get("properties") or {}).get("ipConfigurations") or ():
            public = (address.get("properties") or {}).get("publicIPAddressConfiguration") or {}
            public.pop("sku", None)
            for name in ("ipTags", "publicIPAddressVersion"):
                (public.get("properties") or {}).pop(name, None)


_CARDS = ("properties", "virtualMachineProfile", "networkProfile", "networkInterfaceConfigurations")


def sent_identity(identity: Mapping[str, Any] | None) -> dict[str, Any]:
    """An identity as Azure takes it: ids as keys."""
    if not identity:
        return {}
    return {
        **identity,
        "userAssignedIdentities": {identity_id: {} for identity_id in identity.get("userAssignedIdentities") or ()},
    }


def set_body(body: Mapping[str, Any], change: Change) -> dict[str, Any]:
    sent = revealed({name: value for name, value in body.items() if name not in ("resourceGroup", "identity")})
    tags = {**dict(body.get("tags") or {}), **mark_of(change).tags()}
    identity = sent_identity(body.get("identity"))
    return {**sent, "tags": tags, **({"identity": identity} if identity else {})}


def without_others(live: Mapping[str, Any], identity: Mapping[str, Any]) -> dict[str, Any]:
    """
    What takes the identities away that are not wanted: a patch merges the map, and only `null` ends a member.

    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-manage-ua-identity-vmss
    """
    wanted = identity.get("userAssignedIdentities")
    if not wanted:
        return {}
    kept = {identity_id.lower() for identity_id in wanted}
    existing = (live.get("identity") or {}).get("userAssignedIdentities") or ()
    return {
        "userAssignedIdentities": {
            **{identity_id: None for identity_id in existing if identity_id.lower() not in kept},
            **wanted,
        }
    }


def raw_of(live: Resource | None) -> Mapping[str, Any]:
    """What is there as it was answered."""
    return (live.attributes.get("raw") or {}) if live else {}


def pause_tag(live: Resource | None) -> dict[str, str]:
    text = (raw_of(live).get("tags") or {}).get(PAUSE_TAG)
    return {PAUSE_TAG: text} if text else {}


def is_left_alone(kind: Kind, path: str, new: Mapping[str, Any]) -> bool:
    row = kind.find(path)
    return row is None or row.write_only or (row.server_default and path not in new)
