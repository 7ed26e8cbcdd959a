"""What the engine needs of a group, worked out once and then read by every decision."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from trimtab.engine.alarms import BREACHES, EXTRA_PERIODS, Breaches
from trimtab.engine.limits import Trigger, is_stopped
from trimtab.engine.policies import Band, adjust, bands
from trimtab.engine.presets import Preset
from trimtab.engine.rounding import Rounding, exact
from trimtab.engine.timetable import Timetable, timetable_of
from trimtab.models import (
    Alarm,
    Capacity,
    Comparison,
    MaximumBreach,
    MissingData,
    PredictiveMode,
    PredictivePolicy,
    PythonPolicy,
    ScalingGroup,
    SimplePolicy,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.models.identity import Same

WORDS = {
    Comparison.ABOVE: "above",
    Comparison.AT_LEAST: "at least",
    Comparison.BELOW: "below",
    Comparison.AT_MOST: "at most",
}


@dataclass(frozen=True, slots=True)
class AmountRule:
    """An alarm and a policy that it triggers."""

    policy: str
    simple: bool
    amount: SimplePolicy | None
    """The amount of a simple policy."""
    text: str
    """That amount in words."""
    bands: tuple[Band, ...]
    """The steps of a step policy, around the alarm's threshold."""
    minimum_change: int | None
    cooldown: timedelta
    warm_up: timedelta
    scales_out: bool
    scales_in: bool

    def asked(self, size: int, rounding: Rounding) -> int:
        """The size that the amount of a simple policy makes of `size`."""
        amount = self.amount
        if amount is None:
            raise ValueError(f"policy {self.policy!r} has steps: find the one that the metric selects first")
        return adjust(
            size,
            change=amount.change,
            percent=amount.percent,
            to=amount.to,
            minimum_change=self.minimum_change,
            rounding=rounding,
        )


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """An alarm, and the rules that it stands for."""

    name: str
    comparison: str
    breaches: Breaches
    above: bool
    threshold: float
    periods: int
    datapoints: int
    span: int
    missing: MissingData
    rules: tuple[AmountRule, ...]
    """Empty where the alarm is disabled or only notifies."""
    scales_out: bool


@dataclass(frozen=True, slots=True)
class TrackingRule:
    """A target tracking policy."""

    policy: str
    target: float
    high: float
    low: float
    scale_in: bool
    span: int
    """How many of the last datapoints are looked at."""
    warm_up: timedelta
    cooldown: timedelta
    simple: bool = False
    """Told apart from the rules of simple policies, which alone wait where only simple scaling does."""


@dataclass(frozen=True, slots=True)
class ForecastRule:
    """A predictive policy."""

    policy: str
    scales: bool
    buffer: timedelta
    raises: bool
    maximum_buffer: int


@dataclass(frozen=True, slots=True)
class FunctionRule:
    """A policy in Python."""

    policy: str
    call: str
    cooldown: timedelta
    simple: bool = False
    """It waits as target tracking policies do, not as simple ones."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A group as the engine reads it, under one preset."""

    preset: Preset
    capacity: Capacity
    timetable: Timetable
    alarms: tuple[AlarmRule, ...]
    tracking: tuple[TrackingRule, ...]
    forecasts: tuple[ForecastRule, ...]
    functions: tuple[FunctionRule, ...]
    scale_in_rules: int
    """How many rules scale in: an alarm with each policy that it triggers is one."""
    cooldown: timedelta
    longest_warm_up: timedelta
    default_capacity: int | None
    stabilization_in: timedelta
    stabilization_out: timedelta
    scale_in_limit: int | None
    scale_in_window: timedelta
    weighted: bool
    policies_stopped: bool
    out_stopped: bool
    in_stopped: bool
    longest_limit: timedelta
    """How far back limits on changes look."""


@lru_cache(maxsize=4096)
def _rules_for(same: Same[ScalingGroup], preset: Preset) -> Ruleset:
    return make_rules(same.model, preset)


def rules_for(group: ScalingGroup, preset: Preset) -> Ruleset:
    """The rules of a group; kept for the groups that were asked for last."""
    return _rules_for(Same(group), preset)


def make_rules(group: ScalingGroup, preset: Preset) -> Ruleset:
    """The rules of a group under a preset."""
    own = group.block(preset.settings).for_engine()
    cooldown = preset.default_cooldown if group.cooldown is None else group.cooldown
    warm_up = _warm_up(group, preset, cooldown, own.warm_up)
    alarms = tuple(_alarm_rule(alarm, group, preset, cooldown, warm_up) for alarm in group.alarms)
    tracking = tuple(
        _tracking_rule(policy, preset, cooldown, warm_up)
        for policy in group.policies
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled
    )
    pairs = sum(rule.scales_in for alarm in alarms for rule in alarm.rules)
    return Ruleset(
        preset=preset,
        capacity=group.capacity,
        timetable=timetable_of(() if is_stopped(Trigger.SCHEDULE, own.suspended) else group.schedules),
        alarms=alarms,
        tracking=tracking,
        forecasts=tuple(
            _forecast_rule(policy, preset)
            for policy in group.policies
            if isinstance(policy, PredictivePolicy) and policy.enabled
        ),
        functions=tuple(
            FunctionRule(policy.name, policy.call, cooldown)
            for policy in group.policies
            if isinstance(policy, PythonPolicy) and policy.enabled
        ),
        scale_in_rules=pairs + sum(rule.scale_in for rule in tracking),
        cooldown=cooldown,
        longest_warm_up=max(
            [warm_up, *(rule.warm_up for alarm in alarms for rule in alarm.rules), *(rule.warm_up for rule in tracking)]
        ),
        default_capacity=group.capacity.desired if own.default_capacity is None else own.default_capacity,
        stabilization_in=_stabilization(group, preset, warm_up, own.stabilization),
        stabilization_out=preset.stabilization_out,
        scale_in_limit=own.scale_in_limit,
        scale_in_window=own.scale_in_window or timedelta(0),
        weighted=any(size.weight not in (None, 1) for size in group.purchase.sizes),
        policies_stopped=is_stopped(Trigger.STEP, own.suspended),
        out_stopped=is_stopped(Trigger.SCALE_OUT, own.suspended),
        in_stopped=is_stopped(Trigger.SCALE_IN, own.suspended) or own.only_scale_out,
        longest_limit=_longest_limit(preset, own.scale_in_window or timedelta(0)),
    )


def _longest_limit(preset: Preset, window: timedelta) -> timedelta:
    behavior = preset.behavior
    limits = (*behavior.scale_out.limits, *behavior.scale_in.limits) if behavior else ()
    return max([window, *(limit.period for limit in limits)])


def _warm_up(group: ScalingGroup, preset: Preset, cooldown: timedelta, own: timedelta | None) -> timedelta:
    for value in (own, group.warm_up, preset.default_warm_up):
        if value is not None:
            return value
    return cooldown


def _stabilization(group: ScalingGroup, preset: Preset, warm_up: timedelta, own: timedelta | None) -> timedelta:
    for value in (own, group.stabilization):
        if value is not None:
            return value
    return max(preset.stabilization_in, warm_up) if preset.stabilization_covers_warm_up else preset.stabilization_in


def _alarm_rule(
    alarm: Alarm, group: ScalingGroup, preset: Preset, cooldown: timedelta, warm_up: timedelta
) -> AlarmRule:
    rules = tuple(_amount_rules(alarm, group, preset, cooldown, warm_up))
    return AlarmRule(
        name=alarm.name,
        comparison=WORDS[alarm.comparison],
        breaches=BREACHES[alarm.comparison],
        above=alarm.comparison in (Comparison.ABOVE, Comparison.AT_LEAST),
        threshold=alarm.threshold,
        periods=alarm.periods,
        datapoints=alarm.datapoints or alarm.periods,
        span=alarm.periods + EXTRA_PERIODS,
        missing=alarm.missing,
        rules=rules,
        scales_out=any(rule.scales_out for rule in rules),
    )


def _amount_rules(
    alarm: Alarm, group: ScalingGroup, preset: Preset, cooldown: timedelta, warm_up: timedelta
) -> Iterator[AmountRule]:
    if not alarm.enabled:
        return
    above = alarm.comparison in (Comparison.ABOVE, Comparison.AT_LEAST)
    for policy in group.policies:
        if policy.name not in alarm.triggers or not policy.enabled:
            continue
        if isinstance(policy, SimplePolicy):
            yield AmountRule(
                policy=policy.name,
                simple=True,
                amount=policy,
                text=_in_words(policy),
                bands=(),
                minimum_change=policy.minimum_change,
                cooldown=cooldown if policy.cooldown is None else policy.cooldown,
                warm_up=warm_up,
                scales_out=_goes(policy, +1, above=above),
                scales_in=_goes(policy, -1, above=above),
            )
        elif isinstance(policy, StepPolicy):
            yield AmountRule(
                policy=policy.name,
                simple=False,
                amount=None,
                text="",
                bands=bands(policy.steps, alarm.threshold),
                minimum_change=policy.minimum_change,
                cooldown=cooldown,
                warm_up=warm_up if policy.warm_up is None else policy.warm_up,
                scales_out=any(_goes(step, +1, above=above) for step in policy.steps),
                scales_in=any(_goes(step, -1, above=above) for step in policy.steps),
            )


def _in_words(amount: SimplePolicy) -> str:
    if amount.change is not None:
        return f"{amount.change:+d}"
    return f"exactly {amount.to}" if amount.percent is None else f"{amount.percent:+d} %"


def _goes(amount: SimplePolicy | Step, sign: int, *, above: bool) -> bool:
    """Whether an amount scales out (+1) or in (-1); an exact size goes the way of its alarm."""
    if amount.to is not None:
        return above == (sign > 0)
    return (amount.change or amount.percent or 0) * sign > 0


def _tracking_rule(
    policy: TargetTrackingPolicy, preset: Preset, cooldown: timedelta, warm_up: timedelta
) -> TrackingRule:
    tracking = preset.tracking
    return TrackingRule(
        policy=policy.name,
        target=policy.target,
        high=float(exact(policy.target) * exact(tracking.high_ratio)),
        low=float(exact(policy.target) * exact(tracking.low_ratio)),
        scale_in=policy.scale_in,
        span=tracking.span,
        warm_up=warm_up if policy.warm_up is None else policy.warm_up,
        cooldown=cooldown,
    )


def _forecast_rule(policy: PredictivePolicy, preset: Preset) -> ForecastRule:
    return ForecastRule(
        policy=policy.name,
        scales=policy.mode is PredictiveMode.FORECAST_AND_SCALE,
        buffer=preset.forecast_buffer if policy.buffer is None else policy.buffer,
        raises=preset.forecast_raises_maximum and policy.maximum_breach is MaximumBreach.INCREASE,
        maximum_buffer=policy.maximum_buffer or 0,
    )
