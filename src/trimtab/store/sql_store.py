"""The store in SQL: leases with fencing tokens, states with compare-and-set, intents, decisions, ticks."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trimtab.clock import Clock
from trimtab.errors import ConfigError
from trimtab.store import history, rows, schema
from trimtab.store.database import Database
from trimtab.store.location import locate
from trimtab.store.records import (
    DecisionRecord,
    GroupKey,
    Intent,
    IntentStatus,
    Lease,
    RolloutRecord,
    SavedState,
    StaleWrite,
    Store,
    TickRecord,
)
from trimtab.store.rows import lock_rows, read_rows, write_rows
from trimtab.store.tables import INTENTS, LEASES, STATES

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_NO_LEASE: Mapping[str, Any] = {"owner": "", "token": 0, "expires": _NEVER}
_NO_STATE: Mapping[str, Any] = {"version": 0, "token": 0, "body": {}}


class SqlStore(Store):
    """
    A `Store` in one database.

    Every method raises `StoreUnavailable` where it cannot be reached or used, and then has stored nothing; only where
    the connection is lost during a commit and does not come back within the attempts, that is unknown.

    Args:
        database: With its tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.is_shared = not database.is_sqlite
        self.name = database.location.name
        """The URL, without a password."""

    @classmethod
    def open(cls, url: str | None, clock: Clock, *, must_exist: bool = False) -> "SqlStore":
        """See `open_store`."""
        location = locate(url)
        if must_exist and url and location.file is not None and not location.file.exists():
            raise ConfigError([f"store not found: {location.file}; check the path, or leave it out for the usual one"])
        location.make_file()
        database = Database(location, clock)
        try:
            if not database.read(schema.is_current):
                database.write(lambda connection: _migrate(database, connection))
        except BaseException:
            database.close()
            raise
        return cls(database)

    # leases

    def acquire(
        self, keys: Iterable[GroupKey], owner: str, now: datetime, ttl: timedelta, *, most: int | None = None
    ) -> Mapping[GroupKey, Lease]:
        """
        Take or renew the leases of these groups, as far as nobody else holds them; in one transaction.

        A lease that expired gets a higher token, whoever had it: two processes may go by the same name. `now` is of
        the owner's clock. Where clocks differ by no more than `ttl` lasts beyond the interval of renewals, no lease
        is taken over while it is in use; where they differ by more, the lower token tells whose write is stale.
        Of more than `most`, one's own go first, and those beyond are given back.
        """
        wanted = rows.sorted_keys(keys)
        rows.check_names([owner])

        def work(connection: sa.Connection) -> dict[GroupKey, Lease]:
            stored = lock_rows(connection, LEASES, wanted, _NO_LEASE)
            valid = {key for key, row in stored.items() if row.owner and row.expires > now}
            own = [key for key in wanted if key in valid and stored[key].owner == owner]
            chosen = [*own, *(key for key in wanted if key not in valid)][:most]
            taken = {key: Lease(key, owner, stored[key].token + (key not in valid), now + ttl) for key in chosen}
            free = {key: _no_lease(stored[key].token) for key in own if key not in taken}
            write_rows(connection, LEASES, {key: _lease_columns(lease) for key, lease in taken.items()} | free)
            return taken

        return self._database.write(work)

    def release(self, keys: Iterable[GroupKey], owner: str) -> None:
        """Give the leases back that this owner holds, so that another need not wait for their end; tokens stay."""
        wanted = rows.sorted_keys(keys)

        def work(connection: sa.Connection) -> None:
            stored = lock_rows(connection, LEASES, wanted, _NO_LEASE)
            mine = {key: row for key, row in stored.items() if row.owner == owner}
            write_rows(connection, LEASES, {key: _no_lease(row.token) for key, row in mine.items()})

        self._database.write(work)

    def holds(self, lease: Lease, now: datetime) -> bool:
        """Whether the store still has this lease with this token, not expired at `now`."""
        stored = self._database.read(lambda connection: read_rows(connection, LEASES, [lease.key]))
        row = stored.get(lease.key)
        return row is not None and (row.owner, row.token) == (lease.owner, lease.token) and row.expires > now

    # states

    def load(self, keys: Iterable[GroupKey]) -> Mapping[GroupKey, SavedState]:
        """The saved states; a key without one has version 0. One query for 200 keys."""
        wanted = rows.sorted_keys(keys)
        stored = self._database.read(lambda connection: read_rows(connection, STATES, wanted))
        saved = {key: SavedState(row.version, row.token, row.body) for key, row in stored.items()}
        return {key: saved.get(key) or SavedState() for key in wanted}

    def save(self, states: Mapping[GroupKey, tuple[SavedState, Lease | None]]) -> frozenset[GroupKey]:
        """
        Save new states in one transaction.

        Each must have `version` one above what is stored; and where there is a lease, its token must not be below
        the token that is stored or that the leases table has.

        Returns:
            The keys that were refused because somebody else saved meanwhile or the lease was lost.
        """
        wanted = rows.sorted_keys(states)
        leased = [key for key in wanted if states[key][1] is not None]
        for key, (state, _) in states.items():
            rows.check_body(key, state.body)

        def work(connection: sa.Connection) -> frozenset[GroupKey]:
            leases = lock_rows(connection, LEASES, leased, _NO_LEASE)
            stored = lock_rows(connection, STATES, wanted, _NO_STATE)
            taken = {
                key: {"version": state.version, "token": _token(stored[key], state, lease), "body": dict(state.body)}
                for key, (state, lease) in states.items()
                if state.version == stored[key].version + 1 and _is_valid(lease, leases.get(key), stored[key].token)
            }
            write_rows(connection, STATES, taken)
            return frozenset(states.keys() - taken.keys())

        return self._database.write(work)

    # intents

    def open_intent(self, intent: Intent, lease: Lease) -> Intent:
        """
        Store that a size is about to be written; the intent with its id.

        Raises:
            StaleWrite: The lease is not this holder's any more.
        """
        rows.check_body(intent.key, intent.body)
        columns = {
            **rows.key_columns(intent.key),
            "token": intent.token,
            "before_size": intent.before,
            "size": intent.size,
            "at": intent.at,
            "status": intent.status.value,
            "body": dict(intent.body),
        }

        def work(connection: sa.Connection) -> int | None:
            stored = lock_rows(connection, LEASES, [lease.key], _NO_LEASE)
            if not _is_valid(lease, stored[lease.key]):
                return None
            key = connection.execute(sa.insert(INTENTS).values(columns)).inserted_primary_key
            return None if key is None else int(key[0])

        number = self._database.write(work)
        if number is None:
            raise StaleWrite(f"the lease of {lease.owner} for the group {lease.key.group} was lost")
        return dataclasses.replace(intent, id=number)

    def close_intent(self, intent: Intent, status: IntentStatus) -> None:
        """Say what became of an intent; what was said first stands."""
        self.close_intents([intent], status)

    def close_intents(self, intents: Sequence[Intent], status: IntentStatus) -> None:
        """Say of many intents that the same became of them, in one transaction; what was said first stands."""
        numbers = sorted(intent.id for intent in intents)
        is_open = INTENTS.c.status == IntentStatus.OPEN.value
        closing = sa.update(INTENTS).where(is_open).values(status=status.value)

        def work(connection: sa.Connection) -> int:
            parts = (numbers[at : at + rows.KEYS_OF_A_QUERY] for at in range(0, len(numbers), rows.KEYS_OF_A_QUERY))
            return sum(connection.execute(closing.where(INTENTS.c.id.in_(part))).rowcount for part in parts)

        if numbers:
            self._database.write(work)

    def open_intents(self, keys: Iterable[GroupKey]) -> Mapping[GroupKey, Sequence[Intent]]:
        """The intents that nobody has closed, oldest first, by group; only groups that have any."""
        wanted = rows.sorted_keys(keys)
        is_open = INTENTS.c.status == IntentStatus.OPEN.value

        def work(connection: sa.Connection) -> list[sa.Row[Any]]:
            return rows.read_all(connection, sa.select(INTENTS).where(is_open).order_by(INTENTS.c.id), INTENTS, wanted)

        found = defaultdict[GroupKey, list[Intent]](list)
        for row in self._database.read(work):
            found[rows.key_of(row)].append(rows.intent_of(row))
        return dict(found)

    # history

    def add_decisions(self, decisions: Sequence[DecisionRecord]) -> None:
        """Append to the history, in one transaction; long texts are cut."""
        if decisions:
            history.add_decisions(self._database, decisions)

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
        """The history from `since` to before `until`, oldest first; of more than `limit` the newest."""
        chosen = history.DecisionFilter(fleet, group, since, until, shadow, limit)
        return history.read_decisions(self._database, chosen)

    def add_tick(self, tick: TickRecord) -> None:
        """Say that a tick was done."""
        history.add_tick(self._database, tick)

    def owners(self, fleet: str, cloud: str, since: datetime) -> frozenset[str]:
        """The controllers that have ticked since then and have not ended; shadows are none."""
        return history.owners(self._database, fleet, cloud, since)

    def last_tick(self, fleet: str, cloud: str) -> TickRecord | None:
        """The newest tick that was not a shadow's."""
        return history.last_tick(self._database, fleet, cloud)

    def ticks(
        self, fleet: str, cloud: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[TickRecord]:
        """The ticks of a fleet from `since` to before `until`, oldest first; a shadow's stand under their own name."""
        return history.read_ticks(self._database, fleet, cloud, since, until)

    def add_rollouts(self, records: Sequence[RolloutRecord]) -> None:
        """Append to the history of rollouts, in one transaction."""
        history.add_rollouts(self._database, records)

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
        return history.read_rollouts(self._database, fleet=fleet, cloud=cloud, group=group, since=since, limit=limit)

    def prune_rollouts(self, before: datetime) -> int:
        """Forget what is older than that of rollouts alone; how many."""
        return history.prune_rollouts(self._database, before)

    def prune(self, before: datetime) -> int:
        """
        Forget decisions, ticks, rollouts and closed intents older than that; how many.

        One call forgets at most `history.MOST_PRUNED` of each; the next one goes on.
        """
        return history.prune(self._database, before)

    def close(self) -> None:
        """Let go of connections."""
        self._database.close()


def _migrate(database: Database, connection: sa.Connection) -> None:
    database.keep_others_out(connection)
    if not schema.is_current(connection):
        schema.migrate(connection, database.location.name)


def _no_lease(token: int) -> dict[str, Any]:
    return {**_NO_LEASE, "token": token}


def _lease_columns(lease: Lease) -> dict[str, Any]:
    return {"owner": lease.owner, "token": lease.token, "expires": lease.expires}


def _is_valid(lease: Lease | None, stored: Any, floor: int = 0) -> bool:
    """Whether nobody has taken a lease over; a store that never gave it, as after a move, does not have it."""
    if lease is None:
        return True
    is_newest = lease.token >= max(stored.token, floor) and stored.token > 0
    return is_newest and stored.owner in ("", lease.owner)


def _token(stored: Any, state: SavedState, lease: Lease | None) -> int:
    token: int = max(stored.token, state.token if lease is None else lease.token)
    return token
