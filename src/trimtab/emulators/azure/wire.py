"""Requests to Resource Manager off the wire, and replies onto it."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from trimtab.emulators.azure.errors import bad_content, to_dict
from trimtab.emulators.calls import Reply
from trimtab.emulators.errors import ServiceError
from trimtab.emulators.serving import read_body

if TYPE_CHECKING:
    from trimtab.emulators.azure.routing import Route

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One call: `route` is empty for what the emulator does not have; `names` are the parts of the path."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    raw: bytes = field(repr=False)
    route: "Route | None" = None
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
    """What a handler answers: `None` is no body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def read_parts(environ: Mapping[str, Any]) -> Request:
    """A request whose route is not known yet."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    return Request(environ["REQUEST_METHOD"], path, query, headers, read_body(environ))


def result(answer: Answer, more: Mapping[str, str]) -> Reply:
    """A good answer."""
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    kind = {"Content-Type": JSON} if body else {}
    return Reply(answer.status, body, tuple({**_numbers(), **kind, **more, **answer.headers}.items()))


def failure(error: ServiceError) -> Reply:
    """An error."""
    body = json.dumps({"error": to_dict(error)}).encode()
    head = {**_numbers(), "Content-Type": JSON, "x-ms-failure-cause": "gateway"}
    return Reply(error.status, body, (*head.items(), *error.headers), error.code)


def _numbers() -> dict[str, str]:
    number = str(uuid.uuid4())
    return {"x-ms-request-id": number, "x-ms-correlation-request-id": number}


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw or b"null")
    except ValueError:
        return False
    return True
