"""Schedules: sizes that hold from a moment on, or for a window."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from trimtab.models.base import MAX_SIZE, Duration, ItemName, Model, exactly_one, refuse
from trimtab.phrases import closest


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = closest(value, available_timezones())
        fix = f"did you mean {close!r}?" if close else 'write one such as "Europe/Madrid" or "UTC"'
        refuse(f"{value!r} is not an IANA time zone; {fix}")
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


TO = ".."
"""What stands between the first and the last day of a range."""
DATE = r"^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$"
MOST_DATES = 2000
"""How many dates and ranges a schedule may list."""
_DATE = re.compile(DATE)
_FORM = 'write a day as "2026-12-25", days in a row as "2026-12-24..2026-12-26"'

Span = tuple[date, date]
"""The first and the last of some days in a row."""


def read_days(text: str) -> Span:
    """The first and the last day of a date or a range."""
    first, _, last = text.partition(TO)
    return date.fromisoformat(first), date.fromisoformat(last or first)


def write_days(span: Span) -> str:
    """Days in a row as a fleet file has them."""
    first, last = span
    return first.isoformat() if first == last else f"{first.isoformat()}{TO}{last.isoformat()}"


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same days in order, each once; days in a row as one."""
    rows: list[Span] = []
    for first, last in sorted(spans):
        if rows and first.toordinal() <= rows[-1][1].toordinal() + 1:
            rows[-1] = rows[-1][0], max(rows[-1][1], last)
        else:
            rows.append((first, last))
    return tuple(rows)


def _as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _check_date(value: str) -> str:
    if not _DATE.fullmatch(value):
        refuse(f"{value!r} is not a date; {_FORM}")
    try:
        first, last = read_days(value)
    except ValueError as error:
        refuse(f"{value!r} is not a date ({error}); {_FORM}")
    if last < first:
        refuse(f"{value!r} ends before it begins; write {write_days((last, first))!r}")
    return value


Dates = Annotated[
    str, BeforeValidator(_as_text), AfterValidator(_check_date), Field(json_schema_extra={"pattern": DATE})
]
DateList = Annotated[tuple[Dates, ...], Field(max_length=MOST_DATES)]


class Schedule(Model):
    """
    Sets sizes when its time comes.

    With `duration` or `until` it is a window: its sizes hold for that long, then what is in force
    otherwise. Without, it sets them from then on, as scheduled actions of EC2 Auto Scaling do.
    """

    name: ItemName
    """Unique within the group."""
    cron: Cron | None = None
    """Five fields: minute, hour, day of month, month, day of week."""
    at: Moment | None = None
    """One moment instead of `cron`; without an offset it is local time in `zone`."""
    zone: Zone
    """IANA zone in which `cron`, `until` and `at` are read. UTC is never assumed."""
    min: Size | None = None
    """Least instances from then on."""
    max: Size | None = None
    """Most instances from then on."""
    desired: Size | None = None
    """The size to go to."""
    duration: Duration | None = None
    """How long the window stays open."""
    until: Cron | None = None
    """The cron at which the window closes."""
    starts: Moment | None = None
    """Not before this moment."""
    ends: Moment | None = None
    """Not after this moment."""
    skip_dates: DateList = ()
    """Days in `zone` on which it does not come: `2026-12-25`, `2026-12-24..2026-12-26`, in a file `holidays.ics`."""
    description: str | None = Field(default=None, min_length=1, max_length=512)
    """What it is for, to be read by people beside it (Google)."""
    only_dates: DateList = ()
    """The only days in `zone` on which it comes, written likewise; those of `skip_dates` are left out."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            cron: str | None = None,
            at: datetime | str | None = None,
            zone: str,
            min: int | None = None,
            max: int | None = None,
            desired: int | None = None,
            duration: timedelta | str | None = None,
            until: str | None = None,
            starts: datetime | str | None = None,
            ends: datetime | str | None = None,
            skip_dates: Sequence[str] = ...,
            description: str | None = None,
            only_dates: Sequence[str] = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "Schedule":
        exactly_one(self, "cron", "at")
        if self.min is None and self.max is None and self.desired is None:
            refuse("this schedule sets nothing; give `min`, `max` or `desired`")
        _check_sizes(self)
        _check_window(self)
        _check_dates(self)
        if self.starts and self.ends and self.local(self.starts) >= self.local(self.ends):
            refuse("`ends` is not after `starts`; swap them, or give a later `ends`", "ends")
        return self

    @property
    def is_window(self) -> bool:
        """Whether its sizes end by themselves."""
        return self.duration is not None or self.until is not None

    @property
    def is_dated(self) -> bool:
        """Whether it comes on some of the days only that its cron names."""
        return bool(self.skip_dates or self.only_dates)

    @property
    def years(self) -> tuple[tuple[int, int], ...]:
        """The first and last years in which alone it comes, where its dates are whole years; empty where not."""
        spans = joined(read_days(text) for text in self.only_dates)
        whole = all((first.month, first.day, last.month, last.day) == (1, 1, 12, 31) for first, last in spans)
        return tuple((first.year, last.year) for first, last in spans) if whole and not self.skip_dates else ()

    @property
    def is_by_day(self) -> bool:
        """Whether it has dates that are not whole years."""
        return self.is_dated and not self.years

    def local(self, moment: datetime) -> datetime:
        """`moment` as an aware time; without an offset it is read in the schedule's zone."""
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))


def _check_sizes(schedule: Schedule) -> None:
    low, high, size = schedule.min, schedule.max, schedule.desired
    if low is not None and high is not None and low > high:
        refuse(f"`min` {low} is above `max` {high}; lower `min`, or raise `max`", "min")
    if size is not None and low is not None and size < low:
        refuse(f"`desired` {size} is below `min` {low}; raise it", "desired")
    if size is not None and high is not None and size > high:
        refuse(f"`desired` {size} is above `max` {high}; lower it", "desired")


def _check_window(schedule: Schedule) -> None:
    if schedule.duration is not None and schedule.until is not None:
        refuse("both `duration` and `until` are given; keep one", "until")
    if schedule.until is not None and schedule.at is not None:
        refuse("`until` needs `cron`; give a window with `at` a `duration`", "until")
    if schedule.duration is not None and not 60 <= schedule.duration.total_seconds() <= 366 * 86400:
        refuse("a window lasts one minute to 366 days; change `duration`", "duration")


def _check_dates(schedule: Schedule) -> None:
    for name in ("skip_dates", "only_dates"):
        if getattr(schedule, name) and schedule.at is not None:
            refuse(f"`at` is one moment; `{name}` goes with `cron`", name)
        spans = sorted((read_days(text), text) for text in getattr(schedule, name))
        for (earlier, text), (later, other) in pairwise(spans):
            if later[0] <= earlier[1]:
                refuse(f"{text!r} and {other!r} name the same day; give each day once", name)
