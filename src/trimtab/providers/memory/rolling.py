"""Rollouts on the cloud in memory: versions of a template, and machines replaced one by one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from trimtab.errors import Conflict
from trimtab.models import Metric
from trimtab.plan import Key, revealed
from trimtab.providers.lookup import group_not_found
from trimtab.providers.memory.states import MemoryLive
from trimtab.providers.memory.store import MemoryStore, Size, StoredResource
from trimtab.providers.pause import DRIVEN_TAG
from trimtab.providers.rolling import (
    Limits,
    NewTemplate,
    Progress,
    RolloutActions,
    Shares,
    is_ready,
    next_batch,
    surplus,
)
from trimtab.providers.run import RolloutRun


class MemoryRollouts(RolloutActions):
    """Replaces machines of a store."""

    def __init__(self, store: MemoryStore, live: MemoryLive) -> None:
        self.store = store
        self.live = live

    def read(self, places: Iterable[tuple[str, str]], *, addresses: bool = False) -> Sequence[Progress]:
        """The groups at these places, those that exist."""
        with self.store.lock:
            states = self.live.read_states(places, balancers=True, addresses=addresses)
            return [self._progress(Key(state.location, "group", state.name)) for state in states]

    def begin(self, location: str, name: str, run: RolloutRun, template: NewTemplate) -> RolloutRun:
        """Mark the group; its new version is there already."""
        with self.store.lock:
            _, thing, size = self._find("begin rollout", location, name)
            if size.run is not None:
                raise Conflict(f"{name!r}: {size.run}", provider="memory", operation="begin rollout")
            old = str(thing.body["template"]["version"])
            body = revealed(template.write.body) if template.write else thing.body
            new = template.version or str(body["template"]["version"])
            size.run = replace(run, old=old, new=new)
            return size.run

    def mark(self, location: str, name: str, run: RolloutRun) -> None:
        """Write the mark."""
        with self.store.lock:
            _, _, size = self._find("mark rollout", location, name)
            size.run = run

    def hold(self, location: str, name: str, run: RolloutRun) -> None:
        """Nothing moves by itself here."""

    def advance(self, location: str, name: str, run: RolloutRun, goal: int, limits: Limits) -> None:
        """Replace as many machines as may be out of service at once, after those above the size are there."""
        with self.store.lock:
            key, _, _ = self._find("advance rollout", location, name)
            self._replace(key, goal, limits, version=int(run.new), reverse=False)

    def retreat(self, location: str, name: str, run: RolloutRun, limits: Limits) -> None:
        """The same with the old version."""
        with self.store.lock:
            key, _, size = self._find("revert rollout", location, name)
            self._replace(key, len(size.machines), limits, version=int(run.old), reverse=True)

    def finish(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """The group has the new version."""
        with self.store.lock:
            key, thing, size = self._find("finish rollout", location, name)
            self._settle(key, thing, size, int(run.new), keep)

    def unwind(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """The group has the old version, and the new one goes."""
        with self.store.lock:
            key, thing, size = self._find("unwind rollout", location, name)
            template = Key(location, "template", str(thing.body["template"]["name"]))
            newest = self.store.things[template]
            old = self.store.versions[template].get(int(run.old))
            if old is not None and str(newest.version) == run.new:
                self.store.versions[template].pop(newest.version, None)
                self.store.things[template] = StoredResource(dict(old.body), old.mark, old.version)
            self._settle(key, thing, size, int(run.old), keep)

    def shift(self, shares: Shares) -> str:
        """Weights of the two pools."""
        with self.store.lock:
            self.store.call("shift requests")
            for balancer in shares.balancers:
                self.store.weights |= {
                    balancer.word: 100 - shares.percent,
                    balancer.alternate or "": shares.percent,
                }
        return ""

    def clear(self, location: str, name: str) -> None:
        """Take the mark away."""
        with self.store.lock:
            _, _, size = self._find("clear rollout", location, name)
            size.run = None
            size.notes.pop(DRIVEN_TAG, None)

    def note(self, location: str, name: str, tag: str, text: str) -> None:
        """Keep it beside the mark."""
        with self.store.lock:
            _, _, size = self._find("note rollout", location, name)
            size.notes.pop(tag, None)
            if text:
                size.notes[tag] = text

    def firing(self, location: str, names: Sequence[str]) -> Mapping[str, bool]:
        """Those that somebody set off in the store."""
        with self.store.lock:
            self.store.call("read alarms")
            known = {key.name for key in self.store.things if key.kind == "alarm" and key.location == location}
            return {name: name in self.store.firing for name in names if name in known | self.store.firing}

    def samples(
        self, location: str, name: str, metric: Metric, instances: Sequence[str], since: datetime
    ) -> Sequence[float]:
        """What was measured on these machines."""
        with self.store.lock:
            now = self.store.clock.now()
            values = (self.store.samples.get((each, metric.name), ()) for each in instances)
            return [value for some in values for at, value in some if since <= at <= now]

    # how it is done

    def _find(self, operation: str, location: str, name: str) -> tuple[Key, StoredResource, Size]:
        self.store.settle()
        key = Key(location, "group", name)
        self.store.call(operation, key)
        if key not in self.store.sizes:
            raise group_not_found(name, location, "memory")
        return key, self.store.things[key], self.store.sizes[key]

    def _progress(self, key: Key) -> Progress:
        thing, size = self.store.things[key], self.store.sizes[key]
        template = Key(key.location, "template", str(thing.body["template"]["name"]))
        current = int(thing.body["template"]["version"])
        version = int(size.run.new) if size.run and size.run.in_place else current
        fresh = frozenset(machine.id for machine in size.machines if machine.version == version)
        earlier = sorted((each for each in self.store.versions.get(template, {}) if each < current), reverse=True)
        (state,) = self.live.read_states([(key.location, key.name)], balancers=True)
        return Progress(
            state=state, run=size.run, fresh=fresh, previous=tuple(map(str, earlier)), notes=dict(size.notes)
        )

    def _replace(self, key: Key, goal: int, limits: Limits, *, version: int, reverse: bool) -> None:
        size = self.store.sizes[key]
        progress = self._progress(key)
        for number in surplus(progress, limits, reverse=reverse):
            size.machines = [machine for machine in size.machines if machine.id != number]
        progress = self._progress(key)
        arrived = progress.of(fresh=not reverse, limits=limits)
        room = size.desired + limits.surge - len(size.machines)
        for _ in range(max(0, min(room, goal - len(arrived)))):
            size.machines.append(self.store.machine(key, version))
        for number in next_batch(self._progress(key), goal, limits, reverse=reverse):
            place = next(place for place, machine in enumerate(size.machines) if machine.id == number)
            if len(size.machines) > size.desired:
                del size.machines[place]
            else:
                size.machines[place] = self.store.machine(key, version)

    def _settle(self, key: Key, thing: StoredResource, size: Size, version: int, keep: int) -> None:
        template = Key(key.location, "template", str(thing.body["template"]["name"]))
        thing.body = {**thing.body, "template": {**thing.body["template"], "version": version}}
        size.run = None
        size.notes.pop(DRIVEN_TAG, None)
        versions = self.store.versions.get(template, {})
        used = {version, self.store.things[template].version, *(machine.version for machine in size.machines)}
        for number in sorted(versions, reverse=True)[keep:]:
            if number not in used:
                del versions[number]
        # those above the size go, first those that do no work
        idle = {each.id for each in self._progress(key).state.instances if not is_ready(each)}
        size.machines.sort(key=lambda machine: (machine.id not in idle, machine.started))
        self.store.resize(key, size.desired, "a rollout ended")
