"""What was decided and done: appended, read back, and forgotten after a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from trimtab.store import rows
from trimtab.store.database import Database
from trimtab.store.records import ROLLOUT_COLUMNS, DecisionRecord, IntentStatus, RolloutRecord, TickRecord
from trimtab.store.tables import DECISIONS, INTENTS, ROLLOUTS, TICKS, to_json

LONGEST_ERROR = 4_000
LONGEST_REASONS = 32_000
"""Characters of JSON."""
MOST_GATES = 50
MOST_PRUNED = 100_000
_PRUNED_AT_ONCE = 5_000
"""In one transaction, so that nobody waits long for its end."""


class DecisionFilter(NamedTuple):
    """Which decisions are meant."""

    fleet: str | None
    group: str | None
    since: datetime | None
    until: datetime | None
    shadow: bool | None
    limit: int | None


def add_decisions(database: Database, decisions: Sequence[DecisionRecord]) -> None:
    """Append to the history, in one transaction."""
    columns = [_decision_columns(each) for each in decisions]
    database.write(lambda connection: rows.append_rows(connection, DECISIONS, columns))


def read_decisions(database: Database, choice: DecisionFilter) -> list[DecisionRecord]:
    """The history, oldest first; of more than the limit the newest."""
    c = DECISIONS.c
    conditions: dict[str, Callable[[Any], sa.ColumnElement[bool]]] = {
        "fleet": lambda fleet: c.fleet == fleet,
        "group": lambda group: c.group_name == group,
        "since": lambda since: c.at >= since,
        "until": lambda until: c.at < until,
        "shadow": lambda shadow: c.shadow == shadow,
    }
    given = {name: value for name, value in choice._asdict().items() if name in conditions and value is not None}
    query = sa.select(DECISIONS).where(*(conditions[name](value) for name, value in given.items()))
    newest_first = query.order_by(c.at.desc(), c.id.desc()).limit(choice.limit)
    found = database.read(lambda connection: connection.execute(newest_first).all())
    return [_decision_of(row) for row in reversed(found)]


def add_tick(database: Database, tick: TickRecord) -> None:
    """Say that a tick was done."""
    columns = {name: getattr(tick, name) for name in TickRecord.__dataclass_fields__}
    database.write(lambda connection: rows.append_rows(connection, TICKS, [columns]))


def owners(database: Database, fleet: str, cloud: str, since: datetime) -> frozenset[str]:
    """The controllers that have ticked since then; one that has ended says so by a last tick of no group."""
    c = TICKS.c
    is_recent = (c.fleet == fleet) & (c.cloud == cloud) & (c.at >= since) & c.shadow.is_(False)
    query = sa.select(c.owner).where(is_recent).group_by(c.owner).having(sa.func.min(c.groups) > 0)
    return frozenset(database.read(lambda connection: connection.execute(query).scalars().all()))


def last_tick(database: Database, fleet: str, cloud: str) -> TickRecord | None:
    """The newest tick that was not a shadow's."""
    c = TICKS.c
    query = sa.select(TICKS).where(c.fleet == fleet, c.cloud == cloud, c.shadow.is_(False))
    newest = query.order_by(c.at.desc(), c.id.desc()).limit(1)
    row = database.read(lambda connection: connection.execute(newest).one_or_none())
    return None if row is None else _tick_of(row)


def read_ticks(
    database: Database, fleet: str, cloud: str, since: datetime | None, until: datetime | None
) -> list[TickRecord]:
    """The ticks of a fleet, oldest first."""
    c = TICKS.c
    query = sa.select(TICKS).where(c.fleet == fleet, c.cloud == cloud).order_by(c.at, c.id)
    if since is not None:
        query = query.where(c.at >= since)
    if until is not None:
        query = query.where(c.at < until)
    return [_tick_of(row) for row in database.read(lambda connection: connection.execute(query).all())]


def _tick_of(row: Any) -> TickRecord:
    return TickRecord(**{name: getattr(row, name) for name in TickRecord.__dataclass_fields__})


def add_rollouts(database: Database, records: Sequence[RolloutRecord]) -> None:
    """Append to the history of rollouts, in one transaction."""
    columns = []
    for record in records:
        plain = {name: getattr(record, name) for name in ROLLOUT_COLUMNS}
        texts = {name: _cut_text(value) for name, value in plain.items() if isinstance(value, str)}
        gates = [_cut_text(gate) for gate in record.gates[:MOST_GATES]]
        rows.check_names(record.key)
        columns.append({**rows.key_columns(record.key), **plain, **texts, "gates": gates})
    database.write(lambda connection: rows.append_rows(connection, ROLLOUTS, columns))


def read_rollouts(
    database: Database,
    *,
    fleet: str | None,
    cloud: str | None,
    group: str | None,
    since: datetime | None,
    limit: int | None,
) -> list[RolloutRecord]:
    """The history of rollouts, oldest first; of more than the limit the newest."""
    c = ROLLOUTS.c
    given = ((c.fleet, fleet), (c.cloud, cloud), (c.group_name, group))
    conditions = [column == value for column, value in given if value is not None]
    conditions += [c.at >= since] if since is not None else []
    query = sa.select(ROLLOUTS).where(*conditions).order_by(c.at.desc(), c.id.desc()).limit(limit)
    found = database.read(lambda connection: connection.execute(query).all())
    return [_rollout_of(row) for row in reversed(found)]


def _rollout_of(row: Any) -> RolloutRecord:
    given = {name: getattr(row, name) for name in ROLLOUT_COLUMNS}
    return RolloutRecord(key=rows.key_of(row), id=row.id, **{**given, "gates": tuple(row.gates)})


def prune(database: Database, before: datetime) -> int:
    """Forget decisions, ticks, rollouts and closed intents older than that; how many."""
    is_closed = INTENTS.c.status != IntentStatus.OPEN.value
    return prune_rollouts(database, before) + sum(
        _prune(database, table, (table.c.at < before) & condition)
        for table, condition in ((DECISIONS, sa.true()), (TICKS, sa.true()), (INTENTS, is_closed))
    )


def prune_rollouts(database: Database, before: datetime) -> int:
    """Forget what is older than that of rollouts; how many."""
    return _prune(database, ROLLOUTS, ROLLOUTS.c.at < before)


def _prune(database: Database, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
    oldest = sa.select(table.c.id).where(condition).order_by(table.c.at).limit(_PRUNED_AT_ONCE)
    delete = sa.delete(table).where(table.c.id.in_(oldest))
    gone = 0
    while gone < MOST_PRUNED:
        count = database.write(lambda connection: connection.execute(delete).rowcount)
        gone += count
        if count < _PRUNED_AT_ONCE:
            break
    return gone


def _decision_columns(record: DecisionRecord) -> dict[str, Any]:
    rows.check_names([*record.key, record.outcome, record.candidate])
    return {
        **rows.key_columns(record.key),
        **{name: getattr(record, name) for name in _PLAIN},
        "reasons": _cut_reasons(record.reasons),
        "error": _cut_text(record.error),
    }


_PLAIN = ("at", "outcome", "previous", "size", "minimum", "maximum", "cloud_size", "shadow", "candidate")


def _decision_of(row: Any) -> DecisionRecord:
    given = {name: getattr(row, name) for name in _PLAIN}
    return DecisionRecord(key=rows.key_of(row), reasons=tuple(row.reasons), error=row.error, id=row.id, **given)


def _cut_text(text: str) -> str:
    """A text that every database keeps, of bounded length; errors quote what came over the wire."""
    clean = text.replace("\0", "\ufffd").encode(errors="replace").decode()
    return clean if len(clean) <= LONGEST_ERROR else clean[: LONGEST_ERROR - 1] + "…"


def _cut_reasons(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first reasons, as far as they fit."""
    kept: list[dict[str, Any]] = []
    size = 0
    for reason in map(dict, reasons):
        size += len(to_json(reason))
        if size > LONGEST_REASONS:
            break
        kept.append(reason)
    return kept
