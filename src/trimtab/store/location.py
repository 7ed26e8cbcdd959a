"""Where a store is: its URL, the file of SQLite, and how it is named without its password."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from trimtab.errors import ConfigError, StoreUnavailable

VARIABLE = "TRIMTAB_STORE"
_FORMS = "write sqlite:///PATH or postgresql://USER@HOST/DATABASE"
_POSTGRESQL = {"postgresql", "postgres", "postgresql+psycopg"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
CONNECT_SECONDS = 10
LIMITS: Mapping[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    # a server that is gone without a word is given up
    "keepalives_idle": 30,
    "tcp_user_timeout": 30_000,
    "application_name": "trimtab",
    # behind a pooler, the next transaction may be on another connection
    "prepare_threshold": None,
}
"""What psycopg is told unless the URL says otherwise; https://www.postgresql.org/docs/current/libpq-connect.html"""


@dataclass(frozen=True, slots=True)
class StoreLocation:
    """A database that a URL names."""

    url: sa.URL

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite, a file or in memory."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The file of SQLite; `None` in memory and for a server."""
        return Path(self.url.database or "") if self.is_sqlite and self.url.database else None

    @property
    def name(self) -> str:
        """The URL without passwords."""
        query = {key: "***" if _is_secret(key) else value for key, value in self.url.query.items()}
        shown = self.url.set(drivername=self.url.get_backend_name(), query=query)
        return shown.render_as_string(hide_password=True).replace("%2A%2A%2A", "***")

    def scrub(self, text: str) -> str:
        """`text` without passwords."""
        secrets = [self.url.password, *(value for key, value in self.url.query.items() if _is_secret(key))]
        for secret in secrets:
            text = text.replace(str(secret), "***") if secret else text
        return text

    def limits(self) -> dict[str, Any]:
        """What psycopg is told beside the URL."""
        return {name: value for name, value in LIMITS.items() if name not in self.url.query}

    def make_file(self) -> None:
        """
        Make the file of SQLite and its folder, for this user alone, where they are missing.

        Raises:
            StoreUnavailable: They cannot be made.
        """
        if self.file is None:
            return
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreUnavailable(
                f"the store {self.file} cannot be written ({error.strerror}): make the folder writable, "
                f"or name another store with --store or {VARIABLE}"
            ) from error


def locate(url: str | None) -> StoreLocation:
    """
    The location that a URL names, else `TRIMTAB_STORE`, else the default.

    Raises:
        ConfigError: The URL is invalid, or of a database that is not supported.
    """
    given = url or os.environ.get(VARIABLE)
    parsed = _parse(given) if given else sa.URL.create("sqlite", database=str(_default_file()))
    if parsed.drivername in _SQLITE:
        return StoreLocation(_sqlite(parsed))
    if parsed.drivername in _POSTGRESQL:
        return StoreLocation(parsed.set(drivername="postgresql+psycopg"))
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        raise ConfigError([f"the store is reached through psycopg, not {parsed.drivername}: write postgresql://..."])
    raise ConfigError([f"a store in {parsed.drivername} is not supported: {_FORMS}"])


def _parse(given: str) -> sa.URL:
    try:
        return sa.make_url(given)
    except (sa.exc.ArgumentError, ValueError):
        pass  # what they say may hold the password
    if "://" not in given:
        raise ConfigError([f"invalid store URL {given!r}: for a file write sqlite:///{given.removeprefix('sqlite:')}"])
    scheme = given.partition("://")[0]
    raise ConfigError(
        [f"invalid store URL {scheme}://...: {_FORMS}; in a password write @ : / as %40 %3A %2F, a port is a number"]
    )


def _sqlite(url: sa.URL) -> sa.URL:
    if url.host or url.username:
        raise ConfigError([f"a store in SQLite has no host: write sqlite:///PATH, not sqlite://{url.host or '...'}"])
    if url.query:
        raise ConfigError([f"a store in SQLite takes no parameters ({', '.join(sorted(url.query))}): {_FORMS}"])
    if url.database == "":
        raise ConfigError(
            ["the store sqlite:/// names no file: write sqlite:///PATH; sqlite:// forgets all at the end"]
        )
    if url.database in (None, ":memory:"):
        return sa.URL.create("sqlite")
    return url.set(drivername="sqlite", database=str(Path(url.database or "").expanduser().absolute()))


def _default_file() -> Path:
    """https://specifications.freedesktop.org/basedir/latest/: a relative path is to be ignored."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        folder = given if given.is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise ConfigError([f"no home folder for the default store: name one with --store or {VARIABLE}"]) from error
    return folder / "trimtab" / "store.db"


def _is_secret(parameter: str) -> bool:
    return "password" in parameter
