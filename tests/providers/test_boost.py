"""Boosts through the emulators and in memory: the cloud holds the minimum and ends it by itself, no plan undoes it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.emulated import TEMPLATES
from trimtab.errors import Conflict, InvalidRequest
from trimtab.plan import Action, Reason
from trimtab.providers.pause import Boost, boosted
from trimtab.testing import AwsTestCloud, AzureTestCloud, GcpTestCloud, MemoryTestCloud

HOLD = {"type": "target-tracking", "metric": "cpu", "target": 60, "approximate": True}
DAY = {"cron": "0 8 * * *", "zone": "Europe/Madrid", "until": "0 18 * * *", "min": 4}
HOUR = timedelta(hours=1)


CLOUDS = (MemoryTestCloud, AwsTestCloud, AzureTestCloud, GcpTestCloud)


@pytest.fixture(scope="module", params=CLOUDS, ids=lambda made: made.__name__)
def test_cloud(request):
    with request.param.started() as found:
        yield found


@pytest.fixture
def cloud(test_cloud):
    with test_cloud.connect() as cloud:
        # no schedule changes anything at this minute: Auto Scaling carries out what raises again one later
        test_cloud.clock.advance(timedelta(minutes=(5 - cloud.now().minute) % 60))
        yield cloud


@pytest.fixture(scope="module")
def place(test_cloud):
    is_azure = isinstance(test_cloud, AzureTestCloud)
    return {"placement": {"subnets": [test_cloud.make_network("main", "web")]}} if is_azure else {}


@pytest.fixture
def fleet(cloud, place, request):
    provider = cloud.provider.name
    group = make_group(
        "web",
        capacity={"min": 2, "max": 12, "desired": None},
        template=TEMPLATES[provider],
        policies={} if provider == "azure" else {"hold": HOLD},
        alarms={},
        schedules={"day": DAY},
        **place,
    )
    name = "f" + str(abs(hash(request.node.name)) % 10**6)
    fleet = make_fleet(group, name=name)
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    yield fleet
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


def live_of(cloud, fleet):
    return cloud.group(fleet.native_name(fleet.groups[0]))


def expected(now):
    return 4 if 8 <= now.astimezone(ZoneInfo("Europe/Madrid")).hour < 18 else 2


def test_a_boost_holds_through_schedules_is_over_by_itself_and_no_plan_undoes_it(test_cloud, cloud, fleet):
    live = live_of(cloud, fleet)
    assert live.read().min == expected(cloud.now())
    until = cloud.now() + 26 * HOUR
    live.boost(min=7, until=until, by="Ana", why="launch")
    seen = set()
    for step in range(13):
        state = live.read()
        assert (state.min, state.boost.min, state.boost.by, state.boost.until) == (7, 7, "Ana", until), step
        if step % 4 == 1:
            plan = cloud.plan(fleet)
            assert not plan, plan.to_dict()["changes"]
            assert any("boosted to at least 7 by Ana" in note.text for note in plan.notes)
        assert state.desired >= 7 or step == 0
        seen.add(expected(cloud.now()))
        test_cloud.clock.advance(2 * HOUR)
    assert seen == {2, 4}
    test_cloud.clock.advance(timedelta(minutes=2))
    assert live.read().min == expected(cloud.now())
    plan = cloud.plan(fleet)
    (end,) = plan.changes
    assert (end.action, end.reason, end.key.kind, end.group) == (Action.DELETE, Reason.OVER, "boost", "web")
    assert any("that is over, and what is left of it goes" in note.text for note in plan.notes)
    assert "rest of a boost" in plan.to_text()
    cloud.apply(plan).raise_for_failures()
    assert live.read().boost is None
    assert live.read().min == expected(cloud.now())
    assert not cloud.plan(fleet)
    assert not any("boost" in note.text for note in cloud.plan(fleet).notes)


def test_a_boost_is_ended_by_hand(test_cloud, cloud, fleet):
    live = live_of(cloud, fleet)
    live.end_boost()
    live.boost(min=6, until=cloud.now() + 30 * HOUR, by="Ana")
    test_cloud.clock.advance(13 * HOUR)
    live.boost(min=8, until=cloud.now() + 5 * HOUR, by="Ana")
    assert live.read().min == 8
    live.end_boost()
    state = live.read()
    assert (state.min, state.boost) == (expected(cloud.now()), None)
    assert not cloud.plan(fleet)
    test_cloud.clock.advance(40 * HOUR)
    assert live.read().min == expected(cloud.now())
    assert not cloud.plan(fleet)


def test_what_is_refused(test_cloud, cloud, fleet):
    live, soon = live_of(cloud, fleet), cloud.now() + HOUR
    for fault, text in (
        ({"min": 13}, "above the maximum"),
        ({"min": 0}, "raises nothing"),
        ({"until": soon.replace(tzinfo=None)}, "no time zone"),
        ({"until": cloud.now() - HOUR}, "has passed"),
        ({"until": cloud.now() + timedelta(days=40)}, "31 days"),
        ({"by": " "}, "say who"),
    ):
        with pytest.raises(InvalidRequest, match=text):
            live.boost(**{"min": 5, "until": soon, "by": "Ana", **fault})
    assert live.read().boost is None
    live.boost(min=5, until=soon, by="Ana")
    with pytest.raises(Conflict, match="boosted to at least 5 by Ana"):
        live.boost(min=6, until=soon, by="Berto")
    live.end_boost()
    live.pause(by="Ana")
    with pytest.raises(Conflict, match="resume it first"):
        live.boost(min=5, until=soon, by="Ana")
    live.resume()


def test_a_pause_and_a_boost_stand_side_by_side(test_cloud, cloud, fleet):
    live = live_of(cloud, fleet)
    live.boost(min=6, until=cloud.now() + HOUR, by="Ana", why="a [launch]")
    live.pause(by="Berto", why="a look")
    state = live.read()
    assert (state.boost.by, state.paused.by) == ("Ana", "Berto")
    test_cloud.clock.advance(3 * HOUR)
    live.resume()
    state = live.read()
    assert (state.boost, state.paused) == (None, None)
    assert state.min == expected(cloud.now())
    assert not cloud.plan(fleet)


def test_a_mark_is_read_as_it_was_written():
    until = datetime(2026, 12, 1, 17, tzinfo=UTC)
    boost = Boost(min=20, until=until, by="ana / ops", why="launch / day", held=("2", "x"))
    assert Boost.parse(boost.line()) == Boost(min=20, until=until, by="ana/ops", why="launch/day", held=("2", "x"))
    assert Boost.parse("ana") is None
    assert str(boost) == "boosted to at least 20 by ana / ops until 2026-12-01 17:00 UTC: launch / day"


def test_the_greater_minimum_holds_until_it_is_over():
    until = datetime(2026, 12, 1, 17, tzinfo=UTC)
    boost = Boost(min=20, until=until, by="ana")
    before = until - timedelta(seconds=1)
    assert [
        boosted(2, boost, before),
        boosted(30, boost, before),
        boosted(2, boost, until),
        boosted(2, None, before),
    ] == [20, 30, 2, 2]
