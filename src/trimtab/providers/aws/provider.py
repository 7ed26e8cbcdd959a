"""The provider for AWS: reads, resolves, translates, writes through boto3."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from trimtab.clock import Clock
from trimtab.errors import NotFound, Unsupported
from trimtab.events import Listener, silent
from trimtab.judging import judge
from trimtab.models import Fleet, ScalingGroup, StepPolicy
from trimtab.plan import Live, Note, Resource
from trimtab.providers.aws.acting import Actor
from trimtab.providers.aws.alarms import alarm_body
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.datapoints import MetricReader, MetricWriter
from trimtab.providers.aws.group_replies import read_replies
from trimtab.providers.aws.importing import import_group
from trimtab.providers.aws.kinds import KINDS
from trimtab.providers.aws.metrics import SAME_UNIT, Scope, scale_of, statistic_of
from trimtab.providers.aws.permissions import policy_document
from trimtab.providers.aws.policies import policy_body
from trimtab.providers.aws.reads import (
    RegionRead,
    alarm_resource,
    list_alarms,
)
from trimtab.providers.aws.resolve import Resolver
from trimtab.providers.aws.schedules import problems_of
from trimtab.providers.aws.states import activity_of, group_state, list_states, with_addresses
from trimtab.providers.aws.translate import translate
from trimtab.providers.aws.writes import Writer
from trimtab.providers.base import (
    Activity,
    AlarmState,
    Facts,
    GroupState,
    Write,
    Written,
)
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.imports import Imported
from trimtab.providers.naming import alarm_name, only_one
from trimtab.providers.pause import Pause

ALARM_STATES = {"OK": "ok", "ALARM": "alarm", "INSUFFICIENT_DATA": "no-data"}


def connect(
    *,
    clock: Clock,
    region: str | None = None,
    session: Any = None,
    endpoint: str | None = None,
    workers: int = 8,
    listener: Listener = silent,
) -> "AwsProvider":
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
    return AwsProvider(calls, clock)


class AwsProvider:
    """EC2 Auto Scaling, launch templates and CloudWatch alarms of one account."""

    name = "aws"
    kinds = KINDS

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self.calls = calls
        self.clock = clock
        self.location = calls.region
        self._writer = Writer(calls, clock)

    def read(self, fleet: Fleet) -> Live:
        """Everything of the fleet in its regions and the connection's."""
        names: dict[str, set[str]] = {self.location: set()}
        for group in fleet.groups:
            names.setdefault(group.location or self.location, set()).add(fleet.native_name(group))
        reads = [
            RegionRead(self.calls, region, fleet, frozenset(some), self.clock.now()) for region, some in names.items()
        ]
        for read in reads:
            read.run()
        found = {key: item for read in reads for key, item in read.found.items()}
        unknown = tuple(scope for read in reads for scope in read.unknown)
        return Live(resources=found, unknown=unknown, locations=tuple(sorted(names)))

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> Facts:
        """Images, subnets, target groups and zones."""
        return Resolver(calls=self.calls, fleet=fleet, live=live, refresh=refresh).run()

    def translate(self, fleet: Fleet, facts: Facts, now: datetime) -> Sequence[Resource]:
        """The resources that the fleet wants."""
        return translate(fleet, facts, now, self.location)

    def judge(self, fleet: Fleet) -> tuple[Sequence[Note], Sequence[Note]]:
        """What EC2 Auto Scaling cannot do, or does otherwise."""
        notes, problems = judge(fleet, self.name, self.kinds)
        more: list[Note] = list(_name_problems(fleet))
        for group in fleet.groups:
            more += [Note(text, group.name) for text in problems_of(group)]
            more += [Note(text, group.name) for text in _metric_problems(group)]
        return notes, [*problems, *more]

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Send changes of one kind, action and group."""
        return self._writer.write(writes)

    def read_states(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> Sequence[GroupState]:
        """
        The groups at these places: one call for every hundred of a region.

        With balancers one more for each target group, with addresses one more for every two hundred instances.
        """
        states = list(list_states(self.calls, places, balancers=balancers))
        return with_addresses(self.calls, states) if addresses else states

    def find_group(self, name: str, location: str) -> GroupState | None:
        """The group with this native name, else the only marked one with this name within its fleet."""
        states = self.read_states([(location, name)])
        if states:
            return states[0]
        filters = [{"Name": "tag:trimtab-group", "Values": [name]}]
        pages = self.calls.pages("autoscaling", "describe_auto_scaling_groups", location, Filters=filters)
        found = [group_state(location, item, None) for page in pages for item in page["AutoScalingGroups"]]
        return only_one(found, name, self.name)

    def read_group(self, location: str, name: str, *, fleet: str | None = None) -> Imported:
        """Eight calls at most, and one more for every further hundred alarms of the region."""
        replies = read_replies(self.calls, location, name)
        found = import_group(replies, location=location, now=self.clock.now(), fleet=fleet)
        if location == self.location:
            return found
        return replace(found, group=found.group.model_copy(update={"location": location}))

    def read_activities(self, location: str, name: str, limit: int) -> Sequence[Activity]:
        """Scaling activities, newest first."""
        found: list[Activity] = []
        asked = {"AutoScalingGroupName": name, "MaxRecords": min(limit, 100)}
        for page in self.calls.pages("autoscaling", "describe_scaling_activities", location, **asked):
            found += [activity_of(item) for item in page["Activities"]]
            if len(found) >= limit:
                break
        return found[:limit]

    def read_last_activities(self, location: str, names: Sequence[str]) -> Mapping[str, Activity]:
        """The newest activity of each group; of several groups those among the account's last hundred."""
        one = {"AutoScalingGroupName": names[0]} if len(names) == 1 else {}
        number = 1 if one else 100
        reply = self.calls.call("autoscaling", "describe_scaling_activities", location, MaxRecords=number, **one)
        found: dict[str, Activity] = {}
        for item in reply["Activities"]:
            if item["AutoScalingGroupName"] in names:
                found.setdefault(item["AutoScalingGroupName"], activity_of(item))
        return found

    def read_alarms(self, fleet: Fleet) -> Sequence[AlarmState]:
        """The fleet's alarms in its regions."""
        regions = {self.location, *(group.location for group in fleet.groups if group.location)}
        found: list[AlarmState] = []
        for region in sorted(regions):
            for item in list_alarms(self.calls, region, fleet.name):
                mark = alarm_resource(region, item).mark
                if mark is not None and mark.fleet == fleet.name:
                    state = ALARM_STATES.get(item.get("StateValue", ""), "no-data")
                    found.append(
                        AlarmState(
                            name=item["AlarmName"],
                            state=state,
                            reason=item.get("StateReason", ""),
                            since=item.get("StateUpdatedTimestamp"),
                            group=mark.group,
                        )
                    )
        return found

    def set_capacity(self, location: str, name: str, desired: int) -> None:
        """SetDesiredCapacity, without waiting for a cooldown."""
        asked = {"AutoScalingGroupName": name, "DesiredCapacity": desired, "HonorCooldown": False}
        try:
            self.calls.call("autoscaling", "set_desired_capacity", location, **asked)
        except NotFound as error:
            raise NotFound(f"there is no group {name!r} in {location}", provider="aws", code=error.code) from error

    def read_metrics(self, queries: Sequence[MetricQuery]) -> Sequence[Datapoints]:
        """GetMetricData, 500 metrics a call."""
        return MetricReader(self.calls).read(queries)

    def publish_metrics(self, values: Sequence[MetricValue]) -> None:
        """PutMetricData, 1,000 values a call."""
        MetricWriter(self.calls).write(values)

    def execute_policy(
        self, location: str, name: str, policy: str, *, value: float | None = None, threshold: float | None = None
    ) -> None:
        """ExecutePolicy, for simple and step policies."""
        Actor(self.calls, location, name).execute(policy, value=value, threshold=threshold)

    def pause(self, location: str, name: str, pause: Pause) -> None:
        """Suspend AlarmNotification and ScheduledActions, marked by a tag."""
        Actor(self.calls, location, name).pause(pause)

    def resume(self, location: str, name: str) -> None:
        """Resume what the marked pause suspended."""
        Actor(self.calls, location, name).resume()

    def permissions(self, fleet: Fleet, *, read_only: bool = False) -> Mapping[str, Any]:
        """An IAM policy document."""
        return policy_document(fleet, region=self.location, read_only=read_only)

    def close(self) -> None:
        """Close all connections."""
        self.calls.close()


def _name_problems(fleet: Fleet) -> Iterator[Note]:
    """Names that AWS does not take."""
    for group in fleet.groups:
        for alarm in group.alarms:
            name = alarm_name(fleet, group, alarm.name)
            if len(name) > 255:
                yield Note(f"alarms.{alarm.name}: {name!r} is longer than CloudWatch's 255 characters", group.name)
        native = fleet.native_name(group)
        if len(native) > 128:
            yield Note(f"native_name: {native!r} is longer than the 128 characters of a launch template", group.name)
        elif not re.fullmatch(r"[A-Za-z0-9().\-/_]{3,128}", native):
            text = f"native_name: a launch template cannot be called {native!r}: 3 to 128 letters, digits and ().-/_"
            yield Note(text, group.name)


def _metric_problems(group: ScalingGroup) -> Iterator[str]:
    """Metrics that a policy or an alarm cannot have on AWS, whatever the group is attached to."""
    scope = Scope(group.name, "app/any/0/targetgroup/any/0")
    for alarm in group.alarms:
        try:
            alarm_body(alarm, scope)
        except Unsupported as error:
            yield f"alarms.{alarm.name}.metric: {error}"
    for policy in group.policies:
        try:
            policy_body(policy, scope)
        except Unsupported as error:
            yield f"policies.{policy.name}.metric: {error}"
    yield from _step_problems(group)


def _step_problems(group: ScalingGroup) -> Iterator[str]:
    """Steps are offsets in our unit; where CloudWatch counts in another, they would be wrong by its factor."""
    detailed = bool(group.template.detailed_monitoring)
    stepped = {policy.name for policy in group.policies if isinstance(policy, StepPolicy)}
    for alarm in group.alarms:
        factor = scale_of(alarm.metric, statistic_of(alarm), alarm.period, detailed=detailed)
        for name in alarm.triggers:
            if name in stepped and factor != SAME_UNIT:
                yield (
                    f"policies.{name}.steps: alarm {alarm.name!r} watches {alarm.metric.name!r}, which CloudWatch "
                    "counts in another unit; trigger a simple policy, or watch a custom metric in CloudWatch's own unit"
                )
