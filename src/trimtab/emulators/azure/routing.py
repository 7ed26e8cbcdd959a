"""Which handler answers which method and path, in which versions of the API."""

import re
from collections.abc import Iterable
from dataclasses import replace

from trimtab.emulators.azure.calls import ArmRequest, ArmRoute
from trimtab.emulators.azure.regions import REGIONS
from trimtab.emulators.azure.versions import RESOURCES
from trimtab.emulators.shared.errors import ServiceError

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{{group}}"
_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(-preview)?$")


class Router:
    """
    Finds routes.

    Args:
        routes: Them, in the order in which they are tried.
    """

    def __init__(self, routes: Iterable[ArmRoute]) -> None:
        self._routes: dict[str, list[ArmRoute]] = {}
        for route in routes:
            self._routes.setdefault(route.method, []).append(route)

    def find(self, request: ArmRequest) -> ArmRequest:
        """The request with its route, if there is one."""
        path = re.sub("/{2,}", "/", request.path)
        for route in self._routes.get(request.method, ()):
            if match := route.pattern.match(path):
                return replace(request, path=path, route=route, names=match.groupdict())
        return request


def check_version(request: ArmRequest, route: ArmRoute, home: str) -> None:
    """
    Refuse a call without a version of the API, or with one that its type does not have.

    Args:
        request: The call.
        route: What it is.
        home: The region that it is about; empty where that is not known.

    Raises:
        ServiceError: As Resource Manager refuses it.
    """
    given = request.query.get("api-version")
    if not given:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise ServiceError("MissingApiVersionParameter", text)
    if given.lower() in route.versions:
        return
    namespace, _, kind = route.type.partition("/")
    if not _VERSION.match(given) or "providers" not in route.path:
        # Resource Manager's own
        versions = ",".join(reversed(RESOURCES))
        text = f"The api-version '{given}' is invalid. The supported versions are '{versions}'."
        raise ServiceError("InvalidApiVersionParameter", text)
    if not home:
        text = (
            f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{given}'. "
            f"The supported api-versions are '{','.join(route.versions)}'."
        )
        raise ServiceError("InvalidResourceType", text, 404)
    raise not_registered(route, home, given)


def not_registered(route: ArmRoute, place: str, version: str) -> ServiceError:
    """Nothing answers in that region in that version."""
    text = (
        f"No registered resource provider found for location '{place}' and API version '{version}' for type "
        f"'{route.type.partition('/')[2]}'. The supported api-versions are '{', '.join(route.versions)}'. "
        f"The supported locations are '{', '.join(sorted(REGIONS))}'."
    )
    return ServiceError("NoRegisteredProviderFound", text)
