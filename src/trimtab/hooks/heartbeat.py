"""What keeps a cloud waiting, and a message hidden, while a handler runs."""

import threading
from contextvars import copy_context
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from trimtab.clock import Clock
from trimtab.errors import ProviderError
from trimtab.providers.hooks import HookMessage, HookNotice, HookQueue

LOOK_SECONDS = 0.25
"""How often the clock is looked at: a handler may take an hour on a clock that a test moves at once."""


class Heartbeat:
    """
    Heartbeats of one notice, from a thread of their own, while the block runs.

    Args:
        queue: Where they are sent.
        message: The message that stays hidden.
        notice: What it tells.
        clock: Tells the time.
        hidden: For how long the message is hidden each time; renewed after half of it.
        timeout: How long the cloud waits from one heartbeat to the next; asked again after a third of it. `None` for
            a cloud that takes none.
    """

    def __init__(
        self,
        queue: HookQueue,
        message: HookMessage,
        notice: HookNotice,
        *,
        clock: Clock,
        hidden: timedelta,
        timeout: timedelta | None,
    ) -> None:
        self.count = 0
        self._queue, self._message, self._notice = queue, message, notice
        self._clock, self._hidden, self._timeout = clock, hidden, timeout
        self._done = threading.Event()
        self._thread = threading.Thread(target=copy_context().run, args=(self._beat,), daemon=True)

    def __enter__(self) -> Self:
        self._begin = self._clock.now()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _beat(self) -> None:
        hide_at = self._begin + self._hidden / 2
        beat_at = self._begin + self._timeout / 3 if self._timeout else None
        while not self._done.wait(LOOK_SECONDS):
            now = self._clock.now()
            if now >= hide_at:
                hide_at = now + self._hidden / 2
                self._hide()
            if self._timeout and beat_at and now >= beat_at:
                beat_at = self._beaten(now, self._timeout)

    def _hide(self) -> None:
        try:
            self._queue.hide(self._message, self._hidden)
        except ProviderError:
            return  # the message may come twice, which the consumer takes for a copy

    def _beaten(self, now: datetime, timeout: timedelta) -> datetime | None:
        """When the next heartbeat is due; `None` once the cloud no longer waits, which the answer will tell."""
        try:
            goes_on = self._queue.heartbeat(self._notice)
        except ProviderError:
            return now + timeout / 12
        self.count += goes_on
        return now + timeout / 3 if goes_on else None
