"""Crons worked out from others: the end of a window, so long after its start."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from cronsim import CronSim

from trimtab.models import Schedule

# any year would do: only the days of the week are read off it
_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
_MOST_STARTS = 100


def ended_by_cron(schedule: Schedule) -> Schedule:
    """
    The schedule with the cron at which its window closes in place of its duration, where five fields can say it.

    They cannot where it opens again before it has closed: then an earlier end would close the later window.
    """
    if schedule.duration is None or schedule.cron is None or _opens_while_open(schedule.cron, schedule.duration):
        return schedule
    until = shifted(schedule.cron, schedule.duration)
    if until is None:
        return schedule
    return schedule.model_copy(update={"until": until, "duration": None})


def _opens_while_open(cron: str, duration: timedelta) -> bool:
    starts = list(islice(CronSim(cron, _YEAR), _MOST_STARTS))
    return any(two - one < duration for one, two in pairwise(starts))


def shifted(cron: str, by: timedelta) -> str | None:
    """`cron` so much later; `None` where five fields cannot say it."""
    minute, hour, day, month, weekday = cron.split()
    seconds = int(by.total_seconds())
    if seconds % 60 or not minute.isdigit() or not hour.isdigit():
        return None
    days, rest = divmod(int(hour) * 60 + int(minute) + seconds // 60, 24 * 60)
    if days:
        later = _shifted_weekday(cron, days) if (day, month) == ("*", "*") else None
        if later is None:
            return None
        weekday = later
    return f"{rest % 60} {rest // 60} {day} {month} {weekday}"


def _shifted_weekday(cron: str, days: int) -> str | None:
    if cron.split()[4] == "*":
        return "*"
    numbers = CronSim(cron, _YEAR).weekdays
    if not all(isinstance(number, int) for number in numbers):
        return None
    return ",".join(str(number) for number in sorted({(int(str(number)) + days) % 7 for number in numbers}))
