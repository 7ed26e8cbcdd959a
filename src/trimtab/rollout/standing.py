"""How the rollout of a group stands, as people are told; pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trimtab.models import Rollout, ScalingGroup
from trimtab.providers.pause import BACK_TAG
from trimtab.providers.rolling import Progress, is_ready
from trimtab.providers.run import RolledBack, RolloutPhase, RolloutRun
from trimtab.rollout.deciding import GateVerdict, bake_of, goals, limits_of
from trimtab.rollout.pair import STEPS, GroupPair, bake_of_pair, lives_on
from trimtab.rollout.results import GroupRollout, RolloutOutcome

UNATTENDED = timedelta(minutes=12)
"""After so long without a note nobody is said to drive a run: two notes were missed, and a gate may take long."""
NEVER_DRIVEN = timedelta(minutes=1)
"""The same of a run that nobody has driven yet."""
_OUTCOMES = {RolloutPhase.PAUSED: RolloutOutcome.PAUSED, RolloutPhase.STOPPED: RolloutOutcome.STOPPED}


def spec_of(group: ScalingGroup) -> Rollout:
    """How a group is rolled out; by the defaults where its file does not say."""
    return group.rollout or Rollout()


def needs_addresses(group: ScalingGroup) -> bool:
    """Whether a gate asks instances themselves, or hands their addresses on."""
    return any(gate.type in ("http", "command") for gate in spec_of(group).gates)


def place_of(progress: Progress) -> tuple[str, str]:
    """Where a group is: location and native name."""
    return progress.state.location, progress.state.name


def rolled_back(progress: Progress | None, template: str) -> RolledBack | None:
    """The note of a template that was rolled back in this group, where it is this one."""
    back = RolledBack.parse(progress.notes.get(BACK_TAG, "")) if progress is not None else None
    return back if back is not None and template and back.template == template else None


def superseded(result: GroupRollout, template: str) -> GroupRollout:
    """The same with what is to be said where the file has another template than its run brings."""
    text = result.run.other_than(template) if result.run is not None else ""
    return replace(result, superseded=True, text="; ".join(filter(None, (result.text, text)))) if text else result


def remarked(result: GroupRollout, progress: Progress | None, template: str, now: datetime) -> GroupRollout:
    """The same with what is to be said of it to somebody who asks how it stands."""
    if result.outcome is RolloutOutcome.WAITING and (back := rolled_back(progress, template)) is not None:
        return replace(result, rolled_back=back, text=f"{back}; {back.fix}")
    result = superseded(result, template)
    run = result.run
    if run is None or not run.is_active:
        return result
    limit = UNATTENDED if result.driven is not None else NEVER_DRIVEN
    if now - max(result.driven or run.since, run.since) < limit:
        return result
    text = f"no process drives it; `trimtab rollout resume {result.group}` takes it over"
    return replace(result, unattended=True, text="; ".join(filter(None, (result.text, text))))


def broken_gate(verdicts: Sequence[GateVerdict]) -> GateVerdict | None:
    """The first gate that does not hold."""
    return next((verdict for verdict in verdicts if verdict.holds is False), None)


def standing_in_place(
    group: ScalingGroup, result: GroupRollout, progress: Progress, run: RolloutRun, gates: Sequence[str]
) -> GroupRollout:
    """A run that replaces the group's own instances."""
    spec = spec_of(group)
    limits = limits_of(spec, progress)
    all_goals = goals(spec, progress, limits)
    return result.standing(
        outcome=_OUTCOMES.get(run.phase, RolloutOutcome.RUNNING),
        run=run,
        ready=sum(is_ready(each) for each in progress.of(fresh=True, limits=limits)),
        goal=all_goals[min(run.step, len(all_goals) - 1)],
        total=all_goals[-1],
        until=_until(spec, run, bake_of(spec, run.step)),
        gates=tuple(gates) if run.phase is RolloutPhase.BAKING else (),
    )


def standing_of_two(
    group: ScalingGroup, result: GroupRollout, pair: GroupPair, run: RolloutRun, gates: Sequence[str]
) -> GroupRollout:
    """A run with two native groups."""
    spec = spec_of(group)
    size = pair.old.desired if pair.old is not None else 0
    return result.standing(
        outcome=_OUTCOMES.get(run.phase, RolloutOutcome.RUNNING),
        run=run,
        steps=STEPS + len(spec.checkpoints),
        ready=pair.ready,
        goal=size,
        total=size,
        until=_until(spec, run, bake_of_pair(spec, run), lives_on(group, spec)),
        gates=tuple(gates) if run.phase is RolloutPhase.BAKING else (),
    )


def _until(spec: Rollout, run: RolloutRun, bake: timedelta, ending: timedelta = timedelta(0)) -> datetime | None:
    lasting = {RolloutPhase.BAKING: bake, RolloutPhase.ENDING: ending, RolloutPhase.MOVING: spec.batch_timeout}.get(
        run.phase
    )
    return None if lasting is None else run.since + lasting
