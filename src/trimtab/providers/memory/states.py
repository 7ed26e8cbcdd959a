"""Groups of a store as they stand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trimtab.capabilities import MARK
from trimtab.models import Fleet
from trimtab.plan import Key
from trimtab.providers.base import (
    Activity,
    AlarmState,
    GroupState,
    Instance,
    InstanceState,
)
from trimtab.providers.importing import Imported
from trimtab.providers.lookup import group_not_found
from trimtab.providers.memory.resources import resource_of
from trimtab.providers.memory.store import Machine, MemoryStore, Size, StoredResource
from trimtab.providers.roles import LiveState


class MemoryLive(LiveState):
    """Groups of a store as they stand."""

    name = "memory"

    def __init__(self, store: MemoryStore, *, location: str) -> None:
        self.store = store
        self.location = location

    def read_states(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> Sequence[GroupState]:
        """The groups at these places, those that exist."""
        with self.store.lock:
            self.store.settle()
            self.store.call("read groups")
            keys = [Key(location, "group", name) for location, name in places]
            return [self._state(key) for key in keys if key in self.store.sizes]

    def _state(self, key: Key) -> GroupState:
        thing, size = self.store.things[key], self.store.sizes[key]
        mark = thing.mark
        return GroupState(
            name=key.name,
            location=key.location,
            min=thing.body["min"],
            max=thing.body["max"],
            desired=size.desired,
            instances=tuple(self._instance(machine, thing, size) for machine in size.machines),
            deleting=size.deleted is not None,
            group=mark.group if mark else "",
            fleet=mark.fleet if mark else "",
            paused=size.paused,
            controller=mark.kept.get(MARK, "") if mark else "",
            boost=size.boost,
            rollout=size.run,
            on_demand_base=_on_demand_base(thing.body),
        )

    def _instance(self, machine: Machine, group: StoredResource, size: Size) -> Instance:
        wanted = int(size.run.new) if size.run and size.run.in_place else group.body["template"]["version"]
        boots = self.store.clock.now() < machine.started + self.store.boot
        state = InstanceState.PENDING if boots else InstanceState.RUNNING
        state = InstanceState.STANDBY if machine.standby else state
        serves = state is InstanceState.RUNNING and machine.healthy
        return Instance(
            id=machine.id,
            zone=machine.zone,
            state=state,
            healthy=None if boots else machine.healthy,
            serving=serves if group.body.get("load_balancers") else None,
            size=machine.size,
            template=f"{group.body['template']['name']}:{machine.version}",
            outdated=machine.version != wanted,
            protected=machine.protected,
            private_address=machine.address,
            spot=machine.spot,
        )

    def candidates(self, name: str, location: str) -> Sequence[GroupState]:
        """The group with this native name, or those that are marked with this name within their fleet."""
        with self.store.lock:
            self.store.settle()
            key = Key(location, "group", name)
            if key in self.store.sizes:
                return [self._state(key)]
            return [
                self._state(key)
                for key in self.store.sizes
                if key.location == location and (mark := self.store.things[key].mark) and mark.group == name
            ]

    def import_group(self, location: str, name: str, *, fleet: str | None = None) -> Imported:
        """A group of the store, held against what translation makes of it."""
        key = Key(location, "group", name)
        with self.store.lock:
            self.store.settle()
            self.store.call("read group", key)
            if key not in self.store.things:
                raise group_not_found(name, location, "memory")
            resources = {
                thing_key: resource_of(self.store, thing_key, thing) for thing_key, thing in self.store.things.items()
            }
        from trimtab.providers.memory.importing import import_group

        return import_group(resources, key, location=self.location, now=self.store.clock.now(), fleet=fleet)

    def read_activities(self, location: str, name: str, limit: int) -> Sequence[Activity]:
        """What was done to the group's size, newest first."""
        with self.store.lock:
            self.store.settle()
            size = self.store.sizes.get(Key(location, "group", name))
            return size.activities[:limit] if size else []

    def read_last_activities(self, location: str, names: Sequence[str]) -> Mapping[str, Activity]:
        """The newest thing that was done to each."""
        latest = {name: self.read_activities(location, name, 1) for name in names}
        return {name: activities[0] for name, activities in latest.items() if activities}

    def read_alarms(self, fleet: Fleet) -> Sequence[AlarmState]:
        """Every alarm of the fleet; without metrics each is in want of data."""
        with self.store.lock:
            return [
                AlarmState(name=key.name, state="no-data", group=thing.mark.group)
                for key, thing in self.store.things.items()
                if key.kind == "alarm" and thing.mark is not None and thing.mark.fleet == fleet.name
            ]


def _on_demand_base(body: Mapping[str, Any]) -> int | None:
    purchase = body.get("purchase") or {}
    return int(purchase.get("on_demand_base") or 0) if purchase.get("spot") else None
