"""What is wrong where a group is at a bound, or has what the rules do not want."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from trimtab.checks.policies import ways_of
from trimtab.checks.rule import Subject as Checked
from trimtab.controller.comparing import DifferenceKind
from trimtab.engine.reasons import ReasonCode
from trimtab.explaining.case import LASTING, LONG, DiagnosisCase
from trimtab.explaining.fixing import Edit, edited
from trimtab.explaining.replaying import ReplayedMinute, name_of
from trimtab.explaining.results import Diagnosis, DiagnosisCause, Symptom
from trimtab.explaining.rules import averaged, scale_ins
from trimtab.models import Alarm, ScalingGroup, SimplePolicy
from trimtab.phrases import in_words


def at_maximum(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """The rules want more than the maximum."""
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
            f"at the maximum in the last {sum(each.size >= limit for each in case.decided)} minute(s)",
            *(f"{name}: {value:g} at {case.last[-1].at:%H:%M %Z}" for name, value in values.items()),
        ),
        fix="raise `capacity.max`" if edits else f"raise the maximum of {case.last[-1].verdict.decision.reasons[0]}",
        diff=case.diff(edits, new) if edits else "",
        rehearsed=_rehearsed_maximum(case, new) if edits else "",
    )


def _rehearsed_maximum(case: DiagnosisCase, new: ScalingGroup) -> str:
    largest = max([each.verdict.decision.size for each in case.replayed(new)], default=0)
    return f"on the same datapoints the rules go to {largest}; how far more instances lower them cannot be seen"


def _asked(decided: ReplayedMinute, code: ReasonCode) -> int | None:
    for reason in decided.verdict.decision.reasons:
        if reason.code is code:
            return int(reason.details["asked"])
    return None


def at_minimum(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """The rules want less than the minimum."""
    wanted = [each for each in case.decided if _asked(each, ReasonCode.AT_MINIMUM) is not None]
    is_there = [each.size <= each.verdict.decision.minimum for each in case.decided]
    if len(case.decided) < LONG or not all(is_there) or len(wanted) < len(case.decided) / 2:
        return
    minimum = case.decided[-1].verdict.decision.minimum
    enough = _enough(case)
    own = case.group.capacity.min
    edits = [Edit(path="capacity.min", old=own, new=enough)] if minimum == own and enough and enough < own else []
    new = edited(case.group, edits)
    bound = case.decided[-1].verdict.decision.reasons[0]
    lower = "lower `capacity.min`" if minimum == own else f"lower the minimum of {bound}"
    rehearsed = f"at the highest load of this time {enough} instances stay below what scales out" if edits else ""
    yield Diagnosis(
        cause=DiagnosisCause.AT_MINIMUM,
        symptom=Symptom.TOO_MUCH,
        text=f"the load does not need the minimum of {minimum}: the rules would scale in below it",
        evidence=(f"so in {len(wanted)} of {len(case.decided)} minutes",),
        fix=f"{lower}, as far as a failure of a zone allows",
        diff=case.diff(edits, new) if edits else "",
        rehearsed=rehearsed,
    )


def _enough(case: DiagnosisCase) -> int | None:
    """How many instances carry the highest load seen below the lowest threshold that scales out, by averages."""
    uppers = averaged(case.group)
    needs = [
        math.ceil(each.size * value / upper)
        for each in case.decided
        for name, value in each.values.items()
        if value is not None and (upper := uppers.get(name))
    ]
    return max(1, *needs) if needs else None


def no_way_in(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """No rule takes instances away."""
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


def _enough_lately(case: DiagnosisCase) -> int | None:
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


def _rehearsed_in(case: DiagnosisCase, new: ScalingGroup) -> str:
    answers = dict(case.past.answers)
    upper = next(alarm for alarm in new.alarms if alarm.above is not None and alarm.triggers)
    answers[Alarm, "idle"] = answers[name_of(upper)]
    replayed = replace(case, past=replace(case.past, answers=answers)).replayed(new)
    return f"on the same datapoints the rules scale in {scale_ins(replayed)} times"


def not_enacted(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """The cloud does not do what the rules of the file say."""
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
