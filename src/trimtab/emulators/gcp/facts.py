"""What an autoscaler knows of its group besides what is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Balancing(StrEnum):
    """How a backend says how much an instance takes (BackendService.backends.balancingMode)."""

    UTILIZATION = "UTILIZATION"
    RATE = "RATE"
    CONNECTION = "CONNECTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """
    The group as a backend of one backend service.

    `capacity` is what one instance takes: requests in a second, or a share of its CPU; `None` where the backend has a
    limit for the whole group only, which an autoscaler cannot use.
    """

    service: str
    balancing: Balancing = Balancing.UTILIZATION
    capacity: float | None = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance: its numeric id, and since when it runs."""

    id: str
    running_since: datetime | None = None

    def is_serving(self, now: datetime, initialization: timedelta) -> bool:
        """Whether it runs, and has done so for longer than its initialization takes."""
        return self.running_since is not None and self.running_since + initialization <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """A managed instance group at one moment."""

    name: str
    target_size: int
    instances: Sequence[Instance] = ()
    backends: Sequence[Backend] = ()
    troubles: Sequence[str] = ()
    """Why it cannot grow, in words of `AutoscalerStatusDetails`, such as ZONE_RESOURCE_STOCKOUT."""

    def running(self) -> list[Instance]:
        """The instances that run."""
        return [instance for instance in self.instances if instance.running_since is not None]
