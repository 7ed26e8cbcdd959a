"""How a service went: shortages and their length, what was served, how well the supply was used, Apdex."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimtab.errors import InvalidArgument
from trimtab.kpis.series import Floats, Seconds, pair, series


class ShortageSpan(NamedTuple):
    """
    A run of steps with fewer units than needed.

    Attributes:
        first: Its first step.
        end: The step in which there were enough again; the number of steps where that never was.
        seconds: How long it lasted.
        is_over: Whether it ended before the series did.
    """

    first: int
    end: int
    seconds: float
    is_over: bool


def shortages(demand: ArrayLike, supply: ArrayLike, seconds: Seconds = 60.0) -> list[ShortageSpan]:
    """
    The runs of steps with demand above supply; a step in which either is unknown ends a run.

    What is unknown neither lengthens a shortage nor ends it well: such a run counts as not over.
    """
    both = pair(demand, supply, seconds)
    lengths = np.zeros(len(both.known))
    lengths[both.known] = both.seconds
    short = np.zeros(len(both.known), bool)
    short[both.known] = both.demand > both.supply
    edges = np.flatnonzero(np.diff(np.concatenate([[False], short, [False]]).astype(int)))
    return [
        ShortageSpan(int(first), int(end), float(lengths[first:end].sum()), bool(end < len(short) and both.known[end]))
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def time_to_scale(spans: list[ShortageSpan], percent: float = 95.0) -> float:
    """
    The time from too few units to enough that so many per cent of shortages do not exceed, in seconds.

    The smallest length that at least that share of them does not exceed (no interpolation). One that is not over
    counts with the time that it has lasted. NaN without a shortage.
    """
    if not 0 < percent <= 100:
        raise InvalidArgument(f"percent={percent} is not above 0 and up to 100")
    if not spans:
        return math.nan
    lengths = sorted(each.seconds for each in spans)
    return lengths[max(math.ceil(len(lengths) * percent / 100 - 1e-9), 1) - 1]


def longest_shortage(spans: list[ShortageSpan]) -> float:
    """The length of the longest shortage in seconds; 0 without one."""
    return max((each.seconds for each in spans), default=0.0)


def availability(load: ArrayLike, served: ArrayLike, seconds: Seconds = 60.0, where: ArrayLike | None = None) -> float:
    """
    What was served of what arrived, in per cent; NaN where nothing arrived.

    What waited and was served later counts in the step in which it was served, so a part of a series (`where`) is
    held at 100 at most.

    Args:
        load: What arrives a second.
        served: What is served a second.
        seconds: The length of a step, or of each.
        where: Only these steps.
    """
    both = pair(load, served, seconds)
    chosen = np.ones(len(both.demand), bool) if where is None else np.asarray(where, bool)[both.known]
    lengths = np.where(chosen, both.seconds, 0.0)
    arrived = float(np.dot(both.demand, lengths))
    return min(100.0, 100 * float(np.dot(both.supply, lengths)) / arrived) if arrived else math.nan


def precision(demand: ArrayLike, supply: ArrayLike, seconds: Seconds = 60.0) -> float:
    """100 x sum min(d, s) / sum max(d, s): 100 where supply is demand; NaN where both are 0 throughout."""
    both = pair(demand, supply, seconds)
    return _ratio(np.minimum(both.demand, both.supply), np.maximum(both.demand, both.supply), both.seconds)


def efficiency(demand: ArrayLike, supply: ArrayLike, seconds: Seconds = 60.0) -> float:
    """100 x sum min(d, s) / sum s: the share of the supply that was needed; NaN without any supply."""
    both = pair(demand, supply, seconds)
    return _ratio(np.minimum(both.demand, both.supply), both.supply, both.seconds)


def _ratio(part: Floats, whole: Floats, seconds: Floats) -> float:
    total = float(np.dot(whole, seconds))
    return 100 * float(np.dot(part, seconds)) / total if total else math.nan


def error_rate(requests: ArrayLike, errors: ArrayLike) -> float:
    """Errors in per cent of requests, counts or rates of equal steps; NaN without requests."""
    both = pair(requests, errors)
    total = float(both.demand.sum())
    return 100 * float(both.supply.sum()) / total if total else math.nan


def apdex(satisfied: float, tolerating: float, total: float) -> float:
    """
    Apdex, 0 to 1: (satisfied + tolerating / 2) / all samples.

    A request is satisfied up to a time T and tolerating up to 4 T; slower ones, and those that failed, are
    frustrated. https://www.apdex.org/wp-content/uploads/2020/09/ApdexTechnicalSpecificationV11_000.pdf

    Returns:
        NaN without samples ("NS" in the specification).

    Raises:
        InvalidArgument: More are satisfied or tolerating than there are, or a number is below 0.
    """
    if min(satisfied, tolerating, total) < 0 or satisfied + tolerating > total * (1 + 1e-9):
        raise InvalidArgument(f"{satisfied} satisfied and {tolerating} tolerating of {total} cannot be")
    return (satisfied + tolerating / 2) / total if total else math.nan


def scaling_steps(wanted: ArrayLike, in_service: ArrayLike, demand: ArrayLike) -> NDArray[np.bool_]:
    """The known steps in which a fleet scales or ought to: what serves is not what was decided, or less than needed."""
    target, there = series(wanted, "wanted"), series(in_service, "in_service")
    differ = (target != there) & ~np.isnan(target) & ~np.isnan(there)
    scaling: NDArray[np.bool_] = differ | (series(demand, "demand") > there)
    return scaling
