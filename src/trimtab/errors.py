"""Every error that trimtab raises on purpose; each says what was being done, to what, and what to do next."""

from collections.abc import Sequence
from datetime import timedelta

from trimtab.phrases import capped

__all__ = [
    "AccessDenied",
    "AlreadyExists",
    "ApplyFailed",
    "ConfigError",
    "Conflict",
    "ConsentMissing",
    "ForeignResource",
    "InvalidArgument",
    "InvalidRequest",
    "MissingExtra",
    "NotFound",
    "PlanRefused",
    "ProviderError",
    "StalePlan",
    "Throttled",
    "TrimtabError",
    "Unauthenticated",
    "Unreachable",
    "UnreadableReply",
    "Unsupported",
    "WaitTimeout",
]


class TrimtabError(Exception):
    """The root of all of trimtab's errors."""


class ConfigError(TrimtabError):
    """
    A file or a value that is no valid fleet.

    Attributes:
        problems: One sentence each, with file and line where known.
        lines: The same for people: what is wrong with many groups alike is one line, and a long list is cut.
    """

    def __init__(self, problems: Sequence[str], lines: Sequence[str] | None = None) -> None:
        self.problems = tuple(problems)
        self.lines = tuple(capped(problems if lines is None else lines))
        super().__init__("\n".join(self.lines))


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
    """The cloud is no longer what the plan was made from; plan again."""


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


class WaitTimeout(TrimtabError):
    """A group that did not get where it was meant to be in time; it may still get there."""


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
