"""Which handler answers which method and path, in which versions of the API."""

import re
from collections.abc import Iterable
from dataclasses import replace

from trimtab.emulators.azure.calls import Request, Route
from trimtab.emulators.shared.errors import ServiceError

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
            if match := route.pattern.match(path):
                return replace(request, path=path, route=route, names=match.groupdict())
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
