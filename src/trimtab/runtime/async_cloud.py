"""`connect_async()` and what it returns: the same cloud for programs on asyncio, each call on a thread of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, overload

from trimtab.clock import Clock
from trimtab.events import Listener, silent
from trimtab.models import Fleet
from trimtab.providers.roles import Provider
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.connection import connect
from trimtab.runtime.group import LiveGroup
from trimtab.runtime.status import FleetStatus
from trimtab.runtime.watch import Watch
from trimtab.threads import OnThreads, awaitable, on_thread

if TYPE_CHECKING:
    import boto3

    from trimtab.providers.memory.store import MemoryStore
    from trimtab.rollout.async_rollouts import AsyncRollouts
    from trimtab.store import records

R = TypeVar("R")


class _Later(Generic[R]):
    """Something that is asked for when it is awaited."""

    def __init__(self, ask: Callable[[], R]) -> None:
        self._ask = ask

    def __await__(self) -> Generator[Any, None, R]:
        return on_thread(self._ask).__await__()


class AsyncLiveGroup(OnThreads[LiveGroup]):
    """One group that exists in a cloud: the methods of `LiveGroup`, to await."""

    @property
    def location(self) -> str:
        """Its region."""
        return self._inner.location

    @property
    def name(self) -> Awaitable[str]:
        """The group's name in the cloud; to await, since it may have to be asked for."""
        return _Later(lambda: self._inner.name)

    read = awaitable(LiveGroup.read)
    scale = awaitable(LiveGroup.scale)
    wait = awaitable(LiveGroup.wait)
    instances = awaitable(LiveGroup.instances)
    protect = awaitable(LiveGroup.protect)
    unprotect = awaitable(LiveGroup.unprotect)
    drain = awaitable(LiveGroup.drain)
    replace = awaitable(LiveGroup.replace)
    end = awaitable(LiveGroup.end)
    activities = awaitable(LiveGroup.activities)
    execute = awaitable(LiveGroup.execute)
    pause = awaitable(LiveGroup.pause)
    resume = awaitable(LiveGroup.resume)
    boost = awaitable(LiveGroup.boost)
    end_boost = awaitable(LiveGroup.end_boost)
    datapoints = awaitable(LiveGroup.datapoints)
    publish = awaitable(LiveGroup.publish)


class AsyncWatch(OnThreads[Watch]):
    """A watch over a fleet: the methods of `Watch`, to await and to iterate over."""

    @property
    def fleet(self) -> Fleet:
        """The fleet that is watched."""
        return self._inner.fleet

    snapshot = awaitable(Watch.snapshot)

    async def stream(self, interval: timedelta) -> AsyncIterator[FleetStatus]:
        """One look after the other, `interval` apart, without an end."""
        statuses = self._inner.stream(interval)
        while True:
            yield await on_thread(next, statuses)


class AsyncCloud(OnThreads[Cloud]):
    """
    One cloud, connected: the methods of `Cloud`, to await; an async context manager.

    Each call runs on a thread of its own, and several go on at the same time. A task that is cancelled makes no further
    call to the cloud: the call that is under way ends, then the task does. What an apply had written stays and was told
    to `on_event`; planning again shows what is left.

    Args:
        inner: The cloud, as `connect` gives it.
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def provider(self) -> Provider:
        """The vendor's code."""
        return self._inner.provider

    close = awaitable(Cloud.close)
    plan = awaitable(Cloud.plan)
    destroy = awaitable(Cloud.destroy)
    adopt = awaitable(Cloud.adopt)
    apply = awaitable(Cloud.apply)
    status = awaitable(Cloud.status)
    kpis = awaitable(Cloud.kpis)
    rehearse = awaitable(Cloud.rehearse)
    import_group = awaitable(Cloud.import_group)
    fleet_of = awaitable(Cloud.fleet_of)
    datapoints = awaitable(Cloud.datapoints)
    publish = awaitable(Cloud.publish)
    permissions = awaitable(Cloud.permissions)
    rollout = awaitable(Cloud.rollout)
    explain = awaitable(Cloud.explain)

    def group(self, name: str, location: str | None = None) -> AsyncLiveGroup:
        """
        One group that exists, by its name in the cloud or its name within a fleet; asks nothing yet.

        Args:
            name: The native name, or the name within the fleet when only one marked group has it.
            location: Its region; the connection's when left out.
        """
        return AsyncLiveGroup(self._inner.group(name, location))

    def watch(self, fleet: Fleet) -> AsyncWatch:
        """A watch over `fleet`: each look says how it stands, its load and what was last done to it."""
        return AsyncWatch(self._inner.watch(fleet))

    def rollouts(
        self,
        fleet: Fleet,
        *,
        allow_commands: bool = False,
        on_event: Listener | None = None,
        store: "records.Store | str | None" = None,
    ) -> "AsyncRollouts":
        """
        The rollouts of `fleet`: start, look at, pause, resume, abort and undo them, and drive those that are on.

        Args:
            fleet: Says which groups, and how each is rolled out.
            allow_commands: Whether `command` gates may run their programs.
            on_event: Called when the rollout of a group moves.
            store: Keeps the history; none is needed. `open_store` blocks: open it in a thread.

        Raises:
            Unsupported: The provider has no rollouts.
        """
        from trimtab.rollout.async_rollouts import AsyncRollouts  # few fleets roll templates out

        inner = self._inner.rollouts(fleet, allow_commands=allow_commands, on_event=on_event, store=store)
        return AsyncRollouts(inner)

    @property
    def clock(self) -> Clock:
        """The clock that this connection was given."""
        return self._inner.clock

    def now(self) -> datetime:
        """The time on the clock that this connection was given."""
        return self._inner.now()


@overload
def connect_async(
    provider: Literal["memory"],
    *,
    store: "MemoryStore | None" = None,
    location: str = ...,
    clock: Clock | None = None,
    workers: int = 8,
    listener: Listener = ...,
) -> AbstractAsyncContextManager[AsyncCloud]: ...


@overload
def connect_async(
    provider: Literal["aws"],
    *,
    region: str | None = None,
    session: "boto3.Session | None" = None,
    endpoint: str | None = None,
    clock: Clock | None = None,
    workers: int = 8,
    listener: Listener = ...,
) -> AbstractAsyncContextManager[AsyncCloud]: ...


@overload
def connect_async(
    provider: Literal["azure"],
    *,
    subscription: str = ...,
    resource_group: str = ...,
    location: str = ...,
    credential: Any = None,
    endpoint: str | None = None,
    clock: Clock | None = None,
    workers: int = 8,
    listener: Listener = ...,
) -> AbstractAsyncContextManager[AsyncCloud]: ...


@overload
def connect_async(
    provider: Literal["gcp"],
    *,
    project: str = ...,
    location: str = ...,
    credentials: Any = None,
    endpoint: str | None = None,
    monitoring_endpoint: str | None = None,
    clock: Clock | None = None,
    workers: int = 8,
    listener: Listener = ...,
) -> AbstractAsyncContextManager[AsyncCloud]: ...


@overload
def connect_async(
    provider: Fleet, *, clock: Clock | None = None, workers: int = 8, listener: Listener = ..., **settings: Any
) -> AbstractAsyncContextManager[AsyncCloud]: ...


@overload
def connect_async(
    provider: str, *, clock: Clock | None = None, workers: int = 8, listener: Listener = ..., **settings: Any
) -> AbstractAsyncContextManager[AsyncCloud]: ...


def connect_async(
    provider: str | Fleet, *, clock: Clock | None = None, workers: int = 8, listener: Listener = silent, **settings: Any
) -> AbstractAsyncContextManager[AsyncCloud]:
    """
    A cloud to plan and apply on from a program on asyncio: `async with tt.connect_async("aws") as cloud`.

    The arguments are those of `connect`, and so are the errors, raised where the block begins.
    """
    return _connected(partial(connect, provider, clock=clock, workers=workers, listener=listener, **settings))


@asynccontextmanager
async def _connected(make: Callable[[], Cloud]) -> AsyncIterator[AsyncCloud]:
    # the SDK is imported and reads its files here, which takes its time
    async with AsyncCloud(await on_thread(make)) as cloud:
        yield cloud
