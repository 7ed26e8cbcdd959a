import pytest

from tests.providers.gcp.world import GcpWorld
from trimtab.emulators import GcpEmulator


@pytest.fixture(scope="module")
def emulator():
    with GcpEmulator() as emulator:
        yield emulator


@pytest.fixture
def world(emulator):
    emulator.doors.reset()
    return GcpWorld(emulator)
