"""How much of a group stays healthy while its instances are replaced."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.engine.rounding import floor_ratio

_LEAST, _MOST = "MinHealthyPercentage", "MaxHealthyPercentage"
_CLEARED = -1
HEALTHY = {_LEAST: 90, _MOST: 100}
"""What a refresh keeps to where neither it nor its group says anything."""


class Healthy(NamedTuple):
    """
    The share of a group that stays in service while instances are replaced.

    Attributes:
        least: At least so many per cent of the desired capacity are in service.
        most: At most so many per cent are in service or on their way.
        is_bounded: Whether the upper bound was given. One that is left out lets an instance go while its successor
            is launched; one of 100 that is given has the successor come first where nothing may be missing
            (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html).
    """

    least: int
    most: int
    is_bounded: bool

    @property
    def percentages(self) -> dict[str, int]:
        """Both as requests and replies have them."""
        return {_LEAST: self.least, _MOST: self.most}

    def room(self, size: int) -> tuple[int, int]:
        """How many of a group of this size may be missing, and how many may be there beyond it."""
        missing, beyond = (floor_ratio(size, share, 100) for share in (100 - self.least, self.most - 100))
        if self.most > 100 or (self.is_bounded and not missing):
            beyond = max(1, beyond)
        return missing, beyond


def healthy_share(group: GroupView, preferences: Mapping[str, Any]) -> Healthy:
    """What a refresh keeps to: its own preferences, then the group's maintenance policy, then the defaults."""
    policy = group.fields.get("InstanceMaintenancePolicy") or {}
    given = {**policy, **{name: preferences[name] for name in HEALTHY if preferences.get(name) is not None}}
    shares = {**HEALTHY, **given}
    if shares[_MOST] - shares[_LEAST] > 100:
        raise _too_far_apart()
    return Healthy(shares[_LEAST], shares[_MOST], is_bounded=_MOST in given)


def check_percentages(preferences: Mapping[str, Any]) -> None:
    """Refuse an upper bound without a lower one: RefreshPreferences, Amazon EC2 Auto Scaling API Reference."""
    if preferences.get(_MOST) is not None and preferences.get(_LEAST) is None:
        raise invalid(f"{_LEAST} must be specified when {_MOST} is specified")


def check_maintenance(params: Mapping[str, Any]) -> None:
    """Refuse half a policy, and one out of range: InstanceMaintenancePolicy, Amazon EC2 Auto Scaling API Reference."""
    policy = params.get("InstanceMaintenancePolicy")
    if policy is None:
        return
    low, high = policy.get(_LEAST), policy.get(_MOST)
    if low is None or high is None:
        raise invalid(f"Both {_LEAST} and {_MOST} must be specified in an InstanceMaintenancePolicy")
    if (low == _CLEARED) != (high == _CLEARED):
        raise invalid(f"{_LEAST} and {_MOST} must both be {_CLEARED} to clear an InstanceMaintenancePolicy")
    if high != _CLEARED and not 100 <= high <= 200:
        raise invalid(f"{_MOST} must be between 100 and 200")
    if high - low > 100:
        raise _too_far_apart()


def _too_far_apart() -> Exception:
    return invalid(f"The difference between {_LEAST} and {_MOST} cannot be greater than 100")
