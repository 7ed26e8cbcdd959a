"""The machines of a scale set in the words of the model."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trimtab.declarations.disks import neutral_disk
from trimtab.providers.azure.template import ADMIN_PASSWORD, MONITOR, MONITOR_TYPE, PLACEHOLDER_SSH_KEY
from trimtab.providers.azure.translate import MIXED
from trimtab.providers.bodies import drop_empty, find_part

Body = Mapping[str, Any]


def at(body: Any, path: str) -> Any:
    """What stands at a path of a body; `None` where nothing does."""
    return find_part(body, path.split("."))


def template_of(body: Body, profile: Body) -> dict[str, Any]:
    card = card_of(profile)
    firewall = at(card, "networkSecurityGroup.id")
    return drop_empty(
        image=_image(at(profile, "storageProfile.imageReference") or {}),
        size=at(body, "sku.name") or MIXED,
        ssh_key=_key(profile),
        admin_password={"env": ADMIN_PASSWORD} if has_password(profile) else None,
        role=_role(body),
        agents=["disk"] if _has_monitor(body, profile) else [],
        security_groups=[firewall] if firewall else [],
        disks=list(_disks(at(profile, "storageProfile") or {})),
        public_address=True if at(address_of(profile), "publicIPAddressConfiguration") else None,
    )


def _image(reference: Body) -> str:
    """An image by its id, else by its URN; that of a gallery, which no row is about, by that of the gallery."""
    for name in ("id", "communityGalleryImageId", "sharedGalleryImageId"):
        if reference.get(name):
            return str(reference[name])
    return ":".join(str(reference.get(name) or "") for name in ("publisher", "offer", "sku", "version"))


def _key(profile: Body) -> str | None:
    keys = at(profile, "osProfile.linuxConfiguration.ssh.publicKeys") or ()
    data = keys[0].get("keyData") if keys else None
    return None if data == PLACEHOLDER_SSH_KEY else data


def runs_windows(profile: Body) -> bool:
    """Whether the machines run Windows."""
    system = at(profile, "storageProfile.osDisk.osType")
    return str(system).lower() == "windows" or at(profile, "osProfile.windowsConfiguration") is not None


def is_specialized(profile: Body) -> bool:
    """Whether the machines have the system of a specialized image: a machine of any other image has a profile of it."""
    return bool(profile) and at(profile, "osProfile") is None


def has_password(profile: Body) -> bool:
    """Whether one logs in by a password, which no reply tells; beside a key nobody knows whether there is one."""
    if at(profile, "osProfile.windowsConfiguration") is not None:
        return True
    linux = at(profile, "osProfile.linuxConfiguration") or {}
    return linux.get("disablePasswordAuthentication") is False and not at(linux, "ssh.publicKeys")


def _role(body: Body) -> str | None:
    """The first of the identities; others are left to others, since a model has one."""
    return next(iter(at(body, "identity.userAssignedIdentities") or ()), None)


def _has_monitor(body: Body, profile: Body) -> bool:
    """Whether the Azure Monitor agent is there as we would have it: under our name, as the identity that is ours."""
    named = [
        each
        for each in at(profile, "extensionProfile.extensions") or ()
        if each.get("name") == MONITOR and at(each, "properties.type") == MONITOR_TYPE
    ]
    identity = at(next(iter(named), {}), "properties.settings.authentication.managedIdentity.identifier-value")
    return identity is not None and str(identity).lower() == str(_role(body)).lower()


def _disks(storage: Body) -> Iterator[dict[str, Any]]:
    if boot := _disk(storage.get("osDisk") or {}):
        yield boot
    for disk in storage.get("dataDisks") or ():
        yield {"device": str(disk.get("lun", 0)), **_disk(disk)}


def _disk(disk: Body) -> dict[str, Any]:
    return drop_empty(
        size_gb=disk.get("diskSizeGB"),
        type=neutral_disk("azure", at(disk, "managedDisk.storageAccountType") or ""),
        key=at(disk, "managedDisk.diskEncryptionSet.id"),
        iops=disk.get("diskIOPSReadWrite"),
        throughput=disk.get("diskMBpsReadWrite"),
    )


def card_of(profile: Body) -> Body:
    cards: Sequence[Body] = at(profile, "networkProfile.networkInterfaceConfigurations") or ()
    first: Body = next(iter(cards), {})
    return next((card for card in cards if at(card, "properties.primary")), first).get("properties") or {}


def address_of(profile: Body) -> Body:
    addresses: Sequence[Body] = card_of(profile).get("ipConfigurations") or ()
    first: Body = next(iter(addresses), {})
    return first.get("properties") or {}
