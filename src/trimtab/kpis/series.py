"""Two series side by side, demand and supply by steps, with a length for each step."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimtab.errors import InvalidArgument

Floats: TypeAlias = NDArray[np.float64]
Seconds: TypeAlias = float | ArrayLike
"""The length of every step, or of each; at least 0."""


class DemandAndSupply(NamedTuple):
    """
    Demand and supply in units, where both are known.

    Attributes:
        seconds: The length of each step.
        known: Which of the steps that were given are kept.
    """

    demand: Floats
    supply: Floats
    seconds: Floats
    known: NDArray[np.bool_]

    @property
    def total(self) -> float:
        """How long all of it lasts, in seconds."""
        return float(self.seconds.sum())

    def mean(self, values: ArrayLike) -> float:
        """The mean over time of a value for each step; NaN where no time is known."""
        return float(np.dot(np.asarray(values, float), self.seconds)) / self.total if self.total else float("nan")


def pair(demand: ArrayLike, supply: ArrayLike, seconds: Seconds = 60.0) -> DemandAndSupply:
    """
    Two series of the same length; steps in which one of them is NaN are left out.

    Raises:
        InvalidArgument: Their lengths differ, a value is below 0 or infinite, or a step is shorter than nothing.
    """
    wanted, there = series(demand, "demand"), series(supply, "supply")
    lengths = np.broadcast_to(np.asarray(seconds, float), wanted.shape) if np.ndim(seconds) == 0 else None
    lengths = np.asarray(seconds, float) if lengths is None else lengths
    if not wanted.shape == there.shape == lengths.shape:
        sizes = f"demand has {len(wanted)} steps, supply {len(there)}, seconds {lengths.size}"
        raise InvalidArgument(f"{sizes}; give all of them for the same steps")
    if not (np.isfinite(lengths) & (lengths >= 0)).all():
        raise InvalidArgument("seconds: a step is shorter than 0 or endless; give the length of each in seconds")
    known = ~(np.isnan(wanted) | np.isnan(there))
    return DemandAndSupply(wanted[known], there[known], lengths[known], known)


def series(values: ArrayLike, name: str) -> Floats:
    """
    A row of numbers of 0 or more; NaN is one that is not known.

    Raises:
        InvalidArgument: A value is below 0 or infinite, or it is no row.
    """
    numbers = np.asarray(values, float)
    if numbers.ndim != 1:
        raise InvalidArgument(f"{name} has {numbers.ndim} dimensions; give a row of numbers")
    if (numbers < 0).any() or np.isinf(numbers).any():
        raise InvalidArgument(f"{name} has a value below 0 or an infinite one; give 0 or more, NaN where it is unknown")
    return numbers


def demand_of(load: ArrayLike, capacity: float, *, least: float = 1.0) -> Floats:
    """
    The least whole number of units that can serve a load: load / capacity rounded up, at least `least`.

    Args:
        load: In any unit, such as requests a second.
        capacity: What one unit can serve of it.
        least: The floor, such as the group's minimum: by what a metric divides is not 0.

    Raises:
        InvalidArgument: The capacity is not above 0.
    """
    if not capacity > 0:
        raise InvalidArgument(f"capacity={capacity} is not above 0; give what one unit can serve")
    # 0.3 / 0.1 is a little above 3 in binary fractions, and 3 units are enough
    return np.maximum(np.ceil(series(load, "load") / capacity - 1e-9), least)


def smoothed(demand: ArrayLike, steps: int) -> Floats:
    """The largest demand of each step and the `steps` before it: what cannot be launched and ended in between."""
    result = series(demand, "demand")
    if steps <= 0 or not len(result):
        return result
    padded = np.concatenate([np.full(steps, -np.inf), np.where(np.isnan(result), -np.inf, result)])
    largest = np.lib.stride_tricks.sliding_window_view(padded, steps + 1).max(axis=1)
    return np.where(np.isinf(largest), np.nan, largest)
