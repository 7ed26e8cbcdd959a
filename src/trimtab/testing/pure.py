"""A provider's pure code without a cloud: what it makes of a fleet, and what it makes of replies."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trimtab.declarations import declarations_of, load
from trimtab.errors import TrimtabError, Unsupported
from trimtab.models import Fleet
from trimtab.providers.base import Facts
from trimtab.providers.guard import stumbled
from trimtab.providers.importing import Imported
from trimtab.providers.pure import PureCode
from trimtab.providers.translation import Translation


def translate(
    fleet: Fleet,
    provider: str,
    *,
    facts: Facts | Mapping[str, Any] | None = None,
    location: str | None = None,
    now: datetime | None = None,
) -> Translation:
    """
    What a provider makes of a fleet: native bodies, notes, problems; no cloud is asked and no SDK loaded.

    Args:
        fleet: What is wanted.
        provider: Its name.
        facts: What the fleet refers to and a cloud would know, by name of the provider's facts; nothing when left out.
        location: Where groups live that do not say otherwise; that of the test clouds when left out.
        now: When the plan is made; now when left out.
    """
    pure = _pure(provider)
    known = facts if isinstance(facts, Facts) else pure.facts(**(facts or {}))
    return pure.translate(fleet.for_provider(provider), known, now or datetime.now(UTC), location or pure.location)


def import_replies(
    provider: str,
    replies: Any,
    *,
    fleet: str | None = None,
    location: str | None = None,
    now: datetime | None = None,
) -> Imported:
    """
    The group that a cloud's replies tell of, and a note on each field that the plan after `adopt` changes.

    Args:
        provider: Its name.
        replies: What was answered about one group, by name of the provider's `Replies`: on Azure `scale_set`,
            `setting`, `alerts`, `action_groups`, `balancers`.
        fleet: The fleet that the group is to join; the one whose mark it bears, or one of its own, when left out.
        location: Where groups live that do not say otherwise; there where the group is when left out.
        now: When it was answered; now when left out.

    Raises:
        Unsupported: It is no group that the model can say, whatever is left out.
        UnreadableReply: Something is missing in the replies that a cloud always answers, or is of another type.
    """
    pure = _pure(provider)
    if pure.import_group is None or pure.replies is None:
        raise Unsupported(f"{provider} answers nothing that could be imported")
    try:
        given = pure.replies(**replies) if isinstance(replies, Mapping) else replies
        return pure.import_group(given, now=now or datetime.now(UTC), fleet=fleet, location=location)
    except TrimtabError:
        raise
    except Exception as error:
        raise stumbled(error, provider, "import") from error


def _pure(provider: str) -> PureCode:
    path = declarations_of(provider).pure
    if not path:
        raise Unsupported(f"{provider} declares no code that runs without a cloud")
    pure: PureCode = load(path)
    return pure
