"""What the rules say of each minute, decided as a shadow of the controller decides; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from trimtab.controller.comparing import ACTIVITY, ShadowComparison, compare
from trimtab.controller.deciding import DecisionSubject, GroupVerdict, after_decision, consider, decide_group
from trimtab.controller.memory import GroupMemory
from trimtab.controller.observing import GroupQuery, queries_of
from trimtab.controller.results import TickOutcome
from trimtab.engine.functions import NO_FUNCTIONS, Functions
from trimtab.engine.ruleset import rules_for
from trimtab.errors import TrimtabError
from trimtab.explaining.sizes import SizeStep, size_at
from trimtab.providers.base import GroupState, Instance
from trimtab.providers.datapoints import MINUTE, Datapoints, MetricQuery
from trimtab.store.records import DecisionRecord, TickRecord

LEAST_RUN_UP, MOST_RUN_UP = timedelta(minutes=15), timedelta(hours=1)
Name = tuple[type, str]
Answers = Mapping[Name, Datapoints | TrimtabError]
"""What was read for each alarm and each policy, over the whole time."""


@dataclass(frozen=True, kw_only=True)
class GroupPast:
    """
    What is known of a group's past.

    Attributes:
        state: How it stands now.
        steps: The changes of its size, oldest first.
        answers: Its metrics, by alarm and policy.
    """

    subject: DecisionSubject
    state: GroupState
    steps: Sequence[SizeStep]
    answers: Answers
    functions: Functions = field(default_factory=lambda: NO_FUNCTIONS)


@dataclass(frozen=True, slots=True)
class ReplayedMinute:
    """One minute: the size that the group had, what was decided and what that went by."""

    at: datetime
    size: int
    verdict: GroupVerdict
    values: Mapping[str, float | None]


def run_up(subject: DecisionSubject) -> timedelta:
    """How long before the first minute the rules are followed, so that windows and cooldowns are filled."""
    rules = rules_for(subject.group, subject.preset)
    waits = [rule.cooldown for alarm in rules.alarms for rule in alarm.rules]
    longest = max([rules.longest_warm_up, rules.stabilization_in, rules.stabilization_out, *waits])
    return min(MOST_RUN_UP, max(LEAST_RUN_UP, longest + LEAST_RUN_UP))


def wide_queries(subject: DecisionSubject, begin: datetime, end: datetime) -> list[GroupQuery]:
    """What all the minutes of a time go by, each alarm and policy in one query."""
    rules = rules_for(subject.group, subject.preset)
    first = queries_of(subject.group, rules, subject.native, subject.location, begin)
    return [GroupQuery(item, replace(query, until=end)) for item, query in first]


def name_of(item: object) -> Name:
    """By what an answer is found: alarms and policies may share names."""
    return type(item), str(getattr(item, "name", ""))


def minutes_of(past: GroupPast, begin: datetime, end: datetime) -> Iterator[ReplayedMinute]:
    """
    Each whole minute of a time: the size that there was, and what the rules say.

    Where the two differ the rules go on from their own size for as long as a shadow does, then from that of the group.
    """
    memory, subject = GroupMemory(), past.subject
    moment = begin.replace(second=0, microsecond=0)
    while moment <= end:
        size = size_at(past.steps, moment, past.state.desired)
        state = _state_of(past, moment, size)
        considered = consider(subject, state, memory, moment, shadow=True)
        answers = {query: _cut(past.answers[name_of(item)], query) for item, query in considered.asked}
        verdict = decide_group(considered, answers, moment, shadow=True, functions=past.functions)
        memory = after_decision(verdict, moment, enacted=True)
        memory = memory.having_shadowed(verdict.decision.size, state, moment)
        yield ReplayedMinute(
            moment, size, verdict, {item.name: _newest(answers[query]) for item, query in considered.asked}
        )
        moment += MINUTE


def _state_of(past: GroupPast, moment: datetime, size: int) -> GroupState:
    """The group as it may have been: as many instances as it wanted, each of them in service."""
    instances = tuple(Instance(id=f"{number}") for number in range(size))
    return replace(past.state, desired=size, instances=instances, deleting=False)


def _cut(answer: Datapoints | TrimtabError, query: MetricQuery) -> Datapoints | TrimtabError:
    if isinstance(answer, TrimtabError):
        return answer
    return query.answered(
        {at: value for at, value in zip(answer.times, answer.values, strict=True) if value is not None}
    )


def _newest(answer: Datapoints | TrimtabError) -> float | None:
    return None if isinstance(answer, TrimtabError) else answer.latest


def comparison_of(past: GroupPast, decided: Sequence[ReplayedMinute]) -> ShadowComparison:
    """Where the rules and the cloud differ, by the same rules as for a shadow's history."""
    key = past.subject.key
    texts = {_first_minute(step.at): step.text for step in past.steps}
    records = [_record(past, each, texts.get(each.at, "")) for each in decided]
    ticks = [_tick(past, each) for each in decided]
    return compare(key, records, ticks)


def _first_minute(moment: datetime) -> datetime:
    """The first whole minute at which a change shows."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + MINUTE


def _record(past: GroupPast, decided: ReplayedMinute, activity: str) -> DecisionRecord:
    decision = decided.verdict.decision
    reasons = [*decision.to_dict()["reasons"], *([{"code": ACTIVITY, "text": activity}] if activity else [])]
    return DecisionRecord(
        key=past.subject.key,
        at=decided.at,
        outcome=TickOutcome.SHADOW,
        previous=decision.previous,
        size=decision.size,
        minimum=decision.minimum,
        maximum=decision.maximum,
        cloud_size=decided.size,
        reasons=reasons,
        shadow=True,
    )


def _tick(past: GroupPast, decided: ReplayedMinute) -> TickRecord:
    key = past.subject.key
    return TickRecord(
        cloud=key.cloud, fleet=key.fleet, owner="", at=decided.at, interval=MINUTE, groups=1, changed=0, errors=0
    )
