"""The log of API calls: in memory for the door, one line each for people."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TextIO


class Journal:
    """
    Every call that was answered, in order.

    Args:
        log: Where to write a line for each call; nowhere by default.
    """

    def __init__(self, log: TextIO | None = None) -> None:
        self._log = log
        self._entries: list[dict[str, Any]] = []
        self._number = 0
        self._paused = False
        self._lock = threading.Lock()

    def add(self, at: datetime, entry: Mapping[str, Any], *, subject: str) -> None:
        """Note a call; `subject` is the name that it was about."""
        with self._lock:
            if self._paused:
                return
            self._number += 1
            self._entries.append({"n": self._number, **entry})
            if self._log is not None:
                self._log.write(_line(at, entry, subject))
                self._log.flush()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No call is noted meanwhile."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False

    def note(self, text: str) -> None:
        """Write a remark to the log, such as why a call failed inside the emulator."""
        with self._lock:
            if self._log is not None:
                self._log.write(text.rstrip("\n") + "\n")
                self._log.flush()

    def entries(self) -> list[dict[str, Any]]:
        """The calls since the log was cleared."""
        with self._lock:
            return list(self._entries)

    def counts(self) -> dict[str, Any]:
        """How many calls there were, in all, of writes, and by operation."""
        entries = self.entries()
        return {
            "total": len(entries),
            "writes": sum(entry["write"] for entry in entries),
            "operations": dict(Counter(entry["operation"] for entry in entries)),
        }

    def clear(self) -> None:
        """Start anew."""
        with self._lock:
            self._entries.clear()
            self._number = 0


def _line(at: datetime, entry: Mapping[str, Any], subject: str) -> str:
    words = (
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        entry["service"],
        entry["operation"],
        str(entry["status"] or "no-reply"),
        entry["code"] or "-",
        subject or "-",
    )
    return " ".join(words) + "\n"
