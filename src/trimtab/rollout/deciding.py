"""What a rollout does next: decided from its mark and the group as it stands; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from trimtab.models import Rollout
from trimtab.models.base import format_duration
from trimtab.providers.base import InstanceState
from trimtab.providers.rolling import Limits, Progress, is_ready
from trimtab.providers.run import RolloutPhase, RolloutRun


@dataclass(frozen=True, slots=True)
class Advance:
    """Have `goal` instances get the new template."""

    goal: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Retreat:
    """Have every instance get the old template again."""

    limits: Limits


@dataclass(frozen=True, slots=True)
class AskGates:
    """Ask the gates; with `last`, also those that are asked once, before it goes on."""

    last: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """Write the mark of the run in its next phase."""

    run: RolloutRun


@dataclass(frozen=True, slots=True)
class Finish:
    """The new template is the group's."""


@dataclass(frozen=True, slots=True)
class Unwind:
    """No instance has the new template any more: it goes, and the old one is the group's."""


@dataclass(frozen=True, slots=True)
class Rest:
    """
    Wait until the next look.

    Attributes:
        text: What is waited for.
    """

    text: str


Move = Advance | Retreat | AskGates | Turn | Finish | Unwind | Rest


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """
    What a gate says.

    Attributes:
        gate: Which gate, for people.
        holds: Whether it holds; `None` while it cannot be told.
        text: Why not.
        is_final: Whether not holding is a failure at once, and not only once it has lasted.
    """

    gate: str
    holds: bool | None
    text: str = ""
    is_final: bool = False

    def __str__(self) -> str:
        word = {True: "holds", False: "does not hold", None: "cannot be told"}[self.holds]
        return f"gate {self.gate} {word}{': ' if self.text else ''}{self.text}"


def limits_of(spec: Rollout, progress: Progress) -> Limits:
    """How far a rollout of this group may go at once: shares of the wanted size, rounded to the careful side."""
    size = progress.state.desired
    surge = _share(spec.max_surge, size, up=True) or 0
    unavailable = _share(spec.max_unavailable, size, up=False)
    if unavailable is None:
        unavailable = 0 if surge else 1
    elif not unavailable and not surge:
        unavailable = 1  # so few instances that the per cents come to none: one at a time
    return Limits(
        unavailable=unavailable,
        surge=surge,
        healthy=min(_share(spec.min_healthy, size, up=True) or 0, size),
        replaces_protected=spec.protected_instances == "replace",
        replaces_standby=spec.standby_instances == "replace",
        skips_matching=spec.skip_matching,
    )


def _share(share: int | str | None, size: int, *, up: bool) -> int | None:
    if not isinstance(share, str):
        return share
    exact = int(share.rstrip("%")) * size / 100
    return ceil(exact) if up else int(exact)


def goals(spec: Rollout, progress: Progress, limits: Limits) -> list[int]:
    """How many instances have the new template at each checkpoint, and at the end."""
    total = progress.total(limits)
    return [*(ceil(step.percent * total / 100) for step in spec.steps), total]


def bake_of(spec: Rollout, step: int) -> timedelta:
    """How long the gates have to hold at a checkpoint."""
    bake = spec.steps[step].bake if step < len(spec.steps) else spec.bake
    return bake or timedelta(0)


def next_move(spec: Rollout, run: RolloutRun, progress: Progress, now: datetime) -> Move:
    """What to do for a run in place."""
    limits = limits_of(spec, progress)
    match run.phase:
        case RolloutPhase.MOVING:
            return _move_on(spec, run, progress, limits, now)
        case RolloutPhase.BAKING:
            if late := overdue(spec, run, now):
                return failed(spec, run, late, now)
            if run.step >= len(spec.steps) and progress.of(fresh=False, limits=limits):
                return Turn(run.turned(RolloutPhase.MOVING, now))  # somebody added instances with the old template
            return AskGates(last=now - run.since >= bake_of(spec, run.step))
        case RolloutPhase.REVERTING:
            return _go_back(progress, limits)
        case _:
            return Rest(run.why or f"it is {run.phase}")


def _move_on(spec: Rollout, run: RolloutRun, progress: Progress, limits: Limits, now: datetime) -> Move:
    if progress.trouble:
        return failed(spec, run, progress.trouble, now)
    all_goals = goals(spec, progress, limits)
    goal = all_goals[min(run.step, len(all_goals) - 1)]
    fresh = progress.of(fresh=True, limits=limits)
    ready = sum(is_ready(instance) for instance in fresh)
    is_last = run.step >= len(spec.steps)
    old_left = len(progress.of(fresh=False, limits=limits)) if is_last else 0
    if ready >= goal and not old_left and not progress.busy:
        return Turn(run.turned(RolloutPhase.BAKING, now))
    if late := overdue(spec, run, now):
        return failed(spec, run, f"{late}; {ready} of {goal} instances are ready with the new template", now)
    if now - run.since > spec.batch_timeout:
        limit = format_duration(spec.batch_timeout)
        text = f"after {limit}, {ready} of {goal} instances are ready with the new template"
        if not limits.surge and limits.healthy >= progress.state.desired > 0:
            text += "; `min_healthy` lets none be replaced: lower it, or allow `max_surge: 1`"
        return failed(spec, run, text, now)
    return Advance(goal, limits)


def overdue(spec: Rollout, run: RolloutRun, now: datetime) -> str:
    """Why the whole rollout has taken too long; empty while it has not."""
    if spec.deadline is None or now - run.began <= spec.deadline:
        return ""
    return f"the deadline of {format_duration(spec.deadline)} has passed"


def _go_back(progress: Progress, limits: Limits) -> Move:
    staying = [each for each in progress.state.instances if each.state is not InstanceState.TERMINATING]
    if any(instance.id in progress.fresh for instance in staying) or progress.busy:
        return Retreat(limits)
    working = sum(each.state is not InstanceState.STANDBY for each in staying)
    if sum(is_ready(instance) for instance in staying) < min(progress.state.desired, working):
        return Retreat(limits)
    return Unwind()


def judged(spec: Rollout, run: RolloutRun, verdicts: Sequence[GateVerdict], now: datetime, *, last: bool) -> Move:
    """What to do after the gates of a checkpoint were asked."""
    if (held_up := held_up_by(spec, run, verdicts, now, bake=bake_of(spec, run.step), last=last)) is not None:
        return held_up
    if run.step < len(spec.steps):
        return Turn(run.turned(RolloutPhase.MOVING, now, step=run.step + 1))
    return Finish()


def held_up_by(
    spec: Rollout, run: RolloutRun, verdicts: Sequence[GateVerdict], now: datetime, *, bake: timedelta, last: bool
) -> Turn | Rest | None:
    """
    What gates and a bake keep a run to: a failure, or a wait; `None` where it goes on.

    Args:
        spec: How the group is rolled out.
        run: The run, in its bake.
        verdicts: What the gates said.
        now: When.
        bake: How long they have to hold; those that need time are given `batch_timeout` more.
        last: Whether the bake is over, and gates that are asked once were asked too.
    """
    for verdict in verdicts:
        if verdict.holds is False and verdict.is_final:
            return failed(spec, run, str(verdict), now)
    open_gates = [verdict for verdict in verdicts if verdict.holds is not True]
    if open_gates and now - run.since > bake + spec.batch_timeout:
        return failed(spec, run, f"{open_gates[0]}, after {format_duration(spec.batch_timeout)}", now)
    if open_gates:
        return Rest(str(open_gates[0]))
    return None if last else Rest("the gates hold")


def failed(spec: Rollout, run: RolloutRun, why: str, now: datetime) -> Turn:
    """The run as a failure leaves it."""
    phase = {"rollback": RolloutPhase.REVERTING, "pause": RolloutPhase.PAUSED, "stop": RolloutPhase.STOPPED}[
        spec.on_failure
    ]
    if phase is RolloutPhase.REVERTING and run.old == run.new:
        phase, why = RolloutPhase.STOPPED, f"{why}; the group has no other template to go back to"
    return Turn(run.turned(phase, now, why=why))
