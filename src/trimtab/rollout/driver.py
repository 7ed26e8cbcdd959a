"""Drives rollouts: looks at each group, decides, and asks the provider for the next step; any process may go on."""

import os
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from trimtab.clock import Clock, check_cancelled
from trimtab.errors import (
    Conflict,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    PlanRefused,
    ProviderError,
    Throttled,
    TrimtabError,
    Unreachable,
    Unsupported,
)
from trimtab.events import Listener, RolloutMoved, silent
from trimtab.models import Fleet, ScalingGroup
from trimtab.phrases import in_words
from trimtab.plan import Change, Plan, Ref, Unknown, resolved, with_passwords
from trimtab.plan.changes import merged
from trimtab.plan.naming import green_name
from trimtab.providers.base import Write
from trimtab.providers.lookup import group_not_found, renamed
from trimtab.providers.moments import zulu
from trimtab.providers.patience import patience_of
from trimtab.providers.pause import BACK_TAG, DRIVEN_TAG
from trimtab.providers.roles import Provider
from trimtab.providers.rolling import NewTemplate, Progress, RolloutActions, no_version
from trimtab.providers.run import BLUE_GREEN, RolledBack, RolloutPhase, RolloutRun, driven_at
from trimtab.rollout.blue_green import BlueGreen, CarryOut, checked_mark
from trimtab.rollout.deciding import limits_of
from trimtab.rollout.gates import Gates, Situation
from trimtab.rollout.in_place import InPlace
from trimtab.rollout.results import GroupRollout, Rolled, RolloutOutcome
from trimtab.rollout.standing import needs_addresses, place_of, remarked, rolled_back, spec_of, superseded
from trimtab.rollout.two_groups import TwoGroups

LOOK = timedelta(seconds=15)
"""How long it waits between two looks at the fleet."""
NOTED_EVERY = timedelta(minutes=5)
"""How often it is noted on a group that its run is driven: one small write in twenty looks."""
MOST_FAILURES = 20
"""Looks in a row that may fail on the way to a group before its driver gives up."""
LONGEST_NAME = 40
ELSEWHERE = "another process has ended its run"
"""What is said of a group whose run was seen to be on, and then was gone."""


@dataclass
class RolloutDriver:
    """
    The rollouts of a fleet.

    Args:
        provider: The vendor's code.
        fleet: As it is for this provider.
        clock: Tells the time and waits.
        carry_out: Carries the changes of a plan out.
        listener: Called when a group moves.
        allow_commands: Whether `command` gates may run their programs.
        record: Keeps how a group stands, and when that was; nothing is kept when left out.
    """

    provider: Provider
    fleet: Fleet
    clock: Clock
    carry_out: CarryOut
    listener: Listener = silent
    allow_commands: bool = False
    record: Callable[[GroupRollout, datetime], None] = lambda result, now: None
    _failures: dict[str, int] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.provider.rollouts is None:
            raise Unsupported(f"{self.provider.name} has no rollouts in this version of its provider")
        self._rollouts: RolloutActions = self.provider.rollouts()
        self._gates = Gates(self._rollouts, self.allow_commands)
        self._in_place = InPlace(self._rollouts, self.fleet, self.clock, self._gates)
        groups = BlueGreen(self.provider, self._rollouts, self.fleet, self.clock, self.carry_out)
        self._two_groups = TwoGroups(self.provider, self._rollouts, self.fleet, self.clock, self._gates, groups)

    # what people ask

    def status(self, plan: Plan | None = None) -> tuple[GroupRollout, ...]:
        """How the rollout of each group stands; with a plan, also which groups wait for one."""
        waiting = {change.group for change in plan.waiting} if plan else set()
        templates = plan.templates if plan else {}
        results = []
        for group, progress in self._read(self.fleet.groups):
            standing = self._standing(group, progress, waiting)
            results.append(remarked(standing, progress, templates.get(group.name, ""), self.clock.now()))
        return tuple(results)

    def start(
        self, plan: Plan, groups: Collection[str] | None = None, *, by: str = "", again: bool = False
    ) -> tuple[GroupRollout, ...]:
        """
        Begin the rollout of each group whose template waits, or whose instances are on an older one.

        A group with a run goes on with that one.

        Args:
            plan: A new plan of the fleet.
            groups: Only these; all when left out.
            by: Who starts them.
            again: Whether a template that was rolled back is tried once more.

        Raises:
            PlanRefused: The plan has problems.
            InvalidArgument: The fleet has no such group, or it has no `rollout`.
        """
        if plan.is_refused:
            texts = [str(problem) for problem in merged(plan.problems)]
            raise PlanRefused(f"nothing is rolled out while the plan has problems: {in_words(texts, '; ')}")
        chosen = self._rolled(groups)
        results = []
        for group, progress in self._read(chosen):
            changes = [change for change in plan.waiting if change.group == group.name]
            try:
                template = plan.templates.get(group.name, "")
                if problem := "" if again else _went_back(progress, template, changes):
                    raise InvalidRequest(problem, provider=self.provider.name, operation="rollout")
                if unread := self._unread_part(plan, group, changes):
                    raise Unreachable(f"not started: {unread}", provider=self.provider.name, operation="rollout")
                results.append(self._start(group, progress, changes, by, template))
            except TrimtabError as error:  # one group that cannot be started holds up no other
                standing = self._standing(group, progress, [group.name])
                results.append(self._tell(replace(standing, outcome=RolloutOutcome.ERROR, text=str(error))))
        return tuple(results)

    def _unread_part(self, plan: Plan, group: ScalingGroup, changes: Sequence[Change]) -> Unknown | None:
        """What a plan could not read of a group, its template or what the group names, so that it lacks a change."""
        kinds, location = self.provider.kinds, group.location or self.provider.location
        beside = {name for name, kind in kinds.items() if not (kind.holds_instances or kind.is_template)}
        if changes and not any(kinds[change.key.kind].holds_instances for change in changes):
            beside = set()
        here = (each for each in plan.unknown if each.location in (location, "*"))
        return next((each for each in here if each.kind not in beside), None)

    def pause(self, group: str, *, by: str = "", why: str = "") -> GroupRollout:
        """Let a run stand still until somebody resumes it; the cloud's own mover is held too."""
        item, progress, run = self._running(group)
        if run.phase in (RolloutPhase.ENDING, RolloutPhase.REVERTING):
            what = "is over but for the old group" if run.phase is RolloutPhase.ENDING else "is on its way back"
            text = f"the rollout of {group!r} {what}; let that end"
            raise InvalidRequest(text, provider=self.provider.name, operation="pause")
        if run.in_place:
            self._rollouts.hold(*place_of(progress), run)
        text = why or f"paused by {_name(by)}"
        return self._write(item, progress, run.turned(RolloutPhase.PAUSED, self.clock.now(), why=text))

    def resume(self, group: str, *, template: str = "") -> GroupRollout:
        """
        Let a run that is paused or stopped go on, on the step that it was on.

        Args:
            group: The group.
            template: The digest of the template that the file has by now.
        """
        item, progress, run = self._running(group)
        if problem := self._command_problem(item):
            raise InvalidRequest(f"not resumed: {problem}", provider=self.provider.name, operation="resume")
        if run.is_active:
            return superseded(self._standing(item, progress, ()), template)
        return superseded(self._write(item, progress, run.turned(RolloutPhase.MOVING, self.clock.now())), template)

    def abort(self, group: str, *, by: str = "", why: str = "") -> GroupRollout:
        """Have a run go back to the old template, whatever its phase."""
        item, progress, run = self._running(group)
        if run.old == run.new:
            text = f"the rollout of {group!r} brings no other template; pause it instead"
            raise InvalidRequest(text, provider=self.provider.name, operation="abort")
        text = f"aborted by {_name(by)}{f': {why}' if why else ''}"
        return self._write(item, progress, run.turned(RolloutPhase.REVERTING, self.clock.now(), why=text))

    def undo(self, group: str, *, by: str = "", template: str = "") -> GroupRollout:
        """
        Abort a run that is on; without one, roll out the template before this one.

        Args:
            group: The group.
            by: Who does it.
            template: The digest of the template that the group has, to be known as one that was taken back; empty
                where nobody knows it.
        """
        item, progress = self._found(group)
        if progress.run is not None:
            return self.abort(group, by=by)
        if not progress.previous:
            raise no_version(progress.state.name, self.provider.name)
        older = NewTemplate(version=progress.previous[0], goes_back=spec_of(item).on_failure == "rollback")
        result = self._begin(item, progress, older, by)
        if template and result.run is not None:
            undone = RolledBack(template=template, run=result.run.id, at=result.run.began, why=f"undone by {_name(by)}")
            self._rollouts.note(*place_of(progress), BACK_TAG, undone.line())
        return result

    # driving

    def tick(self, groups: Collection[str] | None = None) -> tuple[GroupRollout, ...]:
        """One look at every group, and the next step of each run that is on; what fails stands in the result."""
        with patience_of(self.clock):
            try:
                found = self._read(self._chosen(groups))
            except (Throttled, Unreachable) as error:
                return tuple(self._unread(group, error) for group in self._chosen(groups))
            return tuple(self._driven(group, progress) for group, progress in found)

    def see_through(
        self,
        groups: Collection[str] | None = None,
        *,
        timeout: timedelta | None = None,
        on_look: Callable[[Sequence[GroupRollout]], None] = lambda results: None,
    ) -> Rolled:
        """
        Drive until nothing more happens by itself, or the time is over; the marks stay, and any process can go on.

        Args:
            groups: Only these; all when left out.
            timeout: How long at most.
            on_look: Is shown every group after each look.

        Raises:
            Cancelled: Nobody waits for it any more.
        """
        begin, known = self.clock.now(), dict[str, GroupRollout]()
        while True:
            check_cancelled()
            left = [group.name for group in self._chosen(groups) if not _is_settled(known.get(group.name))]
            for result in self.tick(left):
                earlier = known.get(result.group)
                if result.outcome is RolloutOutcome.NONE and earlier is not None and earlier.run is not None:
                    # its run has come to an end in another process, which alone has seen how
                    result = replace(result, run=earlier.run, text=ELSEWHERE)
                known[result.group] = result
            on_look(tuple(known.values()))
            over = timeout is not None and self.clock.now() - begin >= timeout
            if over or all(_is_settled(known.get(group.name)) for group in self._chosen(groups)):
                return Rolled(tuple(known[group.name] for group in self._chosen(groups) if group.name in known))
            self.clock.sleep(LOOK)

    def _driven(self, group: ScalingGroup, progress: Progress | None) -> GroupRollout:
        standing = self._bare(group, progress)
        try:
            standing = self._standing(group, progress, ())
            if progress is None or progress.run is None or not progress.run.is_active:
                return self._tell(standing)
            if progress.run.phase is not RolloutPhase.REVERTING and (problem := self._command_problem(group)):
                return self._tell(replace(standing, outcome=RolloutOutcome.ERROR, text=f"not gone on with: {problem}"))
            standing = self._noted(standing, progress)
            result = self._steps(progress.run).step(group, standing, progress, progress.run)
        except (Throttled, Unreachable, Conflict) as error:
            return self._tell(replace(standing, outcome=self._trouble(group), text=str(error)))
        except TrimtabError as error:
            return self._tell(replace(standing, outcome=RolloutOutcome.ERROR, text=str(error)))
        self._failures.pop(group.name, None)
        return self._tell(result)

    def _noted(self, standing: GroupRollout, progress: Progress) -> GroupRollout:
        """Note that somebody drives the run, where that was not noted of late; most looks write nothing for it."""
        now = self.clock.now()
        if standing.driven is not None and now - standing.driven < NOTED_EVERY:
            return standing
        self._rollouts.note(*place_of(progress), DRIVEN_TAG, zulu(now))
        return replace(standing, driven=now)

    def _trouble(self, group: ScalingGroup) -> RolloutOutcome:
        """How a group stands that could not be looked at, or not be taken further, once more."""
        self._failures[group.name] = self._failures.get(group.name, 0) + 1
        return RolloutOutcome.ERROR if self._failures[group.name] >= MOST_FAILURES else RolloutOutcome.RUNNING

    def _steps(self, run: RolloutRun) -> InPlace | TwoGroups:
        return self._in_place if run.in_place else self._two_groups

    # beginning

    def _start(
        self, group: ScalingGroup, progress: Progress | None, changes: Sequence[Change], by: str, template: str
    ) -> GroupRollout:
        standing = self._standing(group, progress, [group.name] if changes else [])
        if progress is None or progress.run is not None:
            return self._tell(superseded(standing, template)) if progress else standing
        outdated = progress.of(fresh=False, limits=limits_of(spec_of(group), progress))
        if not changes and not outdated:
            return standing
        about = Situation(
            self.fleet,
            group,
            self._run(group, by, template),
            progress,
            limits_of(spec_of(group), progress),
            self.clock.now(),
        )
        verdicts = self._gates.alarms(spec_of(group), about)
        if (verdict := next((each for each in verdicts if not each.holds), None)) is not None:
            return replace(standing, outcome=RolloutOutcome.ERROR, text=f"not started: {verdict}")
        if problem := self._command_problem(group):
            return replace(standing, outcome=RolloutOutcome.ERROR, text=f"not started: {problem}")
        if spec_of(group).strategy == BLUE_GREEN:
            return self._begin_pair(group, progress, about.run)
        goes_back = spec_of(group).on_failure == "rollback"
        write = NewTemplate(write=self._written(changes), goes_back=goes_back)
        return self._begin(group, progress, write, by, template)

    def _begin_pair(self, group: ScalingGroup, progress: Progress, run: RolloutRun) -> GroupRollout:
        declared = self.fleet.native_name(group)
        held = self._two_groups.groups.pools_of(group, progress.state.name)
        run = checked_mark(replace(run, old=progress.state.name, new=green_name(declared, run.id), held=held))
        self._rollouts.mark(*place_of(progress), run)
        _, again = self._found(group.name)
        if again.run is None or again.run.id != run.id:
            who = again.run or "somebody took its mark away"
            text = f"group {group.name!r}: another process began at the same time: {who}"
            raise Conflict(text, provider=self.provider.name, operation="rollout")
        return self._tell(self._standing(group, again, ()))

    def _command_problem(self, group: ScalingGroup) -> str:
        programs = [gate.run[0] for gate in spec_of(group).gates if gate.type == "command"]
        if self.allow_commands or not programs:
            return ""
        gates = "a `command` gate runs" if len(programs) == 1 else "`command` gates run"
        return f"{gates} {in_words(programs)}; allow that with allow_commands=True (--allow-commands)"

    def _written(self, changes: Sequence[Change]) -> Write | None:
        """Write what stands beside the group; the change of the group itself, its references resolved."""
        known = {}
        holder = None
        for change in changes:
            body = dict(change.live.attributes) if change.live else {}
            known.update({Ref(change.key, name): value for name, value in body.items()})
        for change in changes:
            if not self.provider.kinds[change.key.kind].is_template:
                holder = change
                continue
            body = resolved(change.wanted.body, known) if change.wanted else {}
            write = Write(change=change, body=with_passwords(body, os.environ))
            (outcome,) = self.provider.resources.write([write])
            if isinstance(outcome, ProviderError):
                raise outcome
            known.update({Ref(change.key, name): value for name, value in outcome.items()})
        if holder is None or holder.wanted is None:
            return None
        body = with_passwords(resolved(holder.wanted.body, known), os.environ)
        return Write(change=holder, body=body)

    def _begin(
        self, group: ScalingGroup, progress: Progress, new: NewTemplate, by: str, template: str = ""
    ) -> GroupRollout:
        run = self._run(group, by, template)
        if not run.in_place:  # an undo of what two groups cannot take back any more
            run = replace(run, strategy="rolling")
        run = self._rollouts.begin(*place_of(progress), run, new)
        fresh = progress.fresh if run.old == run.new else frozenset[str]()
        return self._tell(self._standing(group, replace(progress, run=run, fresh=fresh), ()))

    def _run(self, group: ScalingGroup, by: str, template: str) -> RolloutRun:
        now = self.clock.now().replace(microsecond=0)
        strategy = spec_of(group).strategy
        return RolloutRun(
            id=secrets.token_hex(3), strategy=strategy, since=now, began=now, by=_name(by), template=template
        )

    # reading

    def _chosen(self, groups: Collection[str] | None) -> list[ScalingGroup]:
        if isinstance(groups, str):  # not the list of its letters
            raise InvalidArgument(f"groups: give a list, such as [{groups!r}], not {groups!r}")
        names = [group.name for group in self.fleet.groups]
        if unknown := [name for name in groups or () if name not in names]:
            raise InvalidArgument(f"fleet {self.fleet.name!r} has no group {unknown[0]!r}; it has {in_words(names)}")
        return [group for group in self.fleet.groups if groups is None or group.name in groups]

    def _rolled(self, groups: Collection[str] | None) -> list[ScalingGroup]:
        """The groups that are meant and have a rollout: each that is named has to have one."""
        chosen = self._chosen(groups)
        rolled = [group for group in chosen if group.rollout is not None]
        without = [group.name for group in chosen if group.rollout is None]
        if without and (groups or not rolled):
            whose = f"group {without[0]!r} has" if groups else f"no group of fleet {self.fleet.name!r} has"
            text = "no `rollout`" if groups else "a `rollout`"
            raise InvalidArgument(f"{whose} {text}; add one, or use `trimtab apply`, which leaves running instances")
        return rolled

    def _read(self, groups: Iterable[ScalingGroup]) -> list[tuple[ScalingGroup, Progress | None]]:
        groups = list(groups)
        places = {
            group.name: (group.location or self.provider.location, self.fleet.native_name(group)) for group in groups
        }
        asks = any(needs_addresses(group) for group in groups)
        found = {
            (each.state.location, each.state.name): each
            for each in self._rollouts.read(places.values(), addresses=asks)
            if each.state.fleet == self.fleet.name
        }
        return [(group, found.get(places[group.name]) or self._renamed(group, asks)) for group in groups]

    def _renamed(self, group: ScalingGroup, addresses: bool) -> Progress | None:
        """A group that a rollout gave another native name; of two, the one that bears the mark of the run."""
        own = renamed(self.provider.live.candidates, self.fleet.name, group.name, self._location(group))
        if not own:
            return None
        place = next((each for each in own if each.rollout and each.rollout.successor != each.name), own[0])
        return next(iter(self._rollouts.read([(place.location, place.name)], addresses=addresses)), None)

    def _found(self, name: str) -> tuple[ScalingGroup, Progress]:
        ((group, progress),) = self._read(self._chosen([name]))
        if progress is None:
            raise group_not_found(name, self._location(group), self.provider.name)
        return group, progress

    def _running(self, name: str) -> tuple[ScalingGroup, Progress, RolloutRun]:
        group, progress = self._found(name)
        if progress.run is None:
            text = f"no rollout of {name!r} is on; start one with `trimtab rollout start`"
            raise NotFound(text, provider=self.provider.name, operation="rollout")
        return group, progress, progress.run

    def _location(self, group: ScalingGroup) -> str:
        return group.location or self.provider.location

    # writing and telling

    def _write(self, group: ScalingGroup, progress: Progress, run: RolloutRun) -> GroupRollout:
        self._rollouts.mark(*place_of(progress), run)
        return self._tell(self._standing(group, replace(progress, run=run), ()))

    def _standing(self, group: ScalingGroup, progress: Progress | None, waiting: Collection[str]) -> GroupRollout:
        result = self._bare(group, progress)
        if group.name in waiting:
            result = replace(result, outcome=RolloutOutcome.WAITING)
        if progress is None:
            return replace(result, text="the group is not there yet; apply makes it with the new template")
        if progress.run is None:
            return result
        return self._steps(progress.run).standing(group, result, progress, progress.run)

    def _bare(self, group: ScalingGroup, progress: Progress | None) -> GroupRollout:
        """A group without a run."""
        return GroupRollout(
            group=group.name,
            name=self.fleet.native_name(group) if progress is None else progress.state.name,
            location=self._location(group),
            outcome=RolloutOutcome.NONE,
            steps=len(spec_of(group).steps) + 1,
            driven=driven_at(progress.notes) if progress is not None and progress.run is not None else None,
        )

    def _unread(self, group: ScalingGroup, error: ProviderError) -> GroupRollout:
        return self._tell(replace(self._standing(group, None, ()), outcome=self._trouble(group), text=str(error)))

    def _tell(self, result: GroupRollout) -> GroupRollout:
        self.record(result, self.clock.now())
        text = str(result)
        is_news = result.outcome is not RolloutOutcome.NONE or result.text or result.group in self._told
        if is_news and self._told.get(result.group) != text:
            self._told[result.group] = text
            phase = result.run.phase.value if result.run else ""
            self.listener(RolloutMoved(result.group, result.outcome.value, phase, text))
        return result


def _is_settled(result: GroupRollout | None) -> bool:
    return result is not None and result.is_settled


def _went_back(progress: Progress | None, template: str, changes: Sequence[Change]) -> str:
    """Why a template is not brought once more; empty where it is another than the one that was rolled back."""
    back = rolled_back(progress, template)
    if back is None or progress is None or progress.run is not None or not changes:
        return ""
    return f"not started: {back}; {back.fix}"


def _name(by: str) -> str:
    return by.strip()[:LONGEST_NAME] or "somebody"
