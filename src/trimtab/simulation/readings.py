"""Readings of a load one after the other, and the even series that is made of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from operator import attrgetter, lt, sub
from typing import Literal, assert_never, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trimtab.errors import InvalidArgument

Gaps = Literal["short", "interpolate", "hold", "zero", "refuse"]
"""What stands in for readings that are missing."""
SHORT_GAP = timedelta(hours=1)
"""What is bridged unless something else is asked for."""
_ZERO = timedelta(0)
_MINUTE = timedelta(minutes=1)
LARGEST = 5_000_000
"""Steps of a series, and minutes; nine years fit."""


@dataclass(frozen=True, slots=True)
class Readings:
    """
    What was read, in order of time and without doubles; `None` where there is no value.

    Attributes:
        source: Where it was read, for messages.
        notes: What was done to bring it into this form.
    """

    source: str
    times: Sequence[datetime]
    values: Sequence[float | None]
    notes: tuple[str, ...] = ()


def zone_of(zone: str | tzinfo | None) -> tzinfo | None:
    """
    A time zone by its name.

    Raises:
        InvalidArgument: No zone has that name.
    """
    if not isinstance(zone, str):
        return zone
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgument(f"zone={zone!r} is not an IANA time zone; use one such as Europe/Berlin") from None


def make_series(
    readings: Readings, step: timedelta | None, gaps: Gaps
) -> tuple[datetime, timedelta, list[float], tuple[str, ...]]:
    """
    An even series: its beginning, its step, a value for each step, and notes on what was filled in.

    Raises:
        InvalidArgument: There is no value, times lie apart unevenly, or a gap is not to be filled.
    """
    if gaps not in get_args(Gaps):
        raise InvalidArgument(f"gaps={gaps!r} is unknown; use one of {', '.join(get_args(Gaps))}")
    source, notes = readings.source, list(readings.notes)
    times, found, empty = _real(readings)
    if not found:
        raise InvalidArgument(f"{source}: no value; a load takes one at least")
    if empty:
        notes.append(f"{source}: {empty} value(s) empty or NaN, taken for missing rows")
    apart = list(map(sub, islice(times, 1, None), times))
    step = usual_step(readings) if step is None else step
    if step <= _ZERO:
        raise InvalidArgument(f"step={step} is not above 0; give the time from one row to the next")
    check_size(times[0], times[-1], step, source)
    values: list[float] = []
    filled, begin, longest = 0, 0, _ZERO
    for place in [place for place, distance in enumerate(apart) if distance != step]:
        before, at = times[place], times[place + 1]
        steps, rest = divmod(apart[place], step)
        if rest:
            text = f"{source}: {at.isoformat()} is {apart[place]} after the row before, not a whole number of steps"
            raise InvalidArgument(f"{text} of {step}; give `step`, or sum the rows to even steps")
        length = (steps - 1) * step
        filled, longest = filled + steps - 1, max(longest, length)
        values += found[begin : place + 1]
        values += _bridge(found[place], found[place + 1], steps - 1, _how(gaps, length, before, at, source))
        begin = place + 1
    values += found[begin:]
    if filled:
        how = {"hold": "at the value before", "zero": "with no load"}.get(gaps, "evenly between their neighbours")
        notes.append(f"{source}: {filled} step(s) are missing, the longest gap {longest}; filled {how}")
    return times[0], step, values, tuple(notes)


def _real(readings: Readings) -> tuple[Sequence[datetime], list[float], int]:
    """The readings that have a value, and how many have none."""
    values = [value for value in readings.values if value is not None]
    empty = len(readings.values) - len(values)
    if not empty:
        return readings.times, values, 0
    pairs = zip(readings.times, readings.values, strict=True)
    return [at for at, value in pairs if value is not None], values, empty


def usual_step(readings: Readings) -> timedelta:
    """
    How far apart most rows are; one without a value tells it too, by its time.

    Raises:
        InvalidArgument: There is one row alone.
    """
    times = readings.times
    apart: list[timedelta] = list(map(sub, islice(times, 1, None), times))
    if not apart:
        raise InvalidArgument(f"{readings.source}: one row does not tell how long a step is; give `step`")
    # nearly always most rows are as far apart as the first two, which a count tells sooner
    return apart[0] if 2 * apart.count(apart[0]) > len(apart) else Counter(apart).most_common(1)[0][0]


def check_step(readings: Readings, step: timedelta | None) -> None:
    """
    See that a step is not shorter than that of counts: bridged evenly, each would count again in every shorter one.

    Raises:
        InvalidArgument: Most rows are further apart.
    """
    if step and len(readings.times) > 1 and step < (usual := usual_step(readings)):
        text = f"{readings.source}: most rows are {usual} apart, and `step` is {step}"
        raise InvalidArgument(f'{text}; leave it out, or give gaps="zero" where steps without requests have no row')


def check_size(start: datetime, last: datetime, step: timedelta, source: str) -> None:
    """
    See that a series is not longer than a simulation takes.

    Raises:
        InvalidArgument: It has too many steps, or lasts too many minutes.
    """
    steps, minutes = (last - start) // step + 1, (last - start + step) // _MINUTE
    where = f"{source}: from {start.isoformat()} to {last.isoformat()} are"
    most = f"more than {LARGEST:,}: look for a wrong time"
    if steps > LARGEST:
        raise InvalidArgument(f"{where} {steps:,} steps of {step}; that is {most}, or sum to longer steps")
    if minutes > LARGEST:
        raise InvalidArgument(f"{where} {minutes:,} minutes; that is {most}")


def _how(gaps: Gaps, length: timedelta, before: datetime, after: datetime, source: str) -> Gaps:
    if gaps == "refuse" or (gaps == "short" and length > SHORT_GAP):
        where = f"{source}: nothing between {before.isoformat()} and {after.isoformat()}"
        raise InvalidArgument(
            f'{where} ({length} missing); say what stands there: gaps="interpolate", "hold" or "zero"'
        )
    return gaps


def _bridge(before: float, after: float, count: int, how: Gaps) -> list[float]:
    match how:
        case "hold":
            return [before] * count
        case "zero":
            return [0.0] * count
        case "short" | "interpolate":
            return [before + (after - before) * place / (count + 1) for place in range(1, count + 1)]
        case "refuse":
            raise AssertionError
        case _:
            assert_never(how)


def ordered(source: str, times: Sequence[datetime], values: Sequence[float], *, zoneless: bool) -> Readings | None:
    """
    Readings of columns that are in this form already; `None` where they are not all in UTC and in order.

    Args:
        source: Where they were read.
        times: With a zone.
        values: As many.
        zoneless: Whether the times named no zone where they were read, and were all taken for UTC.
    """
    if not zoneless and set(map(attrgetter("tzinfo"), times)) != {UTC}:
        return None
    if not all(map(lt, times, islice(times, 1, None))):
        return None
    return Readings(source, times, values, (_taken_for_utc(source),) if zoneless else ())


def _taken_for_utc(source: str) -> str:
    return f"{source}: its times name no zone, taken for UTC; give `zone` where they are of another"


def in_order(
    source: str,
    rows: Sequence[tuple[datetime, float | None]],
    *,
    doubles: str,
    zone: tzinfo | None,
    notes: Sequence[str] = (),
) -> Readings:
    """
    Rows as readings: with a zone, in order, one for each time.

    Raises:
        InvalidArgument: Some times have a zone and others not, or a time is there twice.
    """
    notes = list(notes)
    zoneless = [at.tzinfo for at, _ in rows].count(None)
    if 0 < zoneless < len(rows):
        raise InvalidArgument(f"{source}: {zoneless} of {len(rows)} times name no zone; give all of them one")
    if zoneless:
        if zone is None:
            notes.append(_taken_for_utc(source))
        rows = [(at.replace(tzinfo=zone or UTC), value) for at, value in rows]
    if zone or not all(at.tzinfo is UTC for at, _ in rows):
        try:
            rows = [(at.astimezone(UTC), value) for at, value in rows]
        except OverflowError:
            raise InvalidArgument(
                f"{source}: a time is before the year 1 or after 9999; look for a wrong time"
            ) from None
    times = [at for at, _ in rows]
    if all(map(lt, times, islice(times, 1, None))):
        return Readings(source, times, [value for _, value in rows], tuple(notes))
    disorder = sum(later < earlier for earlier, later in pairwise(times))
    if disorder:
        notes.append(f"{source}: {disorder} row(s) are earlier than the row before; sorted by time")
        rows = sorted(rows, key=lambda row: row[0])
    return _without_doubles(source, rows, doubles, notes)


def _without_doubles(
    source: str, rows: Sequence[tuple[datetime, float | None]], doubles: str, notes: list[str]
) -> Readings:
    times: list[datetime] = []
    found: list[list[float]] = []
    for at, value in rows:
        if times and at == times[-1]:
            if doubles == "refuse":
                text = f"{source}: {at.isoformat()} is there twice"
                raise InvalidArgument(f'{text}; remove one, or give doubles="sum" or "mean"')
        else:
            times.append(at)
            found.append([])
        if value is not None:
            found[-1].append(value)
    if double := len(rows) - len(times):
        notes.append(f"{source}: {double} row(s) have the time of another; the {doubles} of them counts")
    divide = doubles == "mean"
    values = [None if not some else sum(some) / (len(some) if divide else 1) for some in found]
    return Readings(source, times, values, tuple(notes))
