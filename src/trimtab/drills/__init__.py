"""Failures staged on a cloud's emulator, for the fleet of a file: what held, and what told of it."""

from trimtab.drills.outcome import Drill
from trimtab.drills.results import DrillCheck, DrillResult, DrillVerdict

__all__ = ["Drill", "DrillCheck", "DrillResult", "DrillVerdict"]
