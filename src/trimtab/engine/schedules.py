"""
When schedules fire, and the sizes that are in force because of them.

Cron is read in the schedule's zone. Where clocks change no vendor documents what happens, so the
Debian cron rule holds: a fixed time inside the gap runs right after it, one inside the overlap runs
once, hourly patterns follow the clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from trimtab.models import Capacity, ScalingGroup, Schedule


@dataclass(frozen=True, slots=True)
class InForce:
    """
    The sizes that hold at a moment.

    `desired` is the size that the last schedule to set one asked for, else the group's own.
    `because` names the schedules whose sizes hold, in the order in which they began.
    """

    min: int
    max: int
    desired: int | None
    because: tuple[str, ...] = ()

    @property
    def capacity(self) -> Capacity:
        """The same as a `Capacity`, `desired` brought inside the bounds."""
        desired = None if self.desired is None else max(self.min, min(self.max, self.desired))
        return Capacity(min=self.min, max=self.max, desired=desired)


def fires(cron: str, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Each time `cron` fires in `zone`, strictly after `after` and up to `until`, in UTC."""
    for moment in _run(cron, zone, after):
        if moment > until:
            return
        yield moment


def next_fire(cron: str, zone: str, after: datetime) -> datetime | None:
    """The first time after `after`, in UTC; `None` for a date that never comes."""
    return next(_run(cron, zone, after), None)


def last_fire(cron: str, zone: str, at: datetime) -> datetime | None:
    """The last time at or before `at`, in UTC; `None` when there is none."""
    # the reverse iterator knows no clock changes, so it only says from where to look forward
    local = at.astimezone(ZoneInfo(zone)) + timedelta(hours=3)
    for earlier in CronSim(cron, local.replace(tzinfo=None), reverse=True):
        start = earlier.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=6)
        found = list(fires(cron, zone, start, at))
        if found:
            return found[-1]
    return None


def schedule_fires(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """
    Each time a schedule sets its sizes, strictly after `after` and up to `until`, in UTC.

    With `starts` it also fires at that moment; after `ends` it does not (PutScheduledUpdateGroupAction,
    Amazon EC2 Auto Scaling API Reference).
    """
    last = min(until, schedule.local(schedule.ends)) if schedule.ends else until
    first = schedule.local(schedule.starts).astimezone(UTC) if schedule.starts else None
    once = schedule.local(schedule.at).astimezone(UTC) if schedule.at else first
    if once is not None and after < once <= last:
        yield once
    if schedule.cron is not None:
        begin = after if first is None else max(after, first)
        yield from fires(schedule.cron, schedule.zone, begin, last)


def last_set(schedule: Schedule, at: datetime) -> datetime | None:
    """The last time at or before `at` that a schedule set its sizes; `None` when it never did."""
    limit = min(at, schedule.local(schedule.ends)) if schedule.ends else at
    once = schedule.at or schedule.starts
    first = schedule.local(once).astimezone(UTC) if once is not None else None
    if schedule.cron is not None:
        found = last_fire(schedule.cron, schedule.zone, limit)
        if found is not None and (first is None or found >= first):
            return found
    return first if first is not None and first <= limit else None


def window_end(schedule: Schedule, start: datetime) -> datetime | None:
    """When the window that opened at `start` closes; `None` for a schedule that is no window."""
    if schedule.duration is not None:
        return start + schedule.duration
    if schedule.until is not None:
        return next_fire(schedule.until, schedule.zone, start)
    return None


def is_active(schedule: Schedule, at: datetime) -> bool:
    """Whether a window is open: from its start on, up to its end, which is outside."""
    start = last_set(schedule, at)
    if start is None:
        return False
    end = window_end(schedule, start)
    return end is None or at < end


def in_force(group: ScalingGroup, now: datetime) -> InForce:
    """
    The sizes that hold for `group` at `now`.

    A schedule without an end sets what it names from then on; an open window holds on top of that
    for as long as it is open. Among each sort the later start wins, field by field.
    """
    lasting: list[tuple[datetime, int, Schedule]] = []
    windows: list[tuple[datetime, int, Schedule]] = []
    for index, schedule in enumerate(group.schedules):
        start = last_set(schedule, now)
        if start is None or (schedule.is_window and not is_active(schedule, now)):
            continue
        (windows if schedule.is_window else lasting).append((start, index, schedule))
    sizes = _Sizes(group.capacity)
    for _, _, schedule in [*sorted(lasting, key=_order), *sorted(windows, key=_order)]:
        sizes.take(schedule)
    return sizes.result()


def edges(group: ScalingGroup, after: datetime, until: datetime) -> list[datetime]:
    """Every moment in (after, until] at which a schedule of `group` begins or ends, in order."""
    found: set[datetime] = set()
    for schedule in group.schedules:
        reach = schedule.duration or (timedelta(days=366) if schedule.until else timedelta(0))
        previous = last_set(schedule, after)
        starts = [previous] if previous and after - previous <= reach else []
        for start in [*starts, *schedule_fires(schedule, after, until)]:
            end = window_end(schedule, start)
            found.update(moment for moment in (start, end) if moment and after < moment <= until)
    return sorted(found)


class _Sizes:
    def __init__(self, base: Capacity) -> None:
        self.values = {"min": base.min, "max": base.max, "desired": base.desired}
        self.setters: dict[str, str] = {}
        self.order: list[str] = []

    def take(self, schedule: Schedule) -> None:
        given = {name: getattr(schedule, name) for name in ("min", "max", "desired")}
        given = {name: value for name, value in given.items() if value is not None}
        self.values.update(given)
        self.setters.update(dict.fromkeys(given, schedule.name))
        self.order.append(schedule.name)

    def result(self) -> InForce:
        low, high = self.values["min"] or 0, self.values["max"] or 0
        because = tuple(name for name in self.order if name in self.setters.values())
        return InForce(min=low, max=max(low, high), desired=self.values["desired"], because=because)


def _order(item: tuple[datetime, int, Schedule]) -> tuple[datetime, int]:
    return item[0], item[1]


def _run(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    start = after.astimezone(ZoneInfo(zone))
    for moment in CronSim(cron, start):
        found = moment.astimezone(UTC)
        if found > after:
            yield found
