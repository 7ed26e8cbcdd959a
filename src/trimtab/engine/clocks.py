"""When the clocks of a zone change: the moments, and the local times that are skipped or had twice."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class ClockChange(NamedTuple):
    """A moment at which the clocks of a zone are set forward or back."""

    at: datetime
    """In UTC."""
    before: timedelta
    """The offset from UTC up to then."""
    after: timedelta
    """The offset from then on."""

    @property
    def skips(self) -> bool:
        """Whether local times are skipped, rather than had twice."""
        return self.after > self.before

    @property
    def begin(self) -> datetime:
        """The first local time that is skipped or had twice."""
        return wall(self.at, min(self.before, self.after))

    @property
    def end(self) -> datetime:
        """The first local time after those."""
        return wall(self.at, max(self.before, self.after))


def wall(moment: datetime, offset: timedelta) -> datetime:
    """What a clock with this offset from UTC shows at a moment, as a time without a zone."""
    return (moment.astimezone(UTC) + offset).replace(tzinfo=None)


def moment_of(wall: datetime, offset: timedelta) -> datetime:
    """The moment at which a clock with this offset shows a time, in UTC."""
    return wall.replace(tzinfo=UTC) - offset


def offset_at(zone: str, moment: datetime) -> timedelta:
    """The offset of a zone from UTC."""
    return moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)


def changes_between(zone: str, after: datetime, until: datetime) -> Iterator[ClockChange]:
    """Every change after `after` and up to `until`, and the turn of each year: later ones wait to be asked for."""
    for year in range(after.astimezone(UTC).year, until.astimezone(UTC).year + 1):
        yield from (change for change in clock_changes(zone, year) if after < change.at <= until)
        turn = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
        if after < turn <= until:
            yield ClockChange(turn, offset_at(zone, turn), offset_at(zone, turn))


def last_change(zone: str, moment: datetime, since: datetime) -> ClockChange | None:
    """The last change at or before a moment, if there was one after `since`."""
    for year in range(moment.astimezone(UTC).year, since.astimezone(UTC).year - 1, -1):
        for change in reversed(clock_changes(zone, year)):
            if change.at <= moment:
                return change if change.at > since else None
    return None


@lru_cache(maxsize=4096)
def clock_changes(zone: str, year: int) -> Sequence[ClockChange]:
    """Every change of a zone in a year, in order."""
    day = datetime(year, 1, 1, tzinfo=UTC)
    changes: list[ClockChange] = []
    before = offset_at(zone, day)
    while day.year == year:
        after = offset_at(zone, day + _DAY)
        if before != after:
            changes.append(ClockChange(_moment_within(zone, day, before), before, after))
        day, before = day + _DAY, after
    return tuple(changes)


def _moment_within(zone: str, day: datetime, before: timedelta) -> datetime:
    low, high = day, day + _DAY
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        low, high = (middle, high) if offset_at(zone, middle) == before else (low, middle)
    return high.replace(microsecond=0)
