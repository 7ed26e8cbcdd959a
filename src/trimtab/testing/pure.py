"""A provider's pure code without a cloud: what it makes of a fleet, and what it makes of replies."""

import importlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from trimtab.models import Fleet
from trimtab.providers.base import Facts
from trimtab.providers.importing import Imported
from trimtab.providers.translation import Translation


class _Cloud(NamedTuple):
    """Where a provider's pure code is, and where its groups live in tests."""

    translate: str
    facts: str
    location: str
    home: tuple[str, ...] = ()


SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_CLOUDS: Mapping[str, _Cloud] = {
    "memory": _Cloud("memory.translate:translate", "memory.translate:MemoryFacts", "local"),
    "aws": _Cloud("aws.translate:translate", "aws.facts:AwsFacts", "us-east-1"),
    "azure": _Cloud("azure.translate:translate", "azure.facts:AzureFacts", "westeurope", (SUBSCRIPTION, "trimtab")),
    "gcp": _Cloud("gcp.translate:translate", "gcp.facts:GcpFacts", "europe-west1", ("trimtab",)),
}


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
        provider: `aws`, `azure`, `gcp` or `memory`.
        facts: What the fleet refers to and a cloud would know, by name of the provider's facts; nothing when left out.
        location: Where groups live that do not say otherwise; that of the test clouds when left out.
        now: When the plan is made; now when left out.
    """
    cloud = _CLOUDS[provider]
    known = facts if isinstance(facts, Facts) else _load(cloud.facts)(**(facts or {}))
    home = (_load("azure.ids:Home")(*cloud.home),) if provider == "azure" else cloud.home
    translation: Translation = _load(cloud.translate)(
        fleet, known, now or datetime.now(UTC), location or cloud.location, *home
    )
    return translation


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
        provider: `aws`, `azure` or `gcp`.
        replies: What was answered about one group, by name of the provider's `Replies`: on Azure `scale_set`,
            `setting`, `alerts`, `action_groups`, `balancers`.
        fleet: The fleet that the group is to join; the one whose mark it bears, or one of its own, when left out.
        location: Where groups live that do not say otherwise; there where the group is when left out.
        now: When it was answered; now when left out.

    Raises:
        Unsupported: It is no group that the model can say, whatever is left out.
    """
    module = importlib.import_module(f"trimtab.providers.{provider}.importing")
    given = module.Replies(**replies) if isinstance(replies, Mapping) else replies
    more = {} if location is None and provider != "aws" else {"location": location or _CLOUDS[provider].location}
    imported: Imported = module.import_group(given, now=now or datetime.now(UTC), fleet=fleet, **more)
    return imported


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(f"trimtab.providers.{module}"), name)
