"""
Decisions for many parameter sets of one group at once, in numpy (extra `sim`).

For replays that compare thresholds, periods, amounts or bounds: the same rules as `decide`, tick by tick, without the
sentences. It is a second form of them on purpose, since arrays take no branches; a test holds the two equal. Arrays run
over the variants. Windows of datapoints have one row a period, the newest last, with NaN where a datapoint is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.engine.alarms import AlarmStatus
from trimtab.engine.batch_rules import BatchAlarm, BatchTarget, Bools, Floats, Ints, Moment, VariantAsk
from trimtab.engine.batch_windows import Recent, VariantBounds
from trimtab.engine.behavior import ScalingLimit, SelectPolicy
from trimtab.engine.presets import CooldownScope, MissingMetric, Preset, ScaleInAgreement, ScheduleStyle, find_preset
from trimtab.engine.ruleset import AmountRule, Ruleset, rules_for
from trimtab.models import ScalingGroup

_STATES = (AlarmStatus.OK, AlarmStatus.ALARM, AlarmStatus.INSUFFICIENT_DATA)
_NEVER = -np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchObservation:
    """What is seen of every variant at one moment; see `Observation`."""

    alarms: Mapping[str, Floats] = field(default_factory=dict)
    """Windows by alarm: one row a period, one column a variant."""
    policies: Mapping[str, Floats] = field(default_factory=dict)
    """Windows by target tracking policy: one row a minute, one column a variant."""
    in_service: Ints | None = None
    """Instances that take load; all of them when left out."""
    warming: Ints | None = None
    """How many of them have not warmed up; none when left out."""
    busy: Bools | None = None
    """Whether instances are being launched or terminated; not when left out."""
    settled: Floats | None = None
    """When the last of them was done, in seconds since 1970; `-inf` for never."""


class Batch:
    """
    Variants of one group, decided together tick by tick.

    Args:
        groups: The variants: the same alarms, policies and triggers by name and sort; their numbers may differ.
        preset: Whose rules hold.
        step: The time between two ticks.
        desired: The sizes to begin with; those of the groups, or their minimum, when left out.

    Raises:
        ValueError: There is no variant, they differ in more than numbers, or they use what only `decide` does:
            predictive policies, policies in Python, weights, several warm-ups in one group.
    """

    def __init__(
        self,
        groups: Sequence[ScalingGroup],
        preset: str | Preset = "neutral",
        *,
        step: timedelta = timedelta(minutes=1),
        desired: Ints | None = None,
    ) -> None:
        self.preset = find_preset(preset)
        if not groups:
            raise ValueError("a batch needs at least one group")
        rules = [rules_for(group, self.preset) for group in groups]
        _check_alike(groups, rules)
        self._rules = rules[0]
        self._step = step
        self._alarms = [
            BatchAlarm([ruleset.alarms[index] for ruleset in rules]) for index in range(len(rules[0].alarms))
        ]
        self._targets = [
            BatchTarget([ruleset.tracking[index] for ruleset in rules], self.preset)
            for index in range(len(rules[0].tracking))
        ]
        start = [group.capacity.min if group.capacity.desired is None else group.capacity.desired for group in groups]
        self.sizes: Ints = np.array(start if desired is None else desired, dtype=np.int64)
        """The size of each variant."""
        self._at: datetime | None = None
        self._acted: Floats = np.full(len(groups), _NEVER)
        self._waits: Floats = np.zeros(len(groups))
        self._cooldown: Floats = np.array([ruleset.cooldown.total_seconds() for ruleset in rules])
        self._bounds = VariantBounds(rules)
        self._defaults = np.array(
            [-1 if ruleset.default_capacity is None else ruleset.default_capacity for ruleset in rules], dtype=np.int64
        )
        self._asked_in = Recent([ruleset.stabilization_in for ruleset in rules], step)
        self._asked_out = Recent([ruleset.stabilization_out for ruleset in rules], step)
        self._peaks = Recent([ruleset.scale_in_window for ruleset in rules], step)
        self._peak_limit = np.array([ruleset.scale_in_limit or 0 for ruleset in rules], dtype=np.int64)
        behavior = self.preset.behavior
        limits = (*behavior.scale_out.limits, *behavior.scale_in.limits) if behavior else ()
        self._limits = {limit: Recent([limit.period] * len(rules), step) for limit in limits}

    def alarm_states(self, name: str) -> list[AlarmStatus]:
        """The state of one alarm in each variant."""
        alarm = next(candidate for candidate in self._alarms if candidate.name == name)
        return [_STATES[state] for state in alarm.states]

    @property
    def states(self) -> list[NDArray[np.int8]]:
        """The states of the alarms in their order, a number a variant: 0 OK, 1 ALARM, 2 INSUFFICIENT_DATA."""
        return [alarm.states for alarm in self._alarms]

    def decide(self, seen: BatchObservation, now: datetime) -> Ints:
        """
        The size of each variant at `now`; `sizes` holds them too.

        Raises:
            ValueError: `now` is not one step after the last tick, or the window of an alarm or policy is missing.
        """
        if self._at is not None and now - self._at != self._step:
            raise ValueError(f"ticks are {self._step} apart, and {now} is not that long after {self._at}")
        size = self.sizes
        low, high = self._bounds.at(now, self.preset)
        fires = [alarm.read(_window(seen.alarms, alarm.name, "alarm"), self.preset) for alarm in self._alarms]
        forced, to = self._forced(now, size, low, high)
        moment = self._moment(seen, now, size)
        asks, unread = self._recommend(moment, seen, fires)
        requested = np.where(forced, size, self._combine(moment, asks, unread))
        wanted = np.where(forced, to, self._limit(size, self._stabilize(size, requested, moment)))
        final = np.clip(wanted, low, high)
        self._remember(size, requested, final, asks, forced, now)
        return final

    # schedule in force

    def _forced(self, now: datetime, size: Ints, low: Ints, high: Ints) -> tuple[Bools, Ints]:
        """Where a schedule or a bound sets the size at once, and to what."""
        forced = (size < low) | (size > high)
        to = np.clip(size, low, high)
        style = self.preset.schedule
        if self._at is not None and style is not ScheduleStyle.PROFILE:
            begun = self._bounds.begun(self._at.timestamp(), now.timestamp())
            if style is not ScheduleStyle.SET_ONCE:
                begun &= self._bounds.window < 0
            to = np.where(begun, self._bounds.asked, to)
            forced = forced | begun
        return forced, to

    def _moment(self, seen: BatchObservation, now: datetime, size: Ints) -> Moment:
        serving = size if seen.in_service is None else seen.in_service
        if seen.warming is not None:
            serving = serving - seen.warming
        at = now.timestamp()
        scope = self.preset.cooldown
        begin = self._acted
        if scope is CooldownScope.SIMPLE and seen.settled is not None:
            begin = np.where(begin > _NEVER, np.maximum(begin, seen.settled), begin)
        return Moment(self.preset, at, size, serving, seen.warming, seen.busy, begin, at < begin + self._waits)

    # recommend

    def _recommend(
        self, moment: Moment, seen: BatchObservation, fires: Sequence[Bools]
    ) -> tuple[list[VariantAsk], Bools]:
        unread = np.zeros(len(moment.size), dtype=np.bool_)
        asks: list[VariantAsk] = []
        style = self.preset.schedule
        if style is ScheduleStyle.RECOMMENDATION and (self._bounds.window >= 0).any():
            open_window = self._bounds.window
            asks.append(VariantAsk(open_window, open_window >= 0, self._cooldown, agrees=False))
        if self._rules.policies_stopped:
            return asks, unread
        for alarm, firing in zip(self._alarms, fires, strict=True):
            if alarm.rules:
                unread |= alarm.unread
                asks += alarm.asks(moment, firing)
        for target in self._targets:
            window = _window(seen.policies, target.policy, "policy")
            asks.append(target.ask(moment, window))
            unread |= target.unread
        return asks, unread

    # combine

    def _combine(self, moment: Moment, asks: Sequence[VariantAsk], unread: Bools) -> Ints:
        size, preset = moment.size, self.preset
        wanted = self._largest(moment, asks)
        less = wanted < size
        if less.any():
            veto = np.zeros(len(size), dtype=np.bool_)
            if preset.scale_in is ScaleInAgreement.ALL:
                agreeing = np.zeros(len(size), dtype=np.int64)
                for ask in asks:
                    if ask.agrees:
                        agreeing += ask.valid & (ask.size < size)
                veto |= agreeing < self._rules.scale_in_rules
            if preset.missing is not MissingMetric.ALARM_OPTION:
                veto |= unread
            wanted = np.where(less & veto, size, wanted)
            if preset.estimate:
                wanted = self._unflapping(size, wanted)
        if preset.missing is MissingMetric.DEFAULT_CAPACITY:
            default = self._bounds.default(self._defaults)
            wanted = np.where(unread & (size < default) & (wanted < default), default, wanted)
        return wanted

    def _largest(self, moment: Moment, asks: Sequence[VariantAsk]) -> Ints:
        together = self.preset.scale_in is ScaleInAgreement.ANY and bool(self._targets)
        best = np.full(len(moment.size), -1, dtype=np.int64)
        for ask in asks:
            if not (together and ask.tracks):
                best = np.where(ask.valid, np.maximum(best, ask.size), best)
        if together:
            best = self._with_tracking(moment, [ask for ask in asks if ask.tracks], best)
        return np.where(best < 0, moment.size, best)

    def _with_tracking(self, moment: Moment, asks: Sequence[VariantAsk], best: Ints) -> Ints:
        """The largest with target tracking policies taken together: out if one is ready, in only if all are."""
        size = moment.size
        out = np.zeros(len(size), dtype=np.bool_)
        largest_out = size
        largest_in = np.zeros(len(size), dtype=np.int64)
        ready_in = np.zeros(len(size), dtype=np.int64)
        able = np.zeros(len(size), dtype=np.int64)
        for ask, target in zip(asks, self._targets, strict=True):
            out |= ask.valid & target.out
            largest_out = np.where(ask.valid & target.out, np.maximum(largest_out, ask.size), largest_out)
            inward = ask.valid & ~target.out
            largest_in = np.where(inward, np.maximum(largest_in, ask.size), largest_in)
            ready_in += inward
            able += target.scale_in
        together = np.where(out, largest_out, np.minimum(size, largest_in))
        counts = out | ((ready_in > 0) & (ready_in == able))
        return np.where(counts, np.maximum(best, together), best)

    def _unflapping(self, size: Ints, wanted: Ints) -> Ints:
        limits: list[BatchAlarm | BatchTarget] = [alarm for alarm in self._alarms if alarm.scales_out]
        limits += self._targets
        candidate = wanted.copy()
        while True:
            trips = np.zeros(len(size), dtype=np.bool_)
            cut = candidate < size
            for limit in limits:
                trips |= cut & limit.trips(size, candidate)
            if not trips.any():
                return candidate
            candidate += trips

    # stabilise and limit

    def _stabilize(self, size: Ints, requested: Ints, moment: Moment) -> Ints:
        wanted = requested
        if self._rules.out_stopped:
            wanted = np.minimum(wanted, size)
        if self._rules.in_stopped:
            wanted = np.maximum(wanted, size)
        if moment.warming is not None and not self.preset.scale_in_while_warming:
            wanted = np.where((wanted < size) & (moment.warming > 0), size, wanted)
        if self._asked_in.looks_back:
            held = np.minimum(size, np.maximum(wanted, self._asked_in.highest()))
            wanted = np.where((wanted < size) & self._asked_in.used, held, wanted)
        if self._asked_out.looks_back:
            held = np.maximum(size, np.minimum(wanted, self._asked_out.lowest()))
            wanted = np.where((wanted > size) & self._asked_out.used, held, wanted)
        return wanted

    def _limit(self, size: Ints, wanted: Ints) -> Ints:
        if self._rules.scale_in_limit is not None:
            floor = np.maximum(0, np.maximum(size, self._peaks.highest()) - self._peak_limit)
            wanted = np.where(wanted < size, np.maximum(wanted, np.minimum(size, floor)), wanted)
        behavior = self.preset.behavior
        if behavior is None:
            return wanted
        highest = [self._reach(limit.highest_from, limit, size) for limit in behavior.scale_out.limits]
        lowest = [self._reach(limit.lowest_from, limit, size) for limit in behavior.scale_in.limits]
        out = _selected(behavior.scale_out.select, size, highest, np.maximum)
        into = _selected(behavior.scale_in.select, size, lowest, np.minimum)
        wanted = np.where(wanted > size, np.minimum(wanted, np.maximum(size, out)), wanted)
        return np.where(wanted < size, np.maximum(wanted, np.minimum(size, into)), wanted)

    def _reach(self, from_start: Callable[..., Any], limit: ScalingLimit, size: Ints) -> Ints:
        """How far a limit reaches from the size at the start of its period; its arithmetic takes arrays too."""
        reach: Ints = from_start(self._limits[limit].first(size))
        return reach

    # what the next tick goes by

    def _remember(
        self, size: Ints, requested: Ints, final: Ints, asks: Sequence[VariantAsk], forced: Bools, now: datetime
    ) -> None:
        changed = (final != size) & ~forced
        if self.preset.cooldown is not CooldownScope.NONE and changed.any():
            self._begin_waits(size, final, asks, changed, now)
        self._asked_in.push(requested)
        self._asked_out.push(requested)
        for recent in (self._peaks, *self._limits.values()):
            recent.push(size)
        self.sizes, self._at = final, now

    def _begin_waits(self, size: Ints, final: Ints, asks: Sequence[VariantAsk], changed: Bools, now: datetime) -> None:
        out = final > size
        heard = [ask.valid & ((ask.size > size) == out) & changed for ask in asks]
        largest = np.full(len(size), -1, dtype=np.int64)
        for ask, counts in zip(asks, heard, strict=True):
            largest = np.where(counts, np.maximum(largest, ask.size), largest)
        waits = np.full(len(size), -1.0)
        for ask, counts in zip(asks, heard, strict=True):
            if ask.simple or self.preset.cooldown is not CooldownScope.SIMPLE:
                waits = np.where(counts & (ask.size == largest), np.maximum(waits, ask.cooldown), waits)
        begun = waits >= 0
        self._acted = np.where(begun, now.timestamp(), self._acted)
        self._waits = np.where(begun, waits, self._waits)


def _selected(select: SelectPolicy, size: Ints, reach: Sequence[Ints], larger: np.ufunc) -> Ints:
    """The end that counts of several limits; `larger` picks the one that allows the larger change."""
    if select is SelectPolicy.DISABLED or not reach:
        return size
    smaller = np.minimum if larger is np.maximum else np.maximum
    result: Ints = (larger if select is SelectPolicy.MAX else smaller).reduce(reach)
    return result


def _window(windows: Mapping[str, Floats], name: str, what: str) -> Floats:
    if name not in windows:
        raise ValueError(f"the observation has no window for {what} {name!r}; give one row a period, NaN for missing")
    return windows[name]


def _check_alike(groups: Sequence[ScalingGroup], rules: Sequence[Ruleset]) -> None:
    shape = _shape(rules[0])
    for group, ruleset in zip(groups, rules, strict=True):
        if ruleset.forecasts or ruleset.functions or ruleset.weighted:
            text = "predictive policies, policies in Python and weights are not supported in a batch"
            raise ValueError(f"group {group.name!r}: {text}")
        warm_ups = {rule.warm_up for alarm in ruleset.alarms for rule in alarm.rules if not rule.simple}
        if len(warm_ups | {rule.warm_up for rule in ruleset.tracking}) > 1:
            raise ValueError(f"group {group.name!r}: a batch takes one warm-up for all policies of a group")
        for mine, first in zip(_shape(ruleset), shape, strict=True):
            if mine != first:
                text = f"groups {group.name!r} and {groups[0].name!r} differ in more than numbers"
                raise ValueError(f"{text} ({mine} against {first}); run them apart")


def _shape(rules: Ruleset) -> list[object]:
    """What variants have in common: all but the numbers."""
    alarms = [
        (alarm.name, alarm.comparison, alarm.missing, [_sort(rule) for rule in alarm.rules]) for alarm in rules.alarms
    ]
    tracking = [(rule.policy, rule.scale_in) for rule in rules.tracking]
    flags = (rules.policies_stopped, rules.out_stopped, rules.in_stopped, rules.scale_in_limit is None)
    return [alarms, tracking, flags]


def _sort(rule: AmountRule) -> object:
    """A rule without its numbers."""
    amounts = [rule.amount] if rule.amount is not None else [band.step for band in rule.bands]
    sorts = [
        next(name for name in ("change", "percent", "to") if getattr(amount, name) is not None) for amount in amounts
    ]
    return rule.policy, rule.simple, rule.scales_out, rule.scales_in, sorts
