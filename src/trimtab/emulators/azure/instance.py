"""One instance of a scale set: what it is and how reads show it."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.catalogue import newest
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.scale_set_fields import PROFILE, cards, has_probe, health_extensions, shown
from trimtab.emulators.azure.world import new_id, stamp

MACHINE = "Microsoft.Compute/virtualMachines"
_OF_MACHINE = ("name", "location", "tags", "identity", "zones", "etag")
RUNNING, DEALLOCATED, STOPPED = "running", "deallocated", "stopped"
REGULAR, SPOT = "Regular", "Spot"
_POWER = {RUNNING: "VM running", DEALLOCATED: "VM deallocated", STOPPED: "VM stopped"}


@dataclass
class EmulatedInstance:
    """
    One machine.

    `state` is its provisioningState, `model` the number of the model that it was made by, with its body then.
    """

    home: Any
    """The scale set (`ScaleSet`) that it is in."""
    number: str
    created: datetime
    zone: str | None
    priority: str
    model: int
    made_by: dict[str, Any]
    disk_by: dict[str, Any] = field(default_factory=dict)
    """The model that its disk of the operating system was made by: custom data and passwords are read but then."""
    ordinal: int = 0
    state: str = "Creating"
    power: str = RUNNING
    vm_id: str = field(default_factory=new_id)
    protection: dict[str, bool] = field(default_factory=dict)
    error: str = ""
    size: str = ""
    """That of several which it has; empty where its set has but one."""
    ready: datetime | None = None
    etag: int = 1

    @property
    def name(self) -> str:
        """Its name."""
        return self.number if self.home.flexible else f"{self.home.name}_{self.number}"

    @property
    def id(self) -> str:
        """Its id as a part of the scale set."""
        return f"{self.home.id}/virtualMachines/{self.number}"

    @property
    def machine_id(self) -> str:
        """Its id as the machine that it is: a plain one in a flexible scale set."""
        return self.home.world.id_of(self.home.group, MACHINE, self.name) if self.home.flexible else self.id

    @property
    def key(self) -> str:
        """The same text for the same instance."""
        return folded(self.id)

    @property
    def counts(self) -> bool:
        """Whether it is one of the scale set's size."""
        return self.state != "Deleting"

    @property
    def is_protected(self) -> bool:
        """Whether scaling in spares it."""
        return bool(self.protection.get("protectFromScaleIn") or self.protection.get("protectFromScaleSetActions"))

    @property
    def is_healthy(self) -> bool:
        """Whether it passes its probe."""
        world = self.home.world
        return self.key not in world.failing and not self._is_ill_made()

    def _is_ill_made(self) -> bool:
        ailments = self.home.world.ailments
        if not ailments or not self.disk_by:
            return False
        made = json.dumps([find(self.disk_by, PROFILE), find(self.made_by, "sku.name")])
        return any(text in made for text in ailments)

    @property
    def has_probe(self) -> bool:
        """Whether anything asks after its health."""
        return has_probe(self.made_by)

    def to_dict(self, *, expand: str = "") -> dict[str, Any]:
        """The instance as reads show it."""
        body = shown(self.made_by)
        machine = find(body, PROFILE) or {}
        zones = {"zones": [self.zone]} if self.zone else {}
        tags = {"tags": body["tags"]} if "tags" in body else {}
        identity = {"identity": body["identity"]} if "identity" in body else {}
        properties = self._properties(body, machine)
        if "instanceview" in expand:
            properties["instanceView"] = self.view()
        return {
            "name": self.name,
            "id": self.id,
            "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
            "location": self.home.location,
            **tags,
            **identity,
            **zones,
            "instanceId": self.number,
            "sku": {"name": self.size or find(body, "sku.name"), "tier": find(body, "sku.tier")},
            "etag": f'"{self.etag}"',
            "properties": properties,
        }

    def to_machine(self, *, expand: str = "") -> dict[str, Any]:
        """The instance of a flexible scale set as reads of plain machines show it."""
        body = self.to_dict(expand=expand)
        common: dict[str, Any] = {name: body[name] for name in _OF_MACHINE if name in body}
        apart = ("latestModelApplied", "modelDefinitionApplied", "networkProfileConfiguration", "protectionPolicy")
        properties = {name: value for name, value in body["properties"].items() if name not in apart}
        return {
            **common,
            "id": self.machine_id,
            "type": MACHINE,
            "properties": {
                **properties,
                "virtualMachineScaleSet": {"id": self.home.id},
                "networkProfile": {"networkInterfaces": [{"id": self.card_id(card)} for card in cards(self.made_by)]},
                "priority": self.priority,
            },
        }

    def card_id(self, card: Mapping[str, Any]) -> str:
        """The id of one of its network cards, which is a plain one too in a flexible scale set."""
        if self.home.flexible:
            name = f"{card['name']}-{self.vm_id[:8]}"
            return str(self.home.world.id_of(self.home.group, "Microsoft.Network/networkInterfaces", name))
        return f"{self.id}/networkInterfaces/{card['name']}"

    def view(self) -> dict[str, Any]:
        """The instance view."""
        # a machine that never came up was never asked
        health = {"vmHealth": {"status": self._health()}} if self.has_probe and self.ready else {}
        return {
            "placementGroupId": self.home.unique_id,
            "platformUpdateDomain": self.ordinal % 5,
            "platformFaultDomain": self.ordinal % 5,
            "computerName": self._computer(),
            "osName": "ubuntu",
            "osVersion": "22.04",
            "vmAgent": {"vmAgentVersion": "2.9.0.4", "statuses": [self._agent()], "extensionHandlers": []},
            "disks": [{"name": self._disk(), "statuses": [self._provisioned("succeeded")]}],
            "hyperVGeneration": "V1",
            **health,
            "statuses": self.statuses(),
        }

    def statuses(self) -> list[dict[str, Any]]:
        """What it is doing, and its power."""
        power = {"code": f"PowerState/{self.power}", "level": "Info", "displayStatus": _POWER[self.power]}
        entries = [self._provisioned(self.state.lower())]
        return entries if self.state in ("Creating", "Failed") else [*entries, power]

    def _provisioned(self, word: str) -> dict[str, Any]:
        failed = word == "failed"
        told = {"message": self.error} if failed and self.error else {}
        return {
            "code": f"ProvisioningState/{word}" + (f"/{self.error.partition(':')[0]}" if told else ""),
            "level": "Error" if failed else "Info",
            "displayStatus": f"Provisioning {word}" if word in ("succeeded", "failed") else word.capitalize(),
            **told,
            "time": stamp(self.ready or self.created),
        }

    def _agent(self) -> dict[str, Any]:
        return {
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Ready",
            "message": "Guest Agent is running",
            "time": stamp(self.ready or self.created),
        }

    def _health(self) -> dict[str, str]:
        if self.is_healthy:
            return {
                "code": "HealthState/healthy",
                "level": "Info",
                "displayStatus": "The VM is reporting itself as healthy",
            }
        text = "The VM is reporting itself as unhealthy or is unreachable"
        return {"code": "HealthState/unhealthy", "level": "Error", "displayStatus": text}

    @property
    def judged_after(self) -> timedelta:
        """How long an instance fails before it counts as unhealthy, as far as its health extension says."""
        settings = [find(each, "properties.settings") or {} for each in health_extensions(self.made_by)]
        asked = next((each for each in settings if "intervalInSeconds" in each or "numberOfProbes" in each), {})
        # every five seconds, and one bad answer counts: the extension's own defaults
        seconds = int(asked.get("intervalInSeconds") or 5) * int(asked.get("numberOfProbes") or 1)
        return timedelta(seconds=seconds if asked else 0)

    def _properties(self, body: dict[str, Any], machine: dict[str, Any]) -> dict[str, Any]:
        system = copy.deepcopy(machine.get("osProfile") or {})
        system.pop("computerNamePrefix", None)
        network = {"networkInterfaceConfigurations": list(cards(body))}
        price = {"priority": self.priority} if find(self.home.body, "properties.priorityMixPolicy") else {}
        return {
            "latestModelApplied": self.model == self.home.model,
            "modelDefinitionApplied": "VirtualMachineScaleSet",
            "networkProfileConfiguration": network,
            "vmId": self.vm_id,
            "hardwareProfile": {"vmSize": self.size or find(body, "sku.name")},
            "storageProfile": self._storage(machine.get("storageProfile") or {}),
            "osProfile": {"computerName": self._computer(), **system},
            "networkProfile": {"networkInterfaces": [{"id": self.card_id(card)} for card in cards(body)]},
            **({"protectionPolicy": dict(self.protection)} if self.protection else {}),
            **price,
            "provisioningState": self.state,
            "timeCreated": stamp(self.created),
        }

    def _storage(self, storage: dict[str, Any]) -> dict[str, Any]:
        profile = copy.deepcopy(storage)
        image = profile.get("imageReference") or {}
        if {"publisher", "offer", "sku"} <= set(image):
            version = image.get("version", "latest")
            exact = newest(image["publisher"], image["offer"], image["sku"]) if version == "latest" else version
            image["exactVersion"] = exact
        disk = profile.setdefault("osDisk", {})
        disk["name"] = self._disk()
        group = self.home.id.split("/providers/")[0]
        disk.setdefault("managedDisk", {})["id"] = f"{group}/providers/Microsoft.Compute/disks/{self._disk()}"
        profile.setdefault("dataDisks", [])
        return profile

    def _disk(self) -> str:
        return f"{self.home.name}_{self.number}_OsDisk_1_{self.vm_id.replace('-', '')}"

    def _computer(self) -> str:
        prefix = find(self.made_by, f"{PROFILE}.osProfile.computerNamePrefix") or self.home.name
        return f"{prefix}{_base36(self.ordinal):0>6}"


def _base36(number: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
    return text
