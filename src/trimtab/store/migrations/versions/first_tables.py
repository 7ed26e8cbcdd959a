"""Leases, states, intents, decisions, ticks."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = ("cloud", "location", "fleet", "group_name")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "trimtab_leases",
        *_key_columns(is_primary=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires", AT, nullable=False),
    )
    op.create_table(
        "trimtab_states",
        *_key_columns(is_primary=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    _create_intents()
    _create_decisions()
    _create_ticks()


def _key_columns(*, is_primary: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, NAME, primary_key=is_primary, nullable=False) for name in KEY]


def _create_intents() -> None:
    op.create_table(
        "trimtab_intents",
        sa.Column("id", ID, primary_key=True),
        *_key_columns(),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("before_size", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("trimtab_intents_key", "trimtab_intents", [*KEY, "status"])
    op.create_index("trimtab_intents_at", "trimtab_intents", ["at"])


def _create_decisions() -> None:
    op.create_table(
        "trimtab_decisions",
        sa.Column("id", ID, primary_key=True),
        *_key_columns(),
        sa.Column("at", AT, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in ("previous", "size", "minimum", "maximum", "cloud_size")),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("shadow", sa.Boolean, nullable=False),
        sa.Column("candidate", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("trimtab_decisions_group", "trimtab_decisions", ["fleet", "group_name", "at"])
    op.create_index("trimtab_decisions_at", "trimtab_decisions", ["at"])


def _create_ticks() -> None:
    op.create_table(
        "trimtab_ticks",
        sa.Column("id", ID, primary_key=True),
        sa.Column("cloud", NAME, nullable=False),
        sa.Column("fleet", NAME, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("interval", sa.BigInteger, nullable=False),
        sa.Column("groups", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("errors", sa.BigInteger, nullable=False),
        sa.Column("lag", sa.BigInteger, nullable=False),
        sa.Column("shadow", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("trimtab_ticks_fleet", "trimtab_ticks", ["fleet", "cloud", "at"])
    op.create_index("trimtab_ticks_at", "trimtab_ticks", ["at"])
