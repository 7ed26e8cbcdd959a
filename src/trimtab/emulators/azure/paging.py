"""Lists, a page at a time."""

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from trimtab.emulators.azure.calls import Answer, Call
from trimtab.emulators.azure.ids import folded


def page(call: Call, bodies: Iterable[dict[str, Any]]) -> Answer:
    """One page of resources, by their ids, and where the next one is."""
    after = _read_token(call.query.get("$skiptoken", ""))
    ordered = sorted(bodies, key=lambda body: folded(body["id"]))
    rest = [body for body in ordered if folded(body["id"]) > after]
    size = max(1, int(call.world.settings["page_size"]))
    shown = rest[:size]
    answer: dict[str, Any] = {"value": shown}
    if len(rest) > size:
        answer["nextLink"] = next_link(call, folded(shown[-1]["id"]))
    return Answer(200, answer)


def next_link(call: Call, token: str) -> str:
    """The address of what comes after `token`."""
    query = {**call.query, "$skiptoken": base64.urlsafe_b64encode(token.encode()).decode()}
    return f"{call.request.base}{call.request.path}?{urlencode(query)}"


def read_token(text: str) -> str:
    """The token of a next page; empty on the first."""
    return _read_token(text)


def _read_token(text: str) -> str:
    return base64.urlsafe_b64decode(text).decode() if text else ""
