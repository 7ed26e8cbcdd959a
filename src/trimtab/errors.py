"""Every error that trimtab raises on purpose; each says what was being done, to what, and what to do next."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = [
    "AccessDenied",
    "AlreadyExists",
    "ApplyFailed",
    "Cancelled",
    "ConfigError",
    "Conflict",
    "ConsentMissing",
    "FieldProblem",
    "ForeignResource",
    "InvalidArgument",
    "InvalidModel",
    "InvalidRequest",
    "MissingExtra",
    "NotFound",
    "PlanRefused",
    "PlaybookFailed",
    "ProviderError",
    "StalePlan",
    "StoreUnavailable",
    "Throttled",
    "TrimtabError",
    "Unauthenticated",
    "Unreachable",
    "UnreadableReply",
    "Unsupported",
    "WaitTimeout",
]


MOST_LINES = 20
"""So many lines of one sort are printed."""


def capped(lines: Sequence[str]) -> list[str]:
    """The first lines, and how many more there are; all when that is one line as well."""
    more = len(lines) - MOST_LINES
    return list(lines) if more <= 1 else [*lines[:MOST_LINES], f"and {more} more"]


class TrimtabError(Exception):
    """The root of all of trimtab's errors; each can be pickled, as process pools do."""

    def __reduce__(self) -> "tuple[Any, ...]":
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[TrimtabError], args: tuple[Any, ...], state: dict[str, Any]) -> TrimtabError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigError(TrimtabError):
    """
    A file or a value that is no valid fleet.

    Attributes:
        problems: One sentence each, with file and line where known.
        places: Of each problem the file, the line and the column; `None` where there is none.
        lines: The same for people: what is wrong with many groups alike is one line, and a long list is cut.
    """

    def __init__(
        self,
        problems: Sequence[str],
        lines: Sequence[str] | None = None,
        *,
        places: Sequence[tuple[str, int, int] | None] = (),
    ) -> None:
        self.problems = tuple(problems)
        self.places = tuple(places) or (None,) * len(self.problems)
        self.lines = tuple(capped(problems if lines is None else lines))
        super().__init__("\n".join(self.lines))


class FieldProblem(NamedTuple):
    """What is wrong with one field of a model, and what to do about it."""

    path: str
    """The field, from the model that was made: `capacity.min`; empty for the model itself."""
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidModel(TrimtabError, ValueError):
    """
    Values that a model refuses, such as a `ScalingGroup` whose minimum is above its maximum.

    Attributes:
        model: The model's name.
        problems: Path and message of each.
        details: The same in the form of `errors()` of pydantic's `ValidationError`: `type`, `loc`, `msg`, `ctx`.
    """

    def __init__(self, model: str, problems: Sequence[FieldProblem], details: Sequence["ErrorDetails"] = ()) -> None:
        self.model = model
        self.problems = tuple(problems)
        self.details = tuple(details)
        super().__init__("\n".join(f"invalid {model}: {problem}" for problem in capped(list(map(str, problems)))))


class InvalidArgument(TrimtabError, ValueError):
    """A call of the library that cannot be meant: a word that there is not, a text where a list is taken."""


class MissingExtra(TrimtabError, ImportError):
    """A part of trimtab whose libraries are not installed; the message names the extra."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs libraries that are not installed: pip install 'trimtab[{extra}]'")


class Unsupported(TrimtabError):
    """Something that the cloud, or the provider, cannot do; the message names group, field and reason."""


class PlanRefused(TrimtabError):
    """A plan that must not be applied as it is; the message says why and what to do."""


class ForeignResource(PlanRefused):
    """A name that is taken by something without the fleet's mark; rename yours, or adopt it."""


class ConsentMissing(PlanRefused):
    """A plan that deletes or replaces a group, applied without `allow_delete` or `allow_replace`."""


class StalePlan(PlanRefused):
    """The cloud has changed since the plan was made; plan again."""


class ApplyFailed(TrimtabError):
    """
    Some changes of a plan failed; the others went through.

    Attributes:
        failures: One sentence for each change that failed or was not tried.
    """

    def __init__(self, failures: Sequence[str], lines: Sequence[str] | None = None) -> None:
        first = f"{len(failures)} of the plan's changes did not go through:"
        super().__init__("\n".join([first, *capped(failures if lines is None else lines)]))
        self.failures = tuple(failures)


class PlaybookFailed(TrimtabError):
    """A playbook that did not go through, or did not end in time; the message has what was printed last."""


class WaitTimeout(TrimtabError):
    """A group that did not get where it was meant to be in time; it may still get there."""


class StoreUnavailable(TrimtabError):
    """The store of the controller cannot be reached or used; nothing was stored, and the next tick tries again."""


class Cancelled(TrimtabError):
    """Work that was cancelled before its next call to the cloud; what was written before stays: plan again."""


class ProviderError(TrimtabError):
    """
    A call to a cloud that failed.

    Attributes:
        provider: Which cloud.
        operation: The vendor's name of the call.
        code: The vendor's error code, where there was a reply.
        after: How long the cloud asks to wait before the next attempt, where it says so.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        operation: str = "",
        code: str = "",
        after: timedelta | None = None,
    ) -> None:
        where = " ".join(part for part in (provider, operation) if part)
        message += f" ({code})" if code and where else ""
        message += f"; it asks to wait {after}" if after else ""
        super().__init__(f"{where}: {message}" if where else message)
        self.provider = provider
        self.operation = operation
        self.code = code
        self.after = after


class AccessDenied(ProviderError):
    """The credential may not make this call."""


class Unauthenticated(AccessDenied):
    """Nobody is signed in, or with credentials that the cloud does not take: nothing at all can be asked."""


class NotFound(ProviderError):
    """What the call is about does not exist."""


class AlreadyExists(ProviderError):
    """The name is taken."""


class Conflict(ProviderError):
    """The cloud is busy with the same thing, or it changed since it was read."""


class InvalidRequest(ProviderError):
    """The cloud refuses the request as it stands."""


class Throttled(ProviderError):
    """Too many calls; retries within the budget did not get through."""


class Unreachable(ProviderError):
    """No reply, or a reply that says that the cloud itself failed; the effect is unknown."""


class UnreadableReply(Unreachable):
    """A reply that is not one of the API: of a proxy, cut off, or to another call; the effect is unknown."""
