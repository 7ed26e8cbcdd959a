"""The scaling schedules of an autoscaler: which are open, and when each opens next."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trimtab.emulators.gcp.world import stamp
from trimtab.engine.schedules import next_fire
from trimtab.engine.signals import Window, years_of

Body = Mapping[str, Any]


def open_schedules(policy: Body, now: datetime) -> dict[str, datetime]:
    """When each schedule that is open now opened, by name."""
    openings = {
        name: window_of(schedule).open_since(now)
        for name, schedule in _schedules(policy)
        if not schedule.get("disabled")
    }
    return {name: since for name, since in openings.items() if since is not None}


def required(policy: Body, names: Mapping[str, datetime]) -> list[int]:
    """How many instances each of some schedules asks for."""
    return [int(schedule.get("minRequiredReplicas", 0)) for name, schedule in _schedules(policy) if name in names]


def schedule_status(
    policy: Body, now: datetime, *, started: Mapping[str, datetime], opened: Mapping[str, datetime]
) -> dict[str, dict[str, str]]:
    """The native `scalingScheduleStatus`; `started` is when each became active last, `opened` those that are."""
    return {name: dict(_status(name, schedule, now, started, opened)) for name, schedule in _schedules(policy)}


def edges(policy: Body, now: datetime) -> Iterator[datetime]:
    """The next moments at which a schedule opens or closes."""
    for _, schedule in _schedules(policy):
        if schedule.get("disabled"):
            continue
        window = window_of(schedule)
        since, coming = window.open_since(now), next_start(schedule, now)
        if since is not None:
            yield since + window.duration
        if coming is not None:
            yield coming


def window_of(schedule: Body) -> Window:
    """A native schedule as the engine has it."""
    return Window(
        cron=str(schedule["schedule"]),
        zone=schedule.get("timeZone") or "UTC",
        duration=timedelta(seconds=int(schedule["durationSec"])),
    )


def next_start(schedule: Body, now: datetime) -> datetime | None:
    """When a schedule opens next; `None` for one whose years are over."""
    fields, zone = str(schedule["schedule"]).split(), schedule.get("timeZone") or "UTC"
    cron = " ".join(fields[:5])
    if len(fields) == 5:
        return next_fire(cron, zone, now)
    here = now.astimezone(ZoneInfo(zone)).year
    return next(
        (moment for year in sorted(set(years_of(fields[5]))) if (moment := _in_year(cron, zone, year, here, now))), None
    )


def _in_year(cron: str, zone: str, year: int, here: int, now: datetime) -> datetime | None:
    if year < here:
        return None
    begun = datetime(year, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(seconds=1)
    moment = next_fire(cron, zone, max(now, begun))
    return moment if moment is not None and moment.astimezone(ZoneInfo(zone)).year == year else None


def _status(
    name: str, schedule: Body, now: datetime, started: Mapping[str, datetime], opened: Mapping[str, datetime]
) -> Iterator[tuple[str, str]]:
    coming = next_start(schedule, now)
    if schedule.get("disabled"):
        yield "state", "DISABLED"
    elif name in opened:
        yield "state", "ACTIVE"
    else:
        yield "state", "OBSOLETE" if coming is None else "READY"
    if coming is not None and not schedule.get("disabled"):
        yield "nextStartTime", stamp(coming)
    if name in started:
        yield "lastStartTime", stamp(started[name])


def _schedules(policy: Body) -> Iterator[tuple[str, Body]]:
    yield from (policy.get("scalingSchedules") or {}).items()
