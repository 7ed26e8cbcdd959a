"""Which handler answers which method and path, in which versions of the API."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from trimtab.emulators.azure.wire import Answer, Request
from trimtab.emulators.azure.world import World
from trimtab.emulators.errors import ServiceError

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{{group}}"
COMPUTE = "2026-04-01"
RESOURCES = "2024-11-01"
NETWORK = "2025-05-01"
AUTOSCALE = "2022-10-01"
ALERTS = "2018-03-01"
ACTION_GROUPS = "2023-01-01"
METRICS = "2024-02-01"
ACTIVITY = "2015-04-01"
"""The newest version of each API that is known here: the one that the SDK asks for."""
OLDEST = "2014-04-01"
_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(-preview)?$")


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a world that has what it is about."""

    world: World
    request: Request

    @property
    def names(self) -> Mapping[str, str]:
        """The parts of the path by name."""
        return self.request.names

    @property
    def group(self) -> str:
        """The resource group of the path."""
        return self.names["group"]

    @property
    def name(self) -> str:
        """The name of what it is about."""
        return self.names["name"]

    @property
    def query(self) -> Mapping[str, str]:
        """What stands after the question mark."""
        return self.request.query

    @property
    def body(self) -> Any:
        """The body."""
        return self.request.body

    @property
    def expand(self) -> str:
        """What a read is to show in full, in small letters."""
        return self.query.get("$expand", "").lower()


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """One operation; `body` is the model of the SDK that its body is checked with, `target` the type it makes."""

    method: str
    path: str
    service: str
    operation: str
    version: str
    handler: Handler
    body: str = ""
    only_reads: bool = False
    bucket: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path, whatever the case of its letters; `{resource}` is any number of parts."""
        text = re.escape(self.path).replace(r"\{resource\}", r"(?P<resource>.+?)")
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", text) + "/?$", re.IGNORECASE)


class Router:
    """
    Finds routes.

    Args:
        routes: Them, in the order in which they are tried.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[str, list[Route]] = {}
        for route in routes:
            self._routes.setdefault(route.method, []).append(route)

    def find(self, request: Request) -> Request:
        """The request with its route, if there is one."""
        path = re.sub("/{2,}", "/", request.path)
        for route in self._routes.get(request.method, ()):
            if found := route.pattern.match(path):
                return replace(request, path=path, route=route, names=found.groupdict())
        return request


def check_version(request: Request, route: Route) -> None:
    """
    Refuse a call without a version of the API, or with one that is newer than what the SDK asks for.

    Raises:
        ServiceError: As Resource Manager refuses it.
    """
    given = request.query.get("api-version")
    if not given:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise ServiceError("MissingApiVersionParameter", text)
    if not _VERSION.match(given):
        text = f"The api-version '{given}' is invalid. The supported versions are '{OLDEST},{route.version}'."
        raise ServiceError("InvalidApiVersionParameter", text)
    if not OLDEST <= given[:10] <= route.version:
        text = (
            f"No registered resource provider found for location '{request.region}' and API version '{given}' for "
            f"type '{route.operation.partition('_')[0]}'. The supported api-versions are '{OLDEST}, {route.version}'."
        )
        raise ServiceError("NoRegisteredProviderFound", text)
