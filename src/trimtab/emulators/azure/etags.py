"""Conditions on the version of a resource."""

from trimtab.emulators.azure.calls import Call
from trimtab.emulators.azure.errors import stale_etag
from trimtab.emulators.shared.errors import ServiceError


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
