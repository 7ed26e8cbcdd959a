"""The paths of Compute Engine, out of its discovery document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from trimtab.emulators.gcp.discovery import load

BASE = "/compute/v1/"
API = "compute.v1"


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """One method: its id without the API's name, the collection that it is of, and what it takes and answers."""

    id: str
    collection: str
    verb: str
    method: Mapping[str, Any]

    @property
    def request(self) -> str | None:
        """The schema of its body."""
        return (self.method.get("request") or {}).get("$ref")

    @property
    def response(self) -> str | None:
        """The schema of its answer."""
        return (self.method.get("response") or {}).get("$ref")


def plain_collection(collection: str) -> str:
    """The collection without its scope: `autoscalers` of `regionAutoscalers`."""
    for scope in ("region", "zone", "global"):
        rest = collection.removeprefix(scope)
        if rest != collection and rest[:1].isupper():
            return rest[0].lower() + rest[1:]
    return collection


@cache
def _routes() -> list[tuple[str, re.Pattern[str], ApiRoute]]:
    routes = []
    for identity, method in load(API).methods.items():
        _, collection, verb = identity.split(".", 2)
        path = method.get("flatPath") or method["path"]
        pattern = re.compile("^" + re.sub(r"\{\+?(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")
        routes.append((method["httpMethod"], pattern, ApiRoute(f"{collection}.{verb}", collection, verb, method)))
    # paths with words come before those with names in the same places
    return sorted(routes, key=lambda entry: entry[1].pattern.count("(?P<"))


@cache
def find_route(method: str, path: str) -> tuple[ApiRoute, Mapping[str, str]] | None:
    """The method that a path calls, and the names in it."""
    if not path.startswith(BASE):
        return None
    for verb, pattern, route in _routes():
        if verb == method and (match := pattern.match(path.removeprefix(BASE))):
            return route, match.groupdict()
    return None


_RIGHTS: Mapping[str, str] = {
    "insert": "create",
    "delete": "delete",
    "wait": "get",
    "getHealth": "get",
    "getFromFamily": "getFromFamily",
    "list": "list",
    "aggregatedList": "list",
    "listInstances": "list",
}


_FAMILIES = {
    "globalOperations",
    "regionBackendServices",
    "regionHealthChecks",
    "regionHealthCheckServices",
    "regionNotificationEndpoints",
    "regionOperations",
    "regionSecurityPolicies",
    "regionSslCertificates",
    "regionSslPolicies",
    "regionTargetHttpProxies",
    "regionTargetHttpsProxies",
    "regionTargetTcpProxies",
    "regionUrlMaps",
    "zoneOperations",
}
"""Collections of a scope that have rights of their own: https://cloud.google.com/iam/docs/roles-permissions/compute"""


def permission_of(route: ApiRoute) -> str:
    """What a caller must be allowed to do: a right of the collection without its scope, but for some families."""
    collection = route.collection if route.collection in _FAMILIES else plain_collection(route.collection)
    reads = route.verb.startswith(("get", "list"))
    return f"compute.{collection}.{_RIGHTS.get(route.verb, 'get' if reads else 'update')}"


@cache
def schema_of(collection: str) -> str:
    """The schema of the things in a collection."""
    for verb in ("get", "insert"):
        for name in (collection, f"zone{collection[0].upper()}{collection[1:]}"):
            method = load(API).methods.get(f"compute.{name}.{verb}")
            if method is not None:
                return str((method["response"] if verb == "get" else method["request"])["$ref"])
    raise KeyError(collection)


@cache
def fields_of(schema: str) -> Mapping[str, Any]:
    """The fields of a schema."""
    fields: Mapping[str, Any] = load(API).schemas[schema].get("properties", {})
    return fields


@cache
def read_only(schema: str) -> frozenset[str]:
    """The fields that are given back and never taken."""
    starts = ("[Output Only]", "Output only.", "[Output only]")
    taken = {"namedPorts", "instanceTemplate", "status"} if schema == "InstanceGroupManager" else set()
    return frozenset(
        name
        for name, field in fields_of(schema).items()
        if str(field.get("description", "")).startswith(starts) and (name not in taken or name == "status")
    )
