"""
What measured durations, datapoints and sizes say about a fleet, each number with a 90 % interval; pure.

Nothing is put in the place of a number that the data do not give: it is not identifiable, and its reason says why.
"""

from collections.abc import Sequence
from math import erf, exp, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trimtab.simulation.calibration import UNITS, Estimate, unknown

Floats = NDArray[np.float64]
FEWEST_DURATIONS = 5
FEWEST_CHANGES = 3
MOST_CUT_OFF = 0.1
"""The share of launches without an end from which on the others say too little: the longest are those that lack one."""
FEWEST_DATAPOINTS = 30
_DRAWS = 1000
_SIDES = (0.05, 0.95)
_NORMAL = 1.6448536269514722
"""The 95th percentile of a standard normal variable."""
_FLAT = 0.01
"""A load for each instance that varies by less than this share is flat."""
_WIDEST = 2.0
"""An interval whose ends are further apart than this factor says nothing of a capacity."""
FULL = 99.0
"""CPU in per cent from which on an instance may have had more to do than it could."""
_ROUNDING = 1e-12
"""A variance of logarithms that is none."""
STALE = 900.0
"""Seconds; a newest datapoint that is older tells of a metric that has stopped, not of its delay."""


def _sides(count: int) -> tuple[float, float]:
    """
    Which quantiles of a bootstrap over so few parts have 90 % between them: farther out than 5 and 95 %.

    The expanded percentile interval of T. Hesterberg: What Teachers Should Know About the Bootstrap. The American
    Statistician 69 (2015), 371-386; the quantile of Student's t by its series in 1/degrees, which is good to 1 % from
    three on.
    """
    free, z = max(count - 1, 1), _NORMAL
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    low = (1 - erf(t * sqrt(count / free) / sqrt(2))) / 2
    return low, 1 - low


# durations


def lognormal(name: str, seconds: Sequence[float], *, what: str, seed: int) -> tuple[Estimate, Estimate]:
    """
    The mean of durations, and their standard deviation as a share of it, taken for lognormal.

    The intervals are generalized confidence intervals, simulated from the seed: exact for the spread, and for the mean
    close to it in small samples too. K. Krishnamoorthy, T. Mathew: Inferences on the means of lognormal distributions
    using generalized p-values and generalized confidence intervals. Journal of Statistical Planning and Inference 115
    (2003), 103-121.

    Args:
        name: `boot` or `drain`.
        seconds: The durations; those of nothing count as a thousandth of a second.
        what: What they are the durations of, for people.
        seed: What chance is drawn from.
    """
    logs = np.log(np.maximum(np.asarray(seconds, float), 0.001))
    count, mean, variance = len(logs), float(logs.mean()), float(logs.var(ddof=1))
    variance = variance if variance > _ROUNDING else 0.0
    chance = np.random.default_rng(seed)
    drawn = variance * (count - 1) / chance.chisquare(count - 1, _DRAWS)
    means = np.exp(mean - chance.standard_normal(_DRAWS) * np.sqrt(drawn / count) + drawn / 2)
    low, high = np.quantile(means, _SIDES)
    value = float(np.exp(mean + variance / 2)) if variance else float(np.mean(seconds))
    method = f"{what}; lognormal, generalized confidence interval"
    first = Estimate(
        name=name,
        unit="s",
        value=value,
        low=min(float(low), value),
        high=max(float(high), value),
        samples=count,
        method=method,
    )
    sides = np.sqrt(np.expm1(np.quantile(drawn, _SIDES)))
    spread = Estimate(
        name="boot_spread",
        unit=UNITS["boot_spread"],
        value=float(np.sqrt(np.expm1(variance))),
        low=float(sides[0]),
        high=float(sides[1]),
        samples=count,
        method=method,
    )
    return first, spread


def counted_boot(middles: Sequence[float], steps: Sequence[int], *, period: float, what: str, seed: int) -> Estimate:
    """
    The mean of boots that are only known by a size that is counted once a period.

    When in its period an instance was counted is not known, so that each boot is known to a period on both sides. The
    interval is that of a bootstrap over the changes of size (B. Efron, R. Tibshirani: An Introduction to the Bootstrap,
    1993, ch. 13), wider by a period on each side; it covers the truth at least as often as it says.

    Args:
        middles: From the launch to the beginning of the first period that counted the instance, in seconds.
        steps: Which change of size launched each.
        period: The length of a period, in seconds.
        what: Where the sizes are from.
        seed: What chance is drawn from.
    """
    values, groups = np.asarray(middles, float), np.asarray(steps)
    names = np.unique(groups)
    sums = np.array([values[groups == each].sum() for each in names])
    counts = np.array([(groups == each).sum() for each in names])
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), _DRAWS)
    low, high = np.quantile(drawn @ sums / (drawn @ counts), _sides(len(names)))
    return Estimate(
        name="boot",
        unit="s",
        value=max(0.0, float(values.mean())),
        low=max(0.0, float(low) - period),
        high=max(0.0, float(high) + period),
        samples=len(values),
        method=f"{what}; bootstrap over {len(names)} changes of size, and {period:g} s on each side",
    )


def delay(age: float, period: float, *, what: str) -> Estimate:
    """
    How late datapoints are, from the age of the newest one.

    The next one, a period younger, was not there yet: the delay lies between the age less a period, and the age. These
    are bounds, closed and without chance; they cover the truth at least as often as 90 % of the time.

    Args:
        age: From the end of the newest period with a value until it was read, in seconds.
        period: The length of a period, in seconds.
        what: Of which metric.
    """
    if age > STALE:
        reason = f"the newest datapoint of {what} is {age / 60:.0f} minutes old: its metric has stopped"
        return unknown("metric_delay", f"{reason}; measure while instances run")
    low = max(0.0, age - period)
    return Estimate(
        name="metric_delay",
        unit="s",
        value=(low + age) / 2,
        low=low,
        high=age,
        samples=1,
        method=f"age of the newest datapoint of {what}; bounds: at most that, and less than a period below",
    )


# capacity and noise


class Work(NamedTuple):
    """
    What one instance had to do, and how busy it was; a value for each period.

    Attributes:
        load: Requests a second of one instance.
        cpu: In per cent.
    """

    load: Floats
    cpu: Floats


class Fit(NamedTuple):
    """What a regression says: the two numbers, and the CPU of an instance that has nothing to do with its interval."""

    capacity: Estimate
    noise: Estimate
    idle: tuple[float, float, float] | None = None


def work_of(load: Floats, sizes: Floats, cpu: Floats) -> Work:
    """
    The periods that tell what an instance does: all is known, and the size is the same before and after.

    Args:
        load: Requests a second of the group, NaN where unknown.
        sizes: Instances in service, NaN where unknown.
        cpu: The CPU of its instances in per cent, NaN where unknown.
    """
    steady = np.zeros(len(sizes), bool)
    steady[1:-1] = (sizes[1:-1] == sizes[:-2]) & (sizes[1:-1] == sizes[2:])
    with np.errstate(invalid="ignore"):
        used = steady & (sizes >= 1) & (load > 0) & (cpu > 0)
    return Work(load[used] / sizes[used], cpu[used])


def regression(work: Work, *, what: str, seed: int) -> Fit:
    """
    Capacity and noise from how the CPU of an instance follows its load: cpu = idle + slope x load, times noise.

    Weighted least squares, as the noise is a share of the value; the capacity is the load at which the line reaches
    100 %, its interval that of a bootstrap over blocks of periods, as what is left in one minute resembles the next:
    E. Carlstein, The use of subseries values for estimating the variance of a general statistic from a stationary
    sequence, Annals of Statistics 14 (1986), 1171-1179. Blocks have n^(1/3) periods: P. Hall, J. Horowitz, B.-Y. Jing,
    On blocking rules for the bootstrap with dependent data, Biometrika 82 (1995), 561-574. The noise is the standard
    deviation of what is left, as a share of the line, with the interval of `_spread_of`.

    Args:
        work: What instances had to do and how busy they were.
        what: Where the load and the sizes are from.
        seed: What chance is drawn from.
    """
    work = below_full(work)
    count = len(work.load)
    if count < FEWEST_DATAPOINTS:
        reason = f"only {count} datapoints have a load, a steady size and a CPU that is sure to be below full"
        return _unfit(f"{reason} (at least {FEWEST_DATAPOINTS} needed); look further back with `since`", count)
    if _is_flat(work):
        reason = "the load of an instance is flat: CPU at rest cannot be told from CPU for requests"
        return _unfit(f"{reason}; choose a time in which the load varies", count)
    line, weights = _fitted(work)
    left = _left(work, line)
    length = max(1, round(count ** (1 / 3)))
    starts = np.arange(0, count, length)
    blocks = np.add.reduceat(_sums(work, weights), starts, axis=0)
    drawn = np.random.default_rng(seed).multinomial(len(starts), np.full(len(starts), 1 / len(starts)), _DRAWS)
    idles, slopes = _lines(drawn.astype(float) @ blocks)
    sides = _sides(len(starts))
    method = f"{what}; weighted regression, bootstrap over {len(starts)} blocks of {length}"
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.quantile((100 - idles) / slopes, sides)
    interval = float(low), float(high)
    rests = float(np.quantile(idles, sides[0])), float(np.quantile(idles, sides[1]))
    return Fit(
        _capacity(line, interval, float(np.quantile(slopes, sides[0])), count, method),
        _spread_of(left, method.partition(",")[0]),
        (line[0], *rests),
    )


def _capacity(
    line: tuple[float, float], interval: tuple[float, float], least: float, count: int, method: str
) -> Estimate:
    low, high = interval
    if least <= 0 or low <= 0 or high > _WIDEST * low:
        reason = "the load of an instance moved too little for what its CPU varies by itself"
        return unknown("capacity", f"{reason}; choose a time in which the load varies more", count)
    value = (100 - line[0]) / line[1]
    return Estimate(
        name="capacity",
        unit=UNITS["capacity"],
        value=value,
        low=min(low, value),
        high=max(high, value),
        samples=count,
        method=method,
    )


def _spread_of(left: Floats, method: str) -> Estimate:
    """
    The standard deviation of what a line leaves, with an interval that holds for heavy tails too.

    D. Bonett: Approximate confidence interval for standard deviation of nonnormal distributions. Computational
    Statistics and Data Analysis 50 (2006), 775-782; closed form.
    """
    count, squares = len(left), float((left**2).sum())
    value = sqrt(squares / (count - 2))
    tails = count * float((left**4).sum()) / squares**2 if squares else 0.0
    factor = count / (count - _NORMAL)
    error = factor * sqrt(max(0.0, tails - (count - 3) / count) / (count - 1))
    low, high = (sqrt(factor) * value * exp(side * _NORMAL * error / 2) for side in (-1, 1))
    return Estimate(
        name="noise",
        unit=UNITS["noise"],
        value=value,
        low=min(value, low),
        high=max(value, high),
        samples=count,
        method=f"{method}, Bonett's interval of what is left",
    )


def _unfit(reason: str, count: int) -> Fit:
    return Fit(unknown("capacity", reason, count), unknown("noise", reason, count))


def below_full(work: Work) -> Work:
    """
    The periods whose load leaves the CPU below full, as far as its noise goes.

    Full ones tell of work that was not done. They are chosen by the load: by the CPU itself, the line were too flat.
    """
    rough = Work(*(values[work.cpu < FULL] for values in work))
    if len(rough.load) < FEWEST_DATAPOINTS or _is_flat(rough):
        return rough
    line, _ = _fitted(rough)
    noise = float(np.sqrt(np.mean(_left(rough, line) ** 2)))
    sure = _height(work, line) * (1 + 3 * noise) < FULL
    return Work(work.load[sure], work.cpu[sure])


def _is_flat(work: Work) -> bool:
    return bool(np.std(work.load) < _FLAT * np.mean(work.load))


def _fitted(work: Work) -> tuple[tuple[float, float], Floats]:
    """A line, and the weight of each period: weighted anew twice, by the height of the line."""
    line, weights = _single(_sums(work, np.ones(len(work.load)))), np.ones(len(work.load))
    for _ in range(2):
        weights = 1 / _height(work, line) ** 2
        line = _single(_sums(work, weights))
    return line, weights


def _left(work: Work, line: tuple[float, float]) -> Floats:
    """What a line leaves, as a share of it."""
    result: Floats = (work.cpu - line[0] - line[1] * work.load) / _height(work, line)
    return result


def _height(work: Work, line: tuple[float, float]) -> Floats:
    """The line at each load; never so low that a single period outweighs all others."""
    result: Floats = np.maximum(line[0] + line[1] * work.load, 0.1 * float(work.cpu.mean()))
    return result


def _sums(work: Work, weights: Floats) -> Floats:
    """What a weighted regression sums up, a row for each period."""
    load, cpu = work
    return np.stack([weights, weights * load, weights * cpu, weights * load**2, weights * load * cpu], axis=1)


def _single(rows: Floats) -> tuple[float, float]:
    idle, slope = _lines(rows.sum(axis=0))
    return float(idle), float(slope)


def _lines(sums: Floats) -> tuple[Floats, Floats]:
    """Where lines begin and how steep they are, one for each row of sums."""
    ones, load, cpu, squares, products = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (ones * products - load * cpu) / (ones * squares - load**2)
        return (cpu - slope * load) / ones, slope
