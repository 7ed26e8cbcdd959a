"""What one emulated subscription consists of."""

import uuid
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from trimtab.emulators.azure.datapoints import DatapointStore
from trimtab.emulators.azure.ids import folded, make_id
from trimtab.emulators.shared.clock import EmulatorClock
from trimtab.emulators.shared.quotas import Quotas
from trimtab.emulators.shared.timers import Timers

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
TENANT = "11111111-1111-1111-1111-111111111111"
DEFAULT_SETTINGS = {
    "boot_seconds": 0.0,
    "delete_seconds": 0.0,
    "operation_seconds": 0.0,
    "retry_after": 0.0,
    "page_size": 100.0,
    "make_groups": 0.0,
}
"""
How long an instance is Creating and Deleting; how long an operation is InProgress, and what Retry-After says of it (0
is no such header); how many items a page has; whether a resource group that is not there is made when something is put
into it.
"""


class Phase(IntEnum):
    """What comes first among things due at the same moment."""

    OPERATIONS = 0
    INSTANCES = 1
    ALERTS = 2
    AUTOSCALE = 3


class CloudWorld(Timers):
    """
    One emulated subscription.

    Args:
        clock: The emulator's clock.
        settings: How it behaves; see `DEFAULT_SETTINGS`.
    """

    def __init__(self, clock: EmulatorClock, settings: dict[str, float]) -> None:
        super().__init__(clock)
        self.settings = settings
        self.quotas = Quotas()
        self.subscription = SUBSCRIPTION
        self._empty()

    def _empty(self) -> None:
        self.groups: dict[str, dict[str, Any]] = {}
        self.resources: dict[str, dict[str, Any]] = {}
        """Everything but scale sets, autoscale settings and metric alerts, by folded id."""
        self.scale_sets: dict[str, Any] = {}
        """The scale sets (`ScaleSet`) by folded id; what stands here knows its world, which knows no more of it."""
        self.autoscale: dict[str, Any] = {}
        """The autoscale settings at work (`AutoscaleWatch`)."""
        self.alerts: dict[str, Any] = {}
        """The alerts at work (`AlertWatch`)."""
        self.operations: dict[str, Any] = {}
        """The operations (`Operation`) by name."""
        self.datapoints = DatapointStore()
        self.events: list[dict[str, Any]] = []
        """The activity log."""
        self.shortages: list[dict[str, str]] = []
        self.failing: set[str] = set()
        """The folded ids of instances that fail their health probe."""
        self.ailments: set[str] = set()
        """Texts in models whose instances fail it."""
        self.used: dict[str, list[datetime]] = {}
        """When the calls of each limit came."""

    def wipe(self) -> None:
        """Forget everything."""
        super().wipe()
        self.quotas.clear()
        self._empty()

    def went_back(self) -> None:
        """Look at settings and alerts by a clock that was set back."""
        for setting in self.autoscale.values():
            setting.rearm()
        for alert in self.alerts.values():
            alert.rearm()

    def look_again(self, target: str) -> None:
        """Have the autoscale settings of a scale set looked at, because it has changed."""
        for setting in self.autoscale.values():
            if setting.target == folded(target):
                setting.wake()

    def id_of(self, group: str, kind: str, name: str) -> str:
        """The id of a resource; `kind` is such as `Microsoft.Compute/virtualMachineScaleSets`."""
        provider, _, types = kind.partition("/")
        return make_id(self.subscription, group, provider, types, name)

    def has(self, resource: str) -> bool:
        """Whether there is a resource of that id."""
        key = folded(resource)
        return any(key in held for held in (self.resources, self.scale_sets, self.autoscale, self.alerts))

    def seconds(self, name: str) -> float:
        """A setting that is a duration."""
        return max(0.0, self.settings[name])


def new_id() -> str:
    """A fresh uuid."""
    return str(uuid.uuid4())


def stamp(moment: datetime) -> str:
    """A time as Compute writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def zulu(moment: datetime) -> str:
    """A time as Monitor writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
