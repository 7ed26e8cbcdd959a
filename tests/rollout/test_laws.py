"""
Whatever happens on the way, a rollout ends wholly new or wholly old once any process drives it, and takes no working
instance away while too few would be left: on the cloud in memory, with random events.
"""

import random
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.laws import examples
from tests.rollout.world import World, make_fleet
from trimtab import errors
from trimtab.models import Checkpoint, Rollout
from trimtab.providers.rolling import is_ready
from trimtab.rollout import RolloutOutcome
from trimtab.rollout.deciding import limits_of

LAW = settings(max_examples=examples(), deadline=None, suppress_health_check=list(HealthCheck))
ENDS = {RolloutOutcome.DONE, RolloutOutcome.ROLLED_BACK}


def drawn(draw, strategies):
    spec = {"strategy": draw.choice(strategies), "batch_timeout": draw.choice(["3m", "10m"])}
    if draw.random() < 0.5:
        spec["max_unavailable"] = draw.choice([1, 2, "25%", "50%"])
    if draw.random() < 0.5:
        spec["max_surge"] = draw.choice([1, 2, "25%"])
    if draw.random() < 0.3:
        spec["min_healthy"] = draw.choice([1, "50%"])
    if draw.random() < 0.5:
        spec["bake"] = draw.choice(["1m", "4m"])
    if draw.random() < 0.6:
        percents = sorted(draw.sample([5, 10, 25, 50, 75], draw.randint(1, 3)))
        spec["checkpoints"] = [Checkpoint(percent=each, bake=draw.choice([None, "1m", "2m"])) for each in percents]
    return Rollout(**spec)


class Story:
    """One rollout with all that happens to it."""

    def __init__(self, seed, strategies):
        self.draw = random.Random(seed)
        self.world = World()
        self.spec = drawn(self.draw, strategies)
        size = self.draw.randint(1, 8)
        self.shares = self.spec.strategy == "blue-green" and bool(self.spec.checkpoints)
        pools = {"load_balancers": [tt.LoadBalancer(name="blue", alternate="green")]} if self.shares else {}
        self.world.store.weights = {"blue": 100, "green": 0} if self.shares else {}
        self.old = make_fleet("one", size=size, rollout=self.spec, **pools)
        self.new = make_fleet("two", size=size, rollout=self.spec, **pools)
        self.world.apply(self.old)
        self.world.clock.advance(timedelta(minutes=5))
        self.fault = None
        self.is_bad = self.draw.random() < 0.4
        self.rollouts = self.world.cloud.rollouts(self.new)

    def tell(self):
        """New machines of a bad version never get well."""
        for key, size in self.world.store.sizes.items():
            template = self.world.store.things[key].body["template"]
            for machine in size.machines:
                image = self.world.store.versions[self.template(key, template)][machine.version].body["image"]
                machine.healthy = not (self.is_bad and image == "two")

    @staticmethod
    def template(key, template):
        return tt.Key(key.location, "template", template["name"])

    def happen(self):
        """One of the things that happen to groups and to the processes that drive them."""
        store = self.world.store
        key = self.draw.choice(list(store.sizes))
        size = store.sizes[key]
        match self.draw.choice(["nothing"] * 4 + ["scale", "lose", "other", "fault"]):
            case "scale":
                store.resize(key, self.draw.randint(1, 10), "by hand")
            case "lose" if size.machines:
                gone = self.draw.choice(size.machines)
                size.machines.remove(gone)
                store.resize(key, size.desired, "a spot instance was taken")
            case "other":  # another process goes on
                self.rollouts = tt.connect("memory", store=store, clock=self.world.clock).rollouts(self.new)
            case "fault":
                number = self.draw.randint(0, 6)
                calls = iter(range(100))

                def fault(operation, key):
                    return errors.Unreachable("no answer", provider="memory") if next(calls) == number else None

                self.fault = fault

    def look(self):
        """One look of the driver, and the law of what it takes away."""
        store = self.world.store
        before = {machine.id for size in store.sizes.values() for machine in size.machines}
        ready, limits = self.ready()
        store.fault, self.fault = self.fault, None
        (result,) = self.rollouts.tick()
        store.fault = None
        now, _ = self.ready()
        taken = len(before - {machine.id for size in store.sizes.values() for machine in size.machines})
        if limits is not None and now < ready:
            assert taken
            assert now >= limits.healthy
            assert now >= min(ready, self.size() - limits.unavailable)
        return result

    def ready(self):
        role = self.world.cloud.provider.rollouts()
        found = role.read([(key.location, key.name) for key in self.world.store.sizes])
        ready = sum(is_ready(each) for one in found for each in one.state.instances)
        return ready, limits_of(self.spec, found[0]) if len(found) == 1 else None

    def size(self):
        return min(size.desired for size in self.world.store.sizes.values())

    def run(self):
        store = self.world.store
        self.rollouts.start(by="ana")
        result = None
        for number in range(400):
            self.tell()
            if number < 25:
                self.happen()
            self.tell()
            result = self.look()
            if result.is_settled:
                break
            self.world.clock.advance(timedelta(seconds=self.draw.choice([15, 15, 40, 90])))
        if result.outcome is RolloutOutcome.NONE:  # the reply to the last write was lost
            result = None
        assert result is None or result.outcome in ENDS, result
        (key,) = store.sizes
        size = store.sizes[key]
        template = store.things[key].body["template"]
        images = {
            store.versions[self.template(key, template)][machine.version].body["image"] for machine in size.machines
        }
        assert images <= {"one"} or images <= {"two"}, images
        if self.is_bad and size.machines:
            assert images == {"one"}
        assert size.run is None
        assert size.paused is None
        if self.shares:
            ((pool,),) = ([each["name"] for each in store.things[key].body["load_balancers"]],)
            assert store.weights[pool] == 100
            assert sum(store.weights.values()) == 100
        fleet = self.new if images == {"two"} else self.old
        if images:
            plan = self.world.cloud.plan(fleet)
            assert not plan.waiting, plan.to_text()
        return images


@LAW
@given(st.integers(0, 2**32))
def test_in_place(seed):
    Story(seed, ["rolling", "canary"]).run()


@LAW
@given(st.integers(0, 2**32))
def test_with_two_groups(seed):
    Story(seed, ["blue-green"]).run()


def test_both_ends_are_reached():
    ends = [Story(seed, ["rolling", "canary", "blue-green"]).run() for seed in range(20)]
    assert {"one"} in ends
    assert {"two"} in ends
