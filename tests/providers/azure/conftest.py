import pytest

from tests.providers.azure.world import AzureWorld
from trimtab.emulators import AzureEmulator


@pytest.fixture(scope="module")
def emulator():
    with AzureEmulator() as emulator:
        yield emulator


@pytest.fixture
def world(emulator):
    emulator.doors.reset()
    return AzureWorld(emulator)
