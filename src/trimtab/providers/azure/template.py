"""What an instance of a scale set is made of: `virtualMachineProfile`; pure."""

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from trimtab.declarations.disks import native_disk
from trimtab.models import Disk, Image, ScalingGroup
from trimtab.plan import Password, Secret
from trimtab.providers.azure.facts import Attached
from trimtab.providers.azure.ids import Home, is_id, parse_id
from trimtab.providers.azure.names import iso
from trimtab.providers.bodies import drop_empty, start_data
from trimtab.providers.health import asks_balancer, has_probe, probe_port, probe_protocol

ADMIN = "azureuser"
CARD, ADDRESS, PUBLIC = "nic", "ip", "public"
"""The names of the parts of a network profile."""
HEALTH = "health"
"""The name of the extension that asks an instance how it is."""
MONITOR, MONITOR_TYPE = "azure-monitor-agent", "AzureMonitorLinuxAgent"
"""The name and the type of the extension that measures what the hosts do not."""
BY_ID = "mi_res_id"
"""How that extension is told which managed identity it is: by its id."""
HEALTH_TYPES = ("ApplicationHealthLinux", "ApplicationHealthWindows")
NETWORK_API = "2022-11-01"
LONGEST_PREFIX = 58
"""https://github.com/hashicorp/terraform-provider-azurerm: compute/validate/linux_computer_name.go."""
PLACEHOLDER_SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEy8JSUl0XqjEjDLaS/r5DVgeF+N0wI32XwB05JBFgce"
"""
A key to which nobody has the private part: the first SHA-256 of `trimtab: nobody logs in N`, N counting from 0, that is
a point of the curve. Azure starts no Linux machine without a key or a password.
"""
# https://github.com/Azure/azure-rest-api-specs/blob/main/arm-compute/quickstart-templates/aliases.json
ALIASES: Mapping[str, str] = {
    "CentOS85Gen2": "OpenLogic:CentOS:8_5-gen2:latest",
    "Debian11": "Debian:debian-11:11-backports-gen2:latest",
    "Debian12": "Debian:debian-12:12-gen2:latest",
    "FlatcarLinuxFreeGen2": "kinvolk:flatcar-container-linux-free:stable-gen2:latest",
    "OpenSuseLeap154Gen2": "SUSE:openSUSE-leap-15-4:gen2:latest",
    "RHELRaw8LVMGen2": "RedHat:RHEL:8-lvm-gen2:latest",
    "SuseSles15SP5": "SUSE:sles-15-sp5:gen2:latest",
    "Ubuntu2204": "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest",
    "Ubuntu2404": "Canonical:ubuntu-24_04-lts:server:latest",
    **{
        name: f"MicrosoftWindowsServer:WindowsServer:{sku}:latest"
        for name, sku in (
            ("Win2012Datacenter", "2012-datacenter-gensecond"),
            ("Win2012R2Datacenter", "2012-r2-datacenter-gensecond"),
            ("Win2016Datacenter", "2016-datacenter-gensecond"),
            ("Win2019Datacenter", "2019-datacenter-gensecond"),
            ("Win2022Datacenter", "2022-datacenter-g2"),
            ("Win2022AzureEdition", "2022-datacenter-azure-edition"),
            ("Win2022AzureEditionCore", "2022-datacenter-azure-edition-core"),
        )
    },
}
"""Short names of images, as the CLI of Azure has them."""


ADMIN_PASSWORD = "ADMIN_PASSWORD"
"""The environment variable that an imported group names, whose password nobody can read."""
WINDOWS_PREFIX = 9
"""https://github.com/hashicorp/terraform-provider-azurerm: website/docs/r/virtual_machine_scale_set.html.markdown."""
WINDOWS = re.compile(r"windows|visualstudio|sharepoint|(^|:)win\d|ws20\d\d", re.IGNORECASE)
"""
In the names of images of Windows: those of its own publishers, of others with it below, and the CLI's short names.

https://learn.microsoft.com/azure/virtual-machines/windows/cli-ps-findimage
"""


WITHOUT_SUBNET = "a scale set needs a subnet; name one by its name, as NETWORK/SUBNET or by its id"


def machine_profile(
    group: ScalingGroup,
    native: str,
    home: Home,
    attached: Attached,
    image: Mapping[str, Any],
    *,
    windows: bool,
    specialized: bool = False,
) -> dict[str, Any]:
    """The machine of a group: disks, system, network, health, price; a specialized image brings its own system."""
    return drop_empty(
        storageProfile=_storage(group, image, home),
        osProfile=None if specialized else _system(group, native, attached.ssh_key, windows=windows),
        networkProfile=_network(group, home, attached),
        extensionProfile=_extensions(group, home, windows=windows),
        scheduledEventsProfile=_events(group.azure.terminate_notification),
        capacityReservation=_reservation(group.purchase.reservation, home),
        **_price(group),
    )


def is_flexible(group: ScalingGroup) -> bool:
    """Whether a group's instances are plain virtual machines (flexible orchestration)."""
    return group.azure.orchestration == "flexible"


# storage


def image_reference(image: Image) -> dict[str, str]:
    """An image by id, by URN (`PUBLISHER:OFFER:SKU:VERSION`) or by a short name."""
    text = ALIASES.get(image.id or "", image.id or "")
    if is_id(text):
        return {"id": text}
    return dict(zip(("publisher", "offer", "sku", "version"), text.split(":"), strict=False))


def is_known(image: Image) -> bool:
    """Whether an image is named in a way that Azure takes."""
    if image.newest is not None:
        return bool(image.owner) and image.newest.count(":") == 1
    text = ALIASES.get(image.id or "", image.id or "")
    return is_id(text) or len([part for part in text.split(":") if part]) == 4


def image_problem(image: Image) -> str | None:
    """What keeps an image from being started, by how it is named; `None` when nothing does."""
    if not is_known(image):
        text = "is not an id, a URN (PUBLISHER:OFFER:SKU:VERSION) or a short name such as Ubuntu2404"
        return f"{image.id or image.newest!r} {text}; a match is newest: OFFER:SKU with its publisher as owner"
    return None


def names_windows(image: Image) -> bool:
    """Whether an image is one of Windows, by how it is named; an id tells nothing."""
    name = image.id if image.newest is None else f"{image.owner}:{image.newest}"
    return bool(name) and not is_id(name or "") and WINDOWS.search(name or "") is not None


def defines_windows(properties: Mapping[str, Any]) -> bool:
    """Whether an image of one's own is one of Windows, by its definition."""
    return str(_disk_of(properties).get("osType", "")).lower() == "windows"


def _disk_of(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return (properties.get("storageProfile") or {}).get("osDisk") or properties


def defines_specialized(properties: Mapping[str, Any]) -> bool:
    """Whether an image of one's own keeps the users and the computer name of the machine that it was taken from."""
    return str(_disk_of(properties).get("osState", "")).lower() == "specialized"


def system_paths(group: ScalingGroup) -> Iterator[str]:
    """
    What a group sets of the system, which is in no profile of a specialized image.

    https://learn.microsoft.com/azure/virtual-machines/shared-image-galleries#generalized-and-specialized-images
    """
    given = group.template
    settings = {
        "template.user_data": given.user_data,
        "template.user_data_parts": given.user_data_parts or None,
        "template.variables": given.variables,
        "template.ssh_key": given.ssh_key,
        "template.admin_password.env": given.admin_password,
        "azure.admin_username": group.azure.admin_username,
        "azure.computer_name_prefix": group.azure.computer_name_prefix,
    }
    yield from (path for path, value in settings.items() if value is not None)
    yield from (f"template.agents.{at}" for at, word in enumerate(given.agents) if word not in ("memory", "disk"))


def _storage(group: ScalingGroup, image: Mapping[str, Any], home: Home) -> dict[str, Any]:
    boot = next((disk for disk in group.template.disks if disk.device is None), Disk())
    data = [disk for disk in group.template.disks if disk.device is not None]
    # the instances of a flexible set are plain machines, whose disks could outlive them
    delete_option = "Delete" if is_flexible(group) else None
    return drop_empty(
        imageReference=dict(image),
        osDisk={
            "createOption": "FromImage",
            "caching": "ReadWrite",
            **drop_empty(diskSizeGB=boot.size_gb, managedDisk=_managed(boot, home), deleteOption=delete_option),
        },
        dataDisks=[{**_data_disk(disk, home), **drop_empty(deleteOption=delete_option)} for disk in data],
    )


def _managed(disk: Disk, home: Home) -> dict[str, Any]:
    key = {"id": encryption_set_id(disk.key, home)} if disk.key else None
    return drop_empty(storageAccountType=native_disk("azure", disk.type), diskEncryptionSet=key)


def encryption_set_id(key: str, home: Home) -> str:
    """A disk encryption set by id, or by its name in the resource group."""
    return key if is_id(key) else home.id_of("Microsoft.Compute/diskEncryptionSets", key)


def lun_of(device: str | None) -> int | str | None:
    """The number of a disk; what is none is a problem, and stands as it is."""
    return int(device) if device is not None and device.isdecimal() else device


def _data_disk(disk: Disk, home: Home) -> dict[str, Any]:
    return {
        "lun": lun_of(disk.device),
        "createOption": "Empty",
        **drop_empty(
            diskSizeGB=disk.size_gb,
            managedDisk=_managed(disk, home),
            diskIOPSReadWrite=disk.iops,
            diskMBpsReadWrite=disk.throughput,
        ),
    }


def disk_problems(disk: Disk, path: str) -> Iterator[tuple[str, str]]:
    """What a scale set cannot do of a disk: path and text."""
    if disk.device is not None and not disk.device.isdecimal():
        yield (
            f"{path}.device",
            f"on Azure a disk has a number, not {disk.device!r}; write 0, 1 and so on, or leave it out",
        )
    if disk.device is None:
        for name in ("iops", "throughput"):
            if getattr(disk, name) is not None:
                yield (
                    f"{path}.{name}",
                    "Azure sets it for data disks only; leave it out for the boot disk",
                )


# system


def _system(group: ScalingGroup, native: str, public_key: str, *, windows: bool) -> dict[str, Any]:
    script, password = start_data(group.template, "azure"), group.template.admin_password
    user = group.azure.admin_username or ADMIN
    return drop_empty(
        computerNamePrefix=group.azure.computer_name_prefix or name_prefix(native, windows=windows),
        adminUsername=user,
        adminPassword=None if password is None else Password(password.env),
        customData=None if script is None else Secret(base64.b64encode(script).decode()),
        # without its agent Windows runs no extension, and so tells nothing of its health
        windowsConfiguration={"provisionVMAgent": True} if windows else None,
        linuxConfiguration=None if windows else _linux(group, user, public_key),
    )


def is_public_key(text: str) -> bool:
    """Whether a text is a public key itself, and not the name of one that the resource group has."""
    return " " in text.strip()


def ssh_key_id(name: str, home: Home) -> str:
    """An SSH public key of Azure by id, or by its name in the resource group."""
    return name if is_id(name) else home.id_of("Microsoft.Compute/sshPublicKeys", name)


def _as_named(key: str | None) -> str:
    """What stands for a key that was not looked up."""
    if key is None:
        return PLACEHOLDER_SSH_KEY
    return key if is_public_key(key) else f"ssh-rsa AAAA (of {key})"


def _linux(group: ScalingGroup, user: str, public_key: str) -> dict[str, Any]:
    """How one logs in: by a key, by a password, or by either; by a key that nobody has where neither is given."""
    has_password = group.template.admin_password is not None
    named = group.template.ssh_key
    data = public_key or (None if named is None and has_password else _as_named(named))
    keys = [{"path": f"/home/{user}/.ssh/authorized_keys", "keyData": data}] if data else []
    return {"disablePasswordAuthentication": not has_password, **drop_empty(ssh=drop_empty(publicKeys=keys))}


def name_prefix(native: str, *, windows: bool = False) -> str:
    """What computers are called before their number: the group's name, less what a host name cannot have."""
    longest = WINDOWS_PREFIX if windows else LONGEST_PREFIX
    return re.sub(r"[^A-Za-z0-9-]+", "-", native)[:longest].strip("-")


# network


def _network(group: ScalingGroup, home: Home, attached: Attached) -> dict[str, Any]:
    firewall = group.template.security_groups[:1]
    pools = [{"id": pool} for pool in attached.balancer_pools]
    gateways = [{"id": pool} for pool in attached.gateway_pools]
    address = drop_empty(
        subnet={"id": attached.subnet} if attached.subnet else None,
        publicIPAddressConfiguration={"name": PUBLIC} if group.template.public_address else None,
        loadBalancerBackendAddressPools=pools,
        applicationGatewayBackendAddressPools=gateways,
    )
    card = drop_empty(
        primary=True,
        networkSecurityGroup={"id": firewall_id(firewall[0], home)} if firewall else None,
        ipConfigurations=[{"name": ADDRESS, "properties": {"primary": True, **address}}],
    )
    return drop_empty(
        networkApiVersion=NETWORK_API if is_flexible(group) else None,
        healthProbe={"id": attached.probe} if asks_balancer(group) and attached.probe else None,
        networkInterfaceConfigurations=[{"name": CARD, "properties": card}],
    )


def firewall_id(name: str, home: Home) -> str:
    """A network security group by id, or by its name in the resource group."""
    return name if is_id(name) else home.id_of("Microsoft.Network/networkSecurityGroups", name)


# extensions


def _extensions(group: ScalingGroup, home: Home, *, windows: bool) -> dict[str, Any]:
    extensions = [*_health(group, windows=windows), *_agents(group, home)]
    return {"extensions": extensions} if extensions else {}


def _agents(group: ScalingGroup, home: Home) -> Iterator[dict[str, Any]]:
    """
    The Azure Monitor agent, which signs in as the managed identity of the instances.

    https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-requirements
    """
    role = group.template.role
    if "disk" not in group.template.agents or role is None:
        return
    from trimtab.providers.azure.agents import PINNED  # few groups have agents

    identity = {"identifier-name": BY_ID, "identifier-value": user_id(role, home)}
    properties = {
        "publisher": "Microsoft.Azure.Monitor",
        "type": MONITOR_TYPE,
        "typeHandlerVersion": PINNED.version,
        "autoUpgradeMinorVersion": True,
        "settings": {"authentication": {"managedIdentity": identity}},
    }
    yield {"name": MONITOR, "properties": properties}


def _health(group: ScalingGroup, *, windows: bool) -> Iterator[dict[str, Any]]:
    if not has_probe(group):
        return
    check = group.health_check
    said = drop_empty(
        requestPath=check.path,
        intervalInSeconds=None if check.interval is None else int(check.interval.total_seconds()),
        # the same number in a row makes an instance healthy and unhealthy
        numberOfProbes=check.unhealthy_threshold or check.healthy_threshold,
    )
    settings = {"protocol": probe_protocol(check), "port": probe_port(check), **said}
    # https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
    extension = {
        "publisher": "Microsoft.ManagedServices",
        "type": HEALTH_TYPES[windows],
        "typeHandlerVersion": "1.0",
        "autoUpgradeMinorVersion": True,
        "settings": settings,
    }
    yield {"name": HEALTH, "properties": extension}


def _events(notice: timedelta | None) -> dict[str, Any]:
    if notice is None:
        return {}
    return {"terminateNotificationProfile": {"enable": True, "notBeforeTimeout": iso(notice)}}


# price


def _price(group: ScalingGroup) -> dict[str, Any]:
    purchase = group.purchase
    if not purchase.spot:
        return {}
    price = float(purchase.max_price) if purchase.max_price is not None else -1
    return {
        "priority": "Spot",
        "evictionPolicy": (group.azure.eviction or "delete").capitalize(),
        "billingProfile": {"maxPrice": price},
    }


def _reservation(name: str | None, home: Home) -> dict[str, Any]:
    return {"capacityReservationGroup": {"id": reservation_id(name, home)}} if name else {}


def reservation_id(name: str, home: Home) -> str:
    """A capacity reservation group by id, or by its name in the resource group."""
    return name if is_id(name) else home.id_of("Microsoft.Compute/capacityReservationGroups", name)


def user_id(role: str, home: Home) -> str:
    """A managed identity by id, or by its name in the resource group."""
    return role if parse_id(role) else home.id_of("Microsoft.ManagedIdentity/userAssignedIdentities", role)
