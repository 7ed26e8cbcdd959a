"""What is wrong where nothing acts, or nothing is known."""

from collections.abc import Iterator
from datetime import UTC, datetime

from trimtab.errors import TrimtabError
from trimtab.explaining.case import SILENT, DiagnosisCase
from trimtab.explaining.replaying import name_of
from trimtab.explaining.results import Diagnosis, DiagnosisCause, Symptom
from trimtab.explaining.sizes import born_at
from trimtab.models import Alarm, MetricSource, MissingData
from trimtab.phrases import in_words
from trimtab.providers.datapoints import Datapoints


def paused(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """It is paused."""
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


def stopped(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """Scaling stands still without a pause."""
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


def dead_controller(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """Its controller does not tick."""
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


def silent(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """A metric that a rule goes by has no datapoint."""
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


def _born(case: DiagnosisCase) -> datetime:
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
