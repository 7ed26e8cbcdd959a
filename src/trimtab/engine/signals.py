"""
The signals of a Compute Engine autoscaler, and what it does with their largest.

Sources: Compute Engine, Use an autoscaling policy with multiple signals; Understand autoscaler decisions; Scale based
on Monitoring metrics; Scaling based on schedules; Using predictive autoscaling.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from trimtab.engine.crons import fires, last_fire
from trimtab.engine.limits import bound, peak_floor
from trimtab.engine.rounding import Number, ceil_ratio
from trimtab.engine.values import Sized

SHORTEST_WINDOW = timedelta(seconds=300)
"""How long a schedule is open at least."""
DEFAULT_STABILIZATION = timedelta(seconds=600)
LONGEST_STABILIZATION = timedelta(seconds=3600)
MOST_SCHEDULES = 128


class SignalType(StrEnum):
    """What a signal measures."""

    CPU = "cpu"
    LOAD_BALANCING = "load-balancing"
    METRIC = "metric"
    """A metric of each instance, or a total with a target for each."""
    PER_GROUP = "per-group"
    """One value for the whole group, which does not need a running instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal: its value, and its target or what one instance can take (`singleInstanceAssignment`)."""

    type: SignalType
    value: Number
    target: Number | None = None
    assignment: Number | None = None

    def needed(self, serving: int) -> int:
        """
        The size that the signal asks for.

        ceil(serving x value / target); of a value for the whole group, ceil(value / assignment). `serving` leaves out
        instances in their initialization period.

        Raises:
            ValueError: It has neither a target nor an assignment.
        """
        if self.assignment is not None:
            return max(0, ceil_ratio(1, self.value, self.assignment))
        if self.target is None:
            raise ValueError(f"a {self.type} signal needs a target, or what one instance is assigned")
        return max(0, ceil_ratio(serving, self.value, self.target))


def recommended_size(sizes: Iterable[int], schedules: Iterable[int] = (), *, low: int, high: int) -> int:
    """The largest that signals and active schedules ask for, within the bounds."""
    return bound(max([*sizes, *schedules], default=low), low, high)


def combined_forecast(real_time: int, predicted: int | None) -> int:
    """The size with predictive autoscaling: whichever is larger; `None` while there is too little history."""
    return real_time if predicted is None else max(real_time, predicted)


# stabilization and scale-in control


def stabilization_period(initialization: timedelta, given: timedelta | None = None) -> timedelta:
    """How far back scaling in looks: what is given, else the longer of ten minutes and the initialization period."""
    return max(DEFAULT_STABILIZATION, initialization) if given is None else given


def stabilized(current: int, needed: int, history: Sequence[Sized], *, window: timedelta, now: datetime) -> int:
    """The size after stabilization: scaling in goes no further than the peak that was needed in the window."""
    if needed >= current:
        return needed
    peak = max([needed, *(entry.size for entry in history if now - entry.at <= window)])
    return min(current, peak)


def controlled(current: int, wanted: int, *, peak: int, limit: int | None = None, percent: int | None = None) -> int:
    """The size after scale-in control: never below the peak of the window less the limit; per cent are of the peak."""
    if wanted >= current or (limit is None and percent is None):
        return wanted
    return max(wanted, min(current, peak_floor(peak, limit=limit, percent=percent)))


class ScalingMode(StrEnum):
    """What an autoscaler may do."""

    ON = "on"
    ONLY_SCALE_OUT = "only-scale-out"
    OFF = "off"


def enacted(mode: ScalingMode, current: int, recommended: int) -> int:
    """The target size: an autoscaler that is off goes on computing and changes nothing."""
    match mode:
        case ScalingMode.ON:
            return recommended
        case ScalingMode.ONLY_SCALE_OUT:
            return max(current, recommended)
        case ScalingMode.OFF:
            return current
        case _:
            assert_never(mode)


def can_reach_zero(signals: Iterable[SignalType], *, low: int, schedules: Iterable[int] = ()) -> bool:
    """
    Whether a group may scale in to nothing.

    With a minimum of 0, no schedule that asks for instances, and no signal that needs a running one.
    """
    return low == 0 and not any(schedules) and all(signal is SignalType.PER_GROUP for signal in signals)


# schedules


@dataclass(frozen=True, slots=True)
class RaisedMinimum:
    """
    One window.

    Attributes:
        name: Its own name.
        schedule: The schedule that it comes from.
        cron: When it opens; a sixth field is the year.
        zone: In which zone that is read.
        duration: How long it is open.
        min: The minimum while it is.
    """

    name: str
    schedule: str
    cron: str
    zone: str
    duration: timedelta
    min: int

    def named(self, name: str, cron: str) -> "RaisedMinimum":
        """The same under another name, at other times."""
        return replace(self, name=name, cron=cron)


class Minimums(NamedTuple):
    """The minimum that always holds, and the windows that raise it."""

    base: int
    windows: tuple[RaisedMinimum, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A scaling schedule: a cron, perhaps with a year as its sixth field, and how long it is open."""

    cron: str
    zone: str = "UTC"
    duration: timedelta
    created: datetime | None = None
    """When it was made; one that is made inside its window is open at once, until the window would have closed."""

    def open_since(self, at: datetime) -> datetime | None:
        """When the window that is open at `at` opened; `None` when it is closed. Its end is outside."""
        if self.created is not None and at < self.created:
            return None
        fields = self.cron.split()
        start = last_fire(" ".join(fields[:5]), self.zone, at) if len(fields) == 5 else self._last_of_years(fields, at)
        return start if start is not None and at < start + self.duration else None

    def _last_of_years(self, fields: Sequence[str], at: datetime) -> datetime | None:
        years, zone = set(years_of(fields[5])), ZoneInfo(self.zone)
        moments = fires(" ".join(fields[:5]), self.zone, at - self.duration, at)
        return max((moment for moment in moments if moment.astimezone(zone).year in years), default=None)


def window_problem(cron: str | None, zone: str, duration: timedelta) -> str | None:
    """What Compute Engine refuses about a scaling schedule; `None` when it takes it."""
    if duration < SHORTEST_WINDOW:
        return f"a schedule is open for {SHORTEST_WINDOW.seconds} s or more, not {duration.total_seconds():g} s"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"{zone!r} is not an IANA time zone"
    return None if cron is None else _cron_problem(cron)


def _cron_problem(cron: str) -> str | None:
    fields = cron.split()
    if len(fields) not in (5, 6):
        return f"{cron!r} has {len(fields)} fields; a schedule takes five, or six with a year"
    try:
        CronSim(" ".join(fields[:5]), datetime(2026, 1, 1))  # noqa: DTZ001 - only parsed
        list(years_of(fields[5] if len(fields) == 6 else "*"))
    except (CronSimError, ValueError) as error:
        return f"{cron!r} is not cron ({error})"
    return None


FIRST_YEAR, LAST_YEAR = 1970, 2099


def years_of(field: str) -> Iterator[int]:
    """
    The years that a sixth field names: numbers, ranges, lists and steps, as in the other fields.

    Raises:
        ValueError: It is none of these, or a year is not between 1970 and 2099.
    """
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low = FIRST_YEAR if first == "*" else int(first)
        high = LAST_YEAR if first == "*" or (step and not last) else int(last or first)
        if not FIRST_YEAR <= low <= high <= LAST_YEAR:
            raise ValueError(f"years are {FIRST_YEAR} to {LAST_YEAR}, the earlier one first, not {part}")
        yield from range(low, high + 1, int(step or 1))


def years_text(years: Sequence[tuple[int, int]]) -> str:
    """Years as the sixth field of a cron: `2027`, `2028-2099`."""
    return ",".join(str(first) if first == last else f"{first}-{min(last, LAST_YEAR)}" for first, last in years)
