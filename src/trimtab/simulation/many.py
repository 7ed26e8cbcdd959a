"""Many variants of a group in lock step, decided by the engine's batch form; needs numpy."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from trimtab.engine.batch import Batch, BatchObservation
from trimtab.engine.batch_rules import Floats, Ints
from trimtab.engine.ruleset import rules_for
from trimtab.models import Alarm, ScalingGroup, TargetTrackingPolicy
from trimtab.simulation.pool import ALWAYS, Ahead, Chance, InstancePool
from trimtab.simulation.replaying import FULL_MINUTE, ReplaySetup, Trace, first_size
from trimtab.simulation.signals import COUNTS, ON_HOSTS, signal_of

_MINUTE = timedelta(minutes=1)
_STATES = ("ok", "alarm", "insufficient-data")
IN_STEP = (
    "cpu",
    "requests",
    "requests-per-instance",
    "errors-5xx",
    "queue-depth",
    "queue-in-flight",
    "queue-per-instance",
)
"""The metrics that many variants measure at once."""


def refusal(scenarios: Sequence[ReplaySetup]) -> str:
    """Why scenarios cannot be replayed in lock step; empty where they can."""
    first = scenarios[0]
    for each in scenarios:
        if (each.start, each.load, each.preset, each.functions) != (
            first.start,
            first.load,
            first.preset,
            first.functions,
        ):
            return "they differ in load, preset or functions"
        if (each.model.metric_delay, each.model.metric_period, each.model.signals) != (
            first.model.metric_delay,
            first.model.metric_period,
            first.model.signals,
        ):
            return "their models measure in different ways"
        if each.every_step or (each.model.interruptions and each.group.purchase.spot):
            return "spot instances are interrupted by chance"
        if each.group.purchase.fallback:
            return "what spot lacks runs on demand, minute by minute"
        if problem := _group_refusal(each):
            return problem
    if len({_shape(each.group) for each in scenarios}) > 1:
        return "their alarms and policies differ in more than numbers"
    try:
        Batch([each.group for each in scenarios], first.preset)
    except ValueError as error:
        return str(error)
    return ""


def _group_refusal(scenario: ReplaySetup) -> str:
    group = scenario.group
    rules = rules_for(group, scenario.preset)
    warm_ups = {rule.warm_up for alarm in rules.alarms for rule in alarm.rules} | {
        rule.warm_up for rule in rules.tracking
    }
    if any(warm_up != rules.longest_warm_up for warm_up in warm_ups):
        return "policies have a warm-up of their own"
    for item in (*group.alarms, *group.policies):
        if isinstance(item, Alarm | TargetTrackingPolicy):
            word = signal_of(item.metric, scenario.model, f"group {group.name!r}, {item.name}.metric")
            if not (isinstance(word, float | int) or word in IN_STEP) or item.statistic.startswith("p"):
                return f"the metric {item.metric.name!r} takes a queueing model in each minute"
    return ""


def _shape(group: ScalingGroup) -> tuple[object, ...]:
    alarms = tuple((each.name, each.metric, each.statistic, each.period) for each in group.alarms)
    policies = tuple(
        (each.name, each.type, each.metric if isinstance(each, TargetTrackingPolicy) else None)
        for each in group.policies
    )
    return alarms, policies


class _Row(NamedTuple):
    """One minute as it is measured, by variant; see `Measured`."""

    load: float
    capacity: Floats
    served: Floats
    lost: Floats
    backlog: Floats
    in_service: Ints
    noise: Any
    service_time: Floats


class _Calendar(dict[int, list[tuple[int, int]]]):
    """What changes in each minute, of all variants."""

    def apply(self, minute: int, numbers: Ints) -> None:
        """Make the changes of a minute."""
        for variant, change in self.pop(minute, ()):
            numbers[variant] += change


class _Changes(dict[int, int]):
    """The changes of a number of one variant by minute, which are written into the calendar of all too."""

    def __init__(self, variant: int, calendar: "_Calendar | None") -> None:
        super().__init__()
        self._variant, self._calendar = variant, calendar

    def add(self, minute: int, change: int) -> None:
        """Write a change ahead."""
        self[minute] = self.get(minute, 0) + change
        if self._calendar is not None:
            self._calendar.setdefault(minute, []).append((self._variant, change))


class _Due(NamedTuple):
    """The calendars of what `Ahead` has, but for what is paid for: nothing is decided by that."""

    seconds: _Calendar
    joining: _Calendar
    warming: _Calendar
    leaving: None = None


class _Chances:
    """What chance the variants have: those of one seed and one model the same."""

    def __init__(self, scenarios: Sequence[ReplaySetup], minutes: int) -> None:
        kept: dict[tuple[object, ...], tuple[int, Chance]] = {}
        places, self.of_variant = [], []
        for each in scenarios:
            key = each.seed, each.model.boot, each.model.boot_spread, each.model.noise
            if key not in kept:
                kept[key] = len(kept), Chance(each.model, each.seed)
            place, chance = kept[key]
            places.append(place)
            self.of_variant.append(chance)
        noises = [chance.noise(minutes) or [1.0] * minutes for _, chance in kept.values()]
        self._noise: Floats | None = np.array(noises) if any(each.model.noise for each in scenarios) else None
        self._places: Ints = np.array(places, dtype=np.int64)

    def noise(self, minute: int) -> Any:
        """The factor of a minute's measurement, by variant."""
        return 1.0 if self._noise is None else self._noise[self._places, minute]


class _Series:
    """One simulated metric: a row a minute, a column a variant; old rows are let go."""

    def __init__(self, word: str | float, offset: int, resolution: int, keeps: int) -> None:
        self.word = word
        self.rows: list[Any] = []
        self._offset, self._resolution, self._keeps = offset, resolution, keeps
        self._recent: list[Floats] = []

    def measure(self, row: _Row) -> None:
        """Take in one minute; a row of `None` where instances measure nothing."""
        word = self.word
        value = _VALUES[word](row) if isinstance(word, str) else np.full(len(row.served), float(word))
        if len(self.rows) >= self._keeps:
            self.rows[-self._keeps] = None
        if self._resolution > 1:
            self._recent.append(value)
            if (self._offset + len(self.rows) + 1) % self._resolution:
                self.rows.append(np.full(len(value), np.nan))
                return
            value, self._recent = _combined(self._recent, "average"), []
        self.rows.append(value)


def _quotient(value: Any, divisor: Any, after: Any = 1.0) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = np.where(divisor > 0, value / divisor * after, np.nan)
    return result


_VALUES: dict[str, Callable[[_Row], Floats]] = {
    "cpu": lambda row: np.minimum(100.0, _quotient(100 * row.served, row.capacity, row.noise)),
    "requests": lambda row: np.full(len(row.served), row.load * 60) * row.noise,
    "requests-per-instance": lambda row: _quotient(row.load * 60, row.in_service, row.noise),
    "errors-5xx": lambda row: row.lost * 60,
    "queue-depth": lambda row: row.backlog,
    "queue-in-flight": lambda row: row.served * row.service_time,
    "queue-per-instance": lambda row: _quotient(row.backlog, row.in_service),
}
"""The twins of the values of `signals`."""


class _Windows:
    """The datapoints of one alarm or policy: one row a period, one column a variant."""

    def __init__(self, series: _Series, offset: int, period: int, statistic: str, span: int) -> None:
        self._rows, self._offset, self._period = series.rows, offset, period
        self._statistic, self._span = statistic, span
        self._kept: Floats | None = None
        self._filled = 0

    def look(self, place: int) -> None:
        """Take in the datapoint that ends with a minute, if one does."""
        period = self._period
        if (self._offset + place + 1) % period:
            return
        rows = self._rows
        point = rows[place] if period == 1 else _combined(rows[max(0, place + 1 - period) : place + 1], self._statistic)
        if self._kept is None:
            self._kept = np.full((self._span * 64, len(point)), np.nan)
            self._filled = self._span
        if self._filled == len(self._kept):
            self._kept[: self._span] = self._kept[-self._span :]
            self._filled = self._span
        self._kept[self._filled] = point
        self._filled += 1

    def window(self, count: int) -> Floats:
        """The datapoints that a decision looks at, NaN where there is none."""
        if self._kept is None:
            return np.full((self._span, count), np.nan)
        return self._kept[self._filled - self._span : self._filled]


def _combined(rows: Sequence[Floats], statistic: str) -> Floats:
    """The twin of what a period's datapoint is for one group."""
    block = np.stack(rows)
    real = ~np.isnan(block)
    count = real.sum(axis=0)
    match statistic:
        case "minimum":
            found = np.where(real, block, np.inf).min(axis=0)
        case "maximum":
            found = np.where(real, block, -np.inf).max(axis=0)
        case "count":
            found = count.astype(np.float64)
        case _:
            found = np.zeros(block.shape[1])
            for values, present in zip(block, real, strict=True):
                found = found + np.where(present, values, 0.0)
            if statistic != "sum":
                found = found / np.maximum(count, 1)
    result: Floats = np.where(count > 0, found, np.nan)
    return result


class LockStep:
    """Variants of one group on one load."""

    def __init__(self, scenarios: Sequence[ReplaySetup]) -> None:
        self._scenarios = scenarios
        first = scenarios[0]
        self._count, self._minutes = len(scenarios), len(first.load)
        self._rules = [rules_for(each.group, first.preset) for each in scenarios]
        sizes = [first_size(each.group, rules, first.start) for each, rules in zip(scenarios, self._rules, strict=True)]
        self._batch = Batch([each.group for each in scenarios], first.preset, desired=np.array(sizes, dtype=np.int64))
        self._due = _Due(_Calendar(), _Calendar(), _Calendar())
        self._chances = _Chances(scenarios, self._minutes)
        self.traces = [self._trace(variant, size) for variant, size in enumerate(sizes)]
        self._weights: Ints = np.array([trace.pool.weight for trace in self.traces], dtype=np.int64)
        self._done: Ints = np.full(self._count, ALWAYS, dtype=np.int64)
        self._states: list[Any] = [np.full(self._count, -1) for _ in self._rules[0].alarms]
        self._short: set[int] = set()
        self._start = first.start.timestamp()
        self._watch()

    def _trace(self, variant: int, size: int) -> Trace:
        scenario = self._scenarios[variant]
        ahead = Ahead(*(_Changes(variant, calendar) for calendar in self._due))
        warm_up = round(self._rules[variant].longest_warm_up.total_seconds())
        chance = self._chances.of_variant[variant]
        pool = InstancePool(scenario.group, scenario.model, chance, self._minutes, size, ahead, warm_up)
        return Trace(pool=pool, sizes=[(0, size)], states=[], interrupted=[], spots=[(0, pool.spots)], decisions=[])

    def _watch(self) -> None:
        """Find out what is measured, and who looks at it."""
        first = self._scenarios[0]
        group, model, rules = first.group, first.model, self._rules[0]
        offset = int(self._start // 60)
        resolution = model.metric_period // _MINUTE
        self._series: dict[str | float, _Series] = {}
        self._alarms: dict[str, _Windows] = {}
        self._policies: dict[str, _Windows] = {}
        longest = max([each.period // _MINUTE for each in group.alarms], default=1)
        keeps = longest + -(-model.metric_delay // _MINUTE) + 1

        def series(item: Alarm | TargetTrackingPolicy) -> _Series:
            word = signal_of(item.metric, model, item.name)
            if word not in self._series:
                self._series[word] = _Series(word, offset, resolution if word in ON_HOSTS else 1, keeps)
            return self._series[word]

        spans = [max(ruleset.alarms[place].span for ruleset in self._rules) for place in range(len(group.alarms))]
        for alarm, span in zip(group.alarms, spans, strict=True):
            word = series(alarm)
            statistic = "sum" if word.word in COUNTS and alarm.statistic == "average" else alarm.statistic
            self._alarms[alarm.name] = _Windows(word, offset, alarm.period // _MINUTE, statistic, span)
        tracked = {rule.policy for rule in rules.tracking}
        for policy in group.policies:
            if isinstance(policy, TargetTrackingPolicy) and policy.name in tracked:
                self._policies[policy.name] = _Windows(series(policy), offset, 1, "average", rules.preset.tracking.span)

    def run(self) -> list[Trace]:
        """Replay the whole load for all of them."""
        first, count = self._scenarios[0], self._count
        of_one, patience, service_time = self._numbers()
        delay = -(-first.model.metric_delay // _MINUTE)
        service: Ints = np.zeros(count, dtype=np.int64)
        in_service: Ints = np.zeros(count, dtype=np.int64)
        warming: Ints = np.zeros(count, dtype=np.int64)
        backlog: Floats = np.zeros(count)
        lost: Floats = np.zeros(count)
        now = first.start
        waits = False
        windows = [*self._alarms.values(), *self._policies.values()]
        for minute, arriving in enumerate(first.load):
            self._due.joining.apply(minute, in_service)
            self._due.warming.apply(minute, warming)
            if minute > delay:
                for each in windows:
                    each.look(minute - 1 - delay)
            self._decide(minute, now, in_service, warming)
            self._due.joining.apply(minute, in_service)
            self._due.warming.apply(minute, warming)
            self._due.seconds.apply(minute, service)
            capacity = service * of_one
            if waits or (capacity < arriving).any():
                offered = arriving + backlog / 60
                served = np.minimum(offered, capacity)
                rest = (offered - served) * 60
                backlog = np.minimum(rest, patience * np.where(capacity > 0, capacity, arriving))
                lost = (rest - backlog) / 60
                waits = bool(backlog.any())
            else:
                served = np.full(count, arriving)
                lost = backlog
            row = _Row(arriving, capacity, served, lost, backlog, in_service, self._chances.noise(minute), service_time)
            for series in self._series.values():
                series.measure(row)
            now += _MINUTE
        return self.traces

    def _numbers(self) -> tuple[Floats, Floats, Floats]:
        """Requests a second of a hundredth of an instance-second, patience and service time of each variant."""
        models = [each.model for each in self._scenarios]
        return (
            np.array(
                [
                    (model.capacity or 0.0) * trace.pool.weight / FULL_MINUTE
                    for model, trace in zip(models, self.traces, strict=True)
                ]
            ),
            np.array([model.patience.total_seconds() for model in models]),
            np.array([model.service_time.total_seconds() for model in models]),
        )

    def _decide(self, minute: int, now: datetime, in_service: Ints, warming: Ints) -> None:
        count, second = self._count, minute * 60
        past = self._done <= second
        seen = BatchObservation(
            alarms={name: each.window(count) for name, each in self._alarms.items()},
            policies={name: each.window(count) for name, each in self._policies.items()},
            in_service=in_service * self._weights,
            warming=warming * self._weights,
            busy=~past,
            settled=np.where(past & (self._done > ALWAYS), self._start + self._done, -np.inf),
        )
        before = self._batch.sizes
        final = self._batch.decide(seen, now)
        for variant in np.flatnonzero(final != before).tolist():
            self._resize(variant, minute, int(final[variant]))
        for variant in list(self._short):
            self._resize(variant, minute, int(final[variant]))
        self._keep_states(minute)

    def _resize(self, variant: int, minute: int, size: int) -> None:
        trace = self.traces[variant]
        pool = trace.pool
        pool.resize(minute, size)
        if not minute:
            trace.sizes[0] = (0, size)
        elif trace.sizes[-1][1] != size:
            trace.sizes.append((minute, size))
        trace.spots.append((minute, pool.spots))
        self._done[variant] = max(pool.latest, pool.drained)
        (self._short.add if pool.short else self._short.discard)(variant)

    def _keep_states(self, minute: int) -> None:
        changed = np.zeros(self._count, dtype=np.bool_)
        states = self._batch.states
        for place, each in enumerate(states):
            changed |= each != self._states[place]
        if changed.any():
            self._states = states
            for variant in np.flatnonzero(changed).tolist():
                self.traces[variant].states.append((minute, tuple(_STATES[each[variant]] for each in states)))
