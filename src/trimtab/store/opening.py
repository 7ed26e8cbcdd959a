"""Opening a store by its URL; SQLAlchemy is loaded with the first one."""

from datetime import timedelta
from typing import TYPE_CHECKING

from trimtab.clock import Clock, SystemClock
from trimtab.errors import MissingExtra

if TYPE_CHECKING:
    from trimtab.store.sql_store import SqlStore

DEFAULT_RETENTION = timedelta(days=90)
"""How long decisions, ticks, rollouts and closed intents are kept."""


def open_store(url: str | None = None, *, clock: Clock | None = None, must_exist: bool = False) -> "SqlStore":
    """
    The store at a URL, with its tables made or brought up to date.

    Args:
        url: `sqlite:///PATH`, `sqlite://` for one in memory, or `postgresql://USER@HOST/DATABASE`; by default what
            `TRIMTAB_STORE` says, else an SQLite file in the user's folder for state.
        clock: Waits between attempts; what is stored takes its times from the caller.
        must_exist: Whether a named SQLite file that is not there is an error, rather than made.

    Raises:
        ConfigError: The URL is invalid, of a database that is not supported, or of a file that has to be there.
        MissingExtra: SQLAlchemy, Alembic or psycopg is not installed.
        StoreUnavailable: It cannot be reached, written or used.
    """
    try:
        from trimtab.store.sql_store import SqlStore

        return SqlStore.open(url, clock or SystemClock(), must_exist=must_exist)
    except ModuleNotFoundError as error:
        raise MissingExtra("the store", "sql") from error
