"""
The published elasticity metrics: how well supply followed demand, and against a baseline.

Demand is the least supply that holds the service level. Where papers differ, the rules are fixed here:

- Ties are exact steps: under- and over-provisioned steps are counted with strict inequality, and the three shares
  make 100 %.
- What over-provisioning is divided by is named: demand, supply or nothing.
- Demand is at least 1 where it divides.
- Everything is weighted by the length of its step; steps in which demand or supply is NaN are left out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from trimtab.errors import InvalidArgument
from trimtab.kpis.series import Floats, Seconds, pair, smoothed

SPEEDUP = ("under_accuracy", "over_accuracy", "under_time", "over_time")
"""The metrics that the elastic speedup is made of."""


class Accuracy(StrEnum):
    """What missing or idle units are divided by: three definitions bear the same name."""

    DEMAND = "demand"
    SUPPLY = "supply"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elasticity:
    """
    How well supply followed demand.

    Attributes:
        under_accuracy: Missing units in per cent of the demand, on average over time.
        over_accuracy: Idle units in per cent of the demand, on average over time; no upper bound.
        under_time: The share of time with too few units, in per cent.
        over_time: The share of time with too many, in per cent.
        exact_time: The share of time with just as many as needed, in per cent.
        jitter: Units moved by the supply less those moved by the demand, a minute: below 0 sluggish, above unsteady.
        instability: The share of steps in which supply and demand move in different directions, in per cent.
        missing: Units missing on average.
        idle: Units idle on average.
        step: The worth of one step in per cent, 100 / steps: less than that no metric can tell.
    """

    under_accuracy: float
    over_accuracy: float
    under_time: float
    over_time: float
    exact_time: float
    jitter: float
    instability: float
    missing: float
    idle: float
    step: float

    def to_dict(self) -> dict[str, float | None]:
        """JSON data; `None` where there is nothing to measure."""
        return {name: None if math.isnan(value) else value for name, value in asdict(self).items()}


def elasticity(demand: ArrayLike, supply: ArrayLike, seconds: Seconds = 60.0, *, smooth: int = 0) -> Elasticity:
    """
    The elasticity metrics of a series; all NaN where there is no step in which both are known.

    Args:
        demand: The units that are needed in each step.
        supply: The units that serve in each step.
        seconds: The length of a step, or of each.
        smooth: For the instability, take the largest demand of so many steps before: chance of single steps, which
            no policy can follow, otherwise decides it.
    """
    both = pair(demand, supply, seconds)
    missing, idle = np.maximum(both.demand - both.supply, 0), np.maximum(both.supply - both.demand, 0)
    return Elasticity(
        under_accuracy=under_provisioning(demand, supply, seconds),
        over_accuracy=over_provisioning(demand, supply, seconds),
        under_time=100 * both.mean(missing > 0),
        over_time=100 * both.mean(idle > 0),
        exact_time=100 * both.mean(both.supply == both.demand),
        jitter=jitter(demand, supply, seconds),
        instability=instability(smoothed(demand, smooth), supply),
        missing=both.mean(missing),
        idle=both.mean(idle),
        step=100 / len(both.demand) if len(both.demand) else math.nan,
    )


def under_provisioning(
    demand: ArrayLike, supply: ArrayLike, seconds: Seconds = 60.0, *, by: Accuracy = Accuracy.DEMAND
) -> float:
    """
    Missing units: in per cent of the demand, on average over time, or (`by` nothing) the mean number of them.

    By supply it is the same as by demand: what is missing has no supply to be divided by.
    """
    both = pair(demand, supply, seconds)
    missing = np.maximum(both.demand - both.supply, 0)
    if Accuracy(by) is Accuracy.NOTHING:
        return both.mean(missing)
    return 100 * both.mean(missing / np.maximum(both.demand, 1))


def over_provisioning(
    demand: ArrayLike, supply: ArrayLike, seconds: Seconds = 60.0, *, by: Accuracy = Accuracy.DEMAND
) -> float:
    """Idle units: in per cent of the demand (no upper bound) or of the supply (at most 100), or their mean number."""
    both = pair(demand, supply, seconds)
    idle = np.maximum(both.supply - both.demand, 0)
    if Accuracy(by) is Accuracy.NOTHING:
        return both.mean(idle)
    divisor = both.demand if Accuracy(by) is Accuracy.DEMAND else both.supply
    return 100 * both.mean(idle / np.maximum(divisor, 1))


def jitter(demand: ArrayLike, supply: ArrayLike, seconds: Seconds = 60.0) -> float:
    """Units moved by the supply less units moved by the demand, a minute: a jump of 3 counts 3."""
    both = pair(demand, supply, seconds)
    if not both.total:
        return math.nan
    moved = np.abs(np.diff(both.supply)).sum() - np.abs(np.diff(both.demand)).sum()
    return float(moved) / (both.total / 60)


def instability(demand: ArrayLike, supply: ArrayLike) -> float:
    """The share of steps in which supply and demand move differently (one of them may stand still), in per cent."""
    both = pair(demand, supply)
    if len(both.demand) < 2:
        return math.nan
    differ = np.abs(np.sign(np.diff(both.supply)) - np.sign(np.diff(both.demand)))
    return 100 * float(np.minimum(differ, 1).mean())


def instabilities(demand: ArrayLike, supply: ArrayLike) -> tuple[float, float]:
    """The two halves of the instability: supply moves above demand's direction, and below it; in per cent."""
    both = pair(demand, supply)
    if len(both.demand) < 2:
        return math.nan, math.nan
    differ = np.sign(np.diff(both.supply)) - np.sign(np.diff(both.demand))
    above, below = (np.minimum(np.maximum(side, 0), 1).mean() for side in (differ, -differ))
    return 100 * float(above), 100 * float(below)


def elastic_speedup(baseline: Mapping[str, float] | Elasticity, scaled: Mapping[str, float] | Elasticity) -> float:
    """
    How many times better than a named baseline: the geometric mean of four ratios; above 1 gains.

    A metric of 0, as of an oracle, would make it infinite: of an `Elasticity` each is at least the worth of one step.

    Args:
        baseline: Without scaling, or with the policy of today.
        scaled: With the policy to be judged.

    Returns:
        NaN where a metric is 0 or unknown and the number of steps is not known.
    """
    before, after = _four(baseline), _four(scaled)
    if any(math.isnan(value) or value <= 0 for value in (*before, *after)):
        return math.nan
    return math.prod(old / new for old, new in zip(before, after, strict=True)) ** (1 / len(SPEEDUP))


def _four(metrics: Mapping[str, float] | Elasticity) -> list[float]:
    if isinstance(metrics, Elasticity):
        return [max(getattr(metrics, name), metrics.step) for name in SPEEDUP]
    return [metrics[name] for name in SPEEDUP]


def deviation(values: Sequence[float]) -> float:
    """
    The worst-case deviation: the Minkowski norm of the metrics from their ideal 0, of the order of their number.

    Raises:
        InvalidArgument: There is none, or one is below 0.
    """
    if not values or any(not value >= 0 for value in values):
        raise InvalidArgument("a deviation is of one metric or more, each 0 or above")
    order, largest = len(values), max(values)
    return largest * sum((value / largest) ** order for value in values) ** (1 / order) if largest else 0.0


def competition(rivals: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """
    The share of duels that each rival wins, metric by metric against each other, in per cent; a draw is half won.

    Args:
        rivals: The metrics of each, in the same order; less is better.

    Raises:
        InvalidArgument: There are fewer than two, or their metrics are not the same in number.
    """
    if len(rivals) < 2 or len({len(values) for values in rivals.values()}) != 1 or not next(iter(rivals.values())):
        raise InvalidArgument("a competition is between two rivals or more, with the same metrics of each")
    duels = (len(rivals) - 1) * len(next(iter(rivals.values())))
    return {
        name: 100
        / duels
        * sum(
            (mine < its) + (mine == its) / 2
            for other, values in rivals.items()
            if other != name
            for mine, its in zip(own, values, strict=True)
        )
        for name, own in rivals.items()
    }


def required_capacity(units: ArrayLike, utilization: ArrayLike, target: float) -> Floats:
    """
    The units that a load takes at a target utilization, from what runs and how much of it is used.

    units x utilization / target, as predictive scaling infers it:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/predictive-scaling-customized-metric-specification.html

    Args:
        units: What serves.
        utilization: In per cent. At 100 the load may be higher than can be seen.
        target: In per cent.
    """
    if not target > 0:
        raise InvalidArgument(f"target={target} is not above 0; give the utilization to hold, in per cent")
    required: Floats = np.asarray(units, float) * np.asarray(utilization, float) / target
    return required


__all__ = [
    "SPEEDUP",
    "Accuracy",
    "Elasticity",
    "competition",
    "deviation",
    "elastic_speedup",
    "elasticity",
    "instabilities",
    "instability",
    "jitter",
    "over_provisioning",
    "required_capacity",
    "under_provisioning",
]
