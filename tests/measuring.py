"""
What of a run is measured: the product, by tests of examples.

A process that is traced runs at a half to two thirds of its speed. So what takes one path many times runs untraced:
what is marked as a sweep, all but a few cases of a test that is written once for many, all but a tenth of the examples
of a law. The emulators are not counted and run untraced. What only these reach counts as not reached.
"""

import os
import sys
import threading
from contextlib import contextmanager
from functools import wraps
from itertools import count
from pathlib import Path

import pytest
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


MOST_CASES = 20
"""How many cases of one test are measured."""
_measured = pytest.StashKey[bool]()


def choose(items):
    """
    Decide which of the tests that were collected are measured: the same in each process, whatever else runs in it.

    Of many cases those that lie evenly between the first and the last; of a law a tenth of its examples.
    """
    families = {}
    for item in items:
        if not item.get_closest_marker("sweep") and UNMEASURED.isdisjoint(item.path.parents):
            families.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for cases in families.values():
        for item in evenly(cases, MOST_CASES):
            item.stash[_measured] = True
    if measurement() is not None:
        laws = {id(item.obj.hypothesis): item.obj.hypothesis for item in items if is_law(item)}
        for law in laws.values():
            law.inner_test = now_and_then(law.inner_test)


def evenly(cases, number):
    """So many of some cases, the first and the last among them."""
    if len(cases) <= number:
        return cases
    return [cases[place * (len(cases) - 1) // (number - 1)] for place in range(number)]


def is_law(item):
    """Whether Hypothesis draws the examples of a test."""
    return getattr(getattr(item, "obj", None), "is_hypothesis_test", False)


def is_measured(item):
    """Whether all that a test does is measured; of a law `now_and_then` decides."""
    return item.stash.get(_measured, False) and not is_law(item)


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
    """Measure every tenth example of a law: those reach what all reach, nearly."""
    number = count()

    @wraps(law)
    def tried(*args, **named):
        if not _paused or next(number) % 10:
            return law(*args, **named)
        measuring = _paused[-1]
        measuring.start()
        spare_servers()
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
