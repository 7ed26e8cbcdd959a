"""Clouds for one's own tests and examples: a connection, a clock that is moved by hand, values that are handed in."""

import json
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from trimtab.clock import ManualClock
from trimtab.models import Metric, MetricSource
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.connection import connect

if TYPE_CHECKING:
    from trimtab.emulators import AwsEmulator, AzureEmulator, GcpEmulator
    from trimtab.providers.memory.store import MemoryStore


Measured = Callable[[float, int], dict[str, Any]]
"""Makes one datapoint for an emulator's door of a value in the metric's unit, and the number of instances that run."""


class TestCloud(ABC):
    """A cloud for one's own tests: `connect()`, and a `clock` that the test moves."""

    __test__ = False  # pytest takes classes called so for tests

    @classmethod
    @abstractmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        """One that is empty, its clock standing on a Monday at midnight."""

    @abstractmethod
    def connect(self, **settings: Any) -> Cloud:
        """A connection to it."""

    def _opened(self, cloud: Cloud | None) -> AbstractContextManager[Cloud]:
        return self.connect() if cloud is None else nullcontext(cloud)


@dataclass
class MemoryTestCloud(TestCloud):
    """A cloud in memory for one's own tests: `connect()`, `clock`, `store`."""

    clock: ManualClock
    store: "MemoryStore"

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        """An empty cloud in memory on a clock that the test moves."""
        from trimtab.providers.memory.store import MemoryStore

        clock = ManualClock()
        yield cls(clock=clock, store=MemoryStore(clock))

    def connect(self, **settings: Any) -> Cloud:
        """A connection to the cloud in memory."""
        return connect("memory", store=self.store, clock=self.clock, **settings)

    def push(self, metric: Metric, *, group: str, value: float) -> None:
        """Have the cloud measure a metric of a group, now."""
        with self.connect() as cloud:
            live = cloud.group(group)
            self.store.measures.add(live.location, live.name, metric, value, self.clock.now())


class _EmulatorClock:
    """The emulator's clock, as a `Clock` that a test moves."""

    def __init__(self, emulator: "AwsEmulator | AzureEmulator | GcpEmulator") -> None:
        self._emulator = emulator

    def now(self) -> Any:
        """The emulator's time."""
        clock = getattr(self._emulator, "clock", None)
        return self._emulator.doors.now() if clock is None else clock.now()

    def sleep(self, duration: timedelta) -> None:
        """Move the emulator's clock."""
        self.advance(duration)

    def advance(self, duration: timedelta) -> None:
        """Move the emulator's clock; what is due happens."""
        self._emulator.doors.advance(duration)


class AwsTestCloud(TestCloud):
    """The AWS emulator for one's own tests: `connect()`, `clock`, `push()`."""

    def __init__(self, emulator: "AwsEmulator") -> None:
        self.emulator = emulator
        self.clock = _EmulatorClock(emulator)

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        """An AWS emulator of the test's own, its clock standing on a Monday at midnight until the test moves it."""
        from trimtab.emulators import AwsEmulator

        with AwsEmulator() as emulator:
            emulator.doors.set_clock(ManualClock().now(), freeze=True)
            yield cls(emulator)

    def connect(self, **settings: Any) -> Cloud:
        """A connection to the emulator through the real boto3."""
        endpoint = self.emulator.endpoint
        return connect("aws", session=_aws_session(), endpoint=endpoint, clock=self.clock, **settings)

    def push(self, metric: Metric, *, group: str, value: float, dimensions: Mapping[str, str] | None = None) -> None:
        """Give the emulator one datapoint of a group's metric, now; what a balancer counts is of its target group."""
        point = self.measured(metric, group=group, dimensions=dimensions)(value, 1)
        self.emulator.doors.push([point], region=point["region"])

    def measured(
        self,
        metric: Metric,
        *,
        group: str,
        dimensions: Mapping[str, str] | None = None,
        cloud: Cloud | None = None,
    ) -> Measured:
        """Datapoints of a group's metric, as CloudWatch names it."""
        from trimtab.providers.aws.datapoints import Scopes
        from trimtab.providers.aws.metrics import Scope, metric_for
        from trimtab.providers.datapoints import MetricQuery

        with self._opened(cloud) as cloud:
            live = cloud.group(group)
            scope = Scope(live.name)
            if metric.source is MetricSource.BALANCER:
                query = MetricQuery(group=live.name, metric=metric, since=self.clock.now(), location=live.location)
                (scope,) = Scopes(cloud.provider.connection).of([query]).values()
        name, namespace, defaults = metric_for(metric, scope)
        about = {"namespace": namespace, "metric": name, "dimensions": dict(dimensions or defaults)}
        return lambda value, running: {**about, "region": live.location, "value": value}


@cache
def _aws_session() -> Any:
    """One session for all connections of a process to AWS emulators, which takes longer than to connect."""
    from trimtab.providers.aws.client import new_session

    session = new_session(aws_access_key_id="trimtab", aws_secret_access_key="trimtab", region_name="us-east-1")
    session.client("autoscaling", endpoint_url="http://127.0.0.1:9")  # what it makes at its first client is not locked
    return session


class _TestToken:
    """A credential for the emulator, which asks for one and believes any."""

    def get_token(self, *scopes: str, **given: Any) -> Any:
        """A token that never ends."""
        from azure.core.credentials import AccessToken

        return AccessToken("trimtab", 2**31)


class AzureTestCloud(TestCloud):
    """The Azure emulator for one's own tests: `connect()`, `clock`, `push()`, in a resource group of its own."""

    resource_group = "trimtab"
    location = "westeurope"

    def __init__(self, emulator: "AzureEmulator") -> None:
        self.emulator = emulator
        self.clock = _EmulatorClock(emulator)
        self.credential = _TestToken()

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        """An Azure emulator of the test's own with a resource group; its clock stands still until the test moves it."""
        from trimtab.emulators import AzureEmulator

        with AzureEmulator() as emulator:
            emulator.doors.set_clock(ManualClock().now(), freeze=True)
            emulator.doors.make_group(cls.resource_group, location=cls.location)
            yield cls(emulator)

    def connect(self, **settings: Any) -> Cloud:
        """A connection to the emulator through the real SDK."""
        given = {
            "subscription": self.emulator.subscription,
            "resource_group": self.resource_group,
            "location": self.location,
            "credential": self.credential,
            "endpoint": self.emulator.endpoint,
            "clock": self.clock,
        }
        return connect("azure", **{**given, **settings})

    def make_network(self, name: str, subnet: str) -> str:
        """A network with one subnet, for scale sets to be in; the subnet's id."""
        body = {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": subnet, "properties": {"addressPrefix": "10.0.0.0/24"}}],
        }
        path = self._put("Microsoft.Network/virtualNetworks", name, body)
        return f"{path}/subnets/{subnet}"

    def _put(self, kind: str, name: str, properties: Mapping[str, Any]) -> str:
        """Make what trimtab refers to and does not make itself, as its owner would."""
        path = (
            f"/subscriptions/{self.emulator.subscription}/resourceGroups/{self.resource_group}/providers/{kind}/{name}"
        )
        body = json.dumps({"location": self.location, "properties": properties}).encode()
        url = f"{self.emulator.endpoint}{path}?api-version=2024-05-01"
        head = {"Content-Type": "application/json", "Authorization": "Bearer trimtab"}
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy
        with direct.open(urllib.request.Request(url, body, head, method="PUT")) as reply:
            reply.read()
        return path

    def push(self, metric: Metric, *, group: str, value: float, instance: str = "") -> None:
        """
        Give the emulator one datapoint of a group's metric, now; of one instance when it is named.

        What a gateway counts is of the one that the group is attached to; a share of each instance is counted in full.
        """
        with self.connect() as cloud:
            running = cloud.group(group).read().running
        self.emulator.doors.push([self.measured(metric, group=group, instance=instance)(value, running)])

    def measured(self, metric: Metric, *, group: str, instance: str = "", cloud: Cloud | None = None) -> Measured:
        """Datapoints of a group's metric, or of one instance of it, as Azure Monitor names it."""
        from trimtab.providers.azure.ids import Home
        from trimtab.providers.azure.metrics import Scope, metric_for, to_native

        with self._opened(cloud) as cloud:
            native, balanced = cloud.group(group).name, metric.source is MetricSource.BALANCER
            gateway = _gateway_of(cloud, self.resource_group, native) if balanced else ""
        home = Home(self.emulator.subscription, self.resource_group)
        measured = metric_for(metric, Scope(home.scale_set(native), gateway, native))
        dimensions = {**measured.dimensions, **({"VMName": instance} if instance else {})}
        about = {"namespace": measured.own_namespace, "metric": measured.name, "resource": measured.resource}

        def point(value: float, running: int) -> dict[str, Any]:
            number = running if measured.native.shared else 1
            return {**about, "dimensions": dimensions, "value": to_native(value, measured.native) * number}

        return point


def _gateway_of(cloud: Cloud, resource_group: str, name: str) -> str:
    """The id of the application gateway that a scale set is attached to; empty where there is none."""
    from trimtab.providers.azure.importing.group import pools_of

    found = cloud.provider.connection.call("compute.virtual_machine_scale_sets.get", resource_group, name)
    profile = (found or {})["properties"].get("virtualMachineProfile") or {}
    pools = pools_of(profile, "applicationGatewayBackendAddressPools")
    return pools[0].rsplit("/", 2)[0] if pools else ""


class GcpTestCloud(TestCloud):
    """The GCP emulator for one's own tests: `connect()`, `clock`, `push()`."""

    location = "europe-west1"

    def __init__(self, emulator: "GcpEmulator") -> None:
        self.emulator = emulator
        self.clock = _EmulatorClock(emulator)

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        """A GCP emulator of the test's own; its clock stands on a Monday at midnight until the test moves it."""
        from trimtab.emulators import GcpEmulator

        with GcpEmulator() as emulator:
            emulator.doors.set_clock(ManualClock().now(), freeze=True)
            yield cls(emulator)

    def connect(self, **settings: Any) -> Cloud:
        """A connection to the emulator through the real SDKs."""
        given = {
            "project": self.emulator.project,
            "location": self.location,
            "endpoint": self.emulator.endpoint,
            "monitoring_endpoint": f"http://{self.emulator.monitoring_endpoint}",
            "clock": self.clock,
        }
        return connect("gcp", **{**given, **settings})

    def push(self, metric: Metric, *, group: str, value: float, instance: str = "", minutes: int = 1) -> None:
        """
        Give the emulator values of a group's metric, from now on one a minute, as instances report them.

        Args:
            metric: What is measured.
            group: The group.
            value: In the metric's unit: of each instance that runs, or of one that is named; a share of each is
                counted in full.
            instance: Its name.
            minutes: For how many minutes.
        """
        with self.connect() as cloud:
            running = cloud.group(group).read().running
        point, begin = self.measured(metric, group=group, instance=instance)(value, running), self.clock.now()
        self.emulator.doors.push(
            [{**point, "at": (begin + timedelta(minutes=minute)).isoformat()} for minute in range(minutes)]
        )

    def measured(self, metric: Metric, *, group: str, instance: str = "", cloud: Cloud | None = None) -> Measured:
        """Values of a group's metric, or of one instance of it, as Cloud Monitoring names it."""
        from trimtab.providers.gcp.metrics import INSTANCE, Scope, metric_for, to_native

        with self._opened(cloud) as cloud:
            state = cloud.group(group).read()
        measured = metric_for(metric, Scope(state.name))
        zones = {member.zone for member in state.instances}
        places = [f"zones/{zone}" for zone in sorted(zones)] + [f"regions/{state.location}"]
        managers = self.emulator.managers
        link = next(key for place in places if (key := f"{place}/instanceGroupManagers/{state.name}") in managers)
        native = measured.native
        about = {
            "namespace": "",
            "metric": native.type,
            "resource": link if native.resource == INSTANCE else native.resource,
            "dimensions": dict(measured.metric_labels),
            "labels": {"instance_name": instance} if instance else dict(measured.labels),
        }
        seconds = 60 if native.per_second else 1

        def point(value: float, running: int) -> dict[str, Any]:
            number = max(1, running) if native.shared else 1
            return {**about, "value": to_native(value, native) * seconds * number}

        return point


TEST_CLOUDS: Mapping[str, type[TestCloud]] = {
    "memory": MemoryTestCloud,
    "aws": AwsTestCloud,
    "azure": AzureTestCloud,
    "gcp": GcpTestCloud,
}
"""By the provider's name."""
