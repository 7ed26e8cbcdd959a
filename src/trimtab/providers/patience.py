"""How long a cloud may leave a question without an answer; time-outs of the SDK, pauses and retries included."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from threading import Lock

from trimtab.clock import Clock, Stopwatch
from trimtab.errors import Throttled, Unreachable

LONGEST_SILENCE = timedelta(seconds=160)
"""Below the three minutes that are promised, since what follows the last attempt takes time too."""
LAST_BEGIN = 2 / 3
"""The part of it in which an attempt begins, so that the last one has as long as any other."""
_NOTHING = timedelta(0)
_current: ContextVar["Patience | None"] = ContextVar("patience", default=None)


class Patience:
    """
    How long one question may wait, be it a plan's whole reading phase or one write. Thread-safe.

    Only time in which no answer came is counted, and once where several calls wait side by side: a long list that
    is answered page by page, or an operation that keeps answering that it runs, takes as long as it takes.

    Args:
        clock: Tells how much time passes.
        limit: How much of it may pass without an answer.
    """

    def __init__(self, clock: Clock, limit: timedelta = LONGEST_SILENCE) -> None:
        self._stopwatch = Stopwatch(clock)
        self._limit = limit
        self._lock = Lock()
        self._begun: dict[object, timedelta] = {}
        self._silent: list[tuple[timedelta, timedelta]] = []

    def left(self) -> timedelta:
        """How much longer there may be no answer; never below nothing."""
        return max(_NOTHING, self._limit - self._silence())

    def room(self) -> timedelta:
        """How much longer an attempt may begin; never below nothing."""
        return max(_NOTHING, self._limit * LAST_BEGIN - self._silence())

    def _silence(self) -> timedelta:
        with self._lock:
            if not self._silent and not self._begun:
                return _NOTHING
            now = self._stopwatch.elapsed()
            spans = [*self._silent, *((begin, now) for begin in self._begun.values())]
        return _covered(spans)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Count the time inside if it ends without an answer; a refusal is one."""
        with self._counted() as number:
            try:
                yield
            except (Throttled, Unreachable):
                raise
            except BaseException:
                self._forget(number)
                raise
            self._forget(number)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Count the time inside."""
        with self._counted():
            yield

    @contextmanager
    def _counted(self) -> Iterator[object]:
        number, begin = object(), self._stopwatch.elapsed()
        with self._lock:
            self._begun[number] = begin
        try:
            yield number
        finally:
            with self._lock:
                if number in self._begun:
                    self._silent.append((self._begun.pop(number), self._stopwatch.elapsed()))

    def _forget(self, number: object) -> None:
        with self._lock:
            del self._begun[number]


def _covered(spans: list[tuple[timedelta, timedelta]]) -> timedelta:
    """The time that is in any of the spans."""
    total = upto = _NOTHING
    for begin, end in sorted(spans):
        total += max(_NOTHING, end - max(begin, upto))
        upto = max(upto, end)
    return total


@contextmanager
def patience_of(clock: Clock, limit: timedelta = LONGEST_SILENCE) -> Iterator[Patience]:
    """One patience for all calls inside, or the one that is there already."""
    current = _current.get()
    if current is not None:
        yield current
        return
    patience = Patience(clock, limit)
    token = _current.set(patience)
    try:
        yield patience
    finally:
        _current.reset(token)
