"""Azure keeps the contract: the real azure-mgmt-compute and azure-mgmt-monitor against the emulator."""

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import AzureWorld
from tests.providers.reasons import TellsEditsFromDrift
from trimtab.testing import ProviderContract


class TestAzure(TellsEditsFromDrift, ProviderContract):
    @pytest.fixture
    def world(self, emulator):
        emulator.doors.reset()
        return AzureWorld(emulator)

    @pytest.fixture
    def fleet(self, world):
        return make_fleet(azure_group(world, "web"), azure_group(world, "api"))
