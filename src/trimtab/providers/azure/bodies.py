"""The bodies that writes send: whole ones, and merge patches of what differs; pure."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from trimtab.plan import Change, Kind, Resource, revealed
from trimtab.providers.azure.resources import is_of_people, profile_names_of, with_names_of
from trimtab.providers.bodies import find_part, patch_of, put_part
from trimtab.providers.writer import mark_of

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


def set_patch(kind: Kind, body: Mapping[str, Any], live: Resource, paths: Iterable[str]) -> dict[str, Any]:
    """A merge patch of some leaves of a scale set, less its tags."""
    identity = sent_identity(body.get("identity"))
    patch = patch_of(kind, {**body, "identity": identity}, [path for path in paths if path.split(".")[0] != "tags"])
    without_fixed(patch)
    if changed := find_part(patch, _IMAGE):
        whole = {name: value for name, value in find_part(body, _IMAGE).items() if name in IMAGE_WORDS}
        put_part(patch, _IMAGE, {**whole, **changed})
    if "identity" in patch:
        patch["identity"] = {**(identity or {"type": "None"}), **_without_others(live.body, identity)}
    if "properties" in patch:
        patch["properties"] = with_names_of(patch["properties"], raw_of(live).get("properties") or {})
    return patch


def without_fixed(patch: Mapping[str, Any]) -> None:
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


_IMAGE = ("properties", "virtualMachineProfile", "storageProfile", "imageReference")
IMAGE_WORDS = ("id", "publisher", "offer", "sku", "version")
"""
What names an image; another one is named by all of them in one call.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-scale-set
"""
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
    """The body of a scale set as Azure takes it, less where it is."""
    sent = revealed({name: value for name, value in body.items() if name not in ("resourceGroup", "identity")})
    tags = {**dict(body.get("tags") or {}), **mark_of(change).tags()}
    identity = sent_identity(body.get("identity"))
    return {**sent, "tags": tags, **({"identity": identity} if identity else {})}


def _without_others(live: Mapping[str, Any], identity: Mapping[str, Any]) -> dict[str, Any]:
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


def people_tags(live: Resource | None) -> dict[str, str]:
    """The tags of a pause, a boost and a rollout that are marked on it."""
    tags = raw_of(live).get("tags") or {}
    return {name: value for name, value in tags.items() if value and is_of_people(name)}


def is_left_alone(kind: Kind, path: str, new: Mapping[str, Any]) -> bool:
    """Whether a leaf is Azure's own to give, or never given back."""
    row = kind.find(path)
    return row is None or row.write_only or row.initial or (row.server_default and path not in new)
