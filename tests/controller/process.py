"""A controller in a process of its own, on the Google emulator's clock: a line in is a tick, a line out its result."""

import json
import sys
from pathlib import Path

import trimtab as tt
from trimtab.controller import Controller
from trimtab.emulators import ControlClient
from trimtab.sources import Function


class WireClock:
    """The emulator's clock, asked over the wire."""

    def __init__(self, endpoint):
        self._doors = ControlClient(endpoint)

    def now(self):
        return self._doors.now()

    def sleep(self, duration):
        self._doors.advance(duration)


def make_fleet():
    """A group that Google cannot size."""
    group = {
        "capacity": {"min": 1, "max": 20, "desired": 4},
        "template": {"image": "projects/debian-cloud/global/images/family/debian-12", "size": "e2-small"},
        "warm_up": "0s",
        "stabilization": "0s",
        "policies": {"out": {"change": 2, "cooldown": "5m"}},
        "alarms": {"many": {"metric": {"external": "orders"}, "above": 100, "triggers": ["out"]}},
    }
    return tt.Fleet(name="shop", groups={"web": group}, controller=True, sources={"orders": {}})


def tell(data):
    """A line of JSON."""
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


def main(store, orders, **connection):
    """Tick for each line, until there is none."""
    clock = WireClock(connection["endpoint"])
    cloud = tt.connect("gcp", clock=clock, **connection)
    source = Function("orders", lambda query: float(Path(orders).read_text()), clock=clock)
    controller = Controller(make_fleet(), cloud, sources=[source], store=store)
    tell({"owner": controller.owner})
    for _ in sys.stdin:
        tell(controller.tick().to_dict())


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
