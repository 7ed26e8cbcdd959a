"""An instance template in the words of the model."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trimtab.declarations.disks import neutral_disk
from trimtab.providers.bodies import drop_empty, start_fields
from trimtab.providers.gcp.ids import name_of, parse_link
from trimtab.providers.gcp.template import KEYS, PARTS, SCOPES, SCRIPT, USER
from trimtab.providers.importing import unused
from trimtab.providers.importing.building import whole

UNKNOWN = "unknown"
"""The image and the size of a template that does not say them, or that was not read."""
USUAL_TIER = "PREMIUM"
_FAMILY = re.compile(r"^projects/([^/]+)/global/images/family/([^/]+)$")
Body = Mapping[str, Any]


def first(items: Sequence[Body] | None) -> Body:
    """The first of several; nothing of it where there is none."""
    return next(iter(items or ()), {})


def machine_of(properties: Body, project: str) -> dict[str, Any]:
    """The fields of a group that its template says."""
    disks = list(_disks(properties.get("disks") or ()))
    account = first(properties.get("serviceAccounts"))
    scopes = sorted(account.get("scopes") or ())
    email = account.get("email")
    card = first(properties.get("networkInterfaces"))
    own = scopes if email == "default" or scopes != sorted(SCOPES) else []
    template = drop_empty(
        size=name_of(str(properties.get("machineType") or UNKNOWN)),
        image=_image(first(properties.get("disks")), project),
        disks=disks if any(disks) or len(disks) > 1 else [],
        security_groups=list((properties.get("tags") or {}).get("items") or ()),
        role=email if email != "default" else None,
        public_address=True if first(card.get("accessConfigs")).get("type") else None,
        **_metadata((properties.get("metadata") or {}).get("items") or ()),
    )
    return drop_empty(
        template=template,
        tags=dict(properties.get("labels") or {}),
        gcp=drop_empty(scopes=own),
        placement=_network(card, project),
        purchase=_purchase(properties),
    )


def _image(disk: Body, project: str) -> str:
    link = str((disk.get("initializeParams") or {}).get("sourceImage") or UNKNOWN)
    family = _FAMILY.match(link)
    if family:
        return f"{family[1]}/{family[2]}"
    return name_of(link) if link.startswith(f"projects/{project}/global/images/") else link


def _disks(disks: Sequence[Body]) -> Iterator[dict[str, Any]]:
    taken: list[str] = []
    for disk in disks:
        parameters = disk.get("initializeParams") or {}
        kind = name_of(str(parameters.get("diskType") or ""))
        fields = drop_empty(
            size_gb=whole(parameters.get("diskSizeGb")) or None,
            iops=whole(parameters.get("provisionedIops")) or None,
            throughput=whole(parameters.get("provisionedThroughput")) or None,
            type=neutral_disk("gcp", kind),
            key=(disk.get("diskEncryptionKey") or {}).get("kmsKeyName"),
        )
        if not disk.get("boot"):
            taken.append(unused(str(disk.get("deviceName") or "disk"), taken))
            fields["device"] = taken[-1]
        yield {**fields, "keep": True} if disk.get("autoDelete") is False else fields


def _metadata(items: Sequence[Body]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for item in items:
        key, value = item.get("key"), str(item.get("value") or "")
        if key == SCRIPT:
            fields |= drop_empty(**start_fields(value))
        elif key == PARTS and (parts := start_fields(value).get("user_data_parts")):
            fields["user_data_parts"] = parts
        elif key == KEYS and "\n" not in value.strip():
            fields["ssh_key"] = value.removeprefix(f"{USER}:")
        elif key != KEYS:
            fields.setdefault("metadata", {})[key] = value
    return fields


def _network(card: Body, project: str) -> dict[str, Any]:
    subnet = str(card.get("subnetwork") or "")
    if subnet:
        parts = parse_link(subnet)
        return {"subnets": [parts.name if parts.project == project else subnet]}
    network = str(card.get("network") or "")
    if not network or network == f"projects/{project}/global/networks/default":
        return {}
    return {"network": name_of(network) if network.startswith(f"projects/{project}/") else network}


def _purchase(properties: Body) -> dict[str, Any]:
    spot = (properties.get("scheduling") or {}).get("provisioningModel") == "SPOT"
    reserved = (properties.get("reservationAffinity") or {}).get("values") or ()
    return drop_empty(spot=spot or None, reservation=next(iter(reserved), None))


def other_tiers(properties: Body) -> list[str]:
    """
    The public addresses of a machine that are of another tier than the usual one, by path.

    https://cloud.google.com/network-tiers/docs/overview
    """
    return [
        f"properties.networkInterfaces[{card}].accessConfigs[{place}].networkTier"
        for card, interface in enumerate(properties.get("networkInterfaces") or ())
        for place, config in enumerate(interface.get("accessConfigs") or ())
        if config.get("networkTier", USUAL_TIER) != USUAL_TIER
    ]
