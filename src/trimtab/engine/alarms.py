"""
The state of an alarm from the datapoints of its metric.

The rules are those of Amazon CloudWatch (User Guide, Using Amazon CloudWatch alarms; API Reference,
PutMetricAlarm): M of the N most recent datapoints, a range somewhat longer than N, four treatments of missing
data, no ALARM from too young a datapoint.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple, TypeVar, assert_never

from trimtab.engine.rounding import Number, exact
from trimtab.models import Comparison, MissingData

T = TypeVar("T")
Breaches = Callable[[float, float], bool]
"""Whether a value breaches a threshold."""
BREACHES: Mapping[Comparison, Breaches] = {
    Comparison.ABOVE: operator.gt,
    Comparison.AT_LEAST: operator.ge,
    Comparison.BELOW: operator.lt,
    Comparison.AT_MOST: operator.le,
}
"""How each comparison holds a value against a threshold."""
EXTRA_PERIODS = 2
"""Periods looked at beyond N; CloudWatch publishes no number, this one fits its tables."""


class AlarmStatus(StrEnum):
    """What an alarm says."""

    OK = "ok"
    ALARM = "alarm"
    INSUFFICIENT_DATA = "insufficient-data"


class TooYoung(StrEnum):
    """The state where all datapoints breach, but are too few and too recent; CloudWatch does not say which."""

    OK = "ok"
    """OK, unless the alarm was in ALARM."""
    RETAIN = "retain"
    """The state that it had."""


class Evaluation(NamedTuple):
    """An alarm's state, and the counts that led to it."""

    state: AlarmStatus
    breaching: int
    """Real datapoints, among those looked at, that breach."""
    real: int
    """Real datapoints looked at."""
    filled: int
    """Datapoints that had to be filled in to make N."""


def breach_flags(points: Sequence[float | None], threshold: float, breaches: Breaches) -> list[bool | None]:
    """Whether each datapoint breaches the threshold; `None` where one is missing or not a number."""
    return [None if point is None or point != point else breaches(point, threshold) for point in points]


def counted_points(points: Sequence[T | None], periods: int) -> list[T]:
    """The datapoints that an alarm of N periods counts: the newest N real ones of those looked at, oldest first."""
    real = [point for point in points if point is not None]
    return real[-periods:] if len(real) > periods else real


def evaluate(
    points: Sequence[bool | None],
    *,
    periods: int,
    datapoints: int | None = None,
    missing: MissingData = MissingData.MISSING,
    previous: AlarmStatus | None = None,
    evaluation_range: int | None = None,
    too_young: TooYoung = TooYoung.OK,
) -> Evaluation:
    """
    The state of an alarm.

    Args:
        points: Whether each datapoint breaches, oldest first; `None` where one is missing.
        periods: N, the datapoints that count.
        datapoints: M of them must breach; N when left out.
        missing: How a missing datapoint counts.
        previous: The state so far; a new alarm has `INSUFFICIENT_DATA`.
        evaluation_range: How many of the last points are looked at to find N real ones; N + 2 when left out.
        too_young: The state that premature datapoints give.
    """
    span = evaluation_range or periods + EXTRA_PERIODS
    recent = points[-span:] if len(points) > span else points
    counted = counted_points(recent, periods)
    needed = datapoints or periods
    breaching, real = counted.count(True), len(counted)
    filled = periods - real
    state = _state(breaching, real, filled, needed, missing)
    if state is None:
        old_enough = real > 0 and _age_of_oldest(recent) >= needed
        state = _undecided(missing, old_enough and real == breaching, real, previous, too_young)
    return Evaluation(state, breaching, real, filled)


def _state(breaching: int, real: int, filled: int, needed: int, missing: MissingData) -> AlarmStatus | None:
    """The state where the counts alone give it."""
    match missing:
        case MissingData.BREACHING:
            return AlarmStatus.ALARM if breaching + filled >= needed else AlarmStatus.OK
        case MissingData.NOT_BREACHING:
            return AlarmStatus.ALARM if breaching >= needed else AlarmStatus.OK
        case MissingData.MISSING | MissingData.IGNORE:
            if breaching >= needed:
                return AlarmStatus.ALARM
            return AlarmStatus.OK if real > breaching else None
        case _:
            assert_never(missing)


def _undecided(
    missing: MissingData, premature: bool, real: int, previous: AlarmStatus | None, too_young: TooYoung
) -> AlarmStatus:
    """The state where nothing real is known, or only too few breaching datapoints."""
    kept = previous or AlarmStatus.INSUFFICIENT_DATA
    if missing is MissingData.IGNORE:
        return kept
    if not real:
        return AlarmStatus.INSUFFICIENT_DATA
    if premature:
        return AlarmStatus.ALARM
    return kept if too_young is TooYoung.RETAIN or kept is AlarmStatus.ALARM else AlarmStatus.OK


def _age_of_oldest(points: Sequence[bool | None]) -> int:
    """In how many periods, counted back from the newest, the oldest real datapoint lies."""
    return len(points) - next(index for index, point in enumerate(points) if point is not None)


# when alarms are evaluated


def evaluation_interval(period: timedelta, periods: int) -> timedelta:
    """The time that N datapoints cover."""
    return period * periods


def evaluation_cadence(period: timedelta) -> timedelta:
    """How often an alarm is evaluated: each minute, or every ten seconds for periods below a minute."""
    return timedelta(minutes=1) if period >= timedelta(minutes=1) else timedelta(seconds=10)


def evaluation_window(period: timedelta, periods: int, *, last_minute: int) -> tuple[int, int]:
    """The first and the last minute that the evaluation at the end of `last_minute` looks at."""
    minutes = int(evaluation_interval(period, periods) / timedelta(minutes=1))
    return last_minute - minutes + 1, last_minute


def has_few_samples(percentile: Number, samples: int) -> bool:
    """
    Whether a percentile stands on so few samples that the alarm's low-sample setting applies.

    Fewer than 10 / (1 - p) for p of 0.5 and above, fewer than 10 / p below (CloudWatch User Guide).
    """
    share = exact(percentile)
    rarer = 100 - share if share >= 50 else share
    return samples * rarer < 1000


def invocations(states: Sequence[AlarmStatus], *, on: AlarmStatus, repeats: bool) -> Iterator[int]:
    """
    The positions of `states`, one a minute, at which the action for `on` is run.

    An action runs when the state changes; one of Auto Scaling (`repeats`) each minute while the new state lasts.
    """
    before = AlarmStatus.INSUFFICIENT_DATA
    lasting = False
    for index, state in enumerate(states):
        changed = state is not before
        lasting = state is on and (changed or lasting)
        if lasting and (changed or repeats):
            yield index
        before = state
