"""A measured model of a fleet: its numbers with their intervals, what was assumed, and how far off its replays were."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from trimtab.config.files import store_file
from trimtab.errors import InvalidArgument
from trimtab.simulation.model import FORMAT_VERSION, FleetModel

CONFIDENCE = 90
"""Of every interval, in per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """
    A number that was measured, and between what it lies.

    Attributes:
        name: What it is: `boot`, `boot_spread`, `capacity`, `metric_delay`, `drain`, `noise`.
        unit: Its unit.
        value: The number; `None` where it is not identifiable.
        low: Where its 90 % interval begins.
        high: Where that ends.
        samples: How many observations it is from.
        method: How number and interval were worked out, from what.
        reason: Why it is not identifiable, and what helps; a line for each reason.
    """

    name: str
    unit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    samples: int = 0
    method: str = ""
    reason: str = ""

    @property
    def is_identifiable(self) -> bool:
        """Whether there is a number."""
        return self.value is not None

    def covers(self, value: float) -> bool:
        """Whether a value lies in the interval."""
        return self.low is not None and self.high is not None and self.low <= value <= self.high

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "name"}


UNITS = {
    "boot": "s",
    "boot_spread": "share of the mean",
    "capacity": "requests/s of one instance",
    "metric_delay": "s",
    "drain": "s",
    "noise": "share of the value",
}
"""What is measured, in which unit."""


def unknown(name: str, reason: str, samples: int = 0) -> Estimate:
    """What is not identifiable."""
    return Estimate(name=name, unit=UNITS[name], samples=samples, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastError:
    """
    How far a replay of a past week, or of the part of it that was recorded, is from what happened.

    Attributes:
        since: When it begins.
        until: When it ends.
        minutes: How many minutes have a size on both sides.
        size_error: The mean distance of the simulated size in service from the recorded one, in instances.
        within_one: The share of minutes in which they are at most one instance apart, in per cent.
        cpu_error: The mean distance of the CPU, in percentage points; `None` where it was not measured.
        reason: Why it could not be replayed; then the numbers are `None`.
    """

    since: datetime
    until: datetime
    minutes: int = 0
    size_error: float | None = None
    within_one: float | None = None
    cpu_error: float | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        body = {name: getattr(self, name) for name in self.__slots__}
        return {**body, "since": self.since.isoformat(), "until": self.until.isoformat()}

    def __str__(self) -> str:
        """It in a line."""
        span = f"{self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M}"
        if self.size_error is None:
            return f"{span}: not replayed: {self.reason}"
        cpu = "" if self.cpu_error is None else f", CPU {self.cpu_error:.3g} points off"
        return f"{span}: size {self.size_error:.3g} off on average, {self.within_one:.4g} % within one instance{cpu}"


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """
    What was measured of a group, and the model that comes of it.

    Attributes:
        provider: The cloud.
        group: The group's name in the fleet.
        name: Its name in the cloud.
        location: Its region.
        at: When it was measured.
        since: When what it was measured on begins.
        until: When that ends.
        seed: What chance was drawn from.
        model: The model, for `simulate`.
        estimates: Each number by its name, also those that are not identifiable.
        past_error: How far replays of past weeks are off.
        notes: What else to know, in sentences.
    """

    provider: str
    group: str
    name: str
    location: str
    at: datetime
    since: datetime
    until: datetime
    seed: int
    model: FleetModel
    estimates: Mapping[str, Estimate]
    past_error: Sequence[PastError] = ()
    notes: Sequence[str] = ()

    def __getitem__(self, name: str) -> Estimate:
        """One number: `boot`, `boot_spread`, `capacity`, `metric_delay`, `drain` or `noise`."""
        return self.estimates[name]

    @property
    def measured(self) -> tuple[str, ...]:
        """The names of the numbers that were measured."""
        return tuple(each.name for each in self.estimates.values() if each.is_identifiable)

    def to_dict(self) -> dict[str, Any]:
        """The file that `FleetModel.load` reads: the model, and how it was measured; JSON data."""
        return {
            "format_version": FORMAT_VERSION,
            **self.model.to_dict(),
            "measured": {
                "at": self.at.isoformat(),
                "provider": self.provider,
                "group": self.group,
                "name": self.name,
                "location": self.location,
                "since": self.since.isoformat(),
                "until": self.until.isoformat(),
                "seed": self.seed,
                "confidence": CONFIDENCE,
                "estimates": {name: each.to_dict() for name, each in self.estimates.items()},
                "past_error": [each.to_dict() for each in self.past_error],
                "notes": list(self.notes),
            },
        }

    def save(self, path: str | Path) -> None:
        """
        Write the file that `FleetModel.load` and `trimtab simulate --model` read.

        Raises:
            InvalidArgument: Nothing could be measured, or the file cannot be written.
        """
        if not self.measured:
            reasons = dict.fromkeys(each.reason for each in self.estimates.values())
            raise InvalidArgument(
                f"nothing of {self.name!r} could be measured, so {path} is not written: {'; '.join(reasons)}"
            )
        try:
            store_file(Path(path), (json.dumps(self.to_dict(), indent=2) + "\n").encode())
        except OSError as error:
            raise InvalidArgument(f"{path}: cannot be written: {error.strerror}") from error

    def __str__(self) -> str:
        """A line for each number, for each replay and for each note."""
        head = f"{self.name} on {self.provider}, {self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M %Z}"
        numbers = [f"  {each.name:<13} {in_words(each)}" for each in self.estimates.values()]
        replays = [f"  replay        {each}" for each in self.past_error]
        return "\n".join([head, *numbers, *replays, *(f"  note: {note}" for note in self.notes)])


def in_words(estimate: Estimate) -> str:
    """A number with its interval, or why there is none."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return f"not identifiable: {estimate.reason}"
    numbers = f"{estimate.value:.4g} ({estimate.low:.4g} to {estimate.high:.4g}) {estimate.unit}"
    return f"{numbers}, from {estimate.samples}: {estimate.method}"


def source_of(provider: str, name: str, since: datetime, until: datetime, errors: Sequence[PastError]) -> str:
    """Where a model is from, as a sentence of each simulation's notes."""
    text = f"measured of {name} on {provider}, {since:%Y-%m-%d} to {until:%Y-%m-%d}"
    shares = [(each.within_one, each.minutes) for each in errors if each.within_one is not None]
    minutes = sum(count for _, count in shares)
    if not minutes:
        return f"{text}; not held against the past"
    share = sum(value * count for value, count in shares) / minutes
    return f"{text}; its replays of that time were within one instance in {share:.4g} % of the minutes"
