"""The emulated cloud of each provider: that in memory, and those of `emulators`, found by name."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module

import trimtab.emulators
from trimtab.emulators.shared.furnishing import AccountNames
from trimtab.emulators.shared.staging import Measured, NotStaged, Point, StagedGroup, StagedInstance
from trimtab.emulators.shared.staging import StagedCloud as AnyStagedCloud
from trimtab.errors import Throttled, Unsupported
from trimtab.models import Fleet, Metric
from trimtab.plan import Key
from trimtab.runtime.cloud import Cloud
from trimtab.testing.clouds import TEST_CLOUDS, MemoryTestCloud

StagedCloud = AnyStagedCloud[Cloud]
NAMES = ("memory", *trimtab.emulators.NAMES)
"""The providers whose failures can be staged."""


class StagedMemory(StagedCloud):
    """The cloud in memory, which has sizes and schedules, and neither metrics nor health."""

    provider = "memory"
    retries = False
    evaluates = False

    def __init__(self, test_cloud: MemoryTestCloud, fleet: Fleet, boot: timedelta) -> None:
        self._boot = boot
        self._test_cloud = test_cloud

    def begin(self, at: datetime, names: AccountNames) -> Cloud:
        """A connection to an empty store."""
        from trimtab.providers.memory.store import MemoryStore

        self._test_cloud.clock.move_to(at)
        self._test_cloud.store = MemoryStore(self._test_cloud.clock, boot=self._boot)
        self._test_cloud.store.images |= {name: [f"{name}-1"] for name in names.images}
        return self._test_cloud.connect()

    def advance(self, duration: timedelta) -> None:
        """Let time pass."""
        self._test_cloud.clock.advance(duration)

    def measured(self, metric: Metric, native: str) -> Measured:
        """Not staged."""
        raise NotStaged("the cloud in memory measures nothing")

    def push(self, points: Sequence[Point]) -> None:
        """Do nothing: it measures nothing."""

    def run_short(self, state: StagedGroup, zone: str = "*") -> None:
        """Not staged."""
        raise NotStaged("the cloud in memory always has instances")

    def end_shortages(self) -> None:
        """Do nothing: it is never short."""

    def lose(self, cloud: Cloud, state: StagedGroup, instances: Sequence[StagedInstance]) -> None:
        """Not staged."""
        raise NotStaged("the cloud in memory replaces no instance")

    def fail(self, state: StagedGroup, instances: Sequence[StagedInstance], *, healthy: bool = False) -> None:
        """Not staged."""
        raise NotStaged("the cloud in memory checks no health")

    def fail_made_of(self, state: StagedGroup, text: str, *, healthy: bool = False) -> None:
        """Not staged."""
        raise NotStaged("the cloud in memory checks no health")

    def throttle(self, calls: int | None) -> None:
        """Have the next calls refused."""
        left = calls

        def refuse(operation: str, key: Key | None) -> Throttled | None:
            nonlocal left
            if left is None:
                return Throttled("too many calls", provider="memory", operation=operation)
            left -= 1
            return Throttled("too many calls", provider="memory", operation=operation) if left >= 0 else None

        self._test_cloud.store.fault = refuse

    def end_throttling(self) -> None:
        """Answer calls again."""
        self._test_cloud.store.fault = None

    def close(self) -> None:
        """Do nothing: it holds no connection."""


def staging_of(provider: str) -> type[StagedCloud]:
    """
    The class that stages failures of a provider's cloud.

    Raises:
        Unsupported: The provider has no emulator that comes with trimtab.
    """
    if provider == StagedMemory.provider:
        return StagedMemory
    if provider not in trimtab.emulators.NAMES:
        raise Unsupported(f"no drill for {provider!r}: it has no emulator; choose one of {', '.join(NAMES)}")
    result: type[StagedCloud] = import_module(f"trimtab.emulators.{provider}.staging").STAGED
    return result


@contextmanager
def staged_cloud(fleet: Fleet, provider: str, boot: timedelta) -> Iterator[StagedCloud]:
    """
    The emulated cloud of a provider, for as long as the drill lasts.

    Raises:
        MissingExtra: The emulators, or the provider's SDK, are not installed.
        Unsupported: The provider has no emulator that comes with trimtab.
    """
    staging = staging_of(provider)
    with TEST_CLOUDS[provider].started() as test_cloud:
        staged = staging(test_cloud, fleet, boot)
        try:
            yield staged
        finally:
            staged.close()
