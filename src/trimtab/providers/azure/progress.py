"""How far a rollout of a scale set is, and what it does next; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from trimtab.providers.azure.held import HeldCapacity
from trimtab.providers.azure.resources import find_notes, find_run
from trimtab.providers.azure.states import ScaleSetRead, instance_id
from trimtab.providers.azure.versions import Version, capacity_of
from trimtab.providers.base import Instance, InstanceState
from trimtab.providers.rolling import Limits, Progress, is_ready, next_batch, surplus

FAILED_FOR = timedelta(minutes=2)
"""A machine that could not be made is made anew once it has been there for so long."""


def progress_of(group: ScaleSetRead) -> Progress:
    """How far a group is."""
    run = group.state.rollout
    held = HeldCapacity.parse(run.held) if run else HeldCapacity()
    capacity = capacity_of(group.item)
    if run is not None and run.in_place:
        held = held.seen(capacity)
        run = replace(run, held=held.words())
    version = Version.read(group.item.get("tags") or {}) if run is None else None
    moving = run is not None and run.in_place and (held.is_open or capacity != held.size or bool(survivors(group)))
    return Progress(
        state=group.state,
        run=run,
        fresh=fresh_of(group),
        busy=moving,
        previous=(version.name,) if version else (),
        standby_in_size=True,
        notes=find_notes(group.item),
    )


def fresh_of(group: ScaleSetRead) -> frozenset[str]:
    """
    The ids of the instances that have the new model.

    A machine is made by one model and never upgraded. Once the old model is back it is the last one, and what was made
    by the new one is what came after the last of the old ones.
    """
    after = _after(group)
    return frozenset(
        instance_id(each)
        for each in group.machines
        if (_is_latest(each) is not False if after is None else _is_latest(each) is False and _made(each) > after)
    )


def survivors(group: ScaleSetRead) -> list[Mapping[str, Any]]:
    """Instances that had the old model all the time, and do not count as such yet."""
    after = _after(group)
    if after is None:
        return []
    return [
        each
        for each in group.machines
        if _is_latest(each) is False and _made(each) <= after and _state(each) not in ("updating", "deleting")
    ]


def turning_point(group: ScaleSetRead) -> datetime:
    """When the last instance of the old model was made; long ago where there is none any more."""
    old = [_made(each) for each in group.machines if _is_latest(each) is False]
    return max(old, default=datetime.fromtimestamp(0, UTC))


def _after(group: ScaleSetRead) -> datetime | None:
    run = find_run(group.item)
    return HeldCapacity.parse(run.held).after if run else None


def _is_latest(machine: Mapping[str, Any]) -> bool | None:
    latest: bool | None = (machine.get("properties") or {}).get("latestModelApplied")
    return latest


def _made(machine: Mapping[str, Any]) -> datetime:
    text = (machine.get("properties") or {}).get("timeCreated")
    return datetime.fromisoformat(text).astimezone(UTC) if text else datetime.max.replace(tzinfo=UTC)


def _state(machine: Mapping[str, Any]) -> str:
    return str((machine.get("properties") or {}).get("provisioningState", "")).lower()


def is_settled(group: ScaleSetRead, held: HeldCapacity) -> bool:
    """
    Whether the capacity is the size, and what was deleted is gone and no longer counted.

    Where it was to be lower for a while, it may be the size because the deletion does not count yet.
    """
    capacity = capacity_of(group.item)
    was_low = held.low is not None and held.size is not None and held.low < held.size
    is_gone = all(_state(each) != "deleting" for each in group.machines)
    return capacity == held.size and is_gone and (not was_low or capacity == len(group.machines))


# what comes next


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSteps:
    """
    What one step of a rollout does, in this order.

    Attributes:
        surplus: Instances above the size that go.
        more: Instances that come beside the size.
        batch: Instances in whose place others come.
    """

    surplus: tuple[str, ...] = ()
    more: int = 0
    batch: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return bool(self.surplus or self.more or self.batch)


def steps_of(
    group: ScaleSetRead, held: HeldCapacity, limits: Limits, goal: int, *, now: datetime, reverse: bool
) -> RolloutSteps:
    """
    What to do for a group, so that `goal` of its instances have the model that they are to have.

    Args:
        group: The group as it stands.
        held: What the rollout holds of it.
        limits: How far to go at once.
        goal: How many instances are to have the new model; with `reverse`, the old one.
        now: The moment.
        reverse: Whether it is the way back.
    """
    progress = progress_of(group)
    capacity, size = capacity_of(group.item), held.wanted(capacity_of(group.item))
    capacity = max(capacity, size)  # what was too low has just been put right
    if not limits.replaces_standby:
        stopped = [each.id for each in progress.state.instances if each.state is InstanceState.STANDBY]
        capacity, size = capacity - len(stopped), size - len(stopped)
        state = replace(progress.state, desired=progress.state.desired - len(stopped))
        progress = _without(replace(progress, state=state), stopped)
    gone = (surplus(progress, limits, reverse=reverse) or _too_many(progress, limits, reverse=reverse))[
        : max(0, capacity - size)
    ]
    progress, capacity = _without(progress, gone), capacity - len(gone)
    present = [each for each in progress.state.instances if each.state is not InstanceState.TERMINATING]
    coming = max(0, capacity - len(present))
    if coming and capacity > size:
        return RolloutSteps(
            surplus=gone
        )  # above the size there are those that come, or those that went and count still
    goal -= coming
    arrived = progress.of(fresh=not reverse, limits=limits)
    leaving = progress.of(fresh=reverse, limits=limits)
    more = max(0, min(size + limits.surge - capacity, goal - len(arrived))) if leaving else 0
    broken = tuple(each.id for each in arrived if _is_broken(group, each, now))
    batch = next_batch(progress, goal - more, limits, reverse=reverse)
    return RolloutSteps(surplus=gone, more=more, batch=(*broken, *batch))


def _too_many(progress: Progress, limits: Limits, *, reverse: bool) -> tuple[str, ...]:
    """Instances above the size where all have the model that they are to have: those that do no work first."""
    if progress.of(fresh=reverse, limits=limits):
        return ()
    staying = [each for each in progress.state.instances if each.state is not InstanceState.TERMINATING]
    free = sorted((each for each in staying if limits.takes(each)), key=is_ready)
    return tuple(each.id for each in free[: max(0, len(staying) - progress.state.desired)])


def _without(progress: Progress, ids: Sequence[str]) -> Progress:
    instances = tuple(each for each in progress.state.instances if each.id not in ids)
    return replace(progress, state=replace(progress.state, instances=instances))


def _is_broken(group: ScaleSetRead, instance: Instance, now: datetime) -> bool:
    """Whether a machine could not be made, as without room in its zone, and it is time to try again."""
    machines = {instance_id(each): each for each in group.machines}
    machine = machines[instance.id]
    return _state(machine) == "failed" and now - _made(machine) >= FAILED_FOR
