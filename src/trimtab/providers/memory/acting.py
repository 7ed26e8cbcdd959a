"""What is done to one group of a store."""

from dataclasses import replace

from trimtab.errors import NotFound
from trimtab.plan import Key
from trimtab.providers.lookup import group_not_found
from trimtab.providers.memory.store import Size, Store
from trimtab.providers.pause import Boost, Pause
from trimtab.providers.policy_execution import executed_size


class GroupActions:
    """Acts on one group of a store."""

    def __init__(self, store: Store, location: str, name: str) -> None:
        self.store = store
        self.location = location
        self.name = name

    def set_capacity(self, desired: int) -> None:
        """Ask for a size."""
        with self.store.lock:
            key, _ = self._find("set capacity")
            self.store.resize(key, desired, "somebody asked for it")

    def execute(self, policy: str, *, value: float | None, threshold: float | None) -> None:
        """Go to the size that the policy asks for."""
        with self.store.lock:
            key, size = self._find("execute policy")
            existing = self.store.things.get(Key(self.location, "policy", policy, self.name))
            if existing is None:
                raise NotFound(f"group {self.name!r} has no policy {policy!r}", provider="memory")
            body = self.store.things[key].body
            wanted = executed_size(
                {"name": policy, **existing.body},
                size.desired,
                body["min"],
                body["max"],
                value=value,
                threshold=threshold,
            )
            self.store.resize(key, wanted, f"policy {policy} was executed")

    def pause(self, pause: Pause) -> None:
        """Let no schedule fire."""
        with self.store.lock:
            _, size = self._find("pause")
            size.paused = replace(pause, held=("policies", "schedules"))

    def resume(self) -> None:
        """Let schedules fire again."""
        with self.store.lock:
            _, size = self._find("resume")
            size.paused = None

    def boost(self, boost: Boost) -> None:
        """Hold the minimum until the boost is over."""
        with self.store.lock:
            key, size = self._find("boost")
            size.boost = replace(boost, held=())
            self.store.enforce(key, self.store.clock.now())

    def end_boost(self) -> None:
        """Give back the minimum."""
        with self.store.lock:
            key, size = self._find("end boost")
            if size.boost is not None:
                size.boost = None
                self.store.enforce(key, self.store.clock.now())

    def _find(self, operation: str) -> tuple[Key, Size]:
        """The group, with what was due on it done."""
        self.store.settle()
        key = Key(self.location, "group", self.name)
        self.store.call(operation, key)
        if key not in self.store.sizes:
            raise group_not_found(self.name, self.location, "memory")
        return key, self.store.sizes[key]
