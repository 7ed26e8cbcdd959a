"""What HTTP says to sources, without the library that speaks it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from trimtab.errors import (
    AccessDenied,
    InvalidRequest,
    NotFound,
    ProviderError,
    Throttled,
    Unauthenticated,
    Unreachable,
)

MOST_CONNECTIONS = 8
MOST_BYTES = 4 * 2**20
"""A longer answer is refused: a query is answered with one value for each period."""
_OK = 200
_ERRORS: Mapping[int, type[ProviderError]] = {
    401: Unauthenticated,
    403: AccessDenied,
    404: NotFound,
    408: Unreachable,
    429: Throttled,
}


class Answered(NamedTuple):
    """A reply, whatever its status."""

    status: int
    body: bytes
    after: timedelta | None = None


def error_of(name: str, answered: Answered, operation: str, said: str = "") -> ProviderError | None:
    """The error that a status says; `None` where it says none."""
    if answered.status == _OK:
        return None
    kind = _ERRORS.get(answered.status, Unreachable if answered.status >= 500 else InvalidRequest)
    text = said or "it says no more"
    return kind(text, provider=name, operation=operation, code=f"HTTP {answered.status}", after=answered.after)
