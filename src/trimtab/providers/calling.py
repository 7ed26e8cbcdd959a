"""Calls to a cloud: several at the same time, one layer of retries, endpoints that are safe."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import BoundedSemaphore
from typing import TypeVar
from urllib.parse import urlsplit

import tenacity

from trimtab.clock import Clock
from trimtab.errors import ConfigError, ProviderError, Throttled, Unreachable
from trimtab.events import CallRetried, Listener

T = TypeVar("T")

ATTEMPTS = 8
BUDGET = 120.0
"""Seconds after the first attempt at which no other is made."""
MOST_THREADS = 32
LONGEST_PAUSE = 20.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_backoff = tenacity.wait_random_exponential(multiplier=0.5, max=LONGEST_PAUSE)


class Caller:
    """
    Asks a cloud, a bounded number of calls at the same time, each with its retries. Thread-safe.

    Args:
        clock: Waits between attempts.
        workers: How many calls are under way at the same time.
        listener: Told of every retry.
    """

    def __init__(self, *, clock: Clock, workers: int, listener: Listener) -> None:
        self.clock = clock
        self.listener = listener
        self.workers = workers
        self._slots = BoundedSemaphore(workers)

    def together(self, questions: Sequence[Callable[[], T]]) -> list[T | ProviderError]:
        """
        The answer to each question, or why there is none; asked at the same time.

        A question may ask several more in turn: each set has threads of its own, and only the calls
        themselves are bounded, so that no question waits for a thread that waits for it.
        """
        if len(questions) < 2:
            return [_ask(question) for question in questions]
        with ThreadPoolExecutor(min(len(questions), MOST_THREADS), thread_name_prefix="trimtab") as pool:
            return list(pool.map(_ask, questions))

    def all_of(self, questions: Sequence[Callable[[], T]]) -> list[T]:
        """
        The answer to each question, asked at the same time.

        Raises:
            ProviderError: Why the first of those that failed did.
        """
        found: list[T] = []
        for answer in self.together(questions):
            if isinstance(answer, ProviderError):
                raise answer
            found.append(answer)
        return found

    def retried(self, operation: str, attempt: Callable[[], T]) -> T:
        """
        What an attempt gives, after as many as a passing fault needs.

        Raises:
            ProviderError: Why the last one failed.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((Throttled, Unreachable)),
            wait=_pause,
            stop=lambda state: state.attempt_number >= ATTEMPTS or state.idle_for >= BUDGET,
            sleep=lambda seconds: self.clock.sleep(timedelta(seconds=seconds)),
            before_sleep=self._tell(operation),
            reraise=True,
        )
        found: T = retrying(self._in_turn, attempt)
        return found

    def _in_turn(self, attempt: Callable[[], T]) -> T:
        with self._slots:
            return attempt()

    def _tell(self, operation: str) -> Callable[[tenacity.RetryCallState], None]:
        def tell(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            pause = timedelta(seconds=state.next_action.sleep if state.next_action else 0)
            self.listener(CallRetried(operation, state.attempt_number, pause, str(error)))

        return tell


def _pause(state: tenacity.RetryCallState) -> float:
    """Longer each time and never quite the same; at least what the cloud asked for."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after.total_seconds() if isinstance(error, ProviderError) and error.after else 0.0
    return max(asked, _backoff(state))


def _ask(question: Callable[[], T]) -> T | ProviderError:
    try:
        return question()
    except ProviderError as error:
        return error


def check_endpoint(endpoint: str | None) -> None:
    """
    Refuse an address that is none, or plain http to anywhere but this machine.

    Raises:
        ConfigError: It is one of them.
    """
    if endpoint is None:
        return
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError([f"{endpoint!r} is no endpoint; write one such as http://127.0.0.1:5000"])
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError([f"{endpoint!r}: plain http is for loopback only; use https"])
