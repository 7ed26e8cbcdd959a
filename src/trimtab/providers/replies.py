"""
What a reply must look like before anything is read from it; pure.

It comes through proxies, captive portals and balancers, any of which may answer in the cloud's place, and with 200.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from trimtab.errors import ProviderError, Unreachable, UnreadableReply

_LONGEST = timedelta(days=36500)
_LETTERS = 60


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply as it came; the names of its headers in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """Such as `application/json`; empty where the reply does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """What the reply is one to, for errors, and when it came, for dates in it."""

    provider: str
    operation: str
    now: datetime | None = None

    def error(
        self, kind: type[ProviderError], text: object, *, code: str = "", after: timedelta | None = None
    ) -> ProviderError:
        """An error of this call."""
        return kind(str(text), provider=self.provider, operation=self.operation, code=code, after=after)

    def unanswered(self, error: Exception) -> ProviderError:
        """The error of a call that got no reply: the address, or what lies between."""
        return self.error(Unreachable, f"{str(error).rstrip('.')}; check the network and the endpoint")

    def unparsed(self, error: Exception) -> ProviderError:
        """The error of a reply that the SDK could not make sense of: its parsers raise whatever a value makes them."""
        return self.error(UnreadableReply, f"the reply could not be parsed: {type(error).__name__}: {error}")

    def unreadable(self, reply: Reply, problem: str) -> ProviderError:
        """The error of a reply that is not this call's."""
        begin = reply.body[:_LETTERS].decode("utf-8", "replace").strip()
        text = f"the reply (HTTP {reply.status}) is not one of the API: {problem}" + (f": {begin!r}" if begin else "")
        after = pause_asked(reply.headers, self.now) if reply.status in (429, 503) else None
        return self.error(UnreadableReply, text, after=after)

    def json_of(self, reply: Reply) -> dict[str, Any]:
        """
        The JSON object that a reply is.

        Raises:
            UnreadableReply: It is something else.
        """
        body = self.parsed(reply)
        if not isinstance(body, dict):
            raise self.unreadable(reply, "it is not a JSON object")
        return body

    def parsed(self, reply: Reply) -> Any:
        """
        The JSON that a reply is.

        Raises:
            UnreadableReply: It is something else.
        """
        if reply.content_type and "json" not in reply.content_type:
            raise self.unreadable(reply, f"it is {reply.content_type}, not JSON")
        if not reply.body.strip():
            raise self.unreadable(reply, "it is empty")
        try:
            return json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise self.unreadable(reply, "it is not JSON, or cut off") from error


Shape = Any
"""
What a value must be: a type; `[shape]`, a list of such; or an object, `{"name": shape}`.

A name that ends in `?` may be missing or null, and `*` stands for every name.
"""


def find_problem(value: Any, shape: Shape, path: str = "it") -> str:
    """What keeps a value from having a shape; empty where nothing does."""
    misfit = _misfit(value, shape)
    return "" if misfit is None else f"{path}{misfit[0]} {misfit[1]}".removeprefix("it.")


def _misfit(value: Any, shape: Shape) -> tuple[str, str] | None:
    """Where in a value and what; a reply has many thousands of values, of which nothing is kept."""
    if isinstance(shape, list):
        return _misfit_of_list(value, shape[0])
    if isinstance(shape, dict):
        return _misfit_of_object(value, shape)
    if isinstance(value, shape) and not (shape is int and isinstance(value, bool)):
        return None
    return "", f"is not of type {getattr(shape, '__name__', 'number')}"


def _misfit_of_list(value: Any, shape: Shape) -> tuple[str, str] | None:
    if not isinstance(value, list):
        return "", "is not a list"
    for item in value:
        if (misfit := _misfit(item, shape)) is not None:
            return f"[]{misfit[0]}", misfit[1]
    return None


def _misfit_of_object(value: Any, shape: dict[str, Shape]) -> tuple[str, str] | None:
    if not isinstance(value, (dict, Mapping)):
        return "", "is not an object"
    for word, inner in shape.items():
        may_lack = word[-1] == "?"
        for name in value if word == "*" else (word[:-1] if may_lack else word,):
            if (item := value.get(name)) is None:
                if may_lack:
                    continue
                return "", f"has no {name}"
            if (misfit := _misfit(item, inner)) is not None:
                return f".{name}{misfit[0]}", misfit[1]
    return None


def pause_asked(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """
    How long a reply asks to wait, by seconds or by a date; `None` where it does not say, or not so.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if re.fullmatch("[0-9]+", text):
        return _LONGEST if len(text) > 9 else timedelta(seconds=int(text))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if now is None:
        return None
    return max(timedelta(0), (until if until.tzinfo else until.replace(tzinfo=UTC)) - now)
