"""Opening a store: which URL is meant, what is wrong with it, and what is made where."""

import os
import sqlite3
import stat
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from tests.store.world import kept, key, opened
from trimtab.errors import ConfigError, MissingExtra, StoreUnavailable, TrimtabError
from trimtab.store import open_store
from trimtab.store.location import LIMITS, locate

SECRET = "s3cr:et"
WRITTEN = "s3cr%3Aet"


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A user without settings."""
    for name in ("TRIMTAB_STORE", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# which


def test_a_store_that_has_to_be_there_is_not_made(tmp_path):
    file = tmp_path / "mistyped.db"
    with pytest.raises(ConfigError, match=r"store not found: .*mistyped\.db; check the path"):
        open_store(f"sqlite:///{file}", must_exist=True)
    assert not file.exists()
    open_store(f"sqlite:///{file}").close()
    open_store(f"sqlite:///{file}", must_exist=True).close()


def test_by_default_it_is_a_file_of_the_user_alone(nowhere, monkeypatch):
    assert locate(None).file == nowhere / ".local/state/trimtab/store.db"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert locate(None).file == nowhere / ".local/state/trimtab/store.db"
    monkeypatch.setenv("XDG_STATE_HOME", str(nowhere / "state"))
    with opened(None) as store:
        store.add_decisions([kept()])
        files = sorted((nowhere / "state/trimtab").iterdir())
        assert [file.name for file in files] == ["store.db", "store.db-shm", "store.db-wal"]
        assert {mode(file) for file in files} == {0o600}
        assert mode(nowhere / "state/trimtab") == 0o700


def test_the_environment_names_another_and_the_argument_wins(nowhere, monkeypatch, tmp_path):
    monkeypatch.setenv("TRIMTAB_STORE", "postgresql://db/x")
    assert locate(None).name == "postgresql://db/x"
    assert locate("sqlite://").name == "sqlite://"
    monkeypatch.setenv("TRIMTAB_STORE", "")
    assert locate(None).file == tmp_path / ".local/state/trimtab/store.db"


def test_a_path_in_the_home_folder_or_from_here(nowhere, monkeypatch):
    monkeypatch.chdir(nowhere)
    assert locate("sqlite:///~/a.db").file == nowhere / "a.db"
    assert locate("sqlite:///a.db").file == nowhere / "a.db"
    assert locate("sqlite:////a.db").file == Path("/a.db")
    assert locate("sqlite:///:memory:").file is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_reached_through_psycopg(scheme):
    location = locate(f"{scheme}://u@db/x")
    assert location.url.drivername == "postgresql+psycopg"
    assert location.name == "postgresql://u@db/x"


def test_what_the_url_says_of_limits_wins():
    assert locate("postgresql://db/x").limits() == LIMITS
    assert "connect_timeout" not in locate("postgresql://db/x?connect_timeout=3").limits()


# what is wrong


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("store.db", "invalid store URL 'store.db': for a file write sqlite:///store.db"),
        ("sqlite:///", "the store sqlite:/// names no file: write sqlite:///PATH"),
        ("sqlite:store.db", "for a file write sqlite:///store.db"),
        ("sqlite://store.db", "a store in SQLite has no host: write sqlite:///PATH, not sqlite://store.db"),
        ("sqlite:///x.db?mode=ro", r"a store in SQLite takes no parameters \(mode\)"),
        ("sqlite+aiosqlite:///x.db", r"a store in sqlite\+aiosqlite is not supported: write sqlite:///PATH or"),
        ("mysql://root@db/x", "a store in mysql is not supported: write sqlite:///PATH or postgresql://"),
        ("postgresql+psycopg2://db/x", r"through psycopg, not postgresql\+psycopg2: write postgresql://"),
        ("postgresql://u@db:port/x", r"invalid store URL postgresql://...: .* a port is a number"),
        ("redis://db", "a store in redis is not supported"),
    ],
)
def test_urls_that_cannot_be_meant(url, text):
    with pytest.raises(ConfigError, match=text):
        open_store(url)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{WRITTEN}@127.0.0.1:1/x",
        f"postgresql://u@127.0.0.1:1/x?password={WRITTEN}",
        f"postgresql://u@127.0.0.1:1/x?sslpassword={WRITTEN}",
        f"postgresql://u@127.0.0.1:1/x?nonsense=1&password={WRITTEN}",
        f"postgresql://u:{SECRET}@127.0.0.1:port/x",
        f"postgresql://u:{SECRET}@",
        f"mysql://u:{SECRET}@db/x",
        f"postgresql+asyncpg://u:{SECRET}@db/x",
        f"sqlite://u:{SECRET}@db/x",
        f"://u:{SECRET}@db/x",
    ],
)
def test_a_password_is_never_told(url):
    with pytest.raises(TrimtabError) as caught, opened(url):
        pass
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert WRITTEN not in told


def test_a_wrong_password_is_said_and_not_told(postgresql):
    wrong = SECRET[::-1]
    with pytest.raises(StoreUnavailable, match=r"authentication failed.*; check user and password") as caught:
        open_store(postgresql.url(password=wrong.replace(":", "%3A")))
    assert wrong not in "".join(traceback.format_exception(caught.value))


def test_a_database_that_is_missing(postgresql):
    with pytest.raises(StoreUnavailable, match='"nowhere" does not exist; create what is missing'):
        open_store(postgresql.url("nowhere"))


def test_a_user_who_may_make_no_tables(postgresql):
    with postgresql.database() as url:
        postgresql.execute("DROP ROLE IF EXISTS guest")
        postgresql.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
        guest = url.replace(f"trimtab:{postgresql.password}", "guest:guest")
        with pytest.raises(StoreUnavailable, match="permission denied for schema public; grant this user USAGE and"):
            open_store(guest)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        StoreUnavailable, match=r"store .*/file/store.db cannot be written \(.*make the folder writable"
    ):
        open_store(f"sqlite:///{tmp_path}/file/store.db")
    with pytest.raises(StoreUnavailable, match=r"cannot be written \(Is a directory\)"):
        open_store(f"sqlite:///{tmp_path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_this_user_may_not_write(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailable, match=r"cannot be written \(Permission denied\): make the folder writable"):
        open_store(f"sqlite:///{tmp_path}/store.db")


def test_a_file_that_is_something_else_stays_as_it_is(tmp_path):
    file = tmp_path / "fleet.yaml"
    file.write_text("name: shop\n" * 100)
    with pytest.raises(StoreUnavailable, match="file is not a database; name another file, or move this one away"):
        open_store(f"sqlite:///{file}")
    assert file.read_text() == "name: shop\n" * 100


def test_a_file_of_somebody_else_keeps_its_rights(tmp_path):
    """Two users of a group may share it."""
    file = tmp_path / "store.db"
    file.touch()
    file.chmod(0o660)
    with opened(f"sqlite:///{file}"):
        assert mode(file) == 0o660


def test_a_damaged_file(tmp_path):
    file = tmp_path / "store.db"
    with opened(f"sqlite:///{file}") as store:
        store.add_decisions([kept()] * 2000)
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    text = "malformed; stop the controllers and restore the file from a backup"
    with pytest.raises(StoreUnavailable, match=text), opened(f"sqlite:///{file}") as store:
        store.decisions()


@pytest.mark.parametrize(
    ("module", "url"), [("sqlalchemy", "sqlite://"), ("alembic", "sqlite://"), ("psycopg", "postgresql://db/x")]
)
def test_a_missing_library_names_the_extra(module, url):
    code = f"""
import sys
sys.modules[{module!r}] = None
from trimtab.store import open_store
from trimtab.errors import MissingExtra
try:
    open_store({url!r})
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "the store needs libraries that are not installed: pip install 'trimtab[sql]'\n"
    assert issubclass(MissingExtra, ImportError)


def test_importing_it_loads_no_sqlalchemy_and_a_store_that_is_current_no_alembic(tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    with opened(url):
        pass
    code = f"""
import sys
from trimtab.store import open_store
assert "sqlalchemy" not in sys.modules
open_store({url!r}).close()
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# SQLite's file


def test_a_file_that_was_replaced_is_written_no_more(tmp_path):
    """What is written there would be lost, and another process would hold the same leases."""
    file = tmp_path / "store.db"
    with opened(f"sqlite:///{file}") as store:
        file.rename(tmp_path / "old.db")
        with pytest.raises(StoreUnavailable, match="was removed or replaced while it was open: restart"):
            store.load([key()])
        with opened(f"sqlite:///{file}"), pytest.raises(StoreUnavailable, match="replaced"):
            store.load([key()])


def test_it_writes_ahead_and_to_the_disk(tmp_path):
    with opened(f"sqlite:///{tmp_path}/store.db") as store:
        pragmas = store._database.read(
            lambda connection: [
                connection.exec_driver_sql(f"PRAGMA {each}").scalar() for each in ("journal_mode", "synchronous")
            ]
        )
        assert pragmas == ["wal", 2]


def test_a_backup_of_sqlite_is_a_store(tmp_path):
    """As the pages say: taken with SQLite's own backup, while it is open."""
    with opened(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_decisions([kept()])
        with sqlite3.connect(tmp_path / "store.db") as source, sqlite3.connect(tmp_path / "copy.db") as copy:
            source.backup(copy)
        source.close()
        copy.close()
    with opened(f"sqlite:///{tmp_path}/copy.db") as store:
        assert len(store.decisions()) == 1
