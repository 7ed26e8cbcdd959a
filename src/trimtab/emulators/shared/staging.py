"""What can be done to an emulated cloud when something fails there, in the same words for each."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from trimtab.emulators.shared.furnishing import AccountNames
from trimtab.errors import Unsupported
from trimtab.models import Fleet, Metric, ScalingGroup
from trimtab.models.connect import ConnectSettings

Point = dict[str, Any]
Measured = Callable[[float, int], Point]


class NotStaged(Exception):
    """What a scenario needs cannot be staged here; the text says why."""


class StagedInstance(Protocol):
    """What is known of one instance."""

    @property
    def id(self) -> str:
        """Its number or name."""

    @property
    def zone(self) -> str:
        """Where it is; empty for one that is in no zone."""


class StagedGroup(Protocol):
    """What is known of a group as it stands."""

    @property
    def name(self) -> str:
        """What the cloud calls it."""

    @property
    def location(self) -> str:
        """Its region."""

    @property
    def instances(self) -> Sequence[StagedInstance]:
        """What it has."""


class Connection(Protocol):
    """A connection to a cloud."""

    @property
    def provider(self) -> Any:
        """Whose calls an account's owner makes as well."""

    def close(self) -> None:
        """Let go of it."""


C = TypeVar("C", bound=Connection)
C_co = TypeVar("C_co", bound=Connection, covariant=True)


class EmulatedCloud(Protocol[C_co]):
    """An emulator, and connections to it."""

    emulator: Any

    def connect(self, **settings: Any) -> C_co:
        """A connection."""

    def measured(self, metric: Metric, *, group: str, cloud: Any) -> Measured:
        """Datapoints of a group's metric, as the cloud names it."""


class AccountNaming:
    """How a fleet names what its account has; by default all by plain names."""

    def stand_in(self, text: str, connect: ConnectSettings) -> str:
        """What an emulated account calls something in place of a text of the fleet, which is reached like that."""
        return text

    def with_names(self, group: ScalingGroup) -> ScalingGroup:
        """A group that has names where ids stand for which there is another field."""
        return group

    def subnet(self, name: str) -> tuple[str, str]:
        """The network, where a name says it, and the subnet."""
        return "", name

    def identity(self, role: str) -> str:
        """What a role is called."""
        return role.rsplit("/", 1)[-1]

    def balancers(self, group: ScalingGroup) -> Sequence[str]:
        """What passes requests to a group beside its `load_balancers`."""
        return ()

    def placement(self, group: ScalingGroup) -> str | None:
        """Near what else its instances start."""
        return None

    def resource_group(self, group: ScalingGroup) -> str | None:
        """What a group is in beside its region."""
        return None


def connect_of(fleet: Fleet, provider: str) -> ConnectSettings:
    """How a fleet is reached at a provider; empty where the fleet says so of another one."""
    return fleet.connect if fleet.connect.provider in (None, provider) else ConnectSettings()


class StagedCloud(ABC, Generic[C]):
    """One emulated cloud, wiped between scenarios."""

    provider: ClassVar[str]
    naming: ClassVar[AccountNaming] = AccountNaming()
    retries: ClassVar[bool] = True
    """Whether a call that is refused as too many is made again."""
    evaluates: ClassVar[bool] = True
    """Whether it runs policies on metrics."""
    successor_first: ClassVar[str] = "write `health_check: {by: instance}`"
    """What keeps instances of which the balancer's check fails."""
    moves: ClassVar[bool] = True
    """Whether instances of a zone that fails are made in another one."""

    @abstractmethod
    def __init__(self, test_cloud: Any, fleet: Fleet, boot: timedelta) -> None:
        """Stage failures of a fleet on a test cloud whose instances take so long to run."""

    @abstractmethod
    def begin(self, at: datetime, names: AccountNames) -> C:
        """A connection to an account that is empty but for what a fleet names, at a moment."""

    @abstractmethod
    def advance(self, duration: timedelta) -> None:
        """Let time pass."""

    @abstractmethod
    def measured(self, metric: Metric, native: str) -> Measured:
        """Makes datapoints of a group's metric; raises `NotStaged` where the cloud measures none."""

    @abstractmethod
    def push(self, points: Sequence[Point]) -> None:
        """Have the cloud measure; nothing where it measures nothing."""

    @abstractmethod
    def run_short(self, state: StagedGroup, zone: str = "*") -> None:
        """Have no more instances to be had in a group's region, or in one zone of it."""

    @abstractmethod
    def end_shortages(self) -> None:
        """Have instances to be had again."""

    @abstractmethod
    def lose(self, cloud: C, state: StagedGroup, instances: Sequence[StagedInstance]) -> None:
        """Have instances stop, as where their zone fails."""

    @abstractmethod
    def fail(self, state: StagedGroup, instances: Sequence[StagedInstance], *, healthy: bool = False) -> None:
        """Have instances fail their health checks, or pass them again."""

    @abstractmethod
    def fail_made_of(self, state: StagedGroup, text: str, *, healthy: bool = False) -> None:
        """Have instances fail from now on whose template has a text in it."""

    def lose_balancer_health(self, group: ScalingGroup, state: StagedGroup) -> None:
        """Have the balancer's check alone fail of every instance."""
        raise NotStaged("its emulator has one verdict for a group's own health check and for its balancer's")

    def lose_image(self, cloud: C, native: str, location: str) -> None:
        """Have the image of a group's template deleted."""
        raise NotStaged("its emulator always has the images that publishers have")

    @abstractmethod
    def throttle(self, calls: int | None) -> None:
        """Have the next calls refused as too many, or all of them."""

    @abstractmethod
    def end_throttling(self) -> None:
        """Answer calls again."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection."""


class StagedEmulator(StagedCloud[C]):
    """A cloud behind an emulator's control doors."""

    keeps_names: ClassVar[bool] = True
    """Whether the same things have the same ids once an account was wiped."""
    _cloud: C | None = None

    def __init__(self, test_cloud: EmulatedCloud[C], fleet: Fleet, boot: timedelta) -> None:
        self.test_cloud = test_cloud
        self.boot = boot
        self.connect = connect_of(fleet, self.provider)
        self._kept: dict[tuple[Metric, str], Measured] = {}

    @property
    def doors(self) -> Any:
        """The control doors."""
        return self.test_cloud.emulator.doors

    def begin(self, at: datetime, names: AccountNames) -> C:
        """A connection to a wiped account."""
        self.test_cloud.emulator.reset()
        self.doors.set_clock(at, freeze=True)
        self.doors.configure(boot_seconds=self.boot.total_seconds())
        self.furnish(names)
        return self.cloud  # whose clients go on with an account that was wiped

    @property
    def cloud(self) -> C:
        """The connection."""
        if self._cloud is None:
            self._cloud = self.test_cloud.connect(**self.settings())
        return self._cloud

    def close(self) -> None:
        """Close the connection."""
        if self._cloud is not None:
            self._cloud.close()

    @abstractmethod
    def furnish(self, names: AccountNames) -> None:
        """Make what a fleet names."""

    def settings(self) -> Mapping[str, Any]:
        """What else the connection takes."""
        return {}

    def advance(self, duration: timedelta) -> None:
        """Let time pass."""
        self.doors.advance(duration)

    def measured(self, metric: Metric, native: str) -> Measured:
        """Datapoints as the cloud names them; what those are called stays, where `keeps_names`."""
        kept = self._kept.get((metric, native)) if self.keeps_names else None
        if kept is not None:
            return kept
        try:
            result = self.test_cloud.measured(metric, group=native, cloud=self.cloud)
        except (Unsupported, LookupError, ValueError, StopIteration) as error:
            raise NotStaged(f"{metric.name} has no datapoints of its own there: {error}") from error
        self._kept[metric, native] = result
        return result

    def push(self, points: Sequence[Point]) -> None:
        """Have the cloud measure."""
        self.doors.push(points)

    def run_short(self, state: StagedGroup, zone: str = "*") -> None:
        """Have no more instances to be had."""
        self.doors.run_short(zone=zone)

    def end_shortages(self) -> None:
        """Have instances to be had again."""
        self.doors.end_shortages()

    def fail(self, state: StagedGroup, instances: Sequence[StagedInstance], *, healthy: bool = False) -> None:
        """Have instances fail their health checks."""
        for instance in instances:
            self.doors.fail_target(instance.id, healthy=healthy)

    def fail_made_of(self, state: StagedGroup, text: str, *, healthy: bool = False) -> None:
        """Have instances fail whose template has a text in it."""
        self.doors.fail_made_of(text, healthy=healthy)

    def throttle(self, calls: int | None) -> None:
        """Have calls refused."""
        self.doors.fault("throttle", times=calls)

    def end_throttling(self) -> None:
        """Answer calls again."""
        self.doors.clear_faults()
