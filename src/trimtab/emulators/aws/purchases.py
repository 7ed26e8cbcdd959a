"""
Instances that are replaced so that a group has its shares of on demand and spot once they have changed.

"An update to this setting means a gradual replacement of instances to adjust the current On-Demand and Spot Instance
levels for your additional capacity higher than the base capacity. When replacing instances, Amazon EC2 Auto Scaling
launches new instances before terminating the previous ones" (AWS CloudFormation, AWS::AutoScaling::AutoScalingGroup
InstancesDistribution).
"""

from typing import Any

from trimtab.emulators.aws import lifecycle
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.victims import number_of
from trimtab.engine.mix import Split, split

_SHARES = ("OnDemandBaseCapacity", "OnDemandPercentageAboveBaseCapacity")


def shares_of(group: GroupView) -> tuple[Any, ...]:
    """The base and the percentage of a mixed group; empty for another one."""
    policy = group.mixed_instances_policy
    return tuple(policy.get("InstancesDistribution", {}).get(name) for name in _SHARES) if policy else ()


def wanted_split(group: GroupView) -> Split | None:
    """How much of a group's size is to be on demand and spot; `None` for a group that is not mixed."""
    if not (shares := shares_of(group)):
        return None
    base, percent = shares
    return split(group.desired_capacity, base=base or 0, percent=100 if percent is None else percent)


def surplus(group: GroupView) -> list[Any]:
    """The instances of the sort of which there are too many, oldest first, as many as are too many."""
    if (wanted := wanted_split(group)) is None:
        return []
    members = [each for each in group.members() if each not in group.swaps]
    spot = [each for each in members if each.instance.lifecycle == "spot"]
    on_demand = [each for each in members if each not in spot]
    for some, right in ((on_demand, wanted.on_demand), (spot, wanted.spot)):
        if (over := group.units(some) - right) > 0:
            return _as_many(group, sorted(some, key=number_of), over)
    return []


def _as_many(group: GroupView, states: list[Any], units: int) -> list[Any]:
    chosen: list[Any] = []
    for state in states:
        if group.units([*chosen, state]) > units:
            break
        chosen.append(state)
    return chosen


def entered(group: GroupView, state: Any) -> None:
    """An instance that takes the place of another has come into service: that one goes."""
    if state not in group.swaps:
        return
    leavers = surplus(group)
    group.swaps.remove(state)
    if leavers:
        lifecycle.stop(group, leavers[0])
