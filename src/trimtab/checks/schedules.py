"""TT4xx: schedules that collide, miss the clock, or ask for what is out of bounds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject
from trimtab.checks.sizes import YEAR, contradictions, first_moment, sizes_when_it_fires, stretches
from trimtab.checks.words import listed
from trimtab.engine.clocks import clock_changes, offset_at, wall
from trimtab.engine.crons import read_cron
from trimtab.engine.openings import schedule_fires
from trimtab.engine.presets import ScheduleStyle
from trimtab.engine.windows import lower_within
from trimtab.models import Schedule

MOST_FIRES = 1000
"""So many times of one cron are kept: a year of a daily one and more; the rest is asked for moment by moment."""
YEARS = range(2026, 2032)
"""Whose clock changes are looked at: fixed, so that advice does not change; enough for a date to meet a Sunday."""
_FIELDS = ("min", "max", "desired")

# TT401


def find_collisions(subject: Subject) -> Iterator[Remark]:
    """Schedules that set the same field to different values at the same moment, each with the first that does."""
    schedules = subject.group.schedules
    for (first, second), (moment, fields) in _collisions(schedules).items():
        prior, two = schedules[first], schedules[second]
        at = moment.astimezone(ZoneInfo(prior.zone)).strftime("%a %d %b %H:%M")
        values = ", ".join(f"`{name}` {getattr(prior, name)} and {getattr(two, name)}" for name in fields)
        text = f"sets at the same moment as {prior.name} what that sets otherwise: {values}, first on {at} {prior.zone}"
        yield Remark(f"schedules.{two.name}", text, "move one of them, or put all they set into one schedule")


@lru_cache(maxsize=1024)
def _collisions(schedules: tuple[Schedule, ...]) -> Mapping[tuple[int, int], tuple[datetime, list[str]]]:
    """Pairs of schedules that set a field otherwise at the same moment within a year, and that moment."""
    first = first_moment(schedules)
    collisions: dict[tuple[int, int], tuple[datetime, list[str]]] = {}
    for moment, places in sorted(_meetings(schedules, first).items()):
        for name in _FIELDS:
            setters = [place for place in sorted(places) if getattr(schedules[place], name) is not None]
            for place in setters[1:]:
                if _differ(getattr(schedules[setters[0]], name), getattr(schedules[place], name)):
                    collisions.setdefault((setters[0], place), (moment, []))
    for (prior, two), (_, fields) in collisions.items():
        fields += [name for name in _FIELDS if _differ(getattr(schedules[prior], name), getattr(schedules[two], name))]
    return dict(sorted(collisions.items()))


def _differ(first: int | None, two: int | None) -> bool:
    return first is not None and two is not None and first != two


def _meetings(schedules: tuple[Schedule, ...], first: datetime) -> dict[datetime, set[int]]:
    """The moments at which several schedules begin; each schedule is read once."""
    moments: dict[datetime, set[int]] = {}
    for place, schedule in enumerate(schedules):
        for moment in _times(schedule, first):
            moments.setdefault(moment, set()).add(place)
    far = {moment: setters for moment, setters in moments.items() if not first <= moment <= first + YEAR}
    for place, schedule in enumerate(schedules):
        times = _times(schedule, first)
        # what comes so often is not kept to the end of the year, and nothing is beyond it
        last = times[-1] if len(times) >= MOST_FIRES else first + YEAR
        for moment, indexes in (moments if len(times) >= MOST_FIRES else far).items():
            if schedule.cron is not None and not first <= moment <= last and _has(schedule, moment):
                indexes.add(place)
    return {moment: setters for moment, setters in moments.items() if len(setters) > 1}


def _has(schedule: Schedule, moment: datetime) -> bool:
    """Whether what comes more often than is kept begins at a moment, by the clock on the wall."""
    begins, ends = (None if at is None else schedule.local(at) for at in (schedule.starts, schedule.ends))
    if (begins is not None and moment < begins) or (ends is not None and moment > ends):
        return False
    return read_cron(schedule.cron or "").has(wall(moment, offset_at(schedule.zone, moment)))


@lru_cache(maxsize=1024)
def _times(schedule: Schedule, first: datetime) -> Sequence[datetime]:
    begin, end = (first - 100 * YEAR, first + 100 * YEAR) if schedule.at else (first, first + YEAR)
    return tuple(islice(schedule_fires(schedule, begin, end), MOST_FIRES))


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
    if cron.split()[1].startswith("*"):
        return ""  # it follows the clock, whichever it is
    for change in (change for year in YEARS for change in clock_changes(zone, year)):
        moment = next(read_cron(cron).between(change.begin, change.end), None)
        if moment is not None:
            what = "is skipped" if change.skips else "comes twice"
            return f"{moment:%H:%M} {what} in {zone} on {moment:%d %b %Y}; what happens then depends on the cloud"
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
    if desired is None or any(schedule.desired is not None for schedule in subject.group.schedules):
        return
    sizes = [stretch.sizes for stretch in stretches(subject.group)]
    if not any(size.min <= desired <= size.max for size in sizes):
        names = listed(list(dict.fromkeys(name for size in sizes for name in size.because)))
        text = f"{desired} is never within the bounds that {names} set, so the group does not begin with it"
        yield Remark("capacity.desired", text, "leave `desired` out, or bring it within the bounds")


def find_minimum_above_maximum(subject: Subject) -> Iterator[Remark]:
    """Schedules whose minimum a Google Cloud autoscaler cannot reach."""
    most = subject.group.capacity.max
    where = subject.where_not_native("schedule that changes the maximum")
    for schedule in subject.group.schedules if where else ():
        least = max(schedule.min or 0, schedule.desired or 0)
        if schedule.max is not None and least > most:
            text = f"wants {least} instances or more, and on {where} no schedule raises the maximum of {most}"
            field = "min" if schedule.min == least else "desired"
            yield Remark(f"schedules.{schedule.name}.{field}", text, f"raise `capacity.max` to {least}")


def find_lasting(subject: Subject) -> Iterator[Remark]:
    """Schedules without an end that change a bound which no other one changes back."""
    lasting = [entry for entry in subject.group.schedules if not entry.is_window]
    setters = {name: sum(getattr(entry, name) is not None for entry in lasting) for name in ("min", "max")}
    for schedule in lasting:
        for name in ("min", "max"):
            value, own = getattr(schedule, name), getattr(subject.group.capacity, name)
            if schedule.cron is None or value is None or value == own or setters[name] > 1:
                continue
            text = f"sets `{name}` to {value} and nothing sets it back: {own} never returns after the first time"
            mend = f"give it a `duration` or an `until`, or add a schedule that sets `{name}: {own}`"
            yield Remark(f"schedules.{schedule.name}.{name}", text, mend)


# TT407


def find_lower_within(subject: Subject) -> Iterator[Remark]:
    """Windows of which a lower minimum opens inside a greater one, which Google Cloud does not take for less."""
    where = subject.where_not_native("schedules that do more than raise the minimum")
    for inner, outer in lower_within(subject.group) if where else ():
        text = f"opens while {outer} is open with a greater minimum; on {where} the greater one holds until it closes"
        yield Remark(
            f"schedules.{inner}.min", text, f"let {outer} close before {inner} opens, or give both the same minimum"
        )


# TT408


def find_contradictions(subject: Subject) -> Iterator[Remark]:
    """Schedules that set a bound beyond the other one, which another schedule holds when they fire."""
    zones = {schedule.name: schedule.zone for schedule in subject.group.schedules}
    for clash in contradictions(subject.group):
        at = clash.at.astimezone(ZoneInfo(zones[clash.schedule])).strftime("%a %H:%M")
        holder = clash.holder or "capacity"
        where = subject.where(lambda preset: preset.schedule is ScheduleStyle.SET_ONCE)
        refused = f"; {where} refuses the action when it fires" if where else ""
        text = (
            f"sets `{clash.field}` to {clash.value} while {holder} holds `{clash.other}` {clash.held} ({at}){refused}"
        )
        yield Remark(f"schedules.{clash.schedule}.{clash.field}", text, f"let {clash.schedule} set `{clash.other}` too")
