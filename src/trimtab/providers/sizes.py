"""How many instances a group may have, and who decides that."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from trimtab.engine.schedules import in_force
from trimtab.errors import InvalidRequest
from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.base import GroupState, Instance


def size_is_initial(fleet: Fleet, group: ScalingGroup) -> bool:
    """Whether a size is given to a new group only: policies, schedules or the controller decide it, or nobody does."""
    is_owned = group.policies or group.schedules or fleet.controller
    return bool(is_owned) or group.capacity.desired is None


def size_at(group: ScalingGroup, now: datetime) -> int:
    """The size that a group begins with, where the cloud does not choose it: the desired one, else the minimum."""
    force = in_force(group, now)
    return force.min if force.capacity.desired is None else force.capacity.desired


class Bounds(NamedTuple):
    """Between which sizes a cloud's own autoscaler keeps a group."""

    min: int
    max: int

    def check(self, size: int, group: str, provider: str) -> None:
        """
        Refuse a size that the autoscaler would undo at once.

        Raises:
            InvalidRequest: It is outside.
        """
        if not self.min <= size <= self.max:
            text = f"{size} is outside the bounds of {group!r}: {self.min} to {self.max}"
            raise InvalidRequest(text, provider=provider, operation="set capacity")


def check_shrink(state: GroupState, leavers: Iterable[Instance], provider: str) -> None:
    """
    Refuse to take instances off the size of a group that would be below its minimum then.

    Raises:
        InvalidRequest: It would be.
    """
    left = state.desired - sum(instance.weight for instance in leavers)
    if left < state.min:
        text = f"the size of {state.name!r} would be {left}, below its minimum of {state.min}"
        raise InvalidRequest(
            f"{text}; lower the minimum first, or keep the size", provider=provider, operation="shrink"
        )
