"""What the errors of Compute Engine and Cloud Monitoring are in our words; pure."""

from collections.abc import Mapping
from typing import Any

from trimtab.errors import AlreadyExists, Conflict, InvalidRequest, NotFound, ProviderError, Throttled, Unreachable
from trimtab.providers.base import patterns_of
from trimtab.providers.errors import ErrorRow, ErrorTable
from trimtab.providers.replies import ReplyContext

STALE = "conditionNotMet"
"""The reason of a write whose fingerprint is no longer that of the resource."""
# a call too many comes as 403 as well as 429: https://cloud.google.com/compute/docs/api/rate-limits
TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "resourceNotReady"})
BUSY = frozenset(
    {"resourceInUseByAnotherResource", "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", STALE, "conflict", "ABORTED"}
)
OVER_QUOTA = frozenset({"quotaExceeded", "QUOTA_EXCEEDED"})
"""What no permission mends (Troubleshoot quota and system limit errors, Google Cloud)."""
CUT_OFF = frozenset({"CANCELLED"})
"""What gRPC says of a stream that somebody else reset."""
ERRORS = ErrorTable(
    (
        ErrorRow(Throttled, codes=TOO_FAST),
        ErrorRow(AlreadyExists, codes=frozenset({"alreadyExists"})),
        ErrorRow(Conflict, codes=BUSY),
        ErrorRow(InvalidRequest, codes=OVER_QUOTA, statuses={401, 403}),
        ErrorRow(Unreachable, codes=CUT_OFF),
        ErrorRow(NotFound, statuses={404}),
        ErrorRow(AlreadyExists, statuses={409}),
        ErrorRow(Conflict, statuses={412}),
    )
)


# https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-availability
# https://cloud.google.com/compute/docs/instance-groups/troubleshooting-managed-instance-groups
FAILURES = patterns_of(
    shortage=r"RESOURCE_POOL_EXHAUSTED|STOCKOUT|CONDITION_NOT_MET",
    quota=r"QUOTA_EXCEEDED",
    image=r"\bimages/|\bimage\b.*not found",
    addresses=r"IP_SPACE_EXHAUSTED",
    permission=r"PERMISSIONS_ERROR|FORBIDDEN",
)
"""What texts say of instances that could not be made."""


def failed(call: ReplyContext, operation: Mapping[str, Any]) -> ProviderError:
    """The error of an operation that was accepted and has failed."""
    first: Mapping[str, Any] = next(iter(operation["error"].get("errors") or ()), {})
    text, code = str(first.get("message", "the operation failed")), str(first.get("code", ""))
    return ERRORS.of_operation(call, text, code=code, status=int(operation.get("httpErrorStatusCode") or 400))
