"""What the refusals of a cloud are in our words: one table, whose rows are the cloud's."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from trimtab.errors import (
    AccessDenied,
    InvalidRequest,
    ProviderError,
    Throttled,
    Unauthenticated,
    Unreachable,
)
from trimtab.plan import Unknown
from trimtab.providers.replies import ReplyContext


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """
    What a refusal is of which all of this holds.

    Attributes:
        error: The error.
        codes: The vendor's words for it, `*` for anything.
        statuses: HTTP statuses.
        texts: Parts of its message, in lower case.
    """

    error: type[ProviderError]
    codes: frozenset[str] = frozenset()
    statuses: Container[int] = ()
    texts: tuple[str, ...] = ()

    def matches(self, status: int, code: str, text: str) -> bool:
        """Whether all that the row says holds of a refusal."""
        return (
            (not self.codes or any(fnmatchcase(code, pattern) for pattern in self.codes))
            and (not self.statuses or status in self.statuses)
            and (not self.texts or any(words in text.lower() for words in self.texts))
        )

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """The higher, the more specific: a code says more than a status, and that more than words of a message."""
        return bool(self.codes), bool(self.statuses), bool(self.texts)


COMMON = (
    ErrorRow(Throttled, statuses={429}),
    ErrorRow(Unauthenticated, statuses={401}),
    ErrorRow(AccessDenied, statuses={403}),
    ErrorRow(Unreachable, statuses=set(range(500, 600)) - {501}),
)
"""What holds of every cloud (https://www.rfc-editor.org/rfc/rfc9110#name-status-codes)."""


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """The rows of a cloud, and those of all; what no row is about is an invalid request."""

    rows: Sequence[ErrorRow] = field(default=())

    def class_of(self, status: int, code: str, text: str = "") -> type[ProviderError]:
        """The error of a refusal: that of the most specific row; of two alike the first."""
        matches = (row for row in (*self.rows, *COMMON) if row.matches(status, code, text))
        best = max(matches, key=lambda row: row.rank, default=None)
        return InvalidRequest if best is None else best.error

    def of_operation(self, call: ReplyContext, text: str, *, code: str, status: int = 400) -> ProviderError:
        """The error of an operation that was accepted and has failed, so that it is not made again."""
        error = self.class_of(status, code, text)
        return call.error(InvalidRequest if issubclass(error, (Throttled, Unreachable)) else error, text, code=code)


def unread(places: Iterable[str], kind: str, error: ProviderError, what: str = "") -> list[Unknown]:
    """
    What is unknown in some places because a read failed; nothing of that kind is made or deleted there.

    Raises:
        Unauthenticated: Where nobody is let in no other question has an answer either: that is the error.
    """
    if isinstance(error, Unauthenticated):
        raise error
    return [Unknown(place, kind, f"{what}{error}") for place in places]
