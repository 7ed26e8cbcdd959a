"""A process that drives a rollout ends before any of its calls; another one goes on, and the end is the same."""

from collections import Counter
from datetime import timedelta

import pytest

import trimtab as tt
from tests.laws import sampled
from tests.rollout.world import SCALING, World, make_fleet
from trimtab.models import Checkpoint, Rollout
from trimtab.rollout import RolloutOutcome


class Killed(BaseException):
    """The end of a process, as far as the process itself can tell."""


ROLLOUTS = {
    "rolling": Rollout(),
    "surge": Rollout(max_surge=2, max_unavailable=0),
    "canary": Rollout(strategy="canary", checkpoints=[Checkpoint(percent=25, bake="1m")], bake="1m"),
    "blue-green": Rollout(strategy="blue-green", bake="1m", end_after="2m"),
    "shares": Rollout(
        strategy="blue-green", checkpoints=[Checkpoint(percent=25, bake="1m"), 50], bake="1m", end_after="2m"
    ),
}
POOLS = {"blue": 100, "green": 0}


class Tale:
    """A rollout, or its way back, in which the call with a number is the last of a process."""

    def __init__(self, rollout, *, abort):
        self.world = World()
        more = SCALING
        if rollout == "shares":
            more = {**SCALING, "load_balancers": [tt.LoadBalancer(name="blue", alternate="green")]}
            self.world.store.weights = dict(POOLS)
        self.fleet = make_fleet("two", rollout=ROLLOUTS[rollout], **more)
        self.old = make_fleet("one", rollout=ROLLOUTS[rollout], **more)
        self.world.apply(self.old)
        self.world.clock.advance(timedelta(minutes=5))
        self.abort = abort
        self.calls = 0

    def process(self):
        return tt.connect("memory", store=self.world.store, clock=self.world.clock).rollouts(self.fleet)

    def run(self, last=None):
        """What the end is; how many calls there were."""

        def count(operation, key):
            self.calls += 1
            self.serve()
            if self.calls == last:
                raise Killed
            return

        self.world.store.fault = count
        try:
            self.drive(self.process())
        except Killed:
            self.drive(self.process())
        self.world.store.fault = None
        images = self.images()
        assert len(images) == 1, images
        ((_, size),) = self.world.store.sizes.items()
        assert (size.run, size.paused, len(size.machines)) == (None, None, 4)
        assert sorted(self.world.store.weights.values()) in ([], [0, 100])
        self.serve()
        plan = self.world.cloud.plan(self.fleet if images == {"two"} else self.old)
        assert not plan, plan.to_text()
        return images.pop()

    def serve(self):
        """Clients lose no request: whatever pool is sent some has an instance that is ready."""
        store = self.world.store
        ready = Counter()
        for key, size in store.sizes.items():
            booted = [each for each in size.machines if store.clock.now() >= each.started + store.boot and each.healthy]
            for pool in store.things[key].body.get("load_balancers", ()):
                ready[pool["name"]] += len(booted)
        for pool, weight in (store.weights or {"front": 100}).items():
            assert not weight or ready[pool], (pool, weight, ready)

    def drive(self, rollouts):
        rollouts.start(by="ana")
        aborted = False
        for number in range(300):
            (result,) = rollouts.tick()
            if result.is_settled:
                assert result.outcome is not RolloutOutcome.ERROR, result
                return
            if self.abort and not aborted and number > 3:
                rollouts.abort("web", by="ana")
                aborted = True
            self.world.clock.advance(timedelta(seconds=15))
        raise AssertionError(result)

    def images(self):
        store = self.world.store
        found = set()
        for key, size in store.sizes.items():
            template = tt.Key(key.location, "template", store.things[key].body["template"]["name"])
            versions = store.versions[template]
            found |= {versions[machine.version].body["image"] for machine in size.machines}
        return found


@pytest.mark.sweep
@pytest.mark.parametrize("abort", [False, True])
@pytest.mark.parametrize("rollout", ROLLOUTS)
def test_another_process_goes_on(rollout, abort):
    whole = Tale(rollout, abort=abort)
    end = whole.run()
    assert end == ("one" if abort else "two")
    for last in sampled(range(1, whole.calls), 10, (rollout, abort)):
        tale = Tale(rollout, abort=abort)
        assert tale.run(last) in ({"one", "two"} if abort else {"two"}), last
