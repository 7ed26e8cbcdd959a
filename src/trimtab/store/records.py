"""What a store keeps, and what it is asked: leases, states, intents, decisions, ticks, rollouts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class GroupKey(NamedTuple):
    """One group of one fleet on one cloud."""

    cloud: str
    """The provider's name and the account: `aws:123456789012`."""
    location: str
    fleet: str
    group: str


@dataclass(frozen=True, slots=True)
class Lease:
    """
    The right to change a group's size, until it expires.

    Attributes:
        token: Grows with each new holder; what a lower token wrote before is known to be stale.
    """

    key: GroupKey
    owner: str
    token: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class SavedState:
    """
    What the controller remembers of a group from one tick to the next.

    Attributes:
        version: Grows by one with each save; 0 where nothing was saved yet.
        token: Of the lease under which it was saved.
        body: JSON data: the engine's history, instances seen, the size that was last written.
    """

    version: int = 0
    token: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)


class IntentStatus(StrEnum):
    """What became of a size that was to be written."""

    OPEN = "open"
    """Stored, and perhaps written: nobody has said so yet."""
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    """Another size stands now, by hand or by another controller."""


@dataclass(frozen=True, slots=True)
class Intent:
    """
    A size that is about to be written; stored before the write, so that a kill between the two is seen.

    Attributes:
        id: Given by the store.
        body: JSON data: the state to save once the write is known to have gone through.
    """

    key: GroupKey
    token: int
    before: int
    size: int
    at: datetime
    status: IntentStatus = IntentStatus.OPEN
    body: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """
    One decision about a group, and what came of it.

    Attributes:
        outcome: `kept`, `written`, `failed`, `held` (paused, lease lost), `shadow`, `error`.
        size: What was decided; `None` where there was no decision, but an error.
        cloud_size: What the cloud had by then.
        reasons: As `Decision.to_dict` has them.
        shadow: Whether nothing could have been written.
        candidate: The name of the candidate fleet file that was shadowed; empty for the fleet itself.
    """

    key: GroupKey
    at: datetime
    outcome: str
    previous: int | None = None
    size: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    cloud_size: int | None = None
    reasons: Sequence[Mapping[str, Any]] = ()
    error: str = ""
    shadow: bool = False
    candidate: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRecord:
    """
    One tick of a controller over a fleet.

    Attributes:
        interval: Until the next one is due.
        groups: How many it looked at; 0 says that this controller has ended.
        lag: How long after it was due it began.
    """

    cloud: str
    fleet: str
    owner: str
    at: datetime
    interval: timedelta
    groups: int
    changed: int
    errors: int
    lag: timedelta = timedelta(0)
    shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRecord:
    """
    How the rollout of a group stood from a moment on, as a process saw it that drove it or changed it.

    Attributes:
        run: Which run.
        at: When it was seen to stand so.
        outcome: `running`, `paused`, `stopped`, `done`, `rolled back`, `error`; `unknown` where its end was seen by no
            process with this store.
        phase: Where the run was.
        step: Which step it was on, from 1.
        steps: How many there are.
        strategy: How it goes.
        by: Who started it.
        began: When it began.
        old: The template before, in the cloud's words.
        new: The one that it brings.
        template: The digest of that.
        ready: Instances with the new template that were ready.
        total: How many there are to be.
        gates: What the gates said that held it up.
        text: Why it stood so.
    """

    key: GroupKey
    run: str
    at: datetime
    outcome: str
    phase: str
    step: int
    steps: int
    strategy: str
    by: str
    began: datetime
    old: str = ""
    new: str = ""
    template: str = ""
    ready: int = 0
    total: int = 0
    gates: Sequence[str] = ()
    text: str = ""
    id: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        plain = {name: getattr(self, name) for name in ROLLOUT_COLUMNS}
        moments = {name: plain[name].isoformat() for name in ("at", "began")}
        return {"group": self.key.group, "location": self.key.location, **plain, **moments, "gates": list(self.gates)}


ROLLOUT_COLUMNS = tuple(name for name in RolloutRecord.__dataclass_fields__ if name not in ("key", "id"))
"""What is stored of one, beside whose it is."""


def stored_name(provider: str, account: str) -> str:
    """The name of a cloud in a store, by provider and account, so that equal fleets of two accounts are two."""
    return f"{provider}:{account}" if account else provider


class StaleWrite(Exception):
    """The lease was lost, or somebody else has saved meanwhile: nothing was stored."""


class Store(Protocol):
    """
    Where a controller keeps what it must not forget. Thread-safe.

    Every method raises `StoreUnavailable` where the store cannot be reached, and then has stored nothing.
    """

    is_shared: bool
    """Whether controllers on several machines can use it."""

    def acquire(
        self, keys: Iterable[GroupKey], owner: str, now: datetime, ttl: timedelta, *, most: int | None = None
    ) -> Mapping[GroupKey, Lease]:
        """
        Take or renew the leases of these groups, as far as nobody else holds them; in one transaction.

        A lease that expired is taken over with a higher token; one's own is renewed and keeps its token. At most
        `most` of them: one's own go first, and what one holds beyond is given back.
        """
        ...

    def release(self, keys: Iterable[GroupKey], owner: str) -> None:
        """Give the leases back that this owner holds, so that another need not wait for their end; tokens stay."""
        ...

    def holds(self, lease: Lease, now: datetime) -> bool:
        """Whether the store still has this lease with this token, not expired at `now`."""
        ...

    def load(self, keys: Iterable[GroupKey]) -> Mapping[GroupKey, SavedState]:
        """The saved states; a key without one has version 0. In one query or a bounded number."""
        ...

    def save(self, states: Mapping[GroupKey, tuple[SavedState, Lease | None]]) -> frozenset[GroupKey]:
        """
        Save new states in one transaction.

        Each must have `version` one above what is stored, and the lease's token must not be below the token that is
        stored or that the leases table has.

        Returns:
            The keys that were refused because somebody else saved meanwhile or the lease was lost.
        """
        ...

    def open_intent(self, intent: Intent, lease: Lease) -> Intent:
        """
        Store that a size is about to be written; the intent with its id.

        Raises:
            StaleWrite: The lease is not this holder's any more (token lower than the leases table's).
        """
        ...

    def close_intent(self, intent: Intent, status: IntentStatus) -> None:
        """Say what became of an intent."""
        ...

    def close_intents(self, intents: Sequence[Intent], status: IntentStatus) -> None:
        """Say of many intents that the same became of them."""
        ...

    def open_intents(self, keys: Iterable[GroupKey]) -> Mapping[GroupKey, Sequence[Intent]]:
        """The intents that nobody has closed, oldest first, by group."""
        ...

    def add_decisions(self, decisions: Sequence[DecisionRecord]) -> None:
        """Append to the history, in one transaction."""
        ...

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
        """The history, oldest first; of more than `limit` the newest."""
        ...

    def add_tick(self, tick: TickRecord) -> None:
        """Say that a tick was done."""
        ...

    def owners(self, fleet: str, cloud: str, since: datetime) -> frozenset[str]:
        """The controllers that have ticked since then and have not ended; shadows are none."""
        ...

    def last_tick(self, fleet: str, cloud: str) -> TickRecord | None:
        """The newest tick that was not a shadow's."""
        ...

    def ticks(
        self, fleet: str, cloud: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[TickRecord]:
        """The ticks of a fleet, oldest first; a shadow's stand under a name of their own."""
        ...

    def add_rollouts(self, records: Sequence[RolloutRecord]) -> None:
        """Append to the history of rollouts, in one transaction."""
        ...

    def rollouts(
        self,
        *,
        fleet: str | None = None,
        cloud: str | None = None,
        group: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[RolloutRecord]:
        """The history of rollouts, oldest first; of more than `limit` the newest."""
        ...

    def prune_rollouts(self, before: datetime) -> int:
        """Forget what is older than that of rollouts alone; how many."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget decisions, ticks, rollouts and closed intents older than that; how many."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
