"""What an autoscaler remembers from one run to the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from trimtab.engine.values import Sized


@dataclass(frozen=True, slots=True)
class Past:
    """
    What a run needs to know of those before it; each run gives the next one.

    Attributes:
        needed: What was needed, from each moment on.
        sizes: The target sizes, from each moment on.
        started: When each schedule became active last, by name.
        active: The schedules that were active at the last run.
    """

    needed: tuple[Sized, ...] = ()
    sizes: tuple[Sized, ...] = ()
    started: Mapping[str, datetime] = field(default_factory=dict)
    active: frozenset[str] = frozenset()


def added(history: Sequence[Sized], step: Sized, window: timedelta) -> tuple[Sized, ...]:
    """A history with one more step, less those that have left the window; equal ones are one."""
    kept = _steps_within(history, step.at, window)
    return tuple(kept) if kept and kept[-1].size == step.size else (*kept, step)


def _steps_within(history: Sequence[Sized], now: datetime, window: timedelta) -> list[Sized]:
    past = [step for step, after in pairwise(history) if after.at > now - window]
    return [*past, *history[-1:]]


def within(history: Sequence[Sized], now: datetime, window: timedelta) -> list[Sized]:
    """The steps that held within a window, each as of when it held there first."""
    return [Sized(max(step.at, now - window), step.size) for step in _steps_within(history, now, window)]


def leaving(history: Sequence[Sized], window: timedelta) -> Iterator[datetime]:
    """When each step but the last has left the window."""
    yield from (step.at + window for step in history[1:])
