"""Crons and windows minute by minute: no cron library, only a zone's clock."""

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
PLACES = [  # a zone, and a year in which its clocks change
    ("Europe/Madrid", 2026),
    ("America/New_York", 2026),
    ("Australia/Lord_Howe", 2026),  # by half an hour
    ("Pacific/Apia", 2011),  # skips a day
    ("America/Havana", 2026),  # at midnight
    ("America/Sao_Paulo", 2018),  # at midnight
    ("Asia/Beirut", 2026),  # at midnight
    ("Africa/Casablanca", 2026),  # for Ramadan
    ("Antarctica/Troll", 2026),  # by two hours
    ("America/Nuuk", 2026),  # the day before it is Sunday
    ("Pacific/Chatham", 2026),  # at a quarter to
]


@lru_cache
def changes(zone, year):
    """The minutes at which the clock of a zone jumps."""
    there, found = ZoneInfo(zone), []
    hour = datetime(year, 1, 1, tzinfo=UTC)
    while hour.year == year:
        if shown(hour, zone) + timedelta(hours=1) != shown(hour + timedelta(hours=1), zone):
            minute = hour
            while shown(minute, zone) + MINUTE == shown(minute + MINUTE, zone):
                minute += MINUTE
            found.append(minute + MINUTE)
        hour += timedelta(hours=1)
    assert found, there
    return found


def shown(moment, zone):
    """What the clock on the wall shows."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@cache
def in_field(number, field):
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        if number % int(step or 1) == 0 if span == "*" else int(low) <= number <= int(high or low):
            return True
    return False


def matches(cron, wall):
    """Whether a time on the wall is one of the cron's; fields of numbers, ranges, lists and steps of `*`."""
    minute, hour, day, month, weekday = cron.split()
    return (
        in_field(wall.minute, minute)
        and in_field(wall.hour, hour)
        and in_field(wall.day, day)
        and in_field(wall.month, month)
        and in_field(date.isoweekday(wall) % 7, weekday)
    )


def walls(zone, begin, end):
    """Each minute, what the clock shows in it, and the times that it shows or has skipped for the first time."""
    latest = max(shown(begin - minutes * MINUTE, zone) for minutes in range(200))
    moment = begin
    while moment <= end:
        now, fresh = shown(moment, zone), []
        while latest < now:
            latest += MINUTE
            fresh.append(latest)
        yield moment, now, fresh
        moment += MINUTE


def fires_by_minute(cron, zone, after, until):
    """Every (moment, time meant) in (after, until]: Debian's rule, read off the clock minute by minute."""
    follows = cron.split()[0].startswith("*") or cron.split()[1].startswith("*")
    return [
        (moment, one)
        for moment, now, fresh in walls(zone, after, until)
        if moment > after
        for one in ([now] if follows else fresh)
        if matches(cron, one)
    ]


def end_by_minute(until, zone, moment, meant):
    """When the clock next shows a time of `until` from a time on, or has skipped it."""
    target = meant
    while not matches(until, target):
        target += MINUTE
    before = shown(moment, zone)
    if target <= before:
        return moment
    while True:
        moment += MINUTE
        now = shown(moment, zone)
        if now == target or before < target < now:
            return moment
        before = now
