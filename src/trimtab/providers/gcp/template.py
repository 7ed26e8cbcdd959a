"""What an instance of a group is made of: the body of its instance template; pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trimtab.declarations.disks import native_disk
from trimtab.models import Disk, Image, InstanceTemplate, ScalingGroup
from trimtab.plan import Secret
from trimtab.providers.bodies import drop_empty, parts_data, start_data
from trimtab.providers.gcp.ids import is_link, short
from trimtab.providers.gcp.names import labels_of

SCRIPT, KEYS, PARTS = "startup-script", "ssh-keys", "user-data"
FIELDS_OF_METADATA = {SCRIPT: "template.user_data", KEYS: "template.ssh_key"}
"""The keys of an instance's metadata that have a field of their own."""


def taken_keys(template: InstanceTemplate) -> Iterator[tuple[str, str]]:
    """The keys of the metadata that a template may not give by `metadata`, and the fields that do."""
    yield from FIELDS_OF_METADATA.items()
    if template.user_data_parts:
        yield PARTS, "template.user_data_parts"


DEFAULT_ACCOUNT = "default"
"""The service account that each project has by itself."""
USER = "admin"
"""Whose a public key is that names nobody."""
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
"""What a service account may be used for; its roles say what it may do (Service accounts, Compute Engine)."""
NAT = {"type": "ONE_TO_ONE_NAT", "name": "External NAT"}
RESERVATION = "compute.googleapis.com/reservation-name"
_USER_KEY = re.compile(r"^[\w.-]+:")
_KEY = re.compile(r"([\w.-]+:)?(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-\S+) [A-Za-z0-9+/=]+( .*)?", re.DOTALL)


class RegionHome(NamedTuple):
    """A project and a region, where names of things are looked up."""

    project: str
    region: str

    @property
    def base(self) -> str:
        """What links to global things begin with."""
        return f"projects/{self.project}/global"


def template_body(group: ScalingGroup, home: RegionHome, image: str) -> dict[str, Any]:
    """The body of an instance template, less its name and description."""
    template = group.template
    return {
        "properties": drop_empty(
            machineType=template.size_name,
            labels=labels_of(group.tags, template.tags),
            tags=_network_tags(group),
            metadata=_metadata(group),
            serviceAccounts=_accounts(group, home),
            disks=list(_disks(group, image, home)),
            networkInterfaces=[_card(group, home)],
            scheduling=_scheduling(group),
            reservationAffinity=_reservation(group.purchase.reservation),
        )
    }


def image_link(image: Image, home: RegionHome) -> str:
    """An image by link, by a family of a project (`debian-cloud/debian-12`), or by its name in the own project."""
    text = image.id or ""
    if text.startswith(("projects/", "https://", "http://")):
        return short(text)
    owner, _, family = text.partition("/")
    if family and "/" not in family:
        return f"projects/{owner}/global/images/family/{family}"
    return f"{home.base}/images/{text}"


def image_problem(image: Image) -> str | None:
    """What is wrong with the way in which an image is named; `None` when nothing is."""
    if image.newest is not None and not image.owner:
        return f"{image.newest!r} needs the project that publishes it as `owner`, such as debian-cloud"
    if image.id is not None and image.id.count("/") > 1 and "/images/" not in image.id:
        return f"invalid image {image.id!r}; write a link, PROJECT/FAMILY or the name of an image"
    return None


def key_problem(key: str | None) -> str | None:
    """
    What is wrong with a key; `None` when nothing is.

    Metadata takes any text; the agent on the machine skips what is not a key, and nobody gets in:
    https://docs.cloud.google.com/compute/docs/connect/add-ssh-keys
    """
    if key is None or all(_KEY.fullmatch(line.strip()) for line in key.splitlines() if line.strip()):
        return None
    return "write a public key, such as `ssh-ed25519 AAAA...`; Google Cloud does not know keys by name"


def _network_tags(group: ScalingGroup) -> dict[str, Any]:
    tags = sorted({*group.template.security_groups, *group.gcp.network_tags})
    return {"items": tags} if tags else {}


def _metadata(group: ScalingGroup) -> dict[str, Any]:
    script, key = start_data(group.template, "gcp"), group.template.ssh_key
    items: list[dict[str, Any]] = []
    if key is not None:
        items.append({"key": KEYS, "value": key if _USER_KEY.match(key) else f"{USER}:{key}"})
    if script is not None:
        items.append({"key": SCRIPT, "value": Secret(script.decode())})
    if (
        parts := parts_data(group.template)
    ) is not None:  # cloud-init's: https://docs.cloud-init.io/en/latest/reference/datasources/gce.html
        items.append({"key": PARTS, "value": Secret(parts)})
    items += ({"key": key, "value": Secret(value)} for key, value in group.template.metadata.items())
    items.sort(key=lambda item: str(item["key"]))
    return {"items": items} if items else {}


def _accounts(group: ScalingGroup, home: RegionHome) -> list[dict[str, Any]]:
    role, scopes = group.template.role, group.gcp.scopes
    if role is None and not scopes:
        return []
    return [{"email": account_email(role, home) if role else DEFAULT_ACCOUNT, "scopes": sorted(scopes or SCOPES)}]


def account_email(role: str, home: RegionHome) -> str:
    """
    A service account by its e-mail address, or by what that begins with, in the own project.

    https://cloud.google.com/iam/docs/service-account-types#user-managed
    """
    if "@" in role or role == DEFAULT_ACCOUNT:
        return role
    domain, _, project = home.project.rpartition(":")
    return f"{role}@{project}{f'.{domain}' if domain else ''}.iam.gserviceaccount.com"


def _disks(group: ScalingGroup, image: str, home: RegionHome) -> Iterator[dict[str, Any]]:
    boot = next((disk for disk in group.template.disks if disk.device is None), Disk())
    yield {"boot": True, **_disk(boot, {"sourceImage": image}, home)}
    yield from (
        {"boot": False, "deviceName": disk.device, **_disk(disk, {}, home)}
        for disk in group.template.disks
        if disk.device is not None
    )


def _disk(disk: Disk, source: Mapping[str, str], home: RegionHome) -> dict[str, Any]:
    parameters = drop_empty(
        diskSizeGb=None if disk.size_gb is None else str(disk.size_gb),
        diskType=native_disk("gcp", disk.type),
        provisionedIops=None if disk.iops is None else str(disk.iops),
        provisionedThroughput=None if disk.throughput is None else str(disk.throughput),
    )
    return {
        "autoDelete": not disk.keep,
        **drop_empty(initializeParams={**source, **parameters}, diskEncryptionKey=_key(disk.key, home)),
    }


def _key(key: str | None, home: RegionHome) -> dict[str, str]:
    return {"kmsKeyName": key_link(key, home)} if key else {}


def key_link(key: str, home: RegionHome) -> str:
    """A key by its full name, or as RING/KEY in the project and the region."""
    ring, _, name = key.partition("/")
    if key.startswith("projects/") or not name or "/" in name:
        return key
    return f"projects/{home.project}/locations/{home.region}/keyRings/{ring}/cryptoKeys/{name}"


def encryption_problem(key: str | None) -> str | None:
    """What is wrong with the way in which a key of a disk is named; `None` when nothing is."""
    if key is None or key.startswith("projects/") or key.count("/") == 1:
        return None
    return f"{key!r} is not a key of Cloud KMS; write RING/KEY, or projects/P/locations/L/keyRings/RING/cryptoKeys/KEY"


def _card(group: ScalingGroup, home: RegionHome) -> dict[str, Any]:
    place = group.placement
    subnet = subnet_link(place.subnets[0], home) if place.subnets else None
    network = network_link(place.network, home) if place.network else None
    return drop_empty(
        # a subnetwork says which network it is in
        network=None if subnet else network or f"{home.base}/networks/default",
        subnetwork=subnet,
        accessConfigs=[dict(NAT)] if group.template.public_address else [],
    )


def subnet_link(name: str, home: RegionHome) -> str:
    """A subnetwork by link, or by its name in the region."""
    return short(name) if is_link(name) else f"projects/{home.project}/regions/{home.region}/subnetworks/{name}"


def network_link(name: str, home: RegionHome) -> str:
    """A network by link or by its name."""
    return short(name) if is_link(name) else f"{home.base}/networks/{name}"


def _scheduling(group: ScalingGroup) -> dict[str, Any]:
    if not group.purchase.spot:
        # https://cloud.google.com/compute/docs/instances/live-migration-process#gpusmaintenance
        return {"onHostMaintenance": "TERMINATE"} if has_gpus(group.template.size_name) else {}
    # Spot VMs take neither an automatic restart nor a live migration (Create and use Spot VMs, Compute Engine)
    return {
        "provisioningModel": "SPOT",
        "instanceTerminationAction": "DELETE",
        "automaticRestart": False,
        "onHostMaintenance": "TERMINATE",
        "preemptible": True,
    }


def has_gpus(machine: str | None) -> bool:
    """Whether a machine type brings GPUs: https://cloud.google.com/compute/docs/accelerator-optimized-machines."""
    return re.match(r"[ag]\d", machine or "") is not None and not (machine or "").startswith("g1-")


def _reservation(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    return {"consumeReservationType": "SPECIFIC_RESERVATION", "key": RESERVATION, "values": [name]}


BOOT_DEVICE, CARD = "persistent-disk-0", "nic0"
"""What the boot disk and the network card are called that nobody names (Configuring stateful disks, Compute Engine)."""


def stateful_policy(template: InstanceTemplate) -> dict[str, Any]:
    """What instances of a group keep when they are made anew, and whether it outlives them."""
    addresses = (("internalIPs", template.internal_address), ("externalIPs", template.external_address))
    state = drop_empty(
        disks={disk.device or BOOT_DEVICE: _preserved(kept=disk.keep) for disk in template.disks if disk.stateful},
        **{name: {CARD: _preserved(kept=word == "kept")} for name, word in addresses if word},
    )
    return {"preservedState": state} if state else {}


def _preserved(*, kept: bool) -> dict[str, str]:
    return {"autoDelete": "NEVER" if kept else "ON_PERMANENT_INSTANCE_DELETION"}


def labels_to_check(group: ScalingGroup) -> Sequence[tuple[str, str, str]]:
    """The tags that become labels: path, name and value of each."""
    places = (("tags", group.tags), ("template.tags", group.template.tags))
    return [(f"{path}.{name}", name, value) for path, tags in places for name, value in tags.items()]
