"""What HTTP says to sources, without the library that speaks it."""

from datetime import timedelta
from typing import NamedTuple

from trimtab.errors import NotFound, ProviderError, Unreachable
from trimtab.providers.errors import ErrorRow, ErrorTable

MOST_CONNECTIONS = 8
MOST_BYTES = 4 * 2**20
"""A longer answer is refused: a query is answered with one value for each period."""
_OK = 200
_ERRORS = ErrorTable((ErrorRow(NotFound, statuses={404}), ErrorRow(Unreachable, statuses={408, 501})))


class Answered(NamedTuple):
    """A reply, whatever its status."""

    status: int
    body: bytes
    after: timedelta | None = None


def error_of(name: str, answered: Answered, operation: str, said: str = "") -> ProviderError | None:
    """The error that a status says; `None` where it says none."""
    if answered.status == _OK:
        return None
    kind = _ERRORS.class_of(answered.status, "")
    text = said or "it says no more"
    return kind(text, provider=name, operation=operation, code=f"HTTP {answered.status}", after=answered.after)
