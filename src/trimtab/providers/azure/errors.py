"""What the errors of Resource Manager are in our words; pure."""

from collections.abc import Mapping
from typing import Any

from trimtab.errors import AlreadyExists, Conflict, NotFound, ProviderError
from trimtab.providers.errors import ErrorRow, ErrorTable
from trimtab.providers.replies import ReplyContext

STALE = "PreconditionFailed"
"""The code of a write whose version is no longer that of the resource."""

# https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
ERRORS = ErrorTable(
    (
        ErrorRow(NotFound, statuses={404}),
        ErrorRow(AlreadyExists, codes=frozenset({"ResourceExists", "AlreadyExists"}), statuses={409, 412}),
        ErrorRow(Conflict, statuses={409, 412}),
        # of an operation in whose place another one began
        ErrorRow(Conflict, codes=frozenset({"OperationPreempted"})),
    )
)


def failed(call: ReplyContext, status: Mapping[str, Any]) -> ProviderError:
    """The error of an operation that was accepted and has failed."""
    error = status.get("error") or {}
    text = error.get("message") or f"the operation ended as {status.get('status')}"
    return ERRORS.of_operation(call, text, code=error.get("code") or "")
