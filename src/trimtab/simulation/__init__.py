"""Simulation: what a group's policies make of a load, on a model of the fleet, by each cloud's own rules."""

from trimtab.simulation.calibrating import calibrate
from trimtab.simulation.calibration import Calibration, Estimate, PastError
from trimtab.simulation.load import Load
from trimtab.simulation.model import FleetModel, Shortage
from trimtab.simulation.results import SimulatedDecision, Simulation
from trimtab.simulation.simulating import simulate, simulate_many

__all__ = [
    "Calibration",
    "Estimate",
    "FleetModel",
    "Load",
    "PastError",
    "Shortage",
    "SimulatedDecision",
    "Simulation",
    "calibrate",
    "simulate",
    "simulate_many",
]
