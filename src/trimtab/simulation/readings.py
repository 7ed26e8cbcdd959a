"""Readings of a load one after the other, and the even series that is made of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from operator import lt, sub
from typing import Literal, assert_never, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trimtab.errors import InvalidArgument

Gaps = Literal["short", "interpolate", "hold", "zero", "refuse"]
"""What stands in for readings that are missing."""
SHORT_GAP = timedelta(hours=1)
"""What is bridged unless something else is asked for."""
_ZERO = timedelta(0)
_LARGEST = 5_000_000
"""Steps of a series; eight years of minutes fit."""


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
    real = [(at, value) for at, value in zip(readings.times, readings.values, strict=True) if value is not None]
    source, notes = readings.source, list(readings.notes)
    if not real:
        raise InvalidArgument(f"{source}: there is no value; a load has at least one")
    if empty := len(readings.times) - len(real):
        notes.append(f"{source}: {empty} value(s) empty or NaN, taken for missing rows")
    step = step or _usual_step([at for at, _ in real], source)
    if step <= _ZERO:
        raise InvalidArgument(f"step={step} is not above 0; give the time from one row to the next")
    start = real[0][0]
    _check_size(start, real[-1][0], step, source)
    times = [at for at, _ in real]
    if set(map(sub, islice(times, 1, None), times)) <= {step}:
        return start, step, [value for _, value in real], tuple(notes)
    values: list[float] = [real[0][1]]
    filled, longest = 0, _ZERO
    for (before, last), (at, value) in pairwise(real):
        apart, rest = divmod(at - before, step)
        if rest:
            text = f"{source}: {at.isoformat()} is {at - before} after the row before, not a whole number of steps"
            raise InvalidArgument(f"{text} of {step}; give `step`, or sum the rows to even steps")
        if apart > 1:
            filled, longest = filled + apart - 1, max(longest, (apart - 1) * step)
            values += _bridge(last, value, apart - 1, _how(gaps, (apart - 1) * step, before, at, source))
        values.append(value)
    if filled:
        how = {"hold": "at the value before", "zero": "with no load"}.get(gaps, "evenly between their neighbours")
        notes.append(f"{source}: {filled} step(s) are missing, the longest gap {longest}; filled {how}")
    return start, step, values, tuple(notes)


def _usual_step(times: Sequence[datetime], source: str) -> timedelta:
    if len(times) == 1:
        raise InvalidArgument(f"{source}: one row does not tell how long a step is; give `step`")
    usual: timedelta = Counter(map(sub, islice(times, 1, None), times)).most_common(1)[0][0]
    return usual


def _check_size(start: datetime, last: datetime, step: timedelta, source: str) -> None:
    steps = (last - start) // step + 1
    if steps > _LARGEST:
        text = f"{source}: from {start.isoformat()} to {last.isoformat()} are {steps:,} steps of {step}"
        raise InvalidArgument(f"{text}; that is more than {_LARGEST:,}: look for a wrong time, or sum to longer steps")


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
            notes.append(f"{source}: its times name no zone, taken for UTC; give `zone` where they are of another")
        rows = [(at.replace(tzinfo=zone or UTC), value) for at, value in rows]
    if zone or not all(at.tzinfo is UTC for at, _ in rows):
        rows = [(at.astimezone(UTC), value) for at, value in rows]
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
