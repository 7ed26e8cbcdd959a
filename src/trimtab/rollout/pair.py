"""What a blue-green rollout does next: decided from its mark and both native groups as they stand; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from trimtab.models import Rollout, ScalingGroup
from trimtab.models.base import format_duration
from trimtab.providers.base import GroupState, InstanceState
from trimtab.providers.rolling import Progress, is_ready
from trimtab.providers.run import RolloutPhase, RolloutRun
from trimtab.rollout.deciding import AskGates, GateVerdict, Rest, Turn, failed, held_up_by, overdue

OUT = "out"
"""What the mark of a run keeps once the old group is to be without requests."""


@dataclass(frozen=True, slots=True)
class GroupPair:
    """The two native groups of a group as they stand; `None` for one that is not there."""

    old: GroupState | None
    new: GroupState | None

    def progress(self, run: RolloutRun) -> Progress | None:
        """Both as one group whose new instances are those of the new native group."""
        if self.old is None and self.new is None:
            return None
        state = self.new or self.old
        assert state is not None
        fresh = self.new.instances if self.new is not None else ()
        old = self.old.instances if self.old is not None else ()
        return Progress(
            state=replace(state, instances=(*fresh, *old)), run=run, fresh=frozenset(each.id for each in fresh)
        )

    @property
    def ready(self) -> int:
        """Instances of the new group that are ready."""
        return sum(is_ready(each) for each in self.new.instances) if self.new is not None else 0

    def waits(self, spec: Rollout, run: RolloutRun, now: datetime) -> str:
        """What the way back waits for before the old group alone is sent requests; empty where for nothing."""
        if not run.step or not self.ready or self.old is None:
            return ""
        back = sum(is_ready(each) for each in self.old.instances)
        coming = sum(
            each.state is InstanceState.RUNNING and each.healthy is not False and each.serving is False
            for each in self.old.instances
        )
        slow = now - run.since > spec.batch_timeout
        if (back or not self.old.instances) and not (OUT in run.held and coming and not slow):
            return ""
        return f"{back} of {len(self.old.instances)} instances of the old group are sent requests again"


_GONE = "the new group is gone"
STEPS = 2
"""The new group alone; and with all requests, or with all that are meant for it. Between them are the checkpoints."""
DRAIN = timedelta(minutes=5)
"""How long the old group lives on where it has a balancer and nobody says: what balancers take to drain by default."""


@dataclass(frozen=True, slots=True)
class Make:
    """Have the new group, with this size and without requests."""

    size: int


@dataclass(frozen=True, slots=True)
class Join:
    """Have the new group in the balancers too, with the share of the requests that it has had."""

    size: int
    percent: int


@dataclass(frozen=True, slots=True)
class Shift:
    """Have this share of the requests, in per cent, be the new group's."""

    percent: int


@dataclass(frozen=True, slots=True)
class Switch:
    """Have the new group alone be sent requests, and sized; the old one keeps its size."""

    size: int


@dataclass(frozen=True, slots=True)
class End:
    """Have the old group end."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Have the old group as it was, and once it is sent requests again the new one end."""


PairStep = Make | Join | Shift | Switch | End | Restore | Turn | AskGates | Rest


def next_step(group: ScalingGroup, spec: Rollout, run: RolloutRun, pair: GroupPair, now: datetime) -> PairStep:
    """What to do for a blue-green run; pure."""
    size = pair.old.desired if pair.old is not None else 0
    match run.phase:
        case RolloutPhase.MOVING:
            return _move_on(spec, run, pair, size, now)
        case RolloutPhase.BAKING:
            if late := overdue(spec, run, now):
                return failed(spec, run, late, now)
            if pair.new is None:
                return failed(spec, run, _GONE, now)
            return AskGates(last=now - run.since >= bake_of_pair(spec, run))
        case RolloutPhase.ENDING:
            end = run.since + lives_on(group, spec)
            if end > now:
                return Rest(f"the old group ends at {end.astimezone(UTC):%H:%M:%S} UTC")
            return (
                End() if pair.ready or not size else Rest("no instance of the new group is ready: the old group stays")
            )
        case RolloutPhase.REVERTING:
            return Restore()
        case _:
            return Rest(run.why or f"it is {run.phase}")


def lives_on(group: ScalingGroup, spec: Rollout) -> timedelta:
    """How long the old group lives on without requests."""
    if spec.end_after is not None:
        return spec.end_after
    drains = [balancer.drain or DRAIN for balancer in group.cloud_balancers]
    drains += [haproxy.drain for haproxy in group.haproxies]
    return max(drains, default=timedelta(0))


def _move_on(spec: Rollout, run: RolloutRun, pair: GroupPair, size: int, now: datetime) -> PairStep:
    if pair.old is None:
        return failed(spec, run, "the old group is gone", now)
    is_there = pair.new is not None and pair.new.desired >= size
    has_joined = run.step > 1 or run.why == JOINED
    if is_there and pair.ready >= size and (run.step == 0 or has_joined):
        return Shift(percent_of(spec, run.step)) if run.step else Turn(run.turned(RolloutPhase.BAKING, now))
    if late := _too_slow(spec, run, pair, size, now):
        return failed(spec, run, late, now)
    if run.step > 1 and pair.new is None:
        return failed(spec, run, _GONE, now)
    if run.step > 0 and not (is_there and has_joined):
        return Join(size, percent_of(spec, run.step - 1))
    return Rest("the new group starts") if is_there else Make(size)


JOINED = "the new group is in the balancer"
"""What the mark of a run says once the new group is, so that what balancers say of its instances counts."""


def judged(
    spec: Rollout, run: RolloutRun, pair: GroupPair, verdicts: Sequence[GateVerdict], now: datetime, *, last: bool
) -> PairStep:
    """What to do after the gates were asked."""
    bake = bake_of_pair(spec, run)
    if (held_up := held_up_by(spec, run, verdicts, now, bake=bake, last=last)) is not None:
        return held_up
    size = pair.old.desired if pair.old is not None else 0
    if run.step > len(spec.checkpoints):
        return _switch(spec, run, pair, size, now)
    return Turn(run.turned(RolloutPhase.MOVING, now, step=run.step + 1))


def _switch(spec: Rollout, run: RolloutRun, pair: GroupPair, size: int, now: datetime) -> PairStep:
    """The new group alone serves, once it is as large as the old one and all of it is ready, whatever befell it."""
    if pair.ready >= size:
        return Switch(size)
    if pair.new is None or pair.new.desired < size:
        return Turn(run.turned(RolloutPhase.MOVING, now))
    text = f"{pair.ready} of {size} new instances are ready"
    if now - run.since > bake_of_pair(spec, run) + spec.batch_timeout:
        return failed(spec, run, f"after {format_duration(spec.batch_timeout)} more than the bake, {text}", now)
    return Rest(text)


def percent_of(spec: Rollout, step: int) -> int:
    """The share of the requests that the new group is sent at a step."""
    shares = (0, *(checkpoint.percent for checkpoint in spec.checkpoints), 100)
    return shares[min(step, len(shares) - 1)]  # a file may have fewer checkpoints than when the run began


def bake_of_pair(spec: Rollout, run: RolloutRun) -> timedelta:
    """How long the gates have to hold: not at all while the new group is sent no requests."""
    if not run.step:
        return timedelta(0)
    bake = spec.checkpoints[run.step - 1].bake if run.step <= len(spec.checkpoints) else spec.bake
    return bake or timedelta(0)


def waited(spec: Rollout, run: RolloutRun, text: str, now: datetime) -> Turn | None:
    """The failure of a share of the requests that has waited too long; `None` while it has not."""
    if late := overdue(spec, run, now):
        return failed(spec, run, f"{late}; {text}", now)
    if now - run.since > spec.batch_timeout:
        return failed(spec, run, f"after {format_duration(spec.batch_timeout)}, {text}", now)
    return None


def _too_slow(spec: Rollout, run: RolloutRun, pair: GroupPair, goal: int, now: datetime) -> str:
    if late := overdue(spec, run, now):
        return late
    if now - run.since > spec.batch_timeout:
        return f"after {format_duration(spec.batch_timeout)}, {pair.ready} of {goal} new instances are ready"
    return ""
