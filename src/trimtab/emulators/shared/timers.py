"""The passing of time in an emulated cloud: what is due is done in the order in which it came due."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from trimtab.emulators.shared.clock import EmulatorClock

Order = tuple[int | str, ...]
"""What comes first among things due at the same moment: a phase, then names."""
_Timer = tuple[datetime, Order, int, Callable[[], None], Callable[[], bool]]
"""When, the order among those at the same moment, a number that no other has, what to do, and whether it still is."""


class Timers:
    """
    What is to be done when a clock gets there.

    Args:
        clock: The emulator's clock.
    """

    def __init__(self, clock: EmulatorClock) -> None:
        self.clock = clock
        self._timers: list[_Timer] = []
        self._serial = 0
        self._moment: datetime | None = None
        self._seen = clock.now()

    def now(self) -> datetime:
        """The time now: while a due event runs, when it was due."""
        return self._moment or self.clock.now()

    def at(self, moment: datetime, order: Order, run: Callable[[], None], is_current: Callable[[], bool]) -> None:
        """Have `run` called when the clock gets to `moment`, unless it is not current any more by then."""
        self._serial += 1
        heapq.heappush(self._timers, (moment, order, self._serial, run, is_current))

    def later(self, seconds: float, order: Order, run: Callable[[], None], is_current: Callable[[], bool]) -> None:
        """Have `run` called in so many seconds, or now."""
        if seconds <= 0:
            run()
        else:
            self.at(self.now() + timedelta(seconds=seconds), order, run, is_current)

    def tick(self) -> None:
        """Run what is due, in the order in which it came due."""
        now = self.clock.now()
        if now < self._seen:
            self.went_back()
        self._seen = now
        while self._timers and self._timers[0][0] <= now:
            moment, _, _, run, is_current = heapq.heappop(self._timers)
            if is_current():
                self._stand_at(moment, run)

    def went_back(self) -> None:
        """Set what recurs anew: it is due again at times that had gone by."""

    def wipe(self) -> None:
        """Forget everything."""
        self._timers.clear()
        self._seen = self.clock.now()

    def close(self) -> None:
        """Forget everything, and give back what was taken."""
        self.wipe()

    def _stand_at(self, moment: datetime, run: Callable[[], None]) -> None:
        self._moment = moment
        try:
            run()
        finally:
            self._moment = None
