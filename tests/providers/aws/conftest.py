import pytest

from tests.providers.aws.world import AwsWorld
from trimtab.emulators import AwsEmulator


@pytest.fixture(scope="module")
def emulator():
    with AwsEmulator() as emulator:
        yield emulator


@pytest.fixture
def world(emulator):
    emulator.doors.reset()
    return AwsWorld(emulator)
