"""What happens while trimtab works, for listeners that log, count or draw."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from trimtab.plan import Change, Key


@dataclass(frozen=True, slots=True)
class CallRetried:
    """A call to the cloud failed in a way that passes, and is made again."""

    operation: str
    attempt: int
    wait: timedelta
    error: str


@dataclass(frozen=True, slots=True)
class EndpointFound:
    """The cloud is reached at an address that the environment gives, not the caller: a variable, or a vendor's file."""

    source: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class ChangeStarted:
    """A change is about to be written."""

    change: Change


@dataclass(frozen=True, slots=True)
class ChangeEnded:
    """A change was written, or failed, or was left out because of one before it."""

    change: Change
    error: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A group is on its way to the size that is wanted."""

    group: str
    key: Key
    ready: int
    desired: int


Event = CallRetried | EndpointFound | ChangeStarted | ChangeEnded | Waiting
Listener = Callable[[Event], None]
"""Called for each event, from whichever thread it happens in."""


def silent(event: Event) -> None:
    """A listener that does nothing."""
