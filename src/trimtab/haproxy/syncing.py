"""Keeping the servers of HAProxies: reads the cloud and the servers, and takes the steps between the two."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Protocol, TypeVar

from trimtab.clock import Clock, Stopwatch, SystemClock, ensure_above_zero
from trimtab.errors import AlreadyExists, Conflict, InvalidArgument, NotFound, ProviderError, Unreachable
from trimtab.haproxy.client import TIMEOUT, RuntimeClient, folder_of
from trimtab.haproxy.members import EndpointOf, Members, endpoint_of, read_members
from trimtab.haproxy.names import group_prefix, server_name
from trimtab.haproxy.probing import answers
from trimtab.haproxy.reconciling import SILENT, ServerStep, StepKind, WantedServer, reconcile
from trimtab.haproxy.replies import ServerMode
from trimtab.haproxy.results import SyncedBackend
from trimtab.haproxy.weights import weights_of
from trimtab.models import Fleet, HaproxyBalancer, ScalingGroup
from trimtab.models.fleet import require_fleet
from trimtab.phrases import in_words
from trimtab.providers.hooks import HookNotice
from trimtab.providers.roles import Provider

NO_WAIT = timedelta(0)
POLL = timedelta(milliseconds=100)
MOST_ROUNDS = 12
"""So often HAProxy is asked again at once; a server comes in three rounds and leaves in three."""
MARGIN = timedelta(seconds=5)
"""What is left of a notice's time for the last steps."""
PROBERS = 16
Shares = Mapping[str, Mapping[str, float]]
"""By group, the shares of the requests that its native groups get."""


class Connected(Protocol):
    """A connection to a cloud."""

    @property
    def provider(self) -> Provider:
        """The vendor's code."""


class HaproxySync:
    """
    Keeps the servers of every HAProxy of a fleet equal to the instances of its groups. Thread-safe.

    A new instance is added in maintenance, probed, and gets requests once it answers; one that leaves gets no new
    requests, and is deleted when it has finished those that it has, or when the time for that is over. Servers whose
    names do not begin like the group's are never touched. Nothing is remembered: what HAProxy lost at a reload is
    added again.

    Args:
        fleet: Says which groups have which HAProxies.
        cloud: Where the groups live.
        groups: Only these groups; all with a HAProxy when left out.
        endpoint: Says where an instance is reached, in place of its address and the port of the file.
        clock: Tells the time between two looks; the machine's when left out.
        timeout: How long one command to HAProxy may take.

    Raises:
        InvalidArgument: The fleet has no such group, or that has no HAProxy.
        InvalidRequest: A file of certificates cannot be read.
    """

    def __init__(
        self,
        fleet: Fleet,
        cloud: Connected,
        *,
        groups: Sequence[str] | None = None,
        endpoint: EndpointOf = endpoint_of,
        clock: Clock | None = None,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self.fleet = require_fleet(fleet).for_provider(cloud.provider.name)
        self.cloud = cloud
        self.groups = _chosen(self.fleet, groups)
        provider = cloud.provider
        self._targets = [
            _Target(
                group=group,
                settings=settings,
                client=RuntimeClient(settings, folder=folder_of(self.fleet, group.name), timeout=timeout),
                prefix=group_prefix(provider.name, group.location or provider.location, self.fleet.name, group.name),
                endpoint=endpoint,
                clock=clock or SystemClock(),
            )
            for group in self.groups
            for settings in group.haproxies
        ]

    def __repr__(self) -> str:
        return f"<HaproxySync of {self.fleet.name} on {self.cloud.provider.name}>"

    def sync(
        self, *, wait: timedelta = NO_WAIT, shares: Shares | None = None, remove: bool = False
    ) -> tuple[SyncedBackend, ...]:
        """
        Bring the servers to the instances as they are now, one result for each HAProxy of each group.

        What fails at one HAProxy harms no other; the result says so, and nothing is raised.

        Args:
            wait: How long to go on until all is settled; without it, what has to wait is left to the next sync.
            shares: The shares of the requests of native groups, by group. When left out they are those of a blue-green
                rollout that is on; without one weights stay as they are.
            remove: Take all servers of the groups out, whatever runs.
        """
        members = {} if remove else read_members(self.fleet, self.groups, self.cloud.provider)
        nobody, shares = Members({}), shares or {}

        def settled(target: "_Target") -> SyncedBackend:
            name = target.group.name
            found = members.get(name, nobody)
            return target.settled(found, wait, shares.get(name) or found.shares)

        return tuple(_side_by_side(settled, self._targets))

    def syncs(
        self, stop: threading.Event, *, every: timedelta = timedelta(seconds=10)
    ) -> Iterator[tuple[SyncedBackend, ...]]:
        """
        One sync after the other, until told to stop.

        Args:
            stop: Ends it; a sync under way is finished.
            every: From the end of one sync to the beginning of the next.
        """
        ensure_above_zero(every, "every")
        return self._syncs(stop, every)

    def _syncs(self, stop: threading.Event, every: timedelta) -> Iterator[tuple[SyncedBackend, ...]]:
        while not stop.is_set():
            yield self.sync()
            stop.wait(every.total_seconds())

    def drain(self, notice: HookNotice) -> None:
        """
        Take an instance that ends out of every HAProxy of its group, as `trimtab hooks` has it do.

        It comes back when the instance has no requests left, or when the time to drain or that of the notice is over.

        Raises:
            ProviderError: A HAProxy does not answer; its own check takes the server out then.
        """
        targets = [target for target in self._targets if target.group.name == notice.group]
        left = notice.left()
        results = _side_by_side(lambda target: target.drained(notice, left), targets)
        for error in filter(None, results):
            raise error


def _canonical(address: str) -> str:
    """An IP address as HAProxy writes it; what is none is left for it to refuse."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def _side_by_side(work: Callable[[_Given], _Made], items: Sequence[_Given]) -> list[_Made]:
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(PROBERS, len(items)), thread_name_prefix="trimtab-haproxy") as pool:
        futures = [pool.submit(copy_context().run, work, item) for item in items]
        return [future.result() for future in futures]


def _chosen(fleet: Fleet, names: Sequence[str] | None) -> tuple[ScalingGroup, ...]:
    if isinstance(names, str):  # not the list of its letters
        raise InvalidArgument(f"groups: give a list, such as [{names!r}], not {names!r}")
    behind = [group for group in fleet.groups if group.haproxies]
    for name in names or ():
        if name not in [group.name for group in behind]:
            known = f"; it has {in_words([group.name for group in behind])}" if behind else ""
            raise InvalidArgument(f"fleet {fleet.name!r} has no group {name!r} with a HAProxy{known}")
    return tuple([group for group in behind if names is None or group.name in names])


@dataclass(frozen=True)
class _Target:
    """One backend of one HAProxy, for one group."""

    group: ScalingGroup
    settings: HaproxyBalancer
    client: RuntimeClient
    prefix: str
    endpoint: EndpointOf
    clock: Clock

    # all of its servers

    def settled(self, members: Members, wait: timedelta, shares: Mapping[str, float] | None) -> SyncedBackend:
        """Take steps until there is none left, or nothing but to wait and the time for that is over."""
        if members.held:
            return self._result(held=f"nothing was changed: {members.held}")
        passed, progress, turns = Stopwatch(self.clock), _Progress(), 0
        while True:
            moved, error = self._tried(members, shares, progress)
            turns += 1
            is_late = passed.elapsed() >= wait
            if error is not None and (is_late or not isinstance(error, Unreachable)):
                return self._result(progress, error=str(error))
            if error is None and not moved and not progress.waiting:
                return self._result(progress)
            if is_late and (not moved or turns >= MOST_ROUNDS):
                return self._result(progress)
            if not moved:
                progress.answers.clear()
                self.clock.sleep(POLL)

    def _tried(
        self, members: Members, shares: Mapping[str, float] | None, progress: "_Progress"
    ) -> tuple[bool, ProviderError | None]:
        try:
            return self._round(list(self._wanted(members, shares, progress)), progress), None
        except ProviderError as error:
            return False, error

    def _wanted(
        self, members: Members, shares: Mapping[str, float] | None, progress: "_Progress"
    ) -> Iterator[WantedServer]:
        sizes = {native: len(instances) for native, instances in members.natives.items()}
        weights = weights_of(shares, sizes) if shares and any(shares.get(name) for name in sizes if sizes[name]) else {}
        progress.unreached.clear()
        for native, instances in members.natives.items():
            for instance in instances:
                name = server_name(self.prefix, native, instance.id)
                where = self.endpoint(instance, self.settings)
                if where is None:
                    progress.unreached[name] = f"it has no {self.settings.reach} address"
                    continue
                yield WantedServer(
                    name=name,
                    address=_canonical(where[0]),
                    port=where[1],
                    weight=weights.get(native),
                    answers=progress.answers.get(name),
                    native=native,
                )

    def _round(self, wanted: Sequence[WantedServer], progress: "_Progress") -> bool:
        """Look once and take the steps that there are; whether there was one."""
        servers = self.client.servers()
        steps, waiting = reconcile(wanted, servers, prefix=self.prefix, drain=self.settings.drain)
        names = {item.name for item in wanted}
        progress.wanted = len(names) + len(progress.unreached)
        progress.serving = sum(each.name in names and each.mode is ServerMode.READY and each.is_up for each in servers)
        progress.waiting = {**progress.unreached, **waiting}
        probes = [step for step in steps if step.kind is StepKind.PROBE]
        asked = _side_by_side(lambda step: answers(step.address, step.port, self.settings.path), probes)
        progress.answers |= {step.server: answer for step, answer in zip(probes, asked, strict=True)}
        progress.waiting |= {step.server: SILENT for step, answer in zip(probes, asked, strict=True) if not answer}
        taken = [self._taken(step, progress) for step in steps if step.kind is not StepKind.PROBE]
        return bool(probes) or any(taken)

    def _taken(self, step: ServerStep, progress: "_Progress") -> bool:
        try:
            take(self.client, step)
        except Conflict:  # what was cut off is not yet gone
            progress.waiting[step.server] = "its last requests end"
            return False
        except NotFound:  # somebody else has deleted it meanwhile; the next look shows it
            return True
        progress.done.setdefault(step.server, []).append(SAID[step.kind])
        return True

    def _result(self, progress: "_Progress | None" = None, *, held: str = "", error: str = "") -> SyncedBackend:
        progress = progress or _Progress()
        return SyncedBackend(
            group=self.group.name,
            place=self.client.place,
            backend=self.settings.backend,
            serving=progress.serving,
            wanted=progress.wanted,
            done={name: tuple(words) for name, words in progress.done.items()},
            waiting=dict(progress.waiting),
            held=held,
            error=error,
        )

    # one that ends

    def drained(self, notice: HookNotice, left: timedelta | None) -> ProviderError | None:
        """Take one instance out, until its time is over; the error of a HAProxy that does not answer."""
        name = server_name(self.prefix, notice.native_name, notice.instance)
        drain = self.settings.drain if left is None else max(NO_WAIT, min(self.settings.drain, left - MARGIN))
        passed, progress = Stopwatch(self.clock), _Progress()
        while True:
            try:
                server = [each for each in self.client.servers() if each.name == name]
                if not server:
                    return None
                steps = reconcile([], server, prefix=name, drain=drain).steps
                moved = True in [self._taken(step, progress) for step in steps]
            except ProviderError as error:
                if not isinstance(error, Unreachable) or passed.elapsed() >= drain:
                    return error
                moved = False
            if not moved and passed.elapsed() >= drain + MARGIN:
                return None  # only what does not end by itself is left; it ends with the instance
            if not moved:
                self.clock.sleep(POLL)


@dataclass
class _Progress:
    """What a sync has seen and done of one backend."""

    answers: dict[str, bool] = field(default_factory=dict)
    done: dict[str, list[str]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    unreached: dict[str, str] = field(default_factory=dict)
    serving: int = 0
    wanted: int = 0


def take(client: RuntimeClient, step: ServerStep) -> None:
    """
    Take a step; one that somebody else has taken meanwhile is taken.

    Raises:
        Conflict: It cannot be deleted yet.
        ProviderError: HAProxy refuses, or does not answer.
    """
    match step.kind:
        case StepKind.ADD:
            with suppress(AlreadyExists):
                client.add(step.server, step.address, step.port, weight=step.weight)
        case StepKind.ENTER:
            client.enable_health(step.server)
            client.set_weight(step.server, step.weight)
            client.set_state(step.server, "ready")
        case StepKind.CHECK:
            client.enable_health(step.server)
        case StepKind.WEIGH:
            client.set_weight(step.server, step.weight)
        case StepKind.DRAIN:
            client.set_state(step.server, "drain")
        case StepKind.RETIRE:
            client.set_state(step.server, "maint")
            client.shut_sessions(step.server)
        case StepKind.DELETE:
            with suppress(NotFound):
                client.delete(step.server)
        case StepKind.PROBE:
            raise ValueError("a probe asks the instance, not HAProxy")


SAID = {
    StepKind.ADD: "added",
    StepKind.ENTER: "gets requests",
    StepKind.CHECK: "checked from now on",
    StepKind.WEIGH: "weighed",
    StepKind.DRAIN: "drains",
    StepKind.RETIRE: "in maintenance",
    StepKind.DELETE: "deleted",
}
"""What was done, in a word each."""
