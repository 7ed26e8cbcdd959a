"""The explanation of one group: read, replayed, compared, put in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trimtab.clock import Clock
from trimtab.controller.comparing import NO_RECORD, DifferenceKind, Episode
from trimtab.engine.functions import NO_FUNCTIONS
from trimtab.errors import InvalidArgument
from trimtab.explaining.case import DiagnosisCase
from trimtab.explaining.diagnosing import diagnose
from trimtab.explaining.explanation import Explanation
from trimtab.explaining.reading import Gathered, Reader, length_of
from trimtab.explaining.replaying import GroupPast, ReplayedMinute, comparison_of, minutes_of, run_up
from trimtab.explaining.results import ExplainedMinute
from trimtab.explaining.sizes import born_at, steps_of
from trimtab.explaining.timeline import timeline_of
from trimtab.models import Fleet, PredictivePolicy
from trimtab.models.fleet import require_fleet
from trimtab.phrases import in_words
from trimtab.providers.datapoints import check_aware
from trimtab.providers.patience import patience_of
from trimtab.providers.roles import Provider
from trimtab.runtime.arguments import check_since
from trimtab.runtime.policies import load_policies
from trimtab.sources import Source
from trimtab.store.records import Store

TWO_HOURS = timedelta(hours=2)
LONGEST = timedelta(days=3)
BEFORE, AFTER = timedelta(minutes=15), timedelta(minutes=5)
"""How much around one moment is told."""
UNKNOWABLE = (
    "what the rules say is worked out from the datapoints that can be read now; those that the cloud had at the time"
    " cannot be known: they may have been fewer",
    "instances count as in service from the minute in which they were asked for",
)


def explain(
    provider: Provider,
    fleet: Fleet,
    group: str,
    *,
    clock: Clock,
    since: datetime | timedelta = TWO_HOURS,
    at: datetime | None = None,
    diagnosed: bool = False,
    store: Store | None = None,
    sources: Sequence[Source] = (),
    allow_python: Sequence[str] = (),
) -> Explanation:
    """
    Why a group has, or had, its size.

    Raises:
        InvalidArgument: The fleet has no such group, or the time is none.
        NotFound: The cloud has no such group.
    """
    now = clock.now()
    begin, end = _time(since, at, now)
    fleet = require_fleet(fleet).for_provider(provider.name)
    subject = next((each for each in fleet.groups if each.name == group), None)
    if subject is None:
        names = in_words([each.name for each in fleet.groups]) or "none"
        raise InvalidArgument(f"fleet {fleet.name!r} has no group {group!r}; it has {names}")
    with patience_of(clock):
        gathered = Reader(provider, fleet, subject, clock, store, sources).read(begin, end)
    past = GroupPast(
        subject=gathered.subject,
        state=gathered.state,
        steps=steps_of(gathered.activities, gathered.state.desired, now),
        answers=gathered.answers,
        functions=load_policies(fleet, allow=allow_python) if allow_python else NO_FUNCTIONS,
    )
    # a group that its log sees begin has no minutes before
    start = max([begin - run_up(gathered.subject), *born_at(past.steps, subject.capacity.min)])
    replayed = list(minutes_of(past, start, end))
    decided = [each for each in replayed if each.at >= begin]
    differences = [
        replace(episode, because=(*episode.because, _why(episode, gathered)))
        for episode in comparison_of(past, replayed).episodes
        if episode.until > begin
    ]
    case = DiagnosisCase(gathered=gathered, past=past, decided=decided, differences=differences, begin=begin, end=end)
    state = gathered.state
    return Explanation(
        fleet=fleet.name,
        provider=provider.name,
        group=group,
        name=state.name,
        location=state.location,
        at=at or end,
        since=begin,
        until=end,
        size=decided[-1].size if decided else state.desired,
        minimum=state.min,
        maximum=state.max,
        running=state.running,
        entries=tuple(timeline_of(gathered, past.steps, begin, end)),
        minutes=tuple(_minute(each, differences, gathered) for each in decided),
        differences=tuple(differences),
        diagnoses=tuple(diagnose(case)) if diagnosed else None,
        notes=(*gathered.notes, *UNKNOWABLE, *_forecasts(past)),
    )


def _time(since: datetime | timedelta, at: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    check_since("since", since)
    check_aware(at, "at")
    if at is not None:
        begin, end = at - BEFORE, min(now, at + AFTER)
    else:
        begin, end = length_of(since, now), now
        check_aware(begin, "since")
    if begin >= end:
        asked = begin if at is None else at
        raise InvalidArgument(f"{asked:%Y-%m-%d %H:%M %Z} is not before now; name a time that has passed")
    if end - begin > LONGEST:
        raise InvalidArgument("a time of more than 3 days is not explained minute by minute; name a shorter one")
    return begin, end


def _forecasts(past: GroupPast) -> list[str]:
    names = [policy.name for policy in past.subject.group.policies if isinstance(policy, PredictivePolicy)]
    return [f"what policy {name} forecast at the time is not read; the rules are told without it" for name in names]


def _minute(decided: ReplayedMinute, differences: Sequence[Episode], gathered: Gathered) -> ExplainedMinute:
    decision = decided.verdict.decision
    said = next((each for each in differences if each.since <= decided.at < each.until), None)
    alarms: Mapping[str, str] = {name: state.value for name, state in decision.alarms.items()}
    return ExplainedMinute(
        at=decided.at,
        size=decided.size,
        previous=decision.previous,
        wanted=decision.size,
        minimum=decision.minimum,
        maximum=decision.maximum,
        values=decided.values,
        alarms=alarms,
        codes=tuple(reason.code.value for reason in decision.reasons),
        because=tuple(str(reason) for reason in decision.reasons),
        difference=f"{said.kind}: {said.because[-1]}" if said and decision.size != decided.size else "",
    )


def _why(episode: Episode, gathered: Gathered) -> str:
    """Why the rules and the cloud differed, as far as it can be told."""
    state = gathered.state
    sizes = f"the rules say {episode.ours[-1]}, the group has {episode.theirs[-1]}"
    match episode.kind:
        case DifferenceKind.BY_HAND:
            return f"somebody set the size: {episode.activity}"
        case DifferenceKind.SHADOW_ONLY | DifferenceKind.LATER if state.paused is not None:
            return f"{sizes}: {state.paused}"
        case DifferenceKind.SHADOW_ONLY if state.stopped:
            return f"{sizes}: {', '.join(state.stopped)} stands still"
        case DifferenceKind.SHADOW_ONLY:
            failed = [
                each for each in gathered.activities if each.failure and episode.since <= each.at <= episode.until
            ]
            reason = failed[0].description if failed else "the cloud did nothing, and its log does not say why"
            return f"{sizes}: {reason}"
        case DifferenceKind.EARLIER | DifferenceKind.LATER:
            late = "later" if episode.kind is DifferenceKind.EARLIER else "earlier"
            return f"the same size: the cloud came to it {episode.minutes + 0:g} min {late}"
        case DifferenceKind.METRIC_NOT_READ:
            return "a metric cannot be read now"
        case _:
            says = "nothing that can be read says why" if episode.activity == NO_RECORD else episode.activity
            return f"{sizes}: {says}"
