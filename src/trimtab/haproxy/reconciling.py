"""What brings the servers of a backend to the instances of a group, step by step; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from trimtab.haproxy.replies import ServerMode, ServerState
from trimtab.models.base import format_duration

SILENT = "it does not answer yet"


class StepKind(StrEnum):
    """One thing to do about a server."""

    ADD = "add"
    """Register it; it is in maintenance then, and gets no requests."""
    PROBE = "probe"
    """Ask the instance itself: HAProxy holds a new server to be up before its first check."""
    ENTER = "enter"
    """Have its health check run, and give it requests."""
    CHECK = "check"
    """Have its health check run: without it a dead server keeps getting requests."""
    WEIGH = "weigh"
    """Set its weight."""
    DRAIN = "drain"
    """Give it no new requests."""
    RETIRE = "retire"
    """Put it in maintenance, and cut off what is left of its requests."""
    DELETE = "delete"
    """Take it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedServer:
    """
    An instance that is to be a server.

    Attributes:
        address: Its IP address.
        weight: Its weight; `None` leaves the weight of a server that is there, and gives a new one that of its group.
        answers: Whether it answered when it was probed; `None` where it was not.
        native: Its native group, whose servers have the same weight.
    """

    name: str
    address: str
    port: int
    weight: int | None = None
    answers: bool | None = None
    native: str = ""


class ServerStep(NamedTuple):
    """What to do about one server."""

    kind: StepKind
    server: str
    address: str = ""
    port: int = 0
    weight: int = 1


class Reconciled(NamedTuple):
    """What to do now, and what else has to wait."""

    steps: tuple[ServerStep, ...]
    waiting: Mapping[str, str]
    """By server, what it waits for."""


def reconcile(
    wanted: Iterable[WantedServer], servers: Sequence[ServerState], *, prefix: str, drain: timedelta
) -> Reconciled:
    """
    What brings the servers of a group to its instances; nothing is said of servers of other names.

    It takes several rounds, each from what HAProxy says then: ages of states are HAProxy's own, nothing is remembered.
    A server that leaves goes on serving until one that stays does.

    Args:
        wanted: The group's instances.
        servers: All servers of the backend.
        prefix: How the names of the group's servers begin.
        drain: How long a leaving server may finish its requests.
    """
    own = {server.name: server for server in servers if server.name.startswith(prefix)}
    instances = {item.name: item for item in wanted}
    steps: list[ServerStep] = []
    waiting: dict[str, str] = {}
    weights = _weights(instances.values(), own)
    for name, item in instances.items():
        server = own.get(name)
        if server is not None and (server.address, server.port) != (item.address, item.port):
            continue  # another machine by now: it leaves first
        item = replace(item, weight=weights[name])
        steps += _joining(item, server)
        if server is not None and server.mode is ServerMode.MAINTENANCE and item.answers is False:
            waiting[name] = SILENT
        elif server is not None and server.mode is ServerMode.READY and not server.is_up:
            waiting[name] = "HAProxy's check finds it down"
    leaving = [server for server in own.values() if not _stays(server, instances)]
    serves = any(
        server.mode is ServerMode.READY and server.is_up and _stays(server, instances) for server in own.values()
    )
    for server in leaving:
        if (
            instances
            and not serves
            and server.mode is ServerMode.READY
            and server.is_up
            and server.name not in instances
        ):
            waiting[server.name] = "it leaves once another one serves"
            continue
        step = _leaving(server, drain)
        if step is not None:
            steps.append(step)
        else:
            left = format_duration(max(drain - server.since, timedelta(seconds=1)))
            waiting[server.name] = f"it drains: {server.sessions} sessions, at most {left} more"
    return Reconciled(tuple(steps), waiting)


def _stays(server: ServerState, instances: Mapping[str, WantedServer]) -> bool:
    item = instances.get(server.name)
    return item is not None and (server.address, server.port) == (item.address, item.port)


def _weights(wanted: Iterable[WantedServer], own: Mapping[str, ServerState]) -> Mapping[str, int]:
    """The weight of each: what it is to have, else what it has, else the most that one of its native group has."""
    known: dict[str, int] = {}
    wanted = list(wanted)
    for item in wanted:
        server = own.get(item.name)
        if server is not None and server.mode is ServerMode.READY:
            known[item.native] = max(known.get(item.native, 0), server.weight)
    return {item.name: _weight(item, own.get(item.name), known.get(item.native, 1)) for item in wanted}


def _weight(item: WantedServer, server: ServerState | None, usual: int) -> int:
    if item.weight is not None:
        return item.weight
    return server.weight if server is not None and server.mode is not ServerMode.MAINTENANCE else usual


def _joining(item: WantedServer, server: ServerState | None) -> Iterator[ServerStep]:
    weight = item.weight or 0
    if server is None:
        yield ServerStep(StepKind.ADD, item.name, item.address, item.port, weight)
    elif server.mode is ServerMode.MAINTENANCE:
        if item.answers is None:
            yield ServerStep(StepKind.PROBE, item.name, item.address, item.port)
        elif item.answers:
            yield ServerStep(StepKind.ENTER, item.name, weight=weight)
    elif server.mode is ServerMode.DRAIN:
        yield ServerStep(StepKind.ENTER, item.name, weight=weight)  # it was leaving, and is wanted again
    else:
        if not server.is_checked:
            yield ServerStep(StepKind.CHECK, item.name)
        if server.weight != weight:
            yield ServerStep(StepKind.WEIGH, item.name, weight=weight)


def _leaving(server: ServerState, drain: timedelta) -> ServerStep | None:
    """The next step out; `None` while requests are finished."""
    if server.mode is ServerMode.READY:
        # what is down has no requests to finish, and `drain` would have it up again once its machine answers
        return ServerStep(StepKind.DRAIN if server.is_up else StepKind.RETIRE, server.name)
    if server.mode is ServerMode.MAINTENANCE:
        return ServerStep(StepKind.DELETE, server.name)
    # ages are whole seconds, a new second counted as one
    return ServerStep(StepKind.RETIRE, server.name) if not server.sessions or server.since > drain else None
