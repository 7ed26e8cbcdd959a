"""The second plan is empty at 200 instants (a sample of them), with the emulator's schedules having fired."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import make_fleet, make_group
from tests.laws import sampled
from tests.providers.aws.world import AwsWorld
from trimtab.emulators import AwsEmulator
from trimtab.engine.schedules import edges

pytestmark = pytest.mark.sweep

SECOND = timedelta(seconds=1)


def instants(fleet, start, days, more):
    """Either side of every edge in the span, at the edge itself, and some instants in between."""
    end = start + timedelta(days=days)
    found = {
        edge + delta
        for group in fleet.groups
        for edge in edges(group, start, end)
        for delta in (-SECOND, 0 * SECOND, SECOND)
    }
    dice = random.Random(7)
    span = int((end - start).total_seconds())
    while len(found) < more:
        found.add(start + timedelta(seconds=dice.randrange(span)))
    return sorted(moment for moment in found if moment > start)


def fleet_with_everything():
    window = {"night": {"cron": "30 2 * * *", "zone": "Europe/Madrid", "until": "0 6 * * *", "max": 3}}
    promise = {"campaign": {"cron": "0 20 * * 5", "zone": "America/New_York", "duration": "3h", "min": 3}}
    return make_fleet(make_group("web"), make_group("api", schedules=window), make_group("jobs", schedules=promise))


@pytest.mark.parametrize(
    "start",
    [datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 10, 16, tzinfo=UTC)],
    ids=["into-summer", "out-of-summer"],
)
def test_no_plan_undoes_a_schedule(start):
    fleet = fleet_with_everything()
    moments = sampled(instants(fleet, start, 17, 200), 40, start)
    with AwsEmulator() as emulator:
        world = AwsWorld(emulator)
        emulator.doors.set_clock(start, freeze=True)
        with world.connect() as cloud:
            cloud.apply(cloud.plan(fleet)).raise_for_failures()
            seen = set()
            for moment in moments:
                emulator.doors.set_clock(moment, freeze=True)
                plan = cloud.plan(fleet)
                assert not plan, (moment.isoformat(), plan.to_dict()["changes"])
                seen.add(tuple((group.state.min, group.state.max) for group in cloud.status(fleet).groups))
            assert len(seen) >= 4
