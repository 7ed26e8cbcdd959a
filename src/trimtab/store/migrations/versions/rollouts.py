"""Rollouts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = ("cloud", "location", "fleet", "group_name")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "trimtab_rollouts",
        sa.Column("id", ID, primary_key=True),
        *(sa.Column(name, NAME, nullable=False) for name in KEY),
        _column("run", sa.Text),
        _column("at", AT),
        *(_column(name, sa.Text) for name in ("outcome", "phase")),
        *(_column(name, sa.BigInteger) for name in ("step", "steps")),
        *(_column(name, sa.Text) for name in ("strategy", "by")),
        _column("began", AT),
        *(_column(name, sa.Text) for name in ("old", "new", "template")),
        *(_column(name, sa.BigInteger) for name in ("ready", "total")),
        _column("gates", sa.JSON),
        _column("text", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("trimtab_rollouts_group", "trimtab_rollouts", ["fleet", "group_name", "at"])
    op.create_index("trimtab_rollouts_at", "trimtab_rollouts", ["at"])


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)
