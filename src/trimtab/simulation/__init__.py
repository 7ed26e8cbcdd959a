"""Simulation: what a group's policies make of a load, on a model of the fleet, by each cloud's own rules."""

from trimtab.simulation.load import Load
from trimtab.simulation.model import FleetModel, Shortage
from trimtab.simulation.results import SimulatedDecision, Simulation
from trimtab.simulation.simulating import simulate, simulate_many

__all__ = ["FleetModel", "Load", "Shortage", "SimulatedDecision", "Simulation", "simulate", "simulate_many"]
