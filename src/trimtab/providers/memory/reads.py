"""What stands in a store."""

from collections.abc import Iterable

from trimtab.errors import ProviderError
from trimtab.models import Fleet
from trimtab.plan import Key, Live, Resource, Unknown
from trimtab.providers.errors import unread
from trimtab.providers.memory.kinds import KINDS
from trimtab.providers.memory.resources import resource_of
from trimtab.providers.memory.store import MemoryStore


def read_fleet(store: MemoryStore, fleet: Fleet, location: str) -> Live:
    """Everything in the fleet's locations; a kind whose read fails is unknown."""
    places = {location, *(group.location for group in fleet.groups if group.location)}
    unknown: list[Unknown] = []
    resources: dict[Key, Resource] = {}
    with store.lock:
        store.settle()
        for place in sorted(places):
            for kind in KINDS:
                try:
                    store.call(f"list {kind}")
                except ProviderError as error:
                    unknown += unread([place], kind, error)
                    continue
                resources.update(_listed(store, place, kind))
    return Live(resources=resources, unknown=tuple(unknown), locations=tuple(sorted(places)))


def _listed(store: MemoryStore, place: str, kind: str) -> Iterable[tuple[Key, Resource]]:
    for key, thing in store.things.items():
        if key.location == place and key.kind == kind:
            yield key, resource_of(store, key, thing)
