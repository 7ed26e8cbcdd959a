"""A replay minute by minute: what is measured, what is decided, what instances do, what is served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

from trimtab.engine.alarms import AlarmStatus
from trimtab.engine.decision import decide_by
from trimtab.engine.fallback import FallbackRule, FallbackState, MixSeen, decide_mix
from trimtab.engine.functions import Functions
from trimtab.engine.mix import Fraction
from trimtab.engine.presets import Preset, ScaleInAgreement, ScheduleStyle
from trimtab.engine.ruleset import Ruleset, rules_for
from trimtab.engine.values import Decision, History, Observation, Sized
from trimtab.models import ScalingGroup
from trimtab.simulation.forecasting import Forecaster
from trimtab.simulation.holding import Holding
from trimtab.simulation.model import FleetModel
from trimtab.simulation.pool import ALWAYS, Ahead, Chance, InstancePool
from trimtab.simulation.queueing import serve
from trimtab.simulation.signals import MeasuredMinute, SizeWay, cpu_of, make_signals

_MINUTE = timedelta(minutes=1)
_CLOSE = 1e-6
FULL_MINUTE = 6000
"""An instance that serves all of a minute, in hundredths of seconds."""


@dataclass(frozen=True, kw_only=True)
class ReplaySetup:
    """
    Everything that a replay goes by.

    Attributes:
        load: Requests a second of each minute.
        model: With its capacity.
        every_step: Whether each minute is decided about, also where nothing that a decision reads has changed.
        notes: What was assumed.
    """

    group: ScalingGroup
    preset: Preset
    model: FleetModel
    start: datetime
    load: Sequence[float]
    seed: int
    functions: Functions
    every_step: bool = False
    notes: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Trace:
    """
    What a replay leaves: changes rather than rows, since most minutes are like the one before.

    Attributes:
        sizes: The size from each minute on at which it changed.
        states: The states of the alarms from each minute on at which one changed.
        decided: How often a decision was made.
    """

    pool: InstancePool
    sizes: list[tuple[int, int]]
    states: list[tuple[int, tuple[str, ...]]]
    interrupted: list[tuple[int, int]]
    spots: list[tuple[int, int]]
    decisions: list[tuple[int, Decision]]
    decided: int = 0


def first_size(group: ScalingGroup, rules: Ruleset, start: datetime) -> int:
    """The size that a group has when a load begins: what schedules ask for then, else its own."""
    stretch = rules.timetable.at(start)
    low, high = stretch.bounds(group.capacity)
    desired = stretch.over(group.capacity).desired
    return low if desired is None else max(low, min(high, desired))


class Replay:
    """One group on one load."""

    def __init__(self, scenario: ReplaySetup) -> None:
        self._scenario = scenario
        group, preset, model = scenario.group, scenario.preset, scenario.model
        self._rules = rules_for(group, preset)
        self._signals = make_signals(group, self._rules, model, scenario.start)
        self._watched = self._signals.watched
        self._forecaster = Forecaster.of_group(group, self._rules, model, scenario.start)
        self._holding = Holding.of_group(self._rules, self._signals, scenario.start)
        by_rules = self._forecaster is not None and self._forecaster.by_rules
        rules = self._rules
        self._always = scenario.every_step or by_rules or bool(rules.functions) or rules.weighted or not self._watched
        self.size = first_size(group, self._rules, scenario.start)
        chance = Chance(model, scenario.seed)
        self._noise = chance.noise(len(scenario.load))
        minutes = len(scenario.load)
        pool = InstancePool(group, model, chance, minutes, self.size, Ahead.of_minutes(minutes), warm_up=0)
        self.trace = Trace(pool=pool, sizes=[], states=[], interrupted=[], spots=[(0, pool.spots)], decisions=[])
        self._history = History()
        self._skipped = False
        self._states: Sequence[AlarmStatus] | None = None
        rule = FallbackRule.of(group.purchase, preset)
        # as the pool splits
        self._fallback = rule and rule._replace(fraction=Fraction.ON_DEMAND)
        self._mix, self._base, self._surge = FallbackState(), group.purchase.on_demand_base, 0
        self._preset, self._warm_up = preset, round(self._rules.longest_warm_up.total_seconds())
        self._stretch_end = self._bounds_hold = -1
        self._settled_until = 0
        self._low = self._high = 0
        self._asked: int | None = None
        self._answer: Decision | None = None

    def decision_at(self, minute: int) -> Decision:
        """The decision of one minute, after a replay up to it."""
        self._always, self._asked = True, minute
        self.run()
        if self._answer is None:
            raise AssertionError
        return self._answer

    def run(self) -> Trace:
        """Replay the load, up to the minute that is asked about."""
        scenario, pool, trace = self._scenario, self.trace.pool, self.trace
        load, noise = scenario.load, self._noise
        if self._asked is not None:
            load = load[: self._asked + 1]
        capacity_of_one = (scenario.model.capacity or 0.0) * pool.weight / FULL_MINUTE
        patience = scenario.model.patience.total_seconds()
        service_time = scenario.model.service_time.total_seconds()
        interruption = 1 - exp(-scenario.model.interruptions / 60)
        sources, watched, delay = self._signals.sources, self._watched, self._signals.delay
        seconds, joining = pool.ahead.seconds, pool.ahead.joining
        if not (isinstance(seconds, list) and isinstance(joining, list)):
            raise AssertionError
        service, in_service, backlog = 0, 0, 0.0
        # most groups measure the CPU alone, each minute
        plain = [each.values.append for each in sources if each.is_cpu and each.resolution == 1]
        coarse = [each.take for each in sources if each.is_cpu and each.resolution != 1]
        others = [(each.take, each.value) for each in sources if not each.is_cpu]
        forecaster = self._forecaster
        for minute, arriving in enumerate(load):
            if interruption and pool.spots:
                self._interrupt(minute, interruption)
            changed = False
            if minute > delay:
                place = minute - 1 - delay
                for each in watched:
                    if each.look(place):
                        changed = True
            if changed or minute >= self._settled_until or pool.short:
                self._decide(minute, in_service + joining[minute])
            else:
                self._skipped = True
            if self._fallback is not None:
                self._share(minute, self._fallback)
            service += seconds[minute]
            in_service += joining[minute]
            capacity = service * capacity_of_one
            if backlog or arriving > capacity:
                served, lost, backlog = serve(backlog, arriving, capacity, seconds=60, patience=patience)
            else:
                served, lost = arriving, 0.0
            factor = noise[minute] if noise else 1.0
            for take in plain:
                take(cpu_of(served, capacity, factor))
            for take in coarse:
                take(cpu_of(served, capacity, factor))
            if others:
                row = MeasuredMinute(arriving, capacity, served, lost, backlog, in_service, factor, service_time)
                for take, value in others:
                    take(value(row))
            if forecaster is not None:
                forecaster.see(arriving)
        return trace

    # decisions

    def _decide(self, minute: int, in_service: int) -> None:
        self._settled_until = 0
        if not self._always and minute < self._stretch_end and self._is_settled(minute, in_service):
            self._skipped = True
        else:
            self._decide_anew(minute, in_service)
        if self.trace.pool.short:
            self.trace.pool.resize(minute, self.size + self._surge)

    def _is_settled(self, minute: int, in_service: int) -> bool:
        """
        Whether a decision would leave the size as it is, whatever else it reads.

        Nothing is forecast beyond it, and no alarm and no policy acts; or all that do go beyond the bound that the
        size is at; or some ask for fewer instances and others, which must agree, do not.
        """
        ways = 0
        for each in self._watched:
            ways |= each.way
        acting = ways & ~SizeWay.TOLD
        forecaster = self._forecaster
        if forecaster is not None and (acting == SizeWay.OUT or forecaster.most(minute) > self.size):
            return False
        until = self._settled(acting)
        if minute >= until and not (acting == SizeWay.IN and self._keeps_size(minute, in_service)):
            return False
        if forecaster is None:
            self._settled_until = until
        self._keep_states(minute, [each.state for each in self._signals.alarms])
        return True

    def _settled(self, acting: int) -> int:
        """The minute up to which a decision leaves the size as it is while alarms and policies say the same."""
        if acting == SizeWay.CALM or (acting == SizeWay.IN and self._is_vetoed()):
            return self._stretch_end
        is_beyond = (acting == SizeWay.IN and self._low == self.size) or (
            acting == SizeWay.OUT and self._high == self.size
        )
        return min(self._bounds_hold, self._stretch_end) if is_beyond else 0

    def _keeps_size(self, minute: int, in_service: int) -> bool:
        """Whether scaling in leaves the size as it is: on target with what serves, or held back by a window."""
        pool, signals = self.trace.pool, self._signals
        if self._preset.tracking.by_one:
            return False
        if signals.alarms and any(each.way for each in signals.alarms if each.way != SizeWay.TOLD):
            return False
        if pool.latest > minute * 60 - self._warm_up:
            return False
        serving = in_service * pool.weight
        if self._holding is not None:
            return self._holding.holds(minute, self.size, serving)
        # one short of the size by a clear margin: where it is close, a decision tells
        return all(
            each.way != SizeWay.IN or each.relative * serving > self.size - 1 + _CLOSE for each in signals.policies
        )

    def _is_vetoed(self) -> bool:
        """Whether one that must agree on scaling in does not ask for it."""
        if len(self._watched) == 1:
            return False
        if self._scenario.preset.scale_in is ScaleInAgreement.ALL:
            return any(each.scales_in and each.way == SizeWay.CALM for each in self._watched)
        if any(each.way == SizeWay.IN for each in self._signals.alarms):
            return False
        return any(each.scales_in and each.way == SizeWay.CALM for each in self._signals.policies)

    def _decide_anew(self, minute: int, in_service: int) -> None:
        scenario, trace = self._scenario, self.trace
        now = scenario.start + minute * _MINUTE
        if self._skipped:
            self._catch_up(minute - 1)
        seen = self._observe(minute, now, in_service)
        decision = decide_by(self._rules, scenario.group, seen, self._history, now, scenario.functions)
        trace.decided += 1
        if minute == self._asked:
            self._answer = decision
        self._history = decision.history
        self._keep_states(minute, list(decision.alarms.values()))
        if self._holding is not None:
            self._holding.decided(minute, decision.size, decision.history.asked)
        if minute >= self._stretch_end:
            self._begin_stretch(now, minute)
        self._low, self._high = decision.minimum, decision.maximum
        if decision.size != self.size or not minute:
            if decision.size != self.size:
                trace.decisions.append((minute, decision))
            self.size = decision.size
            trace.sizes.append((minute, self.size))
            trace.pool.resize(minute, self.size + self._surge)
            trace.spots.append((minute, trace.pool.spots))

    def _begin_stretch(self, now: datetime, minute: int) -> None:
        stretch = self._rules.timetable.at(now)
        asks = stretch.window is not None and self._scenario.preset.schedule is ScheduleStyle.RECOMMENDATION
        if asks:
            self._stretch_end = minute
            return
        try:
            self._stretch_end = -((self._scenario.start - stretch.end) // _MINUTE)
        except OverflowError:
            self._stretch_end = 2 * len(self._scenario.load)
        # what was asked for beyond a bound counts once that bound moves
        window = max(self._rules.stabilization_in, self._rules.stabilization_out)
        self._bounds_hold = self._stretch_end - -(-window // _MINUTE) - bool(window)

    def _catch_up(self, minute: int) -> None:
        """The history as decisions up to a minute would have left it."""
        self._skipped = False
        last = self._scenario.start + minute * _MINUTE
        states = {each.name: each.state for each in self._signals.alarms}
        self._history = self._history._replace(at=last, states=states, asked=self._asked_by(minute, last))

    def _asked_by(self, minute: int, last: datetime) -> tuple[Sized, ...]:
        """What was asked for in the windows, where each minute without a decision asked for the size that there is."""
        rules, asked = self._rules, self._history.asked
        if self._holding is not None:
            return self._holding.asked_by(minute, self.size, asked)
        window = max(rules.stabilization_in, rules.stabilization_out)
        if not window:
            return asked
        kept = [
            entry for entry in asked if last - entry.at < window and (rules.stabilization_out or entry.size > self.size)
        ]
        return (*kept, Sized(last, self.size))

    def _observe(self, minute: int, now: datetime, in_service: int) -> Observation:
        pool, start = self.trace.pool, self._scenario.start
        second = minute * 60
        started = pool.started_after(second - self._warm_up, second) if self._warm_up else []
        done = max(pool.latest, pool.drained)
        forecaster = self._forecaster
        return Observation(
            desired=self.size,
            in_service=in_service * pool.weight,
            started=[start + timedelta(seconds=at) for at in started],
            busy=done > second,
            settled=start + timedelta(seconds=done) if ALWAYS < done <= second else None,
            alarms={each.name: each.window for each in self._signals.alarms},
            policies={each.name: each.window for each in self._signals.policies},
            forecasts=forecaster.sizes() if forecaster else {},
            predicted=forecaster.predicted(minute, in_service) if forecaster else {},
        )

    def _keep_states(self, minute: int, states: Sequence[AlarmStatus]) -> None:
        if states != self._states:
            self._states = states
            self.trace.states.append((minute, tuple(state.value for state in states)))

    def _share(self, minute: int, rule: FallbackRule) -> None:
        """What runs on demand in place of spot, as the controller decides it."""
        pool, now = self.trace.pool, self._scenario.start + minute * _MINUTE
        seen = MixSeen(
            size=self.size,
            on_demand=pool.units - pool.spots * pool.weight,
            spot=pool.spots * pool.weight,
            serving=pool.serving_spots(minute),
            short_at=now if pool.short_of_spot else None,
            short_on_demand=pool.short and not pool.short_of_spot,
        )
        mix = decide_mix(rule, self._mix, seen, now)
        told, self._mix = (self._base, self._surge), mix.state
        if told == (mix.base, mix.surge):
            return
        self._base, self._surge = mix.base, mix.surge
        pool.share(mix.base)
        pool.resize(minute, self.size + self._surge)
        self.trace.spots.append((minute, pool.spots))

    def _interrupt(self, minute: int, share: float) -> None:
        pool = self.trace.pool
        if taken := pool.interrupt(minute, share):
            self.trace.interrupted.append((minute, taken))
            pool.resize(minute, self.size + self._surge)
            self.trace.spots.append((minute, pool.spots))
