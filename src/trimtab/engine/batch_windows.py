"""What a batch remembers: the bounds that schedules set over time, and the recent past of each variant."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from trimtab.engine.batch_rules import Bools, Floats, Ints
from trimtab.engine.presets import Preset, ScheduleStyle
from trimtab.engine.ruleset import Ruleset

_FAR = np.iinfo(np.int64).max


class VariantBounds:
    """The bounds in force for every variant, read again only where a schedule begins or ends."""

    def __init__(self, rules: Sequence[Ruleset]) -> None:
        self._rules = rules
        self._begin: datetime | None = None
        self._end: datetime | None = None
        self._low: Ints = np.zeros(0, dtype=np.int64)
        self._high: Ints = self._low
        self.asked: Ints = self._low
        """The size that schedules ask for; -1 for none."""
        self.window: Ints = self._low
        """The largest size of open windows; -1 for none."""
        self._asked_at: Floats = np.zeros(0)

    def at(self, now: datetime, preset: Preset) -> tuple[Ints, Ints]:
        """The minimum and the maximum of each variant."""
        if self._begin is None or self._end is None or not self._begin <= now < self._end:
            self._read(now)
        low = self._low
        if preset.schedule is ScheduleStyle.MINIMUM:
            low = np.where(self.window >= 0, np.minimum(self._high, np.maximum(low, self.window)), low)
        return low, self._high

    def begun(self, after: float, until: float) -> Bools:
        """Where a schedule began to ask for a size in (after, until], in seconds since 1970."""
        return (self._asked_at > after) & (self._asked_at <= until)

    def default(self, own: Ints) -> Ints:
        """The size where metrics cannot be read: of a schedule, else the group's own, else the minimum."""
        return np.where(self.asked >= 0, self.asked, np.where(own >= 0, own, self._low))

    def _read(self, now: datetime) -> None:
        stretches = [ruleset.timetable.at(now) for ruleset in self._rules]
        bounds = [stretch.bounds(ruleset.capacity) for ruleset, stretch in zip(self._rules, stretches, strict=True)]
        self._begin, self._end = now, min(stretch.end for stretch in stretches)
        self._low = np.array([low for low, _ in bounds], dtype=np.int64)
        self._high = np.array([high for _, high in bounds], dtype=np.int64)
        self.asked = np.array([-1 if stretch.asked is None else stretch.asked for stretch in stretches], dtype=np.int64)
        self.window = np.array(
            [-1 if stretch.window is None else stretch.window for stretch in stretches], dtype=np.int64
        )
        self._asked_at = np.array(
            [-np.inf if stretch.asked_at is None else stretch.asked_at.timestamp() for stretch in stretches]
        )


class Recent:
    """
    The last values of each variant, as far back as its window reaches, the tick now not among them.

    A value pushed at a tick lies in a window as long as fewer seconds than the window have passed.
    """

    def __init__(self, windows: Sequence[timedelta], step: timedelta) -> None:
        depths = np.array([max(0, -(-window // step) - 1) for window in windows], dtype=np.int64)
        self._depth = int(depths.max())
        self._rows: Ints = np.full((self._depth, len(windows)), -1, dtype=np.int64)
        self._too_old = None if (depths == self._depth).all() else np.arange(self._depth)[:, None] >= depths
        self._filled = 0
        self.used: Bools = np.array([bool(window) for window in windows])
        """Which variants have a window at all."""

    @property
    def looks_back(self) -> bool:
        """Whether any variant has a window."""
        return bool(self.used.any())

    def push(self, values: Ints) -> None:
        """Remember the values of this tick."""
        if self._depth:
            self._rows[1:] = self._rows[:-1]
            self._rows[0] = values
            self._filled = min(self._filled + 1, self._depth)

    def highest(self) -> Ints:
        """The largest of each window; -1 where it is empty."""
        rows = self._rows[: self._filled]
        if self._too_old is not None:
            rows = np.where(self._too_old[: self._filled], -1, rows)
        highest: Ints = rows.max(axis=0, initial=-1)
        return highest

    def lowest(self) -> Ints:
        """The smallest of each window; a huge number where it is empty."""
        rows = self._rows[: self._filled]
        if self._too_old is not None:
            rows = np.where(self._too_old[: self._filled], _FAR, rows)
        lowest: Ints = rows.min(axis=0, initial=_FAR)
        return lowest

    def first(self, now: Ints) -> Ints:
        """The oldest of each window; `now` where it is empty. All windows are equally long."""
        return self._rows[self._filled - 1] if self._filled else now
