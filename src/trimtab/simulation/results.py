"""What a simulation gives: a row of numbers for each minute, and the decisions with their reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from trimtab.engine.values import Decision
from trimtab.simulation.model import FleetModel
from trimtab.simulation.showing import Shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class SimulatedDecision(NamedTuple):
    """A decision of a simulation, and in which minute it was made."""

    minute: int
    at: datetime
    decision: Decision


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
        spot: Instances that run on spot capacity.
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
    _kept: dict[str, Any] = field(default_factory=dict)

    @property
    def minutes(self) -> int:
        """How many minutes were simulated."""
        return len(self.load)

    def at(self, minute: int) -> datetime:
        """When a minute begins."""
        return self.start + minute * timedelta(minutes=1)
