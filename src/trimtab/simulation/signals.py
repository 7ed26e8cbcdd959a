"""What the alarms and policies of a simulated group see: windows of datapoints, and what a decision reads of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from trimtab.engine.alarms import AlarmStatus, breach_flags, evaluate
from trimtab.engine.case import newest
from trimtab.engine.presets import AlarmWindow, Preset, datapoint_span
from trimtab.engine.ruleset import AlarmRule, AmountRule, Ruleset, TrackingRule
from trimtab.errors import InvalidArgument
from trimtab.models import Metric, ScalingGroup, TargetTrackingPolicy
from trimtab.simulation.model import SIGNALS, FleetModel
from trimtab.simulation.queueing import response_mean, response_percentile

MINUTE = timedelta(minutes=1)
Point = float | None
Value = Callable[["MeasuredMinute"], Point]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNTS = frozenset({"requests", "errors-5xx"})
"""Counts: a datapoint is the sum of its period, also where the average is asked for."""
ON_HOSTS = frozenset({"cpu"})
"""What instances measure themselves, at their own resolution."""


class SizeWay(IntEnum):
    """Where an alarm or a policy can move the size now."""

    CALM = 0
    OUT = 1
    IN = 2
    OPEN = 4
    """That takes a decision: datapoints are missing, or an exact size is asked for."""
    TOLD = 8
    """An alarm is on that only notifies."""


class MeasuredMinute(NamedTuple):
    """One minute as it is measured; rates in requests a second."""

    load: float
    capacity: float
    served: float
    lost: float
    backlog: float
    in_service: int
    noise: float
    service_time: float


class Watched:
    """
    One alarm or target tracking policy, with its datapoints as far as they are there.

    Attributes:
        name: Its name.
        span: How many datapoints a decision looks at.
        points: Its datapoints, one a period, the newest last.
        way: Where it can move the size now.
        state: What it says; of a policy always OK.
        scales_in: Whether it is one of those that ask for fewer instances.
    """

    scales_in = False

    def __init__(self, name: str, source: "SimulatedMetric", period: int, statistic: str, span: int) -> None:
        self.name, self.span = name, span
        self.points: list[Point] = []
        self.way: int = SizeWay.OPEN
        self.state = AlarmStatus.INSUFFICIENT_DATA
        self._source, self._period, self._statistic = source, period, statistic
        self._missing = span
        """How many more datapoints make the window whole."""
        self._newest = -span
        """The place of the newest datapoint that is there."""

    @property
    def window(self) -> list[Point]:
        """The datapoints that a decision looks at."""
        return self.points[-self.span :]

    def look(self, place: int) -> bool:
        """Take in the datapoint that ends with a minute, if one does; whether it says something else than before."""
        period, source = self._period, self._source
        if period == 1:
            point = source.values[place]
        elif (source.offset + place + 1) % period:
            return False
        else:
            point = _combined(source.values[max(0, place + 1 - period) : place + 1], self._statistic)
        self.points.append(point)
        way, state = self.way, self.state
        if point is None:
            self._missing = self.span
            self._forget()
        else:
            self._newest = len(self.points) - 1
            if self._missing:
                self._missing -= 1
            self._count(point)
        if not self._missing:
            self._judge()
        else:
            self._judge_partly()
            if len(self.points) - self._newest > self.span:
                self.way = SizeWay.OPEN
        return self.way is not way or self.state is not state

    def _forget(self) -> None:
        """A datapoint is missing."""

    def _count(self, point: float) -> None:
        """Take one datapoint into account."""

    def _judge(self) -> None:
        """Set the way and the state by a whole window."""

    def _judge_partly(self) -> None:
        """The same where datapoints are missing, by the rules of the engine."""


class WatchedAlarm(Watched):
    """An alarm of so many datapoints out of so many."""

    def __init__(self, rule: AlarmRule, source: "SimulatedMetric", period: int, statistic: str) -> None:
        super().__init__(rule.name, source, period, statistic, rule.span)
        self._breaches, self._threshold = rule.breaches, rule.threshold
        self._periods, self._needed, self._treatment = rule.periods, rule.datapoints, rule.missing
        self._firing = way_of(rule)
        self.scales_in = any(amount.scales_in for amount in rule.rules)
        self._flags: list[bool] = []
        self._hits = 0

    def _forget(self) -> None:
        self._flags, self._hits = [], 0

    def _count(self, point: float) -> None:
        flag = self._breaches(point, self._threshold)
        flags = self._flags
        flags.append(flag)
        self._hits += flag
        if len(flags) > self._periods:
            self._hits -= flags[-1 - self._periods]

    def _judge(self) -> None:
        fires = self._hits >= self._needed
        self.way = self._firing if fires else SizeWay.CALM
        self.state = AlarmStatus.ALARM if fires else AlarmStatus.OK

    def _judge_partly(self) -> None:
        self.state = evaluate(
            breach_flags(self.window, self._threshold, self._breaches),
            periods=self._periods,
            datapoints=self._needed,
            missing=self._treatment,
            previous=self.state,
            evaluation_range=self.span,
        ).state
        self.way = self._firing if self.state is AlarmStatus.ALARM else SizeWay.CALM


class WatchedAverage(Watched):
    """An alarm of the mean of its datapoints."""

    def __init__(self, rule: AlarmRule, source: "SimulatedMetric", period: int, statistic: str) -> None:
        super().__init__(rule.name, source, period, statistic, rule.span)
        self._breaches, self._threshold, self._periods = rule.breaches, rule.threshold, rule.periods
        self._firing = way_of(rule)
        self.scales_in = any(amount.scales_in for amount in rule.rules)

    def _judge(self) -> None:
        total = 0.0
        for point in self.points[-self._periods :]:
            total += point or 0.0
        fires = self._breaches(total / self._periods, self._threshold)
        self.way = self._firing if fires else SizeWay.CALM
        self.state = AlarmStatus.ALARM if fires else AlarmStatus.OK

    def _judge_partly(self) -> None:
        total, count = 0.0, 0
        for point in self.window[-self._periods :]:
            if point is not None:
                total += point
                count += 1
        if not count:
            self.way, self.state = SizeWay.OPEN, AlarmStatus.INSUFFICIENT_DATA
            return
        fires = self._breaches(total / count, self._threshold)
        self.way = self._firing if fires else SizeWay.CALM
        self.state = AlarmStatus.ALARM if fires else AlarmStatus.OK


class WatchedTarget(Watched):
    """A target tracking policy."""

    def __init__(self, rule: TrackingRule, source: "SimulatedMetric", statistic: str, preset: Preset) -> None:
        super().__init__(rule.policy, source, 1, statistic, preset.tracking.span)
        self._high, self._low, self._scale_in = rule.high, rule.low, rule.scale_in
        self._highs, self._lows = preset.tracking.high_datapoints, preset.tracking.low_datapoints
        self._above = self._below = 0
        """How many of the newest datapoints that are there breach one after the other."""
        self._there: list[int] = []
        """The places of those that are there."""
        self._first = {self._highs: 0, self._lows: 0}
        """Which of them is the first that so many datapoints look at."""
        self._spans = {datapoints: datapoint_span(datapoints) for datapoints in self._first}
        self._target = rule.target
        self.state, self.scales_in = AlarmStatus.OK, rule.scale_in

    @property
    def newest(self) -> float | None:
        """The newest datapoint that a decision looks at."""
        return newest(self.points[-self.span :])

    @property
    def relative(self) -> float:
        """The same as a share of the target."""
        return (self.newest or 0.0) / self._target

    def _count(self, point: float) -> None:
        self._above = self._above + 1 if point > self._high else 0
        self._below = self._below + 1 if point < self._low else 0
        self._there.append(self._newest)

    def _judge(self) -> None:
        if self._above >= self._highs:
            self.way = SizeWay.OUT
        elif self._scale_in and self._below >= self._lows:
            self.way = SizeWay.IN
        else:
            self.way = SizeWay.CALM

    def _judge_partly(self) -> None:
        if self._above and self._all_breach(self._above, self._highs):
            self.way = SizeWay.OUT
        elif self._below and self._scale_in and self._all_breach(self._below, self._lows):
            self.way = SizeWay.IN
        else:
            self.way = SizeWay.CALM

    def _all_breach(self, breaching: int, datapoints: int) -> bool:
        """What the engine's `all_breach` says of the window, worked out from what it said before."""
        there, first, end = self._there, self._first[datapoints], len(self.points)
        begin = end - self._spans[datapoints]
        while first < len(there) and there[first] < begin:
            first += 1
        self._first[datapoints] = first
        count = len(there) - first
        if count >= datapoints:
            return breaching >= datapoints
        return 0 < count <= breaching and end - there[first] >= datapoints


class SimulatedMetric:
    """
    One simulated metric, minute by minute.

    Attributes:
        values: A value a minute; `None` where nothing is measured.
        value: How it comes of a minute.
        resolution: How many minutes a measurement is the mean of.
        offset: The minutes from a whole period to the first minute; periods are counted from midnight, UTC.
        is_cpu: Whether it is the CPU, which `cpu_of` gives.
    """

    def __init__(self, value: Value, offset: int, resolution: int) -> None:
        self.values: list[Point] = []
        self.offset = offset
        self.value, self.resolution = value, resolution
        self.is_cpu = value is _cpu
        self._recent: list[Point] = []
        self._due = resolution - offset % resolution
        """The minutes until the next measurement."""

    def take(self, value: Point) -> None:
        """Take in the value of one minute."""
        if self.resolution > 1:
            self._recent.append(value)
            self._due -= 1
            if self._due:
                self.values.append(None)
                return
            value, self._recent, self._due = _combined(self._recent, "average"), [], self.resolution
        self.values.append(value)


class SimulatedSignals(NamedTuple):
    """What a simulated group measures, and who looks at it."""

    sources: tuple[SimulatedMetric, ...]
    alarms: tuple[Watched, ...]
    policies: tuple[WatchedTarget, ...]
    delay: int
    """How many minutes a datapoint is late."""

    @property
    def watched(self) -> tuple[Watched, ...]:
        """All alarms and policies."""
        return (*self.alarms, *self.policies)


def make_signals(group: ScalingGroup, rules: Ruleset, model: FleetModel, start: datetime) -> SimulatedSignals:
    """
    The metrics that a group's alarms and policies look at.

    Raises:
        InvalidArgument: One of them looks at what the load cannot give, or by periods that are no whole minutes.
    """
    offset = (start - _EPOCH) // MINUTE
    resolution = model.metric_period // MINUTE
    sources: dict[tuple[str | float, str], SimulatedMetric] = {}

    def source_of(metric: Metric, statistic: str, where: str) -> SimulatedMetric:
        word = signal_of(metric, model, where)
        key = word, statistic if statistic.startswith("p") else ""
        if key not in sources:
            sources[key] = SimulatedMetric(value_of(word, statistic), offset, resolution if word in ON_HOSTS else 1)
        return sources[key]

    alarms = []
    for alarm, rule in zip(group.alarms, rules.alarms, strict=True):
        where = f"group {group.name!r}, alarms.{alarm.name}"
        if alarm.period % MINUTE:
            text = f"{alarm.period} is not whole minutes; a simulation has steps of a minute"
            raise InvalidArgument(f"{where}.period: {text}")
        source = source_of(alarm.metric, alarm.statistic, f"{where}.metric")
        kind = WatchedAverage if rules.preset.alarm_window is AlarmWindow.AVERAGE else WatchedAlarm
        statistic = _statistic(alarm.metric, alarm.statistic, model)
        alarms.append(kind(rule, source, alarm.period // MINUTE, statistic))
    tracked = {rule.policy: rule for rule in rules.tracking}
    policies = [
        WatchedTarget(
            tracked[policy.name],
            source_of(policy.metric, policy.statistic, f"group {group.name!r}, policies.{policy.name}.metric"),
            policy.statistic,
            rules.preset,
        )
        for policy in group.policies
        if isinstance(policy, TargetTrackingPolicy) and policy.name in tracked
    ]
    return SimulatedSignals(tuple(sources.values()), tuple(alarms), tuple(policies), -(-model.metric_delay // MINUTE))


def signal_of(metric: Metric, model: FleetModel, where: str) -> str | float:
    """
    The simulated metric that one of the group's is, or the number that it always is.

    Raises:
        InvalidArgument: The load cannot give it.
    """
    word = model.signals.get(metric.name)
    if word is None and metric.is_neutral and metric.name in SIGNALS:
        word = metric.name
    if word is None:
        text = f"{where}: the load does not give the metric {metric.name!r}; it gives {', '.join(SIGNALS)}"
        raise InvalidArgument(
            f'{text}. Say which of them it follows, or a number: `signals={{"{metric.name}": "cpu"}}` of the model'
        )
    return word


def _statistic(metric: Metric, statistic: str, model: FleetModel) -> str:
    counted = model.signals.get(metric.name, metric.name) in COUNTS
    return "sum" if counted and statistic == "average" else statistic


def way_of(rule: AlarmRule) -> SizeWay:
    """Where an alarm can move the size once it fires; by amounts that never turn round alone."""
    if not rule.rules:
        return SizeWay.TOLD
    if any(_exact(amount) for amount in rule.rules):
        return SizeWay.OPEN
    if not any(amount.scales_in for amount in rule.rules):
        return SizeWay.OUT
    return SizeWay.OPEN if any(amount.scales_out for amount in rule.rules) else SizeWay.IN


def _exact(rule: AmountRule) -> bool:
    amounts = [rule.amount] if rule.amount is not None else [band.step for band in rule.bands]
    return any(amount.to is not None for amount in amounts)


# values of a minute


def value_of(word: str | float, statistic: str) -> Value:
    """How a metric comes of a minute."""
    if not isinstance(word, str):
        return lambda _: float(word)
    if word == "latency" and statistic.startswith("p"):
        percent = float(statistic[1:])
        return lambda row: _noisy(row, _response(row, percent))
    return _VALUES[word]


def cpu_of(served: float, capacity: float, noise: float) -> Point:
    """The CPU of a minute in per cent: what was served as a share of what could have been, as it is measured."""
    if not capacity:
        return None
    value = 100 * served / capacity * noise
    return value if value < 100 else 100.0


def _cpu(row: MeasuredMinute) -> Point:
    return cpu_of(row.served, row.capacity, row.noise)


def _noisy(row: MeasuredMinute, value: Point) -> Point:
    return None if value is None else value * row.noise


def _response(row: MeasuredMinute, percent: float | None) -> Point:
    """Response time in seconds: M/M/c, and the wait for the backlog where there is one."""
    if not row.in_service or not row.capacity:
        return None
    wait = row.backlog / row.capacity
    servers = max(1, round(row.capacity * row.service_time))
    rate = min(row.served, 0.999 * servers / row.service_time)
    if wait:
        return wait + row.service_time
    if percent is None:
        return response_mean(rate, servers, 1 / row.service_time)
    return response_percentile(rate, servers, 1 / row.service_time, percent)


_VALUES: dict[str, Value] = {
    "cpu": _cpu,
    "requests": lambda row: row.load * 60 * row.noise,
    "requests-per-instance": lambda row: row.load * 60 / row.in_service * row.noise if row.in_service else None,
    "latency": lambda row: _noisy(row, _response(row, None)),
    "errors-5xx": lambda row: row.lost * 60,
    "queue-depth": lambda row: row.backlog,
    "queue-in-flight": lambda row: row.served * row.service_time,
    "queue-per-instance": lambda row: row.backlog / row.in_service if row.in_service else None,
}


def _combined(points: Sequence[Point], statistic: str) -> Point:
    real = [point for point in points if point is not None]
    if not real:
        return None
    match statistic:
        case "sum":
            return _sum(real)
        case "minimum":
            return min(real)
        case "maximum":
            return max(real)
        case "count":
            return float(len(real))
        case _:
            return _sum(real) / len(real)


def _sum(values: Sequence[float]) -> float:
    """One after the other, as arrays of many variants are added up; newer Pythons' `sum` is more exact than that."""
    total = 0.0
    for value in values:
        total += value
    return total
