"""A cloud in memory with one fleet under rollout, for tests."""

import trimtab as tt
from trimtab.models import Rollout
from trimtab.providers.memory.store import MemoryStore

HOT = {"name": "hot", "metric": "cpu", "above": 70, "triggers": ["out"]}
LOUD = {"name": "loud", "metric": "cpu", "above": 90, "notify": ["ops@example.org"]}
SCALING = {
    "policies": [tt.SimplePolicy(name="out", change=1)],
    "alarms": [HOT, LOUD],
    "schedules": [tt.Schedule(name="day", cron="0 8 * * *", zone="UTC", min=2)],
    "load_balancers": ["front"],
}
"""What moves with a group, beside its instances."""


def make_fleet(image="one", *, size=4, rollout=None, **more):
    """A fleet of one group, from an image."""
    group = tt.ScalingGroup(
        name="web",
        capacity=tt.Capacity(min=1, max=10, desired=size),
        template=tt.InstanceTemplate(image=image, size="small"),
        rollout=Rollout() if rollout is None else rollout,
        **more,
    )
    return tt.Fleet(name="shop", groups=[group])


class World:
    """The cloud, its clock, and what a cloud knows that nobody else does."""

    def __init__(self):
        self.clock = tt.ManualClock()
        self.store = MemoryStore(self.clock)
        self.cloud = tt.connect("memory", store=self.store, clock=self.clock)

    def apply(self, fleet):
        plan = self.cloud.plan(fleet)
        self.cloud.apply(plan).raise_for_failures()
        return plan

    @property
    def machines(self):
        (size,) = self.store.sizes.values()
        return size.machines

    def versions(self):
        return sorted(machine.version for machine in self.machines)
