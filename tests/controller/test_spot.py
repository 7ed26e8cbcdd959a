"""Spot that is taken away, cannot be had for an hour and comes back: on demand in its place, on every cloud."""

from contextlib import suppress
from datetime import timedelta
from fnmatch import fnmatchcase

import pytest

import trimtab as tt
from tests.controller.rights import WITHOUT_RIGHT, action_of, granted
from tests.providers.placing import TEMPLATES, placement
from trimtab.controller import Controller
from trimtab.controller.mixing import is_serving
from trimtab.errors import NotFound
from trimtab.plan import Key
from trimtab.store import open_store
from trimtab.testing.clouds import TEST_CLOUDS

pytestmark = pytest.mark.sample(2, over="make_world")

MINUTE = timedelta(minutes=1)
EVICT = "compute.virtual_machines.simulate_eviction"
STEP = 3 * MINUTE
FLOOR, SIZE = 2, 6
PURCHASE = {"spot": True, "on_demand_base": FLOOR, "fallback": "on-demand", "return_after": "30m"}


STAND_INS = {
    "aws": "the cloud replaces the others by spot ones as it has them",
    "gcp": "the others stay until `cloud.group('shop-web').scale(to=6)`",
}
"""What becomes of on-demand instances whose group no longer falls back, where the cloud does not leave them."""


class World:
    """A cloud whose spot instances are taken away and cannot be had, and a controller on it."""

    def __init__(self, provider, test_cloud, cloud, **purchase):
        self.provider, self.test_cloud, self.cloud = provider, test_cloud, cloud
        group = {
            "capacity": {"min": FLOOR, "max": 10, "desired": SIZE},
            "template": TEMPLATES[provider],
            "placement": placement(provider, test_cloud),
            "purchase": {**PURCHASE, **purchase},
            "azure": {"orchestration": "flexible"},
        }
        self.fleet = tt.Fleet(name="shop", groups={"web": group}, controller=True)
        self.store = open_store("sqlite://")
        self.events = []
        self.seen = []
        self.actions = set()
        plan = cloud.plan(self.fleet)
        assert not plan.problems, [str(problem) for problem in plan.problems]
        cloud.apply(plan).raise_for_failures()
        self.begin()

    def begin(self):
        self.controller = Controller(self.fleet, self.cloud, store=self.store, on_event=self.events.append, every=STEP)

    def read(self):
        live = self.cloud.provider.live
        (state,) = live.with_purchases(live.read_states([(self.controller.subjects[0].location, "shop-web")]))
        return state

    def counts(self):
        """What serves on demand and as spot."""
        serving = [each for each in self.read().instances if is_serving(each)]
        spot = sum(bool(each.spot) for each in serving)
        return len(serving) - spot, spot

    def run(self, minutes):
        """Ticks for so many minutes, `STEP` apart; what serves after each."""
        for _ in range(minutes * MINUTE // STEP):
            self.test_cloud.clock.advance(STEP)
            self._forget_calls()
            self.tick = self.controller.tick()
            self.actions |= {action_of(self.provider, call) for call in self._calls()}
            assert not self.tick.errors, str(self.tick["web"])
            self.seen.append(self.counts())

    def _calls(self):
        if self.provider == "memory":
            return []
        made = [call for call in self.test_cloud.emulator.doors.requests() if call.operation]
        return [call for call in made if not fnmatchcase(call.operation, "*perations*et")]

    def _forget_calls(self):
        if self.provider != "memory":
            self.test_cloud.emulator.doors.clear_requests()

    def used(self):
        """What the controller has asked the cloud for that takes a right; nothing in memory."""
        return self.actions - WITHOUT_RIGHT

    def take_away(self):
        """Have all spot instances taken away."""
        match self.provider:
            case "memory":
                self.test_cloud.store.interrupt(Key("local", "group", "shop-web"))
            case "aws":
                for each in self.read().instances:
                    if each.spot:
                        self.test_cloud.emulator.doors.notice(each.id)
            case "gcp":
                for each in self.read().instances:
                    if each.spot and is_serving(each):
                        self.test_cloud.emulator.doors.notice(each.id)
            case "azure":
                for each in self.read().instances:
                    if each.spot:
                        # answered by nothing, which no other call is, and asked again
                        with suppress(NotFound):
                            self.cloud.provider.connection.call(EVICT, "trimtab", each.id)

    def run_short(self, *purchases):
        for purchase in purchases:
            if self.provider == "memory":
                self.test_cloud.store.short.add(purchase == "spot")
            else:
                self.test_cloud.emulator.doors.run_short(purchase=purchase)

    def end_shortages(self):
        if self.provider == "memory":
            self.test_cloud.store.short.clear()
        else:
            self.test_cloud.emulator.doors.end_shortages()

    def told(self):
        return [(str(event.kind), str(event.over or "")) for event in self.events]


@pytest.fixture(name="make_world", params=["memory", "aws", "azure", "gcp"])
def _make_world(request):
    with TEST_CLOUDS[request.param].started() as test_cloud, test_cloud.connect() as cloud:
        yield lambda **purchase: World(request.param, test_cloud, cloud, **purchase)


def test_on_demand_takes_the_place_of_spot_for_as_long_as_there_is_none(make_world):
    world = make_world()
    world.run(3)
    assert world.counts() == (FLOOR, SIZE - FLOOR)
    world.run_short("spot")
    world.take_away()
    world.run(12)
    assert world.counts() == (SIZE, 0), "after five minutes what is missing runs on demand"
    assert not world.cloud.plan(world.fleet), "what the controller moves is nobody's drift"
    group = world.cloud.import_group("shop-web").group
    assert group.purchase == world.fleet["web"].purchase, "what stands in no native body is in the mark"
    assert not world.cloud.plan(tt.Fleet(name="shop", groups=[group], controller=True))
    plain = tt.Purchase(spot=True, on_demand_base=FLOOR)
    plan = world.cloud.plan(tt.Fleet(name="shop", groups=[world.fleet["web"].replace(purchase=plain)], controller=True))
    (text,) = [note.text for note in plan.notes if note.text.startswith("purchase.fallback: ")]
    assert f"removed from the file while {SIZE} of {SIZE} instances run on demand, {FLOOR} by the file; the" in text
    assert STAND_INS.get(world.provider, "the others stay until they are replaced") in text
    world.controller.close()
    world.begin()  # a new process goes on from the store
    world.run(48)
    assert min(map(sum, world.seen[-16:])) == SIZE, "a try while there is none costs no capacity"
    world.end_shortages()
    world.run(36)
    assert world.counts() == (FLOOR, SIZE - FLOOR)
    assert world.read().desired == SIZE
    assert min(on_demand for on_demand, _ in world.seen) >= FLOOR
    assert world.told() == [("on-demand", ""), ("recovered", "on-demand")]
    if world.provider != "memory":
        assert world.used() <= granted(world.provider, world.cloud.permissions(world.fleet, controller=True))


def test_the_floor_is_broken_only_where_there_is_nothing_which_is_said(make_world):
    world = make_world(return_after="10m")
    world.run(3)
    world.run_short("spot", "on-demand")
    world.take_away()
    world.run(18)
    assert world.counts() == (FLOOR, 0)
    assert ("not-to-be-had", "") in world.told()
    assert "neither as spot nor on demand" in str(world.tick["web"])
    (event,) = [each for each in world.events if each.kind == "not-to-be-had"]
    assert event.text.startswith("the cloud had none of")
    decided = world.store.decisions(fleet="shop")
    assert any(reason["code"] == "nothing-to-be-had" for each in decided for reason in each.reasons)
    world.end_shortages()
    world.run(30)
    assert sum(world.counts()) == SIZE
    assert ("recovered", "not-to-be-had") in world.told()
    world.run(15)
    assert world.counts() == (FLOOR, SIZE - FLOOR)


@pytest.mark.parametrize("make_world", ["gcp"], indirect=True)
@pytest.mark.parametrize("kind", ["denied", "timeout_before"])
def test_of_two_sizes_one_that_cannot_be_written_is_nobodys_size(make_world, kind):
    """Google's group has two: what it has between the two writes is neither its size nor somebody else's."""
    world = make_world(return_after="20m")
    world.run(3)
    world.run_short("spot")
    world.take_away()
    doors = world.test_cloud.emulator.doors
    doors.fault(kind, operation="*esize*", after=1, times=None)
    for _ in range(4):
        world.test_cloud.clock.advance(STEP)
        failed = world.controller.tick()["web"]
    assert failed.outcome in ("failed", "unknown"), str(failed)
    assert world.read().desired > SIZE
    doors.clear_faults()
    world.run(6)  # the pauses before calls are tried again, of any length, end before spot is looked for again
    assert (world.read().desired, world.counts()) == (SIZE, (SIZE, 0))
    world.end_shortages()
    world.run(36)
    assert (world.read().desired, world.counts()) == (SIZE, (FLOOR, SIZE - FLOOR))


def test_a_pause_while_spot_is_tried_again_makes_no_size_of_what_waits(make_world):
    world = make_world(return_after="10m")
    world.run(3)
    world.run_short("spot")
    world.take_away()
    world.run(12)
    world.end_shortages()
    for _ in range(12):
        world.run(3)
        if world.tick["web"].mix.phase == "returning":
            break
    live = world.cloud.group("shop-web")
    live.pause(by="ana", why="a look")
    for _ in range(2):
        world.test_cloud.clock.advance(STEP)
        world.controller.tick()
    live.resume()
    world.run(36)
    assert world.tick["web"].decision.size == SIZE
    assert (world.read().desired, world.counts()) == (SIZE, (FLOOR, SIZE - FLOOR))
