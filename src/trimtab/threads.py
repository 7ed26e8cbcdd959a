"""What blocks, for programs on asyncio: each call on a thread of its own."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import nullcontext, suppress
from contextvars import copy_context
from functools import partial, wraps
from threading import Thread
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from trimtab.clock import Cancellation

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


class OnThreads(Generic[S]):
    """Something whose methods run on threads."""

    def __init__(self, inner: S) -> None:
        self._inner = inner

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._inner!r})"


def awaitable(
    method: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[OnThreads[S], P], Coroutine[Any, Any, R]]:
    """The same method, to await."""

    @wraps(method)
    async def call(self: OnThreads[S], /, *args: P.args, **named: P.kwargs) -> R:
        return await on_thread(method, self._inner, *args, **named)

    return call
