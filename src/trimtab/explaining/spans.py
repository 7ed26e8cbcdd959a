"""Minutes that say the same, as one line of a report; pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from trimtab.explaining.results import ExplainedMinute
from trimtab.providers.datapoints import MINUTE


class Span(NamedTuple):
    """Minutes in a row that say the same; the last one has the numbers."""

    begin: datetime
    end: datetime
    minute: ExplainedMinute

    @property
    def minutes(self) -> int:
        """How many they are."""
        return round((self.end - self.begin) / MINUTE) + 1


def spans_of(minutes: Sequence[ExplainedMinute]) -> Iterator[Span]:
    """Runs of minutes with the same sizes, reasons and difference."""
    for _, some in groupby(minutes, key=_said):
        run = list(some)
        yield Span(run[0].at, run[-1].at, run[-1])


def _said(minute: ExplainedMinute) -> tuple[int, int, int, tuple[str, ...], str]:
    return minute.size, minute.previous, minute.wanted, minute.codes, minute.difference
