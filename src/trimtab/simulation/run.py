"""What KPIs, comparisons and reports read of a simulation."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from trimtab.engine.values import Decision
from trimtab.simulation.model import FleetModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class Decided(Protocol):
    """A decision, and in which minute it was made."""

    @property
    def minute(self) -> int:
        """The minute."""

    @property
    def decision(self) -> Decision:
        """The decision."""


class SimulatedRun(Protocol):
    """A simulated group, minute by minute; `Simulation` describes its arrays."""

    @property
    def group(self) -> str:
        """The group's name."""

    @property
    def preset(self) -> str:
        """Whose rules held."""

    @property
    def model(self) -> FleetModel:
        """How the fleet behaves."""

    @property
    def seed(self) -> int:
        """What chance was drawn from."""

    @property
    def start(self) -> datetime:
        """When the first minute begins."""

    @property
    def minutes(self) -> int:
        """How many there are."""

    @property
    def load(self) -> "Floats":
        """Requests a second that arrive."""

    @property
    def wanted(self) -> "Ints":
        """The size decided."""

    @property
    def running(self) -> "Ints":
        """What is paid for."""

    @property
    def in_service(self) -> "Ints":
        """What takes load."""

    @property
    def capacity(self) -> "Floats":
        """Requests a second that can be served."""

    @property
    def served(self) -> "Floats":
        """Requests a second that are served."""

    @property
    def lost(self) -> "Floats":
        """Requests a second that are lost."""

    @property
    def backlog(self) -> "Floats":
        """Requests that wait."""

    @property
    def spot(self) -> "Ints":
        """What runs on spot capacity."""

    @property
    def decisions(self) -> Sequence[Decided]:
        """The decisions that changed the size."""

    @property
    def notes(self) -> Sequence[str]:
        """What was assumed."""
