"""The controller: reads metrics, has the engine decide, and sets the sizes of groups that a cloud cannot size."""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self
from zlib import crc32

from trimtab.capabilities import is_delegated
from trimtab.clock import Clock, Stopwatch, SystemClock, ensure_above_zero
from trimtab.controller.deciding import DecisionSubject, preset_of
from trimtab.controller.events import FLEET, ControllerEvent, GroupStanding, events_of, standings_after
from trimtab.controller.results import Tick, TickOutcome
from trimtab.controller.shadowing import shadow_name
from trimtab.controller.stateless import Forgetful, needs_memory
from trimtab.controller.telling import CONTROLLER, log_tick
from trimtab.controller.ticking import Ticking
from trimtab.errors import ConfigError, InvalidArgument, StoreUnavailable
from trimtab.haproxy import HaproxySync
from trimtab.models import Fleet
from trimtab.models.fleet import require_fleet
from trimtab.phrases import in_words
from trimtab.providers.patience import patience_of
from trimtab.providers.translation import delegation_of
from trimtab.runtime.arguments import check_list
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.policies import load_policies
from trimtab.store.records import GroupKey, Store, TickRecord, stored_name

if TYPE_CHECKING:
    from trimtab.sources import Source

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SHORTEST_LEASE = timedelta(seconds=90)
RETENTION = timedelta(days=90)
"""How long the history is kept."""
DEFAULT_STORE = "default"


def new_owner(keys: Sequence[GroupKey]) -> str:
    """A name for a controller: where it runs, which one it is, and at the end what tells which groups it is for."""
    groups = crc32("\n".join(map(repr, sorted(keys))).encode())
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}:{groups:08x}"


def stored_cloud(cloud: Cloud) -> str:
    """
    The name of a cloud in a store: the provider and the account, so that equal fleets of two accounts are two.

    Raises:
        ProviderError: The cloud does not say which account it is.
    """
    return stored_name(cloud.provider.name, cloud.provider.live.account())


class Controller:
    """
    Sizes the groups of a fleet that its cloud cannot size by itself. `tick` may be called from one thread at a time.

    Each tick reads the groups and their metrics in bulk, has `trimtab.engine.decide` decide with the provider's
    preset, and sets the sizes that differ, absolute ones. It touches no group that the cloud sizes, and of its own
    nothing but the size. Several controllers may share a fleet: a group is sized by the one that holds its lease.

    Args:
        fleet: With `controller=True`; in shadow mode any fleet.
        cloud: Where it lives.
        sources: Metrics from elsewhere, beside those that the fleet itself names.
        store: What it must not forget: a store, its URL, or `"default"` for the one that the commands use. `None`
            remembers nothing, and is refused where a policy needs memory.
        clock: Tells the time and waits; the cloud's when left out.
        every: Between two ticks, for `run` and for how long a lease lasts.
        shadow: Decide about every group of the fleet, and write nothing.
        candidate: The name under which a candidate file is shadowed beside the fleet itself.
        groups: Only these groups; all when left out.
        allow_python: The modules and packages from which policies in Python may be imported.
        workers: How many sizes are written at the same time.
        on_tick: Called with each tick.
        haproxies: What keeps the servers of its HAProxies, at the end of each tick; made from the fleet when left out.
        on_event: Called with each event: a size that changed, something that began or ended. What it raises is logged.
        retention: How long the history is kept.

    Raises:
        ConfigError: The fleet does not consent, or has no such group.
        InvalidArgument: There is no store, and a policy needs memory; or a candidate is not shadowed.
        StoreUnavailable: The store cannot be opened.
        ProviderError: The cloud does not say which account it is.
    """

    def __init__(
        self,
        fleet: Fleet,
        cloud: Cloud,
        sources: "Sequence[Source]" = (),
        store: Store | str | None = DEFAULT_STORE,
        clock: Clock | None = None,
        *,
        every: timedelta = MINUTE,
        shadow: bool = False,
        candidate: str = "",
        groups: Sequence[str] | None = None,
        allow_python: Sequence[str] = (),
        workers: int = 8,
        on_tick: Callable[[Tick], None] | None = None,
        on_event: Callable[[ControllerEvent], None] | None = None,
        haproxies: HaproxySync | None = None,
        retention: timedelta = RETENTION,
    ) -> None:
        if candidate and not shadow:
            raise InvalidArgument(
                f"a candidate such as {candidate!r} is only shadowed; give shadow=True (--shadow) too"
            )
        self.fleet = fleet = require_fleet(fleet).for_provider(cloud.provider.name)
        self.cloud = cloud
        self.every = ensure_above_zero(every, "every")
        self.shadow = shadow
        self.candidate = candidate
        self._clock = clock or cloud.clock
        self._workers = workers
        self._on_tick = on_tick
        self._on_event = on_event
        self._standings: dict[GroupKey, GroupStanding] = {}
        self._stood: GroupStanding = GroupStanding()
        self._retention = retention
        self._due: datetime | None = None
        self._pruned: datetime | None = None
        self.subjects = self._subjects(groups)
        self.owner = new_owner([subject.key for subject in self.subjects])
        self._functions = load_policies(fleet, allow=allow_python)
        self._sources = self._all_sources(sources)
        self._haproxies = haproxies or self._own_haproxies(groups)
        self._owns_store = store is None or isinstance(store, str)
        self.store = self._opened(store)

    def __repr__(self) -> str:
        return f"<Controller of {self.fleet.name} on {self.cloud.provider.name}>"

    @property
    def _stored_as(self) -> str:
        """The name under which the store keeps what it decided."""
        return shadow_name(self.fleet.name, self.candidate) if self.shadow else self.fleet.name

    def _subjects(self, names: Sequence[str] | None) -> tuple[DecisionSubject, ...]:
        provider = self.cloud.provider
        preset = preset_of(provider.name)
        self._stored_cloud = stored_cloud(self.cloud)
        if not self.shadow and not self.fleet.controller:
            text = f"fleet {self.fleet.name!r} does not consent to a controller; write `controller: true`"
            raise ConfigError([f"{text}, or run it in shadow mode, which needs no consent"])
        if names is not None:
            check_list("groups", names)
        declared = [group.name for group in self.fleet.groups]
        if unknown := [name for name in names or () if name not in declared]:
            raise ConfigError([f"fleet {self.fleet.name!r} has no group {unknown[0]!r}; it has {in_words(declared)}"])
        found = []
        for group in self.fleet.groups:
            is_ours = self.shadow or is_delegated(self.fleet, group, provider.name)
            if not is_ours or (names is not None and group.name not in names):
                continue
            location = group.location or provider.location
            delegation = delegation_of(self.fleet, group, provider.name, self._clock.now())
            found.append(
                DecisionSubject(
                    fleet=self.fleet,
                    group=group,
                    native=self.fleet.native_name(group),
                    location=location,
                    preset=preset,
                    digest=delegation.digest if delegation else "",
                    key=GroupKey(self._stored_cloud, location, self._stored_as, group.name),
                )
            )
        return tuple(found)

    def _own_haproxies(self, groups: Sequence[str] | None) -> HaproxySync | None:
        behind = [group.name for group in self.fleet.groups if group.haproxies and (not groups or group.name in groups)]
        if self.shadow or not behind:
            return None
        return HaproxySync(self.fleet, self.cloud, groups=behind)

    def _all_sources(self, given: "Sequence[Source]") -> "Sequence[Source]":
        from trimtab.sources import make_sources

        return make_sources(self.fleet, given, clock=self._clock)

    def _opened(self, store: Store | str | None) -> Store:
        if store is None:
            for subject in self.subjects:
                if reasons := needs_memory(subject.group, subject.preset):
                    text = f"group {subject.group.name!r} needs memory ({reasons[0]}); give a `store`"
                    raise InvalidArgument(text)
            return Forgetful()
        if isinstance(store, str):
            from trimtab.store import open_store

            return open_store(None if store == DEFAULT_STORE else store)
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give leases back, and let go of sources, and of the store if it was opened here."""
        if not self.shadow:
            with suppress(StoreUnavailable):  # they end by themselves
                self.store.release([subject.key for subject in self.subjects], self.owner)
                if self._due is not None:  # another one shares its groups no longer
                    ended = Tick(
                        fleet=self.fleet.name, provider=self.cloud.provider.name, at=self._clock.now(), groups=()
                    )
                    self._record(ended)
        for source in self._sources:
            source.close()
        if self._owns_store:
            self.store.close()

    def tick(self) -> Tick:
        """
        Decide about each group once, and set the sizes that differ; what goes wrong with one harms no other.

        Nothing is raised for a cloud, a source or a store that fails: the tick says so, and the next one goes on.
        """
        stopwatch, now = Stopwatch(self._clock), self._clock.now()
        lag = max(now - self._due, timedelta(0)) if self._due else timedelta(0)
        error = ""
        ticking = Ticking(
            store=self.store,
            provider=self.cloud.provider,
            sources=self._sources,
            clock=self._clock,
            owner=self.owner,
            lease=max(2 * self.every, SHORTEST_LEASE),
            shadow=self.shadow,
            candidate=self.candidate,
            workers=self._workers,
            functions=self._functions,
            standings=self._standings,
        )
        try:
            with patience_of(self._clock):
                results = ticking.run(self.subjects, now)
        except StoreUnavailable as failure:
            error = str(failure)
            results = [subject.result(TickOutcome.ERROR, error) for subject in self.subjects]
        tick = Tick(
            fleet=self.fleet.name,
            provider=self.cloud.provider.name,
            at=now,
            groups=tuple(results),
            lag=lag,
            duration=stopwatch.elapsed(),
            shadow=self.shadow,
            error=error or ticking.unsaved,
            haproxies=self._haproxies.sync() if self._haproxies else (),
        )
        self._record(tick)
        self._due = now + self.every
        log_tick(tick)
        self._tell(tick)
        if self._on_tick is not None:
            self._on_tick(tick)
        return tick

    def _tell(self, tick: Tick) -> None:
        """Tell the listener what is new."""
        keys = {subject.group.name: subject.key for subject in self.subjects}
        before: dict[str, GroupStanding] = {FLEET: self._stood}
        before |= {name: self._standings[key] for name, key in keys.items() if key in self._standings}
        after = standings_after(before, tick)
        self._stood = after[FLEET]
        self._standings |= {keys[name]: standing for name, standing in after.items() if name in keys}
        if self._on_event is None:
            return
        for event in events_of(before, tick):
            try:
                self._on_event(event)
            except Exception:  # whoever listens holds up no tick
                CONTROLLER.exception("a listener failed at: %s", event)

    def _record(self, tick: Tick) -> None:
        """Say in the store that there was a tick; once an hour what is older than is kept goes."""
        record = TickRecord(
            cloud=self._stored_cloud,
            fleet=self._stored_as,
            owner=self.owner,
            at=tick.at,
            interval=self.every,
            groups=len(tick.groups),
            changed=tick.changed,
            errors=tick.errors,
            lag=tick.lag,
            shadow=tick.shadow,
        )
        with suppress(StoreUnavailable):  # the tick has said so
            self.store.add_tick(record)
            if self._pruned is None or tick.at - self._pruned >= HOUR:
                self._pruned = tick.at
                self.store.prune(tick.at - self._retention)

    # one after the other

    def run(self, stop: threading.Event | None = None, every: timedelta | None = None) -> None:
        """
        Tick until told to stop, `every` apart; the tick under way is finished, and leases are given back.

        Args:
            stop: Ends it when it is set; without one it goes on until the process ends.
            every: Between the beginnings of two ticks; a tick that takes longer is followed at once by the next.
        """
        self.every = self.every if every is None else ensure_above_zero(every, "every")
        stop = stop or threading.Event()
        if not self.store.is_shared:
            CONTROLLER.info("%s: the store serves controllers of this machine alone; others need PostgreSQL", self)
        try:
            for _ in self.ticks(stop):
                pass
        finally:
            self.close()

    def ticks(self, stop: threading.Event) -> Iterator[Tick]:
        """One tick after the other, until told to stop."""
        while not stop.is_set():
            tick = self.tick()
            yield tick
            left = tick.at + self.every - self._clock.now()
            # a clock that was set back does not make it wait for longer than one interval
            wait = min(max(left, timedelta(0)), self.every)
            if isinstance(self._clock, SystemClock):
                stop.wait(wait.total_seconds())
            else:
                self._clock.sleep(wait)
