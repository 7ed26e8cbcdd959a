"""What the alarms that fire at one moment make of a group: each policy's wish, the largest of them, its limits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.sizes import apply
from trimtab.emulators.aws.world import Phase, Region
from trimtab.engine.limits import (
    Sizes,
    Trigger,
    bound,
    cooldown_end,
    effective_cooldown,
    effective_warm_up,
    held_while_warming,
    is_below_surplus,
    is_stopped,
)
from trimtab.engine.policies import (
    Direction,
    TrackingVote,
    adjust,
    bands,
    combine_tracking,
    find_step,
    largest,
    step_size,
    tracking_size,
)
from trimtab.models import AwsProcess, Step

Policy = dict[str, Any]
AMOUNTS = {"ChangeInCapacity": "change", "PercentChangeInCapacity": "percent", "ExactCapacity": "to"}
_AGGREGATES: dict[str, Callable[[tuple[float, ...]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
}
_TRIGGERS = {
    "SimpleScaling": Trigger.SIMPLE,
    "StepScaling": Trigger.STEP,
    "TargetTrackingScaling": Trigger.TARGET_TRACKING,
}


@dataclass(frozen=True, slots=True)
class Firing:
    """An alarm whose action for its state runs; `values` are the datapoints that it stands on."""

    alarm: str
    state: str
    values: tuple[float, ...]
    threshold: float
    is_above: bool


class Wish(NamedTuple):
    """The size that a policy asks for, and the alarm because of which."""

    size: int
    policy: Policy
    firing: Firing


def fire(region: Region, arn: str, firing: Firing) -> None:
    """Note that an alarm triggers a policy; all that do at one moment are decided on together."""
    name, _, own = arn.partition(":autoScalingGroupName/")[2].partition(":policyName/")
    policy, group = region.policies.get((name, own)), region.groups.get(name)
    if policy is None or policy["PolicyARN"] != arn or group is None:
        return
    if not group.firings:
        when = region.world.now()
        region.world.at(when, (Phase.DECISIONS, group.name), lambda: _decide(group), lambda: bool(group.firings))
    group.firings.append((policy, firing))


def serving(group: GroupView, warm_up: timedelta) -> int:
    """Units of capacity in service that have warmed up."""
    now = group.home.world.now()
    ready = [state for state in group.active_instances() if now - group.in_service_since(state) >= warm_up]
    return group.units(ready)


def is_cooling(group: GroupView) -> bool:
    """Whether a simple policy has to wait, for instances on their way or for the cooldown after the last change."""
    if any(state.lifecycle_state.startswith(("Pending", "Terminating")) for state in group.instance_states):
        return True
    if group.cooldown is None:
        return False
    begun, wait = group.cooldown
    finished = [begun] if group.settled is None else [begun, group.settled]
    return bool(group.home.world.now() < cooldown_end(finished, wait))


def cool_down(group: GroupView, policy: Policy) -> None:
    """Have simple policies wait from now on, as one of them has acted."""
    own = seconds(policy.get("Cooldown"))
    group.cooldown = (group.home.world.now(), effective_cooldown(own, seconds(group.default_cooldown)))


def warm_up_of(group: GroupView, policy: Policy | None = None) -> timedelta:
    """How long an instance in service does not count, for a policy."""
    own = seconds((policy or {}).get("EstimatedInstanceWarmup"))
    return effective_warm_up(own, seconds(group.fields.get("DefaultInstanceWarmup")), seconds(group.default_cooldown))


def seconds(number: int | None) -> timedelta | None:
    """A number of seconds as a duration."""
    return None if number is None else timedelta(seconds=number)


def adjusted(policy: Policy, current: int) -> int:
    """The size that a simple policy makes of another."""
    amount = {AMOUNTS[policy["AdjustmentType"]]: policy["ScalingAdjustment"]}
    return adjust(current, **amount, minimum_change=_magnitude(policy))


def stepped(
    policy: Policy, value: float, threshold: float, *, above: bool, in_service: int, desired: int
) -> int | None:
    """The size that a step policy asks for; `None` where the value is beyond its steps."""
    word = AMOUNTS[policy["AdjustmentType"]]
    steps = [
        Step.model_validate(
            {
                "lower": step.get("MetricIntervalLowerBound"),
                "upper": step.get("MetricIntervalUpperBound"),
                word: step["ScalingAdjustment"],
            }
        )
        for step in policy["StepAdjustments"]
    ]
    step = find_step(bands(steps, threshold), value, above=above)
    if step is None:
        return None
    return step_size(step, in_service=in_service, desired=desired, minimum_change=_magnitude(policy))


def _magnitude(policy: Policy) -> int | None:
    return policy.get("MinAdjustmentMagnitude") or policy.get("MinAdjustmentStep")


def _decide(group: GroupView) -> None:
    firings, group.firings = group.firings, []
    if group.is_deleting or group.home.groups.get(group.name) is not group:
        return
    wishes = [wish for policy, firing in firings if (wish := _wish(group, policy, firing)) is not None]
    wishes += _tracking_wish(group, firings)
    if not wishes:
        return
    chosen = max(wishes, key=lambda wish: wish.size)
    size = _limited(group, largest(group.desired_capacity, [wish.size for wish in wishes]))
    if size != group.desired_capacity:
        _resize(group, size, chosen)


def _resize(group: GroupView, size: int, wish: Wish) -> None:
    cause = (
        f"At {stamp(group.home.world.now())} a monitor alarm {wish.firing.alarm} in state {wish.firing.state} "
        f"triggered policy {wish.policy['PolicyName']} changing the desired capacity "
        f"from {group.desired_capacity} to {size}."
    )
    apply(group, Sizes(group.min_size, group.max_size, size), cause)
    if wish.policy["PolicyType"] == "SimpleScaling":
        cool_down(group, wish.policy)


def _limited(group: GroupView, wanted: int) -> int:
    """A size after what holds a change back: bounds, suspension, warm-up, weights, the forecast in force."""
    size = group.desired_capacity
    wanted = bound(wanted, group.min_size, group.max_size)
    if wanted == size or is_stopped(Trigger.SCALE_OUT if wanted > size else Trigger.SCALE_IN, suspended(group)):
        return size
    if wanted > size:
        return wanted
    if is_below_surplus(size - wanted, running=group.units(group.members()), desired=size):
        return size
    wanted = held_while_warming(size, wanted, _warming(group))
    return max(wanted, min(size, bound(group.forecast_now(), group.min_size, group.max_size)))


def _warming(group: GroupView) -> int:
    policies = [each for (owner, _), each in group.home.policies.items() if owner == group.name]
    longest = max([warm_up_of(group), *(warm_up_of(group, policy) for policy in policies)])
    return group.units(group.members()) - serving(group, longest)


def suspended(group: GroupView) -> list[AwsProcess]:
    """The processes that rest."""
    return [AwsProcess(name) for name in group._suspended_processes]


def _wish(group: GroupView, policy: Policy, firing: Firing) -> Wish | None:
    kind, size = policy["PolicyType"], group.desired_capacity
    trigger = _TRIGGERS.get(kind)
    if trigger is None or not policy["Enabled"] or is_stopped(trigger, suspended(group)):
        return None
    if kind == "SimpleScaling":
        return None if is_cooling(group) else Wish(adjusted(policy, size), policy, firing)
    if kind != "StepScaling" or not firing.values:
        return None
    value = _AGGREGATES[policy["MetricAggregationType"]](firing.values)
    in_service = serving(group, warm_up_of(group, policy))
    new_size = stepped(policy, value, firing.threshold, above=firing.is_above, in_service=in_service, desired=size)
    return None if new_size is None else Wish(new_size, policy, firing)


def _tracking_wish(group: GroupView, firings: list[tuple[Policy, Firing]]) -> list[Wish]:
    fired = [(policy, firing) for policy, firing in firings if policy["PolicyType"] == "TargetTrackingScaling"]
    if not fired or is_stopped(Trigger.TARGET_TRACKING, suspended(group)):
        return []
    policies = [
        policy
        for (owner, _), policy in group.home.policies.items()
        if owner == group.name and policy["PolicyType"] == "TargetTrackingScaling" and policy["Enabled"]
    ]
    votes = [_vote(group, policy) for policy in policies]
    size = combine_tracking(group.desired_capacity, votes)
    if size == group.desired_capacity:
        return []
    because = [pair for pair in fired if pair[0]["Enabled"] and pair[1].is_above == (size > group.desired_capacity)]
    return [Wish(size, *because[0])] if because else []


def _vote(group: GroupView, policy: Policy) -> TrackingVote:
    size, wanted = group.desired_capacity, policy["TargetTrackingConfiguration"]
    scale_in = not wanted["DisableScaleIn"]
    high, low = (group.home.watches.get(name) for name in group.home.tracking[policy["PolicyARN"]])
    target, in_service = wanted["TargetValue"], serving(group, warm_up_of(group, policy))
    for watch, ready in ((high, Direction.OUT), (low, Direction.IN)):
        value = watch.last.newest if watch is not None and watch.last is not None else None
        if watch is not None and value is not None and watch.alarm["StateValue"] == "ALARM":
            wished = tracking_size(size, ready, in_service=in_service, value=value, target=target)
            return TrackingVote(ready, wished, scale_in)
    return TrackingVote(Direction.NONE, size, scale_in)
