"""The size of a group: the rules of its bounds, and the changes that keep to them."""

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.engine.limits import Sizes, scheduled_sizes


def checked(sizes: Sizes) -> Sizes:
    """The same sizes, if the service would take them."""
    if sizes.min > sizes.max:
        raise invalid(f"Max bound, {sizes.max}, must be greater than or equal to min bound, {sizes.min}")
    if not sizes.min <= sizes.desired <= sizes.max:
        raise invalid(
            f"Desired capacity:{sizes.desired} must be between the specified min size:{sizes.min} "
            f"and max size:{sizes.max}"
        )
    return sizes


def changed(group: GroupView, low: int | None, high: int | None, desired: int | None) -> Sizes:
    """
    The sizes after a change of those that are given.

    A new minimum above the desired size raises it, and a new maximum below lowers it, when the change
    names none (UpdateAutoScalingGroup, Amazon EC2 Auto Scaling API Reference).
    """
    before = Sizes(group.min_size, group.max_size, group.desired_capacity)
    new_low = before.min if low is None else low
    new_high = before.max if high is None else high
    if desired is not None or new_low > new_high:
        return checked(Sizes(new_low, new_high, new_low if desired is None else desired))
    return scheduled_sizes(before, minimum=low, maximum=high)


def apply(group: GroupView, sizes: Sizes, cause: str) -> None:
    """Set the sizes and bring the instances to them; `cause` is what the activities say."""
    group.min_size, group.max_size, group.cause = sizes.min, sizes.max, cause
    group.set_desired_capacity(sizes.desired)
