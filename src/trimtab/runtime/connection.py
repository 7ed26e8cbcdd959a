"""`connect()`, as each provider takes it."""

from typing import TYPE_CHECKING, Any, Literal, overload

from trimtab.clock import Clock, SystemClock
from trimtab.declarations.connection import connection_of
from trimtab.events import Listener, several, silent
from trimtab.logs import log
from trimtab.models import Fleet
from trimtab.providers.registry import connect_provider
from trimtab.runtime.cloud import Cloud

if TYPE_CHECKING:
    import boto3

    from trimtab.providers.memory.store import MemoryStore


@overload
def connect(
    provider: Literal["memory"],
    *,
    store: "MemoryStore | None" = None,
    location: str = ...,
    clock: Clock | None = None,
    workers: int = 8,
    listener: Listener = ...,
) -> Cloud: ...


@overload
def connect(
    provider: Literal["aws"],
    *,
    region: str | None = None,
    session: "boto3.Session | None" = None,
    endpoint: str | None = None,
    clock: Clock | None = None,
    workers: int = 8,
    listener: Listener = ...,
) -> Cloud: ...


@overload
def connect(
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
) -> Cloud: ...


@overload
def connect(
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
) -> Cloud: ...


@overload
def connect(
    provider: Fleet, *, clock: Clock | None = None, workers: int = 8, listener: Listener = ..., **settings: Any
) -> Cloud: ...


@overload
def connect(
    provider: str, *, clock: Clock | None = None, workers: int = 8, listener: Listener = ..., **settings: Any
) -> Cloud: ...


def connect(
    provider: str | Fleet, *, clock: Clock | None = None, workers: int = 8, listener: Listener = silent, **settings: Any
) -> Cloud:
    """
    A cloud to plan and apply on.

    Args:
        provider: `memory`, `aws`, `azure`, `gcp`, or one that another distribution brings; or a fleet that says in
            `connect` which cloud it is in and how it is reached. What is given here goes before that.
        clock: Tells the time and waits; the machine's when left out.
        workers: How many groups are written, and how many reads are under way, at the same time.
        listener: Called for each event.
        settings: What the provider takes: region, session and endpoint (aws); subscription, resource_group, location,
            credential and endpoint (azure); store and location (memory).

    Raises:
        ConfigError: There is no such provider, or a setting is wrong.
        MissingExtra: The provider's SDK is not installed.
    """
    clock = clock or SystemClock()
    if isinstance(provider, Fleet):
        provider, settings = connection_of(provider, settings)
    told = several(log, listener)
    connection = connect_provider(provider, clock=clock, workers=workers, listener=told, **settings)
    return Cloud(connection, clock=clock, workers=workers, listener=listener)
