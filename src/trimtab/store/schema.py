"""The schema of the store, made or brought up to date by Alembic with a version table of its own."""

import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from trimtab.errors import StoreUnavailable

HEAD = "0002"
"""The newest migration."""
VERSION_TABLE = "trimtab_alembic_version"
MIGRATIONS = Path(__file__).parent / "migrations"

_versions = sa.table(VERSION_TABLE, sa.column("version_num"))
_alembic = threading.Lock()  # its `op` and `context` are the process's


def is_current(connection: sa.Connection) -> bool:
    """Whether the newest migration has run."""
    return _version(connection) == HEAD


def migrate(connection: sa.Connection, store: str) -> None:
    """
    Run the migrations that are missing, in the open transaction; another process must be kept out meanwhile.

    Raises:
        StoreUnavailable: The schema is of a newer trimtab.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"settings": settings(connection)})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _alembic:
        version = _version(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if version is not None and version not in known:
            raise StoreUnavailable(
                f"the store {store} has the schema {version} of a newer trimtab, this one knows {HEAD}: "
                "upgrade trimtab here, or name another store"
            )
        command.upgrade(config, "head")


def settings(connection: sa.Connection) -> dict[str, Any]:
    """What Alembic is told of the database."""
    return {"connection": connection, "version_table": VERSION_TABLE, "render_as_batch": True}


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(sa.select(_versions.c.version_num))
    return version
