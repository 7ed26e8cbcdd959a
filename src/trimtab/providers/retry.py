"""Calls to a cloud: several at the same time, one layer of retries, page by page, and waits for what takes its time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from threading import BoundedSemaphore, Thread
from typing import ClassVar, NamedTuple, TypeVar

import tenacity

from trimtab.clock import Clock, check_cancelled
from trimtab.errors import Conflict, ProviderError, Throttled, TrimtabError, Unreachable, UnreadableReply
from trimtab.events import CallRetried, Listener, call_reported, kind_of
from trimtab.phrases import in_words
from trimtab.providers.guard import stumbled
from trimtab.providers.patience import LONGEST_SILENCE, Patience, patience_of

T = TypeVar("T")

ATTEMPTS = 8
CONNECT_SECONDS, READ_SECONDS = 10, 60
"""How long an SDK waits for a connection, and for the next part of a reply."""
MOST_THREADS = 32
LONGEST_PAUSE = 20.0
_backoff = tenacity.wait_random_exponential(multiplier=0.5, max=LONGEST_PAUSE)


class Caller:
    """
    Asks a cloud, a bounded number of calls at the same time, each with its retries. Thread-safe.

    A call is given up when its question has had no answer for as long as `Patience` allows, whatever it waits for:
    the SDK's time-outs begin anew with each address and with each packet.

    Args:
        clock: Waits between attempts.
        workers: How many calls are under way at the same time.
        listener: Told of every call and every retry.
    """

    provider: ClassVar[str] = ""
    """Which cloud, for errors."""

    def __init__(self, *, clock: Clock, workers: int, listener: Listener) -> None:
        self.clock = clock
        self.listener = listener
        self.workers = workers
        self._slots = BoundedSemaphore(workers)

    def gather(self, questions: Sequence[Callable[[], T]]) -> list[T | ProviderError]:
        """
        The answer to each question, or why there is none; asked at the same time.

        A question may ask several more in turn: each set has threads of its own, and only the calls
        themselves are bounded, so that no question waits for a thread that waits for it.
        """
        if len(questions) < 2:
            return [self._answer(question) for question in questions]
        with ThreadPoolExecutor(min(len(questions), MOST_THREADS), thread_name_prefix="trimtab") as pool:
            futures = [pool.submit(copy_context().run, self._answer, question) for question in questions]
            return [future.result() for future in futures]

    def gather_or_raise(self, questions: Sequence[Callable[[], T]]) -> list[T]:
        """
        The answer to each question, asked at the same time.

        Raises:
            ProviderError: Why the first of those that failed did.
        """
        answers: list[T] = []
        for answer in self.gather(questions):
            if isinstance(answer, ProviderError):
                raise answer
            answers.append(answer)
        return answers

    def retried(
        self, operation: str, attempt: Callable[[], T], *, target: Sequence[str] = (), repeatable: bool = True
    ) -> T:
        """
        What an attempt gives, after as many as a passing fault needs.

        Args:
            operation: What is told of in errors and events.
            attempt: Asks once.
            target: Places and names that it is about, for events.
            repeatable: Whether asking twice does no more than asking once; else only what was refused is asked again.

        Raises:
            ProviderError: Why the last one failed.
            Cancelled: Nobody waits for it any more.
        """
        with patience_of(self.clock) as patience:
            pauses, about = _Pauses(), in_words([part for part in target if part], " ")
            calls = (call_reported(self.listener, self.provider, operation, about, number) for number in count(1))
            passing = (Throttled, Unreachable) if repeatable else (Throttled,)
            retrying = tenacity.Retrying(
                retry=tenacity.retry_if_exception_type(passing),
                wait=pauses.after,
                stop=partial(_is_over, pauses, patience),
                sleep=partial(self._sleep, patience),
                before_sleep=self._tell(operation),
                reraise=True,
            )
            result: T = retrying(self._in_turn, operation, calls, attempt, patience)
            return result

    def follow(self, operation: str, page: Callable[[str], tuple[T, str]]) -> Iterator[T]:
        """
        Replies page by page, as long as each names one that follows.

        Args:
            operation: What is told of in errors.
            page: Asks for the page of a token, empty for the first; gives the page and the token that it names.

        Raises:
            UnreadableReply: A reply names a page that was read already.
        """
        token, read = "", set[str]()
        while True:
            reply, token = page(token)
            if token in read:
                text = "the reply names a further page that was read already"
                raise UnreadableReply(text, provider=self.provider, operation=operation)
            yield reply
            if not token:
                return
            read.add(token)

    def wait_until(
        self,
        operation: str,
        look: Callable[[], T | None],
        pace: "Pace",
        *,
        late: str,
        asked: Callable[[], timedelta | None] = lambda: None,
    ) -> T:
        """
        What a look gives at last, again and again until it is something.

        Args:
            operation: What is told of in errors.
            look: Asks once; gives `None` for not yet.
            pace: How long to wait altogether, and between looks.
            late: What to say when that was too long.
            asked: How long the last answer asks to wait before the next look (`Retry-After`), where it does: at least
                so long, at most as long as a cloud may be silent, and never beyond the end.

        Raises:
            Conflict: It has not come in time; says `late`.
        """
        deadline, pause = self.clock.now() + pace.longest, pace.first
        if (first := asked()) is not None:
            self._rest(first, deadline)
        while (result := look()) is None:
            if self.clock.now() >= deadline:
                raise Conflict(late, provider=self.provider, operation=operation)
            self._rest(max(pause, asked() or pause), deadline)
            pause = min(pause * 2, pace.most)
        return result

    def _rest(self, pause: timedelta, deadline: datetime) -> None:
        self.clock.sleep(min(pause, LONGEST_SILENCE, deadline - self.clock.now()))

    def _answer(self, question: Callable[[], T]) -> T | ProviderError:
        try:
            return question()
        except ProviderError as error:
            return error
        except TrimtabError:
            raise
        except Exception as error:
            return stumbled(error, self.provider, "")

    def _sleep(self, patience: Patience, seconds: float) -> None:
        with patience.pause():
            self.clock.sleep(timedelta(seconds=seconds))

    def _in_turn(
        self,
        operation: str,
        calls: Iterator[AbstractContextManager[None]],
        attempt: Callable[[], T],
        patience: Patience,
    ) -> T:
        room, seconds = patience.room(), patience.left().total_seconds()
        with patience.attempt():
            if not room or not self._slots.acquire(timeout=seconds):
                text = "not asked, because nothing was answered for too long before it"
                raise Unreachable(text, provider=self.provider, operation=operation)
            try:
                check_cancelled()
                with next(calls):
                    return _ended(_begun(attempt), seconds, self.provider, operation)
            finally:
                self._slots.release()

    def _tell(self, operation: str) -> Callable[[tenacity.RetryCallState], None]:
        def tell(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            pause = timedelta(seconds=state.next_action.sleep if state.next_action else 0)
            kind = kind_of(error) if error else ""
            self.listener(CallRetried(operation, state.attempt_number, pause, str(error), kind))

        return tell


def in_batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """The items, in their order, as many at a time as one call takes."""
    return (list(items[start : start + size]) for start in range(0, len(items), size))


class Pace(NamedTuple):
    """How something that takes its time is waited for."""

    longest: timedelta
    """How long altogether."""
    first: timedelta
    """The pause after the first look; each that follows is twice as long."""
    most: timedelta
    """The longest pause."""


class _Pauses:
    """The pause after each attempt: longer each time and never quite the same; at least what the cloud asked for."""

    def __init__(self) -> None:
        self._drawn: dict[int, float] = {}

    def after(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        requested = error.after.total_seconds() if isinstance(error, ProviderError) and error.after else 0.0
        return max(requested, self._drawn.setdefault(state.attempt_number, _backoff(state)))


def _is_over(pauses: _Pauses, patience: Patience, state: tenacity.RetryCallState) -> bool:
    """Whether there is no further attempt: there were enough, or the pause before it would be too long."""
    return state.attempt_number >= ATTEMPTS or pauses.after(state) >= patience.room().total_seconds()


def _begun(attempt: Callable[[], T]) -> Future[T]:
    """An attempt in a thread of its own, which is left alone when it is given up and does not hold up the exit."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(attempt())
        except BaseException as error:
            future.set_exception(error)

    # spans and the like follow the call
    Thread(target=copy_context().run, args=(run,), name="trimtab-call", daemon=True).start()
    return future


def _ended(future: Future[T], seconds: float, provider: str, operation: str) -> T:
    """
    What an attempt gives.

    Raises:
        Unreachable: It has given nothing in time.
    """
    try:
        return future.result(timeout=seconds)
    except TimeoutError as error:
        text = f"no answer within {seconds:.0f} seconds"
        raise Unreachable(text, provider=provider, operation=operation) from error
