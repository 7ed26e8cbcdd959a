"""Watches a group while something is sent to it: how many instances are wanted, run and serve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trimtab.errors import TrimtabError
from trimtab.loadtests.samples import Floats
from trimtab.runtime.group import LiveGroup

_UNKNOWN = 60.0
"""Seconds after which a size is too old to count as the current one."""


class SizeReading(NamedTuple):
    """
    A group at one moment; NaN where it is not known.

    Attributes:
        at: Seconds since the beginning.
        wanted: The size that is wanted.
        running: Instances that are there, also those that boot or leave.
        in_service: Those that run and are not held to be ill.
    """

    at: float
    wanted: float
    running: float
    in_service: float


class Watcher:
    """Reads a group again and again; what cannot be read is counted, and the load goes on."""

    def __init__(self, group: LiveGroup) -> None:
        self._group = group
        self.readings: list[SizeReading] = []
        self._failed, self._why = 0, ""

    def look(self, seconds: float) -> None:
        """Read the group, so many seconds after the beginning."""
        try:
            state = self._group.read()
        except TrimtabError as error:
            self._failed, self._why = self._failed + 1, str(error)
            return
        weights = sum(instance.weight for instance in state.instances)
        self.readings.append(SizeReading(seconds, state.desired, weights, state.running))

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read."""
        if not self._failed:
            return ()
        return (f"the group could not be read {self._failed} time(s): {self._why}",)


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadTestSizes:
    """
    The sizes of a group in each step; NaN where they are not known.

    Attributes:
        wanted: The size that is wanted.
        running: Instances that are there.
        in_service: Those that serve.
    """

    wanted: Floats
    running: Floats
    in_service: Floats


def sizes_of(readings: Sequence[SizeReading], count: int, step: float) -> LoadTestSizes:
    """
    What was read as steps of a length in seconds: the reading at the beginning of the step, else the first one in it.

    Args:
        readings: In order.
        count: How many steps.
        step: Their length, in the seconds of the readings.
    """
    rows = np.full((count, 3), np.nan)
    times = np.array([reading.at for reading in readings])
    for place in range(count):
        begin = place * step
        before = int(np.searchsorted(times, begin, side="right")) - 1
        if before >= 0 and begin - times[before] <= max(_UNKNOWN, step):
            rows[place] = readings[before][1:]
        elif before + 1 < len(times) and times[before + 1] < begin + step:
            rows[place] = readings[before + 1][1:]
    return LoadTestSizes(wanted=rows[:, 0], running=rows[:, 1], in_service=rows[:, 2])
