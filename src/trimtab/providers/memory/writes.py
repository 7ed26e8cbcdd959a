"""What is written to a store."""

from collections.abc import Sequence
from typing import Any

from trimtab.errors import AlreadyExists, NotFound, ProviderError
from trimtab.plan import Action, Key, revealed
from trimtab.providers.base import (
    Write,
    Written,
)
from trimtab.providers.memory.kinds import id_of
from trimtab.providers.memory.store import MemoryStore


class Writer:
    """Writes to a store, each change at once."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Each change in turn."""
        results: list[Written] = []
        with self.store.lock:
            self.store.settle()
            for write in writes:
                try:
                    results.append(self._write(write))
                except ProviderError as error:
                    results.append(error)
        return results

    def _write(self, write: Write) -> dict[str, Any]:
        change, key, store = write.change, write.change.key, self.store
        store.call(f"{change.action.value} {key.kind}", key)
        if change.action in (Action.DELETE, Action.REPLACE):
            self._delete(key)
        if change.action is not Action.DELETE:
            self._put(write)
        thing = store.things.get(key)
        return {"id": id_of(key), "version": thing.version} if thing else {}

    def _delete(self, key: Key) -> None:
        try:
            self.store.delete(key)
        except NotFound:
            return
        while key in self.store.sizes:
            self.store.clock.sleep(self.store.deletion)
            self.store.settle()

    def _put(self, write: Write) -> None:
        change, key, store = write.change, write.change.key, self.store
        body = revealed(write.body)
        mark = change.wanted.mark if change.wanted else None
        existing = store.things.get(key)
        if key.kind == "group" and (existing is None or change.action in (Action.CREATE, Action.REPLACE)):
            self._create_group(key, body, write)
        elif change.action is Action.CREATE and existing is not None and key.kind != "template":
            if existing.mark != mark:
                raise AlreadyExists(f"{key} exists", provider="memory", operation="create")
            store.put(key, body, mark)
        else:
            desired = body.pop("desired", None) if key.kind == "group" else None
            store.put(key, body, mark)
            if key.kind == "group":
                resized = any(item.path == "desired" for item in change.fields)
                store.bound(key, "the bounds were changed")
                if resized and desired is not None:
                    store.resize(key, desired, "the size was changed")

    def _create_group(self, key: Key, body: dict[str, Any], write: Write) -> None:
        size = self.store.sizes.get(key)
        if size is not None and size.deleted is not None:
            self.store.clock.sleep(self.store.deletion)
            self.store.settle()
        existing = self.store.things.get(key)
        mark = write.change.wanted.mark if write.change.wanted else None
        if existing is not None:
            if existing.mark is None or mark is None or existing.mark.fleet != mark.fleet:
                raise AlreadyExists(f"{key} exists", provider="memory", operation="create")
            self.store.put(key, {name: value for name, value in body.items() if name != "desired"}, mark)
            return
        self.store.create_group(key, body, mark)
