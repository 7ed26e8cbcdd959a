"""How many instances a group may have, and who decides that."""

from typing import NamedTuple

from trimtab.errors import InvalidRequest
from trimtab.models import Fleet, ScalingGroup


def size_is_owned(fleet: Fleet, group: ScalingGroup) -> bool:
    """Whether a policy, a schedule or the controller decides how many instances there are."""
    return bool(group.policies or group.schedules or fleet.controller)


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
