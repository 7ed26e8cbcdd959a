"""What a provider is: four roles, and the record that joins them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from trimtab.errors import Unsupported
from trimtab.models import Fleet
from trimtab.plan import Change, Key, Kind, Live, Note, Resource
from trimtab.providers.base import (
    Activity,
    AlarmChange,
    AlarmState,
    Facts,
    GroupState,
    Instance,
    PoolChoice,
    Write,
    Written,
)
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.importing import Imported
from trimtab.providers.lookup import single_match
from trimtab.providers.pause import Boost, Pause
from trimtab.providers.regions import RegionForm
from trimtab.providers.translation import Translation

if TYPE_CHECKING:
    from trimtab.providers.hooks import HookQueue
    from trimtab.providers.quotas import Demand, Quota
    from trimtab.providers.rolling import RolloutActions


class Resources(ABC):
    """What plan and apply ask for: reads, resolves, translates and writes; decides nothing."""

    @abstractmethod
    def read(self, fleet: Fleet) -> Live:
        """Everything of the fleet, and whatever stands where it wants something; what fails is unknown."""

    def read_to_plan(self, fleet: Fleet) -> Live:
        """What `read` gives; what `resolve` would ask next and the fleet alone tells may be asked at the same time."""
        return self.read(fleet)

    def choose_pools(self, fleet: Fleet, live: Live) -> PoolChoice:
        """Which of its two pools each group with an alternate one is in, and whether both can share requests."""
        return PoolChoice(fleet=fleet)

    @abstractmethod
    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> Facts:
        """What the fleet refers to; what was kept at creation stays unless named in `refresh`."""

    @abstractmethod
    def translate(self, fleet: Fleet, facts: Any, now: datetime) -> Translation:
        """
        What the fleet wants to be there, what is done otherwise than asked, and what cannot be done; pure.

        The facts are those that `resolve` gave back.
        """

    def complete(self, live: Live, wanted: Sequence[Resource]) -> Live:
        """`live` with what is asked only once it is known what is wanted; as it is where all is read at once."""
        return live

    def hindrances(self, changes: Sequence[Change]) -> tuple[Sequence[Note], Sequence[Note]]:
        """Notes and problems of what refuses changes now: in the cloud, or missing here; nothing where nothing does."""
        return (), ()

    def users_elsewhere(self, changes: Sequence[Change], fleet: str) -> Mapping[Key, str]:
        """
        By what a plan is to change or delete what others use of it, in words; nothing where nobody can.

        What is to be deleted then stays, so that nothing of others breaks. Asked only of a plan that changes something.

        Args:
            changes: The plan.
            fleet: Whose it is.
        """
        return {}

    surges_within = False
    """Whether a rollout in place keeps to a group's maximum, so that its surge takes no more than that."""

    def quotas(self, location: str, demands: "Sequence[Demand]") -> "Sequence[Quota]":
        """The quotas of a region that such demands draw on, in one call or a few; none where nothing cheap tells."""
        return ()

    @abstractmethod
    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Send changes of one kind, action and group, at most `Kind.batch` of them; an outcome for each."""

    @abstractmethod
    def permissions(self, fleet: Fleet, *, read_only: bool = False, controller: bool = False) -> Mapping[str, Any]:
        """
        The least that trimtab needs for this fleet, in the form in which the vendor grants it; pure.

        Args:
            fleet: Says what is needed.
            read_only: Leave out what changes anything.
            controller: What the controller does, and nothing else.
        """

    def instance_permissions(self, fleet: Fleet) -> Mapping[str, Any]:
        """
        The least that the instances of this fleet need in a role of their own, in the same form; pure.

        Raises:
            Unsupported: The provider does not say.
        """
        raise Unsupported("this provider does not say what instances need; leave `instances` out")

    def hook_permissions(self, fleet: Fleet) -> Mapping[str, Any]:
        """
        The least that a consumer of this fleet's hooks needs, in the same form; pure.

        Raises:
            Unsupported: Nobody but the instances is told, and what they ask takes no permission.
        """
        raise Unsupported("hooks are heard in the instances, which takes no permission; leave `hooks` out")


class LiveState(ABC):
    """What status, watch and import ask for: groups as they stand, and what was done to them."""

    name: str
    """The provider's name."""

    def account(self) -> str:
        """The account, subscription or project that the groups are in; empty where the cloud has but one."""
        return ""

    @abstractmethod
    def read_states(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> Sequence[GroupState]:
        """The groups at (location, native name), those that exist; with what balancers say and addresses when asked."""

    def with_purchases(self, states: Sequence[GroupState]) -> Sequence[GroupState]:
        """The same groups with which instances are spot; as they are where reading them tells that already."""
        return states

    @abstractmethod
    def candidates(self, name: str, location: str) -> Sequence[GroupState]:
        """The group with this native name, or those that are marked with this name within their fleet."""

    def find_group(self, name: str, location: str) -> GroupState | None:
        """
        The group with this native name, else the only marked one with this name within its fleet.

        Raises:
            InvalidRequest: Several fleets have a group of this name.
        """
        return single_match(self.candidates(name, location), name, self.name)

    @abstractmethod
    def import_group(self, location: str, name: str, *, fleet: str | None = None) -> Imported:
        """The group with this native name in the words of the model, named for the fleet that it is to join."""

    @abstractmethod
    def read_activities(self, location: str, name: str, limit: int) -> Sequence[Activity]:
        """What the cloud did to the group's size, newest first."""

    @abstractmethod
    def read_last_activities(self, location: str, names: Sequence[str]) -> Mapping[str, Activity]:
        """The newest thing done to each of these groups, as far as it is recent; in as few calls as can be."""

    @abstractmethod
    def read_alarms(self, fleet: Fleet) -> Sequence[AlarmState]:
        """The state of every alarm that the fleet has in the cloud."""

    def read_alarm_history(
        self, location: str, names: Sequence[str], since: datetime, until: datetime
    ) -> Sequence[AlarmChange]:
        """
        When these alarms came into other states, oldest first.

        Raises:
            Unsupported: The cloud keeps no such history.
        """
        raise Unsupported("this provider keeps no history of alarms")


class GroupActor(Protocol):
    """Acts on one group."""

    def set_capacity(self, desired: int) -> None:
        """Ask for a size; waits for no cooldown."""
        ...

    def set_mix(self, size: int, *, base: int) -> None:
        """Ask for a size of which the first `base` are on demand, in one write; bounds are the caller's to keep."""
        ...

    def execute(self, policy: str, *, value: float | None, threshold: float | None) -> None:
        """Act once on a policy, by its name in the group or in the cloud; waits for no cooldown."""
        ...

    def pause(self, pause: Pause) -> None:
        """Mark the group, and let neither policies nor schedules change its size; again renews the mark."""
        ...

    def resume(self) -> None:
        """Give back what the pause stopped and take the mark away; nothing where there is none."""
        ...

    def boost(self, boost: Boost) -> None:
        """Mark the group, and hold its minimum until the boost is over, by the cloud itself; again renews it."""
        ...

    def end_boost(self) -> None:
        """Give back the minimum and take the mark of a boost away; nothing where there is none."""
        ...

    def protect(self, instances: Sequence[Instance], *, protected: bool) -> None:
        """Have scaling in spare some instances, or not any more; nothing for those that are so already."""
        ...

    def drain(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """
        Send some instances no more requests, and keep them; nothing for those that stand by already.

        Others start in their place, or the size shrinks by them: never below the minimum of `state`, the group as it
        was read just before.
        """
        ...

    def end_instances(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """
        Have some instances end, none of which was on its way out when `state` was read.

        Others start in their place, or the size shrinks by them, in the same call where the cloud has one, and never
        below the minimum of `state`. To shrink by one that has gone meanwhile is no failure.
        """
        ...


@dataclass(frozen=True, slots=True)
class Actions:
    """
    What a group that exists is asked to do.

    Args:
        on: Who acts on the group with this location and native name.
    """

    on: Callable[[str, str], GroupActor]


@dataclass(frozen=True, slots=True)
class Metrics:
    """
    What is measured.

    Args:
        read: An answer to each query, in our units; each query says its location and its end.
        publish: Publishes values of custom metrics; each says its location and its moment.
    """

    read: Callable[[Sequence[MetricQuery]], Sequence[Datapoints]]
    publish: Callable[[Sequence[MetricValue]], None]


def _no_queue(queue: str) -> Any:
    raise Unsupported(f"hooks from the queue {queue!r}: this provider has no queue of notices")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Provider:
    """
    One vendor's code, connected.

    Attributes:
        name: As its declarations have it.
        location: Where groups without a location of their own live.
        kinds: The kinds of native resources, by name: they drive the diff.
        connection: What it talks through; for its own tests.
        close: Lets go of connections.
        regions: How its regions are written; `None` where any text may be one.
        rollouts: Makes what a rollout asks, when one does; `None` where it has none.
        reports_calls: Whether it tells its listener of each call itself; else each question to a role is told as one.
        hooks: Opens the queue with notices of starting and ending instances, by its URL or name; raises `Unsupported`
            where the cloud tells nobody but the instance itself.
    """

    name: str
    location: str
    kinds: Mapping[str, Kind]
    resources: Resources
    live: LiveState
    actions: Actions
    metrics: Metrics
    connection: Any = None
    close: Callable[[], None] = lambda: None
    regions: RegionForm | None = None
    rollouts: "Callable[[], RolloutActions] | None" = None
    reports_calls: bool = False
    hooks: "Callable[[str], HookQueue]" = _no_queue

    def __repr__(self) -> str:
        return f"Provider({self.name!r}, location={self.location!r})"
