"""Blue-green rollouts: a second native group of a group, in the balancer once its gates hold, then alone."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from trimtab.clock import Clock
from trimtab.errors import PlanRefused, ProviderError, Unreachable, Unsupported
from trimtab.models import Capacity, Fleet, Rollout, ScalingGroup
from trimtab.models.base import format_duration
from trimtab.phrases import in_words
from trimtab.plan import MAIN, NAMED, Key, Live, Plan, Resource, make_plan
from trimtab.plan.holding import hold_templates
from trimtab.plan.naming import named_by, with_role
from trimtab.providers.base import GroupState
from trimtab.providers.pause import Pause
from trimtab.providers.roles import Provider
from trimtab.providers.rolling import Progress, Rollouts, is_ready
from trimtab.providers.run import Phase, Run
from trimtab.rollout.deciding import Look, Rest, Turn, Verdict, failed, held_up_by, overdue

GREEN = "green"
"""The role of the new native group until it is the group's only one."""
OLD = "old"
"""The role of the earlier one from then on, until it ends."""
LONGEST = 50
"""Characters of a group's name that a new native group keeps: what each cloud's names leave room for."""


class Carried(Protocol):
    """How one change of a plan ended."""

    @property
    def is_done(self) -> bool:
        """Whether it went through."""


CarryOut = Callable[[Plan], Sequence[Carried]]
"""Carries the changes of a plan out; an outcome of each, whose text says what went wrong."""


def green_name(declared: str, run: str) -> str:
    """What the new native group is called: the name in the file, and the run."""
    return f"{declared[:LONGEST].rstrip('-')}-{run}"


@dataclass
class BlueGreen:
    """
    Makes, joins, separates and ends the two native groups of a group.

    Args:
        provider: The vendor's code.
        rollouts: Its part of rollouts.
        fleet: As the file has it, for this provider.
        clock: Tells the time.
        carry_out: Carries the changes of a plan out.
    """

    provider: Provider
    rollouts: Rollouts
    fleet: Fleet
    clock: Clock
    carry_out: CarryOut

    # what becomes of the two groups

    def make(self, group: ScalingGroup, run: Run, size: int) -> None:
        """The new group with this size, without requests, policies, alarms and schedules."""
        self._apply(_bare(group, run.new, size, balancers=False), run, GREEN)

    def join(self, group: ScalingGroup, run: Run, size: int) -> None:
        """Requests for the new group beside the old one, whose policies and schedules rest from now on."""
        self._pause(group, run)
        self._apply(_bare(group, run.new, size, balancers=True), run, GREEN)

    def switch(self, group: ScalingGroup, run: Run, size: int) -> None:
        """Policies, alarms, schedules and bounds are the new group's; the old one keeps its size, and no requests."""
        self._apply(_called(group, run.new), run, MAIN)
        self._apply(_bare(group, run.old, size, balancers=False), run, OLD)

    def end(self, group: ScalingGroup, run: Run, native: str) -> None:
        """One of the two ends, with all that is its own."""
        self._apply(_called(group, native), run, OLD, ends=True)

    def restore(self, group: ScalingGroup, run: Run) -> None:
        """The old group is as it was: in the balancer, with policies, alarms and schedules; the new one has none."""
        self._apply(_called(group, run.old), run, MAIN)
        self._resume(group, run)

    # how

    def _apply(self, variant: ScalingGroup, run: Run, role: str, *, ends: bool = False) -> None:
        """
        Bring one of the two native groups to what a variant of the group says.

        Args:
            variant: The group as this native group is to be; the old one keeps its template.
            run: The run.
            role: The role that its marks have from then on.
            ends: Whether it goes instead.
        """
        resources, kinds = self.provider.resources, self.provider.kinds
        one = self.fleet.model_copy(update={"groups": (variant,)})
        live = resources.read(one)
        if live.unknown:
            raise Unreachable(f"{live.unknown[0]}", provider=self.provider.name, operation="rollout")
        wanted = self._wanted(one, live)
        key = next(item.key for item in wanted if kinds[item.key.kind].holds_instances)
        named = run.id if key.name == run.new else named_by(live.resources, key)
        # what is a template alone is made once, and only known by whose it is
        roles = {item.key: MAIN if kinds[item.key.kind].is_template else role for item in wanted}
        wanted = [] if ends else [with_role(item, roles[item.key], named) for item in wanted]
        live = self._own(live, variant.name, key, named, {item.key for item in wanted})
        if key.name == run.old:
            wanted, live = hold_templates(kinds, wanted, live, {variant.name}, self.fleet.name, moves_pools=True)
        plan = make_plan(
            provider=self.provider.name,
            kinds=kinds,
            fleet=one.model_copy(update={"groups": ()}) if ends else one,
            wanted=wanted,
            live=resources.complete(live, wanted),
            now=self.clock.now(),
        )
        if plan.problems:
            raise PlanRefused(in_words([str(problem) for problem in plan.problems], "; "))
        following = self._following(key, run) if plan.changes and wanted else ()
        for outcome in self.carry_out(plan):
            if not outcome.is_done:
                raise ProviderError(str(outcome), provider=self.provider.name, operation="rollout")
        if following:
            self.rollouts.follow(key.location, key.name, following)

    def _following(self, holder: Key, run: Run) -> Sequence[str]:
        """The instances that are to follow their group into and out of balancers: of the old one the current ones."""
        found = self.provider.live.read_states([(holder.location, holder.name)])
        instances = [each for state in found for each in state.instances]
        return [each.id for each in instances if holder.name == run.new or not each.outdated]

    def _wanted(self, one: Fleet, live: Live) -> list[Resource]:
        facts = self.provider.resources.resolve(one, live)
        if facts.unknown:
            raise Unreachable(f"{facts.unknown[0]}", provider=self.provider.name, operation="rollout")
        translation = self.provider.resources.translate(one, facts, self.clock.now())
        if problems := [str(problem) for problem in (*translation.problems, *facts.problems)]:
            raise PlanRefused(in_words(problems, "; "))
        return list(translation.resources)

    def _own(self, live: Live, group: str, holder: Key, named: str, wanted: Collection[Key]) -> Live:
        """What was read of one native group, and whatever stands where it wants something."""
        kinds = self.provider.kinds
        own = {
            key: item
            for key, item in live.resources.items()
            if key in wanted
            or key == holder
            or ((key.location, key.parent) == (holder.location, holder.name) if key.parent else False)
            or (
                not key.parent
                and not kinds[key.kind].holds_instances
                and item.mark is not None
                and (item.mark.fleet, item.mark.group) == (self.fleet.name, group)
                and item.mark.kept.get(NAMED, "") == named
            )
        }
        return replace(live, resources=own)

    def _pause(self, group: ScalingGroup, run: Run) -> None:
        actor = self.provider.actions.on(group.location or self.provider.location, run.old)
        with suppress(Unsupported):  # nothing sizes it
            actor.pause(Pause(by=f"rollout {run.id}", why="a blue-green rollout"))

    def _resume(self, group: ScalingGroup, run: Run) -> None:
        location = group.location or self.provider.location
        (state,) = self.provider.live.read_states([(location, run.old)]) or (None,)
        if state is not None and state.paused is not None and state.paused.by == f"rollout {run.id}":
            self.provider.actions.on(location, run.old).resume()


def _called(group: ScalingGroup, native: str) -> ScalingGroup:
    return group.model_copy(update={"native_name": native})


def _bare(group: ScalingGroup, native: str, size: int, *, balancers: bool) -> ScalingGroup:
    low, high = min(group.capacity.min, size), max(group.capacity.max, size)
    return group.model_copy(
        update={
            "native_name": native,
            "capacity": Capacity(min=low, max=high, desired=size),
            "policies": (),
            "alarms": (),
            "schedules": (),
            **({} if balancers else {"load_balancers": ()}),
        }
    )


# what comes next


@dataclass(frozen=True, slots=True)
class Pair:
    """The two native groups of a group as they stand; `None` for one that is not there."""

    old: GroupState | None
    new: GroupState | None

    def progress(self, run: Run) -> Progress | None:
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


STEPS = 2
"""The new group alone; and with requests."""
DRAIN = timedelta(minutes=5)
"""How long the old group lives on where it has a balancer and nobody says: what balancers take to drain by default."""


@dataclass(frozen=True, slots=True)
class Make:
    """Have the new group, with this size and without requests."""

    size: int


@dataclass(frozen=True, slots=True)
class Join:
    """Have requests sent to the new group too."""

    size: int


@dataclass(frozen=True, slots=True)
class Switch:
    """Have the new group alone be sent requests, and sized; the old one keeps its size."""

    size: int


@dataclass(frozen=True, slots=True)
class End:
    """Have the old group end."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Have the old group as it was, and the new one end."""


Step = Make | Join | Switch | End | Restore | Turn | Look | Rest


def next_step(group: ScalingGroup, spec: Rollout, run: Run, pair: Pair, now: datetime) -> Step:
    """What to do for a blue-green run; pure."""
    size = pair.old.desired if pair.old is not None else 0
    match run.phase:
        case Phase.MOVING:
            return _move_on(spec, run, pair, size, now)
        case Phase.BAKING:
            if late := overdue(spec, run, now):
                return failed(spec, run, late, now)
            return Look(last=now - run.since >= bake_of_pair(spec, run))
        case Phase.ENDING:
            left = run.since + lives_on(group, spec) - now
            return Rest(f"the old group ends in {format_duration(left)}") if left > timedelta(0) else End()
        case Phase.REVERTING:
            return Restore()
        case _:
            return Rest(run.why or f"it is {run.phase}")


def lives_on(group: ScalingGroup, spec: Rollout) -> timedelta:
    """How long the old group lives on without requests."""
    if spec.end_after is not None:
        return spec.end_after
    drains = [balancer.drain or DRAIN for balancer in group.load_balancers]
    return max(drains, default=timedelta(0))


def _move_on(spec: Rollout, run: Run, pair: Pair, size: int, now: datetime) -> Step:
    if pair.old is None:
        return failed(spec, run, "the old group is gone", now)
    is_there = pair.new is not None and pair.new.desired >= size
    if is_there and pair.ready >= size and (run.step == 0 or run.why == JOINED):
        return Turn(run.turned(Phase.BAKING, now))
    if late := _too_slow(spec, run, pair, size, now):
        return failed(spec, run, late, now)
    if run.step > 0:
        return Join(size)
    return Rest("the new group starts") if is_there else Make(size)


JOINED = "the new group is in the balancer"
"""What the mark of a run says once the new group is, so that what balancers say of its instances counts."""


def judged(spec: Rollout, run: Run, pair: Pair, verdicts: Sequence[Verdict], now: datetime, *, last: bool) -> Step:
    """What to do after the gates were asked."""
    bake = bake_of_pair(spec, run)
    if (held_up := held_up_by(spec, run, verdicts, now, bake=bake, last=last)) is not None:
        return held_up
    size = pair.old.desired if pair.old is not None else 0
    return Turn(run.turned(Phase.MOVING, now, step=1)) if run.step == 0 else Switch(size)


def bake_of_pair(spec: Rollout, run: Run) -> timedelta:
    """How long the gates have to hold: not at all while the new group is sent no requests."""
    return spec.bake if run.step and spec.bake else timedelta(0)


def _too_slow(spec: Rollout, run: Run, pair: Pair, goal: int, now: datetime) -> str:
    if late := overdue(spec, run, now):
        return late
    if now - run.since > spec.batch_timeout:
        return f"after {format_duration(spec.batch_timeout)}, {pair.ready} of {goal} new instances are ready"
    return ""
