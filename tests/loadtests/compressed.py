"""A fleet in memory whose minutes are seconds: web servers behind a real HAProxy, sized by a controller that counts."""

import threading
import time
from contextlib import contextmanager, suppress

import trimtab as tt
from tests.haproxy.local import WebServers, local_haproxy
from trimtab.providers.memory.store import MemoryStore
from trimtab.sources import Function
from trimtab.store import open_store

SPEED = 60
_LOOK = 0.1


def make_fleet(haproxy, per_instance):
    """One group behind a HAProxy, sized by how many requests a minute an instance gets."""
    behind = {
        "socket": haproxy.socket,
        "backend": "web",
        "port": 80,
        "path": "/up",
        "drain": "2s",
        "max_connections": 1,
    }
    alarm = {"metric": {"external": "load"}, "above": per_instance, "period": "1m", "triggers": ["out"]}
    web = {
        "capacity": {"min": 1, "max": 4, "desired": 1},
        "template": {"image": "img", "size": "s"},
        "load_balancers": [{"haproxy": behind}],
        "policies": {"out": {"change": 1, "cooldown": "2m"}},
        "alarms": {"busy": alarm},
        "warm_up": "0s",
    }
    return tt.Fleet.model_validate(
        {
            "name": "shop",
            "controller": True,
            "sources": {"load": {}},
            "loadtest": {"hosts": [f"127.0.0.1:{haproxy.port}"]},
            "groups": {"web": web},
        }
    )


class CompressedFleet:
    """Its clock runs with the machine's, `SPEED` times as fast; each of its minutes the controller ticks once."""

    def __init__(self, haproxy, *, work, per_instance):
        self.fleet = make_fleet(haproxy, per_instance)
        self.clock, self.servers = tt.ManualClock(), WebServers()
        self.servers.work = work
        self.cloud = tt.connect("memory", store=MemoryStore(self.clock), clock=self.clock)
        self.cloud.apply(self.cloud.plan(self.fleet)).raise_for_failures()
        self.clock.advance(tt.minutes(2))
        self.sync = tt.HaproxySync(self.fleet, self.cloud, endpoint=self.servers.endpoint)
        self.sync.sync(wait=tt.seconds(20))
        self._counted, self._value = 0, 0.0
        source = Function("load", lambda query: self._value, clock=self.clock)
        self._store = open_store("sqlite://")
        self._controller = tt.Controller(
            self.fleet, self.cloud, sources=[source], store=self._store, haproxies=self.sync
        )
        self._stop, self._thread = threading.Event(), threading.Thread(target=self._run, daemon=True)

    @property
    def served(self):
        """How many requests the instances have counted, those that are gone too."""
        return sum(self.servers.served.values())

    def _run(self):
        begin, past = time.monotonic(), 0.0
        minute = 0
        while not self._stop.wait(_LOOK):
            now = (time.monotonic() - begin) * SPEED
            self.clock.advance(tt.seconds(1) * (now - past))
            past = now
            if now // 60 > minute:
                self._tick(now // 60 - minute)
                minute = now // 60
            self.sync.sync()

    def _tick(self, minutes):
        instances = self.cloud.group("shop-web").read().running
        # a second of the machine's is a minute of the fleet's: so many requests a minute and instance
        self._value = (self.served - self._counted) / minutes * SPEED / max(instances, 1)
        self._counted = self.served
        self._controller.tick()

    def close(self):
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(30)
        self._controller.close()
        self._store.close()
        self.servers.close()
        self.cloud.close()


@contextmanager
def compressed_fleet(*, work=0.01, per_instance=1_500, runs=True):
    """A fleet that runs until the block ends."""
    with local_haproxy() as haproxy:
        world = CompressedFleet(haproxy, work=work, per_instance=per_instance)
        world.url = f"http://127.0.0.1:{haproxy.port}/"
        try:
            if runs:
                world._thread.start()
            yield world
        finally:
            with suppress(RuntimeError):
                world.close()
