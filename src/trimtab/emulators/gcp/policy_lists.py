"""Lists of alert policies and notification channels: filtered, sorted, in pages."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from trimtab.emulators.gcp.filters import invalid, parse_listing
from trimtab.emulators.gcp.page_tokens import page_of

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
        raise invalid("orderBy", field, "There is no such field.")
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
