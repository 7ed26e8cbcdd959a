"""A window in the hour that is skipped, applied before and looked at after: on every cloud the sizes come back."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

import trimtab as tt
from tests.conftest import make_group
from tests.providers.aws.world import AwsWorld
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import AzureWorld
from trimtab.clock import ManualClock
from trimtab.emulators import AwsEmulator, AzureEmulator
from trimtab.providers.memory.store import MemoryStore
from trimtab.testing import MemoryTestCloud

pytestmark = [pytest.mark.sweep, pytest.mark.sample(1, over="place")]

SATURDAY = datetime(2026, 3, 28, 12, tzinfo=UTC)  # in the night after it 02:00 in Madrid is 03:00
NIGHT = {"zone": "Europe/Madrid", "min": 0, "max": 0}
WINDOWS = {
    "ends with it": {**NIGHT, "cron": "30 2 * * 0", "until": "0 3 * * 0"},
    "ends in it": {**NIGHT, "cron": "15 2 * * 0", "until": "45 2 * * 0"},
    "for so long": {**NIGHT, "cron": "30 2 * * 0", "duration": "30m"},
    "begins before it": {**NIGHT, "cron": "0 1 * * 0", "until": "30 2 * * 0"},
}
CLOUDS = ("memory", "aws", "azure")


@pytest.fixture(scope="module", params=CLOUDS)
def started(request):
    if request.param == "memory":
        yield "memory", None
        return
    with {"aws": AwsEmulator, "azure": AzureEmulator}[request.param]() as emulator:
        yield request.param, emulator


@pytest.fixture
def place(started):
    """A cloud, what moves its clock, and what makes a group there."""
    name, emulator = started
    if name == "memory":
        clock = ManualClock(SATURDAY)
        yield MemoryTestCloud(clock, MemoryStore(clock)).connect(), clock.advance, make_group
        return
    emulator.doors.reset()
    world = {"aws": AwsWorld, "azure": AzureWorld}[name](emulator)
    emulator.doors.set_clock(SATURDAY, freeze=True)
    with world.connect() as cloud:
        yield cloud, world.advance, partial(azure_group, world) if name == "azure" else make_group


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_an_unchanged_file_takes_no_group_to_zero(place, window):
    cloud, advance, make = place
    fleet = tt.Fleet(name="shop", groups=(make("web", schedules={"night": window}),))
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    for hours in (14, 4, 6, 48):  # into the hour after the gap, through the day, to Tuesday
        advance(timedelta(hours=hours))
        assert not cloud.plan(fleet)
    (status,) = cloud.status(fleet).groups
    assert (status.in_force.min, status.in_force.max) == (2, 4)
    assert (status.state.min, status.state.max) == (2, 4)


def test_a_window_of_half_a_year_ends_in_memory():
    clock = ManualClock(datetime(2026, 1, 1, 12, tzinfo=UTC))
    season = {"cron": "0 0 1 2 *", "until": "0 0 1 8 *", "zone": "UTC", "min": 3}
    fleet = tt.Fleet(name="shop", groups=(make_group("web", schedules={"season": season}),))
    with MemoryTestCloud(clock, MemoryStore(clock)).connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        seen = []
        for _ in range(9):
            clock.advance(timedelta(days=30))
            assert not cloud.plan(fleet)
            seen.append(cloud.group("shop-web").read().min)
        assert seen == [2, 3, 3, 3, 3, 3, 3, 2, 2]
