"""The provider for AWS: reads, resolves, translates, writes through boto3."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from trimtab.clock import Clock
from trimtab.events import Listener, silent
from trimtab.models import Fleet
from trimtab.plan import Change, Key, Live, Note
from trimtab.providers.aws.acting import GroupActions
from trimtab.providers.aws.activities import read_activities, read_alarm_history, read_last_activities
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.datapoints import MetricReader, MetricWriter
from trimtab.providers.aws.declarations import REGIONS
from trimtab.providers.aws.facts import AwsFacts
from trimtab.providers.aws.kinds import KINDS
from trimtab.providers.aws.permissions import hook_document, instance_document, policy_document
from trimtab.providers.aws.reads import RegionRead
from trimtab.providers.aws.refreshes import hindrances
from trimtab.providers.aws.resolve import Resolver
from trimtab.providers.aws.states import alarm_states, group_states, list_states, with_addresses, with_purchases
from trimtab.providers.aws.translate import translate
from trimtab.providers.aws.writes import Writer
from trimtab.providers.base import (
    Activity,
    AlarmChange,
    AlarmState,
    GroupState,
    PoolChoice,
    Write,
    Written,
)
from trimtab.providers.importing import Imported
from trimtab.providers.roles import Actions, LiveState, Metrics, Provider, Resources
from trimtab.providers.translation import Translation

if TYPE_CHECKING:
    from trimtab.providers.hooks import HookQueue
    from trimtab.providers.quotas import Demand, Quota
    from trimtab.providers.rolling import RolloutActions


def connect(
    *,
    clock: Clock,
    region: str | None = None,
    session: Any = None,
    endpoint: str | None = None,
    workers: int = 8,
    listener: Listener = silent,
) -> Provider:
    """
    The provider on one account.

    Args:
        clock: Tells the time and waits.
        region: Where groups without a location live; the session's when left out.
        session: A `boto3.Session`; boto3's default chain of credentials when left out.
        endpoint: Another address than AWS's own; plain http on loopback only.
        workers: How many calls are under way at the same time.
        listener: Told of every retry.
    """
    calls = Calls(session=session, region=region, endpoint=endpoint, clock=clock, workers=workers, listener=listener)
    return Provider(
        name="aws",
        location=calls.region,
        kinds=KINDS,
        resources=AwsResources(calls, clock),
        live=AwsLive(calls, clock),
        actions=Actions(on=partial(GroupActions, calls)),
        metrics=Metrics(read=MetricReader(calls).read, publish=MetricWriter(calls).write),
        rollouts=partial(_rollouts, calls),
        connection=calls,
        regions=REGIONS,
        close=calls.close,
        reports_calls=True,
        hooks=partial(_open_queue, calls),
    )


def _rollouts(calls: Calls) -> "RolloutActions":
    from trimtab.providers.aws.rolling import AwsRollouts  # few groups are rolled out

    return AwsRollouts(calls)


def _open_queue(calls: Calls, queue: str) -> "HookQueue":
    from trimtab.providers.aws.hooks import SqsQueue  # whoever plans consumes no hooks

    return SqsQueue(calls, queue)


class AwsResources(Resources):
    """EC2 Auto Scaling, launch templates and CloudWatch alarms of one account."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock
        self.location = calls.region
        self._writer = Writer(calls)

    def read(self, fleet: Fleet) -> Live:
        """Everything of the fleet in its regions and the connection's."""
        names: dict[str, set[str]] = {self.location: set()}
        for group in fleet.groups:
            names.setdefault(group.location or self.location, set()).add(fleet.native_name(group))
        reads = [
            RegionRead(self.calls, region, fleet, frozenset(some), self.clock.now()) for region, some in names.items()
        ]
        self.calls.gather_or_raise([read.run for read in reads])
        resources = {key: item for read in reads for key, item in read.found.items()}
        unknown = tuple(scope for read in reads for scope in read.unknown)
        return Live(resources=resources, unknown=unknown, locations=tuple(sorted(names)))

    def read_to_plan(self, fleet: Fleet) -> Live:
        """What `read` gives, and images, subnets, target groups and zones at the same time."""
        return self._resolver(fleet, Live(), frozenset()).beside(partial(self.read, fleet))

    def choose_pools(self, fleet: Fleet, live: Live) -> PoolChoice:
        """By what the groups are attached to; of groups under blue-green rollouts also their listeners and rules."""
        from trimtab.providers.aws.traffic import PoolReader  # few groups have two target groups

        return PoolReader(self.calls, fleet, live).choose()

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> AwsFacts:
        """Images, subnets, target groups and zones, and whether all is there that a new group names."""
        return self._resolver(fleet, live, refresh).run()

    def _resolver(self, fleet: Fleet, live: Live, refresh: frozenset[str]) -> Resolver:
        return Resolver(calls=self.calls, fleet=fleet, live=live, refresh=refresh, now=self.clock.now())

    def translate(self, fleet: Fleet, facts: AwsFacts, now: datetime) -> Translation:
        """Launch template, Auto Scaling group, policies, scheduled actions and alarms of every group."""
        return translate(fleet, facts, now, self.location)

    def hindrances(self, changes: Sequence[Change]) -> tuple[Sequence[Note], Sequence[Note]]:
        """Instance refreshes that refuse another launch template."""
        return hindrances(self.calls, changes)

    def users_elsewhere(self, changes: Sequence[Change], fleet: str) -> Mapping[Key, str]:
        """Who else launches from launch templates that change or go: a list of a region's groups, only then."""
        from trimtab.providers.aws.sharing import users_elsewhere  # a plan that changes nothing asks nobody

        return users_elsewhere(self.calls, changes, fleet)

    def quotas(self, location: str, demands: "Sequence[Demand]") -> "Sequence[Quota]":
        """Those of Service Quotas by family and way of buying, and of Auto Scaling groups where some are made."""
        from trimtab.providers.aws.quotas import read_quotas  # a plan that changes nothing asks for none

        return read_quotas(self.calls, location, demands)

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Send changes of one kind, action and group."""
        return self._writer.write(writes)

    def permissions(self, fleet: Fleet, *, read_only: bool = False, controller: bool = False) -> Mapping[str, Any]:
        """An IAM policy document."""
        return policy_document(fleet, region=self.location, read_only=read_only, controller=controller)

    def instance_permissions(self, fleet: Fleet) -> Mapping[str, Any]:
        """An IAM policy document for the role of the instances."""
        return instance_document(fleet, region=self.location)

    def hook_permissions(self, fleet: Fleet) -> Mapping[str, Any]:
        """An IAM policy document for the consumer of hooks."""
        return hook_document(fleet, region=self.location)


class AwsLive(LiveState):
    """Auto Scaling groups as they stand, and their activities and alarms."""

    name = "aws"

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock
        self.location = calls.region

    def account(self) -> str:
        """The number of the account; asking takes no right (AWS STS API Reference, GetCallerIdentity)."""
        return str(self.calls.call("sts", "get_caller_identity", self.calls.region)["Account"])

    def read_states(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> Sequence[GroupState]:
        """
        The groups at these places: one call for every hundred of a region.

        Where some follow `$Latest` or `$Default` one more for every two hundred of their templates. With balancers one
        more for each target group, with addresses one more for every two hundred instances.
        """
        states = list(list_states(self.calls, places, balancers=balancers))
        return with_addresses(self.calls, states) if addresses else states

    def with_purchases(self, states: Sequence[GroupState]) -> Sequence[GroupState]:
        """One call of EC2 for every two hundred instances: Auto Scaling does not say which are spot."""
        return with_purchases(self.calls, states)

    def candidates(self, name: str, location: str) -> Sequence[GroupState]:
        """The group with this native name, or those that are marked with this name within their fleet."""
        states = self.read_states([(location, name)])
        if states:
            return states
        filters = [{"Name": "tag:trimtab-group", "Values": [name]}]
        items = list(self.calls.items("autoscaling", "describe_auto_scaling_groups", location, Filters=filters))
        return list(group_states(self.calls, location, items))

    def import_group(self, location: str, name: str, *, fleet: str | None = None) -> Imported:
        """Nine calls at most, and one more for every further hundred alarms of the region."""
        from trimtab.providers.aws.importing.reading import read_group

        return read_group(self.calls, location, name, fleet=fleet)

    def read_activities(self, location: str, name: str, limit: int) -> Sequence[Activity]:
        """Scaling activities, newest first."""
        return read_activities(self.calls, location, name, limit)

    def read_last_activities(self, location: str, names: Sequence[str]) -> Mapping[str, Activity]:
        """The newest activity of each group; of several groups those among the account's last hundred."""
        return read_last_activities(self.calls, location, names)

    def read_alarms(self, fleet: Fleet) -> Sequence[AlarmState]:
        """The fleet's alarms in its regions."""
        return alarm_states(self.calls, fleet, self.location)

    def read_alarm_history(
        self, location: str, names: Sequence[str], since: datetime, until: datetime
    ) -> Sequence[AlarmChange]:
        """A call for each alarm."""
        return read_alarm_history(self.calls, location, names, since, until)
