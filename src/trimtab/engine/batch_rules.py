"""The alarms and policies of a batch: one number a variant where `ruleset` has one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trimtab.engine.limits import NOISE
from trimtab.engine.presets import AlarmWindow, CooldownScope, Preset, ScaleInAgreement, datapoint_span
from trimtab.engine.rounding import Rounding, ceil_ratio
from trimtab.engine.ruleset import WORDS, AlarmRule, AmountRule, TrackingRule
from trimtab.models import Comparison, MissingData, SimplePolicy, Step

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
OK, ALARM, NO_DATA = range(3)
"""States of alarms, as numbers."""
_NEAR = 1e-9
_COMPARE: dict[str, Callable[..., Any]] = {
    WORDS[Comparison.ABOVE]: np.greater,
    WORDS[Comparison.AT_LEAST]: np.greater_equal,
    WORDS[Comparison.BELOW]: np.less,
    WORDS[Comparison.AT_MOST]: np.less_equal,
}


class Moment(NamedTuple):
    """What every rule of a tick goes by."""

    preset: Preset
    at: float
    size: Ints
    serving: Ints
    warming: Ints | None
    busy: Bools | None
    acted: Floats
    waiting: Bools
    """Where the wait after the last change is not over."""


@dataclass(slots=True)
class VariantAsk:
    """What one rule asks for in each variant, where it is valid."""

    size: Ints
    valid: Bools
    cooldown: Floats
    simple: bool = False
    tracks: bool = False
    agrees: bool = True
    """Whether it is one of the rules that must agree on scaling in."""


def waits(moment: Moment, cooldown: Floats, *, simple: bool) -> Bools | None:
    """Where a policy has to wait; `None` where it never has to."""
    scope = moment.preset.cooldown
    if scope is CooldownScope.NONE or (scope is CooldownScope.SIMPLE and not simple):
        return None
    if scope is CooldownScope.CANDIDATE_RULE:
        return moment.at < moment.acted + cooldown
    if scope is CooldownScope.SIMPLE and moment.busy is not None:
        return moment.waiting | moment.busy
    return moment.waiting


# amounts


class _Amounts:
    """One amount a variant, all of one sort."""

    def __init__(self, amounts: Sequence[SimplePolicy | Step], minimum: Sequence[int | None]) -> None:
        self.sort = next(name for name in ("change", "percent", "to") if getattr(amounts[0], name) is not None)
        self.values: Ints = np.array([getattr(amount, self.sort) for amount in amounts], dtype=np.int64)
        self.minimum: Ints = np.array([value or 0 for value in minimum], dtype=np.int64)

    def adjust(self, base: Ints, rounding: Rounding) -> Ints:
        """The size that the amount makes of `base`."""
        if self.sort == "to":
            return self.values
        change = self.values if self.sort == "change" else self._percent_change(base, rounding)
        sizes: Ints = np.maximum(0, base + change)
        return sizes

    def _percent_change(self, base: Ints, rounding: Rounding) -> Ints:
        hundredths = base * self.values
        if rounding is Rounding.UP:
            change = -(-hundredths // 100)
        else:
            change = np.where(hundredths > 0, np.maximum(1, hundredths // 100), np.minimum(-1, -(-hundredths // 100)))
            change = np.where(hundredths == 0, 0, change)
        small = (np.abs(change) < self.minimum) & (self.values != 0)
        return np.where(small, np.sign(self.values) * self.minimum, change)


class _Pair:
    """An alarm with one policy that it triggers."""

    def __init__(self, rules: Sequence[AmountRule]) -> None:
        first = rules[0]
        self.policy, self.simple = first.policy, first.simple
        self.scales_out, self.scales_in = first.scales_out, first.scales_in
        self._cooldown: Floats = np.array([rule.cooldown.total_seconds() for rule in rules])
        minimum = [rule.minimum_change for rule in rules]
        amounts = [rule.amount for rule in rules if rule.amount is not None]
        self._amounts = _Amounts(amounts, minimum) if amounts else None
        self._bands = [
            (
                np.array([rule.bands[index].low for rule in rules]),
                np.array([rule.bands[index].high for rule in rules]),
                _Amounts([rule.bands[index].step for rule in rules], minimum),
            )
            for index in range(len(first.bands))
        ]

    def ask(self, moment: Moment, fires: Bools, value: Floats, *, above: bool) -> VariantAsk:
        """What the policy asks for where its alarm fires and it need not wait."""
        held = waits(moment, self._cooldown, simple=self.simple)
        valid = fires if held is None else fires & ~held
        rounding = moment.preset.percent
        if self._amounts is not None:
            requested = self._amounts.adjust(moment.size, rounding)
        else:
            requested, matched = self._stepped(moment, value, above=above)
            valid = valid & matched
        if moment.preset.scale_in is ScaleInAgreement.ALL:
            if not self.scales_in:
                valid = valid & (requested >= moment.size)
            if not self.scales_out:
                valid = valid & (requested <= moment.size)
        return VariantAsk(requested, valid, self._cooldown, simple=self.simple)

    def _stepped(self, moment: Moment, value: Floats, *, above: bool) -> tuple[Ints, Bools]:
        requested = moment.size
        matched = np.zeros(len(requested), dtype=np.bool_)
        for low, high, amounts in self._bands:
            inside = (low <= value) & (value < high) if above else (low < value) & (value <= high)
            inside &= ~matched
            stepped = amounts.adjust(moment.serving, moment.preset.percent)
            stepped = np.where(moment.serving < moment.size, np.maximum(moment.size, stepped), stepped)
            requested = np.where(inside, stepped, requested)
            matched |= inside
        return requested, matched


# alarms


class BatchAlarm:
    """One alarm of every variant, with its states."""

    def __init__(self, rules: Sequence[AlarmRule]) -> None:
        first = rules[0]
        self.name, self.above, self.missing = first.name, first.above, first.missing
        self.scales_out = first.scales_out
        self.rules = [_Pair([rule.rules[index] for rule in rules]) for index in range(len(first.rules))]
        self.states: NDArray[np.int8] = np.full(len(rules), NO_DATA, dtype=np.int8)
        self.value: Floats = np.full(len(rules), np.nan)
        self.unread: Bools = np.zeros(len(rules), dtype=np.bool_)
        self._compare = _COMPARE[first.comparison]
        self._threshold: Floats = np.array([rule.threshold for rule in rules])
        self._periods = np.array([rule.periods for rule in rules], dtype=np.int16)
        self._datapoints = np.array([rule.datapoints for rule in rules], dtype=np.int16)
        self._spans = np.array([rule.span for rule in rules], dtype=np.int16)

    def read(self, window: Floats, preset: Preset) -> Bools:
        """Where its rules fire; sets the states, the values and what cannot be read."""
        if preset.alarm_window is AlarmWindow.AVERAGE:
            self._read_average(window)
        else:
            self._read_datapoints(window)
        nothing = np.isnan(self.value)
        self.unread = nothing if self.missing is not MissingData.BREACHING else np.zeros_like(nothing)
        fires: Bools = self.states == ALARM
        return fires

    def asks(self, moment: Moment, fires: Bools) -> list[VariantAsk]:
        """What its policies ask for."""
        return [pair.ask(moment, fires, self.value, above=self.above) for pair in self.rules]

    def trips(self, size: Ints, smaller: Ints) -> Bools:
        """Where it would fire at a smaller size, by the estimate value x size / smaller."""
        return estimate_trips(self.value, size, smaller, self._threshold, self._compare)

    def _rows(self, window: Floats, depths: NDArray[np.int16]) -> tuple[Floats, Bools]:
        """The rows that are looked at, and which points of them are real."""
        rows = window[-int(depths.max()) :]
        real = ~np.isnan(rows)
        if depths.min() != depths.max():
            ages = np.arange(len(rows), 0, -1)[:, None]
            real &= ages <= depths
        return rows, real

    def _read_average(self, window: Floats) -> None:
        rows, real = self._rows(window, self._periods)
        total = np.zeros(rows.shape[1])
        for values, present in zip(rows, real, strict=True):
            total += np.where(present, values, 0.0)
        with np.errstate(invalid="ignore"):
            self.value = total / real.sum(axis=0)
        state = np.where(self._compare(self.value, self._threshold), ALARM, OK)
        self.states = np.where(np.isnan(self.value), NO_DATA, state).astype(np.int8)

    def _read_datapoints(self, window: Floats) -> None:
        rows, real = self._rows(window, self._spans)
        breaches = self._compare(rows, self._threshold) & real
        seen = np.zeros(rows.shape[1], dtype=np.int16)
        breaching = np.zeros(rows.shape[1], dtype=np.int16)
        for present, breach in zip(real[::-1], breaches[::-1], strict=True):
            taken = present & (seen < self._periods)
            breaching += breach & taken
            seen += taken
        self.states = self._state(real, seen, breaching)
        self.value = _newest(rows, real)

    def _state(self, real: Bools, seen: NDArray[np.int16], breaching: NDArray[np.int16]) -> NDArray[np.int8]:
        needed = self._datapoints
        match self.missing:
            case MissingData.BREACHING:
                filled = self._periods - seen
                return np.where(breaching + filled >= needed, ALARM, OK).astype(np.int8)
            case MissingData.NOT_BREACHING:
                return np.where(breaching >= needed, ALARM, OK).astype(np.int8)
            case _:
                alarm, calm = breaching >= needed, seen > breaching
                decided = np.where(alarm, ALARM, OK)
                if (alarm | calm).all():
                    return decided.astype(np.int8)
                return np.where(alarm | calm, decided, self._undecided(real, seen)).astype(np.int8)

    def _undecided(self, real: Bools, seen: NDArray[np.int16]) -> NDArray[np.int8]:
        """The states where nothing real is known, or only too few breaching datapoints."""
        if self.missing is MissingData.IGNORE:
            return self.states
        age_of_oldest = len(real) - np.argmax(real, axis=0)
        premature = (age_of_oldest >= self._datapoints) | (self.states == ALARM)
        return np.where(seen == 0, NO_DATA, np.where(premature, ALARM, OK)).astype(np.int8)


def _newest(rows: Floats, real: Bools) -> Floats:
    value = np.where(real[-1], rows[-1], np.nan)
    for row, present in zip(rows[-2::-1], real[-2::-1], strict=True):
        absent = np.isnan(value)
        if not absent.any():
            break
        value = np.where(absent & present, row, value)
    return value


def estimate_trips(value: Floats, size: Ints, smaller: Ints, threshold: Floats, compare: Callable[..., Any]) -> Bools:
    """Where a metric that falls with size would breach at `smaller`; the twin of `limits.would_trip`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(smaller > 0, value * size / smaller, np.where(value == 0, value, np.copysign(inf, value)))
        met = np.abs(estimate - threshold) <= NOISE * np.maximum(np.abs(estimate), np.abs(threshold))
    met &= np.isfinite(estimate)
    trips: Bools = compare(np.where(met, threshold, estimate), threshold)
    return trips


# targets


class BatchTarget:
    """One target tracking policy of every variant."""

    def __init__(self, rules: Sequence[TrackingRule], preset: Preset) -> None:
        self.policy, self.scale_in = rules[0].policy, rules[0].scale_in
        self._tracking = preset.tracking
        self._span = preset.tracking.span
        self._target: Floats = np.array([rule.target for rule in rules])
        self._high: Floats = np.array([rule.high for rule in rules])
        self._low: Floats = np.array([rule.low for rule in rules])
        self._cooldown: Floats = np.array([rule.cooldown.total_seconds() for rule in rules])
        self.unread: Bools = np.zeros(len(rules), dtype=np.bool_)
        self.out: Bools = self.unread
        """Where it is ready to scale out."""
        self._value: Floats = np.full(len(rules), np.nan)

    def ask(self, moment: Moment, window: Floats) -> VariantAsk:
        """What the policy asks for where one of its alarms fires and it need not wait."""
        tracking = self._tracking
        recent = window[-self._span :]
        self._value = _newest(recent, ~np.isnan(recent))
        self.unread = np.isnan(self._value)
        self.out = ~self.unread & all_beyond(window, self._high, tracking.high_datapoints, np.greater)
        ready = self.out
        if self.scale_in:
            ready = ready | (~self.unread & all_beyond(window, self._low, tracking.low_datapoints, np.less))
        held = waits(moment, self._cooldown, simple=False)
        valid = ready if held is None else ready & ~held
        return VariantAsk(self._asked(moment), valid, self._cooldown, tracks=True)

    def trips(self, size: Ints, smaller: Ints) -> Bools:
        """Where it would scale out at a smaller size."""
        return estimate_trips(self._value, size, smaller, self._high, np.greater)

    def _asked(self, moment: Moment) -> Ints:
        size = moment.size
        if self._tracking.by_one:
            return np.where(self.out, size + 1, np.maximum(0, size - 1))
        needed = needed_sizes(moment.serving, self._value, self._target)
        return np.where(self.out, np.maximum(size, needed), np.minimum(size, needed))


def all_beyond(window: Floats, threshold: Floats, datapoints: int, compare: Callable[..., Any]) -> Bools:
    """Where an alarm of so many out of so many datapoints is in ALARM."""
    rows = window[-datapoint_span(datapoints) :]
    real = ~np.isnan(rows)
    breaches = compare(rows, threshold) & real
    seen = np.zeros(rows.shape[1], dtype=np.int16)
    breaching = np.zeros(rows.shape[1], dtype=np.int16)
    for present, breach in zip(real[::-1], breaches[::-1], strict=True):
        taken = present & (seen < datapoints)
        breaching += breach & taken
        seen += taken
    old_enough = (seen > 0) & (len(rows) - np.argmax(real, axis=0) >= datapoints)
    result: Bools = (breaching >= datapoints) | ((breaching == seen) & old_enough)
    return result


def needed_sizes(size: Ints, value: Floats, target: Floats) -> Ints:
    """ceil(size x value / target) of each variant, exact where it meets a whole number; 0 without a value."""
    count = np.where(size == 0, 1, size)
    about = np.nan_to_num(count * value / target)
    whole = np.rint(about)
    needed: Ints = np.ceil(about).astype(np.int64)
    near = np.abs(about - whole) <= _NEAR * np.maximum(1.0, np.abs(about))
    for index in np.flatnonzero(near & ~np.isnan(value)):
        needed[index] = ceil_ratio(int(count[index]), float(value[index]), float(target[index]))
    return needed
