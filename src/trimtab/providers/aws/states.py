"""How groups and their instances stand, out of what AWS answers about them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trimtab.capabilities import MARK
from trimtab.engine.first_seen import FirstSeen
from trimtab.models import Fleet
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.first_seen import WORD
from trimtab.providers.aws.reads import list_alarms, list_groups, template_numbers
from trimtab.providers.aws.resources import (
    PAUSED,
    Numbers,
    alarm_resource,
    find_boost,
    find_pause,
    find_run,
    is_behind,
    suspended,
)
from trimtab.providers.base import AlarmState, GroupState, Instance, InstanceState
from trimtab.providers.retry import in_batches

# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
STATES = {
    "InService": InstanceState.RUNNING,
    "Standby": InstanceState.STANDBY,
    "EnteringStandby": InstanceState.STANDBY,
}
ALARM_STATES = {"OK": "ok", "ALARM": "alarm", "INSUFFICIENT_DATA": "no-data"}


def list_states(calls: Calls, places: Iterable[tuple[str, str]], *, balancers: bool) -> Iterator[GroupState]:
    """The groups at (region, name), those that exist; with what balancers say of their instances when asked."""
    names: dict[str, list[str]] = {}
    for region, name in places:
        names.setdefault(region, []).append(name)
    for region, some in names.items():
        yield from group_states(calls, region, list(list_groups(calls, region, some)), balancers=balancers)


def group_states(
    calls: Calls, region: str, items: Sequence[Mapping[str, Any]], *, balancers: bool = False
) -> Iterator[GroupState]:
    """The groups of some answers, with what takes more questions: versions by name, and balancers when asked."""
    numbers = template_numbers(calls, region, items)
    for item in items:
        yield group_state(region, item, numbers, balancer_health(calls, region, item) if balancers else None)


def balancer_health(calls: Calls, region: str, item: Mapping[str, Any]) -> dict[str, bool]:
    """Which instances every target group of a group sends requests."""
    health: dict[str, bool] = {}
    for arn in item.get("TargetGroupARNs", ()):
        reply = calls.call("elbv2", "describe_target_health", region, TargetGroupArn=arn)
        states = {
            description["Target"]["Id"]: description["TargetHealth"]["State"]
            for description in reply["TargetHealthDescriptions"]
        }
        for instance in item.get("Instances", ()):
            name = instance["InstanceId"]
            # a target group that no listener uses yet has targets "unused": nothing to wait for
            good = states.get(name) in ("healthy", "unused")
            health[name] = health.get(name, True) and good
    return health


def with_addresses(calls: Calls, states: Sequence[GroupState]) -> list[GroupState]:
    """The same groups, with the addresses of their instances."""
    return _looked_up(calls, states, _reached)


def with_purchases(calls: Calls, states: Sequence[GroupState]) -> list[GroupState]:
    """The same groups, with which instances are spot: one call for every two hundred."""
    return _looked_up(calls, states, _bought)


def _looked_up(
    calls: Calls, states: Sequence[GroupState], add: Callable[[Instance, Mapping[str, Any]], Instance]
) -> list[GroupState]:
    ids: dict[str, list[str]] = {}
    for state in states:
        ids.setdefault(state.location, []).extend(instance.id for instance in state.instances)
    known = {region: find_machines(calls, region, some) for region, some in ids.items()}
    return [
        replace(
            state,
            instances=tuple(add(each, known[state.location].get(each.id, {})) for each in state.instances),
        )
        for state in states
    ]


def _bought(instance: Instance, machine: Mapping[str, Any]) -> Instance:
    """Whether it is spot (`InstanceLifecycle`, Amazon EC2 API Reference, Instance)."""
    return replace(instance, spot=machine.get("InstanceLifecycle") == "spot" if machine else None)


def _reached(instance: Instance, machine: Mapping[str, Any]) -> Instance:
    private, public = machine.get("PrivateIpAddress") or "", machine.get("PublicIpAddress") or ""
    return replace(instance, private_address=private, public_address=public)


def find_machines(calls: Calls, region: str, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """What EC2 says of instances, those that exist."""
    machines: dict[str, Mapping[str, Any]] = {}
    for batch in in_batches(ids, 200):  # a filter, unlike InstanceIds, takes ids of instances that have gone
        params = {"Filters": [{"Name": "instance-id", "Values": batch}], "MaxResults": 1000}
        for page in calls.pages("ec2", "describe_instances", region, **params):
            for item in (instance for reservation in page["Reservations"] for instance in reservation["Instances"]):
                machines[item["InstanceId"]] = item
    return machines


def group_state(
    region: str, item: Mapping[str, Any], numbers: Numbers, health: Mapping[str, bool] | None
) -> GroupState:
    """A group as `DescribeAutoScalingGroups` answers it."""
    tags = {tag["Key"]: tag.get("Value", "") for tag in item.get("Tags", ())}
    instances = tuple(_instance(instance, is_behind(instance, item, numbers)) for instance in item.get("Instances", ()))
    if health is not None:
        instances = tuple(replace(instance, serving=health.get(instance.id)) for instance in instances)
    return GroupState(
        name=item["AutoScalingGroupName"],
        location=region,
        min=item["MinSize"],
        max=item["MaxSize"],
        desired=item["DesiredCapacity"],
        instances=instances,
        deleting=(item.get("Status") or "").lower().startswith("delete"),
        group=tags.get("trimtab-group", ""),
        fleet=tags.get("trimtab-fleet", ""),
        paused=find_pause(item),
        stopped=_stopped(item),
        boost=find_boost(item),
        rollout=find_run(item),
        first_seen=FirstSeen.parse(tags.get(f"trimtab-{WORD}", "")),
        controller=tags.get(f"trimtab-{MARK}", ""),
        on_demand_base=_on_demand_base(item),
    )


def _on_demand_base(item: Mapping[str, Any]) -> int | None:
    mixed = item.get("MixedInstancesPolicy")
    return None if mixed is None else int((mixed.get("InstancesDistribution") or {}).get("OnDemandBaseCapacity") or 0)


def _stopped(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The processes that stand still without a mark."""
    pause = find_pause(item)
    return tuple(name for name in suspended(item) if pause is None or name not in (pause.held or PAUSED))


def _instance(item: Mapping[str, Any], outdated: bool) -> Instance:
    state = item.get("LifecycleState", "")
    pending = InstanceState.TERMINATING if state.startswith(("Terminat", "Detach")) else InstanceState.PENDING
    own = item.get("LaunchTemplate") or {}
    return Instance(
        id=item["InstanceId"],
        zone=item.get("AvailabilityZone", ""),
        state=STATES.get(state, pending),
        healthy=item.get("HealthStatus", "Healthy").lower() == "healthy",
        size=item.get("InstanceType", ""),
        template=f"{own.get('LaunchTemplateName', '')}:{own.get('Version', '')}".strip(":"),
        outdated=outdated,
        weight=int(item.get("WeightedCapacity") or 1),
        protected=bool(item.get("ProtectedFromScaleIn")),
    )


# alarms


def alarm_states(calls: Calls, fleet: Fleet, location: str) -> list[AlarmState]:
    """The alarms of a fleet in its regions, and in the connection's."""
    regions = {location, *(group.location for group in fleet.groups if group.location)}
    return [
        AlarmState(
            name=item["AlarmName"],
            state=ALARM_STATES.get(item.get("StateValue", ""), "no-data"),
            reason=item.get("StateReason", ""),
            since=item.get("StateUpdatedTimestamp"),
            group=mark.group,
        )
        for region in sorted(regions)
        for item in list_alarms(calls, region, fleet.name)
        if (mark := alarm_resource(region, item).mark) is not None and mark.fleet == fleet.name
    ]
