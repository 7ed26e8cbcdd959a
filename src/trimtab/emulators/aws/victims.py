"""Which instance goes when a group scales in: zone first, then the termination policies."""

from typing import Any

from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import zone_to_leave
from trimtab.engine.mix import split


def choose_victim(group: GroupView) -> Any:
    """The instance to terminate next; `None` when all are protected."""
    able = [state for state in group.members() if not state.protected_from_scale_in]
    if not able:
        return None
    zones = {state.availability_zone: 0 for state in able}
    for state in group.members():
        if state.availability_zone in zones:
            zones[state.availability_zone] += 1
    zone = zone_to_leave(zones)
    left = [state for state in able if state.availability_zone == zone]
    for policy in group.termination_policies:
        left = _narrowed(group, left, policy)
    return min(left, key=number_of)


def number_of(state: Any) -> int:
    """The place of an instance in the order of launches."""
    return int(getattr(state, "number", 0))


def _narrowed(group: GroupView, left: list[Any], policy: str) -> list[Any]:
    match policy:
        case "OldestInstance":
            return [min(left, key=number_of)]
        case "NewestInstance":
            return [max(left, key=number_of)]
        case "OldestLaunchTemplate" | "OldestLaunchConfiguration":
            return _of_oldest_template(group, left)
        case "AllocationStrategy":
            return _of_surplus_option(group, left)
        case "Default":
            return _of_oldest_template(group, _of_surplus_option(group, left))
    # all launched at the same minute of an hour are as close to the next one; a function of one's own is not run
    return left


def _of_oldest_template(group: GroupView, left: list[Any]) -> list[Any]:
    try:
        current = group.launched_from()
    except ServiceError:
        current = None
    sources = [getattr(state, "launched_from", None) for state in left]
    # a template that the group has left goes first, then the lower version
    ranks = [_rank(source, current) for source in sources]
    return [state for state, rank in zip(left, ranks, strict=True) if rank == min(ranks)]


def _rank(source: dict[str, str] | None, current: dict[str, str] | None) -> tuple[bool, int]:
    if source is None:
        return False, 0
    is_own = current is not None and source["LaunchTemplateId"] == current["LaunchTemplateId"]
    return is_own, int(source["Version"])


def _of_surplus_option(group: GroupView, left: list[Any]) -> list[Any]:
    """Those bought in the way of which there are too many."""
    policy = group.mixed_instances_policy
    if not policy:
        return left
    shares = policy.get("InstancesDistribution", {})
    wanted = split(
        group.desired_capacity,
        base=shares.get("OnDemandBaseCapacity", 0),
        percent=shares.get("OnDemandPercentageAboveBaseCapacity", 100),
    )
    spot = [state for state in group.members() if state.instance.lifecycle == "spot"]
    is_spot = group.units(spot) > wanted.spot
    surplus = [state for state in left if (state.instance.lifecycle == "spot") == is_spot]
    return surplus or left
