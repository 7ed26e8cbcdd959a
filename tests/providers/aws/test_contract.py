"""AWS keeps the contract: the real boto3 against the emulator."""

import pytest

from tests.conftest import make_fleet
from tests.providers.aws.world import AwsWorld
from tests.providers.reasons import TellsEditsFromDrift
from trimtab.testing import ProviderContract


class TestAws(TellsEditsFromDrift, ProviderContract):
    @pytest.fixture
    def world(self, emulator):
        emulator.doors.reset()
        return AwsWorld(emulator)

    @pytest.fixture
    def fleet(self):
        return make_fleet()
