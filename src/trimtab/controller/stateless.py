"""A controller without a store: what it may size then, and the store that keeps nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from trimtab.engine.presets import CooldownScope, Preset
from trimtab.engine.ruleset import rules_for
from trimtab.models import MissingData, ScalingGroup
from trimtab.store.records import (
    DecisionRecord,
    GroupKey,
    Intent,
    IntentStatus,
    Lease,
    RolloutRecord,
    SavedState,
    TickRecord,
)

_NOTHING = timedelta(0)


def needs_memory(group: ScalingGroup, preset: Preset) -> list[str]:
    """What of a group needs to know the ticks before, in words; nothing where the moment alone decides."""
    rules = rules_for(group, preset)
    amounts = [rule for alarm in rules.alarms for rule in alarm.rules]
    reasons = [
        ("the cooldown of its policies", amounts and preset.cooldown is not CooldownScope.NONE),
        ("the warm-up of its instances", rules.longest_warm_up > _NOTHING and (amounts or rules.tracking)),
        ("stabilization", rules.stabilization_in > _NOTHING or rules.stabilization_out > _NOTHING),
        ("the limit on scaling in", rules.scale_in_limit is not None),
        ("schedules that set a size", any(schedule.desired is not None for schedule in group.schedules)),
        ("alarms that keep their state", any(alarm.missing is MissingData.IGNORE for alarm in group.alarms)),
    ]
    return [text for text, needed in reasons if needed]


class Forgetful:
    """A store that keeps nothing: leases are always had, and every tick is the first."""

    is_shared = False

    def acquire(
        self, keys: Iterable[GroupKey], owner: str, now: datetime, ttl: timedelta, *, most: int | None = None
    ) -> Mapping[GroupKey, Lease]:
        """All leases."""
        return {key: Lease(key, owner, 1, now + ttl) for key in keys}

    def release(self, keys: Iterable[GroupKey], owner: str) -> None:
        """Do nothing."""

    def holds(self, lease: Lease, now: datetime) -> bool:
        """Yes."""
        return lease.expires > now

    def load(self, keys: Iterable[GroupKey]) -> Mapping[GroupKey, SavedState]:
        """Nothing."""
        return {}

    def save(self, states: Mapping[GroupKey, tuple[SavedState, Lease | None]]) -> frozenset[GroupKey]:
        """Refuse none."""
        return frozenset()

    def open_intent(self, intent: Intent, lease: Lease) -> Intent:
        """The intent as it is."""
        return intent

    def close_intent(self, intent: Intent, status: IntentStatus) -> None:
        """Do nothing."""

    def close_intents(self, intents: Sequence[Intent], status: IntentStatus) -> None:
        """Do nothing."""

    def open_intents(self, keys: Iterable[GroupKey]) -> Mapping[GroupKey, Sequence[Intent]]:
        """None."""
        return {}

    def add_decisions(self, decisions: Sequence[DecisionRecord]) -> None:
        """Do nothing."""

    def decisions(
        self,
        *,
        fleet: str | None = None,
        group: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        shadow: bool | None = None,
        limit: int | None = None,
    ) -> Sequence[DecisionRecord]:
        """None."""
        return ()

    def add_tick(self, tick: TickRecord) -> None:
        """Do nothing."""

    def owners(self, fleet: str, cloud: str, since: datetime) -> frozenset[str]:
        """None."""
        return frozenset()

    def last_tick(self, fleet: str, cloud: str) -> TickRecord | None:
        """None."""
        return None

    def ticks(
        self, fleet: str, cloud: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[TickRecord]:
        """None."""
        return ()

    def add_rollouts(self, records: Sequence[RolloutRecord]) -> None:
        """Do nothing."""

    def rollouts(
        self,
        *,
        fleet: str | None = None,
        cloud: str | None = None,
        group: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[RolloutRecord]:
        """None."""
        return ()

    def prune_rollouts(self, before: datetime) -> int:
        """Nothing to forget."""
        return 0

    def prune(self, before: datetime) -> int:
        """Nothing to forget."""
        return 0

    def close(self) -> None:
        """Do nothing."""
