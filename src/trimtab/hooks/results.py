"""What became of a notice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from trimtab.providers.hooks import HookNotice


class HookOutcome(StrEnum):
    """What became of a message."""

    CONTINUED = "continued"
    """Handled; the cloud was told to go on."""
    ABANDONED = "abandoned"
    """Handled; the cloud was told to give the instance up."""
    HANDLED = "handled"
    """Handled; the cloud waits for no answer to such a notice."""
    OVER = "over"
    """Not handled: the cloud no longer waited when it was read."""
    LATE = "late"
    """Handled, but the cloud no longer waited when the handler was done."""
    DUPLICATE = "duplicate"
    """A copy of a notice that was handled, or is being handled, by this consumer."""
    FAILED = "failed"
    """The handler, or the answer to the cloud, failed; the message comes again."""
    LEFT = "left"
    """Left in the queue: not ours, without a handler, or not readable."""
    TEST = "test"
    """The message by which the cloud tries a new queue; taken out."""


REMAINS = frozenset({HookOutcome.LEFT, HookOutcome.FAILED})
"""After these the message stays in the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandledHook:
    """
    What became of one message.

    Attributes:
        outcome: In one word.
        message: The message's id in the queue, or the event's in the instance.
        at: When that was known.
        notice: What it told; `None` for what is no notice.
        why: The reason, where there is one: what a handler raised, why a message was left.
        heartbeats: How often the cloud was asked to wait longer, the first time before the handler began.
    """

    outcome: HookOutcome
    message: str
    at: datetime
    notice: HookNotice | None = None
    why: str = ""
    heartbeats: int = 0

    def __str__(self) -> str:
        """`launch of i-0a1b in web (lifecycle-hook configure): continued`."""
        why = f": {self.why}" if self.why else ""
        return f"{self.notice or f'message {self.message}'}: {self.outcome}{why}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "outcome": self.outcome.value,
            "message": self.message,
            "at": self.at.isoformat(),
            "why": self.why,
            "heartbeats": self.heartbeats,
            "notice": self.notice.to_dict() if self.notice else None,
        }


OnHandled = Callable[[HandledHook], None]
