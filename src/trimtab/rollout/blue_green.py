"""Blue-green rollouts: a second native group of a group, in the balancer once its gates hold, then alone."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from trimtab.clock import Clock
from trimtab.errors import InvalidRequest, PlanRefused, ProviderError, Unreachable, Unsupported
from trimtab.models import Capacity, Fleet, LoadBalancer, ScalingGroup
from trimtab.phrases import in_words
from trimtab.plan import MAIN, NAMED, Key, Live, Plan, Resource, digest, make_plan
from trimtab.plan.holding import hold_templates
from trimtab.plan.naming import named_by, with_role
from trimtab.providers.base import GroupState
from trimtab.providers.pause import Pause
from trimtab.providers.roles import GroupActor, Provider
from trimtab.providers.rolling import RolloutActions, Shares
from trimtab.providers.run import RolloutRun
from trimtab.rollout.pair import OUT

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
    rollouts: RolloutActions
    fleet: Fleet
    clock: Clock
    carry_out: CarryOut

    # what becomes of the two groups

    def make(self, group: ScalingGroup, run: RolloutRun, size: int) -> None:
        """The new group with this size, without requests, policies, alarms and schedules."""
        self._apply(_bare(group, run.new, size, balancers=False), run, GREEN)

    def join(self, group: ScalingGroup, run: RolloutRun, size: int, percent: int, old: GroupState | None) -> None:
        """The new group in the balancers beside the old one, whose policies and schedules rest from now on."""
        if _wanted_pause(old) is None:  # they rest already, and whoever wants that is named
            self._pause(group, run.old, Pause.of_rollout(run.id))
        self.shift(group, run, percent, joins=True)
        self._apply(_bare(with_pools(group, run, swapped=True), run.new, size, balancers=True), run, GREEN)

    def shift(self, group: ScalingGroup, run: RolloutRun, percent: int, *, joins: bool = False) -> str:
        """
        Send the new group this share of the requests, where balancers have weights that the run moves.

        Args:
            group: As the file has it.
            run: The run.
            percent: The share.
            joins: Whether the new group is about to join them.

        Returns:
            What is waited for before; empty once it is so.
        """
        balancers = shared(group, run)
        if not balancers:
            return ""
        return self.rollouts.shift(
            Shares(
                location=group.location or self.provider.location,
                old=run.old,
                new=run.new,
                balancers=balancers,
                percent=percent,
                joins=joins,
            )
        )

    def switch(self, group: ScalingGroup, run: RolloutRun, size: int, old: GroupState | None) -> None:
        """
        Policies, alarms, schedules and bounds are the new group's; the old one keeps its size, and no requests.

        A pause and a boost that somebody wants of the group are the new one's too.
        """
        self._apply(_called(with_pools(group, run, swapped=True), run.new), run, MAIN)
        self._carry(group, run.new, old)
        self._apply(_bare(group, run.old, size, balancers=False), run, OLD)

    def end(self, group: ScalingGroup, run: RolloutRun, native: str) -> None:
        """One of the two ends, with all that is its own."""
        self._apply(_called(group, native), run, OLD, ends=True)

    def restore(self, group: ScalingGroup, run: RolloutRun, old: GroupState | None, new: GroupState | None) -> None:
        """
        The old group is as it was: in the balancer, with policies, alarms and schedules; the new one has none.

        A pause and a boost are as somebody wanted them last, of the new one where it had all that.
        """
        switched = OUT in run.held and new is not None
        self._apply(_called(with_pools(group, run), run.old), run, MAIN)
        if old is not None and old.paused is not None and old.paused.is_of_a_rollout:
            self._on(group, run.old).resume()
        self._carry(group, run.old, new if switched else old)

    def pools_of(self, group: ScalingGroup, native: str) -> tuple[str, ...]:
        """
        What the mark of a run keeps of the pools that a group is in, and of whether it shifts requests between them.

        Raises:
            PlanRefused: They cannot share requests.
            Unreachable: Which those are could not be read.
        """
        shifts = (SHARED,) if group.rollout is not None and group.rollout.checkpoints else ()
        if not any(balancer.alternate for balancer in group.load_balancers):
            return shifts
        one = self.fleet.model_copy(update={"groups": (_called(group, native),)})
        live = self.provider.resources.read(one)
        chosen = self.provider.resources.choose_pools(one, live)
        if unknown := (*live.unknown, *chosen.unknown):
            raise Unreachable(f"{unknown[0]}", provider=self.provider.name, operation="rollout")
        if chosen.problems:
            raise PlanRefused(in_words([str(problem) for problem in chosen.problems], "; "))
        words = (_short(each.word) for each in chosen.fleet.groups[0].load_balancers if each.alternate)
        return (*shifts, *words)

    # how

    def _apply(self, variant: ScalingGroup, run: RolloutRun, role: str, *, ends: bool = False) -> None:
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

    def _following(self, holder: Key, run: RolloutRun) -> Sequence[str]:
        """The instances that are to follow their group into and out of balancers: of the old one the current ones."""
        states = self.provider.live.read_states([(holder.location, holder.name)])
        instances = [each for state in states for each in state.instances]
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

    def _on(self, group: ScalingGroup, native: str) -> GroupActor:
        return self.provider.actions.on(group.location or self.provider.location, native)

    def _pause(self, group: ScalingGroup, native: str, pause: Pause) -> None:
        with suppress(Unsupported):  # nothing sizes it
            self._on(group, native).pause(pause)

    def _carry(self, group: ScalingGroup, native: str, state: GroupState | None) -> None:
        """Have one of the two paused and boosted as somebody wanted it of the group."""
        if state is not None and state.boost is not None and not state.boost.is_over(self.clock.now()):
            self._on(group, native).boost(replace(state.boost, held=None))
        if pause := _wanted_pause(state):
            self._pause(group, native, pause)


def _wanted_pause(state: GroupState | None) -> Pause | None:
    """The pause of a group, if it is not that of a rollout."""
    pause = state.paused if state is not None else None
    return None if pause is None or pause.is_of_a_rollout else replace(pause, held=None)


SHARED = "shared"
"""What the mark of a run keeps that had checkpoints when it began: it shifts the requests to every balancer."""


def with_pools(group: ScalingGroup, run: RolloutRun, *, swapped: bool = False) -> ScalingGroup:
    """
    The group with the pools of the old native group first, as the run began; of one without any then, the only ones.

    Args:
        group: As the file has it.
        run: Keeps which pools those are.
        swapped: Whether those of the new native group come first instead.

    Raises:
        InvalidRequest: The file has other pools than those that the run began with.
    """
    began = set(run.held) - {OUT, SHARED}
    found = set[str]()

    def settled(balancer: LoadBalancer) -> LoadBalancer:
        if balancer.alternate is None:
            return balancer
        own = [each for each in (balancer, balancer.swapped()) if _short(each.word) in began]
        if not own:
            return balancer.model_copy(update={"alternate": None})
        found.add(_short(own[0].word))
        return own[0].swapped() if swapped else own[0]

    balancers = tuple(map(settled, group.load_balancers))
    if found != began:
        text = f"{run} began with other pools in `load_balancers` of {group.name!r} than the file has now"
        raise InvalidRequest(f"{text}; put them back until it is over", operation="rollout")
    return group.model_copy(update={"load_balancers": balancers})


def shared(group: ScalingGroup, run: RolloutRun) -> list[LoadBalancer]:
    """The balancers whose weights a run moves: those with two pools; with checkpoints all."""
    every = with_pools(group, run).load_balancers
    pools = [balancer for balancer in every if balancer.haproxy is None]
    return [balancer for balancer in pools if balancer.alternate or SHARED in run.held]


def checked_mark(run: RolloutRun) -> RolloutRun:
    """
    The run as it was, once it is sure that its mark takes all of it.

    Raises:
        InvalidRequest: It is too long.
    """
    if (read := RolloutRun.parse(run.line())) is None or read.held != run.held:
        text = "the names of the native groups and the number of alternate pools are too long for the mark of a run"
        raise InvalidRequest(f"{text}; shorten `native_name`, or give fewer `alternate`", operation="rollout")
    return run


def _short(word: str) -> str:
    return digest(word)[:8]


def _called(group: ScalingGroup, native: str) -> ScalingGroup:
    # what shares of the requests there are is decided step by step, and no part of one native group
    rollout = group.rollout.model_copy(update={"checkpoints": ()}) if group.rollout is not None else None
    return group.model_copy(update={"native_name": native, "rollout": rollout})


def _bare(group: ScalingGroup, native: str, size: int, *, balancers: bool) -> ScalingGroup:
    low, high = min(group.capacity.min, size), max(group.capacity.max, size)
    return _called(group, native).model_copy(
        update={
            "capacity": Capacity(min=low, max=high, desired=size),
            "policies": (),
            "alarms": (),
            "schedules": (),
            **({} if balancers else {"load_balancers": ()}),
        }
    )
