"""A fleet in memory that the controller sizes by a number that a test sets, and its controller."""

from datetime import timedelta

import pytest

import trimtab as tt
from trimtab.controller import Controller
from trimtab.sources import Function
from trimtab.store import open_store
from trimtab.testing import MemoryTestCloud

MINUTE = timedelta(minutes=1)
ORDERS = {"external": "orders"}
OUT = {
    "policies": {"out": {"change": 2, "cooldown": "5m"}, "in": {"change": -1, "cooldown": "5m"}},
    "alarms": {
        "many": {"metric": ORDERS, "above": 100, "triggers": ["out"]},
        "few": {"metric": ORDERS, "below": 10, "triggers": ["in"]},
    },
}


def make_group(**fields):
    return {
        "capacity": {"min": 1, "max": 20, "desired": 4},
        "template": {"image": "ubuntu", "size": "small"},
        "warm_up": "0s",
        "stabilization": "0s",
        **OUT,
        **fields,
    }


def make_fleet(*names, **fields):
    groups = {name: make_group(**fields) for name in names or ("web",)}
    return tt.Fleet(name="shop", groups=groups, controller=True, sources={"orders": {}})


class World:
    """One cloud in memory, the number of orders, and as many controllers as a test wants."""

    def __init__(self, test_cloud, store):
        self.test_cloud, self.store = test_cloud, store
        self.clock = test_cloud.clock
        self.cloud = test_cloud.connect()
        self.orders = 50.0
        self.fleet = make_fleet()
        self.made = []

    def apply(self, fleet=None, **fields):
        self.fleet = fleet or make_fleet(**fields)
        self.cloud.apply(self.cloud.plan(self.fleet)).raise_for_failures()
        self.clock.advance(MINUTE)
        return self

    def controller(self, fleet=None, cloud=None, **more):
        source = Function("orders", self._count, clock=self.clock)
        settings = {"store": self.store, **more}
        made = Controller(fleet or self.fleet, cloud or self.cloud, sources=[source], **settings)
        self.made.append(made)
        return made

    def _count(self, query):
        if isinstance(self.orders, Exception):
            raise self.orders
        return self.orders

    def size(self, group="web"):
        return self.cloud.group(f"shop-{group}").read().desired

    def after(self, minutes=1):
        self.clock.advance(minutes * MINUTE)


@pytest.fixture(name="store")
def _store():
    store = open_store("sqlite://")
    yield store
    store.close()


@pytest.fixture(name="world")
def _world(store):
    with MemoryTestCloud.started() as test_cloud:
        world = World(test_cloud, store)
        yield world
        world.cloud.close()
