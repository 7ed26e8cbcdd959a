"""What goes in and out of a provider: groups as they stand, writes, facts."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from trimtab.engine.first_seen import FirstSeen
from trimtab.errors import ProviderError
from trimtab.models import Capacity, Fleet, ScalingGroup
from trimtab.plan import Change, Note, Unknown
from trimtab.providers.pause import Boost, Pause
from trimtab.providers.pinning import Settled

if TYPE_CHECKING:
    from trimtab.providers.run import RolloutRun


class Failure(StrEnum):
    """What kept an instance from being made."""

    QUOTA = "quota"
    """The account has used up what it may have."""
    SHORTAGE = "shortage"
    """The cloud has no such machine there now."""
    IMAGE = "image"
    """The image is gone, or not to be used."""
    ADDRESSES = "addresses"
    """The network has no address left."""
    PERMISSION = "permission"
    """Something is not allowed."""
    OTHER = "other"
    """Something else; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """
    What the cloud had none of, as far as it says.

    Attributes:
        size: The machine type; empty where it is not said.
        zone: Where; empty for the whole region, and where it is not said.
        spot: Whether spot capacity was asked for; `None` where it is not said.
    """

    size: str = ""
    zone: str = ""
    spot: bool | None = None

    def of(self, group: ScalingGroup) -> "Short":
        """The same with what the group says where the cloud does not: its only size, and the only sort that it has."""
        purchase = group.purchase
        sizes = [option.size for option in purchase.sizes] or [group.template.size_name or ""]
        is_shared = purchase.spot and bool(purchase.on_demand_base or purchase.on_demand_percent or purchase.fallback)
        return Short(
            size=self.size or (sizes[0] if len(sizes) == 1 else ""),
            zone=self.zone,
            spot=purchase.spot if self.spot is None and not is_shared else self.spot,
        )

    def __str__(self) -> str:
        """`spot m5.large in us-east-1a`."""
        sort = "" if self.spot is None else "spot" if self.spot else "on-demand"
        return " ".join(filter(None, [sort, self.size or "instances", f"in {self.zone}" if self.zone else ""]))


Patterns = Mapping[Failure, re.Pattern[str]]
"""What a vendor's texts have in them, the first that matches counts."""


def failure_of(text: str, patterns: Patterns) -> Failure:
    """What a vendor's text of a failure is about."""
    return next((kind for kind, pattern in patterns.items() if pattern.search(text)), Failure.OTHER)


def patterns_of(**words: str) -> Patterns:
    """Patterns from regular expressions by the names of failures."""
    return {Failure(name): re.compile(pattern, re.IGNORECASE) for name, pattern in words.items()}


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
        weight: How many units of the group's size it is; 1 where sizes are numbers of instances.
        private_address: Within its network; empty without one or not asked.
        public_address: On the internet; empty without one or not asked.
        failure: Why it could not be made, where the cloud keeps such instances in its list.
        error: The same in the vendor's words.
        spot: Whether it is a spot instance; `None` where that was not asked.
    """

    id: str
    zone: str = ""
    state: InstanceState = InstanceState.RUNNING
    healthy: bool | None = None
    serving: bool | None = None
    size: str = ""
    template: str = ""
    outdated: bool = False
    weight: int = 1
    protected: bool = False
    private_address: str = ""
    public_address: str = ""
    failure: Failure | None = None
    error: str = ""
    spot: bool | None = None

    @property
    def short(self) -> Short | None:
        """What the cloud had none of, where it could not be made for that."""
        return Short(size=self.size, zone=self.zone, spot=self.spot) if self.failure is Failure.SHORTAGE else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """
    A group as it is now: bounds, wanted size, instances, and the pause and the boost that are marked on it.

    Attributes:
        controller: The digest of what the controller enacts, in the mark of a group that the controller sizes; empty
            for one that the cloud or nobody sizes.
        on_demand_base: How many instances the cloud is told to run on demand first; `None` where all are of one sort.
    """

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
    boost: Boost | None = None
    first_seen: FirstSeen | None = None
    """When its schedules were first seen, where somebody else had made them."""
    controller: str = ""
    rollout: "RolloutRun | None" = None
    """The rollout that is on, in a group that bears the mark of one."""
    on_demand_base: int | None = None
    stopped: tuple[str, ...] = ()
    """What of its scaling stands still without the mark of a pause, in the vendor's words."""
    parts: Mapping[str, int] = field(default_factory=dict, hash=False)
    """The wanted size of each of its native groups, by role, where it has several: `main` and `spot`."""

    @property
    def capacity(self) -> Capacity:
        """The bounds and the wanted size, as the cloud has them."""
        return Capacity.model_construct(min=self.min, max=self.max, desired=self.desired)

    @property
    def running(self) -> int:
        """Instances that run and are not held to be unhealthy, in the units of the size."""
        return sum(
            instance.weight
            for instance in self.instances
            if instance.state is InstanceState.RUNNING and instance.healthy is not False
        )

    @property
    def pending(self) -> int:
        """Instances that have not come into service yet, in the units of the size."""
        return sum(instance.weight for instance in self.instances if instance.state is InstanceState.PENDING)

    @property
    def serving(self) -> int:
        """Running instances that every load balancer of the group sends requests, in the units of the size."""
        return sum(
            instance.weight
            for instance in self.instances
            if instance.state is InstanceState.RUNNING and instance.serving is not False
        )

    @property
    def unit(self) -> str:
        """What sizes count: `instances`, or the `units` that weights give them."""
        return "instances" if all(instance.weight == 1 for instance in self.instances) else "units"

    @property
    def outdated(self) -> int:
        """Instances started from another template than the group's."""
        return sum(instance.outdated for instance in self.instances)

    @property
    def is_stable(self) -> bool:
        """
        Whether the wanted size runs and nothing starts or ends.

        Instances with weights may be more than was wanted by less than the largest of them.
        """
        settled = all(instance.state in (InstanceState.RUNNING, InstanceState.STANDBY) for instance in self.instances)
        largest = max((instance.weight for instance in self.instances), default=1)
        return not self.deleting and settled and 0 <= self.running - self.desired < largest

    @property
    def is_healthy(self) -> bool:
        """Whether it is stable and every instance serves."""
        return self.is_stable and self.serving == self.running


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """
    One thing that a cloud did to a group's size.

    Attributes:
        sizes: The wanted size before and after, where the cloud says it.
        change: Instances that it started, or ended when negative, where the cloud says that and no sizes.
        failure: What kept an instance from being made, where that is what it tells of.
        short: What the cloud had none of, where that was it.
        booted: How long the instance that it launched took to come into service, where the cloud says that.
        drained: How long the instance that it ended ran on, where the cloud says that.
    """

    id: str
    at: datetime
    status: str
    description: str
    cause: str = ""
    sizes: tuple[int, int] | None = None
    change: int = 0
    failure: Failure | None = None
    short: Short | None = None
    booted: timedelta | None = None
    drained: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """An alarm as it stands: `ok`, `alarm` or `no-data`."""

    name: str
    state: str
    reason: str = ""
    since: datetime | None = None
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmChange:
    """An alarm that came into another state: `ok`, `alarm` or `no-data`."""

    name: str
    at: datetime
    state: str
    reason: str = ""


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
        settled: The groups with neutral words, in the cloud's own: by the group's name.
    """

    notes: tuple[Note, ...] = ()
    problems: tuple[Note, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    settled: Mapping[str, Settled] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PoolChoice:
    """
    A fleet whose groups with an alternate pool name first the one of the two that they are in.

    Attributes:
        fleet: The fleet.
        notes: What a reviewer should know of how requests are shared between the two.
        problems: Why they cannot be shared.
        unknown: What could not be looked up.
    """

    fleet: Fleet
    notes: tuple[Note, ...] = ()
    problems: tuple[Note, ...] = ()
    unknown: tuple[Unknown, ...] = ()


def in_their_pools(fleet: Fleet, is_in: Callable[[ScalingGroup, str], bool]) -> Fleet:
    """
    The fleet with the two pools in each other's place where a group is in the alternate one alone.

    Args:
        fleet: As it was written, with the native names that its groups have.
        is_in: Whether a group that is there is in the pool that is called so.
    """

    def settled(group: ScalingGroup) -> ScalingGroup:
        balancers = tuple(
            each.swapped() if each.alternate and not is_in(group, each.word) and is_in(group, each.alternate) else each
            for each in group.load_balancers
        )
        return group if balancers == group.load_balancers else group.model_copy(update={"load_balancers": balancers})

    return fleet.model_copy(update={"groups": tuple(map(settled, fleet.groups))})


Written = Mapping[str, Any] | ProviderError
"""What a write gave back: the resource's attributes, or why it failed."""
