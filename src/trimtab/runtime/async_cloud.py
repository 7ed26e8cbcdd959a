"""`connect_async()` and what it returns: the same cloud for programs on asyncio, each call on a thread of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial, wraps
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, Self, TypeVar, overload

from trimtab.clock import Cancellation, Clock
from trimtab.events import Listener, silent
from trimtab.models import Fleet
from trimtab.providers.roles import Provider
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.connection import connect
from trimtab.runtime.group import LiveGroup
from trimtab.runtime.status import FleetStatus
from trimtab.runtime.watch import Watch

if TYPE_CHECKING:
    import boto3

    from trimtab.providers.memory.store import Store

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


async def on_thread(function: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
    """
    What a function gives, which runs on a thread of its own while the loop goes on.

    When the task is cancelled, the function ends before its next call to a cloud, and the task once the function has
    ended: nothing goes on behind its back. What the function ended with is the cause of the `CancelledError`.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()
    cancellation = Cancellation()

    def run() -> None:
        try:
            with cancellation.covers():
                ended = partial(future.set_result, function(*args, **named))
        except BaseException as error:
            ended = partial(future.set_exception, error)
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            loop.call_soon_threadsafe(ended)

    # not in the loop's pool, whose few threads look up the addresses of hosts as well
    Thread(target=copy_context().run, args=(run,), name="trimtab-async", daemon=True).start()
    try:
        await asyncio.wait([future])
    except asyncio.CancelledError as error:
        cancellation.cancel()
        raise error from await _end_of(future)
    return future.result()


async def _end_of(future: asyncio.Future[Any]) -> BaseException | None:
    """What a function ended with, waited for however often the task is cancelled."""
    anyio = sys.modules.get("anyio")
    # where a web framework runs on it, it would cancel the task again and again, at the full speed of the loop
    with anyio.CancelScope(shield=True) if anyio else nullcontext():
        while not future.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([future])
    return future.exception()


class _OnThreads(Generic[S]):
    """Something whose methods run on threads."""

    def __init__(self, inner: S) -> None:
        self._inner = inner

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._inner!r})"


def _awaitable(
    method: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[_OnThreads[S], P], Coroutine[Any, Any, R]]:
    """The same method, to await."""

    @wraps(method)
    async def call(self: _OnThreads[S], /, *args: P.args, **named: P.kwargs) -> R:
        return await on_thread(method, self._inner, *args, **named)

    return call


class _Later(Generic[R]):
    """Something that is asked for when it is awaited."""

    def __init__(self, ask: Callable[[], R]) -> None:
        self._ask = ask

    def __await__(self) -> Generator[Any, None, R]:
        return on_thread(self._ask).__await__()


class AsyncLiveGroup(_OnThreads[LiveGroup]):
    """One group that exists in a cloud: the methods of `LiveGroup`, to await."""

    @property
    def location(self) -> str:
        """Its region."""
        return self._inner.location

    @property
    def name(self) -> Awaitable[str]:
        """The group's name in the cloud; to await, since it may have to be asked for."""
        return _Later(lambda: self._inner.name)

    read = _awaitable(LiveGroup.read)
    scale = _awaitable(LiveGroup.scale)
    wait = _awaitable(LiveGroup.wait)
    instances = _awaitable(LiveGroup.instances)
    activities = _awaitable(LiveGroup.activities)
    execute = _awaitable(LiveGroup.execute)
    pause = _awaitable(LiveGroup.pause)
    resume = _awaitable(LiveGroup.resume)
    boost = _awaitable(LiveGroup.boost)
    end_boost = _awaitable(LiveGroup.end_boost)
    datapoints = _awaitable(LiveGroup.datapoints)
    publish = _awaitable(LiveGroup.publish)


class AsyncWatch(_OnThreads[Watch]):
    """A watch over a fleet: the methods of `Watch`, to await and to iterate over."""

    @property
    def fleet(self) -> Fleet:
        """The fleet that is watched."""
        return self._inner.fleet

    snapshot = _awaitable(Watch.snapshot)

    async def stream(self, interval: timedelta) -> AsyncIterator[FleetStatus]:
        """One look after the other, `interval` apart, without an end."""
        statuses = self._inner.stream(interval)
        while True:
            yield await on_thread(next, statuses)


class AsyncCloud(_OnThreads[Cloud]):
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

    close = _awaitable(Cloud.close)
    plan = _awaitable(Cloud.plan)
    destroy = _awaitable(Cloud.destroy)
    adopt = _awaitable(Cloud.adopt)
    apply = _awaitable(Cloud.apply)
    status = _awaitable(Cloud.status)
    import_group = _awaitable(Cloud.import_group)
    fleet_of = _awaitable(Cloud.fleet_of)
    datapoints = _awaitable(Cloud.datapoints)
    publish = _awaitable(Cloud.publish)
    permissions = _awaitable(Cloud.permissions)

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
    store: "Store | None" = None,
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
