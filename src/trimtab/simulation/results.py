"""What a simulation gives: a row of numbers for each minute, and the decisions with their reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from trimtab.engine.values import Decision
from trimtab.errors import InvalidArgument
from trimtab.simulation.model import FleetModel
from trimtab.simulation.showing import Shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulation.load import Load
    from trimtab.simulation.replaying import ReplaySetup

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

ARRAYS = (
    *("load", "wanted", "running", "in_service", "capacity", "served", "lost", "backlog", "utilization", "latency"),
    *("spot", "interrupted"),
)
"""The names of the arrays of a simulation."""
_MINUTE = timedelta(minutes=1)


class SimulatedDecision(NamedTuple):
    """A decision of a simulation, and in which minute it was made."""

    minute: int
    at: datetime
    decision: Decision

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {"minute": self.minute, "at": self.at.isoformat(), **self.decision.to_dict()}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Simulation(Shown):
    """
    A simulated group: arrays with one value for each minute of the load.

    Attributes:
        group: The group's name.
        preset: The name of the preset whose rules held.
        model: The model of the fleet, its capacity filled in.
        seed: What chance was drawn from.
        start: When the first minute begins.
        load: Requests a second that arrive.
        wanted: The size decided at the beginning of the minute.
        running: Instances, or units where sizes have weights, that are paid for: also those that boot or drain.
        in_service: How many of them take load at the beginning of the minute, after what comes into service then.
        capacity: Requests a second that those in service can serve, on average over the minute.
        served: Requests a second that are served.
        lost: Requests a second that waited too long and are lost.
        backlog: Requests that wait at the end of the minute.
        utilization: What is used of the capacity, in per cent; NaN where there is none.
        spot: How much of what runs is on spot capacity.
        interrupted: Spot instances that are taken in the minute.
        alarms: The state of each alarm, by its name: 0 OK, 1 ALARM, 2 INSUFFICIENT_DATA.
        decisions: The decisions that changed the size.
        notes: What was assumed, and how the load's file was read, in sentences.
    """

    group: str
    preset: str
    model: FleetModel
    seed: int
    start: datetime
    load: "Floats"
    wanted: "Ints"
    running: "Ints"
    in_service: "Ints"
    capacity: "Floats"
    served: "Floats"
    lost: "Floats"
    backlog: "Floats"
    utilization: "Floats"
    spot: "Ints"
    interrupted: "Ints"
    alarms: Mapping[str, "Ints"]
    decisions: Sequence[SimulatedDecision]
    notes: Sequence[str] = ()
    source: "tuple[ReplaySetup, Load] | None" = field(default=None, repr=False)
    """What it was made from, for `decision_at`."""

    @property
    def minutes(self) -> int:
        """How many minutes were simulated."""
        return len(self.load)

    @cached_property
    def latency(self) -> "Floats":
        """The 95th percentile of the response time of each minute, in seconds; NaN where nothing comes."""
        return self.latency_percentile(95)

    def latency_percentile(self, percent: float) -> "Floats":
        """
        The response time that so many per cent of the requests of each minute do not exceed, in seconds.

        Raises:
            InvalidArgument: That is not between 0 and 100.
        """
        if not 0 < percent < 100:
            raise InvalidArgument(f"percent={percent} is not between 0 and 100")
        from trimtab.simulation.latency import Minutes, latency_of

        minutes = Minutes(self.load, self.capacity, self.served, self.backlog)
        service, patience = self.model.service_time.total_seconds(), self.model.patience.total_seconds()
        return latency_of(minutes, percent, service=service, patience=patience)

    def at(self, minute: int) -> datetime:
        """When a minute begins."""
        return self.start + minute * _MINUTE

    def decision_at(self, minute: int) -> Decision:
        """
        The decision of one minute with its reasons, also where it changed nothing; simulated again up to there.

        Raises:
            InvalidArgument: The simulation has no such minute, or does not know what it was made from.
        """
        if not 0 <= minute < self.minutes:
            raise InvalidArgument(f"minute={minute} is not one of 0 to {self.minutes - 1}")
        if self.source is None:
            raise InvalidArgument("this simulation does not know its group and load; simulate again to ask")
        from trimtab.simulation.replaying import Replay

        return Replay(self.source[0]).decision_at(minute)

    def totals(self) -> dict[str, float]:
        """What comes of it in all: requests, instance-hours, the largest size, how often that changed."""
        arrived = float(self.load.sum()) * 60
        can_serve = float(self.capacity.sum())
        return {
            "requests": arrived,
            "served_percent": 100 * float(self.served.sum()) * 60 / arrived if arrived else 100.0,
            "lost": float(self.lost.sum()) * 60,
            "utilization_percent": 100 * float(self.served.sum()) / can_serve if can_serve else 0.0,
            "instance_hours": float(self.running.sum()) / 60,
            "smallest": int(self.wanted.min()),
            "largest": int(self.wanted.max()),
            "changes": int((self.wanted[1:] != self.wanted[:-1]).sum()),
            "interrupted": int(self.interrupted.sum()),
        }

    def to_dict(self, *, rows: bool = True) -> dict[str, Any]:
        """
        JSON data: the model, the totals, the decisions, and a value a minute for each array.

        Args:
            rows: Whether the arrays are in it.
        """
        return {
            "group": self.group,
            "preset": self.preset,
            "seed": self.seed,
            "start": self.start.isoformat(),
            "step_seconds": 60,
            "model": self.model.to_dict(),
            "totals": self.totals(),
            **(self._rows() if rows else {}),
            "decisions": [each.to_dict() for each in self.decisions],
            "notes": list(self.notes),
        }

    def _rows(self) -> dict[str, Any]:
        from trimtab.simulation.latency import json_numbers

        return {
            "minutes": {name: json_numbers(getattr(self, name)) for name in ARRAYS},
            "alarms": {name: json_numbers(states) for name, states in self.alarms.items()},
        }

    def __repr__(self) -> str:
        """What it is in one line: the arrays are too long to print."""
        return f"Simulation({self.group!r}, preset={self.preset!r}, {self.minutes} minutes, seed={self.seed})"

    def __str__(self) -> str:
        """A few lines for people."""
        totals = self.totals()
        lines = [
            f"{self.group} on {self.preset}: {self.minutes:,} minutes from {self.start:%Y-%m-%d %H:%M %Z}",
            f"  requests        {totals['requests']:,.0f}, peak {float(self.load.max()):,.4g} a second",
            f"  served          {totals['served_percent']:.3f} %, {totals['lost']:,.0f} lost",
            f"  size            {totals['smallest']} to {totals['largest']}, {totals['changes']} changes",
            f"  instance-hours  {totals['instance_hours']:,.1f}",
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])
