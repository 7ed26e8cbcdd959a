"""What is done to one group of a store."""

from collections.abc import Sequence
from dataclasses import replace

from trimtab.errors import InvalidRequest, NotFound
from trimtab.plan import Key
from trimtab.providers.base import GroupState, Instance, InstanceState
from trimtab.providers.lookup import group_not_found
from trimtab.providers.memory.store import Machine, MemoryStore, Size
from trimtab.providers.pause import Boost, Pause
from trimtab.providers.policy_execution import executed_size
from trimtab.providers.sizes import check_shrink


class GroupActions:
    """Acts on one group of a store."""

    def __init__(self, store: MemoryStore, location: str, name: str) -> None:
        self.store = store
        self.location = location
        self.name = name

    def set_capacity(self, desired: int) -> None:
        """Ask for a size."""
        with self.store.lock:
            key, _ = self._find("set capacity")
            self.store.resize(key, desired, "somebody asked for it")

    def set_mix(self, size: int, *, base: int) -> None:
        """Ask for a size and another on-demand base; what runs stays."""
        with self.store.lock:
            key, group = self._find("set mix")
            purchase = {**(self.store.things[key].body.get("purchase") or {}), "on_demand_base": base}
            self.store.things[key].body["purchase"] = purchase
            if size != group.desired:
                self.store.resize(key, size, "somebody asked for it", bounded=False)
            else:
                self.store.fill(key, self.store.clock.now())

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

    def protect(self, instances: Sequence[Instance], *, protected: bool) -> None:
        """Have scaling in spare them, or not any more."""
        with self.store.lock:
            _, size = self._find("protect")
            for machine in _machines(size, instances):
                machine.protected = protected

    def drain(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """Let them stand by."""
        self._check(state, instances, shrink=shrink)
        with self.store.lock:
            key, size = self._find("drain")
            serving = [machine for machine in _machines(size, instances) if not machine.standby]
            wanted = self._wanted(key, size, serving, shrink=shrink)
            for machine in serving:
                machine.standby = True
            if serving:
                self.store.resize(key, wanted, "somebody drained instances")

    def end_instances(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """End them, in one step."""
        self._check(state, instances, shrink=shrink)
        with self.store.lock:
            key, size = self._find("end instances")
            leavers = _machines(size, instances)
            wanted = self._wanted(key, size, [machine for machine in leavers if not machine.standby], shrink=shrink)
            size.machines = [machine for machine in size.machines if machine not in leavers]
            if leavers:
                self.store.resize(key, wanted, "somebody ended instances")

    def _check(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        if shrink:
            counted = [instance for instance in instances if instance.state is not InstanceState.STANDBY]
            check_shrink(state, counted, "memory")

    def _wanted(self, key: Key, size: Size, leavers: Sequence[Machine], *, shrink: bool) -> int:
        """The size without them; as many may have gone since it was read as leave it too small."""
        wanted = size.desired - (len(leavers) if shrink else 0)
        low = self.store.things[key].body["min"]
        if wanted < low:
            text = f"the size of {self.name!r} would be {wanted}, below its minimum of {low}"
            raise InvalidRequest(text, provider="memory", operation="shrink")
        return wanted

    def _find(self, operation: str) -> tuple[Key, Size]:
        """The group, with what was due on it done."""
        self.store.settle()
        key = Key(self.location, "group", self.name)
        self.store.call(operation, key)
        if key not in self.store.sizes:
            raise group_not_found(self.name, self.location, "memory")
        return key, self.store.sizes[key]


def _machines(size: Size, instances: Sequence[Instance]) -> list[Machine]:
    """Those of them that are still there."""
    wanted = {instance.id for instance in instances}
    return [machine for machine in size.machines if machine.id in wanted]
