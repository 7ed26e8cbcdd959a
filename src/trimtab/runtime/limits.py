"""A plan held to the limits of its fleet, against what runs now."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from trimtab.errors import ProviderError
from trimtab.models import Fleet, PlanLimits, ScalingGroup
from trimtab.plan import Note, Plan
from trimtab.plan.limits import SizeChange, deletion_problems, resized_groups, size_problems
from trimtab.providers.base import GroupState
from trimtab.providers.pause import boosted
from trimtab.providers.roles import Provider
from trimtab.providers.sizes import size_is_initial
from trimtab.runtime.pause import kinds_of
from trimtab.runtime.status import in_force_of


def held_to_limits(plan: Plan, provider: Provider, now: datetime) -> Plan:
    """The plan, with a problem for everything that changes more than its fleet allows at once."""
    fleet = plan.request.fleet if plan.request else None
    if fleet is None or fleet.limits == PlanLimits() or plan.is_refused or not plan.changes:
        return plan
    problems = [
        *deletion_problems(fleet, plan.changes, kinds_of(provider)),
        *_size_problems(plan, fleet, provider, now),
    ]
    return replace(plan, problems=(*plan.problems, *problems))


def _size_problems(plan: Plan, fleet: Fleet, provider: Provider, now: datetime) -> Iterator[Note]:
    if fleet.limits.fall is None and fleet.limits.rise is None:
        return
    names = resized_groups(plan.changes, kinds_of(provider))
    groups = {
        (group.location or provider.location, fleet.native_name(group)): group
        for group in fleet.groups
        if group.name in names
    }
    if not groups:
        return
    try:
        states = provider.live.read_states(groups)
    except ProviderError as error:
        yield Note(f"limits: how large the groups are could not be read: {error}; allow it, or take `limits` out")
        return
    own = {(state.location, state.name): state for state in states if state.fleet == fleet.name}
    changes = [_size_change(fleet, group, own[place], now) for place, group in groups.items() if place in own]
    yield from size_problems(fleet, changes)


def _size_change(fleet: Fleet, group: ScalingGroup, state: GroupState, now: datetime) -> SizeChange:
    """What becomes of a size: the one that the plan writes, else the live one within the bounds that it writes."""
    force = in_force_of(group, state, now)
    low = state.min if _is_left(group, state, "min") else boosted(force.min, state.boost, now)
    high = state.max if _is_left(group, state, "max") else force.max
    size = state.desired
    if not size_is_initial(fleet, group) and not _is_left(group, state, "desired"):
        size = group.capacity.desired or 0
    return SizeChange(group.name, state.desired, max(low, min(high, size)), state.unit)


def _is_left(group: ScalingGroup, state: GroupState, field: str) -> bool:
    """Whether a plan leaves a size as it is: to others, or because of a pause."""
    is_paused = state.paused is not None and bool(group.schedules)
    return is_paused or any(path in ("capacity", f"capacity.{field}") for path in group.unmanaged)
