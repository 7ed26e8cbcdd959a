import pytest

from tests.providers.azure.world import AzureWorld


@pytest.fixture(scope="session")
def emulator(azure_emulator):
    return azure_emulator


@pytest.fixture
def world(emulator):
    emulator.doors.reset()
    return AzureWorld(emulator)
