"""What one emulated project consists of."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from trimtab.emulators.gcp.datapoints import DatapointStore, Labels
from trimtab.emulators.gcp.monitoring_world import MonitoringWorld
from trimtab.emulators.gcp.regions import ZONES
from trimtab.emulators.shared.clock import EmulatorClock
from trimtab.emulators.shared.quotas import Quotas
from trimtab.emulators.shared.timers import Timers

PROJECT = "trimtab"
PREFIX = "https://www.googleapis.com/compute/v1/"
DEFAULT = "default"
"""What the network of a new project is called, and each of its subnetworks."""
REGION = "europe-west1"
"""The region of those who name none."""
DEFAULT_SETTINGS = {"boot_seconds": 0.0, "delete_seconds": 0.0, "operation_seconds": 0.0, "page_size": 500.0}
"""
How long an instance takes to run and to go; how long an operation is under way; how many items a page has.
"""


class Phase(IntEnum):
    """What comes first among things due at the same moment."""

    OPERATIONS = 0
    INSTANCES = 1
    ALERTS = 2
    AUTOSCALERS = 3


class CloudWorld(Timers):
    """
    One emulated project.

    Args:
        clock: The emulator's clock.
        settings: How it behaves; see `DEFAULT_SETTINGS`.
    """

    def __init__(self, clock: EmulatorClock, settings: dict[str, float]) -> None:
        super().__init__(clock)
        self.settings = settings
        self.quotas = Quotas()
        self.project = PROJECT
        self.datapoints = DatapointStore(self._system_labels)
        self.monitoring = MonitoringWorld(
            self, PROJECT, datapoints=self.datapoints, on_points=self._measured, phase=Phase.ALERTS
        )
        self._empty()

    def _empty(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        """Everything that there is, by the part of its link behind the project."""
        self.groups: dict[str, Any] = {}
        """The managed groups (`Group`) by key; they know their world, and it knows no more of them than this."""
        self.watches: dict[str, Any] = {}
        """The autoscalers at work (`AutoscalerWatch`) by key."""
        self.shortages: list[dict[str, str]] = []
        self.failing: dict[str, datetime] = {}
        """Since when instances fail their health check, by name."""
        self.ailments: set[str] = set()
        """Texts in templates whose instances fail it."""
        self.unreachable: set[str] = set()
        """The zones and regions that lists do not reach: `zones/us-central1-a`."""
        self.doomed: list[dict[str, str]] = []
        """The errors with which the next operations of a method end: `method`, `code`, `message`."""
        self.asked: dict[str, tuple[str, dict[str, Any]]] = {}
        """The writes that came with an id of their own, and the operation that each got."""
        self.names: set[str] = set()
        """The service accounts, key rings and keys that there are, by their full names."""
        self._number = 10**18
        self.resources |= dict(self._default_network())

    def _default_network(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The network that Google makes in every new project, with a subnetwork in each region."""
        network = f"global/networks/{DEFAULT}"
        blocks = {region: f"10.{128 + place * 2}.0.0/20" for place, region in enumerate(ZONES)}
        subnets = {region: f"regions/{region}/subnetworks/{DEFAULT}" for region in ZONES}
        common = {"name": DEFAULT, "creationTimestamp": stamp(self.now())}
        yield (
            network,
            {
                **common,
                "kind": "compute#network",
                "id": "1000",
                "selfLink": self.link(network),
                "autoCreateSubnetworks": True,
                "subnetworks": [self.link(key) for key in subnets.values()],
            },
        )
        for number, (region, key) in enumerate(subnets.items(), 1001):
            more = {"kind": "compute#subnetwork", "id": str(number), "selfLink": self.link(key)}
            place = {"region": self.link(f"regions/{region}"), "network": self.link(network)}
            yield key, {**common, **more, **place, "ipCidrRange": blocks[region]}

    def wipe(self) -> None:
        """Forget everything."""
        super().wipe()
        self.quotas.clear()
        self.monitoring.wipe()
        self._empty()

    def went_back(self) -> None:
        """Look at autoscalers by a clock that was set back."""
        for watch in self.watches.values():
            watch.rearm()
        self.monitoring.rearm()

    def number(self) -> str:
        """A number that no other thing has."""
        self._number += 7919
        return str(self._number)

    def fingerprint(self) -> str:
        """A fingerprint that no other state has."""
        return base64.b64encode(int(self.number()).to_bytes(8, "big")).decode()

    def link(self, key: str) -> str:
        """The full link of a thing in the project."""
        return f"{PREFIX}projects/{self.project}/{key}"

    def key(self, link: str) -> str:
        """The part of a link behind the project."""
        return link.removeprefix(PREFIX).removeprefix(f"projects/{self.project}/")

    def seconds(self, name: str) -> float:
        """A setting that is a duration."""
        return max(0.0, self.settings[name])

    def look_again(self, manager: str) -> None:
        """Have the autoscaler of a group looked at, because the group has changed."""
        for watch in self.watches.values():
            if watch.target == manager:
                watch.wake()

    def _measured(self, metric: str) -> None:
        for watch in self.watches.values():
            watch.wake()

    def _system_labels(self, resource_type: str, labels: Labels) -> Labels:
        """The group that an instance is a member of, as Cloud Monitoring knows it."""
        number = labels.get("instance_id")
        for group in self.groups.values():
            for member in group.members:
                if member.number == number:
                    return {"instance_group": group.name, "name": member.name}
        return {}


def stamp(moment: datetime) -> str:
    """A time as Compute Engine writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
