"""What the service makes of a scale set's body: defaults, what stays as it was, what is not given back."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.azure.bodies import drop, fill, find, merged, put
from trimtab.emulators.azure.catalogue import is_windows, newest
from trimtab.emulators.azure.errors import bad_parameter, unchangeable
from trimtab.emulators.azure.refusals import SET, refuse
from trimtab.emulators.shared.errors import ServiceError

PROFILE = "properties.virtualMachineProfile"
_OS = f"{PROFILE}.osProfile"
_STORAGE = f"{PROFILE}.storageProfile"
_FIXED: Mapping[str, str] = {
    "properties.orchestrationMode": "orchestrationMode",
    "properties.platformFaultDomainCount": "platformFaultDomainCount",
    "properties.proximityPlacementGroup.id": "proximityPlacementGroup",
    f"{PROFILE}.priority": "virtualMachineProfile.priority",
    f"{PROFILE}.evictionPolicy": "virtualMachineProfile.evictionPolicy",
    f"{_OS}.computerNamePrefix": "osProfile.computerNamePrefix",
    f"{_OS}.adminUsername": "osProfile.adminUsername",
    f"{_OS}.linuxConfiguration.disablePasswordAuthentication": "linuxConfiguration.disablePasswordAuthentication",
    f"{_STORAGE}.osDisk.osType": "osDisk.osType",
}
"""What cannot be changed, with the name that the refusal has for it."""
_SECRETS = (f"{_OS}.adminPassword", f"{_OS}.customData")
"""What is kept and never given back."""
_KEPT = (*_SECRETS, f"{PROFILE}.userData", f"{_STORAGE}.imageReference", "sku", "properties.orchestrationMode")
"""What a PUT that leaves it out does not take away."""
_MODEL = (PROFILE, "sku.name", "properties.skuProfile")
"""What instances are made by: another value of it is another model."""
_READ_ONLY = ("provisioningState", "uniqueId", "timeCreated")
_HEALTH_EXTENSIONS = {"applicationhealthlinux", "applicationhealthwindows"}
_ROLLING = "properties.upgradePolicy.rollingUpgradePolicy"
_ROLLING_DEFAULTS = {
    "maxBatchInstancePercent": 20,
    "maxUnhealthyInstancePercent": 20,
    "maxUnhealthyUpgradedInstancePercent": 20,
    "pauseTimeBetweenBatches": "PT0S",
    "maxSurge": False,
    "rollbackFailedInstancesOnPolicyBreach": False,
}
ETAG_SINCE = "2024-03-01"
"""The first version of the API that shows the version of a scale set."""


def is_flexible(body: Mapping[str, Any]) -> bool:
    """Whether a scale set has flexible orchestration."""
    return str(find(body, "properties.orchestrationMode")).lower() == "flexible"


def completed(given: Mapping[str, Any]) -> dict[str, Any]:
    """A new body with the service's defaults."""
    body = copy.deepcopy(dict(given))
    for name in ("id", "name", "type", "etag", "systemData"):
        body.pop(name, None)
    properties = body.setdefault("properties", {})
    for name in _READ_ONLY:
        properties.pop(name, None)
    if "sku" in body:
        fill(body["sku"], {"tier": "Standard", "capacity": 0})
    if str(find(body, "identity.type") or "").lower() == "none":
        del body["identity"]
    _fill_top(body)
    if upgrade_mode(body) == "rolling" or find(body, _ROLLING) is not None:
        # with a policy, empty as it may be, the whole is given back
        put(body, _ROLLING, rolling_policy(body))
    if "virtualMachineProfile" in properties:
        _fill_machine(body, properties["virtualMachineProfile"])
    return body


def replaced(earlier: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The body after a PUT on a scale set that is there."""
    body = copy.deepcopy(dict(given))
    if find(given, PROFILE) is None:
        # what a PUT leaves out whole stays, as `az vmss scale` takes for granted: it sends place and size alone
        body["properties"] = merged(earlier.get("properties", {}), given.get("properties") or {})
        body = {**{name: earlier[name] for name in ("zones", "identity", "plan", "tags") if name in earlier}, **body}
    for path in _KEPT:
        if find(body, path) is None and find(earlier, path) is not None:
            put(body, path, copy.deepcopy(find(earlier, path)))
    if find(body, "sku.capacity") is None:
        put(body, "sku.capacity", find(earlier, "sku.capacity"))
    return completed(body)


def patched(earlier: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The body after a PATCH: tags are replaced, everything else merges."""
    body = merged(earlier, change)
    if change.get("tags") is not None:
        body["tags"] = dict(change["tags"])
    image = find(change, f"{_STORAGE}.imageReference")
    if image is not None:
        # half of another image is no image
        put(body, f"{_STORAGE}.imageReference", copy.deepcopy(image) if "id" in image else _same_kind(body, image))
    return completed(body)


def check_changes(earlier: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """
    Refuse a change of what stays as it was made.

    Raises:
        ServiceError: `PropertyChangeNotAllowed`.
    """
    becomes_zonal = bool(body.get("zones")) and not earlier.get("zones")
    for path, name in _FIXED.items():
        before, after = find(earlier, path), find(body, path)
        if becomes_zonal and name == "platformFaultDomainCount" and before is None:
            continue  # filled in for the zones
        if after is not None and _folded(after) != _folded(before) and not _is_default(path, before, after):
            raise unchangeable(name)
    if not set(earlier.get("zones") or ()) <= set(body.get("zones") or ()):
        raise unchangeable("zones")
    if ("id" in _image(earlier)) is not ("id" in _image(body)):
        raise ServiceError(
            "OperationNotAllowed", "The Image type for a Virtual Machine Scale Set may not be changed.", 409
        )
    _check_disks(earlier, body)
    if find(earlier, "properties.singlePlacementGroup") is False and find(body, "properties.singlePlacementGroup"):
        raise unchangeable("singlePlacementGroup")


def _image(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return find(body, f"{_STORAGE}.imageReference") or {}


def _check_disks(earlier: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Refuse another type or key of a disk, and a smaller one; disks may be added and removed."""
    _check_disk("osDisk", *(find(each, f"{_STORAGE}.osDisk") or {} for each in (earlier, body)))
    lists = (find(each, f"{_STORAGE}.dataDisks") or () for each in (earlier, body))
    before, after = ({disk["lun"]: disk for disk in disks} for disks in lists)
    for lun in before.keys() & after.keys():
        _check_disk("dataDisk", before[lun], after[lun])


def _check_disk(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    for path in ("managedDisk.storageAccountType", "managedDisk.diskEncryptionSet.id", "createOption"):
        if _folded(find(before, path)) != _folded(find(after, path)):
            raise unchangeable(f"{name}.{path}")
    old, new = before.get("diskSizeGB") or 0, after.get("diskSizeGB") or 0
    if new < old:
        sizes = f"Current size is {old << 30} bytes, requested size is {new << 30} bytes."
        text = f"Disk size reduction is not supported. {sizes}"
        raise ServiceError("ResizeDiskError", text, 409, more={"target": f"{name}.diskSizeGB"})


def check_body(name: str, body: Mapping[str, Any]) -> None:
    """
    Refuse what does not go together in the scale set of that name.

    Raises:
        ServiceError: As Compute refuses it.
    """
    _check_capacity(name, body)
    if find(body, "sku.name") is None and find(body, PROFILE) is not None:
        raise bad_parameter("Required parameter 'sku.name' is missing (null).", "sku.name")
    refuse(SET, body)
    _check_system(body)
    _check_purchase(body)
    _check_image(body)
    _check_upgrades(body)


def _check_upgrades(body: Mapping[str, Any]) -> None:
    """
    Refuse rolling upgrades of what nobody asks after the health of.

    The words are those of https://github.com/hashicorp/terraform-provider-azurerm/pull/5430; what a flexible scale set
    needs is of https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-configure-rolling-upgrades.
    """
    if upgrade_mode(body) != "rolling" or find(body, PROFILE) is None:
        return
    if not (health_extensions(body) if is_flexible(body) else has_probe(body)):
        text = (
            "Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health probe or health "
            "extension was not provided."
        )
        raise ServiceError("BadRequest", text)
    if find(body, f"{_ROLLING}.maxSurge") and find(body, "properties.overprovision"):
        text = "Max surge is not supported with overprovisioning; set overprovision to false."
        raise bad_parameter(text, "rollingUpgradePolicy.maxSurge")


def _check_capacity(name: str, body: Mapping[str, Any]) -> None:
    """
    Refuse a size below none, or beyond what one scale set can have.

    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-design-overview#scale-set-limits;
    the sentence is that of github.com/ansible/ansible/issues/58220.
    """
    capacity = int(find(body, "sku.capacity") or 0)
    if capacity < 0:
        text = f"The value '{capacity}' of parameter 'sku.capacity' is out of range; it is 0 or more."
        raise bad_parameter(text, "sku.capacity")
    own_image = "/providers/microsoft.compute/images/" in str(_image(body).get("id", "")).lower()
    most = 100 if find(body, "properties.singlePlacementGroup") else 600 if own_image else 1000
    if capacity > most:
        text = (
            f"Unable to create or update Virtual Machine Scale Set '{name}' as it exceeds the total limit of '{most}' "
            "Virtual Machine instances."
        )
        raise ServiceError("OperationNotAllowed", text, 409)


def is_same_model(earlier: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether instances made by one are as those made by the other."""
    return all(find(earlier, path) == find(body, path) for path in _MODEL)


def shown(body: Mapping[str, Any], *, expand: str = "") -> dict[str, Any]:
    """The body as reads give it."""
    result = copy.deepcopy(dict(body))
    for path in _SECRETS if "userdata" in expand else (*_SECRETS, f"{PROFILE}.userData"):
        drop(result, path)
    for extension in find(result, f"{PROFILE}.extensionProfile.extensions") or ():
        extension.get("properties", {}).pop("protectedSettings", None)
    return result


def upgrade_mode(body: Mapping[str, Any]) -> str:
    """How instances come to a new model: `manual`, `automatic` or `rolling`."""
    return str(find(body, "properties.upgradePolicy.mode") or "manual").lower()


def rolling_policy(body: Mapping[str, Any]) -> dict[str, Any]:
    """The policy of rolling upgrades, with the defaults."""
    return {**_ROLLING_DEFAULTS, **(find(body, _ROLLING) or {})}


def health_extensions(body: Mapping[str, Any]) -> list[Any]:
    """The extensions that ask after the application's health."""
    extensions = find(body, f"{PROFILE}.extensionProfile.extensions") or ()
    return [each for each in extensions if str(find(each, "properties.type")).lower() in _HEALTH_EXTENSIONS]


def has_probe(body: Mapping[str, Any]) -> bool:
    """Whether anything asks after the health of a scale set's instances."""
    return bool(find(body, f"{PROFILE}.networkProfile.healthProbe") or health_extensions(body))


def cards(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The network cards of a scale set's machines."""
    yield from find(body, f"{PROFILE}.networkProfile.networkInterfaceConfigurations") or ()


def _fill_top(body: dict[str, Any]) -> None:
    properties = body["properties"]
    if is_flexible(body):
        fill(
            properties,
            {"singlePlacementGroup": False, "platformFaultDomainCount": 1, "constrainedMaximumCapacity": False},
        )
        return
    zonal = {"zoneBalance": False, "platformFaultDomainCount": 1} if body.get("zones") else {}
    placed = {"overprovision": True, "doNotRunExtensionsOnOverprovisionedVMs": False, "singlePlacementGroup": True}
    fill(properties, {"upgradePolicy": {"mode": "Manual"}, **placed, **zonal})


def _fill_machine(body: Mapping[str, Any], machine: dict[str, Any]) -> None:
    flexible = is_flexible(body)
    windows = is_windows(find(machine, "storageProfile.imageReference") or {})
    if "osProfile" in machine:
        _fill_system(machine["osProfile"], flexible=flexible, windows=windows)
    if "storageProfile" in machine:
        _fill_storage(machine["storageProfile"], flexible=flexible, windows=windows)
    for card in cards(body):
        _fill_card(card, flexible=flexible)
    _drop_what_is_off(machine)


def _drop_what_is_off(machine: dict[str, Any]) -> None:
    events = machine.get("scheduledEventsProfile") or {}
    on = {name: each for name, each in events.items() if each.get("enable")}
    machine.pop("scheduledEventsProfile", None)
    if on:
        machine["scheduledEventsProfile"] = on


def _fill_system(system: dict[str, Any], *, flexible: bool, windows: bool) -> None:
    fill(system, {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True})
    patches = {"patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"}} if flexible else {}
    agent = {"provisionVMAgent": True, "enableVMAgentPlatformUpdates": False}
    if windows:
        fill(system, {"windowsConfiguration": {"enableAutomaticUpdates": True, **agent}})
    else:
        fill(system, {"linuxConfiguration": {"disablePasswordAuthentication": False, **agent, **patches}})


def _fill_storage(storage: dict[str, Any], *, flexible: bool, windows: bool) -> None:
    delete_option = {"deleteOption": "Delete"} if flexible else {}
    disk = {
        "osType": "Windows" if windows else "Linux",
        "createOption": "FromImage",
        "caching": "ReadWrite",
        "managedDisk": {"storageAccountType": "Standard_LRS"},
        "diskSizeGB": 127 if windows else 30,
        **delete_option,
    }
    given = storage.setdefault("osDisk", {})
    # disks in a storage account are not managed ones
    unmanaged = ("managedDisk", "diskSizeGB") if given.get("vhdContainers") else ()
    fill(given, {name: value for name, value in disk.items() if name not in unmanaged})
    for each in storage.get("dataDisks", ()):
        fill(
            each,
            {
                "caching": "None",
                "managedDisk": {"storageAccountType": "Standard_LRS"},
                "diskSizeGB": 0,
                **delete_option,
            },
        )


def _fill_card(card: dict[str, Any], *, flexible: bool) -> None:
    properties = card.setdefault("properties", {})
    common = {"primary": True, "disableTcpStateTracking": False, "enableIPForwarding": False}
    fill(properties, {**common, "dnsSettings": {"dnsServers": []}})
    if flexible:
        fill(properties, {"deleteOption": "Delete"})
    lists = ("applicationSecurityGroups", "loadBalancerBackendAddressPools", "applicationGatewayBackendAddressPools")
    for address in properties.get("ipConfigurations", ()):
        inner = address.setdefault("properties", {})
        # the only address is the primary one, and is not said to be
        inner.pop("primary", None)
        fill(inner, {"privateIPAddressVersion": "IPv4", **({name: [] for name in lists} if flexible else {})})
        if inner.get("publicIPAddressConfiguration"):
            public = {"idleTimeoutInMinutes": 4, "ipTags": [], "publicIPAddressVersion": "IPv4"}
            fill(inner["publicIPAddressConfiguration"], {"properties": public})


def _check_system(body: Mapping[str, Any]) -> None:
    system = find(body, _OS)
    if system is None:
        return
    linux = system.get("linuxConfiguration") or {}
    if linux and is_windows(_image(body)):
        raise bad_parameter("The property 'linuxConfiguration' is not valid: the image is Windows.", "osProfile")
    if system.get("windowsConfiguration") and not is_windows(_image(body)) and "publisher" in _image(body):
        raise bad_parameter("The property 'windowsConfiguration' is not valid: the image is Linux.", "osProfile")
    if "windowsConfiguration" in system and not system.get("adminPassword"):
        raise bad_parameter("Required parameter 'adminPassword' is missing (null).", "adminPassword")
    has_key = bool(find(linux, "ssh.publicKeys"))
    if "windowsConfiguration" not in system and not has_key and not system.get("adminPassword"):
        text = (
            "Authentication using either SSH or by user name and password must be enabled in Linux profile. Please "
            "make sure that SSH keys are added or a password is set."
        )
        raise bad_parameter(text, "linuxConfiguration")


def _check_purchase(body: Mapping[str, Any]) -> None:
    spot = str(find(body, f"{PROFILE}.priority")).lower() == "spot"
    mix = find(body, "properties.priorityMixPolicy")
    if mix and not (spot and is_flexible(body)):
        text = "The priorityMixPolicy is only supported for Flexible scale sets with Spot priority."
        raise bad_parameter(text, "priorityMixPolicy")


def _check_image(body: Mapping[str, Any]) -> None:
    image = find(body, f"{_STORAGE}.imageReference") or {}
    if not {"publisher", "offer", "sku"} <= set(image):
        return
    if newest(image["publisher"], image["offer"], image["sku"]) is None:
        text = (
            f"The platform image '{image['publisher']}:{image['offer']}:{image['sku']}:{image.get('version')}' is not "
            "available. Verify that all fields in the storage profile are correct."
        )
        raise ServiceError("PlatformImageNotFound", text, 404, more={"target": "imageReference"})


def _same_kind(body: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    kept = find(body, f"{_STORAGE}.imageReference") or {}
    return {name: value for name, value in {**kept, **image}.items() if name != "id"}


def _is_default(path: str, before: Any, after: Any) -> bool:
    defaults = {"orchestrationMode": "uniform", "priority": "regular"}
    return before is None and defaults.get(path.rpartition(".")[2]) == _folded(after)


def _folded(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(str(each).lower() for each in value)
    return value.lower() if isinstance(value, str) else value
