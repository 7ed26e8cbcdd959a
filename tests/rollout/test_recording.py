"""The history of rollouts in a store: each step once, whoever drives."""

from datetime import timedelta

import pytest

pytest.importorskip("sqlalchemy", reason="the store needs its extra")

import trimtab as tt
from tests.rollout.world import World, make_fleet
from trimtab.errors import StoreUnavailable
from trimtab.models import AlarmGate, Checkpoint, Rollout

SPEC = Rollout(checkpoints=[Checkpoint(percent=25, bake="2m")], bake="2m")


@pytest.fixture(name="world")
def _world():
    world = World()
    world.apply(make_fleet("one", rollout=SPEC))
    return world


@pytest.fixture(name="store")
def _store():
    store = tt.open_store("sqlite://")
    yield store
    store.close()


def seen(store):
    return [(each.outcome, each.phase, each.step) for each in store.rollouts(fleet="shop")]


def test_every_step_is_kept_once_whoever_drives(world, store):
    fleet = make_fleet("two", rollout=SPEC)
    world.cloud.rollouts(fleet, store=store).start(by="ana")
    for _ in range(100):
        (result,) = world.cloud.rollouts(fleet, store=store).tick()  # a process for each look
        if result.is_settled:
            break
        world.clock.advance(timedelta(seconds=15))
    first, *rest = seen(store)
    assert first == ("running", "moving", 1)
    assert (
        rest
        == [
            ("running", "moving", 1),
            ("running", "baking", 1),
            ("running", "moving", 2),
            ("running", "baking", 2),
            ("done", "baking", 2),
        ][len(rest) == 4 :]
    )
    assert len({each.run for each in store.rollouts()}) == 1


def test_what_held_it_up_and_why_it_ended(world, store):
    fleet = make_fleet("two", rollout=SPEC.replace(gates=[AlarmGate(alarms=["errors"])]))
    world.store.firing.add("errors")
    (refused,) = world.cloud.rollouts(fleet, store=store).start()
    assert refused.outcome == "error"
    assert seen(store) == []
    world.store.firing.clear()
    world.store.things[tt.Key("local", "alarm", "errors")] = next(iter(world.store.things.values()))
    rollouts = world.cloud.rollouts(fleet, store=store)
    rollouts.start(by="ana")
    for _ in range(8):
        rollouts.tick()
        world.clock.advance(timedelta(seconds=15))
    world.store.firing.add("errors")
    rolled = rollouts.see_through()
    last = store.rollouts()[-1]
    assert (last.outcome, last.text) == ("rolled back", rolled.groups[0].text)
    assert "errors fires" in last.text


def test_an_end_that_nobody_saw_is_said_to_be_unknown(world, store):
    fleet = make_fleet("two", rollout=SPEC)
    world.cloud.rollouts(fleet, store=store).start()
    world.cloud.rollout(fleet).raise_for_failures()  # a process without the store
    world.cloud.rollouts(fleet, store=store).tick()
    assert [each[0] for each in seen(store)] == ["running", "unknown"]


def test_a_store_that_is_away_holds_up_nothing_and_misses_nothing(world, store):
    fleet = make_fleet("two", rollout=SPEC)
    rollouts = world.cloud.rollouts(fleet, store=store)
    add, down = store.add_rollouts, True

    def added(records):
        if down:
            raise StoreUnavailable("away")
        add(records)

    store.add_rollouts = added
    rollouts.start()
    for _ in range(8):
        rollouts.tick()
        world.clock.advance(timedelta(seconds=15))
    assert seen(store) == []
    down = False
    rollouts.see_through().raise_for_failures()
    assert [each[1] for each in seen(store)][:2] == ["moving", "baking"]
    assert seen(store)[-1][0] == "done"


def test_a_url_is_opened_and_closed_with_the_connection(world, tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    with tt.connect("memory", store=world.store, clock=world.clock) as cloud:
        cloud.rollout(make_fleet("two", rollout=SPEC), store=url, by="ana").raise_for_failures()
    kept = tt.open_store(url)
    assert [each.by for each in kept.rollouts()][-1] == "ana"
    kept.close()
