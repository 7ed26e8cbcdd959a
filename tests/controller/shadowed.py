"""A fleet that the emulator of a cloud scales by itself, under a load, with a shadow beside it."""

import math
import random
from dataclasses import dataclass, field
from datetime import timedelta
from unittest import mock

import trimtab as tt
from trimtab.controller import Controller
from trimtab.store import open_store
from trimtab.testing.clouds import TEST_CLOUDS

MINUTE = timedelta(minutes=1)
TEMPLATES = {
    "aws": {"image": "ami-12c6146b", "size": "t3.small"},
    "azure": {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_D2s_v5"},
    "gcp": {"image": "projects/debian-cloud/global/images/family/debian-12", "size": "e2-small"},
}
STEPS = {
    "policies": {"out": {"change": 2, "cooldown": "5m"}, "in": {"change": -1, "cooldown": "5m"}},
    "alarms": {
        "hot": {"metric": "cpu", "above": 70, "periods": 3, "triggers": ["out"]},
        "cold": {"metric": "cpu", "below": 30, "periods": 5, "triggers": ["in"]},
    },
}
SLOWER = {**STEPS, "alarms": {**STEPS["alarms"], "hot": {**STEPS["alarms"]["hot"], "periods": 5}}}
"""Azure averages over five minutes at least: https://learn.microsoft.com/azure/templates/microsoft.insights/autoscalesettings"""
TARGET = {"policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60}}}
OFFICE = {"schedules": {"office": {"cron": "0 8 * * *", "until": "0 18 * * *", "zone": "Europe/Madrid", "min": 4}}}
GROUPS = {
    "aws": {"steps": STEPS, "target": TARGET},
    "azure": {"steps": SLOWER, "office": {**SLOWER, **OFFICE}},
    "gcp": {"target": TARGET, "office": {**TARGET, **OFFICE}},
}


def day_and_night(seed):
    """A load in instances at full use, minute by minute: a day's wave, noise, and three sudden peaks."""
    draw = random.Random(seed)
    peaks = [(draw.randrange(0, 1440), draw.randrange(20, 60), draw.uniform(2, 5)) for _ in range(3)]
    minute = 0
    while True:
        of_day = minute % 1440
        load = 2.2 - 1.6 * math.cos(2 * math.pi * (of_day - 180) / 1440) + draw.gauss(0, 0.15)
        load += sum(height for begin, length, height in peaks if begin <= of_day < begin + length)
        yield max(0.1, load)
        minute += 1


@dataclass
class Shadowed:
    """One cloud with its own scalers at work, and a shadow that ticks each minute."""

    provider: str
    test_cloud: object
    groups: dict = None
    controller_sizes: bool = False
    cpu: dict = field(default_factory=dict)
    measured: dict = field(default_factory=dict)

    def __post_init__(self):
        place = {"aws": {"zones": ["us-east-1a"]}}.get(self.provider, {})
        if self.provider == "azure":
            place = {"subnets": [self.test_cloud.make_network("network", "subnet")]}
        self.place = place
        self.clock = self.test_cloud.clock
        self.cloud = self.test_cloud.connect()
        self.fleet = self.fleet_of(self.groups or GROUPS[self.provider], controller=self.controller_sizes)
        plan = self.cloud.plan(self.fleet)
        assert not plan.problems, [str(problem) for problem in plan.problems]
        self.cloud.apply(plan).raise_for_failures()
        self.clock.advance(10 * MINUTE)
        self.store = open_store("sqlite://")
        self.shadow = self.controller()
        self.running = dict.fromkeys([group.name for group in self.fleet.groups], 3)
        self.points = {name: self._point(name) for name in self.running}
        self.clock.advance(10 * MINUTE)

    def fleet_of(self, groups, **fields):
        shared = {
            "capacity": {"min": 1, "max": 12, "desired": 3},
            "template": TEMPLATES[self.provider],
            "placement": self.place,
            "warm_up": "2m",
        }
        return tt.Fleet(name="shop", groups={name: {**shared, **own} for name, own in groups.items()}, **fields)

    def controller(self, fleet=None, **settings):
        return Controller(fleet or self.fleet, self.cloud, store=self.store, shadow=True, **settings)

    def minute(self, load, *, others=(), is_measured=True):
        """Measure, let the cloud act, tick."""
        points = []
        for name, running in self.running.items():
            self.cpu[name] = round(min(100.0, 100 * load / max(1, running)), 3)
            factor, point = self.points[name]
            self.measured.setdefault(name, []).append((self.clock.now(), running, self.cpu[name]))
            points.append({**point, "value": self.cpu[name] * factor, "at": self.clock.now().isoformat()})
        if is_measured:
            self.test_cloud.emulator.doors.push(points)
        self.clock.advance(MINUTE)
        for controller in (self.shadow, *others):
            tick = controller.tick()
            assert not tick.error
            self.running.update({each.group: each.running for each in tick})
        return tick

    def _point(self, name):
        """A datapoint of the group's CPU as its cloud names it, and what one per cent is there."""
        pushed, doors = [], self.test_cloud.emulator.doors
        with mock.patch.object(type(doors), "push", lambda _, points, **_more: pushed.extend(points)):
            self.test_cloud.push(tt.metrics.cpu, group=f"shop-{name}", value=1.0)
        (point,) = pushed
        return point["value"], point

    def close(self):
        self.shadow.close()
        self.store.close()
        self.cloud.close()


def started(provider):
    return TEST_CLOUDS[provider].started()
