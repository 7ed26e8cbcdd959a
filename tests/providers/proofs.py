"""The three clouds as the proofs of faults and of other people's things want them, each asked in the same way."""

import importlib
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from tests.providers.emulated import EMULATORS, SDKS

WORLDS = {"aws": "AwsWorld", "azure": "AzureWorld", "gcp": "GcpWorld"}


@dataclass
class Proof:
    """
    One cloud on an emulator, with a connection that makes one write at a time.

    Attributes:
        module: The cloud's own fleets, scenarios and things of others.
        world: Makes the emulator's account anew.
        events: What the connection told.
    """

    name: str
    emulator: Any
    module: Any
    world: Callable[[Any], Any]
    events: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cloud = self._connect()
        self.expected = cache(self._expected)

    def _connect(self) -> Any:
        settings = {"workers": 1, "listener": self.events.append}
        if self.name == "gcp":
            self.emulator.doors.reset()
            return self.world(self.emulator).connect(**settings)
        return self.module.connect_to(self.emulator.endpoint, listener=self.events.append)

    def prepared(self, scenario: Any, *, foreign: bool = False) -> Any:
        """An account made anew with what there is before a scenario, and with things of others."""
        self.emulator.doors.reset()
        world = self.world(self.emulator)
        if foreign:
            about = (self.cloud,) if self.name == "gcp" else (world,)
            self.module.make_foreign_things(*about)
        scenario.prepare(*((world, self.cloud) if self.name == "aws" else (self.cloud,)))
        self.events.clear()
        world.doors.clear_requests()
        return world

    def _expected(self, name: str) -> tuple[Any, list[Any]]:
        """What one untroubled run of a scenario leaves of ours, and the writes that it takes."""
        scenario = self.module.SCENARIOS[name]
        world = self.prepared(scenario)
        scenario.run(self.cloud).raise_for_failures()
        writes = [call for call in world.doors.requests() if call.write]
        return self.names(world), writes

    def state(self, world: Any) -> Any:
        """Everything that the cloud has."""
        return self.module.State(world, self.cloud) if self.name == "gcp" else self.module.State(world)

    def names(self, world: Any) -> Any:
        """What is ours, by kind and name, as often as it is there."""
        return self.state(world).names()

    def is_as_after_one_run(self, world: Any, name: str) -> bool:
        """Whether what is ours is what one run leaves; a launch template may have one version more."""
        found, expected = self.names(world), self.expected(name)[0]
        if self.name != "aws":
            return found == expected
        more = [found["versions"][each] - number for each, number in expected["versions"].items()]
        return set(more) <= {0, 1} and {**found, "versions": {}} == {**expected, "versions": {}}

    def foreign(self, world: Any) -> Any:
        """What is not ours, letter for letter."""
        return self.state(world).foreign()


@contextmanager
def proving(name):
    """The proof of a cloud; skips where its SDK is not installed."""
    pytest.importorskip(SDKS[name])
    emulators = importlib.import_module("trimtab.emulators")
    module = importlib.import_module(f"tests.providers.{name}.proof")
    world = getattr(importlib.import_module(f"tests.providers.{name}.world"), WORLDS[name])
    with getattr(emulators, EMULATORS[name])() as emulator:
        proof = Proof(name, emulator, module, world)
        with proof.cloud:
            yield proof
