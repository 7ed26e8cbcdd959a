"""The tables of the store; `migrations` makes them, and a test holds that both are the same."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trimtab.clock import aware

MICROSECOND = timedelta(microseconds=1)


class UtcTime(sa.TypeDecorator[datetime]):
    """An aware time, stored in UTC; SQLite keeps no zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        moment = aware(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)
        return moment


class Duration(sa.TypeDecorator[timedelta]):
    """A length of time, stored in microseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> timedelta | None:
        return None if value is None else value * MICROSECOND


NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Sorted as Python does, so that rows are locked in one order everywhere."""
JSON = sa.JSON(none_as_null=True)
"""Kept as text on both: `jsonb` would change numbers."""
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

METADATA = sa.MetaData()


def _key_columns(*, is_primary: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, NAME, primary_key=is_primary, nullable=False) for name in KEY]


KEY = ("cloud", "location", "fleet", "group_name")
"""The columns of a `GroupKey`, in its order."""

LEASES = sa.Table(
    "trimtab_leases",
    METADATA,
    *_key_columns(is_primary=True),
    sa.Column("owner", sa.Text, nullable=False),  # empty: given back
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("expires", UtcTime, nullable=False),
)
STATES = sa.Table(
    "trimtab_states",
    METADATA,
    *_key_columns(is_primary=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("body", JSON, nullable=False),
)
INTENTS = sa.Table(
    "trimtab_intents",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    *_key_columns(),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("before_size", sa.BigInteger, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("body", JSON, nullable=False),
    sa.Index("trimtab_intents_key", *KEY, "status"),
    sa.Index("trimtab_intents_at", "at"),
    sqlite_autoincrement=True,
)
DECISIONS = sa.Table(
    "trimtab_decisions",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    *_key_columns(),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("previous", sa.BigInteger),
    sa.Column("size", sa.BigInteger),
    sa.Column("minimum", sa.BigInteger),
    sa.Column("maximum", sa.BigInteger),
    sa.Column("cloud_size", sa.BigInteger),
    sa.Column("reasons", JSON, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("shadow", sa.Boolean, nullable=False),
    sa.Column("candidate", sa.Text, nullable=False),
    sa.Index("trimtab_decisions_group", "fleet", "group_name", "at"),
    sa.Index("trimtab_decisions_at", "at"),
    sqlite_autoincrement=True,
)
TICKS = sa.Table(
    "trimtab_ticks",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("cloud", NAME, nullable=False),
    sa.Column("fleet", NAME, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("interval", Duration, nullable=False),
    sa.Column("groups", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("errors", sa.BigInteger, nullable=False),
    sa.Column("lag", Duration, nullable=False),
    sa.Column("shadow", sa.Boolean, nullable=False),
    sa.Index("trimtab_ticks_fleet", "fleet", "cloud", "at"),
    sa.Index("trimtab_ticks_at", "at"),
    sqlite_autoincrement=True,
)
ROLLOUTS = sa.Table(
    "trimtab_rollouts",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    *_key_columns(),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("steps", sa.BigInteger, nullable=False),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("began", UtcTime, nullable=False),
    sa.Column("old", sa.Text, nullable=False),
    sa.Column("new", sa.Text, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("ready", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("gates", JSON, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("trimtab_rollouts_group", "fleet", "group_name", "at"),
    sa.Index("trimtab_rollouts_at", "at"),
    sqlite_autoincrement=True,
)

to_json = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
"""JSON without spaces; not-a-number is refused, since PostgreSQL has no word for it."""
