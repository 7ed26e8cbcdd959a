"""The state of a cloud in memory: resources, instances that take time, schedules that fire."""

import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from trimtab.clock import Clock
from trimtab.engine.openings import last_opening, openings
from trimtab.engine.timetable import Timetable, timetable_of
from trimtab.errors import Conflict, InvalidRequest, NotFound, ProviderError
from trimtab.models import Capacity, Schedule
from trimtab.plan import Key, Mark
from trimtab.providers.base import Activity, Failure, Short
from trimtab.providers.memory.measures import Measures
from trimtab.providers.pause import Boost, Pause, boosted

if TYPE_CHECKING:
    from trimtab.providers.run import RolloutRun

_RETRY = timedelta(minutes=1)
"""Between two times that an instance is asked for which cannot be had."""
Fault = Callable[[str, Key | None], ProviderError | None]
"""Asked before each call with its name and what it is about; an error makes the call fail with it."""


@dataclass
class StoredResource:
    """One resource as the cloud holds it."""

    body: dict[str, Any]
    mark: Mark | None = None
    version: int = 1


@dataclass
class Machine:
    """One instance: when it was started, and from which version of the template."""

    id: str
    started: datetime
    zone: str
    version: int
    healthy: bool = True
    protected: bool = False
    size: str = ""
    standby: bool = False
    network: str = "10"
    spot: bool = False

    @property
    def address(self) -> str:
        """Where it is reached: made up from its id."""
        number = int(self.id.removeprefix("i-"))
        return f"{self.network}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@dataclass
class Size:
    """How many instances a group has and wants, since when it is being deleted, who paused and who boosted it."""

    desired: int
    machines: list[Machine] = field(default_factory=list)
    deleted: datetime | None = None
    paused: Pause | None = None
    boost: Boost | None = None
    run: "RolloutRun | None" = None
    notes: dict[str, str] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    refused: datetime | None = None
    """When an instance was last asked for that could not be had."""


class MemoryStore:
    """
    A cloud in memory; several connections may share one.

    Args:
        clock: Tells when instances have started and schedules fire.
        boot: How long an instance takes to run.
        deletion: How long a deleted group is still there.
        network: The first number of the addresses of instances; with `127` they are this machine's.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        boot: timedelta = timedelta(minutes=1),
        deletion: timedelta = timedelta(0),
        network: str = "10",
    ) -> None:
        self.clock = clock
        self.network = network
        self.boot = boot
        self.deletion = deletion
        self.lock = threading.RLock()
        self.things: dict[Key, StoredResource] = {}
        self.versions: dict[Key, dict[int, StoredResource]] = {}
        """Of each template, what it was in each version that is kept."""
        self.firing: set[str] = set()
        """The alarms that fire, by name."""
        self.weights: dict[str, int] = {}
        """How many per cent of the requests a pool is sent that shares them with another one, by its name or id."""
        self.samples: dict[tuple[str, str], list[tuple[datetime, float]]] = {}
        """What was measured on a machine, by its id and the metric's name."""
        self.sizes: dict[Key, Size] = {}
        self.calls: list[str] = []
        self.fault: Fault | None = None
        self.images: dict[str, list[str]] = {}
        self.short: set[bool] = set()
        """Which instances cannot be had: spot ones (`True`), and those on demand (`False`)."""
        self.measures = Measures()
        self._settled = clock.now()
        self._made = self._told = 0

    def call(self, operation: str, key: Key | None = None) -> None:
        """Count a call and fail it when a fault says so."""
        self.calls.append(operation)
        error = self.fault(operation, key) if self.fault else None
        if error is not None:
            raise error

    def put(self, key: Key, body: Mapping[str, Any], mark: Mark | None) -> StoredResource:
        """Create or replace one resource."""
        old = self.things.get(key)
        changed = old is None or old.body != body
        version = (old.version + changed) if old else 1
        self.things[key] = thing = StoredResource(deepcopy(dict(body)), mark, version)
        if key.kind == "template":
            self.versions.setdefault(key, {})[version] = thing
        return thing

    def create_group(self, key: Key, body: Mapping[str, Any], mark: Mark | None) -> None:
        """A new group and its first instances."""
        if key in self.sizes:
            raise Conflict(f"group {key.name!r} is still being deleted", provider="memory", operation="create")
        self.put(key, {name: value for name, value in body.items() if name != "desired"}, mark)
        self.sizes[key] = Size(desired=0)
        self.resize(key, int(body.get("desired", body["min"])), "the group was created")

    def bound(self, key: Key, cause: str) -> None:
        """Bring the wanted size inside bounds that have moved."""
        body, size = self.things[key].body, self.sizes[key]
        inside = max(body["min"], min(body["max"], size.desired))
        if inside != size.desired:
            self.resize(key, inside, cause)

    def resize(self, key: Key, desired: int, cause: str, at: datetime | None = None, *, bounded: bool = True) -> None:
        """Want `desired` instances: start the missing ones, end the oldest unprotected surplus."""
        body, size = self.things[key].body, self.sizes[key]
        if bounded and not body["min"] <= desired <= body["max"]:
            text = f"{desired} is outside {body['min']} to {body['max']}; choose a size between, or change `capacity`"
            raise InvalidRequest(text, provider="memory", operation="set_capacity")
        at = at or self.clock.now()
        before, size.desired = size.desired, desired
        counted = [machine for machine in size.machines if not machine.standby]
        free = [machine for machine in counted if not machine.protected]
        surplus = max(0, len(counted) - desired)
        leavers = sorted(free, key=lambda machine: machine.spot != self._has_too_much_spot(key))[:surplus]
        size.machines = [machine for machine in size.machines if machine not in leavers]
        self._told += 1
        text = f"from {before} to {desired} instances"
        activity = Activity(
            id=f"a-{self._told:06}", at=at, status="done", description=text, cause=cause, sizes=(before, desired)
        )
        size.activities.insert(0, activity)
        self.fill(key, at)

    def interrupt(self, key: Key) -> int:
        """Take the spot instances of a group away, and answer how many; others are asked for at once."""
        size = self.sizes[key]
        before = len(size.machines)
        size.machines = [machine for machine in size.machines if not machine.spot]
        self.fill(key, self.clock.now())
        return before - len(size.machines)

    def fill(self, key: Key, at: datetime) -> None:
        """Start what is missing, as far as it can be had."""
        body, size = self.things[key].body, self.sizes[key]
        size.refused = None
        while (missing := size.desired - sum(not machine.standby for machine in size.machines)) > 0:
            spot = self._is_next_spot(key)
            if spot in self.short:
                size.refused = at
                self._refuse(size, missing, spot, at)
                return
            machine = self._machine(key, body, at)
            machine.spot = spot
            size.machines.append(machine)

    def _refuse(self, size: Size, missing: int, spot: bool, at: datetime) -> None:
        self._told += 1
        short = Short(spot=spot)
        text = f"{missing} {short} cannot be had"
        activity = Activity(
            id=f"a-{self._told:06}",
            at=at,
            status="failed",
            description=text,
            cause=text,
            failure=Failure.SHORTAGE,
            short=short,
        )
        size.activities.insert(0, activity)

    def _is_next_spot(self, key: Key) -> bool:
        on_demand = sum(not machine.spot for machine in self.sizes[key].machines if not machine.standby)
        return on_demand >= self._on_demand(key)

    def _has_too_much_spot(self, key: Key) -> bool:
        return sum(machine.spot for machine in self.sizes[key].machines) > self.sizes[key].desired - self._on_demand(
            key
        )

    def _on_demand(self, key: Key) -> int:
        """How many of a group's size are on demand."""
        size, purchase = self.sizes[key].desired, self.things[key].body.get("purchase") or {}
        if not purchase.get("spot"):
            return size
        from trimtab.engine.mix import split  # few groups are spot

        base, percent = purchase.get("on_demand_base") or 0, purchase.get("on_demand_percent") or 0
        return split(size, base=base, percent=percent).on_demand

    def machine(self, key: Key, version: int) -> Machine:
        """One more instance of a group, from a version of its template."""
        body = self.things[key].body
        return self._machine(key, {**body, "template": {**body["template"], "version": version}}, self.clock.now())

    def _machine(self, key: Key, body: Mapping[str, Any], at: datetime) -> Machine:
        self._made += 1
        zones = body.get("zones") or [f"{key.location}-a", f"{key.location}-b"]
        zone = zones[self._made % len(zones)]
        version = int(body["template"]["version"])
        protected = bool(body.get("protect_from_scale_in"))
        template = self.things.get(Key(key.location, "template", str(body["template"]["name"])))
        named = template.body.get("size") if template else None
        size = named if isinstance(named, str) else ""
        number = f"i-{self._made:06}"
        return Machine(
            id=number,
            started=at,
            zone=zone,
            version=version,
            protected=protected,
            size=size,
            network=self.network,
        )

    def delete(self, key: Key) -> None:
        """Remove one resource; a group takes what it contains along, and perhaps its time."""
        if key not in self.things:
            raise NotFound(f"{key} not found", provider="memory", operation="delete")
        if key in self.sizes and self.deletion:
            self.sizes[key].deleted = self.clock.now()
            self.sizes[key].machines.clear()
        else:
            self._forget(key)

    def _forget(self, key: Key) -> None:
        self.things.pop(key, None)
        self.versions.pop(key, None)
        if self.sizes.pop(key, None) is not None:
            inside = [other for other in self.things if other.parent == key.name and other.location == key.location]
            for other in inside:
                del self.things[other]

    def settle(self) -> None:
        """Let everything happen that was due by now: schedules, deletions."""
        now = self.clock.now()
        for key, size in list(self.sizes.items()):
            if size.deleted is not None and size.deleted + self.deletion <= now:
                self._forget(key)
        if now > self._settled:
            for moment, _, fire in sorted(self._due(self._settled, now), key=lambda item: item[:2]):
                fire(moment)
        self._settled = now
        for key, size in self.sizes.items():
            if size.refused is not None and now - size.refused >= _RETRY:
                self.fill(key, now)

    def _due(self, after: datetime, until: datetime) -> list[tuple[datetime, int, Callable[[datetime], None]]]:
        due: list[tuple[datetime, int, Callable[[datetime], None]]] = [
            (size.boost.until, -2, lambda at, g=key: self.enforce(g, at))  # type: ignore[misc]
            for key, size in self.sizes.items()
            if size.boost is not None and after < size.boost.until <= until
        ]
        for place, (key, thing) in enumerate(list(self.things.items())):
            group = _group_of(key)
            if key.kind != "schedule" or group not in self.sizes:
                continue
            schedule = _schedule(key, thing)
            earlier = last_opening(schedule, after)
            for start, end in [*([earlier] if earlier else []), *openings(schedule, after, until)]:
                if start.at > after and end != start.at:
                    due.append((start.at, place, lambda at, g=group, s=schedule: self._set(g, s, at)))  # type: ignore[misc]
                if end and start.at < end and after < end <= until:
                    due.append((end, -1, lambda at, g=group, s=schedule: self._unset(g, s, at)))  # type: ignore[misc]
        return due

    def _set(self, group: Key, schedule: Schedule, at: datetime) -> None:
        sizes = {**self._in_force(group, schedule, at), "desired": schedule.desired}
        self._bounds(group, sizes, f"schedule {schedule.name} began", at)

    def _unset(self, group: Key, schedule: Schedule, at: datetime) -> None:
        self._bounds(group, self._in_force(group, schedule, at), f"schedule {schedule.name} ended", at)

    def enforce(self, group: Key, at: datetime) -> None:
        """Let the minimum be what schedules and a boost say at a moment."""
        low, _ = self._timetable(group).at(at).bounds(Capacity.model_construct(**self.things[group].body["base"]))
        body, size = self.things[group].body, self.sizes[group]
        body["min"] = boosted(low, size.boost, at)
        if body["min"] > size.desired:
            self.resize(group, body["min"], "a boost began", at)

    def _timetable(self, group: Key) -> Timetable:
        inside = [item for item in self.things.items() if item[0].kind == "schedule" and _group_of(item[0]) == group]
        return timetable_of(tuple(_schedule(*item) for item in inside))

    def _in_force(self, group: Key, schedule: Schedule, at: datetime) -> dict[str, int | None]:
        """The bounds in force of those that a schedule sets."""
        base = Capacity.model_construct(**self.things[group].body["base"])
        low, high = self._timetable(group).at(at).bounds(base)
        low = boosted(low, self.sizes[group].boost, at)
        return {name: size for name, size in (("min", low), ("max", high)) if getattr(schedule, name) is not None}

    def _bounds(self, group: Key, sizes: Mapping[str, int | None], cause: str, at: datetime) -> None:
        if self.sizes[group].paused is not None:
            return
        body = self.things[group].body
        body.update({name: value for name, value in sizes.items() if name != "desired" and value is not None})
        wanted = sizes.get("desired")
        wanted = self.sizes[group].desired if wanted is None else wanted
        inside = max(body["min"], min(body["max"], wanted))
        if inside != self.sizes[group].desired:
            self.resize(group, inside, cause, at)


def _group_of(key: Key) -> Key:
    return Key(key.location, "group", key.parent)


def _schedule(key: Key, thing: StoredResource) -> Schedule:
    return Schedule.model_validate({"name": key.name, **thing.body})
