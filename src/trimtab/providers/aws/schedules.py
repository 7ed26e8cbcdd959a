"""
Schedules as scheduled actions.

A scheduled action sets sizes from then on; nothing ends it but another action. So a window is two of
them, and the one at its end puts back the group's own sizes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any

from trimtab.engine.crons import ended_by_cron
from trimtab.engine.schedules import fires, last_set, next_fire, schedule_fires, window_end
from trimtab.models import Capacity, ScalingGroup, Schedule

SIZES = {"min": "MinSize", "max": "MaxSize", "desired": "DesiredCapacity"}
END = "-end"
# any year would do: what is looked for is whether two crons ever meet
_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def enacted(group: ScalingGroup) -> ScalingGroup:
    """The group with each window ending by the cron that AWS ends it by; across a clock change that differs."""
    schedules = tuple(ended_by_cron(schedule) for schedule in group.schedules)
    return group.model_copy(update={"schedules": schedules})


def actions_of(group: ScalingGroup, now: datetime) -> Iterator[tuple[str, Schedule, dict[str, Any]]]:
    """The scheduled actions that are still to come: name, the schedule that each stands for, body."""
    for schedule in group.schedules:
        body = _start_action(schedule, now)
        if body is not None:
            yield schedule.name, schedule, body
        body = _end_action(ended_by_cron(schedule), group.capacity, now) if schedule.is_window else None
        if body is not None:
            yield f"{schedule.name}{END}", schedule, body


def has_start(schedule: Schedule, now: datetime) -> bool:
    """Whether the action of a schedule that recurs has a first moment of its own that is still to come."""
    if schedule.starts is None or schedule.local(schedule.starts) <= now:
        return False
    return schedule.cron is None or next_fire(schedule.cron, schedule.zone, now) != schedule.local(schedule.starts)


def moment(at: datetime) -> str:
    """A moment as bodies have it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def given_sizes(schedule: Schedule) -> set[str]:
    """Which of min, max and desired a schedule sets."""
    return {name for name in SIZES if getattr(schedule, name) is not None}


def _start_action(schedule: Schedule, now: datetime) -> dict[str, Any] | None:
    sizes = {native: getattr(schedule, name) for name, native in SIZES.items()}
    body: dict[str, Any] = {name: value for name, value in sizes.items() if value is not None}
    if schedule.at is not None:
        at = schedule.local(schedule.at)
        return {**body, "StartTime": moment(at)} if at > now else None
    if schedule.ends is not None and _is_over(schedule, now):
        return None
    body |= {"Recurrence": schedule.cron, "TimeZone": schedule.zone}
    if schedule.starts is not None and has_start(schedule, now):
        body["StartTime"] = moment(schedule.local(schedule.starts))
    if schedule.ends is not None:
        body["EndTime"] = moment(schedule.local(schedule.ends))
    return body


def _end_action(schedule: Schedule, base: Capacity, now: datetime) -> dict[str, Any] | None:
    sizes = {SIZES[name]: getattr(base, name) for name in sorted(given_sizes(schedule))}
    body: dict[str, Any] = {name: value for name, value in sizes.items() if value is not None}
    if schedule.at is not None:
        end = window_end(schedule, schedule.local(schedule.at))
        return {**body, "StartTime": moment(end)} if end and end > now else None
    body |= {"Recurrence": schedule.until, "TimeZone": schedule.zone}
    last = _last_end(schedule)
    if last is None:
        return body
    return {**body, "EndTime": moment(last + timedelta(minutes=1))} if last > now else None


def _is_over(schedule: Schedule, now: datetime) -> bool:
    return next(schedule_fires(schedule, now, datetime.max.replace(tzinfo=UTC) - _DAY), None) is None


def _last_end(schedule: Schedule) -> datetime | None:
    if schedule.ends is None:
        return None
    ends = schedule.local(schedule.ends)
    start = last_set(schedule, ends)
    return (window_end(schedule, start) if start else None) or ends


# what scheduled actions cannot say


def problems_of(group: ScalingGroup) -> Iterator[str]:
    """What keeps a group's schedules from being scheduled actions, one sentence each."""
    for schedule in group.schedules:
        if schedule.is_window:
            yield from _window_problems(schedule, group.capacity)
    for one, two in combinations(group.schedules, 2):
        shared = sorted(given_sizes(one) & given_sizes(two))
        if shared and (one.is_window or two.is_window):
            yield from _pair_problems(one, two, ", ".join(f"`{name}`" for name in shared))


def _window_problems(schedule: Schedule, base: Capacity) -> Iterator[str]:
    where = f"schedules.{schedule.name}"
    if schedule.desired is not None and base.desired is None:
        yield f"{where}: its end puts back `desired`, and the group's `capacity` gives none; give `capacity.desired`"
    if schedule.cron is not None and ended_by_cron(schedule).duration is not None:
        yield f"{where}: AWS needs the cron at which the window closes; give `until` instead of `duration`"
    elif schedule.cron is not None and _overtakes_itself(ended_by_cron(schedule)):
        yield f"{where}: the window opens again before it has closed; leave `duration` and `until` out"


def _pair_problems(one: Schedule, two: Schedule, shared: str) -> Iterator[str]:
    names = f"{one.name!r} and {two.name!r}"
    if not (one.is_window and two.is_window):
        window = one.name if one.is_window else two.name
        yield (
            f"schedules {names} both set {shared}, and the end of the window {window!r} cannot know what the other "
            "set; make both windows, or neither"
        )
    elif _meet(ended_by_cron(one), ended_by_cron(two)):
        yield f"the windows {names} both set {shared} and overlap or touch, which scheduled actions cannot express"


def _overtakes_itself(schedule: Schedule) -> bool:
    spans = _spans(schedule, _YEAR, _YEAR + _horizon(schedule))
    return any(end >= start for (_, end), (start, _) in pairwise(spans))


def _meet(one: Schedule, two: Schedule) -> bool:
    begin, reach = _YEAR, max(_horizon(one), _horizon(two))
    for schedule in (one, two):
        if schedule.at is not None:
            begin = schedule.local(schedule.at).astimezone(UTC) - 15 * _DAY
            reach = 30 * _DAY + (schedule.duration or timedelta(0))
    spans = sorted([*_spans(one, begin, begin + reach), *_spans(two, begin, begin + reach)])
    return any(end >= start for (_, end), (start, _) in pairwise(spans))


def _horizon(schedule: Schedule) -> timedelta:
    crons = [cron.split() for cron in (schedule.cron, schedule.until) if cron]
    return 15 * _DAY if all(fields[2:4] == ["*", "*"] for fields in crons) else 400 * _DAY


@lru_cache(maxsize=1024)
def _spans(schedule: Schedule, begin: datetime, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
    if schedule.at is not None:
        starts = [schedule.local(schedule.at).astimezone(UTC)]
    else:
        starts = list(fires(schedule.cron or "", schedule.zone, begin, until))
    ends = (window_end(schedule, start) for start in starts)
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if end is not None)
