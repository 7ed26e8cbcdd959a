"""Azure keeps the contract: the real azure-mgmt-compute and azure-mgmt-monitor against the emulator."""

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.azure.world import AzureWorld
from trimtab.testing import ProviderContract


def azure_group(world, name, **fields):
    given = {
        "template": {"image": "Ubuntu2404", "size": "Standard_B2s"},
        "placement": {"subnets": [world.subnet]},
        "alarms": {
            "hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"], "notify": ["ops@example.org"]},
        },
        **fields,
    }
    return make_group(name, **given)


class TestAzure(ProviderContract):
    @pytest.fixture
    def world(self, emulator):
        emulator.doors.reset()
        return AzureWorld(emulator)

    @pytest.fixture
    def fleet(self, world):
        return make_fleet(azure_group(world, "web"), azure_group(world, "api"))
