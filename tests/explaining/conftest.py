"""What tests of explanations share."""

import pytest

import trimtab as tt
from tests.explaining.incidents import Staged
from trimtab.testing.clouds import TEST_CLOUDS


@pytest.fixture
def stage(request):
    """Makes a group on the emulator of a cloud, which is wiped before."""
    opened = []

    def one(provider, *, furnished=False, **group):
        test_cloud = TEST_CLOUDS[provider](request.getfixturevalue(f"{provider}_emulator"))
        doors = test_cloud.emulator.doors
        doors.reset()
        doors.set_clock(tt.ManualClock().now(), freeze=True)
        if furnished:
            test_cloud.emulator.furnish()
        if provider == "azure":
            doors.make_group(test_cloud.resource_group, location=test_cloud.location)
        opened.append(Staged(provider, test_cloud, group))
        return opened[-1]

    yield one
    for staged in opened:
        staged.cloud.close()
