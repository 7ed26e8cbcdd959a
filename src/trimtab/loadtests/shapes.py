"""The load of a load test: a file or a shape, within bounds of time and rate."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

from trimtab.errors import InvalidArgument
from trimtab.models.base import format_duration
from trimtab.simulation.load import Load, LoadUnit

MOST_TIME = timedelta(hours=4)
"""How long a load test may take."""
MOST_RATE = 2_000.0
"""Requests a second that it may send."""
MOST_REQUESTS = 5_000_000
"""How many in all: each of them is kept until the report."""
UNITS: tuple[LoadUnit, ...] = get_args(LoadUnit)
DEFAULT_TIME, DEFAULT_RATE = timedelta(minutes=5), 10.0
_STEPS = (0.25, 0.5, 0.75, 1.0, 0.25)
_BURST = (0.2, 1.0, 0.2)
SHAPES = {"steps": _STEPS, "burst": _BURST}
"""The shares of the rate, each for the same part of the time."""


def load_of(
    shape: Load | str | Path,
    start: datetime,
    *,
    duration: timedelta | None = None,
    rate: float | None = None,
    unit: LoadUnit = "requests",
    speed: float = 1.0,
) -> Load:
    """
    The load that is sent, from now on.

    Args:
        shape: A load, a CSV file (`timestamp,value`), or `steps` (a quarter, a half, three quarters, all of the rate,
            and a quarter again) or `burst` (a fifth, all of it, a fifth), in parts of equal length.
        start: When it begins.
        duration: How long it may take; a longer load is cut off. That of the file, or five minutes, when left out.
        rate: The most requests a second; a load above it is refused. That of the file, or 10, when left out.
        unit: What a value of the file is.
        speed: How many times faster than written it is sent.

    Raises:
        InvalidArgument: The shape is neither, or the load is above a bound.
    """
    _check(duration, rate, speed)
    if unit not in UNITS:
        raise InvalidArgument(f"unit={unit!r} is unknown; use {', '.join(UNITS)}")
    if isinstance(shape, str) and shape in SHAPES:
        shares, length = SHAPES[shape], duration or DEFAULT_TIME
        values = tuple((rate or DEFAULT_RATE) * share for share in shares)
        load = Load(start, length / len(shares), values)
    else:
        load = _cut(_read(shape, unit), duration)
        if rate is not None and load.peak > rate:
            text = f"the load peaks at {load.peak:.4g} requests/s, above the rate of {rate:g}"
            raise InvalidArgument(f"{text}; allow a higher rate (--rate), or scale the load")
        load = replace(load, start=start)
    check_bounds(load, speed)
    if load.total / speed < 1:
        text = f"the load has {load.total / speed:.2g} requests, not one"
        raise InvalidArgument(f"{text}; give a longer time (--for) or a higher rate (--rate)")
    return load


def _read(shape: Load | str | Path, unit: LoadUnit) -> Load:
    if isinstance(shape, Load):
        return shape
    if isinstance(shape, str) and "." not in shape and not Path(shape).exists():
        raise InvalidArgument(f"shape {shape!r} is neither a file nor one of {', '.join(SHAPES)}; write one of these")
    return Load.from_csv(shape, unit=unit)


def _cut(load: Load, duration: timedelta | None) -> Load:
    if duration is None or load.duration <= duration:
        return load
    steps = duration // load.step
    if not steps:
        text = f"{format_duration(duration)} is shorter than a step of the load, {load.step}"
        raise InvalidArgument(f"{text}; allow a longer time (--for)")
    note = f"the load lasts {load.duration}; cut off after {steps * load.step}"
    return replace(load, values=load.values[:steps], notes=(*load.notes, note))


def _check(duration: timedelta | None, rate: float | None, speed: float) -> None:
    if duration is not None and duration <= timedelta(0):
        raise InvalidArgument(f"duration={duration} is not above 0; give how long the test may take")
    if rate is not None and not 0 < rate <= MOST_RATE:
        raise InvalidArgument(f"rate={rate:g} is not above 0 and up to {MOST_RATE:g} requests/s; give one within that")
    if not 1 <= speed <= 60:
        raise InvalidArgument(f"speed={speed:g} is not 1 to 60; give 1 unless the cloud's clock runs faster")


def check_bounds(load: Load, speed: float = 1.0) -> None:
    """
    Hold a load against what a test may take and send.

    Raises:
        InvalidArgument: It lasts too long, or has too many requests, in a second or in all.
    """
    length = load.duration / speed
    if length > MOST_TIME:
        text = f"the test would take {length}, more than {format_duration(MOST_TIME)}"
        raise InvalidArgument(f"{text}; cut it off with a duration (--for)")
    if load.peak > MOST_RATE:
        text = f"the load peaks at {load.peak:.4g} requests/s, more than {MOST_RATE:g}"
        raise InvalidArgument(f"{text}; scale it, or drive it from several machines with a tool of its own")
    if load.total / speed > MOST_REQUESTS:
        text = f"the load has {load.total / speed:,.0f} requests, more than {MOST_REQUESTS:,}"
        raise InvalidArgument(f"{text}; give a shorter duration (--for) or a lower rate (--rate)")
