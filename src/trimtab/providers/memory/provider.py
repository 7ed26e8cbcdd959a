"""The provider of the cloud in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from trimtab.checks.live import NEWER_IMAGE
from trimtab.clock import Clock
from trimtab.errors import AlreadyExists, NotFound, ProviderError
from trimtab.events import Listener, silent
from trimtab.models import Fleet
from trimtab.plan import Action, Attributes, Key, Live, Note, Resource, Unknown, digest, revealed
from trimtab.plan.resource import Secret
from trimtab.providers.base import (
    Activity,
    AlarmState,
    GroupState,
    Instance,
    InstanceState,
    Write,
    Written,
)
from trimtab.providers.datapoints import Datapoints, MetricQuery, MetricValue
from trimtab.providers.importing import Imported
from trimtab.providers.lookup import group_not_found
from trimtab.providers.memory.importing import import_group
from trimtab.providers.memory.kinds import KINDS, id_of
from trimtab.providers.memory.store import Machine, Size, Store, Thing
from trimtab.providers.memory.translate import MemoryFacts, translate
from trimtab.providers.pause import Pause
from trimtab.providers.policy_execution import executed_size
from trimtab.providers.roles import Actions, LiveState, Metrics, Provider, Resources
from trimtab.providers.translation import Translation


def connect(
    *,
    clock: Clock,
    store: Store | None = None,
    location: str = "local",
    workers: int = 8,
    listener: Listener = silent,
) -> Provider:
    """A provider on `store`, or on an empty one of its own."""
    store = store or Store(clock)
    return Provider(
        name="memory",
        location=location,
        kinds=KINDS,
        resources=MemoryResources(store, location=location),
        live=MemoryLive(store, location=location),
        actions=Actions(on=partial(GroupActions, store)),
        metrics=Metrics(read=MemoryMetrics(store).read, publish=MemoryMetrics(store).publish),
        connection=store,
    )


def resource_of(store: Store, key: Key, thing: Thing) -> Resource:
    """A thing of the store as a native resource."""
    size = store.sizes.get(key)
    body = dict(thing.body)
    attributes: Attributes = {"id": id_of(key), "version": thing.version}
    if "user_data" in body:
        body["user_data"] = Secret(body["user_data"])
    if size is not None:
        body["desired"] = size.desired
        old = sum(machine.version != body["template"]["version"] for machine in size.machines)
        paused = size.paused.line() if size.paused else None
        attributes |= {"instances": len(size.machines), "outdated": old, "paused": paused}
    deleting = size is not None and size.deleted is not None
    group = thing.mark.group if thing.mark else ""
    return Resource(key=key, body=body, group=group, mark=thing.mark, attributes=attributes, deleting=deleting)


class MemoryResources(Resources):
    """Reads and writes a `Store`; does what the real providers do, at once and without a network."""

    def __init__(self, store: Store, *, location: str) -> None:
        self.store = store
        self.location = location

    def read(self, fleet: Fleet) -> Live:
        """Everything in the fleet's locations; a kind whose read fails is unknown."""
        places = {self.location, *(group.location for group in fleet.groups if group.location)}
        unknown: list[Unknown] = []
        resources: dict[Key, Resource] = {}
        with self.store.lock:
            self.store.settle()
            for place in sorted(places):
                for kind in KINDS:
                    try:
                        self.store.call(f"list {kind}")
                    except ProviderError as error:
                        unknown.append(Unknown(place, kind, str(error)))
                        continue
                    resources.update(self._listed(place, kind))
        return Live(resources=resources, unknown=tuple(unknown), locations=tuple(sorted(places)))

    def _listed(self, place: str, kind: str) -> Iterable[tuple[Key, Resource]]:
        for key, thing in self.store.things.items():
            if key.location == place and key.kind == kind:
                yield key, resource_of(self.store, key, thing)

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> MemoryFacts:
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
            template = live.resources.get(key)
            before = template.mark.kept.get("image", "") if template and template.mark else ""
            known, _, image = before.partition(":")
            if known != selector or not image or "image" in refresh:
                image = newest
            elif newest and newest != image:
                text = f"a newer image, {newest}, matches; refresh the image to take it"
                notes.append(Note(text, group.name, code=NEWER_IMAGE))
            if not image:
                problems.append(Note(f"no image matches {wanted.newest!r}", group.name))
                continue
            images[group.name], kept[group.name] = image, {"image": f"{selector}:{image}"}
        return MemoryFacts(images=images, kept=kept, notes=tuple(notes), problems=tuple(problems))

    def translate(self, fleet: Fleet, facts: MemoryFacts, now: datetime) -> Translation:
        """Template, group, policies, schedules and alarms of every group."""
        return translate(fleet, facts, now, self.location)

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

    def permissions(self, fleet: Fleet, *, read_only: bool = False) -> Mapping[str, Any]:
        """Nothing: nobody is asked who he is."""
        return {}


class MemoryLive(LiveState):
    """Groups of a store as they stand."""

    name = "memory"

    def __init__(self, store: Store, *, location: str) -> None:
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
            instances=tuple(self._instance(machine, thing) for machine in size.machines),
            deleting=size.deleted is not None,
            group=mark.group if mark else "",
            fleet=mark.fleet if mark else "",
            paused=size.paused,
        )

    def _instance(self, machine: Machine, group: Thing) -> Instance:
        boots = self.store.clock.now() < machine.started + self.store.boot
        return Instance(
            id=machine.id,
            zone=machine.zone,
            state=InstanceState.PENDING if boots else InstanceState.RUNNING,
            healthy=None if boots else machine.healthy,
            serving=(not boots and machine.healthy) if group.body.get("load_balancers") else None,
            size=machine.size,
            template=f"{group.body['template']['name']}:{machine.version}",
            outdated=machine.version != group.body["template"]["version"],
            protected=machine.protected,
            private_address=machine.address,
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

    def _find(self, operation: str) -> tuple[Key, Size]:
        """The group, with what was due on it done."""
        self.store.settle()
        key = Key(self.location, "group", self.name)
        self.store.call(operation, key)
        if key not in self.store.sizes:
            raise group_not_found(self.name, self.location, "memory")
        return key, self.store.sizes[key]


class MemoryMetrics:
    """What was measured, and what is published."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Datapoints]:
        """What was measured."""
        with self.store.lock:
            self.store.call("read metrics")
            return [self.store.measures.answer(query) for query in queries]

    def publish(self, values: Sequence[MetricValue]) -> None:
        """Keep them."""
        with self.store.lock:
            self.store.call("publish metrics")
            for sample in values:
                at = sample.at or self.store.clock.now()
                self.store.measures.add(
                    sample.location, sample.group, sample.metric, sample.value, at, sample.dimensions
                )
