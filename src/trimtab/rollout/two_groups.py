"""The steps of a blue-green run: a second native group comes, and the first one goes."""

from dataclasses import dataclass, field, replace

from trimtab.clock import Clock
from trimtab.models import Fleet, Rollout, ScalingGroup
from trimtab.providers.roles import Provider
from trimtab.providers.rolling import Progress, RolloutActions
from trimtab.providers.run import RolloutPhase, RolloutRun
from trimtab.rollout.blue_green import BlueGreen
from trimtab.rollout.deciding import AskGates, GateVerdict, Rest, Turn, failed, limits_of
from trimtab.rollout.gates import Gates, Situation
from trimtab.rollout.in_place import MOST_TURNS, remember
from trimtab.rollout.pair import (
    JOINED,
    OUT,
    End,
    GroupPair,
    Join,
    Make,
    PairStep,
    Restore,
    Shift,
    Switch,
    judged,
    next_step,
    waited,
)
from trimtab.rollout.results import GroupRollout, RolloutOutcome
from trimtab.rollout.standing import broken_gate, needs_addresses, place_of, spec_of, standing_of_two


@dataclass
class TwoGroups:
    """
    Takes runs further.

    Args:
        provider: The vendor's code.
        rollouts: Its part of rollouts.
        fleet: As it is for this provider.
        clock: Tells the time.
        gates: Asks gates.
        groups: Makes, joins, separates and ends native groups.
    """

    provider: Provider
    rollouts: RolloutActions
    fleet: Fleet
    clock: Clock
    gates: Gates
    groups: BlueGreen
    _open: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def standing(
        self,
        group: ScalingGroup,
        result: GroupRollout,
        progress: Progress,
        run: RolloutRun,
        pair: GroupPair | None = None,
    ) -> GroupRollout:
        """How a run stands."""
        pair = pair or self._pair(group, progress, run)
        return standing_of_two(group, result, pair, run, self._open.get(group.name, ()))

    def step(self, group: ScalingGroup, result: GroupRollout, progress: Progress, run: RolloutRun) -> GroupRollout:
        """Take a run as far as it goes in one look; what is read of the two groups stands for all of it."""
        spec, text = spec_of(group), ""
        pair = self._pair(group, progress, run)
        for _ in range(MOST_TURNS):
            step = self._next(group, spec, pair, run)
            result = self.standing(group, result, progress, run, pair)
            match step:
                case Turn():
                    run = self._marked(group, progress, step.run)
                    if not run.is_active:
                        return self.standing(group, result, progress, run, pair)
                    continue
                case Make():
                    self.groups.make(group, run, step.size)
                case Join():
                    self.groups.join(group, run, step.size, step.percent, pair.old)
                    self._marked(group, progress, replace(run, why=JOINED))
                case Shift():
                    now = self.clock.now()
                    if text := self.groups.shift(group, run, step.percent):
                        late = waited(spec, run, text, now)
                        if late is None:
                            break
                        run = self._marked(group, progress, late.run)
                    else:
                        run = self._marked(group, progress, run.turned(RolloutPhase.BAKING, now))
                    if not run.is_active:
                        return self.standing(group, result, progress, run, pair)
                    continue
                case Switch():
                    run = self._marked(group, progress, replace(run, held=(*(set(run.held) - {OUT}), OUT)))
                    self.groups.switch(group, run, step.size, pair.old)
                    run = self._marked(group, progress, run.turned(RolloutPhase.ENDING, self.clock.now()))
                    continue
                case End():
                    self.groups.end(group, run, run.old)
                    return replace(result, outcome=RolloutOutcome.DONE, text="")
                case Restore():
                    if text := self._restored(group, spec, progress, run, pair):
                        return replace(result, text=text)
                    self.groups.end(group, run, run.new)
                    remember(self.rollouts, progress, run, self.clock.now())
                    self.rollouts.clear(*place_of(progress))
                    return replace(result, outcome=RolloutOutcome.ROLLED_BACK, text=run.why)
                case Rest():
                    text = step.text
            break
        return replace(result, text=text, gates=self._open.get(group.name, ()))

    def _restored(
        self, group: ScalingGroup, spec: Rollout, progress: Progress, run: RolloutRun, pair: GroupPair
    ) -> str:
        """Bring the old group back; what is waited for before it alone is sent requests."""
        self.groups.restore(group, run, pair.old, pair.new)
        asks = needs_addresses(group)
        (again,) = self.rollouts.read([place_of(progress)], addresses=asks) or (progress,)
        if text := GroupPair(again.state, pair.new).waits(spec, run, self.clock.now()):
            return text
        return self.groups.shift(group, run, 0)

    def _pair(self, group: ScalingGroup, progress: Progress, run: RolloutRun) -> GroupPair:
        """The two as they stand; the one that bears the mark is the old one."""
        place = progress.state.location, run.new
        states = self.provider.live.read_states([place], balancers=True, addresses=needs_addresses(group))
        return GroupPair(progress.state, next(iter(states), None))

    def _next(self, group: ScalingGroup, spec: Rollout, pair: GroupPair, run: RolloutRun) -> PairStep:
        now = self.clock.now()
        step = next_step(group, spec, run, pair, now)
        about = self._about(group, spec, pair, run)
        if isinstance(step, AskGates):
            verdicts: list[GateVerdict] = self.gates.ask(spec, about, last=step.last) if about else []
            self._open[group.name] = tuple(str(verdict) for verdict in verdicts if not verdict.holds)
            return judged(spec, run, pair, verdicts, now, last=step.last)
        if run.phase is RolloutPhase.MOVING and about and (verdict := broken_gate(self.gates.alarms(spec, about))):
            return failed(spec, run, str(verdict), now)
        return step

    def _about(self, group: ScalingGroup, spec: Rollout, pair: GroupPair, run: RolloutRun) -> Situation | None:
        both = pair.progress(run)
        if both is None:
            return None
        return Situation(self.fleet, group, run, both, limits_of(spec, both), self.clock.now())

    def _marked(self, group: ScalingGroup, progress: Progress, run: RolloutRun) -> RolloutRun:
        self.rollouts.mark(*place_of(progress), run)
        self._open.pop(group.name, None)
        return run
