"""Requests that were made: when, how long each took, and whether it failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from trimtab.errors import InvalidArgument

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
PERCENTS = (50.0, 95.0, 99.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """
    Requests of a load test, in no order.

    Attributes:
        source: What made them: `locust 2.43`, or the names of the files.
        begin: The moment that `at` counts from; `None` where no times are known.
        at: When each began, in seconds.
        seconds: How long each took; NaN where that is not known.
        failed: Which of them failed; `None` where that is not known.
        errors: How many failed in which way.
        percentiles: In place of single times, where only these are known: the time in seconds by per cent.
        notes: How files were read, what was left out.
        stopped: After how many seconds whoever sent them was stopped; `None` where all were sent.
    """

    source: str
    begin: datetime | None
    at: Floats
    seconds: Floats
    failed: Bools | None = None
    errors: Mapping[str, int] = field(default_factory=dict)
    percentiles: Mapping[float, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    stopped: float | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.at)

    @property
    def failures(self) -> int | None:
        """How many failed; `None` where that is not known."""
        return None if self.failed is None else int(self.failed.sum())

    @property
    def good(self) -> Floats:
        """The times of those that did not fail, as far as they are known."""
        chosen = self.seconds if self.failed is None else self.seconds[~self.failed]
        return chosen[~np.isnan(chosen)]

    def percentile(self, percent: float) -> float | None:
        """
        The time that so many per cent of the requests that did not fail do not exceed, in seconds; `None` without any.

        Between two requests it is interpolated, as numpy does.
        """
        if self.percentiles:
            return self.percentiles.get(percent)
        times = self.good
        return float(np.percentile(times, percent)) if len(times) else None


def joined(parts: Sequence[Samples]) -> Samples:
    """
    Several as one.

    Raises:
        InvalidArgument: There are none, or of one only percentiles are known, which do not add up.
    """
    if len(parts) == 1:
        return parts[0]
    if not parts:
        raise InvalidArgument("no file of results is given; name one")
    begins = [part.begin for part in parts if part.begin is not None]
    if any(part.percentiles for part in parts) or len(begins) < len(parts):
        text = "percentiles of several files do not add up to one"
        raise InvalidArgument(f"{text}; give single requests, which `ab -g` writes, or one file")
    begin = min(begins)
    at = [part.at + (there - begin).total_seconds() for part, there in zip(parts, begins, strict=True)]
    known = [part.failed for part in parts if part.failed is not None]
    errors: dict[str, int] = {}
    for part in parts:
        for name, count in part.errors.items():
            errors[name] = errors.get(name, 0) + count
    return Samples(
        source=", ".join(part.source for part in parts),
        begin=begin,
        at=np.concatenate(at),
        seconds=np.concatenate([part.seconds for part in parts]),
        failed=np.concatenate(known) if len(known) == len(parts) else None,
        errors=errors,
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )
