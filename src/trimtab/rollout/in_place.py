"""The steps of a run that replaces the group's own instances."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from trimtab.clock import Clock
from trimtab.models import Fleet, Rollout, ScalingGroup
from trimtab.providers.pause import BACK_TAG
from trimtab.providers.rolling import Progress, RolloutActions
from trimtab.providers.run import RolledBack, RolloutPhase, RolloutRun
from trimtab.rollout.deciding import (
    Advance,
    AskGates,
    Finish,
    Move,
    Rest,
    Retreat,
    Turn,
    Unwind,
    failed,
    judged,
    limits_of,
    next_move,
)
from trimtab.rollout.gates import Gates, Situation
from trimtab.rollout.results import GroupRollout, RolloutOutcome
from trimtab.rollout.standing import broken_gate, place_of, spec_of, standing_in_place

MOST_TURNS = 8
"""So many phases a group may pass in one look, such as gates that hold at once."""


def remember(rollouts: RolloutActions, progress: Progress, run: RolloutRun, now: datetime) -> None:
    """Note on a group that a template is taken back, once; a run to an older template, as by `undo`, brings none."""
    known = RolledBack.parse(progress.notes.get(BACK_TAG, ""))
    if run.template and (known is None or known.run != run.id):
        back = RolledBack(template=run.template, run=run.id, at=now, why=run.why)
        rollouts.note(*place_of(progress), BACK_TAG, back.line())


@dataclass
class InPlace:
    """
    Takes runs further.

    Args:
        rollouts: The provider's part.
        fleet: As it is for this provider.
        clock: Tells the time.
        gates: Asks gates.
    """

    rollouts: RolloutActions
    fleet: Fleet
    clock: Clock
    gates: Gates
    _open: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def standing(self, group: ScalingGroup, result: GroupRollout, progress: Progress, run: RolloutRun) -> GroupRollout:
        """How a run stands."""
        return standing_in_place(group, result, progress, run, self._open.get(group.name, ()))

    def step(self, group: ScalingGroup, result: GroupRollout, progress: Progress, run: RolloutRun) -> GroupRollout:
        """Take a run as far as it goes in one look."""
        spec, place = spec_of(group), place_of(progress)
        result = self.standing(group, result, progress, run)
        for _ in range(MOST_TURNS):
            move = self._next(group, spec, progress, run)
            match move:
                case Turn():
                    run = self._turned(place, group, move.run)
                    progress = replace(progress, run=run)
                    result = self.standing(group, result, progress, run)
                    if not run.is_active:
                        return result
                    continue
                case Finish():
                    if run.template and BACK_TAG in progress.notes:
                        self.rollouts.note(*place, BACK_TAG, "")
                    self.rollouts.finish(*place, run, spec.keep)
                    return replace(result, outcome=RolloutOutcome.DONE, text="")
                case Unwind():
                    remember(self.rollouts, progress, run, self.clock.now())
                    self.rollouts.unwind(*place, run, spec.keep)
                    return replace(result, outcome=RolloutOutcome.ROLLED_BACK, text=run.why)
                case Advance():
                    self.rollouts.advance(*place, run, move.goal, move.limits)
                case Retreat():
                    self.rollouts.retreat(*place, run, move.limits)
                case Rest() | AskGates():
                    pass
            text = move.text if isinstance(move, Rest) else ""
            return replace(result, text=text, gates=self._open.get(group.name, ()))
        return result

    def _turned(self, place: tuple[str, str], group: ScalingGroup, run: RolloutRun) -> RolloutRun:
        if not run.is_active:
            self.rollouts.hold(*place, run)
        self.rollouts.mark(*place, run)
        self._open.pop(group.name, None)
        return run

    def _next(self, group: ScalingGroup, spec: Rollout, progress: Progress, run: RolloutRun) -> Move:
        """What to do next, gates asked where it hangs on them."""
        now = self.clock.now()
        about = Situation(self.fleet, group, run, progress, limits_of(spec, progress), now)
        if run.phase is RolloutPhase.MOVING and (verdict := broken_gate(self.gates.alarms(spec, about))) is not None:
            return failed(spec, run, str(verdict), now)
        move = next_move(spec, run, progress, now)
        if not isinstance(move, AskGates):
            return move
        verdicts = self.gates.ask(spec, about, last=move.last)
        self._open[group.name] = tuple(str(verdict) for verdict in verdicts if not verdict.holds)
        return judged(spec, run, verdicts, now, last=move.last)
