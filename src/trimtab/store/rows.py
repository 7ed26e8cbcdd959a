"""Rows of many groups at once: read, locked and written in few statements, within what a row may hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from trimtab.errors import InvalidArgument
from trimtab.store.records import GroupKey, Intent, IntentStatus
from trimtab.store.tables import KEY, to_json

T = TypeVar("T")

KEYS_OF_A_QUERY = 200
"""Four variables each: SQLite took 999 before 3.32; https://www.sqlite.org/limits.html"""
LONGEST_BODY = 1_048_576
"""Characters of JSON."""
LONGEST_NAME = 1_000


def sorted_keys(keys: Iterable[GroupKey]) -> list[GroupKey]:
    """
    Each key once, in the order in which rows are locked.

    Raises:
        InvalidArgument: A name that no database can keep.
    """
    unique = sorted(set(keys))
    check_names(name for key in unique for name in key)
    return unique


def check_names(names: Iterable[str]) -> None:
    """Refuse a name that no database can keep, or that is too long for an index."""
    for name in names:
        if len(name) > LONGEST_NAME or "\0" in name:
            raise InvalidArgument(f"invalid name {name[:40]!r}...: at most {LONGEST_NAME} characters, no NUL")


def check_body(key: GroupKey, body: Mapping[str, Any]) -> None:
    """
    Refuse what is no JSON data or too much.

    Raises:
        InvalidArgument: It is.
    """
    try:
        size = len(to_json(dict(body)))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"the state of the group {key.group} is not JSON data: {error}") from error
    if size > LONGEST_BODY:
        raise InvalidArgument(f"the state of the group {key.group} has {size} characters; at most {LONGEST_BODY} fit")


def key_columns(key: GroupKey) -> dict[str, str]:
    """The columns of a key."""
    return dict(zip(KEY, key, strict=True))


def key_of(row: Any) -> GroupKey:
    """The key of a row."""
    return GroupKey(row.cloud, row.location, row.fleet, row.group_name)


def intent_of(row: Any) -> Intent:
    """The intent of a row."""
    status = IntentStatus(row.status)
    return Intent(key_of(row), row.token, row.before_size, row.size, row.at, status, row.body, row.id)


def read_all(
    connection: sa.Connection, query: sa.Select[Any], table: sa.Table, keys: Sequence[GroupKey]
) -> list[sa.Row[Any]]:
    """The rows of these keys that a query finds."""
    key = sa.tuple_(*(table.c[name] for name in KEY))
    result: list[sa.Row[Any]] = []
    for part in _parts(keys, KEYS_OF_A_QUERY):
        result += connection.execute(query.where(key.in_(part)))
    return result


def read_rows(connection: sa.Connection, table: sa.Table, keys: Sequence[GroupKey]) -> dict[GroupKey, sa.Row[Any]]:
    """The row of each key that has one."""
    return {key_of(row): row for row in read_all(connection, sa.select(table), table, keys)}


def lock_rows(
    connection: sa.Connection, table: sa.Table, keys: Sequence[GroupKey], blank: Mapping[str, Any]
) -> dict[GroupKey, sa.Row[Any]]:
    """
    The row of each key, made from `blank` where it was missing; nobody else can change them until the transaction ends.

    Rows are locked in the order of their keys, so that no two transactions wait for each other.
    """
    locking = sa.select(table).order_by(*(table.c[name] for name in KEY)).with_for_update()
    result = {key_of(row): row for row in read_all(connection, locking, table, keys)}
    missing = [key for key in keys if key not in result]
    if missing:
        insert = _insert(connection, table).on_conflict_do_nothing()
        _execute(connection, insert, table, [{**key_columns(key), **blank} for key in missing])
        result.update((key_of(row), row) for row in read_all(connection, locking, table, missing))
    return result


def write_rows(connection: sa.Connection, table: sa.Table, columns: Mapping[GroupKey, Mapping[str, Any]]) -> None:
    """Write the rows of these keys."""
    insert = _insert(connection, table)
    others = {column.name: insert.excluded[column.name] for column in table.c if column.name not in KEY}
    update = insert.on_conflict_do_update(index_elements=list(KEY), set_=others)
    _execute(connection, update, table, [{**key_columns(key), **each} for key, each in columns.items()])


def append_rows(connection: sa.Connection, table: sa.Table, columns: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a table."""
    _execute(connection, _insert(connection, table), table, columns)


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def _execute(connection: sa.Connection, insert: Any, table: sa.Table, columns: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows: in SQLite by one statement prepared, on a server a thousand by one statement sent."""
    if not columns:
        return
    if connection.dialect.name != "sqlite":
        # only what returns something is sent in batches
        insert = insert.returning(next(iter(table.primary_key)))
    connection.execute(insert, columns)


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
