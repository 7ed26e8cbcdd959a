"""What a tick makes of one group: held, or decided, with what is remembered then; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from trimtab.controller.memory import STALE, Believed, GroupMemory, Written, believed_size, shadow_size, without_surge
from trimtab.controller.mixing import MixStep, RecentActivities, decide_group_mix
from trimtab.controller.observing import GroupQuery, observe, queries_of
from trimtab.controller.results import GroupTick, MixTick, TickOutcome
from trimtab.declarations import declarations_of
from trimtab.engine.decision import decide
from trimtab.engine.fallback import FallbackState
from trimtab.engine.functions import NO_FUNCTIONS, Functions
from trimtab.engine.presets import EC2, PRESETS, CooldownScope, MissingMetric, Preset
from trimtab.engine.ruleset import rules_for
from trimtab.engine.values import Decision, Observation, Sized
from trimtab.errors import TrimtabError
from trimtab.models import Fleet, MissingData, ScalingGroup
from trimtab.providers.base import GroupState
from trimtab.providers.datapoints import Datapoints, MetricQuery
from trimtab.store.records import GroupKey, Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSubject:
    """
    A group that the controller decides about.

    Attributes:
        native: Its name in the cloud.
        digest: Of what the controller enacts, as the group's mark has it once the fleet is applied.
    """

    fleet: Fleet
    group: ScalingGroup
    native: str
    location: str
    preset: Preset
    digest: str = ""
    key: GroupKey

    def result(self, outcome: TickOutcome, text: str = "", state: GroupState | None = None) -> GroupTick:
        """What a tick says where nothing was decided."""
        return GroupTick(
            group=self.group.name,
            name=self.native,
            location=self.location,
            outcome=outcome,
            text=text,
            live=state.desired if state else None,
            minimum=state.min if state else None,
            maximum=state.max if state else None,
            running=state.running if state else None,
        )


def provider_of(subject: DecisionSubject) -> str:
    """The provider on which a group is."""
    return subject.key.cloud.partition(":")[0]


def preset_of(provider: str) -> Preset:
    """
    The preset by which the controller decides on a provider: the provider's own.

    Where that knows no cooldown, because its cloud has no policy that could wait, simple policies wait as they do on
    EC2: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
    """
    preset = PRESETS[declarations_of(provider).preset]
    if preset.cooldown is not CooldownScope.NONE:
        return preset
    return replace(preset, cooldown=CooldownScope.SIMPLE, default_cooldown=EC2.default_cooldown)


def held_back(subject: DecisionSubject, state: GroupState, now: datetime, *, shadow: bool) -> str:
    """Why nothing may be decided about a group that exists; empty where it may."""
    if state.deleting:
        return "it is being deleted"
    if state.paused is not None:
        over = "; that is over: resume it" if state.paused.is_over(now) else ""
        return f"{state.paused}{over}"
    if shadow:
        return ""
    if (state.fleet, state.group) != (subject.fleet.name, subject.group.name):
        owner = f"belongs to fleet {state.fleet!r}" if state.fleet else "is not managed by trimtab"
        return f"{state.name!r} {owner}; adopt it, or choose another `native_name`"
    if not state.controller:
        return "the cloud still sizes it; apply the fleet first"
    return ""


def with_intents(memory: GroupMemory, intents: Sequence[Intent], version: int, now: datetime) -> GroupMemory:
    """
    What is remembered, once what others were about to write is taken to have been written.

    An intent that is not remembered yet brings its own memory; each is a size that may still be written.

    Args:
        memory: As it was saved.
        intents: Those that nobody has closed, oldest first.
        version: Of what was saved.
        now: The moment of the tick.
    """
    for intent in intents:
        if is_forgotten(intent, version):
            memory = replace(
                memory_of(intent.body) or memory,
                stale=memory.stale,
                told=memory.told,
                written=Written(intent.size, intent.at, False),
                before=(*memory.before, Sized(intent.at, intent.before)),
            )
        others = tuple(item for item in memory.stale if item.size != intent.size)
        memory = replace(memory, stale=(*others, Sized(now, intent.size)))
    memory = memory.not_after(now)
    return replace(memory, stale=tuple(item for item in memory.stale if now - item.at <= STALE))


def body_of_intent(memory: GroupMemory, version: int) -> dict[str, Any]:
    """What an intent keeps: the memory to go on with, and the version under which that is going to be saved."""
    return {**memory.to_body(), _VERSION: version}


def is_forgotten(intent: Intent, version: int) -> bool:
    """Whether an intent was stored after what was saved last; versions grow, whatever clocks say."""
    saved_as = intent.body.get(_VERSION, 0)
    return not isinstance(saved_as, int) or saved_as > version


_VERSION = "version"


def memory_of(body: Mapping[str, Any]) -> GroupMemory | None:
    """What a store has of a group; `None` where it cannot be read, as when another version wrote it."""
    try:
        return GroupMemory.from_body(body)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError):
        return None


class Considered(NamedTuple):
    """A group that may be decided about: what is remembered, believed and asked for."""

    subject: DecisionSubject
    state: GroupState
    memory: GroupMemory
    believed: Believed
    asked: Sequence[GroupQuery]
    recent: RecentActivities | None = None
    """What the cloud says of late, of a group that falls back."""
    looked: datetime | None = None
    """When it was last looked at."""


def consider(
    subject: DecisionSubject,
    state: GroupState,
    memory: GroupMemory,
    now: datetime,
    *,
    shadow: bool,
    recent: RecentActivities | None = None,
) -> Considered:
    """What there is to know before the metrics are read."""
    looked = memory.history.at
    rules = rules_for(subject.group, subject.preset)
    memory = memory.having_seen(state, now, rules.longest_warm_up)
    believed = (shadow_size if shadow else believed_size)(memory, state.desired, now)
    if believed.used is not None:
        memory = replace(memory, stale=tuple(item for item in memory.stale if item is not believed.used))
    if recent is not None or memory.surge:
        is_known = recent is not None and recent.is_known
        shrinks = is_known and declarations_of(provider_of(subject)).eviction_shrinks
        believed, memory = without_surge(memory, state, believed, shrinks=shrinks)
        memory = memory.having_spots(state) if is_known else memory
    if recent is None:  # it falls back no longer, or never did
        memory = replace(memory, fallback=FallbackState(), surge=0, spots=())
    if believed.size + memory.surge == state.desired and not shadow:
        memory = replace(memory, written=Written(state.desired, memory.written.at if memory.written else now))
    if memory.history.at is None:
        # what was asked for before is not known: the size itself stands for it, so that a window that looks back is
        # no shorter at the first ticks; as `recordInitialRecommendation` of Kubernetes' horizontal.go does
        memory = replace(memory, history=memory.history._replace(asked=(Sized(now, believed.size),)))
    asked = queries_of(subject.group, rules, subject.native, subject.location, now)
    return Considered(subject, state, memory, believed, asked, recent, looked)


class GroupVerdict(NamedTuple):
    """A decision about a group."""

    considered: Considered
    decision: Decision
    result: GroupTick
    mix: MixStep | None = None
    """How it is shared between on demand and spot, of a group that falls back."""

    @property
    def total(self) -> int:
        """The size to ask the cloud for."""
        # where it is not known what there is, what was asked for stays
        return self.decision.size + self.considered.memory.surge if self.mix is None else self.mix.total

    @property
    def must_write(self) -> bool:
        """
        Whether the cloud is to be told a size, or another share of it on demand.

        So it is of a size that it has where that is not the controller's yet, as after another one's late write.
        """
        state, mix, memory = self.considered.state, self.mix, self.considered.memory
        if mix is not None and (mix.decision.base != state.on_demand_base or mix.leavers or mix.failed):
            return True
        if mix is not None and mix.decision.surge != memory.surge:  # the same total is another size
            return True
        is_own = mix is not None or self.considered.believed.size + memory.surge == state.desired
        return self.total != state.desired or not is_own

    @property
    def is_repeat(self) -> bool:
        """Whether that size was decided before, and whether it was set then is not known."""
        written = self.considered.memory.written
        return self.must_write and not self.decision.change and written is not None and not written.is_known


def decide_group(
    considered: Considered,
    answers: Mapping[MetricQuery, Datapoints | TrimtabError],
    now: datetime,
    *,
    shadow: bool,
    functions: Functions = NO_FUNCTIONS,
) -> GroupVerdict:
    """The decision about a group, by the engine and nothing else."""
    subject, state, memory, believed, asked, *_ = considered
    group = _without_unreadable(subject.group, asked, answers)
    preset = _holding_unreadable(subject.preset, asked, answers)
    rules = rules_for(group, preset)
    seen = observe(state, memory, believed.size, asked, answers, rules, now)
    observation = without_cloud_change(seen.observation, state, memory, now) if shadow else seen.observation
    decision = decide(group, observation, memory.history, now, preset, functions=functions)
    mix, unread = (None, "") if shadow else _mix_of(considered, decision.size, now)
    if mix is not None:
        decision = decision._replace(reasons=(*decision.reasons, *mix.decision.reasons))
    result = GroupTick(
        group=group.name,
        name=subject.native,
        location=subject.location,
        outcome=TickOutcome.SHADOW if shadow else TickOutcome.KEPT,
        text=_remarks(subject, state, believed, shadow=shadow),
        decision=decision,
        live=state.desired,
        minimum=decision.minimum,
        maximum=decision.maximum,
        running=state.running,
        unread=(*seen.unread, *([unread] if unread else ())),
        mix=MixTick.of(mix) if mix is not None else None,
    )
    return GroupVerdict(considered, decision, result, mix)


def _mix_of(considered: Considered, size: int, now: datetime) -> tuple[MixStep | None, str]:
    """How a group is shared between on demand and spot, or why that cannot be told; it stays as it is then."""
    subject, recent = considered.subject, considered.recent
    if recent is None:
        return None, ""
    if isinstance(recent.activities, TrimtabError):
        return None, f"purchase.fallback: {recent.activities}"
    mix = decide_group_mix(
        subject.group,
        subject.preset,
        provider_of(subject),
        considered.state,
        considered.memory.fallback,
        recent.activities,
        size,
        considered.looked,
        now,
    )
    return mix, ""


def _holding_unreadable(
    preset: Preset, asked: Sequence[GroupQuery], answers: Mapping[MetricQuery, Datapoints | TrimtabError]
) -> Preset:
    """
    The preset, with nothing scaling in while a metric of the group cannot be read.

    That is so on Azure and Google Cloud anyway; on EC2 a metric of which no alarm hears holds nothing back, but there
    the cloud itself reads it.
    """
    failed = any(isinstance(answers[query], TrimtabError) for _, query in asked)
    if failed and preset.missing is MissingMetric.ALARM_OPTION:
        return replace(preset, missing=MissingMetric.NO_SCALE_IN)
    return preset


def without_cloud_change(
    observation: Observation, state: GroupState, memory: GroupMemory, now: datetime
) -> Observation:
    """What a shadow sees: the group as it was before the cloud did what the shadow may be about to decide itself."""
    if observation.desired == state.desired or memory.shadowed is None:
        return observation
    # the metrics are those of the instances before the change
    observation = replace(observation, busy=False)
    if memory.shadowed.live == state.desired:
        return observation
    earlier = tuple(at for at in observation.started if at < now)
    return replace(observation, in_service=memory.shadowed.running, started=earlier)


def _without_unreadable(
    group: ScalingGroup, asked: Sequence[GroupQuery], answers: Mapping[MetricQuery, Datapoints | TrimtabError]
) -> ScalingGroup:
    """The group, with alarms whose metric could not be read kept from taking that for datapoints that are missing."""
    failed = {item.name for item, query in asked if isinstance(answers[query], TrimtabError)}
    filled = (MissingData.BREACHING, MissingData.IGNORE)
    if not any(alarm.name in failed and alarm.missing in filled for alarm in group.alarms):
        return group
    alarms = [
        alarm.model_copy(update={"missing": MissingData.MISSING}) if alarm.name in failed else alarm
        for alarm in group.alarms
    ]
    return group.model_copy(update={"alarms": tuple(alarms)})


def _remarks(subject: DecisionSubject, state: GroupState, believed: Believed, *, shadow: bool) -> str:
    remarks = [believed.because]
    if not shadow and subject.digest and state.controller != subject.digest:
        remarks.append("the fleet that was applied says otherwise than this one; apply it, or load the file again")
    return "; ".join(filter(None, remarks))


def after_decision(verdict: GroupVerdict, now: datetime, *, enacted: bool) -> GroupMemory:
    """What is remembered after a decision; of one that was refused, that nothing changed."""
    memory = verdict.considered.memory
    history = verdict.decision.history._replace(at=_later(memory.history.at, now))
    if not enacted and verdict.decision.change:
        before = memory.history
        history = history._replace(acted_at=before.acted_at, waits=before.waits, changes=before.changes)
    if enacted and verdict.is_repeat and history.acted_at is not None:
        history = history._replace(acted_at=now)  # a cooldown begins when the size is set, not when it was meant to be
    # where the cloud refuses, it is asked again: what is remembered is what is to be
    fallback = verdict.mix.state if verdict.mix is not None else memory.fallback
    return replace(memory, history=history, fallback=fallback)


def after_hold(memory: GroupMemory, now: datetime, *, exists: bool) -> GroupMemory:
    """
    What is remembered where nothing was decided: what begins meanwhile is not made up for.

    Others may size a group meanwhile; whatever it has afterwards is heard, also the size before the last write.
    """
    memory = replace(memory, history=memory.history._replace(at=_later(memory.history.at, now)), shadowed=None)
    # while spot is tried again, what the group has beyond its size is known by what was written
    return replace(memory, written=memory.written if memory.surge else None, before=()) if exists else memory


def _later(before: datetime | None, now: datetime) -> datetime:
    """A clock that is a little behind another's does not have a schedule begin again."""
    return max(before, now) if before else now


_SIGNED = 500
"""Characters of a text that tell it from others: what is remembered has bounds, what clouds answer has none."""


def signature(result: GroupTick) -> str:
    """What an entry of the history says, without its numbers that move: the next one like it is left out."""
    decision = result.decision
    parts = [result.outcome.value, "unread" if result.unread else ""]
    if result.outcome is TickOutcome.SHADOW:
        parts += [f"{result.live}", result.activity]
    if decision is None:
        return "|".join([*parts, result.text[:_SIGNED]])
    parts += ["remark"] if result.text else []
    parts += [result.mix.phase] if result.mix else []
    states = sorted(f"{name}={state.value}" for name, state in decision.alarms.items())
    return "|".join([*parts, f"{decision.size}", *states, *(reason.code.value for reason in decision.reasons)])
