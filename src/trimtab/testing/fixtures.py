"""The fixtures that pytest finds by itself where trimtab is installed."""

from collections.abc import Iterator

import pytest

from trimtab.clock import ManualClock
from trimtab.testing.clouds import AwsTestCloud, AzureTestCloud, GcpTestCloud, MemoryTestCloud


@pytest.fixture
def trimtab_memory() -> MemoryTestCloud:
    """An empty cloud in memory on a clock that the test moves."""
    from trimtab.providers.memory.store import Store

    clock = ManualClock()
    return MemoryTestCloud(clock=clock, store=Store(clock))


@pytest.fixture
def trimtab_aws() -> Iterator[AwsTestCloud]:
    """An AWS emulator of the test's own, its clock standing on a Monday at midnight until the test moves it."""
    from trimtab.emulators import AwsEmulator

    with AwsEmulator() as emulator:
        emulator.doors.set_clock(ManualClock().now(), freeze=True)
        yield AwsTestCloud(emulator)


@pytest.fixture
def trimtab_azure() -> Iterator[AzureTestCloud]:
    """An Azure emulator of the test's own with a resource group; its clock stands still until the test moves it."""
    from trimtab.emulators import AzureEmulator

    with AzureEmulator() as emulator:
        emulator.doors.set_clock(ManualClock().now(), freeze=True)
        emulator.doors.make_group(AzureTestCloud.resource_group, location=AzureTestCloud.location)
        yield AzureTestCloud(emulator)


@pytest.fixture
def trimtab_gcp() -> Iterator[GcpTestCloud]:
    """A GCP emulator of the test's own; its clock stands on a Monday at midnight until the test moves it."""
    from trimtab.emulators import GcpEmulator

    with GcpEmulator() as emulator:
        emulator.doors.set_clock(ManualClock().now(), freeze=True)
        yield GcpTestCloud(emulator)
