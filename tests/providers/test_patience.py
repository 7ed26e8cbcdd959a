"""How long a cloud may go without an answer, on the clock that is passed in; and what `Retry-After` may ask for."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from trimtab import errors
from trimtab.clock import ManualClock, Stopwatch
from trimtab.events import CallRetried
from trimtab.providers.patience import LONGEST_SILENCE, Patience, patience_of
from trimtab.providers.replies import pause_asked
from trimtab.providers.retry import ATTEMPTS, Caller

PROMISED = timedelta(minutes=3)
NOW = datetime(2026, 1, 5, tzinfo=UTC)


class World:
    def __init__(self, workers=4):
        self.clock = ManualClock(NOW)
        self.events = []
        self.caller = Caller(clock=self.clock, workers=workers, listener=self.events.append)
        self.asked = 0

    def silence(self, seconds=60):
        """An SDK's time-out: the time passes, and there is no answer."""
        self.asked += 1
        self.clock.advance(timedelta(seconds=seconds))
        raise errors.Unreachable("timed out")

    @property
    def passed(self):
        return self.clock.now() - NOW


@pytest.fixture
def world():
    return World()


def test_a_call_that_nobody_answers_ends_within_three_minutes(world):
    with pytest.raises(errors.Unreachable):
        world.caller.retried("read", world.silence)
    assert 1 < world.asked < ATTEMPTS
    assert world.passed <= PROMISED


def test_all_that_a_question_asks_shares_one_patience(world):
    """Twenty lists that nobody answers are given up together."""
    with patience_of(world.clock):
        for _ in range(20):
            with pytest.raises(errors.Unreachable):
                world.caller.retried("read", world.silence)
    assert world.passed <= PROMISED
    assert world.asked <= 4


@settings(max_examples=examples(), deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=60))
def test_answers_take_as_long_as_they_take(calls):
    """Law: whatever is answered is not counted, and what is not ends within three minutes."""
    world = World()
    silent = timedelta(0)

    def attempt(answered, seconds):
        if not answered:
            world.silence(seconds)
        world.clock.advance(timedelta(seconds=seconds))

    with patience_of(world.clock):
        for answered, seconds in calls:
            before = world.clock.now()
            with suppress(errors.Unreachable):
                world.caller.retried("read", partial(attempt, answered, seconds))
            if not answered:
                silent += world.clock.now() - before
    assert silent <= PROMISED


def seconds_left(patience):
    return round(patience.left().total_seconds())


def test_a_refusal_is_an_answer():
    clock = ManualClock(NOW)
    patience = Patience(clock)

    def refused():
        with patience.attempt():
            clock.advance(timedelta(minutes=1))
            raise errors.AccessDenied("no")

    for _ in range(10):
        with pytest.raises(errors.AccessDenied):
            refused()
    assert patience.left() == LONGEST_SILENCE


def test_silence_side_by_side_counts_once():
    clock = ManualClock(NOW)
    patience = Patience(clock)
    whole = seconds_left(patience)
    with patience.pause():
        with patience.pause():
            clock.advance(timedelta(seconds=40))
            assert seconds_left(patience) == whole - 40, "also while it lasts"
        clock.advance(timedelta(seconds=10))
    assert seconds_left(patience) == whole - 50


def test_an_attempt_that_hangs_is_left_alone(world):
    """The SDK's own time-outs begin anew with each packet: what drips for ever is given up all the same."""
    drips = threading.Event()
    with patience_of(world.clock, timedelta(milliseconds=20)), pytest.raises(errors.Unreachable, match="no answer"):
        world.caller.retried("read", drips.wait)
    drips.set()


def test_hanging_attempts_keep_no_place(world):
    """More of them than workers: the last is told at once that nothing was answered before it."""
    drips = threading.Event()
    with patience_of(world.clock, timedelta(milliseconds=50)):
        answers = world.caller.gather([lambda: world.caller.retried("read", drips.wait)] * 9)
    drips.set()
    assert all(isinstance(answer, errors.Unreachable) for answer in answers)
    assert world.caller.retried("read", lambda: 1) == 1


def test_a_pause_that_is_too_long_is_not_made(world):
    def busy():
        world.asked += 1
        raise errors.Throttled("slower", after=timedelta(days=1))

    with pytest.raises(errors.Throttled, match="1 day"):
        world.caller.retried("read", busy)
    assert world.asked == 1
    assert world.passed == timedelta(0)


def test_a_pause_that_is_asked_for_is_made(world):
    def busy():
        world.asked += 1
        if world.asked == 1:
            raise errors.Throttled("slower", after=timedelta(seconds=90))
        return "there"

    assert world.caller.retried("read", busy) == "there"
    assert world.passed >= timedelta(seconds=90)
    (event,) = [one for one in world.events if isinstance(one, CallRetried)]
    assert event.wait >= timedelta(seconds=90)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("45", timedelta(seconds=45)),
        (" 0 ", timedelta(0)),
        ("86400", timedelta(days=1)),
        ("Mon, 05 Jan 2026 00:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 05 Jan 2026 00:02:00 -0000", timedelta(minutes=2)),
        ("Sun, 04 Jan 2026 00:00:00 GMT", timedelta(0)),
        *((text, None) for text in ("", "\u00b2", "-5", "1.5", "soon", "5, 10", "+3", "\u0665", "Mon, 99 Jan 2026")),
    ],
)
def test_what_retry_after_says(text, asked):
    assert pause_asked({"Retry-After": text}, NOW) == asked
    assert pause_asked({"retry-after": text}, NOW) == asked


def test_thirty_digits_are_longer_than_anybody_waits():
    assert pause_asked({"Retry-After": "9" * 30}, NOW) > PROMISED
    assert pause_asked({"Retry-After": "9" * 5000}, NOW) > PROMISED


@settings(max_examples=examples(), deadline=None)
@given(st.text(max_size=40))
def test_retry_after_never_crashes(text):
    found = pause_asked({"Retry-After": text}, NOW)
    assert found is None or found >= timedelta(0)


def test_a_stopwatch_tells_the_clock_that_is_passed_in():
    clock = ManualClock(NOW)
    stopwatch = Stopwatch(clock)
    clock.advance(timedelta(minutes=2))
    assert timedelta(minutes=2) <= stopwatch.elapsed() < timedelta(minutes=3)
    clock.move_to(NOW - timedelta(days=1))
    assert timedelta(0) <= stopwatch.elapsed() < timedelta(minutes=1), "a clock that is set back moves no wait"
