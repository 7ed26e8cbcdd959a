"""What is wrong where rules work against each other."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trimtab.checks import check_fleet
from trimtab.explaining.case import MOVED, TURNS, DiagnosisCase
from trimtab.explaining.fixing import Edit, edited
from trimtab.explaining.replaying import ReplayedMinute
from trimtab.explaining.results import Diagnosis, DiagnosisCause, Symptom
from trimtab.explaining.sizes import SizeStep
from trimtab.models import ScalingGroup, TargetTrackingPolicy


def schedules(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """Schedules fight each other or the policies."""
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


def flapping(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """The size goes up and down again and again."""
    steps = [step for step in case.steps if not step.is_by_hand]
    turns = [(one, two) for one, two in pairwise(steps) if (one.after > one.before) != (two.after > two.before)]
    # where the load itself went up in between, the size followed it, and so did the way down before that
    if len(turns) - 2 * sum(_follows_load(case, *turn) for turn in turns) < TURNS:
        return
    sizes = [size for step in steps for size in (step.before, step.after)]
    edits, new = _wider_band(case.group, min(sizes), max(sizes))
    times = f"{len(turns)} times between {case.begin:%H:%M} and {case.end:%H:%M %Z}"
    evidence = tuple(f"{step.at:%H:%M}: {step.before} to {step.after}: {step.text}" for step in steps[-4:])
    rehearsed = ""
    if edits:
        before, after = (scale_ins(minutes) for minutes in (case.decided, case.replayed(new)))
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


def _follows_load(case: DiagnosisCase, first: SizeStep, second: SizeStep) -> bool:
    """Whether a scale-in and the scale-out after it are those of a load that went up, not of thresholds too close."""
    totals = []
    for step in (first, second):
        at = [each for each in case.decided if each.at <= step.at]
        totals.append(
            {name: value * step.before for name, value in (at[-1].values if at else {}).items() if value is not None}
        )
    names = averaged(case.group).keys() & totals[0].keys() & totals[1].keys()
    return first.after < first.before and any(totals[1][name] > MOVED * totals[0][name] for name in names)


def averaged(group: ScalingGroup) -> dict[str, float]:
    """Of alarms and policies that scale out by a mean over instances, what they scale out above."""
    uppers = {
        alarm.name: alarm.above
        for alarm in group.alarms
        if alarm.above is not None and alarm.triggers and alarm.statistic == "average"
    }
    return uppers | {each.name: each.target for each in group.policies if isinstance(each, TargetTrackingPolicy)}


def scale_ins(minutes: Sequence[ReplayedMinute]) -> int:
    """How often a size went down."""
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
