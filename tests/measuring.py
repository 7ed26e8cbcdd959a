"""
What of a run is measured: the product, by tests of examples.

A process that is traced runs at a half to a third of its speed. So what takes one path many times (what is marked
as a sweep) runs untraced, and so do the emulators, which are not counted. What only they reach counts as not reached.
"""

import os
import sys
import threading
from contextlib import contextmanager
from functools import wraps
from itertools import count
from pathlib import Path

from _pytest.assertion import rewrite

ROOT = Path(__file__).parent
UNMEASURED = {ROOT / "emulators", ROOT / "house"}
CHILDREN = "COVERAGE_PROCESS_START"
"""The variable that has each process measure itself."""
SERVERS = ("(serve_forever)", "(process_request_thread)")


_paused = []
"""What measures this process while it does not: the library knows only of what runs."""


def measurement():
    """What measures this process, or None."""
    coverage = sys.modules.get("coverage")
    return coverage.Coverage.current() if coverage else None


def is_measured(item):
    """Whether a test is one of examples, and of the product."""
    return not item.get_closest_marker("sweep") and UNMEASURED.isdisjoint(item.path.parents)


@contextmanager
def unmeasured():
    """Trace nothing for a while, in this process and in those that it starts."""
    measuring = measurement()
    if measuring is None:
        yield
        return
    children = os.environ.pop(CHILDREN, None)
    measuring.stop()
    _paused.append(measuring)
    try:
        yield
    finally:
        _paused.remove(measuring)
        if children is not None:
            os.environ[CHILDREN] = children
        measuring.start()
        spare_servers()


def now_and_then(law):
    """Measure every tenth example of a law that is marked as a sweep: those reach what all reach, nearly."""
    number = count()

    @wraps(law)
    def tried(*args, **named):
        if not _paused or next(number) % 10:
            return law(*args, **named)
        measuring = _paused[-1]
        measuring.start()
        try:
            return law(*args, **named)
        finally:
            measuring.stop()

    return tried


def spare_servers():
    """Let threads of emulators begin untraced."""
    trace = threading.gettrace()

    def begin(frame, event, argument):
        if threading.current_thread().name.endswith(SERVERS):
            sys.settrace(None)
            return None
        return trace(frame, event, argument)

    if trace is not None:
        threading.settrace(begin)


def spare_rewriting():
    """Let pytest rewrite the assertions of tests untraced: of what collecting takes, it is most."""
    if measurement() is not None:
        rewrite.rewrite_asserts = _untraced(rewrite.rewrite_asserts)


def _untraced(function):
    """A function of which nothing is traced; nothing of the product may be called by it."""

    @wraps(function)
    def spared(*args, **named):
        trace = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*args, **named)
        finally:
            sys.settrace(trace)

    return spared


def keep():
    """Write down what was measured: a worker that takes long to end is killed, with all that it has in memory."""
    measuring = measurement()
    if measuring is not None:
        measuring.stop()
        measuring.save()
