import pytest

from tests.providers.aws.world import AwsWorld


@pytest.fixture(scope="session")
def emulator(aws_emulator):
    return aws_emulator


@pytest.fixture
def world(emulator):
    emulator.doors.reset()
    return AwsWorld(emulator)
