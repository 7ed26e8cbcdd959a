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

from trimtab.engine.crons import ended_by_cron, fires
from trimtab.engine.openings import window_end
from trimtab.engine.profiles import MOST_PROFILES, Weekday
from trimtab.engine.timetable import InForce, timetable_of
from trimtab.models import Capacity, ScalingGroup, Schedule
from trimtab.providers.azure.names import windows_zone

DEFAULT = "default"
SIZES = ("min", "max", "desired")
_LARGE = 10**9
"""Above every size; tells maxima from minima where sizes are numbers that stand for their paths."""
# a week in which no zone changes its clocks, long enough after its beginning for every schedule to have fired
_WEEK = datetime(2027, 1, 18, tzinfo=UTC)
_SEVEN = timedelta(days=7)
_DAY = timedelta(days=1)
_DAYS = tuple(day.value for day in Weekday)
LONGEST_FIXED_DATE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Profile:
    """
    One profile, less its rules.

    Attributes:
        name: Its name in the setting.
        schedule: The schedule that it comes from; empty for the default.
        sizes: The sizes that hold while it is active.
        when: Its `recurrence` or `fixedDate`.
        ends: Whether it is the end of the schedule's window.
    """

    name: str
    schedule: str
    sizes: InForce
    when: Mapping[str, Any]
    ends: bool = False


class _Edge(NamedTuple):
    """A time of the day at which a schedule begins or ends, and the sizes that then hold."""

    schedule: str
    zone: str
    hour: int
    minute: int
    ends: bool
    sizes: InForce


def profiles_of(group: ScalingGroup) -> list[Profile]:
    """The profiles that a group's schedules make, the default first."""
    return list(_profiles(group.capacity, group.schedules))


@lru_cache(maxsize=256)
def _profiles(capacity: Capacity, schedules: tuple[Schedule, ...]) -> tuple[Profile, ...]:
    profiles = [Profile(DEFAULT, "", _base(capacity), {})]
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


def _recurring(edge: _Edge, days: Sequence[str], before: Sequence[Profile], others: Set[str]) -> Profile:
    zone = windows_zone(edge.zone) or edge.zone
    schedule = {
        "timeZone": zone,
        "days": sorted(days, key=_DAYS.index),
        "hours": [edge.hour],
        "minutes": [edge.minute],
    }
    when = {"recurrence": {"frequency": "Week", "schedule": schedule}}
    return Profile(_name(edge, before, others), edge.schedule, edge.sizes, when, edge.ends)


def _name(edge: _Edge, before: Sequence[Profile], others: Set[str]) -> str:
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


def _fixed(capacity: Capacity, schedule: Schedule, name: str) -> Profile:
    start = schedule.local(schedule.at) if schedule.at else _WEEK
    end = window_end(schedule, start) or start
    given = {name: getattr(schedule, name) for name in ("min", "max", "desired")}
    base = _base(capacity)
    low = base.min if given["min"] is None else given["min"]
    high = base.max if given["max"] is None else given["max"]
    sizes = InForce(min=low, max=max(low, high), desired=base.desired if given["desired"] is None else given["desired"])
    when = {"timeZone": windows_zone(schedule.zone), "start": _wall(start, schedule), "end": _wall(end, schedule)}
    return Profile(name, schedule.name, sizes, {"fixedDate": when})


def _wall(moment: datetime, schedule: Schedule) -> str:
    """A moment by the clock on the wall of the schedule's zone; the Z that Azure writes after it means nothing."""
    return moment.astimezone(ZoneInfo(schedule.zone)).strftime("%Y-%m-%dT%H:%M:%SZ")


# which sizes profiles have


def sizes_used(group: ScalingGroup) -> frozenset[str]:
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
    profiles = profiles_of(group.model_copy(update={"capacity": capacity, "schedules": tuple(schedules)}))
    paths = {f"schedules.{profile.schedule}" for profile in profiles}
    sizes = {
        tags.get(size or 0)
        for profile in profiles
        for size in (profile.sizes.min, profile.sizes.max, profile.sizes.desired)
    }
    held = {path for path in sizes if path}
    return frozenset(paths | held | {path.rpartition(".")[0] for path in held})


def never_active(group: ScalingGroup) -> list[str]:
    """
    Which of the group's own bounds only the default profile has, though it is never active.

    A recurring profile lasts until another one starts, so that with one of them the default never comes back.
    """
    capacity = Capacity.model_construct(min=-1, max=_LARGE, desired=None)
    _, *others = profiles_of(group.model_copy(update={"capacity": capacity}))
    if not any("recurrence" in profile.when for profile in others):
        return []
    return [
        name
        for name in ("min", "max")
        if all(getattr(profile.sizes, name) != getattr(capacity, name) for profile in others)
    ]


# what profiles cannot say


def problems_of(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """What keeps a group's schedules from being profiles: path and text."""
    zones = {schedule.zone: windows_zone(schedule.zone) for schedule in group.schedules}
    for schedule in group.schedules:
        where = f"schedules.{schedule.name}"
        if zones[schedule.zone] is None:
            text = f"Azure keeps zones by their names in Windows, and {schedule.zone!r} has none"
            yield f"{where}.zone", f"{text}; choose a zone beside it"
        if schedule.cron is not None and ended_by_cron(schedule).duration is not None:
            text = "Azure needs the times at which the window closes; give `until` instead of `duration`"
            yield f"{where}.duration", text
        if schedule.at is not None and (schedule.duration or timedelta(0)) > LONGEST_FIXED_DATE:
            yield f"{where}.duration", "a fixed date of Azure lasts 365 days at most"
    weekly = {schedule.name: schedule.zone for schedule in group.schedules if schedule.cron is not None}
    if len({zones[zone] for zone in weekly.values()}) > 1:
        text = "the order of profiles of several zones would change with their clocks; write all in one zone"
        for name in weekly:
            yield f"schedules.{name}.zone", f"schedules in {', '.join(sorted(set(weekly.values())))}: {text}"
    if all(zones.values()) and (number := len(profiles_of(group))) > MOST_PROFILES:
        yield "schedules", f"they make {number} profiles, and an autoscale setting has {MOST_PROFILES} at most"
