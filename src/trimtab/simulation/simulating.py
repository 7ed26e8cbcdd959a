"""The front door: simulate one group, or many variants, on a load."""

from trimtab.simulation.results import Simulation


def simulate() -> Simulation:
    """Simulate a group on a load."""
    raise NotImplementedError


def simulate_many() -> tuple[Simulation, ...]:
    """Simulate many variants of a group on a load."""
    raise NotImplementedError
