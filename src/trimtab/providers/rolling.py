"""A rollout as a provider has it: how far a group is, how far to go at once, and what is asked for it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trimtab.errors import NotFound, Unsupported
from trimtab.models import LoadBalancer, Metric
from trimtab.providers.base import GroupState, Instance, InstanceState, Write
from trimtab.providers.run import RolloutRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How far a rollout may go at once, in instances.

    Attributes:
        unavailable: Out of service at a time.
        surge: Above the size at a time.
        healthy: Healthy at every moment.
        replaces_protected: Whether instances protected from scaling in are replaced.
        replaces_standby: Whether those on standby are.
        skips_matching: Whether those with the new template already are left alone.
    """

    unavailable: int = 1
    surge: int = 0
    healthy: int = 0
    replaces_protected: bool = False
    replaces_standby: bool = False
    skips_matching: bool = True

    def takes(self, instance: Instance) -> bool:
        """Whether a rollout is to reach this instance."""
        if instance.protected and not self.replaces_protected:
            return False
        return instance.state is not InstanceState.STANDBY or self.replaces_standby


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    A group under a rollout as it stands.

    Attributes:
        state: The group, its instances with what balancers say of them.
        run: The mark of the run; `None` where none is on.
        fresh: The ids of the instances that have the new template.
        busy: Whether the cloud itself is still moving instances.
        trouble: Why the cloud gave up moving them; empty while it has not.
        standby_in_size: Whether the size counts instances on standby too, which do no work.
        previous: The templates that the group had before the one that it has, the newest first.
        notes: What is noted of rollouts beside the mark, by tag (`trimtab.providers.pause.NOTES`).
    """

    state: GroupState
    run: RolloutRun | None = None
    fresh: frozenset[str] = frozenset()
    busy: bool = False
    trouble: str = ""
    previous: tuple[str, ...] = ()
    standby_in_size: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)

    def of(self, *, fresh: bool, limits: Limits) -> tuple[Instance, ...]:
        """The instances with the new template, or those with another one that are to get it."""
        return tuple(
            instance
            for instance in self.state.instances
            if (instance.id in self.fresh) is fresh
            and (fresh or limits.takes(instance))
            and instance.state is not InstanceState.TERMINATING
        )

    def total(self, limits: Limits) -> int:
        """
        How many instances have the new template in the end: as many as are wanted, less those that are left alone.

        Some of them may be missing now, and others above the size may go again. With weights, which say how many units
        an instance is, only those that are there.
        """
        there = len(self.of(fresh=True, limits=limits)) + len(self.of(fresh=False, limits=limits))
        state = self.state
        if state.unit != "instances":
            return there
        present = sum(each.state is not InstanceState.TERMINATING for each in state.instances)
        if self.standby_in_size:
            return max(0, state.desired - (present - there))
        apart = sum(each.state is InstanceState.STANDBY for each in state.instances)
        taken = sum(each.state is InstanceState.STANDBY for each in self.of(fresh=False, limits=limits))
        return max(0, state.desired - (present - there - (apart - taken))) + taken


def is_ready(instance: Instance) -> bool:
    """Whether an instance runs, is not held to be unhealthy, and is sent requests where there is a balancer."""
    return instance.state is InstanceState.RUNNING and instance.healthy is not False and instance.serving is not False


def next_batch(progress: Progress, goal: int, limits: Limits, *, reverse: bool = False) -> tuple[str, ...]:
    """
    The instances to replace now, where the cloud has no mover of its own: ids, those that do no work first.

    Args:
        progress: The group as it stands.
        goal: How many are to have the new template; with `reverse`, the old one.
        limits: How far to go at once; instances above the size count as surge that may be used up.
        reverse: Whether it is the way back.
    """
    arrived = progress.of(fresh=not reverse, limits=limits)
    waiting = progress.of(fresh=reverse, limits=limits)
    missing = goal - len(arrived)
    if missing <= 0:
        return ()
    ready = sum(is_ready(instance) for instance in progress.state.instances)
    lost = max(0, progress.state.desired - ready)
    room = min(limits.unavailable - lost, ready - limits.healthy)
    idle = [instance.id for instance in waiting if not is_ready(instance)]
    working = [instance.id for instance in waiting if is_ready(instance)]
    return tuple([*idle, *working[: max(0, room)]][:missing])


def surplus(progress: Progress, limits: Limits, *, reverse: bool = False) -> tuple[str, ...]:
    """
    The instances above the size that may go now, where the cloud has no mover of its own: those to be replaced.

    One goes only once as many others are ready as the size wants, less those that may be out of service.
    """
    instances = [each for each in progress.state.instances if each.state is not InstanceState.TERMINATING]
    more = len(instances) - progress.state.desired
    leaving = progress.of(fresh=reverse, limits=limits)
    idle = [each.id for each in leaving if not is_ready(each)]
    working = [each.id for each in leaving if is_ready(each)]
    ready = sum(is_ready(each) for each in instances)
    least = max(progress.state.desired - limits.unavailable, limits.healthy)
    return tuple([*idle, *working[: max(0, ready - least)]][: max(0, more)])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTemplate:
    """
    What a run is to bring.

    Attributes:
        write: The change of the group that waits for the rollout, its body resolved: what stands beside the group, such
            as a launch template, has been written. `None` where the group names the template already.
        version: A version that is there to go to, in the cloud's words; empty for that of `write`, or the group's own.
        goes_back: Whether a failure is to bring the old template back.
    """

    write: Write | None = None
    version: str = ""
    goes_back: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """
    How the two native groups of a blue-green rollout share requests.

    Attributes:
        location: Where both are.
        old: The native name of the first one.
        new: That of the second one.
        balancers: By pool: that of the old group, with that of the new one as its alternate; without one both groups
            are in the only pool.
        percent: Of the requests, for the new group.
        joins: Whether the new group is about to join the pools, which gives it no requests before their time.
    """

    location: str
    old: str
    new: str
    balancers: Sequence[LoadBalancer]
    percent: int
    joins: bool = False


class RolloutActions(ABC):
    """What a rollout asks of a provider; each call may be made twice."""

    @abstractmethod
    def read(self, places: Iterable[tuple[str, str]], *, addresses: bool = False) -> Sequence[Progress]:
        """
        The groups at (location, native name), those that exist; in as few calls as can be.

        Args:
            places: Where they are.
            addresses: Whether to say where each instance is reached.
        """

    @abstractmethod
    def begin(self, location: str, name: str, run: RolloutRun, template: NewTemplate) -> RolloutRun:
        """
        Have the group bear the mark of the run, and know its new template; no instance moves yet.

        Returns:
            The run with `old`, `new` and `held` filled in.
        """

    @abstractmethod
    def mark(self, location: str, name: str, run: RolloutRun) -> None:
        """Write the mark of the run as it is now; nothing else."""

    @abstractmethod
    def advance(self, location: str, name: str, run: RolloutRun, goal: int, limits: Limits) -> None:
        """See to it that `goal` instances get the new template; returns at once."""

    @abstractmethod
    def hold(self, location: str, name: str, run: RolloutRun) -> None:
        """Let the cloud's own mover stand still; instances stay as they are."""

    @abstractmethod
    def finish(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """
        Make the new template the group's, put back what was held, and take the mark away.

        Raises:
            Conflict: Something that ends is in the way; the next look tries again.
        """

    @abstractmethod
    def retreat(self, location: str, name: str, run: RolloutRun, limits: Limits) -> None:
        """See to it that every instance has the old template again; returns at once."""

    @abstractmethod
    def unwind(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """
        Once no instance has it, drop the new template, put back what was held, and take the mark away.

        Raises:
            Conflict: Something that ends is in the way; the next look tries again.
        """

    def note(self, location: str, name: str, tag: str, text: str) -> None:
        """
        Note something of a rollout on the group, beside the mark; where a provider keeps no notes, nothing is known.

        Args:
            location: Where.
            name: The group.
            tag: One of `trimtab.providers.pause.NOTES`; that of `DRIVEN_TAG` goes with the mark of the run.
            text: What is noted, in 255 characters at most; empty to take it away.
        """
        return

    def follow(self, location: str, name: str, instances: Sequence[str]) -> None:
        """Have instances be in the pools of balancers that their group now names; nothing where they follow it."""
        return

    def shift(self, shares: Shares) -> str:
        """
        Have balancers share requests so; nothing where they do already.

        Returns:
            What is waited for before, to be asked again; empty once they do.

        Raises:
            InvalidRequest: No listener, rule or route sends requests to both pools.
        """
        raise Unsupported("the balancers of this provider have no weights; leave `checkpoints` and `alternate` out")

    def clear(self, location: str, name: str) -> None:
        """Take the mark of a blue-green run away; nothing where there is none."""
        raise Unsupported("this provider has no blue-green rollouts")

    def firing(self, location: str, names: Sequence[str]) -> Mapping[str, bool]:
        """Which of these alarms of the cloud fire; one that is not there is missing."""
        raise Unsupported("this provider does not say whether alarms fire; leave `alarm` gates out")

    def missing_alarms(self, location: str, names: Sequence[str]) -> Sequence[str]:
        """
        Which of these alarms the cloud does not have, told in as few calls as can be.

        Raises:
            ProviderError: It cannot be told.
        """
        states = self.firing(location, names)
        return [name for name in names if name not in states]

    def samples(
        self, location: str, name: str, metric: Metric, instances: Sequence[str], since: datetime
    ) -> Sequence[float]:
        """The values of each minute since a moment, of these instances, in the metric's unit."""
        raise Unsupported("this provider measures no instance by itself; leave `metric` gates out")


def no_version(name: str, provider: str) -> NotFound:
    """The error of an undo without anything to go back to."""
    text = f"group {name!r} has no earlier template to go back to; apply the older file with --rollout"
    return NotFound(text, provider=provider, operation="undo")
