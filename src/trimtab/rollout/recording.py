"""The history of rollouts in a store: a record each time that one stands otherwise than before."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from trimtab.errors import StoreUnavailable
from trimtab.models import Fleet
from trimtab.providers.roles import Provider
from trimtab.rollout.results import GroupRollout, RolloutOutcome
from trimtab.store import DEFAULT_RETENTION
from trimtab.store.records import GroupKey, RolloutRecord, Store, stored_name

ROLLOUT = logging.getLogger("trimtab.rollout")
UNKNOWN = "unknown"
"""The outcome of a run whose end no process with this store has seen."""
ENDED = frozenset({RolloutOutcome.DONE.value, RolloutOutcome.ROLLED_BACK.value, UNKNOWN})
MOST_HELD = 1_000
"""Records that are held back while the store cannot be reached."""


class Recorder:
    """
    Keeps how rollouts go. A store that cannot be reached holds up none: what it missed is written with the next record.

    Args:
        store: Where.
        provider: The vendor's code.
        fleet: As it is for this provider.

    Raises:
        ProviderError: The cloud does not say which account it is.
    """

    def __init__(self, store: Store, provider: Provider, fleet: Fleet) -> None:
        self.store = store
        self._cloud = stored_name(provider.name, provider.live.account())
        self._fleet = fleet.name
        self._last: dict[str, RolloutRecord | None] = {}
        self._held: list[RolloutRecord] = []

    def record(self, result: GroupRollout, now: datetime) -> None:
        """Keep how a group stands, where that is news."""
        try:
            self._record(result, now)
        except StoreUnavailable as error:
            ROLLOUT.warning("the history of the rollout of %s is written later: %s", result.group, error)

    def _record(self, result: GroupRollout, now: datetime) -> None:
        last = self._latest(result.group)
        record = self._made(result, last, now)
        if record is not None and not _is_same(record, last):
            self._last[result.group] = record
            self._held = [*self._held, record][-MOST_HELD:]
        if not self._held:
            return
        self.store.add_rollouts(self._held)
        self._held = []
        if record is not None and record.outcome in ENDED:
            self.store.prune_rollouts(now - DEFAULT_RETENTION)

    def _latest(self, group: str) -> RolloutRecord | None:
        """The newest record of a group; of another process, where this one has seen none yet."""
        if group not in self._last:
            records = self.store.rollouts(fleet=self._fleet, cloud=self._cloud, group=group, limit=1)
            self._last[group] = records[-1] if records else None
        return self._last[group]

    def _made(self, result: GroupRollout, last: RolloutRecord | None, now: datetime) -> RolloutRecord | None:
        key, run = GroupKey(self._cloud, result.location, self._fleet, result.group), result.run
        if run is None:
            return _lost(last, now) if result.outcome is RolloutOutcome.NONE else None
        is_news = result.outcome in (RolloutOutcome.ERROR, RolloutOutcome.ROLLED_BACK)
        return RolloutRecord(
            key=key,
            run=run.id,
            at=now,
            outcome=result.outcome.value,
            phase=run.phase.value,
            step=result.step,
            steps=result.steps,
            strategy=run.strategy,
            by=run.by,
            began=run.began,
            old=run.old,
            new=run.new,
            template=run.template,
            ready=result.ready,
            total=result.total,
            gates=result.gates,
            text=result.text if is_news else run.why,
        )


def _lost(last: RolloutRecord | None, now: datetime) -> RolloutRecord | None:
    """The end of a run that is over although nobody with this store has seen it."""
    if last is None or last.outcome in ENDED:
        return None
    return replace(last, at=now, outcome=UNKNOWN, gates=(), text="it ended where no process with this store saw it")


def _is_same(record: RolloutRecord, last: RolloutRecord | None) -> bool:
    return last is not None and _news(record) == _news(last)


def _news(record: RolloutRecord) -> tuple[object, ...]:
    """What makes a record news; of gates which they are, since what they say counts instances."""
    return record.run, record.outcome, record.phase, record.step, record.text, _names(record.gates)


def _names(gates: Sequence[str]) -> list[str]:
    return [gate.partition(":")[0] for gate in gates]
