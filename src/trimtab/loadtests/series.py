"""What was seen of a load test, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from trimtab.loadtests.samples import Floats
from trimtab.loadtests.watching import LoadTestSizes
from trimtab.simulation.latency import json_numbers

_MINUTE = 60


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadTestSeries:
    """
    What was seen, step by step; NaN where it is not known.

    Attributes:
        since: When the first step begins, on the cloud's clock.
        step: The length of a step in seconds of that clock; it goes into a minute.
        load: Requests a second that began.
        failed: Requests a second that failed; `None` where that is not known.
        times: By per cent the response time of each step, in seconds.
        sizes: The sizes of the group; `None` where it was not watched.
    """

    since: datetime
    step: float
    load: Floats
    failed: Floats | None
    times: Mapping[float, Floats]
    sizes: LoadTestSizes | None

    @property
    def size_range(self) -> tuple[int, int] | None:
        """The fewest and the most instances that served."""
        if self.sizes is None or np.isnan(self.sizes.in_service).all():
            return None
        return int(np.nanmin(self.sizes.in_service)), int(np.nanmax(self.sizes.in_service))

    @property
    def first_size(self) -> int | None:
        """The size that was wanted at the beginning, or that served where that is not known."""
        if self.sizes is None:
            return None
        both = np.concatenate([self.sizes.wanted, self.sizes.in_service])
        known = both[~np.isnan(both)]
        return int(known[0]) if len(known) else None

    def minutes(self, values: Floats, *, first: bool = False) -> Floats:
        """A value of each whole minute: the mean of its steps, or that of its first one."""
        width = round(_MINUTE / self.step)
        whole = values[: len(values) // width * width].reshape(-1, width)
        result: Floats = whole[:, 0] if first else whole.mean(axis=1)
        return result

    @property
    def steady_load(self) -> Floats:
        """The load of each step as the mean of its minute: from second to second requests come by chance."""
        width = round(_MINUTE / self.step)
        parts = [self.load[first : first + width] for first in range(0, len(self.load), width)]
        return np.concatenate([np.full(len(part), part.mean()) for part in parts])

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        sizes = self.sizes
        rows = {"load": self.load, "failed": self.failed, **{f"p{at:g}": self.times[at] for at in self.times}}
        if sizes is not None:
            rows |= {"wanted": sizes.wanted, "running": sizes.running, "in_service": sizes.in_service}
        found = {name: None if values is None else json_numbers(values) for name, values in rows.items()}
        return {"since": self.since.isoformat(), "step_seconds": self.step, **found}
