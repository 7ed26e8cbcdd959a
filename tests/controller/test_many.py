"""Many groups and many controllers: calls are bounded, leases spread, and one group that fails harms no other."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

import trimtab as tt
from tests.controller.conftest import MINUTE, make_fleet, make_group
from tests.laws import IS_EXHAUSTIVE
from trimtab import errors
from trimtab.controller import TickOutcome
from trimtab.controller.memory import GroupMemory
from trimtab.controller.observing import observe
from trimtab.engine.presets import EC2
from trimtab.engine.ruleset import rules_for
from trimtab.engine.values import History
from trimtab.providers.base import GroupState, Instance, InstanceState
from trimtab.providers.memory import acting
from trimtab.store.records import Intent, IntentStatus, SavedState

MOST = 1000 if IS_EXHAUSTIVE else 60


@contextmanager
def statements(store):
    """What is sent to a store, but for the ends of transactions."""
    found = []

    def listen(connection, cursor, statement, *more):
        found.append(statement)

    sa.event.listen(store._database.engine, "before_cursor_execute", listen)
    try:
        yield found
    finally:
        sa.event.remove(store._database.engine, "before_cursor_execute", listen)


def calls_of_a_tick(world, controller):
    world.test_cloud.store.calls.clear()
    with statements(world.store) as found:
        tick = controller.tick()
    assert not tick.error
    return tick, len(world.test_cloud.store.calls), len(found)


def test_calls_are_bounded_however_many_groups_there_are(world):
    """A quiet tick asks the cloud once; the store is asked once for 200 groups; each size that is set adds a few."""
    names = [f"web-{number}" for number in range(MOST)]
    world.apply(make_fleet(*names))
    controller = world.controller()
    controller.tick()
    world.after()
    tick, calls, asked = calls_of_a_tick(world, controller)
    parts = -(-MOST // 200)
    assert (len(tick.groups), tick.changed, calls) == (MOST, 0, 1)
    assert asked <= 13 + 5 * parts
    world.orders = 200.0
    world.after()
    tick, calls, asked = calls_of_a_tick(world, controller)
    assert (tick.changed, calls) == (MOST, 1 + MOST)
    assert asked <= 15 + 5 * parts + 3 * MOST


# several controllers


def held(tick):
    return {item.group for item in tick if item.outcome is not TickOutcome.HELD}


def round_of(world, controllers):
    world.after()
    return [held(controller.tick()) for controller in controllers]


NAMES = [f"web-{number}" for number in range(10)]


def test_groups_spread_over_controllers(world):
    world.apply(make_fleet(*NAMES))
    controllers = [world.controller() for _ in range(3)]
    assert [len(some) for some in round_of(world, controllers[:1])] == [10], "one alone takes all at once"
    for _ in range(3):
        found = round_of(world, controllers)
    assert sorted(map(len, found)) == [2, 4, 4]
    assert set.union(*found) == set(NAMES)
    assert round_of(world, controllers) == found, "and stay where they are"


def test_another_one_ends_and_its_groups_are_taken_up_at_once(world):
    world.apply(make_fleet(*NAMES))
    controllers = [world.controller() for _ in range(2)]
    for _ in range(3):
        found = round_of(world, controllers)
    assert list(map(len, found)) == [5, 5]
    controllers.pop().close()
    assert [len(some) for some in round_of(world, controllers)] == [10]


def test_another_one_dies_and_its_groups_are_taken_up_when_its_leases_end(world):
    world.apply(make_fleet(*NAMES))
    controllers = [world.controller() for _ in range(2)]
    for _ in range(3):
        round_of(world, controllers)
    assert [[len(some) for some in round_of(world, controllers[:1])] for _ in range(3)] == [[5], [5], [10]]


def test_a_new_process_each_minute_has_all_groups(world):
    """As a timer or a function runs them: each one that ended well leaves its share at once."""
    world.apply(make_fleet(*NAMES))
    for _ in range(3):
        with world.controller() as controller:
            assert [len(some) for some in round_of(world, [controller])] == [10]


def test_who_is_for_other_groups_has_no_share(world):
    world.apply(make_fleet(*NAMES))
    controllers = [world.controller(groups=NAMES[:5]), world.controller(groups=NAMES[5:])]
    for _ in range(3):
        assert round_of(world, controllers) == [set(NAMES[:5]), set(NAMES[5:])]


def test_the_cooldown_moves_with_the_lease(world):
    world.apply(make_fleet(*NAMES))
    world.orders = 200.0
    first, second = world.controller(), world.controller()
    first.tick()
    for _ in range(3):
        round_of(world, [first, second])
    assert [world.size(name) for name in NAMES] == [6] * 10
    for _ in range(3):
        round_of(world, [first, second])
    assert [world.size(name) for name in NAMES] == [8] * 10


# what goes wrong with one


def test_a_region_that_cannot_be_reached_harms_no_other(world, monkeypatch):
    groups = {"here": make_group(location="here"), "there": make_group(location="there")}
    world.apply(tt.Fleet(name="shop", groups=groups, controller=True, sources={"orders": {}}))
    world.orders = 200.0
    read = world.cloud.provider.live.read_states

    def partly(places):
        if any(location == "there" for location, _ in places):
            raise errors.Unreachable("no answer", provider="memory", operation="read groups")
        return read(places)

    monkeypatch.setattr(world.cloud.provider.live, "read_states", partly)
    tick = world.controller().tick()
    assert (tick["here"].outcome, tick["there"].outcome) == (TickOutcome.WRITTEN, TickOutcome.ERROR)


@pytest.mark.parametrize("error", [errors.AccessDenied("no", provider="memory", operation="read"), KeyError("odd")])
def test_a_group_that_cannot_be_read_harms_no_other(world, monkeypatch, error):
    world.apply(make_fleet("web", "api"))
    world.orders = 200.0
    read = world.cloud.provider.live.read_states

    def partly(places):
        if any(name == "shop-api" for _, name in places):
            raise error
        return read(places)

    monkeypatch.setattr(world.cloud.provider.live, "read_states", partly)
    tick = world.controller().tick()
    assert (tick["web"].outcome, tick["api"].outcome) == (TickOutcome.WRITTEN, TickOutcome.ERROR)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (errors.AccessDenied("no", provider="memory", operation="set"), TickOutcome.FAILED),
        (errors.UnreadableReply("<html>", provider="memory", operation="set"), TickOutcome.UNKNOWN),
        (KeyError("odd"), TickOutcome.UNKNOWN),
    ],
)
def test_a_group_that_cannot_be_written_harms_no_other(world, monkeypatch, error, outcome):
    world.apply(make_fleet("web", "api"))
    world.orders = 200.0
    real = acting.GroupActions.set_capacity

    def partly(actions, size):
        if actions.name == "shop-api":
            raise error
        real(actions, size)

    controller = world.controller()
    with monkeypatch.context() as patched:
        patched.setattr(acting.GroupActions, "set_capacity", partly)
        tick = controller.tick()
    assert (tick["web"].outcome, tick["api"].outcome) == (TickOutcome.WRITTEN, outcome)
    world.after()
    controller.tick()
    assert (world.size("web"), world.size("api")) == (6, 6)


@pytest.mark.parametrize(
    "body",
    [
        {"at": "yesterday"},
        {"at": "2026-01-05T00:00:00"},
        {"written": [1]},
        {"states": 3},
        {"waits": 1e300},
        {"stale": {}},
    ],
)
def test_a_state_that_cannot_be_read_is_said_and_begun_anew(world, body):
    world.apply(make_fleet("web", "api"))
    controller = world.controller()
    key = controller.subjects[0].key
    world.store.save({key: (SavedState(1, 0, body), None)})
    tick = controller.tick()
    is_empty = body == {"stale": {}}
    assert ("cannot be read" in tick[key.group].text) is not is_empty
    assert [item.outcome for item in tick] == [TickOutcome.KEPT] * 2
    world.after()
    assert controller.tick()[key.group].text == ""


def test_a_state_that_is_too_large_is_said_and_harms_no_other(world, monkeypatch):
    world.apply(make_fleet("web", "api", "jobs"))
    controller = world.controller()
    real = world.store.save

    def strict(states):
        if any(key.group == "api" for key in states):
            raise errors.InvalidArgument("the state of the group api has too many characters")
        return real(states)

    monkeypatch.setattr(world.store, "save", strict)
    tick = controller.tick()
    assert ["too many characters" in tick[name].text for name in ("web", "api", "jobs")] == [False, True, False]
    versions = {
        key.group: state.version for key, state in world.store.load([each.key for each in controller.subjects]).items()
    }
    assert versions == {"web": 1, "api": 0, "jobs": 1}


def test_a_text_of_a_megabyte_is_cut(world):
    world.apply()
    world.orders = RuntimeError("x" * 2_000_000)
    controller = world.controller()
    for _ in range(2):
        tick = controller.tick()
        world.after()
    assert (tick["web"].outcome, tick.error) == (TickOutcome.KEPT, "")
    assert len(world.store.decisions()) == 1


def test_fleets_with_nothing_to_do(world):
    native = tt.Fleet(name="shop", controller=True, groups={"web": world.fleet["web"].replace(policies=(), alarms=())})
    for fleet in (native, tt.Fleet(name="shop", controller=True, groups={})):
        with world.controller(fleet) as controller:
            tick = controller.tick()
            assert (tick.groups, tick.error, tick.errors) == ((), "", 0)


def test_an_intent_that_nobody_closed_is_closed_once_it_is_remembered(world):
    world.apply()
    controller = world.controller()
    controller.tick()
    key = controller.subjects[0].key
    world.after()
    lease = world.store.acquire([key], controller.owner, world.clock.now(), timedelta(minutes=2))[key]
    intent = world.store.open_intent(Intent(key, lease.token, 4, 9, world.clock.now(), body={"version": 1}), lease)
    tick = controller.tick()
    assert tick["web"].decision.change == 0
    assert world.store.open_intents([key]) == {}
    world.store.close_intent(intent, IntentStatus.FAILED)
    # somebody who lost the lease writes it after all
    world.cloud.group("shop-web").scale(to=9)
    world.after()
    tick = controller.tick()
    assert (tick["web"].outcome, world.size()) == (TickOutcome.WRITTEN, 4)
    assert "had lost its lease" in tick["web"].text


def test_a_late_write_of_the_size_that_is_decided_now_is_nobody_elses(world):
    world.apply()
    controller = world.controller()
    controller.tick()
    key = controller.subjects[0].key
    world.after()
    lease = world.store.acquire([key], controller.owner, world.clock.now(), timedelta(minutes=2))[key]
    world.store.open_intent(Intent(key, lease.token, 4, 6, world.clock.now(), body={"version": 1}), lease)
    controller.tick()
    world.cloud.group("shop-web").scale(to=6)
    world.orders = 200.0
    world.after()
    tick = controller.tick()
    assert (tick["web"].outcome, tick["web"].decision.size, world.size()) == (TickOutcome.WRITTEN, 6, 6)
    world.after()
    assert "somebody else" not in controller.tick()["web"].text


def test_what_warms_up_is_counted_in_the_units_of_the_size(world):
    """Of AWS, where types have weights; what is unhealthy is not taken away twice."""
    now = world.clock.now()
    before = GroupMemory(history=History(at=now - MINUTE), instances={"i-1": now - 60 * MINUTE})
    instances = tuple(
        Instance(id=name, zone="a", state=InstanceState.RUNNING, healthy=healthy, weight=weight)
        for name, weight, healthy in (("i-1", 2, True), ("i-2", 4, True), ("i-3", 3, False))
    )
    state = GroupState(name="web", location="here", min=1, max=20, desired=9, instances=instances)
    group = tt.ScalingGroup.model_validate({"name": "web", **make_group(warm_up="5m")})
    rules = rules_for(group, EC2)
    memory = before.having_seen(state, now, rules.longest_warm_up)
    seen = observe(state, memory, 9, [], {}, rules, now).observation
    assert (seen.desired, seen.in_service, seen.started) == (9, 6, (now,) * 4)
