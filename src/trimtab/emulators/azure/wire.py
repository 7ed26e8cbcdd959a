"""Requests to Resource Manager off the wire, and replies onto it."""

import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from trimtab.emulators.azure.calls import Answer, ArmRequest
from trimtab.emulators.azure.errors import to_dict
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.serving import read_body

JSON = "application/json; charset=utf-8"


def read_parts(environ: Mapping[str, Any]) -> ArmRequest:
    """A request whose route is not known yet."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    return ArmRequest(environ["REQUEST_METHOD"], path, query, headers, read_body(environ))


def result(answer: Answer, more: Mapping[str, str]) -> EmulatorReply:
    """A good answer."""
    body = answer.body if isinstance(answer.body, bytes) else _encoded(answer.body)
    kind = {"Content-Type": JSON} if body else {}
    return EmulatorReply(answer.status, body, tuple({**_numbers(), **kind, **more, **answer.headers}.items()))


def _encoded(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def failure(error: ServiceError) -> EmulatorReply:
    """An error."""
    body = json.dumps({"error": to_dict(error)}).encode()
    head = {**_numbers(), "Content-Type": JSON, "x-ms-failure-cause": "gateway"}
    return EmulatorReply(error.status, body, (*head.items(), *error.headers), error.code)


def _numbers() -> dict[str, str]:
    number = str(uuid.uuid4())
    return {"x-ms-request-id": number, "x-ms-correlation-request-id": number}
