"""What the engine has to see of a group: which datapoints to ask for, and the observation made of them; pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from trimtab.controller.memory import GroupMemory, is_moving
from trimtab.engine.ruleset import Ruleset
from trimtab.engine.values import Observation, Points
from trimtab.errors import TrimtabError
from trimtab.models import Alarm, ScalingGroup, TargetTrackingPolicy
from trimtab.providers.base import GroupState, InstanceState
from trimtab.providers.datapoints import MINUTE, Datapoints, MetricQuery
from trimtab.providers.pause import boosted


class GroupQuery(NamedTuple):
    """A query, and what of the group it is for."""

    item: Alarm | TargetTrackingPolicy
    query: MetricQuery


def queries_of(group: ScalingGroup, rules: Ruleset, native: str, location: str, now: datetime) -> list[GroupQuery]:
    """
    The datapoints that a decision about a group goes by.

    Args:
        group: The group.
        rules: Its rules under the preset: they say how far each alarm and policy looks back.
        native: Its name in the cloud.
        location: Where it lives.
        now: The moment of the decision.
    """
    spans = {rule.name: rule.span for rule in rules.alarms if rule.rules}
    asked = [
        GroupQuery(
            alarm,
            MetricQuery(
                group=native,
                location=location,
                metric=alarm.metric,
                since=now - (spans[alarm.name] + 1) * alarm.period,
                until=now,
                period=alarm.period,
                statistic=alarm.statistic,
            ),
        )
        for alarm in group.alarms
        if alarm.name in spans
    ]
    tracked = {rule.policy for rule in rules.tracking}
    back = (rules.preset.tracking.span + 1) * MINUTE
    return asked + [
        GroupQuery(
            policy,
            MetricQuery(group=native, location=location, metric=policy.metric, since=now - back, until=now),
        )
        for policy in group.policies
        if isinstance(policy, TargetTrackingPolicy) and policy.name in tracked
    ]


class Seen(NamedTuple):
    """An observation, and what could not be read for it."""

    observation: Observation
    unread: tuple[str, ...]


def observe(
    state: GroupState,
    memory: GroupMemory,
    size: int,
    asked: Sequence[GroupQuery],
    answers: Mapping[MetricQuery, Datapoints | TrimtabError],
    rules: Ruleset,
    now: datetime,
) -> Seen:
    """
    What the engine sees of a group.

    Args:
        state: The group as it was read.
        memory: What is remembered, this read included.
        size: The size that it is taken to have.
        asked: What was asked for it.
        answers: What was answered; an error is a metric that cannot be read.
        rules: Its rules.
        now: The moment of the decision.
    """
    alarms: dict[str, Points] = {}
    policies: dict[str, Points] = {}
    unread = []
    for item, query in asked:
        answer = answers[query]
        points: Points = () if isinstance(answer, TrimtabError) else answer.values
        if isinstance(answer, TrimtabError):
            kind = "alarms" if isinstance(item, Alarm) else "policies"
            unread.append(f"{kind}.{item.name}.metric: {answer}")
        (alarms if isinstance(item, Alarm) else policies)[item.name] = points
    recent = [at for at in _served_since(state, memory) if now - at < rules.longest_warm_up]
    observation = Observation(
        desired=size,
        in_service=state.running,
        started=tuple(recent),
        busy=is_moving(state),
        settled=memory.settled,
        alarms=alarms,
        policies=policies,
        minimum=boosted(0, state.boost, now) or None,
    )
    return Seen(observation, tuple(unread))


def _served_since(state: GroupState, memory: GroupMemory) -> Iterator[datetime]:
    """When each unit of what runs came into service: an instance counts as often as it weighs."""
    for item in state.instances:
        since = memory.instances.get(item.id)
        if since is not None and item.state is InstanceState.RUNNING and item.healthy is not False:
            yield from [since] * item.weight
