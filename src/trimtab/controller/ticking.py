"""One tick: leases, what is remembered, reads in bulk, decisions, writes, and what is kept of it."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from trimtab.clock import Clock
from trimtab.controller.deciding import (
    Considered,
    DecisionSubject,
    GroupVerdict,
    after_decision,
    after_hold,
    body_of_intent,
    consider,
    decide_group,
    held_back,
    is_forgotten,
    memory_of,
    signature,
    with_intents,
)
from trimtab.controller.events import GroupStanding, standing_after
from trimtab.controller.memory import GroupMemory, Written
from trimtab.controller.mixing import RecentActivities, enact_mix, midways, with_mixes
from trimtab.controller.reading import Place, read_states
from trimtab.controller.results import GroupTick, TickOutcome
from trimtab.controller.shadowing import cloud_activity, shadow_reasons
from trimtab.engine.functions import NO_FUNCTIONS, Functions
from trimtab.engine.reasons import ReasonCode
from trimtab.errors import Cancelled, InvalidArgument, StoreUnavailable, TrimtabError, Unreachable
from trimtab.models import MissingData
from trimtab.providers.base import GroupState
from trimtab.providers.datapoints import Datapoints, MetricQuery
from trimtab.providers.lookup import renamed
from trimtab.providers.roles import Provider
from trimtab.sources import Source, read_all
from trimtab.store.records import (
    DecisionRecord,
    GroupKey,
    Intent,
    IntentStatus,
    Lease,
    SavedState,
    StaleWrite,
    Store,
)

Found = tuple[DecisionSubject, GroupState | TrimtabError | None]
"""A group, and how it was read; `None` where it does not exist."""
FRESH = 0.75
"""What must be left of a lease that is not renewed before a write."""


@dataclass(kw_only=True)
class Ticking:
    """
    Everything that one tick goes by.

    Attributes:
        lease: How long a lease lasts.
        unsaved: Why what was decided could not be kept; empty where it was.
        standings: How groups stood as far as listeners were told: as the store remembers, else as was given.
        versions: Under which each group's memory was saved.
        remarks: What ticks left behind that did not end.
    """

    store: Store
    provider: Provider
    sources: Sequence[Source]
    clock: Clock
    owner: str
    lease: timedelta
    shadow: bool = False
    candidate: str = ""
    workers: int = 8
    functions: Functions = field(default_factory=lambda: NO_FUNCTIONS)
    unsaved: str = ""
    standings: dict[GroupKey, GroupStanding] = field(default_factory=dict)
    done: dict[GroupKey, Intent] = field(default_factory=dict)
    results: dict[GroupKey, GroupTick] = field(default_factory=dict)
    memories: dict[GroupKey, GroupMemory] = field(default_factory=dict)
    versions: dict[GroupKey, int] = field(default_factory=dict)
    remarks: dict[GroupKey, str] = field(default_factory=dict)

    def run(self, subjects: Sequence[DecisionSubject], now: datetime) -> list[GroupTick]:
        """
        What became of each group.

        Raises:
            StoreUnavailable: Before anything was read or written.
        """
        keys = [subject.key for subject in subjects]
        leases = {} if self.shadow else self._leases(keys, now)
        saved = self.store.load(keys)
        intents = {} if self.shadow else self.store.open_intents(keys)
        ours = []
        for subject in subjects:
            if self.shadow or subject.key in leases:
                self._remember(subject.key, saved.get(subject.key) or SavedState(), intents.get(subject.key, ()), now)
                standing = self.memories[subject.key].standing
                if standing is not None:
                    self.standings[subject.key] = standing
                ours.append(subject)
            else:
                held = subject.result(TickOutcome.HELD, "another controller has its lease")
                self.results[subject.key] = replace(held, leased=False)
        considered = self._considered(ours, now)
        verdicts = self._verdicts(considered, now)
        self._write([verdict for verdict in verdicts if verdict.must_write and not self.shadow], leases)
        for key, remark in self.remarks.items():
            self._add_remark(key, remark)
        self._keep(leases, intents, now)
        return [self.results[key] for key in keys]

    def _leases(self, keys: Sequence[GroupKey], now: datetime) -> dict[GroupKey, Lease]:
        """The leases of this controller's share: as many groups as each other one for the same groups has."""
        if not keys:
            return {}
        seen = self.store.owners(keys[0].fleet, keys[0].cloud, now - self.lease)
        peers = {owner for owner in seen if name_of_groups(owner) == name_of_groups(self.owner)} | {self.owner}
        share = -(-len(keys) // len(peers))
        return dict(self.store.acquire(keys, self.owner, now, self.lease, most=share))

    def _remember(self, key: GroupKey, saved: SavedState, intents: Sequence[Intent], now: datetime) -> None:
        """Take up what the ticks before left behind, also those that did not end."""
        memory = memory_of(saved.body)
        self.versions[key] = saved.version
        self.memories[key] = with_intents(memory or GroupMemory(), intents, saved.version, now)
        forgotten = [intent for intent in intents if is_forgotten(intent, saved.version)]
        remarks = [f"a tick that did not end was setting {each.size} at {each.at:%H:%M:%S}" for each in forgotten]
        if memory is None:
            remarks.append("what was remembered cannot be read, as after a change of version; it begins anew")
        if remarks:
            self.remarks[key] = "; ".join(remarks)

    def _add_remark(self, key: GroupKey, remark: str) -> None:
        result = self.results[key]
        self.results[key] = replace(result, text="; ".join(filter(None, [result.text, remark])))

    # reading

    def _considered(self, subjects: Sequence[DecisionSubject], now: datetime) -> list[Considered]:
        """The groups that may be decided about."""
        states = read_states(self.provider, [(subject.location, subject.native) for subject in subjects])
        found = [self._found(subject, states[subject.location, subject.native]) for subject in subjects]
        mixed, recent = self._mixed(found)
        considered = []
        for subject, seen in found:
            key, place = subject.key, (subject.location, subject.native)
            state = mixed.get(place, seen)
            if isinstance(state, TrimtabError):
                self.results[key] = subject.result(TickOutcome.ERROR, str(state))
            elif state is None or (text := held_back(subject, state, now, shadow=self.shadow)):
                held = subject.result(TickOutcome.HELD, text if state else NOT_FOUND, state)
                self.results[key] = replace(held, paused=state is not None and state.paused is not None)
                self.memories[key] = after_hold(self.memories[key], now, exists=state is not None)
            else:
                try:
                    memory, late = self.memories[key], recent.get(place)
                    considered.append(consider(subject, state, memory, now, shadow=self.shadow, recent=late))
                except Exception as error:  # one group that the engine stumbles over holds up no other
                    self.results[key] = subject.result(TickOutcome.ERROR, _in_full(error), state)
        return considered

    def _mixed(self, found: Sequence[Found]) -> tuple[Mapping[Place, GroupState], Mapping[Place, RecentActivities]]:
        """Of groups that fall back, which instances are spot and what is told of late."""
        places = {
            (subject.location, subject.native): state
            for subject, state in found
            if subject.group.purchase.fallback and isinstance(state, GroupState)
        }
        return ({}, {}) if self.shadow or not places else with_mixes(self.provider, places)

    def _found(self, subject: DecisionSubject, state: GroupState | TrimtabError | None) -> Found:
        """A group as it was read, under another name where a rollout gave it one."""
        if state is None or (isinstance(state, GroupState) and state.rollout and state.rollout.successor):
            return self._renamed(subject)
        return subject, state

    def _renamed(self, subject: DecisionSubject) -> Found:
        """A group that a blue-green rollout gave another native name."""
        try:
            states = renamed(self.provider.live.candidates, subject.fleet.name, subject.group.name, subject.location)
        except TrimtabError as error:
            return subject, error
        return (replace(subject, native=states[0].name), states[0]) if states else (subject, None)

    def _verdicts(self, considered: Sequence[Considered], now: datetime) -> list[GroupVerdict]:
        queries = [query for each in considered for _, query in each.asked]
        answers = dict(zip(queries, read_all(self.provider, self.sources, queries, now), strict=True))
        verdicts = []
        for each in considered:
            key = each.subject.key
            try:
                verdict = decide_group(each, answers, now, shadow=self.shadow, functions=self.functions)
            except Exception as error:
                self.results[key] = each.subject.result(TickOutcome.ERROR, _in_full(error), each.state)
                continue
            result = replace(verdict.result, silent=silent_metrics(verdict, answers))
            verdict = verdict._replace(result=result)
            self.results[key] = result
            self.memories[key] = after_decision(verdict, now, enacted=True)
            if self.shadow:
                said = cloud_activity(self.provider, each)
                self.results[key] = replace(verdict.result, activity=said)
                self.memories[key] = self.memories[key].having_shadowed(verdict.decision.size, each.state, now)
            verdicts.append(verdict)
        return verdicts

    # writing

    def _write(self, verdicts: Sequence[GroupVerdict], leases: dict[GroupKey, Lease]) -> None:
        if not verdicts:
            return
        with ThreadPoolExecutor(min(self.workers, len(verdicts)), thread_name_prefix="trimtab-controller") as pool:
            futures = [pool.submit(copy_context().run, self._write_one, verdict, leases) for verdict in verdicts]
            for verdict, future in zip(verdicts, futures, strict=True):
                key = verdict.considered.subject.key
                self.memories[key], self.results[key] = future.result()

    def _write_one(self, verdict: GroupVerdict, leases: dict[GroupKey, Lease]) -> tuple[GroupMemory, GroupTick]:
        """Set one size: the lease first, then the intent, which only its holder can store, then the write."""
        subject, size, now = verdict.considered.subject, verdict.total, self.clock.now()
        before = verdict.considered.state.desired
        enacted = after_decision(verdict, now, enacted=True)
        enacted = replace(enacted, surge=verdict.mix.decision.surge if verdict.mix else enacted.surge)
        parts = midways(subject.group, verdict.considered.state, size, verdict.mix)
        written = enacted.having_written(size, before, now, is_known=True, midways=parts)
        refused = after_decision(verdict, now, enacted=False)
        try:
            leases[subject.key] = lease = self._renewed(leases[subject.key], now)
            body = body_of_intent(written, self.versions[subject.key] + 1)
            intent = self.store.open_intent(Intent(subject.key, lease.token, before, size, now, body=body), lease)
        except StaleWrite:
            return refused, _ended(verdict, TickOutcome.HELD, "its lease was lost to another controller")
        except TrimtabError as error:
            self.unsaved = str(error)
            return refused, _ended(verdict, TickOutcome.HELD, str(error))
        try:
            actor = self.provider.actions.on(subject.location, subject.native)
            if verdict.mix is None:
                actor.set_capacity(size)
            else:
                enact_mix(actor, verdict.considered.state, verdict.mix)
        except (Unreachable, Cancelled) as error:
            # perhaps it went through: the intent stays open, and the next tick looks
            return replace(written, written=_unknown(written)), _ended(verdict, TickOutcome.UNKNOWN, str(error))
        except TrimtabError as error:
            self._close(intent, IntentStatus.FAILED)
            if parts:  # one of two native groups may have its new size
                stands = verdict.considered.believed.size + verdict.considered.memory.surge
                refused = refused.having_written(stands, before, now, is_known=False, midways=parts)
            return refused, _ended(verdict, TickOutcome.FAILED, str(error))
        except Exception as error:  # nor is it known then whether it went through
            return replace(written, written=_unknown(written)), _ended(verdict, TickOutcome.UNKNOWN, _in_full(error))
        self.done[subject.key] = intent
        # reads are late behind the end of the write, however long that took
        return enacted.having_written(size, before, self.clock.now(), is_known=True), _ended(
            verdict, TickOutcome.WRITTEN
        )

    def _renewed(self, lease: Lease, now: datetime) -> Lease:
        """
        The lease, as it is just before a write; one that was taken just now is not renewed.

        The intent of the write is stored only under a lease that nobody else has had meanwhile. A token one higher
        says that the lease had ended, as after slow reads, and that nobody else has had it since.

        Raises:
            StaleWrite: Another controller has it, or has had it meanwhile.
        """
        if self.lease * FRESH < lease.expires - now <= self.lease:
            return lease
        renewed = self.store.acquire([lease.key], self.owner, now, self.lease).get(lease.key)
        if renewed is None or renewed.token > lease.token + 1:
            raise StaleWrite(f"the lease of the group {lease.key.group} was lost")
        return renewed

    def _close(self, intent: Intent, status: IntentStatus) -> None:
        try:
            self.store.close_intent(intent, status)
        except StoreUnavailable as error:
            self.unsaved = str(error)

    # keeping

    def _keep(
        self, leases: Mapping[GroupKey, Lease], intents: Mapping[GroupKey, Sequence[Intent]], now: datetime
    ) -> None:
        """Save what is remembered and what is worth telling; a store that is down meanwhile is told of."""
        news, states = [], {}
        for key, memory in self.memories.items():
            said = signature(self.results[key])
            if said != memory.told:
                news.append(key)
            lease = leases.get(key)
            standing = standing_after(self.standings.get(key, GroupStanding()), self.results[key])
            body = replace(memory, told=said, standing=standing).to_body()
            states[key] = SavedState(self.versions[key] + 1, lease.token if lease else 0, body), lease
        try:
            # told before it is remembered that it was told: rather twice than never
            self.store.add_decisions([self._record(key, now) for key in news])
            refused = self._save(states)
            self.store.add_decisions([self._record(key, now) for key in sorted(refused)])
            # an intent is closed once what it led to is remembered, so that a kill between the two loses nothing
            ended: dict[IntentStatus, list[Intent]] = {}
            for key in leases.keys() - refused:
                for status, intent in self._ended_intents(key, intents.get(key, ())):
                    ended.setdefault(status, []).append(intent)
            for status, some in ended.items():
                if len(some) == 1:
                    self.store.close_intent(some[0], status)
                else:
                    self.store.close_intents(some, status)
        except TrimtabError as error:
            self.unsaved = str(error)

    def _save(self, states: Mapping[GroupKey, tuple[SavedState, Lease | None]]) -> frozenset[GroupKey]:
        """Save what is remembered; the groups for which it was refused, which say so. One harms no other."""
        try:
            refused = self.store.save(states)
            reason = "what was decided is not remembered: its lease was lost, or somebody else has saved meanwhile"
        except InvalidArgument as error:
            if len(states) > 1:
                half = len(states) // 2
                parts = list(states.items())
                return self._save(dict(parts[:half])) | self._save(dict(parts[half:]))
            refused, reason = frozenset(states), str(error)
        for key in refused:
            self._add_remark(key, reason)
        return refused

    def _ended_intents(self, key: GroupKey, left: Sequence[Intent]) -> Iterator[tuple[IntentStatus, Intent]]:
        """What became of the intents of a group: those that earlier ticks left open, and that of this one."""
        live = self.results[key].live
        for intent in left if live is not None else ():
            yield (IntentStatus.DONE if live == intent.size else IntentStatus.SUPERSEDED), intent
        if key in self.done:
            yield IntentStatus.DONE, self.done[key]

    def _record(self, key: GroupKey, now: datetime) -> DecisionRecord:
        result = self.results[key]
        decision = result.decision
        told = decision.to_dict() if decision else {}
        return DecisionRecord(
            key=key,
            at=now,
            outcome=result.outcome.value,
            previous=told.get("previous"),
            size=told.get("size"),
            minimum=told.get("minimum"),
            maximum=told.get("maximum"),
            cloud_size=result.live,
            reasons=[*told.get("reasons", ()), *(shadow_reasons(result) if self.shadow else ())],
            error="; ".join(filter(None, [result.text, *result.unread])),
            shadow=self.shadow,
            candidate=self.candidate,
        )


def silent_metrics(verdict: GroupVerdict, answers: Mapping[MetricQuery, Datapoints | TrimtabError]) -> tuple[str, ...]:
    """
    Metrics that were read and had no datapoint for a decision, each in a sentence.

    A group without an instance has none of its own, and an alarm that says what missing data means expects it.
    """
    considered = verdict.considered
    if not considered.state.running:
        return ()
    meant = (MissingData.BREACHING, MissingData.NOT_BREACHING)
    expected = {alarm.name for alarm in considered.subject.group.alarms if alarm.missing in meant}
    unread = {item.name for item, query in considered.asked if isinstance(answers[query], TrimtabError)}
    reasons = [reason for reason in verdict.decision.reasons if reason.code is ReasonCode.NO_DATA]
    return tuple([str(reason) for reason in reasons if reason.details["metric"] not in expected | unread])


def name_of_groups(owner: str) -> str:
    """The end of a controller's name, which tells the groups that it is for."""
    return owner.rpartition(":")[2]


NOT_FOUND = "not found; apply the fleet first"


def _ended(verdict: GroupVerdict, outcome: TickOutcome, text: str = "") -> GroupTick:
    result = verdict.result
    return replace(result, outcome=outcome, text="; ".join(filter(None, [result.text, text])))


def _in_full(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _unknown(memory: GroupMemory) -> Written:
    if memory.written is None:
        raise ValueError("nothing was written")
    return memory.written._replace(is_known=False)
