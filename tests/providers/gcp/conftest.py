import pytest

from tests.providers.gcp.world import GcpWorld


@pytest.fixture(scope="session")
def emulator(gcp_emulator):
    return gcp_emulator


@pytest.fixture
def world(emulator):
    emulator.doors.reset()
    return GcpWorld(emulator)
