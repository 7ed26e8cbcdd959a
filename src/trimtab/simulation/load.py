"""A load: how many requests arrive over time, from files, clouds and generators."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Load:
    """
    Requests a second over time, a value for each step.

    Attributes:
        start: When the first step begins, aware.
        step: The length of each step.
        values: Requests a second, on average over each step.
        notes: How a file was read where it left a choice: gaps, disorder, a missing zone.
    """

    start: datetime
    step: timedelta
    values: tuple[float, ...]
    notes: tuple[str, ...] = ()
