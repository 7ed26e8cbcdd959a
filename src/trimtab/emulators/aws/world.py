"""What the emulated cloud consists of beyond moto's own state, and the passing of its time."""

import heapq
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from trimtab.emulators.clock import EmulatorClock

DEFAULT_SETTINGS = {"delete_seconds": 0.0}


@dataclass
class Region:
    """One region's state; `groups` are moto's own."""

    name: str
    account: str
    world: "World"
    policies: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    actions: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    activities: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    alarms: dict[str, dict[str, Any]] = field(default_factory=dict)
    alarm_tags: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def autoscaling(self) -> Any:
        """The Auto Scaling backend of moto."""
        return autoscaling_backends[self.account][self.name]

    @property
    def groups(self) -> dict[str, Any]:
        """The Auto Scaling groups by name."""
        groups: dict[str, Any] = self.autoscaling.autoscaling_groups
        return groups

    @property
    def ec2(self) -> Any:
        """The EC2 backend of moto."""
        return ec2_backends[self.account][self.name]

    @property
    def elbv2(self) -> Any:
        """The load balancing backend of moto."""
        return elbv2_backends[self.account][self.name]

    @property
    def cloudwatch(self) -> Any:
        """The CloudWatch backend of moto."""
        return cloudwatch_backends[self.account][self.name]

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this region and account."""
        return f"arn:aws:{service}:{self.name}:{self.account}:{resource}"


@dataclass(order=True, slots=True)
class _Timer:
    at: datetime
    order: tuple[str, ...]
    serial: int
    run: Callable[[], None] = field(compare=False)
    is_current: Callable[[], bool] = field(compare=False)


class World:
    """
    One emulated AWS account, apart from those of other emulators in the process.

    Args:
        clock: The emulator's clock.
        settings: How it behaves; see `DEFAULT_SETTINGS`.
        rearm: Sets the timers of a region anew after a step back in time.
    """

    def __init__(self, clock: EmulatorClock, settings: dict[str, float], rearm: Callable[[Region], None]) -> None:
        self.clock = clock
        self._rearm = rearm
        self.settings = settings
        self.account = _accounts.take()
        self._regions: dict[str, Region] = {}
        self._timers: list[_Timer] = []
        self._serial = 0
        self._moment: datetime | None = None
        self._seen = clock.now()

    def region(self, name: str) -> Region:
        """The region of that name, made on first use."""
        if name not in self._regions:
            self._regions[name] = Region(name, self.account, self)
        return self._regions[name]

    def now(self) -> datetime:
        """The time now: while a due event runs, when it was due."""
        return self._moment or self.clock.now()

    def at(
        self, moment: datetime, order: tuple[str, ...], run: Callable[[], None], is_current: Callable[[], bool]
    ) -> None:
        """Have `run` called when the clock gets to `moment`, unless it is not current any more by then."""
        self._serial += 1
        heapq.heappush(self._timers, _Timer(moment, order, self._serial, run, is_current))

    def tick(self) -> None:
        """Run what is due, in the order in which it came due."""
        now = self.clock.now()
        if now < self._seen:
            self._go_back()
        self._seen = now
        while self._timers and self._timers[0].at <= now:
            timer = heapq.heappop(self._timers)
            if timer.is_current():
                with self._standing_at(timer.at):
                    timer.run()

    def wipe(self) -> None:
        """Forget everything."""
        self._regions.clear()
        self._timers.clear()
        self._seen = self.clock.now()
        every: Any = BackendDict
        for backends in list(every._instances):
            backends.pop(self.account, None)

    def close(self) -> None:
        """Forget everything and give the account back."""
        self.wipe()
        _accounts.give_back(self.account)

    def _go_back(self) -> None:
        # what recurs is due anew at times that had gone by
        for region in self._regions.values():
            self._rearm(region)

    @contextmanager
    def _standing_at(self, moment: datetime) -> Iterator[None]:
        self._moment = moment
        try:
            yield
        finally:
            self._moment = None


class _Accounts:
    """Account numbers, one for each emulator alive in this process, since moto's state is global."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._lock = threading.Lock()

    def take(self) -> str:
        with self._lock:
            number = 123456789012
            while number in self._taken:
                number += 1
            self._taken.add(number)
            return str(number)

    def give_back(self, account: str) -> None:
        with self._lock:
            self._taken.discard(int(account))


_accounts = _Accounts()


def new_id() -> str:
    """A fresh uuid."""
    return str(uuid.uuid4())
