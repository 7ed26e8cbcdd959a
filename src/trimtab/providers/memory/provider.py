"""The provider of the cloud in memory."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from trimtab.clock import Clock
from trimtab.errors import AlreadyExists, InvalidRequest, NotFound, ProviderError
from trimtab.events import Listener, silent
from trimtab.models import Fleet
from trimtab.plan import Action, Key, Live, Note, Resource, Unknown, digest, revealed
from trimtab.plan.resource import Secret
from trimtab.providers.base import (
    Activity,
    AlarmState,
    Facts,
    GroupState,
    Instance,
    InstanceState,
    Write,
    Written,
)
from trimtab.providers.memory.kinds import KINDS
from trimtab.providers.memory.store import Machine, Store, Thing
from trimtab.providers.memory.translate import translate


def connect(
    *,
    clock: Clock,
    store: Store | None = None,
    location: str = "local",
    workers: int = 8,
    listener: Listener = silent,
) -> "MemoryProvider":
    """A provider on `store`, or on an empty one of its own."""
    return MemoryProvider(store or Store(clock), location=location)


class MemoryProvider:
    """Reads and writes a `Store`; does what the real providers do, at once and without a network."""

    name = "memory"
    kinds = KINDS

    def __init__(self, store: Store, *, location: str = "local") -> None:
        self.store = store
        self.location = location

    def read(self, fleet: Fleet) -> Live:
        """Everything in the fleet's locations; a kind whose read fails is unknown."""
        places = {self.location, *(group.location for group in fleet.groups if group.location)}
        unknown: list[Unknown] = []
        found: dict[Key, Resource] = {}
        with self.store.lock:
            self.store.settle()
            for place in sorted(places):
                for kind in KINDS:
                    try:
                        self.store.call(f"list {kind}")
                    except ProviderError as error:
                        unknown.append(Unknown(place, kind, str(error)))
                        continue
                    found.update(self._listed(place, kind))
        return Live(resources=found, unknown=tuple(unknown), locations=tuple(sorted(places)))

    def _listed(self, place: str, kind: str) -> Iterable[tuple[Key, Resource]]:
        for key, thing in self.store.things.items():
            if key.location == place and key.kind == kind:
                yield key, self._resource(key, thing)

    def _resource(self, key: Key, thing: Thing) -> Resource:
        size = self.store.sizes.get(key)
        body = dict(thing.body)
        attributes: dict[str, Any] = {"id": key.name, "version": thing.version}
        if "user_data" in body:
            body["user_data"] = Secret(body["user_data"])
        if size is not None:
            body["desired"] = size.desired
            old = sum(machine.version != body["template"]["version"] for machine in size.machines)
            attributes |= {"instances": len(size.machines), "outdated": old}
        deleting = size is not None and size.deleted is not None
        group = thing.mark.group if thing.mark else ""
        return Resource(key=key, body=body, group=group, mark=thing.mark, attributes=attributes, deleting=deleting)

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> Facts:
        """Images by match: the one kept at creation, else the newest of the store's."""
        images: dict[str, str] = {}
        kept: dict[str, dict[str, str]] = {}
        notes: list[Note] = []
        problems: list[Note] = []
        for group in fleet.groups:
            wanted = group.template.image
            if wanted.newest is None:
                continue
            selector = digest(wanted.model_dump(mode="json"))[:8]
            newest = (self.store.images.get(wanted.newest) or [""])[-1]
            key = Key(group.location or self.location, "template", fleet.native_name(group))
            there = live.resources.get(key)
            before = there.mark.kept.get("image", "") if there and there.mark else ""
            known, _, image = before.partition(":")
            if known != selector or not image or "image" in refresh:
                image = newest
            elif newest and newest != image:
                notes.append(Note(f"a newer image, {newest}, matches; refresh the image to take it", group.name))
            if not image:
                problems.append(Note(f"no image matches {wanted.newest!r}", group.name))
                continue
            images[group.name], kept[group.name] = image, {"image": f"{selector}:{image}"}
        return Facts(found={"image": images, "kept": kept}, notes=tuple(notes), problems=tuple(problems))

    def translate(self, fleet: Fleet, facts: Facts, now: datetime) -> Sequence[Resource]:
        """The resources that the fleet wants."""
        return translate(fleet, facts, now, self.location)

    def judge(self, fleet: Fleet) -> tuple[Sequence[Note], Sequence[Note]]:
        """Nothing: what the model can say, the cloud in memory can hold."""
        return (), ()

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
        return {"id": key.name, "version": thing.version} if thing else {}

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
        there = store.things.get(key)
        if key.kind == "group" and (there is None or change.action in (Action.CREATE, Action.REPLACE)):
            self._create_group(key, body, write)
        elif change.action is Action.CREATE and there is not None and key.kind != "template":
            if there.mark != mark:
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
        there = self.store.things.get(key)
        mark = write.change.wanted.mark if write.change.wanted else None
        if there is not None:
            if there.mark is None or mark is None or there.mark.fleet != mark.fleet:
                raise AlreadyExists(f"{key} exists", provider="memory", operation="create")
            self.store.put(key, {name: value for name, value in body.items() if name != "desired"}, mark)
            return
        self.store.create_group(key, body, mark)

    def read_states(self, places: Iterable[tuple[str, str]], *, balancers: bool = False) -> Sequence[GroupState]:
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
            instances=tuple(self._instance(machine, thing) for machine in size.machines),
            deleting=size.deleted is not None,
            group=mark.group if mark else "",
            fleet=mark.fleet if mark else "",
        )

    def _instance(self, machine: Machine, group: Thing) -> Instance:
        boots = self.store.clock.now() < machine.started + self.store.boot
        return Instance(
            id=machine.id,
            zone=machine.zone,
            state=InstanceState.PENDING if boots else InstanceState.RUNNING,
            healthy=None if boots else machine.healthy,
            serving=(not boots and machine.healthy) if group.body.get("load_balancers") else None,
            template=f"{group.body['template']['name']}:{machine.version}",
            outdated=machine.version != group.body["template"]["version"],
            protected=machine.protected,
        )

    def find_group(self, name: str, location: str) -> GroupState | None:
        """The group with this native name, else the only marked one with this name within its fleet."""
        with self.store.lock:
            self.store.settle()
            key = Key(location, "group", name)
            if key in self.store.sizes:
                return self._state(key)
            keys = [
                key
                for key in self.store.sizes
                if key.location == location and (mark := self.store.things[key].mark) and mark.group == name
            ]
            if len(keys) > 1:
                names = ", ".join(sorted(key.name for key in keys))
                raise InvalidRequest(f"several groups are called {name!r}: {names}", provider="memory")
            return self._state(keys[0]) if keys else None

    def read_activities(self, location: str, name: str, limit: int) -> Sequence[Activity]:
        """What was done to the group's size, newest first."""
        with self.store.lock:
            self.store.settle()
            size = self.store.sizes.get(Key(location, "group", name))
            return size.activities[:limit] if size else []

    def read_alarms(self, fleet: Fleet) -> Sequence[AlarmState]:
        """Every alarm of the fleet; without metrics each is in want of data."""
        with self.store.lock:
            return [
                AlarmState(name=key.name, state="no-data", group=thing.mark.group)
                for key, thing in self.store.things.items()
                if key.kind == "alarm" and thing.mark is not None and thing.mark.fleet == fleet.name
            ]

    def set_capacity(self, location: str, name: str, desired: int) -> None:
        """Ask for a size."""
        with self.store.lock:
            self.store.settle()
            key = Key(location, "group", name)
            self.store.call("set capacity", key)
            if key not in self.store.sizes:
                raise NotFound(f"there is no group {name!r} in {location}", provider="memory")
            self.store.resize(key, desired, "somebody asked for it")

    def close(self) -> None:
        """Nothing to let go of."""
