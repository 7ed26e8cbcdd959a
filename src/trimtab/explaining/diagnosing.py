"""What is wrong with a group, each with evidence and a fix; pure but for the file that a fix is a diff of."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from trimtab.checks import check_fleet
from trimtab.checks.policies import ways_of
from trimtab.checks.rule import Subject as Checked
from trimtab.controller.comparing import DifferenceKind, Episode
from trimtab.engine.reasons import ReasonCode
from trimtab.errors import TrimtabError
from trimtab.explaining.fixing import Edit, diff_of, edited
from trimtab.explaining.reading import Gathered
from trimtab.explaining.replaying import Decided, Past, minutes_of, name_of, run_up
from trimtab.explaining.results import Diagnosis, DiagnosisCause, Symptom
from trimtab.explaining.sizes import Step, born_at
from trimtab.models import Alarm, MetricSource, MissingData, ScalingGroup, SimplePolicy, TargetTrackingPolicy
from trimtab.phrases import in_words
from trimtab.providers.base import Activity, Failure, Instance, InstanceState
from trimtab.providers.datapoints import Datapoints

SILENT = timedelta(minutes=10)
"""How long a metric has no datapoint before it counts as silent; some agents report every five minutes."""
LASTING = 5
"""Minutes for which something has to be so at the end of the time."""
LONG = 30
"""Minutes over which something has to be so to be called lasting."""
TURNS = 3
"""How often the size turns round before it counts as flapping."""
RECENT = timedelta(minutes=30)
"""A failure that is older than this is over, unless instances are missing."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a diagnosis goes by."""

    gathered: Gathered
    past: Past
    decided: Sequence[Decided]
    differences: Sequence[Episode]
    begin: datetime
    end: datetime

    @property
    def group(self) -> ScalingGroup:
        """The group as the fleet has it."""
        return self.gathered.subject.group

    @property
    def steps(self) -> list[Step]:
        """The changes of size in this time."""
        return [step for step in self.past.steps if self.begin <= step.at <= self.end]

    @property
    def last(self) -> Sequence[Decided]:
        """The last minutes."""
        return self.decided[-LASTING:]

    def replayed(self, group: ScalingGroup) -> list[Decided]:
        """What the rules say of each minute with another group."""
        past = replace(self.past, subject=replace(self.past.subject, group=group))
        replayed = minutes_of(past, self.begin - run_up(past.subject), self.end)
        return [each for each in replayed if each.at >= self.begin]

    def diff(self, edits: Sequence[Edit], new: ScalingGroup) -> str:
        """The difference to the fleet file."""
        return diff_of(self.gathered.subject.fleet, self.group, edits, new)


Find = Callable[[Case], Iterator[Diagnosis]]


def diagnose(case: Case) -> list[Diagnosis]:
    """
    What is wrong, the root first; what another cause explains is left out.

    A group that is paused is at its maximum because of that, and one without data keeps its size because of that.
    """
    found: list[Diagnosis] = []
    causes: set[DiagnosisCause] = set()
    for find, unless in FINDERS:
        if not causes & unless:
            new = list(find(case))
            found += new
            causes |= {each.cause for each in new}
    return found


# nothing acts


def _paused(case: Case) -> Iterator[Diagnosis]:
    pause, now = case.gathered.state.paused, case.gathered.now
    if pause is None:
        return
    over = f"; it was to be over at {pause.until:%Y-%m-%d %H:%M %Z}" if pause.until and pause.is_over(now) else ""
    until = "" if pause.until else "; no end was given"
    yield Diagnosis(
        cause=DiagnosisCause.PAUSED,
        text=f"the group is {pause}: neither policies nor schedules change its size{over}{until}",
        evidence=(str(pause),),
        fix=f"`trimtab resume {case.group.name}`, if {pause.by} agrees",
    )


def _stopped(case: Case) -> Iterator[Diagnosis]:
    own = "autoscale" if case.gathered.is_controlled else None  # the cloud's own, which a controller has off
    stopped = [word for word in case.gathered.state.stopped if own is None or not word.startswith(own)]
    if not stopped:
        return
    verb = "stands" if len(stopped) == 1 else "stand"
    yield Diagnosis(
        cause=DiagnosisCause.STOPPED,
        text=f"{in_words(stopped)} {verb} still, and no mark of a pause says who wanted that",
        evidence=tuple(f"the cloud says so of {word}" for word in stopped),
        fix="`trimtab plan` shows it as drift, and `trimtab apply` starts it again, unless the fleet file wants it so",
    )


def _dead_controller(case: Case) -> Iterator[Diagnosis]:
    gathered, last = case.gathered, case.gathered.last_tick
    if not gathered.is_controlled or not gathered.has_store or gathered.state.paused is not None:
        return
    if last is not None and gathered.now - last.at <= 3 * last.interval:
        return
    said = f"the last tick was at {last.at:%Y-%m-%d %H:%M %Z} by {last.owner}" if last else "the store has no tick"
    yield Diagnosis(
        cause=DiagnosisCause.CONTROLLER,
        text="the controller sizes this group, and it is not running",
        evidence=(said,),
        fix="start `trimtab run` again",
    )


# nothing is known


def _silent(case: Case) -> Iterator[Diagnosis]:
    state = case.gathered.state
    if not state.running:
        return
    answers = case.past.answers
    items = [item for item in (*case.group.alarms, *case.group.policies) if name_of(item) in answers]
    evidence, names = [], []
    for item in items:
        answer = answers[name_of(item)]
        if isinstance(answer, TrimtabError) or _means_silence(item):
            continue
        at = _last_at(answer)
        if case.end - (at or _born(case)) > max(SILENT, 3 * answer.period):
            names.append(answer.metric.name)
            when = f"the last at {at:%Y-%m-%d %H:%M %Z}" if at else f"none since {answer.times[0]:%Y-%m-%d %H:%M %Z}"
            evidence.append(f"{answer.metric.name} of {item.name}: {when}, while {state.running} instances run")
    if names:
        yield Diagnosis(
            cause=DiagnosisCause.NO_DATA,
            symptom=Symptom.TOO_LITTLE,
            text=f"{in_words(list(dict.fromkeys(names)))} has no datapoints, and rules go by it",
            evidence=tuple(evidence),
            fix="look at what publishes it: the agent on the instances, its rights, its dimensions",
        )


def _born(case: Case) -> datetime:
    """Since when the group could be measured: since it was made, where its log reaches back to that."""
    return max(born_at(case.past.steps, case.group.capacity.min), default=datetime.min.replace(tzinfo=UTC))


def _means_silence(item: object) -> bool:
    """Whether no datapoint is as good as any: a count of nothing, or an alarm that says what it means."""
    if isinstance(item, Alarm) and item.missing in (MissingData.BREACHING, MissingData.NOT_BREACHING):
        return True
    counts = isinstance(item, Alarm) and item.statistic in ("sum", "count")
    return counts and isinstance(item, Alarm) and item.metric.source is MetricSource.BALANCER


def _last_at(answer: Datapoints) -> datetime | None:
    pairs = zip(reversed(answer.times), reversed(answer.values), strict=True)
    return next((at for at, value in pairs if value is not None), None)


# nothing can be made


_LAUNCHES = {
    Failure.QUOTA: (
        DiagnosisCause.QUOTA,
        "the account's quota is used up",
        "ask for more quota, or use another size or region",
    ),
    Failure.SHORTAGE: (
        DiagnosisCause.SHORTAGE,
        "the cloud has no such machine there now",
        "allow more zones (`placement.zones`), or more sizes (`purchase.sizes`)",
    ),
    Failure.IMAGE: (
        DiagnosisCause.IMAGE,
        "the image of the template is gone",
        "name an image that exists in `template.image`, and roll it out",
    ),
}


def _launches(case: Case) -> Iterator[Diagnosis]:
    state = case.gathered.state
    failed = [each for each in case.gathered.activities if each.failure and case.begin <= each.at <= case.end]
    failed += [_as_activity(each, case.end) for each in state.instances if each.failure]
    is_short = state.running < state.desired
    recent = [each for each in failed if is_short or case.end - each.at <= RECENT]
    for failure in dict.fromkeys(each.failure for each in recent if each.failure):
        some = [each for each in recent if each.failure is failure]
        if failure is Failure.OTHER and not is_short:
            continue
        cause, text, fix = _LAUNCHES.get(
            failure, (DiagnosisCause.LAUNCHES, "instances cannot be made", "mend what it says")
        )
        yield Diagnosis(
            cause=cause,
            symptom=Symptom.TOO_LITTLE,
            text=f"{text}{_named(case, some)}: {state.running} of {state.desired} {state.unit} run",
            evidence=_failures(some),
            fix=fix,
        )


def _as_activity(instance: Instance, now: datetime) -> Activity:
    """An instance that could not be made and is kept in the list, as if its cloud had told of it."""
    text = f"{instance.id} could not be made"
    return Activity(
        id=instance.id,
        at=now,
        status="failed",
        description=text,
        cause=instance.error,
        failure=instance.failure,
        short=instance.short,
    )


def _named(case: Case, some: Sequence[Activity]) -> str:
    """What the cloud had none of, as far as it says."""
    names = dict.fromkeys(str(each.short.of(case.group)) for each in some if each.short is not None)
    return f" ({in_words(list(names), ' and ')})" if names else ""


def _failures(some: Sequence[Activity]) -> tuple[str, ...]:
    newest = max(some, key=lambda each: each.at)
    count = f"failed {len(some)} times, the last at" if len(some) > 1 else "failed at"
    return (f"{count} {newest.at:%Y-%m-%d %H:%M %Z}: {newest.description}; {newest.cause}",)


# what runs does not serve


def _unreachable(case: Case) -> Iterator[Diagnosis]:
    bad = [
        instance
        for instance in case.gathered.state.instances
        if instance.failure is None
        and instance.state is InstanceState.RUNNING
        and (instance.healthy is False or instance.serving is False)
    ]
    if not bad:
        return
    names = in_words([instance.id for instance in bad[:5]])
    more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
    whose = "the health check" if any(each.healthy is False for each in bad) else "the load balancer"
    yield Diagnosis(
        cause=DiagnosisCause.UNREACHABLE,
        symptom=Symptom.UNSTEADY,
        text=f"{len(bad)} of {len(case.gathered.state.instances)} instances run and get no requests",
        evidence=(f"{whose} says so of {names}{more}",),
        fix="look at the start script, the port and the path of the health check, and `health_check.grace`",
    )


# rules against rules


def _schedules(case: Case) -> Iterator[Diagnosis]:
    fleet, cloud = case.gathered.subject.fleet, case.gathered.subject.key.cloud
    found = [
        finding
        for finding in check_fleet(fleet, provider=cloud, select=["TT401", "TT408"])
        if finding.group == case.group.name
    ]
    if found:
        yield Diagnosis(
            cause=DiagnosisCause.SCHEDULES,
            symptom=Symptom.UNSTEADY,
            text="schedules contradict each other",
            evidence=tuple(map(str, found)),
            fix="; ".join(dict.fromkeys(finding.mend for finding in found)),
        )


def _flapping(case: Case) -> Iterator[Diagnosis]:
    steps = [step for step in case.steps if not step.is_by_hand]
    turns = [(one, two) for one, two in pairwise(steps) if (one.after > one.before) != (two.after > two.before)]
    if len(turns) < TURNS:
        return
    sizes = [size for step in steps for size in (step.before, step.after)]
    edits, new = _wider_band(case.group, min(sizes), max(sizes))
    times = f"{len(turns)} times between {case.begin:%H:%M} and {case.end:%H:%M %Z}"
    evidence = tuple(f"{step.at:%H:%M}: {step.before} to {step.after}: {step.text}" for step in steps[-4:])
    rehearsed = ""
    if edits:
        before, after = (_scale_ins(minutes) for minutes in (case.decided, case.replayed(new)))
        rehearsed = f"on the same datapoints the rules scale in {after} times instead of {before}"
    yield Diagnosis(
        cause=DiagnosisCause.FLAPPING,
        symptom=Symptom.UNSTEADY,
        text=f"the size turned round {times}: after scaling in, the load of each instance scales out again",
        evidence=evidence,
        fix="lower the threshold that scales in, so far that one instance less does not reach the one that scales out"
        if edits
        else "lengthen cooldowns and the stabilization window",
        diff=case.diff(edits, new) if edits else "",
        rehearsed=rehearsed,
    )


def _scale_ins(minutes: Sequence[Decided]) -> int:
    decisions = [each.verdict.decision for each in minutes]
    return sum(decision.change < 0 for decision in decisions)


def _wider_band(group: ScalingGroup, low: int, high: int) -> tuple[list[Edit], ScalingGroup]:
    """
    A lower threshold for scaling in, where the same metric also scales out.

    From `high` to `low` instances the load of each grows by `high / low`; that stays below the upper threshold.
    """
    uppers = {alarm.metric: alarm.above for alarm in group.alarms if alarm.above is not None and alarm.triggers}
    edits = []
    for alarm in group.alarms:
        upper = uppers.get(alarm.metric)
        if alarm.below is None or upper is None or not alarm.triggers or not high:
            continue
        highest = math.floor(0.9 * upper * low / high)
        if 0 < highest < alarm.below:
            edits.append(Edit(path=f"alarms.{alarm.name}.below", old=alarm.below, new=highest))
    return edits, edited(group, edits)


# bounds


def _at_maximum(case: Case) -> Iterator[Diagnosis]:
    asked = [_asked(each, ReasonCode.AT_MAXIMUM) for each in case.last]
    wanted = [size for size in asked if size]
    if (
        len(case.last) < LASTING
        or len(wanted) < 2
        or any(each.size < each.verdict.decision.maximum for each in case.last)
    ):
        return
    limit, needed = case.last[-1].verdict.decision.maximum, max(wanted)
    own = case.group.capacity.max
    edits = [Edit(path="capacity.max", old=own, new=needed)] if limit == own else []
    new = edited(case.group, edits)
    values = {name: value for name, value in case.last[-1].values.items() if value is not None}
    yield Diagnosis(
        cause=DiagnosisCause.AT_MAXIMUM,
        symptom=Symptom.TOO_LITTLE,
        text=f"the rules ask for {needed}, and the maximum is {limit}",
        evidence=(
            f"at the maximum in the last {sum(each.size >= limit for each in case.decided)} minutes",
            *(f"{name}: {value:g} at {case.last[-1].at:%H:%M %Z}" for name, value in values.items()),
        ),
        fix="raise `capacity.max`" if edits else f"raise the maximum of {case.last[-1].verdict.decision.reasons[0]}",
        diff=case.diff(edits, new) if edits else "",
        rehearsed=_rehearsed_maximum(case, new) if edits else "",
    )


def _rehearsed_maximum(case: Case, new: ScalingGroup) -> str:
    largest = max([each.verdict.decision.size for each in case.replayed(new)], default=0)
    return f"on the same datapoints the rules go to {largest}; how far more instances lower them cannot be seen"


def _asked(decided: Decided, code: ReasonCode) -> int | None:
    for reason in decided.verdict.decision.reasons:
        if reason.code is code:
            return int(reason.details["asked"])
    return None


def _at_minimum(case: Case) -> Iterator[Diagnosis]:
    wanted = [each for each in case.decided if _asked(each, ReasonCode.AT_MINIMUM) is not None]
    is_there = [each.size <= each.verdict.decision.minimum for each in case.decided]
    if len(case.decided) < LONG or not all(is_there) or len(wanted) < len(case.decided) / 2:
        return
    minimum = case.decided[-1].verdict.decision.minimum
    enough = _enough(case)
    own = case.group.capacity.min
    edits = [Edit(path="capacity.min", old=own, new=enough)] if minimum == own and enough and enough < own else []
    new = edited(case.group, edits)
    rehearsed = f"at the highest load of this time {enough} instances stay below what scales out" if edits else ""
    yield Diagnosis(
        cause=DiagnosisCause.AT_MINIMUM,
        symptom=Symptom.TOO_MUCH,
        text=f"the load does not need the minimum of {minimum}: the rules would scale in below it",
        evidence=(f"so in {len(wanted)} of {len(case.decided)} minutes",),
        fix="lower `capacity.min`, as far as a failure of a zone allows",
        diff=case.diff(edits, new) if edits else "",
        rehearsed=rehearsed,
    )


def _enough(case: Case) -> int | None:
    """How many instances carry the highest load seen below the lowest threshold that scales out, by averages."""
    uppers = {
        alarm.name: alarm.above
        for alarm in case.group.alarms
        if alarm.above is not None and alarm.triggers and alarm.statistic == "average"
    }
    uppers |= {each.name: each.target for each in case.group.policies if isinstance(each, TargetTrackingPolicy)}
    needs = [
        math.ceil(each.size * value / upper)
        for each in case.decided
        for name, value in each.values.items()
        if value is not None and (upper := uppers.get(name))
    ]
    return max(1, *needs) if needs else None


def _no_way_in(case: Case) -> Iterator[Diagnosis]:
    cloud = case.gathered.subject.key.cloud
    out, back = ways_of(Checked(case.gathered.subject.fleet, case.group, (cloud,)))
    enough, size = _enough_lately(case), case.decided[-1].size if case.decided else 0
    minimum = case.decided[-1].verdict.decision.minimum if case.decided else 0
    is_left = len(case.decided) >= LONG and enough is not None and max(enough, minimum) < size
    if not out or back or not is_left or any(schedule.desired is not None for schedule in case.group.schedules):
        return
    new = _with_way_in(case.group)
    yield Diagnosis(
        cause=DiagnosisCause.NO_WAY_IN,
        symptom=Symptom.TOO_DEAR,
        text=f"{in_words(out)} scales out and nothing scales in: {size} instances run where {enough} would do",
        evidence=(f"no policy of the group scales in; its load has been below what scales out for {LONG} minutes",),
        fix="add a policy that scales in, with an alarm",
        diff=case.diff((), new) if new is not None else "",
        rehearsed=_rehearsed_in(case, new) if new is not None else "",
    )


def _enough_lately(case: Case) -> int | None:
    return _enough(replace(case, decided=case.decided[-LONG:]))


def _with_way_in(group: ScalingGroup) -> ScalingGroup | None:
    """The group with an alarm and a policy that take one instance at a time away."""
    upper = next((alarm for alarm in group.alarms if alarm.above is not None and alarm.triggers), None)
    taken = {each.name for each in (*group.alarms, *group.policies)}
    if upper is None or upper.above is None or {"idle", "scale-in"} & taken:
        return None
    policy = SimplePolicy(name="scale-in", change=-1, cooldown=timedelta(minutes=5))
    alarm = Alarm(
        name="idle",
        metric=upper.metric,
        below=math.floor(upper.above / 2),
        period=upper.period,
        periods=max(5, upper.periods),
        triggers=("scale-in",),
    )
    return edited(group, (), {"alarms": (alarm,), "policies": (policy,)})


def _rehearsed_in(case: Case, new: ScalingGroup) -> str:
    answers = dict(case.past.answers)
    upper = next(alarm for alarm in new.alarms if alarm.above is not None and alarm.triggers)
    answers[Alarm, "idle"] = answers[name_of(upper)]
    replayed = replace(case, past=replace(case.past, answers=answers)).replayed(new)
    return f"on the same datapoints the rules scale in {_scale_ins(replayed)} times"


def _not_enacted(case: Case) -> Iterator[Diagnosis]:
    last = case.differences[-1] if case.differences else None
    if (
        last is None
        or last.kind is not DifferenceKind.SHADOW_ONLY
        or last.until < case.end
        or last.minutes < 2 * LASTING
    ):
        return
    if len(set(last.ours[-2:])) > 1 and last.ours[-1] == last.theirs[-1]:
        return
    more = last.ours[-1] > last.theirs[-1]
    yield Diagnosis(
        cause=DiagnosisCause.NOT_ENACTED,
        symptom=Symptom.TOO_LITTLE if more else Symptom.TOO_MUCH,
        text=f"the rules of the fleet file want {last.ours[-1]}, and the group has had {last.theirs[-1]}"
        f" for {last.minutes:g} minutes",
        evidence=last.because,
        fix="`trimtab plan` shows whether the cloud has these rules; `trimtab apply` brings them there",
    )


_IDLE = frozenset({DiagnosisCause.PAUSED, DiagnosisCause.STOPPED, DiagnosisCause.CONTROLLER})
_BLIND = _IDLE | {DiagnosisCause.NO_DATA}
_FAILING = frozenset({DiagnosisCause.QUOTA, DiagnosisCause.SHORTAGE, DiagnosisCause.IMAGE, DiagnosisCause.LAUNCHES})
FINDERS: Sequence[tuple[Find, frozenset[DiagnosisCause]]] = (
    (_paused, frozenset()),
    (_stopped, frozenset({DiagnosisCause.PAUSED})),
    (_dead_controller, frozenset()),
    (_silent, frozenset()),
    (_launches, frozenset()),
    (_unreachable, _FAILING),
    (_schedules, frozenset()),
    (_flapping, frozenset({DiagnosisCause.SCHEDULES, DiagnosisCause.UNREACHABLE})),
    (_at_maximum, _BLIND | _FAILING | {DiagnosisCause.FLAPPING, DiagnosisCause.UNREACHABLE}),
    (_at_minimum, _BLIND | {DiagnosisCause.SCHEDULES}),
    (_no_way_in, _BLIND),
    (
        _not_enacted,
        _BLIND | _FAILING | {DiagnosisCause.UNREACHABLE, DiagnosisCause.FLAPPING, DiagnosisCause.AT_MAXIMUM},
    ),
)
"""Each that finds something, and the causes that explain what it would find."""
