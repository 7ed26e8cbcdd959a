"""A load: how many requests arrive over time, from files, from a cloud's own metrics and from generators."""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trimtab.errors import InvalidArgument
from trimtab.simulation.readings import LARGEST, Gaps, Readings, check_step, make_series, zone_of

if TYPE_CHECKING:
    from trimtab.models import Metric
    from trimtab.runtime.cloud import Cloud

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday, where a generator is told no beginning."""
LoadUnit = Literal["requests", "requests-per-second", "requests-per-minute"]
"""What a value of a file is: how many requests its step had, or a rate."""


@dataclass(frozen=True, slots=True)
class Load:
    """
    Requests a second over time, a value for each step. Loads add up (`a + b`) and scale (`load * 2`).

    Attributes:
        start: When the first step begins, aware.
        step: The length of each step.
        values: Requests a second, on average over each step.
        notes: How a file was read where it left a choice: gaps, disorder, a missing zone.

    Raises:
        InvalidArgument: There is no value, one is negative or not a number, or `start` has no time zone.
    """

    start: datetime
    step: timedelta
    values: tuple[float, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no load."""
        if self.start.tzinfo is None:
            raise InvalidArgument(f"start={self.start} has no time zone; give one, such as UTC")
        if self.step <= timedelta(0):
            raise InvalidArgument(f"step={self.step} is not above 0; give the length of a step, such as a minute")
        object.__setattr__(self, "values", tuple(map(float, self.values)))
        if not self.values:
            raise InvalidArgument("a load has at least one value; this one is empty")
        # what is finite in all needs no look at each
        is_load = min(self.values) >= 0 and math.isfinite(sum(self.values))
        if not is_load and not all(0 <= value < math.inf for value in self.values):
            place, value = next((at, value) for at, value in enumerate(self.values) if not 0 <= value < math.inf)
            raise InvalidArgument(f"value {value} at {self.start + place * self.step} is not a load; give 0 or more")

    # what it is

    @property
    def duration(self) -> timedelta:
        """How long it lasts."""
        return len(self.values) * self.step

    @property
    def end(self) -> datetime:
        """When its last step ends."""
        return self.start + self.duration

    @property
    def total(self) -> float:
        """How many requests arrive in all."""
        return math.fsum(self.values) * self.step.total_seconds()

    @property
    def mean(self) -> float:
        """Requests a second, on average."""
        return math.fsum(self.values) / len(self.values)

    @property
    def peak(self) -> float:
        """Requests a second in the step that has most."""
        return max(self.values)

    def __repr__(self) -> str:
        """Its beginning, length, mean and peak: the values are too many to print."""
        return (
            f"Load({self.start.isoformat()}, {len(self.values)} steps of {self.step},"
            f" mean {self.mean:.4g}, peak {self.peak:.4g} requests/s)"
        )

    def to_dict(self) -> dict[str, Any]:
        """What it is in a few numbers, as JSON data; the values are left out."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "step_seconds": self.step.total_seconds(),
            "requests": self.total,
            "mean_per_second": self.mean,
            "peak_per_second": self.peak,
            "notes": list(self.notes),
        }

    def per_minute(self) -> list[float]:
        """
        Requests a second in each whole minute from its beginning; a rest shorter than a minute is left out.

        Shorter steps are averaged, longer ones last for all of their minutes; no request is lost or counted twice.

        Raises:
            InvalidArgument: It lasts less than a minute.
        """
        minutes = self.duration // _MINUTE
        if not minutes:
            raise InvalidArgument(f"the load lasts {self.duration}; a simulation needs a minute or more")
        if minutes > LARGEST:
            raise InvalidArgument(f"the load lasts {minutes:,} minutes; a simulation takes {LARGEST:,} at most")
        if self.step == _MINUTE:
            return list(self.values)
        if self.step % _MINUTE == timedelta(0):
            times = self.step // _MINUTE
            return [value for value in self.values for _ in range(times)]
        return [self._between(number * _MINUTE, (number + 1) * _MINUTE) for number in range(minutes)]

    def _between(self, begin: timedelta, end: timedelta) -> float:
        step = self.step
        total = 0.0
        for place in range(begin // step, -(-end // step)):
            overlap = min(end, (place + 1) * step) - max(begin, place * step)
            total += self.values[place] * (overlap / (end - begin))
        return total

    # others made of it

    def __add__(self, other: object) -> "Load":
        """Both at once; they begin together and have the same steps, and the shorter one is over earlier."""
        if not isinstance(other, Load):
            return NotImplemented
        if (self.start, self.step) != (other.start, other.step):
            mine, its = (f"{each.start.isoformat()} by {each.step}" for each in (self, other))
            raise InvalidArgument(f"loads that begin at {mine} and at {its} do not add up; use the same start and step")
        long, short = sorted((self.values, other.values), key=len, reverse=True)
        values = [value + (short[place] if place < len(short) else 0.0) for place, value in enumerate(long)]
        return Load(self.start, self.step, tuple(values), (*self.notes, *other.notes))

    def __mul__(self, factor: object) -> "Load":
        """So many times as much."""
        if not isinstance(factor, int | float):
            return NotImplemented
        return replace(self, values=tuple(value * factor for value in self.values))

    __rmul__ = __mul__

    def then(self, other: "Load") -> "Load":
        """The load and then another with the same steps, which begins when this one ends."""
        if self.step != other.step:
            raise InvalidArgument(f"loads by steps of {self.step} and {other.step} cannot follow each other")
        return replace(self, values=(*self.values, *other.values), notes=(*self.notes, *other.notes))

    def to_peak(self, peak: float) -> "Load":
        """The same shape with another peak, in requests a second."""
        if self.peak == 0:
            raise InvalidArgument("a load of nothing but 0 has no peak to scale")
        return self * (peak / self.peak)

    def between(self, since: datetime, until: datetime) -> "Load":
        """The whole steps of it from one moment to another."""
        first = max(0, -((self.start - since) // self.step))
        last = max(first, min(len(self.values), (until - self.start) // self.step))
        if first == last:
            raise InvalidArgument(f"the load from {self.start} to {self.end} has no whole step in that time")
        return replace(self, start=self.start + first * self.step, values=self.values[first:last])

    def noise(self, share: float, *, seed: int = 0) -> "Load":
        """
        The same load with chance in each step.

        Args:
            share: The standard deviation, as a share of each value; normal, cut off at 0.
            seed: What chance is drawn from.
        """
        if not 0 <= share < math.inf:
            raise InvalidArgument(f"share={share} is not 0 or more")
        chance = random.Random(seed)
        return replace(self, values=tuple(max(0.0, value * (1 + chance.gauss(0, share))) for value in self.values))

    # generators

    @classmethod
    def steps(
        cls, levels: Iterable[tuple[timedelta, float]], *, start: datetime = _START, step: timedelta = _MINUTE
    ) -> "Load":
        """
        Levels one after the other.

        Args:
            levels: How long each lasts, in whole steps, and its requests a second.
            start: When it begins.
            step: The length of a step.
        """
        values: list[float] = []
        for duration, rate in levels:
            values += [rate] * _whole(duration, step)
        return cls(start, step, tuple(values))

    @classmethod
    def ramp(
        cls, first: float, last: float, duration: timedelta, *, start: datetime = _START, step: timedelta = _MINUTE
    ) -> "Load":
        """A load that goes from one rate to another evenly."""
        count = _whole(duration, step)
        width = max(count - 1, 1)
        return cls(start, step, tuple(first + (last - first) * place / width for place in range(count)))

    @classmethod
    def days(
        cls,
        number: int,
        *,
        low: float,
        high: float,
        peak_hour: float = 14,
        weekend: float = 1.0,
        start: datetime = _START,
        step: timedelta = _MINUTE,
    ) -> "Load":
        """
        Days that are alike: a cosine between the rates of the quietest and the busiest hour.

        Args:
            number: How many days.
            low: Requests a second at the quietest moment.
            high: Requests a second at the busiest.
            peak_hour: When that is, in hours of `start`'s zone.
            weekend: The share of it that Saturdays and Sundays have.
            start: When it begins.
            step: The length of a step.
        """
        values = []
        for place in range(_whole(number * _DAY, step)):
            at = start + place * step
            hour = at.hour + at.minute / 60 + at.second / 3600
            wave = (1 + math.cos((hour - peak_hour) * math.pi / 12)) / 2
            values.append((low + (high - low) * wave) * (weekend if at.weekday() >= 5 else 1.0))
        return cls(start, step, tuple(values))

    @classmethod
    def bursts(
        cls,
        duration: timedelta,
        *,
        height: float,
        length: timedelta,
        every: timedelta,
        seed: int = 0,
        start: datetime = _START,
        step: timedelta = _MINUTE,
    ) -> "Load":
        """
        Bursts at moments of chance, nothing between them; add it to a load.

        Args:
            duration: How long the load lasts.
            height: Requests a second in a burst.
            length: How long a burst lasts.
            every: The time between the beginnings of two bursts, on average (exponential).
            seed: What chance is drawn from.
            start: When it begins.
            step: The length of a step.
        """
        count, width = _whole(duration, step), _whole(length, step)
        if every <= timedelta(0):
            raise InvalidArgument(f"every={every} is not above 0")
        chance = random.Random(seed)
        values = [0.0] * count
        at = chance.expovariate(step / every)
        while at < count:
            for place in range(int(at), min(count, int(at) + width)):
                values[place] = height
            at += chance.expovariate(step / every)
        return cls(start, step, tuple(values))

    # files and clouds

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        unit: LoadUnit = "requests",
        zone: str | tzinfo | None = None,
        step: timedelta | None = None,
        gaps: Gaps = "short",
        doubles: Literal["refuse", "sum", "mean"] = "refuse",
        columns: Sequence[str] = ("timestamp", "value"),
    ) -> "Load":
        """
        The load that a CSV file has, a row for each step.

        What the file leaves open is treated in a stated way, and the load's `notes` say so: rows in disorder are
        sorted, an empty or NaN value counts as a missing row, times without a zone are in `zone`.

        Args:
            path: A file with a header; `timestamp` in ISO 8601 or in seconds since 1970, `value` 0 or more.
            unit: What a value is: the requests of its step, or requests a second or a minute.
            zone: The zone of times that name none; UTC, with a note, when left out.
            step: The time from one row to the next; the most frequent one of the file when left out.
            gaps: What stands in for missing rows: `short` bridges up to an hour evenly and refuses longer gaps,
                `interpolate` bridges all, `hold` repeats the value before, `zero` is no load, `refuse` takes none.
            doubles: What is made of rows of one time.
            columns: The names of the two columns.

        Raises:
            InvalidArgument: The file is empty, has no such column, a row that cannot be read, a negative value, a time
                twice, a longer gap, or times that do not lie a whole number of steps apart.
        """
        from trimtab.simulation.files import read_csv

        readings = read_csv(Path(path), columns=columns, zone=zone_of(zone), doubles=doubles)
        if unit == "requests" and gaps != "zero":
            check_step(readings, step)
        return cls._of_readings(readings, unit=unit, step=step, gaps=gaps)

    @classmethod
    def from_access_log(cls, *paths: str | Path, step: timedelta = _MINUTE, zone: str | tzinfo | None = None) -> "Load":
        """
        The requests of access logs: of web servers in the common or combined form, of HAProxy in its HTTP form.

        Lines are counted by the time of their request; a step without one is no load. Lines that are none of these
        are left out, and the load's `notes` say how many.

        Args:
            paths: The files, also compressed by gzip.
            step: The length of a step.
            zone: The zone of HAProxy's times, which name none; UTC, with a note, when left out.

        Raises:
            InvalidArgument: Less than half of the lines is an access log's.
        """
        from trimtab.simulation.files import count_access_logs

        start, counts, notes = count_access_logs([Path(path) for path in paths], step, zone_of(zone))
        return cls(start, step, tuple(count / step.total_seconds() for count in counts), notes)

    @classmethod
    def from_datapoints(
        cls,
        cloud: "Cloud",
        group: str,
        metric: "Metric",
        *,
        since: datetime | timedelta,
        size: "int | Metric | None" = None,
        capacity: float | None = None,
        step: timedelta = _MINUTE,
        gaps: Gaps = "short",
    ) -> "Load":
        """
        The load that a cloud has measured of a group.

        Requests are a load as they are. What is measured of each instance, CPU too, is the work of one, and becomes a
        load by how many instances there were: load = value x size (x `capacity` for CPU).

        Args:
            cloud: The connection.
            group: The group's name in the cloud.
            metric: `metrics.requests`, `requests_per_instance` or `cpu`.
            since: From when on, or how far back.
            size: How many instances there were: a number where that did not change, or the metric that has recorded
                it. When left out, what the cloud records of itself; where it was not told to, the error says what to
                switch on.
            capacity: Requests a second that one instance serves at 100 % CPU; needed for `metrics.cpu`.
            step: The length of a step.
            gaps: As for `from_csv`.

        Raises:
            InvalidArgument: The metric is not such a one, sizes were not recorded, or datapoints are missing.
        """
        from trimtab.simulation.measured import measured_load

        readings, unit = measured_load(cloud, group, metric, since=since, size=size, capacity=capacity, step=step)
        return cls._of_readings(readings, unit=unit, step=step, gaps=gaps)

    @classmethod
    def _of_readings(cls, readings: Readings, *, unit: str, step: timedelta | None, gaps: Gaps) -> "Load":
        start, step, values, notes = make_series(readings, step, gaps)
        seconds: Mapping[str, float] = {
            "requests": step.total_seconds(),
            "requests-per-second": 1.0,
            "requests-per-minute": 60.0,
        }
        if unit not in seconds:
            text = f"unit={unit!r} is not a load; use one of {', '.join(seconds)}"
            raise InvalidArgument(f"{text}; CPU is turned into one by `Load.from_datapoints`")
        length = seconds[unit]
        return cls(start, step, tuple([value / length for value in values]), notes)


def _whole(duration: timedelta, step: timedelta) -> int:
    """How many steps a duration has."""
    if step <= timedelta(0) or duration % step or duration < step:
        raise InvalidArgument(f"{duration} is not a whole number of steps of {step}; give one or more whole steps")
    if (steps := duration // step) > LARGEST:
        raise InvalidArgument(f"{duration} are {steps:,} steps of {step}; a load has {LARGEST:,} at most")
    return steps
