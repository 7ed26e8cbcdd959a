"""Drives a load: starts the workers, has them begin together, hears of each request, and sees that all of them end."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, TypeAlias, cast

import numpy as np

from trimtab.errors import InvalidArgument, MissingExtra, WaitTimeout
from trimtab.loadtests.samples import Samples
from trimtab.loadtests.targets import RequestTarget
from trimtab.simulation.load import Load

Said: TypeAlias = "queue.SimpleQueue[tuple[int, dict[str, Any] | None]]"
"""The lines of workers, each with whose it is; `None` after the last one."""
MOST_WORKERS = 16
_RATE_OF_ONE = 250.0
"""Requests a second that one worker is given."""
_MOST_USERS = 1_000
_READY = 60.0
"""Seconds that a worker may take to start."""
_STOPPING = 0.2
"""Seconds after which it is seen that the drive is to stop."""
_LAST_WORDS = 0.5
_LEAD = 0.3
_LATE = 0.1


@dataclass(frozen=True, kw_only=True)
class Drive:
    """
    What is sent where.

    Attributes:
        target: Where to.
        load: How much, over time.
        speed: How many times faster than written.
        workers: In how many processes; as many as the rate takes when left out.
        timeout: Seconds that a request may take.
        seed: What chance is drawn from.
    """

    target: RequestTarget
    load: Load
    speed: float = 1.0
    workers: int | None = None
    timeout: float = 10.0
    seed: int = 0

    @property
    def step(self) -> float:
        """The length of a step in the machine's seconds."""
        return self.load.step.total_seconds() / self.speed

    @property
    def seconds(self) -> float:
        """How long it takes, in the machine's seconds."""
        return self.step * len(self.load.values)

    @property
    def processes(self) -> int:
        """How many processes send it."""
        return self.workers or max(1, min(os.cpu_count() or 1, MOST_WORKERS, -int(-self.load.peak // _RATE_OF_ONE)))

    @property
    def users(self) -> int:
        """How many requests one of them may have under way: enough for all of them to run into the timeout."""
        return max(2, min(_MOST_USERS, int(self.load.peak * self.timeout / self.processes) + 1))

    def work(self, worker: int) -> dict[str, Any]:
        """What one of them is told."""
        return {
            "origin": self.target.origin,
            "path": self.target.path,
            "rates": list(self.load.values),
            "step": self.step,
            "seed": self.seed,
            "timeout": self.timeout,
            "users": self.users,
            "worker": worker,
            "workers": self.processes,
            "parent": os.getpid(),
        }


class Worker:
    """One process, and what it has said."""

    def __init__(self, number: int, said: Said) -> None:
        self.number, self.errors = number, tempfile.TemporaryFile()  # noqa: SIM115
        # a session of its own: Ctrl-C is for this process, which ends the workers itself
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "trimtab.loadtests.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            start_new_session=True,
        )
        self._said = said
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with cast("IO[bytes]", self.process.stdout) as lines:
            for line in lines:
                self._said.put((self.number, json.loads(line)))
        self._said.put((self.number, None))

    def tell(self, line: dict[str, Any]) -> None:
        """A line for it; one that has ended hears nothing."""
        stdin = cast("IO[bytes]", self.process.stdin)
        try:
            stdin.write(f"{json.dumps(line)}\n".encode())
            stdin.flush()
        except OSError:
            return

    def last_words(self) -> str:
        """The end of what it said on standard error."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self.process.poll()}"

    def end(self) -> None:
        """Have it end, if it has not yet."""
        with suppress(OSError):
            cast("IO[bytes]", self.process.stdin).close()  # which it takes for the end
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        self.errors.close()


def drive(
    plan: Drive, meanwhile: Callable[[float], None], *, every: float, stop: threading.Event | None = None
) -> Samples:
    """
    Send a load, and look at something meanwhile.

    Args:
        plan: What is sent where.
        meanwhile: Called with the seconds since the beginning, at the beginning, then so often, and at the end.
        every: How often, in seconds.
        stop: Ends it once it is set, with what was seen until then; requests under way are given up.

    Raises:
        MissingExtra: Locust is not installed.
        WaitTimeout: The workers did not start.
        InvalidArgument: All of them ended early; says what the last one said.
    """
    if plan.workers is not None and not 1 <= plan.workers <= MOST_WORKERS:
        raise InvalidArgument(f"workers={plan.workers} is not 1 to {MOST_WORKERS}; give one for each processor")
    said: Said = queue.SimpleQueue()
    workers: list[Worker] = []
    try:
        workers.extend(_started(number, said) for number in range(plan.processes))
        for worker in workers:
            worker.tell(plan.work(worker.number))
        heard = _Heard(plan, workers, stop or threading.Event())
        heard.wait_for_ready(said)
        begin = time.monotonic() + _LEAD + plan.users / 1000
        for worker in workers:
            worker.tell({"begin": begin})
        heard.listen(said, begin, meanwhile, every)
        return heard.samples()
    finally:
        for worker in workers:
            worker.end()


def _started(number: int, said: Said) -> Worker:
    try:
        return Worker(number, said)
    except OSError as error:
        raise InvalidArgument(f"a worker could not be started: {error.strerror}; give fewer workers") from error


class _Heard:
    """What the workers have said."""

    def __init__(self, plan: Drive, workers: list[Worker], stop: threading.Event) -> None:
        self._plan, self._workers, self._stop = plan, workers, stop
        self._stopped: float | None = None
        self._rows: list[tuple[float, float, float, str]] = []
        self._version = ""
        self._done: dict[int, dict[str, int]] = {}
        self._ended: set[int] = set()
        self._notes: list[str] = []

    def wait_for_ready(self, said: Said) -> None:
        """Wait until all of them could begin."""
        ready: set[int] = set()
        end = time.monotonic() + _READY
        while len(ready) < len(self._workers) and not self._stop.is_set():
            try:
                number, line = said.get(timeout=max(0.0, min(_STOPPING, end - time.monotonic())))
            except queue.Empty:
                if time.monotonic() < end:
                    continue
                text = f"{len(self._workers) - len(ready)} of {len(self._workers)} workers did not start"
                raise WaitTimeout(
                    f"{text} within {_READY:g} s; give fewer, or try on a machine that is less busy"
                ) from None
            if line is not None and "missing" in line:
                raise MissingExtra("a load test", "loadtest")
            if line is None:
                words = self._workers[number].last_words()
                raise InvalidArgument(f"a worker of the load test ended before it began: {words}")
            ready.add(number)
            self._version = str(line["ready"])

    def listen(
        self,
        said: Said,
        begin: float,
        meanwhile: Callable[[float], None],
        every: float,
    ) -> None:
        """Hear them until they have ended, or their time is over; all that was said counts, however slow a look is."""
        end = begin + self._plan.seconds + self._plan.timeout + 5
        following = begin
        while True:
            if following <= (now := time.monotonic()) < end:
                meanwhile(max(0.0, now - begin))
                following = time.monotonic() + every
            self._hear_all(said)
            left = min(following, end) - time.monotonic()
            if self._stop.is_set():
                self._hear_last(said)
                self._stopped = min(self._plan.seconds, max(0.0, time.monotonic() - begin))
                break
            if len(self._ended) == len(self._workers) or time.monotonic() >= end:
                break
            with suppress(queue.Empty):
                self._hear(*said.get(timeout=max(0.0, min(_STOPPING, left))))
        meanwhile(time.monotonic() - begin)

    def _hear_last(self, said: Said) -> None:
        """What workers have not told yet: they do so every few tenths of a second."""
        end = time.monotonic() + _LAST_WORDS
        while len(self._ended) < len(self._workers) and (left := end - time.monotonic()) > 0:
            with suppress(queue.Empty):
                self._hear(*said.get(timeout=left))

    def _hear_all(self, said: Said) -> None:
        """All that has been said by now."""
        with suppress(queue.Empty):
            while True:
                self._hear(*said.get_nowait())

    def _hear(self, number: int, line: dict[str, Any] | None) -> None:
        if line is None:
            self._ended.add(number)
            if number not in self._done:
                place = f"worker {number + 1} of {len(self._workers)}"
                words = self._workers[number].last_words()
                self._notes.append(f"{place} ended early ({words}): what it had still to send is missing")
        elif "done" in line:
            self._done[number] = line["done"]
        else:
            self._rows += map(tuple, line["requests"])

    def samples(self) -> Samples:
        """All requests."""
        if not self._rows and self._notes:
            raise InvalidArgument(f"nothing was sent: {self._notes[-1]}")
        kinds = Counter(row[3] for row in self._rows if row[3])
        redirects = sum(count for name, count in kinds.items() if name.startswith("redirect"))
        served = redirects < len(self._rows)  # a service that only sends elsewhere has served nothing
        errors = {name: count for name, count in kinds.most_common() if not (served and name.startswith("redirect"))}
        late = sum(at - due > _LATE for due, at, _, _ in self._rows)
        notes = list(self._notes)
        if redirects:
            notes.append(f"{redirects:,} answers send elsewhere (3xx): not followed; give the URL that they lead to")
        if late:
            text = f"{late:,} of {len(self._rows):,} requests were sent more than {_LATE:g} s late"
            notes.append(f"{text}: all users waited for answers, or this machine was too busy")
        missing = self._plan.load.total / self._plan.speed - len(self._rows)
        if self._stopped is not None:
            text = f"stopped after {self._stopped:,.0f} s of {self._plan.seconds:,.0f} s"
            notes.append(f"{text}: {missing:,.0f} requests of the load were not sent, or not waited for")
        elif missing >= 1:
            notes.append(f"{missing:,.0f} requests of the load were not sent in time")
        return Samples(
            source=f"locust {self._version}, {len(self._workers)} process{'es' * (len(self._workers) > 1)}",
            begin=self._plan.load.start,
            at=np.array([row[1] for row in self._rows]),
            seconds=np.array([row[2] for row in self._rows]),
            failed=np.array([row[3] in errors for row in self._rows], bool),
            errors=errors,
            notes=(*self._plan.load.notes, *notes),
            stopped=self._stopped,
        )
