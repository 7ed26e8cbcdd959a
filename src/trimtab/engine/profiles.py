"""
Which profile of an Azure autoscale setting is active at a moment.

Sources are the pages Understand autoscale settings and Autoscale with multiple profiles of Azure Monitor. Zones have
IANA names here; Azure's own are those of Windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from trimtab.engine.crons import Fire, last_occurrence

MOST_PROFILES = 20
"""How many profiles a setting has at most."""


class Weekday(StrEnum):
    """A day of the week, in Azure's words."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


_CRON_DAYS = {day: str(number) for number, day in enumerate(Weekday, start=1)}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """
    When a recurring profile starts: on each of the days, at each of the hours, at each of the minutes.

    It has no end of its own. Azure does not say what happens where clocks change: a start inside the gap comes right
    after it, and before what is due then; one inside the overlap comes once.
    """

    zone: str
    days: tuple[Weekday, ...]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]

    def __post_init__(self) -> None:
        for name, numbers, limit in (("hours", self.hours, 23), ("minutes", self.minutes, 59)):
            if not numbers or not all(0 <= number <= limit for number in numbers):
                raise ValueError(f"a recurrence names one or more {name} of 0 to {limit}, not {list(numbers)}")
        if not self.days:
            raise ValueError("a recurrence names one or more days of the week; name all seven for every day")
        try:
            ZoneInfo(self.zone)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"{self.zone!r} is not an IANA time zone; use a name such as 'Europe/Berlin'") from error

    @property
    def cron(self) -> str:
        """The same as a cron expression of five fields."""
        minutes, hours = (",".join(map(str, sorted(set(numbers)))) for numbers in (self.minutes, self.hours))
        return f"{minutes} {hours} * * {','.join(_CRON_DAYS[day] for day in self.days)}"


@dataclass(frozen=True, slots=True)
class FixedDate:
    """A span of time, from its start up to its end, which is outside (Azure does not say whether it is)."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a fixed date needs a zone; read its local times in the zone that the profile names")
        if self.end.astimezone(UTC) <= self.start.astimezone(UTC):
            raise ValueError(f"a fixed date ends after it starts, not from {self.start} to {self.end}; swap them")

    def holds(self, at: datetime) -> bool:
        """Whether `at` is inside."""
        # times of one zone compare by the clock on the wall, which runs twice through an overlap
        return self.start.astimezone(UTC) <= at.astimezone(UTC) < self.end.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile's name and its time; without a time it is the default. A recurrence beside a fixed date is not used."""

    name: str
    recurrence: Recurrence | None = None
    fixed_date: FixedDate | None = None

    @property
    def is_default(self) -> bool:
        """Whether the profile is for all times that no other has."""
        return self.recurrence is None and self.fixed_date is None


def active_profile(profiles: Sequence[Profile], at: datetime) -> Profile | None:
    """
    The profile that rules at a moment; `None` where none does.

    The first whose fixed date holds; else the recurring one that started last, whatever its age, as it lasts until the
    next one starts; else the default. Limits and rules of the others do not count (Autoscale with multiple profiles).
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no zone; give an aware time")
    fixed = next(
        (profile for profile in profiles if profile.fixed_date is not None and profile.fixed_date.holds(at)), None
    )
    if fixed is not None:
        return fixed
    return _last_started(profiles, at) or next((profile for profile in profiles if profile.is_default), None)


def _last_started(profiles: Sequence[Profile], at: datetime) -> Profile | None:
    """The recurring profile that started last; the first in the list of those that started together."""
    latest: tuple[Fire, Profile] | None = None
    for profile in profiles:
        if profile.recurrence is None or profile.fixed_date is not None:
            continue
        start = last_occurrence(profile.recurrence.cron, profile.recurrence.zone, at)
        if start is not None and (latest is None or _order(start) > _order(latest[0])):
            latest = start, profile
    return latest[1] if latest else None


def _order(start: Fire) -> tuple[datetime, timedelta]:
    return start.at, -start.skipped
