"""What an autoscaler knows besides what is measured: its group now, and its own past."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from trimtab.engine.values import Sized


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
class InstanceFacts:
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
    instances: Sequence[InstanceFacts] = ()
    backends: Sequence[Backend] = ()
    troubles: Sequence[str] = ()
    """Why it cannot grow, in words of `AutoscalerStatusDetails`, such as ZONE_RESOURCE_STOCKOUT."""

    def running(self) -> list[InstanceFacts]:
        """The instances that run."""
        return [instance for instance in self.instances if instance.running_since is not None]


# what it remembers


@dataclass(frozen=True, slots=True)
class RunHistory:
    """
    What a run needs to know of those before it; each run gives the next one.

    Attributes:
        needed: What was needed, from each moment on.
        sizes: The target sizes, from each moment on.
        started: When each schedule became active last, by name.
        active: The schedules that were active at the last run.
    """

    needed: tuple[Sized, ...] = ()
    sizes: tuple[Sized, ...] = ()
    started: Mapping[str, datetime] = field(default_factory=dict)
    active: frozenset[str] = frozenset()


def added(history: Sequence[Sized], step: Sized, window: timedelta) -> tuple[Sized, ...]:
    """A history with one more step, less those that have left the window; equal ones are one."""
    kept = _steps_within(history, step.at, window)
    return tuple(kept) if kept and kept[-1].size == step.size else (*kept, step)


def _steps_within(history: Sequence[Sized], now: datetime, window: timedelta) -> list[Sized]:
    past = [step for step, after in pairwise(history) if after.at > now - window]
    return [*past, *history[-1:]]


def within(history: Sequence[Sized], now: datetime, window: timedelta) -> list[Sized]:
    """The steps that held within a window, each as of when it held there first."""
    return [Sized(max(step.at, now - window), step.size) for step in _steps_within(history, now, window)]


def leaving(history: Sequence[Sized], window: timedelta) -> Iterator[datetime]:
    """When each step but the last has left the window."""
    yield from (step.at + window for step in history[1:])
