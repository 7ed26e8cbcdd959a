"""The size of a group: the rules of its bounds, and the changes that keep to them."""

from dataclasses import dataclass

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.engine import limits


@dataclass(frozen=True, slots=True)
class Sizes:
    """Minimum, maximum and desired size."""

    low: int
    high: int
    desired: int

    def checked(self) -> "Sizes":
        """The same, if the service would take it."""
        if self.low > self.high:
            raise invalid(f"Max bound, {self.high}, must be greater than or equal to min bound, {self.low}")
        if self.desired < self.low:
            raise invalid(
                f"Desired capacity:{self.desired} must be between the specified min size:{self.low} "
                f"and max size:{self.high}"
            )
        if self.desired > self.high:
            raise invalid(
                f"Desired capacity:{self.desired} must be between the specified min size:{self.low} "
                f"and max size:{self.high}"
            )
        return self


def changed(group: GroupView, low: int | None, high: int | None, desired: int | None) -> Sizes:
    """
    The sizes after a change of those that are given.

    A new minimum above the desired size raises it, and a new maximum below lowers it, when the change
    names none (UpdateAutoScalingGroup, Amazon EC2 Auto Scaling API Reference).
    """
    before = limits.Sizes(group.min_size, group.max_size, group.desired_capacity)
    new_low = group.min_size if low is None else low
    new_high = group.max_size if high is None else high
    if new_low > new_high:
        Sizes(new_low, new_high, new_low).checked()
    if desired is not None:
        return Sizes(new_low, new_high, desired).checked()
    return Sizes(*limits.scheduled_sizes(before, minimum=low, maximum=high)).checked()


def apply(group: GroupView, sizes: Sizes, cause: str) -> None:
    """Set the sizes and bring the instances to them; `cause` is what the activities say."""
    group.min_size, group.max_size, group.cause = sizes.low, sizes.high, cause
    group.set_desired_capacity(sizes.desired)
