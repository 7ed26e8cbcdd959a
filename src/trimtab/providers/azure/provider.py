"""The provider for Azure: reads, resolves, translates, writes through azure-mgmt-compute and azure-mgmt-monitor."""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from trimtab.clock import Clock
from trimtab.events import Listener, silent
from trimtab.models import Fleet
from trimtab.plan import Change, Key, Live, Note
from trimtab.providers.azure.acting import GroupActions
from trimtab.providers.azure.activities import ActivityLog
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.datapoints import MetricReader, MetricWriter
from trimtab.providers.azure.declarations import REGIONS
from trimtab.providers.azure.facts import AzureFacts
from trimtab.providers.azure.ids import normal_location
from trimtab.providers.azure.kinds import KINDS
from trimtab.providers.azure.permissions import controller_definition, instance_definition, role_definition
from trimtab.providers.azure.reads import FleetRead
from trimtab.providers.azure.resolve import Resolver
from trimtab.providers.azure.states import States, alarm_states
from trimtab.providers.azure.translate import password_problems, translate
from trimtab.providers.azure.writes import Writer
from trimtab.providers.base import Activity, AlarmChange, AlarmState, GroupState, Write, Written
from trimtab.providers.hooks import refuse_queue
from trimtab.providers.importing import Imported
from trimtab.providers.roles import Actions, LiveState, Metrics, Provider, Resources
from trimtab.providers.translation import Translation

if TYPE_CHECKING:
    from trimtab.providers.quotas import Demand, Quota
    from trimtab.providers.rolling import RolloutActions

NO_QUEUE = (
    "Azure tells the instance itself, by scheduled events; "
    "run trimtab/hooks/listener.py, or tt.GuestHooks, in each instance. Event Grid is not read"
)
"""Why there is no queue of hooks to consume."""


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
) -> Provider:
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
    return Provider(
        name="azure",
        location=calls.location,
        kinds=KINDS,
        resources=AzureResources(calls, clock),
        live=AzureLive(calls, clock),
        actions=Actions(on=lambda location, name: GroupActions(calls, location, name, clock.now())),
        metrics=Metrics(read=MetricReader(calls).read, publish=MetricWriter(calls).write),
        connection=calls,
        regions=REGIONS,
        rollouts=partial(_rollouts, calls, clock),
        close=calls.close,
        reports_calls=True,
        hooks=partial(refuse_queue, NO_QUEUE),
    )


def _rollouts(calls: Calls, clock: Clock) -> "RolloutActions":
    """What replaces instances, which few connections do."""
    from trimtab.providers.azure.rolling import AzureRollouts

    return AzureRollouts(calls, clock)


class AzureResources(Resources):
    """VM Scale Sets, autoscale settings and metric alerts of one subscription."""

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

    def read_to_plan(self, fleet: Fleet) -> Live:
        """What `read` gives, and images and balancers at the same time."""
        return Resolver(calls=self.calls, fleet=fleet, live=Live()).beside(partial(self.read, fleet))

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> AzureFacts:
        """Images, pools of balancers with their probes, subnets."""
        return Resolver(calls=self.calls, fleet=fleet, live=live, refresh=refresh).run()

    def translate(self, fleet: Fleet, facts: AzureFacts, now: datetime) -> Translation:
        """Scale set, autoscale setting, metric alerts and action groups of every group."""
        return translate(fleet, facts, now, self.location, self.calls.home)

    def hindrances(self, changes: Sequence[Change]) -> tuple[Sequence[Note], Sequence[Note]]:
        """Passwords that are missing where scale sets are made, or that Azure refuses."""
        return (), list(password_problems(changes, os.environ))

    def users_elsewhere(self, changes: Sequence[Change], fleet: str) -> Mapping[Key, str]:
        """Which other alerts tell action groups that go: a list, only then."""
        from trimtab.providers.azure.sharing import users_elsewhere  # a plan that changes nothing asks nobody

        return users_elsewhere(self.calls, changes, fleet)

    surges_within = True
    """Autoscale takes away what is above the maximum."""

    def quotas(self, location: str, demands: "Sequence[Demand]") -> "Sequence[Quota]":
        """Cores, machines and scale sets: the usage of a location."""
        from trimtab.providers.azure.quotas import read_quotas  # a plan that changes nothing asks for none

        return read_quotas(self.calls, location, demands)

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Send changes of one kind, action and group."""
        return self._writer.write(writes)

    def permissions(self, fleet: Fleet, *, read_only: bool = False, controller: bool = False) -> Mapping[str, Any]:
        """The definition of a custom role."""
        define = controller_definition if controller else role_definition
        return define(fleet, self.calls.home, read_only=read_only)

    def instance_permissions(self, fleet: Fleet) -> Mapping[str, Any]:
        """The definition of a custom role for the managed identity of the instances."""
        return instance_definition(fleet, self.calls.home)


class AzureLive(LiveState):
    """Scale sets as they stand, and what the activity log and the alerts say of them."""

    name = "azure"

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock

    def account(self) -> str:
        """The subscription and the resource group of the connection."""
        return f"{self.calls.home.subscription}/{self.calls.home.resource_group}".lower()

    def read_states(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> Sequence[GroupState]:
        """The groups at these places: two lists for all, and a call for the instances of each."""
        return States(self.calls, self.clock.now()).read(places, addresses=addresses)

    def candidates(self, name: str, location: str) -> Sequence[GroupState]:
        """The group with this native name, or those that are marked with this name within their fleet."""
        states = States(self.calls, self.clock.now())
        return states.read([(location, name)]) or states.find(name, location)

    def import_group(self, location: str, name: str, *, fleet: str | None = None) -> Imported:
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

    def read_alarm_history(
        self, location: str, names: Sequence[str], since: datetime, until: datetime
    ) -> Sequence[AlarmChange]:
        """When metric alerts fired and were over, as the activity log has it; one call."""
        return ActivityLog(self.calls, self.clock.now()).read_alarms(names, since, until)
