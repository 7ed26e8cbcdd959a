"""
Spot that falls back on demand and comes back: how many instances run on demand at each moment; pure.

No cloud does it: "it keeps trying in other Spot Instance pools rather than launching On-Demand Instances" (Amazon EC2
Auto Scaling User Guide, Auto Scaling groups with multiple instance types and purchase options); Azure's Spot Priority
Mix keeps to its shares in the same way.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from trimtab.engine.mix import Fraction, base_for, split
from trimtab.engine.presets import Preset
from trimtab.engine.reasons import DecisionReason, ReasonCode
from trimtab.models import Purchase


class FallbackPhase(StrEnum):
    """What runs in place of spot."""

    SPOT = "spot"
    """Nothing: on demand and spot are shared as the group says."""
    ON_DEMAND = "on-demand"
    """What spot lacks runs on demand."""
    RETURNING = "returning"
    """Spot is asked for again, and what runs on demand stays until spot serves."""


class FallbackState(NamedTuple):
    """
    What is remembered from one decision to the next.

    Attributes:
        phase: What runs in place of spot.
        since: Since when.
        short_since: In the phase `SPOT`, since when spot has been short without a break.
        none_since: Since when some are missing of which there are none on demand either.
    """

    phase: FallbackPhase = FallbackPhase.SPOT
    since: datetime | None = None
    short_since: datetime | None = None
    none_since: datetime | None = None


class FallbackRule(NamedTuple):
    """
    What a group says.

    Attributes:
        base: The first so many instances are on demand.
        percent: Per cent of those above the base that are, too.
        fraction: Which side a fraction of the split goes to.
        after: How long spot has to be short.
        return_after: How long instances run on demand before spot is tried again.
    """

    base: int = 0
    percent: int = 0
    fraction: Fraction = Fraction.ON_DEMAND
    after: timedelta = timedelta(minutes=5)
    return_after: timedelta = timedelta(minutes=30)

    @classmethod
    def of(cls, purchase: Purchase, preset: Preset) -> "FallbackRule | None":
        """What a group says under a preset; `None` where it does not fall back."""
        if purchase.fallback is None:
            return None
        fraction = Fraction.ON_DEMAND if preset.spot_fraction_on_demand else Fraction.SPOT
        shares = (purchase.on_demand_base, purchase.on_demand_percent, fraction)
        return cls(*shares, purchase.fallback_after, purchase.return_after)

    def floor(self, size: int) -> int:
        """How many of `size` are on demand, whatever spot does."""
        return split(size, base=self.base, percent=self.percent, fraction=self.fraction).on_demand

    def base_for(self, size: int, on_demand: int) -> int:
        """The base with which the split of `size` has so many on demand; never below the group's own."""
        base = base_for(size, on_demand, base=self.base, percent=self.percent, fraction=self.fraction)
        return self.base if base is None else max(base, self.base)


class MixSeen(NamedTuple):
    """
    A group as it is seen, in the units of its size.

    Attributes:
        size: How many there are to be.
        on_demand: How many are there on demand, serving or starting.
        spot: How many are there as spot, serving or starting.
        serving: How many spot ones serve.
        short_at: When the cloud last said that it has no spot; `None` where it did not of late.
        short_on_demand: Whether it said since the last look that it has none on demand either.
    """

    size: int
    on_demand: int
    spot: int
    serving: int
    short_at: datetime | None = None
    short_on_demand: bool = False

    @property
    def missing(self) -> int:
        """How many are not there."""
        return self.size - self.on_demand - self.spot


class MixDecision(NamedTuple):
    """
    How many instances are to be on demand and spot.

    Attributes:
        state: What to remember.
        base: The on-demand base to tell the cloud, of which its split makes `on_demand` out of `size`.
        on_demand: How many are to run on demand; while spot is tried again, those too that wait for it.
        spot: How many to ask for as spot.
        surge: How many more than the size that is: on-demand instances that wait for spot to serve.
        reasons: Why, where it is not as the group says.
    """

    state: FallbackState
    base: int
    on_demand: int
    spot: int
    surge: int = 0
    reasons: tuple[DecisionReason, ...] = ()


def decide_mix(rule: FallbackRule, state: FallbackState, seen: MixSeen, now: datetime) -> MixDecision:
    """
    How many instances are to be on demand now.

    Spot that is named short and stays missing for `after` is made up for on demand; after `return_after` spot is asked
    for again, and on-demand instances go as spot ones serve. Where it is short still, what is missing is on demand at
    once, and the next try is `return_after` later. On-demand instances are never fewer than the group's own share.

    Args:
        rule: What the group says.
        state: What was remembered.
        seen: The group.
        now: The moment.
    """
    none_since = (state.none_since or now) if seen.missing > 0 and (state.none_since or seen.short_on_demand) else None
    state = _next_state(rule, state, seen, now)._replace(none_since=none_since)
    floor = rule.floor(seen.size)
    wanted = seen.size - floor
    match state.phase:
        case FallbackPhase.SPOT:
            return MixDecision(state, rule.base, floor, wanted, reasons=_while_spot(rule, state, seen, wanted))
        case FallbackPhase.ON_DEMAND:
            spot = min(seen.spot, wanted)
            on_demand = seen.size - spot
            base = rule.base_for(seen.size, on_demand)
            return MixDecision(state, base, on_demand, spot, reasons=_on_demand(rule, state, seen, on_demand - floor))
        case FallbackPhase.RETURNING:
            waiting = max(0, min(seen.on_demand - floor, wanted - seen.serving))
            missing = wanted - min(seen.serving, wanted)
            reasons = (DecisionReason(ReasonCode.SPOT_AGAIN, (state.since, missing, waiting)),) if missing else ()
            return MixDecision(state, rule.base, floor + waiting, wanted, waiting, (*reasons, *_nothing(state, seen)))


def _next_state(rule: FallbackRule, state: FallbackState, seen: MixSeen, now: datetime) -> FallbackState:
    wanted = seen.size - rule.floor(seen.size)
    since = now if state.since is None else min(state.since, now)
    match state.phase:
        case FallbackPhase.SPOT:
            short = _short_since(state, seen, wanted, now)
            if short is not None and now - short >= rule.after:
                return FallbackState(FallbackPhase.ON_DEMAND, now)
            return FallbackState(FallbackPhase.SPOT, state.since, short)
        case FallbackPhase.ON_DEMAND:
            if now - since >= rule.return_after:
                return FallbackState(FallbackPhase.RETURNING, now)
            return FallbackState(FallbackPhase.ON_DEMAND, since)
        case FallbackPhase.RETURNING:
            if seen.serving >= wanted and seen.on_demand <= seen.size - wanted:
                return FallbackState(FallbackPhase.SPOT, now)
            is_refused = seen.short_at is not None and seen.short_at >= since
            if seen.spot < wanted and (is_refused or now - since >= rule.after):
                return FallbackState(FallbackPhase.ON_DEMAND, now)
            return FallbackState(FallbackPhase.RETURNING, since)


def _short_since(state: FallbackState, seen: MixSeen, wanted: int, now: datetime) -> datetime | None:
    """Since when spot is short: from when the cloud said so until nothing is missing."""
    if seen.spot >= wanted:
        return None
    if state.short_since is not None:
        return min(state.short_since, now)
    if seen.short_at is None or (state.since is not None and seen.short_at < state.since):
        return None
    return min(seen.short_at, now)


def _while_spot(rule: FallbackRule, state: FallbackState, seen: MixSeen, wanted: int) -> tuple[DecisionReason, ...]:
    if state.short_since is None:
        return ()
    missing, until = wanted - seen.spot, state.short_since + rule.after
    return (DecisionReason(ReasonCode.SPOT_SHORT, (missing, state.short_since, until)), *_nothing(state, seen))


def _on_demand(rule: FallbackRule, state: FallbackState, seen: MixSeen, instead: int) -> tuple[DecisionReason, ...]:
    since = state.since
    again = since + rule.return_after if since is not None else None
    return (DecisionReason(ReasonCode.ON_DEMAND_INSTEAD, (instead, seen.size, since, again)), *_nothing(state, seen))


def _nothing(state: FallbackState, seen: MixSeen) -> tuple[DecisionReason, ...]:
    """That the cloud has neither sort, where it said so and some are still missing."""
    if state.none_since is None:
        return ()
    return (DecisionReason(ReasonCode.NOTHING_TO_BE_HAD, (seen.missing, seen.size, state.none_since)),)
