"""
The days of calendar files: what `skip_dates` and `only_dates` name beside dates.

A file is iCalendar (RFC 5545: https://www.rfc-editor.org/rfc/rfc5545): what is read of it are the days of its events,
those that come again for so many years, less their exceptions.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trimtab.clock import SystemClock
from trimtab.config.document import Item
from trimtab.config.problems import Problem
from trimtab.errors import ConfigError, MissingExtra
from trimtab.models.schedule import MOST_DATES, Span, joined, write_days

FIELDS = ("skip_dates", "only_dates")
YEARS = 5
"""How many years after this one events that come again are read for."""
MAX_BYTES = 2**20
TOO_LARGE = "a calendar has at most 1 MiB; keep the days that schedules need in a file of their own"
MOST_EVENTS = 5000
_TOO_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
_DAY = timedelta(days=1)


class Calendars:
    """
    Puts the days of calendar files in place of their names; what is missing is kept in `problems`.

    Args:
        read: The content of a file beside the fleet file, by its name; `ConfigError` where it cannot be had.
    """

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self.problems: list[Problem] = []
        self._read = read

    def fill(self, item: Item) -> Item:
        """The fleet with the dates of its schedules in place of files."""
        value = item.value
        if isinstance(value, list):
            return Item([self.fill(child) for child in value], item.path, item.place)
        if not isinstance(value, dict):
            return item
        filled = {key: self.fill(child) for key, child in value.items()}
        if any(_names_a_file(filled.get(name)) for name in FIELDS):
            zone = filled.get("zone")
            for name in FIELDS:
                if name in filled:
                    filled[name] = self._dates(filled[name], str(zone.value) if zone else "UTC")
        return Item(filled, item.path, item.place)

    def _dates(self, item: Item, zone: str) -> Item:
        if not isinstance(item.value, list):
            return item
        files = [entry for entry in item.value if is_calendar(entry.value)]
        spans: list[Span] = []
        for entry in files:
            try:
                spans += days_of(self._read(str(entry.value)), str(entry.value), zone)
            except ConfigError as error:
                self.problems.append(Problem(entry.place, entry.path, error.problems[0]))
        dates = [entry for entry in item.value if not is_calendar(entry.value)]
        dates += [Item(write_days(span), files[0].path, files[0].place) for span in joined(spans)]
        return Item(dates, item.path, item.place)


def is_calendar(value: object) -> bool:
    """Whether an entry of a list of dates names a calendar file."""
    return isinstance(value, str) and value.lower().endswith(".ics")


def _names_a_file(item: Item | None) -> bool:
    return item is not None and isinstance(item.value, list) and any(is_calendar(entry.value) for entry in item.value)


def days_of(content: bytes, name: str, zone: str) -> tuple[Span, ...]:
    """
    The days of the events of a calendar, in order, days in a row as one.

    All-day events are days of whatever zone the schedule has; others are the days that they touch in that zone.

    Args:
        content: The file.
        name: What messages call it.
        zone: The schedule's zone.

    Raises:
        ConfigError: It is not a calendar, or has too much in it.
        MissingExtra: The libraries that read calendars are not installed.
    """
    try:
        import recurring_ical_events
        from icalendar import Calendar
    except ImportError as error:
        raise MissingExtra("a calendar file", "calendar") from error
    try:
        calendar = Calendar.from_ical(content)
        events = calendar.walk("VEVENT")
        _check(events, name)
        local, year = ZoneInfo(zone), SystemClock().now().year
        query = recurring_ical_events.of(calendar, skip_bad_series=False)
        spans = [_span(event, local) for event in query.between(date(year, 1, 1), date(year + YEARS + 1, 1, 1))]
    except ConfigError:
        raise
    except Exception as error:  # whatever its libraries make of what is no calendar
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise ConfigError([f"{name}: this is not a calendar ({text}); export it as iCalendar"]) from None
    rows = joined(span for span in spans if span is not None)
    if not rows:
        raise ConfigError([f"{name}: it has no event from {year} to {year + YEARS}; leave it out"])
    if len(rows) > MOST_DATES:
        raise ConfigError([f"{name}: its events are on {len(rows)} days; a schedule takes {MOST_DATES}"])
    return rows


def _check(events: list[Any], name: str) -> None:
    if len(events) > MOST_EVENTS:
        raise ConfigError([f"{name}: it has {len(events)} events; {MOST_EVENTS} are read at most"])
    for event in events:
        for rule in _rules(event):
            if any(str(word).upper() in _TOO_OFTEN for word in rule.get("FREQ", ())):
                text = "comes again within the day; a calendar of days has events by the day, week, month or year"
                raise ConfigError([f"{name}: {str(event.get('SUMMARY', 'an event'))!r} {text}"])


def _rules(event: Any) -> Iterator[Any]:
    rules = event.get("RRULE")
    yield from rules if isinstance(rules, list) else [rules] if rules is not None else []


def _span(event: Any, zone: ZoneInfo) -> tuple[date, date] | None:
    """The first and the last day of an event; its end is outside. None where it is cancelled."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    start, end = event.start, event.end
    if not isinstance(start, datetime):
        return start, max(start, end - _DAY)
    first, last = (moment if moment.tzinfo else moment.replace(tzinfo=zone) for moment in (start, end))
    before = max(first.astimezone(UTC), last.astimezone(UTC) - timedelta(seconds=1))
    return first.astimezone(zone).date(), before.astimezone(zone).date()
