"""When clocks change: the local times that a zone skips or has twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

YEARS = range(2026, 2032)
"""Fixed, so that a fleet gets the same advice on every day; enough that a date meets a Sunday."""
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class ClockChange(NamedTuple):
    """Local times that are skipped or that come twice; written as UTC, since they are no moments."""

    begin: datetime
    end: datetime
    skips: bool


@lru_cache(maxsize=256)
def clock_changes(zone: str) -> Sequence[ClockChange]:
    """Every clock change of a zone in a few years."""
    there = ZoneInfo(zone)
    day, end = datetime(YEARS.start, 1, 1, tzinfo=UTC), datetime(YEARS.stop, 1, 1, tzinfo=UTC)
    found: list[ClockChange] = []
    while day < end:
        if _offset(day, there) != _offset(day + _DAY, there):
            found.append(_change(day, there))
        day += _DAY
    return tuple(found)


def _offset(moment: datetime, there: ZoneInfo) -> timedelta:
    return moment.astimezone(there).utcoffset() or timedelta(0)


def _change(day: datetime, there: ZoneInfo) -> ClockChange:
    """The change within the day that begins at `day`."""
    before, after = _offset(day, there), _offset(day + _DAY, there)
    low, high = day, day + _DAY
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(middle, there) == before else (low, middle)
    moment = high.replace(microsecond=0)
    old, new = moment + before, moment + after
    return ClockChange(min(old, new), max(old, new), skips=after > before)
