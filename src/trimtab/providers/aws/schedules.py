"""
Schedules as scheduled actions.

A scheduled action sets sizes from then on; nothing ends it but another action. So a window is two of
them, and the one at its end puts back the group's own sizes.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from trimtab.checks.sizes import contradictions
from trimtab.engine.crons import ended_by_cron, next_fire
from trimtab.engine.openings import days_of, last_opening, openings, schedule_fires, window_end
from trimtab.models import Capacity, Fleet, ScalingGroup, Schedule
from trimtab.providers.aws.constraints import ACTION, PER_GROUP
from trimtab.providers.moments import zulu

SIZES = {"min": "MinSize", "max": "MaxSize", "desired": "DesiredCapacity"}
END = "-end"
MOST_ACTIONS = PER_GROUP[ACTION][0]
"""Of a group, as a quota: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html."""
HELD = "scheduled actions, some with a first and a last moment"
# any year would do: what is looked for is whether two crons ever meet
_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_ALWAYS = datetime(1971, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


def enacted(group: ScalingGroup) -> ScalingGroup:
    """The group with each window ending by the cron that AWS ends it by; across a clock change that differs."""
    schedules = tuple(ended_by_cron(schedule) for schedule in group.schedules)
    return group.model_copy(update={"schedules": schedules})


class ScheduledAction(NamedTuple):
    """A scheduled action that is still to come."""

    name: str
    schedule: str
    """The schedule of the group that it comes from."""
    run: Schedule
    """What it stands for: that schedule, or a run of its days."""
    body: dict[str, Any]


def reach_of(group: ScalingGroup, now: datetime) -> datetime | None:
    """
    Up to when the dates of a group's schedules are held, given that a group has 125 scheduled actions.

    `None` where not even those of the next weeks have room.
    """
    from trimtab.engine.calendars import farthest

    return farthest(now, lambda end: sum(1 for _ in actions_of(group, now, end)) <= MOST_ACTIONS)


def actions_of(group: ScalingGroup, now: datetime, end: datetime | None = None) -> Iterator[ScheduledAction]:
    """The scheduled actions that are still to come; of dates those up to `end`, as far as there is room if left out."""
    if end is None and any(schedule.is_dated for schedule in group.schedules):
        end = reach_of(group, now)
    for schedule in group.schedules:
        for name, run in _runs(schedule, now, end):
            body = _start_action(run, now)
            if body is not None:
                yield ScheduledAction(name, schedule.name, run, body)
            body = _end_action(ended_by_cron(run), group.capacity, now) if run.is_window else None
            if body is not None:
                first = _first_end(run, now) if schedule.is_dated else {}
                yield ScheduledAction(f"{name}{END}", schedule.name, run, {**body, **first})


def _runs(schedule: Schedule, now: datetime, end: datetime | None) -> Iterator[tuple[str, Schedule]]:
    if not schedule.is_dated:
        return iter([(schedule.name, schedule)])
    from trimtab.engine.calendars import reaches, runs_of

    return ((run.name, run.schedule) for run in runs_of(schedule, now, end or reaches(now)[0]))


def _first_end(run: Schedule, now: datetime) -> dict[str, str]:
    """The first moment of the action that ends a run of days; before, it would end what is left out."""
    if run.starts is None or run.cron is None:
        return {}
    end, ended = window_end(run, run.local(run.starts)), ended_by_cron(run)
    if end is None or end <= now or next_fire(ended.until or run.cron, run.zone, now) == end:
        return {}
    return {"StartTime": zulu(end)}


def has_start(schedule: Schedule, now: datetime) -> bool:
    """Whether the action of a schedule that recurs has a first moment of its own that is still to come."""
    if schedule.starts is None or schedule.local(schedule.starts) <= now:
        return False
    return schedule.cron is None or next_fire(schedule.cron, schedule.zone, now) != schedule.local(schedule.starts)


def start_of(action: ScheduledAction) -> dict[str, str]:
    """The first moment of an action that the file gives, be it over or not; empty where it gives none."""
    run = action.run
    if run.at is not None:
        return {"StartTime": action.body["StartTime"]}
    if run.starts is None or action.name != run.name:
        return {}
    return {"StartTime": zulu(run.local(run.starts))}


def given_sizes(schedule: Schedule) -> set[str]:
    """Which of min, max and desired a schedule sets."""
    return {name for name in SIZES if getattr(schedule, name) is not None}


def _start_action(schedule: Schedule, now: datetime) -> dict[str, Any] | None:
    sizes = {native: getattr(schedule, name) for name, native in SIZES.items()}
    body: dict[str, Any] = {name: value for name, value in sizes.items() if value is not None}
    if schedule.at is not None:
        at = schedule.local(schedule.at)
        return {**body, "StartTime": zulu(at)} if at > now else None
    if schedule.ends is not None and _is_over(schedule, now):
        return None
    body |= {"Recurrence": schedule.cron, "TimeZone": schedule.zone}
    if schedule.starts is not None and has_start(schedule, now):
        body["StartTime"] = zulu(schedule.local(schedule.starts))
    if schedule.ends is not None:
        body["EndTime"] = zulu(schedule.local(schedule.ends))
    return body


def _end_action(schedule: Schedule, base: Capacity, now: datetime) -> dict[str, Any] | None:
    sizes = {SIZES[name]: getattr(base, name) for name in sorted(given_sizes(schedule))}
    body: dict[str, Any] = {name: value for name, value in sizes.items() if value is not None}
    if schedule.at is not None:
        end = window_end(schedule, schedule.local(schedule.at))
        return {**body, "StartTime": zulu(end)} if end and end > now else None
    body |= {"Recurrence": schedule.until, "TimeZone": schedule.zone}
    last = _last_end(schedule)
    if last is None:
        return body
    return {**body, "EndTime": zulu(last + timedelta(minutes=1))} if last > now else None


def _is_over(schedule: Schedule, now: datetime) -> bool:
    return next(schedule_fires(schedule, now, _ALWAYS[1]), None) is None


def _last_end(schedule: Schedule) -> datetime | None:
    if schedule.ends is None:
        return None
    ends = schedule.local(schedule.ends)
    last = last_opening(schedule, ends)
    return (last.end if last else None) or ends


# what scheduled actions cannot say


def problems_of(group: ScalingGroup) -> Iterator[str]:
    """What keeps a group's schedules from being scheduled actions, one sentence each."""
    for schedule in group.schedules:
        if schedule.is_window:
            yield from _window_problems(schedule, group.capacity)
    for first, second in _mixed(group.schedules):
        window = first.name if first.is_window else second.name
        yield (
            f"schedules.{second.name}: it and {first.name!r} both set {_shared(first, second)}, and the end of the "
            f"window {window!r} cannot know what the other set; make both windows, or neither"
        )
    for first, second in _meetings(group.schedules):
        yield (
            f"schedules.{second.name}: its window and that of {first.name!r} both set {_shared(first, second)} and "
            "overlap or touch, which scheduled actions cannot express; leave a time between them, or set other sizes"
        )


def contradictions_of(fleet: Fleet, group: ScalingGroup) -> Iterator[str]:
    """
    Actions that EC2 Auto Scaling refuses when they fire, since they leave the minimum above the maximum.

    An action sets only the sizes that it names, and those are checked against the others when it runs (Scheduled
    scaling, Amazon EC2 Auto Scaling User Guide:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html).
    """
    for conflict in contradictions(group):
        holder = (
            f"schedules.{conflict.holder}{_place(fleet, group, conflict.holder)}" if conflict.holder else "the group"
        )
        yield (
            f"schedules.{conflict.schedule}.{conflict.field}: "
            f"sets `{conflict.field}` to {conflict.value} while {holder} holds `{conflict.other}` {conflict.held}; "
            f"EC2 Auto Scaling refuses the action when it fires; let {conflict.schedule!r} set `{conflict.other}` too"
        )


def _place(fleet: Fleet, group: ScalingGroup, schedule: str) -> str:
    position = fleet.position(group.name, f"schedules.{schedule}")
    return f" ({position.file}:{position.line})" if position else ""


def _shared(first: Schedule, second: Schedule) -> str:
    return ", ".join(f"`{name}`" for name in sorted(given_sizes(first) & given_sizes(second)))


def _window_problems(schedule: Schedule, base: Capacity) -> Iterator[str]:
    where = f"schedules.{schedule.name}"
    if schedule.desired is not None and base.desired is None:
        yield f"{where}: its end puts back `desired`, and the group's `capacity` gives none; give `capacity.desired`"
    if schedule.cron is None:
        return
    ended = ended_by_cron(schedule)
    if ended.duration is not None:
        yield f"{where}: AWS needs the cron at which the window closes; give `until` instead of `duration`"
        return
    begin, reach = _stretch([ended])
    spans = _spans(ended, reach, begin)
    if any(end >= start for (_, end), (start, _) in pairwise(spans)):
        yield f"{where}: the window opens again before it has closed; leave `duration` and `until` out"
    elif not spans and _never_opens(ended):
        yield f"{where}: the window closes at the moment it opens; let `until` name a later time"


def _mixed(schedules: Sequence[Schedule]) -> list[tuple[Schedule, Schedule]]:
    """Each window that sets a size beside a schedule that is none, with the first such schedule."""
    lasting: dict[str, int] = {}
    for place, schedule in enumerate(schedules):
        for name in given_sizes(schedule) if not schedule.is_window else ():
            lasting.setdefault(name, place)
    pairs = {
        (min(place, lasting[name]), max(place, lasting[name]))
        for place, schedule in enumerate(schedules)
        for name in (given_sizes(schedule) & set(lasting) if schedule.is_window else ())
    }
    return [(schedules[first], schedules[second]) for first, second in sorted(pairs)]


def _meetings(schedules: Sequence[Schedule]) -> list[tuple[Schedule, Schedule]]:
    """Windows that set the same size and overlap or touch: of many each with another, not all with all."""
    windows = [(place, ended_by_cron(schedule)) for place, schedule in enumerate(schedules) if schedule.is_window]
    recurring = [(place, schedule) for place, schedule in windows if schedule.at is None]
    once = [(place, schedule) for place, schedule in windows if schedule.at is not None]
    begin, reach = _stretch([schedule for _, schedule in recurring])
    pairs: set[tuple[int, int]] = set()
    for name in SIZES:
        for some in (recurring, once):
            spans = [
                (start, end, place)
                for place, schedule in some
                if getattr(schedule, name) is not None
                for start, end in _spans(schedule, reach, begin)
            ]
            pairs |= set(_overlaps(sorted(spans)))
    pairs |= {
        (min(here, other), max(here, other))
        for here, day in once
        for other, schedule in recurring
        if _meet(day, schedule)
    }
    return [(schedules[first], schedules[second]) for first, second in sorted(pairs)]


def _overlaps(spans: Sequence[tuple[datetime, datetime, int]]) -> Iterator[tuple[int, int]]:
    """Each span that begins before an earlier one of another schedule has ended, or as it ends."""
    latest: list[tuple[datetime, int]] = []
    for start, end, place in spans:
        other = next(((until, which) for until, which in latest if which != place), None)
        if other is not None and other[0] >= start:
            yield min(place, other[1]), max(place, other[1])
        ends = {which: until for until, which in latest}
        ends[place] = max(end, ends.get(place, end))
        latest = sorted(((until, which) for which, until in ends.items()), reverse=True)[:2]


def _meet(day: Schedule, window: Schedule) -> bool:
    """Whether a window that opens once and one that recurs set the same size and overlap or touch."""
    if not given_sizes(day) & given_sizes(window):
        return False
    for start, end in _spans(day, _DAY):
        last = last_opening(window, end)
        if last is not None and last.end is not None and max(last.end, last.start.at) >= start:
            return True
    return False


def _stretch(schedules: Sequence[Schedule]) -> tuple[datetime, timedelta]:
    """A time in which windows meet if they ever do: with dates all of those, else as long as their crons need."""
    spans = [span for one in schedules if (days := days_of(one)) for span in (*days.skip, *(days.only or ()))]
    if not spans:
        return _YEAR, _horizon(schedules)
    first, last = (_clipped(min(span[0] for span in spans)), _clipped(max(span[1] for span in spans)))
    return first - 8 * _DAY, last - first + _horizon(schedules)


def _clipped(day: date) -> datetime:
    """A date as a moment within the ten years around those that schedules are looked at for."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return max(_YEAR - 1827 * _DAY, min(_YEAR + 1827 * _DAY, moment))


def _horizon(schedules: Sequence[Schedule]) -> timedelta:
    crons = [cron.split() for schedule in schedules for cron in (schedule.cron, schedule.until) if cron]
    return 15 * _DAY if all(fields[2:4] == ["*", "*"] for fields in crons) else 400 * _DAY


@lru_cache(maxsize=1024)
def _spans(schedule: Schedule, reach: timedelta, begin: datetime = _YEAR) -> tuple[tuple[datetime, datetime], ...]:
    """When a window is open: the one that opens once, or all of so long."""
    windows = openings(schedule, *(_ALWAYS if schedule.at else (begin, begin + reach)))
    return tuple((start.at, end) for start, end in windows if end is not None and end > start.at)


def _never_opens(schedule: Schedule) -> bool:
    opening = next(openings(schedule, _YEAR, _ALWAYS[1]), None)
    return opening is not None and opening.end == opening.start.at
