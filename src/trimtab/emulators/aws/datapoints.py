"""Datapoints of metrics: kept by ten seconds, read as the statistics that alarms and queries ask for."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from math import isfinite, isnan
from typing import Any, NamedTuple

from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.trimmed import parse_trim, read_trim

GRAIN = 10
"""Seconds that samples are kept together for: the shortest period that an alarm may have."""
Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""A metric: namespace, name, and dimensions in order."""


class StatisticSet:
    """Values of one stretch of time, taken together."""

    __slots__ = ("count", "high", "low", "total", "values")

    def __init__(self) -> None:
        self.count = self.total = 0.0
        self.low, self.high = float("inf"), float("-inf")
        self.values: list[tuple[float, float]] = []
        """Each value and how often it came; what was published as a summary has none."""

    def add(self, value: float, count: float = 1.0) -> None:
        """Take in one value that came `count` times."""
        self.summary(count, value * count, value, value)
        self.values.append((value, count))

    def summary(self, count: float, total: float, low: float, high: float) -> None:
        """Take in values of which only this is known."""
        self.count += count
        self.total += total
        self.low, self.high = min(self.low, low), max(self.high, high)

    def merge(self, other: "StatisticSet") -> None:
        """Take in another stretch."""
        self.summary(other.count, other.total, other.low, other.high)
        self.values += other.values

    def read(self, statistic: str) -> float | None:
        """One statistic; `None` for one of part of the samples where only a summary was published."""
        match statistic:
            case "Average":
                return self.total / self.count
            case "Sum":
                return self.total
            case "Minimum":
                return self.low
            case "Maximum":
                return self.high
            case "SampleCount":
                return self.count
        trim = parse_trim(statistic)
        return None if trim is None else read_trim(trim, self.values)


class Point(NamedTuple):
    """A statistic of one period, and how many samples it stands on."""

    value: float | None
    samples: float


NOTHING = Point(None, 0.0)
"""A period without a sample."""
_KEPT = 3000


class Series:
    """The samples of one metric over time."""

    def __init__(self, dimensions: Iterable[Mapping[str, str]] = ()) -> None:
        self.dimensions = tuple(dimensions)
        """The metric's dimensions in the order in which they came first."""
        self._begins: list[int] = []
        self._samples: dict[int, dict[str, StatisticSet]] = {}
        # neighbouring evaluations and alarms on the same metric ask for the same again
        self._kept: dict[tuple[int, str, str | None], dict[int, Point]] = {}

    def sample(self, at: int, unit: str) -> StatisticSet:
        """The sample that a moment belongs to, made on first use."""
        begin = at - at % GRAIN
        self._kept.clear()
        if begin not in self._samples:
            insort(self._begins, begin)
            self._samples[begin] = {}
        return self._samples[begin].setdefault(unit, StatisticSet())

    def has_any(self, begin: int) -> bool:
        """Whether there is a sample from `begin` on."""
        return bool(self._begins) and self._begins[-1] >= begin

    def read(self, end: int, period: int, count: int, statistic: str, unit: str | None = None) -> list[Point]:
        """A statistic of the `count` periods up to `end`, oldest first."""
        kept = self._kept.setdefault((period, statistic, unit), {})
        if len(kept) > _KEPT:
            kept.clear()
        points = []
        for at in range(end - (count - 1) * period, end + 1, period):
            point = kept.get(at)
            if point is None:
                point = kept[at] = self._point(at - period, at, statistic, unit)
            points.append(point)
        return points

    def _point(self, begin: int, end: int, statistic: str, unit: str | None) -> Point:
        begins, joined = self._begins, StatisticSet()
        for index in range(bisect_left(begins, begin), bisect_left(begins, end)):
            for name, sample in self._samples[begins[index]].items():
                if unit is None or unit == name:
                    joined.merge(sample)
        return Point(joined.read(statistic), joined.count) if joined.count else NOTHING


class DatapointStore:
    """All metrics of a region; `on_new` is told of each that gets a datapoint."""

    def __init__(self, on_new: Callable[[Key], None]) -> None:
        self._series: dict[Key, Series] = {}
        self._on_new = on_new

    def series(self, key: Key) -> Series | None:
        """The samples of a metric; `None` when it never had any."""
        return self._series.get(key)

    def since(self, begin: int) -> list[tuple[Key, Series]]:
        """The metrics that have a datapoint since a moment, in order, each with its samples."""
        return sorted(each for each in self._series.items() if each[1].has_any(begin))

    def add(self, namespace: str, datum: Mapping[str, Any], now: datetime) -> None:
        """Take in one datum as PutMetricData has it."""
        dimensions = datum.get("Dimensions") or ()
        key = metric_key(namespace, datum["MetricName"], dimensions)
        at = int((datum.get("Timestamp") or now).timestamp())
        if key not in self._series:
            self._series[key] = Series(dimensions)
        sample = self._series[key].sample(at, datum.get("Unit") or "None")
        summary = datum.get("StatisticValues")
        if summary:
            sample.summary(*(float(summary[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")))
        for value, count in _values(datum):
            sample.add(float(value), float(count))
        self._on_new(key)


def metric_key(namespace: str, name: str, dimensions: Iterable[Mapping[str, str]]) -> Key:
    """A metric, whatever the order of its dimensions."""
    return namespace, name, tuple(sorted((each["Name"], each["Value"]) for each in dimensions))


def check_data(data: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what PutMetricData refuses."""
    for number, datum in enumerate(data, 1):
        where = f"MetricData.member.{number}"
        forms = [name for name in ("Value", "Values", "StatisticValues") if datum.get(name) is not None]
        if not forms:
            raise ServiceError("MissingParameter", f"The parameter {where}.Value is required.")
        if len(forms) > 1:
            both = f"The parameters {where}.{forms[0]} and {where}.{forms[1]} are mutually exclusive"
            raise ServiceError("InvalidParameterCombination", f"{both} and you have specified both.")
        if datum.get("Value") is not None and not isfinite(datum["Value"]):
            text = f"The value {_written(datum['Value'])} for parameter {where}.Value is invalid."
            raise ServiceError("InvalidParameterValue", text)
        counts = datum.get("Counts")
        if counts is not None and len(counts) != len(datum.get("Values") or ()):
            text = f"The parameters {where}.Values and {where}.Counts must be of the same size."
            raise ServiceError("InvalidParameterValue", text)


def _written(value: float) -> str:
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _values(datum: Mapping[str, Any]) -> Iterable[tuple[float, float]]:
    if datum.get("Value") is not None:
        return [(datum["Value"], 1.0)]
    values = datum.get("Values") or []
    return zip(values, datum.get("Counts") or [1.0] * len(values), strict=True)
