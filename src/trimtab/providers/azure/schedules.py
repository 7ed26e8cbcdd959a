"""
Schedules as profiles of an autoscale setting; pure.

A recurring profile starts on days of the week, at one hour and one minute, and lasts until another one starts; so a
window is two of them, and the second, its twin, has a name in JSON that tells portal and CLI what it is for (Autoscale
with multiple profiles, Azure Monitor).
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, count
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from trimtab.engine.calendars import begin_of_month, farthest, reaches, undated
from trimtab.engine.crons import ended_by_cron, fires, occurrences
from trimtab.engine.openings import window_end
from trimtab.engine.profiles import MOST_PROFILES, Weekday
from trimtab.engine.timetable import InForce, Stretch, timetable_of
from trimtab.models import Capacity, ScalingGroup, Schedule
from trimtab.providers.azure.names import iana_zones, windows_zone

DEFAULT = "default"
SIZES = ("min", "max", "desired")
_LARGE = 10**9
"""Above every size; tells maxima from minima where sizes are numbers that stand for their paths."""
# a week in which no zone changes its clocks, long enough after its beginning for every schedule to have fired
_WEEK = datetime(2027, 1, 18, tzinfo=UTC)
_SEVEN = timedelta(days=7)
_DAY = timedelta(days=1)
_CRON_DAYS = {day.value: str(number) for number, day in enumerate(Weekday, start=1)}
_DAYS = tuple(day.value for day in Weekday)
LONGEST_FIXED_DATE = timedelta(days=365)
"""As the engine has it; longer ones are several profiles."""


@dataclass(frozen=True, slots=True)
class TimedProfile:
    """
    One profile, less its rules.

    Attributes:
        name: Its name in the setting.
        schedule: The schedule that it comes from; empty for the default.
        sizes: The sizes that hold while it is active.
        when: Its `recurrence` or `fixedDate`.
        ends: Whether it is the end of the schedule's window.
        dated: Whether it is there because of the dates of schedules.
    """

    name: str
    schedule: str
    sizes: InForce
    when: Mapping[str, Any]
    ends: bool = False
    dated: bool = False


class _Edge(NamedTuple):
    """A time of the day at which a schedule begins or ends, and the sizes that then hold."""

    schedule: str
    zone: str
    hour: int
    minute: int
    ends: bool
    sizes: InForce


def profiles_of(group: ScalingGroup, now: datetime) -> list[TimedProfile]:
    """The profiles that a group's schedules make, the default first; of dates as many as there is room for."""
    return list(_held(group, now).profiles)


def reach_of(group: ScalingGroup, now: datetime) -> datetime | None:
    """Up to when the dates of a group's schedules are held; `None` where they have no room."""
    return _held(group, now).end


def dates_without_profile(group: ScalingGroup, now: datetime) -> Iterator[str]:
    """The paths of the dates with which no profile changes, as where a size without an end holds on the day anyway."""
    dated = [
        (place, schedule)
        for place, schedule in enumerate(group.schedules)
        if schedule.is_by_day and not schedule.is_window
    ]
    profiles = profiles_of(group, now) if dated else []
    for place, schedule in dated:
        for name in ("skip_dates", "only_dates"):
            dates = getattr(schedule, name)
            for index in range(len(dates)):
                less = schedule.model_copy(update={name: dates[:index] + dates[index + 1 :]})
                others = (*group.schedules[:place], less, *group.schedules[place + 1 :])
                if profiles_of(group.model_copy(update={"schedules": others}), now) == profiles:
                    yield f"schedules.{schedule.name}.{name}.{index}"


class _Held(NamedTuple):
    profiles: tuple[TimedProfile, ...]
    end: datetime | None


def _held(group: ScalingGroup, now: datetime) -> _Held:
    if not any(schedule.is_dated for schedule in group.schedules):
        return _Held(_profiles(group.capacity, group.schedules), farthest(now, lambda _: True))
    return _held_dates(group.capacity, group.schedules, begin_of_month(now))


@lru_cache(maxsize=256)
def _held_dates(capacity: Capacity, schedules: tuple[Schedule, ...], month: datetime) -> _Held:
    usual = _profiles(capacity, tuple(undated(schedule) for schedule in schedules if not schedule.only_dates))
    last = reaches(month)[-1]
    names = {schedule.name for schedule in schedules}
    corrected = list(dated_profiles(capacity, schedules, usual, month, last, names))
    room = MOST_PROFILES - len(usual)
    end = farthest(month, lambda end: sum(one.begin < end for one in corrected) <= room)
    held = [one.profile for one in corrected if end is None or one.begin < end]
    # of several fixed dates the first holds
    return _Held((usual[0], *held, *usual[1:]), end)


@lru_cache(maxsize=256)
def _profiles(capacity: Capacity, schedules: tuple[Schedule, ...]) -> tuple[TimedProfile, ...]:
    profiles = [TimedProfile(DEFAULT, "", _base(capacity), {})]
    names = {schedule.name for schedule in schedules}
    for edge, days in _edges(capacity, schedules).items():
        # a profile that is one of several is never called like another schedule
        profiles.append(_recurring(edge, days, profiles, names - {edge.schedule}))
    for schedule in schedules:
        if schedule.at is not None and schedule.is_window:
            taken = {*(profile.name for profile in profiles), *(names - {schedule.name})}
            profiles.append(_fixed(capacity, schedule, _free(schedule.name, taken)))
    return tuple(profiles)


def end_profile_name(profile: str) -> str:
    """The name of the profile that ends another one."""
    return json.dumps({"name": DEFAULT, "for": profile}, separators=(",", ":"))


def read_twin(name: str) -> str | None:
    """The profile that this one ends by its name; `None` for one that is no twin."""
    try:
        parsed = json.loads(name)
    except ValueError:
        return None
    return str(parsed["for"]) if isinstance(parsed, dict) and "for" in parsed else None


def _base(capacity: Capacity) -> InForce:
    return InForce(min=capacity.min, max=capacity.max, desired=capacity.desired)


def _edges(capacity: Capacity, schedules: tuple[Schedule, ...]) -> dict[_Edge, list[str]]:
    """The edges of one week, each with its days; what begins says the sizes also where something else ends."""
    weekly = tuple(ended_by_cron(recurring) for recurring in schedules if recurring.cron is not None)
    in_force = timetable_of(weekly).between(_WEEK - _DAY, _WEEK + _SEVEN + _DAY)
    begins = [period.begin for period in in_force]
    taken: set[datetime] = set()
    edges: dict[_Edge, list[str]] = {}
    for ends in (False, True):
        for schedule in weekly:
            for moment in _moments(schedule, ends=ends):
                if moment not in taken:
                    taken.add(moment)
                    local = moment.astimezone(ZoneInfo(schedule.zone))
                    force = in_force[bisect_right(begins, moment) - 1].over(capacity)
                    sizes = InForce(min=force.min, max=force.max, desired=force.desired)
                    edge = _Edge(schedule.name, schedule.zone, local.hour, local.minute, ends, sizes)
                    edges.setdefault(edge, []).append(_DAYS[local.weekday()])
    order = {name: place for place, name in enumerate(recurring.name for recurring in weekly)}
    return dict(sorted(edges.items(), key=lambda item: (order[item[0].schedule], item[0].ends)))


def _moments(schedule: Schedule, *, ends: bool) -> Iterator[datetime]:
    cron = schedule.until if ends else schedule.cron
    if cron is not None:
        zone = ZoneInfo(schedule.zone)
        begin = _WEEK.replace(tzinfo=zone).astimezone(UTC) - timedelta(seconds=1)
        yield from fires(cron, schedule.zone, begin, begin + _SEVEN)


def _recurring(edge: _Edge, days: Sequence[str], before: Sequence[TimedProfile], others: Set[str]) -> TimedProfile:
    zone = windows_zone(edge.zone) or edge.zone
    schedule = {
        "timeZone": zone,
        "days": sorted(days, key=_DAYS.index),
        "hours": [edge.hour],
        "minutes": [edge.minute],
    }
    when = {"recurrence": {"frequency": "Week", "schedule": schedule}}
    return TimedProfile(_name(edge, before, others), edge.schedule, edge.sizes, when, edge.ends)


def _name(edge: _Edge, before: Sequence[TimedProfile], others: Set[str]) -> str:
    plain = edge.schedule
    if edge.ends:
        starts = [profile.name for profile in before if profile.schedule == edge.schedule and not profile.ends]
        ended = [profile for profile in before if profile.schedule == edge.schedule and profile.ends]
        plain = end_profile_name(
            starts[len(ended)] if len(ended) < len(starts) else f"{edge.schedule}-{len(ended) + 1}"
        )
    return _free(plain, others | {profile.name for profile in before})


def _free(plain: str, taken: Set[str]) -> str:
    return next(name for name in chain([plain], (f"{plain}-{number}" for number in count(2))) if name not in taken)


def _fixed(capacity: Capacity, schedule: Schedule, name: str) -> TimedProfile:
    start = schedule.local(schedule.at) if schedule.at else _WEEK
    end = window_end(schedule, start) or start
    given = {name: getattr(schedule, name) for name in ("min", "max", "desired")}
    base = _base(capacity)
    low = base.min if given["min"] is None else given["min"]
    high = base.max if given["max"] is None else given["max"]
    sizes = InForce(min=low, max=max(low, high), desired=base.desired if given["desired"] is None else given["desired"])
    return TimedProfile(name, schedule.name, sizes, {"fixedDate": fixed_date(schedule.zone, start, end)})


# dates: a fixed date has precedence, and holds what recurring profiles do not (Autoscale with multiple profiles)


def fixed_date(zone: str, begin: datetime, end: datetime) -> dict[str, Any]:
    """A span of time by the clock on the wall of a zone; the Z that Azure writes after it means nothing."""
    return {"timeZone": windows_zone(zone), "start": _wall(begin, zone), "end": _wall(end, zone)}


def _wall(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Dated(NamedTuple):
    """A profile that dates make, and when it begins."""

    begin: datetime
    profile: TimedProfile


class _Part(NamedTuple):
    begin: datetime
    end: datetime
    sizes: InForce
    schedule: str


def dated_profiles(
    capacity: Capacity,
    schedules: tuple[Schedule, ...],
    usual: Sequence[TimedProfile],
    begin: datetime,
    end: datetime,
    names: Set[str],
) -> Iterator[Dated]:
    """
    The fixed dates that make the usual profiles say what the schedules do.

    Args:
        capacity: The group's own sizes.
        schedules: All schedules, with their dates.
        usual: The profiles of those without dates, the default first.
        begin: From when on.
        end: Up to when.
        names: What the schedules are called.
    """
    taken = set(names) | {profile.name for profile in usual}
    for part in _split(_parts(capacity, schedules, usual, begin, end)):
        plain = f"{part.schedule}-{part.begin.astimezone(_zone_of(schedules, part.schedule)):%Y%m%d}"
        name = next(one for one in chain([plain], (f"{plain}-{again}" for again in count(2))) if one not in taken)
        taken.add(name)
        zone = _zone_of(schedules, part.schedule).key
        when = fixed_date(_told_apart(zone, part.begin, part.end), part.begin, part.end)
        yield Dated(part.begin, TimedProfile(name, part.schedule, part.sizes, {"fixedDate": when}, dated=True))


def _zone_of(schedules: Sequence[Schedule], name: str) -> ZoneInfo:
    return ZoneInfo(next(schedule.zone for schedule in schedules if schedule.name == name))


def _told_apart(zone: str, *moments: datetime) -> str:
    """The zone, or UTC where a moment is in the hour that the zone's clock has twice."""
    local = ZoneInfo(zone)
    twice = any(moment.astimezone(local).replace(fold=0).astimezone(UTC) != moment for moment in moments)
    return "UTC" if twice else zone


def _parts(
    capacity: Capacity, schedules: tuple[Schedule, ...], usual: Sequence[TimedProfile], begin: datetime, end: datetime
) -> Iterator[_Part]:
    """The times in which the usual profiles have other sizes; one for as long as the sizes are the same."""
    wanted = timetable_of(schedules).between(begin, end + 9 * _DAY)
    starts = [stretch.begin for stretch in wanted]
    plain = timetable_of(tuple(undated(schedule) for schedule in schedules))
    native = list(_native(usual, begin, end + 9 * _DAY))
    natives = [moment for moment, _ in native]
    edges = sorted({begin, *starts, *(moment for moment in natives if moment > begin)})
    kept: _Part | None = None
    for place, moment in enumerate(edges):
        stretch = wanted[bisect_right(starts, moment) - 1]
        sizes = _sizes(stretch, capacity)
        until = edges[place + 1] if place + 1 < len(edges) else end + 9 * _DAY
        if kept is not None and kept.sizes != sizes:
            yield kept
            kept = None
        if native[bisect_right(natives, moment) - 1][1] != sizes:
            if kept is None and moment >= end:
                break
            name = kept.schedule if kept else _cause(schedules, stretch, plain.at(moment))
            kept = _Part(kept.begin if kept else moment, until, sizes, name)
    if kept is not None:
        yield kept


def _sizes(stretch: Stretch, capacity: Capacity) -> InForce:
    force = stretch.over(capacity)
    return InForce(min=force.min, max=force.max, desired=force.desired)


def _cause(schedules: Sequence[Schedule], stretch: Stretch, plain: Stretch) -> str:
    """The schedule with dates that makes a difference."""
    dated = [schedule.name for schedule in schedules if schedule.is_dated]
    holding = {*stretch.because} ^ {*plain.because}
    return next((name for name in dated if name in holding), dated[0])


def _native(usual: Sequence[TimedProfile], begin: datetime, end: datetime) -> Iterator[tuple[datetime, InForce]]:
    """What recurring and fixed profiles hold from which moment on, without the dates."""
    recurring = [profile for profile in usual if "recurrence" in profile.when]
    fixed = [(profile, *_span(profile.when["fixedDate"])) for profile in usual if "fixedDate" in profile.when]
    fires = [
        (fire.at, -fire.skipped, -place)
        for place, profile in enumerate(recurring)
        for fire in occurrences(*_cron(profile), begin - 9 * _DAY, end)
    ]
    started = sorted(fires)
    moments = [fire[0] for fire in started]
    edges = {begin, *(moment for moment in moments if moment > begin)}
    edges |= {moment for _, *span in fixed for moment in span if begin < moment < end}
    for edge in sorted(edges):
        dated = next((profile for profile, first, last in fixed if first <= edge < last), None)
        place = bisect_right(moments, edge)
        last_begun = recurring[-started[place - 1][2]] if place else usual[0]
        yield edge, (dated or last_begun).sizes


def _cron(profile: TimedProfile) -> tuple[str, str]:
    schedule = profile.when["recurrence"]["schedule"]
    days = ",".join(_CRON_DAYS[day] for day in schedule["days"])
    return f"{schedule['minutes'][0]} {schedule['hours'][0]} * * {days}", iana_zones(schedule["timeZone"])[0]


def _span(fixed: Mapping[str, Any]) -> tuple[datetime, datetime]:
    zone = ZoneInfo(iana_zones(fixed["timeZone"])[0])
    first, last = (datetime.fromisoformat(fixed[name]).replace(tzinfo=zone) for name in ("start", "end"))
    return first.astimezone(UTC), last.astimezone(UTC)


def _split(parts: Iterator[_Part]) -> Iterator[_Part]:
    """Parts of at most the 365 days that a fixed date may last."""
    for part in parts:
        begin = part.begin
        while part.end - begin > LONGEST_FIXED_DATE:
            yield part._replace(begin=begin, end=begin + LONGEST_FIXED_DATE)
            begin += LONGEST_FIXED_DATE
        yield part._replace(begin=begin)


# which sizes profiles have


def sizes_used(group: ScalingGroup, now: datetime) -> frozenset[str]:
    """The paths of the group's schedules that profiles are made of, and of the sizes that some profile has."""
    numbers = count(1)
    tags: dict[int, str] = {}
    schedules = []
    for schedule in group.schedules:
        given = [name for name in SIZES if getattr(schedule, name) is not None]
        own = {name: next(numbers) + (_LARGE if name == "max" else 0) for name in given}
        tags |= {number: f"schedules.{schedule.name}.{name}" for name, number in own.items()}
        schedules.append(schedule.model_copy(update=own))
    capacity = Capacity.model_construct(min=0, max=_LARGE, desired=None)
    profiles = profiles_of(group.model_copy(update={"capacity": capacity, "schedules": tuple(schedules)}), now)
    paths = {f"schedules.{profile.schedule}" for profile in profiles}
    sizes = {
        tags.get(size or 0)
        for profile in profiles
        for size in (profile.sizes.min, profile.sizes.max, profile.sizes.desired)
    }
    held = {path for path in sizes if path}
    return frozenset(paths | held | {path.rpartition(".")[0] for path in held})


def never_active(group: ScalingGroup, now: datetime) -> list[str]:
    """
    Which of the group's own bounds only the default profile has, though it is never active.

    A recurring profile lasts until another one starts, so that with one of them the default never comes back.
    """
    capacity = Capacity.model_construct(min=-1, max=_LARGE, desired=None)
    _, *others = profiles_of(group.model_copy(update={"capacity": capacity}), now)
    if not any("recurrence" in profile.when for profile in others):
        return []
    return [
        name
        for name in ("min", "max")
        if all(getattr(profile.sizes, name) != getattr(capacity, name) for profile in others)
    ]


# what profiles cannot say


def problems_of(group: ScalingGroup, now: datetime) -> Iterator[tuple[str, str]]:
    """What keeps a group's schedules from being profiles: path and text."""
    zones = {schedule.zone: windows_zone(schedule.zone) for schedule in group.schedules}
    for schedule in group.schedules:
        where = f"schedules.{schedule.name}"
        if zones[schedule.zone] is None:
            text = f"Azure keeps zones by their names in Windows, and {schedule.zone!r} has none"
            yield f"{where}.zone", f"{text}; choose a zone beside it"
        if schedule.cron is not None and not schedule.only_dates and ended_by_cron(schedule).duration is not None:
            text = "Azure needs the times at which the window closes; give `until` instead of `duration`"
            yield f"{where}.duration", text
        if schedule.at is not None and (schedule.duration or timedelta(0)) > LONGEST_FIXED_DATE:
            yield f"{where}.duration", "a fixed date of Azure lasts 365 days at most"
    weekly = {one.name: one.zone for one in group.schedules if one.cron is not None and not one.only_dates}
    if len({zones[zone] for zone in weekly.values()}) > 1:
        text = "the order of profiles of several zones would change with their clocks; write all in one zone"
        for name in weekly:
            yield f"schedules.{name}.zone", f"schedules in {', '.join(sorted(set(weekly.values())))}: {text}"
    if all(zones.values()) and (number := len(profiles_of(group, now))) > MOST_PROFILES:
        yield "schedules", f"they make {number} profiles, and an autoscale setting has {MOST_PROFILES} at most"
