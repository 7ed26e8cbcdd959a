"""An alarm as it is evaluated: what it reads at a moment, the state that follows, and when to look again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from trimtab.emulators.aws.datapoints import NOTHING, DatapointStore, Key, Point, metric_key
from trimtab.emulators.aws.expressions import NotComputed, Values, series_of
from trimtab.engine.alarms import (
    BREACHES,
    EXTRA_PERIODS,
    AlarmStatus,
    Breaches,
    breach_flags,
    counted_points,
    evaluate,
    evaluation_cadence,
    has_few_samples,
)
from trimtab.models import Comparison, MissingData

COMPARISONS: Mapping[str, tuple[Comparison, str]] = {
    "GreaterThanThreshold": (Comparison.ABOVE, "greater than"),
    "GreaterThanOrEqualToThreshold": (Comparison.AT_LEAST, "greater than or equal to"),
    "LessThanThreshold": (Comparison.BELOW, "less than"),
    "LessThanOrEqualToThreshold": (Comparison.AT_MOST, "less than or equal to"),
}
"""How a value is held against a threshold, and how the service says it."""
STATES = {"OK": AlarmStatus.OK, "ALARM": AlarmStatus.ALARM, "INSUFFICIENT_DATA": AlarmStatus.INSUFFICIENT_DATA}
NAMES = {state: name for name, state in STATES.items()}
TREATMENTS = {
    "missing": MissingData.MISSING,
    "ignore": MissingData.IGNORE,
    "breaching": MissingData.BREACHING,
    "notBreaching": MissingData.NOT_BREACHING,
}


@dataclass(frozen=True, slots=True)
class AlarmSnapshot:
    """What an alarm found at one moment."""

    at: int
    values: Values
    """The value of each period of the range, oldest first."""
    state: AlarmStatus | None
    """The state that follows; `None` where it stays because of too few samples."""

    @property
    def newest(self) -> float | None:
        """The last value that there is."""
        return next((value for value in reversed(self.values) if value is not None), None)


@dataclass(slots=True)
class AlarmWatch:
    """One alarm, ready to be evaluated."""

    alarm: dict[str, Any]
    data: DatapointStore
    due: datetime | None = None
    """When it is looked at next; `None` while nothing can happen to it."""
    lasting: bool = False
    """Whether its state came from a change since it was put, so that Auto Scaling actions repeat."""
    last: AlarmSnapshot | None = None
    period: int = field(init=False)
    periods: int = field(init=False)
    keys: frozenset[Key] = field(init=False)
    span: int = field(init=False)
    """How many seconds it looks back."""
    cadence: int = field(init=False)
    """How often it is looked at while it may change, in seconds."""
    threshold: float = field(init=False)
    _breaches: Breaches = field(init=False)
    _missing: MissingData = field(init=False)
    _own: Key = field(init=False)

    def __post_init__(self) -> None:
        stats = [query["MetricStat"] for query in self.alarm.get("Metrics") or () if query.get("MetricStat")]
        self.period = self.alarm.get("Period") or max([stat["Period"] for stat in stats], default=60)
        self.periods = self.alarm["EvaluationPeriods"]
        self._own = metric_key(
            self.alarm.get("Namespace", ""), self.alarm.get("MetricName", ""), self.alarm["Dimensions"]
        )
        self.keys = frozenset([_key_of(stat["Metric"]) for stat in stats] or [self._own])
        self.span = (self.periods + EXTRA_PERIODS) * self.period
        self.cadence = int(evaluation_cadence(timedelta(seconds=self.period)).total_seconds())
        self.threshold = float(self.alarm["Threshold"])
        self._breaches = BREACHES[COMPARISONS[self.alarm["ComparisonOperator"]][0]]
        self._missing = TREATMENTS[self.alarm.get("TreatMissingData", "missing")]

    @property
    def name(self) -> str:
        """The alarm's name."""
        return str(self.alarm["AlarmName"])

    @property
    def needed(self) -> int:
        """How many datapoints must breach."""
        return int(self.alarm.get("DatapointsToAlarm") or self.periods)

    def has_data(self, at: int) -> bool:
        """Whether there are datapoints that it looks at now or later."""
        begin = at - self.span
        return any((series := self.data.series(key)) is not None and series.has_any(begin) for key in self.keys)

    def look(self, at: int) -> AlarmSnapshot:
        """What it finds at a moment, which is a whole minute, or ten seconds for short periods."""
        points = self._read(at)
        values = [point.value for point in points]
        evaluation = evaluate(
            breach_flags(values, self.threshold, self._breaches),
            periods=self.periods,
            datapoints=self.alarm.get("DatapointsToAlarm"),
            missing=self._missing,
            previous=STATES[self.alarm["StateValue"]],
        )
        return AlarmSnapshot(at, values, None if self._is_ignored(points) else evaluation.state)

    def breaches(self, value: float) -> bool:
        """Whether a value is beyond the threshold."""
        return self._breaches(value, self.threshold)

    def counted(self, look: AlarmSnapshot) -> list[tuple[int, float]]:
        """The datapoints that counted in a look, oldest first, each with its beginning."""
        begin = look.at - self.span
        points = [
            None if value is None else (begin + place * self.period, value) for place, value in enumerate(look.values)
        ]
        return counted_points(points, self.periods)

    def _read(self, at: int) -> list[Point]:
        queries = self.alarm.get("Metrics")
        if not queries:
            statistic = self.alarm.get("Statistic") or self.alarm["ExtendedStatistic"]
            return self._points(self._own, at, statistic, self.alarm.get("Unit"))
        length = self.periods + EXTRA_PERIODS
        try:
            series = series_of(queries, lambda stat: self._read_stat(stat, at), length)
        except NotComputed:
            return [NOTHING] * length
        wanted = next((query["Id"] for query in queries if query.get("ReturnData", True)), queries[-1]["Id"])
        return [Point(value, 0.0) for value in series[wanted]]

    def _read_stat(self, stat: Mapping[str, Any], at: int) -> Values:
        return [point.value for point in self._points(_key_of(stat["Metric"]), at, stat["Stat"], stat.get("Unit"))]

    def _points(self, key: Key, at: int, statistic: str, unit: str | None) -> list[Point]:
        series, length = self.data.series(key), self.periods + EXTRA_PERIODS
        return [NOTHING] * length if series is None else series.read(at, self.period, length, statistic, unit)

    def _is_ignored(self, points: list[Point]) -> bool:
        extended = self.alarm.get("ExtendedStatistic")
        if extended is None or self.alarm.get("EvaluateLowSampleCountPercentile") != "ignore":
            return False
        newest = next((point for point in reversed(points) if point.value is not None), None)
        return newest is not None and has_few_samples(float(extended[1:]), int(newest.samples))


def _key_of(metric: Mapping[str, Any]) -> Key:
    return metric_key(metric.get("Namespace", ""), metric["MetricName"], metric.get("Dimensions") or ())


def moment_of(at: int) -> datetime:
    """Seconds since the epoch as a time."""
    return datetime.fromtimestamp(at, UTC)
