"""The cloud in memory as the contract moves it."""

from datetime import timedelta

import trimtab as tt
from trimtab import errors
from trimtab.providers.memory.store import MemoryStore

FIELDS = {
    "template": ("size", "m5.large"),
    "group": ("cooldown", "9m"),
    "policy": ("change", 3),
    "schedule": ("cron", "1 1 * * *"),
    "alarm": ("above", 99.0),
}


class MemoryWorld:
    def __init__(self):
        self.clock = tt.ManualClock()
        self.store = MemoryStore(self.clock)
        self.denied = ""
        self.store.fault = self._fault

    def _fault(self, operation, key):
        return errors.AccessDenied("not allowed", provider="memory") if operation == f"list {self.denied}" else None

    def connect(self, **settings):
        return tt.connect("memory", store=self.store, clock=self.clock, **settings)

    def advance(self, duration: timedelta):
        self.clock.advance(duration)

    def tamper(self, cloud, key):
        field, value = FIELDS[key.kind]
        self.store.things[key].body[field] = value
        return field

    def make_foreign(self, cloud, key):
        self.store.things[key].mark = None

    def push(self, group, metric, value):
        self.store.measures.add("local", group, metric, value, self.clock.now())

    def deny(self, kind):
        self.denied = kind

    def allow(self):
        self.denied = ""

    def writes(self):
        return sum(not call.startswith(("list", "read")) for call in self.store.calls)

    def boot_slowly(self):
        self.store.boot = timedelta(minutes=1)
