"""What a shadow would have done against what the cloud did: kinds of difference, counts, minutes, words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.commands import Cli
from tests.controller.conftest import make_fleet, make_group
from tests.laws import examples
from trimtab.controller.comparing import DifferenceKind, compare
from trimtab.controller.shadowing import compare_shadow, shadow_name
from trimtab.store import open_store
from trimtab.store.records import DecisionRecord, GroupKey, TickRecord

MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
KEY = GroupKey("aws", "us-east-1", shadow_name("shop"), "web")
K = DifferenceKind


def tick_at(minute, begin=BEGIN):
    return TickRecord(
        cloud=KEY.cloud,
        fleet=KEY.fleet,
        owner="a",
        at=begin + minute * MINUTE,
        interval=MINUTE,
        groups=1,
        changed=0,
        errors=0,
        shadow=True,
    )


def record_at(minute, previous, size, live, *, activity="", unread="", begin=BEGIN, **fields):
    code = "amount" if size != previous else "no-alarm"
    reasons = [{"code": code, "text": f"{previous} to {size}"}]
    reasons += [{"code": "cloud-activity", "text": activity}] if activity else []
    reasons += [{"code": "unread", "text": unread}] if unread else []
    given = {"outcome": "shadow", "previous": previous, "size": size, "cloud_size": live, "reasons": reasons}
    return DecisionRecord(key=KEY, at=begin + minute * MINUTE, shadow=True, **{**given, **fields})


def compared(*records, minutes=10, without=()):
    return compare(KEY, list(records), [tick_at(minute) for minute in range(minutes) if minute not in without])


ALARM = "a monitor alarm hot in state ALARM triggered policy out"
HAND = "a user request explicitly set group desired capacity changing the desired capacity from 4 to 6"
SAME = record_at(0, 4, 4, 4)


@pytest.mark.parametrize(
    ("kind", "records", "minutes", "ours", "theirs"),
    [
        (K.EARLIER, [record_at(2, 4, 6, 4), record_at(4, 6, 6, 6, activity=ALARM)], 2, (4, 6), (4, 6)),
        (K.LATER, [record_at(2, 4, 4, 6, activity=ALARM), record_at(5, 4, 6, 6)], 3, (4, 6), (4, 6)),
        (K.OTHER_SIZE, [record_at(2, 4, 6, 5, activity=ALARM), record_at(7, 5, 5, 5)], 5, (4, 6), (4, 5)),
        (K.OTHER_SIZE, [record_at(2, 4, 6, 5, activity=ALARM), record_at(3, 6, 6, 6)], 1, (4, 6), (4, 5, 6)),
        (K.SHADOW_ONLY, [record_at(2, 4, 6, 4), record_at(7, 4, 4, 4)], 5, (4, 6), (4,)),
        (K.SHADOW_ONLY, [record_at(2, 4, 6, 4), record_at(3, 6, 4, 4)], 1, (4, 6, 4), (4,)),
        (K.SHADOW_ONLY, [record_at(1, 4, 6, 4), record_at(6, 4, 6, 4)], 9, (4, 6), (4,)),
        (K.CLOUD_ONLY, [record_at(2, 4, 4, 6, activity=ALARM), record_at(7, 6, 6, 6)], 5, (4,), (4, 6)),
        (K.CLOUD_ONLY, [record_at(2, 4, 4, 6), record_at(3, 4, 4, 4)], 1, (4,), (4, 6, 4)),
        (K.BY_HAND, [record_at(2, 4, 4, 6, activity=HAND), record_at(7, 6, 6, 6)], 5, (4,), (4, 6)),
        (K.METRIC_NOT_READ, [record_at(2, 4, 4, 6, unread="down"), record_at(7, 6, 6, 6)], 5, (4,), (4, 6)),
    ],
)
def test_each_kind_of_difference(kind, records, minutes, ours, theirs):
    found = compared(SAME, *records)
    (episode,) = found.episodes
    assert (episode.kind, episode.minutes) == (kind, minutes)
    assert (episode.ours, episode.theirs) == (ours, theirs)
    assert found.compared == 10 * MINUTE
    assert found.equal == (10 - minutes) * MINUTE
    assert found.counts == {kind: 1}


def test_both_at_the_same_minute_are_no_difference():
    found = compared(SAME, record_at(3, 4, 6, 6, activity=ALARM))
    assert (found.equal, found.episodes) == (10 * MINUTE, ())
    assert (found.changes, found.cloud_changes) == (1, 1)


def test_a_difference_says_why_on_both_sides():
    (episode,) = compared(SAME, record_at(2, 4, 4, 6, activity=ALARM), record_at(7, 6, 6, 6)).episodes
    assert (episode.codes, episode.because, episode.activity) == (("no-alarm",), ("4 to 4",), ALARM)
    (episode,) = compared(SAME, record_at(2, 4, 4, 6), record_at(7, 6, 6, 6)).episodes
    assert episode.activity == "its log does not say why"
    (episode,) = compared(SAME, record_at(2, 4, 6, 4), record_at(7, 4, 4, 4)).episodes
    assert (episode.codes, episode.activity) == (("amount",), "no change")


def test_a_pause_is_not_compared_and_ends_a_difference():
    paused = record_at(4, None, None, 6, outcome="held", error="paused by Ana", reasons=())
    found = compared(SAME, record_at(2, 4, 4, 6, activity=ALARM), paused, record_at(8, 6, 6, 6))
    assert found.not_compared == {"paused by Ana": 4 * MINUTE}
    assert (found.compared, found.equal) == (6 * MINUTE, 4 * MINUTE)
    assert [(episode.since, episode.until) for episode in found.episodes] == [(BEGIN + 2 * MINUTE, BEGIN + 4 * MINUTE)]


def test_time_without_ticks_is_not_compared():
    found = compared(SAME, record_at(2, 4, 6, 4), without=range(4, 8))
    assert found.compared == 6 * MINUTE
    assert [episode.minutes for episode in found.episodes] == [2, 2]


SIZES = st.integers(1, 4)


@settings(max_examples=examples(), deadline=None)
@given(st.lists(st.tuples(SIZES, SIZES, SIZES, st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_the_minutes_of_episodes_are_those_that_differ(rows):
    records, ticks, differing = [], [], 0
    for minute, (previous, size, live, is_held, is_ticked) in enumerate(rows):
        outcome = {"outcome": "held", "error": "paused"} if is_held else {}
        records.append(record_at(minute, previous, size, live, **outcome))
        if is_ticked:
            ticks.append(tick_at(minute))
            differing += not is_held and size != live
    found = compare(KEY, records, ticks)
    assert sum(episode.minutes for episode in found.episodes) == differing
    assert found.compared - found.equal == differing * MINUTE
    assert found.compared + sum(found.not_compared.values(), timedelta(0)) == len(ticks) * MINUTE
    for earlier, later in zip(found.episodes, found.episodes[1:], strict=False):
        assert earlier.since < earlier.until <= later.since


# a shadow in memory


def set_by_hand(world, size):
    live = world.cloud.group("shop-web").read()
    world.cloud.provider.actions.on(live.location, live.name).set_capacity(size)


def compare_world(world, **choice):
    (found,) = compare_shadow(world.store, "shop", ["web"], **choice)
    return found


def test_a_shadow_keeps_its_size_for_five_minutes_and_then_goes_on_from_the_groups(world):
    world.apply()
    shadow = world.controller(shadow=True)
    sizes = []
    for minute in range(12):
        world.orders = 200.0 if minute == 1 else 50.0
        sizes.append(shadow.tick()["web"].decision.size)
        world.after()
    assert sizes == [4, 6, 6, 6, 6, 6, 4, 4, 4, 4, 4, 4]
    (episode,) = compare_world(world).episodes
    assert (episode.kind, episode.minutes, episode.codes) == (K.SHADOW_ONLY, 5, ("alarm", "amount"))


NATIVE = {
    "policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60}},
    "alarms": {},
}


def test_a_size_set_by_hand_is_named_and_taken_over(world):
    world.apply(tt.Fleet(name="shop", groups={"web": make_group(**NATIVE)}))
    shadow = world.controller(shadow=True)
    shadow.tick()
    set_by_hand(world, 9)
    for _ in range(8):
        world.after()
        tick = shadow.tick()
    assert tick["web"].decision.size == 9
    found = compare_world(world)
    assert (found.equal, found.compared) == (4 * MINUTE, 9 * MINUTE)
    (episode,) = found.episodes
    assert (episode.kind, episode.theirs, episode.minutes) == (K.BY_HAND, (4, 9), 5)
    assert "somebody asked for it" in episode.activity


def test_a_shadow_of_the_controller_itself_differs_by_the_minute_in_which_instances_are_done(world):
    world.apply()
    controller, shadow = world.controller(), world.controller(shadow=True)
    for minute in range(60):
        world.orders = (50.0, 200.0, 5.0)[minute // 7 % 3]
        controller.tick()
        shadow.tick()
        world.after()
    found = compare_world(world)
    assert found.cloud_changes >= 6
    assert found.equal >= 0.9 * found.compared
    for episode in found.episodes:
        assert (episode.minutes, episode.codes[-1]) == (1, "cooldown")


def test_a_candidate_is_compared_apart_from_the_fleet(world):
    world.apply()
    policies = {"out": {"change": 1, "cooldown": "5m"}, "in": {"change": -1, "cooldown": "5m"}}
    candidate = world.controller(make_fleet(policies=policies), shadow=True, candidate="smaller-steps")
    controller, shadow = world.controller(), world.controller(shadow=True)
    for minute in range(10):
        world.orders = 200.0 if minute == 3 else 50.0
        for each in (controller, shadow, candidate):
            each.tick()
        world.after()
    assert not compare_world(world).episodes
    (episode,) = compare_world(world, candidate="smaller-steps").episodes
    assert (episode.kind, episode.ours, episode.theirs) == (K.OTHER_SIZE, (4, 5), (4, 6))
    assert episode.activity == "set by the controller of this group, or by somebody"


def test_a_window_that_begins_between_two_records_knows_the_sizes(world):
    world.apply()
    shadow = world.controller(shadow=True)
    for _ in range(10):
        shadow.tick()
        world.after()
    assert len(world.store.decisions()) == 1
    found = compare_world(world, since=world.clock.now() - 3 * MINUTE)
    assert found.equal == found.compared == 3 * MINUTE


def test_a_pause_is_said(world):
    world.apply()
    shadow = world.controller(shadow=True)
    shadow.tick()
    world.cloud.group("shop-web").pause(by="Ana", why="tests")
    world.after()
    shadow.tick()
    (reason,) = compare_world(world).not_compared
    assert "Ana" in reason


# the command


@pytest.fixture(name="cli")
def _cli(tmp_path):
    cli = Cli(tmp_path)
    begin = datetime.now(UTC) - timedelta(minutes=30)
    with_store = open_store(f"sqlite:///{tmp_path}/store.db")
    with_store.add_decisions(
        [
            record_at(0, 4, 4, 4, begin=begin),
            record_at(2, 4, 6, 4, begin=begin),
            record_at(4, 6, 6, 6, activity=ALARM, begin=begin),
        ]
    )
    for minute in range(10):
        with_store.add_tick(tick_at(minute, begin))
    with_store.close()
    return cli


def test_the_history_of_a_shadow_in_words_and_as_json(cli, tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    ended = cli("history", "--shadow", "--store", url)
    assert ended.code == 0, ended.err
    assert "web: 10 minute(s) compared, 8 equal, 80.0 %; the shadow changes the size 1 time(s)" in ended.out
    assert "differences: 1 earlier" in ended.out
    assert "2 min, earlier: shadow 4 to 6, cloud 4 to 6" in ended.out
    assert ALARM in ended.out
    (found,) = cli("history", "--shadow", "--store", url, "--format", "json").data["comparisons"]
    assert (found["minutes_compared"], found["minutes_equal"], found["counts"]) == (10, 8, {"earlier": 1})
    assert found["episodes"][0]["codes"] == ["amount"]
    assert "no decisions of a shadow" in cli("history", "--shadow", "--candidate", "x", "--store", url).out
    assert cli("history", "--candidate", "x", "--store", url).code == 1
    ended = cli("tick", "--candidate", "x", "--store", url)
    assert (ended.code, "is only shadowed; give shadow=True (--shadow) too" in ended.err) == (1, True), (
        "it acts on nothing"
    )
