"""One run of an autoscaler over its native body: the engine decides, this reads and writes its words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.gcp.autoscaler_words import detail_of, status_of, words_of
from trimtab.emulators.gcp.datapoints import DatapointStore
from trimtab.emulators.gcp.facts import GroupFacts, RunHistory, added, leaving, within
from trimtab.emulators.gcp.scaling_schedules import edges, open_schedules, required, schedule_status
from trimtab.emulators.gcp.signals import (
    WINDOW,
    GroupSnapshot,
    ReadMetric,
    SignalReading,
    is_predictive,
    metrics_of,
    read_signals,
)
from trimtab.engine.signals import (
    ScalingMode,
    SignalType,
    can_reach_zero,
    combined_forecast,
    controlled,
    enacted,
    recommended_size,
    stabilization_period,
    stabilized,
)
from trimtab.engine.values import Sized

Forecast = Sequence[tuple[datetime, int]]
"""The size that a forecast asks for from each moment on, in order."""
DEFAULT_INITIALIZATION = 60
MODES = {
    "ON": ScalingMode.ON,
    "OFF": ScalingMode.OFF,
    "ONLY_SCALE_OUT": ScalingMode.ONLY_SCALE_OUT,
    "ONLY_UP": ScalingMode.ONLY_SCALE_OUT,
}
_MINUTE = timedelta(minutes=1)
_LOOKS_AHEAD = timedelta(hours=1)
"""How long a forecast holds after its last moment."""


@dataclass(frozen=True, slots=True)
class AutoscalerVerdict:
    """
    What a run finds.

    Attributes:
        recommended: The native `recommendedSize`.
        size: The new target size; `None` where it stays.
        sizes: What each signal asks for; `None` without data.
        status: `ACTIVE` or `ERROR`.
        status_details: The native `statusDetails`.
        schedule_status: The native `scalingScheduleStatus`.
        past: For the next run.
    """

    recommended: int
    size: int | None
    sizes: tuple[int | None, ...]
    status: str
    status_details: tuple[Mapping[str, str], ...]
    schedule_status: Mapping[str, Mapping[str, str]]
    past: RunHistory


def evaluate(
    autoscaler: Mapping[str, Any],
    *,
    facts: GroupFacts,
    now: datetime,
    read: ReadMetric,
    past: RunHistory | None = None,
    forecast: Forecast = (),
) -> AutoscalerVerdict:
    """
    What an autoscaler asks for at a moment.

    A signal without data never makes the group smaller, and where none has data only bounds and schedules move it.

    Args:
        autoscaler: The resource as reads give it.
        facts: The group.
        now: When.
        read: All series of a metric.
        past: What the last run handed on; left out for the first.
        forecast: The sizes that its CPU is predicted to need.
    """
    run = _Run(autoscaler["autoscalingPolicy"], facts, now, past or RunHistory(), forecast)
    return run.verdict(read_signals(run.policy, GroupSnapshot(facts, now, run.initialization, read)))


def next_moment(
    autoscaler: Mapping[str, Any],
    facts: GroupFacts,
    now: datetime,
    *,
    datapoints: DatapointStore,
    past: RunHistory | None = None,
    forecast: Forecast = (),
) -> datetime | None:
    """The next minute at which a run can find something else, if nothing is measured until then; `None` for never."""
    run = _Run(autoscaler["autoscalingPolicy"], facts, now, past or RunHistory(), forecast)
    if _has_data(run.policy, now, datapoints):
        return _whole_minute(now + timedelta(microseconds=1))
    return min((_whole_minute(moment) for moment in run.moments() if moment > now), default=None)


def initialization_of(policy: Mapping[str, Any]) -> timedelta:
    """How long a new instance's values are ignored when the group grows."""
    return timedelta(seconds=int(policy.get("coolDownPeriodSec", DEFAULT_INITIALIZATION)))


def _has_data(policy: Mapping[str, Any], now: datetime, datapoints: DatapointStore) -> bool:
    # one run after the last value has left the window sees that it has
    newest = [datapoints.newest(metric) for metric in metrics_of(policy)]
    return any(moment is not None and moment > now - WINDOW - _MINUTE for moment in newest)


def _whole_minute(moment: datetime) -> datetime:
    begun = moment.replace(second=0, microsecond=0)
    return begun if begun == moment else begun + _MINUTE


@dataclass(frozen=True, slots=True)
class _Run:
    policy: Mapping[str, Any]
    facts: GroupFacts
    now: datetime
    past: RunHistory
    forecast: Forecast

    # what the body says

    @property
    def low(self) -> int:
        return int(self.policy.get("minNumReplicas", 0))

    @property
    def high(self) -> int:
        return int(self.policy["maxNumReplicas"])

    @property
    def initialization(self) -> timedelta:
        return initialization_of(self.policy)

    @property
    def stabilization(self) -> timedelta:
        given = self.policy.get("stabilizationPeriodSec")
        return stabilization_period(self.initialization, None if given is None else timedelta(seconds=int(given)))

    @property
    def control(self) -> tuple[int | None, int | None, timedelta]:
        """How many or how many per cent may go, and of the peak of which window."""
        given = self.policy.get("scaleInControl") or {}
        limit = given.get("maxScaledInReplicas") or {}
        return limit.get("fixed"), limit.get("percent"), timedelta(seconds=int(given.get("timeWindowSec", 0)))

    # a run

    def verdict(self, readings: Sequence[SignalReading]) -> AutoscalerVerdict:
        real = [reading.size(self.facts.target_size) for reading in readings]
        missing = None in real
        sizes = [self._size(reading, size) for reading, size in zip(readings, real, strict=True)]
        needed = self._needed([size for size in sizes if size is not None], missing=missing)
        opened = open_schedules(self.policy, self.now)
        scheduled = required(self.policy, opened)
        past = self._past_after(needed, opened)
        eased = self._eased(needed, past)
        recommended = recommended_size([eased], scheduled, low=self._least(readings, scheduled), high=self.high)
        words = words_of(self.policy, self.facts, readings, max([needed, *scheduled]))
        return AutoscalerVerdict(
            recommended,
            self._target(recommended),
            tuple(sizes),
            status_of(words),
            tuple(map(detail_of, words)),
            schedule_status(self.policy, self.now, started=past.started, opened=opened),
            past,
        )

    def _target(self, recommended: int) -> int | None:
        current = self.facts.target_size
        target = enacted(MODES[self.policy.get("mode", "ON")], current, recommended)
        return None if target == current else target

    def _least(self, readings: Sequence[SignalReading], scheduled: Sequence[int]) -> int:
        to_zero = can_reach_zero([reading.type for reading in readings], low=self.low, schedules=scheduled)
        return self.low if to_zero else min(self.high, max(1, self.low))

    def _size(self, reading: SignalReading, real: int | None) -> int | None:
        """The size that a signal asks for, with what is predicted where the policy goes by that."""
        if reading.type is not SignalType.CPU or not is_predictive(self.policy):
            return real
        predicted = self._predicted()
        return predicted if real is None else combined_forecast(real, predicted)

    def _predicted(self) -> int | None:
        """The most that is predicted for the time in which an instance started now would initialize."""
        until = self.now + self.initialization
        held = [size for at, end, size in self._forecast_steps() if at <= until and end > self.now]
        return max(held, default=None)

    def _forecast_steps(self) -> Iterator[tuple[datetime, datetime, int]]:
        for index, (at, size) in enumerate(self.forecast):
            end = self.forecast[index + 1][0] if index + 1 < len(self.forecast) else at + _LOOKS_AHEAD
            yield at, end, size

    def _needed(self, sizes: Sequence[int], *, missing: bool) -> int:
        return max([*sizes, self.facts.target_size] if missing else sizes)

    def _eased(self, needed: int, past: RunHistory) -> int:
        """The size after stabilization, and then after scale-in control."""
        current, window = self.facts.target_size, self.stabilization
        steady = stabilized(current, needed, within(past.needed, self.now, window), window=window, now=self.now)
        fixed, percent, looked_at = self.control
        peak = max([step.size for step in within(past.sizes, self.now, looked_at)], default=current)
        return controlled(current, steady, peak=max(peak, current), limit=fixed, percent=percent)

    # for the next run

    def _past_after(self, needed: int, opened: Mapping[str, datetime]) -> RunHistory:
        started = {name: self.past.started[name] for name in self.past.started if name in self._names()}
        begun = {name: self.now for name in opened if name not in self.past.active}
        return RunHistory(
            added(self.past.needed, Sized(self.now, needed), self.stabilization),
            added(self.past.sizes, Sized(self.now, self.facts.target_size), self.control[2]),
            {**started, **begun},
            frozenset(opened),
        )

    def _names(self) -> Mapping[str, Any]:
        return self.policy.get("scalingSchedules") or {}

    def moments(self) -> Iterator[datetime]:
        """When time alone may change what a run finds."""
        yield from edges(self.policy, self.now)
        yield from (
            instance.running_since + self.initialization for instance in self.facts.running() if instance.running_since
        )
        yield from leaving(self.past.needed, self.stabilization)
        yield from leaving(self.past.sizes, self.control[2])
        if is_predictive(self.policy):
            for at, end, _ in self._forecast_steps():
                yield from (at - self.initialization, end)
