"""How an emulator makes what an account has before anybody uses it: by calls to itself."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

NAME = "virtualmin"
"""What the examples call their network and all that there is once."""
BALANCED = ("virtualmin-web", "virtualmin-api")
"""What they call what their balancers pass requests to."""


def send(endpoint: str, method: str, path: str, body: Mapping[str, Any]) -> None:
    """
    Make one call with a JSON body.

    Raises:
        RuntimeError: It was refused.
    """
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=30)
    head = {"Content-Type": "application/json", "Authorization": "Bearer trimtab"}
    try:
        connection.request(method, path, json.dumps(body), head)
        reply = connection.getresponse()
        text = reply.read().decode()
    finally:
        connection.close()
    if reply.status >= 400:
        raise RuntimeError(f"{method} {path}: {reply.status} {text}")
