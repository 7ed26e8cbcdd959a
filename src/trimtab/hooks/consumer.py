"""The consumer of a queue of notices: receives, calls handlers, keeps the cloud waiting meanwhile, and answers it."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any

from trimtab.clock import Clock
from trimtab.errors import InvalidArgument, ProviderError, Throttled, Unreachable
from trimtab.hooks.handlers import HandlerOutcome, HookHandler, call_handlers, gather_handlers
from trimtab.hooks.heartbeat import Heartbeat
from trimtab.hooks.results import HandledHook, HookOutcome, OnHandled
from trimtab.models import Fleet
from trimtab.providers.hooks import HookMessage, HookNotice, HookQueue, HookResult, HookTransition
from trimtab.runtime.cloud import Cloud

HIDDEN = timedelta(minutes=2)
"""For how long others do not get a message that was received; renewed while its handler runs."""
SHORTEST_HIDDEN = timedelta(seconds=10)
LONG_POLL = timedelta(seconds=10)
NO_WAIT = timedelta(0)
PAUSE_SECONDS, RETRY_SECONDS = 1.0, 15.0
"""How long `run` waits after a round that came back empty at once, and after one that failed."""
REMEMBERED = 10_000
"""So many notices are remembered as handled."""


class HookConsumer:
    """
    Handles what a queue brings of instances that start and end. One thread may poll; handlers run in threads.

    A message is taken out once its handler is done and the cloud was answered: a consumer that is killed in between
    loses nothing, and another gets the message after two minutes at most, so a handler may be called twice.

    Args:
        cloud: The connection.
        queue: URL, ARN or name of the queue (AWS: SQS).
        handlers: Functions marked by `on_launch` and `on_terminate`.
        fleet: Handle the groups of this fleet alone, and call them as it does; every group when left out.
        groups: Only these groups of the fleet.
        clock: Tells the time; the connection's when left out.
        workers: How many handlers run at the same time.
        on_handled: Called with each result, from the thread of its handler.

    Raises:
        Unsupported: The cloud tells nobody but the instance itself.
        NotFound: There is no such queue.
        InvalidArgument: A handler is not marked.
    """

    def __init__(
        self,
        cloud: Cloud,
        *,
        queue: str,
        handlers: Iterable[Any],
        fleet: Fleet | None = None,
        groups: Sequence[str] | None = None,
        clock: Clock | None = None,
        workers: int = 8,
        on_handled: OnHandled | None = None,
    ) -> None:
        if workers < 1:
            raise InvalidArgument(f"workers: {workers} is not a number of handlers; use 1 or more")
        self.handlers = gather_handlers(handlers)
        self._names = _names(fleet, cloud, groups) if fleet else None
        self._queue: HookQueue = cloud.provider.hooks(queue)
        self._clock = clock or cloud.clock
        self._workers = workers
        self._on_handled = on_handled or (lambda _: None)
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._answers: OrderedDict[str, HandlerOutcome] = OrderedDict()
        self._told: OrderedDict[str, None] = OrderedDict()

    def poll(self, wait: timedelta = NO_WAIT) -> tuple[HandledHook, ...]:
        """
        One round: receive, handle all of it, and say what became of each message.

        Args:
            wait: How long the queue waits for a first message; AWS waits 20 s at most.

        Raises:
            ProviderError: The queue cannot be read.
        """
        messages = self._queue.receive(self._workers, wait=wait, hidden=HIDDEN)
        if len(messages) < 2:
            return tuple(self._handle(message) for message in messages)
        with self._pool() as pool:
            return tuple(pool.map(self._handle, messages))

    def run(self, stop: threading.Event, *, wait: timedelta = LONG_POLL) -> None:
        """
        Poll until `stop` is set; handlers under way are finished first.

        A queue that is unreachable or throttles is asked again after 15 s.

        Args:
            stop: Ends it.
            wait: How long the queue waits for a first message.

        Raises:
            ProviderError: The queue is denied or gone.
        """
        running: set[Future[HandledHook]] = set()
        with self._pool() as pool:
            while not stop.is_set():
                running = _still(running)
                if len(running) >= self._workers:
                    _first_of(running)
                    continue
                for message in self._next(self._workers - len(running), wait, stop):
                    running.add(pool.submit(copy_context().run, self._handle, message))
        _still(running)

    def _next(self, most: int, wait: timedelta, stop: threading.Event) -> Sequence[HookMessage]:
        begin = monotonic()
        try:
            messages = self._queue.receive(most, wait=wait, hidden=HIDDEN)
        except (Unreachable, Throttled) as error:
            self._on_handled(self._said(HookOutcome.FAILED, HookMessage("", ""), None, f"no messages: {error}"))
            stop.wait(RETRY_SECONDS)
            return ()
        if not messages and monotonic() - begin < PAUSE_SECONDS:  # it does not wait, or not for long
            stop.wait(PAUSE_SECONDS)
        return messages

    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._workers, thread_name_prefix="trimtab-hooks")

    def _handle(self, message: HookMessage) -> HandledHook:
        try:
            handled = self._outcome(message)
        except ProviderError as error:
            handled = self._said(HookOutcome.FAILED, message, message.notice, str(error))
        if handled.outcome is not HookOutcome.LEFT or self._is_news(message.id):
            self._on_handled(handled)
        return handled

    def _outcome(self, message: HookMessage) -> HandledHook:
        if message.is_test:
            return self._taken(HookOutcome.TEST, message, None)
        if message.notice is None:
            return self._said(HookOutcome.LEFT, message, None, message.problem)
        notice = self._named(message.notice)
        if notice is None:
            return self._said(HookOutcome.LEFT, message, message.notice, "its group is not one of the fleet")
        handlers = [handler for handler in self.handlers if handler.takes(notice)]
        if not handlers:
            return self._said(
                HookOutcome.LEFT, message, notice, f"no handler takes it; mark one with on_{notice.transition}"
            )
        with self._lock:
            if notice.id in self._under_way:  # the first copy's message stays until that is answered
                return self._said(HookOutcome.DUPLICATE, message, notice, "its handler is running")
            self._under_way.add(notice.id)
        try:
            return self._answered(message, notice, handlers)
        finally:
            with self._lock:
                self._under_way.discard(notice.id)

    def _answered(self, message: HookMessage, notice: HookNotice, handlers: Sequence[HookHandler]) -> HandledHook:
        answer, beats = self._answers.get(notice.id), 0
        if answer is _DONE:
            return self._taken(HookOutcome.DUPLICATE, message, notice, "it was handled before")
        if answer is None:
            if self._is_over(notice):
                self._remember(notice, _DONE)
                return self._taken(HookOutcome.OVER, message, notice, "the cloud no longer waits for it")
            answer, beats = self._call(message, notice, handlers)
            if answer.problem and not self._queue.takes_result(notice):
                return self._said(HookOutcome.FAILED, message, notice, answer.problem, beats)
            self._remember(notice, answer)  # an answer that does not get through is sent again, the handler not called
        outcome = self._complete(notice, answer.result)
        self._remember(notice, _DONE)
        return self._taken(outcome, message, notice, answer.problem, beats)

    def _call(
        self, message: HookMessage, notice: HookNotice, handlers: Sequence[HookHandler]
    ) -> tuple[HandlerOutcome, int]:
        timeout = message.heartbeat if self._queue.takes_result(notice) else None
        hidden = max(SHORTEST_HIDDEN, min(HIDDEN, timeout / 3)) if timeout else HIDDEN
        self._queue.hide(message, hidden)
        heartbeat = Heartbeat(self._queue, message, notice, clock=self._clock, hidden=hidden, timeout=timeout)
        with heartbeat:
            if notice.transition is HookTransition.LAUNCH:
                notice = self._queue.with_address(notice)
            answer = call_handlers(handlers, notice)
        return answer, heartbeat.count + (timeout is not None)

    def _is_over(self, notice: HookNotice) -> bool:
        """Whether the wait for a result has ended; the heartbeat that asks this restarts the hook's timeout."""
        if self._queue.takes_result(notice):
            return not self._queue.heartbeat(notice)
        return notice.deadline is not None and self._clock.now() >= notice.deadline

    def _complete(self, notice: HookNotice, result: HookResult) -> HookOutcome:
        if not self._queue.takes_result(notice):
            return HookOutcome.HANDLED
        if not self._queue.complete(notice, result):
            return HookOutcome.LATE
        return HookOutcome.CONTINUED if result is HookResult.CONTINUE else HookOutcome.ABANDONED

    def _named(self, notice: HookNotice) -> HookNotice | None:
        """The notice with the group's name in the fleet; `None` for a group of others."""
        notice = replace(notice, clock=self._clock)
        if self._names is None:
            return notice if notice.native_name else None
        name = self._names.get((notice.location, notice.native_name))
        return replace(notice, group=name) if name else None

    def _remember(self, notice: HookNotice, answer: HandlerOutcome) -> None:
        with self._lock:
            _keep(self._answers, notice.id, answer)

    def _is_news(self, message: str) -> bool:
        """Whether a message that was left is seen for the first time."""
        with self._lock:
            is_news = message not in self._told
            _keep(self._told, message, None)
        return is_news

    def _taken(
        self, outcome: HookOutcome, message: HookMessage, notice: HookNotice | None, why: str = "", beats: int = 0
    ) -> HandledHook:
        self._queue.delete(message)
        return self._said(outcome, message, notice, why, beats)

    def _said(
        self, outcome: HookOutcome, message: HookMessage, notice: HookNotice | None, why: str = "", beats: int = 0
    ) -> HandledHook:
        return HandledHook(
            outcome=outcome, message=message.id, at=self._clock.now(), notice=notice, why=why, heartbeats=beats
        )


_DONE = HandlerOutcome(HookResult.CONTINUE, "done")


def _keep(store: "OrderedDict[str, Any]", key: str, value: Any) -> None:
    store[key] = value
    store.move_to_end(key)
    while len(store) > REMEMBERED:
        store.popitem(last=False)


def _names(fleet: Fleet, cloud: Cloud, chosen: Sequence[str] | None) -> Mapping[tuple[str, str], str]:
    """The names of groups by place and native name."""
    groups = [group for group in fleet.for_provider(cloud.provider.name).groups if not chosen or group.name in chosen]
    return {(group.location or cloud.provider.location, fleet.native_name(group)): group.name for group in groups}


def _still(running: Iterable["Future[HandledHook]"]) -> set["Future[HandledHook]"]:
    """Those that are not done; what one of the others raised is raised here."""
    for future in (future for future in running if future.done()):
        future.result()
    return {future for future in running if not future.done()}


def _first_of(running: Iterable["Future[HandledHook]"]) -> None:
    wait(list(running), timeout=PAUSE_SECONDS, return_when=FIRST_COMPLETED)
