"""What a scale set refers to: it must be there when the scale set is written."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.errors import bad_parameter, bad_reference
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.scale_set_fields import PROFILE, cards
from trimtab.emulators.azure.world import CloudWorld

_SINGLE = (
    f"{PROFILE}.networkProfile.healthProbe.id",
    f"{PROFILE}.capacityReservation.capacityReservationGroup.id",
    f"{PROFILE}.storageProfile.osDisk.managedDisk.diskEncryptionSet.id",
    f"{PROFILE}.storageProfile.osDisk.managedDisk.securityProfile.diskEncryptionSet.id",
    "properties.proximityPlacementGroup.id",
    "properties.hostGroup.id",
)
_LISTS = (
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatPools",
    "applicationGatewayBackendAddressPools",
    "applicationSecurityGroups",
)


def referenced(body: Mapping[str, Any]) -> Iterator[str]:
    """The ids in a scale set's body that are of other resources here."""
    for path in _SINGLE:
        if reference := find(body, path):
            yield reference
    for card in cards(body):
        properties = card["properties"]
        if group := find(properties, "networkSecurityGroup.id"):
            yield group
        for address in properties.get("ipConfigurations", ()):
            yield from _of_address(address.get("properties", {}))


def check_references(world: CloudWorld, own: str, body: Mapping[str, Any]) -> None:
    """
    Refuse a body that refers to what is not there.

    Raises:
        ServiceError: `InvalidResourceReference`; `InvalidParameter` for a system beside a specialized image, or none
            beside another, as github.com/MicrosoftDocs/azure-docs/issues/67050 has it.
    """
    for each in referenced(body):
        if not world.has(each):
            raise bad_reference(each, own)
    is_specialized = _state_of_image(world, body) == "specialized"
    has_system = find(body, f"{PROFILE}.osProfile") is not None
    if is_specialized and has_system:
        raise bad_parameter("Parameter 'osProfile' is not allowed.", "osProfile")


def _state_of_image(world: CloudWorld, body: Mapping[str, Any]) -> str:
    """Whether an image of one's own is `specialized` or `generalized`, where its definition stands here."""
    identity = str(find(body, f"{PROFILE}.storageProfile.imageReference.id") or "")
    definition, _, _ = folded(identity).partition("/versions/")
    properties = (world.resources.get(definition) or {}).get("properties") or {}
    disk = find(properties, "storageProfile.osDisk") or properties
    return str(disk.get("osState", "")).lower()


def _of_address(address: Mapping[str, Any]) -> Iterator[str]:
    if subnet := find(address, "subnet.id"):
        yield subnet
    for name in _LISTS:
        for each in address.get(name) or ():
            yield each["id"]
