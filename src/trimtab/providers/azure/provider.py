"""The provider for Azure: reads, resolves, translates, writes through azure-mgmt-compute and azure-mgmt-monitor."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from trimtab.clock import Clock
from trimtab.events import Listener, silent
from trimtab.models import Fleet
from trimtab.plan import Live, Resource
from trimtab.providers.azure.acting import GroupActions
from trimtab.providers.azure.activities import ActivityLog
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.datapoints import MetricReader, MetricWriter
from trimtab.providers.azure.facts import AzureFacts
from trimtab.providers.azure.ids import normal_location
from trimtab.providers.azure.kinds import KINDS
from trimtab.providers.azure.permissions import role_definition
from trimtab.providers.azure.reads import FleetRead
from trimtab.providers.azure.resolve import Resolver
from trimtab.providers.azure.states import States, alarm_states
from trimtab.providers.azure.translate import translate
from trimtab.providers.azure.writes import Writer
from trimtab.providers.base import Activity, AlarmState, GroupState, Write, Written
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.guard import guarded
from trimtab.providers.importing import Imported
from trimtab.providers.lookup import single_match
from trimtab.providers.pause import Pause
from trimtab.providers.translation import Translation


def connect(
    *,
    clock: Clock,
    subscription: str = "",
    resource_group: str = "",
    location: str = "",
    credential: Any = None,
    endpoint: str | None = None,
    workers: int = 8,
    listener: Listener = silent,
) -> "AzureProvider":
    """
    The provider on one subscription.

    Args:
        clock: Tells the time and waits.
        subscription: Its id; `AZURE_SUBSCRIPTION_ID` when left out.
        resource_group: Where groups live that do not say otherwise; `AZURE_DEFAULTS_GROUP` when left out.
        location: Where groups without a location live; `AZURE_DEFAULTS_LOCATION` when left out.
        credential: Anything with `get_token`; `DefaultAzureCredential` when left out.
        endpoint: Another address than Resource Manager's own; plain http on loopback only.
        workers: How many calls are under way at the same time.
        listener: Told of every retry.
    """
    calls = Calls(
        subscription=subscription,
        resource_group=resource_group,
        location=normal_location(location),
        credential=credential,
        endpoint=endpoint,
        clock=clock,
        workers=workers,
        listener=listener,
    )
    return AzureProvider(calls, clock)


@guarded
class AzureProvider:
    """VM Scale Sets, autoscale settings and metric alerts of one subscription."""

    name = "azure"
    kinds = KINDS

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock
        self.location = calls.location
        self._writer = Writer(calls)

    def read(self, fleet: Fleet) -> Live:
        """Everything of the fleet in its resource groups: a list of each kind."""
        read = FleetRead(self.calls, fleet)
        read.run()
        return Live(resources=read.found, unknown=tuple(read.unknown), locations=read.locations)

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> AzureFacts:
        """Images, pools of balancers with their probes, subnets."""
        return Resolver(calls=self.calls, fleet=fleet, live=live, refresh=refresh).run()

    def translate(self, fleet: Fleet, facts: AzureFacts, now: datetime) -> Translation:
        """Scale set, autoscale setting, metric alerts and action groups of every group."""
        return translate(fleet, facts, now, self.location, self.calls.home)

    def complete(self, live: Live, wanted: Sequence[Resource]) -> Live:
        """As it is: all that a plan needs is read at once."""
        return live

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Send changes of one kind, action and group."""
        return self._writer.write(writes)

    def read_states(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> Sequence[GroupState]:
        """The groups at these places: two lists for all, and a call for the instances of each."""
        return States(self.calls, self.clock.now()).read(places, addresses=addresses)

    def find_group(self, name: str, location: str) -> GroupState | None:
        """The group with this native name, else the only marked one with this name within its fleet."""
        states = States(self.calls, self.clock.now())
        existing = states.read([(location, name)])
        if existing:
            return existing[0]
        candidates = states.find(name, location)
        return single_match(candidates, name, self.name)

    def read_group(self, location: str, name: str, *, fleet: str | None = None) -> Imported:
        """Five calls."""
        from trimtab.providers.azure.importing.reading import read_group

        return read_group(self.calls, location, name, fleet=fleet)

    def read_activities(self, location: str, name: str, limit: int) -> Sequence[Activity]:
        """What the activity log says of a group, newest first."""
        return ActivityLog(self.calls, self.clock.now()).read([name])[name][:limit]

    def read_last_activities(self, location: str, names: Sequence[str]) -> Mapping[str, Activity]:
        """The newest event of each group; one call."""
        activities = ActivityLog(self.calls, self.clock.now()).read(names)
        return {name: some[0] for name, some in activities.items() if some}

    def read_alarms(self, fleet: Fleet) -> Sequence[AlarmState]:
        """The states of the fleet's metric alerts: a list, and a call for each of them."""
        return alarm_states(self.calls, fleet)

    def set_capacity(self, location: str, name: str, desired: int) -> None:
        """Patch the size of a scale set, inside the bounds of its autoscale setting."""
        self._actor(location, name).set_capacity(desired)

    def read_metrics(self, queries: Sequence[MetricQuery]) -> Sequence[Datapoints]:
        """The metrics of each group, at the same time."""
        return MetricReader(self.calls).read(queries)

    def publish_metrics(self, values: Sequence[MetricValue]) -> None:
        """Custom metrics of scale sets."""
        MetricWriter(self.calls).write(values)

    def execute_policy(
        self, location: str, name: str, policy: str, *, value: float | None = None, threshold: float | None = None
    ) -> None:
        """Ask for the size that a simple policy gives; Azure fires no rule on request."""
        self._actor(location, name).execute(policy, value=value, threshold=threshold)

    def pause(self, location: str, name: str, pause: Pause) -> None:
        """Disable the autoscale setting, marked by a tag."""
        self._actor(location, name).pause(pause)

    def resume(self, location: str, name: str) -> None:
        """Enable what the marked pause disabled."""
        self._actor(location, name).resume()

    def permissions(self, fleet: Fleet, *, read_only: bool = False) -> Mapping[str, Any]:
        """The definition of a custom role."""
        return role_definition(fleet, self.calls.home, read_only=read_only)

    def close(self) -> None:
        """Close all connections."""
        self.calls.close()

    def _actor(self, location: str, name: str) -> GroupActions:
        return GroupActions(self.calls, location, name, self.clock.now())
