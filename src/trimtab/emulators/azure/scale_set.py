"""One scale set: its body, its instances, and what they are of it."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.instance import EmulatedInstance
from trimtab.emulators.azure.operations import Operation
from trimtab.emulators.azure.references import referenced
from trimtab.emulators.azure.regions import normal_location
from trimtab.emulators.azure.scale_set_fields import ETAG_SINCE, is_flexible, shown
from trimtab.emulators.azure.world import CloudWorld, new_id, stamp
from trimtab.engine.mix import Fraction, Split, split

KIND = "Microsoft.Compute/virtualMachineScaleSets"


class ScaleSet:
    """
    A scale set.

    Args:
        world: Where it is.
        group: The name of its resource group.
        name: Its own.
        body: What was asked for, with the service's defaults; never changed in place.
    """

    def __init__(self, world: CloudWorld, group: str, name: str, body: dict[str, Any]) -> None:
        self.world = world
        self.group = group
        self.name = name
        self.id = world.id_of(group, KIND, name)
        self.body = body
        self.unique_id = new_id()
        self.created: datetime = world.now()
        self.instances: dict[str, EmulatedInstance] = {}
        self.ordinal = 0
        """The number of the next instance."""
        self.model = 1
        self.etag = 1
        self.state = "Creating"
        self.operation: Operation | None = None
        self.repairs = True
        """Whether unhealthy instances are repaired, where the policy says so."""
        self.upgrade: Any = None
        """The latest rolling upgrade (`RollingUpgrade`)."""

    @property
    def key(self) -> str:
        """The same text for the same scale set."""
        return folded(self.id)

    @property
    def flexible(self) -> bool:
        """Whether its orchestration is flexible."""
        return is_flexible(self.body)

    @property
    def location(self) -> str:
        """Its region."""
        return normal_location(str(self.body["location"]))

    @property
    def capacity(self) -> int:
        """How many instances it is to have."""
        return int(find(self.body, "sku.capacity") or 0)

    @property
    def is_deleting(self) -> bool:
        """Whether it is on its way out."""
        return self.state == "Deleting"

    @property
    def version(self) -> str:
        """Its etag."""
        return f'"{self.etag}"'

    def set_capacity(self, size: int) -> None:
        """Have another size from now on."""
        self.body = {**self.body, "sku": {**self.body.get("sku", {}), "capacity": size}}
        self.etag += 1

    def members(self) -> list[EmulatedInstance]:
        """The instances that its size counts, in the order in which they came."""
        return sorted((each for each in self.instances.values() if each.counts), key=lambda each: each.ordinal)

    def find(self, number: str) -> EmulatedInstance | None:
        """The instance of that number, or name with flexible orchestration."""
        return self.instances.get(number.lower())

    def split(self, total: int) -> Split | None:
        """How many of `total` instances are regular and spot, `None` without a priority mix."""
        mix = find(self.body, "properties.priorityMixPolicy")
        if not mix:
            return None
        base, percent = mix_of(mix)
        return split(total, base=base, percent=percent, fraction=Fraction.SPOT)

    def references(self) -> list[str]:
        """The ids that it refers to."""
        return list(referenced(self.body))

    @property
    def surge(self) -> int:
        """How many instances there are beyond its size, while they take the place of others."""
        return int(self.upgrade.surge) if self.upgrade is not None else 0

    def look(self) -> None:
        """Tell a rolling upgrade that something has changed."""
        if self.upgrade is not None:
            self.upgrade.look()

    def supersede(self, operation: Operation) -> None:
        """Have a write in progress that ends the one before it."""
        if self.operation is not None:
            self.operation.preempt(self.world.now())
        self.operation = operation

    def to_dict(self, *, api: str, expand: str = "") -> dict[str, Any]:
        """The scale set as reads show it."""
        body = shown(self.body, expand=expand)
        properties = {
            **body["properties"],
            "provisioningState": self.state,
            "uniqueId": self.unique_id,
            "timeCreated": stamp(self.created),
        }
        etag = {"etag": self.version} if api >= ETAG_SINCE else {}
        return {
            "name": self.name,
            "id": self.id,
            "type": KIND,
            **body,
            "location": self.location,
            **etag,
            "properties": properties,
        }

    def view(self) -> dict[str, Any]:
        """The instance view."""
        states = Counter(f"ProvisioningState/{each.state.lower()}" for each in self.instances.values())
        word = self.state.lower()
        failed = word == "failed"
        status = {
            "code": f"ProvisioningState/{word}",
            "level": "Error" if failed else "Info",
            "displayStatus": f"Provisioning {word}" if word in ("succeeded", "failed") else self.state,
            "time": stamp(self.world.now()),
        }
        summary = [{"code": code, "count": count} for code, count in sorted(states.items())]
        return {"virtualMachine": {"statusesSummary": summary}, **self._services(), "statuses": [status]}

    def _services(self) -> dict[str, Any]:
        if not find(self.body, "properties.automaticRepairsPolicy.enabled"):
            return {}
        state = "Running" if self.repairs else "Suspended"
        return {"orchestrationServices": [{"serviceName": "AutomaticRepairs", "serviceState": state}]}


def mix_of(policy: Mapping[str, Any]) -> tuple[int, float]:
    """The base and the percentage of a priority mix."""
    return int(policy.get("baseRegularPriorityCount") or 0), policy.get("regularPriorityPercentageAboveBase") or 0
