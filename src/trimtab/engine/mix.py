"""
How many instances are on demand and how many are spot, and what weights make of a size.

Sources: Amazon EC2 Auto Scaling User Guide, Auto Scaling groups with multiple instance types and purchase options, and
Configure instance weighting; Azure VM Scale Sets, Spot Priority Mix.
"""

from bisect import bisect_left
from enum import StrEnum
from typing import NamedTuple, assert_never

from trimtab.engine.rounding import Number, ceil_ratio, exact, floor_ratio


class Fraction(StrEnum):
    """Which side a fraction of the split goes to."""

    ON_DEMAND = "on-demand"
    """EC2."""
    SPOT = "spot"
    """Azure."""


class Split(NamedTuple):
    """The parts of a size, in instances or units."""

    base: int
    """On demand, up to the base."""
    above_base: int
    """On demand above it."""
    spot: int

    @property
    def on_demand(self) -> int:
        """All that is on demand."""
        return self.base + self.above_base


def split(total: int, *, base: int = 0, percent: Number = 100, fraction: Fraction = Fraction.ON_DEMAND) -> Split:
    """
    The parts of `total`: the base first, then `percent` of the rest on demand.

    EC2 rounds the on-demand part up, Azure down.

    Raises:
        ValueError: The total or the base is below 0, or the percentage is not between 0 and 100.
    """
    if total < 0 or base < 0:
        raise ValueError(f"a size and its on-demand base are 0 or more, not {total} and {base}")
    if not 0 <= percent <= 100:
        raise ValueError(f"the share above the base is 0 to 100 per cent, not {percent}")
    first = min(total, base)
    rest = total - first
    match fraction:
        case Fraction.ON_DEMAND:
            above = ceil_ratio(rest, percent, 100)
        case Fraction.SPOT:
            above = floor_ratio(rest, percent, 100)
        case _:
            assert_never(fraction)
    return Split(first, above, rest - above)


def base_for(
    total: int, on_demand: int, *, base: int = 0, percent: Number = 100, fraction: Fraction = Fraction.ON_DEMAND
) -> int | None:
    """
    The base with which the split of `total` has so many on demand: `base` where that does, else the least above it.

    With fewer on demand than `base` asks for it is the least below; `None` where no base makes that number.
    """

    def at(some: int) -> int:
        return split(total, base=some, percent=percent, fraction=fraction).on_demand

    own = at(base)
    if on_demand == own:
        return base
    # one more of the base is at most one more on demand, so that every number between the ends is reached
    bases = range(base, total + 1) if on_demand > own else range(min(base, total))
    index = bisect_left(bases, on_demand, key=at)
    return bases[index] if index < len(bases) and at(bases[index]) == on_demand else None


class Mix(NamedTuple):
    """Instances that run, by how they are paid for."""

    on_demand: int
    spot: int


def scaled_out_mix(
    current: Mix, total: int, *, base: int = 0, percent: Number = 100, fraction: Fraction = Fraction.SPOT
) -> Mix:
    """
    The instances after scaling out to `total`: what runs stays, what is new goes to the side that is short.

    So a set that lost its spot instances gets spot ones first (Spot Priority Mix, after evictions).

    Raises:
        ValueError: `total` is less than what runs.
    """
    if total < current.on_demand + current.spot:
        raise ValueError(f"{total} is less than the {current.on_demand + current.spot} instances that run")
    wanted = split(total, base=base, percent=percent, fraction=fraction).on_demand
    on_demand = max(current.on_demand, min(wanted, total - current.spot))
    return Mix(on_demand, total - on_demand)


def overage(units: int, weight: int) -> int:
    """How many units more than the `units` that are wanted run, when instances count `weight` units each."""
    if weight < 1:
        raise ValueError(f"an instance counts for one unit or more, not {weight}")
    return -max(units, 0) % weight


def price_per_unit(price: Number, weight: int) -> float:
    """The price of one unit of an instance that counts for `weight` of them; lowest-price strategies compare it."""
    if weight < 1:
        raise ValueError(f"an instance counts for one unit or more, not {weight}")
    return float(exact(price) / weight)
