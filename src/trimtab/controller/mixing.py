"""What the controller does about spot that cannot be had: what it sees of it, and what it has the cloud do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from trimtab.declarations import declarations_of
from trimtab.engine.fallback import (
    FallbackPhase,
    FallbackRule,
    FallbackState,
    MixDecision,
    MixSeen,
    decide_mix,
)
from trimtab.engine.mix import Fraction, split
from trimtab.engine.presets import Preset
from trimtab.errors import TrimtabError
from trimtab.models import ScalingGroup
from trimtab.plan import MAIN, SPOT
from trimtab.providers.base import Activity, Failure, GroupState, Instance, InstanceState, Short
from trimtab.providers.roles import GroupActor, Provider

LOOK_BACK = timedelta(hours=1)
"""How far back a first look goes."""
OVERLAP = timedelta(minutes=2)
"""How far back a look goes before the one before it: clouds tell of activities late."""
MOST_ACTIVITIES = 50
Place = tuple[str, str]


class RecentActivities(NamedTuple):
    """What a cloud told of a group that falls back: its activities of late; an error where it could not be asked."""

    activities: Sequence[Activity] | TrimtabError

    @property
    def is_known(self) -> bool:
        """Whether it answered."""
        return not isinstance(self.activities, TrimtabError)


class MixStep(NamedTuple):
    """
    What is to become of a group's on-demand part.

    Attributes:
        decision: How many are to be on demand and spot.
        total: The size to ask the cloud for.
        leavers: On-demand instances that spot ones have taken the place of, and spot ones that never came to be.
        failed: Spot instances that never came to be, in whose place others start.
        short: What the cloud had none of.
    """

    decision: MixDecision
    total: int
    leavers: tuple[Instance, ...] = ()
    failed: tuple[Instance, ...] = ()
    short: tuple[Short, ...] = ()

    @property
    def state(self) -> FallbackState:
        """What to remember."""
        return self.decision.state


def with_mixes(
    provider: Provider, states: Mapping[Place, GroupState]
) -> tuple[Mapping[Place, GroupState], Mapping[Place, RecentActivities]]:
    """Groups that fall back with which instances are spot, and what their cloud says of late: a call for each."""
    try:
        known = {(state.location, state.name): state for state in provider.live.with_purchases([*states.values()])}
    except TrimtabError as error:
        return states, {place: RecentActivities(error) for place in states}
    return {**states, **known}, {place: _recent(provider, place) for place in states}


def _recent(provider: Provider, place: Place) -> RecentActivities:
    try:
        return RecentActivities(provider.live.read_activities(*place, MOST_ACTIVITIES))
    except TrimtabError as error:
        return RecentActivities(error)


def decide_group_mix(
    group: ScalingGroup,
    preset: Preset,
    provider: str,
    state: GroupState,
    memory: FallbackState,
    recent: Sequence[Activity],
    size: int,
    since: datetime | None,
    now: datetime,
) -> MixStep | None:
    """
    How a group is shared between on demand and spot; `None` where it does not fall back.

    Args:
        group: The group.
        preset: Says which side a fraction goes to.
        provider: Whose cloud it is.
        state: The group as it was read, with which instances are spot.
        memory: What was remembered.
        recent: Its activities, newest first.
        size: The size that was decided.
        since: When it was last looked at.
        now: The moment.
    """
    rule = FallbackRule.of(group.purchase, preset)
    if rule is None:
        return None
    declared = declarations_of(provider)
    if declared.sizes_mix:
        rule = rule._replace(fraction=Fraction.ON_DEMAND)  # as the plan splits a size over native groups
    begin = now - LOOK_BACK if since is None else since - OVERLAP
    failed = [each for each in state.instances if each.spot and each.failure is not None]
    short = [*_shortages(state, [each for each in recent if each.at >= begin], now)]
    missing_spot = size - rule.floor(size) > _units(each for each in state.instances if each.spot and is_there(each))
    # what does not say which sort it was is about that which is missing
    about_spot = [at for at, each in short if (missing_spot if each.spot is None else each.spot)]
    seen = MixSeen(
        size=size,
        on_demand=_units(each for each in state.instances if not each.spot and is_there(each)),
        spot=_units(each for each in state.instances if each.spot and is_there(each)),
        serving=_units(each for each in state.instances if each.spot and is_serving(each)),
        short_at=max(about_spot, default=None),
        short_on_demand=len(about_spot) < len(short),
    )
    decision = decide_mix(rule, memory, seen, now)
    named = tuple(dict.fromkeys(each for _, each in short))
    if declared.moves_mix:
        return MixStep(decision._replace(surge=0), size, short=named)
    if declared.sizes_mix:
        decision = _sized(rule, decision, seen)
        return MixStep(decision, size + decision.surge, short=named)
    total = size + decision.surge
    leavers = tuple(_leavers(state, decision, total, failed))
    stuck = tuple(each for each in failed if each not in leavers)
    is_made_up = decision.state.phase is FallbackPhase.ON_DEMAND
    return MixStep(decision, total, leavers, stuck if is_made_up else (), named)


def _sized(rule: FallbackRule, decision: MixDecision, seen: MixSeen) -> MixDecision:
    """The same with a base that gives each sort its size; none on demand goes before spot serves in its place."""
    kept = min(seen.on_demand, seen.size - min(seen.serving, decision.spot))
    on_demand = max(decision.on_demand, kept)
    total = on_demand + decision.spot
    return decision._replace(base=rule.base_for(total, on_demand), on_demand=on_demand, surge=total - seen.size)


def _shortages(state: GroupState, recent: Sequence[Activity], now: datetime) -> Iterator[tuple[datetime, Short]]:
    """What there was none of, and when; instances that could not be made say it best."""
    failed = [each.short for each in state.instances if each.short is not None]
    if failed:
        yield from ((now, each) for each in failed)
        return
    yield from ((each.at, each.short or Short()) for each in recent if each.failure is Failure.SHORTAGE)


def _leavers(state: GroupState, decision: MixDecision, total: int, failed: Sequence[Instance]) -> Iterator[Instance]:
    """Those that go so that the group has its size: first what never came to be, then what spot ones replace."""
    surplus = state.desired - total
    there = [each for each in state.instances if not each.spot and is_there(each)]
    replaced = len(there) - decision.on_demand if decision.state.phase is FallbackPhase.RETURNING else 0
    ranked = sorted(there, key=lambda each: (each.protected, each.healthy is not False, each.id))
    yield from [*failed, *ranked[: max(0, replaced)]][: max(0, surplus)]


def is_there(instance: Instance) -> bool:
    """Whether it serves or is on its way in."""
    return instance.state in (InstanceState.RUNNING, InstanceState.PENDING) and instance.failure is None


def is_serving(instance: Instance) -> bool:
    """Whether it runs and is not held to be unhealthy."""
    return instance.state is InstanceState.RUNNING and instance.healthy is not False and instance.failure is None


def _units(instances: Iterator[Instance]) -> int:
    return sum(each.weight for each in instances)


def midways(group: ScalingGroup, state: GroupState, total: int, mix: MixStep | None) -> tuple[int, ...]:
    """Sizes that a group of two native groups has while only one of the two has been written."""
    if not state.parts:
        return ()
    purchase = group.purchase
    share = split(total, base=purchase.on_demand_base, percent=purchase.on_demand_percent)
    on_demand = share.on_demand if mix is None else mix.decision.on_demand
    main, spot = state.parts[MAIN], state.parts[SPOT]
    return tuple(sorted({on_demand + spot, main + total - on_demand} - {total}))


def enact_mix(actor: GroupActor, state: GroupState, mix: MixStep) -> None:
    """
    Have the cloud share a group as was decided: what is replaced leaves first, and what failed comes again.

    Raises:
        TrimtabError: The cloud refused some of it; the next tick goes on from what there is.
    """
    left = state.desired
    if mix.leavers:
        actor.end_instances(state, mix.leavers, shrink=True)
        left -= sum(each.weight for each in mix.leavers)
    if left != mix.total or mix.decision.base != state.on_demand_base:
        actor.set_mix(mix.total, base=mix.decision.base)
    if mix.failed:
        actor.end_instances(replace(state, desired=mix.total), mix.failed, shrink=False)
