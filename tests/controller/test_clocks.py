"""Clocks that jump, both changes of daylight saving, things that are away: nothing is lost or done twice."""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.controller.conftest import MINUTE, make_fleet
from trimtab import errors
from trimtab.controller import TickOutcome, ticking
from trimtab.providers.memory import acting
from trimtab.sources import read_all

HOUR = timedelta(hours=1)
GONE = errors.Unreachable("no answer", provider="memory", operation="call")


def writes_of(world):
    return [record.size for record in world.store.decisions() if record.outcome == "written"]


# clocks


def test_a_clock_that_jumps_ahead_makes_up_for_the_newest_schedule_once(world):
    schedules = {
        "one": {"cron": "0 1 * * *", "zone": "UTC", "desired": 9},
        "two": {"cron": "0 2 * * *", "zone": "UTC", "desired": 7},
    }
    world.apply(schedules=schedules)
    controller = world.controller()
    world.cloud.group("shop-web").scale(to=4)
    controller.tick()
    world.after(180)
    for _ in range(3):
        tick = controller.tick()
        world.after()
    assert (writes_of(world), world.size()) == ([7], 7)
    assert tick["web"].decision.change == 0
    assert tick.errors == 0


def after_reading(monkeypatch, happens):
    """Have something happen within each tick, between its reads and its writes."""

    def reading(*given, **named):
        answers = read_all(*given, **named)
        happens()
        return answers

    monkeypatch.setattr(ticking, "read_all", reading)


def test_a_lease_that_ended_during_slow_reads_goes_on_where_nobody_took_it(world, monkeypatch):
    world.apply()
    world.orders = 200.0
    controller = world.controller()
    after_reading(monkeypatch, lambda: world.after(5))
    for _ in range(2):
        assert controller.tick()["web"].outcome is TickOutcome.WRITTEN
        world.after(5)
    assert (writes_of(world), world.store.open_intents([controller.subjects[0].key])) == ([6, 8], {})


def test_a_lease_that_another_had_meanwhile_is_lost(world, monkeypatch):
    world.apply()
    world.orders = 200.0
    slow, other = world.controller(), world.controller()

    def overtake():
        monkeypatch.setattr(ticking, "read_all", read_all)
        world.after(5)
        assert other.tick()["web"].outcome is TickOutcome.WRITTEN
        other.close()  # its lease is free again, with another token

    after_reading(monkeypatch, overtake)
    tick = slow.tick()
    assert (tick["web"].outcome, world.size()) == (TickOutcome.HELD, 6)
    assert "lost to another controller" in tick["web"].text
    world.after()
    assert (slow.tick()["web"].decision.change, world.size()) == (0, 6), "and the cooldown is the other's"


def test_a_schedule_is_set_once_by_controllers_whose_clocks_differ(world):
    world.apply(schedules={"busy": {"cron": "0 1 * * *", "zone": "UTC", "desired": 9}})
    early = world.controller()
    early.tick()
    world.clock.move_to(world.clock.now().replace(hour=1, minute=0, second=10))
    early.tick()
    early.close()
    world.cloud.group("shop-web").scale(to=5)
    world.clock.move_to(world.clock.now() - timedelta(seconds=40))
    late = world.controller()
    for _ in range(6):
        late.tick()
        world.after()
    assert world.size() == 5, "what the first one set is not set again by the second, for which it is still to come"


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York"])
@pytest.mark.parametrize("season", ["spring", "autumn"])
def test_a_schedule_of_the_night_in_which_clocks_change_is_set_once(world, zone, season):
    """Half past two is left out in spring and there twice in autumn."""
    days = {
        ("Europe/Madrid", "spring"): (2027, 3, 28),
        ("Europe/Madrid", "autumn"): (2027, 10, 31),
        ("America/New_York", "spring"): (2027, 3, 14),
        ("America/New_York", "autumn"): (2027, 11, 7),
    }
    hour = 1 if (zone, season) == ("America/New_York", "autumn") else 2
    noon = datetime(*days[zone, season], 12, tzinfo=ZoneInfo(zone)) - timedelta(days=1)
    world.clock.move_to(noon - 2 * HOUR)
    world.apply(schedules={"night": {"cron": f"30 {hour} * * *", "zone": zone, "desired": 9}})
    controller = world.controller(every=30 * MINUTE)
    sizes = []
    for _ in range(3):
        world.cloud.group("shop-web").scale(to=4)
        world.after(5)
        controller.tick()
        for _ in range(2 * 24):
            world.after(30)
            before = world.size()
            if controller.tick()["web"].outcome is TickOutcome.WRITTEN:
                sizes.append((before, world.size(), world.clock.now().astimezone(ZoneInfo(zone)).hour))
    assert [(before, after) for before, after, _ in sizes] == [(4, 9)] * 3
    assert all(hour <= at <= hour + 1 for _, _, at in sizes)


def test_a_window_has_the_hours_that_the_local_clock_has(world):
    """A window from one to five of local time lasts three hours in spring; its bounds hold so long and no longer."""
    madrid = ZoneInfo("Europe/Madrid")
    world.clock.move_to(datetime(2027, 3, 27, 23, tzinfo=madrid))
    window = {"cron": "0 1 * * *", "until": "0 5 * * *", "zone": "Europe/Madrid", "min": 7, "max": 20}
    world.apply(schedules={"night": window})
    controller = world.controller(every=15 * MINUTE)
    held = []
    for _ in range(4 * 7):
        tick = controller.tick()
        if tick["web"].minimum == 7:
            held.append(world.clock.now())
        world.after(15)
    assert timedelta(hours=3) - 15 * MINUTE <= held[-1] - held[0] + 15 * MINUTE <= timedelta(hours=3) + 15 * MINUTE
    assert world.size() == 7


# things that are away


def test_metrics_that_are_away_for_an_hour(world):
    world.apply()
    controller = world.controller()
    world.orders = 200.0
    controller.tick()
    assert world.size() == 6
    world.orders = None
    for _ in range(20):
        world.after(3)
        tick = controller.tick()
    assert (world.size(), tick["web"].decision.change) == (6, 0)
    assert "many" in str(tick["web"]), "that there is no datapoint is said"
    assert writes_of(world) == [6]
    world.orders = 200.0
    world.after()
    controller.tick()
    assert world.size() == 8


def test_a_store_that_is_away_for_five_minutes(world, monkeypatch, caplog):
    world.apply()
    controller = world.controller()
    controller.tick()
    world.orders = 200.0

    def away(*given, **named):
        raise errors.StoreUnavailable("the store does not answer")

    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR, "trimtab.controller"):
        for name in ("acquire", "load", "save", "open_intent", "open_intents", "add_decisions", "add_tick", "owners"):
            patched.setattr(world.store, name, away)
        for _ in range(5):
            world.after()
            assert controller.tick().error == "the store does not answer"
    assert (world.size(), len(caplog.records)) == (4, 5), "nothing is set without its intent, and each tick says so"
    world.after()
    assert controller.tick()["web"].outcome is TickOutcome.WRITTEN
    assert (writes_of(world), world.size()) == ([6], 6)


@pytest.mark.parametrize("point", ["open_intent", "save", "add_decisions", "close_intent"])
def test_a_store_that_goes_away_within_a_tick(world, monkeypatch, point):
    world.apply()
    controller = world.controller()
    controller.tick()
    world.orders = 200.0
    world.after()

    def away(*given, **named):
        raise errors.StoreUnavailable("the store does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(world.store, point, away)
        tick = controller.tick()
    assert tick.error == "the store does not answer"
    assert world.size() == (4 if point == "open_intent" else 6)
    world.after()
    controller.tick()
    assert world.size() == 6, "once, and once only"
    told = [f"{record.outcome} {record.size} {record.error}" for record in world.store.decisions()]
    assert any("written 6" in text or "was setting 6" in text for text in told), told
    world.after()
    controller.tick()
    assert world.store.open_intents([controller.subjects[0].key]) == {}


@pytest.mark.parametrize("operation", ["read groups", "set capacity"])
def test_a_cloud_that_is_away_for_five_minutes(world, caplog, operation):
    world.apply()
    controller = world.controller()
    controller.tick()
    world.orders = 200.0
    world.test_cloud.store.fault = lambda called, key: GONE if called == operation else None
    for _ in range(5):
        world.after()
        tick = controller.tick()
        assert tick["web"].outcome is (TickOutcome.ERROR if operation == "read groups" else TickOutcome.UNKNOWN)
        assert tick.errors == 1
    world.test_cloud.store.fault = None
    sizes = []
    for _ in range(7):
        world.after()
        controller.tick()
        sizes.append(world.size())
    # what was asked is asked again, the same size; the cooldown begins when it is set
    assert sizes == [6] * 5 + [8] * 2


def test_an_intent_of_a_process_that_was_killed_before_it_wrote_is_carried_out(world, monkeypatch):
    world.apply()
    world.orders = 200.0
    first = world.controller()
    first.tick()
    world.after(6)
    assert world.size() == 6

    class Killed(BaseException):
        pass

    def killed(*given):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(acting.GroupActions, "set_capacity", killed)
        with pytest.raises(Killed):
            first.tick()
    world.orders = 50.0
    world.after(3)
    second = world.controller()
    tick = second.tick()
    assert (tick["web"].outcome, world.size()) == (TickOutcome.WRITTEN, 8)
    assert "did not end was setting 8" in tick["web"].text
    assert "somebody else" not in tick["web"].text
    assert [(record.outcome, record.size) for record in world.store.decisions()][-1] == ("written", 8)


def test_whoever_pauses_a_group_sizes_it(world):
    """Also to the size that it had before the controller's last write."""
    world.apply()
    world.orders = 200.0
    controller = world.controller()
    controller.tick()
    live = world.cloud.group("shop-web")
    live.pause(by="Ana")
    live.scale(to=4)
    world.after()
    controller.tick()
    live.resume()
    world.orders = 50.0
    tick = controller.tick()
    assert (tick["web"].outcome, world.size()) == (TickOutcome.KEPT, 4)


def test_a_plan_that_narrows_the_bounds_meanwhile(world):
    world.apply()
    old = world.controller()
    world.orders = 200.0
    old.tick()
    narrow = make_fleet(capacity={"min": 1, "max": 5})
    world.cloud.apply(world.cloud.plan(narrow)).raise_for_failures()
    assert "load the file again" in old.tick()["web"].text
    old.close()
    world.after()
    new = world.controller(narrow)
    new.tick()
    assert world.size() == 5
    assert not world.cloud.plan(narrow)
