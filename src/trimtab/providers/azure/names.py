"""The words of Azure for ours, and durations as it writes them."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import TypeAdapter

from trimtab.models import Comparison

RULE_OPERATORS: Mapping[Comparison, str] = {
    Comparison.ABOVE: "GreaterThan",
    Comparison.AT_LEAST: "GreaterThanOrEqual",
    Comparison.BELOW: "LessThan",
    Comparison.AT_MOST: "LessThanOrEqual",
}
INVERTED: Mapping[Comparison, Comparison] = {
    Comparison.ABOVE: Comparison.BELOW,
    Comparison.AT_LEAST: Comparison.AT_MOST,
    Comparison.BELOW: Comparison.ABOVE,
    Comparison.AT_MOST: Comparison.AT_LEAST,
}
"""What a comparison is of what is left."""
ACROSS: Mapping[str, str] = {"average": "Average", "minimum": "Min", "maximum": "Max", "sum": "Sum", "count": "Count"}
"""How a rule combines the instances (`statistic`)."""
OVER_TIME: Mapping[str, str] = {
    "average": "Average",
    "minimum": "Minimum",
    "maximum": "Maximum",
    "sum": "Total",
    "count": "Count",
}
"""How rules, alerts and queries combine what was measured over time."""
INVERTED_STATISTIC: Mapping[str, str] = {"minimum": "maximum", "maximum": "minimum"}


def iso(duration: timedelta) -> str:
    """A duration as Azure writes it back: `PT5M`, `PT1H30M`, `P1D`."""
    seconds = int(duration.total_seconds())
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    clock = "".join(f"{count}{letter}" for count, letter in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    date = f"{days}D" if days else ""
    return f"P{date}T{clock}" if clock else f"P{date}" if date else "PT0S"


_DURATION = TypeAdapter(timedelta)


def read_iso(text: str) -> timedelta:
    """A duration that Azure wrote."""
    return _DURATION.validate_python(text)
