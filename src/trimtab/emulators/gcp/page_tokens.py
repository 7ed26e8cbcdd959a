"""Pages of what clients list."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from trimtab.emulators.gcp.filters import invalid


class Page(NamedTuple):
    """Some of the items, and the token of those after them."""

    items: list[Any]
    next: str


def page_of(items: Sequence[Any], request: Mapping[str, Any], *, size: int) -> Page:
    """
    The page that a request asks for.

    Raises:
        ServiceError: Its token is none that was given out.
    """
    token = str(request.get("pageToken", ""))
    start = _start(token, len(items)) if token else 0
    over = start + size
    return Page(list(items[start:over]), f"after-{over}" if over < len(items) else "")


def _start(token: str, length: int) -> int:
    word, _, number = token.partition("-")
    if word != "after" or not number.isdigit() or int(number) > length:
        raise invalid("pageToken", token, "The page token is not one that was returned by a previous call.")
    return int(number)
