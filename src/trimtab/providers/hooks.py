"""Notices of instances that start or end, in the words that all clouds share, and the queue that brings them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Never

from trimtab.clock import Clock, SystemClock
from trimtab.errors import Unsupported


class HookTransition(StrEnum):
    """What happens to the instance."""

    LAUNCH = "launch"
    TERMINATE = "terminate"


class HookKind(StrEnum):
    """What sort of notice it is; each cloud has some of them."""

    LIFECYCLE_HOOK = "lifecycle-hook"
    INTERRUPTION = "interruption"
    PREEMPTION = "preemption"
    SCHEDULED_EVENT = "scheduled-event"
    STOP = "stop"
    REBALANCE = "rebalance"
    MAINTENANCE = "maintenance"


ADVICE = frozenset({HookKind.REBALANCE, HookKind.MAINTENANCE})
"""Notices after which an instance may well go on running."""


class HookResult(StrEnum):
    """What is answered: the instance goes on to where it was going, or is given up."""

    CONTINUE = "continue"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookNotice:
    """
    One instance that starts or ends, as its cloud tells of it.

    Attributes:
        group: The group: its name within the fleet where a fleet was given, else its name in the cloud.
        instance: The instance's id in the cloud.
        provider: Which cloud.
        transition: Whether it starts or ends.
        kind: What sort of notice it is.
        deadline: When the cloud no longer waits, whatever is sent meanwhile; `None` where the notice states none.
        at: When the cloud sent it.
        id: The same in each copy of the notice.
        hook: The name of the lifecycle hook; empty without one.
        data: The text that the hook was given for its notices.
        native_name: The group's name in the cloud.
        location: The region.
        address: Where the instance is reached within its network; empty for one that ends, or where it has none yet.
        reference: The notice as it came.
        clock: Tells how much time is left.
    """

    group: str
    instance: str
    provider: str
    transition: HookTransition
    kind: HookKind
    deadline: datetime | None
    at: datetime
    id: str
    hook: str = ""
    data: str = ""
    native_name: str = ""
    location: str = ""
    address: str = ""
    reference: Mapping[str, Any] = field(default_factory=dict, repr=False)
    clock: Clock = field(default_factory=SystemClock, repr=False, compare=False)

    def __str__(self) -> str:
        """`launch of i-0a1b in web (lifecycle-hook configure)`."""
        kind = f"{self.kind} {self.hook}".strip()
        return f"{self.transition} of {self.instance} in {self.group or 'no group'} ({kind})"

    def left(self) -> timedelta | None:
        """The time until the deadline, 0 once it is past; `None` without one."""
        return None if self.deadline is None else max(timedelta(0), self.deadline - self.clock.now())

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.group,
            "instance": self.instance,
            "provider": self.provider,
            "transition": self.transition.value,
            "kind": self.kind.value,
            "deadline": self.deadline.isoformat() if self.deadline else None,
            "at": self.at.isoformat(),
            "id": self.id,
            "hook": self.hook,
            "data": self.data,
            "location": self.location,
            "address": self.address,
        }


@dataclass(frozen=True, slots=True)
class HookMessage:
    """
    A message of a queue.

    Attributes:
        id: The message's own id; copies of a notice have different ones.
        receipt: What it is deleted by.
        notice: What it tells; `None` where that is no notice.
        problem: Why it is no notice.
        is_test: Whether it is the message by which the cloud tries a queue.
        heartbeat: How long the cloud waits from one heartbeat to the next; `None` where it takes none.
    """

    id: str
    receipt: str
    notice: HookNotice | None = None
    problem: str = ""
    is_test: bool = False
    heartbeat: timedelta | None = None


class HookQueue(ABC):
    """Where a cloud puts notices for whoever handles them outside the instances."""

    @abstractmethod
    def receive(self, most: int, *, wait: timedelta, hidden: timedelta) -> Sequence[HookMessage]:
        """
        The next messages, hidden from others for a while.

        Args:
            most: At most so many.
            wait: How long to wait for the first.
            hidden: For how long others do not get them.
        """

    @abstractmethod
    def hide(self, message: HookMessage, hidden: timedelta) -> None:
        """Keep a message from others for so long from now on."""

    @abstractmethod
    def delete(self, message: HookMessage) -> None:
        """Take a message out of the queue."""

    @abstractmethod
    def heartbeat(self, notice: HookNotice) -> bool:
        """Ask the cloud to wait longer; false where it no longer waits. Where it takes no heartbeats, true."""

    @abstractmethod
    def complete(self, notice: HookNotice, result: HookResult) -> bool:
        """Answer the cloud; false where it no longer waits. Where it takes no answer, true."""

    @abstractmethod
    def takes_result(self, notice: HookNotice) -> bool:
        """Whether the cloud waits for an answer to this notice."""

    @abstractmethod
    def with_address(self, notice: HookNotice) -> HookNotice:
        """The notice with the instance's address, as far as it has one."""


def refuse_queue(reason: str, queue: str) -> Never:
    """
    Refuse to consume a queue.

    Raises:
        Unsupported: For this reason.
    """
    raise Unsupported(f"hooks from the queue {queue!r}: {reason}")
