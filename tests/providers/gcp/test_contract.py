"""Google Cloud keeps the contract: the real google-cloud-compute and -monitoring against the emulator."""

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import GcpWorld
from tests.providers.reasons import TellsEditsFromDrift
from trimtab.testing import ProviderContract


class TestGcp(TellsEditsFromDrift, ProviderContract):
    @pytest.fixture
    def world(self, emulator):
        emulator.doors.reset()
        return GcpWorld(emulator)

    @pytest.fixture
    def fleet(self):
        return make_fleet(gcp_group("web"), gcp_group("api"))
