"""What happens while trimtab works, for listeners that log, count or draw."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from trimtab.clock import Stopwatch, SystemClock
from trimtab.errors import ProviderError
from trimtab.plan import Change, Key, Plan


@dataclass(frozen=True, slots=True)
class PlanStarted:
    """A plan is about to be made; within an apply, to look again at what it stands on."""

    provider: str
    fleet: str


@dataclass(frozen=True, slots=True)
class PlanEnded:
    """A plan was made, or could not be: `plan` is `None` and `error` says what kind of error."""

    provider: str
    fleet: str
    plan: Plan | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ApplyStarted:
    """A plan is about to be carried out."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class ApplyEnded:
    """
    A plan was carried out, waits included, or was not.

    Attributes:
        plan: The plan.
        outcomes: How many changes ended how: `done`, `failed`, `skipped`, `unknown`.
        failures: How many things did not go through, what was not reached in time included.
        error: What kind of error ended it, where one did.
    """

    plan: Plan
    outcomes: Mapping[str, int] = field(default_factory=dict)
    failures: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class RolloutMoved:
    """
    The rollout of a group stands otherwise than at the last look.

    Attributes:
        group: The group's name in the fleet.
        outcome: How it stands: `running`, `done`, `rolled back`, `paused`, `stopped`, `error`.
        phase: Where the run is; empty where there is none.
        text: All of it in one sentence.
    """

    group: str
    outcome: str
    phase: str
    text: str


@dataclass(frozen=True, slots=True)
class CallStarted:
    """
    A call to the cloud is about to be sent.

    Attributes:
        provider: Which cloud.
        operation: The vendor's name of the call.
        target: What it is about: places and names, never a body.
        attempt: 1, or more for a call that is made again.
    """

    provider: str
    operation: str
    target: str
    attempt: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """
    A call to the cloud was answered, or failed.

    Attributes:
        provider: Which cloud.
        operation: The vendor's name of the call.
        target: What it is about: places and names, never a body.
        attempt: 1, or more for a call that was made again.
        duration: How long it took, by the machine's time.
        error: What kind of error it ended with, by type and code; the cloud's own words may quote what was sent.
    """

    provider: str
    operation: str
    target: str
    attempt: int
    duration: timedelta
    error: str = ""


@dataclass(frozen=True, slots=True)
class CallRetried:
    """
    A call to the cloud failed in a way that passes, and is made again.

    Attributes:
        operation: The vendor's name of the call.
        attempt: The one that failed.
        wait: How long until the next one.
        error: What the cloud said.
        kind: What kind of error that is, by type and code.
    """

    operation: str
    attempt: int
    wait: timedelta
    error: str
    kind: str = ""


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


Event = (
    PlanStarted
    | PlanEnded
    | ApplyStarted
    | ApplyEnded
    | ChangeStarted
    | ChangeEnded
    | CallStarted
    | CallEnded
    | CallRetried
    | EndpointFound
    | Waiting
    | RolloutMoved
)
Listener = Callable[[Event], None]
"""Called for each event, from whichever thread it happens in."""


def silent(event: Event) -> None:
    """A listener that does nothing."""


def several(*listeners: Listener) -> Listener:
    """A listener that hands each event to several, in their order."""

    def listener(event: Event) -> None:
        for each in listeners:
            each(event)

    return listener


def kind_of(error: BaseException) -> str:
    """What kind of error this is, by type and the vendor's code, without words that may quote what was sent."""
    code = error.code if isinstance(error, ProviderError) else ""
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


@contextmanager
def reported(listener: Listener, started: Event, ended: Callable[[str], Event]) -> Iterator[None]:
    """
    Tell a listener of what is done inside: once before, once after, also when it fails.

    Args:
        listener: Is told.
        started: The event before.
        ended: Makes the event after, of the kind of error it ended with; empty without one.
    """
    listener(started)
    try:
        yield
    except BaseException as error:
        listener(ended(kind_of(error)))
        raise
    listener(ended(""))


@contextmanager
def call_reported(listener: Listener, provider: str, operation: str, target: str, attempt: int = 1) -> Iterator[None]:
    """
    Tell a listener of a call that is made inside.

    Args:
        listener: Is told.
        provider: Which cloud.
        operation: The vendor's name of the call.
        target: What it is about.
        attempt: 1, or more for a call that is made again.
    """
    call, stopwatch = (provider, operation, target, attempt), Stopwatch(SystemClock())
    with reported(listener, CallStarted(*call), lambda error: CallEnded(*call, stopwatch.elapsed(), error)):
        yield
