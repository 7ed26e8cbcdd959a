"""The toy, connected: four roles and the record that joins them."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from trimtab import Clock, Fleet
from trimtab.capabilities import supports_of
from trimtab.events import Listener, silent
from trimtab.providers import Actions, Means, Metrics, Note, Provider
from trimtab.providers.memory.acting import GroupActions
from trimtab.providers.memory.datapoints import MemoryMetrics
from trimtab.providers.memory.kinds import KINDS
from trimtab.providers.memory.provider import MemoryResources
from trimtab.providers.memory.states import MemoryLive
from trimtab.providers.memory.store import MemoryStore
from trimtab.providers.memory.translate import MemoryFacts
from trimtab.providers.translation import Translation


def connect(
    *,
    clock: Clock,
    shelf: MemoryStore | None = None,
    location: str = "attic",
    workers: int = 8,
    listener: Listener = silent,
) -> Provider:
    """
    The toy on a shelf.

    Args:
        clock: Tells the time and waits.
        shelf: What it keeps its groups on; an empty one of its own when left out.
        location: Where groups without a location live.
        workers: Of no use: it answers at once.
        listener: Told of nothing: it never tries again.
    """
    store = shelf or MemoryStore(clock)
    metrics = MemoryMetrics(store)
    return Provider(
        name="toy",
        location=location,
        kinds=KINDS,
        resources=ToyResources(store, location=location),
        live=ToyLive(store, location=location),
        actions=Actions(on=partial(GroupActions, store)),
        metrics=Metrics(read=metrics.read, publish=metrics.publish),
        connection=store,
    )


class ToyResources(MemoryResources):
    """Reads and writes a shelf; says what the toy does not do."""

    def translate(self, fleet: Fleet, facts: MemoryFacts, now: datetime) -> Translation:
        """What the cloud in memory makes of a fleet, and a problem for each feature that the toy lacks."""
        found = super().translate(fleet, facts, now)
        lacking = tuple(
            Note(f"{path}: {support.text}", group.name)
            for group in fleet.groups
            for _, path, support in supports_of(group, "toy")
            if support.means is Means.UNSUPPORTED
        )
        return Translation(resources=found.resources, notes=found.notes, problems=(*found.problems, *lacking))

    def permissions(self, fleet: Fleet, *, read_only: bool = False, controller: bool = False) -> Mapping[str, Any]:
        """Nobody is asked who they are."""
        return {}


class ToyLive(MemoryLive):
    """Groups of a shelf as they stand."""

    name = "toy"
