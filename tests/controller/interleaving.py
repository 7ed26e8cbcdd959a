"""
Controllers that take turns: a scheduler switches between them at each call to the store and to the cloud.

Each runs in a thread of its own and stands still until it is its turn; nothing sleeps, and a seed always gives the same
run. The scheduler kills, stalls and cuts off, and everything that reaches the cloud is written down.
"""

import random
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

import trimtab as tt
from tests.controller.conftest import make_group
from trimtab.controller import Controller, TickOutcome
from trimtab.errors import StoreUnavailable, Unreachable
from trimtab.sources import Function
from trimtab.store import open_store
from trimtab.store.records import GroupKey
from trimtab.testing import MemoryTestCloud

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
STEP = 10 * SECOND
STALE_READ = 30 * SECOND
COOLDOWNS = {"web": 2 * MINUTE, "api": 3 * MINUTE}
CHAOS, QUIET = 28 * MINUTE, 22 * MINUTE
WIDEST = (1, 20)


class Killed(BaseException):
    """The process is gone: nothing of it goes on."""


def make_fleet(highest=20):
    """Orders per instance have one size at which no alarm fires, so that all roads end there."""

    def group(name, out):
        cooldown = f"{COOLDOWNS[name] // MINUTE}m"
        return make_group(
            capacity={"min": WIDEST[0], "max": highest, "desired": 4},
            policies={"out": {"change": out, "cooldown": cooldown}, "in": {"change": -1, "cooldown": cooldown}},
            alarms={
                "many": {"metric": {"external": "orders"}, "above": 110, "triggers": ["out"]},
                "few": {"metric": {"external": "orders"}, "below": 95, "triggers": ["in"]},
            },
        )

    groups = {"web": group("web", 1), "api": group("api", 2)}
    return tt.Fleet(name="shop", groups=groups, controller=True, sources={"orders": {}})


class Skewed:
    """A clock that differs from the world's."""

    def __init__(self, clock, offset):
        self._clock, self.offset = clock, offset

    def now(self):
        return self._clock.now() + self.offset

    def sleep(self, duration):
        pass


class Actor(threading.Thread):
    """A process with a controller, which goes on from one call to the next when it is its turn."""

    def __init__(self, arena, number, offset, fleet):
        super().__init__(name=f"actor-{number}", daemon=True)
        self.arena, self.number = arena, number
        self.clock = Skewed(arena.clock, offset)
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self.at, self.dies_at, self.is_dead = "idle", "", False
        self.stalled_until = self.due = self.began = arena.clock.now()
        self.seen_at = arena.clock.now()
        self.was_stalled = False
        self.handle = open_store(arena.url)
        fast(self.handle)
        source = Function("orders", arena.orders, clock=self.clock)
        cloud = SimpleNamespace(provider=Provider(self), clock=self.clock)
        self.controller = Controller(fleet, cloud, sources=[source], store=StoreProxy(self), workers=1)
        self.start()

    def run(self):
        self._go.acquire()
        try:
            while True:
                self.began, self.was_stalled = self.arena.clock.now(), False
                tick = self.controller.tick()
                self.arena.ticked(self, tick)
                self.at = "idle"
                self._hand_over()
        except Killed:
            pass
        except Exception as error:
            self.arena.failures.append(f"{self.name} raised {error!r}")
        finally:
            self.is_dead, self.at = True, "dead"
            self.handle.close()
            self._back.release()

    def step(self):
        """Let it go on to its next call."""
        self._go.release()
        self._back.acquire()

    def point(self, name):
        """A call: others may go on first, or it is never made."""
        self.at = name
        if self.dies_at == name:
            self.dies_at = "any"
        self._hand_over()

    def _hand_over(self):
        self._back.release()
        self._go.acquire()
        if self.dies_at == "any":
            raise Killed

    def kill(self):
        """End it where it stands."""
        if not self.is_dead:
            self.dies_at = "any"
            self.step()


@dataclass
class StoreProxy:
    """The store, each call to it a point."""

    actor: Actor
    is_shared = True

    def __getattr__(self, name):
        def call(*given, **named):
            self.actor.point(name)
            if self.actor.arena.is_cut("store", self.actor):
                raise StoreUnavailable("the store does not answer")
            return getattr(self.actor.handle, name)(*given, **named)

        return call


class Provider:
    """The cloud as it is seen from afar: old states, and writes of which one may not hear again."""

    def __init__(self, actor):
        self.actor, self.arena = actor, actor.arena
        self._real = actor.arena.cloud.provider
        self.name, self.location = self._real.name, self._real.location
        # what was done to a group, the log says late: not asked
        self.live = SimpleNamespace(account=self._real.live.account, read_states=self._read)
        self.metrics = SimpleNamespace(read=self._real.metrics.read)
        self.actions = SimpleNamespace(on=lambda location, name: SimpleNamespace(set_capacity=self._write(name)))

    def _read(self, places):
        self.actor.point("read")
        if self.arena.is_cut("cloud", self.actor):
            raise Unreachable("no answer", provider="memory", operation="read")
        at, states = self.arena.snapshot()
        self.actor.seen_at = at
        return [states[place] for place in places if place in states]

    def _write(self, name):
        def set_capacity(size):
            self.actor.point("write")
            self.arena.written(self.actor, name, size)

        return set_capacity


def fast(store):
    """A file that need not outlive the machine."""
    if not store._database.is_sqlite:
        return

    def listen(connection, _):
        connection.execute("PRAGMA synchronous = OFF").close()

    sa.event.listen(store._database.engine, "connect", listen)
    store._database.engine.dispose()


@dataclass
class Arena:
    """One run: a cloud, a store, controllers, and what happens to them."""

    seed: int
    url: str
    has_faults: bool = True
    failures: list[str] = field(default_factory=list)
    writes: list[Any] = field(default_factory=list)
    ticks: list[Any] = field(default_factory=list)
    cuts: list[Any] = field(default_factory=list)
    by_hand: dict[str, Any] = field(default_factory=dict)
    outside: dict[str, Any] = field(default_factory=dict)
    paused: dict[str, Any] = field(default_factory=dict)

    def run(self):
        """All of it; the sizes at the end."""
        self.random, self.fates = random.Random(self.seed), random.Random(f"fates {self.seed}")
        plot = random.Random(f"plot {self.seed}")
        with MemoryTestCloud.started() as test_cloud, test_cloud.connect() as self.cloud:
            self.clock = test_cloud.clock
            self.fleet = make_fleet()
            self.cloud.apply(self.cloud.plan(self.fleet), wait="accepted").raise_for_failures()
            self.begin = self.clock.now()
            self.load = {"web": 400.0, "api": 400.0}
            self.snapshots = []
            self.watcher = open_store(self.url)
            fast(self.watcher)
            self.actors = []
            try:
                for _ in range(self.fates.choice([2, 3]) if self.has_faults else 1):
                    self.add()
                self._go_through(self._events(plot))
            finally:
                for actor in self.actors:
                    actor.kill()
                self.sizes = {name: self.size(name) for name in self.load}
                self.left_open = self.watcher.open_intents(self.keys())
                self.history = self.watcher.decisions()
                self.watcher.close()
        return self.sizes

    def keys(self):
        return [GroupKey("memory", self.cloud.provider.location, "shop", name) for name in self.load]

    def size(self, name):
        return self.cloud.group(f"shop-{name}").read().desired

    def add(self):
        offset = self.fates.randrange(-10, 11) * SECOND if self.has_faults else 0 * SECOND
        actor = Actor(self, len(self.actors), offset, self.fleet)
        actor.due += self.random.randrange(0, 60) * SECOND
        self.actors.append(actor)

    # what happens

    def _events(self, plot):
        """What happens to the fleet, the same with and without faults; and the faults."""
        minutes = CHAOS // MINUTE
        events = []
        for _ in range(6):
            name, load = plot.choice(["web", "api"]), 100.0 * plot.randint(2, 10)
            events.append((plot.randrange(minutes) * MINUTE, self._set_load, (name, load)))
        for _ in range(2):
            name = plot.choice(["web", "api"])
            at = plot.randrange(minutes - 8) * MINUTE
            kind = plot.choice([self._resize, self._pause, self._plan])
            events.append((at, kind, (name, plot.randint(2, 10))))
        self.final = {name: plot.randint(4, 8) for name in self.load}
        for name, size in self.final.items():
            events.append((CHAOS, self._set_load, (name, 100.0 * size)))
        events.append((CHAOS, self._resume, ("web", 0)))
        events.append((CHAOS, self._resume, ("api", 0)))
        if self.has_faults:
            faults = [self._kill, self._kill, self._stall, self._stall, self._lose, self._cut, self._cut, self._jump]
            chosen = self.fates.sample(faults, 6)
            events += [(self.fates.randrange(1, minutes - 6) * MINUTE, fault, ()) for fault in chosen]
        return sorted(events, key=lambda event: event[0])

    def _set_load(self, name, load):
        self.load[name] = load

    def _resize(self, name, size):
        self.cloud.group(f"shop-{name}").scale(to=min(size, self.fleet[name].capacity.max))
        self.by_hand[name] = self.outside[name] = self.clock.now()

    def _pause(self, name, _):
        self.cloud.group(f"shop-{name}").pause(by="Ana", why="a look")
        self.paused[name] = self.clock.now()

    def _resume(self, name, _):
        if self.cloud.group(f"shop-{name}").read().paused:
            self.cloud.group(f"shop-{name}").resume()

    def _plan(self, name, _):
        """A plan narrows the bounds; controllers with the new file take over one after the other."""
        self.fleet = make_fleet(highest=15)
        self.cloud.apply(self.cloud.plan(self.fleet), wait="accepted").raise_for_failures()
        self.by_hand |= dict.fromkeys(self.load, self.clock.now())
        self.outside |= dict.fromkeys(self.load, self.clock.now())
        for actor in [actor for actor in self.actors if not actor.is_dead]:
            actor.kill()
            self.add()

    def _kill(self):
        """One dies at its next point of that name: before the write, between write and close, or anywhere."""
        alive = [actor for actor in self.actors if not actor.is_dead]
        victim = self.fates.choice(alive)
        victim.dies_at = self.fates.choice(["write", "write", "close_intent", "save", "add_decisions", "open_intent"])
        self.add()

    def _stall(self):
        """One is held up before its next write, for longer than its lease lasts."""
        alive = [actor for actor in self.actors if not actor.is_dead]
        self.fates.choice(alive).stalls = self.fates.randrange(130, 400) * SECOND

    def _lose(self):
        """Of the next writes, the answers are lost: what was asked is done, or is not."""
        self.lost = [self.fates.random() < 0.6 for _ in range(2)]

    def _cut(self):
        """Store or cloud are away for five minutes, for one or for all."""
        whom = self.fates.choice([None, *(actor.number for actor in self.actors)])
        self.cuts.append((self.fates.choice(["store", "cloud"]), whom, self.clock.now() + 5 * MINUTE))

    def _jump(self):
        """The clock of one is set."""
        alive = [actor for actor in self.actors if not actor.is_dead]
        self.fates.choice(alive).clock.offset += self.fates.choice([-20, 20]) * SECOND

    def is_cut(self, what, actor):
        now = self.clock.now()
        return any(kind == what and whom in (None, actor.number) and now < until for kind, whom, until in self.cuts)

    lost = ()

    # turns

    def _go_through(self, events):
        while (passed := self.clock.now() - self.begin) < CHAOS + QUIET:
            while events and events[0][0] <= passed:
                _, happens, given = events.pop(0)
                happens(*given)
            self._look()
            self._turns()
            self.clock.advance(STEP)

    def _look(self):
        places = [(self.cloud.provider.location, f"shop-{name}") for name in self.load]
        found = self.cloud.provider.live.read_states(places)
        self.snapshots.append((self.clock.now(), {(state.location, state.name): state for state in found}))
        del self.snapshots[:-12]

    def snapshot(self):
        """The groups as they were half a minute ago."""
        ready = [each for each in self.snapshots if each[0] <= self.clock.now() - STALE_READ * self.has_faults]
        return ready[-1] if ready else self.snapshots[0]

    def _turns(self):
        now = self.clock.now()
        for actor in self.actors:
            if actor.at == "idle" and actor.due <= now:
                actor.due, actor.at = now + MINUTE, "begins"
        while able := [actor for actor in self.actors if self._is_able(actor)]:
            actor = self.random.choice(able)
            if actor.at == "write" and (stalls := getattr(actor, "stalls", None)):
                actor.stalls, actor.was_stalled = None, True
                actor.stalled_until = now + stalls
            elif self.has_faults and now - self.begin < CHAOS and self.random.random() < 0.02:
                actor.stalled_until = now + self.random.randrange(1, 6) * STEP
            else:
                actor.step()

    def _is_able(self, actor):
        return actor.at not in ("idle", "dead") and actor.stalled_until <= self.clock.now()

    # what is written down

    def orders(self, query):
        name = query.group.removeprefix("shop-")
        return self.load[name] / max(1, self.size(name))

    def written(self, actor, native, size):
        """A write reaches the cloud, if it does."""
        name, now = native.removeprefix("shop-"), self.clock.now()
        if self.is_cut("cloud", actor):
            raise Unreachable("no answer", provider="memory", operation="set_capacity")
        is_lost = bool(self.lost)
        has_effect = self.lost.pop() if is_lost else True
        if has_effect:
            is_stale = self.holder(name) != actor.controller.owner
            state = self.cloud.group(native).read()
            if state.paused and self.paused[name] < actor.seen_at:
                self.failures.append(f"{now} {actor.name} wrote a paused group")
            if is_stale or now - actor.began >= STALE_READ:  # written over what others did meanwhile
                self.outside[name] = now
            self.writes.append(
                SimpleNamespace(at=now, began=actor.began, name=name, size=size, is_stale=is_stale, by=actor)
            )
            self.cloud.provider.actions.on(state.location, native).set_capacity(size)
        if is_lost:
            raise Unreachable("timed out", provider="memory", operation="set_capacity")

    def holder(self, name):
        table = sa.table("trimtab_leases", sa.column("owner"), sa.column("group_name"))
        query = sa.select(table.c.owner).where(table.c.group_name == name)
        return self.watcher._database.read(lambda connection: connection.scalar(query))

    def ticked(self, actor, tick):
        now = self.clock.now()
        for result in tick:
            name = result.group
            self.ticks.append((now, actor.number, result))
            if "resized from" in result.text:
                last = self.by_hand.get(name)
                if last is None or now - last > 10 * MINUTE:
                    self.failures.append(f"{now} {actor.name} {result}: nobody did")
            is_done = result.outcome in (TickOutcome.KEPT, TickOutcome.WRITTEN) and not tick.error
            untouched = self.outside.get(name, self.begin) < actor.seen_at
            if is_done and untouched and not self._is_old(actor) and self.size(name) != result.decision.size:
                self.failures.append(f"{now} {actor.name} {result}: but it has {self.size(name)}")

    def _is_old(self, actor):
        """Whether a tick took so long that another may have decided since it read."""
        return self.clock.now() > actor.began
