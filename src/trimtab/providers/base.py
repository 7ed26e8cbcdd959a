"""What a provider is: the roles that join, plan and apply ask for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from typing_extensions import TypeVar

from trimtab.engine.first_seen import FirstSeen
from trimtab.errors import ProviderError
from trimtab.models import Capacity, Fleet
from trimtab.plan import Change, Kind, Live, Note, Resource, Unknown
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.importing import Imported
from trimtab.providers.pause import Pause
from trimtab.providers.translation import Translation


class InstanceState(StrEnum):
    """Where an instance is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    STANDBY = "standby"
    TERMINATING = "terminating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """
    One machine of a group.

    Attributes:
        healthy: What the group's health check says; `None` while it does not judge.
        serving: Whether every load balancer of the group sends it requests; `None` without one or not asked.
        template: The template (and version) that it was started from.
        outdated: Whether the group now starts instances from another template.
        private_address: Within its network; empty without one or not asked.
        public_address: On the internet; empty without one or not asked.
    """

    id: str
    zone: str = ""
    state: InstanceState = InstanceState.RUNNING
    healthy: bool | None = None
    serving: bool | None = None
    size: str = ""
    template: str = ""
    outdated: bool = False
    protected: bool = False
    private_address: str = ""
    public_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """A group as it is now: bounds, wanted size, instances, and the pause that is marked on it."""

    name: str
    location: str
    min: int
    max: int
    desired: int
    instances: tuple[Instance, ...] = ()
    deleting: bool = False
    group: str = ""
    fleet: str = ""
    paused: Pause | None = None
    first_seen: FirstSeen | None = None
    """When its schedules were first seen, where somebody else had made them."""

    @property
    def capacity(self) -> Capacity:
        """The bounds and the wanted size, as the cloud has them."""
        return Capacity.model_construct(min=self.min, max=self.max, desired=self.desired)

    @property
    def running(self) -> int:
        """Instances that run and are not held to be unhealthy."""
        return sum(
            instance.state is InstanceState.RUNNING and instance.healthy is not False for instance in self.instances
        )

    @property
    def pending(self) -> int:
        """Instances that have not come into service yet."""
        return sum(instance.state is InstanceState.PENDING for instance in self.instances)

    @property
    def serving(self) -> int:
        """Running instances that every load balancer of the group sends requests."""
        return sum(
            instance.state is InstanceState.RUNNING and instance.serving is not False for instance in self.instances
        )

    @property
    def outdated(self) -> int:
        """Instances started from another template than the group's."""
        return sum(instance.outdated for instance in self.instances)

    @property
    def is_stable(self) -> bool:
        """Whether exactly the wanted number runs and nothing starts or ends."""
        settled = all(instance.state in (InstanceState.RUNNING, InstanceState.STANDBY) for instance in self.instances)
        return not self.deleting and settled and self.running == self.desired

    @property
    def is_healthy(self) -> bool:
        """Whether it is stable and every instance serves."""
        return self.is_stable and self.serving == self.desired


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One thing that a cloud did to a group's size."""

    id: str
    at: datetime
    status: str
    description: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """An alarm as it stands: `ok`, `alarm` or `no-data`."""

    name: str
    state: str
    reason: str = ""
    since: datetime | None = None
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One change with its body ready to send; references resolved, secrets still wrapped."""

    change: Change
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """
    What a fleet refers to and a cloud knows; a provider's own adds images, subnets, balancers.

    Attributes:
        notes: What a reviewer should know.
        problems: What was not found, or was found more than once.
        unknown: What could not be looked up.
    """

    notes: tuple[Note, ...] = ()
    problems: tuple[Note, ...] = ()
    unknown: tuple[Unknown, ...] = ()


Written = Mapping[str, Any] | ProviderError
"""What a write gave back: the resource's attributes, or why it failed."""


F = TypeVar("F", bound=Facts, default=Any)


class Provider(Protocol[F]):
    """One vendor's code: translates, reads and writes; decides nothing. Generic in its own `Facts`."""

    name: str
    kinds: Mapping[str, Kind]
    location: str
    """Where groups without a location of their own live."""

    def read(self, fleet: Fleet) -> Live:
        """Everything of the fleet, and whatever stands where it wants something; what fails is unknown."""
        ...

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> F:
        """What the fleet refers to; what was kept at creation stays unless named in `refresh`."""
        ...

    def translate(self, fleet: Fleet, facts: F, now: datetime) -> Translation:
        """What the fleet wants to be there, what is done otherwise than asked, and what cannot be done; pure."""
        ...

    def complete(self, live: Live, wanted: Sequence[Resource]) -> Live:
        """`live` with what is asked only once it is known what is wanted; reads only."""
        ...

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Send changes of one kind, action and group, at most `Kind.batch` of them; an outcome for each."""
        ...

    def read_states(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> Sequence[GroupState]:
        """The groups at (location, native name), those that exist; with what balancers say and addresses when asked."""
        ...

    def find_group(self, name: str, location: str) -> GroupState | None:
        """The group with this native name, else the only marked one with this name within its fleet."""
        ...

    def read_group(self, location: str, name: str, *, fleet: str | None = None) -> Imported:
        """The group with this native name in the words of the model, named for the fleet that it is to join."""
        ...

    def read_activities(self, location: str, name: str, limit: int) -> Sequence[Activity]:
        """What the cloud did to the group's size, newest first."""
        ...

    def read_last_activities(self, location: str, names: Sequence[str]) -> Mapping[str, Activity]:
        """The newest thing done to each of these groups, as far as it is recent; in as few calls as can be."""
        ...

    def read_alarms(self, fleet: Fleet) -> Sequence[AlarmState]:
        """The state of every alarm that the fleet has in the cloud."""
        ...

    def set_capacity(self, location: str, name: str, desired: int) -> None:
        """Ask for a size; waits for no cooldown."""
        ...

    def read_metrics(self, queries: Sequence[MetricQuery]) -> Sequence[Datapoints]:
        """An answer to each query, in our units; each says its location and its end."""
        ...

    def publish_metrics(self, values: Sequence[MetricValue]) -> None:
        """Publish values of custom metrics; each says its location and its moment."""
        ...

    def execute_policy(
        self, location: str, name: str, policy: str, *, value: float | None = None, threshold: float | None = None
    ) -> None:
        """Act once on a policy of a group, by its name in the group or in the cloud; waits for no cooldown."""
        ...

    def pause(self, location: str, name: str, pause: Pause) -> None:
        """Mark the group, and let neither policies nor schedules change its size; again renews the mark."""
        ...

    def resume(self, location: str, name: str) -> None:
        """Give back what the pause stopped and take the mark away; nothing where there is none."""
        ...

    def permissions(self, fleet: Fleet, *, read_only: bool = False) -> Mapping[str, Any]:
        """The least that trimtab needs for this fleet, in the form in which the vendor grants it; pure."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
