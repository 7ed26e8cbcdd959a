"""A scale set in the words of the model: machine, disks, network, health, price."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trimtab.providers.azure.names import iso, read_iso
from trimtab.providers.azure.template import ADMIN, DISK_TYPES, NOBODY, name_prefix
from trimtab.providers.azure.translate import MIXED, SCALE_IN, SHORTEST_GRACE, STRATEGIES
from trimtab.providers.leaves import Reply
from trimtab.providers.naming import given

SET = "properties"
PROFILE = f"{SET}.virtualMachineProfile"
STORAGE, SYSTEM, NETWORK = f"{PROFILE}.storageProfile", f"{PROFILE}.osProfile", f"{PROFILE}.networkProfile"
_TYPES = {native: ours.value for ours, native in DISK_TYPES.items()}
_SCALE_IN = {native: ours for ours, native in SCALE_IN.items()}
_STRATEGIES = {native: ours.value for ours, native in STRATEGIES.items()}

READ_ONLY: Mapping[str, str] = {
    "id|name|type|etag|location|sku\\.tier": "the scale set itself",
    f"{SET}\\.(provisioningState|uniqueId|timeCreated|constrainedMaximumCapacity)": "Azure's own account of it",
    f"{SET}\\.(doNotRunExtensionsOnOverprovisionedVMs|resilientVMDeletionStatus|zonalPlatformFaultDomainAlignMode)": (
        "Azure's default"
    ),
    f"{PROFILE}\\.timeCreated": "Azure's own account of it",
    f"{STORAGE}\\.(diskControllerType|osDisk\\.(osType|createOption|caching|deleteOption|writeAcceleratorEnabled))": (
        "what Azure makes of an image"
    ),
    f"{STORAGE}\\.imageReference\\.exactVersion": "which version the newest was",
    f"{STORAGE}\\.dataDisks\\[\\d+\\]\\.(createOption|caching|deleteOption|writeAcceleratorEnabled)": "Azure's default",
    f"{SYSTEM}\\.linuxConfiguration\\.(disablePasswordAuthentication|provisionVMAgent|enableVMAgentPlatformUpdates)": (
        "Azure's default"
    ),
    f"{SYSTEM}\\.linuxConfiguration\\.patchSettings\\..*": "Azure's default",
    f"{SYSTEM}\\.(allowExtensionOperations|requireGuestProvisionSignal)": "Azure's default",
    f"{SYSTEM}\\.linuxConfiguration\\.ssh\\.publicKeys\\[\\d+\\]\\.path": "where the key of the user lies",
    f"{NETWORK}\\.networkApiVersion": "the version of the network API",
    f"{NETWORK}\\.networkInterfaceConfigurations\\[0\\]\\.properties\\.(primary|enableAcceleratedNetworking|"
    "enableIPForwarding|disableTcpStateTracking|deleteOption)": "Azure's default",
    f"{NETWORK}\\.networkInterfaceConfigurations\\[0\\]\\.properties\\.ipConfigurations\\[0\\]\\.properties\\."
    "(primary|privateIPAddressVersion|publicIPAddressConfiguration\\..*)": "Azure's default",
    f"{SET}\\.upgradePolicy\\.mode": "Manual: a changed template replaces no instance by itself",
    f"{PROFILE}\\.extensionProfile\\.extensions\\[\\d+\\]\\.(name|properties\\.(publisher|typeHandlerVersion|"
    "autoUpgradeMinorVersion|provisioningState))": "how the health extension is installed",
    f"{SET}\\.automaticRepairsPolicy\\.repairAction": "Azure's default",
}


def machine_of(reply: Reply, native: str) -> dict[str, Any]:
    """The fields of a group that a scale set says."""
    azure = _azure(reply, native)
    if reply.peek(f"{SET}.upgradePolicy.mode") not in (None, "Manual"):
        reply.lose(f"{SET}.upgradePolicy.mode", "trimtab replaces no instance by itself; a plan writes Manual")
    found = {
        "template": _template(reply, native),
        "placement": given(zones=sorted(reply.take("zones", "placement.zones") or ()), subnets=_subnets(reply)),
        "load_balancers": [{"id": one} for one in _pools(reply, "loadBalancerBackendAddressPools", "load_balancers")],
        "health_check": _health(reply),
        "purchase": _purchase(reply),
        "azure": azure,
    }
    _repairs(reply, found)
    return given(**found)


def _template(reply: Reply, native: str) -> dict[str, Any]:
    size = reply.take("sku.name", "template.size")
    if reply.peek(f"{SET}.skuProfile.vmSizes"):
        size = reply.peek(f"{SET}.skuProfile.vmSizes")[0]["name"]
    return given(
        image=_image(reply),
        size=MIXED if size is None else size,
        ssh_key=_key(reply),
        role=_role(reply),
        security_groups=_firewall(reply),
        disks=_disks(reply),
        public_address=_public(reply),
    )


def _image(reply: Reply) -> str:
    path = f"{STORAGE}.imageReference"
    whole = reply.take(f"{path}.id", "template.image.id")
    if whole:
        return str(whole)
    names = ("publisher", "offer", "sku", "version")
    return ":".join(str(reply.take(f"{path}.{name}", "template.image.id") or "") for name in names)


def _key(reply: Reply) -> str | None:
    path = f"{SYSTEM}.linuxConfiguration.ssh.publicKeys"
    keys = reply.peek(path) or ()
    for place in range(1, len(keys)):
        reply.lose(f"{path}[{place}]", "a machine has one key; a plan leaves this one out")
    data = reply.take(f"{path}[0].keyData", "template.ssh_key")
    return None if data == NOBODY else data


def _role(reply: Reply) -> str | None:
    ids = sorted(reply.peek("identity.userAssignedIdentities") or {})
    if not ids:
        return None
    reply.take("identity.type", "template.role")
    reply.take("identity.userAssignedIdentities", "template.role")
    return str(ids[0])


def _disks(reply: Reply) -> list[dict[str, Any]]:
    boot = _disk(reply, f"{STORAGE}.osDisk")
    data = range(len(reply.peek(f"{STORAGE}.dataDisks") or ()))
    found = [{"device": str(_lun(reply, place)), **_disk(reply, f"{STORAGE}.dataDisks[{place}]")} for place in data]
    return [*([boot] if boot else []), *found]


def _lun(reply: Reply, place: int) -> int:
    return int(reply.take(f"{STORAGE}.dataDisks[{place}].lun", "template.disks.device") or 0)


def _disk(reply: Reply, path: str) -> dict[str, Any]:
    kind = f"{path}.managedDisk.storageAccountType"
    known = _TYPES.get(reply.peek(kind) or "")
    if known:
        reply.take(kind, "template.disks.type")
    return given(
        size_gb=reply.take(f"{path}.diskSizeGB", "template.disks.size_gb"),
        type=known,
        key=reply.take(f"{path}.managedDisk.diskEncryptionSet.id", "template.disks.key"),
        iops=reply.take(f"{path}.diskIOPSReadWrite", "template.disks.iops"),
        throughput=reply.take(f"{path}.diskMBpsReadWrite", "template.disks.throughput"),
    )


# network

_CARD = f"{NETWORK}.networkInterfaceConfigurations[0]"
_ADDRESS = f"{_CARD}.properties.ipConfigurations[0]"


def _subnets(reply: Reply) -> list[str]:
    for path in (_CARD, _ADDRESS):
        reply.known(f"{path}.name", "its name tells nothing, and stays")
    subnet = reply.take(f"{_ADDRESS}.properties.subnet.id", "placement.subnets")
    return [str(subnet)] if subnet else []


def _firewall(reply: Reply) -> list[str]:
    found = reply.take(f"{_CARD}.properties.networkSecurityGroup.id", "template.security_groups")
    return [str(found)] if found else []


def _public(reply: Reply) -> bool | None:
    path = f"{_ADDRESS}.properties.publicIPAddressConfiguration"
    return True if reply.take(f"{path}.name", "template.public_address") else None


def _pools(reply: Reply, name: str, model: str) -> list[str]:
    return [str(one["id"]) for one in reply.take(f"{_ADDRESS}.properties.{name}", model) or ()]


# health


def _health(reply: Reply) -> dict[str, Any]:
    grace = reply.take(f"{SET}.automaticRepairsPolicy.gracePeriod", "health_check.grace")
    waits = None if grace in (None, iso(SHORTEST_GRACE)) else read_iso(grace)
    if reply.take(f"{NETWORK}.healthProbe.id", "health_check.by"):
        return given(by="load-balancer", grace=waits)
    for place, one in enumerate(reply.peek(f"{PROFILE}.extensionProfile.extensions") or ()):
        if (one.get("properties") or {}).get("type") == "ApplicationHealthLinux":
            path = f"{PROFILE}.extensionProfile.extensions[{place}].properties"
            reply.take(f"{path}.type", "health_check.by")
            reply.take(f"{path}.settings.protocol", "health_check.path")
            port = reply.take(f"{path}.settings.port", "health_check.port")
            asked = reply.take(f"{path}.settings.requestPath", "health_check.path")
            return given(path=asked, port=port, grace=waits)
    return given(grace=waits)


def _repairs(reply: Reply, found: dict[str, Any]) -> None:
    """Repairs that the health check does not imply, or that it implies and that are not wanted."""
    enabled = bool(reply.take(f"{SET}.automaticRepairsPolicy.enabled", "azure.automatic_repairs"))
    health = found["health_check"]
    implied = health.get("by") == "load-balancer" or "path" in health or "port" in health
    if enabled is not implied:
        found["azure"]["automatic_repairs"] = enabled


# price


def _purchase(reply: Reply) -> dict[str, Any]:
    sizes = reply.take(f"{SET}.skuProfile.vmSizes", "purchase.sizes") or ()
    strategy = reply.take(f"{SET}.skuProfile.allocationStrategy", "purchase.strategy")
    reserved = f"{PROFILE}.capacityReservation.capacityReservationGroup.id"
    found = given(
        sizes=[{"size": one["name"]} for one in sizes],
        reservation=reply.take(reserved, "purchase.reservation"),
    )
    spot = reply.take(f"{PROFILE}.priority", "purchase.spot") == "Spot"
    price = reply.take(f"{PROFILE}.billingProfile.maxPrice", "purchase.max_price")
    if not spot:
        return found
    mix = f"{SET}.priorityMixPolicy"
    base = reply.take(f"{mix}.baseRegularPriorityCount", "purchase.on_demand_base")
    share = reply.take(f"{mix}.regularPriorityPercentageAboveBase", "purchase.on_demand_percent")
    named = _STRATEGIES.get(strategy or "") if strategy != "LowestPrice" else None
    more = given(
        on_demand_base=base or None,
        on_demand_percent=share or None,
        max_price=f"{price:.5f}".rstrip("0").rstrip(".") if price is not None and price > 0 else None,
        strategy=named,
    )
    return {**found, "spot": True, **more}


# what only Azure has


def _azure(reply: Reply, native: str) -> dict[str, Any]:
    flexible = reply.take(f"{SET}.orchestrationMode", "azure.orchestration") == "Flexible"
    prefix = reply.take(f"{SYSTEM}.computerNamePrefix", "azure.computer_name_prefix")
    user = reply.take(f"{SYSTEM}.adminUsername", "azure.admin_username")
    policy = reply.take(f"{SET}.scaleInPolicy.rules", "azure.scale_in") or ["Default"]
    notice = f"{PROFILE}.scheduledEventsProfile.terminateNotificationProfile"
    noticed = reply.take(f"{notice}.enable", "azure.terminate_notification")
    waits = reply.take(f"{notice}.notBeforeTimeout", "azure.terminate_notification")
    eviction = reply.take(f"{PROFILE}.evictionPolicy", "azure.eviction")
    return given(
        orchestration="flexible" if flexible else None,
        zone_balance=reply.take(f"{SET}.zoneBalance", "azure.zone_balance") or None,
        fault_domains=_fault_domains(reply, flexible=flexible),
        single_placement_group=_placement_group(reply, flexible=flexible),
        overprovision=reply.take(f"{SET}.overprovision", "azure.overprovision") or None,
        computer_name_prefix=prefix if prefix != name_prefix(native) else None,
        admin_username=user if user != ADMIN else None,
        scale_in=_SCALE_IN.get(policy[0]) if policy[0] != "Default" else None,
        terminate_notification=read_iso(waits) if noticed and waits else None,
        eviction=eviction.lower() if eviction and eviction != "Delete" else None,
        restore_spot=_restored(reply),
        application_gateway_pools=_pools(
            reply, "applicationGatewayBackendAddressPools", "azure.application_gateway_pools"
        ),
    )


def _fault_domains(reply: Reply, *, flexible: bool) -> int | None:
    found = reply.take(f"{SET}.platformFaultDomainCount", "azure.fault_domains")
    usual = 1 if flexible or reply.peek("zones") else 5
    return found if found not in (None, usual) else None


def _placement_group(reply: Reply, *, flexible: bool) -> bool | None:
    """Left to `whole` to drop where it is what the size gives."""
    found = reply.take(f"{SET}.singlePlacementGroup", "azure.single_placement_group")
    return None if found is None or (flexible and found is False) else bool(found)


def _restored(reply: Reply) -> timedelta | None:
    path = f"{SET}.spotRestorePolicy"
    enabled = reply.take(f"{path}.enabled", "azure.restore_spot")
    timeout = reply.take(f"{path}.restoreTimeout", "azure.restore_spot")
    return read_iso(timeout) if enabled and timeout else None
