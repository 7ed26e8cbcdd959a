"""Commands that go on until somebody ends them: what a signal does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit code of what a signal has ended."""


class Interrupted(Exception):
    """Ends a command that a signal has stopped, and that has shown what it has."""


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Have SIGTERM and SIGINT set `stop`, after which a command comes to its end; a second one ends it at once."""

    def set_stop(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            signal.signal(number, before[signal.Signals(number)])
            signal.raise_signal(number)
        stop.set()

    before = {number: signal.signal(number, set_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
