"""The cloud in memory keeps the contract."""

import pytest

from tests.conftest import make_fleet
from tests.providers.memory.world import MemoryWorld
from tests.providers.reasons import TellsEditsFromDrift
from trimtab.testing import ProviderContract


class TestMemory(TellsEditsFromDrift, ProviderContract):
    @pytest.fixture
    def world(self):
        return MemoryWorld()

    @pytest.fixture
    def fleet(self):
        return make_fleet()
