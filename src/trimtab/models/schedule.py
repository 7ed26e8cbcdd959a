"""Schedules: sizes that hold from a moment on, or for a window."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from trimtab.models.base import MAX_SIZE, Duration, Model, Name, exactly_one, refuse


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        refuse(f'{value!r} is no IANA time zone; write one such as "Europe/Madrid" or "UTC"')
    return value


def _check_cron(value: str) -> str:
    if len(value.split()) != 5:
        refuse(f'{value!r} has {len(value.split())} fields; cron takes five: "minute hour day month weekday"')
    try:
        coming = next(CronSim(value, datetime(2026, 1, 1)), None)  # noqa: DTZ001 - local, in whichever zone
    except CronSimError as error:
        refuse(f'{value!r} is not cron ({error}); write "minute hour day month weekday", such as "0 8 * * 1-5"')
    if coming is None:
        refuse(f"{value!r} names a date that never comes; choose days that its months have")
    return value


def _check_moment(value: object) -> object:
    # pydantic alone would read "2026" as seconds since 1970
    if not (isinstance(value, datetime) or (isinstance(value, str) and _is_moment(value))):
        refuse(f'write a moment as date and time, such as "2026-12-24T18:00:00", not {value!r}')
    return value


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) > len("2026-12-24")


Zone = Annotated[str, AfterValidator(_check_zone)]
Cron = Annotated[str, AfterValidator(_check_cron)]
Moment = Annotated[datetime, BeforeValidator(_check_moment)]
Size = Annotated[int, Field(ge=0, le=MAX_SIZE)]


class Schedule(Model):
    """
    Sets sizes when its time comes.

    With `duration` or `until` it is a window: its sizes hold for that long, then what is in force
    otherwise. Without, it sets them from then on, as scheduled actions of EC2 Auto Scaling do.
    """

    name: Name
    """Unique within the group."""
    cron: Cron | None = None
    """Five fields: minute, hour, day of month, month, day of week."""
    at: Moment | None = None
    """One moment instead of `cron`; without an offset it is local time in `zone`."""
    zone: Zone
    """IANA zone in which `cron`, `until` and `at` are read. UTC is never assumed."""
    min: Size | None = None
    max: Size | None = None
    desired: Size | None = None
    duration: Duration | None = None
    """How long the window stays open."""
    until: Cron | None = None
    """The cron at which the window closes."""
    starts: Moment | None = None
    """Not before this moment."""
    ends: Moment | None = None
    """Not after this moment."""

    @model_validator(mode="after")
    def _check(self) -> "Schedule":
        exactly_one(self, "cron", "at")
        if self.min is None and self.max is None and self.desired is None:
            refuse("a schedule sets something: give `min`, `max` or `desired`")
        _check_sizes(self)
        _check_window(self)
        if self.starts and self.ends and self.local(self.starts) >= self.local(self.ends):
            refuse("`ends` is not after `starts`", "ends")
        return self

    @property
    def is_window(self) -> bool:
        """Whether its sizes end by themselves."""
        return self.duration is not None or self.until is not None

    def local(self, moment: datetime) -> datetime:
        """`moment` as an aware time; without an offset it is read in the schedule's zone."""
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))


def _check_sizes(schedule: Schedule) -> None:
    low, high, size = schedule.min, schedule.max, schedule.desired
    if low is not None and high is not None and low > high:
        refuse(f"`min` {low} is above `max` {high}", "min")
    if size is not None and low is not None and size < low:
        refuse(f"`desired` {size} is below `min` {low}", "desired")
    if size is not None and high is not None and size > high:
        refuse(f"`desired` {size} is above `max` {high}", "desired")


def _check_window(schedule: Schedule) -> None:
    if schedule.duration is not None and schedule.until is not None:
        refuse("a window ends by `duration` or by `until`, not by both", "until")
    if schedule.until is not None and schedule.at is not None:
        refuse("a window that opens once closes by `duration`; `until` goes with `cron`", "until")
    if schedule.duration is not None and not 60 <= schedule.duration.total_seconds() <= 366 * 86400:
        refuse("a window is open for one minute to 366 days", "duration")
