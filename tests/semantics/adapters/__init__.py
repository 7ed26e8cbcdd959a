"""One small adapter for each `op` of the case files: it renames, the engine answers."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Answer = Mapping[str, Any]
Adapter = Callable[[Mapping[str, Any]], Answer]


@dataclass(frozen=True)
class Entry:
    """An adapter, and the keys of `given` that tell its op from another of the same name."""

    op: str
    keys: frozenset[str]
    run: Adapter


REGISTER: list[Entry] = []


def adapter(op: str, *keys: str) -> Callable[[Adapter], Adapter]:
    """Register an adapter for `op` where `given` has all of `keys`."""

    def keep(run: Adapter) -> Adapter:
        REGISTER.append(Entry(op, frozenset(keys), run))
        return run

    return keep


def find_adapter(given: Mapping[str, Any]) -> Adapter:
    """The adapter for a row: the one whose keys say the most about it."""
    found = [entry for entry in REGISTER if entry.op == given["op"] and entry.keys <= given.keys()]
    if not found:
        raise LookupError(f"no adapter for op {given['op']!r} with {sorted(given.keys() - {'op'})}")
    return max(found, key=lambda entry: len(entry.keys)).run


for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")
