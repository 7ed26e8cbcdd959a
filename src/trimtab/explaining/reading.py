"""What an explanation goes by, read from the cloud and from the controller's store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from trimtab.capabilities import is_delegated
from trimtab.clock import Clock
from trimtab.controller.deciding import DecisionSubject, preset_of
from trimtab.errors import Cancelled, NotFound, TrimtabError, Unsupported
from trimtab.explaining.replaying import Answers, name_of, run_up, wide_queries
from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.base import Activity, AlarmChange, AlarmState, GroupState
from trimtab.providers.lookup import group_not_found, in_charge, renamed
from trimtab.providers.roles import Provider
from trimtab.sources import Source, make_sources, read_all
from trimtab.store.records import DecisionRecord, GroupKey, RolloutRecord, Store, TickRecord

T = TypeVar("T")
MOST_ACTIVITIES = 1000


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """
    What was read about one group.

    Attributes:
        notes: What could not be read, each in a sentence.
        last_tick: The controller's, where it sizes the group and a store was given.
        is_controlled: Whether the controller sizes the group.
    """

    subject: DecisionSubject
    state: GroupState
    now: datetime
    activities: Sequence[Activity] = ()
    alarms: Sequence[AlarmState] = ()
    alarm_changes: Sequence[AlarmChange] = ()
    answers: Answers = field(default_factory=dict)
    decisions: Sequence[DecisionRecord] = ()
    rollouts: Sequence[RolloutRecord] = ()
    last_tick: TickRecord | None = None
    is_controlled: bool = False
    has_store: bool = False
    notes: Sequence[str] = ()


@dataclass
class Reader:
    """Reads about one group; what cannot be read is noted, except the group itself."""

    provider: Provider
    fleet: Fleet
    group: ScalingGroup
    clock: Clock
    store: Store | None = None
    sources: Sequence[Source] = ()
    notes: list[str] = field(default_factory=list)

    def read(self, since: datetime, until: datetime) -> Gathered:
        """
        Everything about the group in a time.

        Raises:
            NotFound: There is no such group.
            ProviderError: The group cannot be read.
        """
        now = self.clock.now()
        state = self._state()
        subject = self._subject(state)
        live, begin = self.provider.live, since - run_up(subject)
        activities: Sequence[Activity] = self._tried(
            "activities", lambda: live.read_activities(state.location, state.name, MOST_ACTIVITIES), ()
        )
        alarms = self._alarms()
        names = [alarm.name for alarm in alarms]
        changes: Sequence[AlarmChange] = ()
        if names:
            changes = self._tried(
                "history of alarms", lambda: live.read_alarm_history(state.location, names, since, until), ()
            )
        decisions, tick = self._history(since, until)
        return Gathered(
            subject=subject,
            state=state,
            now=now,
            activities=activities,
            alarms=alarms,
            alarm_changes=changes,
            answers=self._answers(subject, begin, until, now),
            decisions=decisions,
            rollouts=self._rollouts(since),
            last_tick=tick,
            is_controlled=is_delegated(self.fleet, self.group, self.provider.name),
            has_store=self.store is not None,
            notes=tuple(self.notes),
        )

    def _state(self) -> GroupState:
        name, location = self.fleet.native_name(self.group), self.group.location or self.provider.location
        live = self.provider.live
        read = partial(live.read_states, balancers=bool(self.group.cloud_balancers))
        states = in_charge(read, read([(location, name)]))
        states = states or [*renamed(live.candidates, self.fleet.name, self.group.name, location)]
        if not states:
            raise group_not_found(name, location, self.provider.name)
        return states[0]

    def _subject(self, state: GroupState) -> DecisionSubject:
        cloud = self.provider.name
        key = GroupKey(cloud, state.location, self.fleet.name, self.group.name)
        return DecisionSubject(
            fleet=self.fleet,
            group=self.group,
            native=state.name,
            location=state.location,
            preset=preset_of(cloud),
            key=key,
        )

    def _alarms(self) -> Sequence[AlarmState]:
        read: Sequence[AlarmState] = self._tried("alarms", lambda: self.provider.live.read_alarms(self.fleet), ())
        return [alarm for alarm in read if alarm.group == self.group.name]

    def _answers(self, subject: DecisionSubject, begin: datetime, until: datetime, now: datetime) -> Answers:
        asked = wide_queries(subject, begin, until)
        declared = make_sources(self.fleet, self.sources, clock=self.clock)
        try:
            answers = read_all(self.provider, declared, [query for _, query in asked], now)
        finally:
            for source in declared:
                if source not in self.sources:
                    source.close()
        for (item, query), answer in zip(asked, answers, strict=True):
            if isinstance(answer, TrimtabError):
                self.notes.append(f"metric {query.metric.name} of {item.name} could not be read: {answer}")
        return {name_of(item): answer for (item, _), answer in zip(asked, answers, strict=True)}

    def _history(self, since: datetime, until: datetime) -> tuple[Sequence[DecisionRecord], TickRecord | None]:
        store = self.store
        if store is None:
            if is_delegated(self.fleet, self.group, self.provider.name):
                self.notes.append("the history of the controller was not read: no store was given")
            return (), None
        account = self._tried("account", self.provider.live.account, "")
        cloud = f"{self.provider.name}:{account}" if account else self.provider.name
        fleet, group = self.fleet.name, self.group.name
        decisions: Sequence[DecisionRecord] = self._tried(
            "history of the controller",
            lambda: store.decisions(fleet=fleet, group=group, since=since, until=until, shadow=False),
            (),
        )
        return decisions, self._tried("last tick of the controller", lambda: store.last_tick(fleet, cloud), None)

    def _rollouts(self, since: datetime) -> Sequence[RolloutRecord]:
        store = self.store
        if store is None:
            return ()
        return self._tried(
            "history of rollouts",
            lambda: store.rollouts(fleet=self.fleet.name, group=self.group.name, since=since),
            (),
        )

    def _tried(self, what: str, ask: Callable[[], T], otherwise: T) -> T:
        try:
            return ask()
        except (Cancelled, NotFound):
            raise
        except Unsupported:
            self.notes.append(f"the {what}: {self.provider.name} keeps none that can be read")
        except TrimtabError as error:
            self.notes.append(f"the {what} could not be read: {error}")
        return otherwise


def length_of(since: datetime | timedelta, until: datetime) -> datetime:
    """When a time begins that is given by its beginning or by its length."""
    return until - since if isinstance(since, timedelta) else since
