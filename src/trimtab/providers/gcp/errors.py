"""What the errors of Compute Engine and Cloud Monitoring are in our words; pure."""

from collections.abc import Mapping
from typing import Any

from trimtab.errors import (
    AccessDenied,
    AlreadyExists,
    Conflict,
    InvalidRequest,
    NotFound,
    ProviderError,
    Throttled,
    Unreachable,
)

# https://cloud.google.com/compute/docs/api/rate-limits
TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "resourceNotReady"}
TAKEN = {"alreadyExists"}
BUSY = {"resourceInUseByAnotherResource", "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "conditionNotMet", "conflict"}
BUSY |= {"ABORTED"}
OVER_QUOTA = {"quotaExceeded", "QUOTA_EXCEEDED"}
"""What no permission mends (Troubleshoot quota and system limit errors, Google Cloud)."""
CUT_OFF = {"CANCELLED"}
"""What gRPC says of a stream that somebody else reset."""


def class_of(status: int, reason: str) -> type[ProviderError]:
    """The error that an HTTP status and the vendor's word for it are; a call too many comes as 403 as well as 429."""
    if status == 429 or reason in TOO_FAST:
        return Throttled
    if reason in TAKEN:
        return AlreadyExists
    if reason in BUSY:
        return Conflict
    if status in (401, 403):
        return InvalidRequest if reason in OVER_QUOTA else AccessDenied
    if status == 404:
        return NotFound
    if status in (409, 412):
        return AlreadyExists if status == 409 else Conflict
    if (status >= 500 and status != 501) or reason in CUT_OFF:
        return Unreachable
    return InvalidRequest


def failed(operation: str, reply: Mapping[str, Any]) -> ProviderError:
    """The error of an operation that was accepted and has failed."""
    errors = reply["error"].get("errors") or [{}]
    code, text = str(errors[0].get("code", "")), str(errors[0].get("message", "the operation failed"))
    status = int(reply.get("httpErrorStatusCode") or 400)
    kind = Conflict if code in BUSY else class_of(status, code)
    # an operation that was accepted and failed is not made again
    kind = InvalidRequest if issubclass(kind, (Throttled, Unreachable)) else kind
    return kind(text, provider="gcp", operation=operation, code=code)
