"""The words of Azure for ours, and durations as it writes them."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import TypeAdapter
from tzlocal.windows_tz import tz_win, win_tz

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

UTC = "UTC"


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


def windows_zone(zone: str) -> str | None:
    """The name that Windows has for an IANA zone; `None` where it has none. Several zones share one (CLDR)."""
    return UTC if zone in ("UTC", "Etc/UTC") else tz_win.get(zone)


def iana_zones(windows: str) -> tuple[str, ...]:
    """The IANA zones that share a name of Windows, the one that stands for all of them first."""
    if windows == UTC:
        return (UTC,)
    first = win_tz.get(windows)
    others = sorted(zone for zone, name in tz_win.items() if name == windows and zone != first)
    return ((first,) if first else ()) + tuple(others)
