"""The emulator's clock: another clock with an offset, or standing still."""

import threading
from datetime import datetime, timedelta

from trimtab.clock import Clock, SystemClock, aware


class EmulatorClock:
    """
    A clock that follows another one until it is moved, and then keeps its distance to it.

    Args:
        base: The clock to follow; by default the machine's.
    """

    def __init__(self, base: Clock | None = None) -> None:
        self._base = base or SystemClock()
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        with self._lock:
            return self._frozen or self._base.now() + self._offset

    def advance(self, duration: timedelta, *, freeze: bool = False) -> None:
        """Move the clock by `duration`, back if it is negative."""
        self.move_to(self.now() + duration, freeze=freeze)

    def move_to(self, moment: datetime, *, freeze: bool = False) -> None:
        """Set the clock; it goes on from there, or stands still with `freeze` or if it stood already."""
        moment = aware(moment)
        with self._lock:
            self._offset = moment - self._base.now()
            self._frozen = moment if freeze or self._frozen else None

    def run(self) -> None:
        """Follow the other clock again, without a distance."""
        with self._lock:
            self._offset, self._frozen = timedelta(0), None
