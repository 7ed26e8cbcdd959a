"""What can be done to the emulated cloud of each provider, in the same words."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from trimtab.emulators.shared.furnishing import AccountNames
from trimtab.errors import Throttled, Unsupported
from trimtab.models import Fleet, Metric, ScalingGroup
from trimtab.plan import Key
from trimtab.providers.base import GroupState, Instance
from trimtab.runtime.cloud import Cloud
from trimtab.testing.clouds import AwsTestCloud, AzureTestCloud, GcpTestCloud, MemoryTestCloud

Point = dict[str, Any]
Measured = Callable[[float, int], Point]


class NotStaged(Exception):
    """What a scenario needs cannot be staged here; the text says why."""


class StagedCloud(ABC):
    """One emulated cloud, wiped between scenarios."""

    provider: ClassVar[str]
    retries: ClassVar[bool] = True
    """Whether a call that is refused as too many is made again."""

    evaluates: ClassVar[bool] = True
    """Whether it runs policies on metrics."""
    successor_first: ClassVar[str] = "write `health_check: {by: instance}`"
    """What keeps instances of which the balancer's check fails."""
    moves: ClassVar[bool] = True
    """Whether instances of a zone that fails are made in another one."""

    @abstractmethod
    def begin(self, at: datetime, names: AccountNames) -> Cloud:
        """A connection to an account that is empty but for what a fleet names, at a moment."""

    @abstractmethod
    def advance(self, duration: timedelta) -> None:
        """Let time pass."""

    def measured(self, metric: Metric, native: str) -> Measured:
        """Makes datapoints of a group's metric; raises `NotStaged` where the cloud measures none."""
        raise NotStaged("the cloud in memory measures nothing")

    def push(self, points: Sequence[Point]) -> None:  # noqa: B027
        """Have the cloud measure; nothing where it measures nothing."""

    def run_short(self, state: GroupState, zone: str = "*") -> None:
        """Have no more instances to be had in a group's region, or in one zone of it."""
        raise NotStaged("the cloud in memory always has instances")

    def end_shortages(self) -> None:  # noqa: B027
        """Have instances to be had again."""

    def lose(self, cloud: Cloud, state: GroupState, instances: Sequence[Instance]) -> None:
        """Have instances stop, as where their zone fails."""
        raise NotStaged("the cloud in memory replaces no instance")

    def fail(self, state: GroupState, instances: Sequence[Instance], *, healthy: bool = False) -> None:
        """Have instances fail their health checks, or pass them again."""
        raise NotStaged("the cloud in memory checks no health")

    def fail_made_of(self, state: GroupState, text: str, *, healthy: bool = False) -> None:
        """Have instances fail from now on whose template has a text in it."""
        raise NotStaged("the cloud in memory checks no health")

    def lose_balancer_health(self, group: ScalingGroup, state: GroupState) -> None:
        """Have the balancer's check alone fail of every instance."""
        raise NotStaged("its emulator has one verdict for a group's own health check and for its balancer's")

    def lose_image(self, cloud: Cloud, native: str, location: str) -> None:
        """Have the image of a group's template deleted."""
        raise NotStaged("its emulator always has the images that publishers have")

    def close(self) -> None:  # noqa: B027
        """Let go of the connection."""

    @abstractmethod
    def throttle(self, calls: int | None) -> None:
        """Have the next calls refused as too many, or all of them."""

    @abstractmethod
    def end_throttling(self) -> None:
        """Answer calls again."""


class StagedMemory(StagedCloud):
    """The cloud in memory, which has sizes and schedules, and neither metrics nor health."""

    provider = "memory"
    retries = False
    evaluates = False

    def __init__(self, test_cloud: MemoryTestCloud, boot: timedelta) -> None:
        self._boot = boot
        self._test_cloud = test_cloud

    def begin(self, at: datetime, names: AccountNames) -> Cloud:
        """A connection to an empty store."""
        from trimtab.providers.memory.store import Store

        self._test_cloud.clock.move_to(at)
        self._test_cloud.store = Store(self._test_cloud.clock, boot=self._boot)
        self._test_cloud.store.images |= {name: [f"{name}-1"] for name in names.images}
        return self._test_cloud.connect()

    def advance(self, duration: timedelta) -> None:
        """Let time pass."""
        self._test_cloud.clock.advance(duration)

    def throttle(self, calls: int | None) -> None:
        """Have the next calls refused."""
        left = calls

        def refuse(operation: str, key: Key | None) -> Throttled | None:
            nonlocal left
            if left is None:
                return Throttled("too many calls", provider="memory", operation=operation)
            left -= 1
            return Throttled("too many calls", provider="memory", operation=operation) if left >= 0 else None

        self._test_cloud.store.fault = refuse

    def end_throttling(self) -> None:
        """Answer calls again."""
        self._test_cloud.store.fault = None


class StagedEmulator(StagedCloud):
    """A cloud behind an emulator's control doors."""

    test_cloud: AwsTestCloud | AzureTestCloud | GcpTestCloud
    boot: timedelta
    keeps_names: ClassVar[bool] = True
    """Whether the same things have the same ids once an account was wiped."""
    _cloud: Cloud | None = None

    def __init__(self, boot: timedelta) -> None:
        self.boot = boot
        self._kept: dict[tuple[Metric, str], Measured] = {}

    @property
    def doors(self) -> Any:
        """The control doors."""
        return self.test_cloud.emulator.doors

    def begin(self, at: datetime, names: AccountNames) -> Cloud:
        """A connection to a wiped account."""
        self.test_cloud.emulator.reset()
        self.doors.set_clock(at, freeze=True)
        self.doors.configure(boot_seconds=self.boot.total_seconds())
        self.furnish(names)
        return self.cloud  # whose clients go on with an account that was wiped

    @property
    def cloud(self) -> Cloud:
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
        """Datapoints as the cloud names them; what those are called stays, but for what AWS numbers."""
        kept = self._kept.get((metric, native)) if self.keeps_names else None
        if kept is not None:
            return kept
        try:
            made = self.test_cloud.measured(metric, group=native, cloud=self.cloud)
        except (Unsupported, LookupError, ValueError, StopIteration) as error:
            raise NotStaged(f"{metric.name} has no datapoints of its own there: {error}") from error
        self._kept[metric, native] = made
        return made

    def push(self, points: Sequence[Point]) -> None:
        """Have the cloud measure."""
        self.doors.push(points)

    def run_short(self, state: GroupState, zone: str = "*") -> None:
        """Have no more instances to be had."""
        self.doors.run_short(zone=zone)

    def end_shortages(self) -> None:
        """Have instances to be had again."""
        self.doors.end_shortages()

    def fail(self, state: GroupState, instances: Sequence[Instance], *, healthy: bool = False) -> None:
        """Have instances fail their health checks."""
        for instance in instances:
            self.doors.fail_target(instance.id, healthy=healthy)

    def fail_made_of(self, state: GroupState, text: str, *, healthy: bool = False) -> None:
        """Have instances fail whose template has a text in it."""
        self.doors.fail_made_of(text, healthy=healthy)

    def throttle(self, calls: int | None) -> None:
        """Have calls refused."""
        self.doors.fault("throttle", times=calls)

    def end_throttling(self) -> None:
        """Answer calls again."""
        self.doors.clear_faults()


class StagedAws(StagedEmulator):
    """The AWS emulator."""

    provider = "aws"
    keeps_names = False
    successor_first = "write `health_check: {by: instance}`, or `aws.maintenance` so that successors come first"

    def __init__(self, test_cloud: AwsTestCloud, fleet: Fleet, boot: timedelta) -> None:
        super().__init__(boot)
        self.test_cloud = test_cloud
        self._region = fleet.connect.region if fleet.connect.provider in (None, "aws") else None

    def settings(self) -> Mapping[str, Any]:
        """The region of the fleet."""
        return {"region": self._region} if self._region else {}

    def furnish(self, names: AccountNames) -> None:
        """Network, subnets, target groups, and what instances refer to, in each region of the fleet."""
        from trimtab.emulators.aws.furnishing import make_named, make_profiles

        connection = self.cloud.provider.connection
        for region in dict.fromkeys([connection.region, *names.regions]):
            make_named(partial(_as_owner, connection, region), names)
        make_profiles(partial(_as_owner, connection, connection.region), names)

    def push(self, points: Sequence[Point]) -> None:
        """Have CloudWatch of each region measure."""
        for region in dict.fromkeys(point["region"] for point in points):
            self.doors.push([point for point in points if point["region"] == region], region=region)

    def run_short(self, state: GroupState, zone: str = "*") -> None:
        """Have no more instances to be had in its region."""
        self.doors.run_short(zone=zone, region=state.location)

    def lose(self, cloud: Cloud, state: GroupState, instances: Sequence[Instance]) -> None:
        """Have EC2 end them."""
        numbers = [instance.id for instance in instances]
        cloud.provider.connection.call("ec2", "terminate_instances", state.location, InstanceIds=numbers)

    def fail(self, state: GroupState, instances: Sequence[Instance], *, healthy: bool = False) -> None:
        """Have instances fail the checks of their target groups."""
        for instance in instances:
            self.doors.fail_target(instance.id, healthy=healthy, region=state.location)

    def fail_made_of(self, state: GroupState, text: str, *, healthy: bool = False) -> None:
        """Have instances fail whose template has a text in it."""
        self.doors.fail_made_of(text, healthy=healthy, region=state.location)

    def lose_balancer_health(self, group: ScalingGroup, state: GroupState) -> None:
        """Have every target fail: the emulator's checks are those of the balancer."""
        if group.aws.maintenance is not None and group.health_check.by == "load-balancer":
            raise NotStaged("its emulator does not hold the replacement of ill instances to `aws.maintenance`")
        self.fail(state, state.instances)

    def lose_image(self, cloud: Cloud, native: str, location: str) -> None:
        """Have its owner deregister it."""
        call = cloud.provider.connection.call
        asked = {"LaunchTemplateName": native, "Versions": ["$Latest"]}
        (version,) = call("ec2", "describe_launch_template_versions", location, **asked)["LaunchTemplateVersions"]
        image = version["LaunchTemplateData"]["ImageId"]
        if image.startswith("resolve:"):
            raise NotStaged("its image is looked up at each launch, and is always there")
        if call("ec2", "describe_images", location, Filters=[{"Name": "image-id", "Values": [image]}])["Images"]:
            call("ec2", "deregister_image", location, ImageId=image)


class StagedAzure(StagedEmulator):
    """The Azure emulator."""

    provider = "azure"

    def __init__(self, test_cloud: AzureTestCloud, fleet: Fleet, boot: timedelta) -> None:
        super().__init__(boot)
        self.test_cloud: AzureTestCloud = test_cloud
        if fleet.connect.provider in (None, "azure"):
            test_cloud.location = fleet.connect.region or test_cloud.location
            test_cloud.resource_group = fleet.connect.resource_group or test_cloud.resource_group

    def furnish(self, names: AccountNames) -> None:
        """Resource groups, networks, balancers, and what instances refer to."""
        from trimtab.emulators.azure.furnishing import make_named

        home, location = self.test_cloud.resource_group, self.test_cloud.location
        for group in dict.fromkeys([home, *names.groups]):
            self.doors.make_group(group, location=location)
        make_named(self.test_cloud.emulator.endpoint, names, home, location)

    def lose(self, cloud: Cloud, state: GroupState, instances: Sequence[Instance]) -> None:
        """Have them answer nobody: machines of a zone that fails stay in the list of their scale set."""
        self.fail(state, instances)

    def fail(self, state: GroupState, instances: Sequence[Instance], *, healthy: bool = False) -> None:
        """Have instances fail their probe or extension."""
        for instance in instances:
            self.doors.fail_target(self._id_of(state, instance), healthy=healthy)

    def _id_of(self, state: GroupState, instance: Instance) -> str:
        from trimtab.providers.azure.ids import Home

        home = Home(self.test_cloud.emulator.subscription, self.test_cloud.resource_group)
        if instance.id.isdecimal():
            return f"{home.scale_set(state.name)}/virtualMachines/{instance.id}"
        return home.id_of("Microsoft.Compute/virtualMachines", instance.id)  # of a flexible scale set


class StagedGcp(StagedEmulator):
    """The GCP emulator."""

    provider = "gcp"
    # https://cloud.google.com/compute/docs/instance-groups/regional-migs: "no instances are redistributed"
    moves = False

    def __init__(self, test_cloud: GcpTestCloud, fleet: Fleet, boot: timedelta) -> None:
        super().__init__(boot)
        self.test_cloud: GcpTestCloud = test_cloud
        if fleet.connect.provider in (None, "gcp"):
            test_cloud.location = fleet.connect.region or test_cloud.location

    def furnish(self, names: AccountNames) -> None:
        """Networks, backend services, and what instances refer to."""
        from trimtab.emulators.gcp.furnishing import make_named

        make_named(self.test_cloud.emulator.endpoint, names, self.test_cloud.location)

    def lose(self, cloud: Cloud, state: GroupState, instances: Sequence[Instance]) -> None:
        """Have them deleted; the group makes them anew where there is room."""
        for instance in instances:
            cloud.provider.connection.run("instances.delete", zone=instance.zone, instance=instance.id)


def _as_owner(connection: Any, region: str, service: str, operation: str, **params: Any) -> dict[str, Any]:
    reply: dict[str, Any] = connection.call(service, operation, region, **params)
    return reply


@contextmanager
def staged_cloud(fleet: Fleet, provider: str, boot: timedelta) -> Iterator[StagedCloud]:
    """
    The emulated cloud of a provider, for as long as the drill lasts.

    Raises:
        MissingExtra: The emulators, or the provider's SDK, are not installed.
    """
    staged: StagedCloud
    match provider:
        case "memory":
            with MemoryTestCloud.started() as memory:
                yield StagedMemory(memory, boot)
            return
        case "aws":
            started: Any = AwsTestCloud.started()
            make: Any = StagedAws
        case "azure":
            started, make = AzureTestCloud.started(), StagedAzure
        case _:
            started, make = GcpTestCloud.started(), StagedGcp
    with started as test_cloud:
        staged = make(test_cloud, fleet, boot)
        try:
            yield staged
        finally:
            staged.close()
