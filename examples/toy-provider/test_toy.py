"""The toy keeps the contract that every provider of trimtab keeps. Run it where `trimtab-toy` is installed."""

from datetime import timedelta
from typing import Any

import pytest
from trimtab_toy.declarations import TOY

import trimtab as tt
from trimtab import errors
from trimtab.providers import Key, declarations_of, provider_names
from trimtab.providers.memory.store import MemoryStore
from trimtab.testing import ProviderContract

FLEET = """
name: shop
defaults:
  template: {image: {id: toy-1}, size: small}
  capacity: {min: 2, max: 6}
  policies: {out: {change: 1}, in: {change: -1}}
  alarms:
    hot: {metric: cpu, above: 70, triggers: [out]}
    cold: {metric: cpu, below: 30, triggers: [in]}
  schedules: {day: {cron: "0 8 * * *", zone: Europe/Paris, min: 3, duration: 10h}}
groups:
  web: {settings: {toy: {racks: 2}}}
  api: {}
"""
TAMPERED = {
    "template": ("size", "large"),
    "group": ("cooldown", "9m"),
    "policy": ("change", 3),
    "schedule": ("cron", "1 1 * * *"),
    "alarm": ("above", 99.0),
}


class ToyWorld:
    """A shelf, and what the suite does to it."""

    def __init__(self) -> None:
        self.clock = tt.ManualClock()
        self.shelf = MemoryStore(self.clock)
        self.denied = ""
        self.shelf.fault = self._fault

    def _fault(self, operation: str, key: Key | None) -> errors.ProviderError | None:
        return errors.AccessDenied("not allowed", provider="toy") if operation == f"list {self.denied}" else None

    def connect(self, **settings: Any) -> tt.Cloud:
        return tt.connect("toy", shelf=self.shelf, clock=self.clock, **settings)

    def advance(self, duration: timedelta) -> None:
        self.clock.advance(duration)

    def tamper(self, cloud: tt.Cloud, key: Key) -> str:
        field, value = TAMPERED[key.kind]
        self.shelf.things[key].body[field] = value
        return field

    def make_foreign(self, cloud: tt.Cloud, key: Key) -> None:
        self.shelf.things[key].mark = None

    def push(self, group: str, metric: tt.Metric, value: float) -> None:
        self.shelf.measures.add("attic", group, metric, value, self.clock.now())

    def deny(self, kind: str) -> None:
        self.denied = kind

    def allow(self) -> None:
        self.denied = ""

    def writes(self) -> int:
        return sum(not call.startswith(("list", "read")) for call in self.shelf.calls)

    def boot_slowly(self) -> None:
        self.shelf.boot = timedelta(minutes=1)


class TestToy(ProviderContract):
    """The whole contract."""

    @pytest.fixture
    def world(self) -> ToyWorld:
        return ToyWorld()

    @pytest.fixture
    def fleet(self) -> tt.Fleet:
        return tt.parse_fleet(FLEET)


def test_it_is_found_by_its_entry_point() -> None:
    assert "toy" in provider_names()
    assert declarations_of("toy") is TOY


def test_its_settings_are_carried() -> None:
    with ToyWorld().connect() as cloud:
        plan = cloud.plan(tt.parse_fleet(FLEET))
    bodies = [change.wanted.body for change in plan if change.wanted and change.key.kind == "group"]
    assert [body.get("settings") for body in bodies] == [{"toy": {"racks": 2}}, None]


@pytest.mark.parametrize(("settings", "text"), [("racks: 9", "give 8 or less"), ("rakcs: 2", "did you mean `racks`")])
def test_wrong_settings_name_their_place(settings: str, text: str) -> None:
    fleet = tt.parse_fleet(FLEET.replace("racks: 2", settings), name="fleet.yaml")
    with ToyWorld().connect() as cloud, pytest.raises(errors.ConfigError, match=text) as caught:
        cloud.plan(fleet)
    assert "fleet.yaml:12: group 'web': settings.toy.ra" in str(caught.value)
    with ToyWorld().connect() as cloud:
        assert not cloud.destroy(fleet).problems


def test_what_it_lacks_is_a_problem() -> None:
    fleet = tt.parse_fleet(FLEET.replace("api: {}", "api: {purchase: {spot: true}}"))
    with ToyWorld().connect() as cloud:
        (problem,) = cloud.plan(fleet).problems
    assert str(problem) == "fleet.yaml:13: group api: purchase.spot: nobody takes a toy away"
