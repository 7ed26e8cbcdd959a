"""What every collection of Compute Engine does: insert, get, list, patch, update, delete, aggregated lists."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trimtab.emulators.gcp.lists import nothing_in, out_of_reach, page_of
from trimtab.emulators.gcp.operations import note_operation
from trimtab.emulators.gcp.refusals import refuse
from trimtab.emulators.gcp.regions import EVERY_ZONE, ZONES
from trimtab.emulators.gcp.routing import fields_of, plain_collection, read_only, schema_of
from trimtab.emulators.gcp.wire import Request, in_use, invalid, not_found
from trimtab.emulators.gcp.world import PREFIX, CloudWorld, stamp
from trimtab.emulators.shared.errors import ServiceError

AS_GIVEN = frozenset({"sourceImage"})
"""Links that the service gives back as it got them."""
NAME = "(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)"
_LINK = re.compile(
    r"^(projects/[^/]+/)?(global/[^/]+/.+|zones/[^/]+/.+/.+|regions/[^/]+/.+/.+|(zones|regions)/[-a-z0-9]+$)"
)
"""A partial link: of a thing, or of a zone or region itself."""
_ADDRESS = re.compile(r"^(https?:)?//[^/]+/(compute/[a-z0-9]+/)?(?=projects/)")
"""What stands before the partial link in a full one: of the API in any version, or of the resource."""


@dataclass(frozen=True)
class Collection:
    """
    What one collection does of its own.

    Attributes:
        check: Refuses a body before it is kept; gets the key and the body.
        complete: Adds what the service adds to a body that is kept.
        written: Called when something was inserted or changed.
        leave: Refuses to let something go, or takes what depends on it along.
        shown: A thing as reads give it.
    """

    check: Callable[[CloudWorld, str, dict[str, Any]], None] = lambda world, key, body: None
    complete: Callable[[CloudWorld, str, dict[str, Any]], None] = lambda world, key, body: None
    written: Callable[[CloudWorld, str], None] = lambda world, key: None
    leave: Callable[[CloudWorld, str], None] = lambda world, key: None
    shown: Callable[[CloudWorld, str], dict[str, Any]] = lambda world, key: world.resources[key]
    others: Mapping[str, Callable[["WorldCall"], dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class WorldCall:
    """A call with the world that it is made in."""

    world: CloudWorld
    request: Request
    own: Collection

    @property
    def collection(self) -> str:
        """The collection without its scope."""
        return plain_collection(self.request.route.collection if self.request.route else "")

    @property
    def scope(self) -> str:
        """`global`, `zones/Z` or `regions/R`."""
        names = self.request.names
        for kind in ("zone", "region"):
            if kind in names:
                return f"{kind}s/{names[kind]}"
        return "global"

    @property
    def key(self) -> str:
        """The thing that the path names."""
        path = self.request.path.split("/projects/", 1)[1].split("/", 1)[1]
        steps = path.split("/")
        place = steps.index(self.collection)
        return "/".join(steps[: place + 2])

    @property
    def answer(self) -> str:
        """The schema of the answer."""
        return (self.request.route.response if self.request.route else None) or ""

    def there(self) -> dict[str, Any]:
        """The thing that the path names; 404 where it is not."""
        if self.key not in self.world.resources:
            raise not_found(f"projects/{self.world.project}/{self.key}")
        return self.world.resources[self.key]


# verbs


def insert(call: WorldCall) -> dict[str, Any]:
    """Keep a new thing."""
    body = taken(call.world, call.collection, call.request.body)
    name = str(body.get("name", ""))
    if not re.fullmatch(NAME, name):
        text = f"Invalid value for field 'resource.name': '{name}'. Must be a match of regex '{NAME}'"
        raise invalid(text)
    key = f"{call.scope}/{call.collection}/{name}"
    if key in call.world.resources:
        text = f"The resource 'projects/{call.world.project}/{key}' already exists"
        raise ServiceError("alreadyExists", text, 409)
    refuse(call.collection, body)
    call.own.check(call.world, key, body)
    call.world.resources[key] = {**own_fields(call.world, call.collection, key), **body}
    call.own.complete(call.world, key, call.world.resources[key])
    call.own.written(call.world, key)
    return note_operation(call.world, "insert", key)


def get(call: WorldCall) -> dict[str, Any]:
    """One thing."""
    call.there()
    return call.own.shown(call.world, call.key)


def list_(call: WorldCall) -> dict[str, Any]:
    """The things of one place."""
    start = f"{call.scope}/{call.collection}/"
    keys = [key for key in sorted(call.world.resources) if key.startswith(start)]
    return listed(call, [call.own.shown(call.world, key) for key in keys])


def listed(call: WorldCall, items: list[dict[str, Any]], name: str = "items") -> dict[str, Any]:
    """A page of a list."""
    page, more = page_of(call.world, call.request, items, lambda item: item)
    around = _around(call)
    if page or "warning" not in fields_of(call.answer):
        return {**around, name: page, **more}
    return {**around, "warning": nothing_in(call.scope), **more}


def _around(call: WorldCall) -> dict[str, Any]:
    """What stands around the items of a list, as far as its schema has it."""
    fields, path = fields_of(call.answer), call.request.path.split("/v1/", 1)[1]
    known = {"kind": fields.get("kind", {}).get("default"), "id": path, "selfLink": f"{PREFIX}{path}"}
    return {name: value for name, value in known.items() if name in fields and value is not None}


def aggregated(call: WorldCall) -> dict[str, Any]:
    """The things of every place."""
    scopes = ["global", *(f"regions/{region}" for region in ZONES), *(f"zones/{zone}" for zone in EVERY_ZONE)]
    place = {scope: number for number, scope in enumerate(scopes)}
    held = [key.rsplit("/", 2) for key in sorted(call.world.resources)]
    found = sorted((place[scope], scope, name) for scope, collection, name in held if collection == call.collection)
    every = [(scope, call.own.shown(call.world, f"{scope}/{call.collection}/{name}")) for _, scope, name in found]
    return in_pages(call, scopes, every)


def in_pages(call: WorldCall, scopes: list[str], every: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """A page of what there is in several scopes; those that cannot be reached are named."""
    away = [scope for scope in scopes if scope in call.world.unreachable]
    reachable = [(scope, item) for scope, item in every if scope not in away]
    page, more = page_of(call.world, call.request, reachable, lambda pair: pair[1])
    by_scope: dict[str, dict[str, Any]] = {scope: {"warning": nothing_in(scope)} for scope in scopes}
    by_scope |= {scope: {"warning": out_of_reach(scope)} for scope in away}
    for scope, resource in page:
        by_scope[scope].pop("warning", None)
        by_scope[scope].setdefault(call.collection, []).append(resource)
    return {**_around(call), "items": by_scope, **({"unreachables": away} if away else {}), **more}


def patch(call: WorldCall) -> dict[str, Any]:
    """Merge a body into a thing; null takes a field away."""
    key, existing = _meant(call)
    body = taken(call.world, call.collection, call.request.body)
    check_fingerprint(existing, body)
    own = {"name", "fingerprint"}
    changed = merged({**existing}, {name: value for name, value in body.items() if name not in own})
    return _replace(call, key, changed, "patch")


def update(call: WorldCall) -> dict[str, Any]:
    """Put a body in the place of a thing's."""
    key, existing = _meant(call)
    body = taken(call.world, call.collection, call.request.body)
    check_fingerprint(existing, body)
    own = {*read_only(schema_of(call.collection)), "name", "selfLink"}
    kept = {name: value for name, value in existing.items() if name in own}
    return _replace(call, key, {**kept, **body}, "update")


def _meant(call: WorldCall) -> tuple[str, dict[str, Any]]:
    """The thing that a write is about: autoscalers are named in the query."""
    name = call.request.query.get("autoscaler")
    key = f"{call.scope}/{call.collection}/{name}" if name else call.key
    if key not in call.world.resources:
        raise not_found(f"projects/{call.world.project}/{key}")
    return key, call.world.resources[key]


def _replace(call: WorldCall, key: str, body: dict[str, Any], verb: str) -> dict[str, Any]:
    refuse(call.collection, body)
    call.own.check(call.world, key, body)
    before = call.world.resources[key]
    call.world.resources[key] = body
    if "fingerprint" in before:
        body["fingerprint"] = call.world.fingerprint()
    call.own.complete(call.world, key, body)
    call.own.written(call.world, key)
    return note_operation(call.world, verb, key)


def delete(call: WorldCall) -> dict[str, Any]:
    """Let a thing go."""
    call.there()
    call.own.leave(call.world, call.key)
    operation = note_operation(call.world, "delete", call.key)
    call.world.resources.pop(call.key, None)
    return operation


VERBS: Mapping[str, Callable[[WorldCall], dict[str, Any]]] = {
    "insert": insert,
    "get": get,
    "list": list_,
    "aggregatedList": aggregated,
    "patch": patch,
    "update": update,
    "delete": delete,
    "wait": get,
}


# bodies


def own_fields(world: CloudWorld, collection: str, key: str) -> dict[str, Any]:
    """What the service gives every thing."""
    scope = key.split("/")
    fields = fields_of(schema_of(collection))
    where = {scope[0].removesuffix("s"): world.link("/".join(scope[:2]))} if scope[0] != "global" else {}
    kind = str(fields["kind"].get("default") or f"compute#{collection.removesuffix('s')}")
    body = {
        "kind": kind,
        "id": world.number(),
        "creationTimestamp": stamp(world.now()),
        "selfLink": world.link(key),
        **where,
    }
    return {**body, **({"fingerprint": world.fingerprint()} if "fingerprint" in fields else {})}


def taken(world: CloudWorld, collection: str, body: Any) -> dict[str, Any]:
    """A body as it is kept: what is only given back left out, links in full."""
    ignored = read_only(schema_of(collection))
    return {name: full_links(world, value) for name, value in body.items() if name not in ignored}


def full_links(world: CloudWorld, value: Any) -> Any:
    """Every link in a body with its address."""
    if isinstance(value, str):
        plain = partial_link(value)
        if not _LINK.match(plain):
            return value
        return PREFIX + (plain if plain.startswith("projects/") else f"projects/{world.project}/{plain}")
    if isinstance(value, Mapping):
        return {name: item if name in AS_GIVEN else full_links(world, item) for name, item in value.items()}
    return [full_links(world, item) for item in value] if isinstance(value, list) else value


def partial_link(text: str) -> str:
    """A link without its address: `projects/...`; what begins with none is as it was."""
    return _ADDRESS.sub("", text)


def merged(target: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396)."""
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, Mapping):
            before = target.get(name)
            target[name] = merged(dict(before) if isinstance(before, Mapping) else {}, value)
        else:
            target[name] = without_nulls(value)
    return target


def without_nulls(value: Any) -> Any:
    """A copy without members that are null: they were not given."""
    if isinstance(value, Mapping):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def check_fingerprint(existing: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Refuse a write that is about an earlier state."""
    given = body.get("fingerprint")
    if given and given != existing.get("fingerprint"):
        raise ServiceError("conditionNotMet", "Invalid fingerprint.", 412)


def must_exist(world: CloudWorld, link: str) -> None:
    """404 where a reference leads nowhere, 400 where it is none."""
    if link and not link.startswith("https://"):
        raise invalid(f"Invalid value for field 'resource': '{link}'. The URL is malformed.")
    if link.startswith(f"{PREFIX}projects/{world.project}/") and world.key(link) not in world.resources:
        raise not_found(link.removeprefix(PREFIX))


def users_of(world: CloudWorld, link: str, collections: tuple[str, ...]) -> Iterator[str]:
    """The things that name a link."""
    for key, body in world.resources.items():
        if key.split("/")[-2] in collections and _names(body, link):
            yield key


def _names(value: Any, link: str) -> bool:
    if isinstance(value, str):
        return value == link
    if isinstance(value, Mapping):
        return any(_names(item, link) for name, item in value.items() if name != "selfLink")
    return isinstance(value, list) and any(_names(item, link) for item in value)


def refuse_in_use(world: CloudWorld, key: str, kind: str, collections: tuple[str, ...]) -> None:
    """Refuse to let go what something else names."""
    for user in users_of(world, world.link(key), collections):
        path = f"projects/{world.project}"
        raise in_use(kind, f"{path}/{key}", f"{path}/{user}")
