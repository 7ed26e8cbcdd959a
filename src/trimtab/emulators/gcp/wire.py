"""Requests to Compute Engine off the wire, and replies onto it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from trimtab.emulators.gcp.routing import ApiRoute, find_route
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.serving import read_body

JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One call: `route` is empty for what the emulator does not have; `names` are the parts of the path."""

    method: str
    path: str
    query: Mapping[str, str]
    raw: bytes = field(repr=False)
    route: ApiRoute | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    service: str = "compute"

    @property
    def operation(self) -> str:
        """The method without the API's name: `autoscalers.insert`."""
        return self.route.id if self.route else f"{self.method} {self.path}"

    @property
    def region(self) -> str:
        """Where, if the path says it."""
        return self.names.get("zone", self.names.get("region", ""))

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""
        reads = self.route is not None and self.route.verb.startswith(("wait", "getHealth", "list"))
        return self.method != "GET" and not reads

    @property
    def key(self) -> str:
        """The same text for the same question."""
        return f"{self.method} {self.path} {sorted(self.query.items())}"

    @property
    def text(self) -> str:
        """Path, query and body as text."""
        return f"{self.path} {json.dumps(dict(self.query))} {self.raw.decode('utf-8', 'replace')}"

    @property
    def shown(self) -> dict[str, Any]:
        """What the log has of it."""
        parts = {"query": dict(self.query), "body": self.raw.decode("utf-8", "replace")}
        return {"path": self.path, **{name: value for name, value in parts.items() if value}}

    @property
    def subject(self) -> str:
        """The name that it is about."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def body(self) -> Any:
        """The body; raises `ServiceError` where it is no JSON."""
        try:
            return json.loads(self.raw or b"{}")
        except ValueError as error:
            raise ServiceError("parseError", f"Parse Error: {error}", 400) from error


def read(environ: Mapping[str, Any]) -> Request:
    """The call that an HTTP request makes."""
    path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    query = {name: value for name, value in query.items() if not name.startswith("$")}
    method = str(environ["REQUEST_METHOD"])
    match = find_route(method, path)
    route, names = match or (None, {})
    return Request(method, path, query, read_body(environ), route, names)


def result(body: Mapping[str, Any]) -> EmulatorReply:
    """A good answer."""
    return EmulatorReply(200, json.dumps(body).encode(), (("Content-Type", JSON),))


def failure(error: ServiceError) -> EmulatorReply:
    """An error as Google's JSON APIs write it."""
    inner = {"message": error.message, "domain": "global", "reason": error.code}
    body = {"error": {"code": error.status, "message": error.message, "errors": [inner], **error.more}}
    return EmulatorReply(error.status, json.dumps(body).encode(), (("Content-Type", JSON), *error.headers), error.code)


def not_found(link: str) -> ServiceError:
    """404."""
    return ServiceError("notFound", f"The resource '{link}' was not found", 404)


def invalid(text: str) -> ServiceError:
    """400, whose reason is another one where something is missing."""
    return ServiceError("required" if text.startswith("Required field") else "invalid", text, 400)


def in_use(kind: str, link: str, by: str) -> ServiceError:
    """400, of something that another thing holds on to."""
    text = f"The {kind} resource '{link}' is already being used by '{by}'"
    return ServiceError("resourceInUseByAnotherResource", text, 400)
