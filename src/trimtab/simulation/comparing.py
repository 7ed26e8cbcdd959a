"""Two policies side by side on the same loads and the same chance, and how sure the difference is."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from trimtab.errors import InvalidArgument, MissingExtra
from trimtab.kpis.card import Kpi, KpiOptions, Kpis
from trimtab.simulation.run import SimulatedRun

if TYPE_CHECKING:
    from trimtab.kpis.scoring import Static

_LESS_IS_BETTER = {
    *("time-to-scale", "longest-shortage", "shortages", "instance-hours", "cost", "cost-per-request"),
    *("amortization", "latency-p95", "response-p95", "error-rate", "under-provisioning", "over-provisioning"),
    *("under-time", "over-time", "instability", "missing-units", "idle-units"),
}
_MORE_IS_BETTER = {
    *("availability", "availability-while-scaling", "precision", "efficiency", "savings", "return-on-investment"),
    *("apdex", "exact-time", "elastic-speedup"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiDifference:
    """
    One KPI of two policies: the mean of each over all pairs, and of their difference.

    Attributes:
        name: The KPI.
        unit: Its unit.
        first: The mean of the first policy's.
        second: The mean of the second's.
        change: The mean of second - first, pair by pair; `None` where no pair has both.
        low: Where the confidence interval of the change begins; `None` for fewer than two pairs.
        high: Where it ends.
        pairs: How many pairs have both.
        missing: How many have not: nothing to measure on a side.
    """

    name: str
    unit: str
    first: float | None
    second: float | None
    change: float | None
    low: float | None
    high: float | None
    pairs: int
    missing: int

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves 0 out: the change is more than chance."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    @property
    def better(self) -> str:
        """`first` or `second` where the change is certain and one side is the better one; empty otherwise."""
        if not self.is_certain or self.change is None or self.name not in _LESS_IS_BETTER | _MORE_IS_BETTER:
            return ""
        return "second" if (self.change > 0) == (self.name in _MORE_IS_BETTER) else "first"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "certain": self.is_certain,
            "better": self.better,
        }


@dataclass(frozen=True, kw_only=True)
class PairedComparison:
    """
    Two policies on the same loads and seeds.

    Attributes:
        first: What the first one is called.
        second: What the second one is called.
        pairs: How many pairs of simulations there are.
        confidence: Of the intervals, in per cent.
        differences: One for each KPI.
    """

    first: str
    second: str
    pairs: int
    confidence: float
    differences: tuple[KpiDifference, ...]

    def __iter__(self) -> Iterator[KpiDifference]:
        return iter(self.differences)

    def __getitem__(self, name: str) -> KpiDifference:
        """The difference in one KPI."""
        return next(each for each in self.differences if each.name == name)

    def __str__(self) -> str:
        """A line for each KPI that differs."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        pairs = "1 pair" if self.pairs == 1 else f"{self.pairs} pairs"
        yield f"{self.first} (first) against {self.second} (second), {pairs}"
        differ = [each for each in self.differences if each.change]
        for each in differ:
            first, second, change = (
                Kpi(name=each.name, value=value, unit=each.unit).text
                for value in (each.first, each.second, each.change)
            )
            sure = "one pair: no interval"
            if each.low is not None and each.high is not None:
                sure = f"{self.confidence:g} %: {each.low:.4g} to {each.high:.4g}"
                sure += "" if each.is_certain else ", may be chance"
            verdict = f"{each.better} is better" if each.better else ""
            lacking = f"{each.missing} of {self.pairs} pairs have none" if each.missing else ""
            rest = ", ".join(filter(None, (sure, verdict, lacking)))
            yield f"{each.name:26}  {first:>14}  {second:>14}  change {change} ({rest})"
        if not differ:
            yield "no KPI differs"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "first": self.first,
            "second": self.second,
            "pairs": self.pairs,
            "confidence": self.confidence,
            "differences": [each.to_dict() for each in self.differences],
        }


def compare(
    first: SimulatedRun | Sequence[SimulatedRun],
    second: SimulatedRun | Sequence[SimulatedRun],
    *,
    names: tuple[str, str] = ("first", "second"),
    baseline: "Static" = "static-p95",
    options: KpiOptions | None = None,
    confidence: float = 95.0,
) -> PairedComparison:
    """
    Two policies on the same loads and seeds: each KPI of both, and the mean difference with a confidence interval.

    Pairs have the same load and the same seed, so that chance is the same on both sides and drops out of their
    difference. The interval is Student's t of the differences; each load and seed counts as one pair.

    Args:
        first: Simulations of the first policy, of one load or several.
        second: Simulations of the second, in the same order.
        names: What the two are called.
        baseline: What savings and the elastic speedup are measured against, on both sides.
        options: Prices, targets and Apdex's T.
        confidence: In per cent.

    Raises:
        InvalidArgument: There is no pair, their number differs, or a pair differs in load or seed.
        MissingExtra: numpy is not installed.
    """
    try:
        from trimtab.simulation.kpis import check_same_load, kpis_of  # numpy is an extra
    except ModuleNotFoundError as missing:
        raise MissingExtra("working out KPIs", "sim") from missing

    if not 0 < confidence < 100:
        raise InvalidArgument(f"confidence={confidence} is not between 0 and 100")
    ones, others = _listed(first), _listed(second)
    if not ones or len(ones) != len(others):
        raise InvalidArgument(f"{len(ones)} and {len(others)} simulations make no pairs; give as many of each")
    for one, other in zip(ones, others, strict=True):
        check_same_load(one, other)
        if one.seed != other.seed:
            raise InvalidArgument(f"seeds {one.seed} and {other.seed} make no pair; simulate both with the same seed")
    scores = [(kpis_of(one, baseline, options), kpis_of(other, baseline, options)) for one, other in _zip(ones, others)]
    return PairedComparison(
        first=names[0],
        second=names[1],
        pairs=len(scores),
        confidence=confidence,
        differences=tuple(_difference(item, scores, confidence) for item in scores[0][0]),
    )


def _zip(ones: Sequence[SimulatedRun], others: Sequence[SimulatedRun]) -> Iterator[tuple[SimulatedRun, SimulatedRun]]:
    return zip(ones, others, strict=True)


def _listed(runs: SimulatedRun | Sequence[SimulatedRun]) -> Sequence[SimulatedRun]:
    return runs if isinstance(runs, Sequence) else [runs]


def _difference(item: Kpi, scores: Sequence[tuple[Kpis, Kpis]], confidence: float) -> KpiDifference:
    name = item.name
    both = [(one[name].value, other[name].value) for one, other in scores]
    known = [(old, new) for old, new in both if old is not None and new is not None and math.isfinite(new - old)]
    changes = [new - old for old, new in known]
    low, high = interval(changes, confidence)
    return KpiDifference(
        name=name,
        unit=item.unit,
        first=fmean(old for old, _ in known) if known else None,
        second=fmean(new for _, new in known) if known else None,
        change=fmean(changes) if changes else None,
        low=low,
        high=high,
        pairs=len(known),
        missing=len(both) - len(known),
    )


def interval(values: Sequence[float], confidence: float = 95.0) -> tuple[float | None, float | None]:
    """The confidence interval of a mean: mean -+ t s / sqrt(n), n - 1 degrees of freedom; none of fewer than two."""
    if len(values) < 2:
        return None, None
    half = student(len(values) - 1, confidence) * stdev(values) / math.sqrt(len(values))
    return fmean(values) - half, fmean(values) + half


def student(freedom: int, confidence: float) -> float:
    """The number t that a variable of Student's distribution is within, on either side, with a confidence."""
    low, high = 0.0, 1.0
    while _within(high, freedom) < confidence / 100:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence / 100 else (low, middle)
    return (low + high) / 2


def _within(value: float, freedom: int) -> float:
    """P(|t| <= value), the finite series for whole degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(value / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    if freedom == 1:
        return 2 * angle / math.pi
    odd = freedom % 2
    term = total = cosine if odd else 1.0
    for number in range(2 + odd, freedom - 1, 2):
        term *= cosine * cosine * (number - 1) / number
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
