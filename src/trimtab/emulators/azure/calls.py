"""Calls of Resource Manager: what is asked, by which route, and what is answered."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from trimtab.emulators.azure.errors import bad_content, stale_etag
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.world import CloudWorld
from trimtab.emulators.shared.errors import ServiceError


@dataclass(frozen=True, slots=True)
class ArmRequest:
    """One call: `route` is empty for what the emulator does not have; `names` are the parts of the path."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    raw: bytes = field(repr=False)
    route: "ArmRoute | None" = None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The service's short name, such as compute or insights."""
        return self.route.service if self.route else "arm"

    @property
    def operation(self) -> str:
        """The id of the operation, such as `VirtualMachineScaleSets_CreateOrUpdate`."""
        return self.route.operation if self.route else f"{self.method} {self.path}"

    @property
    def region(self) -> str:
        """Where, if the path says it."""
        return self.names.get("location", "")

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""
        return self.method != "GET" and not (self.route and self.route.only_reads)

    @property
    def key(self) -> str:
        """The same text for the same question."""
        return f"{self.method} {self.path.lower()} {sorted(self.query.items())}"

    @property
    def text(self) -> str:
        """Path, query and body as text."""
        return f"{self.path} {json.dumps(dict(self.query))} {self.raw.decode('utf-8', 'replace')}"

    @property
    def shown(self) -> dict[str, Any]:
        """What the log has of it."""
        query = {name: value for name, value in self.query.items() if name != "api-version"}
        parts = {"query": query, "body": self.body if _is_json(self.raw) else self.raw.decode("utf-8", "replace")}
        return {"path": self.path, **{name: value for name, value in parts.items() if value}}

    @property
    def subject(self) -> str:
        """The name that it is about."""
        return self.names.get("name", self.names.get("group", "")).replace(" ", "_")

    @property
    def body(self) -> Any:
        """The body; raises `ServiceError` where it is no JSON."""
        if not self.raw:
            return None
        try:
            return json.loads(self.raw)
        except ValueError as error:
            raise bad_content(f"'{error}'.") from error

    @property
    def base(self) -> str:
        """The address that was asked."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    @property
    def version(self) -> str:
        """The version of the API."""
        return self.query.get("api-version", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers; a body of `None` is left out, one of bytes is JSON already."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a world that has what it is about."""

    world: CloudWorld
    request: ArmRequest

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
class ArmRoute:
    """
    One operation: `versions` are those of its API, none where any will do.

    `body` is the model of the SDK that its body is checked with.
    """

    method: str
    path: str
    service: str
    operation: str
    versions: tuple[str, ...]
    handler: Handler
    body: str = ""
    only_reads: bool = False
    bucket: str = ""

    @cached_property
    def type(self) -> str:
        """What it is about, such as `virtualMachineScaleSets/virtualMachines`, with its namespace before it."""
        namespace, *parts = self.path.rpartition("/providers/")[2].split("/")
        return "/".join((namespace, *(part for part in parts if not part.startswith("{"))))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path, whatever the case of its letters; `{resource}` is any number of parts."""
        text = re.escape(self.path).replace(r"\{resource\}", r"(?P<resource>.+?)")
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", text) + "/?$", re.IGNORECASE)


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw or b"null")
    except ValueError:
        return False
    return True


# conditions on the version of a resource


def check_etag(call: Call, etag: str | None) -> None:
    """
    Refuse a write whose condition does not hold; `etag` is `None` where there is nothing yet.

    Raises:
        ServiceError: 412.
    """
    match = call.request.headers.get("if-match")
    none_match = call.request.headers.get("if-none-match")
    if match is not None and (etag is None or match not in ("*", etag)):
        raise stale_etag(match, etag or '""')
    if none_match is not None and etag is not None and none_match in ("*", etag):
        text = f"Etag provided in if-none-match header {none_match} matches etag {etag} of resource."
        raise ServiceError("PreconditionFailed", text, 412)


# lists, a page at a time


def page(call: Call, bodies: Iterable[dict[str, Any]]) -> Answer:
    """One page of resources, by their ids, and where the next one is."""
    after = read_token(call.query.get("$skiptoken", ""))
    ordered = sorted(bodies, key=lambda body: folded(body["id"]))
    rest = [body for body in ordered if folded(body["id"]) > after]
    size = max(1, int(call.world.settings["page_size"]))
    shown = rest[:size]
    answer: dict[str, Any] = {"value": shown}
    if len(rest) > size:
        answer["nextLink"] = next_link(call, folded(shown[-1]["id"]))
    return Answer(200, answer)


def page_of_group(call: Call, bodies: Iterable[dict[str, Any]]) -> Answer:
    """The same of those in the resource group that the path names, where it names one."""
    group = call.names.get("group")
    return page(call, [body for body in bodies if group is None or body["id"].split("/")[4].lower() == group.lower()])


def next_link(call: Call, token: str) -> str:
    """The address of what comes after `token`."""
    query = {**call.query, "$skiptoken": base64.urlsafe_b64encode(token.encode()).decode()}
    return f"{call.request.base}{call.request.path}?{urlencode(query)}"


def read_token(text: str) -> str:
    """The token of a next page; empty on the first."""
    return base64.urlsafe_b64decode(text).decode() if text else ""
