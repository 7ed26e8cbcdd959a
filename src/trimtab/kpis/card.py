"""KPIs with their units and targets, and what cannot be known said in their place."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trimtab.kpis.prices import Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiTarget:
    """
    A bar: a value above or below it passes, one on it too where `inclusive`.

    Attributes:
        limit: The bar, in the KPI's unit.
        above: Whether more is better.
        inclusive: Whether the bar itself passes.
    """

    limit: float
    above: bool
    inclusive: bool = False

    def passes(self, value: float) -> bool:
        """Whether a value is on the right side."""
        if value == self.limit:
            return self.inclusive
        return value > self.limit if self.above else value < self.limit

    def __str__(self) -> str:
        """Such as `< 300`."""
        sign = ">" if self.above else "<"
        return f"{sign}{'=' if self.inclusive else ''} {self.limit:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """
    One KPI.

    Attributes:
        name: Its name, as in the documentation.
        value: In its unit; `None` where there is nothing to measure, or it cannot be known.
        unit: `s`, `%`, `1/min`, `months`, a currency, or nothing.
        target: The bar that it is held against; `None` where it has none.
        note: Why there is no value, or what has to be known about it.
        verdict: Whether it passes, where that can be told without a value; otherwise the target tells.
    """

    name: str
    value: float | None
    unit: str = ""
    target: KpiTarget | None = None
    note: str = ""
    verdict: bool | None = None

    @property
    def passes(self) -> bool | None:
        """Whether it reaches its target; `None` where it has none, or that cannot be told."""
        if self.verdict is not None or self.target is None or self.value is None:
            return self.verdict
        return self.target.passes(self.value)

    @property
    def text(self) -> str:
        """The value with its unit; `n/a` without one."""
        if self.value is None:
            return "n/a"
        if math.isinf(self.value):
            return "never"
        # 99.97 must not read as 100
        digits = 3 if self.unit == "%" and 99 <= self.value < 100 else 2
        number = f"{self.value:,.{digits}f}" if abs(self.value) >= 10 else f"{self.value:.4g}"
        if "." in number and "e" not in number:
            number = number.rstrip("0").rstrip(".")
        return f"{number} {self.unit}".strip()

    def to_dict(self) -> dict[str, Any]:
        """JSON data; an infinite value is `None` and its note says so."""
        finite = self.value is not None and math.isfinite(self.value)
        return {
            "name": self.name,
            "value": self.value if finite else None,
            "unit": self.unit,
            "target": str(self.target) if self.target else None,
            "passes": self.passes,
            "note": self.note or ("never" if self.value is not None and not finite else ""),
        }


def kpi(
    name: str, value: float, unit: str = "", *, target: KpiTarget | None = None, note: str = "", absent: str = ""
) -> Kpi:
    """
    A KPI from a number that may be NaN.

    Args:
        name: Its name.
        value: NaN where there is nothing to measure.
        unit: Its unit.
        target: The bar.
        note: What has to be known about the value.
        absent: Why there is none, where it is NaN.
    """
    if math.isnan(value):
        return Kpi(name=name, value=None, unit=unit, target=target, note=absent or note)
    return Kpi(name=name, value=value, unit=unit, target=target, note=note)


@dataclass(frozen=True, kw_only=True)
class Kpis:
    """
    The KPIs of one group over a time: of a simulation, or of a group that runs.

    Attributes:
        group: The group's name.
        since: When the time begins.
        until: When it ends.
        items: The KPIs, in the order of the documentation.
        baseline: What savings and the elastic speedup are measured against.
        notes: What has to be known about all of them.
    """

    group: str
    since: datetime
    until: datetime
    items: tuple[Kpi, ...]
    baseline: str = ""
    notes: tuple[str, ...] = ()
    _by_name: Mapping[str, Kpi] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep them by name."""
        object.__setattr__(self, "_by_name", {item.name: item for item in self.items})

    def __iter__(self) -> Iterator[Kpi]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, name: str) -> Kpi:
        """A KPI by its name, such as `time-to-scale`."""
        return self._by_name[name]

    @property
    def failures(self) -> tuple[Kpi, ...]:
        """Those that miss their target."""
        return tuple(item for item in self.items if item.passes is False)

    def __str__(self) -> str:
        """A line for each."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.group}, {self.since.isoformat()} to {self.until.isoformat()}"
        wide = max((len(item.name) for item in self.items), default=0)
        for item in self.items:
            verdict = {True: "pass", False: "FAIL", None: "" if item.target is None else "unknown"}[item.passes]
            bar = f"target {item.target}" if item.target else ""
            parts = [f"{item.name:{wide}}", f"{item.text:>14}", f"{bar:18}", f"{verdict:7}", item.note]
            yield "  ".join(parts).rstrip()
        yield from self.notes

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.group,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "baseline": self.baseline,
            "kpis": [item.to_dict() for item in self.items],
            "notes": list(self.notes),
        }


TARGETS: Mapping[str, KpiTarget] = {
    "time-to-scale": KpiTarget(limit=300, above=False),
    "availability-while-scaling": KpiTarget(limit=99.9, above=True),
    "precision": KpiTarget(limit=95, above=True),
    "efficiency": KpiTarget(limit=80, above=True),
    "savings": KpiTarget(limit=20, above=True, inclusive=True),
    "cost-per-request": KpiTarget(limit=0.001, above=False),
    "return-on-investment": KpiTarget(limit=200, above=True),
    "amortization": KpiTarget(limit=12, above=False),
    "latency-p95": KpiTarget(limit=0.1, above=False),
    "response-p95": KpiTarget(limit=0.2, above=False),
    "error-rate": KpiTarget(limit=0.1, above=False),
    "apdex": KpiTarget(limit=0.9, above=True),
}
"""The bars of a service that scales well; `savings` is one of 20 to 30 %, of which the lower end is the bar."""


@dataclass(frozen=True, kw_only=True)
class KpiOptions:
    """
    How KPIs are worked out.

    Attributes:
        prices: What things cost; without them money is in instance-hours.
        targets: The bars, by the names of the KPIs; those of `TARGETS` when left out.
        apdex_seconds: The time T up to which a request satisfies.
        slo_seconds: The response time that 95 % of the requests of each minute are to keep to. With it the demand of a
            simulation is the fewest units that do so by the queueing model (M/M/c), instead of the load by the capacity
            of one; a group that runs is not measured in a way that tells.
    """

    prices: Prices | None = None
    targets: Mapping[str, KpiTarget] = field(default_factory=lambda: TARGETS)
    apdex_seconds: float = 0.2
    slo_seconds: float | None = None
