"""Processes that end with the one that has started them, and ports of this machine."""

import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
START_SECONDS = 20.0
"""How long a program may take until it answers."""
STOP_SECONDS = 3.0
"""How long it may take to end, before it is killed."""
# the kernel ends the program when its parent is gone, also by kill -9: prctl(2), PR_SET_PDEATHSIG, kept over an exec
_BOUND = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def find_program(name: str) -> str:
    """
    Where a program is.

    Raises:
        SystemExit: It is not installed.
    """
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    if (found := shutil.which(name, path=path)) is None:
        raise SystemExit(
            f"{name} is not installed; on Debian or Ubuntu: apt-get install --no-install-recommends {name}"
        )
    return found


def port_of(wanted: int, what: str, option: str) -> int:
    """
    A port of the loopback network: the one that is wanted, or for 0 one that is free.

    Raises:
        SystemExit: Something else listens on it.
    """
    try:
        with closing(socket.create_server((LOOPBACK, wanted))) as found:
            return int(found.getsockname()[1])
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        reason = "taken" if error.errno == errno.EADDRINUSE else "not allowed for this user"
        text = f"port {wanted} of {LOOPBACK}, for {what}, is {reason}"
        raise SystemExit(f"{text}; give another one by {option}, or leave that out") from error


class Children:
    """
    The programs of a run. None outlives it: they end when the block does, and when this process is killed.

    Args:
        folder: Where each writes its log.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._finite: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(*self._running)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        finite: bool = False,
    ) -> None:
        """
        Start a program under a name; call it from the main thread, whose end is that of the program.

        Args:
            name: What it is called in messages.
            command: The program and its arguments.
            environment: Variables that it has beside those of this process.
            finite: Whether it may end by itself, once its work is done.
        """
        self._finite |= {name} if finite else set()
        bound = [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *map(str, command)]
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                bound,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl+C is for this process, which ends the others
            )

    def wait_until(self, is_ready: Callable[[], bool], what: str) -> None:
        """
        Wait until something answers.

        Raises:
            SystemExit: It takes too long, or a program has ended.
        """
        end = time.monotonic() + START_SECONDS
        while not is_ready():
            self.check()
            if time.monotonic() > end:
                raise SystemExit(f"{what} does not answer after {START_SECONDS:g} seconds; {self._said(what)}")
            time.sleep(0.02)

    def check(self) -> None:
        """
        See that all of them still run.

        Raises:
            SystemExit: One has ended by itself; with what it has said.
        """
        for name, process in self._running.items():
            if (code := process.poll()) is not None and not (name in self._finite and code == 0):
                raise SystemExit(f"{name} has ended with code {code}; {self._said(name)}")

    def wait(self, name: str, seconds: float) -> None:
        """
        Wait until a program has done its work.

        Raises:
            SystemExit: It takes too long, or ends with an error.
        """
        try:
            code = self._running[name].wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise SystemExit(f"{name} has not ended after {seconds:.0f} seconds; {self._said(name)}") from error
        if code:
            raise SystemExit(f"{name} has ended with code {code}; {self._said(name)}")
        del self._running[name]

    def stop(self, *names: str) -> None:
        """End programs, by force those that do not end when asked to."""
        ending = [self._running.pop(name) for name in names]
        for process in ending:
            process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for process in ending:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _said(self, name: str) -> str:
        log = self._log(name)
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        return f"it said: {' | '.join(line[:160] for line in lines[-3:])}" if lines else "it said nothing"
