"""What alert policies and notification channels have in common: lists in pages, updates by field masks, user labels."""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple

from trimtab.emulators.gcp.filters import invalid, parse_listing

MOST = 1000
Body = dict[str, Any]
_FIELDS = {"name": "name", "display_name": "displayName", "description": "description", "type": "type"}


def listed(items: Sequence[Body], request: Mapping[str, Any]) -> tuple[list[Body], dict[str, str]]:
    """
    The items of a page, and the token of the next one where there is one.

    Raises:
        ServiceError: The filter, the order or the page is not as it should be.
    """
    text = request.get("filter", "")
    if text:
        wanted = parse_listing(text)
        items = [item for item in items if wanted.matches(partial(_read, item))]
    for field in reversed([part.strip() for part in request.get("orderBy", "").split(",") if part.strip()]):
        items = sorted(items, key=_key(field.removeprefix("-")), reverse=field.startswith("-"))
    size = int(request.get("pageSize", 0))
    page = page_of(items, request, size=size if 0 < size <= MOST else MOST)
    return page.items, {"nextPageToken": page.next} if page.next else {}


def _key(field: str) -> Any:
    known = field in _FIELDS or field.startswith(("user_label.", "user_labels."))
    if not known:
        raise invalid("orderBy", field, "Unknown field.")
    selector = field.replace("user_label.", "user_labels.")
    return lambda item: _read(item, selector) or ""


def _read(body: Mapping[str, Any], selector: str) -> str | None:
    family, _, name = selector.rpartition(".")
    if family == "user_labels":
        return _text(body.get("userLabels", {}).get(name))
    if family == "labels":
        return _text(body.get("labels", {}).get(name))
    if selector == "user_labels":
        # a label's presence is asked for by its key
        return " ".join(body.get("userLabels", {}))
    if selector == "documentation.content":
        return _text(body.get("documentation", {}).get("content"))
    if selector == "enabled":
        return "true" if body.get("enabled") else "false"
    return _text(body.get(_FIELDS[selector]))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


# user labels


MOST_LABELS = 64
_KEY = re.compile(r"^[a-z][a-z0-9_-]{0,62}$")
_VALUE = re.compile(r"^[a-z0-9_-]{0,63}$")


def check_user_labels(body: Mapping[str, Any], field: str) -> None:
    """
    Refuse labels in letters that the service does not keep (AlertPolicy.userLabels, Cloud Monitoring API v3).

    Raises:
        ServiceError: There are too many, or one is not well made.
    """
    labels = body.get("userLabels") or {}
    if len(labels) > MOST_LABELS:
        raise invalid(field, str(len(labels)), f"At most {MOST_LABELS} labels can be set.")
    for key, value in labels.items():
        if not _KEY.match(key):
            text = "Keys begin with a letter and have lowercase letters, numerals, underscores and dashes only."
            raise invalid(field, key, text)
        if not _VALUE.match(value):
            raise invalid(field, value, "Values have lowercase letters, numerals, underscores and dashes only.")


# updates


def masked(live: Mapping[str, Any], given: Mapping[str, Any], mask: str, *, known: frozenset[str]) -> dict[str, Any]:
    """
    A resource after an update: the fields of the mask are as given, all of them where there is no mask.

    Raises:
        ServiceError: The mask names what the resource does not have.
    """
    if not mask:
        return deepcopy(dict(given))
    result = deepcopy(dict(live))
    for path in mask.split(","):
        first, _, rest = path.partition(".")
        if first not in known:
            raise invalid("updateMask", path, "Unknown field.")
        _set(result, given, [first, *rest.split(".")] if rest else [first])
    return result


def _set(target: dict[str, Any], given: Mapping[str, Any], path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if not rest:
        target.pop(name, None)
        if name in given:
            target[name] = deepcopy(given[name])
        return
    _set(target.setdefault(name, {}), given.get(name) or {}, rest)


# pages


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
