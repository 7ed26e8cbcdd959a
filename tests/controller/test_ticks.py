"""What a tick does to a group: it decides by the engine, writes a size, and leaves alone what is not its own."""

import threading
from datetime import timedelta

import pytest

import trimtab as tt
from tests.controller.conftest import MINUTE, make_fleet, make_group
from trimtab import errors
from trimtab.controller import TickOutcome
from trimtab.controller.deciding import DecisionSubject, consider, decide_group
from trimtab.controller.memory import GroupMemory
from trimtab.engine.presets import EC2
from trimtab.errors import Unreachable
from trimtab.providers.base import GroupState
from trimtab.store.records import GroupKey
from trimtab.testing import MemoryTestCloud


def test_a_size_is_set_and_the_cooldown_is_remembered(world):
    world.apply()
    controller = world.controller()
    assert controller.tick()["web"].outcome is TickOutcome.KEPT
    world.orders = 200.0
    world.after()
    tick = controller.tick()
    assert (tick["web"].outcome, tick["web"].decision.change, world.size()) == (TickOutcome.WRITTEN, 2, 6)
    for _ in range(4):
        world.after()
        assert "cooldown" in str(controller.tick()["web"].decision.reasons)
    assert world.size() == 6
    world.after(2)
    controller.tick()
    assert world.size() == 8


def test_another_process_goes_on_where_the_first_ended(world):
    world.apply()
    world.orders = 200.0
    first = world.controller()
    first.tick()
    first.close()
    world.after()
    assert world.size() == 6
    second = world.controller()
    assert second.tick()["web"].decision.change == 0, "the cooldown of the first one holds"


def test_a_lease_that_another_holds_is_left_alone_until_it_ends(world):
    world.apply()
    world.orders = 200.0
    first, second = world.controller(), world.controller()
    assert first.tick()["web"].outcome is TickOutcome.WRITTEN
    held = second.tick()["web"]
    assert (held.outcome, held.decision) == (TickOutcome.HELD, None)
    assert "lease" in held.text
    world.after(3)
    assert second.tick()["web"].decision is not None
    assert first.tick()["web"].outcome is TickOutcome.HELD


def test_a_paused_group_is_left_alone(world):
    world.apply()
    world.cloud.group("shop-web").pause(by="Ana", why="moving")
    world.orders = 200.0
    tick = world.controller().tick()
    assert (tick["web"].outcome, world.size()) == (TickOutcome.HELD, 4)
    assert "Ana" in tick["web"].text


def test_what_begins_during_a_pause_is_not_made_up_for(world):
    schedules = {"noon": {"cron": "3 0 * * *", "zone": "UTC", "desired": 9, "min": 2}}
    world.apply(schedules=schedules)
    controller = world.controller()
    controller.tick()
    live = world.cloud.group("shop-web")
    live.pause(by="Ana")
    for _ in range(5):
        world.after()
        controller.tick()
    live.resume()
    assert controller.tick()["web"].decision.change == 0


def test_a_group_of_somebody_else_is_not_touched(world):
    world.apply()
    world.orders = 200.0
    stranger = tt.Fleet(
        name="other",
        groups={"web": world.fleet["web"].replace(name="web", native_name="shop-web")},
        controller=True,
        sources={"orders": {}},
    )
    tick = world.controller(stranger).tick()
    assert (tick["web"].outcome, world.size()) == (TickOutcome.HELD, 4)
    assert "'shop'" in tick["web"].text


def test_a_group_that_is_not_there_yet(world):
    tick = world.controller(make_fleet()).tick()
    assert tick["web"].outcome is TickOutcome.HELD
    assert "apply" in tick["web"].text


def test_a_group_that_the_cloud_still_sizes_is_not_touched(world):
    native = tt.Fleet(name="shop", groups={"web": world.fleet["web"].replace(policies=(), alarms=())})
    world.apply(native)
    world.orders = 200.0
    tick = world.controller(make_fleet()).tick()
    assert (tick["web"].outcome, world.size()) == (TickOutcome.HELD, 4)
    assert "apply the fleet first" in tick["web"].text


def test_a_fleet_without_consent_is_refused(world):
    with pytest.raises(errors.ConfigError, match="controller: true"):
        world.controller(world.fleet.replace(controller=False))


def test_a_dead_source_harms_only_what_reads_it(world):
    # a group is the controller's by one thing that the cloud cannot do, here an alarm that does nothing
    api = make_group(
        policies={"out": {"change": 1}, "odd": {"change": -1, "enabled": False}},
        alarms={
            "hot": {"metric": "cpu", "above": 70, "triggers": ["out"]},
            "many": {"metric": {"external": "orders"}, "above": 100, "triggers": ["odd"]},
        },
    )
    groups = {"web": make_group(), "api": api}
    world.apply(tt.Fleet(name="shop", groups=groups, controller=True, sources={"orders": {}}))
    world.orders = RuntimeError("no such table")
    controller = world.controller()
    world.test_cloud.push(tt.metrics.cpu, group="api", value=95)
    world.after()
    tick = controller.tick()
    assert tick["web"].decision.change == 0
    assert any("no such table" in text for text in tick["web"].unread)
    assert (tick["api"].outcome, world.size("api")) == (TickOutcome.WRITTEN, 5)
    assert tick.errors == 1, "what triggers nothing is not read"


def test_breaching_without_data_is_not_what_a_source_that_fails_means(world):
    alarms = {"many": {"metric": {"external": "orders"}, "above": 100, "missing": "breaching", "triggers": ["out"]}}
    world.apply(alarms=alarms, policies={"out": {"change": 2}})
    controller = world.controller()
    controller.tick()
    world.orders = float("nan")
    world.after()
    assert controller.tick()["web"].decision.size == 6, "no datapoint is what the alarm speaks of"

    world.orders = RuntimeError("gone")
    world.after(30)
    assert controller.tick()["web"].decision.change == 0
    world.orders = float("nan")
    world.after(30)
    assert controller.tick()["web"].decision.change == 2


def test_somebody_who_resizes_by_hand_is_heard(world):
    world.apply()
    controller = world.controller()
    controller.tick()
    world.cloud.group("shop-web").scale(to=9)
    world.after(3)
    tick = controller.tick()
    assert (tick["web"].outcome, tick["web"].decision.size, world.size()) == (TickOutcome.KEPT, 9, 9)
    world.orders = 200.0
    world.after()
    controller.tick()
    assert world.size() == 11


def test_a_clock_that_is_set_back_loses_nothing(world):
    world.apply()
    controller = world.controller()
    world.orders = 200.0
    controller.tick()
    assert world.size() == 6
    world.clock.move_to(world.clock.now() - timedelta(hours=2))
    tick = controller.tick()
    assert tick["web"].decision.change == 0
    for minutes in (130, 6):  # until then the instances seem to start in the future; a cooldown follows
        world.after(minutes)
        controller.tick()
    assert world.size() == 8


def test_a_store_that_is_down_stops_all_writing_and_nothing_is_done_twice(world, monkeypatch):
    world.apply()
    world.orders = 200.0
    controller = world.controller()

    def down(*args, **named):
        raise errors.StoreUnavailable("the store does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "acquire", down)
        tick = controller.tick()
        assert (tick.error, tick["web"].outcome, world.size()) == ("the store does not answer", TickOutcome.ERROR, 4)
    with monkeypatch.context() as patched:
        patched.setattr(world.store, "save", down)
        tick = controller.tick()
        assert (tick["web"].outcome, world.size()) == (TickOutcome.WRITTEN, 6)
        assert tick.error
    world.after()
    tick = controller.tick()
    assert (tick["web"].decision.change, world.size()) == (0, 6), "what the intent kept is remembered: the cooldown"


def test_the_bounds_of_a_schedule_are_the_controllers(world):
    schedules = {"busy": {"cron": "0 1 * * *", "duration": "2h", "zone": "UTC", "min": 7, "max": 30}}
    world.apply(schedules=schedules)
    controller = world.controller()
    controller.tick()
    assert world.size() == 4
    world.after(60)
    controller.tick()
    assert world.size() == 7


def test_nothing_is_remembered_without_a_store(world):
    with pytest.raises(errors.InvalidArgument, match="cooldown"):
        world.controller(store=None)


def test_a_history_entry_for_what_changed_and_none_for_the_same_again(world):
    world.apply()
    controller = world.controller()
    for _ in range(5):
        controller.tick()
        world.after()
    assert len(world.store.decisions(fleet="shop")) == 1
    world.orders = 200.0
    controller.tick()
    world.after()
    controller.tick()
    kinds = [(record.outcome, record.size) for record in world.store.decisions(fleet="shop")]
    assert kinds == [("kept", 4), ("written", 6), ("kept", 6)]
    assert world.store.last_tick("shop", "memory").at == world.clock.now()


def test_shadow_mode_writes_nothing(world):
    world.apply()
    world.orders = 200.0
    controller = world.controller(shadow=True)
    tick = controller.tick()
    assert (tick["web"].outcome, tick["web"].decision.size, world.size()) == (TickOutcome.SHADOW, 6, 4)
    assert [record.shadow for record in world.store.decisions()] == [True]
    assert world.store.last_tick("shop", "memory") is None


def test_the_loop_ticks_at_its_interval_until_it_is_told_to_stop(world):
    world.apply()
    stop = threading.Event()
    began, ticks = world.clock.now(), []

    def on_tick(tick):
        ticks.append(tick.at)
        if len(ticks) == 4:
            stop.set()

    world.controller(on_tick=on_tick, store=world.store).run(stop)
    assert ticks == [began + n * MINUTE for n in range(4)]
    assert world.controller().tick()["web"].outcome is TickOutcome.KEPT, "the lease was given back"


def test_a_boost_holds_until_it_is_over(world):
    world.apply()
    controller = world.controller()
    world.cloud.group("shop-web").boost(min=9, until=world.clock.now() + 10 * MINUTE, by="Ana", why="a launch")
    controller.tick()
    assert world.size() == 9
    world.orders = 5.0
    world.after()
    assert controller.tick()["web"].decision.size == 9
    world.after(12)
    assert controller.tick()["web"].decision.size == 8


def test_nothing_scales_in_while_another_metric_cannot_be_read(world):
    """As where work in flight, which keeps a group from shrinking, is not to be had; by the preset of EC2."""
    group = make_fleet(
        policies={"in": {"change": -1}, "hold": {"change": 1}},
        alarms={
            "few": {"metric": {"external": "orders"}, "below": 10, "triggers": ["in"]},
            "busy": {"metric": "cpu", "above": 90, "triggers": ["hold"]},
        },
    )["web"]
    key = GroupKey("aws", "local", "shop", "web")
    subject = DecisionSubject(fleet=make_fleet(), group=group, native="shop-web", location="local", preset=EC2, key=key)
    now = world.clock.now()
    state = GroupState(name="shop-web", location="local", min=1, max=20, desired=4)
    considered = consider(subject, state, GroupMemory(), now, shadow=False)
    answers = {
        query: Unreachable("no answer") if item.name == "busy" else query.answered(dict.fromkeys(query.times, 5.0))
        for item, query in considered.asked
    }
    verdict = decide_group(considered, answers, now, shadow=False)
    assert (verdict.decision.size, len(verdict.result.unread)) == (4, 1)
    answers = {query: query.answered(dict.fromkeys(query.times, 5.0)) for _, query in considered.asked}
    assert decide_group(considered, answers, now, shadow=False).decision.size == 3


def test_equal_fleets_of_two_accounts_are_two_in_one_store(world, store):
    """Neither takes the other's lease, nor its sizes."""
    world.apply()
    world.orders = 200.0
    with MemoryTestCloud.started() as other_cloud, other_cloud.connect() as other:
        other.provider.live.account = lambda: "another"
        other.apply(other.plan(world.fleet)).raise_for_failures()
        first, second = world.controller(), world.controller(cloud=other, clock=other_cloud.clock)
        assert first.tick()["web"].outcome is TickOutcome.WRITTEN
        assert second.tick()["web"].outcome is TickOutcome.WRITTEN
    assert {record.key.cloud for record in store.decisions()} == {"memory", "memory:another"}
