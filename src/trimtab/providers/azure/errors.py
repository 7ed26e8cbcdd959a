"""What the errors of Resource Manager are in our words; pure."""

from trimtab.errors import AlreadyExists, Conflict, NotFound
from trimtab.providers.errors import ErrorRow, ErrorTable

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
