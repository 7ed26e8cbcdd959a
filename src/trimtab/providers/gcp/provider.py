"""The provider for Google Cloud: reads, resolves, translates, writes through its Compute and Monitoring clients."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from trimtab.clock import Clock
from trimtab.events import Listener, silent
from trimtab.models import Fleet
from trimtab.plan import Change, Key, Live, Resource
from trimtab.providers.base import Activity, AlarmChange, AlarmState, GroupState, PoolChoice, Write, Written
from trimtab.providers.gcp.acting import GroupActions
from trimtab.providers.gcp.activities import Operations
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.datapoints import MetricReader, MetricWriter
from trimtab.providers.gcp.declarations import REGIONS
from trimtab.providers.gcp.facts import GcpFacts
from trimtab.providers.gcp.ids import place_of
from trimtab.providers.gcp.kinds import KINDS
from trimtab.providers.gcp.permissions import controller_definition, instance_definition, role_definition
from trimtab.providers.gcp.reads import FleetRead, count_template_instances
from trimtab.providers.gcp.resolve import Resolver
from trimtab.providers.gcp.states import States, alarm_changes, alarm_states, find_manager, second_of
from trimtab.providers.gcp.translate import translate
from trimtab.providers.gcp.writes import Writer
from trimtab.providers.hooks import refuse_queue
from trimtab.providers.importing import Imported
from trimtab.providers.roles import Actions, LiveState, Metrics, Provider, Resources
from trimtab.providers.translation import Translation

if TYPE_CHECKING:
    from trimtab.providers.quotas import Demand, Quota
    from trimtab.providers.rolling import RolloutActions

NO_QUEUE = (
    "Compute Engine tells the instance itself, by its metadata server; "
    "run trimtab/hooks/listener.py, or tt.GuestHooks, in each instance"
)
"""Why there is no queue of hooks to consume."""


def connect(
    *,
    clock: Clock,
    project: str = "",
    location: str = "",
    credentials: Any = None,
    endpoint: str | None = None,
    monitoring_endpoint: str | None = None,
    workers: int = 8,
    listener: Listener = silent,
) -> Provider:
    """
    The provider on one project.

    Args:
        clock: Tells the time and waits.
        project: Its id; `GOOGLE_CLOUD_PROJECT`, or that of the credentials, when left out.
        location: The region of groups without a location; `CLOUDSDK_COMPUTE_REGION` when left out.
        credentials: Of google-auth; the application's default when left out.
        endpoint: Another address than Compute Engine's own; plain http on loopback only.
        monitoring_endpoint: Another address than Cloud Monitoring's own; without TLS on loopback only.
        workers: How many calls are under way at the same time.
        listener: Told of every retry.
    """
    calls = Calls(
        project=project,
        location=location,
        credentials=credentials,
        endpoint=endpoint,
        monitoring_endpoint=monitoring_endpoint,
        clock=clock,
        workers=workers,
        listener=listener,
    )
    return Provider(
        name="gcp",
        location=calls.location,
        kinds=KINDS,
        resources=GcpResources(calls, clock),
        live=GcpLive(calls, clock),
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
    from trimtab.providers.gcp.rolling import GcpRollouts  # few groups are rolled out

    return GcpRollouts(calls, clock)


class GcpResources(Resources):
    """Managed instance groups, autoscalers and alert policies of one project."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock
        self.location = calls.location
        self._writer = Writer(calls)

    def read(self, fleet: Fleet) -> Live:
        """Everything of the fleet in the project: an aggregated list of each kind."""
        read = FleetRead(self.calls, fleet)
        read.run()
        seen = {} if read.services is None else {"backend services": read.services}
        return Live(resources=read.found, unknown=tuple(read.unknown), locations=read.locations, seen=seen)

    def read_to_plan(self, fleet: Fleet) -> Live:
        """What `read` gives, and images at the same time."""
        return Resolver(calls=self.calls, fleet=fleet, live=Live()).beside(partial(self.read, fleet))

    def choose_pools(self, fleet: Fleet, live: Live) -> PoolChoice:
        """By the backends that the read came across; of groups under blue-green rollouts also the URL maps."""
        from trimtab.providers.gcp.traffic import PoolReader  # few groups have two backend services

        return PoolReader(self.calls, fleet, live).choose()

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> GcpFacts:
        """Images, backend services with their health checks, and the templates that are there."""
        return Resolver(calls=self.calls, fleet=fleet, live=live, refresh=refresh).run()

    def translate(self, fleet: Fleet, facts: GcpFacts, now: datetime) -> Translation:
        """Template, health check, manager, autoscaler, backends, alert policies and channels of every group."""
        return translate(fleet, facts, now, self.location, self.calls.project)

    def complete(self, live: Live, wanted: Sequence[Resource]) -> Live:
        """With the instances that run from templates which their groups are about to leave: a call for each."""
        return count_template_instances(self.calls, live, {item.key for item in wanted})

    def users_elsewhere(self, changes: Sequence[Change], fleet: str) -> Mapping[Key, str]:
        """What else uses templates, health checks and channels that go: a list of each kind that may, only then."""
        from trimtab.providers.gcp.sharing import users_elsewhere  # a plan that changes nothing asks nobody

        return users_elsewhere(self.calls, changes, fleet)

    def quotas(self, location: str, demands: "Sequence[Demand]") -> "Sequence[Quota]":
        """CPUs, instances and groups: what the region tells of itself."""
        from trimtab.providers.gcp.quotas import read_quotas  # a plan that changes nothing asks for none

        return read_quotas(self.calls, location, demands)

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Send changes of one kind, action and group."""
        return self._writer.write(writes)

    def permissions(self, fleet: Fleet, *, read_only: bool = False, controller: bool = False) -> Mapping[str, Any]:
        """The definition of a custom role."""
        define = controller_definition if controller else role_definition
        return define(fleet, read_only=read_only)

    def instance_permissions(self, fleet: Fleet) -> Mapping[str, Any]:
        """The definition of a custom role for the service account of the instances."""
        return instance_definition(fleet)


class GcpLive(LiveState):
    """Managed instance groups as they stand, and their operations and alerts."""

    name = "gcp"

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock
        self.location = calls.location

    def account(self) -> str:
        """The project."""
        return self.calls.project

    def read_states(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> Sequence[GroupState]:
        """The groups at these places: three lists for all, and a call for the instances of each and its balancers."""
        return self._states().read(places, balancers=balancers, addresses=addresses)

    def candidates(self, name: str, location: str) -> Sequence[GroupState]:
        """The group with this native name, or those that are marked with this name within their fleet."""
        return self._states().find(name, location)

    def import_group(self, location: str, name: str, *, fleet: str | None = None) -> Imported:
        """A list of each kind that a group is made of."""
        from trimtab.providers.gcp.importing.reading import read_group

        return read_group(self.calls, location, name, fleet=fleet)

    def read_activities(self, location: str, name: str, limit: int) -> Sequence[Activity]:
        """Operations on a group, its instances and its autoscaler, and failed attempts, newest first."""
        managers, operations = self._states().managers(), Operations(self.calls, self.clock.now())
        manager = find_manager(managers, location, name)
        second = second_of(manager, managers)
        activities = operations.read_one(manager, sizes=second is None)
        activities += operations.read_one(second) if second is not None else []
        return sorted(activities, key=lambda activity: activity.at, reverse=True)[:limit]

    def read_last_activities(self, location: str, names: Sequence[str]) -> Mapping[str, Activity]:
        """The newest operation on each group; one call and a list of the groups."""
        every = self._states().managers()
        managers = [manager for manager in every if manager["name"] in names and place_of(manager).region == location]
        seconds = {str(each["name"]): second for each in managers if (second := second_of(each, every)) is not None}
        others = [second for second in seconds.values() if second["name"] not in names]
        found = Operations(self.calls, self.clock.now()).read([*managers, *others])
        last = {
            name: [*found[name], *(found[str(seconds[name]["name"])] if name in seconds else ())]
            for name in (str(manager["name"]) for manager in managers)
        }
        return {name: max(some, key=lambda activity: activity.at) for name, some in last.items() if some}

    def read_alarms(self, fleet: Fleet) -> Sequence[AlarmState]:
        """The fleet's alert policies: one that has opened an alert is in alarm; two lists at the same time."""
        return alarm_states(self.calls, fleet, self.location)

    def read_alarm_history(
        self, location: str, names: Sequence[str], since: datetime, until: datetime
    ) -> Sequence[AlarmChange]:
        """When alert policies opened alerts and closed them: the pages of alerts that are not older than `since`."""
        return alarm_changes(self.calls, names, since, until)

    def _states(self) -> States:
        return States(self.calls, self.clock.now())
