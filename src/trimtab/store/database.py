"""Transactions of a store: begun as the database needs it, repeated after what passes, errors turned into ours."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
import tenacity

from trimtab.clock import Clock
from trimtab.errors import InvalidArgument, StoreUnavailable, TrimtabError
from trimtab.store.location import StoreLocation
from trimtab.store.tables import to_json

T = TypeVar("T")

ATTEMPTS = 5
LONGEST_SECONDS = 20
"""No attempt begins later than that after the first."""
BUSY_SECONDS = 10
"""How long SQLite waits for another process that writes."""
SILENT_SECONDS = 120
"""How long a transaction on a server may take altogether."""
_STATEMENT_TIMEOUT, _LOCK_TIMEOUT, _IDLE_TIMEOUT = "30s", "10s", "60s"
_SETTINGS = ", ".join(
    f"set_config('{name}', '{value}', true)"
    for name, value in (
        ("statement_timeout", _STATEMENT_TIMEOUT),
        ("lock_timeout", _LOCK_TIMEOUT),
        ("idle_in_transaction_session_timeout", _IDLE_TIMEOUT),
    )
)
_READ, _WRITE = f"SELECT {_SETTINGS}", f"SELECT pg_current_xact_id()::text, {_SETTINGS}"
MIGRATION_LOCK = 0x7472696D746162
"""The advisory lock of those who migrate: "trimtab" in ASCII."""
_BUSY, _LOCKED = 5, 6
_READ_ONLY = "25006"
_PASSING = {"40001", "40P01", "57P01", "57P02", "57P03", "53300", _READ_ONLY}
"""https://www.postgresql.org/docs/current/errcodes-appendix.html: conflicts, a server that starts or was replaced."""
_FIXES = {
    "not a database": "name another file, or move this one away",
    "malformed": "stop the controllers and restore the file from a backup",
    "readonly": "make the file and its folder writable for this user",
    "unable to open": "make the file and its folder readable and writable for this user",
    "is full": "make room on the disk",
    "permission denied": "grant this user USAGE and CREATE on the schema and rights on the tables trimtab_*",
    "authentication failed": "check user and password of the URL",
    "does not exist": "create what is missing, or name another database",
    "no such table": "its tables were removed while it was open; restart",
}


class Database:
    """
    One database, of which several threads may ask.

    Args:
        location: Where it is.
        clock: Waits between attempts.
    """

    def __init__(self, location: StoreLocation, clock: Clock) -> None:
        self.location = location
        self.engine = _engine(location)
        self._clock = clock
        # SQLite has one writer at a time; threads of a process wait here, in their order, rather than in its polling
        self._turn: AbstractContextManager[Any] = threading.RLock() if location.is_sqlite else nullcontext()
        self._file = location.file.stat() if location.file else None
        self._is_closed = False

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite."""
        return self.location.is_sqlite

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """
        What some reading gives, in one transaction.

        Raises:
            StoreUnavailable: The database cannot be reached or used.
        """
        return self._retried(_Transaction(self, work, is_write=False))

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """
        What some writing gives, in one transaction that is committed once, also where the reply to that is lost.

        Raises:
            StoreUnavailable: The database cannot be reached or used.
            InvalidArgument: It cannot store a value.
        """
        return self._retried(_Transaction(self, work, is_write=True))

    def keep_others_out(self, connection: sa.Connection) -> None:
        """Until the transaction ends; in SQLite one that writes does already."""
        if not self.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))

    def close(self) -> None:
        """Let go of connections."""
        with self._turn:
            self._is_closed = True
            self.engine.dispose()

    def _retried(self, transaction: "_Transaction[T]") -> T:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_passing),
            wait=tenacity.wait_random_exponential(multiplier=0.1, max=2),
            stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_after_delay(LONGEST_SECONDS),
            sleep=partial(_sleep, self._clock),
            reraise=True,
        )
        try:
            with self._turn:
                self._check_open()
                result: T = retrying(transaction.run)
        except (sa.exc.SQLAlchemyError, UnicodeEncodeError, OverflowError) as error:
            raise self._ours(error) from None  # the driver's own text may hold the password
        return result

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable(f"the store {self.location.name} was closed: open it again")
        if self._file is None or self.location.file is None:
            return
        try:
            there = self.location.file.stat()
        except OSError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (self._file.st_dev, self._file.st_ino):
            raise StoreUnavailable(
                f"the file {self.location.file} of the store was removed or replaced while it was open: "
                "restart the controllers that use it"
            )

    def _ours(self, error: Exception) -> TrimtabError:
        cause = getattr(error, "orig", None) or error
        fact = self.location.scrub(str(cause).strip().partition("\n")[0]) or type(cause).__name__
        is_of_value = isinstance(error, sa.exc.StatementError) and not isinstance(error, sa.exc.DBAPIError)
        if is_of_value or isinstance(error, sa.exc.DataError | UnicodeEncodeError | OverflowError):
            return InvalidArgument(f"the store cannot keep a value that it was given: {fact}")
        fix = next((fix for words, fix in _FIXES.items() if words in fact), "check that it runs and can be reached")
        return StoreUnavailable(f"the store {self.location.name} cannot be used: {fact}; {fix}")


class _Transaction(Generic[T]):
    """Some work in a transaction, which can be run again after it failed."""

    def __init__(self, database: Database, work: Callable[[sa.Connection], T], *, is_write: bool) -> None:
        self._database, self._work, self._is_write = database, work, is_write
        self._pending: tuple[str | None, T] | None = None
        """Number and result of a transaction whose commit has had no reply."""

    def run(self) -> T:
        with self._database.engine.connect() as connection:
            try:
                with nullcontext() if self._database.is_sqlite else _cut_when_silent(connection):
                    return self._run(connection)
            except sa.exc.DBAPIError as error:
                if _state(error) == _READ_ONLY:  # another server took over; the connection is to the one before
                    connection.invalidate()
                raise

    def _run(self, connection: sa.Connection) -> T:
        if self._pending and self._went_through(connection, self._pending[0]):
            return self._pending[1]
        self._pending = None
        with connection.begin() as transaction:
            number = self._begin(connection)
            result = self._work(connection)
            self._pending = number, result
            transaction.commit()
        return result

    def _begin(self, connection: sa.Connection) -> str | None:
        if self._database.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self._is_write else "BEGIN")
            return None
        return str(connection.exec_driver_sql(_WRITE if self._is_write else _READ).scalar())

    def _went_through(self, connection: sa.Connection, number: str | None) -> bool:
        """
        Whether a transaction was committed whose commit has had no reply.

        https://www.postgresql.org/docs/current/functions-info.html, `pg_xact_status`.
        """
        if not self._is_write or number is None:
            return False
        status = connection.scalar(sa.text("SELECT pg_xact_status(CAST(:number AS xid8))"), {"number": number})
        connection.rollback()
        if status == "in progress":
            raise _StillCommitting(f"the transaction {number} has not ended yet")
        return bool(status == "committed")


@contextmanager
def _cut_when_silent(connection: sa.Connection) -> Iterator[None]:
    """End a connection whose server says nothing any more, as one that was stopped: its own time-outs end nothing."""
    descriptor = connection.connection.driver_connection.fileno()  # type: ignore[union-attr]
    timer = threading.Timer(SILENT_SECONDS, _cut, [descriptor])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as end:
        end.shutdown(socket.SHUT_RDWR)


class _StillCommitting(sa.exc.SQLAlchemyError):
    """The server still has a transaction whose commit has had no reply."""


def is_passing(error: BaseException) -> bool:
    """Whether the same may go through soon: a conflict, a lost connection, a server that starts."""
    if isinstance(error, _StillCommitting):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if (code := getattr(error.orig, "sqlite_errorcode", None)) is not None:
        return code & 0xFF in (_BUSY, _LOCKED)
    state = _state(error)
    has_no_reply = isinstance(error, sa.exc.OperationalError) and state is None
    is_lost = error.connection_invalidated or has_no_reply or (state or "").startswith("08")
    return is_lost or state in _PASSING


def _state(error: sa.exc.DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _sleep(clock: Clock, seconds: float) -> None:
    clock.sleep(timedelta(seconds=seconds))


def _engine(location: StoreLocation) -> sa.Engine:
    # rows are no part of errors
    settings: dict[str, Any] = {"json_serializer": to_json, "hide_parameters": True}
    if not location.is_sqlite:
        return sa.create_engine(
            location.url,
            isolation_level="READ COMMITTED",
            pool_recycle=1800,
            connect_args=location.limits(),
            **settings,
        )
    if location.file is None:
        settings["poolclass"] = sa.StaticPool
    threads = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = sa.create_engine(location.url, connect_args=threads, **settings)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # sqlite3 begins late and not at all before DDL; here each transaction is begun by name
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()
