"""Bounds that somebody states for KPIs, such as `availability >= 99.9`, and whether they hold."""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from trimtab.errors import InvalidArgument
from trimtab.kpis.card import Kpi
from trimtab.phrases import closest

KPI_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("time-to-scale", "longest-shortage", "latency-p95", "response-p95"), "s"),
    **dict.fromkeys(("availability", "availability-while-scaling", "precision", "efficiency"), "%"),
    **dict.fromkeys(("savings", "return-on-investment", "error-rate"), "%"),
    **dict.fromkeys(("under-provisioning", "over-provisioning", "under-time", "over-time", "exact-time"), "%"),
    **dict.fromkeys(("shortages", "cost", "cost-per-request", "apdex"), ""),
    **dict.fromkeys(("missing-units", "idle-units", "elastic-speedup"), ""),
    "instability": "%",
    "instance-hours": "h",
    "amortization": "months",
    "jitter": "1/min",
}
"""The KPIs of a simulation, and their units; those of money are in the currency of the prices."""
OTHER_NAMES: Mapping[str, str] = {"served": "availability"}
SHARES = frozenset({"availability", "availability-while-scaling", "precision", "efficiency", "exact-time"})
"""The KPIs that are shares of a whole, of which more is better."""
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(>=|<=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """
    A bound for a KPI.

    Attributes:
        name: The KPI, as in the documentation.
        comparison: `>=`, `>`, `<=` or `<`.
        limit: The bound, in the KPI's unit.
    """

    name: str
    comparison: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        A bound from its text: `availability >= 99.9`, `longest-shortage < 300 s`.

        Raises:
            InvalidArgument: It has another form, the KPI is unknown, or its unit is another one.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise InvalidArgument(f'requirement "{text}": write KPI >= NUMBER, with >=, >, <= or <; "served >= 99.9"')
        word, comparison, number, unit = match.groups()
        name = OTHER_NAMES.get(word, word)
        if name not in KPI_UNITS:
            guess = closest(word, [*KPI_UNITS, *OTHER_NAMES])
            fix = f"did you mean {guess!r}?" if guess else f"use one of {', '.join(KPI_UNITS)}"
            raise InvalidArgument(f'requirement "{text}": unknown KPI {word!r}; {fix}')
        if unit and unit != KPI_UNITS[name]:
            named = f"in {KPI_UNITS[name]}" if KPI_UNITS[name] else "a number without a unit"
            raise InvalidArgument(f'requirement "{text}": {name} is {named}, not in {unit!r}; write the number alone')
        if name in SHARES and not 0 <= float(number) <= 100:
            raise InvalidArgument(f'requirement "{text}": {name} is 0 to 100 %; write a number in between')
        if name in SHARES and comparison in (">=", ">") and 0 < float(number) <= 1:
            raise InvalidArgument(f'requirement "{text}": {name} is in per cent; write 99.9 for 0.999')
        return cls(name=name, comparison=comparison, limit=float(number))

    @property
    def wants_more(self) -> bool:
        """Whether a greater value is on the right side."""
        return self.comparison in (">=", ">")

    def __str__(self) -> str:
        """`availability >= 99.9 %`."""
        return f"{self.name} {self.comparison} {self.limit:g} {KPI_UNITS[self.name]}".rstrip()

    def judge(self, items: Sequence[Kpi]) -> "RequirementResult":
        """Hold the KPI of each simulation against it: the worst one counts."""
        if missing := next((item for item in items if item.value is None), None):
            return RequirementResult(requirement=self, why=missing.note or "it was not measured")
        values = [item.value for item in items if item.value is not None]
        worst = min(values) if self.wants_more else max(values)
        return RequirementResult(requirement=self, value=worst, holds=_COMPARISONS[self.comparison](worst, self.limit))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementResult:
    """
    A bound held against what was measured.

    Attributes:
        requirement: The bound.
        value: What it was held against; `None` where nothing was measured.
        holds: Whether it holds; `None` where that cannot be judged.
        why: Why it cannot be judged.
    """

    requirement: Requirement
    value: float | None = None
    holds: bool | None = None
    why: str = ""

    def __str__(self) -> str:
        """`availability >= 99.9 %: holds, 99.95 %`."""
        if self.holds is None:
            return f"{self.requirement}: cannot be judged: {self.why}{self._fix()}"
        name = self.requirement.name
        text = Kpi(name=name, value=self.value, unit=KPI_UNITS[name]).text
        return f"{self.requirement}: {'holds' if self.holds else 'broken'}, {text}"

    def _fix(self) -> str:
        return "; require longest-shortage, which is 0 then" if self.why == "no shortage" else ""

    def to_dict(self) -> dict[str, Any]:
        """JSON data; an infinite value is `None`."""
        finite = self.value is not None and math.isfinite(self.value)
        return {
            "requirement": str(self.requirement),
            "kpi": self.requirement.name,
            "comparison": self.requirement.comparison,
            "limit": self.requirement.limit,
            "value": self.value if finite else None,
            "holds": self.holds,
            "why": self.why,
        }
