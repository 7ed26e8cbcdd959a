"""TT4xx: schedules that collide, miss the clock, or ask for what is out of bounds."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import combinations, islice
from zoneinfo import ZoneInfo

from trimtab.checks.calendar import clock_changes
from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.sizes import YEAR, first_moment, sizes_when_it_fires, stretches
from trimtab.checks.words import listed
from trimtab.engine.schedules import fires, schedule_fires
from trimtab.engine.windows import lower_within
from trimtab.models import Schedule

MOST_FIRES = 1000
"""So many times of one cron are kept: a year of a daily one and more; the rest is asked for moment by moment."""
_FIELDS = ("min", "max", "desired")
_SECOND = timedelta(seconds=1)

# TT401


def find_collisions(subject: Subject) -> Iterator[Remark]:
    """Schedules that set the same field to different values at the same moment."""
    for one, two in combinations(subject.group.schedules, 2):
        fields = [name for name in _FIELDS if _differ(getattr(one, name), getattr(two, name))]
        if fields and (moment := _meeting(one, two)):
            at = moment.astimezone(ZoneInfo(one.zone)).strftime("%a %d %b %H:%M")
            values = ", ".join(f"`{name}` {getattr(one, name)} and {getattr(two, name)}" for name in fields)
            text = f"sets at the same moment as {one.name} what that sets otherwise: {values}, first on {at} {one.zone}"
            yield Remark(f"schedules.{two.name}", text, "move one of them, or put all they set into one schedule")


def _differ(one: int | None, two: int | None) -> bool:
    return one is not None and two is not None and one != two


@lru_cache(maxsize=1024)
def _meeting(one: Schedule, two: Schedule) -> datetime | None:
    """The first moment within a year at which both begin; `None` when there is none."""
    first = first_moment((one, two))
    for single, other in ((one, two), (two, one)):
        if single.at is not None:
            moment = next(schedule_fires(single, first - 100 * YEAR, first + 100 * YEAR), None)
            return moment if moment and _fires_at(other, moment) else None
    both = (_times(one.cron or "", one.zone, first), _times(two.cron or "", two.zone, first))
    dense, sparse = sorted(both, key=lambda times: times[-1] if times else first)
    known = set(dense)
    candidates = (moment for moment in sparse if moment in known or moment > dense[-1])
    return next((moment for moment in candidates if _fires_at(one, moment) and _fires_at(two, moment)), None)


def _fires_at(schedule: Schedule, moment: datetime) -> bool:
    return next(schedule_fires(schedule, moment - _SECOND, moment), None) == moment


@lru_cache(maxsize=256)
def _times(cron: str, zone: str, first: datetime) -> Sequence[datetime]:
    return tuple(islice(fires(cron, zone, first, first + YEAR), MOST_FIRES))


# TT402


def find_clock_changes(subject: Subject) -> Iterator[Remark]:
    """Fixed times that a clock change skips or repeats."""
    for schedule in subject.group.schedules:
        for field in ("cron", "until"):
            cron = getattr(schedule, field)
            if cron is not None and (said := _said_of_clock(cron, schedule.zone)):
                mend = (
                    "choose a time that every day has once, such as 04:00, or `zone: UTC` if the clock does not matter"
                )
                yield Remark(f"schedules.{schedule.name}.{field}", said, mend)


@lru_cache(maxsize=1024)
def _said_of_clock(cron: str, zone: str) -> str:
    """What a clock change does to a cron with a fixed hour; empty when nothing."""
    minute, hour, *_ = cron.split()
    if minute.startswith("*") or hour.startswith("*"):
        return ""  # it follows the clock, whichever it is
    for change in clock_changes(zone):
        found = next(fires(cron, "UTC", change.begin - _SECOND, change.end - _SECOND), None)  # local time, read as UTC
        if found is not None:
            what = "is skipped" if change.skips else "comes twice"
            return f"{found:%H:%M} {what} in {zone} on {found:%d %b %Y}, and no cloud promises what it does then"
    return ""


# TT403 to TT406


def find_size_outside(subject: Subject) -> Iterator[Remark]:
    """Schedules that ask for a size which the bounds at that moment do not allow."""
    for schedule in subject.group.schedules:
        if schedule.desired is None:
            continue
        for sizes in sizes_when_it_fires(subject.group, schedule):
            if not sizes.min <= schedule.desired <= sizes.max:
                text = f"asks for {schedule.desired}, but then {sizes.min} to {sizes.max} are in force"
                mend = "let the same schedule set `min` and `max`, or ask for a size between them"
                yield Remark(f"schedules.{schedule.name}.desired", text, mend)
                break


def find_size_never_allowed(subject: Subject) -> Iterator[Remark]:
    """Initial sizes that are out of bounds at all times."""
    desired = subject.group.capacity.desired
    if desired is None or any(one.desired is not None for one in subject.group.schedules):
        return
    found = [one.sizes for one in stretches(subject.group)]
    if not any(one.min <= desired <= one.max for one in found):
        names = listed(list(dict.fromkeys(name for one in found for name in one.because)))
        text = f"{desired} is never within the bounds that {names} set, so the group does not begin with it"
        yield Remark("capacity.desired", text, "leave `desired` out, or bring it within the bounds")


def find_minimum_above_maximum(subject: Subject) -> Iterator[Remark]:
    """Schedules whose minimum a Google Cloud autoscaler cannot reach."""
    most = subject.group.capacity.max
    for schedule in subject.group.schedules if "gcp" in subject.clouds else ():
        least = max(schedule.min or 0, schedule.desired or 0)
        if schedule.max is not None and least > most:
            text = f"wants {least} instances or more, and on gcp no schedule raises the maximum of {most}"
            field = "min" if schedule.min == least else "desired"
            yield Remark(f"schedules.{schedule.name}.{field}", text, f"raise `capacity.max` to {least}")


def find_lasting(subject: Subject) -> Iterator[Remark]:
    """Schedules without an end that change a bound which no other one changes back."""
    for schedule in subject.group.schedules:
        if schedule.is_window or schedule.cron is None:
            continue
        for name in ("min", "max"):
            value, own = getattr(schedule, name), getattr(subject.group.capacity, name)
            if value is None or value == own or _set_by_others(subject, schedule, name):
                continue
            text = f"sets `{name}` to {value} and nothing sets it back: {own} never returns after the first time"
            mend = f"give it a `duration` or an `until`, or add a schedule that sets `{name}: {own}`"
            yield Remark(f"schedules.{schedule.name}.{name}", text, mend)


def _set_by_others(subject: Subject, schedule: Schedule, name: str) -> bool:
    others = (one for one in subject.group.schedules if one is not schedule and not one.is_window)
    return any(getattr(one, name) is not None for one in others)


# TT407


def find_lower_within(subject: Subject) -> Iterator[Remark]:
    """Windows of which a lower minimum opens inside a greater one, which Google Cloud does not take for less."""
    found = lower_within(subject.group) if "gcp" in subject.clouds else None
    if found is not None:
        inner, outer = found
        text = f"opens while {outer} is open with a greater minimum; on gcp the greater one holds until it closes"
        yield Remark(f"schedules.{inner}.min", text, f"let {outer} close before {inner} opens, or say the same minimum")
