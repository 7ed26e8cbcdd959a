"""One timeline of what happened to a group; pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from trimtab.engine.timetable import timetable_of
from trimtab.explaining.reading import Gathered
from trimtab.explaining.results import TimelineEntry, TimelineKind
from trimtab.explaining.sizes import SizeStep, born_at, text_of
from trimtab.runtime.apply import FAILED


def timeline_of(gathered: Gathered, steps: Sequence[SizeStep], since: datetime, until: datetime) -> list[TimelineEntry]:
    """Everything that happened between two moments, oldest first."""
    born = born_at(steps, gathered.subject.group.capacity.min)
    entries = [
        *(_made_entry(step) if step.at in born else _step_entry(step) for step in steps),
        *_activity_entries(gathered, steps),
        *_alarm_entries(gathered),
        *_schedule_entries(gathered, since, until),
        *_decision_entries(gathered),
        *_rollout_entries(gathered),
    ]
    within = [entry for entry in entries if since <= entry.at <= until]
    standing = _standing_entries(gathered) if until >= gathered.now else ()
    return sorted([*within, *standing], key=lambda entry: entry.at)


def _made_entry(step: SizeStep) -> TimelineEntry:
    return TimelineEntry(
        at=step.at, kind=TimelineKind.SIZE, text=f"the group is made, with {step.after}", detail=step.text
    )


def _step_entry(step: SizeStep) -> TimelineEntry:
    kind = TimelineKind.MANUAL if step.is_by_hand else TimelineKind.SIZE
    when = "" if step.is_seen else " at this time or before"
    return TimelineEntry(at=step.at, kind=kind, text=f"{step.before} to {step.after}{when}", detail=step.text)


def _activity_entries(gathered: Gathered, steps: Sequence[SizeStep]) -> Iterator[TimelineEntry]:
    """Each thing that the cloud did, equal ones of one moment as one."""
    told, texts = {step.at for step in steps}, {step.text for step in steps}
    seen: dict[tuple[datetime, str, str], int] = {}
    for activity in gathered.activities:
        is_size = activity.sizes is not None or activity.change != 0 or text_of(activity) in texts
        if activity.at in told and is_size and activity.status not in FAILED:
            continue  # the step says it
        failed = activity.failure is not None or activity.status in FAILED
        key = activity.at, activity.description if failed else _general(activity.description), activity.cause
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            continue
        kind = TimelineKind.FAILURE if failed else TimelineKind.ACTIVITY
        yield TimelineEntry(at=activity.at, kind=kind, text=activity.description, detail=activity.cause)


def _general(description: str) -> str:
    """What several instances are told of with: without the id at its end."""
    return description.rpartition(" ")[0] or description


def _alarm_entries(gathered: Gathered) -> Iterator[TimelineEntry]:
    for change in gathered.alarm_changes:
        yield TimelineEntry(
            at=change.at, kind=TimelineKind.ALARM, text=f"{change.name}: {change.state}", detail=change.reason
        )


def _schedule_entries(gathered: Gathered, since: datetime, until: datetime) -> Iterator[TimelineEntry]:
    group = gathered.subject.group
    stretches = timetable_of(group.schedules).between(since, until)
    for before, after in pairwise(stretches):
        old, new = before.over(group.capacity), after.over(group.capacity)
        begun = [name for name in new.because if name not in old.because]
        ended = [name for name in old.because if name not in new.because]
        words = [*(f"{name} begins" for name in begun), *(f"{name} ends" for name in ended)] or ["sizes change"]
        sizes = f"between {new.min} and {new.max}" + (f", {after.asked} asked for" if after.asked is not None else "")
        yield TimelineEntry(at=after.begin, kind=TimelineKind.SCHEDULE, text=f"{', '.join(words)}: {sizes}")


def _decision_entries(gathered: Gathered) -> Iterator[TimelineEntry]:
    for record in gathered.decisions:
        sizes = "no decision" if record.size is None else f"{record.previous} to {record.size}"
        because = "; ".join(str(reason.get("text", "")) for reason in record.reasons)
        detail = "; ".join(filter(None, [record.error, because]))
        yield TimelineEntry(
            at=record.at, kind=TimelineKind.CONTROLLER, text=f"{sizes}, {record.outcome}", detail=detail
        )


def _rollout_entries(gathered: Gathered) -> Iterator[TimelineEntry]:
    for record in gathered.rollouts:
        text = f"rollout {record.run}, {record.strategy}: {record.outcome}, {record.ready} of {record.total}"
        yield TimelineEntry(at=record.at, kind=TimelineKind.ROLLOUT, text=text, detail=record.text)


def _standing_entries(gathered: Gathered) -> Iterator[TimelineEntry]:
    """What is on now: marks say who and until when, few of them since when."""
    state, now = gathered.state, gathered.now
    if state.paused is not None:
        over = "; that is over: resume it" if state.paused.is_over(now) else ""
        yield TimelineEntry(at=now, kind=TimelineKind.PAUSE, text=f"{state.paused}{over}")
    for word in state.stopped:
        yield TimelineEntry(at=now, kind=TimelineKind.PAUSE, text=f"{word} stands still, without the mark of a pause")
    if state.boost is not None:
        yield TimelineEntry(at=now, kind=TimelineKind.BOOST, text=str(state.boost))
    if state.rollout is not None:
        yield TimelineEntry(at=state.rollout.since, kind=TimelineKind.ROLLOUT, text=str(state.rollout))
